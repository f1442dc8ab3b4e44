//! dpkg's database as `dpkg-query` prints it, and apt's marks.
//!
//! One line a package: name, architecture, version, and dpkg's letters for what is wanted, what
//! is, and whether it is broken. Packages of which only configuration is left are not on the host.

use std::collections::{HashMap, HashSet};

use string_interner::DefaultHashBuilder;

use super::listing::{Format, LONGEST_LINE, MOST_TEXTS, Row, fields, is_name, is_version};
use super::{Packages, State, Strings, Symbol};
use crate::probe::Section;
use crate::version::System;

pub(super) const FORMAT: Format = Format { system: System::Debian, section: Section::Dpkg, parse_line };

/// A package that came as a dependency: its name, and its architecture if apt says it.
type Mark = (Symbol, Option<Symbol>);

/// Paragraphs of apt's marks that were read before, by their bytes: what came as a dependency.
#[derive(Debug, Default)]
pub(super) struct Marks(HashMap<Box<[u8]>, Option<Mark>, DefaultHashBuilder>);

impl Marks {
    /// The package that a paragraph says came as a dependency, if it says so.
    fn read(&mut self, paragraph: &[u8], strings: &mut Strings) -> Option<Mark> {
        if let Some(known) = self.0.get(paragraph) {
            return *known;
        }
        let mark = parse_mark(paragraph, strings);
        if paragraph.len() <= LONGEST_LINE && strings.len() < MOST_TEXTS {
            self.0.insert(paragraph.into(), mark);
        }
        mark
    }
}

fn parse_line(line: &str) -> Result<Option<Row<'_>>, ()> {
    let [name, arch, version, letters] = fields(line)?;
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
    // A half-installed package may have no version yet.
    let has_version = is_version(version) || version.is_empty() && state == State::HalfInstalled;
    if !is_name(name) || !is_name(arch) || !has_version {
        return Err(());
    }
    Ok(Some(Row { state, held: want == b'h', ..Row::installed(name, arch, version) }))
}

/// The host's own architecture is that of dpkg itself.
pub(super) fn own_arch(packages: &Packages, strings: &Strings) -> Option<Symbol> {
    strings.find("dpkg").and_then(|dpkg| packages.named(dpkg).first()).map(|package| package.arch)
}

/// Reads apt's `extended_states` and marks what only a dependency asked for.
pub(super) fn mark_automatic(
    payload: &[u8],
    packages: &mut Packages,
    strings: &mut Strings,
    seen: &mut Marks,
) {
    let mut marks: HashSet<Mark, DefaultHashBuilder> = HashSet::default();
    let mut from = 0;
    // Paragraphs are parted by an empty line.
    let ends = memchr::memmem::find_iter(payload, b"\n\n").map(|at| at + 1).chain([payload.len()]);
    for end in ends {
        let paragraph = payload.get(from..end).unwrap_or_default().trim_ascii();
        marks.extend(seen.read(paragraph, strings));
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

    use super::super::gap::{Gap, Reason};
    use super::super::listing::fixture::read as read_listing;
    use super::super::{Package, Packages};
    use super::*;

    fn read(text: &str) -> (Option<Packages>, Strings, Vec<Gap>) {
        read_listing(&FORMAT, text.as_bytes())
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
        mark_automatic(marks.as_bytes(), &mut packages, &mut strings, &mut Marks::default());
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
            let (packages, _, gaps) = read_listing(&FORMAT, &bytes);
            prop_assert!(packages.is_some() || !gaps.is_empty());
        }
    }
}
