//! The report on manifests for people: which containers are not immutable and what voids them, what was found, with
//! the fix and every place, and what was not audited.
//!
//! Findings that say the same are told once; ten thousand manifests make no longer report than ten with the same
//! troubles.

use std::collections::BTreeMap;

use super::live::{live_in_numbers, told, words};
use super::{Judged, Manifests};
use crate::advice::fix;
use crate::live::{Side, State};
use crate::report::Look;
use crate::report::style::Tone;
use crate::report::table::fill;
use crate::rules::{About, Finding};
use crate::severity::Severity;

/// How many entries one section shows, and how many places one entry.
const MOST_ENTRIES: usize = 40;
const MOST_PLACES: usize = 5;

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
    let mut parts =
        vec![look.paint(tone(verdicts.immutable, Tone::Good), &format!("{} immutable", verdicts.immutable))];
    if verdicts.not > 0 {
        parts.push(look.paint(Tone::Bad, &format!("{} not", verdicts.not)));
    }
    if verdicts.unknown > 0 {
        parts.push(look.paint(Tone::Unsure, &format!("{} unknown", verdicts.unknown)));
    }
    let counts = manifests.counted().into_iter().rev().filter(|(_, count)| *count > 0);
    let found: Vec<String> = counts.map(|(severity, count)| format!("{count} {severity}")).collect();
    let found = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
    format!("{}   findings: {found}\n", parts.join(", "))
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
        let place =
            look.paint(Tone::Faint, &format!("{}:{}:{}", judged.file, judged.at.line, judged.at.column));
        let word = look.paint(tone, &format!("{word:<13}"));
        section.line(2, &format!("{word}   {} {}   {place}", judged.object, judged.container));
        judged.verdict.voided_by.iter().for_each(|why| section.text(18, why));
    }
    section.end(all.len())
}

/// How hosts run each container, the worst first; what runs as it is declared is counted alone.
fn live(manifests: &Manifests<'_>, look: &Look) -> Option<String> {
    let live = manifests.live?;
    let mut section = Section::new("Live", look);
    section.line(2, &live_in_numbers(live));
    let mut sides: Vec<&Side> = live.sides.iter().filter(|side| side.state < State::AsDeclared).collect();
    sides.sort_by_key(|side| side.state);
    for side in sides.iter().take(MOST_ENTRIES) {
        let word = look.paint(tone(side.state), &format!("{:<13}", words(side.state)));
        section.line(2, &format!("{word}   {} {}", side.declared.object, side.declared.container));
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
        let word = look.paint(Tone::Unsure, &format!("{:<13}", "not declared"));
        section.line(2, &format!("{word}   {}: {} ({})", one.host, one.label, one.image));
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
        section.line(2, &look.paint(Tone::Faint, &format!("{rule}   {why}")));
        section.places(4, those);
    }
    section.end(groups.len())
}

/// A heading, lines below it, and a line that says what was left out.
struct Section<'l> {
    look: &'l Look,
    title: &'static str,
    text: String,
}

impl<'l> Section<'l> {
    fn new(title: &'static str, look: &'l Look) -> Self {
        Self { look, title, text: String::new() }
    }

    fn line(&mut self, indent: usize, line: &str) {
        self.text.push_str(&format!("{}{}\n", " ".repeat(indent), line.trim_end()));
    }

    /// Words in as many lines as they need.
    fn text(&mut self, indent: usize, words: &str) {
        let width = usize::from(self.look.width).saturating_sub(indent).max(20);
        for line in fill(words, width) {
            self.line(indent, &line);
        }
    }

    /// Where findings are: the place, whole, so that it can be copied, and what it is about.
    fn places(&mut self, indent: usize, those: &[&Finding]) {
        for finding in those.iter().take(MOST_PLACES) {
            let place = finding.location.as_ref().map(|place| {
                let place = format!("{}:{}:{}", place.file, place.at.line, place.at.column);
                format!("{}   ", self.look.paint(Tone::Faint, &place))
            });
            let host = finding.host_name().map_or(String::new(), |host| format!("{host}: "));
            self.line(indent, &format!("{}{host}{}", place.unwrap_or_default(), finding.subject));
        }
        if those.len() > MOST_PLACES {
            self.line(indent, &format!("and {} more; -o json has them all", those.len() - MOST_PLACES));
        }
    }

    /// The whole; nothing if nothing is in it.
    fn end(mut self, entries: usize) -> Option<String> {
        if self.text.is_empty() {
            return None;
        }
        if entries > MOST_ENTRIES {
            self.line(2, &format!("and {} more; -o json has them all", entries - MOST_ENTRIES));
        }
        Some(format!("{}\n{}", self.look.paint(Tone::Heading, self.title), self.text))
    }
}
