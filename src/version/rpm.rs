//! rpm's order of versions: epoch, version and release, rpm-version(7).
//!
//! A release that is missing is an empty one, below every other: installed packages always have one.

use std::cmp::Ordering;

use super::compare_parts;
use super::number::{self, take};

/// Epoch, version and release. No epoch is the epoch 0.
fn split(evr: &str) -> (&str, &str, &str) {
    let (epoch, rest) = evr.split_once(':').unwrap_or(("0", evr));
    let (version, release) = rest.rsplit_once('-').unwrap_or((rest, ""));
    (epoch, version, release)
}

pub(super) fn upstream(evr: &str) -> &str {
    split(evr).1
}

pub(super) fn compare(one: &str, other: &str) -> Ordering {
    compare_parts(one, other, split, part)
}

/// Compares stretches of digits and of letters, pair by pair; what stands between them only parts them.
fn part(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    loop {
        take(&mut one, is_separator);
        take(&mut other, is_separator);
        let mark = weight(one.first()).cmp(&weight(other.first()));
        match (mark, one.first()) {
            (Ordering::Equal, None) => return Ordering::Equal,
            (Ordering::Equal, Some(b'~' | b'^')) => {
                one = one.get(1..).unwrap_or_default();
                other = other.get(1..).unwrap_or_default();
            }
            (Ordering::Equal, Some(first)) => {
                let order = stretch(&mut one, &mut other, first.is_ascii_digit());
                if order != Ordering::Equal {
                    return order;
                }
            }
            (differs, _) => return differs,
        }
    }
}

/// `~` before the end, the end before `^`, that before letters, letters before digits.
fn weight(byte: Option<&u8>) -> u8 {
    match byte {
        Some(b'~') => 0,
        None => 1,
        Some(b'^') => 2,
        Some(byte) if byte.is_ascii_digit() => 4,
        Some(_) => 3,
    }
}

fn stretch(one: &mut &[u8], other: &mut &[u8], of_digits: bool) -> Ordering {
    if of_digits {
        number::compare(number::digits(one), number::digits(other))
    } else {
        take(one, u8::is_ascii_alphabetic).cmp(take(other, u8::is_ascii_alphabetic))
    }
}

fn is_separator(byte: &u8) -> bool {
    !byte.is_ascii_alphanumeric() && !matches!(byte, b'~' | b'^')
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::super::oracle;
    use super::*;

    #[test]
    fn the_documented_examples() {
        for (one, other, order) in [
            ("1.0~rc1-1", "1.0-1", Ordering::Less),
            ("1.0^git1-1", "1.0-1", Ordering::Greater),
            ("1.0^git1-1", "1.0.1-1", Ordering::Less),
            ("1.0^git1-1", "1.0a-1", Ordering::Less),
            ("1.0~rc1^git1-1", "1.0~rc1-1", Ordering::Greater),
            ("1.05-1", "1.5-1", Ordering::Equal),
            ("1.0-1", "1_0-1", Ordering::Equal),
            ("1.0a-1", "1.0-1", Ordering::Greater),
            ("1.a-1", "1.1-1", Ordering::Less),
            ("2:1.0-1", "9.0-1", Ordering::Greater),
            ("0:1.0-1", "1.0-1", Ordering::Equal),
            ("1.0-1.el9", "1.0-1.el9_4.2", Ordering::Less),
            ("5.14.0-503.el9", "5.14.0-70.el9", Ordering::Greater),
            ("99999999999999999999999-1", "100000000000000000000000-1", Ordering::Less),
        ] {
            assert_eq!(compare(one, other), order, "{one} {other}");
            assert_eq!(compare(other, one), order.reverse(), "{other} {one}");
        }
    }

    #[test]
    fn the_upstream_part_has_no_epoch_and_no_release() {
        assert_eq!(upstream("1:1.20.1-20.el9"), "1.20.1");
        assert_eq!(upstream("1.0~rc1-1"), "1.0~rc1");
        assert_eq!(upstream(""), "");
    }

    fn evr() -> impl Strategy<Value = String> {
        ("([0-9]:)?", "[0-9][0-9a-c.+~^_]{0,8}", "-[0-9a-c.+~^_]{1,5}")
            .prop_map(|(epoch, version, release)| format!("{epoch}{version}{release}"))
    }

    proptest! {
        #[test]
        fn it_is_an_order_on_any_text(a in "\\PC{0,12}", b in "\\PC{0,12}", c in evr(), d in evr(), e in evr()) {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            let mut three = [&c, &d, &e];
            three.sort_by(|one, other| compare(one, other));
            prop_assert_ne!(compare(three[0], three[2]), Ordering::Greater);
        }
    }

    const REAL: [&str; 12] = [
        "1:1.20.1-20.el9.0.1",
        "8.7p1-43.el9",
        "5.14.0-503.11.1.el9_5",
        "1:3.2.2-6.el9_5.1",
        "2:8.2.2637-21.el9",
        "20240202.2.20283bf-1.el9",
        "7.76.1-31.el9",
        "3.9.21-1.el9_5",
        "1.8.23~rc1-1.fc40",
        "0^20240110git1a2b3c4-2.fc40",
        "2.34-125.el9_5.1",
        "1.1.1k-12.el8_9",
    ];

    #[test]
    #[ignore = "needs rpm: scripts/test"]
    fn it_is_rpms_order_on_20_000_random_and_real_pairs() {
        let pairs = oracle::pairs(&evr(), &REAL, 20_000);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), oracle::lines(&pairs)).unwrap();
        let lua = format!(
            "%{{lua: for line in io.lines({:?}) do local a, b = line:match('(%S+) (%S+)') print(rpm.vercmp(a, b) .. '\\n') end}}",
            file.path()
        );
        let output = Command::new("rpm").args(["--eval", &lua]).output().unwrap();
        let answers = String::from_utf8(output.stdout).unwrap();
        oracle::agree(&pairs, answers.split_whitespace(), compare);
    }
}
