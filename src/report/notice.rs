//! A notice of a run, for a webhook: numbers, and the keys of what is new. What was found stands in it on request alone,
//! since a chat is read by more people than a report.

use schemars::JsonSchema;
use serde::Serialize;

use super::json::published;
use super::json::v1::{Before, Finding, Report, Run, Summary};
use crate::severity::Severity;
use crate::snapshot::printable;

/// So many keys of a kind stand in a notice; the others are counted.
const MOST_KEYS: usize = 200;

/// So many of them stand in its text.
const MOST_TOLD: usize = 10;

/// What there is to tell of a run.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Notice<'r> {
    /// Always `driftless/notice/v1`.
    schema: &'static str,
    /// The same for people, as Slack and its kind show it.
    text: String,
    /// The command that was run.
    command: &'r str,
    /// The run.
    run: &'r Run,
    /// The run in numbers.
    summary: &'r Summary,
    /// The run that changes are told against; absent where none is known: then whatever was found is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'r Before>,
    /// The keys of findings that are new or back, the worst first.
    new: Vec<&'r str>,
    /// How many these are, with those that are left out.
    new_count: usize,
    /// The keys of findings that are gone.
    resolved: Vec<&'r str>,
    /// How many these are, with those that are left out.
    resolved_count: usize,
    /// The findings that are new or back; absent unless they are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<Vec<&'r Finding>>,
}

/// When there is anything to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// A finding that counts is new or back.
    New,
    /// There is a finding that counts.
    Any,
}

impl<'r> Notice<'r> {
    /// What there is to tell; `None` if this is not the occasion.
    pub fn of(report: &'r Report, on: Occasion, details: bool) -> Option<Self> {
        let counting = || report.findings.iter().filter(|finding| finding.counts());
        // Where nothing is known of earlier runs, nothing can be called old.
        let is_new = |finding: &&Finding| report.before.is_none() || finding.is_new();
        let new: Vec<&Finding> = counting().filter(is_new).collect();
        let wanted = match on {
            Occasion::New => !new.is_empty(),
            Occasion::Any => counting().next().is_some(),
        };
        if !wanted {
            return None;
        }
        let gone = report.resolved.as_deref().unwrap_or_default();
        Some(Self {
            schema: "driftless/notice/v1",
            text: text(report, &new, gone.len(), details),
            command: &report.command,
            run: &report.run,
            summary: &report.summary,
            before: report.before.as_ref(),
            new: new.iter().take(MOST_KEYS).map(|finding| finding.key.as_str()).collect(),
            new_count: new.len(),
            resolved: gone.iter().take(MOST_KEYS).map(|finding| finding.key.as_str()).collect(),
            resolved_count: gone.len(),
            findings: details.then(|| new.into_iter().take(MOST_KEYS).collect()),
        })
    }

    /// The notice as JSON.
    pub fn body(&self) -> String {
        // Maps with text keys and finite numbers always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn text(report: &Report, new: &[&Finding], gone: usize, details: bool) -> String {
    let summary = &report.summary;
    let told = [
        (Some(summary.audited), "audited"),
        (Some(summary.partial).filter(|count| *count > 0), "partial"),
        (Some(summary.unreachable).filter(|count| *count > 0), "unreachable"),
        (summary.drifted, "drifted"),
    ];
    let told = told.iter().filter_map(|(count, word)| Some(format!("{} {word}", (*count)?)));
    let found = Severity::ALL.into_iter().filter_map(|severity| {
        let count = *summary.findings.get(&severity)?;
        (count > 0).then(|| format!("{count} {severity}"))
    });
    let found: Vec<String> = found.collect();
    let since = if report.before.is_some() {
        format!("{} new, {gone} gone", new.len())
    } else {
        "no earlier run is known".to_owned()
    };
    let mut text = format!(
        "driftless {}: {} {}: {}. Findings: {} ({since}).",
        safe(&report.command),
        summary.hosts,
        if summary.hosts == 1 { "host" } else { "hosts" },
        told.collect::<Vec<_>>().join(", "),
        if found.is_empty() { "none".to_owned() } else { found.join(", ") },
    );
    for finding in new.iter().take(MOST_TOLD) {
        let message = if details { format!(": {}", safe(&finding.message)) } else { String::new() };
        text.push_str(&format!("\n• {} {}{message}", finding.severity, safe(&finding.key)));
    }
    if new.len() > MOST_TOLD {
        text.push_str(&format!("\n… and {} more", new.len() - MOST_TOLD));
    }
    text
}

/// A text that Slack takes for no link, no mention and no channel.
fn safe(text: &str) -> String {
    printable(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The schema of a notice, JSON Schema 2020-12.
pub fn schema() -> String {
    published::<Notice<'_>>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_names_nobody() {
        assert_eq!(safe("<!channel> & <@U1>\u{202e}"), "&lt;!channel&gt; &amp; &lt;@U1&gt;\\u{202e}");
    }

    #[test]
    fn the_published_schema_is_the_one_of_the_types() {
        crate::report::json::hold("notice.schema.json", &schema());
    }
}
