//! How long what is written at a place must last.

use crate::immutability::is_within;

/// What becomes of what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// It is configuration: it belongs into the image, and nothing writes it.
    Configuration,
    /// It may go with the container.
    Ephemeral,
    /// It is told on standard output, or goes with the container.
    Log,
    /// It must outlive the container.
    Persistent,
}

impl Class {
    /// The word that files and reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Ephemeral => "ephemeral",
            Self::Log => "log",
            Self::Persistent => "persistent",
        }
    }
}

/// What a place is for, by the Filesystem Hierarchy Standard 3.0. What it does not know is persistent: data that are
/// kept for nothing do less harm than data that are lost.
pub(super) fn by_place(folder: &str) -> Class {
    let within = |base: &str| is_within(folder, base);
    if within("/etc") {
        Class::Configuration
    } else if within("/var/log") {
        Class::Log
    } else if ["/run", "/tmp", "/var/tmp", "/var/cache", "/dev/shm"].iter().any(|base| within(base)) {
        Class::Ephemeral
    } else {
        Class::Persistent
    }
}

/// Whether a name says that what it names is not to be kept.
pub(super) fn is_passing(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let words = name.split(|character: char| !character.is_ascii_alphanumeric());
    words
        .into_iter()
        .any(|word| matches!(word, "temp" | "tmp" | "cache" | "tmpdir" | "tempdir" | "pid" | "lock"))
}

/// Whether a folder is called temporary as a whole; a part of its name says nothing of what it is for.
pub(super) fn is_passing_place(folder: &str) -> bool {
    let last = folder.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    matches!(last.as_str(), "temp" | "tmp" | "cache")
}
