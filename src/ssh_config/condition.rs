//! What `Host` and `Match` lines demand, and whether it holds.
//!
//! Nothing is run and nothing is looked up: what cannot be told without that is [`Holds::Unsure`].

use super::line::{Mistake, Word};
use super::pattern::{matches, matches_list};
use crate::diagnostic::suggest;

/// What the lines up to the next `Host` or `Match` depend on.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    /// Patterns, and whether each is negated.
    Host(Vec<(bool, String)>),
    /// Criteria, and whether each is negated.
    Match(Vec<(bool, Criterion)>),
}

/// One criterion of a `Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Criterion {
    All,
    Canonical,
    Final,
    Host(String),
    OriginalHost(String),
    User(String),
    LocalUser(String),
    Tagged(String),
    SessionType(String),
    /// `exec`, `localnetwork`, `command`, `version`: ssh alone knows.
    Unknowable,
}

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Yes,
    No,
    Unsure,
}

/// What a condition is held against.
#[derive(Debug)]
pub(super) struct Subject<'s> {
    /// What `Host` patterns are compared with.
    pub(super) name: &'s str,
    /// The name that was asked for.
    pub(super) original: &'s str,
    /// The host name as resolved so far.
    pub(super) host: &'s str,
    /// The user as resolved so far.
    pub(super) user: &'s str,
    pub(super) local_user: &'s str,
    /// The tag as resolved so far.
    pub(super) tag: &'s str,
    /// Whether the files are read for the second time.
    pub(super) last: bool,
}

const CRITERIA: &[&str] = &[
    "all",
    "canonical",
    "final",
    "host",
    "originalhost",
    "user",
    "localuser",
    "tagged",
    "exec",
    "localnetwork",
    "command",
    "sessiontype",
    "version",
];

/// Reads the arguments of `Host`.
pub(super) fn host(words: &[Word]) -> Result<Condition, Mistake> {
    if let Some(empty) = words.iter().find(|word| word.text.is_empty()) {
        return Err(Mistake::new(&empty.span, "`Host` has an empty pattern", "`*` stands for every host"));
    }
    let pattern = |word: &Word| match word.text.strip_prefix('!') {
        Some(negated) => (true, negated.to_owned()),
        None => (false, word.text.clone()),
    };
    Ok(Condition::Host(words.iter().map(pattern).collect()))
}

/// Reads the arguments of `Match`; `whole` is where to point when there is none.
pub(super) fn criteria(words: &[Word], whole: &Word) -> Result<Condition, Mistake> {
    let mut criteria = Vec::new();
    let mut left = words.iter();
    while let Some(word) = left.next() {
        let (negated, text) = match word.text.strip_prefix('!') {
            Some(text) => (true, text),
            None => (false, word.text.as_str()),
        };
        // OpenSSH 9.2 does it already, the manual of 10 says so: user=root.
        let (name, attached) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let name = name.to_lowercase();
        if name == "all" && (!left.as_slice().is_empty() || criteria.len() > 1) {
            let title = "`all` cannot be combined with other criteria";
            return Err(Mistake::new(&word.span, title, "`Match all` holds for every host"));
        }
        let argument = || attached.or_else(|| left.next().map(|word| word.text.as_str()));
        criteria.push((negated, criterion(&name, word, argument)?));
    }
    if criteria.is_empty() {
        return Err(Mistake::new(&whole.span, "`Match` has no criterion", suggest("", CRITERIA)));
    }
    Ok(Condition::Match(criteria))
}

/// One criterion, its name in lower case.
fn criterion<'w>(
    name: &str,
    word: &Word,
    argument: impl FnOnce() -> Option<&'w str>,
) -> Result<Criterion, Mistake> {
    let of = |criterion: fn(String) -> Criterion| {
        let value = argument().filter(|value| !value.is_empty());
        value.map(|value| criterion(value.to_owned())).ok_or_else(|| {
            let title = format!("the criterion `{name}` has no argument");
            Mistake::new(&word.span, title, format!("it is written: Match {name} VALUE"))
        })
    };
    match name {
        "all" => Ok(Criterion::All),
        "canonical" => Ok(Criterion::Canonical),
        "final" => Ok(Criterion::Final),
        // Names of hosts are the same in any case.
        "host" => of(|list| Criterion::Host(list.to_lowercase())),
        "originalhost" => of(|list| Criterion::OriginalHost(list.to_lowercase())),
        "user" => of(Criterion::User),
        "localuser" => of(Criterion::LocalUser),
        "tagged" => of(Criterion::Tagged),
        "sessiontype" => of(Criterion::SessionType),
        "exec" | "localnetwork" | "command" | "version" => of(|_| Criterion::Unknowable),
        _ => {
            let title = format!("`{name}` is no criterion of `Match`");
            Err(Mistake::new(&word.span, title, suggest(name, CRITERIA)))
        }
    }
}

impl Condition {
    /// Whether it asks for the files to be read a second time.
    pub(super) fn wants_final(&self) -> bool {
        match self {
            Self::Host(_) => false,
            Self::Match(criteria) => {
                criteria.iter().any(|(_, criterion)| matches!(criterion, Criterion::Final))
            }
        }
    }

    /// Whether it holds. A criterion that fails decides, wherever it stands: what else there is can only
    /// narrow it further.
    pub(super) fn holds(&self, subject: &Subject<'_>) -> Holds {
        match self {
            Self::Host(patterns) => {
                let hit = |wanted: bool| {
                    let mut of_kind = patterns.iter().filter(move |(negated, _)| *negated == wanted);
                    of_kind.any(|(_, pattern)| matches(subject.name, pattern))
                };
                if hit(false) && !hit(true) { Holds::Yes } else { Holds::No }
            }
            Self::Match(criteria) => {
                let verdicts = criteria.iter().map(|(negated, criterion)| criterion.holds(*negated, subject));
                verdicts.fold(Holds::Yes, |before, next| match (before, next) {
                    (Holds::No, _) | (_, Holds::No) => Holds::No,
                    (Holds::Unsure, _) | (_, Holds::Unsure) => Holds::Unsure,
                    (Holds::Yes, Holds::Yes) => Holds::Yes,
                })
            }
        }
    }
}

impl Criterion {
    fn holds(&self, negated: bool, subject: &Subject<'_>) -> Holds {
        let holds = match self {
            Self::All => true,
            Self::Canonical | Self::Final => subject.last,
            Self::Host(list) => matches_list(&subject.host.to_lowercase(), list),
            Self::OriginalHost(list) => matches_list(&subject.original.to_lowercase(), list),
            Self::User(list) => matches_list(subject.user, list),
            Self::LocalUser(list) => matches_list(subject.local_user, list),
            Self::Tagged(list) => matches_list(subject.tag, list),
            // An audit runs one command.
            Self::SessionType(list) => matches_list("exec", list),
            Self::Unknowable => return Holds::Unsure,
        };
        if holds == negated { Holds::No } else { Holds::Yes }
    }
}
