//! Reports of several machines as one: each asked a part of the hosts, and wrote what it found as JSON.
//!
//! Hosts were compared within their own report. Where reports expect different things of one package of a cluster, the
//! merged one expects nothing of it, and says so.

mod table;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize as _;
use serde_json::{Map, Value, json};

use super::json::v1::Report;
use super::{Look, narrow};
use crate::rules::{self, About};
use crate::severity::Severity;
use crate::snapshot::visible;

/// The schema that is merged.
const SCHEMA: &str = "driftless/report/v1";

/// What a cluster needs, the later one before the earlier one.
const VERDICTS: [&str; 6] = ["in-sync", "replaced", "unknown", "investigate", "repair", "replace"];

/// Several reports as one.
#[derive(Debug)]
pub struct Merged {
    report: Value,
    /// Packages of clusters of which reports expect different things: what there is to be told.
    pub torn: Vec<String>,
}

/// Why reports cannot be merged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {why}")]
pub struct Unmergeable {
    /// The report.
    pub name: String,
    /// What is wrong with it.
    pub why: String,
}

impl Merged {
    /// Merges reports, each with its name.
    ///
    /// # Errors
    /// One is no report on hosts, or two have the same host.
    pub fn of(reports: &[(String, Value)]) -> Result<Self, Unmergeable> {
        let mut known: BTreeMap<String, String> = BTreeMap::new();
        for (name, report) in reports {
            let wrong = |why: String| Unmergeable { name: name.clone(), why };
            match report.get("schema").and_then(Value::as_str) {
                Some(SCHEMA) => {}
                Some(other) => {
                    return Err(wrong(format!("its schema is `{}`, not {SCHEMA}", other.escape_debug())));
                }
                None => {
                    return Err(wrong(format!("it is no JSON report: it has no schema, such as {SCHEMA}")));
                }
            }
            if !report.get("hosts").is_some_and(Value::is_array) {
                return Err(wrong("it is not about hosts".to_owned()));
            }
            // What is missing must not pass for nothing.
            if let Some(missing) = ["clusters", "findings"]
                .into_iter()
                .find(|key| !report.get(*key).is_some_and(Value::is_array))
            {
                return Err(wrong(format!("it has no {missing}")));
            }
            for host in list(report, "hosts").iter().map(|host| text(host, "name")) {
                if host.is_empty() {
                    return Err(wrong("a host of it has no name".to_owned()));
                }
                if let Some(other) = known.insert(host.to_owned(), name.clone()) {
                    return Err(wrong(format!("the host {} is in {other} too", host.escape_debug())));
                }
            }
        }
        let (mut whole, mut torn) = (Map::new(), Vec::new());
        let all: Vec<&Value> = reports.iter().map(|(_, report)| report).collect();
        whole.insert("schema".to_owned(), json!(SCHEMA));
        whole.insert("command".to_owned(), json!("report"));
        whole.insert("run".to_owned(), run(&all));
        whole.insert("summary".to_owned(), summary(&all));
        whole.insert("hosts".to_owned(), joined(&all, "hosts"));
        whole.insert("clusters".to_owned(), clusters(&all, &mut torn));
        whole.insert("findings".to_owned(), findings(&all));
        for optional in ["advice", "upgrades", "resolved"] {
            if all.iter().any(|report| report.get(optional).is_some()) {
                whole.insert(optional.to_owned(), joined(&all, optional));
            }
        }
        Ok(Self { report: Value::Object(whole), torn })
    }

    /// For people, as text that ends with a line break.
    pub fn table(&self, look: &Look) -> String {
        narrow::fitted(look, |look| table::render(&self.report, look))
    }

    /// For programs: with all that the reports have, known to this version or not.
    pub fn json(&self) -> String {
        // Maps with text keys always serialise.
        serde_json::to_string_pretty(&self.report).unwrap_or_default() + "\n"
    }

    /// As any other report.
    ///
    /// # Errors
    /// One of the reports has something of another kind than it should be: which, and what.
    pub fn report(&self, of: &[(String, Value)]) -> Result<Report, Unmergeable> {
        Report::deserialize(&self.report).map_err(|error| {
            let wrong = |report: &Value| Report::deserialize(report).err();
            let found = of.iter().find_map(|(name, report)| Some((name.clone(), wrong(report)?)));
            let (name, why) = found.unwrap_or_else(|| ("the merged report".to_owned(), error));
            Unmergeable { name, why: why.to_string() }
        })
    }

    /// The exit status of an audit that found this: 1 no host was reached, 2 findings, 3 something could not be audited.
    pub fn status(&self, fail_on: Option<Severity>) -> u8 {
        let hosts = list(&self.report, "hosts");
        let about = |finding: &Value| rules::find(text(finding, "rule")).map(|rule| rule.about);
        let counts = |finding: &&Value| finding.get("waived").is_none_or(Value::is_null);
        let counting = || list(&self.report, "findings").iter().filter(counts);
        let fails = |finding: &Value| {
            let severity: Option<Severity> = text(finding, "severity").parse().ok();
            fail_on.is_some_and(|threshold| severity.is_none_or(|severity| severity >= threshold))
                && about(finding) != Some(About::Audit)
        };
        // What an audit looks at of itself is told as info, and leaves nothing open.
        let open =
            |finding: &Value| about(finding) == Some(About::Audit) && text(finding, "severity") != "info";
        if hosts.iter().all(|host| text(host, "status") == "unreachable") {
            1
        } else if counting().any(fails) {
            2
        } else if counting().any(open) || !self.torn.is_empty() {
            3
        } else {
            0
        }
    }
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn joined(all: &[&Value], key: &str) -> Value {
    Value::Array(all.iter().flat_map(|report| list(report, key)).cloned().collect())
}

/// All runs as one: from the first that began to the last that ended.
fn run(all: &[&Value]) -> Value {
    let runs = || all.iter().filter_map(|report| report.get("run"));
    let ids: Vec<&str> = runs().map(|run| text(run, "id")).collect();
    json!({
        "id": ids.join("+"),
        "started": runs().map(|run| text(run, "started")).min().unwrap_or_default(),
        "finished": runs().map(|run| text(run, "finished")).max().unwrap_or_default(),
        "version": env!("CARGO_PKG_VERSION"),
    })
}

/// Counted anew: what a report says of its own numbers is not asked.
fn summary(all: &[&Value]) -> Value {
    let hosts = || all.iter().flat_map(|report| list(report, "hosts"));
    let with = |key: &str, words: &[&str]| hosts().filter(|host| words.contains(&text(host, key))).count();
    let findings = all.iter().flat_map(|report| list(report, "findings"));
    let mut by_severity: BTreeMap<Severity, usize> = BTreeMap::new();
    for finding in findings.filter(|finding| finding.get("waived").is_none_or(Value::is_null)) {
        if let Ok(severity) = text(finding, "severity").parse() {
            *by_severity.entry(severity).or_default() += 1;
        }
    }
    let mut summary = json!({
        "hosts": hosts().count(),
        "audited": with("status", &["audited"]),
        "partial": with("status", &["partial"]),
        "unreachable": with("status", &["unreachable"]),
        "findings": by_severity,
    });
    // Where drift was not asked about, nobody is in sync.
    let compared = hosts().any(|host| host.get("verdict").is_some());
    if let (true, Some(fields)) = (compared, summary.as_object_mut()) {
        fields.insert("in_sync".to_owned(), json!(with("verdict", &["in-sync"])));
        fields.insert("drifted".to_owned(), json!(with("verdict", &["repair", "replace", "investigate"])));
        let replaced = with("verdict", &["replaced"]);
        if replaced > 0 {
            fields.insert("replaced".to_owned(), json!(replaced));
        }
    }
    summary
}

/// Worst first, then by key.
fn findings(all: &[&Value]) -> Value {
    let mut found: Vec<Value> = all.iter().flat_map(|report| list(report, "findings")).cloned().collect();
    let severity = |finding: &Value| text(finding, "severity").parse::<Severity>().ok();
    found.sort_by(|one, other| {
        severity(other).cmp(&severity(one)).then_with(|| text(one, "key").cmp(text(other, "key")))
    });
    Value::Array(found)
}

/// Clusters by name, their hosts and packages put together.
fn clusters(all: &[&Value], torn: &mut Vec<String>) -> Value {
    let (mut names, mut of): (Vec<&str>, BTreeMap<&str, Vec<&Value>>) = (Vec::new(), BTreeMap::new());
    for cluster in all.iter().flat_map(|report| list(report, "clusters")) {
        let parts = of.entry(text(cluster, "name")).or_default();
        if parts.is_empty() {
            names.push(text(cluster, "name"));
        }
        parts.push(cluster);
    }
    let merged = names.into_iter().map(|name| {
        let parts = of.remove(name).unwrap_or_default();
        let mut cluster = json!({ "name": name, "hosts": joined(&parts, "hosts") });
        let rank = |part: &&Value| VERDICTS.iter().position(|known| *known == text(part, "verdict"));
        if let (Some(fields), Some(worst)) = (cluster.as_object_mut(), parts.iter().filter_map(rank).max()) {
            fields.insert("verdict".to_owned(), json!(VERDICTS.get(worst)));
            fields.insert("packages".to_owned(), packages(name, &parts, torn));
        }
        cluster
    });
    Value::Array(merged.collect())
}

/// A version, and whether it is there.
type Has<'v> = (Option<&'v str>, &'v str);

fn packages(cluster: &str, parts: &[&Value], torn: &mut Vec<String>) -> Value {
    let mut keys: Vec<(&str, &str)> = Vec::new();
    let mut of: BTreeMap<(&str, &str), Vec<&Value>> = BTreeMap::new();
    for package in parts.iter().flat_map(|part| list(part, "packages")) {
        // Where no host of a part has it, its architecture is not known there.
        let key = (text(package, "name"), text(package, "arch"));
        if !of.contains_key(&key) {
            keys.push(key);
        }
        of.entry(key).or_default().push(package);
    }
    let merged = keys.into_iter().filter_map(|key| {
        let own = of.get(&key)?;
        let expected: BTreeSet<Option<&str>> =
            own.iter().map(|package| package.get("expected").and_then(Value::as_str)).collect();
        let known: Vec<&str> = expected.iter().copied().flatten().collect();
        // A part of a few hosts calls nothing right: what it has must be what the others expect.
        let fits = |value: &Value| {
            let has = value.get("version").and_then(Value::as_str);
            has.is_none() || has == known.first().copied()
        };
        let silent = own.iter().filter(|package| package.get("expected").is_none_or(Value::is_null));
        let stray = known.len() == 1 && !silent.flat_map(|package| list(package, "spread")).all(fits);
        let one = if known.len() == 1 && !stray { known.first().copied() } else { None };
        if known.len() > 1 || stray {
            let told = known.join(" and ");
            torn.push(format!(
                "{}: the reports do not agree on {}: {told} is expected in a part of them alone",
                visible(cluster),
                visible(key.0)
            ));
        }
        let mut spread: Vec<(Has<'_>, Vec<Value>)> = Vec::new();
        for value in own.iter().flat_map(|package| list(package, "spread")) {
            let what = (value.get("version").and_then(Value::as_str), text(value, "state"));
            let hosts = list(value, "hosts").iter().cloned();
            match spread.iter_mut().find(|(known, _)| *known == what) {
                Some((_, all)) => all.extend(hosts),
                None => spread.push((what, hosts.collect())),
            }
        }
        spread.sort_by_key(|((version, _), hosts)| (version.is_none(), std::cmp::Reverse(hosts.len())));
        let spread = spread
            .into_iter()
            .map(|((version, state), hosts)| json!({ "version": version, "state": state, "hosts": hosts }));
        let spread: Vec<Value> = spread.collect();
        Some(json!({ "name": key.0, "arch": key.1, "expected": one, "spread": spread }))
    });
    Value::Array(merged.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(hosts: &[(&str, &str)], expected: &str) -> Value {
        let names: Vec<&str> = hosts.iter().map(|(name, _)| *name).collect();
        let each: Vec<Value> = hosts
            .iter()
            .map(|(name, version)| {
                let verdict = if *version == expected { "in-sync" } else { "repair" };
                json!({ "name": name, "status": "audited", "verdict": verdict })
            })
            .collect();
        let spread: Vec<Value> = hosts
            .iter()
            .map(|(name, version)| json!({ "version": version, "state": "installed", "hosts": [name] }))
            .collect();
        let found: Vec<Value> = hosts
            .iter()
            .filter(|(_, version)| *version != expected)
            .map(|(name, _)| {
                json!({ "key": format!("package-version/web/{name}/nginx"), "rule": "package-version",
                    "severity": "medium", "host": name, "message": "other", "waived": null })
            })
            .collect();
        json!({ "schema": SCHEMA, "command": "audit", "run": { "id": "aa", "started": "2026-11-28T10:00:00Z" },
            "summary": { "hosts": hosts.len(), "findings": { "medium": found.len() } }, "hosts": each,
            "clusters": [{ "name": "web", "hosts": names, "verdict": "in-sync",
                "packages": [{ "name": "nginx", "arch": "amd64", "expected": expected, "spread": spread }] }],
            "findings": found })
    }

    fn merged(reports: &[Value]) -> Result<Merged, Unmergeable> {
        let named = reports.iter().enumerate().map(|(nth, one)| (format!("{nth}.json"), one.clone()));
        Merged::of(&named.collect::<Vec<_>>())
    }

    #[test]
    fn parts_are_put_together() {
        let one = merged(&[report(&[("a", "2"), ("b", "1")], "2"), report(&[("c", "2")], "2")]).unwrap();
        assert_eq!((one.report["summary"]["hosts"].as_u64(), one.torn.len()), (Some(3), 0));
        let spread = &one.report["clusters"][0]["packages"][0]["spread"];
        assert_eq!(spread[0]["hosts"], json!(["a", "c"]));
        assert_eq!(one.status(Some(Severity::Medium)), 2);
        assert_eq!(one.status(Some(Severity::High)), 0);
        let table = one.table(&Look::default());
        assert!(table.contains("a,c") && table.contains("package-version"), "{table}");
    }

    #[test]
    fn parts_that_expect_different_things_are_told_and_never_in_sync() {
        let torn = merged(&[report(&[("a", "2")], "2"), report(&[("b", "1")], "1")]).unwrap();
        assert_eq!(
            torn.torn,
            ["web: the reports do not agree on nginx: 1 and 2 is expected in a part of them alone"]
        );
        assert_eq!(torn.status(Some(Severity::Medium)), 3);
        assert!(torn.report["clusters"][0]["packages"][0]["expected"].is_null());
    }

    #[test]
    fn what_is_no_report_or_has_a_host_twice_is_refused() {
        let own = report(&[("a", "2")], "2");
        let twice = merged(&[own.clone(), own.clone()]).unwrap_err();
        assert_eq!(twice.to_string(), "1.json: the host a is in 0.json too");
        let nameless = json!({ "schema": SCHEMA, "hosts": [1, { "name": 5 }] });
        for odd in [json!([]), json!({}), json!({ "schema": "x" }), json!({ "schema": SCHEMA }), nameless] {
            assert!(merged(&[odd]).is_err());
        }
        let silent =
            json!({ "schema": SCHEMA, "hosts": [{ "name": "a" }], "clusters": [], "findings": null });
        assert_eq!(merged(&[silent]).unwrap_err().to_string(), "0.json: it has no findings");
        // Whatever else is missing or odd is left out, and no reason to stop.
        let odd = json!({ "schema": SCHEMA, "hosts": [{ "name": "a", "status": 5 }], "clusters": [7], "findings": [null], "summary": [] });
        let odd = merged(&[odd]).unwrap();
        odd.table(&Look::default());
        odd.status(None);
    }
}
