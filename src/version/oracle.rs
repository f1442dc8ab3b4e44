//! What the tests share that ask a real tool for its order: pairs of versions, and the comparison.

use std::cmp::Ordering;

use proptest::prelude::Strategy;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

pub(super) type Pairs = Vec<(String, String)>;

/// So many pairs: half of them random, half real versions beside their neighbours or each other.
pub(super) fn pairs(random: &impl Strategy<Value = String>, real: &[&str], count: usize) -> Pairs {
    let mut runner = TestRunner::deterministic();
    let mut make = || random.new_tree(&mut runner).unwrap().current();
    let mut pairs: Pairs = (0..count / 2).map(|_| (make(), make())).collect();
    for nth in 0..count / 2 {
        let one = real[nth % real.len()];
        let other = real[(nth / real.len()) % real.len()];
        let other = if nth % 3 == 0 { neighbour(one, make().as_str(), nth) } else { other.to_owned() };
        pairs.push((one.to_owned(), other));
    }
    pairs
}

/// A version with a piece of another put in before its last part.
fn neighbour(version: &str, other: &str, seed: usize) -> String {
    let end = version.rfind('-').unwrap_or(version.len());
    let from = version.find(':').map_or(0, |colon| colon + 1) + 1;
    let at = from + seed % (end - from + 1);
    let piece: String =
        other.chars().filter(|c| *c != ':' && *c != '-').skip(seed % 3).take(1 + seed % 2).collect();
    let (head, tail) = version.split_at(at);
    format!("{head}{piece}{tail}")
}

/// One pair a line, parted by a blank.
pub(super) fn lines(pairs: &Pairs) -> String {
    pairs.iter().map(|(one, other)| format!("{one} {other}\n")).collect()
}

/// Holds our order against the tool's answers; a sign for each pair.
#[track_caller]
pub(super) fn agree<'a>(
    pairs: &Pairs,
    answers: impl Iterator<Item = &'a str>,
    compare: fn(&str, &str) -> Ordering,
) {
    let answers: Vec<&str> = answers.collect();
    assert_eq!(answers.len(), pairs.len(), "the oracle did not answer for every pair");
    let (mut less, mut equal) = (0, 0);
    for ((one, other), answer) in pairs.iter().zip(answers) {
        let order = match answer {
            "-1" | "<" => Ordering::Less,
            "0" | "=" => Ordering::Equal,
            "1" | ">" => Ordering::Greater,
            odd => panic!("{one} {other}: the oracle said {odd}"),
        };
        less += usize::from(order.is_lt());
        equal += usize::from(order.is_eq());
        assert_eq!(compare(one, other), order, "{one} {other}");
    }
    assert!(less > 20 && equal > 20 && less + equal + 20 < pairs.len(), "the pairs say little");
}
