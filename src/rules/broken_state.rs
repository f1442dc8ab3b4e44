//! `broken-state`: the package database is not in order, so that no upgrade ends well.

use super::blocking::{also, obstacle};
use super::{About, Check, Finding, Rule};
use crate::readiness::Kind;
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "broken-state",
    severity: Severity::High,
    about: About::Upgrade,
    check: Check::Obstacle(Kind::BrokenState),
    message,
};

fn message(finding: &Finding) -> String {
    let Some(obstacle) = obstacle(finding) else { return String::new() };
    let state = obstacle.observed.as_deref().unwrap_or("not in order");
    format!("{state}: every upgrade on this host ends in an error{}", also(obstacle))
}
