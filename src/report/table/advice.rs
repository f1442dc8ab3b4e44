//! What to do, most drastic first: the hosts and the reasons, then the steps that they share.

use super::text::{fill, fold_wrapped};
use super::tone;
use crate::advice::Advice;
use crate::report::Audit;
use crate::report::style::{Look, Tone};

/// How many pieces of advice are shown.
const MOST: usize = 40;

/// How many steps of one piece are shown: a host that has gone wrong in a thousand ways is not repaired by hand.
const MOST_STEPS: usize = 24;

/// How far reasons and steps are set in: below the hosts, past the longest action.
const INDENT: usize = 15;

/// The section; `None` where there is nothing to advise.
pub(super) fn render(audit: &Audit<'_>, look: &Look) -> Option<String> {
    let all = &audit.advised.advice;
    let mut shown = all.iter().take(MOST).peekable();
    shown.peek()?;
    let mut text = look.paint(Tone::Heading, "Advice") + "\n";
    while let Some(advice) = shown.next() {
        text.push_str(&who_and_why(audit, advice, look));
        let shared = |next: &&&Advice| next.action == advice.action && next.steps == advice.steps;
        while let Some(next) = shown.next_if(|next| shared(&next)) {
            text.push_str(&who_and_why(audit, next, look));
        }
        // A command is never broken into lines: it is there to be copied.
        for step in advice.steps.iter().take(MOST_STEPS) {
            text.push_str(&format!("{:INDENT$}- {step}\n", ""));
        }
        let more = advice.steps.len().saturating_sub(MOST_STEPS);
        if more > 0 {
            text.push_str(&format!("{:INDENT$}- and {more} more steps; -o json has them all\n", ""));
        }
    }
    let more = all.len().saturating_sub(MOST);
    if more > 0 {
        text.push_str(&format!("  and {more} more; -o json has them all\n"));
    }
    Some(text)
}

/// `  replace      web-[20,23]: release bookworm in a trixie cluster`
fn who_and_why(audit: &Audit<'_>, advice: &Advice, look: &Look) -> String {
    let names: Vec<&str> = advice.hosts.iter().map(|position| audit.comparison.name(*position)).collect();
    let width = usize::from(look.width).saturating_sub(INDENT);
    let told = format!("{}: {}", fold_wrapped(&names, width), advice.reason);
    let action = format!("{:<width$}", advice.action.as_str(), width = INDENT - 2);
    let mut lines = fill(&told, width).into_iter();
    let first = lines.next().unwrap_or_default();
    let mut text = format!("  {}{first}\n", look.paint(tone(advice.action), &action));
    text.extend(lines.map(|line| format!("{:INDENT$}{line}\n", "")));
    text
}
