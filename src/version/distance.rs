//! How far apart two versions are, in one word. It describes and never sets a severity.

use std::fmt;

use super::{System, Upstream};

/// The first place in which two versions differ.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Distance {
    /// The first number.
    Major,
    /// The second.
    Minor,
    /// The third, or anything upstream beyond it.
    Patch,
    /// The packaging alone.
    Revision,
}

impl Distance {
    /// The word that reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Major => "major",
            Self::Minor => "minor",
            Self::Patch => "patch",
            Self::Revision => "revision",
        }
    }
}

impl fmt::Display for Distance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The distance of two versions; `None` if they are the same, or if one cannot be mapped.
pub fn distance(one: (System, &str), other: (System, &str)) -> Option<Distance> {
    let (mapped, its) = (Upstream::parse(one.0, one.1)?, Upstream::parse(other.0, other.1)?);
    if mapped.semver().major != its.semver().major {
        Some(Distance::Major)
    } else if mapped.semver().minor != its.semver().minor {
        Some(Distance::Minor)
    } else if mapped != its {
        Some(Distance::Patch)
    } else {
        (one.1 != other.1).then_some(Distance::Revision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_names_the_distance() {
        let between = |one, other| distance((System::Debian, one), (System::Debian, other));
        assert_eq!(between("1.26.3-3", "2.0-1"), Some(Distance::Major));
        assert_eq!(between("1.26.3-3", "1.22.1-9"), Some(Distance::Minor));
        assert_eq!(between("1.26.3-3", "1.26.4-1"), Some(Distance::Patch));
        assert_eq!(between("1.1.1w-1", "1.1.1v-1"), Some(Distance::Patch));
        assert_eq!(between("1.26.3-3", "1.26.3-3+deb13u1"), Some(Distance::Revision));
        assert_eq!(between("1.26.3-3", "1.26.3-3"), None);
        assert_eq!(between("git1-1", "1.0-1"), None);
    }
}
