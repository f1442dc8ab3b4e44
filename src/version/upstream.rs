//! The upstream version as semver, with what semver has no place for kept for the order.
//!
//! Epoch, revision and repacking marks are taken off. `+really` means what follows it. Missing
//! numbers are zero; numbers beyond the third, letters and patch levels order after the first three;
//! `~rc1`, apk's `_rc1` and pacman's `rc1` are pre-releases. What does not begin with a number cannot be
//! mapped.

use super::{System, apk};

/// Marks of a repacked source, which change nothing upstream; each may be followed by a number.
const REPACKED: [&str; 7] = ["+dfsg", "~dfsg", ".dfsg", "+ds", "~ds", "+repack", "~repack"];

/// Beginnings of a distribution's own suffix in versions without a revision: a rebuild for a release.
const REBUILT: [&str; 6] = ["~deb", "~bpo", "+deb", "~ubuntu", "+ubuntu", "+b"];

/// An upstream version: its semver and what orders after that.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Upstream {
    semver: semver::Version,
    after: Vec<Piece>,
}

/// A piece of a version beyond its three numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Text(String),
    Number(u64),
}

impl Upstream {
    /// Maps a full version of a system; `None` if it cannot be mapped.
    pub fn parse(system: System, version: &str) -> Option<Self> {
        let (release, pre) = pre_release(system, bare(system, version));
        let (numbers, tail) = numbers(release)?;
        let mut three = [0; 3];
        let mut after = Vec::new();
        for (nth, number) in numbers.into_iter().enumerate() {
            match three.get_mut(nth) {
                Some(place) => *place = number,
                None => after.push(Piece::Number(number)),
            }
        }
        // 1.2.3.0 is 1.2.3, as 1.2 is 1.2.0.
        while after.last() == Some(&Piece::Number(0)) && tail.is_empty() {
            after.pop();
        }
        after.extend(pieces(tail)?);
        let [major, minor, patch] = three;
        let mut semver = semver::Version::new(major, minor, patch);
        if !pre.is_empty() {
            semver.pre = semver::Prerelease::new(&identifiers(pre)).ok()?;
        }
        Some(Self { semver, after })
    }

    /// How many numbers a version of a system is written with: 2 for `1:9.2p1-2`.
    pub(super) fn numbers_written(system: System, version: &str) -> usize {
        numbers(bare(system, version)).map_or(0, |(numbers, _)| numbers.len())
    }

    /// The first three numbers, and the pre-release.
    pub fn semver(&self) -> &semver::Version {
        &self.semver
    }
}

/// The upstream version as it is written, where the packaging went back without an epoch that of what follows.
pub(super) fn plain(system: System, version: &str) -> &str {
    match system {
        System::Debian => really(system.upstream(version)),
        System::Rpm | System::Apk | System::Pacman => system.upstream(version),
    }
}

/// The upstream version without what packaging adds to it.
fn bare(system: System, version: &str) -> &str {
    let upstream = system.upstream(version);
    match system {
        System::Debian => without(without(really(upstream), &REBUILT), &REPACKED),
        System::Rpm | System::Apk | System::Pacman => upstream,
    }
}

/// The release, and what comes before it: each system marks a pre-release in its own way.
fn pre_release(system: System, upstream: &str) -> (&str, &str) {
    match system {
        System::Debian | System::Rpm => upstream.split_once('~').unwrap_or((upstream, "")),
        System::Apk => apk::pre_release(upstream),
        System::Pacman => unmarked_pre_release(upstream),
    }
}

/// pacman orders `3.4.0rc1` before `3.4.0` without a mark: by its word, as upstream writes it.
fn unmarked_pre_release(upstream: &str) -> (&str, &str) {
    let end = upstream.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(upstream.len());
    let Some((numbers, word)) = upstream.split_at_checked(end) else { return (upstream, "") };
    let is_before = ["alpha", "beta", "pre", "rc"].iter().any(|before| word.starts_with(before));
    if is_before { (numbers.trim_end_matches('.'), word) } else { (upstream, "") }
}

/// `2.36.1+really2.35` is 2.35: the packaging went back without an epoch.
fn really(text: &str) -> &str {
    text.rsplit_once("+really").map_or(text, |(_, really)| really)
}

/// Takes off the last mark of a list that is followed by nothing but numbers and their separators.
fn without<'a>(text: &'a str, marks: &[&str]) -> &'a str {
    let ends_here = |rest: &str| {
        rest.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'u' | b'+' | b'~'))
    };
    let cut = marks.iter().filter_map(|mark| {
        let at = text.rfind(mark)?;
        ends_here(text.get(at + mark.len()..)?).then_some(at)
    });
    cut.min().and_then(|at| text.get(..at)).unwrap_or(text)
}

/// The leading numbers, and the rest. `None` if there is none, or one that is too large.
fn numbers(text: &str) -> Option<(Vec<u64>, &str)> {
    let mut numbers = Vec::new();
    let mut rest = text;
    loop {
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, tail) = rest.split_at_checked(length)?;
        numbers.push(digits.parse().ok()?);
        match tail.strip_prefix('.') {
            Some(next) if next.bytes().next().is_some_and(|byte| byte.is_ascii_digit()) => rest = next,
            _ => return Some((numbers, tail)),
        }
    }
}

/// What follows the numbers, in stretches of letters and of digits; separators only part them.
fn pieces(text: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let digits = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
        let (piece, tail) = rest.split_at_checked(end)?;
        rest = tail;
        if digits {
            pieces.push(Piece::Number(piece.parse().ok()?));
        } else {
            let letters = piece.trim_matches(['.', '-', '_']);
            if !letters.is_empty() {
                pieces.push(Piece::Text(letters.to_owned()));
            }
        }
    }
    Some(pieces)
}

/// `rc1` as semver's identifiers `rc.1`, so that rc10 comes after rc2.
fn identifiers(pre: &str) -> String {
    let mut identifiers = String::new();
    let mut before: Option<char> = None;
    for character in pre.chars() {
        let character = if character.is_ascii_alphanumeric() { character } else { '.' };
        let turns = before.is_some_and(|before| before.is_ascii_digit() != character.is_ascii_digit());
        if character == '.' || (turns && before != Some('.')) {
            if !identifiers.is_empty() && !identifiers.ends_with('.') {
                identifiers.push('.');
            }
        }
        if character != '.' {
            // Semver forbids leading zeros in numbers.
            let number_begins = identifiers.is_empty() || identifiers.ends_with('.');
            if !(number_begins && character == '0' && before == Some('0')) {
                identifiers.push(character);
            }
        }
        before = Some(character);
    }
    let trimmed = identifiers.trim_end_matches('.');
    trimmed.split('.').map(without_zeros).collect::<Vec<_>>().join(".")
}

/// `007` is 7; `0` stays.
fn without_zeros(identifier: &str) -> &str {
    if identifier.bytes().all(|byte| byte.is_ascii_digit()) {
        let short = identifier.trim_start_matches('0');
        if short.is_empty() { "0" } else { short }
    } else {
        identifier
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(system: System, version: &str) -> String {
        let Some(upstream) = Upstream::parse(system, version) else { return "-".to_owned() };
        let after = upstream.after.iter().map(|piece| match piece {
            Piece::Text(text) => format!(" {text}"),
            Piece::Number(number) => format!(" {number}"),
        });
        format!("{}{}", upstream.semver, after.collect::<String>())
    }

    /// Real versions of Debian and Ubuntu packages, and what they map to; `-` is not to be mapped.
    const TABLE: [(&str, &str); 64] = [
        ("1.22.1-9+deb12u2", "1.22.1"),
        ("1.26.3-3+deb13u1", "1.26.3"),
        ("1.18.0-6.1+deb11u3", "1.18.0"),
        ("3.0.16-1~deb12u1", "3.0.16"),
        ("3.5.4-1~deb13u1", "3.5.4"),
        ("1.1.1w-0+deb11u1", "1.1.1 w"),
        ("1:9.2p1-2+deb12u7", "9.2.0 p 1"),
        ("1:10.0p1-7", "10.0.0 p 1"),
        ("1:8.4p1-5+deb11u3", "8.4.0 p 1"),
        ("252.39-1~deb12u1", "252.39.0"),
        ("257.9-1~deb13u1", "257.9.0"),
        ("2024a-0+deb12u1", "2024.0.0 a"),
        ("2025b-0+deb12u2", "2025.0.0 b"),
        ("131.0.6778.139-1~deb12u1", "131.0.6778 139"),
        ("1:2.36.1+really2.35-4", "2.35.0"),
        ("2.36-9+deb12u13", "2.36.0"),
        ("5.2.15-2+b7", "5.2.15"),
        ("8.32-4+b2", "8.32.0"),
        ("7.88.1-10+deb12u14", "7.88.1"),
        ("6.12.48-1", "6.12.48"),
        ("6.1.0-18", "6.1.0"),
        ("1:1.2.13.dfsg-1", "1.2.13"),
        ("1:1.3.dfsg+really1.3.1-1+b1", "1.3.1"),
        ("2.4.65-1~deb12u1", "2.4.65"),
        ("15.14-0+deb12u1", "15.14.0"),
        ("17.6-0+deb13u1", "17.6.0"),
        ("1:10.11.14-0+deb12u2", "10.11.14"),
        ("5:7.0.15-1~deb12u6", "7.0.15"),
        ("5:8.0.2-3+deb13u1", "8.0.2"),
        ("2.6.12-1+deb12u3", "2.6.12"),
        ("1.6.18-1", "1.6.18"),
        ("2:8.2.4793-1", "8.2.4793"),
        ("2:9.0.1378-2+deb12u2", "9.0.1378"),
        ("20230311+deb12u1", "20230311.0.0"),
        ("20250419", "20250419.0.0"),
        ("12.4+deb12u12", "12.4.0"),
        ("0.7.13+dfsg-2", "0.7.13"),
        ("1.16.2+ds-1+b3", "1.16.2"),
        ("1.16.2+ds0-1", "1.16.2"),
        ("20.10.24+dfsg1-1+deb12u1", "20.10.24"),
        ("4.3.1+ds1-8+deb12u1", "4.3.1"),
        ("0.52.6+ds.1-1", "0.52.6"),
        ("3.11.2-1+b1", "3.11.2"),
        ("3.0.0~rc1-1", "3.0.0-rc.1"),
        ("3.0.0~beta2-1", "3.0.0-beta.2"),
        ("2.0~alpha10-1", "2.0.0-alpha.10"),
        ("1.0~rc1+dfsg-2", "1.0.0-rc.1"),
        ("1.24.0-2ubuntu7.5", "1.24.0"),
        ("3.0.13-0ubuntu3.6", "3.0.13"),
        ("2.39-0ubuntu8.6", "2.39.0"),
        ("1:2.43.0-1ubuntu7.3", "2.43.0"),
        ("5.36.0-7+deb12u3", "5.36.0"),
        ("1.9.13p3-1+deb12u2", "1.9.13 p 3"),
        ("4.96-15+deb12u7", "4.96.0"),
        ("2.2.40-1.1+deb12u1", "2.2.40"),
        ("590-2.1~deb12u2", "590.0.0"),
        ("6.4+20240113-1", "6.4.0 + 20240113"),
        ("0.0~git20210726.6b0e38c-1", "0.0.0-git.20210726.6.b.0.e.38.c"),
        ("1.2.3.4.5-1", "1.2.3 4 5"),
        ("2024.01.02-1", "2024.1.2"),
        ("4.13+dfsg1-1+deb12u1", "4.13.0"),
        ("git20200101-1", "-"),
        ("", "-"),
        ("99999999999999999999.1-1", "-"),
    ];

    #[test]
    fn real_versions_map_as_the_contract_says() {
        for (version, expected) in TABLE {
            assert_eq!(shown(System::Debian, version), expected, "{version}");
        }
    }

    /// Real versions of the other systems.
    const ELSEWHERE: [(System, &str, &str); 24] = [
        (System::Rpm, "1:1.20.1-20.el9.0.1", "1.20.1"),
        (System::Rpm, "2:1.26.3-1.module+el9.5.0+22888+1a2b3c4d", "1.26.3"),
        (System::Rpm, "8.7p1-43.el9", "8.7.0 p 1"),
        (System::Rpm, "1.1.1k-12.el8_9", "1.1.1 k"),
        (System::Rpm, "5.14.0-503.11.1.el9_5", "5.14.0"),
        (System::Rpm, "1.8.23~rc1-1.fc40", "1.8.23-rc.1"),
        (System::Rpm, "2.0^20240110git1a2b-2.fc40", "2.0.0 ^ 20240110 git 1 a 2 b"),
        (System::Rpm, "2025b-1.el9", "2025.0.0 b"),
        (System::Rpm, "2.36.1-8.el9", "2.36.1"),
        (System::Apk, "1.28.0-r3", "1.28.0"),
        (System::Apk, "9.9_p2-r0", "9.9.0 p 2"),
        (System::Apk, "3.0.0_rc4-r1", "3.0.0-rc.4"),
        (System::Apk, "1.1.1w-r1", "1.1.1 w"),
        (System::Apk, "2025b-r0", "2025.0.0 b"),
        (System::Apk, "1.2_alpha1_p3-r0", "1.2.0-alpha.1.p.3"),
        (System::Apk, "0.9.11~1a2b3c-r2", "0.9.11"),
        (System::Apk, "0.9.11_git20240101-r2", "0.9.11 git 20240101"),
        (System::Pacman, "1.28.0-1", "1.28.0"),
        (System::Pacman, "9.9p2-1", "9.9.0 p 2"),
        (System::Pacman, "1:2.46.0-2", "2.46.0"),
        (System::Pacman, "3.4.0rc1-1", "3.4.0-rc.1"),
        (System::Pacman, "2.0.beta3-2", "2.0.0-beta.3"),
        (System::Pacman, "6.11.5.arch1-1", "6.11.5 arch 1"),
        (System::Pacman, "r1234.g1a2b3c4-1", "-"),
    ];

    #[test]
    fn each_system_marks_what_is_not_upstream_in_its_own_way() {
        for (system, version, expected) in ELSEWHERE {
            assert_eq!(shown(system, version), expected, "{system:?} {version}");
        }
        let openssh = [
            (System::Debian, "1:9.9p2-1"),
            (System::Rpm, "9.9p2-7.fc42"),
            (System::Apk, "9.9_p2-r0"),
            (System::Pacman, "9.9p2-1"),
        ];
        for one in openssh {
            for other in openssh {
                assert!(super::super::same_upstream(one, other), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn what_semver_has_no_place_for_keeps_its_order() {
        let ordered = [
            "1.1.0-1",
            "1.1.1~rc2-1",
            "1.1.1~rc10-1",
            "1.1.1-1",
            "1.1.1a-1",
            "1.1.1w-1",
            "1.1.2-1",
            "9.2-1",
            "9.2p1-1",
            "9.2p2-1",
            "9.2p10-1",
            "131.0.6778.85-1",
            "131.0.6778.139-1",
            "2023c-1",
            "2024a-1",
            "2024b-1",
            "20230311",
            "20250419",
        ];
        let mapped: Vec<Upstream> =
            ordered.iter().map(|version| Upstream::parse(System::Debian, version).unwrap()).collect();
        for (pair, names) in mapped.windows(2).zip(ordered.windows(2)) {
            assert!(pair[0] < pair[1], "{} is before {}", names[0], names[1]);
        }
    }

    #[test]
    fn repacking_is_no_other_version() {
        assert!(super::super::same_upstream((System::Debian, "1.16.2+ds-1"), (System::Debian, "1.16.2-5")));
        assert!(super::super::same_upstream((System::Debian, "1.26-1"), (System::Debian, "1.26.0-1")));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            for system in [System::Debian, System::Rpm, System::Apk, System::Pacman] {
                let _ = Upstream::parse(system, &text);
            }
        }

        #[test]
        fn plain_numbers_order_as_dpkg_orders_them(a in "[1-9]?[0-9](\\.[1-9]?[0-9]){0,4}", b in "[1-9]?[0-9](\\.[1-9]?[0-9]){0,4}") {
            let (one, other) = (Upstream::parse(System::Debian, &a).unwrap(), Upstream::parse(System::Debian, &b).unwrap());
            // 1.0 and 1.0.0 are one upstream version and two of dpkg's.
            if one != other {
                prop_assert_eq!(one.cmp(&other), System::Debian.compare(&a, &b));
            }
        }
    }
}
