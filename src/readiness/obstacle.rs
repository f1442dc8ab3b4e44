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
}
