//! Where a host's packages come from: its configured sources, and what is on offer of named packages.
//!
//! A source is told by what it is, not by the mirror that serves it, so that hosts can be compared. Nothing
//! here decides whether a difference matters.

mod apt;
mod offers;
mod pacman;
mod place;
mod policy;
mod yum;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use string_interner::DefaultHashBuilder;

pub use offers::{Candidate, Candidates, Offer, Origin};

use super::gap::{Gap, Reason, quote};
use super::listing::lines;
use super::parse::Answer;
use super::{Os, Symbol};
use crate::probe::{Section, Status};
use crate::version::System;
use place::Address;

pub(super) use offers::candidates;

/// How many sources and pins a host may have; rich ones have some dozens.
const MOST_SOURCES: usize = 2000;

/// How long the files of a host may be together; real ones have some kilobytes.
const LONGEST: usize = 512 << 10;

/// How much text of all hosts' files is remembered: most hosts of a fleet have the same.
const MOST_REMEMBERED: usize = 32 << 20;

/// The sources that a host is configured to take packages from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// Every enabled source of packages, by what it is: `debian trixie-security`,
    /// `download.docker.com/linux/debian trixie`, `epel`.
    pub list: BTreeMap<String, Source>,
    /// apt's pins, by the packages that they are of: what is pinned, and how strongly.
    pub pins: BTreeMap<String, String>,
    /// Whether every file could be read; if not, a source that is not in the list may be configured.
    pub complete: bool,
}

/// One source.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// Its components: `main`, `contrib`; none where the system has none.
    pub components: BTreeSet<String>,
    /// The settings by which its signature is not checked, in the system's own words: `trusted=yes`.
    pub unchecked: BTreeSet<&'static str>,
}

impl fmt::Display for Source {
    /// `contrib main, trusted=yes`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let components = self.components.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        let components = if components.is_empty() { "configured" } else { components.as_str() };
        f.write_str(components)?;
        self.unchecked.iter().try_for_each(|setting| write!(f, ", {setting}"))
    }
}

impl Sources {
    /// Adds to a source, as it comes from another file or line.
    fn add(&mut self, name: &str, component: Option<&str>, unchecked: Option<&'static str>) {
        if self.list.len() >= MOST_SOURCES {
            self.complete = false;
            return;
        }
        let source = self.list.entry(quote(name.as_bytes())).or_default();
        source.components.extend(component.map(|component| quote(component.as_bytes())));
        source.unchecked.extend(unchecked);
    }

    /// The pins that speak of a package, as `nginx*: version 1.26.* at 990`.
    pub fn pins_of<'a>(&'a self, package: &'a str) -> impl Iterator<Item = String> + 'a {
        let speaks = move |of: &str| of.split(' ').any(|pattern| apt::matches(pattern, package));
        self.pins.iter().filter(move |(of, _)| speaks(of)).map(|(of, pin)| format!("{of}: {pin}"))
    }
}

/// What a source is, by the words in which a solver names it: as [`Sources::list`] has it where that can be told.
pub fn source_named(system: System, words: &str, os: Option<&Os>) -> String {
    let named = || {
        let mut words = words.split_whitespace();
        let (address, distribution) = (Address::parse(words.next()?)?, words.next()?);
        let (suite, component) = distribution
            .rsplit_once('/')
            .filter(|(suite, component)| !suite.is_empty() && !component.is_empty())
            .unwrap_or((distribution, ""));
        Some(apt::name(&address, suite, component, os.map_or("", |os| os.codename.as_str())))
    };
    match system {
        System::Debian => named(),
        System::Apk => Address::parse(words).map(|address| apk_name(&address).0),
        System::Rpm | System::Pacman => None,
    }
    .unwrap_or_else(|| quote(words.as_bytes()))
}

/// What the files of hosts came to that were read before.
#[derive(Debug, Default)]
pub(super) struct Known {
    read: HashMap<(Symbol, Box<[u8]>), Read, DefaultHashBuilder>,
    bytes: usize,
}

/// What files say, and what could not be read of them.
type Read = (Arc<Sources>, Vec<Gap>);

/// The sources of a host. `codename` is that of its release.
pub(super) fn sources(
    answer: &Answer<'_>,
    (os, codename): (Option<&Os>, Symbol),
    known: &mut Known,
    beside: &mut Vec<Gap>,
) -> Option<Arc<Sources>> {
    let payload = answer.optional(Section::Sources, beside)?;
    if payload.len() > LONGEST {
        let detail = format!("{} bytes: these are no lists of sources", payload.len());
        beside.push(Gap { probe: Section::Sources.name().to_owned(), reason: Reason::Unparsable, detail });
        return None;
    }
    let key = (codename, Box::from(payload));
    if let Some((sources, gaps)) = known.read.get(&key) {
        beside.extend(gaps.iter().cloned());
        return Some(Arc::clone(sources));
    }
    let (sources, gaps) = read(payload, os.map_or("", |os| os.codename.as_str()));
    let sources = Arc::new(sources);
    beside.extend(gaps.iter().cloned());
    if known.bytes + payload.len() <= MOST_REMEMBERED {
        known.bytes += payload.len();
        known.read.insert(key, (Arc::clone(&sources), gaps));
    }
    Some(sources)
}

/// A file, and its lines.
struct File<'a> {
    path: &'a str,
    lines: Vec<&'a str>,
}

impl File<'_> {
    /// The last part of the path.
    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// What could not be understood: where, and how often.
#[derive(Debug, Default)]
struct Odd {
    count: usize,
    first: Option<String>,
}

impl Odd {
    /// Notes a line. Addresses may hold secrets where they are not understood: they are not quoted.
    fn line(&mut self, path: &str, line: &str) {
        self.count += 1;
        let word = |word: &'_ str| if word.contains(['@', ':']) { "…".to_owned() } else { word.to_owned() };
        let shown: Vec<String> = line.split_whitespace().map(word).collect();
        self.first.get_or_insert_with(|| quote(format!("{path}: {}", shown.join(" ")).as_bytes()));
    }
}

fn read(payload: &[u8], codename: &str) -> (Sources, Vec<Gap>) {
    let (mut files, mut unreadable, mut odd) = (Vec::new(), Vec::new(), Odd::default());
    for line in lines(payload) {
        let Ok(line) = std::str::from_utf8(line) else {
            odd.line(files.last().map_or("", |file: &File<'_>| file.path), &quote(line));
            continue;
        };
        if let Some(path) = line.strip_prefix("= /") {
            files.push(File { path: line.get(2..).unwrap_or(path), lines: Vec::new() });
        } else if let (Some(path), true) = (line.strip_prefix("! "), files.is_empty()) {
            unreadable.push(quote(path.as_bytes()));
        } else if let Some(file) = files.last_mut() {
            file.lines.push(line);
        } else if !line.is_empty() {
            odd.line("", line);
        }
    }
    let mut sources = Sources { complete: true, ..Sources::default() };
    for file in &files {
        read_file(file, codename, &mut sources, &mut odd);
    }
    yum::read(&files, &mut sources, &mut odd);
    pacman::read(&files, &mut sources, &mut odd);
    sources.complete &= unreadable.is_empty() && odd.count == 0;
    let mut gaps = Vec::new();
    let mut gap =
        |reason, detail| gaps.push(Gap { probe: Section::Sources.name().to_owned(), reason, detail });
    if !unreadable.is_empty() {
        gap(Reason::NeedsPrivilege, format!("not readable for this user: {}", unreadable.join(", ")));
    }
    if let Some(first) = odd.first {
        gap(Reason::Unparsable, format!("{} lines are no source: `{first}`", odd.count));
    }
    (sources, gaps)
}

fn read_file(file: &File<'_>, codename: &str, sources: &mut Sources, odd: &mut Odd) {
    let Some((folder, _)) = file.path.rsplit_once('/') else { return };
    match folder {
        "/etc/apt" if file.name() == "preferences" => apt::preferences(file, sources, odd),
        "/etc/apt/preferences.d" if apt::reads(file.name(), "pref") || !file.name().contains('.') => {
            apt::preferences(file, sources, odd);
        }
        "/etc/apt" => apt::one_line(file, codename, sources, odd),
        "/etc/apt/sources.list.d" if apt::reads(file.name(), "list") => {
            apt::one_line(file, codename, sources, odd);
        }
        "/etc/apt/sources.list.d" if apt::reads(file.name(), "sources") => {
            apt::deb822(file, codename, sources, odd);
        }
        "/etc/apk" | "/etc/apk/repositories.d" => apk(file, sources, odd),
        _ => {}
    }
}

/// apk's repositories: an address a line, with a tag before it or without. `…/alpine/v3.22/main` is Alpine's
/// own on any mirror.
fn apk(file: &File<'_>, sources: &mut Sources, odd: &mut Odd) {
    for line in &file.lines {
        let (tag, uri) =
            match line.trim().strip_prefix('@').and_then(|rest| rest.split_once(char::is_whitespace)) {
                Some((tag, uri)) => (format!(" @{tag}"), uri.trim()),
                None => (String::new(), line.trim()),
            };
        if uri.is_empty() {
            continue;
        }
        let Some(address) = Address::parse(uri) else {
            odd.line(file.path, line);
            continue;
        };
        let (name, component) = apk_name(&address);
        sources.add(&format!("{name}{tag}"), component, None);
    }
}

/// What a repository of apk is, and which part of it.
fn apk_name<'a>(address: &Address<'a>) -> (String, Option<&'a str>) {
    match address.path() {
        [before @ .., branch, repository] if before.contains(&"alpine") => {
            (format!("alpine {branch}"), Some(repository))
        }
        _ => (address.place(), None),
    }
}

/// How the section ended, where nobody asked for what it tells.
pub(super) fn came(answer: &Answer<'_>, section: Section, beside: &mut Vec<Gap>) {
    if !matches!(answer.status(section), Some(Status::Unknown | Status::Exit(_))) {
        answer.payload(section, beside);
    }
}
