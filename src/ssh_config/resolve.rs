//! Which values hold for one destination: the first of each keyword, as ssh finds them.

use std::collections::BTreeMap;

use super::Me;
use super::condition::{Condition, Holds, Subject};
use super::keywords::{Class, Keyword, Kind, find};
use super::line::Word;
use super::parse::Item;
use super::settings::Directive;
use super::{tokens, value};

/// What was found: by keyword, as the manual writes it, in order.
#[derive(Debug, Default)]
pub(super) struct Found<'c> {
    taken: BTreeMap<&'static str, Vec<&'c Directive>>,
    /// Directives that cannot be honoured.
    pub(super) unhonoured: Vec<Directive>,
}

impl<'c> Found<'c> {
    /// The directive that holds for a keyword.
    pub(super) fn directive(&self, name: &str) -> Option<&'c Directive> {
        self.all(name).next()
    }

    /// Its first argument.
    pub(super) fn word(&self, name: &str) -> Option<&'c str> {
        self.directive(name)?.arguments.first().map(String::as_str)
    }

    /// The directives of a keyword that accumulates.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &'c Directive> {
        self.taken.get(name).into_iter().flatten().copied()
    }

    /// Whether a directive would change anything.
    fn lacks(&self, keyword: &Keyword, directive: &Directive) -> bool {
        let has = |name: &str| self.taken.contains_key(name);
        let none = || self.word("ProxyJump").is_none_or(value::is_none);
        match keyword.name {
            "IdentityFile" | "CertificateFile" => {
                !self.all(keyword.name).any(|known| known.arguments == directive.arguments)
            }
            // The first of both wins; but, as ssh has it, `ProxyJump none` still leaves room for a command.
            "ProxyJump" => !has("ProxyJump") && !has("ProxyCommand"),
            "ProxyCommand" => !has("ProxyCommand") && none(),
            // A time of `none` is as good as none, and the next one counts.
            name if keyword.kind == Kind::Time => {
                !has(name) && directive.arguments.first().is_some_and(|time| time != "none")
            }
            name => !has(name),
        }
    }

    fn refuse(&mut self, directive: &Directive) {
        if !self.unhonoured.contains(directive) {
            self.unhonoured.push(directive.clone());
        }
    }
}

/// What the lines at hand are worth.
#[derive(Debug, Clone, Copy)]
enum Active<'c> {
    Yes,
    No,
    /// This `Match` cannot be told.
    Unsure(&'c Directive),
}

/// The search for one destination.
#[derive(Debug)]
pub(super) struct Search<'c> {
    me: &'c Me,
    destination: &'c str,
    pub(super) found: Found<'c>,
    /// A line asked for the files to be read a second time.
    wants_final: bool,
    /// The host name, once the files are read for the second time.
    last: Option<String>,
}

impl<'c> Search<'c> {
    pub(super) fn new(me: &'c Me, destination: &'c str) -> Self {
        Self { me, destination, found: Found::default(), wants_final: false, last: None }
    }

    /// What the caller says first.
    pub(super) fn given(&mut self, given: &'c [Directive]) {
        let word = |text: &String| Word { text: text.clone(), span: 0..0 };
        for directive in given {
            let arguments: Vec<Word> = directive.arguments.iter().map(word).collect();
            let keyword = find(&directive.keyword).filter(|keyword| keyword.class != Class::Structure);
            match keyword {
                Some(keyword) if value::check(keyword, &arguments, &word(&String::new())).is_ok() => {
                    self.set(keyword, directive, Active::Yes);
                }
                _ => self.found.refuse(directive),
            }
        }
    }

    /// What the files say, the user's before the system's.
    pub(super) fn files(&mut self, files: &'c [Vec<Item>]) {
        for items in files {
            self.walk(items, Active::Yes);
        }
        if self.wants_final {
            self.last = Some(tokens::lowered(&self.host()));
            for items in files {
                self.walk(items, Active::Yes);
            }
        }
    }

    fn walk(&mut self, items: &'c [Item], outer: Active<'c>) {
        let mut active = outer;
        for item in items {
            match item {
                Item::Block(condition, directive) => active = self.judge(condition, directive, outer),
                Item::Set(keyword, directive) => self.set(keyword, directive, active),
                Item::Include(files) => files.iter().for_each(|items| self.walk(items, active)),
                Item::Unread(directive) => match active {
                    Active::Yes | Active::Unsure(_) => self.found.refuse(directive),
                    Active::No => {}
                },
            }
        }
    }

    /// What lines below a `Host` or `Match` are worth, in a file whose own lines are worth `outer`.
    fn judge(&mut self, condition: &Condition, directive: &'c Directive, outer: Active<'c>) -> Active<'c> {
        // ssh asks for a second reading even where the line itself does not count.
        self.wants_final |= condition.wants_final();
        let (host, destination) = (self.host(), self.destination);
        let subject = Subject {
            name: self.last.as_deref().unwrap_or(destination),
            original: destination,
            host: &host,
            user: self.found.word("User").unwrap_or(&self.me.login),
            local_user: &self.me.login,
            tag: self.found.word("Tag").unwrap_or_default(),
            last: self.last.is_some(),
        };
        match (outer, condition.holds(&subject)) {
            (Active::No, _) | (_, Holds::No) => Active::No,
            (outer, Holds::Yes) => outer,
            (Active::Yes, Holds::Unsure) => Active::Unsure(directive),
            (Active::Unsure(first), Holds::Unsure) => Active::Unsure(first),
        }
    }

    fn set(&mut self, keyword: &'static Keyword, directive: &'c Directive, active: Active<'c>) {
        if keyword.class == Class::Harmless || !self.found.lacks(keyword, directive) {
            return;
        }
        match active {
            Active::Yes => self.found.taken.entry(keyword.name).or_default().push(directive),
            Active::Unsure(condition) => self.found.refuse(condition),
            Active::No => {}
        }
    }

    /// The host name as far as it is known.
    pub(super) fn host(&self) -> String {
        match (&self.last, self.found.word("HostName")) {
            (Some(last), _) => last.clone(),
            (None, Some(name)) => {
                tokens::host_name(name, self.destination).unwrap_or_else(|_| name.to_owned())
            }
            (None, None) => self.destination.to_owned(),
        }
    }
}
