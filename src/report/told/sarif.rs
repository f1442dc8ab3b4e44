//! SARIF: findings on hosts, for code hosts that keep the inventory and the playbook. They have no line of a file; the
//! host stands as the logical location, and as the artifact that code hosts ask for.

use std::io;

use serde_json::{Value, json};

use crate::advice::entry;
use crate::report::each::Each;
use crate::report::json::v1::{Change, Finding, Report};
use crate::report::sarif::{Log, level, suppressions, uri};
use crate::rules::{ALL, About, Rule};
use crate::snapshot::printable;

/// Writes the log, ending with a line break.
pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let speaks = |rule: &&Rule| report.findings.iter().any(|finding| finding.rule == rule.id);
    let rules: Vec<&'static Rule> =
        ALL.iter().copied().filter(|rule| rule.about != About::Audit).filter(speaks).collect();
    let (notes, results): (Vec<_>, Vec<_>) =
        report.findings.iter().partition(|finding| finding.is_about_the_audit());
    let log = Log {
        id: "driftless/hosts",
        run: report.run.clone(),
        rules: &rules,
        help: |rule| Some(entry(rule.id)?.say.join("; ")).filter(|help| !help.is_empty()),
        results: Each::of(&results, |_, finding| result(finding, &rules)),
        notes: notes.into_iter().map(notification).collect(),
    };
    log.write(out)
}

fn result(finding: &Finding, rules: &[&Rule]) -> Value {
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.severity),
        "message": { "text": told(finding) },
        "locations": [location(finding)],
        "partialFingerprints": { "driftlessKey/v1": finding.key },
        "properties": { "severity": finding.severity.as_str() },
    });
    let Some(object) = result.as_object_mut() else { return result };
    if let Some(index) = rules.iter().position(|rule| rule.id == finding.rule) {
        object.insert("ruleIndex".to_owned(), index.into());
    }
    if let Some(change) = finding.change {
        let state = match change {
            Change::New | Change::Returned => "new",
            Change::Persisting => "unchanged",
        };
        object.insert("baselineState".to_owned(), state.into());
    }
    if let Some(waived) = &finding.waived {
        object.insert("suppressions".to_owned(), suppressions(&waived.justification));
    }
    result
}

fn notification(finding: &Finding) -> Value {
    json!({
        "level": if finding.leaves_open() { "error" } else { "note" },
        "message": { "text": told(finding) },
        "locations": [location(finding)],
    })
}

fn told(finding: &Finding) -> String {
    let host = finding.host.as_ref().map_or(String::new(), |host| format!("{host}: "));
    printable(&format!("{host}{}: {}", finding.subject, finding.message)).into_owned()
}

fn location(finding: &Finding) -> Value {
    let cluster = finding.cluster.as_deref().map(printable);
    let host = finding.host.as_deref().map(printable);
    let name = host.as_deref().or(cluster.as_deref()).unwrap_or("driftless");
    let full = match (&cluster, &host) {
        (Some(cluster), Some(host)) => format!("{cluster}/{host}"),
        _ => name.to_owned(),
    };
    json!({
        "physicalLocation": {
            // A name that begins with a slash would be a file of this machine.
            "artifactLocation": { "uri": uri(name.trim_start_matches('/')) },
            "region": { "startLine": 1 },
        },
        "logicalLocations": [{ "name": name, "fullyQualifiedName": full, "kind": "resource" }],
    })
}
