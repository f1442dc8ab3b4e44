//! A requirement of the playbook on an upstream version.

use std::fmt;

use super::{System, Upstream};

/// First numbers from here on are years or dates, `2025b` or `20250419`: they only ever grow.
const FIRST_YEAR: u64 = 1900;

/// A semver requirement: `>=1.24, <1.27`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    text: String,
    requirement: semver::VersionReq,
}

impl Requirement {
    /// Reads a requirement.
    ///
    /// # Errors
    /// What is wrong with it, and what is expected, as a fragment in lower case.
    pub fn parse(text: &str) -> Result<Self, String> {
        match semver::VersionReq::parse(text) {
            Ok(requirement) => Ok(Self { text: text.trim().to_owned(), requirement }),
            Err(error) => Err(format!(
                "{error}; expected a requirement on the upstream version, such as \">=1.24, <1.27\""
            )),
        }
    }

    /// A requirement that a version meets, and with it the series that it belongs to: `>=1.26, <1.27` for
    /// 1.26.3. A version of two numbers is one of the series that its first number names, as 17.6 is of 17;
    /// what is named after a date has no series. `None` if the version cannot be mapped.
    pub fn of_series(system: System, version: &str) -> Option<Self> {
        let upstream = Upstream::parse(system, version)?;
        let semver::Version { major, minor, pre, .. } = upstream.semver();
        let written = Upstream::numbers_written(system, version);
        let from = match written {
            _ if !pre.is_empty() => upstream.semver().to_string(),
            0 | 1 => major.to_string(),
            _ => format!("{major}.{minor}"),
        };
        let below = match written {
            _ if *major >= FIRST_YEAR => String::new(),
            0..=2 => format!(", <{}", major.saturating_add(1)),
            _ => format!(", <{major}.{}", minor.saturating_add(1)),
        };
        Self::parse(&format!(">={from}{below}")).ok().filter(|series| series.met_by(&upstream))
    }

    /// What meets it, as three numbers each: from the first to before the second, or without an end. `None`
    /// where that cannot be said: a requirement that names a pre-release, or that nothing meets.
    pub fn bounds(&self) -> Option<([u64; 3], Option<[u64; 3]>)> {
        let mut whole = ([0; 3], None);
        for comparator in &self.requirement.comparators {
            let (from, below) = bounds_of(comparator)?;
            whole.0 = whole.0.max(from);
            whole.1 = match (whole.1, below) {
                (Some(one), Some(other)) => Some(std::cmp::min::<[u64; 3]>(one, other)),
                (one, other) => one.or(other),
            };
        }
        whole.1.is_none_or(|below| whole.0 < below).then_some(whole)
    }

    /// Whether an upstream version meets it. Pre-releases meet only requirements that name one.
    pub fn met_by(&self, version: &Upstream) -> bool {
        self.requirement.matches(version.semver())
    }
}

/// What meets one comparator, as semver has it: what is left out stands for every number.
fn bounds_of(comparator: &semver::Comparator) -> Option<([u64; 3], Option<[u64; 3]>)> {
    use semver::Op;
    if !comparator.pre.is_empty() {
        return None;
    }
    let major = comparator.major;
    let from = [major, comparator.minor.unwrap_or(0), comparator.patch.unwrap_or(0)];
    // The first version after everything that begins with what is written.
    let after = match (comparator.minor, comparator.patch) {
        (Some(minor), Some(patch)) => [major, minor, patch.saturating_add(1)],
        (Some(minor), None) => [major, minor.saturating_add(1), 0],
        (None, _) => [major.saturating_add(1), 0, 0],
    };
    Some(match comparator.op {
        Op::Exact | Op::Wildcard => (from, Some(after)),
        Op::Greater => (after, None),
        Op::GreaterEq => (from, None),
        Op::Less => ([0; 3], Some(from)),
        Op::LessEq => ([0; 3], Some(after)),
        Op::Tilde => match comparator.minor {
            Some(minor) => (from, Some([major, minor.saturating_add(1), 0])),
            None => (from, Some(after)),
        },
        Op::Caret => match (major, comparator.minor, comparator.patch) {
            (0, Some(0), Some(_)) | (0, Some(_), _) => {
                let minor = comparator.minor.unwrap_or(0);
                let patch = comparator.patch.map(|patch| [0, 0, patch.saturating_add(1)]);
                (from, patch.filter(|_| minor == 0).or(Some([0, minor.saturating_add(1), 0])))
            }
            _ => (from, Some([major.saturating_add(1), 0, 0])),
        },
        _ => return None,
    })
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn met(requirement: &str, version: &str) -> bool {
        Requirement::parse(requirement).unwrap().met_by(&Upstream::parse(System::Debian, version).unwrap())
    }

    #[test]
    fn requirements_speak_of_the_upstream_version() {
        assert!(met(">=1.24, <1.27", "1.26.3-3+deb13u1"));
        assert!(!met(">=1.24, <1.27", "1.22.1-9+deb12u2"));
        assert!(met(">=9.2", "1:9.2p1-2+deb12u7"));
        assert!(!met(">=3.0.0", "3.0.0~rc1-1"));
    }

    #[test]
    fn what_is_no_requirement_says_what_one_looks_like() {
        assert!(Requirement::parse(">=1.x.y").unwrap_err().contains(">=1.24, <1.27"));
    }

    #[test]
    fn a_version_belongs_to_a_series() {
        let table = [
            ("1.26.3-3+deb13u1", ">=1.26, <1.27"),
            ("1:10.0p1-7", ">=10.0, <11"),
            ("17.6-0+deb13u1", ">=17.6, <18"),
            ("257.9-1~deb13u1", ">=257.9, <258"),
            ("590-2.1~deb12u2", ">=590, <591"),
            ("0.7.13+dfsg-2", ">=0.7, <0.8"),
            ("1:2.36.1+really2.35-4", ">=2.35, <3"),
            ("131.0.6778.139-1~deb12u1", ">=131.0, <131.1"),
            ("2025b-0+deb12u2", ">=2025"),
            ("20250419", ">=20250419"),
            ("2024.01.02-1", ">=2024.1"),
            ("3.0.0~rc1-1", ">=3.0.0-rc.1, <3.1"),
        ];
        for (version, expected) in table {
            let series = Requirement::of_series(System::Debian, version).unwrap();
            assert_eq!(series.to_string(), expected, "{version}");
        }
        assert_eq!(Requirement::of_series(System::Debian, "git20200101-1"), None);
    }

    proptest! {
        #[test]
        fn bounds_say_the_same_as_the_requirement(
            requirement in "(=|>|>=|<|<=|~|\\^)[0-3]([.][0-3]([.][0-3])?)?(, (=|>|>=|<|<=|~|\\^)[0-3]([.][0-3]([.][0-3])?)?)?",
            version in proptest::array::uniform3(0_u64..5),
        ) {
            let requirement = Requirement::parse(&requirement).unwrap();
            let [major, minor, patch] = version;
            let upstream = Upstream::parse(System::Debian, &format!("{major}.{minor}.{patch}-1")).unwrap();
            let within = requirement
                .bounds()
                .is_some_and(|(from, below)| version >= from && below.is_none_or(|below| version < below));
            prop_assert_eq!(within, requirement.met_by(&upstream));
        }

        #[test]
        fn a_version_is_of_its_own_series(version in "[0-9]{1,12}([.][0-9]{1,3}){0,4}([a-z]|p[0-9]|~rc[0-9]|[+]dfsg1)?-[0-9]") {
            let series = Requirement::of_series(System::Debian, &version);
            let upstream = Upstream::parse(System::Debian, &version);
            prop_assert!(series.unwrap().met_by(&upstream.unwrap()));
        }
    }
}
