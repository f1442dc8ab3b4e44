//! What is found in a manifest, for tests: on 2026-11-23, by the rules of the newest Kubernetes.

use std::sync::Arc;

use jiff::civil::date;

use super::{judge, mistake, settle};
use crate::diagnostic::Source;
pub(in crate::rules) use crate::immutability::fixture::manifest;
use crate::immutability::{Images, Kubernetes, read};
use crate::playbook::Playbook;
use crate::rules::{Accepted, Finding, known_ids};

/// The findings themselves.
#[track_caller]
pub(in crate::rules) fn findings(playbook: &str, text: &str, kubernetes: Kubernetes) -> Vec<Finding> {
    let playbook =
        Playbook::from_text("playbook", playbook, &known_ids()).unwrap_or_else(|wrong| panic!("{wrong}"));
    let (file, today) = (Arc::from("a.yaml"), date(2026, 11, 23));
    let mut findings = Vec::new();
    let images = Images::of(&playbook.images);
    let read = read(&Source::text("a.yaml", text), &images, |object| {
        findings.extend(judge(&object, &file, kubernetes, today));
    });
    findings.extend(read.mistakes.iter().map(|one| mistake(&file, one)));
    settle(findings, &playbook, today, &Accepted::default())
}

/// `key severity: message` each; those that do not count in brackets.
#[track_caller]
pub(in crate::rules) fn found(playbook: &str, text: &str) -> Vec<String> {
    findings(playbook, text, Kubernetes::NEWEST).iter().map(line).collect()
}

fn line(finding: &Finding) -> String {
    let line = format!("{} {}: {}", finding.key(), finding.severity, finding.message());
    if finding.counts() { line } else { format!("({line})") }
}

/// What one rule finds.
#[track_caller]
pub(in crate::rules) fn of_container(rule: &str, text: &str) -> Vec<String> {
    found("", text).into_iter().filter(|line| line.starts_with(&format!("{rule}/"))).collect()
}

/// A Pod `web` with a container `c` of which `lines` are said.
pub(in crate::rules) fn container(lines: &str) -> String {
    manifest(lines, "")
}
