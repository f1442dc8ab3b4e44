//! dpkg's order of versions, deb-version(7) and Debian Policy 5.6.12.

use std::cmp::Ordering;

use super::{compare_parts, number};

/// Epoch, upstream version and revision. An epoch that is no number orders as text does: the real tool
/// would refuse it.
fn split(version: &str) -> (&str, &str, &str) {
    let (epoch, rest) = version.split_once(':').unwrap_or(("", version));
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    (epoch, upstream, revision)
}

pub(super) fn upstream(version: &str) -> &str {
    split(version).1
}

/// No revision and the revision `0` are the same, and so are no epoch and the epoch 0.
pub(super) fn compare(one: &str, other: &str) -> Ordering {
    compare_parts(one, other, split, part)
}

/// Alternates between stretches of other characters and of digits, comparing pair by pair.
fn part(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    loop {
        let text = letters(&mut one, &mut other);
        if text != Ordering::Equal {
            return text;
        }
        let number = number::compare(number::digits(&mut one), number::digits(&mut other));
        if number != Ordering::Equal || (one.is_empty() && other.is_empty()) {
            return number;
        }
    }
}

/// Compares and takes off what precedes the next digits on either side.
fn letters(one: &mut &[u8], other: &mut &[u8]) -> Ordering {
    loop {
        let (mine, its) = (weight(one.first()), weight(other.first()));
        if mine == END && its == END {
            return Ordering::Equal;
        }
        if mine != its {
            return mine.cmp(&its);
        }
        // Equal and not the end: both have a character.
        *one = one.get(1..).unwrap_or_default();
        *other = other.get(1..).unwrap_or_default();
    }
}

/// The end of a stretch weighs less than any character but `~`.
const END: u16 = 1;

/// `~` before the end, the end before letters, letters before everything else.
fn weight(byte: Option<&u8>) -> u16 {
    match byte {
        Some(b'~') => 0,
        None | Some(b'0'..=b'9') => END,
        Some(byte) if byte.is_ascii_alphabetic() => u16::from(*byte),
        Some(byte) => u16::from(*byte) + 256,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use proptest::prelude::*;
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;

    use super::*;

    #[test]
    fn the_documented_examples() {
        let ordered = [
            "~~",
            "~~a",
            "~",
            "",
            "0.1~rc1",
            "0.1~rc1-1",
            "0.1",
            "0.1-1~bpo",
            "0.1-1",
            "0.1-1+b3",
            "0.1+dfsg-1",
            "1:0",
            "1:a",
        ];
        for (nth, one) in ordered.iter().enumerate() {
            for other in ordered.iter().skip(nth + 1) {
                assert_eq!(compare(one, other), Ordering::Less, "{one} {other}");
            }
        }
        for (one, other, order) in [
            ("1.0~rc1", "1.0", Ordering::Less),
            ("1.0", "1.0-0", Ordering::Equal),
            ("0:1.0", "1.0", Ordering::Equal),
            ("1.02", "1.2", Ordering::Equal),
            ("1.10", "1.9", Ordering::Greater),
            ("1:0.1", "9.0", Ordering::Greater),
            ("1.16.2+ds-1+b3", "1.16.2+ds0-1", Ordering::Greater),
            ("1.0a", "1.0+", Ordering::Less),
            ("99999999999999999999999999", "100000000000000000000000000", Ordering::Less),
        ] {
            assert_eq!(compare(one, other), order, "{one} {other}");
            assert_eq!(compare(other, one), order.reverse(), "{other} {one}");
        }
    }

    #[test]
    fn the_upstream_part_ends_at_the_last_hyphen() {
        assert_eq!(upstream("1:2.36-rc1-9+deb12u2"), "2.36-rc1");
        assert_eq!(upstream("2024a"), "2024a");
        assert_eq!(upstream(""), "");
    }

    /// Versions that dpkg accepts, with what trips comparisons: tildes, zeros, hyphens, epochs.
    fn version() -> impl Strategy<Value = String> {
        ("([0-9]:)?", "[0-9][0-9a-c.+~]{0,8}", "(-[0-9a-c.+~]{1,5})?")
            .prop_map(|(epoch, upstream, revision)| format!("{epoch}{upstream}{revision}"))
    }

    proptest! {
        #[test]
        fn it_is_an_order_on_any_text(a in "\\PC{0,12}", b in "\\PC{0,12}", c in version(), d in version(), e in version()) {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            let mut three = [&c, &d, &e];
            three.sort_by(|one, other| compare(one, other));
            prop_assert_ne!(compare(three[0], three[2]), Ordering::Greater);
        }
    }

    /// The versions of the packages on this machine.
    fn real() -> Vec<String> {
        let output = Command::new("dpkg-query").args(["-W", "-f", "${Version}\\n"]).output().unwrap();
        String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// A neighbour of a version: something put in, or taken out.
    fn neighbour(version: &str, seed: usize) -> String {
        let upstream = version.find(':').map_or(0, |colon| colon + 1);
        let at = upstream + 1 + seed % (version.len() - upstream);
        let (head, tail) = version.split_at(at);
        match seed % 7 {
            0 => format!("{head}~{tail}"),
            1 => format!("{head}0{tail}"),
            2 => format!("{head}a{tail}"),
            3 => format!("{head}+{tail}"),
            4 => format!("{head}.{tail}"),
            5 => format!("{version}+b1"),
            _ => head.trim_end_matches('-').to_owned(),
        }
    }

    /// Asks libdpkg, in one process, for the order of every pair.
    fn oracle(pairs: &[(String, String)]) -> Vec<String> {
        let script = "use Dpkg::Version; while (<STDIN>) { chomp; my ($a, $b) = split /\\t/; print version_compare($a, $b), \"\\n\" }";
        let mut perl = Command::new("perl")
            .args(["-e", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let text: String = pairs.iter().map(|(one, other)| format!("{one}\t{other}\n")).collect();
        let mut stdin = perl.stdin.take().unwrap();
        let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
        let output = perl.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    #[ignore = "needs dpkg and libdpkg-perl: scripts/test"]
    fn it_is_dpkgs_order_on_20_000_random_and_real_pairs() {
        let mut runner = TestRunner::deterministic();
        let real = real();
        let mut pairs: Vec<(String, String)> = (0..10_000)
            .map(|_| {
                let mut make = || version().new_tree(&mut runner).unwrap().current();
                (make(), make())
            })
            .collect();
        for nth in 0..10_000_usize {
            let one = &real[nth * 31 % real.len()];
            let other = if nth % 2 == 0 { neighbour(one, nth) } else { real[nth * 17 % real.len()].clone() };
            pairs.push((one.clone(), other));
        }
        let answers = oracle(&pairs);
        assert_eq!(answers.len(), pairs.len());
        for ((one, other), answer) in pairs.iter().zip(&answers) {
            let order = match answer.as_str() {
                "-1" => Ordering::Less,
                "0" => Ordering::Equal,
                "1" => Ordering::Greater,
                odd => panic!("{one} {other}: the oracle said {odd}"),
            };
            assert_eq!(compare(one, other), order, "{one} {other}");
        }
        // The binary itself, on a sample: it costs a process a pair.
        for (one, other) in pairs.iter().step_by(100) {
            let less = Command::new("dpkg")
                .args(["--compare-versions", one, "lt", other])
                .stderr(Stdio::null())
                .status()
                .unwrap();
            assert_eq!(less.success(), compare(one, other) == Ordering::Less, "{one} {other}");
        }
    }
}
