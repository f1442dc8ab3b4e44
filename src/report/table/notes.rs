//! Everything beside the spreads: other findings, what was not audited, what is waived.

use std::collections::BTreeMap;

use super::fold::rows;
use super::grid::{Content, Fit, Grid};
use crate::report::Audit;
use crate::report::style::{Look, Tone};
use crate::rules::{About, Evidence, Finding};

/// How many rows one section shows.
const MOST_ROWS: usize = 40;

/// Rules whose findings the spreads show already.
const IN_SPREADS: [&str; 4] = ["package-version", "package-missing", "package-extra", "ahead"];

/// Findings that no spread shows, folded by what they say.
pub(super) fn findings(audit: &Audit<'_>, look: &Look) -> Option<String> {
    let told = |finding: &&Finding| {
        // What stands in the way of upgrades is told with them.
        let told_above = matches!(finding.rule.about, About::Audit | About::Upgrade);
        finding.counts() && !told_above && !IN_SPREADS.contains(&finding.rule.id)
    };
    let rows = rows(audit.findings.iter().filter(told));
    let mut grid = Grid::new(look, &[Fit::Keep, Fit::Keep, Fit::Hosts(35), Fit::Rest]);
    for row in rows.iter().take(MOST_ROWS) {
        grid.row([
            (Tone::of(row.severity.0), row.severity.0.to_string().into()),
            (Tone::Plain, row.rule.into()),
            (Tone::Plain, Content::hosts(row.hosts.clone())),
            (Tone::Plain, row.told().into()),
        ]);
    }
    section("Findings", grid, rows.len(), look)
}

/// Hosts that did not answer, and what the others could not tell.
pub(super) fn not_audited(audit: &Audit<'_>, look: &Look) -> Option<String> {
    let hosts = audit.comparison.fleet.hosts.len();
    let mut groups: BTreeMap<(String, String, String), Vec<&Finding>> = BTreeMap::new();
    for finding in audit.findings {
        let key = match &finding.evidence {
            Evidence::Fault(fault) => (fault.phase.to_string(), fault.message.clone(), fault.hint.clone()),
            // Where upgrades alone were asked about, what was missed of them is told with them.
            Evidence::Gap(gap) | Evidence::Beside(gap) if audit.drift => {
                (gap.probe.clone(), format!("{}: {}", gap.reason, gap.detail), String::new())
            }
            _ => continue,
        };
        groups.entry(key).or_default().push(finding);
    }
    let mut grid = Grid::new(look, &[Fit::Hosts(30), Fit::Keep, Fit::Rest]);
    for ((what, message, hint), those) in groups.iter().take(MOST_ROWS) {
        let names: Vec<&str> = those.iter().filter_map(|finding| finding.host_name()).collect();
        let mut told = message.clone();
        if let ([one], true) = (those.as_slice(), those.len() == 1) {
            if let Evidence::Fault(fault) = &one.evidence {
                told = fault.full_message();
            }
        }
        if !hint.is_empty() {
            told.push_str(&format!("\n{hint}"));
        }
        let maintenance = those.iter().find_map(|finding| finding.waived.as_ref());
        if let Some(waived) = maintenance {
            told.push_str(&format!("\n{}", waived.justification));
        }
        let every = names.len() == hosts && hosts > 1;
        let who = if every { "every host".into() } else { Content::hosts(names) };
        grid.row([(Tone::Plain, who), (Tone::Unsure, what.as_str().into()), (Tone::Plain, told.into())]);
    }
    section("Not audited", grid, groups.len(), look)
}

/// What does not count, and why.
pub(super) fn waived(audit: &Audit<'_>, look: &Look) -> Option<String> {
    let mut groups: BTreeMap<(&str, String, String), Vec<&str>> = BTreeMap::new();
    for finding in audit.findings.iter().filter(|finding| finding.rule.about != About::Audit) {
        let Some(waived) = &finding.waived else { continue };
        let until = waived.until.map_or(String::new(), |date| format!(" until {date}"));
        let key = (finding.rule.id, finding.subject.clone(), format!("{}{until}", waived.justification));
        groups.entry(key).or_default().extend(finding.host_name());
    }
    for position in 0..audit.comparison.fleet.hosts.len() {
        if let Some(reason) = audit.comparison.host(position).and_then(|host| host.maintenance.as_ref()) {
            let key = ("maintenance", "all".to_owned(), reason.clone());
            groups.entry(key).or_default().push(audit.comparison.name(position));
        }
    }
    let mut grid = Grid::new(look, &[Fit::Keep, Fit::Wrap(25), Fit::Hosts(35), Fit::Rest]);
    for ((rule, subject, why), names) in groups.iter().take(MOST_ROWS) {
        grid.row([
            (Tone::Faint, (*rule).into()),
            (Tone::Faint, subject.as_str().into()),
            (Tone::Faint, Content::hosts(names.clone())),
            (Tone::Faint, why.as_str().into()),
        ]);
    }
    section("Waived", grid, groups.len(), look)
}

/// A heading over a grid, and a line that says what was left out.
fn section(title: &str, grid: Grid<'_>, rows: usize, look: &Look) -> Option<String> {
    if grid.is_empty() {
        return None;
    }
    let mut text = format!("{}\n{}", look.paint(Tone::Heading, title), grid.render());
    if rows > MOST_ROWS {
        text.push_str(&format!("  and {} more; -o json has them all\n", rows - MOST_ROWS));
    }
    Some(text)
}
