//! One line of a configuration file: a keyword, and what follows it.
//!
//! It knows how lines are written and where each word stands, not what a keyword means.

use std::ops::Range;

/// A piece of a line, quotes taken off, and the bytes of the file that it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) span: Range<usize>,
}

/// A line that says something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// In lower case.
    pub(super) keyword: Word,
    /// The arguments, up to a comment.
    pub(super) words: Vec<Word>,
    /// All that follows the keyword, as it is written: a command is taken like this.
    pub(super) rest: Word,
}

/// What is wrong with a line, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) span: Range<usize>,
    pub(super) title: String,
    pub(super) help: String,
}

impl Mistake {
    pub(super) fn new(span: &Range<usize>, title: impl Into<String>, help: impl Into<String>) -> Self {
        Self { span: span.clone(), title: title.into(), help: help.into() }
    }
}

const BLANK: [char; 2] = [' ', '\t'];

/// Reads a line that begins at byte `offset` of its file; `None` where it says nothing.
pub(super) fn read(line: &str, offset: usize) -> Result<Option<Line>, Mistake> {
    let line = line.trim_end_matches([' ', '\t', '\r', '\n', '\u{c}']);
    let text = line.trim_start_matches(BLANK);
    if text.is_empty() || text.starts_with('#') {
        return Ok(None);
    }
    let start = offset + line.len() - text.len();
    let (keyword, rest) = keyword(text, start)?;
    let rest_start = offset + line.len() - rest.len();
    if rest.is_empty() {
        let title = format!("`{}` has no argument", keyword.text);
        return Err(Mistake::new(&keyword.span, title, "a line is a keyword and its arguments"));
    }
    let words = words(rest, rest_start)?;
    // As for ssh, what is left of a second equals sign is no part of a command.
    let command = rest.trim_start_matches([' ', '\t', '=']);
    let command_start = offset + line.len() - command.len();
    let span = command_start..command_start + command.len();
    Ok(Some(Line { keyword, words, rest: Word { text: command.to_owned(), span } }))
}

/// The keyword, and what follows it behind blanks or one equals sign.
fn keyword(text: &str, start: usize) -> Result<(Word, &str), Mistake> {
    if let Some(inner) = text.strip_prefix('"') {
        let Some((keyword, rest)) = inner.split_once('"') else {
            return Err(unterminated(start..start + text.len()));
        };
        let span = start..start + keyword.len() + 2;
        return Ok((Word { text: keyword.to_lowercase(), span }, rest.trim_start_matches(BLANK)));
    }
    let end = text.find([' ', '\t', '=']).unwrap_or(text.len());
    let (keyword, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let rest = rest.trim_start_matches(BLANK);
    let rest = rest.strip_prefix('=').unwrap_or(rest).trim_start_matches(BLANK);
    Ok((Word { text: keyword.to_lowercase(), span: start..start + end }, rest))
}

/// Splits arguments: single and double quotes, a backslash before a quote, a backslash or a blank, and a
/// comment where an argument could begin.
fn words(text: &str, start: usize) -> Result<Vec<Word>, Mistake> {
    let mut words = Vec::new();
    let mut left = text.char_indices().peekable();
    while let Some(&(at, character)) = left.peek() {
        match character {
            ' ' | '\t' => {
                left.next();
            }
            '#' => break,
            _ => {
                let word = word(&mut left).ok_or_else(|| unterminated(start + at..start + text.len()))?;
                let end = left.peek().map_or(text.len(), |(end, _)| *end);
                words.push(Word { text: word, span: start + at..start + end });
            }
        }
    }
    Ok(words)
}

/// One argument; `None` when its quote is not closed.
fn word(left: &mut std::iter::Peekable<std::str::CharIndices<'_>>) -> Option<String> {
    let (mut word, mut quote) = (String::new(), None);
    while let Some(&(_, character)) = left.peek() {
        if quote.is_none() && BLANK.contains(&character) {
            break;
        }
        left.next();
        match (character, quote) {
            ('\\', _) => {
                let escaped = left.next_if(|&(_, next)| {
                    matches!(next, '\'' | '"' | '\\') || (next == ' ' && quote.is_none())
                });
                word.push(escaped.map_or('\\', |(_, next)| next));
            }
            ('"' | '\'', None) => quote = Some(character),
            (_, Some(open)) if open == character => quote = None,
            _ => word.push(character),
        }
    }
    quote.is_none().then_some(word)
}

fn unterminated(span: Range<usize>) -> Mistake {
    Mistake::new(&span, "a quote is not closed", "a quote that stands for itself has a backslash before it")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(line: &str) -> Vec<String> {
        let line = read(line, 0).unwrap().unwrap();
        [line.keyword].into_iter().chain(line.words).map(|word| word.text).collect()
    }

    #[test]
    fn lines_are_split_as_ssh_splits_them() {
        for (line, expected) in [
            ("\tUser x  \r", &["user", "x"][..]),
            ("USER=x", &["user", "x"]),
            ("User \t= x", &["user", "x"]),
            ("User==x", &["user", "=x"]),
            ("\"User\" x", &["user", "x"]),
            ("User \"a b\" 'c d'", &["user", "a b", "c d"]),
            ("User a\"b c\"d", &["user", "ab cd"]),
            ("User a\\ b", &["user", "a b"]),
            ("User \"a\\\"b\\c\\ d\"", &["user", "a\"b\\c\\ d"]),
            ("Host a # b", &["host", "a"]),
            ("Host a#b \"#c\"", &["host", "a#b", "#c"]),
            ("Host \"\"", &["host", ""]),
            ("User x\u{c}", &["user", "x"]),
        ] {
            assert_eq!(parts(line), expected, "{line}");
        }
    }

    #[test]
    fn words_know_where_they_stand() {
        let line = read("  Host = \"a b\" ü c # d", 100).unwrap().unwrap();
        assert_eq!(line.keyword.span, 102..106);
        let spans: Vec<_> = line.words.iter().map(|word| word.span.clone()).collect();
        assert_eq!(spans, [109..114, 115..117, 118..119]);
        assert_eq!(line.rest.text, "\"a b\" ü c # d");
        assert_eq!(line.rest.span.start, 109);
    }

    #[test]
    fn what_says_nothing_and_what_is_wrong() {
        assert_eq!(read(" \t # User x", 0), Ok(None));
        assert_eq!(read("\r", 0), Ok(None));
        for (line, title) in [
            ("Port", "`port` has no argument"),
            ("Port =", "`port` has no argument"),
            ("User \"x", "a quote is not closed"),
            ("ProxyCommand it's", "a quote is not closed"),
            ("\"User x", "a quote is not closed"),
        ] {
            assert_eq!(read(line, 0).unwrap_err().title, title, "{line}");
        }
    }
}
