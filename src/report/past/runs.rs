//! The runs of a store, one a line, and each cluster's drift as a line of bars.

use super::{ClusterRow, Runs, minute};
use crate::report::style::{Look, Tone};
use crate::report::table::grid::{Fit, Grid};

/// How many runs are listed; older ones are counted.
const MOST_RUNS: usize = 40;

/// Below so many columns there is no place for findings by severity.
const NARROW: u16 = 100;

/// How many runs a line of bars shows.
const MOST_BARS: usize = 60;

/// The list.
pub(super) fn render(runs: &Runs, look: &Look) -> String {
    let count = runs.runs.len();
    let heading = format!("{count} {} in {}", if count == 1 { "run" } else { "runs" }, runs.store);
    let mut text = format!("{}\n", look.paint(Tone::Heading, &heading));
    let mut grid =
        Grid::new(look, &[Fit::Keep, Fit::Keep, Fit::Keep, Fit::Keep, Fit::Number, Fit::Number, Fit::Rest]);
    let title = |text: &str| (Tone::Heading, text.into());
    if count > 0 {
        grid.row(["run", "began (UTC)", "for", "hosts", "in sync", "drifted", "findings"].map(title));
    }
    for run in runs.runs.iter().rev().take(MOST_RUNS) {
        let (asked, kept) = run.hosts;
        let hosts = if asked == kept { asked.to_string() } else { format!("{kept} of {asked}") };
        let number = |pick: fn((usize, usize)) -> usize| {
            run.stood.map_or(String::new(), |stood| pick(stood).to_string())
        };
        let findings: Vec<String> =
            run.findings.iter().map(|(severity, count)| format!("{count} {severity}")).collect();
        let told = match (run.finished, run.stood) {
            (None, _) => "not finished".to_owned(),
            (Some(_), None) => String::new(),
            (Some(_), Some(_)) if findings.is_empty() => "none".to_owned(),
            // In few columns their number alone, not a word a line.
            _ if look.width < NARROW => {
                run.findings.iter().map(|(_, count)| count).sum::<usize>().to_string()
            }
            _ => findings.join(", "),
        };
        grid.row([
            (Tone::Plain, run.id.as_str().into()),
            (Tone::Plain, minute(run.started).into()),
            (Tone::Plain, run.command.as_str().into()),
            (Tone::Plain, hosts.into()),
            (Tone::Good, number(|(in_sync, _)| in_sync).into()),
            (Tone::Bad, number(|(_, drifted)| drifted).into()),
            (Tone::Plain, told.into()),
        ]);
    }
    text.push_str(&grid.render());
    if count > MOST_RUNS {
        text.push_str(&format!("  and {} older ones; -o json has them all\n", count - MOST_RUNS));
    }
    let mut drift = Grid::new(look, &[Fit::Wrap(30), Fit::Keep, Fit::Rest]);
    for cluster in runs.clusters.iter().filter(|cluster| !cluster.runs.is_empty()) {
        let last = cluster
            .runs
            .last()
            .map_or(String::new(), |(_, hosts, adrift)| format!("{adrift} of {hosts} adrift"));
        drift.row([
            (Tone::Plain, cluster.name.as_str().into()),
            (Tone::Plain, bars(cluster, look.unicode).into()),
            (Tone::Plain, last.into()),
        ]);
    }
    if !drift.is_empty() {
        let title = look.paint(Tone::Heading, "Drift by cluster, the oldest run first");
        text.push_str(&format!("\n{title}\n{}", drift.render()));
    }
    text
}

/// One character a run: how large a part of the cluster had drifted. None is a dot, so that any is seen.
fn bars(cluster: &ClusterRow, unicode: bool) -> String {
    let steps: &[char] = if unicode {
        &['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
    } else {
        &['1', '2', '3', '4', '5', '6', '7', '8', '9']
    };
    let from = cluster.runs.len().saturating_sub(MOST_BARS);
    let bar = |(_, hosts, adrift): &(_, usize, usize)| {
        if *adrift == 0 || *hosts == 0 {
            return '.';
        }
        let step = (adrift * steps.len()).div_ceil(*hosts).clamp(1, steps.len());
        steps.get(step - 1).copied().unwrap_or('.')
    };
    cluster.runs.iter().skip(from).map(bar).collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_single_host_is_seen_and_all_of_them_are_the_highest() {
        let at = Timestamp::UNIX_EPOCH;
        let runs = vec![(at, 1000, 0), (at, 1000, 1), (at, 1000, 500), (at, 10, 10), (at, 0, 0)];
        let cluster = ClusterRow { name: "web".to_owned(), runs };
        assert_eq!(bars(&cluster, true), ".▁▄█.");
        assert_eq!(bars(&cluster, false), ".159.");
    }
}
