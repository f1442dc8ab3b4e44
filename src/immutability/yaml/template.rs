//! Templates that were not rendered: Helm's `{{ … }}` is no YAML, or worse, YAML that means something else.

use super::Wrong;

/// What a mistake of this kind is called.
pub(in crate::immutability) const TEMPLATE: &str = "this is a template, not a manifest";

/// What to do about it.
const RENDER: &str = "render it first: helm template CHART | driftless immutable -";

/// The mistake, where a template's mark stands.
pub(super) fn wrong(at: usize) -> Wrong {
    Wrong::new(at..at + 2, TEMPLATE, RENDER)
}

/// A value that still is, or has in it, a template; the mistake is at its place.
pub(in crate::immutability) fn begins(text: &str, at: usize) -> Option<Wrong> {
    text.contains("{{").then(|| wrong(at))
}

/// Where the first `{{` stands that is neither quoted nor in a comment.
pub(super) fn find(text: &str) -> Option<usize> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if let Some(within) = in_line(line) {
            return Some(at + within);
        }
        at += line.len();
    }
    None
}

fn in_line(line: &str) -> Option<usize> {
    let mut quote = None;
    let mut before = ' ';
    for (at, character) in line.char_indices() {
        match (quote, character) {
            (None, '#') if before.is_whitespace() => return None,
            (None, '{') if line.get(at..).is_some_and(|rest| rest.starts_with("{{")) => return Some(at),
            // An apostrophe within a word is no quote.
            (None, '"' | '\'') if !before.is_alphanumeric() => quote = Some(character),
            (Some(open), _) if open == character && before != '\\' => quote = None,
            _ => {}
        }
        before = character;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_or_commented_is_no_template() {
        assert_eq!(find("a: 1\nb: {{ .x }}\n"), Some(8));
        assert_eq!(find("it's: {{ .x }}\n"), Some(6));
        assert_eq!(find("# {{ .x }}\na: \"{{ .x }}\" # {{\nb: '{{ .y }}'\n"), None);
    }
}
