//! `would-downgrade`: the upgrade would take a package back to an older version.

use super::blocking::obstacle;
use super::{About, Check, Finding, Rule};
use crate::readiness::Kind;
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "would-downgrade",
    severity: Severity::High,
    about: About::Upgrade,
    check: Check::Obstacle(Kind::WouldDowngrade),
    message,
};

fn message(finding: &Finding) -> String {
    let Some(obstacle) = obstacle(finding) else { return String::new() };
    let (from, to) =
        (obstacle.observed.as_deref().unwrap_or_default(), obstacle.candidate.as_deref().unwrap_or_default());
    format!("would go back from {from} to {to}")
}
