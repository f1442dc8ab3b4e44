//! `driftless/report/v1`. Frozen: fields may be added, none renamed, removed or given another meaning.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::evidence::evidence;
use super::upgrades::{Upgrade, upgrades};
use crate::advice::{Snowflake, UNSEEN, Verdict};
use crate::drift::{Cluster, Column, Expected, Value};
use crate::report::Audit;
use crate::rules::{self, Evidence};
use crate::severity::Severity;
use crate::snapshot::{self, HostStatus, Observation, Phase, Reason};
use crate::version::Distance;

/// The whole report.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// Always `driftless/report/v1`.
    pub schema: &'static str,
    /// The command that was run.
    pub command: &'static str,
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
    /// What no forecast of an upgrade can see; absent where none was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unseen: Option<&'static str>,
}

/// The run.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Run {
    /// Unique to the run.
    pub id: String,
    /// RFC 3339, UTC.
    pub started: String,
    /// RFC 3339, UTC.
    pub finished: String,
    /// The version of driftless.
    pub version: &'static str,
}

/// The run in numbers.
#[derive(Debug, Serialize, JsonSchema)]
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
    /// Findings that count, by severity.
    pub findings: BTreeMap<Severity, usize>,
}

/// One host.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Host {
    /// Its name in the inventory.
    pub name: String,
    /// Its groups, with those that it is in through a child group.
    pub groups: BTreeSet<String>,
    /// The clusters in which it was compared.
    pub clusters: Vec<String>,
    /// Whether it was audited.
    pub status: HostStatus,
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
    /// What could not be collected.
    pub gaps: Vec<Gap>,
    /// What went wrong on the way to it, if anything did.
    pub error: Option<Error>,
}

/// An operating system, of os-release(5).
#[derive(Debug, Serialize, JsonSchema)]
pub struct Os {
    /// `ID`
    pub id: String,
    /// `VERSION_ID`
    pub version: String,
    /// `PRETTY_NAME`
    pub name: String,
}

/// The snowflake score.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SnowflakeReport {
    /// 0 to 1.
    pub score: f64,
    /// Its terms.
    pub terms: Vec<Term>,
    /// What was not measured.
    pub not_measured: Vec<&'static str>,
}

/// One term of the score.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Term {
    /// What it measures.
    pub name: &'static str,
    /// How much it counts.
    pub weight: f64,
    /// 0 to 1.
    pub value: f64,
}

/// Something that could not be collected.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Gap {
    /// What is missing.
    pub probe: String,
    /// Why, in one word.
    pub reason: Reason,
    /// Why, in the words of the tool or the system.
    pub detail: String,
}

/// Why a host, or the rest of it, could not be audited.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Error {
    /// How far it got.
    pub phase: Phase,
    /// What happened.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// One cluster.
#[derive(Debug, Serialize, JsonSchema)]
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
#[derive(Debug, Serialize, JsonSchema)]
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
#[derive(Debug, Serialize, JsonSchema)]
pub struct Spread {
    /// The full version; null if there is none.
    pub version: Option<String>,
    /// Whether it is there.
    pub state: State,
    /// The hosts.
    pub hosts: Vec<String>,
}

/// Whether a package is on a host.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
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
#[derive(Debug, Serialize, JsonSchema)]
pub struct Finding {
    /// Stable across runs, versions and rewordings.
    pub key: String,
    /// The rule's id.
    pub rule: &'static str,
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
    /// Why it does not count; null if it does.
    pub waived: Option<Waived>,
}

/// A place in a file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Location {
    /// The file.
    pub file: String,
    /// One-based.
    pub line: usize,
    /// One-based, in characters.
    pub column: usize,
}

/// Why a finding does not count.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Waived {
    /// The reason that a person gave.
    pub justification: String,
    /// The last day on which it holds; null is for good.
    pub until: Option<String>,
}

/// One piece of advice.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Advice {
    /// The rule that led to it.
    pub rule: &'static str,
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

impl Report {
    /// The report of an audit.
    pub fn of(audit: &Audit<'_>) -> Self {
        let (summary, statuses) = (audit.summary(), audit.statuses());
        let comparison = audit.comparison;
        let name = |position: &usize| comparison.name(*position).to_owned();
        Self {
            schema: "driftless/report/v1",
            command: audit.command,
            run: run(&audit.run),
            summary: Summary {
                hosts: summary.hosts,
                audited: summary.audited,
                partial: summary.partial,
                unreachable: summary.unreachable,
                in_sync: audit.drift.then_some(summary.in_sync),
                drifted: audit.drift.then_some(summary.drifted),
                findings: summary.findings.into_iter().collect(),
            },
            hosts: comparison
                .fleet
                .hosts
                .iter()
                .zip(statuses)
                .enumerate()
                .map(|(position, (seen, status))| host(audit, position, seen, status))
                .collect(),
            clusters: comparison
                .clusters
                .iter()
                .zip(&audit.advised.clusters)
                .map(|(cluster, verdict)| ClusterReport {
                    name: cluster.name.clone(),
                    hosts: cluster.members.iter().map(name).collect(),
                    verdict: audit.drift.then_some(*verdict),
                    packages: audit.drift.then(|| packages(audit, cluster)),
                })
                .collect(),
            findings: audit.findings.iter().map(finding).collect(),
            advice: audit
                .drift
                .then(|| audit.advised.advice.iter().map(|piece| advice(piece, &name)).collect()),
            upgrades: upgrades(audit),
            unseen: audit.outlook.map(|_| UNSEEN),
        }
    }
}

fn advice(advice: &crate::advice::Advice, name: &impl Fn(&usize) -> String) -> Advice {
    Advice {
        rule: advice.rule,
        cluster: advice.cluster.clone(),
        hosts: advice.hosts.iter().map(name).collect(),
        action: advice.action,
        reason: advice.reason.clone(),
        steps: advice.steps.clone(),
    }
}

fn host(audit: &Audit<'_>, position: usize, seen: &Observation, status: HostStatus) -> Host {
    let described = audit.comparison.host(position);
    let advice = audit.advised.hosts.get(position);
    // What was not collected stands here whatever the playbook makes of it; gaps of the comparison (a
    // missing baseline, what is not supported) are findings alone.
    let collected = || seen.snapshot.iter().flat_map(|snapshot| snapshot.gaps.iter().chain(&snapshot.beside));
    let found = audit
        .findings
        .iter()
        .filter(|finding| finding.host.as_ref().is_some_and(|(at, _)| *at == position))
        .filter_map(
            |finding| if let Evidence::Gap(gap) = &finding.evidence { Some(gap.as_ref()) } else { None },
        )
        .filter(|gap| !collected().any(|known| known.probe == gap.probe));
    Host {
        name: audit.comparison.name(position).to_owned(),
        groups: described.map(|host| host.groups.clone()).unwrap_or_default(),
        clusters: audit.comparison.clusters_of(position).map(str::to_owned).collect(),
        status,
        os: seen.os().map(|os| Os { id: os.id.clone(), version: os.version.clone(), name: os.name.clone() }),
        verdict: audit.drift.then(|| advice.map_or(Verdict::Unknown, |advice| advice.verdict)),
        maintenance: described.and_then(|host| host.maintenance.clone()),
        reasons: audit.drift.then(|| advice.map(|advice| advice.reasons.clone()).unwrap_or_default()),
        snowflake: audit.drift.then(|| snowflake(advice.map(|advice| &advice.snowflake))),
        gaps: collected().chain(found).map(gap_of).collect(),
        error: seen.fault.as_ref().map(|fault| Error {
            phase: fault.phase,
            message: fault.full_message(),
            hint: fault.hint.clone(),
        }),
    }
}

fn gap_of(gap: &snapshot::Gap) -> Gap {
    Gap { probe: gap.probe.clone(), reason: gap.reason, detail: gap.detail.clone() }
}

fn snowflake(snowflake: Option<&Snowflake>) -> SnowflakeReport {
    let Some(snowflake) = snowflake else {
        return SnowflakeReport { score: 0.0, terms: Vec::new(), not_measured: Vec::new() };
    };
    let term = |term: &crate::advice::Term| Term { name: term.name, weight: term.weight, value: term.value };
    SnowflakeReport {
        score: snowflake.score,
        terms: snowflake.terms.iter().map(term).collect(),
        not_measured: snowflake.not_measured.clone(),
    }
}

fn packages(audit: &Audit<'_>, cluster: &Cluster<'_>) -> Vec<Package> {
    cluster.columns.iter().map(|column| package(audit, cluster, column)).collect()
}

fn package(audit: &Audit<'_>, cluster: &Cluster<'_>, column: &Column<'_>) -> Package {
    let expected = match column.expected_overall(&cluster.releases) {
        Expected::Version { version, .. } => Some(version.to_owned()),
        _ => None,
    };
    let mut spread: BTreeMap<Value<'_>, Vec<String>> = BTreeMap::new();
    for (member, position) in cluster.members.iter().enumerate() {
        if let Some(value) = column.value(member) {
            spread.entry(value).or_default().push(audit.comparison.name(*position).to_owned());
        }
    }
    let mut spread: Vec<Spread> = spread
        .into_iter()
        .rev()
        .map(|(value, hosts)| match value {
            Value::Installed(version) => {
                Spread { version: Some(version.to_owned()), state: State::Installed, hosts }
            }
            Value::Absent => Spread { version: None, state: State::Absent, hosts },
            Value::Unknown => Spread { version: None, state: State::Unknown, hosts },
        })
        .collect();
    spread.sort_by_key(|spread| (spread.version.is_none(), std::cmp::Reverse(spread.hosts.len())));
    Package { name: column.name.to_owned(), arch: column.arch.to_owned(), expected, spread }
}

/// A run.
pub(in crate::report) fn run(run: &crate::report::Run) -> Run {
    Run {
        id: run.id.clone(),
        started: run.started.to_string(),
        finished: run.finished.to_string(),
        version: env!("CARGO_PKG_VERSION"),
    }
}

/// A finding.
pub(in crate::report) fn finding(finding: &rules::Finding) -> Finding {
    Finding {
        key: finding.key(),
        rule: finding.rule.id,
        severity: finding.severity,
        cluster: finding.cluster.clone(),
        host: finding.host_name().map(str::to_owned),
        subject: finding.subject.clone(),
        expected: finding.expected.clone(),
        observed: finding.observed.clone(),
        distance: finding.distance,
        message: finding.message(),
        evidence: evidence(&finding.evidence),
        location: finding.location.as_ref().map(|place| Location {
            file: place.file.to_string(),
            line: place.at.line,
            column: place.at.column,
        }),
        waived: finding.waived.as_ref().map(|waived| Waived {
            justification: waived.justification.clone(),
            until: waived.until.map(|date| date.to_string()),
        }),
    }
}
