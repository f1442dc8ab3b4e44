//! A gap: something that was asked for and could not be had, and why.

use std::borrow::Cow;
use std::fmt;

use crate::probe::Section;

/// Something that could not be collected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// What is missing: a section of the probe, or what the playbook asked for.
    pub probe: String,
    /// Why, in one word that scripts can rely on.
    pub reason: Reason,
    /// Why, in the words of the tool or the system; already safe to print.
    pub detail: String,
}

impl Gap {
    /// Whether it is the package database that could not be had, of whatever system.
    pub fn is_about_packages(&self) -> bool {
        Section::PACKAGES.iter().any(|(system, _)| system.name() == self.probe)
    }
}

/// Why something could not be collected.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The tool or file is not on the host.
    NotInstalled,
    /// The audit user may not read it.
    NeedsPrivilege,
    /// It took too long.
    TimedOut,
    /// What came back makes no sense.
    Unparsable,
    /// The probe pinned on the host does not know the section.
    ProbeTooOld,
    /// The tool failed.
    Failed,
    /// The answer ended in the middle.
    Truncated,
    /// The answer was empty where it cannot be.
    Empty,
    /// There is more of it than is looked at.
    OverLimit,
    /// This version of driftless does not audit what the playbook asks for.
    NotSupported,
    /// What it is told from is too old to say anything about today.
    Stale,
    /// There is nothing to compare with: the baseline host was not audited.
    NoBaseline,
    /// It is kept from a time when nobody asked for it.
    NotAsked,
}

impl Reason {
    /// The word that reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotInstalled => "not-installed",
            Self::NeedsPrivilege => "needs-privilege",
            Self::TimedOut => "timed-out",
            Self::Unparsable => "unparsable",
            Self::ProbeTooOld => "probe-too-old",
            Self::Failed => "failed",
            Self::Truncated => "truncated",
            Self::Empty => "empty",
            Self::OverLimit => "over-limit",
            Self::NotSupported => "not-supported",
            Self::Stale => "stale",
            Self::NoBaseline => "no-baseline",
            Self::NotAsked => "not-asked",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How many characters of a host's own text a message quotes at most.
const QUOTED: usize = 160;

/// A host's own text, made safe to print: control characters and whatever could reorder or hide a
/// line become visible escapes, and what is too long is cut.
pub fn quote(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let trimmed = text.trim();
    let mut safe = String::with_capacity(trimmed.len().min(QUOTED * 2));
    for (nth, character) in trimmed.chars().enumerate() {
        if nth == QUOTED {
            safe.push('…');
            break;
        }
        push_safe(&mut safe, character);
    }
    safe
}

/// One line of a host's own text, made safe to print with its blanks where they are.
pub fn visible(line: &str) -> String {
    let mut safe = String::with_capacity(line.len().min(QUOTED * 2));
    for (nth, character) in line.chars().enumerate() {
        match character {
            _ if nth == QUOTED => {
                safe.push('…');
                break;
            }
            '\t' => safe.push_str("    "),
            _ => push_safe(&mut safe, character),
        }
    }
    safe
}

/// A text as it may stand in any report, whole and in one line: what cannot be seen, or changes how things around it are
/// shown, is written as an escape.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() * 2);
    text.trim_end_matches('\n').chars().for_each(|character| push_safe(&mut safe, character));
    safe.into()
}

/// Whether a character changes how a terminal shows what is around it, or cannot be seen.
pub(super) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Appends a character, escaped unless it is plainly printable.
fn push_safe(safe: &mut String, character: char) {
    match character {
        '\n' => safe.push_str(" / "),
        '\t' => safe.push(' '),
        _ if is_hidden(character) => safe.extend(character.escape_unicode()),
        _ => safe.push(character),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn terminal_escapes_and_reordering_marks_become_visible() {
        assert_eq!(quote(b"a\x1b[31mb"), "a\\u{1b}[31mb");
        assert_eq!(quote("a\u{202e}b".as_bytes()), "a\\u{202e}b");
        assert_eq!(quote(b"one\ntwo\n"), "one / two");
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let shown = quote(&[b'x'; 5000]);
        assert_eq!(shown.chars().count(), QUOTED + 1);
        assert!(shown.ends_with('…'));
    }

    proptest! {
        #[test]
        fn nothing_quoted_holds_a_control_character(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(!quote(&bytes).chars().any(char::is_control));
        }
    }
}
