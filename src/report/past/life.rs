//! The life of one host: each run in which it was another than before.

use super::{Event, Life, change, minute};
use crate::history::Change;
use crate::report::style::{Look, Tone};
use crate::report::table::grid::{Fit, Grid};

/// How many differences of one run are shown.
const MOST_DIFFERENCES: usize = 30;

/// The list, the oldest run first.
pub(super) fn render(life: &Life, look: &Look) -> String {
    let runs = if life.runs == 1 { "1 run".to_owned() } else { format!("{} runs", life.runs) };
    let mut text = format!("{}   seen in {runs}\n", look.paint(Tone::Heading, &life.host));
    for event in &life.events {
        let title = format!("{} UTC   run {}", minute(event.started), event.run);
        text.push_str(&format!("\n{}   {}\n", look.paint(Tone::Heading, &title), stood(event)));
        let mut grid = Grid::new(look, &[Fit::Keep, Fit::Wrap(40), Fit::Rest]);
        for (key, became) in &event.began {
            let (word, tone) = match became {
                Change::Returned(_) => ("back", Tone::Bad),
                Change::New | Change::Since(_) => ("new", Tone::Bad),
            };
            row(&mut grid, tone, word, key);
        }
        for key in &event.ended {
            row(&mut grid, Tone::Good, "resolved", key);
        }
        for difference in event.differences.iter().take(MOST_DIFFERENCES) {
            grid.row([
                (Tone::Faint, difference.about.as_str().into()),
                (Tone::Plain, difference.subject.as_str().into()),
                (Tone::Plain, change(difference).into()),
            ]);
        }
        text.push_str(&grid.render());
        let more = event.differences.len().saturating_sub(MOST_DIFFERENCES);
        if more > 0 {
            text.push_str(&format!("  and {more} more differences; -o json has them all\n"));
        }
    }
    text
}

/// A finding by its key: rule, cluster, host, subject.
fn row(grid: &mut Grid<'_>, tone: Tone, word: &'static str, key: &str) {
    let mut words = key.splitn(4, '/');
    let rule = words.next().unwrap_or_default().to_owned();
    let subject = words.nth(2).unwrap_or_default().to_owned();
    grid.row([(tone, word.into()), (Tone::Plain, subject.into()), (Tone::Plain, rule.into())]);
}

/// `in-sync -> repair`; where it did not change, what it is.
fn stood(event: &Event) -> String {
    let word = |stood: &crate::history::Stood| match stood.status {
        crate::snapshot::HostStatus::Unreachable => stood.status.as_str(),
        _ => stood.verdict.as_str(),
    };
    match &event.stood {
        (Some(before), Some(now)) if word(before) != word(now) => {
            format!("{} -> {}", word(before), word(now))
        }
        (_, Some(now)) => word(now).to_owned(),
        (_, None) => "collected".to_owned(),
    }
}
