//! Host lists as people write them: ranges expanded, and names folded into ranges again.

use std::collections::BTreeMap;
use std::ops::Range;

/// How many hosts one text may stand for.
const MOST: usize = 100_000;

/// A range that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeError {
    /// Its place in the text, in bytes.
    pub span: Range<usize>,
    /// What is wrong, as a fragment in lower case.
    pub message: String,
    /// What is expected.
    pub help: String,
}

impl RangeError {
    fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        let help = "a range is [01:20], [a:f], [0:10:2], or a list such as [01-17,19]".to_owned();
        Self { span, message: message.into(), help }
    }
}

/// Every name that a text stands for, in order: Ansible's ranges `web-[01:20]`, `[a:f]`, `[1:9:2]`, the
/// lists that [`fold`] makes, and several of them in one name. An IPv6 address in brackets is no range.
pub fn expand(text: &str) -> Result<Vec<String>, RangeError> {
    let mut parts: Vec<Vec<String>> = Vec::new();
    let mut rest = text;
    let mut offset = 0;
    let mut count: usize = 1;
    while let Some((literal, tail)) = rest.split_once('[') {
        let open = offset + literal.len();
        let Some((inside, after)) = tail.split_once(']') else {
            return Err(RangeError::new(open..text.len(), "a range is not closed"));
        };
        let span = open..open + inside.len() + 2;
        parts.push(vec![literal.to_owned()]);
        let values = if is_address(inside) { vec![format!("[{inside}]")] } else { range(inside, &span)? };
        count = count.saturating_mul(values.len());
        if count > MOST {
            return Err(RangeError::new(span, format!("this stands for more than {MOST} hosts")));
        }
        parts.push(values);
        offset = span.end;
        rest = after;
    }
    if let Some(at) = rest.find(']') {
        return Err(RangeError::new(offset + at..offset + at + 1, "a range is closed that was not opened"));
    }
    let mut names = vec![String::new()];
    for values in parts {
        names =
            names.iter().flat_map(|name| values.iter().map(move |value| format!("{name}{value}"))).collect();
    }
    for name in &mut names {
        name.push_str(rest);
    }
    Ok(names)
}

/// `2001:db8::1` has more colons than a range, or a double one.
fn is_address(inside: &str) -> bool {
    inside.parse::<std::net::Ipv6Addr>().is_ok()
}

/// The values of one range: `01:20`, `01:20:2`, `a:f`, `01-17,19`.
fn range(inside: &str, span: &Range<usize>) -> Result<Vec<String>, RangeError> {
    let mut values = Vec::new();
    for item in inside.split(',') {
        let separator = if item.contains(':') { ':' } else { '-' };
        let mut ends = item.split(separator);
        let (first, last, step, more) =
            (ends.next().unwrap_or_default(), ends.next(), ends.next(), ends.next());
        if more.is_some() || first.is_empty() || (separator == '-' && step.is_some()) {
            return Err(RangeError::new(span.clone(), format!("`[{inside}]` is no range")));
        }
        let step = match step.map(str::parse::<usize>) {
            None => 1,
            Some(Ok(step)) if step > 0 => step,
            Some(_) => return Err(RangeError::new(span.clone(), "the step of a range is a number above 0")),
        };
        let last = last.unwrap_or(first);
        values.extend(
            numbers(first, last, step, span).or_else(|| letters(first, last, step)).unwrap_or_else(|| {
                Err(RangeError::new(
                    span.clone(),
                    format!("`[{inside}]` is no range: its ends are two numbers, or two letters of one case"),
                ))
            })?,
        );
        if values.len() > MOST {
            return Err(RangeError::new(span.clone(), format!("this stands for more than {MOST} hosts")));
        }
    }
    Ok(values)
}

type Values = Result<Vec<String>, RangeError>;

/// A range of numbers; zeros at the beginning set the width.
fn numbers(first: &str, last: &str, step: usize, span: &Range<usize>) -> Option<Values> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(first) || !digits(last) {
        return None;
    }
    let (Ok(from), Ok(to)) = (first.parse::<u32>(), last.parse::<u32>()) else {
        return Some(Err(RangeError::new(span.clone(), "the numbers of a range are too large")));
    };
    if from > to {
        return Some(Err(RangeError::new(
            span.clone(),
            format!("the range begins at {first} and ends before it, at {last}"),
        )));
    }
    if first.starts_with('0') && first.len() > 1 && first.len() != last.len() {
        return Some(Err(RangeError::new(
            span.clone(),
            "the ends of a padded range have the same number of digits",
        )));
    }
    if (to - from) as usize / step >= MOST {
        return Some(Err(RangeError::new(span.clone(), format!("this stands for more than {MOST} hosts"))));
    }
    let width = if first.starts_with('0') { first.len() } else { 0 };
    Some(Ok((from..=to).step_by(step).map(|number| format!("{number:0width$}")).collect()))
}

/// A range of single letters.
fn letters(first: &str, last: &str, step: usize) -> Option<Values> {
    let (mut from, mut to) = (first.chars(), last.chars());
    let (Some(first), None, Some(last), None) = (from.next(), from.next(), to.next(), to.next()) else {
        return None;
    };
    let one_case = (first.is_ascii_lowercase() && last.is_ascii_lowercase())
        || (first.is_ascii_uppercase() && last.is_ascii_uppercase());
    (one_case && first <= last).then(|| Ok((first..=last).step_by(step).map(String::from).collect()))
}

/// A name taken apart at its last number: what precedes it, the number, what follows.
fn split_number(name: &str) -> Option<(&str, &str, &str)> {
    let end = name.rfind(|character: char| character.is_ascii_digit())? + 1;
    let head = name.get(..end)?;
    let start = head
        .rfind(|character: char| !character.is_ascii_digit())
        .map_or(0, |at| at + head.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8));
    let digits = head.get(start..)?;
    // Longer numbers are no counters, and brackets would not survive a second reading.
    (digits.len() <= 9 && !name.contains(['[', ']'])).then_some((
        name.get(..start)?,
        digits,
        name.get(end..)?,
    ))
}

/// Names folded at the number that counts them, `web-[01-17,19],db-1`: sorted, and [`expand`] makes the
/// same names of it again.
pub fn fold<S: AsRef<str>>(names: &[S]) -> String {
    // By what surrounds the number and by its padding: 9 and 10 are of one kind, 09 and 9 are not.
    let mut groups: BTreeMap<(&str, &str, usize), Vec<u32>> = BTreeMap::new();
    let mut single: Vec<&str> = Vec::new();
    for name in names {
        match counter(name.as_ref())
            .and_then(|(head, digits, tail)| Some((head, digits, tail, digits.parse().ok()?)))
        {
            Some((head, digits, tail, number)) => {
                let width = if digits.starts_with('0') && digits.len() > 1 { digits.len() } else { 0 };
                groups.entry((head, tail, width)).or_default().push(number);
            }
            None => single.push(name.as_ref()),
        }
    }
    join_padded(&mut groups);
    let mut folded: Vec<String> = groups
        .into_iter()
        .map(|((head, tail, width), numbers)| one_group(head, tail, width, numbers))
        .collect();
    single.sort_unstable();
    single.dedup();
    folded.extend(single.into_iter().map(str::to_owned));
    folded.sort_unstable();
    folded.join(",")
}

/// The number that counts hosts: the last one before the first dot, or else the last one of the name,
/// as in an address.
fn counter(name: &str) -> Option<(&str, &str, &str)> {
    let label = name.split('.').next().unwrap_or(name);
    if label.bytes().all(|byte| byte.is_ascii_digit()) {
        return split_number(name);
    }
    match split_number(label) {
        Some((head, digits, tail)) => {
            let rest = name.get(head.len() + digits.len()..)?;
            debug_assert!(rest.starts_with(tail));
            (!name.contains(['[', ']'])).then_some((head, digits, rest))
        }
        None => split_number(name),
    }
}

/// `10` is as good a member of `[08-12]` as `08`: numbers without padding join the group of their width.
fn join_padded(groups: &mut BTreeMap<(&str, &str, usize), Vec<u32>>) {
    let padded: Vec<_> = groups.keys().copied().filter(|(_, _, width)| *width > 0).collect();
    for (head, tail, width) in padded {
        let Some(plain) = groups.get_mut(&(head, tail, 0)) else { continue };
        let of_width: Vec<u32> =
            plain.iter().copied().filter(|number| number.to_string().len() == width).collect();
        plain.retain(|number| number.to_string().len() != width);
        if plain.is_empty() {
            groups.remove(&(head, tail, 0));
        }
        if let Some(group) = groups.get_mut(&(head, tail, width)) {
            group.extend(of_width);
        }
    }
}

fn one_group(head: &str, tail: &str, width: usize, mut numbers: Vec<u32>) -> String {
    numbers.sort_unstable();
    numbers.dedup();
    if let [one] = numbers.as_slice() {
        return format!("{head}{one:0width$}{tail}");
    }
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let runs = runs.iter().map(|(first, last)| match last - first {
        0 => format!("{first:0width$}"),
        _ => format!("{first:0width$}-{last:0width$}"),
    });
    format!("{head}[{}]{tail}", runs.collect::<Vec<_>>().join(","))
}

/// Splits at commas outside brackets.
pub fn split_list(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    text.split(|character: char| {
        match character {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == ',' && depth == 0
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn names(text: &str) -> Vec<String> {
        expand(text).unwrap()
    }

    #[test]
    fn ansibles_ranges_expand() {
        assert_eq!(
            names("web-[01:03].example.net"),
            ["web-01.example.net", "web-02.example.net", "web-03.example.net"]
        );
        assert_eq!(names("db-[a:c]"), ["db-a", "db-b", "db-c"]);
        assert_eq!(names("n[1:9:4]"), ["n1", "n5", "n9"]);
        assert_eq!(names("r[1:2]-[a:b]"), ["r1-a", "r1-b", "r2-a", "r2-b"]);
        assert_eq!(names("web-[01-03,07]"), ["web-01", "web-02", "web-03", "web-07"]);
        assert_eq!(names("plain"), ["plain"]);
        assert_eq!(names("[2001:db8::1]"), ["[2001:db8::1]"]);
    }

    #[test]
    fn a_bad_range_is_located() {
        for (text, span, part) in [
            ("web-[01:20", 4..10, "not closed"),
            ("web-01:20]", 9..10, "not opened"),
            ("web-[20:01]", 4..11, "ends before it"),
            ("web-[a:9]", 4..9, "is no range"),
            ("web-[1:9:0]", 4..11, "step"),
            ("web-[]", 4..6, "is no range"),
            ("web-[001:20]", 4..12, "same number of digits"),
            ("web-[0:99999999]", 4..16, "more than"),
            ("web-[0:999][0:999]", 11..18, "more than"),
            ("web-[1:99999999999999]", 4..22, "too large"),
        ] {
            let error = expand(text).unwrap_err();
            assert_eq!(error.span, span, "{text}: {}", error.message);
            assert!(error.message.contains(part), "{text}: {}", error.message);
        }
    }

    #[test]
    fn hosts_that_agree_fold() {
        assert_eq!(fold(&["web-02", "web-01", "web-03", "web-19", "db-1"]), "db-1,web-[01-03,19]");
        assert_eq!(fold(&["web-9", "web-10"]), "web-[9-10]");
        assert_eq!(fold(&["web-09", "web-10"]), "web-[09-10]");
        assert_eq!(
            fold(&["web-01.dc2.example.net", "web-02.dc2.example.net"]),
            "web-[01-02].dc2.example.net"
        );
        assert_eq!(fold(&["192.0.2.1", "192.0.2.2"]), "192.0.2.[1-2]");
        assert_eq!(fold::<&str>(&[]), "");
    }

    #[test]
    fn lists_split_outside_brackets() {
        assert_eq!(split_list("db-1,web-[01-03,19]"), ["db-1", "web-[01-03,19]"]);
    }

    proptest! {
        #[test]
        fn folding_loses_and_adds_nothing(names in proptest::collection::btree_set("(web|db)-?[0-9]{1,3}(\\.dc[0-9])?|[a-c]{1,3}", 0..30)) {
            let all: Vec<&str> = names.iter().map(String::as_str).collect();
            let folded = fold(&all);
            let again: BTreeSet<String> = split_list(&folded).into_iter().filter(|part| !part.is_empty()).flat_map(|part| expand(part).unwrap()).collect();
            prop_assert_eq!(again, names);
        }

        #[test]
        fn no_text_makes_it_panic(text in "[\\[\\]a-c0-9:,-]{0,20}|\\PC{0,10}") {
            let _ = expand(&text);
        }
    }
}
