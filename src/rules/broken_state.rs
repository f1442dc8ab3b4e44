//! `broken-state`: the package database is not in order, so that no upgrade ends well.

use super::blocking::obstacle;
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
    let lacks = obstacle.said.join(", ");
    let state = match (&obstacle.observed, lacks.is_empty()) {
        (Some(state), true) => state.clone(),
        (Some(state), false) => format!("{state}, {lacks}"),
        (None, true) => "not in order".to_owned(),
        (None, false) => lacks,
    };
    format!("{state}: every upgrade on this host ends in an error")
}
