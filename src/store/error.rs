//! Why the store cannot do what it was asked to: what kind of thing, where, in words, and what helps.

/// What went wrong, for who must decide by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// There is nothing there, or an empty file, and it was to be read.
    Absent,
    /// What is there is no store: a folder, another file, another application's database.
    Foreign,
    /// It was written by a newer driftless.
    Newer,
    /// It was written by an older driftless, and cannot be brought up to date while it is only read.
    Older,
    /// What is read is not what was stored.
    Damaged,
    /// Another process holds it for too long.
    Locked,
    /// It may be read, and not be written.
    ReadOnly,
    /// There is no space left for it.
    Full,
    /// The system does not let it be read or written.
    Unusable,
    /// No run has this id.
    UnknownRun,
    /// Several runs have an id that begins so.
    Ambiguous,
    /// A run has this id already.
    Exists,
    /// Nothing is kept under this number; it may have been pruned.
    UnknownPart,
    /// What was to be stored cannot be: too large, or an id that is none.
    Invalid,
}

/// An error of the store; [`hint`](Self::hint) says what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: Kind,
    message: String,
    hint: Option<String>,
}

impl Error {
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None }
    }

    #[must_use]
    pub(super) fn hinted(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Names the file that it is about.
    #[must_use]
    pub(super) fn of(mut self, place: &std::path::Path) -> Self {
        self.message = format!("{}: {}", place.display(), self.message);
        self
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What to do about it, where something can be done.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}
