//! The same for programs.

use serde_json::{Value, json};

use super::{Compared, Life, Runs};
use crate::history::{Change, Difference, Stood};

pub(super) fn runs(runs: &Runs) -> String {
    let each = runs.runs.iter().map(|run| {
        json!({
            "id": run.id,
            "started": run.started.to_string(),
            "finished": run.finished.map(|at| at.to_string()),
            "command": run.command,
            "asked": run.hosts.0,
            "kept": run.hosts.1,
            "in_sync": run.stood.map(|(in_sync, _)| in_sync),
            "drifted": run.stood.map(|(_, drifted)| drifted),
            "findings": run.findings.iter().map(|(severity, count)| (severity.to_string(), json!(count))).collect::<serde_json::Map<_, _>>(),
        })
    });
    let clusters = runs.clusters.iter().map(|cluster| {
        let each = cluster.runs.iter().map(|(started, hosts, drifted)| {
            json!({ "started": started.to_string(), "hosts": hosts, "drifted": drifted })
        });
        json!({ "name": cluster.name, "runs": each.collect::<Vec<_>>() })
    });
    text(&json!({
        "schema": "driftless/history/v1",
        "store": runs.store,
        "runs": each.collect::<Vec<_>>(),
        "clusters": clusters.collect::<Vec<_>>(),
    }))
}

pub(super) fn life(life: &Life) -> String {
    let events = life.events.iter().map(|event| {
        let stood = |stood: &Option<Stood>| {
            stood.as_ref().map(|stood| json!({ "status": stood.status, "verdict": stood.verdict }))
        };
        let began = event.began.iter().map(|(key, became)| {
            let word = if matches!(became, Change::Returned(_)) { "returned" } else { "new" };
            json!({ "key": key, "change": word })
        });
        json!({
            "run": event.run,
            "started": event.started.to_string(),
            "before": stood(&event.stood.0),
            "now": stood(&event.stood.1),
            "began": began.collect::<Vec<_>>(),
            "ended": event.ended,
            "differences": event.differences.iter().map(difference).collect::<Vec<_>>(),
        })
    });
    text(&json!({
        "schema": "driftless/host-history/v1",
        "host": life.host,
        "runs": life.runs,
        "events": events.collect::<Vec<_>>(),
    }))
}

pub(super) fn compared(compared: &Compared) -> String {
    let seen = compared.seen.map(|seen| seen.map(|at| at.to_string()));
    let each = compared.differences.iter().map(|(one, hosts)| {
        let mut told = difference(one);
        if let (Some(_), Some(fields)) = (compared.hosts, told.as_object_mut()) {
            fields.insert("hosts".to_owned(), json!(hosts));
        }
        told
    });
    let untold =
        compared.untold.iter().map(|(about, hosts)| json!({ "about": about.as_str(), "hosts": hosts }));
    text(&json!({
        "schema": "driftless/compare/v1",
        "sides": compared.sides,
        "seen": seen,
        "hosts": compared.hosts,
        "differences": each.collect::<Vec<_>>(),
        "not_compared": untold.collect::<Vec<_>>(),
        "alone": compared.alone,
    }))
}

fn difference(one: &Difference) -> Value {
    json!({
        "about": one.about.as_str(),
        "subject": one.subject,
        "from": one.one,
        "to": one.other,
        "distance": one.distance,
    })
}

fn text(value: &Value) -> String {
    // Maps with text keys always serialise.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}
