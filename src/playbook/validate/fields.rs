//! The kinds of value that several tables share: texts, names, globs, host patterns, requirements,
//! severities and rule ids.

use std::ops::Range;

use regex::RegexBuilder;

use super::Entry;
use crate::diagnostic::suggest;
use crate::inventory::pattern::Pattern;
use crate::playbook::mistakes::Mistakes;
use crate::playbook::raw::Text;
use crate::playbook::{Glob, LinePattern, Place};
use crate::probe::Wanted;
use crate::severity::Severity;
use crate::version::Requirement;

/// How large a compiled regular expression may grow, in bytes.
const LARGEST: usize = 1 << 20;

/// The checks of one file, and what they need to know.
pub(super) struct Check<'a, 'm> {
    pub(super) mistakes: &'m mut Mistakes<'a>,
    known_rules: &'m [&'m str],
    /// Offset of every line's end, in order.
    line_ends: Vec<usize>,
}

impl<'a, 'm> Check<'a, 'm> {
    pub(super) fn new(mistakes: &'m mut Mistakes<'a>, known_rules: &'m [&'m str]) -> Self {
        let line_ends = mistakes.source.as_str().match_indices('\n').map(|(at, _)| at).collect();
        Self { mistakes, known_rules, line_ends }
    }

    /// Where an entry stands, for messages after validation.
    pub(super) fn place(&self, entry: &Entry) -> Place {
        self.place_of(entry.span.clone())
    }

    /// Where a value stands.
    pub(super) fn place_of(&self, span: Range<usize>) -> Place {
        let line = self.line_ends.partition_point(|&end| end < span.start) + 1;
        Place { line, source: self.mistakes.source.clone(), span }
    }

    /// A text that must stand there and say something.
    pub(super) fn required(
        &mut self,
        entry: &Entry,
        key: &str,
        text: Option<Text>,
        help: &str,
    ) -> Option<Text> {
        if text.is_none() {
            self.missing(entry, key, help);
        }
        self.filled(key, text?, help)
    }

    /// A key that must stand there and does not.
    pub(super) fn missing(&mut self, entry: &Entry, key: &str, help: &str) {
        let title = format!("`{}` without `{key}`", entry.kind);
        self.mistakes.add(entry.span.clone(), title, format!("`{key}` is missing here"), help);
    }

    /// A text that must say something if it stands there.
    pub(super) fn filled(&mut self, key: &str, text: Text, help: &str) -> Option<Text> {
        if !text.get_ref().trim().is_empty() {
            return Some(text);
        }
        self.mistakes.add(text.span(), format!("empty `{key}`"), "this says nothing", help);
        None
    }

    /// A text that must say something, on one line and without characters that nobody sees.
    pub(super) fn visible(&mut self, key: &str, text: Text, help: &str) -> Option<Text> {
        let text = self.filled(key, text, help)?;
        if !text.get_ref().contains(char::is_control) {
            return Some(text);
        }
        self.mistakes.add(text.span(), format!("control character in `{key}`"), "in this text", help);
        None
    }

    /// A text that travels to the hosts in a request: what a host's shell would not take for text is refused.
    pub(super) fn askable(&mut self, key: &str, text: Text, help: &str) -> Option<Text> {
        let text = self.visible(key, text, help)?;
        let odd = text.get_ref().char_indices().find(|(_, letter)| !Wanted::can_say(&letter.to_string()));
        let Some((at, odd)) = odd else { return Some(text) };
        let span = self.within(&text, at..at + odd.len_utf8());
        self.mistakes.add(
            span,
            format!("`{odd}` in `{key}`"),
            "hosts cannot be asked for this character",
            help,
        );
        None
    }

    /// A package's name. A glob or a version in its place would match no package, without a word.
    pub(super) fn package_name(&mut self, key: &str, text: Text) -> Option<String> {
        let text = self.filled(key, text, "the package's name, as its package manager has it: `nginx`")?;
        // deb-control(5) is stricter; rpm, pacman and apk add the last few.
        let fits = |letter: char| letter.is_ascii_alphanumeric() || "+-._@".contains(letter);
        // What begins with a dash would be an option to whoever is asked for it.
        let begins = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let odd = |(at, letter): &(usize, char)| !fits(*letter) || *at == 0 && !begins(*letter);
        let Some((at, odd)) = text.get_ref().char_indices().find(odd) else {
            return Some(text.into_inner());
        };
        let help = match odd {
            '*' | '?' | '[' => "an entry names one package; globs belong to `ignore` of `[everything-else]`",
            ':' => "leave the architecture out: an entry speaks of every architecture",
            '=' | '<' | '>' | ' ' => {
                "write the name alone, and what it must be as `version = \">=1.24, <1.27\"`"
            }
            _ => "write the name as its package manager has it: letters, digits and `+-._@`",
        };
        let span = self.within(&text, at..at + odd.len_utf8());
        let title = format!("`{}` is no package name", text.get_ref().escape_debug());
        self.mistakes.add(span, title, "no name has this character", help);
        None
    }

    /// Ansible's host pattern; `None` where it is not written is every host.
    pub(super) fn hosts(&mut self, text: Option<Text>) -> Option<Pattern> {
        let text = self.filled(
            "hosts",
            text?,
            "write a pattern such as `web:&prod`, or leave the line out for every host",
        )?;
        match Pattern::parse(text.get_ref()) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                let span = self.within(&text, error.span);
                let help = error
                    .help
                    .unwrap_or_else(|| "write a pattern as Ansible has it: `web:&prod:!web-03`".into());
                self.mistakes.add(span, "bad host pattern", error.message, help);
                None
            }
        }
    }

    /// A shell-style glob.
    pub(super) fn glob(&mut self, text: &Text) -> Option<Glob> {
        match Glob::parse(text.get_ref()) {
            Ok(glob) => Some(glob),
            Err(error) => {
                let span = self.within(text, error.span);
                self.mistakes.add(span, "bad glob", error.message, error.help);
                None
            }
        }
    }

    /// A regular expression over lines, in the syntax of the `regex` crate, as far as hosts can follow it.
    pub(super) fn line_pattern(&mut self, text: &Text) -> Option<LinePattern> {
        if let Err(error) = RegexBuilder::new(text.get_ref()).size_limit(LARGEST).build() {
            // The last line of its message is the reason; those before it draw the place.
            let message = error.to_string();
            let reason = message.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            let help = "write a regular expression such as `^server_name .*`, between single quotes if it has a `\\`";
            self.mistakes.add(text.span(), "bad regular expression", reason, help);
            return None;
        }
        match LinePattern::parse(text.get_ref()) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                let span = self.within(text, error.span);
                let title = "a regular expression that hosts cannot follow";
                self.mistakes.add(span, title, error.message, error.help);
                None
            }
        }
    }

    /// A requirement on an upstream version.
    pub(super) fn requirement(&mut self, text: &Text) -> Option<Requirement> {
        match Requirement::parse(text.get_ref()) {
            Ok(requirement) => Some(requirement),
            Err(reason) => {
                let help = "write a semver requirement on the upstream version, such as `>=1.24, <1.27`";
                self.mistakes.add(text.span(), "bad version requirement", reason, help);
                None
            }
        }
    }

    /// One of the five words.
    pub(super) fn severity(&mut self, text: &Text) -> Option<Severity> {
        let word = text.get_ref();
        let known = Severity::ALL.map(Severity::as_str);
        word.parse().map_err(|_| self.bad_severity(text, &known)).ok()
    }

    pub(super) fn bad_severity(&mut self, text: &Text, known: &[&str]) {
        let word = text.get_ref();
        let help = match (word.as_str(), known.contains(&"off")) {
            ("off", false) => {
                "`off` is for `[rules]`; a single finding is silenced by an `[[ignore]]`".to_owned()
            }
            _ => suggest(word, known),
        };
        self.mistakes.add(
            text.span(),
            format!("unknown severity `{}`", word.escape_debug()),
            "this is no severity",
            help,
        );
    }

    /// The id of a rule that exists.
    pub(super) fn rule(&mut self, id: Text) -> Option<String> {
        if self.known_rules.contains(&id.get_ref().as_str()) {
            return Some(id.into_inner());
        }
        let title = format!("unknown rule `{}`", id.get_ref().escape_debug());
        self.mistakes.add(id.span(), title, "no rule has this id", suggest(id.get_ref(), self.known_rules));
        None
    }

    /// A place inside a text. Where the text is not written as it is meant (escapes), the whole of it.
    pub(super) fn within(&self, text: &Text, inner: Range<usize>) -> Range<usize> {
        let span = text.span();
        let written = self.mistakes.source.as_str().get(span.clone()).unwrap_or_default();
        let start = ["\"\"\"\n", "'''\n", "\"\"\"", "'''", "\"", "'"]
            .into_iter()
            .find(|quote| {
                written.strip_prefix(quote).is_some_and(|rest| rest.starts_with(text.get_ref().as_str()))
            })
            .map(|quote| span.start + quote.len());
        match start {
            Some(start) if !text.get_ref().is_empty() => start + inner.start..start + inner.end,
            _ => span,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::playbook::fixture::{right, wrong};

    #[test]
    fn a_bad_host_pattern_is_shown_inside_its_text() {
        let cluster = |hosts: &str| format!("[[cluster]]\nname = \"web\"\nhosts = {hosts}\n");
        let words = ["bad host pattern", "help: "];
        wrong(&cluster("\"db:web-[01\""), "3:17", &words);
        wrong(&cluster("'db:web-[01'"), "3:17", &words);
        wrong(&cluster("\"\"\"db:web-[01\"\"\""), "3:19", &words);
        // Written with an escape the offsets differ, and the whole text is shown.
        wrong(&cluster(r#""db:w\u0065b-[01""#), "3:9", &words);
        wrong(&cluster("\" \""), "3:9", &["empty `hosts`", "every host"]);
    }

    #[test]
    fn a_bad_glob_is_shown_inside_its_text() {
        let ignore = |glob: &str| format!("[everything-else]\nignore = [\"ok-*\", {glob}]\n");
        wrong(&ignore("\"lib[ab\""), "2:23", &["bad glob", "`[` without `]`", "close it"]);
        wrong(&ignore("\"\""), "2:19", &["bad glob", "empty glob", "`*` matches every name"]);
        wrong(
            "[[ignore]]\nrule = \"gap\"\nreason = \"r\"\nsubject = \"x[z-a]\"\n",
            "4:14",
            &["bad glob", "`a-z`"],
        );
    }

    #[test]
    fn a_bad_regular_expression_says_why() {
        let file = |normalise: &str| format!("[[file]]\npath = \"/etc/motd\"\nnormalise = [{normalise}]\n");
        wrong(&file("'^a', '(b'"), "3:20", &["bad regular expression", "unclosed group", "^server_name .*"]);
        wrong(&file("'a{9999}{9999}'"), "3:14", &["bad regular expression", "size limit"]);
        right(&file("'^server_name .*'"));
        wrong(
            &file("'^a.*?b'"),
            "3:19",
            &["a regular expression that hosts cannot follow", "a lazy repetition", "leave the `?` out"],
        );
    }

    #[test]
    fn a_bad_severity_gets_its_neighbour() {
        let package = |word: &str| format!("[[package]]\nname = \"nginx\"\nseverity = \"{word}\"\n");
        wrong(&package("hihg"), "3:12", &["unknown severity `hihg`", "did you mean `high`?"]);
        wrong(&package("off"), "3:12", &["unknown severity `off`", "`off` is for `[rules]`"]);
        wrong(
            &package("HIGH"),
            "3:12",
            &["unknown severity `HIGH`", "`critical`, `high`, `medium`, `low`, `info`"],
        );
    }
}
