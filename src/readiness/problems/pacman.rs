//! pacman's words, and what it does not look at when it is only asked: conflicts, and what it shall pass by.

use super::Refusal;
use crate::readiness::obstacle::{Kind, Obstacle};
use crate::snapshot::{Record, Relation, Solve, Upgrades};
use crate::version::System;

pub(super) fn obstacles(refusal: &Refusal<'_>) -> Vec<Obstacle> {
    let told: Vec<Obstacle> = refusal.solve.said.iter().filter_map(|line| of_line(refusal, line)).collect();
    // What lacks something is itself lacking to who needs it: that follows.
    let follows = |one: &Obstacle| told.iter().any(|other| other.by.as_ref() == Some(&one.subject));
    told.iter().filter(|one| !follows(one)).cloned().collect()
}

fn of_line(refusal: &Refusal<'_>, line: &str) -> Option<Obstacle> {
    if let Some((_, rest)) = line.split_once("unable to satisfy dependency '") {
        let (needs, by) = rest.split_once("' required by ")?;
        // It is on offer, and shall be passed by.
        let mut offered =
            refusal.upgrades.records.iter().filter(|record| !record.installed && is_held(record));
        if let Some(record) = offered.find(|record| is_met_by(needs, record)) {
            return Some(refusal.held(&record.package, Some(&record.version)));
        }
        return Some(refusal.unmet(parts(needs).0, needs, by.trim()));
    }
    if let Some((_, rest)) = line.split_once(" breaks dependency '") {
        let (needs, by) = rest.split_once("' required by ")?;
        return Some(refusal.needs_the_old(by.trim(), None, needs));
    }
    let (_, missing) = line.split_once("target not found: ")?;
    (parts(missing.trim()).0 == refusal.target).then(|| refusal.unavailable("no source of this host has it"))
}

/// Conflicts of what would be installed, with each other and with what stays; and what would be installed although
/// the host's owner wants it passed by.
pub(super) fn passed_by(upgrades: &Upgrades, solve: &Solve) -> Vec<Obstacle> {
    let change = |record: &Record| solve.installs.iter().find(|change| change.package == record.package);
    let comes = |record: &&Record| {
        !record.installed && change(record).is_some_and(|change| change.to.as_ref() == Some(&record.version))
    };
    let new: Vec<&Record> = upgrades.records.iter().filter(comes).collect();
    let stays = |record: &&Record| {
        record.installed
            && change(record).is_none()
            && !solve.removals.iter().any(|removal| removal.package == record.package)
    };
    let old: Vec<&Record> = upgrades.records.iter().filter(stays).collect();
    let mut told = Vec::new();
    for (nth, one) in new.iter().enumerate() {
        let others = old.iter().chain(new.iter().skip(nth + 1));
        for other in others.filter(|other| at_odds(one, other) || at_odds(other, one)) {
            told.push(conflict(one, other, solve));
        }
        let from = change(one).and_then(|change| change.from.clone());
        if from.is_some() && is_held(one) {
            let candidate = Some(one.version.clone());
            told.push(Obstacle {
                observed: from,
                candidate,
                ..Obstacle::new(Kind::Held, one.package.clone())
            });
        }
    }
    told
}

fn is_held(record: &Record) -> bool {
    record.flags.iter().any(|flag| flag == "held")
}

fn conflict(one: &Record, other: &Record, solve: &Solve) -> Obstacle {
    let asked = |record: &Record| solve.asked.contains(&record.package);
    // Of two that come, the subject is the one that nobody asked for.
    let (mine, its) = if asked(other) && !asked(one) { (other, one) } else { (one, other) };
    Obstacle {
        needs: Some(format!(
            "{} {} together with {} {}",
            mine.package, mine.version, its.package, its.version
        )),
        observed: its.installed.then(|| its.version.clone()),
        by: (!asked(mine)).then(|| mine.package.clone()),
        ..Obstacle::new(Kind::Conflict, its.package.clone())
    }
}

/// Whether a package says that it cannot be beside another.
fn at_odds(one: &Record, other: &Record) -> bool {
    let conflicts = one.relations.iter().filter(|(kind, _)| *kind == Relation::Conflicts);
    one.package != other.package && conflicts.into_iter().any(|(_, text)| is_met_by(text, other))
}

/// Whether a package is what `name>=version` asks for, by its own name or by one that it provides.
fn is_met_by(text: &str, record: &Record) -> bool {
    let (name, wanted) = parts(text);
    let provided =
        record.relations.iter().filter(|(kind, _)| *kind == Relation::Provides).map(|(_, text)| parts(text));
    let own = (record.package.as_str(), Some(("=", record.version.as_str())));
    std::iter::once(own).chain(provided).any(|(called, version)| {
        called == name
            && match (wanted, version) {
                (None, _) => true,
                (Some((sign, wanted)), Some((_, version))) => compares(version, sign, wanted),
                (Some(_), None) => false,
            }
    })
}

/// Where no release is asked for, none is compared.
fn compares(version: &str, sign: &str, wanted: &str) -> bool {
    let version = match version.rsplit_once('-') {
        Some((bare, _)) if !wanted.contains('-') => bare,
        _ => version,
    };
    let order = System::Pacman.compare(version, wanted);
    match sign {
        "=" => order.is_eq(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        ">=" => order.is_ge(),
        _ => false,
    }
}

/// `libweb>=3`: the name, and what is asked of its version.
fn parts(text: &str) -> (&str, Option<(&str, &str)>) {
    let Some((name, rest)) = text.find(['<', '>', '=']).and_then(|at| text.split_at_checked(at)) else {
        return (text, None);
    };
    let sign = rest.find(|c| !matches!(c, '<' | '>' | '=')).unwrap_or(rest.len());
    (name, rest.split_at_checked(sign))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{answer, record, refused, shown};
    use super::*;
    use crate::snapshot::PackageChange;

    #[track_caller]
    fn says(said: &str, expected: &[&str]) {
        let records = vec![record(true, "libweb", "1.5-1"), record(false, "libweb", "2.0-1")];
        assert_eq!(shown(&refused(System::Pacman, "webd", records, said)), expected);
    }

    #[test]
    fn what_is_needed_is_missing_or_too_old() {
        let refusal = "error: failed to prepare transaction (could not satisfy dependencies)\n";
        says(
            &format!("{refusal}:: unable to satisfy dependency 'libweb>=3' required by webd"),
            &["DependencyTooOld libweb: libweb>=3 | 1.5-1 | 2.0-1 | -"],
        );
        says(
            &format!("error: :: unable to satisfy dependency 'libnone' required by newdep\n{refusal}"),
            &["DependencyMissing libnone: libnone | - | - | newdep"],
        );
        says(
            ":: unable to satisfy dependency 'bottom' required by middle\n:: unable to satisfy dependency 'middle' required by webd",
            &["DependencyMissing bottom: bottom | - | - | middle"],
        );
        says(
            ":: installing webd (2.0-1) breaks dependency 'webd<2' required by app",
            &["Conflict app: app needs webd<2, webd  | - | - | -"],
        );
        says("error: target not found: webd=9-1", &["TargetUnavailable webd: - | - | - | -"]);
    }

    #[test]
    fn what_shall_be_passed_by_is_held() {
        let held = Record { flags: vec!["held".to_owned()], ..record(false, "libweb", "3.0-1") };
        let said = ":: unable to satisfy dependency 'libweb>=3' required by webd";
        let obstacles = refused(System::Pacman, "webd", vec![held, record(true, "libweb", "1.5-1")], said);
        assert_eq!(shown(&obstacles), ["Held libweb: - | 1.5-1 | 3.0-1 | webd"]);
    }

    fn relations(record: Record, relations: &[(Relation, &str)]) -> Record {
        let relations = relations.iter().map(|(kind, text)| (*kind, (*text).to_owned())).collect();
        Record { relations, ..record }
    }

    /// What stands in the way of webd 2.0-1 and newdep 1.0-1, which it brings, beside oldweb 1.5-1.
    fn beside(
        webd: &[(Relation, &str)],
        newdep: &[(Relation, &str)],
        oldweb: &[(Relation, &str)],
    ) -> Vec<String> {
        let change = |package: &str, from: Option<&str>, to: &str| PackageChange {
            package: package.to_owned(),
            arch: "any".to_owned(),
            from: from.map(str::to_owned),
            to: Some(to.to_owned()),
        };
        let solve = Solve {
            asked: vec!["webd".to_owned()],
            status: 0,
            installs: vec![change("newdep", None, "1.0-1"), change("webd", Some("1.0-1"), "2.0-1")],
            removals: Vec::new(),
            said: Vec::new(),
        };
        let records = vec![
            relations(record(false, "newdep", "1.0-1"), newdep),
            relations(record(false, "webd", "2.0-1"), webd),
            relations(record(true, "webd", "1.0-1"), &[(Relation::Conflicts, "newdep")]),
            relations(record(true, "oldweb", "1.5-1"), oldweb),
        ];
        shown(&passed_by(&Upgrades { records, ..answer(System::Pacman) }, &solve))
    }

    #[test]
    fn conflicts_are_found_in_either_direction_and_by_what_is_provided() {
        use Relation::{Conflicts, Provides};
        assert_eq!(beside(&[], &[], &[]), [""; 0], "what is replaced has no say");
        let with_webd = ["Conflict oldweb: webd 2.0-1 together with oldweb 1.5-1 | 1.5-1 | - | -"];
        assert_eq!(beside(&[(Conflicts, "oldweb")], &[], &[]), with_webd);
        assert_eq!(beside(&[(Conflicts, "oldweb<1.6")], &[], &[]), with_webd);
        assert_eq!(beside(&[(Conflicts, "oldweb=1.5")], &[], &[]), with_webd);
        assert_eq!(beside(&[(Conflicts, "oldweb>=2")], &[], &[]), [""; 0]);
        assert_eq!(beside(&[], &[], &[(Conflicts, "webd>1")]), with_webd);
        assert_eq!(beside(&[(Conflicts, "web")], &[], &[(Provides, "web=7")]), with_webd);
        assert_eq!(beside(&[(Conflicts, "web<7")], &[], &[(Provides, "web=7")]), [""; 0]);
        assert_eq!(beside(&[(Conflicts, "web<7")], &[], &[(Provides, "web")]), [""; 0]);
        let among = ["Conflict newdep: webd 2.0-1 together with newdep 1.0-1 | - | - | -"];
        assert_eq!(beside(&[], &[(Conflicts, "webd")], &[]), among);
        let by = ["Conflict oldweb: newdep 1.0-1 together with oldweb 1.5-1 | 1.5-1 | - | newdep"];
        assert_eq!(beside(&[], &[(Conflicts, "oldweb")], &[]), by);
    }
}
