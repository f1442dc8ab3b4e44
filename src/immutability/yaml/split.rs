//! Where the documents of a text begin and end, told without parsing them: one that is broken takes no other
//! with it.
//!
//! A line that begins with `---` or `...` is a marker wherever it stands, also in a quoted text (YAML 1.2.2,
//! 9.1.2), so that cutting there is exact.

use std::ops::Range;

/// The documents that hold anything, in bytes of the text.
pub(in crate::immutability) fn documents(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut begin, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
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
    found.retain(|range| text.get(range.clone()).is_some_and(says_anything));
    found
}

/// Whether a line is that marker, with or without something behind it.
fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']))
}

/// Whether there is more than blanks, comments, directives and the marker itself.
fn says_anything(document: &str) -> bool {
    document.lines().any(|line| {
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
}
