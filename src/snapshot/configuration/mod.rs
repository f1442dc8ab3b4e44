//! How a host is configured: the files that the playbook names, the configuration files of its packages, and
//! kernel parameters.
//!
//! Contents are here only where the playbook lets them be shown; all else is a hash that nobody can repeat
//! without the asker's key. Nothing here compares two hosts.

mod conffiles;
mod files;
mod precedence;
mod sysctl;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub use conffiles::{Conffile, Fate};
pub use files::{File, Files, Is};
pub use sysctl::{Parameter, Setting, Sysctls, dotted};

use super::gap::{Gap, Reason, quote};
use super::listing::MOST_TEXTS;
use super::parse::Answer;
use super::{Strings, Symbol};
use crate::probe::Section;

/// What is known of a host's configuration; what was not asked for, or could not be told, is `None`.
#[derive(Debug, Default)]
pub struct Configuration {
    /// The files that the playbook names.
    pub files: Option<Files>,
    /// The configuration files of the packages that the playbook names, by path.
    pub conffiles: Option<Vec<Conffile>>,
    /// Kernel parameters.
    pub sysctls: Option<Sysctls>,
}

impl Configuration {
    /// Reads the sections about it. What was asked for by name and is missing goes into `gaps`, all else
    /// into `beside`.
    pub(super) fn read(
        answer: &Answer<'_>,
        strings: &mut Strings,
        gaps: &mut Vec<Gap>,
        beside: &mut Vec<Gap>,
    ) -> Self {
        Self {
            sysctls: sysctl::read(answer, strings, gaps, beside),
            conffiles: conffiles::read(answer, strings, beside),
            files: files::read(answer, strings, gaps),
        }
    }
}

/// A line of fields without control characters, or what is odd about it.
fn plain(line: &[u8]) -> Result<&str, ()> {
    let printable = |byte: &u8| *byte == b'\t' || (b' '..=b'~').contains(byte);
    if line.iter().all(printable) { std::str::from_utf8(line).map_err(|_| ()) } else { Err(()) }
}

/// An absolute path of a sane length.
fn is_path(text: &str) -> bool {
    text.starts_with('/') && text.len() <= 4096 && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// A hash as `sha256sum` and its like print it.
fn is_hash(text: &str) -> bool {
    (32..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A text's symbol, unless the fleet has brought more texts than any real one does.
fn intern(text: &str, strings: &mut Strings) -> Result<Symbol, ()> {
    if strings.len() >= MOST_TEXTS && strings.find(text).is_none() {
        Err(())
    } else {
        Ok(strings.intern(text))
    }
}

/// Lines that make no sense: one gap a section, which quotes the first of them.
#[derive(Default)]
struct Odd<'a>(Option<&'a [u8]>, usize);

impl<'a> Odd<'a> {
    fn add(&mut self, line: &'a [u8]) {
        self.0.get_or_insert(line);
        self.1 += 1;
    }

    fn into_gap(self, section: Section) -> Option<Gap> {
        let first = quote(self.0?);
        let lines: Cow<'_, str> =
            if self.1 == 1 { "a line makes".into() } else { format!("{} lines make", self.1).into() };
        let detail = format!("{lines} no sense: `{first}`");
        Some(Gap { probe: section.name().to_owned(), reason: Reason::Unparsable, detail })
    }
}

/// `/etc/a, /etc/b and 3 more`
fn some_of(names: &[&str]) -> String {
    let mut text = names.iter().take(2).copied().collect::<Vec<_>>().join(", ");
    if names.len() > 2 {
        text.push_str(&format!(" and {} more", names.len() - 2));
    }
    text
}

#[cfg(test)]
mod fixture {
    use super::super::parse::Reader;
    use super::super::{Snapshot, Strings};
    use crate::probe::{Request, Wanted};

    /// What a host is seen to have that printed one section, asked for what is wanted.
    pub(super) fn snapshot(
        section: &str,
        status: u8,
        text: &[u8],
        wanted: &[(&'static str, &str)],
    ) -> (Snapshot, Strings) {
        let mut asked = Wanted::default();
        for (keyword, text) in wanted {
            asked.add(keyword, text);
        }
        let mut answer = format!("\n@ab driftless 2\n\n@ab begin {section}\n").into_bytes();
        answer.extend_from_slice(text);
        answer.extend_from_slice(format!("\n@ab end {section} {status}\n\n@ab done\n").as_bytes());
        let mut reader = Reader::default();
        let mut snapshot = reader.read(&answer, b"", &Request::framed("ab", asked)).unwrap();
        // The other sections did not come, which is not what is looked at.
        let others = |gap: &super::Gap| gap.detail != "the answer ended before it";
        snapshot.gaps.retain(others);
        snapshot.beside.retain(others);
        (snapshot, reader.into_strings())
    }
}
