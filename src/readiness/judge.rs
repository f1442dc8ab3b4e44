//! One upgrade on one host: what its solver said, and what stands in the way besides.

use jiff::Timestamp;

use super::explain::Efforts;
use super::obstacle::{Kind, Obstacle, PLAYBOOK};
use super::{HostUpgrade, Solver, explain, installed, problems, reasons, space};
use crate::drift::{Comparison, Value};
use crate::playbook::UpgradeEntry;
use crate::probe::Section;
use crate::snapshot::{Offered, PackageChange, Packages, Snapshot, Solve, State, Strings, Upgrades};
use crate::version::{System, Upstream};

/// How many days old lists of packages may be before that is worth a warning.
const STALE_DAYS: i64 = 7;

/// Judges one upgrade.
pub(super) fn judge(
    comparison: &Comparison<'_>,
    position: usize,
    entry: &UpgradeEntry,
    efforts: &Efforts,
) -> HostUpgrade {
    let now = match installed(comparison, position, &entry.package) {
        Value::Installed(version) => Some(version.to_owned()),
        Value::Absent | Value::Unknown => None,
    };
    let mut upgrade = HostUpgrade {
        position,
        now,
        chosen: None,
        solver: Solver::Unknown(String::new()),
        obstacles: Vec::new(),
        changes: Vec::new(),
    };
    match Host::of(comparison, position, efforts) {
        Ok(host) => host.judge(entry, &mut upgrade),
        Err(why) => upgrade.solver = Solver::Unknown(why),
    }
    upgrade.obstacles.sort();
    upgrade.obstacles.dedup_by(|one, other| one.kind == other.kind && one.subject == other.subject);
    upgrade
}

/// A host whose solver answered.
struct Host<'a> {
    position: usize,
    /// What may be spent on explaining.
    efforts: &'a Efforts,
    snapshot: &'a Snapshot,
    packages: &'a Packages,
    upgrades: &'a Upgrades,
    strings: &'a Strings,
    now: Timestamp,
}

impl<'a> Host<'a> {
    /// The host at a position, or why nothing is known of it.
    fn of(comparison: &Comparison<'a>, position: usize, efforts: &'a Efforts) -> Result<Self, String> {
        let seen = comparison.observation(position).ok_or("it was not asked")?;
        let snapshot = seen.snapshot.as_ref().ok_or_else(|| reasons::not_reached(seen))?;
        let upgrades =
            snapshot.upgrades.as_ref().ok_or_else(|| reasons::not_told(snapshot, Section::Upgrade.name()))?;
        // Holds and broken packages are told by the database: unseen, they may be there.
        let packages = snapshot.packages.as_ref().filter(|packages| packages.complete);
        let packages = packages.ok_or_else(|| {
            let gap = snapshot.gaps.iter().find(|gap| gap.is_about_packages());
            gap.map_or("its packages were not collected".to_owned(), |gap| {
                format!("its packages are not known: {}: {}", gap.reason, gap.detail)
            })
        })?;
        if upgrades.system != packages.system {
            return Err(format!(
                "{} answered, and the packages of this host are another system's",
                upgrades.solver
            ));
        }
        let (strings, now) = (&comparison.fleet.strings, comparison.now);
        Ok(Self { position, efforts, snapshot, packages, upgrades, strings, now })
    }

    /// What its solver refuses is refused; what it would do counts only where it could be asked everything.
    fn judge(&self, entry: &UpgradeEntry, upgrade: &mut HostUpgrade) {
        self.judge_answers(entry, upgrade);
        if let (Some((reason, detail)), false) =
            (self.upgrades.cannot.first(), upgrade.solver == Solver::WouldNot)
        {
            upgrade.solver = Solver::Unknown(reasons::cannot(self.upgrades.system, *reason, detail));
        }
    }

    fn judge_answers(&self, entry: &UpgradeEntry, upgrade: &mut HostUpgrade) {
        let Some(target) = self.upgrades.target(&entry.package) else {
            upgrade.solver = Solver::Unknown("its answer does not speak of the package".to_owned());
            return;
        };
        if !target.known {
            let text = format!("neither a list of packages nor the host itself knows {}", entry.package);
            upgrade.solver = Solver::Unknown(text);
            return;
        }
        if let Some(why) = self.contradicts(target) {
            upgrade.solver = Solver::Unknown(why);
            return;
        }
        let Some(chosen) = &target.chosen else {
            upgrade.solver = Solver::WouldNot;
            upgrade.obstacles.push(self.unavailable(entry, target));
            return;
        };
        if !entry.to.accepts(self.upgrades.system, chosen) {
            upgrade.solver = Solver::Unknown(format!("the host chose {chosen}, which is not {}", entry.to));
            return;
        }
        upgrade.chosen = Some(chosen.clone());
        self.warn(upgrade);
        let Some(solve) = self.solve(&entry.package) else {
            upgrade.solver = Solver::Unknown("its solver was not asked for it".to_owned());
            return;
        };
        if solve.solved() {
            self.solved(entry, chosen, solve, upgrade);
        } else {
            upgrade.solver = Solver::WouldNot;
            upgrade.obstacles.extend(self.refused(&entry.package, solve));
        }
    }

    /// Where the package manager and the package database name different versions as installed, neither is believed.
    fn contradicts(&self, target: &Offered) -> Option<String> {
        let said = target.installed.as_deref()?;
        let named = self.packages.named(self.strings.find(&target.package)?);
        let mut there = named.iter().map(|package| self.strings.text(package.version));
        let first = there.clone().find(|version| !version.is_empty())?;
        let same = |version: &str| self.upgrades.system.compare(version, said).is_eq();
        (!there.any(same)).then(|| {
            format!(
                "it contradicts itself: {said} is installed by its answer, {first} by its package database"
            )
        })
    }

    /// The question that tells of a package: the one about all targets together; where that does not go smoothly, the
    /// one about it alone, so that a target that could go is not blocked by another.
    fn solve(&self, package: &str) -> Option<&'a Solve> {
        let whole = self.upgrades.whole().filter(|whole| whole.asked.iter().any(|asked| asked == package));
        match whole {
            Some(whole) if self.goes_smoothly(whole) && self.goes_unasked(whole) => Some(whole),
            whole => self.upgrades.alone(package).or(whole),
        }
    }

    /// Whether a solver found a way, and one that takes nothing away.
    fn goes_smoothly(&self, solve: &'a Solve) -> bool {
        solve.solved()
            && solve.removals.is_empty()
            && self.downgrades(solve).next().is_none()
            && self.holds(solve).next().is_none()
    }

    /// Whether nothing beside the solver stands in the way either.
    fn goes_unasked(&self, solve: &'a Solve) -> bool {
        let changes: Vec<PackageChange> = changes(solve).cloned().collect();
        self.questions(solve).is_empty()
            && self.unchecked(solve).next().is_none()
            && space::lacking(self.upgrades, &changes).is_empty()
    }

    /// The mounts without room for a target: where it would not fit by itself. Where each would, and all together
    /// not, all are blocked. What others bring with them is counted as its own, since it cannot be told apart.
    fn lacking(&self, package: &str, solve: &Solve) -> Vec<Obstacle> {
        let own = |package: &str, solve: &Solve| {
            let mine = changes(solve).filter(|change| is_own(package, solve, &change.package));
            space::lacking(self.upgrades, &mine.cloned().collect::<Vec<_>>())
        };
        let mine = own(package, solve);
        let whole = self.upgrades.whole().filter(|whole| whole.asked.iter().any(|asked| asked == package));
        let Some(whole) = whole.filter(|whole| mine.is_empty() && self.goes_smoothly(whole)) else {
            return mine;
        };
        let asked_of = |asked: &str| self.upgrades.alone(asked).unwrap_or(whole);
        if whole.asked.iter().any(|asked| !own(asked, asked_of(asked)).is_empty()) {
            return mine;
        }
        space::lacking(self.upgrades, &changes(whole).cloned().collect::<Vec<_>>())
    }

    fn solved(&self, entry: &UpgradeEntry, chosen: &str, solve: &Solve, upgrade: &mut HostUpgrade) {
        let change = solve.installs.iter().find(|change| change.package == entry.package);
        let after = change.map_or(upgrade.now.as_deref(), |change| change.to.as_deref());
        if after != Some(chosen) {
            let after = after.unwrap_or("nothing");
            upgrade.solver = Solver::Unknown(format!("its solver would come to {after}, not to {chosen}"));
            return;
        }
        upgrade.solver = Solver::Would;
        // Where the target is there already, what changes belongs to the others.
        if change.is_some() || solve.asked.len() == 1 {
            let own = changes(solve).filter(|change| is_own(&entry.package, solve, &change.package));
            upgrade.changes = own.cloned().collect();
        }
        if self.refused_together(&entry.package) {
            upgrade.solver = Solver::WouldNot;
            upgrade.obstacles.extend(self.not_together(&entry.package));
            let together = self.upgrades.whole().into_iter().flat_map(|whole| &whole.removals);
            upgrade.obstacles.extend(together.map(|removal| self.removed(removal)));
        }
        upgrade.obstacles.extend(self.missing_requirements(entry, solve));
        // Even where nothing else is left to do, the package manager tries to bring them in order.
        upgrade.obstacles.extend(self.broken());
        if upgrade.changes.is_empty() {
            return;
        }
        upgrade.obstacles.extend(solve.removals.iter().map(|removal| self.removed(removal)));
        upgrade.obstacles.extend(self.downgrades(solve));
        let passed_by = problems::passed_by(self.upgrades, solve);
        upgrade.obstacles.extend(sound(passed_by, &entry.package, solve));
        upgrade.obstacles.extend(self.holds(solve));
        upgrade.obstacles.extend(self.locks());
        upgrade.obstacles.extend(self.lacking(&entry.package, solve));
        // What is about another target blocks that one; of anything else it cannot be told whose it is.
        let own = |about: &str| is_own(&entry.package, solve, about);
        let questions = self.questions(solve).into_iter();
        upgrade.obstacles.extend(questions.filter(|one| one.by.as_deref().is_none_or(own)));
        upgrade.obstacles.extend(self.unchecked(solve).filter(|one| own(&one.subject)));
    }

    fn unavailable(&self, entry: &UpgradeEntry, target: &Offered) -> Obstacle {
        let mut offers: Vec<&str> = target.offers.iter().map(|(version, _)| version.as_str()).collect();
        offers.sort_by(|one, other| self.upgrades.system.compare(other, one));
        offers.dedup();
        let said = if self.upgrades.lists == Some(0) {
            vec!["no list of packages lies on this host".to_owned()]
        } else {
            Vec::new()
        };
        Obstacle {
            needs: Some(format!("{} {}", entry.package, entry.to)),
            observed: target.installed.clone(),
            candidate: offers.first().map(|&version| version.to_owned()),
            said,
            ..Obstacle::new(Kind::TargetUnavailable, entry.package.clone())
        }
    }

    /// Why the solver refused.
    fn refused(&self, package: &str, solve: &Solve) -> Vec<Obstacle> {
        let broken: Vec<Obstacle> = self.broken().collect();
        if !broken.is_empty() {
            return broken;
        }
        let causes = match self.upgrades.system {
            System::Debian => self.explained(solve),
            System::Rpm | System::Apk | System::Pacman => problems::told(self.upgrades, solve, package),
        };
        if !causes.is_empty() {
            return sound(causes, package, solve);
        }
        vec![in_its_own_words(package, solve)]
    }

    /// The causes of a refusal, where they can be told.
    fn explained(&self, solve: &Solve) -> Vec<Obstacle> {
        let wanted = solve.asked.iter().filter_map(|asked| {
            let target = self.upgrades.target(asked)?;
            Some((target.package.as_str(), target.chosen.as_deref()?))
        });
        let wanted: Vec<(&str, &str)> = wanted.collect();
        if self.upgrades.system != System::Debian
            || self.upgrades.records_cut
            || wanted.len() != solve.asked.len()
        {
            return Vec::new();
        }
        let text = |symbol| self.strings.text(symbol);
        let installed = self.packages.list.iter().map(|package| (text(package.name), text(package.version)));
        let native = self.packages.native.map_or("all", text);
        self.efforts.within(self.position, |effort| {
            explain::explain(&self.upgrades.records, &wanted, installed, native, effort)
        })
    }

    /// Whether each target would go smoothly alone, and all of them together not.
    fn refused_together(&self, package: &str) -> bool {
        let together = |whole: &&Solve| whole.asked.len() > 1;
        let Some(whole) = self.upgrades.whole().filter(together).filter(|whole| !self.goes_smoothly(whole))
        else {
            return false;
        };
        let alone =
            |asked: &String| self.upgrades.alone(asked).is_some_and(|solve| self.goes_smoothly(solve));
        whole.asked.iter().any(|asked| asked == package) && whole.asked.iter().all(alone)
    }

    /// Why targets that could each go alone cannot go together.
    fn not_together(&self, package: &str) -> Vec<Obstacle> {
        let Some(whole) = self.upgrades.whole() else { return Vec::new() };
        let asked = |name: &str| whole.asked.iter().any(|asked| asked == name);
        let causes = sound(self.explained(whole), package, whole);
        let others: Vec<&str> =
            whole.asked.iter().map(String::as_str).filter(|asked| *asked != package).collect();
        if causes.is_empty() {
            return vec![apart(package, &others.join(", "), whole.said.clone())];
        }
        let cause = |cause: Obstacle| match (cause.kind, cause.by.as_deref(), cause.needs.as_deref()) {
            (Kind::Conflict, Some(by), Some(needs)) if asked(by) && asked(&cause.subject) => {
                let (one, other) =
                    if cause.subject == package { (package, by) } else { (by, cause.subject.as_str()) };
                apart(one, other, vec![format!("{by} says {needs}")])
            }
            (Kind::Conflict, None, Some(needs)) if asked(&cause.subject) => {
                apart(package, &others.join(", "), vec![needs.to_owned()])
            }
            _ => cause,
        };
        causes.into_iter().map(cause).collect()
    }

    fn removed(&self, removal: &PackageChange) -> Obstacle {
        let essential = self.upgrades.had.iter().any(|had| had.package == removal.package && had.essential);
        let said = if essential { vec!["the system cannot do without it".to_owned()] } else { Vec::new() };
        Obstacle {
            observed: removal.from.clone(),
            said,
            ..Obstacle::new(Kind::WouldRemove, removal.package.clone())
        }
    }

    fn downgrades(&self, solve: &'a Solve) -> impl Iterator<Item = Obstacle> {
        let system = self.upgrades.system;
        solve.installs.iter().filter_map(move |change| {
            let (from, to) = (change.from.as_ref()?, change.to.as_ref()?);
            system.compare(from, to).is_gt().then(|| Obstacle {
                observed: Some(from.clone()),
                candidate: Some(to.clone()),
                ..Obstacle::new(Kind::WouldDowngrade, change.package.clone())
            })
        })
    }

    fn holds(&self, solve: &'a Solve) -> impl Iterator<Item = Obstacle> {
        solve.installs.iter().chain(&solve.removals).filter_map(|change| {
            let name = self.strings.find(&change.package)?;
            let held = self.packages.named(name).iter().find(|package| package.held)?;
            Some(Obstacle {
                observed: Some(self.strings.text(held.version).to_owned()),
                candidate: change.to.clone(),
                ..Obstacle::new(Kind::Held, change.package.clone())
            })
        })
    }

    /// Packages that dpkg would first have to bring in order. Triggers that wait are run by any transaction.
    fn broken(&self) -> impl Iterator<Item = Obstacle> {
        let fine = |state: State| {
            matches!(state, State::Installed | State::TriggersAwaited | State::TriggersPending)
        };
        let packages = self.packages.list.iter().filter(move |package| !fine(package.state));
        let interrupted = self.upgrades.interrupted.then(|| Obstacle {
            observed: Some("interrupted".to_owned()),
            ..Obstacle::new(Kind::BrokenState, "dpkg")
        });
        interrupted.into_iter().chain(packages.map(|package| Obstacle {
            observed: Some(package.state.as_str().to_owned()),
            ..Obstacle::new(Kind::BrokenState, self.packages.subject(package, self.strings))
        }))
    }

    fn locks(&self) -> impl Iterator<Item = Obstacle> {
        self.upgrades.locks.iter().map(|lock| {
            let who = match (lock.pid, lock.command.as_deref()) {
                (Some(pid), Some(command)) => format!("held by {command}, process {pid}"),
                (Some(pid), None) => format!("held by process {pid}"),
                _ => "held".to_owned(),
            };
            Obstacle { observed: Some(who), ..Obstacle::new(Kind::Locked, lock.path.clone()) }
        })
    }

    /// Edited files of packages that would change, where dpkg was not told what becomes of them.
    fn questions(&self, solve: &'a Solve) -> Vec<Obstacle> {
        if self.upgrades.settles_conffiles || self.upgrades.system != System::Debian {
            return Vec::new();
        }
        let changes = |package: &str| {
            solve.installs.iter().any(|change| change.package == package && change.from.is_some())
        };
        let edited = self.upgrades.edited.iter().filter(|(package, _)| changes(package));
        let obstacle = |(package, path): &(String, String)| Obstacle {
            observed: Some("edited".to_owned()),
            by: Some(package.clone()),
            ..Obstacle::new(Kind::ConffilePrompt, path.clone())
        };
        edited.map(obstacle).collect()
    }

    /// apt asks before it fetches from a source that is not authenticated; others are told by their configuration
    /// that they need not be.
    fn unchecked(&self, solve: &'a Solve) -> impl Iterator<Item = Obstacle> {
        let asks = self.upgrades.system == System::Debian;
        let unchecked =
            self.upgrades.files.iter().filter(move |file| asks && file.authenticated == Some(false));
        let fetched = unchecked.filter(|file| {
            solve
                .installs
                .iter()
                .any(|change| change.package == file.package && change.to.as_ref() == Some(&file.version))
        });
        fetched.map(|file| Obstacle {
            observed: file.source.clone(),
            candidate: Some(file.version.clone()),
            ..Obstacle::new(Kind::Unauthenticated, file.package.clone())
        })
    }

    /// What the playbook wants to be there besides, after the transaction.
    fn missing_requirements(&self, entry: &UpgradeEntry, solve: &Solve) -> Vec<Obstacle> {
        let unmet = entry.requires.iter().filter_map(|require| {
            let change = solve.installs.iter().find(|change| change.package == require.package);
            let version = match change {
                Some(change) => change.to.clone(),
                None => self.version(&require.package),
            };
            let upstream = version.as_deref().map(|version| Upstream::parse(self.upgrades.system, version));
            let (kind, why) = match upstream {
                None => (Kind::DependencyMissing, "the upgrade does not bring it"),
                Some(Some(upstream)) if require.version.met_by(&upstream) => return None,
                Some(Some(_)) => (Kind::DependencyTooOld, "the upgrade does not change that"),
                Some(None) => (Kind::DependencyTooOld, "its version cannot be compared"),
            };
            Some(Obstacle {
                needs: Some(format!("{} ({})", require.package, require.version)),
                observed: version,
                by: Some(PLAYBOOK.to_owned()),
                said: vec![why.to_owned()],
                ..Obstacle::new(kind, require.package.clone())
            })
        });
        unmet.collect()
    }

    /// The newest installed version of a package.
    fn version(&self, package: &str) -> Option<String> {
        let named = self.packages.named(self.strings.find(package)?);
        named.first().map(|package| self.strings.text(package.version).to_owned())
    }

    /// What stops nothing, and is worth knowing.
    fn warn(&self, upgrade: &mut HostUpgrade) {
        if let Some(changed) = self.upgrades.lists_changed {
            let days = self.now.duration_since(changed).as_secs() / 86_400;
            if days >= STALE_DAYS {
                upgrade.obstacles.push(Obstacle {
                    observed: Some(format!("{days} days old")),
                    ..Obstacle::new(Kind::MetadataStale, "lists")
                });
            }
        }
        if let Some(reboot) = self.snapshot.boot_asked_for() {
            upgrade.obstacles.push(Obstacle {
                said: reboot.packages.iter().take(3).cloned().collect(),
                ..Obstacle::new(Kind::RebootFirst, "reboot")
            });
        }
    }
}

/// All that a solver would change.
fn changes(solve: &Solve) -> impl Iterator<Item = &PackageChange> {
    solve.installs.iter().chain(&solve.removals)
}

/// Whether what is about a package is a matter of a target, rather than of another one that was asked for with it.
fn is_own(target: &str, solve: &Solve, about: &str) -> bool {
    about == target || !solve.asked.iter().any(|asked| asked == about)
}

/// Two targets that exclude each other.
fn apart(one: &str, other: &str, why: Vec<String>) -> Obstacle {
    let alone = "each of them could go alone".to_owned();
    Obstacle {
        needs: Some(format!("{one} together with {other}")),
        said: std::iter::once(alone).chain(why).collect(),
        ..Obstacle::new(Kind::Conflict, one)
    }
}

/// Obstacles that were read from a host's own words; what is not what it should be gives way to these words.
fn sound(obstacles: Vec<Obstacle>, package: &str, solve: &Solve) -> Vec<Obstacle> {
    let each = obstacles.into_iter();
    each.map(|one| if one.is_sound() { one } else { in_its_own_words(package, solve) }).collect()
}

/// Where nothing but the solver's words is known.
fn in_its_own_words(package: &str, solve: &Solve) -> Obstacle {
    Obstacle { said: solve.said.clone(), ..Obstacle::new(Kind::DependencyMissing, package) }
}
