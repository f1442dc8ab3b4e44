//! What to do, most drastic first: the hosts and the reasons, then the steps that they share.

use std::collections::BTreeMap;

use super::text::{fill, fold_wrapped};
use super::tone;
use crate::advice::Advice;
use crate::report::Audit;
use crate::report::style::{Look, Tone};

/// How many pieces of advice are shown.
const MOST: usize = 40;

/// How many steps of one piece are shown: a host that has gone wrong in a thousand ways is not repaired by hand.
const MOST_STEPS: usize = 24;

/// How many services of one piece of advice are told where they write.
const MOST_WRITES: usize = 6;

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
        text.push_str(&writes(audit, advice, look));
        let shared = |next: &&&Advice| next.action == advice.action && next.steps == advice.steps;
        while let Some(next) = shown.next_if(|next| shared(&next)) {
            text.push_str(&who_and_why(audit, next, look));
            text.push_str(&writes(audit, next, look));
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

/// Where the services of hosts write that are to be replaced; hosts that write the same share a line.
fn writes(audit: &Audit<'_>, advice: &Advice, look: &Look) -> String {
    let mut alike: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for position in &advice.hosts {
        let mut services: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (service, need) in audit.writes(*position).into_iter().flatten() {
            services.entry(service).or_default().push(format!("{} ({})", need.path, need.class.as_str()));
        }
        for (service, paths) in services {
            let told = format!("{service} writes {}", paths.join(", "));
            alike.entry(told).or_default().push(audit.comparison.name(*position));
        }
    }
    let width = usize::from(look.width).saturating_sub(INDENT);
    let mut text = String::new();
    for (told, names) in alike.iter().take(MOST_WRITES) {
        let lines = fill(&format!("{told}: {}", fold_wrapped(names, width)), width);
        text.extend(lines.into_iter().map(|line| format!("{:INDENT$}{line}\n", "")));
    }
    let more = alike.len().saturating_sub(MOST_WRITES);
    if more > 0 {
        text.push_str(&format!("{:INDENT$}and {more} more services; -o json has them all\n", ""));
    }
    text
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
