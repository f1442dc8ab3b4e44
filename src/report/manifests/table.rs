//! The report on manifests for people: which containers are not immutable and what voids them, what was found, with
//! the fix and every place, and what was not audited.
//!
//! Findings that say the same are told once; ten thousand manifests make no longer report than ten with the same
//! troubles.

use std::collections::BTreeMap;

use super::live::{live_in_numbers, told, words};
use super::section::{MOST_ENTRIES, MOST_PLACES, Section};
use super::{Judged, Manifests};
use crate::advice::fix;
use crate::live::{Side, State};
use crate::report::Look;
use crate::report::style::Tone;
use crate::rules::{About, Finding};
use crate::severity::Severity;

/// The report, ending with a line break.
pub(super) fn render(manifests: &Manifests<'_>, look: &Look) -> String {
    let sections = [
        Some(heading(manifests, look)),
        containers(manifests, look),
        live(manifests, look),
        findings(manifests, look),
        not_audited(manifests, look),
        waived(manifests, look),
        Some(conclusion(manifests, look)),
    ];
    sections.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// `driftless immutable   4 containers in 3 files   0.1 s`
fn heading(manifests: &Manifests<'_>, look: &Look) -> String {
    let took = manifests.run.finished.duration_since(manifests.run.started).as_secs_f64();
    let title = look.paint(Tone::Heading, "driftless immutable");
    let containers = counted(manifests.containers.len(), "container");
    format!("{title}   {containers} in {}   {took:.1} s\n", counted(manifests.files, "file"))
}

fn tone(state: State) -> Tone {
    match state {
        State::Differs | State::Changed => Tone::Bad,
        State::NotRunning | State::Unknown => Tone::Unsure,
        State::AsDeclared => Tone::Good,
        State::Ended => Tone::Faint,
    }
}

/// `1 immutable, 2 not, 1 unknown   findings: 1 high, 4 medium`
fn conclusion(manifests: &Manifests<'_>, look: &Look) -> String {
    let verdicts = manifests.verdicts();
    let tone = |count: usize, tone: Tone| if count > 0 { tone } else { Tone::Plain };
    let counted =
        |count: usize, word: &str| if count > 0 { format!("{count} {word}") } else { String::new() };
    let counts = manifests.counted().into_iter().rev().filter(|(_, count)| *count > 0);
    let found: Vec<String> = counts.map(|(severity, count)| format!("{count} {severity}")).collect();
    let found = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
    let verdicts = [
        (tone(verdicts.immutable, Tone::Good), format!("{} immutable", verdicts.immutable)),
        (Tone::Bad, counted(verdicts.not, "not")),
        (Tone::Unsure, counted(verdicts.unknown, "unknown")),
    ];
    let said: Vec<_> = verdicts.iter().filter(|(_, text)| !text.is_empty()).collect();
    let plain: usize = said.iter().map(|(_, text)| text.len() + 2).sum();
    let findings = format!("findings: {found}");
    let between = if plain + 1 + findings.len() > usize::from(look.width) { "\n" } else { "   " };
    let said: Vec<String> = said.into_iter().map(|(tone, text)| look.paint(*tone, text)).collect();
    format!("{}{between}{findings}\n", said.join(", "))
}

/// Every container with its verdict, those that are not immutable first.
fn containers(manifests: &Manifests<'_>, look: &Look) -> Option<String> {
    let rank = |judged: &&Judged| match judged.verdict.immutable {
        Some(false) => 0,
        None => 1,
        Some(true) => 2,
    };
    let mut all: Vec<&Judged> = manifests.containers.iter().collect();
    all.sort_by_key(rank);
    let mut section = Section::new("Containers", look);
    for judged in all.iter().take(MOST_ENTRIES) {
        let (tone, word) = match judged.verdict.immutable {
            Some(true) => (Tone::Good, "immutable"),
            Some(false) => (Tone::Bad, "not immutable"),
            None => (Tone::Unsure, "unknown"),
        };
        let place = format!("{}:{}:{}", judged.file, judged.at.line, judged.at.column);
        let what = format!("{} {}", judged.object, judged.container);
        section.pieces(2, 18, (tone, &format!("{word:<13}")), &[(Tone::Plain, &what), (Tone::Faint, &place)]);
        judged.verdict.voided_by.iter().for_each(|why| section.text(18, why));
    }
    section.end(all.len())
}

/// How hosts run each container, the worst first; what runs as it is declared is counted alone.
fn live(manifests: &Manifests<'_>, look: &Look) -> Option<String> {
    let live = manifests.live?;
    let mut section = Section::new("Live", look);
    section.text(2, &live_in_numbers(live));
    let mut sides: Vec<&Side> = live.sides.iter().filter(|side| side.state < State::AsDeclared).collect();
    sides.sort_by_key(|side| side.state);
    for side in sides.iter().take(MOST_ENTRIES) {
        let what = format!("{} {}", side.declared.object, side.declared.container);
        let word = format!("{:<13}", words(side.state));
        section.pieces(2, 18, (tone(side.state), &word), &[(Tone::Plain, &what)]);
        told(side).iter().take(MOST_PLACES).for_each(|told| section.text(18, told));
        if side.running.len() > MOST_PLACES {
            section.line(18, "and more; -o json has them all");
        }
    }
    for state in [State::AsDeclared, State::Ended] {
        let those = live.sides.iter().filter(|side| side.state == state).count();
        if those > 0 {
            let word = look.paint(tone(state), &format!("{:<13}", words(state)));
            section.line(2, &format!("{word}   {}", counted(those, "container")));
        }
    }
    for one in live.undeclared.iter().take(MOST_ENTRIES) {
        let what = format!("{}: {} ({})", one.host, one.label, one.image);
        section.pieces(2, 18, (Tone::Unsure, "not declared "), &[(Tone::Plain, &what)]);
    }
    section.end(sides.len().max(live.undeclared.len()))
}

/// What is shown of findings that say the same: severity, rule, words.
type Same<'a> = (std::cmp::Reverse<Severity>, &'a str, String);

fn findings(manifests: &Manifests<'_>, look: &Look) -> Option<String> {
    let mut groups: BTreeMap<Same<'_>, Vec<&Finding>> = BTreeMap::new();
    let told = |finding: &&Finding| finding.counts() && finding.rule.about != About::Audit;
    for finding in manifests.findings.iter().filter(told) {
        let same = (std::cmp::Reverse(finding.severity), finding.rule.id, finding.message());
        groups.entry(same).or_default().push(finding);
    }
    let mut section = Section::new("Findings", look);
    for ((severity, rule, message), those) in groups.iter().take(MOST_ENTRIES) {
        let severity = severity.0;
        let word = look.paint(Tone::of(severity), &format!("{:<8}", severity.as_str()));
        section.line(2, &format!("{word} {rule}"));
        section.text(11, message);
        if let Some(fix) = those.first().and_then(|finding| fix(finding)) {
            section.text(11, &format!("fix: {fix}"));
        }
        section.places(13, those);
    }
    section.end(groups.len())
}

/// What could not be read, and why.
fn not_audited(manifests: &Manifests<'_>, look: &Look) -> Option<String> {
    let gaps: Vec<&Finding> =
        manifests.findings.iter().filter(|finding| finding.rule.about == About::Audit).collect();
    let mut section = Section::new("Not audited", look);
    for finding in gaps.iter().take(MOST_ENTRIES) {
        let place = finding.location.as_ref();
        let place = place.map(|place| format!("{}:{}:{}", place.file, place.at.line, place.at.column));
        let host = finding.host_name().map_or(String::new(), |host| format!("{host}: "));
        let place = place.unwrap_or_else(|| format!("{host}{}", finding.subject));
        section.line(2, &look.paint(Tone::Unsure, &place));
        section.text(4, &finding.message());
    }
    section.end(gaps.len())
}

/// What does not count, and why.
fn waived(manifests: &Manifests<'_>, look: &Look) -> Option<String> {
    let mut groups: BTreeMap<(&str, String), Vec<&Finding>> = BTreeMap::new();
    for finding in manifests.findings.iter().filter(|finding| finding.rule.about != About::Audit) {
        let Some(waived) = &finding.waived else { continue };
        let until = waived.until.map_or(String::new(), |date| format!(" until {date}"));
        groups
            .entry((finding.rule.id, format!("{}{until}", waived.justification)))
            .or_default()
            .push(finding);
    }
    let mut section = Section::new("Waived", look);
    for ((rule, why), those) in groups.iter().take(MOST_ENTRIES) {
        section.pieces(2, 4, (Tone::Faint, rule), &[(Tone::Faint, why)]);
        section.places(4, those);
    }
    section.end(groups.len())
}
