//! Why an upgrade stands still on a host, by name, and whether a few commands would help: `ready` and the verdicts
//! of `audit --ready` share it. Nothing is decided by a number.

use super::peers::Help;
use crate::readiness::{Kind, Obstacle};

/// Why an upgrade stands still on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// A package is on hold: a person lets it go, or does not.
    OnHold,
    /// The package manager is busy at the moment.
    Busy,
    /// There is too little room.
    NoRoom,
    /// No list of packages lies on the host.
    NoLists,
    /// What it lacks, ready hosts of its release have or get.
    HadElsewhere,
    /// What it lacks, a source of its own offers, and its package manager passes it by.
    PassedBy,
    /// The playbook wants something else to be upgraded first.
    WantedFirst,
    /// The solver refuses, and why is not known.
    Refused,
    /// A source is not authenticated.
    Unchecked,
    /// It is ahead of the target: nothing here is to go back.
    Ahead,
    /// Its package database is not in order.
    Broken,
    /// The upgrade takes something else away.
    TakesAway,
    /// A configuration file was edited of a package that must change.
    EditedHere,
    /// Two packages cannot be beside each other.
    InConflict,
    /// What it lacks, nobody of its release in the cluster can have.
    OutOfReach,
    /// It runs another release than its cluster, an older one.
    OtherRelease,
}

impl Condition {
    /// What an obstacle comes to; `None` where it stops nothing.
    pub(super) fn of(obstacle: &Obstacle, help: &Help, older_release: bool) -> Option<Self> {
        let own = match obstacle.kind {
            Kind::MetadataStale | Kind::RebootFirst => return None,
            Kind::Held => Self::OnHold,
            Kind::Locked => Self::Busy,
            Kind::DiskSpace => Self::NoRoom,
            Kind::Unauthenticated => Self::Unchecked,
            Kind::WouldDowngrade => Self::Ahead,
            Kind::BrokenState => Self::Broken,
            Kind::WouldRemove => Self::TakesAway,
            Kind::ConffilePrompt => Self::EditedHere,
            Kind::Conflict => Self::InConflict,
            _ if obstacle.is_unexplained() => Self::Refused,
            Kind::TargetUnavailable | Kind::DependencyMissing | Kind::DependencyTooOld => match help {
                Help::NoLists => Self::NoLists,
                Help::None => Self::OutOfReach,
                Help::Passed { .. } => Self::PassedBy,
                Help::Wanted => Self::WantedFirst,
                Help::Source { .. } | Help::Installed { .. } | Help::Unexplained { .. } => Self::HadElsewhere,
            },
        };
        // What passes by itself is no reason to build a server anew, whatever release it runs.
        Some(if older_release && !matches!(own, Self::Busy | Self::NoLists) {
            Self::OtherRelease
        } else {
            own
        })
    }

    /// Whether commands on the host would leave the cause in place: it is replaced instead.
    pub const fn lasts(self) -> bool {
        match self {
            Self::OnHold
            | Self::Busy
            | Self::NoRoom
            | Self::NoLists
            | Self::HadElsewhere
            | Self::PassedBy
            | Self::WantedFirst
            | Self::Refused
            | Self::Unchecked
            | Self::Ahead => false,
            Self::Broken
            | Self::TakesAway
            | Self::EditedHere
            | Self::InConflict
            | Self::OutOfReach
            | Self::OtherRelease => true,
        }
    }

    /// Why commands would not help, in words.
    pub(super) const fn why(self) -> &'static str {
        match self {
            Self::Broken => "what was left undone there, nobody can tell",
            Self::TakesAway => "the upgrade would take something else away",
            Self::EditedHere => "what was edited there is nowhere else",
            Self::InConflict => "two packages cannot be beside each other",
            Self::OutOfReach => "nobody of its release in the cluster can have it",
            Self::OtherRelease => "it runs an older release than its cluster",
            Self::OnHold
            | Self::Busy
            | Self::NoRoom
            | Self::NoLists
            | Self::HadElsewhere
            | Self::PassedBy
            | Self::WantedFirst
            | Self::Refused
            | Self::Unchecked
            | Self::Ahead => "",
        }
    }
}

/// What follows from how the hosts stand.
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
#[serde(rename_all = "kebab-case")]
pub enum Prospect {
    /// No obstacle is known on any host.
    NoKnownObstacle,
    /// None is blocked, and of some it could not be told.
    Unknown,
    /// Some are blocked, and commands help each.
    FixFirst,
    /// Some are blocked, and commands would leave the cause of that in place.
    ReplaceInstead,
}

impl Prospect {
    /// The word that reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoKnownObstacle => "no known obstacle",
            Self::Unknown => "unknown",
            Self::FixFirst => "fix first",
            Self::ReplaceInstead => "replace instead",
        }
    }
}
