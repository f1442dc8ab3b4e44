//! pacman's order of versions: epoch, version and release, vercmp(8) and alpm-pkgver(7).
//!
//! A release that is missing is an empty one: installed packages always have one.

use std::cmp::Ordering;

use super::compare_parts;
use super::number::{self, take};

/// Epoch, version and release. What stands before a colon and is no number belongs to the version.
fn split(version: &str) -> (&str, &str, &str) {
    let numbered =
        version.split_once(':').filter(|(epoch, _)| epoch.bytes().all(|byte| byte.is_ascii_digit()));
    let (epoch, rest) = numbered.unwrap_or(("0", version));
    let (version, release) = rest.rsplit_once('-').unwrap_or((rest, ""));
    (epoch, version, release)
}

pub(super) fn upstream(version: &str) -> &str {
    split(version).1
}

pub(super) fn compare(one: &str, other: &str) -> Ordering {
    compare_parts(one, other, split, part)
}

/// Compares stretches of digits and of letters, pair by pair. More that parts two stretches is more, and
/// letters at the end make a version older: `1.0rc` before `1.0` before `1.0.rc`.
fn part(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    loop {
        let gaps = (take(&mut one, is_separator).len(), take(&mut other, is_separator).len());
        let (Some(mine), Some(its)) = (one.first(), other.first()) else {
            return at_end(one.first(), other.first());
        };
        if gaps.0 != gaps.1 {
            return gaps.0.cmp(&gaps.1);
        }
        let order = match (mine.is_ascii_digit(), its.is_ascii_digit()) {
            (true, true) => number::compare(number::digits(&mut one), number::digits(&mut other)),
            (false, false) => {
                take(&mut one, u8::is_ascii_alphabetic).cmp(take(&mut other, u8::is_ascii_alphabetic))
            }
            (digit, _) => return if digit { Ordering::Greater } else { Ordering::Less },
        };
        if order != Ordering::Equal {
            return order;
        }
        if let (None, _) | (_, None) = (one.first(), other.first()) {
            return at_end(one.first(), other.first());
        }
    }
}

/// At least one has ended: what the other still has decides.
fn at_end(one: Option<&u8>, other: Option<&u8>) -> Ordering {
    let more = |byte: &u8| if byte.is_ascii_alphabetic() { Ordering::Less } else { Ordering::Greater };
    match (one, other) {
        (Some(byte), _) => more(byte),
        (None, Some(byte)) => more(byte).reverse(),
        (None, None) => Ordering::Equal,
    }
}

fn is_separator(byte: &u8) -> bool {
    !byte.is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::super::oracle;
    use super::*;

    #[test]
    fn the_documented_examples() {
        let ordered =
            ["1.0a", "1.0b", "1.0beta", "1.0p", "1.0pre", "1.0rc", "1.0", "1.0.a", "1.0.1", "1:0.1"];
        for (nth, one) in ordered.iter().enumerate() {
            for other in ordered.iter().skip(nth + 1) {
                assert_eq!(compare(one, other), Ordering::Less, "{one} {other}");
                assert_eq!(compare(other, one), Ordering::Greater, "{other} {one}");
            }
        }
        assert_eq!(compare("0:1.0-1", "1.0-1"), Ordering::Equal);
        assert_eq!(compare("1.0-2", "1.0-10"), Ordering::Less);
    }

    #[test]
    fn the_upstream_part_has_no_epoch_and_no_release() {
        assert_eq!(upstream("1:2.46.0-2"), "2.46.0");
        assert_eq!(upstream("9.9p2-1"), "9.9p2");
    }

    fn version() -> impl Strategy<Value = String> {
        ("([0-9]:)?", "[0-9][0-9a-c.+_]{0,8}", "-[0-9]{1,2}(\\.[0-9])?")
            .prop_map(|(epoch, version, release)| format!("{epoch}{version}{release}"))
    }

    proptest! {
        #[test]
        fn the_other_way_round_is_the_other_order(a in "\\PC{0,12}", b in "\\PC{0,12}", c in version(), d in version()) {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            prop_assert_eq!(compare(&c, &d), compare(&d, &c).reverse());
        }
    }

    const REAL: [&str; 12] = [
        "1.26.3-1",
        "9.9p2-1",
        "1:2.46.0-2",
        "6.11.5.arch1-1",
        "20250419-1",
        "2024.a-1",
        "3.4.0rc1-1",
        "r1234.g1a2b3c4-1",
        "1:1.20.1-20.1",
        "5.2.037-1",
        "257.5+1+g1a2b-1",
        "2.0.beta3-2",
    ];

    #[test]
    #[ignore = "needs vercmp of makepkg: scripts/test"]
    fn it_is_pacmans_order_on_6_000_random_and_real_pairs() {
        let pairs = oracle::pairs(&version(), &REAL, 6_000);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), oracle::lines(&pairs)).unwrap();
        let output =
            Command::new("xargs").arg("-n2").arg("-a").arg(file.path()).arg("vercmp").output().unwrap();
        let answers = String::from_utf8(output.stdout).unwrap();
        oracle::agree(&pairs, answers.split_whitespace(), compare);
    }
}
