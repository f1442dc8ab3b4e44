//! SARIF 2.1.0, as far as both kinds of report share it.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html>

use std::io;

use serde::Serialize;
use serde_json::{Value, json};

use super::each::Each;
use super::json::v1;
use crate::advice::entry;
use crate::rules::Rule;
use crate::severity::Severity;

/// A log of one run.
pub(super) struct Log<'m> {
    /// What was audited: `driftless/` and a word. Code hosts keep runs of different ids apart.
    pub(super) id: &'static str,
    pub(super) run: v1::Run,
    /// The rules that may have results; these point at them by their place.
    pub(super) rules: &'m [&'static Rule],
    /// What put right what a rule finds, for each of them.
    pub(super) help: fn(&Rule) -> Option<String>,
    pub(super) results: Each<'m, Value>,
    /// What could not be audited.
    pub(super) notes: Vec<Value>,
}

#[derive(Serialize)]
struct Whole<'m> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    runs: [Run<'m>; 1],
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'m> {
    automation_details: Value,
    column_kind: &'static str,
    invocations: Value,
    results: Each<'m, Value>,
    tool: Value,
}

impl Log<'_> {
    /// Writes the log, ending with a line break.
    pub(super) fn write(self, out: &mut dyn io::Write) -> io::Result<()> {
        let described: Vec<Value> = self.rules.iter().map(|rule| described(rule, self.help)).collect();
        let run = Run {
            automation_details: json!({ "id": self.id }),
            column_kind: "unicodeCodePoints",
            invocations: json!([{
                "executionSuccessful": true,
                "startTimeUtc": self.run.started,
                "endTimeUtc": self.run.finished,
                "toolExecutionNotifications": self.notes,
            }]),
            results: self.results,
            tool: json!({ "driver": {
                "name": "driftless",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": described,
            } }),
        };
        let schema = "https://json.schemastore.org/sarif-2.1.0.json";
        serde_json::to_writer_pretty(&mut *out, &Whole { schema, runs: [run], version: "2.1.0" })?;
        out.write_all(b"\n")
    }
}

fn described(rule: &Rule, help: fn(&Rule) -> Option<String>) -> Value {
    let (means, why) = entry(rule.id).map_or(("", ""), |entry| (entry.means.as_str(), entry.why.as_str()));
    json!({
        "id": rule.id,
        "shortDescription": { "text": means },
        "fullDescription": { "text": why },
        "help": { "text": help(rule).unwrap_or_else(|| why.to_owned()) },
        "defaultConfiguration": { "level": level(rule.severity) },
    })
}

/// SARIF's three words.
pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// What keeps a result from counting.
pub(super) fn suppressions(justification: &str) -> Value {
    json!([{ "kind": "external", "status": "accepted", "justification": justification }])
}

/// A path as a URI reference (RFC 3986): what is no plain letter is escaped, and an absolute path is a `file:`.
pub(super) fn uri(path: &str) -> String {
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
