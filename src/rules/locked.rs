//! `locked`: somebody holds the lock of the package manager.

use super::blocking::obstacle;
use super::{About, Check, Finding, Rule};
use crate::readiness::Kind;
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "locked",
    severity: Severity::High,
    about: About::Upgrade,
    check: Check::Obstacle(Kind::Locked),
    message,
};

fn message(finding: &Finding) -> String {
    let Some(obstacle) = obstacle(finding) else { return String::new() };
    format!("the package manager is locked: {}", obstacle.observed.as_deref().unwrap_or("held"))
}
