//! What a cluster should look like, as the user declared it.
//!
//! A playbook is validated once; what leaves this module needs no further checks. It is not
//! bound to an inventory: host patterns are resolved by whoever holds both.

mod builtin;
#[cfg(test)]
mod fixture;
mod glob;
mod line_pattern;
mod load;
mod mistakes;
mod raw;
mod validate;

use std::fmt;
use std::ops::Range;

use jiff::civil::Date;

pub use self::builtin::builtin_ignores;
pub use self::glob::{Glob, GlobError};
pub use self::line_pattern::LinePattern;
use crate::diagnostic::{Diagnostic, Source};
use crate::inventory::pattern::Pattern;
use crate::severity::Severity;
use crate::version::{Requirement, Target};

/// A validated playbook; several files merge into one, in the order given.
#[derive(Debug, Clone, Default)]
pub struct Playbook {
    /// Its name, of the first file that has one.
    pub name: Option<String>,
    /// Which hosts are compared with each other, beside the default clusters.
    pub clusters: Vec<ClusterEntry>,
    /// Packages named by the user, in file order; a later entry overrides an earlier one for the hosts it covers.
    pub packages: Vec<PackageEntry>,
    /// Services that shall run, enabled, on what is installed.
    pub services: Vec<ServiceEntry>,
    /// Files that shall be the same across a cluster.
    pub files: Vec<FileEntry>,
    /// Kernel parameters.
    pub sysctls: Vec<SysctlEntry>,
    /// What to do with packages that no entry names; `None` when no playbook says anything.
    pub everything_else: Option<EverythingElse>,
    /// Changed severities by rule id.
    pub rules: Vec<RuleLevel>,
    /// Findings that never count.
    pub ignores: Vec<Ignore>,
    /// Findings that do not count until a date.
    pub waivers: Vec<Waiver>,
    /// Upgrades that are planned, or being rolled out.
    pub upgrades: Vec<UpgradeEntry>,
    /// Images, and where their containers write.
    pub images: Vec<ImageEntry>,
}

impl Playbook {
    /// Lets the content of files that are marked for the image be fetched, with all of their lines.
    pub fn bake(&mut self) {
        let baked: Vec<String> =
            self.files.iter().filter(|entry| entry.bake).map(|entry| entry.path.clone()).collect();
        for entry in self.files.iter_mut().filter(|entry| baked.contains(&entry.path)) {
            entry.show = true;
            entry.normalise.clear();
        }
    }

    /// Takes the targets of a command line: each stands in place of what entries say of its package, and speaks of
    /// every host where none does.
    pub fn retarget(&mut self, targets: &[(String, Target)]) {
        for (package, to) in targets {
            let mut named = false;
            for entry in self.upgrades.iter_mut().filter(|entry| entry.package == *package) {
                entry.to = to.clone();
                named = true;
            }
            if !named {
                self.upgrades.push(UpgradeEntry {
                    package: package.clone(),
                    to: to.clone(),
                    from: None,
                    until: None,
                    requires: Vec::new(),
                    hosts: None,
                    place: Place::nowhere(),
                });
            }
        }
    }
}

/// Where an entry stands in its file, for messages that come after validation.
#[derive(Debug, Clone)]
pub struct Place {
    /// One-based line.
    pub line: usize,
    source: Source,
    span: Range<usize>,
}

impl Place {
    /// The place of an entry that no file has.
    pub fn nowhere() -> Self {
        Self { line: 0, source: Source::text("", ""), span: 0..0 }
    }

    /// A mistake there.
    pub fn mistake(&self, title: impl Into<String>, label: impl Into<String>) -> Diagnostic {
        self.source.error(self.span.clone(), title, label)
    }
}

impl fmt::Display for Place {
    /// `FILE:LINE`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source.path(), self.line)
    }
}

/// `[[cluster]]`
#[derive(Debug, Clone)]
pub struct ClusterEntry {
    /// The cluster's name.
    pub name: String,
    /// Its hosts.
    pub hosts: Pattern,
    /// Where it stands.
    pub place: Place,
}

/// `[[package]]`
#[derive(Debug, Clone)]
pub struct PackageEntry {
    /// Package name by system: one name for all, or by `ID` or `ID_LIKE` of os-release.
    pub names: Names,
    /// Hosts it speaks of; `None` is every host.
    pub hosts: Option<Pattern>,
    /// Requirement on the upstream version.
    pub version: Option<Requirement>,
    /// What is expected.
    pub baseline: Baseline,
    /// Where that is said; the entry itself if it is not.
    pub baseline_place: Place,
    /// Severity of the entry's own findings, in place of the rules' defaults.
    pub severity: Option<Severity>,
    /// Where it stands.
    pub place: Place,
}

/// A package's name, which may differ between systems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Names {
    /// The same name everywhere.
    Same(String),
    /// By `ID` of os-release, or by one of its `ID_LIKE`; in file order.
    BySystem(Vec<(String, String)>),
}

impl Names {
    /// The name that reports use: the only one, or the first that the file gives.
    pub fn first(&self) -> &str {
        match self {
            Self::Same(name) => name,
            Self::BySystem(names) => names.first().map_or("", |(_, name)| name.as_str()),
        }
    }

    /// Every name, in file order.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        let (same, by_system) = match self {
            Self::Same(name) => (Some(name.as_str()), [].as_slice()),
            Self::BySystem(names) => (None, names.as_slice()),
        };
        same.into_iter().chain(by_system.iter().map(|(_, name)| name.as_str()))
    }

    /// The package's name on a system, by `ID` and then by each of `ID_LIKE` in order, as os-release(5)
    /// has them; `None` when the entry says nothing of such a system.
    pub fn on(&self, id: &str, id_like: &[&str]) -> Option<&str> {
        match self {
            Self::Same(name) => Some(name),
            Self::BySystem(names) => std::iter::once(&id)
                .chain(id_like)
                .find_map(|wanted| names.iter().find(|(system, _)| system == wanted))
                .map(|(_, name)| name.as_str()),
        }
    }
}

/// What a package entry expects.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Baseline {
    /// The value of more than half of the hosts that answered, of at least three.
    #[default]
    Majority,
    /// The newest version in the cluster.
    Newest,
    /// What that host has.
    Host(String),
    /// What more than half of the hosts had in that stored run.
    Run(String),
    /// That version.
    Pinned(String),
}

/// `[[service]]`
#[derive(Debug, Clone)]
pub struct ServiceEntry {
    /// The unit's name as it is written: without a suffix, a service.
    pub name: String,
    /// Hosts it speaks of; `None` is every host.
    pub hosts: Option<Pattern>,
    /// Where it stands.
    pub place: Place,
}

/// `[[file]]`
#[derive(Debug, Clone)]
pub struct FileEntry {
    /// An absolute path, or a glob of paths.
    pub path: String,
    /// Whether its content may leave the host, to be shown as a difference.
    pub show: bool,
    /// Whether `driftless replace` fetches it for the image.
    pub bake: bool,
    /// Lines that may differ from host to host, as regular expressions.
    pub normalise: Vec<LinePattern>,
    /// Hosts it speaks of; `None` is every host.
    pub hosts: Option<Pattern>,
    /// Where it stands.
    pub place: Place,
}

/// `[[sysctl]]`
#[derive(Debug, Clone)]
pub struct SysctlEntry {
    /// The parameter, `vm.swappiness`.
    pub key: String,
    /// What it shall be; `None` is the same across the cluster.
    pub value: Option<String>,
    /// Hosts it speaks of; `None` is every host.
    pub hosts: Option<Pattern>,
    /// Where it stands.
    pub place: Place,
}

/// `[everything-else]`
#[derive(Debug, Clone, Default)]
pub struct EverythingElse {
    /// Whether packages that no entry names are compared.
    pub compare: bool,
    /// Shell-style globs of package names that are not, beside the built-in list.
    pub ignore: Vec<Glob>,
}

impl EverythingElse {
    /// Whether a package that no entry names is left out of the comparison: by the built-in list or
    /// by the user's.
    pub fn ignores(&self, package: &str) -> bool {
        builtin_ignores().iter().chain(&self.ignore).any(|glob| glob.matches(package))
    }
}

/// One line of `[rules]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleLevel {
    /// The rule's id.
    pub rule: String,
    /// Its severity; `None` is `"off"`.
    pub severity: Option<Severity>,
}

/// `[[ignore]]`
#[derive(Debug, Clone)]
pub struct Ignore {
    /// The rule's id.
    pub rule: String,
    /// Hosts it speaks of; `None` is every host.
    pub hosts: Option<Pattern>,
    /// The finding's subject; `None` is every subject.
    pub subject: Option<Glob>,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub place: Place,
}

/// `[[waiver]]`
#[derive(Debug, Clone)]
pub struct Waiver {
    /// The rule's id.
    pub rule: String,
    /// Hosts it speaks of; `None` is every host.
    pub hosts: Option<Pattern>,
    /// The finding's subject; `None` is every subject.
    pub subject: Option<Glob>,
    /// Why.
    pub justification: String,
    /// Last day on which it holds, inclusive, in UTC.
    pub until: Date,
    /// Where it stands.
    pub place: Place,
}

/// `[[image]]`
#[derive(Debug, Clone)]
pub struct ImageEntry {
    /// Which images: their names, with or without a tag.
    pub matched: Glob,
    /// The absolute paths that their containers write.
    pub writes: Vec<String>,
    /// Those of them in which the image ships files, which a volume would hide.
    pub ships: Vec<String>,
    /// Where it stands.
    pub place: Place,
}

/// `[[upgrade]]`
#[derive(Debug, Clone)]
pub struct UpgradeEntry {
    /// The package, as each host's own system calls it.
    pub package: String,
    /// What it leads to.
    pub to: Target,
    /// The first day of its roll-out, in UTC; `None` is from the beginning.
    pub from: Option<Date>,
    /// Its last day, inclusive, in UTC; `None` is without an end.
    pub until: Option<Date>,
    /// What must be there besides; it can only add obstacles.
    pub requires: Vec<Require>,
    /// Hosts it speaks of; `None` is every host.
    pub hosts: Option<Pattern>,
    /// Where it stands.
    pub place: Place,
}

impl UpgradeEntry {
    /// Whether it is being rolled out on a day: old and new are both expected then. An entry without days is a
    /// plan, not a roll-out.
    pub fn under_way(&self, day: Date) -> bool {
        (self.from.is_some() || self.until.is_some())
            && self.from.is_none_or(|from| from <= day)
            && self.until.is_none_or(|until| day <= until)
    }
}

/// One of `requires`: a package, and what its upstream version must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Require {
    /// The package.
    pub package: String,
    /// What must hold of it.
    pub version: Requirement,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_named_by_id_and_then_by_id_like_in_order() {
        let named = |system: &str, name: &str| (system.to_owned(), name.to_owned());
        let names = Names::BySystem(vec![
            named("rhel", "httpd"),
            named("debian", "apache2"),
            named("ubuntu", "apache2-ubuntu"),
        ]);
        assert_eq!(names.on("debian", &[]), Some("apache2"));
        assert_eq!(names.on("ubuntu", &["debian"]), Some("apache2-ubuntu"));
        assert_eq!(names.on("linuxmint", &["ubuntu", "debian"]), Some("apache2-ubuntu"));
        assert_eq!(names.on("pop", &["neon", "debian"]), Some("apache2"));
        assert_eq!(names.on("rocky", &["rhel", "centos", "fedora"]), Some("httpd"));
        assert_eq!(names.on("alpine", &[]), None);
        assert_eq!(Names::Same("nginx".into()).on("alpine", &[]), Some("nginx"));
    }

    #[test]
    fn the_users_globs_stand_beside_the_built_in_list() {
        let rest = EverythingElse { compare: true, ignore: vec![Glob::parse("local-*").unwrap()] };
        assert!(rest.ignores("local-tools"));
        assert!(rest.ignores("linux-image-amd64"));
        assert!(!rest.ignores("nginx"));
    }

    #[test]
    fn a_place_reads_as_file_and_line() {
        let source = Source::text("web.toml", "a\nb\n");
        assert_eq!(Place { line: 2, source, span: 2..3 }.to_string(), "web.toml:2");
    }
}
