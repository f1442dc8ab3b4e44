//! Causes as obstacles: what is needed, what is there, what could be had, and for whom.

use std::collections::BTreeSet;

use super::causes::Causes;
use super::relation::{Atom, Group};
use super::universe::{Cause, Meaning, Universe, Version, has, lists, reaches};
use crate::readiness::obstacle::{Kind, Obstacle};
use crate::snapshot::Relation;
use crate::version::System;

/// Installed packages that lack something already: apt does nothing before that is mended.
pub(super) fn broken(universe: &Universe<'_>) -> Vec<Obstacle> {
    let lacks = |version: &Version<'_>| -> Vec<String> {
        let needs = lists(version.record, &[Relation::PreDepends, Relation::Depends]);
        let here = |group: &Group| {
            let mut fitting = universe.fitting(version, group).into_iter();
            fitting.any(|at| universe.versions.get(at).is_some_and(|one| one.installed))
        };
        let unmet = needs.filter(|(_, group)| !here(group) && !universe.met_by_others(group));
        unmet.map(|(_, group)| format!("missing {}", group.text)).collect()
    };
    let broken = universe.here().filter(|(_, version)| has(version.record, "broken"));
    let obstacle = |(_, version): (usize, &Version<'_>)| Obstacle {
        said: lacks(version),
        ..Obstacle::new(Kind::BrokenState, version.record.package.clone())
    };
    broken.map(obstacle).collect()
}

/// One obstacle a cause; what is lacking of one package is one obstacle.
pub(super) fn obstacles(universe: &Universe<'_>, causes: &Causes) -> Vec<Obstacle> {
    let told = Told { universe, causes };
    let mut obstacles: Vec<Obstacle> = Vec::new();
    for obstacle in causes.causes.iter().filter_map(|number| told.obstacle(*number)) {
        let lacks = matches!(obstacle.kind, Kind::DependencyMissing | Kind::DependencyTooOld);
        let same = |other: &&mut Obstacle| other.kind == obstacle.kind && other.subject == obstacle.subject;
        match obstacles.iter_mut().filter(|_| lacks).find(same) {
            Some(Obstacle { needs: Some(needs), .. }) => {
                if let Some(more) = &obstacle.needs {
                    needs.push_str(", and ");
                    needs.push_str(more);
                }
            }
            _ => obstacles.push(obstacle),
        }
    }
    obstacles
}

struct Told<'u, 'a> {
    universe: &'u Universe<'a>,
    causes: &'u Causes,
}

impl<'a> Told<'_, 'a> {
    fn obstacle(&self, number: usize) -> Option<Obstacle> {
        Some(match self.universe.causes.get(number)? {
            Cause::Missing(_) => self.missing(number)?,
            Cause::Passed(at) => self.passed(*at, number)?,
            Cause::Held(at) => {
                let held = self.universe.versions.get(*at)?;
                Obstacle {
                    observed: Some(held.record.version.clone()),
                    candidate: self.after(&held.record.package),
                    ..Obstacle::new(Kind::Held, held.record.package.clone())
                }
            }
            Cause::Older(at) => {
                let older = self.universe.versions.get(*at)?;
                Obstacle {
                    observed: self.installed(&older.record.package),
                    candidate: Some(older.record.version.clone()),
                    ..Obstacle::new(Kind::WouldDowngrade, older.record.package.clone())
                }
            }
            Cause::Essential(package) => Obstacle {
                observed: self.installed(package),
                said: vec!["the system cannot do without it".to_owned()],
                ..Obstacle::new(Kind::WouldRemove, package.clone())
            },
            Cause::Apart(..) => self.apart(number)?,
            Cause::Single(package) => self.single(package, number),
        })
    }

    /// Nothing gives what is needed.
    fn missing(&self, number: usize) -> Option<Obstacle> {
        let (by, group) = self
            .needed()
            .find(|(clause, ..)| self.is_of(*clause, number))
            .map(|(_, by, group, _)| (by, group))?;
        Some(self.lacking(by, group))
    }

    /// A version would do, and apt does not take it.
    fn passed(&self, at: usize, number: usize) -> Option<Obstacle> {
        let version = self.universe.versions.get(at)?;
        let offered = &version.record.version;
        let needed = self.cores_of(number).find_map(|core| {
            let needs = core.iter().filter_map(|clause| self.needs(*clause));
            needs.into_iter().find(|(_, _, fitting)| fitting.contains(&at))
        });
        let priority = version.priority.unwrap_or_default();
        let package = &version.record.package;
        let taken = self.universe.named(package).find(|(_, one)| one.candidate).map(|(_, one)| one);
        let why = match taken {
            _ if priority <= 0 => format!("{offered} is on offer at priority {priority}, which is never"),
            Some(taken) => format!("{offered} is on offer, and apt prefers {}", taken.record.version),
            None => format!("{offered} is on offer, and apt does not take it"),
        };
        let lacking = match needed {
            Some((by, group, _)) => self.lacking(by, group),
            None => Obstacle::new(Kind::DependencyTooOld, package.clone()),
        };
        Some(Obstacle {
            kind: Kind::DependencyTooOld,
            needs: lacking.needs.or_else(|| Some(format!("{package} (= {offered})"))),
            candidate: taken.filter(|taken| !taken.installed).map(|taken| taken.record.version.clone()),
            observed: lacking.observed.or_else(|| self.installed(package)),
            subject: package.clone(),
            said: vec![why],
            ..lacking
        })
    }

    /// Two that cannot be together: the subject is the one that was not asked for.
    fn apart(&self, number: usize) -> Option<Obstacle> {
        let meanings = self.cores_of(number).flatten().filter(|clause| self.is_of(**clause, number));
        let (by, other, text) =
            meanings.filter_map(|clause| self.universe.clauses.get(*clause)).find_map(|(meaning, _)| {
                match meaning {
                    Meaning::Apart { by, other, text } => Some((*by, *other, text)),
                    _ => None,
                }
            })?;
        let (by, other) = (self.universe.versions.get(by)?, self.universe.versions.get(other)?);
        let subject = if other.wanted && !by.wanted { by } else { other };
        let package = &subject.record.package;
        Some(Obstacle {
            needs: Some(text.clone()),
            observed: self.installed(package),
            candidate: self.newest(package).map(|one| one.record.version.clone()),
            by: Some(by.record.package.clone()),
            ..Obstacle::new(Kind::Conflict, package.clone())
        })
    }

    /// What is needed of one package comes to two versions of it.
    fn single(&self, package: &str, number: usize) -> Obstacle {
        let mut needs: Vec<String> = Vec::new();
        let part = |clause: usize| self.cores_of(number).any(|core| core.contains(&clause));
        for (_, by, group, fitting) in self.needed().filter(|(clause, ..)| part(*clause)) {
            let named =
                |at: &usize| self.universe.versions.get(*at).is_some_and(|one| one.record.package == package);
            if fitting.iter().any(named) {
                let by = self.universe.versions.get(by).map_or("", |by| by.record.package.as_str());
                let text = format!("{} for {by}", group.text);
                if !needs.contains(&text) {
                    needs.push(text);
                }
            }
        }
        if let Some((_, wanted)) = self.universe.named(package).find(|(_, one)| one.wanted) {
            needs.push(format!("{} as it was asked for", wanted.record.version));
        }
        Obstacle {
            needs: Some(if needs.is_empty() { package.to_owned() } else { needs.join(", and ") }),
            observed: self.installed(package),
            candidate: self.newest(package).map(|one| one.record.version.clone()),
            ..Obstacle::new(Kind::Conflict, package)
        }
    }

    /// What is known of what a version needs. Where there are alternatives, versions have their packages' names.
    /// What is of an architecture that does not help is not there.
    fn lacking(&self, by: usize, group: &Group) -> Obstacle {
        let alone = group.atoms.len() == 1;
        let by = self.universe.versions.get(by);
        let text = |atom: &Atom, version: &Version<'_>| -> Option<String> {
            let package = &version.record.package;
            Some(match (package == &atom.name, alone, version.as_named(&atom.name)) {
                (true, true, _) => version.record.version.clone(),
                (true, false, _) => format!("{package} {}", version.record.version),
                (false, _, Some(given)) => format!("{package} (which provides {given})"),
                (false, _, None) => format!("{package} (which provides it without a version)"),
            })
        };
        let of = |atom: &Atom, fits: &dyn Fn(&Version<'_>) -> bool| {
            let all = self.universe.named(&atom.name).chain(self.universe.providing(&atom.name));
            let helps = |one: &&Version<'_>| by.is_none_or(|by| reaches(by, atom, one));
            let fitting = all.map(|(_, one)| one).filter(helps).filter(|one| fits(one));
            let order = |one: &&Version<'_>, other: &&Version<'_>| {
                let (one, other) = (one.as_named(&atom.name), other.as_named(&atom.name));
                System::Debian.compare(one.unwrap_or_default(), other.unwrap_or_default())
            };
            fitting.max_by(order).and_then(|one| text(atom, one))
        };
        let first = |fits: &dyn Fn(&Version<'_>) -> bool| group.atoms.iter().find_map(|atom| of(atom, fits));
        let observed = first(&|one| one.installed);
        let candidate = first(&|one| !one.installed && one.priority.is_some_and(|priority| priority > 0));
        let kind = if observed.is_none() && candidate.is_none() {
            Kind::DependencyMissing
        } else {
            Kind::DependencyTooOld
        };
        Obstacle {
            needs: Some(group.text.clone()),
            observed,
            candidate,
            by: by.filter(|by| !by.wanted).map(|by| by.record.package.clone()),
            ..Obstacle::new(kind, group.atoms.first().map_or(group.text.as_str(), |atom| atom.name.as_str()))
        }
    }

    /// The version that is installed.
    fn installed(&self, package: &str) -> Option<String> {
        let mut named = self.universe.named(package);
        named.find(|(_, one)| one.installed).map(|(_, one)| one.record.version.clone())
    }

    /// The newest version that could be had, besides the one that is installed.
    fn newest(&self, package: &str) -> Option<&Version<'a>> {
        let named = self.universe.named(package).map(|(_, one)| one);
        named.into_iter().find(|one| !one.installed && one.priority.is_some_and(|priority| priority > 0))
    }

    /// The version that would be there if the causes were not.
    fn after(&self, package: &str) -> Option<String> {
        let mut named = self.universe.named(package);
        named.find(|(at, _)| self.causes.way.contains(at)).map(|(_, one)| one.record.version.clone())
    }

    fn is_of(&self, clause: usize, cause: usize) -> bool {
        self.universe.clauses.get(clause).is_some_and(|(_, of)| *of == Some(cause))
    }

    /// The contradictions that a cause is part of.
    fn cores_of(&self, cause: usize) -> impl Iterator<Item = &BTreeSet<usize>> {
        let cores = self.causes.cores.iter();
        cores.filter(move |core| core.iter().any(|clause| self.is_of(*clause, cause)))
    }

    fn needs(&self, clause: usize) -> Option<(usize, &Group, &Vec<usize>)> {
        match self.universe.clauses.get(clause) {
            Some((Meaning::Needs { by, group, fitting }, _)) => Some((*by, group, fitting)),
            _ => None,
        }
    }

    /// All that is needed in any contradiction; what was asked for comes first.
    fn needed(&self) -> impl Iterator<Item = (usize, usize, &Group, &Vec<usize>)> {
        let clauses: BTreeSet<usize> = self.causes.cores.iter().flatten().copied().collect();
        let needs = clauses
            .into_iter()
            .filter_map(|clause| self.needs(clause).map(|(by, group, fitting)| (clause, by, group, fitting)));
        let mut needs: Vec<_> = needs.collect();
        needs.sort_by_key(|(_, by, ..)| !self.universe.versions.get(*by).is_some_and(|by| by.wanted));
        needs.into_iter()
    }
}
