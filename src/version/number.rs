//! Numbers inside versions, of any size: what every system's order is made of.

use std::cmp::Ordering;

/// Takes off the leading digits, and their leading zeros.
pub(super) fn digits<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    significant(take(text, u8::is_ascii_digit))
}

/// Takes off the leading bytes of a kind.
pub(super) fn take<'a>(text: &mut &'a [u8], kind: impl Fn(&u8) -> bool) -> &'a [u8] {
    let length = text.iter().take_while(|byte| kind(byte)).count();
    let (taken, rest) = text.split_at(length);
    *text = rest;
    taken
}

/// Digits without their leading zeros.
pub(super) fn significant(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|byte| **byte == b'0').count();
    digits.get(zeros..).unwrap_or_default()
}

/// The order of two numbers without leading zeros: the longer is the greater.
pub(super) fn compare(one: &[u8], other: &[u8]) -> Ordering {
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}
