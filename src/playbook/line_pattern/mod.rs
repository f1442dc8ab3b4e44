//! A regular expression over lines, which hosts match with `grep -E`: content does not leave them.
//!
//! It is written in the syntax of the `regex` crate and translated into what POSIX understands in the same
//! way, regex(7). What has no such translation is refused, never bent. A pattern that comes here is known to be
//! right by the crate's own parser.

mod set;

use std::ops::Range;

use self::set::Set;
use crate::probe::Wanted;

/// The most repetitions that POSIX promises, `RE_DUP_MAX`.
const MOST_REPETITIONS: u32 = 255;

/// A pattern over lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinePattern {
    posix: String,
}

/// What of a pattern a host cannot follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfollowed {
    /// Where, in bytes.
    pub span: Range<usize>,
    /// What it is.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

impl LinePattern {
    /// Translates a pattern that the `regex` crate understands.
    ///
    /// # Errors
    /// The first part of it that POSIX lacks.
    pub fn parse(pattern: &str) -> Result<Self, Unfollowed> {
        let mut translation = Translation { pattern, at: 0, posix: String::new(), last: Last::Start };
        while translation.at < pattern.len() {
            translation.next()?;
        }
        if translation.last == Last::Start || translation.last == Last::Bar {
            return Err(translation.empty(pattern.len()));
        }
        Ok(Self { posix: translation.posix })
    }

    /// The same as an extended regular expression of POSIX, for the C locale.
    pub fn posix(&self) -> &str {
        &self.posix
    }
}

/// What came last: whether it can be repeated, or be followed by an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    /// Nothing yet, in the pattern or in a group.
    Start,
    /// `|`
    Bar,
    /// `^` or `$`
    Anchor,
    /// Something that can be repeated.
    Item,
    /// A repetition.
    Repeated,
}

struct Translation<'p> {
    pattern: &'p str,
    at: usize,
    posix: String,
    last: Last,
}

impl Translation<'_> {
    fn rest(&self) -> &str {
        self.pattern.get(self.at..).unwrap_or_default()
    }

    fn next(&mut self) -> Result<(), Unfollowed> {
        let letter = self.rest().chars().next().unwrap_or_default();
        match letter {
            '\\' => return self.escape(),
            '[' => return self.class(),
            '(' => return self.open(),
            '*' | '+' | '?' | '{' => return self.repetition(),
            ')' | '|' => {
                if self.last == Last::Start || self.last == Last::Bar {
                    return Err(self.empty(self.at));
                }
                self.posix.push(letter);
                self.last = if letter == '|' { Last::Bar } else { Last::Item };
            }
            '^' | '$' => {
                self.posix.push(letter);
                self.last = Last::Anchor;
            }
            '.' => {
                self.posix.push('.');
                self.last = Last::Item;
            }
            _ => self.literal(letter, self.at..self.at + letter.len_utf8())?,
        }
        self.at += letter.len_utf8();
        Ok(())
    }

    /// A character that stands for itself.
    fn literal(&mut self, letter: char, span: Range<usize>) -> Result<(), Unfollowed> {
        if !Wanted::can_say(&letter.to_string()) {
            return Err(unfollowed(span, "hosts cannot be asked for this character", "write `.` for it"));
        }
        match letter {
            '^' => self.posix.push_str("\\^"),
            '.' | '[' | ']' | '\\' | '(' | ')' | '*' | '+' | '?' | '{' | '}' | '|' | '$' => {
                self.posix.extend(['[', letter, ']']);
            }
            _ => self.posix.push(letter),
        }
        self.last = Last::Item;
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Unfollowed> {
        let letter = self.rest().chars().nth(1).unwrap_or_default();
        let span = self.at..self.at + 1 + letter.len_utf8();
        match letter {
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => {
                let mut set = Set::default();
                set.add_perl(letter.to_ascii_lowercase());
                set.negated = letter.is_ascii_uppercase();
                self.posix.push_str(&set.posix());
                self.last = Last::Item;
            }
            'b' | 'B' | '<' | '>' => {
                return Err(unfollowed(span, "a word boundary", "write what stands there: `(^|[^a-z])`"));
            }
            'p' | 'P' => return Err(unfollowed(span, "a Unicode class", "write the letters: `[A-Za-z]`")),
            't' => return Err(unfollowed(span, "a tab cannot travel", "write `\\s`, which is any blank")),
            _ if letter.is_ascii_punctuation() => self.literal(letter, span.clone())?,
            _ => {
                return Err(unfollowed(
                    span,
                    "POSIX has no such escape",
                    "write the character itself, or `.`",
                ));
            }
        }
        self.at = span.end;
        Ok(())
    }

    fn open(&mut self) -> Result<(), Unfollowed> {
        let length = match self.rest().strip_prefix("(?") {
            None => 1,
            Some(rest) if rest.starts_with(':') => 3,
            Some(rest) => {
                let named = rest.starts_with(['P', '<']);
                let end = rest.find([')', ':', '>']).map_or(self.pattern.len(), |end| self.at + 3 + end);
                let (message, help) = match named {
                    true => ("a named group", "write a plain one: `(…)`"),
                    false => ("flags", "leave them out; for both cases write `[Aa]`"),
                };
                return Err(unfollowed(self.at..end, message, help));
            }
        };
        self.posix.push('(');
        self.at += length;
        self.last = Last::Start;
        Ok(())
    }

    fn repetition(&mut self) -> Result<(), Unfollowed> {
        let begin = self.at;
        let here = begin..begin + 1;
        match self.last {
            Last::Repeated if self.rest().starts_with('?') => {
                return Err(unfollowed(
                    here,
                    "a lazy repetition",
                    "leave the `?` out: a line matches all the same",
                ));
            }
            Last::Repeated => {
                return Err(unfollowed(
                    here,
                    "a repetition of a repetition",
                    "put the inner one into a group: `(…)`",
                ));
            }
            Last::Item => {}
            _ => return Err(unfollowed(here, "this repeats an anchor", "leave the repetition out")),
        }
        let rest = self.rest();
        let counted = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let Some((counts, _)) = counted else {
            self.posix.extend(rest.chars().next());
            self.at += 1;
            self.last = Last::Repeated;
            return Ok(());
        };
        let span = begin..begin + counts.len() + 2;
        let counts: String = counts.chars().filter(|letter| !letter.is_whitespace()).collect();
        let high = |count: &str| count.parse::<u32>().is_ok_and(|count| count > MOST_REPETITIONS);
        if counts.split(',').any(high) {
            let message = format!("more than {MOST_REPETITIONS} repetitions");
            return Err(unfollowed(span, message, "write `*`, or repeat a shorter part of it"));
        }
        let least = if counts.starts_with(',') { "0" } else { "" };
        self.posix.push_str(&format!("{{{least}{counts}}}"));
        self.at = span.end;
        self.last = Last::Repeated;
        Ok(())
    }

    /// `[…]`: one set of characters, written anew in the order that POSIX can read.
    fn class(&mut self) -> Result<(), Unfollowed> {
        let begin = self.at;
        let mut set = Set::default();
        self.at += 1;
        if self.rest().starts_with('^') {
            set.negated = true;
            self.at += 1;
        }
        let mut first = true;
        loop {
            let rest = self.rest();
            if rest.is_empty() {
                return Err(unfollowed(begin..self.at, "an open class", "close it with `]`"));
            }
            if rest.starts_with(']') && !first {
                self.at += 1;
                break;
            }
            first = false;
            self.class_item(&mut set)?;
        }
        self.posix.push_str(&set.posix());
        self.last = Last::Item;
        Ok(())
    }

    /// A character, a range or a named class.
    fn class_item(&mut self, set: &mut Set) -> Result<(), Unfollowed> {
        let (rest, begin) = (self.rest(), self.at);
        let here = begin..begin + 2;
        if let Some(name) =
            rest.strip_prefix("[:").and_then(|rest| rest.split_once(":]")).map(|(name, _)| name)
        {
            let end = self.at + name.len() + 4;
            if !set.add_named(name) {
                return Err(unfollowed(
                    self.at..end,
                    "a class that hosts lack",
                    "write its characters: `[a-z0-9]`",
                ));
            }
            self.at = end;
            return Ok(());
        }
        if rest.starts_with('[') || ["&&", "--", "~~"].iter().any(|operator| rest.starts_with(operator)) {
            return Err(unfollowed(here, "a set of sets", "write one set: `[a-z0-9]`"));
        }
        if let Some(class @ ('d' | 's' | 'w')) = rest.strip_prefix('\\').and_then(|rest| rest.chars().next())
        {
            set.add_perl(class);
            self.at += 2;
            return Ok(());
        }
        let from = self.class_letter()?;
        let is_range =
            self.rest().starts_with('-') && !self.rest().starts_with("-]") && !self.rest().starts_with("--");
        let to = if is_range {
            self.at += 1;
            self.class_letter()?
        } else {
            from
        };
        if (from..=to).contains(&b'\'') {
            return Err(unfollowed(
                begin..self.at,
                "`'` is among these",
                "leave it out: hosts cannot be asked for it",
            ));
        }
        set.letters.extend(from..=to);
        Ok(())
    }

    fn class_letter(&mut self) -> Result<u8, Unfollowed> {
        let (escaped, letter) = match self.rest().strip_prefix('\\') {
            Some(rest) => (true, rest.chars().next().unwrap_or_default()),
            None => (false, self.rest().chars().next().unwrap_or_default()),
        };
        let span = self.at..self.at + usize::from(escaped) + letter.len_utf8();
        let known = !escaped || letter.is_ascii_punctuation();
        match u8::try_from(letter).ok().filter(|_| known && Wanted::can_say(&letter.to_string())) {
            Some(byte) => {
                self.at = span.end;
                Ok(byte)
            }
            None => Err(unfollowed(
                span,
                "hosts cannot be asked for this in a set",
                "write plain characters: `[a-z0-9]`",
            )),
        }
    }

    fn empty(&self, at: usize) -> Unfollowed {
        let from = at.saturating_sub(1);
        unfollowed(
            from..at.max(from + 1).min(self.pattern.len()),
            "nothing stands here",
            "write what may be missing with a `?`: `(a)?`",
        )
    }
}

fn unfollowed(span: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Unfollowed {
    Unfollowed { span, message: message.into(), help: help.into() }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    #[test]
    fn what_posix_has_is_the_same_and_what_it_lacks_is_written_anew() {
        for (pattern, posix) in [
            ("^server_name .*", "^server_name .*"),
            (
                r"^\s*listen\s+\d{1,3}\.\d+;$",
                "^[[:space:]]*listen[[:space:]]+[[:digit:]]{1,3}[.][[:digit:]]+;$",
            ),
            (r"(?:a|b)+\w\W\S", "(a|b)+[_[:alnum:]][^_[:alnum:]][^[:space:]]"),
            (r"[\]^a-c\-]", "[]a-c^-]"),
            (r"[\^]", r"\^"),
            (r"[\^-]", "[-^]"),
            (r"[^\^-]", "[^^-]"),
            (r"[\[.]\\\^", r"[.[][\]\^"),
            ("[[:alpha:]_]{,3}", "[_[:alpha:]]{0,3}"),
        ] {
            assert_eq!(LinePattern::parse(pattern).as_ref().map(LinePattern::posix), Ok(posix), "{pattern}");
        }
    }

    #[test]
    fn what_hosts_cannot_follow_is_told_with_its_place() {
        for (pattern, span, words) in [
            ("a.*?b", 3..4, "lazy"),
            (r"\bhost\b", 0..2, "word boundary"),
            ("(?i)host", 0..4, "flags"),
            ("(?P<n>a)", 0..6, "named group"),
            (r"\pL", 0..2, "Unicode class"),
            ("a'b", 1..2, "cannot be asked"),
            ("caf\u{e9}", 3..5, "cannot be asked"),
            (r"\t", 0..2, "tab"),
            (r"\x41", 0..2, "no such escape"),
            ("[a&&b]", 2..4, "set of sets"),
            ("[ -~]", 1..4, "among these"),
            ("[[:ascii:]]", 1..10, "class that hosts lack"),
            ("a**", 2..3, "repetition of a repetition"),
            ("^*", 1..2, "anchor"),
            ("a{300}", 1..6, "more than 255"),
            ("a|", 1..2, "nothing stands here"),
            ("()", 0..1, "nothing stands here"),
        ] {
            assert!(Regex::new(pattern).is_ok(), "{pattern} is no pattern at all");
            let error = LinePattern::parse(pattern).unwrap_err();
            assert!(error.message.contains(words) && !error.help.is_empty(), "{pattern}: {error:?}");
            assert_eq!(error.span, span, "{pattern}: {error:?}");
        }
    }

    /// Patterns of what is accepted.
    fn pattern() -> impl Strategy<Value = String> {
        let item = prop_oneof![
            4 => "[a-c_ 01:;/@%,=~<>#\"!&-]",
            1 => r"\\[.\[\](){}*+?^$|\\/-]",
            1 => Just(".".to_owned()),
            1 => r"\\[dDsSwW]",
            1 => r"\[\^?(\]|-)?[a-c0]{1,2}([0-5]-[5-9])?(\\\[|\\\^|\\\\|\\d|\\s|\\w|\[:alpha:\]|\[:punct:\])?-?\]",
        ];
        let leaf = (item, "([*+?]|\\{[0-3](,[3-5]?)?\\})?").prop_map(|(item, times)| item + &times);
        let joined = leaf.prop_recursive(3, 16, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
                (prop::collection::vec(inner, 1..3), "[*+?]?")
                    .prop_map(|(parts, times)| format!("({}){times}", parts.join("|"))),
            ]
        });
        ("\\^?", joined, "\\$?").prop_map(|(begin, middle, end)| begin + &middle + &end)
    }

    /// The lines that a host's grep leaves out.
    fn grep(pattern: &str, lines: &[String]) -> Vec<String> {
        let mut grep = Command::new("grep")
            .args(["-aE", "-e", pattern])
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        grep.stdin.take().unwrap().write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
        let output = grep.wait_with_output().unwrap();
        assert!(output.status.code() < Some(2), "{pattern}");
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn grep_and_the_crate_agree(
            written in pattern(),
            lines in prop::collection::vec("[ -~\t]{0,3}[a-c01 ]{0,4}[ -~]{0,2}", 12),
        ) {
            let regex = Regex::new(&written).unwrap();
            let pattern = LinePattern::parse(&written).map_err(|error| TestCaseError::fail(format!("{written}: {error:?}")))?;
            prop_assert!(Wanted::can_say(pattern.posix()));
            let ours: Vec<String> = lines.iter().filter(|line| regex.is_match(line)).cloned().collect();
            prop_assert_eq!(grep(pattern.posix(), &lines), ours, "{} as {}", written, pattern.posix());
        }

        #[test]
        fn no_text_makes_it_panic(text in r"[\PC]{0,30}", soup in r"[\[\]\\^$(){}|*+?a:&~'-]{0,20}") {
            let _ = (LinePattern::parse(&text), LinePattern::parse(&soup));
        }
    }
}
