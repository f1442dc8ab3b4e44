//! What rules mean, why that matters, and what to do instead: for people, for programs, and as a document.
//!
//! All of it is what `src/advice/entries` and the rules themselves say.

use std::fmt::Write as _;

use serde::Serialize;

use super::Look;
use super::style::Tone;
use super::table::fill;
use crate::advice::{Entry, entry};
use crate::rules::{ALL, About, Check, Rule};

/// So wide is a text that is read; longer lines tire.
const WIDEST: usize = 96;

/// What rules speak of, in the order in which they are listed.
const GROUPS: [(About, &str, &str); 5] = [
    (About::Drift, "hosts", "Hosts and clusters"),
    (About::Upgrade, "upgrades", "Upgrades"),
    (About::Manifest, "manifests", "Manifests"),
    (About::Playbook, "playbook", "The playbook's waivers"),
    (About::Audit, "audit", "What could not be audited"),
];

/// Every rule, by what it speaks of.
pub fn grouped() -> Vec<(&'static str, Vec<&'static Rule>)> {
    let rules = |about| ALL.iter().copied().filter(|rule| rule.about == about).collect();
    GROUPS.iter().map(|(about, _, title)| (*title, rules(*about))).collect()
}

/// One line for each rule: its name, its severity, what it means. With a width, long lines are broken.
pub fn list(look: &Look, width: Option<usize>) -> String {
    let mut text = String::new();
    let longest = ALL.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    for (title, rules) in grouped() {
        let gap = if text.is_empty() { "" } else { "\n" };
        let _ = writeln!(text, "{gap}{}", look.paint(Tone::Heading, title));
        for rule in rules {
            let severity = look.paint(Tone::of(rule.severity), &format!("{:<8}", rule.severity));
            let means = said(rule).means.as_str();
            let indent = 2 + longest + 2 + 8 + 1;
            match width {
                None => {
                    let _ = writeln!(text, "  {:<longest$}  {severity} {means}", rule.id);
                }
                Some(width) if width >= indent + 30 => {
                    let lines = fill(means, width - indent).join(&format!("\n{:indent$}", ""));
                    let _ = writeln!(text, "  {:<longest$}  {severity} {lines}", rule.id);
                }
                // Too narrow for columns: below each other.
                Some(width) => {
                    let _ = writeln!(text, "  {}  {}", rule.id, severity.trim_end());
                    under(&mut text, "    ", "    ", means, width);
                }
            }
        }
    }
    text
}

/// All that is known of one rule.
pub fn one(rule: &Rule, look: &Look, width: usize) -> String {
    let width = width.min(WIDEST);
    let entry = said(rule);
    let severity = look.paint(Tone::of(rule.severity), rule.severity.as_str());
    let mut text = format!("{}   {severity}\n", look.paint(Tone::Heading, rule.id));
    let head = |text: &mut String, title: &str| {
        let lines = fill(title, width);
        let lines: Vec<String> = lines.iter().map(|line| look.paint(Tone::Heading, line)).collect();
        let _ = writeln!(text, "\n{}", lines.join("\n"));
    };
    head(&mut text, "It means");
    under(&mut text, "  ", "  ", &entry.means, width);
    under(&mut text, "  ", "  ", &format!("It speaks of {}.", speaks_of(rule)), width);
    head(&mut text, "Why it matters");
    under(&mut text, "  ", "  ", &entry.why, width);
    head(&mut text, "What to do instead");
    for line in steps(entry) {
        under(&mut text, "  - ", "    ", &line, width);
    }
    head(&mut text, "Severity");
    under(&mut text, "  ", "  ", &format!("{} by default", rule.severity), width);
    for line in &entry.varies {
        under(&mut text, "  - ", "    ", line, width);
    }
    head(&mut text, "To turn it off, or to let a finding pass, in a playbook");
    for line in lets_pass(rule).lines() {
        // What is there to be copied is never broken; what explains it goes above it where there is no room beside.
        let (code, why) = line.split_once("  # ").unwrap_or((line, ""));
        if why.is_empty() || line.len() + 4 <= width {
            let _ = writeln!(text, "{}", format!("    {line}").trim_end());
        } else {
            under(&mut text, "    # ", "    # ", why, width);
            let _ = writeln!(text, "    {}", code.trim_end());
        }
    }
    if let Some(line) = besides(rule) {
        text.push('\n');
        under(&mut text, "  ", "  ", &line, width);
    }
    text
}

/// Rules for programs.
pub fn json(rules: &[&Rule]) -> String {
    let rules = rules.iter().map(|rule| Explained::of(rule)).collect();
    let all = Explanations { schema: "driftless/rules/v1", rules };
    // Texts and lists cannot fail to be written.
    serde_json::to_string_pretty(&all).unwrap_or_default() + "\n"
}

/// The document that has every rule: `docs/reference/rules.md`.
pub fn reference() -> String {
    let mut text =
        "# Rules\n\nMade from the program itself; `driftless explain RULE` says the same. Words in capitals \
         stand for what a finding says.\n"
            .to_owned();
    for (title, rules) in grouped() {
        let _ = write!(text, "\n## {title}\n\n| rule | severity | means |\n|---|---|---|\n");
        for rule in &rules {
            let means = said(rule).means.replace('|', "\\|");
            let _ = writeln!(text, "| [`{0}`](#{0}) | {1} | {means} |", rule.id, rule.severity);
        }
        for rule in &rules {
            let entry = said(rule);
            let _ = write!(
                text,
                "\n### {}\n\n**{}**; it speaks of {}.\n",
                rule.id,
                rule.severity,
                speaks_of(rule)
            );
            let _ = write!(text, "\n{}\n\n*Why it matters.* {}\n", entry.means, entry.why);
            let bullets = |text: &mut String, title: &str, lines: Vec<String>| {
                if !lines.is_empty() {
                    let lines: String = lines.iter().map(|line| format!("- {line}\n")).collect();
                    let _ = write!(text, "\n*{title}*\n\n{lines}");
                }
            };
            bullets(&mut text, "What to do instead", steps(entry));
            bullets(&mut text, "Its severity is", entry.varies.clone());
            bullets(&mut text, "To let it pass", besides(rule).into_iter().collect());
        }
    }
    let rule = ALL.iter().find(|rule| rule.id == "package-version");
    let pass = rule.map(|rule| lets_pass(rule)).unwrap_or_default();
    let pass: String = pass.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect();
    let _ = write!(text, "\n## To turn a rule off, or to let a finding pass\n\nIn a playbook:\n\n{pass}");
    text
}

#[derive(Serialize)]
struct Explanations {
    schema: &'static str,
    rules: Vec<Explained>,
}

/// What programs are told of a rule.
#[derive(Serialize)]
struct Explained {
    id: &'static str,
    group: &'static str,
    severity: crate::severity::Severity,
    means: &'static str,
    why: &'static str,
    varies: &'static [String],
    first: Vec<String>,
    run: Vec<String>,
    ansible: Vec<String>,
    people: Vec<String>,
    manifest: Vec<String>,
    lets_pass: String,
}

impl Explained {
    fn of(rule: &Rule) -> Self {
        let entry = said(rule);
        let each = |texts: &[String]| texts.iter().map(|text| capitals(text)).collect::<Vec<_>>();
        Self {
            id: rule.id,
            group: GROUPS.iter().find(|(about, ..)| *about == rule.about).map_or("", |(_, name, _)| name),
            severity: rule.severity,
            means: &entry.means,
            why: &entry.why,
            varies: &entry.varies,
            first: each(&entry.first),
            run: each(&entry.run),
            ansible: each(&entry.ansible),
            people: [each(&entry.instead), each(&entry.say)].concat(),
            manifest: each(&entry.manifest),
            lets_pass: lets_pass(rule),
        }
    }
}

/// The rule's entry; every rule has one, which a test holds.
fn said(rule: &Rule) -> &'static Entry {
    static NOTHING: std::sync::LazyLock<Entry> = std::sync::LazyLock::new(Entry::default);
    entry(rule.id).unwrap_or(&NOTHING)
}

/// What is to be done, in order.
fn steps(entry: &Entry) -> Vec<String> {
    let host = entry.run.iter().map(|command| format!("on the host: `{command}`"));
    let ansible = entry.ansible.iter().map(|task| format!("with Ansible: `ansible HOST -b -m {task}`"));
    let manifest = entry.manifest.iter().map(|text| format!("in a manifest: {text}"));
    let first = entry.first.iter().chain(&entry.instead).cloned();
    let all = first.chain(host).chain(ansible).chain(entry.say.iter().cloned()).chain(manifest);
    all.map(|text| capitals(&text)).collect()
}

/// What stands for a word of the finding, as people write it.
fn capitals(text: &str) -> String {
    let words = [
        ("{subject}", "SUBJECT"),
        ("{expected}", "EXPECTED"),
        ("{observed}", "OBSERVED"),
        ("{paths}", "PATHS"),
    ];
    words.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

fn speaks_of(rule: &Rule) -> &'static str {
    match (&rule.check, rule.about) {
        (Check::Container { .. }, _) => "containers that run on hosts, and of those that manifests declare",
        (_, About::Drift) => "hosts (`driftless audit`)",
        (_, About::Upgrade) => "upgrades (`driftless ready`, `driftless audit --ready`)",
        (_, About::Manifest) => "what manifests declare (`driftless immutable`)",
        (_, About::Playbook) => "the playbook itself",
        (_, About::Audit) => "the audit: what it could not see",
    }
}

/// What a playbook says to turn a rule off, or to let one finding of it pass.
fn lets_pass(rule: &Rule) -> String {
    let named = format!("rule = \"{}\"", rule.id);
    let hosts = ("hosts = \"web-07\"", "Ansible's pattern");
    let mut lines = vec![("[rules]", ""), ("OFF", "or critical, high, medium, low, info")];
    if rule.about != About::Playbook {
        // A waiver that names hosts is not meant for manifests.
        let hosts = (rule.about != About::Manifest).then_some(hosts);
        lines.extend([
            ("", ""),
            ("[[waiver]]", "until a day, inclusive; then it counts again"),
            (&named, ""),
        ]);
        lines.extend(hosts);
        lines.push(("subject = \"*\"", "a glob; left out: every subject"));
        lines.push(("justification = \"why it may be so, and who decided it\"", ""));
        lines.extend([("until = 2027-06-30", ""), ("", ""), ("[[ignore]]", "for good"), (&named, "")]);
        lines.extend(hosts);
        lines.push(("reason = \"why it is meant so\"", ""));
    }
    let off = format!("{} = \"off\"", rule.id);
    let lines = lines.into_iter().map(|(said, why)| (if said == "OFF" { off.as_str() } else { said }, why));
    let lines = lines.map(|(said, why)| match why {
        "" => format!("{said}\n"),
        why => format!("{said:<30}  # {why}\n"),
    });
    lines.collect()
}

/// What else lets findings pass.
fn besides(rule: &Rule) -> Option<String> {
    match (&rule.check, rule.about) {
        (Check::Manifest(_) | Check::Container { .. }, _) => Some(format!(
            "in a manifest the annotation driftless.dev/waive.{}: \"until=2027-06-30 why\" lets it pass for that pod",
            rule.id
        )),
        (_, About::Audit) => Some(
            "a host with maintenance = \"why\" in the inventory is reported, and fails no run".to_owned(),
        ),
        _ => None,
    }
}

/// A paragraph with a first and a further indent.
fn under(text: &mut String, first: &str, further: &str, said: &str, width: usize) {
    for (nth, line) in fill(said, width.saturating_sub(further.len()).max(10)).iter().enumerate() {
        let _ = writeln!(text, "{}{line}", if nth == 0 { first } else { further });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_says_what_it_means_why_and_what_to_do() {
        for rule in ALL {
            let entry = entry(rule.id).unwrap();
            assert!(entry.means.ends_with('.') && entry.why.ends_with('.'), "{}", rule.id);
            assert!(entry.why.len() > 60, "{}: why does it matter?", rule.id);
            assert!(!steps(entry).is_empty(), "{}: nothing to be done", rule.id);
            let text = one(rule, &Look::default(), 80);
            assert!(!text.contains('{'), "{text}");
            assert!(text.lines().all(|line| line.len() <= 80 || line.starts_with("    ")), "{text}");
        }
    }

    #[test]
    fn what_lets_a_finding_pass_is_a_playbook() {
        for rule in ALL {
            let text = lets_pass(rule);
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("playbook.toml");
            std::fs::write(&path, &text).unwrap();
            if let Err(error) = crate::playbook::Playbook::load(&[path], &crate::rules::known_ids()) {
                panic!("{}: {error}", rule.id);
            }
        }
    }

    #[test]
    fn the_list_has_a_line_for_every_rule_and_is_readable_when_narrow() {
        let text = list(&Look::default(), None);
        for rule in ALL {
            let lines = text.lines().filter(|line| line.starts_with(&format!("  {} ", rule.id)));
            assert_eq!(lines.count(), 1, "{}", rule.id);
        }
        for width in [20, 60, 80] {
            let narrow = list(&Look::default(), Some(width));
            let longest = narrow.lines().map(str::len).max().unwrap();
            assert!(longest <= width.max(31), "{longest}: {narrow}");
        }
    }
}
