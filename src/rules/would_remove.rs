//! `would-remove`: the upgrade would remove another package.

use super::blocking::{also, obstacle};
use super::{About, Check, Finding, Rule};
use crate::readiness::Kind;
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "would-remove",
    severity: Severity::High,
    about: About::Upgrade,
    check: Check::Obstacle(Kind::WouldRemove),
    message,
};

fn message(finding: &Finding) -> String {
    let Some(obstacle) = obstacle(finding) else { return String::new() };
    let version = obstacle.observed.as_deref().unwrap_or_default();
    format!("would be removed ({version}){}", also(obstacle))
}
