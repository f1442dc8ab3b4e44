//! GitHub's Markdown, for tickets and merge requests. Nothing that a host or a file sent is taken for markup.

use std::io;

use super::{Same, folded};
use crate::hostlist::fold;
use crate::report::json::upgrades::Upgrade;
use crate::report::json::v1::{Advice, Change, ClusterReport, Report, Spread, State};
use crate::severity::Severity;
use crate::snapshot::printable;

/// Writes the document.
pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    heading(report, out)?;
    for cluster in &report.clusters {
        spread(cluster, out)?;
    }
    for upgrade in report.upgrades.iter().flatten() {
        readiness(upgrade, out)?;
    }
    if let Some(unseen) = &report.unseen {
        writeln!(out, "\n{}", safe(unseen))?;
    }
    not_audited(report, out)?;
    findings(report, out)?;
    advice(report.advice.as_deref().unwrap_or_default(), out)
}

fn heading(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let summary = &report.summary;
    writeln!(out, "# driftless {}\n", safe(&report.command))?;
    let mut told = vec![format!("{} audited", summary.audited)];
    let optional = [
        (Some(summary.partial), "partial"),
        (Some(summary.unreachable), "unreachable"),
        (summary.in_sync, "in sync"),
        (summary.drifted, "drifted"),
        (summary.replaced, "replaced"),
    ];
    told.extend(optional.iter().filter_map(|(count, word)| {
        let count = (*count)?;
        (count > 0 || matches!(*word, "in sync" | "drifted")).then(|| format!("{count} {word}"))
    }));
    writeln!(out, "**{} {}**: {}.", summary.hosts, hosts(summary.hosts), told.join(", "))?;
    let counts = Severity::ALL.into_iter().filter_map(|severity| {
        let count = *summary.findings.get(&severity)?;
        (count > 0).then(|| format!("{count} {severity}"))
    });
    let counts: Vec<String> = counts.collect();
    let counts = if counts.is_empty() { "none".to_owned() } else { counts.join(", ") };
    let new = report.findings.iter().filter(|finding| finding.is_new()).count();
    let since = report.before.as_ref().map_or(String::new(), |before| {
        let gone = report.resolved.as_ref().map_or(0, Vec::len);
        format!("; {new} new and {gone} gone since the run of {}", safe(&before.started))
    });
    writeln!(out, "Findings: {counts}{since}.\n")?;
    writeln!(
        out,
        "Run {}, {} to {}.",
        safe(&report.run.id),
        safe(&report.run.started),
        safe(&report.run.finished)
    )
}

/// The packages of a cluster of which not all hosts have the same.
fn spread(cluster: &ClusterReport, out: &mut dyn io::Write) -> io::Result<()> {
    let verdict = cluster.verdict.map_or(String::new(), |verdict| format!(": {verdict}"));
    let count = cluster.hosts.len();
    writeln!(out, "\n## {}{verdict}\n\n{count} {}.", safe(&cluster.name), hosts(count))?;
    let apart = cluster.packages.iter().flatten().filter(|package| package.spread.len() > 1);
    for (nth, package) in apart.enumerate() {
        if nth == 0 {
            writeln!(out, "\n| package | version | hosts | which |\n| --- | --- | ---: | --- |")?;
        }
        for (nth, value) in package.spread.iter().enumerate() {
            let name = if nth == 0 { safe(&package.name) } else { String::new() };
            let expected = value.version.is_some() && value.version == package.expected;
            let version = if expected { format!("**{}**", has(value)) } else { has(value) };
            writeln!(out, "| {name} | {version} | {} | {} |", value.hosts.len(), folded_names(&value.hosts))?;
        }
    }
    Ok(())
}

fn has(value: &Spread) -> String {
    match (&value.version, value.state) {
        (Some(version), _) => safe(version),
        (None, State::Unknown) => "unknown".to_owned(),
        (None, _) => "not installed".to_owned(),
    }
}

fn readiness(upgrade: &Upgrade, out: &mut dyn io::Write) -> io::Result<()> {
    let target = (safe(&upgrade.package), safe(&upgrade.target));
    writeln!(
        out,
        "\n## {}: {} to {}: {}\n",
        safe(&upgrade.cluster),
        target.0,
        target.1,
        upgrade.verdict.as_str()
    )?;
    writeln!(out, "| state | hosts | which |\n| --- | ---: | --- |")?;
    let blocked: Vec<&str> = upgrade.blocked.iter().map(|one| one.host.as_str()).collect();
    let unknown: Vec<&str> = upgrade.unknown.iter().map(|one| one.host.as_str()).collect();
    let ready: Vec<&str> = upgrade.ready.iter().map(String::as_str).collect();
    for (state, names) in [("ready", ready), ("blocked", blocked), ("unknown", unknown)] {
        writeln!(out, "| {state} | {} | {} |", names.len(), folded_names(&names))?;
    }
    writeln!(out)?;
    for cause in &upgrade.causes {
        writeln!(out, "- {}: {}", folded_names(&cause.hosts), safe(&cause.message))?;
    }
    for fix in &upgrade.fixes {
        writeln!(out, "- **{}** {}", fix.action, folded_names(&fix.hosts))?;
        steps(&fix.steps, out)?;
    }
    if !upgrade.forecast.is_empty() {
        writeln!(out, "\n{}", safe(&upgrade.forecast))?;
    }
    Ok(())
}

fn not_audited(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let failed: Vec<_> =
        report.hosts.iter().filter_map(|host| host.error.as_ref().map(|error| (&host.name, error))).collect();
    let mut open: Vec<Same<'_>> = folded(report.findings.iter().filter(|finding| finding.leaves_open()));
    // Why a host was not reached is told with it.
    open.retain(|same| same.first.rule != "host-unreachable");
    if failed.is_empty() && open.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Not audited\n\n| hosts | what | why | what to do |\n| --- | --- | --- | --- |")?;
    for (name, error) in failed {
        let phase = error.phase.to_string();
        writeln!(out, "| {} | {phase} | {} | {} |", safe(name), safe(&error.message), safe(&error.hint))?;
    }
    for same in &open {
        let told = (safe(&same.first.subject), safe(&same.first.message));
        writeln!(out, "| {} | {} | {} | |", folded_names(&same.hosts), told.0, told.1)?;
    }
    Ok(())
}

fn findings(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let about_hosts = report.findings.iter().filter(|finding| !finding.is_about_the_audit());
    for (nth, same) in folded(about_hosts).iter().enumerate() {
        if nth == 0 {
            writeln!(
                out,
                "\n## Findings\n\n| severity | rule | hosts | finding |\n| --- | --- | --- | --- |"
            )?;
        }
        let first = same.first;
        let change = match first.change {
            Some(Change::New) => "**new** ",
            Some(Change::Returned) => "**back** ",
            Some(Change::Persisting) | None => "",
        };
        let waived = first.waived.as_ref().map_or(String::new(), |waived| {
            let until =
                waived.until.as_ref().map_or(String::new(), |until| format!(" until {}", safe(until)));
            format!(" (does not count{until}: {})", safe(&waived.justification))
        });
        writeln!(
            out,
            "| {} | {} | {} | {change}{}: {}{waived} |",
            first.severity,
            safe(&first.rule),
            folded_names(&same.hosts),
            safe(&first.subject),
            safe(&first.message)
        )?;
    }
    Ok(())
}

fn advice(advice: &[Advice], out: &mut dyn io::Write) -> io::Result<()> {
    for (nth, one) in advice.iter().enumerate() {
        if nth == 0 {
            writeln!(out, "\n## Advice\n")?;
        }
        writeln!(out, "- **{}** {}: {}", one.action, folded_names(&one.hosts), safe(&one.reason))?;
        steps(&one.steps, out)?;
    }
    Ok(())
}

fn steps(steps: &[String], out: &mut dyn io::Write) -> io::Result<()> {
    for (nth, step) in steps.iter().enumerate() {
        writeln!(out, "  {}. {}", nth + 1, safe(step))?;
    }
    Ok(())
}

fn folded_names<S: AsRef<str>>(names: &[S]) -> String {
    safe(&fold(names))
}

fn hosts(count: usize) -> &'static str {
    if count == 1 { "host" } else { "hosts" }
}

/// A text that stays one: whatever has a meaning in Markdown is escaped, so that no markup, no cell, no list and no link
/// comes of it.
fn safe(text: &str) -> String {
    let shown = printable(text);
    let mut safe = String::with_capacity(shown.len() + 8);
    for character in shown.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | '#' | '|' | '~' | '@' | '$' => {
                safe.push('\\');
                safe.push(character);
            }
            _ => safe.push(character),
        }
    }
    // A bare address becomes a link by how it begins.
    let safe = safe.replace("://", "\\://").replace("www.", "www\\.");
    let number = safe.trim_start_matches(|first: char| first.is_ascii_digit());
    match safe.chars().next() {
        Some('-' | '+' | '=') => format!("\\{safe}"),
        Some('0'..='9') if number.starts_with(['.', ')']) => {
            let (digits, rest) = safe.split_at_checked(safe.len() - number.len()).unwrap_or((&safe, ""));
            format!("{digits}\\{rest}")
        }
        _ => safe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_a_text() {
        assert_eq!(safe("a|b `c` <d>"), "a\\|b \\`c\\` &lt;d&gt;");
        assert_eq!(safe("1. a"), "1\\. a");
        assert_eq!(safe("- a"), "\\- a");
        assert_eq!(safe("https://x www.x"), "https\\://x www\\.x");
        assert_eq!(safe("a\n# b\u{202e}"), "a / \\# b\\\\u{202e}");
    }
}
