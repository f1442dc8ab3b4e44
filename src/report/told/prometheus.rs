//! Prometheus' text format, for node_exporter's textfile collector.
//!
//! Numbers only, by cluster, severity, rule and upgrade: which host it is stands in the report. What labels come to is
//! bounded, whatever an inventory is called.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use crate::advice::Verdict;
use crate::report::json::v1::{Report, Run};
use crate::severity::Severity;
use crate::snapshot::printable;

/// So many clusters, and so many upgrades, have series of their own; what all others have is added up.
const MOST: usize = 200;

/// What is beyond [`MOST`] is called so.
const OTHERS: &str = "(others)";

/// So many characters of a name make a label.
const LABEL: usize = 128;

const VERDICTS: [Verdict; 6] = [
    Verdict::InSync,
    Verdict::Repair,
    Verdict::Replace,
    Verdict::Replaced,
    Verdict::Investigate,
    Verdict::Unknown,
];

/// Writes the metrics.
pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = Page::default();
    let summary = &report.summary;
    page.metric("driftless_build_info", "The version of driftless that ran.");
    page.sample("driftless_build_info", &[("version", &report.run.version)], 1);
    times(&mut page, &report.run);
    page.metric("driftless_hosts", "Hosts that were asked, by whether they answered.");
    for (status, count) in
        [("audited", summary.audited), ("partial", summary.partial), ("unreachable", summary.unreachable)]
    {
        page.sample("driftless_hosts", &[("status", status)], count);
    }
    clusters(&mut page, report);
    page.metric("driftless_findings", "Findings that count, by severity.");
    for severity in Severity::ALL {
        let count = summary.findings.get(&severity).copied().unwrap_or(0);
        page.sample("driftless_findings", &[("severity", severity.as_str())], count);
    }
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in report.findings.iter().filter(|finding| finding.counts()) {
        *rules.entry(&finding.rule).or_default() += 1;
    }
    if !rules.is_empty() {
        page.metric("driftless_rule_findings", "Findings that count, by rule.");
    }
    for (rule, count) in rules {
        page.sample("driftless_rule_findings", &[("rule", rule)], count);
    }
    let waived = report.findings.iter().filter(|finding| !finding.counts()).count();
    page.metric("driftless_waived_findings", "Findings that are waived, ignored or accepted.");
    page.sample("driftless_waived_findings", &[], waived);
    if report.before.is_some() {
        let new = report.findings.iter().filter(|finding| finding.is_new()).count();
        page.metric("driftless_new_findings", "Findings that are new or back since the run before.");
        page.sample("driftless_new_findings", &[], new);
        page.metric("driftless_resolved_findings", "Findings of the run before that are gone.");
        page.sample("driftless_resolved_findings", &[], report.resolved.as_ref().map_or(0, Vec::len));
    }
    upgrades(&mut page, report);
    out.write_all(page.text.as_bytes())
}

fn times(page: &mut Page, run: &Run) {
    let Some((started, finished)) = run.times() else { return };
    page.metric("driftless_run_start_timestamp_seconds", "When the run began.");
    page.sample("driftless_run_start_timestamp_seconds", &[], started.as_second());
    page.metric("driftless_run_end_timestamp_seconds", "When the last host was done.");
    page.sample("driftless_run_end_timestamp_seconds", &[], finished.as_second());
    page.metric("driftless_run_duration_seconds", "How long the hosts took.");
    let took = finished.duration_since(started).as_secs_f64();
    page.sample("driftless_run_duration_seconds", &[], format_args!("{took:.3}"));
}

/// Every verdict of every cluster, none too: a series that goes is no series that is zero.
fn clusters(page: &mut Page, report: &Report) {
    if report.summary.drifted.is_none() {
        return;
    }
    let called = names(report.clusters.iter().map(|cluster| cluster.name.as_str()));
    let mut counts: BTreeMap<(&str, Verdict), usize> = BTreeMap::new();
    for name in called.values() {
        for verdict in VERDICTS {
            counts.insert((name, verdict), 0);
        }
    }
    for host in &report.hosts {
        for cluster in &host.clusters {
            if let (Some(name), Some(verdict)) = (called.get(cluster.as_str()), host.verdict) {
                *counts.entry((name, verdict)).or_default() += 1;
            }
        }
    }
    if !counts.is_empty() {
        page.metric("driftless_cluster_hosts", "Hosts of a cluster, by what they need.");
    }
    for ((cluster, verdict), count) in counts {
        page.sample("driftless_cluster_hosts", &[("cluster", cluster), ("verdict", verdict.as_str())], count);
    }
}

fn upgrades(page: &mut Page, report: &Report) {
    let mut counts: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
    for (nth, upgrade) in report.upgrades.iter().flatten().enumerate() {
        let own = (upgrade.cluster.as_str(), upgrade.package.as_str());
        let (cluster, package) = if nth < MOST { own } else { (OTHERS, OTHERS) };
        for (state, count) in [
            ("ready", upgrade.ready.len()),
            ("blocked", upgrade.blocked.len()),
            ("unknown", upgrade.unknown.len()),
        ] {
            *counts.entry((cluster, package, state)).or_default() += count;
        }
    }
    if !counts.is_empty() {
        page.metric("driftless_upgrade_hosts", "Hosts, by whether an upgrade would succeed on them.");
    }
    for ((cluster, package, state), count) in counts {
        let labels = [("cluster", cluster), ("package", package), ("state", state)];
        page.sample("driftless_upgrade_hosts", &labels, count);
    }
}

/// What each name is called in a label.
fn names<'r>(all: impl Iterator<Item = &'r str>) -> BTreeMap<&'r str, &'r str> {
    all.enumerate().map(|(nth, name)| (name, if nth < MOST { name } else { OTHERS })).collect()
}

/// The text.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    /// The head of a metric; all of ours are gauges: they tell what is, and begin anew with each run.
    fn metric(&mut self, name: &str, help: &str) {
        // Writing into a text does not fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} gauge");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<String> =
            labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escape(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.text, "{name}{labels} {value}");
    }
}

/// A label's value: no longer than it has to be, and nothing in it ends it.
fn escape(value: &str) -> String {
    let short: String = printable(value).chars().take(LABEL).collect();
    short.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_cannot_be_left() {
        assert_eq!(escape("a\"} 1\nb\\"), "a\\\"} 1 / b\\\\");
        assert_eq!(escape(&"x".repeat(10_000)).len(), LABEL);
    }

    #[test]
    fn what_is_beyond_the_bound_is_added_up() {
        let all: Vec<String> = (0..=MOST).map(|nth| format!("c{nth}")).collect();
        let called = names(all.iter().map(String::as_str));
        assert_eq!((called["c0"], called["c199"], called["c200"]), ("c0", "c199", OTHERS));
    }
}
