//! Headers of requests: what a proxy gives along or compares with is a secret, unless the header is one that everybody
//! sends.

use std::ops::Range;

use super::patterns::{COMPARED, GIVEN, TABLE, pattern};
use super::sound::{is_open, sound};

/// Headers whose values are known to all.
const PUBLIC: [&str; 23] = [
    "host",
    "connection",
    "upgrade",
    "accept",
    "content",
    "x-forwarded",
    "forwarded",
    "x-real-ip",
    "x-scheme",
    "x-script-name",
    "x-request-id",
    "x-requested-with",
    "early-data",
    "te",
    "range",
    "user-agent",
    "origin",
    "referer",
    "cache-control",
    "expect",
    "via",
    "if-",
    "sec-",
];

/// Words that turn a table of a map and are none of its keys.
const TURNS: [&str; 4] = ["default", "hostnames", "volatile", "include"];

fn is_public(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "-");
    PUBLIC.iter().any(|public| match name.strip_prefix(public) {
        Some(rest) => rest.is_empty() || rest.starts_with('-') || public.ends_with('-'),
        None => false,
    })
}

/// Whether a value is one of these that say nothing: a variable, a number, a switch, a scheme.
fn says_nothing(value: &str) -> bool {
    let value = value.trim();
    let number = value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let variable = value.starts_with(['$', '%']) && !value.contains(char::is_whitespace);
    is_open(value)
        || number
        || variable
        || matches!(value, "http" | "https" | "close" | "keep-alive" | "expr=")
}

/// The secrets among what headers are given and compared with.
pub(super) fn secrets(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for given in pattern(&GIVEN).into_iter().flat_map(|given| given.captures_iter(text)) {
        let name = given.get(1).map_or("", |name| name.as_str());
        let value = given.get(2).or_else(|| given.get(3)).or_else(|| given.get(4));
        if let Some(value) = value.filter(|value| !is_public(name) && !says_nothing(value.as_str())) {
            found.push(value.range());
        }
    }
    for compared in pattern(&COMPARED).into_iter().flat_map(|compared| compared.captures_iter(text)) {
        let name = compared.get(1).map_or("", |name| name.as_str());
        let Some(value) = compared.get(2).filter(|_| !is_public(name)) else { continue };
        if !says_nothing(value.as_str()) {
            found.push(value.range());
        }
    }
    for table in pattern(&TABLE).into_iter().flat_map(|table| table.captures_iter(text)) {
        let part = |nth: usize| table.get(nth).map_or("", |part| part.as_str());
        let counts = if part(1) == "http" { !is_public(part(2)) } else { sound(part(2)).is_some() };
        if let Some(rows) = table.get(3).filter(|_| counts) {
            found.extend(
                keys(rows.as_str()).into_iter().map(|key| rows.start() + key.start..rows.start() + key.end),
            );
        }
    }
    found
}

/// The keys of the rows of a table.
fn keys(rows: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    for row in rows.split_inclusive([';', '\n']) {
        let begin = at + (row.len() - row.trim_start().len());
        at += row.len();
        let rest = row.trim_start();
        let key = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => rest.get(1..).and_then(|rest| rest.split(quote).next()),
            _ => rest.split([' ', '\t', ';', '\n']).next(),
        };
        let Some(key) = key.filter(|key| !key.is_empty() && !TURNS.contains(key) && !key.starts_with('#'))
        else {
            continue;
        };
        let start = begin + usize::from(rest.starts_with(['"', '\'']));
        found.push(start..start + key.len());
    }
    found
}
