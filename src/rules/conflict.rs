//! `conflict`: what the upgrade would install cannot be beside something else.

use super::blocking::{also, needed_by, obstacle, refused};
use super::{About, Check, Finding, Rule};
use crate::readiness::Kind;
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "conflict",
    severity: Severity::High,
    about: About::Upgrade,
    check: Check::Obstacle(Kind::Conflict),
    message,
};

fn message(finding: &Finding) -> String {
    let Some(obstacle) = obstacle(finding) else { return String::new() };
    let Some(needs) = &obstacle.needs else { return refused(obstacle) };
    let there = obstacle.observed.as_ref().map_or(String::new(), |version| format!(", {version} is there"));
    format!("{needs}{}: they cannot be together{there}{}", needed_by(obstacle), also(obstacle))
}
