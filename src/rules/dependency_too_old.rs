//! `dependency-too-old`: something that the upgrade needs is there or on offer, and none of it fits.

use super::blocking::{also, needed_by, obstacle};
use super::{About, Check, Finding, Rule};
use crate::readiness::Kind;
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "dependency-too-old",
    severity: Severity::High,
    about: About::Upgrade,
    check: Check::Obstacle(Kind::DependencyTooOld),
    message,
};

fn message(finding: &Finding) -> String {
    let Some(obstacle) = obstacle(finding) else { return String::new() };
    let needs = obstacle.needs.as_deref().unwrap_or_default();
    let there = obstacle
        .observed
        .as_ref()
        .map_or("not installed".to_owned(), |version| format!("{version} is installed"));
    let offered = match (&obstacle.candidate, obstacle.said.is_empty()) {
        (_, false) => String::new(),
        (Some(version), true) => format!(", the newest on offer is {version}"),
        (None, true) => ", no source offers another".to_owned(),
    };
    format!("{needs}{}: {there}{offered}{}", needed_by(obstacle), also(obstacle))
}
