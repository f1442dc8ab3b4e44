//! Where the documents of a text begin and end, told without parsing them: one that is broken takes no other
//! with it.
//!
//! A line that begins with `---` or `...` is a marker wherever it stands, also in a quoted text (YAML 1.2.2,
//! 9.1.2), so that cutting there is exact.

use std::ops::Range;

use serde::de::IgnoredAny;

/// The documents that hold anything, in bytes of the text. JSON's stand one behind the other, as kubectl takes them.
pub(in crate::immutability) fn documents(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut begin, mut at) = (0, 0);
    for line in lines(text) {
        let end = at + line.len();
        if is_marker(line, "---") {
            found.push(begin..at);
            begin = at;
        } else if is_marker(line, "...") {
            found.push(begin..end);
            begin = end;
        }
        at = end;
    }
    found.push(begin..at);
    let found = found.into_iter().flat_map(|range| values(text, range));
    let mut found: Vec<Range<usize>> = found.collect();
    found.retain(|range| text.get(range.clone()).is_some_and(says_anything));
    found
}

/// The lines of a text with their ends, of which a carriage return alone is one.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = memchr::memchr2(b'\n', b'\r', rest.as_bytes()).map_or(rest.len(), |at| {
            at + if rest.get(at..).is_some_and(|rest| rest.starts_with("\r\n")) { 2 } else { 1 }
        });
        let (line, next) = rest.split_at_checked(end).filter(|(line, _)| !line.is_empty())?;
        rest = next;
        Some(line)
    })
}

/// A document taken apart where it is several values of JSON; one that is broken ends at the next line that begins as
/// one does.
fn values(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let piece = text.get(range.clone()).unwrap_or_default();
    let mut ends = Vec::new();
    let mut at = 0;
    if piece.trim_start().starts_with('{') {
        while let Some(rest) = piece.get(at..).filter(|rest| rest.trim_start().starts_with('{')) {
            let mut parsed = serde_json::Deserializer::from_str(rest).into_iter::<IgnoredAny>();
            at += match parsed.next() {
                Some(Ok(_)) => parsed.byte_offset(),
                // What begins otherwise is no JSON, but YAML between braces.
                _ if ends.is_empty() => break,
                _ => rest
                    .trim_start()
                    .find("\n{")
                    .map_or(rest.len(), |end| rest.len() - rest.trim_start().len() + end + 1),
            };
            ends.push(at);
        }
    }
    // What follows the last one belongs to it.
    if let Some(last) = ends.last_mut() {
        *last = piece.len();
    }
    if ends.len() < 2 {
        return vec![range];
    }
    let begins = std::iter::once(0).chain(ends.clone());
    begins.zip(ends).map(|(begin, end)| range.start + begin..range.start + end).collect()
}

/// Whether a line is that marker, with or without something behind it.
fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']))
}

/// Whether there is more than blanks, comments, directives and the marker itself.
fn says_anything(document: &str) -> bool {
    lines(document).any(|line| {
        let line = match is_marker(line, "---") || is_marker(line, "...") {
            true => line.get(3..).unwrap_or_default().trim_start(),
            false if line.starts_with('%') => "",
            false => line.trim_start(),
        };
        !line.is_empty() && !line.starts_with('#')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        documents(text).into_iter().filter_map(|range| text.get(range)).collect()
    }

    #[test]
    fn documents_are_cut_at_their_markers() {
        assert_eq!(cut("a: 1\n---\nb: 2\n"), ["a: 1\n", "---\nb: 2\n"]);
        assert_eq!(cut("--- # first\r\na: 1\r\n---\r\nb: 2"), ["--- # first\r\na: 1\r\n", "---\r\nb: 2"]);
        assert_eq!(cut("a: 1\n...\n%YAML 1.2\n---\nb: 2\n"), ["a: 1\n...\n", "---\nb: 2\n"]);
        assert_eq!(cut("a: |\n  ---\n  x\n----\n"), ["a: |\n  ---\n  x\n----\n"]);
    }

    #[test]
    fn documents_that_say_nothing_are_none() {
        assert!(cut("").is_empty() && cut("---\n# nothing\n---\n\n...\n").is_empty());
        assert_eq!(cut("--- {a: 1}\n").len(), 1);
    }

    #[test]
    fn values_of_json_may_follow_each_other() {
        assert_eq!(cut("{\"a\": 1}\n{\"b\": \"}{\"}\n"), ["{\"a\": 1}", "\n{\"b\": \"}{\"}\n"]);
        assert_eq!(cut("{\"a\":\n{}} {\"b\": 2}"), ["{\"a\":\n{}}", " {\"b\": 2}"]);
        assert_eq!(
            cut("{\"a\": 1}\n{\"b\": }\n{\"c\": 3}\n").len(),
            3,
            "a broken one takes no other with it"
        );
        for one in
            ["{a: 1}\n", "{\"a\": 1}\n", "{\"a\": 1} # x\n", "{\"a\": 1}\nb: 2\n", "{a: '} {', b: {}}\n"]
        {
            assert_eq!(cut(one), [one]);
        }
        assert_eq!(cut("{\"a\": 1}\n---\n{\"b\": 1}\n{\"c\": 1}\n").len(), 2, "behind a marker it is YAML");
    }

    #[test]
    fn a_carriage_return_alone_ends_a_line() {
        assert_eq!(cut("a: 1\r---\rb: 2\r"), ["a: 1\r", "---\rb: 2\r"]);
        assert_eq!(cut("a: 1\r\n---\r\nb: 2\r\n"), ["a: 1\r\n", "---\r\nb: 2\r\n"]);
        assert_eq!(cut("a: 1\r\n\r\n\r\nb: 2\r\n"), ["a: 1\r\n\r\n\r\nb: 2\r\n"]);
        assert!(cut("# a\r# b\r").is_empty());
    }
}
