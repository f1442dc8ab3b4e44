//! What is on offer of the packages that a playbook names: which versions, from where, and which of them the
//! package manager would install.

use jiff::Timestamp;

use super::policy;
use crate::probe::Section;
use crate::snapshot::gap::{Gap, Reason, quote};
use crate::snapshot::listing::lines;
use crate::snapshot::parse::Answer;
use crate::version::System;

/// How many lists of security updates a host may have.
const MOST_LISTS: usize = 100;

/// What is on offer on one host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Candidates {
    /// When the lists of packages last changed; `None` where that cannot be told.
    pub changed: Option<Timestamp>,
    /// The packages of the playbook that any list, or the host itself, knows.
    pub list: Vec<Candidate>,
}

/// One package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Candidate {
    /// Its name.
    pub name: String,
    /// The version that would be installed; `None` if none would.
    pub version: Option<String>,
    /// Every version that a list has.
    pub offers: Vec<Offer>,
}

/// One version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offer {
    /// The full version.
    pub version: String,
    /// apt's priority of it; 0 where the system has none.
    pub priority: i32,
    /// How much of the fleet it is being rolled out to, in per cent; `None` where it is for everybody.
    pub phased: Option<u8>,
    /// Where it is from; nowhere where the host alone has it.
    pub origins: Vec<Origin>,
}

/// Where a version is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The source as [`Sources::list`](super::Sources::list) has it.
    pub source: String,
    /// Whether it is one of security updates.
    pub security: bool,
}

impl Candidates {
    /// What is on offer of a package.
    pub fn of(&self, name: &str) -> Option<&Candidate> {
        self.list.iter().find(|candidate| candidate.name == name)
    }
}

impl Candidate {
    /// The version that a list has and that the package manager would take, were nothing installed and no
    /// update being phased in: what is phased differs from host to host by design.
    pub fn settled(&self, system: System) -> Option<&str> {
        let offered = self.offers.iter().filter(|offer| !offer.origins.is_empty() && offer.phased.is_none());
        let better = |one: &Offer, other: &Offer| {
            let order = one.priority.cmp(&other.priority);
            order.then_with(|| system.compare(&one.version, &other.version)).is_gt()
        };
        let chosen = self.version.as_deref().and_then(|version| self.offer(version));
        let chosen = chosen.filter(|offer| !offer.origins.is_empty() && offer.phased.is_none());
        let best = || offered.reduce(|best, next| if better(next, best) { next } else { best });
        chosen.or_else(best).map(|offer| offer.version.as_str())
    }

    /// The newest version that a source of security updates has, and that source.
    pub fn security(&self, system: System) -> Option<(&str, &str)> {
        let from = |offer: &'_ Offer| offer.origins.iter().position(|origin| origin.security);
        let fixes = self.offers.iter().filter_map(|offer| Some((offer, offer.origins.get(from(offer)?)?)));
        let newer = |one: &Offer, other: &Offer| system.compare(&one.version, &other.version).is_gt();
        let newest = fixes.reduce(|best, next| if newer(next.0, best.0) { next } else { best });
        newest.map(|(offer, origin)| (offer.version.as_str(), origin.source.as_str()))
    }

    /// The offer of a version.
    pub fn offer(&self, version: &str) -> Option<&Offer> {
        self.offers.iter().find(|offer| offer.version == version)
    }
}

/// What the section says before the tool does.
#[derive(Debug, Default)]
pub(super) struct Heads<'a> {
    system: &'a str,
    lists: usize,
    changed: Option<Timestamp>,
    missing: bool,
    /// Files of lists of security updates.
    pub(super) security: Vec<&'a str>,
}

/// What is on offer of what was wanted; `None` if it was not asked for, or could not be told, which is a gap.
pub(in crate::snapshot) fn candidates(
    answer: &Answer<'_>,
    codename: &str,
    beside: &mut Vec<Gap>,
) -> Option<Candidates> {
    if !answer.wanted.has("package") {
        super::came(answer, Section::Candidates, beside);
        return None;
    }
    let payload = answer.optional(Section::Candidates, beside)?;
    let (candidates, gap) = read(payload, codename);
    beside.extend(gap.map(|(reason, detail)| Gap {
        probe: Section::Candidates.name().to_owned(),
        reason,
        detail,
    }));
    candidates
}

/// Reads the section, and says what could not be told.
pub(super) fn read(payload: &[u8], codename: &str) -> (Option<Candidates>, Option<(Reason, String)>) {
    let (mut heads, mut told, mut odd) = (Heads::default(), Vec::new(), Vec::new());
    for line in lines(payload) {
        match std::str::from_utf8(line) {
            Ok(line) if line.starts_with("= ") => head(line, &mut heads),
            Ok(line) if !line.trim().is_empty() => told.push(line),
            Ok(_) => {}
            Err(_) => odd.push(quote(line)),
        }
    }
    let list = match heads.system {
        "apt" => policy::apt(&told, &heads, codename, &mut odd),
        "pacman" => policy::pacman(&told, &mut odd),
        "apk" => policy::apk(&told, &mut odd),
        "rpm" => {
            let detail =
                "dnf leaves a trace when it is asked, so candidates and security updates are not told";
            return (None, Some((Reason::NotSupported, detail.to_owned())));
        }
        _ => return (None, Some((Reason::Unparsable, "it names no package system".to_owned()))),
    };
    // A repository in a folder needs no list of its own.
    let is_offered = |candidate: &Candidate| candidate.offers.iter().any(|offer| !offer.origins.is_empty());
    if heads.missing || heads.lists == 0 && !list.iter().any(is_offered) {
        let detail = "the lists of packages are not all on the host, so candidates and security updates cannot be told";
        return (None, Some((Reason::Empty, detail.to_owned())));
    }
    let gap = odd
        .first()
        .map(|first| (Reason::Unparsable, format!("{} lines are no candidate: `{first}`", odd.len())));
    (Some(Candidates { changed: heads.changed, list }), gap)
}

fn head<'a>(line: &'a str, heads: &mut Heads<'a>) {
    let mut words = line.split(' ').skip(1);
    let (key, value) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    match key {
        "apt" | "pacman" | "apk" | "rpm" => heads.system = key,
        "lists" => heads.lists = value.parse().unwrap_or_default(),
        "changed" => {
            let changed = value.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
            heads.changed = heads.changed.max(changed);
        }
        "security" if heads.security.len() < MOST_LISTS => heads.security.push(value),
        "missing" => heads.missing = true,
        _ => {}
    }
}
