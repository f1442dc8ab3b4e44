//! Names of hosts in Ansible's files: a port behind the name, and ranges `[01:20]`, `[a:f]`, `[1:9:2]`.
//!
//! Unlike [`crate::hostlist`], which reads what people type, it has no lists such as `[1-3,7]`: there Ansible
//! refuses them.

use std::ops::Range;

use crate::hostlist::RangeError;

/// How many hosts one text may stand for.
const MOST: usize = 100_000;

/// The letters of a range, in Python's order.
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The names that a text stands for, and the port behind them.
pub(super) fn hosts(text: &str) -> Result<(Vec<String>, Option<u64>), RangeError> {
    if text.ends_with(':') {
        let help = "a port is a number behind the colon; in YAML, the file's name ends in .yml".to_owned();
        let message = "a name cannot end in a colon".to_owned();
        return Err(RangeError { span: text.len() - 1..text.len(), message, help });
    }
    let (name, offset, port) = port(text);
    let moved =
        |error: RangeError| RangeError { span: error.span.start + offset..error.span.end + offset, ..error };
    Ok((expand(name).map_err(moved)?, port.filter(|port| *port > 0)))
}

/// Name, the name's offset, and port: `web:22`, `[2001:db8::1]:22`, `web[1:3]:22`. What has other colons
/// outside brackets is a name as a whole, as an IPv6 address is.
fn port(text: &str) -> (&str, usize, Option<u64>) {
    let whole = (text, 0, None);
    let Some((name, port)) = text.rsplit_once(':') else { return whole };
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let Some(port) = digits.then(|| port.parse().ok()).flatten() else { return whole };
    if let Some(inner) = name.strip_prefix('[').and_then(|open| open.strip_suffix(']')) {
        if closes_at_its_end(name) {
            return (inner, 1, Some(port));
        }
    }
    let mut depth = 0_usize;
    let plain = name.chars().all(|character| {
        match character {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > 0 || character.is_alphanumeric() || matches!(character, '-' | '_' | '.' | ']')
    });
    if plain && depth == 0 && !name.is_empty() { (name, 0, Some(port)) } else { whole }
}

/// Whether the first bracket is closed by the last character, and not before.
fn closes_at_its_end(text: &str) -> bool {
    let mut depth = 0_usize;
    let mut closed = text.char_indices().filter_map(|(at, character)| {
        match character {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth == 0).then_some(at)
    });
    closed.next() == text.len().checked_sub(1)
}

fn expand(text: &str) -> Result<Vec<String>, RangeError> {
    let mut names = vec![String::new()];
    let (mut rest, mut offset) = (text, 0);
    while let Some((literal, tail)) = rest.split_once('[') {
        let open = offset + literal.len();
        let Some((inside, after)) = tail.split_once(']') else {
            return Err(wrong(open..text.len(), "a range is not closed"));
        };
        let span = open..open + inside.len() + 2;
        let values = values(inside).map_err(|why| wrong(span.clone(), why))?;
        if names.len().saturating_mul(values.len()) > MOST {
            return Err(wrong(span, format!("this stands for more than {MOST} hosts")));
        }
        let longer =
            |name: &String| values.iter().map(|value| format!("{name}{literal}{value}")).collect::<Vec<_>>();
        names = names.iter().flat_map(longer).collect();
        offset = span.end;
        rest = after;
    }
    for name in &mut names {
        name.push_str(rest);
    }
    Ok(names)
}

fn wrong(span: Range<usize>, message: impl Into<String>) -> RangeError {
    let help = "a range is [01:20], [a:f] or [0:10:2]".to_owned();
    RangeError { span, message: message.into(), help }
}

fn values(inside: &str) -> Result<Vec<String>, String> {
    let parts: Vec<&str> = inside.split(':').collect();
    let (first, last, step) = match parts.as_slice() {
        [first, last] => (*first, *last, "1"),
        [first, last, step] => (*first, *last, *step),
        _ => return Err(format!("`[{inside}]` is no range")),
    };
    let first = if first.is_empty() { "0" } else { first };
    if last.is_empty() {
        return Err(format!("the range `[{inside}]` has no end"));
    }
    let step = step.parse::<usize>().ok().filter(|step| *step > 0);
    let step = step.ok_or_else(|| "the step of a range is a number above 0".to_owned())?;
    letters(first, last, step)
        .or_else(|| numbers(first, last, step))
        .unwrap_or_else(|| Err(format!("`[{inside}]` is no range: its ends are two numbers, or two letters")))
}

type Values = Result<Vec<String>, String>;

fn backwards(first: &str, last: &str) -> Values {
    Err(format!("the range begins at {first} and ends before it, at {last}"))
}

fn letters(first: &str, last: &str, step: usize) -> Option<Values> {
    let place = |letter: &str| LETTERS.find(letter).filter(|_| letter.len() == 1);
    let (from, to) = (place(first)?, place(last)?);
    if from > to {
        return Some(backwards(first, last));
    }
    let letters = LETTERS.get(from..=to)?.chars().step_by(step);
    Some(Ok(letters.map(String::from).collect()))
}

fn numbers(first: &str, last: &str, step: usize) -> Option<Values> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(first) || !digits(last) {
        return None;
    }
    let (Ok(from), Ok(to)) = (first.parse::<u32>(), last.parse::<u32>()) else {
        return Some(Err("the numbers of a range are too large".to_owned()));
    };
    let padded = first.len() > 1 && first.starts_with('0');
    if padded && first.len() != last.len() {
        let why = format!("{first} and {last} do not have the same number of digits");
        return Some(Err(why));
    }
    if from > to {
        return Some(backwards(first, last));
    }
    let width = if padded { first.len() } else { 0 };
    let numbers = (from..=to).step_by(step).take(MOST + 1);
    Some(Ok(numbers.map(|number| format!("{number:0width$}")).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_ranges_and_ports_are_told_apart() {
        for (text, names, port) in [
            ("h", vec!["h"], None),
            ("h:22", vec!["h"], Some(22)),
            ("h:0", vec!["h"], None),
            ("h:22x", vec!["h:22x"], None),
            ("a:b:22", vec!["a:b:22"], None),
            ("fe80::1", vec!["fe80::1"], None),
            ("[fe80::1]:22", vec!["fe80::1"], Some(22)),
            ("[h[1:2]]:22", vec!["h1", "h2"], Some(22)),
            ("h[1:2]:2222", vec!["h1", "h2"], Some(2222)),
            ("h[01:03:2]x[a:b]", vec!["h01xa", "h01xb", "h03xa", "h03xb"], None),
            ("h[:2]", vec!["h0", "h1", "h2"], None),
            ("h[1:02]", vec!["h1", "h2"], None),
            ("h[y:B]", vec!["hy", "hz", "hA", "hB"], None),
            ("user@h:22", vec!["user@h:22"], None),
        ] {
            assert_eq!(
                hosts(text).unwrap(),
                (names.into_iter().map(str::to_owned).collect(), port),
                "{text}"
            );
        }
    }

    #[test]
    fn a_bad_range_is_located() {
        for (text, span) in [
            ("h[1:2", 1..5),
            ("h[3:1]", 1..6),
            ("h[1:]", 1..5),
            ("h[01:3]", 1..7),
            ("h[1-3]", 1..6),
            ("h[1:a]", 1..6),
            ("h[1:9:0]", 1..8),
            ("h[0:999][0:999]", 8..15),
            ("h:", 1..2),
        ] {
            assert_eq!(hosts(text).unwrap_err().span, span, "{text}");
        }
    }
}
