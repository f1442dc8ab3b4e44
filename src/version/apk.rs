//! apk's order of versions, apk-package(5).
//!
//! `number{.number}{letter}{_suffix{number}}{~hash}{-rN}`. What the grammar does not allow, apk does not
//! compare: here it orders as text, below every version that it allows.

use std::cmp::Ordering;

use super::number::{self, significant, take};

/// The suffixes in their order; the first [`BEFORE`] of them come before a version without one.
const SUFFIXES: [&str; 9] = ["alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p"];
const BEFORE: usize = 4;

/// A piece of a version; where two versions have different kinds of piece, the later kind is the newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Piece<'a> {
    /// `_rc`, by its place among the suffixes.
    Before(usize),
    End,
    /// `-r1`
    Release(Number<'a>),
    /// `~1a2b3c`
    Hash(&'a [u8]),
    /// `_p`
    After(usize),
    Letter(u8),
    /// `1` of `_rc1`
    SuffixNumber(Number<'a>),
    /// A number behind a dot.
    Component(Component<'a>),
    /// The first number.
    First(Number<'a>),
}

/// Digits that order as a number of any size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Number<'a>(&'a [u8]);

/// Digits that order as text if either of two begins with a zero: `1.01` is before `1.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Component<'a>(&'a [u8]);

impl Ord for Number<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        number::compare(self.0, other.0)
    }
}

impl PartialOrd for Number<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Component<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let zero = |component: &Self| component.0.first() == Some(&b'0');
        if zero(self) || zero(other) { self.0.cmp(other.0) } else { number::compare(self.0, other.0) }
    }
}

impl PartialOrd for Component<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The version without packaging: neither release nor hash.
pub(super) fn upstream(version: &str) -> &str {
    let is_release = |release: &str| !release.is_empty() && release.bytes().all(|byte| byte.is_ascii_digit());
    let bare = version
        .rsplit_once("-r")
        .filter(|(_, release)| is_release(release))
        .map_or(version, |(bare, _)| bare);
    bare.split_once('~').map_or(bare, |(bare, _)| bare)
}

/// The release, and the suffix with all that follows it if it comes before the release: `1.0` and `rc1`.
pub(super) fn pre_release(upstream: &str) -> (&str, &str) {
    let before = SUFFIXES.iter().take(BEFORE);
    let cut = before.filter_map(|suffix| upstream.find(&format!("_{suffix}"))).min();
    let (release, pre) = cut.and_then(|at| upstream.split_at_checked(at)).unwrap_or((upstream, ""));
    (release, pre.trim_start_matches('_'))
}

pub(super) fn compare(one: &str, other: &str) -> Ordering {
    if one == other {
        return Ordering::Equal;
    }
    match (pieces(one), pieces(other)) {
        (Some(mine), Some(its)) => mine.cmp(&its),
        (None, None) => one.cmp(other),
        (mine, its) => mine.is_some().cmp(&its.is_some()),
    }
}

/// The pieces of a version, the end last; `None` if the grammar does not allow it.
fn pieces(version: &str) -> Option<Vec<Piece<'_>>> {
    let mut rest = version.as_bytes();
    let mut pieces = vec![Piece::First(Number(significant(some_digits(&mut rest)?)))];
    while skip(&mut rest, b'.') {
        pieces.push(Piece::Component(Component(some_digits(&mut rest)?)));
    }
    if let Some(letter) = rest.first().filter(|byte| byte.is_ascii_lowercase()) {
        pieces.push(Piece::Letter(*letter));
        rest = rest.get(1..)?;
    }
    while skip(&mut rest, b'_') {
        let name = take(&mut rest, u8::is_ascii_lowercase);
        let place = SUFFIXES.iter().position(|suffix| suffix.as_bytes() == name)?;
        pieces.push(if place < BEFORE { Piece::Before(place) } else { Piece::After(place) });
        if let Some(digits) = some_digits(&mut rest) {
            pieces.push(Piece::SuffixNumber(Number(significant(digits))));
        }
    }
    if skip(&mut rest, b'~') {
        let hash = take(&mut rest, |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        pieces.push(Piece::Hash(Some(hash).filter(|hash| !hash.is_empty())?));
    }
    if skip(&mut rest, b'-') {
        rest = rest.strip_prefix(b"r")?;
        pieces.push(Piece::Release(Number(significant(some_digits(&mut rest)?))));
    }
    pieces.push(Piece::End);
    rest.is_empty().then_some(pieces)
}

fn skip(text: &mut &[u8], byte: u8) -> bool {
    let after = text.strip_prefix(&[byte]);
    *text = after.unwrap_or(text);
    after.is_some()
}

fn some_digits<'a>(text: &mut &'a [u8]) -> Option<&'a [u8]> {
    Some(take(text, u8::is_ascii_digit)).filter(|digits| !digits.is_empty())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use proptest::prelude::*;

    use super::super::oracle;
    use super::*;

    #[test]
    fn the_grammars_order() {
        let ordered = [
            "no-version",
            "1_alpha",
            "1_beta",
            "1_pre",
            "1_rc",
            "1_rc1",
            "1_rc2",
            "1_rc10",
            "1",
            "1-r0",
            "1-r9",
            "1-r10",
            "1~abc-r1",
            "1_cvs",
            "1_svn",
            "1_git",
            "1_hg",
            "1_p",
            "1_p0",
            "1_p1",
            "1a",
            "1b",
            "1.0",
            "1.00",
            "1.01",
            "1.010",
            "1.1",
            "1.2",
            "1.10",
            "2",
        ];
        for (nth, one) in ordered.iter().enumerate() {
            for other in ordered.iter().skip(nth + 1) {
                assert_eq!(compare(one, other), Ordering::Less, "{one} {other}");
                assert_eq!(compare(other, one), Ordering::Greater, "{other} {one}");
            }
        }
        assert_eq!(compare("1-r01", "1-r1"), Ordering::Equal);
        assert_eq!(compare("01", "1"), Ordering::Equal);
        assert_eq!(compare("99999999999999999999-r0", "100000000000000000000-r0"), Ordering::Less);
    }

    #[test]
    fn the_upstream_part_has_no_release_and_no_hash() {
        assert_eq!(upstream("9.9_p2-r0"), "9.9_p2");
        assert_eq!(upstream("3.0.0_rc1~1a2b-r12"), "3.0.0_rc1");
        assert_eq!(upstream("1.0-rc"), "1.0-rc");
        assert_eq!(pre_release("3.0.0_rc1"), ("3.0.0", "rc1"));
        assert_eq!(pre_release("9.9_p2"), ("9.9_p2", ""));
    }

    fn version() -> impl Strategy<Value = String> {
        let suffixes = "(_(alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]{0,2}){0,2}";
        ("[0-9]{1,2}(\\.[0-2]{1,3}){0,3}", "[a-c]?", suffixes, "(~[0-9a-c]{1,3})?", "(-r[0-9]{1,2})?")
            .prop_map(|(numbers, letter, suffix, hash, release)| {
                format!("{numbers}{letter}{suffix}{hash}{release}")
            })
    }

    proptest! {
        #[test]
        fn the_other_way_round_is_the_other_order(a in "\\PC{0,12}", b in "\\PC{0,12}", c in version(), d in version()) {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            prop_assert_eq!(compare(&c, &d), compare(&d, &c).reverse());
            prop_assert!(pieces(&c).is_some());
        }
    }

    const REAL: [&str; 12] = [
        "3.7.2-r0",
        "1.2.5-r21",
        "9.9_p2-r0",
        "1.1.1w-r1",
        "3.0.0_rc4-r1",
        "2025b-r0",
        "6.5_p20250503-r0",
        "20250911-r0",
        "1.37.0-r30",
        "0.9.11_git20240101-r2",
        "8.2.001-r0",
        "2.14.9_pre1-r0",
    ];

    #[test]
    #[ignore = "needs the lab: scripts/test"]
    fn it_is_apks_order_on_6_000_random_and_real_pairs() {
        let mut pairs = oracle::pairs(&version(), &REAL, 8_000);
        // What is put into a real version may be outside the grammar: apk compares no such thing.
        pairs.retain(|(one, other)| pieces(one).is_some() && pieces(other).is_some());
        assert!(pairs.len() >= 6_000, "{}", pairs.len());
        let lab = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/lab");
        let script = "while read -r one other; do apk version -t \"$one\" \"$other\"; done";
        let mut apk = Command::new(lab)
            .args(["shell", "alpine-01", "sh", "-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut stdin, text) = (apk.stdin.take().unwrap(), oracle::lines(&pairs));
        let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
        let output = apk.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        let answers = String::from_utf8(output.stdout).unwrap();
        oracle::agree(&pairs, answers.split_whitespace(), compare);
    }
}
