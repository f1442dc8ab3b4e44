//! libsolv's words, as dnf prints them below `Problem:`, and dnf's own of what it finds nothing for.

use super::Refusal;
use crate::readiness::obstacle::{Kind, Obstacle};

pub(super) fn obstacles(refusal: &Refusal<'_>) -> Vec<Obstacle> {
    let lines: Vec<&str> =
        refusal.solve.said.iter().map(|line| line.trim_start_matches([' ', '-'])).collect();
    let troubled: Vec<&str> =
        lines.iter().filter_map(|line| line.strip_prefix("problem with installed package ")).collect();
    let mut told: Vec<Obstacle> = lines.iter().filter_map(|line| of_line(refusal, line, &troubled)).collect();
    told.extend(lines.iter().flat_map(|line| protected(refusal, line)));
    if !told.is_empty() {
        return told;
    }
    // Why what is required cannot be installed is then not among the lines.
    lines
        .iter()
        .filter_map(|line| required(line))
        .map(|(package, needs)| refusal.unmet(first_word(needs), needs, name(package)))
        .collect()
}

fn of_line(refusal: &Refusal<'_>, line: &str, troubled: &[&str]) -> Option<Obstacle> {
    if let Some(rest) = line.strip_prefix("nothing provides requested ") {
        return Some(refusal.unavailable(&format!("nothing provides {rest}")));
    }
    if let Some((needs, package)) =
        line.strip_prefix("nothing provides ").and_then(|rest| rest.split_once(" needed by "))
    {
        return Some(refusal.unmet(first_word(needs), needs, name(package)));
    }
    if let Some((package, needs)) = required(line) {
        let there = line.starts_with("installed ") || troubled.contains(&package);
        let its = (there && name(package) != refusal.target).then(|| split(package))?;
        return Some(refusal.needs_the_old(its.0, its.1, needs));
    }
    let filtered = |words: &str| line.strip_prefix("package ").and_then(|rest| rest.strip_suffix(words));
    if let Some(package) = filtered(" is filtered out by exclude filtering") {
        let (name, version) = split(package);
        return Some(refusal.held(name, version));
    }
    if filtered(" is filtered out by modular filtering").is_some() {
        return Some(refusal.unavailable(line));
    }
    if line.starts_with("All matches were filtered out by exclude filtering for argument") {
        return Some(refusal.held(refusal.target, refusal.chosen()));
    }
    if line.starts_with("All matches were filtered out by modular filtering")
        || line.starts_with("No match for argument")
    {
        return Some(refusal.unavailable(line));
    }
    let (package, other) = between(line, " conflicts with ").or_else(|| between(line, " obsoletes "))?;
    Some(refusal.conflict(named(package), named(other)))
}

/// Packages that dnf never removes, and would have to.
fn protected(refusal: &Refusal<'_>, line: &str) -> Vec<Obstacle> {
    let words = "The operation would result in removing the following protected packages: ";
    let names = line.strip_prefix(words).into_iter().flat_map(|names| names.split(", "));
    let obstacle = |name: &str| Obstacle {
        observed: refusal.installed(name),
        said: vec!["dnf protects it".to_owned()],
        ..Obstacle::new(Kind::WouldRemove, name)
    };
    names.map(obstacle).collect()
}

/// `package A requires B, but none of the providers can be installed`: A and B.
fn required(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix("installed ").unwrap_or(line).strip_prefix("package ")?;
    rest.strip_suffix(", but none of the providers can be installed")?.split_once(" requires ")
}

/// `package A conflicts with B provided by C`: A and C.
fn between<'a>(line: &'a str, words: &str) -> Option<(&'a str, &'a str)> {
    let rest = line.strip_prefix("installed ").unwrap_or(line).strip_prefix("package ")?;
    let (package, rest) = rest.split_once(words)?;
    Some((package, rest.rsplit_once(" provided by ")?.1))
}

/// A capability without the version that is asked for; a combination, which is in brackets, as a whole.
fn first_word(needs: &str) -> &str {
    if needs.starts_with('(') { needs } else { needs.split(' ').next().unwrap_or(needs) }
}

/// `webd-2:4.0-1.el9.noarch`: the name, and the version with its release.
fn split(package: &str) -> (&str, Option<&str>) {
    let bare = package.rsplit_once('.').map_or(package, |(bare, _)| bare);
    let release = bare.rfind('-');
    let version = release.and_then(|release| bare.get(..release)?.rfind('-'));
    match version {
        Some(at) => (bare.get(..at).unwrap_or(package), bare.get(at + 1..)),
        None => (package, None),
    }
}

fn name(package: &str) -> &str {
    split(package).0
}

fn named(package: &str) -> (&str, &str) {
    let (name, version) = split(package);
    (name, version.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{record, refused, shown};
    use crate::version::System;

    #[track_caller]
    fn says(said: &str, expected: &[&str]) {
        let records = vec![
            record(true, "libweb", "1.5-1.el9"),
            record(false, "libweb", "2.0-1.el9"),
            record(true, "oldweb", "1.0-1.el9"),
        ];
        assert_eq!(shown(&refused(System::Rpm, "webd", records, said)), expected);
    }

    #[test]
    fn what_is_needed_is_missing_or_too_old() {
        says(
            "conflicting requests\nnothing provides libweb >= 3 needed by webd-2.0-1.el9.noarch",
            &["DependencyTooOld libweb: libweb >= 3 | 1.5-1.el9 | 2.0-1.el9 | -"],
        );
        says(
            "conflicting requests\n  - nothing provides libnone.so.1()(64bit) needed by web-libs-1:3.0-1.el9.x86_64",
            &["DependencyMissing libnone.so.1()(64bit): libnone.so.1()(64bit) | - | - | web-libs"],
        );
        says(
            "nothing provides (moon or sun >= 2) needed by webd-2.0-1.el9.noarch",
            &["DependencyMissing (moon or sun >= 2): (moon or sun >= 2) | - | - | -"],
        );
        says(
            "package webd-2.0-1.el9.noarch requires libweb >= 3, but none of the providers can be installed\nconflicting requests",
            &["DependencyTooOld libweb: libweb >= 3 | 1.5-1.el9 | 2.0-1.el9 | -"],
        );
    }

    #[test]
    fn conflicts_are_about_the_package_that_is_not_the_target() {
        let expected = ["Conflict oldweb: webd 4.0-1.el9 together with oldweb 1.0-1.el9 | 1.0-1.el9 | - | -"];
        says(
            "problem with installed package oldweb-1.0-1.el9.noarch\npackage webd-4.0-1.el9.noarch conflicts with oldweb < 2 provided by oldweb-1.0-1.el9.noarch\ncannot install both webd-5.0-1.el9.noarch and webd-4.0-1.el9.noarch\nconflicting requests",
            &expected,
        );
        says(
            "package oldweb-1.0-1.el9.noarch conflicts with webd > 3 provided by webd-4.0-1.el9.noarch",
            &expected,
        );
        says(
            "installed package oldweb-1.0-1.el9.noarch obsoletes webd > 3 provided by webd-4.0-1.el9.noarch",
            &expected,
        );
    }

    #[test]
    fn who_needs_the_old_version_is_in_the_way() {
        says(
            "problem with installed package app-1.0-1.el9.noarch\npackage app-1.0-1.el9.noarch requires webd = 1.0, but none of the providers can be installed\ncannot install both webd-2.0-1.el9.noarch and webd-1.0-1.el9.noarch\nconflicting requests",
            &["Conflict app: app needs webd = 1.0, webd  | 1.0-1.el9 | - | -"],
        );
    }

    #[test]
    fn what_is_filtered_out_is_held_or_not_to_be_had() {
        says(
            "All matches were filtered out by exclude filtering for argument: webd-2.0-1.el9",
            &["Held webd: - | - | - | -"],
        );
        says(
            "package webd-2.0-1.el9.noarch requires libweb >= 2, but none of the providers can be installed\npackage libweb-2.0-1.el9.noarch is filtered out by exclude filtering",
            &["Held libweb: - | 1.5-1.el9 | 2.0-1.el9 | webd"],
        );
        says(
            "The operation would result in removing the following protected packages: dnf, oldweb",
            &["WouldRemove dnf: - | - | - | -", "WouldRemove oldweb: - | 1.0-1.el9 | - | -"],
        );
        says("No match for argument: webd-9", &["TargetUnavailable webd: - | - | - | -"]);
        says(
            "package webd-2.0-1.el9.noarch is filtered out by modular filtering",
            &["TargetUnavailable webd: - | - | - | -"],
        );
    }
}
