//! Fleets as they are described in a file: which hosts there are, and which recording each replays.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use super::{Behaviour, Host, Recording};
use crate::diagnostic::{Diagnostic, Source, suggest};
use crate::hostlist;

/// Recordings by name.
pub type Recordings = BTreeMap<String, Recording>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    host: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    names: Spanned<String>,
    #[serde(default)]
    groups: Vec<String>,
    recording: Option<Spanned<String>>,
    #[serde(default)]
    fails: BTreeMap<String, Failing>,
    /// Instead of a recording.
    does: Option<Instead>,
}

/// A section that fails on these hosts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failing {
    status: u8,
    stderr: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Instead {
    NotListen,
    NotAnswer,
    RefuseKey,
}

/// Reads a fleet's description.
///
/// # Errors
/// The first mistake, with its place.
pub fn read_fleet(source: &Source, recordings: &Recordings) -> Result<Vec<Host>, Diagnostic> {
    let file: File = toml::from_str(source.as_str()).map_err(|error| source.toml_error(&error))?;
    let mut hosts = Vec::new();
    for entry in file.host {
        let names = hostlist::expand(entry.names.get_ref()).map_err(|error| {
            source.error(entry.names.span(), error.message, "in this name").help(error.help)
        })?;
        let behaviour = entry.behaviour(source, recordings)?;
        hosts.extend(names.into_iter().map(|name| Host {
            name,
            groups: entry.groups.clone(),
            behaviour: behaviour.clone(),
        }));
    }
    Ok(hosts)
}

impl Entry {
    fn behaviour(&self, source: &Source, recordings: &Recordings) -> Result<Behaviour, Diagnostic> {
        match (&self.recording, self.does) {
            (Some(name), None) => {
                let Some(recording) = recordings.get(name.get_ref()) else {
                    let known: Vec<&str> = recordings.keys().map(String::as_str).collect();
                    let message = format!("there is no recording `{}`", name.get_ref());
                    let mistake = source.error(name.span(), message, "this one");
                    return Err(mistake.help(suggest(name.get_ref(), &known)));
                };
                let fails = self.fails.iter();
                let recording = fails.fold(recording.clone(), |recording, (section, failing)| {
                    recording.failing(section, failing.status, &failing.stderr)
                });
                Ok(Behaviour::Answers(Arc::new(recording)))
            }
            (None, Some(Instead::NotListen)) => Ok(Behaviour::Down),
            (None, Some(Instead::NotAnswer)) => Ok(Behaviour::Silent),
            (None, Some(Instead::RefuseKey)) => Ok(Behaviour::RefusesKey),
            _ => Err(source
                .error(
                    self.names.span(),
                    "a simulated host needs a recording, or something that it does instead",
                    "these have neither, or both",
                )
                .help("recording = \"trixie\", or does = \"not-listen\", \"not-answer\" or \"refuse-key\"")),
        }
    }
}
