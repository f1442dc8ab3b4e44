//! `reboot-first`: the host waits for a boot.

use super::blocking::obstacle;
use super::{About, Check, Finding, Rule};
use crate::readiness::Kind;
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "reboot-first",
    severity: Severity::Low,
    about: About::Upgrade,
    check: Check::Obstacle(Kind::RebootFirst),
    message,
};

fn message(finding: &Finding) -> String {
    let Some(obstacle) = obstacle(finding) else { return String::new() };
    let by =
        if obstacle.said.is_empty() { String::new() } else { format!(" by {}", obstacle.said.join(", ")) };
    format!("a boot was asked for{by}, and has not come yet")
}
