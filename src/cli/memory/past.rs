//! What is read of runs before: what each found, each host's last answer, and a run that was not finished.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use driftless::advice::Verdict;
use driftless::drift::{Past as Fleet, Pasts};
use driftless::history::{Context, Outcome, Past, Piece, Recalled, answered, recall};
use driftless::inventory::{HostId, Inventory};
use driftless::playbook::{Baseline, Playbook};
use driftless::report::past::ClusterRow;
use driftless::snapshot::HostStatus;
use driftless::store::{self, Entry, Run};
use jiff::Timestamp;

use super::Memory;
use crate::cli::failure::Failure;
use crate::cli::round::random;

/// So many runs are looked back on.
const MOST_RUNS: usize = 400;

/// How clusters drifted, run by run.
#[derive(Default)]
pub(crate) struct Trend(BTreeMap<String, Vec<(Timestamp, usize, usize)>>);

impl Trend {
    /// Takes a run that is later than those before.
    pub(crate) fn push(&mut self, started: Timestamp, outcome: &Outcome) {
        for (name, (hosts, adrift)) in outcome.by_cluster() {
            self.0.entry(name.to_owned()).or_default().push((started, hosts, adrift));
        }
    }

    /// Each cluster, by name.
    pub(crate) fn clusters(self) -> Vec<ClusterRow> {
        self.0.into_iter().map(|(name, runs)| ClusterRow { name, runs }).collect()
    }
}

impl Memory {
    /// What a run found, if it was finished.
    pub(crate) fn outcome(&self, run: &Run) -> Result<Option<Outcome>, Failure> {
        if run.finished.is_none() {
            return Ok(None);
        }
        let parts = self.store.run_parts(&run.id)?;
        let kept = parts.iter().find(|kept| Outcome::is_piece(&kept.name));
        kept.map(|kept| Ok(Outcome::read(&self.store.bytes(kept.part)?))).transpose()
    }

    /// What the runs before one found, the latest first, as they are asked for.
    pub(crate) fn before<'m>(
        &'m self,
        run: &str,
    ) -> Result<impl Iterator<Item = Result<Past, Failure>> + use<'m>, Failure> {
        let mut runs = self.runs()?;
        if let Some(at) = runs.iter().position(|known| known.id == run) {
            runs.truncate(at);
        }
        Ok(runs.into_iter().rev().take(MOST_RUNS).filter_map(|run| {
            let outcome = self.outcome(&run).transpose()?;
            Some(outcome.map(|outcome| Past { id: run.id, started: run.started, outcome }))
        }))
    }

    /// How clusters drifted until a run, which found this.
    pub(crate) fn trend(
        &self,
        run: &str,
        started: Timestamp,
        found: &Outcome,
    ) -> Result<Vec<ClusterRow>, Failure> {
        let mut before = self.before(run)?.collect::<Result<Vec<Past>, Failure>>()?;
        before.reverse();
        let mut trend = Trend::default();
        for past in &before {
            trend.push(past.started, &past.outcome);
        }
        trend.push(started, found);
        Ok(trend.clusters())
    }

    /// What a run was given.
    pub(crate) fn context(&self, run: &Run) -> Result<Context, Failure> {
        let mut pieces = Vec::new();
        for kept in self.store.run_parts(&run.id)? {
            if !Outcome::is_piece(&kept.name) {
                let bytes = self.store.bytes(kept.part)?;
                pieces.push(Piece { name: kept.name.to_string(), status: kept.status, bytes });
            }
        }
        Context::read(&pieces).map_err(|error| {
            Failure::new(format!("run {}: {error}", run.id))
                .hint("was it made by another version? `driftless history` lists the runs")
        })
    }

    /// The fleet that a run saw.
    pub(crate) fn fleet(
        &self,
        run: &str,
        inventory: &Inventory,
        hosts: &[HostId],
    ) -> Result<Recalled, Failure> {
        self.recall(self.store.hosts(run)?, inventory, hosts)
    }

    /// The fleet of the last answer of each host, whichever run it is of.
    pub(crate) fn latest(&self, inventory: &Inventory, hosts: &[HostId]) -> Result<Recalled, Failure> {
        let mut missing: BTreeSet<&str> =
            hosts.iter().filter_map(|host| Some(inventory.host(*host)?.name.as_str())).collect();
        let mut found: BTreeMap<String, Entry> = BTreeMap::new();
        for run in self.runs()?.iter().rev() {
            if missing.is_empty() {
                break;
            }
            for entry in self.store.hosts(&run.id)? {
                if answered(&entry) && missing.remove(&*entry.host) {
                    found.insert(entry.host.to_string(), entry);
                } else if missing.contains(&*entry.host) {
                    // Until an older answer is found: why it was not reached last.
                    found.entry(entry.host.to_string()).or_insert(entry);
                }
            }
        }
        self.recall(found.into_values(), inventory, hosts)
    }

    fn recall(
        &self,
        entries: impl IntoIterator<Item = Entry>,
        inventory: &Inventory,
        hosts: &[HostId],
    ) -> Result<Recalled, Failure> {
        Ok(recall(self.store.as_ref(), entries, inventory, hosts, random()?)?)
    }

    /// The hosts that the last audit that reached them advised to replace.
    pub(crate) fn to_replace(
        &self,
        inventory: &Inventory,
        hosts: &[HostId],
    ) -> Result<BTreeSet<HostId>, Failure> {
        let mut waiting: BTreeMap<&str, HostId> =
            hosts.iter().filter_map(|host| Some((inventory.host(*host)?.name.as_str(), *host))).collect();
        let mut found = BTreeSet::new();
        for past in self.before("")? {
            if waiting.is_empty() {
                break;
            }
            for (name, stood) in past?.outcome.hosts {
                if stood.status == HostStatus::Unreachable {
                    continue;
                }
                if let Some(host) = waiting.remove(name.as_str()) {
                    found.extend((stood.verdict == Verdict::Replace).then_some(host));
                }
            }
        }
        Ok(found)
    }

    /// The fleets of the runs that baselines of a playbook name.
    /// `of` is the run that has the playbook, if it is kept already: what it calls the latest was before it.
    pub(crate) fn baselines(&self, playbook: &Playbook, of: Option<&str>) -> Result<Pasts, Failure> {
        let (mut pasts, mut runs) = (Pasts::new(), self.runs()?);
        if let Some(at) = of.and_then(|of| runs.iter().position(|run| run.id == of)) {
            runs.truncate(at);
        }
        // One that was stopped is no measure of anything.
        runs.retain(|run| run.finished.is_some());
        for entry in &playbook.packages {
            let Baseline::Run(text) = &entry.baseline else { continue };
            if pasts.contains_key(text) {
                continue;
            }
            let run = store::find(&runs, text).map_err(|error| {
                let mistake = entry.baseline_place.mistake(error.to_string(), "");
                error.hint().map_or(mistake.clone(), |hint| mistake.help(hint))
            })?;
            let context = self.context(run)?;
            let recalled = self.fleet(&run.id, &context.inventory, &context.hosts)?;
            pasts.insert(text.clone(), Arc::new(Fleet::new(recalled.fleet, &context.inventory)));
        }
        Ok(pasts)
    }

    /// The last run of a command that was not finished.
    pub(crate) fn unfinished(&self, command: &str) -> Result<Run, Failure> {
        let runs = self.runs()?;
        let last = runs.iter().rev().find(|run| run.command == command);
        match last {
            Some(run) if run.finished.is_none() => Ok(run.clone()),
            Some(run) => Err(Failure::new(format!(
                "there is nothing to resume: the last {command}, run {}, was finished",
                run.id
            ))
            .hint(format!("begin a new one: driftless {command}"))),
            None => Err(Failure::new(format!("there is nothing to resume: no {command} is stored"))
                .hint(format!("begin one: driftless {command}"))),
        }
    }

    /// The hosts whose answer a run has whole, each with what was wanted of it.
    pub(crate) fn done(&self, run: &str) -> Result<BTreeMap<String, String>, Failure> {
        let mut done = BTreeMap::new();
        for entry in self.store.hosts(run)? {
            if entry.fault.is_some() {
                continue;
            }
            if let Some(kept) = entry.parts.iter().find(|kept| &*kept.name == "wanted") {
                let wanted = String::from_utf8_lossy(&self.store.bytes(kept.part)?).into_owned();
                done.insert(entry.host.to_string(), wanted);
            }
        }
        Ok(done)
    }
}
