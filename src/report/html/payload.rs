//! What the page's script reads: the JSON report's shapes once more, with texts, hosts and sets of hosts as numbers.
//!
//! It is no format of its own: the script beside it is its only reader, and both are of one version.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::Serialize;

use super::upgrades::{Upgrade, upgrade};
use super::words::{NONE, Shape, Shapes, Words, number};
use crate::report::json::v1;
use crate::report::past::ClusterRow;
use crate::severity::Severity;

/// Stands for a set of hosts: those of the cluster that no other value of the package has.
const REST: u32 = 0;

/// All of it.
#[derive(Serialize)]
pub(super) struct Payload<'r> {
    command: &'r str,
    run: &'r v1::Run,
    before: Option<&'r v1::Before>,
    summary: &'r v1::Summary,
    unseen: Option<&'r str>,
    strings: Vec<Option<Cow<'r, str>>>,
    names: Vec<&'r str>,
    sets: Vec<Vec<u32>>,
    shapes: Vec<Shape<'r>>,
    hosts: Vec<Host<'r>>,
    clusters: Vec<Cluster>,
    findings: Vec<Vec<u32>>,
    resolved: Option<&'r Vec<v1::ResolvedFinding>>,
    advice: Option<Vec<Advice>>,
    upgrades: Option<Vec<Upgrade>>,
    trend: Vec<Trend>,
}

/// A cluster, and each run: milliseconds since 1970, audited hosts, and how many of these were adrift.
type Trend = (u32, Vec<(i64, usize, usize)>);

#[derive(Serialize)]
struct Host<'r> {
    status: crate::snapshot::HostStatus,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    clusters: Vec<u32>,
    os: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<crate::advice::Verdict>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snowflake: Option<(f64, u32, Vec<f64>)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<&'r String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maintenance: Option<&'r String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stands_in: Option<&'r Vec<v1::StandIn>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    writes: Option<&'r Vec<v1::Writes>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gaps: Vec<(u32, &'r crate::snapshot::Reason, u32)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<(crate::snapshot::Phase, u32, u32)>,
}

#[derive(Serialize)]
struct Cluster {
    name: u32,
    hosts: u32,
    verdict: Option<crate::advice::Verdict>,
    packages: Option<Vec<Package>>,
}

/// Name, architecture, what is expected, and each value: version, state, hosts.
type Package = (u32, u32, u32, Vec<(u32, u32, u32)>);

#[derive(Serialize)]
struct Advice {
    rule: u32,
    cluster: u32,
    hosts: u32,
    action: crate::advice::Verdict,
    reason: u32,
    steps: Vec<u32>,
}

impl<'r> Payload<'r> {
    /// The payload of a report.
    pub(super) fn of(report: &'r v1::Report, trend: &'r [ClusterRow]) -> Self {
        let (mut words, mut shapes) = (Words::of(&report.hosts), Shapes::default());
        // The first set stands for the rest, and is never read.
        words.set(&[]);
        let hosts = report.hosts.iter().map(|one| host(&mut words, &mut shapes, one)).collect();
        let clusters = report.clusters.iter().map(|one| cluster(&mut words, one)).collect();
        let findings = report.findings.iter().map(|one| finding(&mut words, one)).collect();
        let advice = report.advice.as_ref();
        let advice = advice.map(|all| all.iter().map(|one| piece(&mut words, one)).collect());
        let upgrades = report.upgrades.as_ref();
        let upgrades = upgrades.map(|all| all.iter().map(|one| upgrade(&mut words, one)).collect());
        let moment = |(at, audited, adrift): &(jiff::Timestamp, usize, usize)| {
            (at.as_millisecond(), *audited, *adrift)
        };
        let trend = trend.iter();
        let trend = trend.map(|row| (words.text(&row.name), row.runs.iter().map(moment).collect())).collect();
        let (strings, names, sets) = words.tables();
        Self {
            command: &report.command,
            run: &report.run,
            before: report.before.as_ref(),
            summary: &report.summary,
            unseen: report.unseen.as_deref(),
            strings,
            names,
            sets,
            shapes: shapes.all(),
            hosts,
            clusters,
            findings,
            resolved: report.resolved.as_ref(),
            advice,
            upgrades,
            trend,
        }
    }
}

fn host<'r>(words: &mut Words<'r>, shapes: &mut Shapes<'r>, host: &'r v1::Host) -> Host<'r> {
    let os = host.os.as_ref().map(|os| if os.name.is_empty() { &os.id } else { &os.name });
    let score = |score: &'r v1::SnowflakeReport| {
        (score.score, shapes.of(score), score.terms.iter().map(|term| term.value).collect())
    };
    Host {
        status: host.status,
        groups: words.texts(&host.groups),
        clusters: words.texts(&host.clusters),
        os: words.maybe(os),
        verdict: host.verdict,
        reasons: words.texts(host.reasons.iter().flatten()),
        snowflake: host.snowflake.as_ref().map(score),
        seen: host.seen.as_ref(),
        maintenance: host.maintenance.as_ref(),
        stands_in: host.stands_in.as_ref(),
        writes: host.writes.as_ref(),
        gaps: host
            .gaps
            .iter()
            .map(|gap| (words.text(&gap.probe), &gap.reason, words.text(&gap.detail)))
            .collect(),
        error: host
            .error
            .as_ref()
            .map(|error| (error.phase, words.text(&error.message), words.text(&error.hint))),
    }
}

fn cluster<'r>(words: &mut Words<'r>, cluster: &'r v1::ClusterReport) -> Cluster {
    let members: HashSet<&str> = cluster.hosts.iter().map(String::as_str).collect();
    let packages = cluster.packages.as_ref();
    Cluster {
        name: words.text(&cluster.name),
        hosts: words.set(&cluster.hosts),
        verdict: cluster.verdict,
        packages: packages.map(|all| all.iter().map(|one| package(words, &members, one)).collect()),
    }
}

fn package<'r>(words: &mut Words<'r>, members: &HashSet<&str>, package: &'r v1::Package) -> Package {
    // The largest set is most of the payload, and follows from the others where these are the whole cluster.
    let all: Vec<&str> = package.spread.iter().flat_map(|one| &one.hosts).map(String::as_str).collect();
    let distinct: HashSet<&str> = all.iter().copied().collect();
    let whole = distinct.len() == all.len() && distinct == *members;
    let spread = || package.spread.iter().filter(|one| !one.hosts.is_empty());
    let largest = spread()
        .map(|one| one.hosts.len())
        .enumerate()
        .max_by_key(|(_, size)| *size)
        .map(|(at, _)| at)
        .filter(|_| whole);
    let values = spread().enumerate().map(|(at, one)| {
        let state = match one.state {
            v1::State::Installed => 0,
            v1::State::Absent => 1,
            v1::State::Unknown => 2,
        };
        let hosts = if Some(at) == largest { REST } else { words.set(&one.hosts) };
        (words.maybe(one.version.as_ref()), state, hosts)
    });
    let values = values.collect();
    (words.text(&package.name), words.text(&package.arch), words.maybe(package.expected.as_ref()), values)
}

/// A finding as numbers, in the order in which the script reads them; what is missing at the end is none.
fn finding<'r>(words: &mut Words<'r>, finding: &'r v1::Finding) -> Vec<u32> {
    let severity = Severity::ALL.iter().position(|one| *one == finding.severity).unwrap_or_default();
    let told = |text: &Option<String>| text.clone().unwrap_or_default();
    // What a key is made of; one that is made of something else stands in full.
    let usual =
        format!("{}/{}/{}/{}", finding.rule, told(&finding.cluster), told(&finding.host), finding.subject);
    let evidence =
        (!finding.evidence.is_empty()).then(|| serde_json::to_string(&finding.evidence).unwrap_or_default());
    let change = match finding.change {
        None => "",
        Some(v1::Change::New) => "new",
        Some(v1::Change::Persisting) => "persisting",
        Some(v1::Change::Returned) => "returned",
    };
    let waived = finding.waived.as_ref();
    let location = finding.location.as_ref();
    let mut numbers = vec![
        number(severity),
        words.text(&*finding.rule),
        words.maybe(finding.cluster.as_ref()),
        finding.host.as_ref().map_or(NONE, |host| words.host(host) + 1),
        words.text(&finding.subject),
        words.text(&finding.message),
        words.maybe(finding.observed.as_ref()),
        words.maybe(finding.expected.as_ref()),
        finding.distance.map_or(NONE, |distance| words.text(distance.as_str())),
        evidence.map_or(NONE, |text| words.text(text)),
        if change.is_empty() { NONE } else { words.text(change) },
        words.maybe(finding.since.as_ref()),
        waived.map_or(NONE, |waived| words.text(&waived.justification)),
        waived.map_or(NONE, |waived| words.maybe(waived.until.as_ref())),
        location.map_or(NONE, |place| words.text(&place.file)),
        location.map_or(0, |place| number(place.line)),
        location.map_or(0, |place| number(place.column)),
        if finding.key == usual { NONE } else { words.text(&finding.key) },
    ];
    while numbers.last() == Some(&NONE) {
        numbers.pop();
    }
    numbers
}

fn piece<'r>(words: &mut Words<'r>, advice: &'r v1::Advice) -> Advice {
    Advice {
        rule: words.text(&*advice.rule),
        cluster: words.text(&advice.cluster),
        hosts: words.set(&advice.hosts),
        action: advice.action,
        reason: words.text(&advice.reason),
        steps: words.texts(&advice.steps),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The payload of a cluster of four hosts of which nginx is on three, as the script reads it.
    fn payload(hosts: &Value, key: &str) -> Value {
        let host = |name: &str| {
            json!({ "name": name, "groups": [], "clusters": ["web"], "status": "audited",
            "os": null, "maintenance": null, "gaps": [], "error": null })
        };
        let names = ["a", "b", "c", "d"].map(host);
        let report: v1::Report = serde_json::from_value(json!({
            "schema": v1::SCHEMA, "command": "audit",
            "run": { "id": "0", "started": "2026-11-28T10:00:00Z", "finished": "2026-11-28T10:00:01Z", "version": "0" },
            "summary": { "hosts": 4, "audited": 4, "partial": 0, "unreachable": 0, "findings": {} },
            "hosts": names,
            "clusters": [{ "name": "web", "hosts": ["a", "b", "c", "d"], "packages": [{
                "name": "nginx", "arch": "amd64", "expected": "1", "spread": [
                    { "version": "1", "state": "installed", "hosts": hosts },
                    { "version": "2", "state": "installed", "hosts": [] },
                    { "version": null, "state": "absent", "hosts": ["b"] },
                ] }] }],
            "findings": [{ "key": key, "rule": "package-missing", "severity": "medium", "cluster": "web", "host": "b",
                "subject": "nginx", "expected": "1", "observed": null, "distance": null, "message": "not installed",
                "evidence": {}, "location": null, "waived": null }],
        }))
        .unwrap();
        serde_json::to_value(Payload::of(&report, &[])).unwrap()
    }

    #[test]
    fn the_largest_set_follows_from_the_others_where_they_are_the_whole_cluster() {
        let spread = |hosts: Value| {
            let payload = payload(&hosts, "");
            let sets = payload["clusters"][0]["packages"][0][3].clone();
            let set = |nth: usize| usize::try_from(sets[nth][2].as_u64().unwrap()).unwrap();
            (sets.as_array().unwrap().len(), set(0), payload["sets"][set(1)].clone())
        };
        let rest = usize::try_from(REST).unwrap();
        assert_eq!(
            spread(json!(["a", "c", "d"])),
            (2, rest, json!([1, 1])),
            "a value that no host has is left out"
        );
        assert_ne!(spread(json!(["a", "c"])).1, rest, "of d nothing is told");
        assert_ne!(spread(json!(["a", "b", "c", "d"])).1, rest, "b is told twice");
    }

    #[test]
    fn a_key_stands_in_the_payload_only_where_it_does_not_follow() {
        let usual = payload(&json!(["a"]), "package-missing/web/b/nginx");
        let other = payload(&json!(["a"]), "package-missing/web/b/other");
        let length = |payload: &Value| payload["findings"][0].as_array().unwrap().len();
        assert!(length(&usual) < length(&other));
        let key = other["findings"][0][17].as_u64().unwrap();
        assert_eq!(other["strings"][usize::try_from(key).unwrap()], "package-missing/web/b/other");
    }
}
