//! A package database as lines: what the readers of all systems share.
//!
//! What a line says is each system's own affair; here stay the limits, the memory of lines that the
//! hosts of a fleet have in common, the gaps, and the order of the packages.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use string_interner::DefaultHashBuilder;

use super::gap::{Gap, Reason, quote};
use super::{Package, Packages, State, Strings, Symbol};
use crate::probe::Section;
use crate::version::System;

/// How many packages a host may list; the largest installations have some thousands.
const MOST_PACKAGES: usize = 20_000;

/// How long a line may be; the longest real ones have about a hundred characters.
pub(super) const LONGEST_LINE: usize = 400;

/// How many different texts all hosts of a fleet may bring together; a hundred thousand hosts of every
/// release there is have fewer.
pub(super) const MOST_TEXTS: usize = 4_000_000;

/// How many odd lines are quoted before the rest is only counted.
const QUOTED_LINES: usize = 3;

/// A package system's database, and how a line of it is read. `Ok(None)` is a line about something that
/// is no package on the host, or not any more.
pub(super) struct Format {
    pub(super) system: System,
    pub(super) section: Section,
    pub(super) parse_line: for<'a> fn(&'a str) -> Result<Option<Row<'a>>, ()>,
}

/// One line, not interned yet.
pub(super) struct Row<'a> {
    pub(super) name: &'a str,
    /// `all` for packages of every architecture, whatever the system calls it.
    pub(super) arch: &'a str,
    pub(super) version: Cow<'a, str>,
    pub(super) module: Option<&'a str>,
    pub(super) state: State,
    pub(super) held: bool,
    pub(super) on_purpose: bool,
}

impl<'a> Row<'a> {
    /// A package that is installed as it should be.
    pub(super) fn installed(name: &'a str, arch: &'a str, version: impl Into<Cow<'a, str>>) -> Self {
        Self {
            name,
            arch,
            version: version.into(),
            module: None,
            state: State::Installed,
            held: false,
            on_purpose: true,
        }
    }

    fn intern(&self, strings: &mut Strings) -> Package {
        Package {
            name: strings.intern(self.name),
            arch: strings.intern(self.arch),
            version: strings.intern(&self.version),
            module: self.module.map(|module| strings.intern(module)),
            state: self.state,
            held: self.held,
            on_purpose: self.on_purpose,
        }
    }
}

/// Lines that were read before, by their bytes: the hosts of a fleet send the same ones over and over.
/// `None` is one without a package.
type Rows = HashMap<Box<[u8]>, Option<Package>, DefaultHashBuilder>;

/// The lines that the hosts of a fleet have in common, system by system.
#[derive(Debug, Default)]
pub(super) struct Seen(BTreeMap<System, Rows>);

/// One line as a package; lines that make no sense are not remembered.
fn row(format: &Format, rows: &mut Rows, line: &[u8], strings: &mut Strings) -> Result<Option<Package>, ()> {
    if let Some(known) = rows.get(line) {
        return Ok(*known);
    }
    let printable = |byte: &u8| *byte == b'\t' || (b' '..=b'~').contains(byte);
    if strings.len() >= MOST_TEXTS || line.len() > LONGEST_LINE || !line.iter().all(printable) {
        return Err(());
    }
    let text = std::str::from_utf8(line).map_err(|_| ())?;
    let package = (format.parse_line)(text)?.map(|row| row.intern(strings));
    rows.insert(line.into(), package);
    Ok(package)
}

/// What the lines of a database came to.
#[derive(Default)]
struct Lines<'a> {
    list: Vec<Package>,
    count: usize,
    odd_count: usize,
    /// The first of the odd ones.
    odd: Vec<&'a [u8]>,
}

/// Reads every line; `None` where there are more than any host has packages.
fn read<'a>(format: &Format, payload: &'a [u8], strings: &mut Strings, rows: &mut Rows) -> Option<Lines<'a>> {
    // Exactly as much as there is: a large fleet keeps what is too much ten thousand times.
    let list = Vec::with_capacity(memchr::memchr_iter(b'\n', payload).count().min(MOST_PACKAGES));
    let mut read = Lines { list, ..Lines::default() };
    for line in lines(payload).filter(|line| !line.is_empty()) {
        read.count += 1;
        if read.list.len() > MOST_PACKAGES {
            return None;
        }
        if let Ok(package) = row(format, rows, line, strings) {
            read.list.extend(package);
        } else {
            read.odd_count += 1;
            read.odd.extend(Some(line).filter(|_| read.odd_count <= QUOTED_LINES));
        }
    }
    Some(read)
}

/// Reads a database, a line a package. Lines that make no sense become one gap that quotes the first of
/// them; the other packages are kept. No package at all is a gap, with `said`, the tool's own words.
pub(super) fn parse(
    format: &Format,
    payload: &[u8],
    said: &str,
    strings: &mut Strings,
    seen: &mut Seen,
    gaps: &mut Vec<Gap>,
) -> Option<Packages> {
    let section = format.section.name();
    let mut gap = |reason, detail| gaps.push(Gap { probe: section.to_owned(), reason, detail });
    let Some(read) = read(format, payload, strings, seen.0.entry(format.system).or_default()) else {
        gap(Reason::Unparsable, format!("more than {MOST_PACKAGES} packages: this is no package list"));
        return None;
    };
    if read.odd_count > 0 {
        let quoted = read.odd.iter().map(|line| format!("`{}`", quote(line))).collect::<Vec<_>>().join(", ");
        let detail = format!("{} of {} lines are no package: {quoted}", read.odd_count, read.count);
        gap(Reason::Unparsable, detail);
    } else if read.list.is_empty() && said.is_empty() {
        gap(Reason::Empty, format!("{section} listed no installed package"));
    } else if read.list.is_empty() {
        gap(Reason::Failed, said.to_owned());
    }
    let complete = read.odd_count == 0;
    (!read.list.is_empty()).then(|| assemble(format.system, read.list, complete, strings))
}

fn assemble(system: System, mut list: Vec<Package>, complete: bool, strings: &Strings) -> Packages {
    list.sort_unstable_by_key(|package| (package.name, package.arch, package.version));
    list.dedup_by_key(|package| (package.name, package.arch, package.version));
    for several in list.chunk_by_mut(|one, other| (one.name, one.arch) == (other.name, other.arch)) {
        newest_first(system, several, strings);
    }
    let native = most_common_arch(&list, strings);
    Packages { system, native, list, purpose_known: false, complete }
}

/// Several versions of one package: the newest comes first. A search and no sort: what a hostile host
/// sends need not have an order.
fn newest_first(system: System, several: &mut [Package], strings: &Strings) {
    let newer = |one: &Package, other: &Package| {
        system.compare(strings.text(one.version), strings.text(other.version)).is_gt()
    };
    let newest = (1..several.len()).fold(0, |best, next| match (several.get(best), several.get(next)) {
        (Some(one), Some(other)) if newer(other, one) => next,
        _ => best,
    });
    if newest > 0 {
        several.swap(0, newest);
    }
}

/// The host's own architecture, where the system has no package that tells it.
fn most_common_arch(list: &[Package], strings: &Strings) -> Option<Symbol> {
    let all = strings.find("all");
    let mut counts: BTreeMap<Symbol, usize> = BTreeMap::new();
    for package in list.iter().filter(|package| Some(package.arch) != all) {
        *counts.entry(package.arch).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(arch, count)| (*count, std::cmp::Reverse(*arch))).map(|(arch, _)| arch)
}

/// The lines of a text, without their ends.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
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

/// The fields of a line, if it has so many.
pub(super) fn fields<const COUNT: usize>(line: &str) -> Result<[&str; COUNT], ()> {
    let mut fields = line.split('\t');
    let found = std::array::from_fn(|_| fields.next());
    match (found.iter().all(Option::is_some), fields.next()) {
        (true, None) => Ok(found.map(Option::unwrap_or_default)),
        _ => Err(()),
    }
}

/// A name of the alphabet that all systems' names are of. The first must be a letter or a digit: what is
/// printed in commands cannot be an option.
pub(super) fn is_name(word: &str) -> bool {
    word.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_'))
}

/// A version of the alphabet that all systems' versions are of: nothing that a shell would read.
pub(super) fn is_version(word: &str) -> bool {
    !word.is_empty()
        && word.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_' | b'~' | b':')
        })
}

/// `all`, whatever the system calls it.
pub(super) fn common_arch(arch: &str) -> &str {
    if matches!(arch, "noarch" | "any") { "all" } else { arch }
}

/// Marks the packages that a test of their name picks as kept at their version.
pub(super) fn hold(packages: &mut Packages, strings: &Strings, is_held: impl Fn(&str) -> bool) {
    for package in &mut packages.list {
        package.held |= is_held(strings.text(package.name));
    }
}

#[cfg(test)]
pub(super) mod fixture {
    use super::*;

    /// Reads one host's database by itself.
    pub(in super::super) fn read(format: &Format, payload: &[u8]) -> (Option<Packages>, Strings, Vec<Gap>) {
        let (mut strings, mut gaps) = (Strings::default(), Vec::new());
        let packages = parse(format, payload, "", &mut strings, &mut Seen::default(), &mut gaps);
        (packages, strings, gaps)
    }

    /// Every package, `name=version` with what is said of it, by name; of one name the newest first.
    pub(in super::super) fn told(packages: &Packages, strings: &Strings) -> Vec<String> {
        let mut told: Vec<(&str, String)> = packages
            .list
            .iter()
            .map(|package| {
                let (name, version) = (strings.text(package.name), strings.text(package.version));
                let held = if package.held { " held" } else { "" };
                let dependency = if package.on_purpose { "" } else { " dependency" };
                (name, format!("{name}={version} {}{held}{dependency}", strings.text(package.arch)))
            })
            .collect();
        told.sort_by_key(|(name, _)| *name);
        told.into_iter().map(|(_, told)| told).collect()
    }
}
