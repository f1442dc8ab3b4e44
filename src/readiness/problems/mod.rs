//! What the solvers of dnf, apk and pacman say of an upgrade that they refuse, as obstacles.
//!
//! Each of them has words of its own, which are constant; the names in between are not trusted to be anything but
//! names. What is not understood here makes no obstacle: whoever asked tells it in the solver's own words. apt names
//! no reasons that could be read; its refusals are not explained here.

mod apk;
mod pacman;
mod rpm;

use super::obstacle::{Kind, Obstacle};
use crate::snapshot::{Record, Relation, Solve, Upgrades};
use crate::version::System;

/// Why a solver refused an upgrade of `target`; empty where its words are not understood.
pub(super) fn told(upgrades: &Upgrades, solve: &Solve, target: &str) -> Vec<Obstacle> {
    let refusal = Refusal { upgrades, solve, target };
    match upgrades.system {
        System::Debian => Vec::new(),
        System::Rpm => rpm::obstacles(&refusal),
        System::Apk => apk::obstacles(&refusal),
        System::Pacman => pacman::obstacles(&refusal),
    }
}

/// What a solver that would do the upgrade did not look at: pacman, when it is only asked, passes by conflicts.
pub(super) fn passed_by(upgrades: &Upgrades, solve: &Solve) -> Vec<Obstacle> {
    match upgrades.system {
        System::Pacman => pacman::passed_by(upgrades, solve),
        System::Debian | System::Rpm | System::Apk => Vec::new(),
    }
}

/// A question that was refused.
struct Refusal<'a> {
    upgrades: &'a Upgrades,
    solve: &'a Solve,
    target: &'a str,
}

impl Refusal<'_> {
    /// A package that needs something; `None` is the target itself.
    fn by(&self, package: &str) -> Option<String> {
        (package != self.target).then(|| package.to_owned())
    }

    /// Something that a package needs and that is not to be had. Where a version is asked for and others are there
    /// or on offer, it is too old; otherwise it is missing.
    fn unmet(&self, name: &str, needs: &str, by: &str) -> Obstacle {
        let newest = |installed: bool| {
            let of_it = |record: &&Record| record.installed == installed && provides(record, name);
            let versions = self.upgrades.records.iter().filter(of_it).map(|record| record.version.as_str());
            versions.max_by(|one, other| self.upgrades.system.compare(one, other)).map(str::to_owned)
        };
        let (observed, candidate) = (newest(true), newest(false));
        let versioned = needs.contains(['<', '>', '=', '~']);
        let kind = if versioned && (observed.is_some() || candidate.is_some()) {
            Kind::DependencyTooOld
        } else {
            Kind::DependencyMissing
        };
        Obstacle {
            needs: Some(needs.to_owned()),
            observed,
            candidate,
            by: self.by(by),
            ..Obstacle::new(kind, name)
        }
    }

    /// Two packages that cannot be together: it is about the one that is not the target.
    fn conflict(&self, one: (&str, &str), other: (&str, &str)) -> Obstacle {
        let (mine, its) = if other.0 == self.target { (other, one) } else { (one, other) };
        Obstacle {
            needs: Some(format!("{} {} together with {} {}", mine.0, mine.1, its.0, its.1)),
            observed: self.installed(its.0),
            by: self.by(mine.0),
            ..Obstacle::new(Kind::Conflict, its.0)
        }
    }

    /// A package that is there, and needs what the upgrade would take from it.
    fn needs_the_old(&self, package: &str, version: Option<&str>, needs: &str) -> Obstacle {
        Obstacle {
            needs: Some(format!(
                "{package} needs {needs}, {} {}",
                self.target,
                self.chosen().unwrap_or_default()
            )),
            observed: version.map(str::to_owned).or_else(|| self.installed(package)),
            ..Obstacle::new(Kind::Conflict, package)
        }
    }

    /// A package that is kept at its version.
    fn held(&self, package: &str, candidate: Option<&str>) -> Obstacle {
        Obstacle {
            observed: self.installed(package),
            candidate: candidate.map(str::to_owned),
            by: self.by(package).map(|_| self.target.to_owned()),
            ..Obstacle::new(Kind::Held, package)
        }
    }

    /// A target that its sources do not have, after all.
    fn unavailable(&self, said: &str) -> Obstacle {
        let chosen = self.chosen();
        Obstacle {
            needs: chosen.map(|chosen| format!("{} {chosen}", self.target)),
            observed: self.installed(self.target),
            said: vec![said.to_owned()],
            ..Obstacle::new(Kind::TargetUnavailable, self.target)
        }
    }

    fn chosen(&self) -> Option<&str> {
        self.upgrades.target(self.target)?.chosen.as_deref()
    }

    /// The version of a package that is there, where the host told it.
    fn installed(&self, package: &str) -> Option<String> {
        let of_target = self.upgrades.target(package).and_then(|target| target.installed.clone());
        of_target.or_else(|| {
            let mut records = self.upgrades.records.iter();
            records
                .find(|record| record.installed && record.package == package)
                .map(|record| record.version.clone())
        })
    }
}

/// Whether a package is of a name, or can stand in for it.
fn provides(record: &Record, name: &str) -> bool {
    record.package == name
        || record.relations.iter().any(|(kind, text)| {
            *kind == Relation::Provides && text.split([' ', '=', '<', '>']).next() == Some(name)
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a host answered, with a question that was refused in these words.
    pub(super) fn refused(system: System, target: &str, records: Vec<Record>, said: &str) -> Vec<Obstacle> {
        let upgrades = Upgrades { records, ..answer(system) };
        let said = said.lines().map(str::to_owned).collect();
        let solve = Solve {
            asked: vec![target.to_owned()],
            status: 1,
            installs: Vec::new(),
            removals: Vec::new(),
            said,
        };
        told(&upgrades, &solve, target)
    }

    pub(super) fn answer(system: System) -> Upgrades {
        Upgrades::begin(system, String::new())
    }

    pub(super) fn record(installed: bool, package: &str, version: &str) -> Record {
        Record { installed, package: package.to_owned(), version: version.to_owned(), ..Record::default() }
    }

    /// Obstacles in one line each: the kind, the subject, what is needed, what is there, what could be had, for whom.
    pub(super) fn shown(obstacles: &[Obstacle]) -> Vec<String> {
        let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let line = |one: &Obstacle| {
            let texts = [&one.needs, &one.observed, &one.candidate, &one.by].map(or);
            format!("{:?} {}: {}", one.kind, one.subject, texts.join(" | "))
        };
        obstacles.iter().map(line).collect()
    }

    #[test]
    fn words_that_no_solver_says_make_no_obstacle() {
        for system in [System::Debian, System::Rpm, System::Apk, System::Pacman] {
            assert_eq!(refused(system, "webd", Vec::new(), "the moon is full\n"), []);
        }
    }

    proptest! {
        #[test]
        fn soup_of_their_words_does_not_make_it_panic(words in proptest::collection::vec(
            "(nothing provides|needed by|package|requires|conflicts with|provided by|cannot install both|\n|  breaks: |\\[|\\]|:|-|webd-1.0-r0|\\(no such package\\):|    required by: |unable to satisfy dependency '|'|>=|[a-z.-]{0,5})",
            0..12,
        )) {
            for system in [System::Rpm, System::Apk, System::Pacman] {
                let _ = refused(system, "webd", Vec::new(), &words.join(" "));
                let _ = refused(system, "webd", Vec::new(), &words.concat());
            }
        }
    }
}
