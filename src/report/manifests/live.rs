//! What runs beside what is declared, as reports tell it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::live::{Difference, Live, Running, Side, State};
use crate::snapshot::quote;

/// What hosts run, apart from the containers of manifests.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Live")]
pub(super) struct Report {
    /// How many hosts were asked.
    asked: usize,
    /// How many of them answered.
    reached: usize,
    /// Hosts that did not tell of all that runs there: a container may run there that was not seen.
    not_told: Vec<String>,
    /// Containers that run and that no manifest declares.
    undeclared: Vec<UndeclaredReport>,
}

/// A container that no manifest declares.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Undeclared")]
struct UndeclaredReport {
    /// The host.
    host: String,
    /// Its name there, with its namespace and pod where it has them.
    container: String,
    /// Its image; empty where it has no name.
    image: String,
    /// Who runs it.
    runtime: &'static str,
}

/// How hosts run one container of a manifest.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Side")]
pub(super) struct SideReport {
    /// `differs`, `changed`, `not-running`, `unknown`, `as-declared` or `may-have-ended`: the worst of its hosts.
    state: &'static str,
    /// Wherever it runs.
    hosts: Vec<RunningReport>,
}

/// One container that runs.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Running")]
struct RunningReport {
    /// The host.
    host: String,
    /// Its name there, with its namespace and pod where it has them.
    container: String,
    /// By what it was told to be that of the manifest: `name` or `image`.
    matched_by: &'static str,
    /// `differs`, `changed`, `unknown` or `as-declared`.
    state: &'static str,
    /// Whether it changed since it was started; null where its runtime does not tell.
    changed: Option<bool>,
    /// In what it differs.
    differences: Vec<DifferenceReport>,
    /// What its runtime does not tell of it.
    not_told: Vec<&'static str>,
}

/// One thing that differs.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Difference")]
struct DifferenceReport {
    /// What.
    field: String,
    /// What the manifest says.
    declared: String,
    /// What was seen.
    observed: String,
}

impl Report {
    pub(super) fn of(live: &Live) -> Self {
        let undeclared = live.undeclared.iter().map(|one| UndeclaredReport {
            host: one.host.clone(),
            container: one.label.clone(),
            image: one.image.clone(),
            runtime: one.runtime.as_str(),
        });
        Self {
            asked: live.asked,
            reached: live.reached,
            not_told: live.silent.iter().map(|silent| silent.host.clone()).collect(),
            undeclared: undeclared.collect(),
        }
    }
}

impl SideReport {
    pub(super) fn of(side: &Side) -> Self {
        Self { state: side.state.as_str(), hosts: side.running.iter().map(running).collect() }
    }
}

fn running(running: &Running) -> RunningReport {
    let differences = running.differences.iter().map(|difference| {
        let Words { field, declared, observed } = quoted(difference);
        DifferenceReport { field, declared, observed }
    });
    RunningReport {
        host: running.host.clone(),
        container: running.label.clone(),
        matched_by: running.by.as_str(),
        state: running.state.as_str(),
        changed: running.changed(),
        differences: differences.collect(),
        not_told: running.untold.clone(),
    }
}

/// A difference in words that can be printed: paths of hosts may hold anything.
struct Words {
    field: String,
    declared: String,
    observed: String,
}

fn quoted(difference: &Difference) -> Words {
    Words {
        field: quote(difference.field.name().as_bytes()),
        declared: quote(difference.declared.as_bytes()),
        observed: quote(difference.observed.as_bytes()),
    }
}

/// `3 hosts asked, 1 of them did not tell of all that runs there`
pub(super) fn live_in_numbers(live: &Live) -> String {
    let hosts = |count: usize| if count == 1 { "1 host".to_owned() } else { format!("{count} hosts") };
    match live.silent.len() {
        0 => format!("{} asked", hosts(live.asked)),
        silent => format!(
            "{} asked; {} did not tell of all that runs there, which may be what is not seen here",
            hosts(live.asked),
            hosts(silent)
        ),
    }
}

/// How a state is called where people read it.
pub(super) fn words(state: State) -> &'static str {
    match state {
        State::NotRunning => "not running",
        State::AsDeclared => "as declared",
        State::Ended => "may have ended",
        State::Differs | State::Changed | State::Unknown => state.as_str(),
    }
}

/// What is said of each place where a container runs and is not simply as it is declared.
pub(super) fn told(side: &Side) -> Vec<String> {
    if side.running.is_empty() {
        return match side.state {
            State::NotRunning => vec!["no host runs it".to_owned()],
            _ => vec!["it was not seen, and not every host told of all that runs there".to_owned()],
        };
    }
    let odd = side.running.iter().filter(|running| running.state < State::AsDeclared);
    odd.map(|running| {
        let mut said: Vec<String> = running.differences.iter().map(in_words).collect();
        if let Some(changes) = running.container.changed.as_ref().filter(|changes| changes.count > 0) {
            said.push(format!("changed since it was started, paths: {}", changes.count));
        }
        if !running.untold.is_empty() {
            said.push(format!("not told: {}", running.untold.join(", ")));
        }
        format!("{} {}: {}", running.host, running.label, said.join("; "))
    })
    .collect()
}

fn in_words(difference: &Difference) -> String {
    let Words { field, declared, observed } = quoted(difference);
    format!("{field}: declared {declared}, runs {observed}")
}
