//! Ansible's host patterns: `web:&prod:!web-03`, globs, `~regex`, subscripts and ranges.
//!
//! The order of the terms does not matter: first all plain terms are united, then every `&` term
//! intersects, then every `!` term excludes. With no plain term, all hosts are meant.

mod subscript;

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::path::Path;

use regex::Regex;

use super::{HostId, Inventory};
use crate::diagnostic::{Diagnostic, Source};
use crate::hostlist;
use subscript::Subscript;

/// A pattern that was read.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    terms: Vec<Term>,
}

/// A pattern that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    /// Its place in the text, in bytes.
    pub span: Range<usize>,
    /// What is wrong, as a fragment in lower case.
    pub message: String,
    /// What is expected.
    pub help: Option<String>,
}

/// The hosts that a pattern means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// The hosts.
    pub hosts: BTreeSet<HostId>,
    /// Terms that match neither a host nor a group.
    pub unmatched: Vec<String>,
    /// Terms whose subscript counts beyond the hosts that they match; Ansible refuses these.
    pub beyond: Vec<String>,
}

#[derive(Debug, Clone)]
struct Term {
    text: String,
    role: Role,
    matcher: Matcher,
    subscript: Option<Subscript>,
    /// What the text means as a range of hosts, should it be no group with a subscript.
    counted: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Unite,
    Intersect,
    Exclude,
}

#[derive(Debug, Clone)]
enum Matcher {
    /// Names, of groups or of hosts.
    Names(Vec<String>),
    /// A glob or a regular expression over both.
    Expression(Regex),
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl Pattern {
    /// Reads a pattern.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let mut terms = Vec::new();
        for span in split(text) {
            let Some(term) = text.get(span.clone()) else { continue };
            let trimmed = term.trim();
            if !trimmed.is_empty() {
                let offset = span.start + (term.len() - term.trim_start().len());
                terms.push(Term::parse(trimmed, offset)?);
            }
        }
        if terms.is_empty() {
            let help = Some("name a group or a host, or `all`".to_owned());
            return Err(PatternError {
                span: 0..text.len(),
                message: "the pattern is empty".to_owned(),
                help,
            });
        }
        Ok(Self { text: text.to_owned(), terms })
    }

    /// Reads what `--limit` takes: a pattern in which `@FILE` stands for the terms in a file, one a line.
    pub fn parse_limit(text: &str) -> Result<Self, Diagnostic> {
        let source = Source::text("--limit", text);
        let mut terms = Vec::new();
        for span in split(text) {
            let Some(term) = text.get(span.clone()) else { continue };
            if term.trim().starts_with(['!', '&']) && term.contains('@') {
                return Err(source
                    .error(span, "a file of names can be added, not excluded or intersected", "")
                    .help("write `@FILE` by itself, or put its names into a group"));
            }
            match term.trim().strip_prefix('@') {
                Some(path) => terms.extend(Self::read_file(Path::new(path))?),
                None => terms.push((term.to_owned(), source.clone(), span.start)),
            }
        }
        let mut pattern = Self { text: text.to_owned(), terms: Vec::new() };
        for (term, source, offset) in terms {
            let trimmed = term.trim();
            if trimmed.is_empty() {
                continue;
            }
            let offset = offset + (term.len() - term.trim_start().len());
            // One term, whatever separators it holds: it was parted from the others already.
            let parsed = Term::parse(trimmed, offset).map_err(|error| {
                let diagnostic = source.error(error.span, error.message, "");
                error.help.into_iter().fold(diagnostic, Diagnostic::help)
            })?;
            pattern.terms.push(parsed);
        }
        if pattern.terms.is_empty() {
            return Err(source.whole("the pattern names no host").help("name a group or a host, or `all`"));
        }
        Ok(pattern)
    }

    fn read_file(path: &Path) -> Result<Vec<(String, Source, usize)>, Diagnostic> {
        let source = Source::read(path)?;
        let mut terms = Vec::new();
        let mut offset = 0;
        for line in source.as_str().split_inclusive('\n') {
            // A comment may stand behind a name, too.
            let term = line.split(" #").next().unwrap_or_default();
            if !term.trim_start().starts_with('#') {
                terms.push((term.to_owned(), source.clone(), offset));
            }
            offset += line.len();
        }
        Ok(terms)
    }

    /// The hosts that the pattern means in an inventory.
    pub fn select(&self, inventory: &Inventory) -> Selection {
        let mut selection = Selection::default();
        let mut of_role = |role: Role| -> Vec<BTreeSet<HostId>> {
            let terms = self.terms.iter().filter(|term| term.role == role);
            let sets = terms.map(|term| {
                let (hosts, matched, beyond) = term.hosts(inventory);
                if !matched {
                    selection.unmatched.push(term.text.clone());
                } else if beyond {
                    selection.beyond.push(term.text.clone());
                }
                hosts
            });
            sets.collect()
        };
        let (united, intersected, excluded) =
            (of_role(Role::Unite), of_role(Role::Intersect), of_role(Role::Exclude));
        let mut hosts: BTreeSet<HostId> = match united.is_empty() {
            true => inventory.ids().collect(),
            false => united.into_iter().flatten().collect(),
        };
        for other in &intersected {
            hosts.retain(|host| other.contains(host));
        }
        for other in &excluded {
            hosts.retain(|host| !other.contains(host));
        }
        selection.hosts = hosts;
        selection
    }
}

impl Term {
    fn parse(text: &str, offset: usize) -> Result<Self, PatternError> {
        let error = |message: String, help: &str| PatternError {
            span: offset..offset + text.len(),
            message,
            help: Some(help.to_owned()),
        };
        let (role, body) = match text.as_bytes().first() {
            Some(b'&') => (Role::Intersect, text.get(1..).unwrap_or_default()),
            Some(b'!') => (Role::Exclude, text.get(1..).unwrap_or_default()),
            _ => (Role::Unite, text),
        };
        if body.is_empty() {
            return Err(error(format!("`{text}` names nothing"), "a group or a host follows `&` and `!`"));
        }
        let made = |matcher, subscript| {
            Ok(Self { text: text.to_owned(), role, matcher, subscript, counted: Vec::new() })
        };
        if let Some(expression) = body.strip_prefix('~') {
            // Anchored at the beginning only, as Python's re.match is.
            let regex = Regex::new(&format!("^(?:{expression})")).map_err(|why| {
                error(
                    format!("`{expression}` is no regular expression: {}", last_line(&why.to_string())),
                    "look-around and back-references are not supported",
                )
            })?;
            return made(Matcher::Expression(regex), None);
        }
        let whole = body;
        let (body, subscript) = Subscript::split(body);
        if body.contains(['*', '?']) || has_class(body) {
            let regex = glob(body).ok_or_else(|| {
                error(format!("`{body}` is no pattern"), "a glob has `*`, `?` and `[…]`; a range is [01:20]")
            })?;
            return made(Matcher::Expression(regex), subscript);
        }
        let names = hostlist::expand(body).map_err(|why| PatternError {
            span: offset + why.span.start..offset + why.span.end,
            message: why.message,
            help: Some(why.help),
        })?;
        // `web[1:3]` is three hosts of the group web, or else the hosts web1, web2 and web3.
        let counted = subscript.and_then(|_| hostlist::expand(whole).ok()).unwrap_or_default();
        Ok(Self { counted, ..made(Matcher::Names(names), subscript)? })
    }

    /// The hosts, whether anything was matched at all, and whether its subscript counts beyond that.
    fn hosts(&self, inventory: &Inventory) -> (BTreeSet<HostId>, bool, bool) {
        let mut hosts = Vec::new();
        let mut matched = false;
        let mut add = |group: Option<Vec<HostId>>| {
            matched |= group.is_some();
            hosts.extend(group.into_iter().flatten());
        };
        match &self.matcher {
            Matcher::Names(names) => {
                for name in names {
                    let host = || inventory.find(name).map(|host| vec![host]);
                    // A name that is both is the host by itself, and the group behind `&` and `!`.
                    add(match self.role {
                        Role::Unite if self.subscript.is_none() => host().or_else(|| inventory.members(name)),
                        _ => inventory.members(name).or_else(host),
                    });
                }
            }
            Matcher::Expression(regex) => {
                let groups = inventory.group_names().filter(|name| regex.is_match(name));
                groups.for_each(|name| add(inventory.members(name)));
                let own = inventory
                    .mentioned()
                    .filter(|id| inventory.host(*id).is_some_and(|host| regex.is_match(&host.name)));
                let own: Vec<HostId> = own.collect();
                add((!own.is_empty()).then_some(own));
            }
        }
        if !matched && !self.counted.is_empty() {
            let hosts: BTreeSet<HostId> =
                self.counted.iter().filter_map(|name| inventory.find(name)).collect();
            return (hosts.clone(), !hosts.is_empty(), false);
        }
        // A host that several groups have is counted with each, as in Ansible.
        let counted = self.subscript.map_or(hosts.as_slice(), |subscript| subscript.of(&hosts));
        let one = self.subscript.is_some_and(Subscript::is_one);
        let beyond = one && counted.is_empty() && !hosts.is_empty();
        (counted.iter().copied().collect(), matched, beyond)
    }
}

/// Terms stand between commas or colons that are not inside brackets. A text that is an IPv6 address is
/// one term.
fn split(text: &str) -> Vec<Range<usize>> {
    if text.trim().parse::<std::net::Ipv6Addr>().is_ok() {
        return std::iter::once(0..text.len()).collect();
    }
    let mut spans = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    // With a comma anywhere outside brackets, colons belong to the terms, as in Ansible.
    let outside = |wanted: char| {
        let mut depth = 0_usize;
        text.chars().any(|character| {
            depth = match character {
                '[' => depth + 1,
                ']' => depth.saturating_sub(1),
                _ => depth,
            };
            depth == 0 && character == wanted
        })
    };
    // Without, blanks separate as colons do.
    let separator = if outside(',') { ',' } else { ':' };
    for (at, character) in text.char_indices() {
        match character {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 && (character == separator || separator == ':' && character.is_whitespace()) => {
                spans.push(start..at);
                start = at + character.len_utf8();
            }
            _ => {}
        }
    }
    spans.push(start..text.len());
    spans
}

/// Whether a bracket holds a class of characters, `[12]` or `[!a]`, rather than a range or a list.
fn has_class(text: &str) -> bool {
    let insides = text.split('[').skip(1).filter_map(|rest| rest.split_once(']')).map(|(inside, _)| inside);
    insides
        .into_iter()
        .any(|inside| !inside.is_empty() && (inside.starts_with('!') || !inside.contains([':', '-', ','])))
}

/// A shell's glob as an anchored expression; `None` if a class is not closed.
fn glob(text: &str) -> Option<Regex> {
    let mut expression = String::from("^(?s:");
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '*' => expression.push_str(".*"),
            '?' => expression.push('.'),
            '[' => {
                let mut class = String::new();
                let negated = characters.next_if_eq(&'!').is_some();
                loop {
                    match characters.next()? {
                        ']' if !class.is_empty() => break,
                        '\\' => class.push_str("\\\\"),
                        special @ ('[' | '^' | '&' | '~' | ']') => {
                            class.push('\\');
                            class.push(special);
                        }
                        other => class.push(other),
                    }
                }
                expression.push_str(&format!("[{}{class}]", if negated { "^" } else { "" }));
            }
            other => expression.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    expression.push_str(")$");
    Regex::new(&expression).ok()
}

fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or_default().trim().trim_start_matches("error: ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::inventory::Overrides;

    fn inventory() -> Inventory {
        let text = "[groups.web]\nhosts = [\"web-[01:05]\"]\n[groups.db]\nhosts = [\"db-[1:2]\"]\n[groups.prod]\nchildren = [\"web\"]\nhosts = [\"db-1\"]\n[hosts.lone]\n";
        Inventory::from_text("test.toml", text, &Overrides::default()).unwrap()
    }

    fn select(pattern: &str) -> String {
        let inventory = inventory();
        let hosts = Pattern::parse(pattern).unwrap().select(&inventory).hosts;
        let names: Vec<&str> =
            hosts.iter().filter_map(|id| inventory.host(*id)).map(|host| host.name.as_str()).collect();
        hostlist::fold(&names)
    }

    #[test]
    fn terms_unite_intersect_and_exclude_in_whatever_order() {
        for (pattern, hosts) in [
            ("all", "db-[1-2],lone,web-[01-05]"),
            ("*", "db-[1-2],lone,web-[01-05]"),
            ("web", "web-[01-05]"),
            ("web:db", "db-[1-2],web-[01-05]"),
            ("web,db", "db-[1-2],web-[01-05]"),
            ("!web-03:&prod:web", "web-[01-02,04-05]"),
            ("prod:&db", "db-1"),
            ("!web", "db-[1-2],lone"),
            ("ungrouped", "lone"),
            ("web-0[12]*", "web-[01-02]"),
            ("web-[02:03]", "web-[02-03]"),
            ("~web-0[45]$", "web-[04-05]"),
            ("~b", ""),
            ("~(web|db)-.*1", "db-1,web-01"),
            ("web[0]", "web-01"),
            ("web[-1]", "web-05"),
            ("web[1:2]", "web-[02-03]"),
            ("web[3:]", "web-[04-05]"),
            ("w*", "web-[01-05]"),
            ("db-?", "db-[1-2]"),
            ("web-[01-02,05]", "web-[01-02,05]"),
        ] {
            assert_eq!(select(pattern), hosts, "{pattern}");
        }
    }

    #[test]
    fn what_matches_nothing_is_told() {
        let selection = Pattern::parse("web:wbe").unwrap().select(&inventory());
        assert_eq!(selection.unmatched, ["wbe"]);
    }

    #[test]
    fn with_a_comma_colons_belong_to_the_terms() {
        let text =
            "[groups.v6]\nhosts = [\"fd00::5\", \"fd00::6\"]\n[groups.web]\nhosts = [\"web\", \"web2\"]\n";
        let inventory = Inventory::from_text("test.toml", text, &Overrides::default()).unwrap();
        for (limit, hosts) in [
            ("all,!fd00::5", "fd00::6,web,web2"),
            ("!fd00::5,all", "fd00::6,web,web2"),
            ("v6,&fd00::5", "fd00::5"),
            ("web:!web2,v6", "fd00::5,fd00::6"),
            ("web", "web"),
            ("all:!web", "fd00::5,fd00::6"),
            ("v6:web2:&web", "web2"),
        ] {
            let selected = Pattern::parse_limit(limit).unwrap().select(&inventory).hosts;
            let mut names: Vec<&str> =
                selected.iter().filter_map(|id| inventory.host(*id)).map(|host| host.name.as_str()).collect();
            names.sort_unstable();
            assert_eq!(names.join(","), hosts, "{limit}");
        }
    }

    #[test]
    fn mistakes_are_located() {
        for (pattern, span) in [("", 0..0), ("web:!", 4..5), ("web:~(", 4..6), ("web-[5:1]:db", 4..9)] {
            let error = Pattern::parse(pattern).unwrap_err();
            assert_eq!(error.span, span, "{pattern}: {}", error.message);
        }
    }

    #[test]
    fn a_file_of_terms_is_read_with_its_comments() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("retry");
        std::fs::write(&path, "# drifted\nweb-01\n\n web-02  # why\n").unwrap();
        let pattern = Pattern::parse_limit(&format!("@{}", path.display())).unwrap();
        assert_eq!(pattern.select(&inventory()).hosts.len(), 2);
        std::fs::write(&path, "web-01\nweb-[5:1]\n").unwrap();
        let error = Pattern::parse_limit(&format!("@{}", path.display())).unwrap_err();
        assert_eq!(error.line_column(), Some((2, 5)));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[\\[\\]a-c0-9:,!&~*?-]{0,16}|\\PC{0,10}") {
            if let Ok(pattern) = Pattern::parse(&text) {
                let _ = pattern.select(&inventory());
            }
        }
    }
}
