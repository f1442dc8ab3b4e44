//! Shell-style globs over package names and subjects: `*`, `?`, `[…]`, `[!…]` and `\` before a
//! literal, as glob(7) has them.
//!
//! A glob matches a whole name. Matching takes time linear in the name, whatever the glob: most
//! globs are a plain comparison, the rest an anchored regular expression, which never backtracks.

use std::fmt;
use std::ops::Range;

use regex::Regex;

/// Longest glob that is accepted, in bytes; no package name comes near it.
const LONGEST: usize = 1_000;

/// A compiled glob. It matches whole names, and letters as they are written.
#[derive(Debug, Clone)]
pub struct Glob {
    text: String,
    matcher: Matcher,
}

/// The cheapest way to answer for one glob.
#[derive(Debug, Clone)]
enum Matcher {
    Exact(String),
    Prefix(String),
    Suffix(String),
    Regex(Regex),
}

/// Why a text is no glob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GlobError {
    /// The mistake's place, in bytes of the glob.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl Glob {
    /// Compiles a glob.
    ///
    /// # Errors
    /// A [`GlobError`] for an empty or overlong text, a bracket that is not closed, a range that runs
    /// backwards, a `[:class:]`, or a `\` at the end.
    pub fn parse(text: &str) -> Result<Self, GlobError> {
        if text.is_empty() {
            return Err(mistake(0..0, "empty glob", "`*` matches every name"));
        }
        if text.len() > LONGEST {
            let help = format!("a glob has at most {LONGEST} bytes");
            return Err(mistake(0..text.len(), "glob too long", help));
        }
        let tokens = Scanner { text, at: 0 }.tokens()?;
        let matcher = match tokens.as_slice() {
            [rest @ .., Token::Any] if literal(rest).is_some() => {
                Matcher::Prefix(literal(rest).unwrap_or_default())
            }
            [Token::Any, rest @ ..] if literal(rest).is_some() => {
                Matcher::Suffix(literal(rest).unwrap_or_default())
            }
            all => match literal(all) {
                Some(name) => Matcher::Exact(name),
                None => Matcher::Regex(regex(all).map_err(|error| too_big(text, &error))?),
            },
        };
        Ok(Self { text: text.to_owned(), matcher })
    }

    /// Whether the whole of `name` matches.
    pub fn matches(&self, name: &str) -> bool {
        match &self.matcher {
            Matcher::Exact(text) => name == text,
            Matcher::Prefix(text) => name.starts_with(text.as_str()),
            Matcher::Suffix(text) => name.ends_with(text.as_str()),
            Matcher::Regex(regex) => regex.is_match(name),
        }
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Glob {}

/// One element of a glob.
#[derive(Debug, PartialEq, Eq)]
enum Token {
    Literal(char),
    /// `*`
    Any,
    /// `?`
    One,
    /// `[…]`, as the regular expression that means the same.
    Class(String),
}

/// The tokens as plain text, if none of them is special.
fn literal(tokens: &[Token]) -> Option<String> {
    tokens
        .iter()
        .map(|token| match token {
            Token::Literal(letter) => Some(*letter),
            _ => None,
        })
        .collect()
}

fn regex(tokens: &[Token]) -> Result<Regex, regex::Error> {
    let mut pattern = String::from(r"(?s)\A");
    for token in tokens {
        match token {
            Token::Literal(letter) => pattern.push_str(&escaped(*letter)),
            Token::Any => pattern.push_str(".*"),
            Token::One => pattern.push('.'),
            Token::Class(class) => pattern.push_str(class),
        }
    }
    pattern.push_str(r"\z");
    Regex::new(&pattern)
}

fn escaped(letter: char) -> String {
    regex::escape(letter.encode_utf8(&mut [0; 4]))
}

fn mistake(span: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> GlobError {
    GlobError { span, message: message.into(), help: help.into() }
}

/// The scanner lets nothing through that is no valid expression; what is left is its size.
fn too_big(text: &str, error: &regex::Error) -> GlobError {
    mistake(0..text.len(), format!("the glob cannot be compiled: {error}"), "use a simpler glob")
}

/// Reads a glob from left to right.
struct Scanner<'a> {
    text: &'a str,
    /// Byte offset of the next character.
    at: usize,
}

impl Scanner<'_> {
    fn tokens(mut self) -> Result<Vec<Token>, GlobError> {
        let mut tokens = Vec::new();
        while let Some(letter) = self.next() {
            let token = match letter {
                '*' => Token::Any,
                '?' => Token::One,
                '[' => Token::Class(self.class()?),
                '\\' => Token::Literal(self.after_backslash()?),
                plain => Token::Literal(plain),
            };
            // `**` is `*`; one is cheaper.
            if token != Token::Any || tokens.last() != Some(&Token::Any) {
                tokens.push(token);
            }
        }
        Ok(tokens)
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += letter.len_utf8();
        Some(letter)
    }

    fn skip(&mut self, wanted: &[char]) -> bool {
        let found = self.peek().is_some_and(|letter| wanted.contains(&letter));
        if found {
            self.next();
        }
        found
    }

    fn after_backslash(&mut self) -> Result<char, GlobError> {
        let start = self.at.saturating_sub(1);
        self.next().ok_or_else(|| {
            mistake(start..self.at, "`\\` at the end of a glob", "write `\\\\` for a backslash")
        })
    }

    /// What follows a `[`, up to and with its `]`.
    fn class(&mut self) -> Result<String, GlobError> {
        let open = self.at.saturating_sub(1);
        let mut class = String::from(if self.skip(&['!', '^']) { "[^" } else { "[" });
        let first = self.at;
        loop {
            let start = self.at;
            let Some(letter) = self.next() else { return Err(unclosed(open..self.at)) };
            match letter {
                // A `]` right after the opening is a member.
                ']' if start > first => break,
                '[' if self.skip(&[':', '.', '=']) => {
                    let help = "list the letters themselves, such as `[a-z]`";
                    return Err(mistake(start..self.at, "character classes are not supported", help));
                }
                letter => self.member(letter, start, open, &mut class)?,
            }
        }
        class.push(']');
        Ok(class)
    }

    /// One letter of a class, or the range that begins with it.
    fn member(
        &mut self,
        letter: char,
        start: usize,
        open: usize,
        class: &mut String,
    ) -> Result<(), GlobError> {
        let low = if letter == '\\' { self.after_backslash()? } else { letter };
        class.push_str(&escaped(low));
        let rest = self.text.get(self.at..).unwrap_or_default();
        // A `-` before the closing `]` is a member.
        if !rest.starts_with('-') || rest.starts_with("-]") {
            return Ok(());
        }
        self.next();
        let high = match self.next() {
            Some('\\') => self.after_backslash()?,
            Some(letter) => letter,
            None => return Err(unclosed(open..self.at)),
        };
        if high < low {
            let help = format!("write it as `{high}-{low}`");
            return Err(mistake(start..self.at, "this range runs backwards", help));
        }
        class.push('-');
        class.push_str(&escaped(high));
        Ok(())
    }
}

fn unclosed(span: Range<usize>) -> GlobError {
    mistake(span, "`[` without `]`", "close it with `]`, or write `\\[` for the bracket itself")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn matches(glob: &str, name: &str) -> bool {
        Glob::parse(glob).unwrap().matches(name)
    }

    #[test]
    fn a_glob_matches_the_whole_name_and_nothing_less() {
        let yes = [
            ("nginx", "nginx"),
            ("linux-image-*", "linux-image-6.1.0-31-amd64"),
            ("linux-image-*", "linux-image-"),
            ("*-microcode", "intel-microcode"),
            ("lib*-dev", "libssl-dev"),
            ("php8.?", "php8.4"),
            ("python3.1[0-3]", "python3.12"),
            ("lib[!a-m]*", "libssl3"),
            ("lib[^a-m]*", "libssl3"),
            ("a[]]b", "a]b"),
            ("a[!]]b", "a-b"),
            ("a[x-]b", "a-b"),
            (r"g\*", "g*"),
            (r"a[\]]", "a]"),
            ("a**b", "a--b"),
            ("*", ""),
            ("t*s?", "two\nlines\n"),
            ("libstdc++?", "libstdc++6"),
            ("a[&&~#.]", "a&"),
            ("é?", "éü"),
        ];
        for (glob, name) in yes {
            assert!(matches(glob, name), "{glob} should match {name:?}");
        }
        let no = [
            ("nginx", "nginx-light"),
            ("linux-image-*", "xlinux-image-6"),
            ("*-microcode", "intel-microcode2"),
            ("php8.?", "php8x4"),
            ("php8.?", "php8."),
            ("lib[!a-m]*", "libc6"),
            ("a[!]]b", "a]b"),
            ("a?", "a\n\n"),
            ("[a-c]x", "dx"),
            ("NGINX*", "nginx"),
        ];
        for (glob, name) in no {
            assert!(!matches(glob, name), "{glob} should not match {name:?}");
        }
    }

    #[test]
    fn common_globs_need_no_regular_expression() {
        let cheap = |glob| !matches!(Glob::parse(glob).unwrap().matcher, Matcher::Regex(_));
        assert!(["nginx", "linux-image-*", "*-microcode", "*", r"a\*"].into_iter().all(cheap));
        assert!(!cheap("a*b"));
    }

    #[test]
    fn a_mistake_names_its_place_and_its_cure() {
        let cases = [
            ("", 0..0, "empty glob", "`*`"),
            ("lib[ab", 3..6, "`[` without `]`", "close it"),
            ("lib[", 3..4, "`[` without `]`", "close it"),
            ("lib[]", 3..5, "`[` without `]`", "close it"),
            ("lib[a-", 3..6, "`[` without `]`", "close it"),
            ("x[z-a]", 2..5, "this range runs backwards", "`a-z`"),
            ("x[[:alpha:]]", 2..4, "character classes are not supported", "`[a-z]`"),
            ("x\\", 1..2, "`\\` at the end of a glob", "`\\\\`"),
        ];
        for (glob, span, message, help) in cases {
            let error = Glob::parse(glob).unwrap_err();
            assert_eq!((error.span, error.message.as_str()), (span, message), "{glob}");
            assert!(error.help.contains(help), "{glob}: {}", error.help);
        }
        assert_eq!(Glob::parse(&"a".repeat(1_001)).unwrap_err().message, "glob too long");
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics_and_spans_lie_within_it(text in ".{0,40}", name in ".{0,20}") {
            match Glob::parse(&text) {
                Ok(glob) => { glob.matches(&name); }
                Err(error) => prop_assert!(text.get(error.span.clone()).is_some(), "{error:?}"),
            }
        }

        #[test]
        fn every_valid_token_sequence_compiles(text in r"[]a\[\-!^*?&~#\\é]{1,12}") {
            if let Err(error) = Glob::parse(&text) {
                prop_assert!(!error.message.contains("compiled"), "{text}: {error:?}");
            }
        }

        #[test]
        fn a_name_matches_itself_and_its_prefix_with_a_star(name in "[a-z0-9+.-]{1,20}", cut in 0usize..20) {
            let start = name.get(..cut.min(name.len())).unwrap();
            prop_assert!(Glob::parse(&name).unwrap().matches(&name));
            let star = format!("{start}*");
            prop_assert!(Glob::parse(&star).unwrap().matches(&name));
        }
    }
}
