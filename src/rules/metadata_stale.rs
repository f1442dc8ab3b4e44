//! `metadata-stale`: the lists of packages that the forecast rests on are old.

use super::blocking::obstacle;
use super::{About, Check, Finding, Rule};
use crate::readiness::Kind;
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "metadata-stale",
    severity: Severity::Low,
    about: About::Upgrade,
    check: Check::Obstacle(Kind::MetadataStale),
    message,
};

fn message(finding: &Finding) -> String {
    let Some(obstacle) = obstacle(finding) else { return String::new() };
    format!(
        "the lists of packages are {}: what they say may have changed",
        obstacle.observed.as_deref().unwrap_or("old")
    )
}
