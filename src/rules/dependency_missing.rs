//! `dependency-missing`: something that the upgrade needs is not on the host, and no source offers it.

use super::blocking::{also, needed_by, obstacle, refused};
use super::{About, Check, Finding, Rule};
use crate::readiness::Kind;
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "dependency-missing",
    severity: Severity::High,
    about: About::Upgrade,
    check: Check::Obstacle(Kind::DependencyMissing),
    message,
};

fn message(finding: &Finding) -> String {
    let Some(obstacle) = obstacle(finding) else { return String::new() };
    let Some(needs) = &obstacle.needs else { return refused(obstacle) };
    let offered = match (&obstacle.candidate, obstacle.said.is_empty()) {
        (Some(version), _) => format!(", on offer is {version}"),
        (None, true) => ", no source offers it".to_owned(),
        (None, false) => String::new(),
    };
    format!("{needs}{}: not installed{offered}{}", needed_by(obstacle), also(obstacle))
}
