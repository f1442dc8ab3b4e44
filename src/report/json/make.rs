//! Makes a report of version 1 of what a run found.

use std::collections::BTreeMap;

use super::evidence::evidence;
use super::upgrades::upgrades;
use super::v1::{
    Advice, Before, Change, ClusterReport, Error, Finding, Gap, Host, Location, Os, Package, Report,
    ResolvedFinding, Run, SCHEMA, SnowflakeReport, Spread, StandIn, State, Summary, Term, Waived, Writes,
};
use crate::advice::{Snowflake, UNSEEN, Verdict};
use crate::drift::{Cluster, Column, Expected, Value};
use crate::history::{self, Story};
use crate::report::Audit;
use crate::rules::{self, Evidence};
use crate::snapshot::{self, Fault, HostStatus, Observation};

impl Report {
    /// The report of an audit.
    pub fn of(audit: &Audit<'_>) -> Self {
        let (summary, statuses) = (audit.summary(), audit.statuses());
        let comparison = audit.comparison;
        let name = |position: &usize| comparison.name(*position).to_owned();
        Self {
            schema: SCHEMA.into(),
            command: audit.command.into(),
            run: run(&audit.run),
            summary: Summary {
                hosts: summary.hosts,
                audited: summary.audited,
                partial: summary.partial,
                unreachable: summary.unreachable,
                in_sync: audit.drift.then_some(summary.in_sync),
                drifted: audit.drift.then_some(summary.drifted),
                replaced: (audit.drift && summary.replaced > 0).then_some(summary.replaced),
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
            findings: audit.findings.iter().map(|found| with_story(finding(found), audit.story)).collect(),
            advice: audit
                .drift
                .then(|| audit.advised.advice.iter().map(|piece| advice(piece, &name)).collect()),
            upgrades: upgrades(audit),
            before: before(audit.story),
            resolved: audit.story.filter(|story| story.before.is_some()).map(resolved),
            unseen: audit.outlook.map(|_| UNSEEN.into()),
        }
    }
}

fn advice(advice: &crate::advice::Advice, name: &impl Fn(&usize) -> String) -> Advice {
    Advice {
        rule: advice.rule.into(),
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
        clusters: clusters_of(audit, position),
        status,
        seen: audit.seen.get(position).copied().flatten().map(|seen| seen.to_string()),
        os: seen.os().map(|os| Os { id: os.id.clone(), version: os.version.clone(), name: os.name.clone() }),
        verdict: audit.drift.then(|| advice.map_or(Verdict::Unknown, |advice| advice.verdict)),
        maintenance: described.and_then(|host| host.maintenance.clone()),
        reasons: audit.drift.then(|| advice.map(|advice| advice.reasons.clone()).unwrap_or_default()),
        snowflake: audit.drift.then(|| snowflake(advice.map(|advice| &advice.snowflake))),
        writes: writes(audit, position),
        stands_in: Some(stands_in(audit, position)).filter(|list| !list.is_empty()),
        gaps: collected().chain(found).map(gap_of).collect(),
        error: seen.fault.as_ref().map(Error::of),
    }
}

impl Error {
    /// What went wrong.
    pub fn of(fault: &Fault) -> Self {
        Self { phase: fault.phase, message: fault.full_message(), hint: fault.hint.clone() }
    }
}

/// The clusters of a host, those that it was replaced in too.
fn clusters_of(audit: &Audit<'_>, position: usize) -> Vec<String> {
    let clusters = audit.comparison.clusters.iter();
    let own = clusters.filter(|cluster| {
        let gone = || cluster.replaced.iter().any(|(gone, _)| *gone == position);
        cluster.members.binary_search(&position).is_ok() || gone()
    });
    own.map(|cluster| cluster.name.clone()).collect()
}

fn stands_in(audit: &Audit<'_>, position: usize) -> Vec<StandIn> {
    let each = audit.comparison.clusters.iter().flat_map(|cluster| &cluster.stand_ins);
    let own = each.filter(|one| one.position == position);
    own.map(|one| StandIn {
        cluster: one.replaces.cluster.clone(),
        service: one.replaces.service.clone(),
        container: one.container.label(),
        image: one.container.image.clone(),
        immutable: one.refused.is_none(),
        refused: one.refused.clone(),
    })
    .collect()
}

/// Where the services of a host write that is to be replaced; `None` where nobody looked.
fn writes(audit: &Audit<'_>, position: usize) -> Option<Vec<Writes>> {
    let each = audit.writes(position)?.into_iter().map(|(service, need)| Writes {
        service,
        path: need.path,
        class: need.class.as_str().into(),
        evidence: need.reasons,
    });
    Some(each.collect())
}

fn gap_of(gap: &snapshot::Gap) -> Gap {
    Gap { probe: gap.probe.clone(), reason: gap.reason, detail: gap.detail.clone() }
}

fn snowflake(snowflake: Option<&Snowflake>) -> SnowflakeReport {
    let Some(snowflake) = snowflake else {
        return SnowflakeReport { score: 0.0, terms: Vec::new(), not_measured: Vec::new() };
    };
    let term =
        |term: &crate::advice::Term| Term { name: term.name.into(), weight: term.weight, value: term.value };
    SnowflakeReport {
        score: snowflake.score,
        terms: snowflake.terms.iter().map(term).collect(),
        not_measured: snowflake.not_measured.iter().map(|name| (*name).into()).collect(),
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

fn before(story: Option<&Story>) -> Option<Before> {
    let (id, started) = story?.before.as_ref()?;
    Some(Before { id: id.clone(), started: started.to_string() })
}

fn resolved(story: &Story) -> Vec<ResolvedFinding> {
    let gone = story.resolved.iter().map(|one| ResolvedFinding {
        key: one.key.clone(),
        severity: one.found.severity,
        host: one.found.host.clone(),
        observed: one.found.observed.clone(),
        last_seen: one.last.to_string(),
    });
    gone.collect()
}

/// A finding with what became of it.
fn with_story(finding: Finding, story: Option<&Story>) -> Finding {
    let change = story.and_then(|story| story.changes.get(&finding.key)).filter(|_| finding.waived.is_none());
    let (change, since) = match change {
        None => (None, None),
        Some(history::Change::New) => (Some(Change::New), None),
        Some(history::Change::Since(since)) => (Some(Change::Persisting), Some(since.to_string())),
        Some(history::Change::Returned(last)) => (Some(Change::Returned), Some(last.to_string())),
    };
    Finding { change, since, ..finding }
}

/// A run.
pub(in crate::report) fn run(run: &crate::report::Run) -> Run {
    Run {
        id: run.id.clone(),
        started: run.started.to_string(),
        finished: run.finished.to_string(),
        version: env!("CARGO_PKG_VERSION").into(),
    }
}

/// A finding.
pub(in crate::report) fn finding(finding: &rules::Finding) -> Finding {
    Finding {
        key: finding.key(),
        rule: finding.rule.id.into(),
        severity: finding.severity,
        cluster: finding.cluster.clone(),
        host: finding.host_name().map(str::to_owned),
        subject: finding.subject.clone(),
        expected: finding.expected.clone(),
        observed: finding.observed.clone(),
        distance: finding.distance,
        message: finding.message(),
        evidence: evidence(&finding.evidence),
        change: None,
        since: None,
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
