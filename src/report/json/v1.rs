//! `driftless/report/v1`. Frozen: fields may be added, none renamed, removed or given another meaning.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::upgrades::Upgrade;
use crate::advice::Verdict;
use crate::severity::Severity;
use crate::snapshot::{HostStatus, Phase, Reason};
use crate::version::Distance;

/// A word of ours, or as another report has it.
pub type Word = Cow<'static, str>;

/// What [`Report::schema`] says.
pub const SCHEMA: &str = "driftless/report/v1";

/// The whole report.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Always `driftless/report/v1`.
    pub schema: Word,
    /// The command that was run.
    pub command: Word,
    /// The run.
    pub run: Run,
    /// The run in numbers.
    pub summary: Summary,
    /// Every host that was asked, in inventory order.
    pub hosts: Vec<Host>,
    /// Every cluster.
    pub clusters: Vec<ClusterReport>,
    /// Every finding, worst first; those that do not count say why in `waived`.
    pub findings: Vec<Finding>,
    /// What to do, most drastic first; absent where drift was not asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<Vec<Advice>>,
    /// Whether upgrades would succeed; absent where that was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upgrades: Option<Vec<Upgrade>>,
    /// The run that changes are told against; absent where none is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Before>,
    /// What was found before and is gone; absent where no run before is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved: Option<Vec<ResolvedFinding>>,
    /// What no forecast of an upgrade can see; absent where none was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unseen: Option<Word>,
}

/// The run.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// Unique to the run.
    pub id: String,
    /// RFC 3339, UTC.
    pub started: String,
    /// RFC 3339, UTC.
    pub finished: String,
    /// The version of driftless.
    pub version: Word,
}

/// The run before.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Before {
    /// Its id.
    pub id: String,
    /// RFC 3339, UTC.
    pub started: String,
}

/// A finding that is gone.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ResolvedFinding {
    /// Its key.
    pub key: String,
    /// How bad it was.
    pub severity: Severity,
    /// The host, if it was a matter of one.
    pub host: Option<String>,
    /// What was seen; null is "not there".
    pub observed: Option<String>,
    /// When the last run began that saw it: RFC 3339, UTC.
    pub last_seen: String,
}

/// What became of a finding since earlier runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// No earlier run saw it.
    New,
    /// It is there since before.
    Persisting,
    /// It was there, was gone, and is back.
    Returned,
}

/// The run in numbers.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Hosts that were asked.
    pub hosts: usize,
    /// Hosts that answered everything.
    pub audited: usize,
    /// Hosts that answered in part.
    pub partial: usize,
    /// Hosts that did not answer.
    pub unreachable: usize,
    /// Hosts in sync; absent where drift was not asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_sync: Option<usize>,
    /// Hosts that need something done or decided; absent where drift was not asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drifted: Option<usize>,
    /// Hosts whose service a container has taken over; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced: Option<usize>,
    /// Findings that count, by severity.
    pub findings: BTreeMap<Severity, usize>,
}

/// One host.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Host {
    /// Its name in the inventory.
    pub name: String,
    /// Its groups, with those that it is in through a child group.
    pub groups: BTreeSet<String>,
    /// The clusters in which it was compared.
    pub clusters: Vec<String>,
    /// Whether it was audited.
    pub status: HostStatus,
    /// When it was seen, where that was not in this run: RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
    /// What it runs; null if it could not be told.
    pub os: Option<Os>,
    /// What it needs; absent where drift was not asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Why it is under maintenance, if it is: what is found there does not count.
    pub maintenance: Option<String>,
    /// The conditions that led to the verdict; absent where drift was not asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasons: Option<Vec<String>>,
    /// How far it is from its cluster; absent where drift was not asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snowflake: Option<SnowflakeReport>,
    /// Containers that run on it and say that they replace the service of a cluster; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stands_in: Option<Vec<StandIn>>,
    /// Where its services write, if it is advised to be replaced and was looked into; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub writes: Option<Vec<Writes>>,
    /// What could not be collected.
    pub gaps: Vec<Gap>,
    /// What went wrong on the way to it, if anything did.
    pub error: Option<Error>,
}

/// A container that replaces the service of a cluster.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct StandIn {
    /// The cluster.
    pub cluster: String,
    /// The service, as its hosts called it.
    pub service: String,
    /// The container.
    pub container: String,
    /// What its image is called.
    pub image: String,
    /// Whether it counts: its root is read-only, nothing reaches around that, and the service does not run beside it.
    pub immutable: bool,
    /// Why it does not count; null if it does.
    pub refused: Option<String>,
}

/// A path that a service of a host must be able to write.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Writes {
    /// The service.
    pub service: String,
    /// The folder; or the file, of a log.
    pub path: String,
    /// `persistent`, `ephemeral`, `log` or `configuration`.
    pub class: Word,
    /// Who says so, the strongest first.
    pub evidence: Vec<String>,
}

/// An operating system, of os-release(5).
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Os {
    /// `ID`
    pub id: String,
    /// `VERSION_ID`
    pub version: String,
    /// `PRETTY_NAME`
    pub name: String,
}

/// The snowflake score.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct SnowflakeReport {
    /// 0 to 1.
    pub score: f64,
    /// Its terms.
    pub terms: Vec<Term>,
    /// What was not measured.
    pub not_measured: Vec<Word>,
}

/// One term of the score.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Term {
    /// What it measures.
    pub name: Word,
    /// How much it counts.
    pub weight: f64,
    /// 0 to 1.
    pub value: f64,
}

/// Something that could not be collected.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Gap {
    /// What is missing.
    pub probe: String,
    /// Why, in one word.
    pub reason: Reason,
    /// Why, in the words of the tool or the system.
    pub detail: String,
}

/// Why a host, or the rest of it, could not be audited.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Error {
    /// How far it got.
    pub phase: Phase,
    /// What happened.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// One cluster.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Cluster")]
pub struct ClusterReport {
    /// Its name.
    pub name: String,
    /// Its hosts.
    pub hosts: Vec<String>,
    /// What it needs: the most drastic of its hosts' verdicts; absent where drift was not asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// The packages that were compared; absent where drift was not asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packages: Option<Vec<Package>>,
}

/// One package of a cluster.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its architecture; empty if no host has it.
    pub arch: String,
    /// What the cluster's own release is expected to have; null if nothing is called right, or if it is
    /// not expected.
    pub expected: Option<String>,
    /// Who has what, most hosts first.
    pub spread: Vec<Spread>,
}

/// The hosts that have one value.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Spread {
    /// The full version; null if there is none.
    pub version: Option<String>,
    /// Whether it is there.
    pub state: State,
    /// The hosts.
    pub hosts: Vec<String>,
}

/// Whether a package is on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is.
    Installed,
    /// It is not.
    Absent,
    /// It was not collected.
    Unknown,
}

/// One finding.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Stable across runs, versions and rewordings.
    pub key: String,
    /// The rule's id.
    pub rule: Word,
    /// How bad it is.
    pub severity: Severity,
    /// The cluster, if it is a matter of one.
    pub cluster: Option<String>,
    /// The host, if it is a matter of one.
    pub host: Option<String>,
    /// What it is about.
    pub subject: String,
    /// What is expected, if anything is.
    pub expected: Option<String>,
    /// What was seen; null is "not there".
    pub observed: Option<String>,
    /// How far apart two versions are; null where it cannot be told.
    pub distance: Option<Distance>,
    /// The finding in words; may be reworded.
    pub message: String,
    /// What the rule knows beyond that.
    pub evidence: serde_json::Map<String, serde_json::Value>,
    /// Where in a file it is: a container's own line; null for hosts.
    pub location: Option<Location>,
    /// What became of it; absent where no earlier run is known, and where it does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// Since when it is there without a break, or when it was last there before it came back: RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Why it does not count; null if it does.
    pub waived: Option<Waived>,
}

/// A place in a file.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Location {
    /// The file.
    pub file: String,
    /// One-based.
    pub line: usize,
    /// One-based, in characters.
    pub column: usize,
}

/// Why a finding does not count.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Waived {
    /// The reason that a person gave.
    pub justification: String,
    /// The last day on which it holds; null is for good.
    pub until: Option<String>,
}

/// One piece of advice.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Advice {
    /// The rule that led to it.
    pub rule: Word,
    /// The cluster.
    pub cluster: String,
    /// The hosts that share the cause.
    pub hosts: Vec<String>,
    /// `repair`, `replace` or `investigate`.
    pub action: Verdict,
    /// Why.
    pub reason: String,
    /// How, in order.
    pub steps: Vec<String>,
}
