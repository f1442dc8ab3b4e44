//! Merged reports for people. What the reports say is theirs: it is shown, with every control character escaped.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::Value;

use super::{list, text};
use crate::report::style::{Look, Tone};
use crate::report::table::grid::{Content, Fit, Grid};
use crate::severity::Severity;
use crate::snapshot::visible;

/// How many rows one section shows.
const MOST_ROWS: usize = 40;

/// The report.
pub(super) fn render(report: &Value, look: &Look) -> String {
    let number =
        |key: &str| report.get("summary").and_then(|summary| summary.get(key)?.as_u64()).unwrap_or(0);
    let mut heading = format!("{} hosts: {} audited", number("hosts"), number("audited"));
    for word in ["partial", "unreachable"] {
        if number(word) > 0 {
            heading.push_str(&format!(", {} {word}", number(word)));
        }
    }
    let mut sections = vec![format!("{}   {heading}\n", look.paint(Tone::Heading, "driftless report"))];
    sections.extend(list(report, "clusters").iter().map(|cluster| section(cluster, look)));
    sections.extend(findings(report, look));
    sections.extend(advice(report, look));
    if report.get("summary").is_some_and(|summary| summary.get("drifted").is_some()) {
        sections.push(format!("{} in sync, {} drifted\n", number("in_sync"), number("drifted")));
    }
    sections.join("\n")
}

/// A text of a report, as it may be shown.
fn shown(value: &Value, key: &str) -> String {
    visible(text(value, key))
}

fn names(value: &Value, key: &str) -> Vec<String> {
    list(value, key).iter().filter_map(Value::as_str).map(visible).collect()
}

fn section(cluster: &Value, look: &Look) -> String {
    let hosts = list(cluster, "hosts").len();
    let mut text = format!(
        "{}   {hosts} {}   {}\n",
        look.paint(Tone::Heading, &shown(cluster, "name")),
        if hosts == 1 { "host" } else { "hosts" },
        shown(cluster, "verdict")
    );
    let apart: Vec<&Value> =
        list(cluster, "packages").iter().filter(|package| list(package, "spread").len() > 1).collect();
    let values: Vec<(String, String, Vec<String>)> = apart
        .iter()
        .flat_map(|package| {
            list(package, "spread").iter().enumerate().map(|(nth, value)| {
                let name = if nth == 0 { shown(package, "name") } else { String::new() };
                let has = match value.get("version").and_then(Value::as_str) {
                    Some(version) => visible(version),
                    None if super::text(value, "state") == "absent" => "not installed".to_owned(),
                    None => "unknown".to_owned(),
                };
                (name, has, names(value, "hosts"))
            })
        })
        .collect();
    let mut grid = Grid::new(look, &[Fit::Wrap(22), Fit::Wrap(35), Fit::Number, Fit::Rest]);
    for (name, has, hosts) in values.iter().take(MOST_ROWS) {
        grid.row([
            (Tone::Heading, name.as_str().into()),
            (Tone::Plain, has.as_str().into()),
            (Tone::Plain, hosts.len().to_string().into()),
            (Tone::Plain, Content::hosts(hosts.iter().map(String::as_str).collect())),
        ]);
    }
    if grid.is_empty() {
        text.push_str("  no package differs\n");
    }
    text.push_str(&grid.render());
    text + &more(values.len())
}

/// The severity, the rule, and what it says: findings that share them are one row.
type Said = (Reverse<Option<Severity>>, String, String);

fn findings(report: &Value, look: &Look) -> Option<String> {
    let mut alike: BTreeMap<Said, Vec<String>> = BTreeMap::new();
    for finding in list(report, "findings").iter().filter(|one| one.get("waived").is_none_or(Value::is_null))
    {
        let severity = text(finding, "severity").parse().ok();
        let told = format!("{}: {}", shown(finding, "subject"), shown(finding, "message"));
        let key = (Reverse(severity), shown(finding, "rule"), told);
        alike.entry(key).or_default().extend(finding.get("host").and_then(Value::as_str).map(visible));
    }
    let mut grid = Grid::new(look, &[Fit::Keep, Fit::Keep, Fit::Hosts(35), Fit::Rest]);
    for ((severity, rule, told), hosts) in alike.iter().take(MOST_ROWS) {
        let word = severity.0.map_or(String::new(), |severity| severity.to_string());
        grid.row([
            (severity.0.map_or(Tone::Plain, Tone::of), word.into()),
            (Tone::Plain, rule.as_str().into()),
            (Tone::Plain, Content::hosts(hosts.iter().map(String::as_str).collect())),
            (Tone::Plain, told.as_str().into()),
        ]);
    }
    if grid.is_empty() {
        return None;
    }
    Some(format!("{}\n{}{}", look.paint(Tone::Heading, "Findings"), grid.render(), more(alike.len())))
}

fn advice(report: &Value, look: &Look) -> Option<String> {
    let all = list(report, "advice");
    let rows: Vec<(String, Vec<String>, String)> = all
        .iter()
        .map(|advice| {
            let steps =
                names(advice, "steps").into_iter().map(|step| format!("\n- {step}")).collect::<String>();
            (shown(advice, "action"), names(advice, "hosts"), format!("{}{steps}", shown(advice, "reason")))
        })
        .collect();
    let mut grid = Grid::new(look, &[Fit::Keep, Fit::Hosts(35), Fit::Rest]);
    for (action, hosts, told) in rows.iter().take(MOST_ROWS) {
        grid.row([
            (Tone::Unsure, action.as_str().into()),
            (Tone::Plain, Content::hosts(hosts.iter().map(String::as_str).collect())),
            (Tone::Plain, told.as_str().into()),
        ]);
    }
    if grid.is_empty() {
        return None;
    }
    Some(format!("{}\n{}{}", look.paint(Tone::Heading, "Advice"), grid.render(), more(all.len())))
}

fn more(rows: usize) -> String {
    match rows.saturating_sub(MOST_ROWS) {
        0 => String::new(),
        more => format!("  and {more} more; -o json has them all\n"),
    }
}
