//! `conffile-prompt`: an edited configuration file may stop the upgrade at a question.

use super::blocking::obstacle;
use super::{About, Check, Finding, Rule};
use crate::readiness::Kind;
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "conffile-prompt",
    severity: Severity::High,
    about: About::Upgrade,
    check: Check::Obstacle(Kind::ConffilePrompt),
    message,
};

fn message(finding: &Finding) -> String {
    let Some(obstacle) = obstacle(finding) else { return String::new() };
    let package = obstacle.by.as_deref().unwrap_or_default();
    format!("edited or deleted here; the new {package} may bring another one, and dpkg would stop to ask")
}
