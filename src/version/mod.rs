//! Versions: each system's own order, and the upstream version as semver.
//!
//! A distribution's order is exact and is used inside one release. Across releases and systems only
//! the upstream version can be compared, and requirements are written in it. Pure: no I/O.

mod apk;
mod debian;
mod distance;
mod number;
#[cfg(test)]
mod oracle;
mod pacman;
mod purl;
mod requirement;
mod rpm;
mod target;
mod upstream;

use std::cmp::Ordering;

pub use distance::{Distance, distance};
pub use purl::Purl;
pub use requirement::Requirement;
pub use target::Target;
pub use upstream::Upstream;

/// A packaging system, which fixes the order of its versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum System {
    /// dpkg: epoch, upstream version, revision; deb-version(7).
    Debian,
    /// rpm: epoch, version, release; rpm-version(7).
    Rpm,
    /// apk: version and release; apk-package(5).
    Apk,
    /// pacman: epoch, version, release; vercmp(8).
    Pacman,
}

impl System {
    /// The system's own order, for any text; equal to the real tool's on versions that the real tool
    /// accepts.
    pub fn compare(self, one: &str, other: &str) -> Ordering {
        match self {
            Self::Debian => debian::compare(one, other),
            Self::Rpm => rpm::compare(one, other),
            Self::Apk => apk::compare(one, other),
            Self::Pacman => pacman::compare(one, other),
        }
    }

    /// The upstream part as it is written: without epoch and revision.
    pub fn upstream(self, version: &str) -> &str {
        match self {
            Self::Debian => debian::upstream(version),
            Self::Rpm => rpm::upstream(version),
            Self::Apk => apk::upstream(version),
            Self::Pacman => pacman::upstream(version),
        }
    }
}

/// The order of two versions of three parts, of which an earlier one outweighs all later ones.
fn compare_parts(
    one: &str,
    other: &str,
    split: fn(&str) -> (&str, &str, &str),
    part: fn(&str, &str) -> Ordering,
) -> Ordering {
    if one == other {
        return Ordering::Equal;
    }
    let (one, other) = (split(one), split(other));
    part(one.0, other.0).then_with(|| part(one.1, other.1)).then_with(|| part(one.2, other.2))
}

/// Whether two versions package the same upstream version: as mapped, or where one cannot be mapped, by
/// the same text.
pub fn same_upstream(one: (System, &str), other: (System, &str)) -> bool {
    match (Upstream::parse(one.0, one.1), Upstream::parse(other.0, other.1)) {
        (Some(one), Some(other)) => one == other,
        _ => one.0.upstream(one.1) == other.0.upstream(other.1),
    }
}

/// The order of the upstream versions; `None` where one cannot be mapped.
pub fn compare_upstream(one: (System, &str), other: (System, &str)) -> Option<Ordering> {
    Some(Upstream::parse(one.0, one.1)?.cmp(&Upstream::parse(other.0, other.1)?))
}
