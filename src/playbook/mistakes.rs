//! The mistakes of one file, gathered so that the user reads all of them at once.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, Source};

/// As many mistakes of one file as are shown; nobody reads more, and each one shows a line.
const SHOWN: usize = 50;

/// The mistakes found in one file so far.
#[derive(Debug)]
pub(super) struct Mistakes<'a> {
    pub(super) source: &'a Source,
    /// With the offset of each, so that they can be told in the file's order.
    found: Vec<(usize, Diagnostic)>,
}

impl<'a> Mistakes<'a> {
    pub(super) const fn new(source: &'a Source) -> Self {
        Self { source, found: Vec::new() }
    }

    /// A mistake at `span`: what is wrong, what stands there, and what to do about it.
    pub(super) fn add(
        &mut self,
        span: Range<usize>,
        title: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add_with(span, title, label, help, None);
    }

    /// The same, with another place of the file that explains it.
    pub(super) fn add_with(
        &mut self,
        span: Range<usize>,
        title: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
        other: Option<(Range<usize>, &str)>,
    ) {
        let start = span.start;
        let mut diagnostic = self.source.error(span, title, label).help(help);
        if let Some((span, label)) = other {
            diagnostic = diagnostic.also(span, label);
        }
        self.found.push((start, diagnostic));
    }

    /// What the TOML reader found wrong.
    pub(super) fn add_toml(&mut self, error: &toml::de::Error) {
        let (message, span) = (error.message(), error.span().unwrap_or(0..0));
        if message.starts_with("unknown field ") {
            self.found.push((span.start, self.source.toml_error(error)));
        } else if let Some((found, expected)) = wrong_type(message) {
            self.add(span, format!("expected {expected}"), format!("this is {found}"), type_cure(expected));
        } else {
            let (title, expected) = message.split_once(", ").unwrap_or((message, "here"));
            self.add(span, title, expected, syntax_cure(title));
        }
    }

    /// All of them in the file's order; what is over the limit is counted.
    pub(super) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|(start, _)| *start);
        let over = self.found.len().saturating_sub(SHOWN);
        let mut all: Vec<_> = self.found.into_iter().take(SHOWN).map(|(_, diagnostic)| diagnostic).collect();
        if over > 0 {
            all.push(self.source.whole(format!("{over} more mistakes")).help("put right those above first"));
        }
        all
    }
}

/// serde's `invalid type: X, expected Y`, taken apart, Y in TOML's own words.
fn wrong_type(message: &str) -> Option<(&str, &str)> {
    let (found, expected) = message.strip_prefix("invalid type: ")?.rsplit_once(", expected ")?;
    let expected = match expected {
        "a sequence" => "a list",
        "a map" => "a table",
        word if word.starts_with("struct ") => "a table",
        word => word,
    };
    Some((found, expected))
}

/// How to write what was expected.
fn type_cure(expected: &str) -> &'static str {
    match expected {
        "a string" => "put the value between quotes: `\"…\"`",
        "a boolean" => "write `true` or `false`, without quotes",
        "a list" => "write a list: `[\"…\", \"…\"]`",
        "a table" => "write a table: `{ key = \"…\" }`",
        _ => "see playbooks/example.toml for every key and its value",
    }
}

/// What to do about a text that is no TOML.
fn syntax_cure(title: &str) -> &'static str {
    if title.contains("date") || title.contains("time") {
        "write a day as `2026-12-31`"
    } else if title.contains("duplicate key") {
        "keep one of them; tables that may come often are written `[[name]]`"
    } else {
        "this is no TOML: write `key = \"text\"`, `[name]` above one table, `[[name]]` above each of many"
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{load, wrong};
    use crate::diagnostic::Diagnostic;

    #[test]
    fn a_value_of_the_wrong_type_is_told_with_how_to_write_it() {
        wrong(
            "[[package]]\nname = 5\n",
            "2:8",
            &["expected a string", "this is integer `5`", "between quotes"],
        );
        wrong("name = [\"web\"]\n", "1:8", &["expected a string", "this is sequence", "between quotes"]);
        wrong("[everything-else]\ncompare = \"yes\"\n", "2:11", &["expected a boolean", "`true` or `false`"]);
        wrong("[everything-else]\nignore = \"a\"\n", "2:10", &["expected a list", "write a list"]);
        wrong("[[package]]\nnames = \"a\"\n", "2:9", &["expected a table", "write a table"]);
        wrong("package = [1]\n", "1:12", &["expected a table", "this is integer `1`", "write a table"]);
    }

    #[test]
    fn a_text_that_is_no_toml_is_told_with_its_place() {
        wrong("name = web\n", "1:8", &["string values must be quoted", "key = \"text\""]);
        wrong(
            "[[waiver]]\nuntil = 2026-02-30\n",
            "2:9",
            &["invalid date", "expected day between 01 and 28", "2026-12-31"],
        );
        wrong("name = \"a\"\nname = \"b\"\n", "2:1", &["duplicate key", "keep one of them"]);
    }

    #[test]
    fn mistakes_come_in_the_files_order_and_no_more_than_anyone_reads() {
        let text = "[[package]]\n[[cluster]]\nhosts = \"web\"\n".to_owned() + &"[[package]]\n".repeat(60);
        let wrong = load(&[&text]).unwrap_err().0;
        let lines: Vec<_> = wrong.iter().filter_map(Diagnostic::line_column).map(|(line, _)| line).collect();
        assert_eq!(lines.get(..3), Some([1, 2, 4].as_slice()));
        assert_eq!((wrong.len(), lines.len()), (51, 50));
        assert!(wrong.last().unwrap().to_string().contains("12 more mistakes"), "{:?}", wrong.last());
    }
}
