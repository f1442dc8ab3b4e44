//! What is lastingly true of a host, as words; and in what two of them differ.
//!
//! Both may be two hosts, or one host at two times. What could not be told of one of them is no difference, and is
//! told as that.

use std::collections::{BTreeMap, BTreeSet};

use crate::snapshot::{Enabled, Fate, Is, Observation, Snapshot, State, Strings};
use crate::version::{Distance, System, distance};

/// What a fact is about, in the order in which they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum About {
    /// The distribution's release.
    Release,
    /// The kernel that runs.
    Kernel,
    /// A package: its versions.
    Package,
    /// A package that is on hold, or in no good order.
    PackageState,
    /// Where packages come from.
    Source,
    /// A service that a playbook named.
    Service,
    /// A file that a playbook named.
    File,
    /// A configuration file of a package that a playbook named.
    Conffile,
    /// A kernel parameter that a playbook named.
    Sysctl,
    /// A container that runs.
    Container,
}

impl About {
    /// Every one of them.
    const ALL: [Self; 10] = [
        Self::Release,
        Self::Kernel,
        Self::Package,
        Self::PackageState,
        Self::Source,
        Self::Service,
        Self::File,
        Self::Conffile,
        Self::Sysctl,
        Self::Container,
    ];

    /// The word that reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Kernel => "kernel",
            Self::Package => "package",
            Self::PackageState => "package-state",
            Self::Source => "source",
            Self::Service => "service",
            Self::File => "file",
            Self::Conffile => "conffile",
            Self::Sysctl => "sysctl",
            Self::Container => "container",
        }
    }
}

/// What is known of one host.
#[derive(Debug, Default)]
pub struct Facts {
    known: BTreeMap<About, BTreeMap<String, String>>,
    system: Option<System>,
    /// What it is not asked about.
    silent: BTreeSet<About>,
}

/// One difference. `None` is "not there".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// What it is about.
    pub about: About,
    /// Of what: a package, a path.
    pub subject: String,
    /// What the first one has.
    pub one: Option<String>,
    /// What the other one has.
    pub other: Option<String>,
    /// How far two versions are apart, where that can be told.
    pub distance: Option<Distance>,
}

/// What two hosts differ in, and what could not be compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    /// In order of what they are about.
    pub list: Vec<Difference>,
    /// What only one of the two, or neither, could tell.
    pub untold: BTreeSet<About>,
}

impl Differences {
    /// The same without what only one of them may have been asked for.
    #[must_use]
    pub fn of_both(mut self) -> Self {
        let named = |about| matches!(about, About::Service | About::File | About::Conffile | About::Sysctl);
        self.list.retain(|one| !named(one.about) || one.one.is_some() && one.other.is_some());
        self.untold.retain(|about| !named(*about));
        self
    }

    /// Adds those of another aspect of the same two.
    pub fn extend(&mut self, other: &Self) {
        self.list.extend(other.list.iter().cloned());
        self.untold.extend(&other.untold);
    }
}

impl Facts {
    /// The facts of a host.
    pub fn of(seen: &Observation, strings: &Strings) -> Self {
        let mut facts = Self::default();
        let Some(snapshot) = &seen.snapshot else { return facts };
        facts.release(snapshot);
        facts.packages(snapshot, strings);
        facts.rest(snapshot, strings);
        facts
    }

    fn add(&mut self, about: About, facts: impl IntoIterator<Item = (String, String)>) {
        self.known.entry(about).or_default().extend(facts);
    }

    fn release(&mut self, snapshot: &Snapshot) {
        let os = snapshot.os.as_ref().map(|os| ("os-release".to_owned(), os.label()));
        if let Some(os) = os {
            self.add(About::Release, [os]);
        }
        if let Some(kernel) = &snapshot.kernel {
            let told = format!("{} {}", kernel.release, kernel.machine);
            self.add(About::Kernel, [("kernel".to_owned(), told)]);
        }
    }

    fn packages(&mut self, snapshot: &Snapshot, strings: &Strings) {
        let Some(packages) = snapshot.packages.as_ref().filter(|packages| packages.complete) else { return };
        self.system = Some(packages.system);
        let mut versions: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        let mut states = Vec::new();
        for package in &packages.list {
            let subject = packages.subject(package, strings);
            versions.entry(subject.clone()).or_default().push(strings.text(package.version));
            let state = (package.state != State::Installed).then(|| package.state.as_str());
            let held = package.held.then_some("on hold");
            let told: Vec<&str> = state.into_iter().chain(held).collect();
            if !told.is_empty() {
                states.push((subject, told.join(", ")));
            }
        }
        // Several versions of one package are a set, the newest first.
        let versions = versions.into_iter().map(|(subject, mut versions)| {
            versions.sort_by(|one, other| packages.system.compare(other, one).then_with(|| one.cmp(other)));
            (subject, versions.join(", "))
        });
        self.add(About::Package, versions);
        self.add(About::PackageState, states);
    }

    fn rest(&mut self, snapshot: &Snapshot, strings: &Strings) {
        if let Some(sources) = snapshot.sources.as_ref().filter(|sources| sources.complete) {
            let list = sources.list.iter().map(|(name, source)| (name.clone(), source.to_string()));
            let pins = sources.pins.iter().map(|(name, pin)| (format!("pin {name}"), pin.clone()));
            self.add(About::Source, list.chain(pins));
        }
        if let Some(services) = &snapshot.running.services {
            let told = services.named.iter().map(|service| {
                let enabled = match service.enabled {
                    Enabled::Unknown => String::new(),
                    enabled => format!(", {}", enabled.as_str()),
                };
                (service.subject().to_owned(), format!("{}{enabled}", service.state.as_str()))
            });
            self.add(About::Service, told);
        }
        let configuration = &snapshot.configuration;
        if let Some(files) = &configuration.files {
            let told = files.each().filter_map(|(path, file)| {
                let of = |text: Option<crate::snapshot::Symbol>| text.map_or("", |text| strings.text(text));
                let is = match file.is {
                    Is::Absent => return None,
                    Is::Content(hash) => {
                        let hash = strings.text(hash);
                        format!("{} bytes, {}", file.size, hash.get(..8).unwrap_or(hash))
                    }
                    Is::Directory => "a directory".to_owned(),
                    Is::Special => "no plain file".to_owned(),
                    Is::Dangling => "a link that leads nowhere".to_owned(),
                };
                let told = format!("{is}, mode {}, owner {}", of(file.mode), of(file.owner));
                Some((strings.text(path).to_owned(), told))
            });
            self.add(About::File, told);
        }
        if let Some(conffiles) = &configuration.conffiles {
            let told = conffiles.iter().map(|one| (strings.text(one.path).to_owned(), fate(one.fate)));
            self.add(About::Conffile, told);
        }
        if let Some(sysctls) = &configuration.sysctls {
            let told = sysctls
                .each()
                .map(|(key, value)| (strings.text(key).to_owned(), strings.text(value).to_owned()));
            self.add(About::Sysctl, told);
        }
        if let Some(containers) = &snapshot.containers {
            let told = containers.list.iter().map(|container| {
                let root = match container.read_only_root {
                    Some(true) => "root read-only",
                    Some(false) => "root writable",
                    None => "root not told",
                };
                (container.role(), format!("{}, {root}", container.image))
            });
            self.add(About::Container, told);
        }
    }

    /// The same without what is about other things.
    #[must_use]
    pub fn only(mut self, tells: impl Fn(About) -> bool) -> Self {
        self.known.retain(|about, _| tells(*about));
        self.silent.extend(About::ALL.into_iter().filter(|about| !tells(*about)));
        self
    }

    /// Whether it would tell of something, if it were known.
    fn speaks(&self, about: About) -> bool {
        !self.silent.contains(&about)
    }

    /// In what another one differs from this one.
    pub fn against(&self, other: &Self) -> Differences {
        let mut differences = Differences::default();
        for about in About::ALL {
            let (Some(mine), Some(theirs)) = (self.known.get(&about), other.known.get(&about)) else {
                // Every host has a release and packages: where nobody could tell, nothing was compared.
                let always = matches!(about, About::Release | About::Package)
                    && self.speaks(about)
                    && other.speaks(about);
                if always || self.known.contains_key(&about) != other.known.contains_key(&about) {
                    differences.untold.insert(about);
                }
                continue;
            };
            let subjects: BTreeSet<&String> = mine.keys().chain(theirs.keys()).collect();
            for subject in subjects {
                let (one, another) = (mine.get(subject), theirs.get(subject));
                if one == another {
                    continue;
                }
                let versions = one.zip(another).filter(|_| about == About::Package);
                let distance = versions.and_then(|(one, another)| {
                    distance((self.system?, one.as_str()), (other.system?, another.as_str()))
                });
                differences.list.push(Difference {
                    about,
                    subject: subject.clone(),
                    one: one.cloned(),
                    other: another.cloned(),
                    distance,
                });
            }
        }
        differences
    }
}

/// Hashes of what was edited are a round's own: they tell nothing at another time.
fn fate(fate: Fate) -> String {
    match fate {
        Fate::Shipped => "as shipped",
        Fate::Edited(_) => "edited",
        Fate::Deleted => "deleted",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use crate::rules::fixture::compared;

    use super::*;

    fn differences(one: &str, other: &str) -> (Vec<String>, Vec<&'static str>) {
        let told = compared("", &[("a", one), ("b", other)], |comparison, _| {
            let facts =
                |position| Facts::of(comparison.observation(position).unwrap(), &comparison.fleet.strings);
            facts(0).against(&facts(1))
        });
        let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let list = told.list.iter().map(|one| {
            format!("{} {}: {} {}", one.about.as_str(), one.subject, word(&one.one), word(&one.other))
        });
        (list.collect(), told.untold.iter().map(|about| about.as_str()).collect())
    }

    #[test]
    fn packages_release_and_holds_are_told_apart() {
        let (list, untold) =
            differences("trixie nginx=2-1 bash=5-1/hi", "bookworm nginx=1-1 bash=5-1 zsh=5-1");
        assert_eq!(
            list,
            [
                "release os-release: trixie bookworm",
                "package nginx: 2-1 1-1",
                "package zsh: - 5-1",
                "package-state bash: on hold -",
            ]
        );
        assert!(untold.is_empty(), "{untold:?}");
        assert!(differences("nginx=1-1", "nginx=1-1").0.is_empty());
    }

    #[test]
    fn what_one_of_them_cannot_tell_is_no_difference_and_is_told() {
        let (list, untold) = differences("nginx=1-1", "no-dpkg");
        assert!(list.is_empty(), "{list:?}");
        assert_eq!(untold, ["package", "package-state"]);
    }
}
