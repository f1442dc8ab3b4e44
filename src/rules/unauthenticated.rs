//! `unauthenticated`: the upgrade would come from a source that is not authenticated.

use super::blocking::obstacle;
use super::{About, Check, Finding, Rule};
use crate::readiness::Kind;
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "unauthenticated",
    severity: Severity::High,
    about: About::Upgrade,
    check: Check::Obstacle(Kind::Unauthenticated),
    message,
};

fn message(finding: &Finding) -> String {
    let Some(obstacle) = obstacle(finding) else { return String::new() };
    let source = obstacle.observed.as_ref().map_or(String::new(), |source| format!(" from {source}"));
    format!("{}{source} cannot be authenticated", obstacle.candidate.as_deref().unwrap_or_default())
}
