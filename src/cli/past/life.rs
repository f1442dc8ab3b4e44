//! The life of one host: what became of it from run to run.

use std::collections::BTreeSet;

use driftless::diagnostic::nearest;
use driftless::history::{Aspect, Change, Difference, Differences, Outcome, Shared, Stood, answered};
use driftless::report::past::{Event, Life};
use driftless::snapshot::HostStatus;
use driftless::store::{Entry, Run};

use super::known_hosts;
use crate::cli::failure::Failure;
use crate::cli::memory::Memory;
use crate::cli::round::random;

/// Tells it.
pub(super) fn of(memory: &Memory, host: &str) -> Result<Life, Failure> {
    let entries = memory.store.of_host(host)?;
    if entries.is_empty() {
        let known = known_hosts(memory)?;
        let near = nearest(host, known.iter().map(String::as_str));
        let hint = near.map_or_else(
            || format!("the store has {} hosts; `driftless history` lists the runs", known.len()),
            |near| format!("did you mean `{near}`?"),
        );
        return Err(Failure::new(format!("no run saw a host `{host}`")).hint(hint));
    }
    let runs = memory.runs()?;
    let mut before = Before::default();
    let mut events = Vec::new();
    for (id, entry) in &entries {
        let Some(run) = runs.iter().find(|run| run.id == *id) else { continue };
        let outcome = memory.outcome(run)?;
        events.extend(before.meet(memory, host, run, entry, outcome.as_ref())?);
    }
    Ok(Life { host: host.to_owned(), runs: entries.len(), events })
}

/// What is known of the host from the runs before.
#[derive(Default)]
struct Before {
    stood: Option<Stood>,
    keys: BTreeSet<String>,
    ever: BTreeSet<String>,
    /// When it answered last.
    answer: Option<Entry>,
    shared: Shared,
    met: bool,
}

impl Before {
    /// The next run; `None` where nothing is another than before.
    fn meet(
        &mut self,
        memory: &Memory,
        host: &str,
        run: &Run,
        entry: &Entry,
        outcome: Option<&Outcome>,
    ) -> Result<Option<Event>, Failure> {
        let differences = self.differences(memory, entry)?;
        let now = outcome.and_then(|outcome| outcome.hosts.get(host)).cloned();
        let (mut began, mut ended) = (Vec::new(), Vec::new());
        if let (Some(outcome), Some(stood)) = (outcome, &now) {
            let own = outcome.findings.iter().filter(|(_, found)| found.host.as_deref() == Some(host));
            let keys: BTreeSet<String> = own.map(|(key, _)| key.clone()).collect();
            began.extend(keys.difference(&self.keys).map(|key| {
                let was = self.ever.contains(key);
                (key.clone(), if was { Change::Returned(run.started) } else { Change::New })
            }));
            // What was not told of may be there still.
            if stood.status == HostStatus::Audited {
                ended.extend(self.keys.difference(&keys).cloned());
                self.keys.clone_from(&keys);
            } else {
                self.keys.extend(keys.iter().cloned());
            }
            self.ever.extend(keys);
        }
        let first = !std::mem::replace(&mut self.met, true);
        let word = |stood: &Option<Stood>| stood.as_ref().map(|stood| (stood.status, stood.verdict));
        let same = now.is_none() || word(&self.stood) == word(&now);
        let stood = (self.stood.clone(), now.clone());
        if now.is_some() {
            self.stood = now;
        }
        if !first && same && began.is_empty() && ended.is_empty() && differences.is_empty() {
            return Ok(None);
        }
        Ok(Some(Event { run: run.id.clone(), started: run.started, stood, differences, began, ended }))
    }

    /// What is another on the host than when it answered last.
    fn differences(&mut self, memory: &Memory, entry: &Entry) -> Result<Vec<Difference>, Failure> {
        if !answered(entry) {
            return Ok(Vec::new());
        }
        let mut told = Differences::default();
        for aspect in Aspect::ALL {
            if let Some(last) = self.answer.as_ref().filter(|last| aspect.parts(last) != aspect.parts(entry))
            {
                let now =
                    aspect.differences(memory.store.as_ref(), (last, entry), random()?, &mut self.shared)?;
                told.extend(&now.unwrap_or_default());
            }
        }
        self.answer = Some(entry.clone());
        Ok(told.list)
    }
}
