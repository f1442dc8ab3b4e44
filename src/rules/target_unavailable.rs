//! `target-unavailable`: no source has a version that the upgrade could come to.

use super::blocking::obstacle;
use super::{About, Check, Finding, Rule};
use crate::readiness::Kind;
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "target-unavailable",
    severity: Severity::High,
    about: About::Upgrade,
    check: Check::Obstacle(Kind::TargetUnavailable),
    message,
};

fn message(finding: &Finding) -> String {
    let Some(obstacle) = obstacle(finding) else { return String::new() };
    let needs = obstacle.needs.as_deref().unwrap_or_default();
    match (obstacle.said.first(), &obstacle.candidate) {
        (Some(why), _) => format!("{needs}: {why}"),
        (None, Some(newest)) => {
            format!("{needs}: no source of this host has it; the newest on offer is {newest}")
        }
        (None, None) => format!("{needs}: no source of this host has it, or any other version"),
    }
}
