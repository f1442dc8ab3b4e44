//! SARIF 2.1.0: findings as code hosts show them beside the lines. What could not be read is a notification.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html>

use std::io;

use serde::Serialize;
use serde_json::{Value, json};

use super::Manifests;
use super::each::Each;
use crate::advice::{entry, fix};
use crate::rules::{ALL, About, Check, Finding, Rule};
use crate::severity::Severity;

/// The log.
#[derive(Serialize)]
struct Log<'m> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    runs: [Run<'m>; 1],
    version: &'static str,
}

/// Its only run.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'m> {
    automation_details: Value,
    column_kind: &'static str,
    invocations: Value,
    results: Each<'m, Value>,
    tool: Value,
}

/// Writes the log, ending with a line break.
pub(super) fn write(manifests: &Manifests<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    // Rules are numbered in the order of the list, so that results can point at them.
    let rules: Vec<&Rule> = ALL.iter().copied().filter(|rule| speaks(rule, manifests)).collect();
    let (notes, results): (Vec<_>, Vec<_>) =
        manifests.findings.iter().partition(|finding| finding.rule.about == About::Audit);
    let notes: Vec<Value> = notes.into_iter().map(notification).collect();
    let run = Run {
        automation_details: json!({ "id": "driftless/immutable" }),
        column_kind: "unicodeCodePoints",
        invocations: json!([{
            "executionSuccessful": true,
            "startTimeUtc": manifests.run.started.to_string(),
            "endTimeUtc": manifests.run.finished.to_string(),
            "toolExecutionNotifications": notes,
        }]),
        results: Each::of(&results, |_, finding| result(finding, &rules)),
        tool: json!({ "driver": {
            "name": "driftless",
            "version": env!("CARGO_PKG_VERSION"),
            "rules": rules.iter().map(|rule| described(rule)).collect::<Vec<_>>(),
        } }),
    };
    let schema = "https://json.schemastore.org/sarif-2.1.0.json";
    serde_json::to_writer_pretty(&mut *out, &Log { schema, runs: [run], version: "2.1.0" })?;
    out.write_all(b"\n")
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

fn described(rule: &Rule) -> Value {
    let entry = entry(rule.id);
    let (means, why) = entry.map_or(("", ""), |entry| (entry.means.as_str(), entry.why.as_str()));
    let help = entry.map(|entry| entry.manifest.join("; ")).filter(|help| !help.is_empty());
    json!({
        "id": rule.id,
        "shortDescription": { "text": means },
        "fullDescription": { "text": why },
        "help": { "text": help.unwrap_or_else(|| why.to_owned()) },
        "defaultConfiguration": { "level": level(rule.severity) },
    })
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
            let suppression =
                json!([{ "kind": "external", "status": "accepted", "justification": waived.justification }]);
            object.insert("suppressions".to_owned(), suppression);
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

/// SARIF's three words.
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// A path as a URI reference (RFC 3986): what is no plain letter is escaped, and an absolute path is a `file:`.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let path = path.strip_prefix("./").unwrap_or(path);
    let escaped: String = path
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    if escaped.starts_with('/') { format!("file://{escaped}") } else { escaped }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_uris() {
        assert_eq!(uri("./a b/ü.yaml"), "a%20b/%C3%BC.yaml");
        assert_eq!(uri("/srv/a#1.yaml"), "file:///srv/a%231.yaml");
        assert_eq!(uri("a:b.yaml"), "a%3Ab.yaml");
    }
}
