//! One finding: which rule, where, what was expected and what was seen. Words are made last.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{About, Rule, Said};
use crate::immutability::At;
use crate::readiness::Obstacle;
use crate::severity::Severity;
use crate::snapshot::{Container, Daemon, Fault, Gap};
use crate::version::Distance;

/// Something that a rule found.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// How bad it is, after the playbook had its say.
    pub severity: Severity,
    /// Whether the playbook's entry says that severity: it is nearer than `[rules]`.
    pub severity_is_entrys: bool,
    /// The cluster that it was found in; `None` if it is no matter of a cluster.
    pub cluster: Option<String>,
    /// The host, by its place in the fleet and by its name; `None` if it is no matter of a host.
    pub host: Option<(usize, String)>,
    /// What it is about: a package, a section of the probe, a waiver.
    pub subject: String,
    /// What is expected, if anything is.
    pub expected: Option<String>,
    /// What was seen; `None` is "not there".
    pub observed: Option<String>,
    /// How far apart the two versions are, where that can be told.
    pub distance: Option<Distance>,
    /// What the rule knows beyond that.
    pub evidence: Evidence,
    /// Where in a file it is; `None` for what hosts have.
    pub location: Option<Location>,
    /// Why it does not count, if it does not.
    pub waived: Option<Waived>,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file, as it was named.
    pub file: Arc<str>,
    /// Its line and column.
    pub at: At,
}

/// What only some rules know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// Nothing more.
    None,
    /// How the cluster stands: how many hosts have each value, most first.
    Spread(Vec<(String, usize)>),
    /// The release of the host where the cluster's is another.
    OtherRelease(String),
    /// The module stream that the package is of, `nginx:1.24`: what rpm systems install follows from it.
    Stream(String),
    /// A requirement of the playbook that what is expected does not meet.
    Unfit(String),
    /// dpkg's word for the state of a package.
    State(&'static str),
    /// A requirement of the playbook.
    Requirement(String),
    /// How a file differs from most.
    File(Box<FileEvidence>),
    /// The package that brought a file.
    Package(String),
    /// A kernel parameter: where it is configured, and who can have changed it.
    Parameter {
        /// The file that configures it, where it is that file which is not kept to.
        configured_by: Option<String>,
        /// The privileged containers of the host.
        suspects: Vec<String>,
    },
    /// Why the host could not be audited.
    Fault(Box<Fault>),
    /// What could not be collected.
    Gap(Box<Gap>),
    /// What could not be collected of what nobody asked for by name.
    Beside(Box<Gap>),
    /// The container that it is about.
    Container(Box<Container>),
    /// The pod of a manifest, or its container.
    Declared(Box<Said>),
    /// Where a version is on offer, and why it is not what it should be.
    Offer(Box<Offered>),
    /// Daemons that run what is not installed any more, by the names of their services.
    Stale(BTreeMap<String, Daemon>),
    /// What waits for a boot: since when, and which packages asked for it.
    Pending {
        /// `None` where that could not be told.
        since: Option<Timestamp>,
        /// Empty where they are not known.
        packages: Vec<String>,
    },
    /// What stands in the way of an upgrade, and the package whose upgrade it is.
    Obstacle(Box<Obstacle>, String),
    /// A waiver: its justification and its last day.
    Waiver(String, Date),
}

/// A version on offer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Offered {
    /// The source that has it.
    pub source: Option<String>,
    /// What keeps it back, or may explain it.
    pub causes: Vec<Cause>,
}

/// What keeps a version back, or may explain that another is on offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The package is on hold.
    Held,
    /// The package manager itself would not take it.
    NotCandidate,
    /// The lists of packages last changed so many days ago.
    ListsOld(i64),
    /// The lists of packages are so many days older than those of the others.
    ListsOlder(i64),
    /// The lists of packages are so many days newer than those of the others.
    ListsNewer(i64),
    /// A pin of this host alone.
    Pin(String),
    /// A pin of the others.
    OtherPin(String),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = |days: i64| if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
        match self {
            Self::Held => f.write_str("on hold here"),
            Self::NotCandidate => f.write_str("pinned away here, so that no upgrade takes it"),
            Self::ListsOld(age) => write!(f, "the lists of packages last changed {} ago", days(*age)),
            Self::ListsOlder(age) => {
                write!(f, "stale lists rather than skew: they are {} older here", days(*age))
            }
            Self::ListsNewer(age) => {
                write!(f, "stale lists elsewhere rather than skew: they are {} newer here", days(*age))
            }
            Self::Pin(pin) => write!(f, "pinned here: {pin}"),
            Self::OtherPin(pin) => write!(f, "pinned on the others: {pin}"),
        }
    }
}

/// How a file differs from what most hosts have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEvidence {
    /// Whether it is another content, or none; otherwise mode or owner alone differ.
    pub apart: bool,
    /// In bytes, if it is a file.
    pub size: Option<u64>,
    /// The size of what most hosts have, if that is a file.
    pub expected_size: Option<u64>,
    /// Its mode, and that of most.
    pub mode: Option<(String, String)>,
    /// Its owner and group, and those of most.
    pub owner: Option<(String, String)>,
    /// Whether it is reached through a link.
    pub link: bool,
    /// From what most have to what is here, in diff(1)'s unified form; only where the playbook lets contents be
    /// shown.
    pub diff: Vec<String>,
}

/// Why a finding does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waived {
    /// The reason that a person gave.
    pub justification: String,
    /// The last day on which it holds; `None` is for good.
    pub until: Option<Date>,
}

impl Finding {
    /// A finding of a rule about a subject; the rest is filled in by the rule.
    pub(super) fn new(rule: &'static Rule, subject: impl Into<String>) -> Self {
        Self {
            rule,
            severity: rule.severity,
            severity_is_entrys: false,
            cluster: None,
            host: None,
            subject: subject.into(),
            expected: None,
            observed: None,
            distance: None,
            evidence: Evidence::None,
            location: None,
            waived: None,
        }
    }

    /// The same in every run, version and rewording: rule, cluster, host and subject.
    pub fn key(&self) -> String {
        let cluster = self.cluster.as_deref().unwrap_or_default();
        format!("{}/{cluster}/{}/{}", self.rule.id, self.host_name().unwrap_or_default(), self.subject)
    }

    /// The host's name.
    pub fn host_name(&self) -> Option<&str> {
        self.host.as_ref().map(|(_, name)| name.as_str())
    }

    /// The finding in words.
    pub fn message(&self) -> String {
        (self.rule.message)(self)
    }

    /// Whether it counts: towards the summary, the verdicts and the exit status.
    pub fn counts(&self) -> bool {
        self.waived.is_none()
    }

    /// Whether it counts and is about the hosts or the playbook, at or above a severity.
    pub fn fails(&self, threshold: Severity) -> bool {
        self.counts() && self.rule.about != About::Audit && self.severity >= threshold
    }

    /// Whether it counts and says that something could not be audited.
    pub fn leaves_open(&self) -> bool {
        self.counts() && self.rule.about == About::Audit && !matches!(self.evidence, Evidence::Beside(_))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}] {}", self.key(), self.severity, self.message())
    }
}
