//! `conflict`: what the upgrade would install cannot be beside something else.

use super::blocking::{also, obstacle, refused};
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
    if let (Some(by), Some((word, list))) = (&obstacle.by, needs.split_once(": ")) {
        let word = if word == "Breaks" { "breaks" } else { "conflicts with" };
        let there = match (&obstacle.observed, &obstacle.candidate) {
            (Some(version), _) => format!(": {version} is installed"),
            (None, Some(version)) => format!(": {version} would be installed"),
            (None, None) => String::new(),
        };
        return format!("{by} {word} {list}{there}{}", also(obstacle));
    }
    let there = obstacle.observed.as_ref().map_or(String::new(), |version| format!(", {version} is there"));
    format!("{needs}: they cannot be together{there}{}", also(obstacle))
}
