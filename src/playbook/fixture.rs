//! What the playbook's tests share: texts in place of files, and mistakes by their place and words.

use super::Playbook;
use super::load::merge;
use crate::diagnostic::{Diagnostics, Source};

/// Ids as a caller would pass them.
pub(super) const RULES: [&str; 5] = ["package-version", "package-missing", "policy-unmet", "release", "gap"];

/// Loads texts as if they were the files `a.toml`, `b.toml`, …
pub(super) fn load(texts: &[&str]) -> Result<Playbook, Diagnostics> {
    let names = ["a.toml", "b.toml", "c.toml"];
    merge(texts.iter().zip(names).map(|(text, name)| Ok(Source::text(name, text))), &RULES)
}

/// A playbook of one text that must be right.
#[track_caller]
pub(super) fn right(text: &str) -> Playbook {
    load(&[text]).unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// Checks that a text has one mistake, at `line:column`, and that the message has its words.
#[track_caller]
pub(super) fn wrong(text: &str, place: &str, words: &[&str]) {
    let wrong = load(&[text]).expect_err("this should be a mistake");
    assert_eq!(wrong.0.len(), 1, "one mistake was expected:\n{wrong}");
    let shown = wrong.to_string();
    assert!(shown.contains(&format!("--> a.toml:{place}\n")), "expected at {place}:\n{shown}");
    let line: usize = place.split(':').next().unwrap().parse().unwrap();
    assert!(shown.contains(text.lines().nth(line - 1).unwrap()), "the line itself is missing:\n{shown}");
    assert!(shown.contains("help: "), "no cure:\n{shown}");
    for word in words {
        assert!(shown.contains(word), "`{word}` is missing:\n{shown}");
    }
}
