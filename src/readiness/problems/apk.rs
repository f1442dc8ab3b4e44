//! apk's words: below each package that it could not select, what that would break and who asks for it.
//!
//! `libweb-1.5-r0:` / `breaks: webd-2.0-r0[libweb>=3]`; what is asked for stands in brackets behind the package that asks,
//! or behind `world`, which is what the host's owner asked for.

use super::Refusal;
use crate::readiness::obstacle::Obstacle;

/// What the host's owner asked for, `/etc/apk/world`.
const WORLD: &str = "world";

/// What it says of a package that it could not select.
const WORDS: [&str; 6] = ["breaks", "satisfies", "conflicts", "required by", "provided by", "masked in"];

/// One package that could not be selected, and what it says of it: a word, who asks, and for what.
type Group<'a> = (&'a str, Vec<(&'a str, &'a str, &'a str)>);

pub(super) fn obstacles(refusal: &Refusal<'_>) -> Vec<Obstacle> {
    let groups = groups(&refusal.solve.said);
    let each = groups.iter().flat_map(|group| group.1.iter().map(move |asked| (group, *asked)));
    each.filter_map(|(group, asked)| of_line(refusal, group, asked)).collect()
}

fn groups(said: &[String]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut what = "";
    for line in said.iter().map(|line| line.trim()) {
        if let Some(package) = line.strip_suffix(':') {
            groups.push((package, Vec::new()));
            continue;
        }
        let rest = WORDS.iter().find_map(|word| Some((*word, line.strip_prefix(word)?.strip_prefix(": ")?)));
        // Without a word it is the rest of a list that was too long for a line.
        let (word, list) = rest.unwrap_or((what, line));
        what = word;
        if let Some((_, asked_for)) = groups.last_mut() {
            asked_for.extend(list.split(' ').filter_map(asked).map(|(who, needs)| (word, who, needs)));
        }
    }
    groups
}

/// `webd-2.0-r0[libweb>=3]`: who asks, and for what.
fn asked(text: &str) -> Option<(&str, &str)> {
    text.strip_suffix(']')?.split_once('[')
}

fn of_line(
    refusal: &Refusal<'_>,
    (package, all): &Group<'_>,
    (what, who, needs): (&str, &str, &str),
) -> Option<Obstacle> {
    let missing = package.strip_suffix(" (no such package)");
    let (subject, version) = split(package);
    match what {
        "required by" if who == WORLD && name(needs) == refusal.target => {
            Some(refusal.unavailable("no source of this host has it"))
        }
        "required by" if missing.is_some() && who == WORLD => {
            Some(refusal.unmet(name(needs), needs, "/etc/apk/world"))
        }
        "required by" if missing.is_some() => Some(refusal.unmet(name(needs), needs, split(who).0)),
        "conflicts" => Some(refusal.conflict((subject, version), split(who))),
        "breaks" if needs.starts_with('!') => Some(refusal.conflict(split(who), (subject, version))),
        "breaks" if who == WORLD && name(needs) == refusal.target => None,
        // The owner wants another version of it.
        "breaks" if who == WORLD => Some(refusal.held(subject, Some(version))),
        "breaks" if subject == refusal.target => {
            let (name, version) = split(who);
            Some(refusal.needs_the_old(name, Some(version), needs))
        }
        // It is too old because the owner wants it so.
        "breaks" if all.iter().any(|(_, who, needs)| *who == WORLD && needs.contains(['=', '<', '~'])) => {
            let newest = refusal.unmet(name(needs), needs, split(who).0).candidate;
            Some(refusal.held(subject, newest.as_deref()))
        }
        "breaks" => Some(refusal.unmet(name(needs), needs, split(who).0)),
        _ => None,
    }
}

/// `web-libs-2.0-r0`: the name and the version, which begins with a digit.
fn split(package: &str) -> (&str, &str) {
    let is_version =
        |at: &usize| package.get(at + 1..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let at = package.rmatch_indices('-').map(|(at, _)| at).find(is_version);
    at.and_then(|at| Some((package.get(..at)?, package.get(at + 1..)?))).unwrap_or((package, ""))
}

/// What is asked for, without its version.
fn name(needs: &str) -> &str {
    let bare = needs.trim_start_matches('!');
    bare.split(['<', '>', '=', '~', '@']).next().unwrap_or(bare)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{record, refused, shown};
    use crate::version::System;

    #[track_caller]
    fn says(said: &str, expected: &[&str]) {
        let records = vec![
            record(true, "libweb", "1.5-r0"),
            record(false, "libweb", "2.0-r0"),
            record(true, "oldweb", "1.0-r0"),
        ];
        let said = format!("ERROR: unable to select packages:\n{said}");
        assert_eq!(shown(&refused(System::Apk, "webd", records, &said)), expected);
    }

    #[test]
    fn what_is_needed_is_missing_or_too_old() {
        says(
            "  libweb-1.5-r0:\n    breaks: webd-2.0-r0[libweb>=3]\n    satisfies: world[libweb] other-1-r0[libweb]",
            &["DependencyTooOld libweb: libweb>=3 | 1.5-r0 | 2.0-r0 | -"],
        );
        says(
            "  libnone (no such package):\n    required by: webd-3.0-r0[libnone]",
            &["DependencyMissing libnone: libnone | - | - | -"],
        );
        says(
            "  so:libnone.so.3 (no such package):\n    required by: web-libs-3.0-r0[so:libnone.so.3] webd-3.0-r0[so:libnone.so.3]\n                 third-1-r0[so:libnone.so.3]",
            &[
                "DependencyMissing so:libnone.so.3: so:libnone.so.3 | - | - | web-libs",
                "DependencyMissing so:libnone.so.3: so:libnone.so.3 | - | - | -",
                "DependencyMissing so:libnone.so.3: so:libnone.so.3 | - | - | third",
            ],
        );
    }

    #[test]
    fn conflicts_are_about_the_package_that_is_not_the_target() {
        says(
            "  oldweb-1.0-r0:\n    breaks: webd-4.0-r0[!oldweb]\n    satisfies: world[oldweb]",
            &["Conflict oldweb: webd 4.0-r0 together with oldweb 1.0-r0 | 1.0-r0 | - | -"],
        );
        says(
            "  webd-4.0-r0:\n    conflicts: oldweb-1.0-r0[cmd:web=1]",
            &["Conflict oldweb: webd 4.0-r0 together with oldweb 1.0-r0 | 1.0-r0 | - | -"],
        );
        says(
            "  webd-4.0-r0:\n    breaks: app-1.0-r0[webd<2]\n    satisfies: world[webd=4.0-r0]",
            &["Conflict app: app needs webd<2, webd  | 1.0-r0 | - | -"],
        );
    }

    #[test]
    fn what_the_owner_asked_for_is_held() {
        says(
            "  libweb-2.0-r0:\n    breaks: world[libweb=1.5-r0]\n    satisfies: webd-2.0-r0[libweb>=2]",
            &["Held libweb: - | 1.5-r0 | 2.0-r0 | webd"],
        );
        says(
            "  libweb-1.5-r0:\n    breaks: webd-2.0-r0[libweb>=2]\n    satisfies: world[libweb=1.5-r0]",
            &["Held libweb: - | 1.5-r0 | 2.0-r0 | webd"],
        );
        says("  webd-1.0-r0:\n    breaks: world[webd=9-r0]", &[]);
        says(
            "  webd (no such package):\n    required by: world[webd=9-r0]",
            &["TargetUnavailable webd: - | - | - | -"],
        );
    }
}
