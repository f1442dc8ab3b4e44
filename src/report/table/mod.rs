//! The report for people: what differs, what was not audited, and what to do, in that order.
//!
//! Hosts that agree are folded into one line; a thousand hosts make no longer report than ten with
//! the same troubles.

mod advice;
mod clusters;
mod fold;
pub(super) mod grid;
mod listing;
mod notes;
mod since;
mod text;
mod upgrades;

pub(super) use listing::render as listing;
pub(super) use text::fill;

use super::style::{Look, Tone};
use super::{Audit, Summary};
use crate::advice::Verdict;
use crate::readiness::State;

/// The report, ending with a line break.
pub(super) fn render(audit: &Audit<'_>, look: &Look) -> String {
    let mut sections = vec![heading(audit, look)];
    sections.extend(upgrades::render(audit, look));
    if audit.drift {
        sections.extend(clusters::render(audit, look));
    }
    sections.extend(since::render(audit, look));
    sections.extend(notes::findings(audit, look));
    sections.extend(notes::not_audited(audit, look));
    sections.extend(notes::waived(audit, look));
    if audit.drift {
        sections.extend(advice::render(audit, look));
    }
    sections.push(if audit.drift { conclusion(audit, look) } else { readiness(audit, look) });
    sections.join("\n")
}

/// `driftless audit   42 hosts: 40 audited, 1 partial, 1 unreachable   3.1 s`
fn heading(audit: &Audit<'_>, look: &Look) -> String {
    let Summary { hosts, audited, partial, unreachable, .. } = audit.summary();
    let done = if audit.drift { "audited" } else { "answered" };
    let mut parts = vec![format!("{audited} {done}")];
    if partial > 0 {
        parts.push(format!("{partial} partial"));
    }
    if unreachable > 0 {
        parts.push(format!("{unreachable} unreachable"));
    }
    let took = audit.run.finished.duration_since(audit.run.started).as_secs_f64();
    let title = look.paint(Tone::Heading, &format!("driftless {}", audit.command));
    // What was seen at other times says when.
    let seen = audit.seen.iter().flatten();
    let when = match (seen.clone().min(), seen.max()) {
        (Some(first), Some(last)) => {
            let (first, last) = (first.strftime("%F %H:%M"), last.strftime("%F %H:%M UTC"));
            format!("as seen from {first} to {last}")
        }
        _ => format!("{took:.1} s"),
    };
    format!("{title}   {}: {}   {when}\n", hosts_in_words(hosts), parts.join(", "))
}

/// `9 in sync, 3 drifted, 2 unknown   findings: 1 high, 4 medium`
fn conclusion(audit: &Audit<'_>, look: &Look) -> String {
    let summary = audit.summary();
    let unknown = summary.hosts.saturating_sub(summary.in_sync + summary.drifted + summary.replaced);
    let mut parts = vec![look.paint(
        if summary.in_sync > 0 { Tone::Good } else { Tone::Plain },
        &format!("{} in sync", summary.in_sync),
    )];
    if summary.replaced > 0 {
        parts.push(look.paint(Tone::Good, &format!("{} replaced", summary.replaced)));
    }
    if summary.drifted > 0 {
        parts.push(look.paint(Tone::Bad, &format!("{} drifted", summary.drifted)));
    }
    if unknown > 0 {
        parts.push(look.paint(Tone::Unsure, &format!("{unknown} unknown")));
    }
    format!("{}   findings: {}\n", parts.join(", "), counted(&summary))
}

/// `21 ready, 2 blocked, 1 unknown   findings: 3 high`
fn readiness(audit: &Audit<'_>, look: &Look) -> String {
    let upgrades = audit.outlook.iter().flat_map(|outlook| &outlook.upgrades);
    let parts = upgrades::tally(upgrades).into_iter().filter_map(|(state, count)| {
        let (word, tone) = match state {
            State::Ready => ("ready", if count > 0 { Tone::Good } else { Tone::Plain }),
            State::Blocked => ("blocked", Tone::Bad),
            State::Unknown => ("unknown", Tone::Unsure),
        };
        (count > 0 || state == State::Ready).then(|| look.paint(tone, &format!("{count} {word}")))
    });
    let parts: Vec<String> = parts.collect();
    format!("{}   findings: {}\n", parts.join(", "), counted(&audit.summary()))
}

/// `1 high, 4 medium`
fn counted(summary: &Summary) -> String {
    let found = summary.findings.iter().filter(|(_, count)| *count > 0);
    let found: Vec<String> = found.map(|(severity, count)| format!("{count} {severity}")).collect();
    if found.is_empty() { "none".to_owned() } else { found.join(", ") }
}

/// `1 host`, `7 hosts`
fn hosts_in_words(count: usize) -> String {
    if count == 1 { "1 host".to_owned() } else { format!("{count} hosts") }
}

fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::InSync | Verdict::Replaced => Tone::Good,
        Verdict::Unknown | Verdict::Investigate => Tone::Unsure,
        Verdict::Repair | Verdict::Replace => Tone::Bad,
    }
}
