//! dpkg's database as `dpkg-query` prints it, and apt's marks.
//!
//! One line a package: name, architecture, version, and dpkg's letters for what is wanted, what
//! is, and whether it is broken. Packages of which only configuration is left are not on the host.

use std::collections::{HashMap, HashSet};

use string_interner::DefaultHashBuilder;

use super::gap::{Gap, Reason, quote};
use super::{Package, Packages, State, Strings, Symbol};
use crate::probe::Section;
use crate::version::System;

/// How many packages a host may list; the largest installations have some thousands.
const MOST_PACKAGES: usize = 20_000;

/// How long a line may be; the longest real ones have about a hundred characters.
const LONGEST_LINE: usize = 400;

/// How many different texts all hosts of a fleet may bring together; a hundred thousand hosts of every
/// release there is have fewer.
const MOST_TEXTS: usize = 4_000_000;

/// How many odd lines are quoted before the rest is only counted.
const QUOTED_LINES: usize = 3;

/// A package that came as a dependency: its name, and its architecture if apt says it.
type Mark = (Symbol, Option<Symbol>);

/// What was read before, by its bytes: the hosts of a fleet send the same lines over and over.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Lines of dpkg; `None` is a package that is not on the host any more.
    rows: HashMap<Box<[u8]>, Option<Package>, DefaultHashBuilder>,
    /// Paragraphs of apt's marks: what came as a dependency.
    marks: HashMap<Box<[u8]>, Option<Mark>, DefaultHashBuilder>,
}

impl Seen {
    /// One line as a package; lines that make no sense are not remembered.
    fn row(&mut self, line: &[u8], strings: &mut Strings) -> Result<Option<Package>, ()> {
        if let Some(known) = self.rows.get(line) {
            return Ok(*known);
        }
        if strings.len() >= MOST_TEXTS {
            return Err(());
        }
        let package = parse_line(line)?.map(|row| row.intern(strings));
        self.rows.insert(line.into(), package);
        Ok(package)
    }

    /// The package that a paragraph says came as a dependency, if it says so.
    fn mark(&mut self, paragraph: &[u8], strings: &mut Strings) -> Option<Mark> {
        if let Some(known) = self.marks.get(paragraph) {
            return *known;
        }
        let mark = parse_mark(paragraph, strings);
        if paragraph.len() <= LONGEST_LINE && strings.len() < MOST_TEXTS {
            self.marks.insert(paragraph.into(), mark);
        }
        mark
    }
}

/// Reads `Package\tArchitecture\tVersion\tStatus-Abbrev` lines. Lines that make no sense become one
/// gap that quotes the first of them; the other packages are kept.
pub(super) fn parse(
    payload: &[u8],
    strings: &mut Strings,
    seen: &mut Seen,
    gaps: &mut Vec<Gap>,
) -> Option<Packages> {
    let gap = |reason, detail: String| Gap { probe: Section::Dpkg.name().to_owned(), reason, detail };
    let mut list = Vec::with_capacity((payload.len() / 48).min(MOST_PACKAGES));
    let mut odd: Vec<&[u8]> = Vec::new();
    let (mut odd_lines, mut rows) = (0_usize, 0_usize);
    for line in lines(payload).filter(|line| !line.is_empty()) {
        rows += 1;
        if list.len() > MOST_PACKAGES {
            let detail = format!("more than {MOST_PACKAGES} packages: this is no package list");
            gaps.push(gap(Reason::Unparsable, detail));
            return None;
        }
        match seen.row(line, strings) {
            Ok(Some(package)) => list.push(package),
            Ok(None) => {}
            Err(()) => {
                odd_lines += 1;
                if odd.len() < QUOTED_LINES {
                    odd.push(line);
                }
            }
        }
    }
    if odd_lines > 0 {
        let quoted = odd.iter().map(|line| format!("`{}`", quote(line))).collect::<Vec<_>>().join(", ");
        gaps.push(gap(Reason::Unparsable, format!("{odd_lines} of {rows} lines are no package: {quoted}")));
    }
    if list.is_empty() {
        if odd_lines == 0 {
            gaps.push(gap(Reason::Empty, "dpkg-query listed no installed package".to_owned()));
        }
        return None;
    }
    list.sort_unstable_by_key(|package| (package.name, package.arch, package.version));
    list.dedup_by_key(|package| (package.name, package.arch, package.version));
    let complete = odd_lines == 0;
    let mut packages =
        Packages { system: System::Debian, native: None, list, purpose_known: false, complete };
    // The host's own architecture is that of dpkg itself.
    packages.native =
        strings.find("dpkg").and_then(|dpkg| packages.named(dpkg).first()).map(|package| package.arch);
    Some(packages)
}

/// The lines of a text, without their ends.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let (line, after) = rest.split_at_checked(end)?;
        rest = after.get(1..).unwrap_or_default();
        Some(line)
    })
}

/// One line, not interned yet.
struct Row<'a> {
    name: &'a str,
    arch: &'a str,
    version: &'a str,
    state: State,
    held: bool,
}

impl Row<'_> {
    fn intern(&self, strings: &mut Strings) -> Package {
        Package {
            name: strings.intern(self.name),
            arch: strings.intern(self.arch),
            version: strings.intern(self.version),
            state: self.state,
            held: self.held,
            on_purpose: true,
        }
    }
}

/// `Ok(None)` is a package that is not on the host any more.
fn parse_line(line: &[u8]) -> Result<Option<Row<'_>>, ()> {
    if line.len() > LONGEST_LINE || !line.iter().all(|byte| *byte == b'\t' || (b' '..=b'~').contains(byte)) {
        return Err(());
    }
    let line = std::str::from_utf8(line).map_err(|_| ())?;
    let mut fields = line.split('\t');
    let (Some(name), Some(arch), Some(version), Some(letters), None) =
        (fields.next(), fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err(());
    };
    let mut letters = letters.bytes();
    let (Some(want), Some(status)) = (letters.next(), letters.next()) else { return Err(()) };
    let broken = matches!(letters.next(), Some(b'R'));
    let state = match status {
        b'n' | b'c' => return Ok(None),
        b'i' if broken => State::ReinstallRequired,
        b'i' => State::Installed,
        b'U' => State::Unpacked,
        b'F' => State::HalfConfigured,
        b'H' => State::HalfInstalled,
        b'W' => State::TriggersAwaited,
        b't' => State::TriggersPending,
        _ => return Err(()),
    };
    if !is_name(name) || !is_name(arch) || !is_version(version, state) {
        return Err(());
    }
    Ok(Some(Row { name, arch, version, state, held: want == b'h' }))
}

/// A word of the alphabet that Debian Policy 5.6.7 allows in names.
fn is_name(word: &str) -> bool {
    // The first must be a letter or a digit: what is printed in commands cannot be an option.
    word.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_'))
}

/// A version of the alphabet that Debian Policy 5.6.12 allows; a half-installed package may have none.
fn is_version(word: &str, state: State) -> bool {
    (!word.is_empty() || state == State::HalfInstalled)
        && word.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_' | b'~' | b':')
        })
}

/// Reads apt's `extended_states` and marks what only a dependency asked for.
pub(super) fn mark_automatic(
    payload: &[u8],
    packages: &mut Packages,
    strings: &mut Strings,
    seen: &mut Seen,
) {
    let mut marks: HashSet<Mark, DefaultHashBuilder> = HashSet::default();
    let mut from = 0;
    // Paragraphs are parted by an empty line.
    let ends = memchr::memmem::find_iter(payload, b"\n\n").map(|at| at + 1).chain([payload.len()]);
    for end in ends {
        let paragraph = payload.get(from..end).unwrap_or_default().trim_ascii();
        marks.extend(seen.mark(paragraph, strings));
        from = end;
    }
    // apt files packages for all architectures under the host's own.
    let all = strings.find("all");
    let names: HashSet<Symbol, DefaultHashBuilder> = marks.iter().map(|(name, _)| *name).collect();
    for package in &mut packages.list {
        let automatic = marks.contains(&(package.name, Some(package.arch)))
            || marks.contains(&(package.name, None))
            || Some(package.arch) == all && names.contains(&package.name);
        package.on_purpose = !automatic;
    }
    packages.purpose_known = true;
}

fn parse_mark(paragraph: &[u8], strings: &mut Strings) -> Option<Mark> {
    let fields = std::str::from_utf8(paragraph).ok()?.lines().filter_map(|line| line.split_once(':'));
    let (mut name, mut arch, mut automatic) = (None, None, false);
    for (key, value) in fields {
        let value = value.trim();
        match key {
            "Package" if is_name(value) => name = Some(strings.intern(value)),
            "Architecture" if is_name(value) => arch = Some(strings.intern(value)),
            "Auto-Installed" => automatic = value == "1",
            _ => {}
        }
    }
    name.filter(|_| automatic).map(|name| (name, arch))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> (Option<Packages>, Strings, Vec<Gap>) {
        let (mut strings, mut gaps) = (Strings::default(), Vec::new());
        let packages = parse(text.as_bytes(), &mut strings, &mut Seen::default(), &mut gaps);
        (packages, strings, gaps)
    }

    fn find<'a>(packages: &'a Packages, strings: &Strings, name: &str) -> &'a [Package] {
        strings.find(name).map(|name| packages.named(name)).unwrap_or_default()
    }

    #[test]
    fn all_three_letters_are_read() {
        let (packages, strings, gaps) = read(
            "nginx\tamd64\t1.26.3-3+deb13u1\thi \nbad\tall\t1.0\tiF \ngone\tamd64\t2.0\trc \nre\tamd64\t1\tiHR\n\
             unpacked\tamd64\t1\tiU \ntwin\ti386\t1\tii \ntwin\tamd64\t1\tii \nworse\tall\t1\tiiR\n",
        );
        let packages = packages.unwrap();
        assert_eq!(gaps, []);
        assert!(find(&packages, &strings, "nginx")[0].held);
        assert_eq!(find(&packages, &strings, "nginx")[0].state, State::Installed);
        assert_eq!(find(&packages, &strings, "bad")[0].state, State::HalfConfigured);
        assert_eq!(find(&packages, &strings, "re")[0].state, State::HalfInstalled);
        assert_eq!(find(&packages, &strings, "unpacked")[0].state, State::Unpacked);
        assert_eq!(find(&packages, &strings, "worse")[0].state, State::ReinstallRequired);
        assert_eq!(find(&packages, &strings, "gone"), []);
        assert_eq!(find(&packages, &strings, "twin").len(), 2);
    }

    #[test]
    fn an_odd_line_is_a_gap_that_quotes_it_and_loses_nothing_else() {
        let (packages, strings, gaps) = read("nginx\tamd64\t1.0\tii \n\x1b[2Jrubbish\nbash\tamd64\t5\tii \n");
        assert_eq!(
            packages.as_ref().map(|packages| (packages.list.len(), packages.complete)),
            Some((2, false))
        );
        assert_eq!(strings.find("\x1b[2Jrubbish"), None);
        assert_eq!(gaps[0].reason, Reason::Unparsable);
        assert_eq!(gaps[0].detail, "1 of 3 lines are no package: `\\u{1b}[2Jrubbish`");
    }

    #[test]
    fn no_package_is_a_gap_and_never_an_empty_list() {
        for text in ["", "\n", "gone\tamd64\t2.0\trc \n"] {
            let (packages, _, gaps) = read(text);
            assert!(packages.is_none());
            assert_eq!(gaps[0].reason, Reason::Empty);
        }
    }

    #[test]
    fn what_apt_installed_as_a_dependency_is_not_on_purpose() {
        let (packages, mut strings, _) = read(
            "nginx\tamd64\t1\tii \nlibc6\tamd64\t1\tii \nlibc6\ti386\t1\tii \nnginx-common\tall\t1\tii \n",
        );
        let mut packages = packages.unwrap();
        let marks = "Package: libc6\nArchitecture: amd64\nAuto-Installed: 1\n\nPackage: nginx-common\nArchitecture: amd64\nAuto-Installed: 1\n\nPackage: nginx\nArchitecture: amd64\nAuto-Installed: 0\n";
        mark_automatic(marks.as_bytes(), &mut packages, &mut strings, &mut Seen::default());
        assert!(packages.purpose_known);
        let purpose = |name: &str| {
            find(&packages, &strings, name)
                .iter()
                .map(|package| (strings.text(package.arch), package.on_purpose))
                .collect::<Vec<_>>()
        };
        assert_eq!(purpose("nginx"), [("amd64", true)]);
        assert_eq!(purpose("libc6"), [("amd64", false), ("i386", true)]);
        assert_eq!(purpose("nginx-common"), [("all", false)]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let (mut strings, mut gaps) = (Strings::default(), Vec::new());
            let packages = parse(&bytes, &mut strings, &mut Seen::default(), &mut gaps);
            prop_assert!(packages.is_some() || !gaps.is_empty());
        }
    }
}
