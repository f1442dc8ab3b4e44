//! SARIF: findings as code hosts show them beside the lines. What could not be read is a notification.

use std::io;

use serde_json::{Value, json};

use super::Manifests;
use crate::advice::{entry, fix};
use crate::report::each::Each;
use crate::report::json::make::run;
use crate::report::sarif::{Log, level, suppressions, uri};
use crate::rules::{ALL, About, Check, Finding, Rule};

/// Writes the log, ending with a line break.
pub(super) fn write(manifests: &Manifests<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    // Rules are numbered in the order of the list, so that results can point at them.
    let rules: Vec<&'static Rule> = ALL.iter().copied().filter(|rule| speaks(rule, manifests)).collect();
    let (notes, results): (Vec<_>, Vec<_>) =
        manifests.findings.iter().partition(|finding| finding.rule.about == About::Audit);
    let log = Log {
        id: "driftless/immutable",
        run: run(&manifests.run),
        rules: &rules,
        help: |rule| Some(entry(rule.id)?.manifest.join("; ")).filter(|help| !help.is_empty()),
        results: Each::of(&results, |_, finding| result(finding, &rules)),
        notes: notes.into_iter().map(notification).collect(),
    };
    log.write(out)
}

/// Whether a rule can have results here; those of hosts have some only where hosts were asked.
fn speaks(rule: &Rule, manifests: &Manifests<'_>) -> bool {
    matches!(rule.check, Check::Manifest(_) | Check::Container { .. } | Check::Waiver(_))
        || manifests.findings.iter().any(|finding| finding.rule.id == rule.id)
}

/// What a finding is about, with its host before it where it has one.
fn subject(finding: &Finding) -> String {
    finding.host_name().map_or_else(|| finding.subject.clone(), |host| format!("{host}: {}", finding.subject))
}

fn result(finding: &Finding, rules: &[&Rule]) -> Value {
    let message = match fix(finding) {
        Some(fix) => format!("{}: {}. Fix: {fix}", subject(finding), finding.message()),
        None => format!("{}: {}", subject(finding), finding.message()),
    };
    let mut result = json!({
        "ruleId": finding.rule.id,
        "level": level(finding.severity),
        "message": { "text": message },
        "locations": locations(finding),
        "partialFingerprints": { "driftlessKey/v1": finding.key() },
        "properties": { "severity": finding.severity.as_str() },
    });
    let index = rules.iter().position(|rule| rule.id == finding.rule.id);
    if let (Some(index), Some(object)) = (index, result.as_object_mut()) {
        object.insert("ruleIndex".to_owned(), index.into());
        if let Some(waived) = &finding.waived {
            object.insert("suppressions".to_owned(), suppressions(&waived.justification));
        }
    }
    result
}

fn notification(finding: &Finding) -> Value {
    json!({
        "level": "error",
        "message": { "text": format!("{}: {}", subject(finding), finding.message()) },
        "locations": locations(finding),
    })
}

fn locations(finding: &Finding) -> Value {
    let place = finding.location.iter().map(|place| {
        json!({ "physicalLocation": {
            "artifactLocation": { "uri": uri(&place.file) },
            "region": { "startLine": place.at.line, "startColumn": place.at.column },
        } })
    });
    place.collect()
}
