//! `disk-space`: there is too little space for the upgrade.

use super::blocking::obstacle;
use super::{About, Check, Finding, Rule};
use crate::readiness::Kind;
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "disk-space",
    severity: Severity::High,
    about: About::Upgrade,
    check: Check::Obstacle(Kind::DiskSpace),
    message,
};

fn message(finding: &Finding) -> String {
    let Some(obstacle) = obstacle(finding) else { return String::new() };
    let (needs, free) =
        (obstacle.needs.as_deref().unwrap_or_default(), obstacle.observed.as_deref().unwrap_or_default());
    format!("the upgrade needs {needs} there, {free}")
}
