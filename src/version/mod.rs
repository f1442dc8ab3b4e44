//! Versions: each system's own order, and the upstream version as semver.

/// A packaging system, which fixes the order of its versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum System {
    /// dpkg: epoch, upstream version, revision.
    Debian,
}
