//! What changed since the run before: what is new, what came back, what is gone; and how much stayed.

use std::collections::BTreeMap;

use super::fold::{Row, rows};
use super::grid::{Content, Fit, Grid};
use crate::history::{Change, Resolved, Story};
use crate::report::Audit;
use crate::report::style::{Look, Tone};
use crate::rules::Finding;

/// How many rows of one kind are shown.
const MOST_ROWS: usize = 20;

/// The section; none where no run before is known.
pub(super) fn render(audit: &Audit<'_>, look: &Look) -> Option<String> {
    let story = audit.story?;
    let (id, started) = story.before.as_ref()?;
    let (new, stayed, back) = story.counts();
    let gone = story.resolved.len();
    let title = look.paint(Tone::Heading, &format!("Since {}", started.strftime("%F %H:%M UTC")));
    let counts = [(new, "new"), (back, "back"), (gone, "resolved"), (stayed, "as before")];
    let counts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let counts = if counts.is_empty() { "nothing found, now as then".to_owned() } else { counts.join(", ") };
    let mut grid = Grid::new(look, &[Fit::Keep, Fit::Keep, Fit::Hosts(35), Fit::Rest]);
    found(audit, story, Change::New, &mut grid);
    found(audit, story, Change::Returned(*started), &mut grid);
    let altered = |finding: &&Finding| finding.counts() && story.altered.contains(&finding.key());
    told(rows(audit.findings.iter().filter(altered)), "changed", Tone::Bad, &mut grid);
    resolved(&story.resolved, &mut grid);
    for (host, before, now) in &story.statuses {
        let told = format!("{} before, {} now", before.as_str(), now.as_str());
        grid.row([
            (Tone::Unsure, "changed".into()),
            (Tone::Plain, "".into()),
            (Tone::Plain, Content::hosts(vec![host.as_str()])),
            (Tone::Plain, told.into()),
        ]);
    }
    Some(format!("{title}   {counts}   run {id}\n{}", grid.render()))
}

/// Findings of which the same became.
fn found<'a>(audit: &Audit<'a>, story: &Story, like: Change, grid: &mut Grid<'a>) {
    let alike = |finding: &&Finding| {
        let change = story.changes.get(&finding.key());
        finding.counts()
            && change.is_some_and(|change| std::mem::discriminant(change) == std::mem::discriminant(&like))
    };
    let rows = rows(audit.findings.iter().filter(alike));
    let (word, tone) = match like {
        Change::Returned(_) => ("back", Tone::Bad),
        Change::New | Change::Since(_) => ("new", Tone::Bad),
    };
    told(rows, word, tone, grid);
}

fn told<'a>(rows: Vec<Row<'a>>, word: &'static str, tone: Tone, grid: &mut Grid<'a>) {
    let more = rows.len().saturating_sub(MOST_ROWS);
    for row in rows.into_iter().take(MOST_ROWS) {
        let told = row.told();
        grid.row([
            (tone, word.into()),
            (Tone::Plain, row.rule.into()),
            (Tone::Plain, Content::hosts(row.hosts)),
            (Tone::Plain, told.into()),
        ]);
    }
    rest(more, word, grid);
}

/// What is gone, folded by rule and subject: of what it said the key alone is known.
fn resolved<'a>(gone: &'a [Resolved], grid: &mut Grid<'a>) {
    let mut alike: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for one in gone {
        let mut words = one.key.splitn(4, '/');
        let (rule, host) = (words.next().unwrap_or_default(), words.nth(1).unwrap_or_default());
        let subject = words.next().unwrap_or_default();
        alike.entry((rule, subject)).or_default().extend(Some(host).filter(|host| !host.is_empty()));
    }
    let more = alike.len().saturating_sub(MOST_ROWS);
    for ((rule, subject), hosts) in alike.into_iter().take(MOST_ROWS) {
        grid.row([
            (Tone::Good, "resolved".into()),
            (Tone::Plain, rule.into()),
            (Tone::Plain, Content::hosts(hosts)),
            (Tone::Plain, subject.into()),
        ]);
    }
    rest(more, "resolved", grid);
}

fn rest(more: usize, word: &'static str, grid: &mut Grid<'_>) {
    if more > 0 {
        grid.row([
            (Tone::Faint, word.into()),
            (Tone::Plain, "".into()),
            (Tone::Plain, "".into()),
            (Tone::Faint, format!("and {more} more; -o json has them all").into()),
        ]);
    }
}
