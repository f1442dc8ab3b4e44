//! `held`: a package that the upgrade would change is on hold.

use super::blocking::obstacle;
use super::{About, Check, Finding, Rule};
use crate::readiness::Kind;
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "held",
    severity: Severity::High,
    about: About::Upgrade,
    check: Check::Obstacle(Kind::Held),
    message,
};

fn message(finding: &Finding) -> String {
    let Some(obstacle) = obstacle(finding) else { return String::new() };
    let from = obstacle.observed.as_deref().unwrap_or_default();
    match &obstacle.candidate {
        Some(to) => format!("on hold at {from}, and would change to {to}"),
        None => format!("on hold at {from}, and would be removed"),
    }
}
