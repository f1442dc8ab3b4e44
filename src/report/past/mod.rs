//! What the store tells: its runs and how clusters drifted, the life of one host, and in what hosts or runs differ.

mod compared;
mod json;
mod life;
mod runs;

use jiff::Timestamp;

use super::Look;
use super::narrow::fitted;
use crate::history::{About, Change, Difference, Stood};
use crate::severity::Severity;

/// In which form it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// Every run of a store.
#[derive(Debug)]
pub struct Runs {
    /// The file.
    pub store: String,
    /// The oldest first.
    pub runs: Vec<RunRow>,
    /// How clusters drifted, by name.
    pub clusters: Vec<ClusterRow>,
}

/// One run.
#[derive(Debug)]
pub struct RunRow {
    /// Its id.
    pub id: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended; `None` if it was stopped, or still runs.
    pub finished: Option<Timestamp>,
    /// What it was for.
    pub command: String,
    /// How many hosts it was to ask, and how many are kept of it.
    pub hosts: (u64, u64),
    /// How many hosts were in sync, and how many had drifted; `None` where nothing was compared.
    pub stood: Option<(usize, usize)>,
    /// Findings that counted, by severity, worst first; of those that there were.
    pub findings: Vec<(Severity, usize)>,
}

/// One cluster over the runs that compared it.
#[derive(Debug)]
pub struct ClusterRow {
    /// Its name.
    pub name: String,
    /// When, how many hosts were audited, and how many of these had drifted; the oldest first.
    pub runs: Vec<(Timestamp, usize, usize)>,
}

/// One host over the runs that saw it.
#[derive(Debug)]
pub struct Life {
    /// Its name.
    pub host: String,
    /// How many runs saw it.
    pub runs: usize,
    /// The runs in which anything was another than before, the first one included; the oldest first.
    pub events: Vec<Event>,
}

/// A run in which a host was another than before.
#[derive(Debug)]
pub struct Event {
    /// The run.
    pub run: String,
    /// When it began.
    pub started: Timestamp,
    /// How it stood before, and now; `None` where nothing was compared.
    pub stood: (Option<Stood>, Option<Stood>),
    /// What is another on it than before.
    pub differences: Vec<Difference>,
    /// Findings that began, by their keys: new ones, and those that came back.
    pub began: Vec<(String, Change)>,
    /// Findings that ended, by their keys.
    pub ended: Vec<String>,
}

/// In what two sides differ.
#[derive(Debug)]
pub struct Compared {
    /// What the sides are called.
    pub sides: [String; 2],
    /// When each was seen.
    pub seen: [Option<Timestamp>; 2],
    /// What differs; for two runs with the hosts that differ so.
    pub differences: Vec<(Difference, Vec<String>)>,
    /// What could not be told of both, with the hosts for two runs.
    pub untold: Vec<(About, Vec<String>)>,
    /// For two runs: hosts that only the one, or only the other one, saw.
    pub alone: [Vec<String>; 2],
    /// How many hosts were compared; `None` where two single hosts are.
    pub hosts: Option<usize>,
}

impl Runs {
    /// In a form, as text that ends with a line break.
    pub fn render(&self, form: Form, look: &Look) -> String {
        match form {
            Form::Json => json::runs(self),
            Form::Table => fitted(look, |look| runs::render(self, look)),
        }
    }
}

impl Life {
    /// In a form, as text that ends with a line break.
    pub fn render(&self, form: Form, look: &Look) -> String {
        match form {
            Form::Json => json::life(self),
            Form::Table => fitted(look, |look| life::render(self, look)),
        }
    }
}

impl Compared {
    /// In a form, as text that ends with a line break.
    pub fn render(&self, form: Form, look: &Look) -> String {
        match form {
            Form::Json => json::compared(self),
            Form::Table => fitted(look, |look| compared::render(self, look)),
        }
    }

    /// Whether both sides are the same, as far as can be told.
    pub fn is_same(&self) -> bool {
        self.differences.is_empty()
    }
}

/// `1.22 -> 1.26`, where nothing is "not there".
fn change(difference: &Difference) -> String {
    let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "not there".to_owned());
    format!("{} -> {}", word(&difference.one), word(&difference.other))
}

/// `2026-11-28 10:03`
fn minute(at: Timestamp) -> String {
    at.strftime("%F %H:%M").to_string()
}
