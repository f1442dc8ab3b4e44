//! `driftless compare`: two hosts, two runs, or one host at two times.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use driftless::diagnostic::nearest;
use driftless::history::{About, Aspect, Difference, Differences, Shared, answered};
use driftless::report::past::Compared;
use driftless::store::{self, Entry, PartId, Run};

use super::{Compare, known_hosts, show};
use crate::cli::failure::Failure;
use crate::cli::memory::Memory;
use crate::cli::round::random;

/// What is compared.
enum Side {
    Host(String, Box<Entry>),
    Run(Run),
}

/// Compares; gives the exit status.
pub(in crate::cli) fn compare(args: &Compare) -> Result<u8, Failure> {
    let memory = Memory::to_read(&args.showing.file.storing())?;
    let compared = match (side(&memory, &args.one)?, side(&memory, &args.other)?) {
        (Side::Host(one, before), Side::Host(other, now)) => hosts(&memory, (one, &before), (other, &now))?,
        (Side::Run(one), Side::Run(other)) => runs(&memory, &one, &other)?,
        _ => {
            return Err(Failure::new(format!("{} and {} are a host and a run", args.one, args.other))
                .hint("compare two hosts, two runs, or HOST@RUN with HOST@RUN"));
        }
    };
    show(&args.showing, |form, look| compared.render(form, look))?;
    let whole = compared.untold.is_empty()
        && compared.alone.iter().all(Vec::is_empty)
        && compared.hosts.is_none_or(|hosts| hosts > 0);
    Ok(match (compared.is_same(), whole) {
        (false, _) => 2,
        (true, false) => 3,
        (true, true) => 0,
    })
}

/// What an argument means: a host of its name, `HOST@RUN`, or a run.
fn side(memory: &Memory, text: &str) -> Result<Side, Failure> {
    if let Some((host, run)) = text.rsplit_once('@').filter(|(host, run)| !host.is_empty() && !run.is_empty())
    {
        let run = memory.find(run)?;
        let entry = memory.store.hosts(&run.id)?.into_iter().find(|entry| &*entry.host == host);
        let entry = entry.ok_or_else(|| {
            Failure::new(format!("run {} did not see a host `{host}`", run.id))
                .hint(format!("driftless history {host} lists the runs that did"))
        })?;
        return Ok(Side::Host(text.to_owned(), Box::new(entry)));
    }
    let entries = memory.store.of_host(text)?;
    let known = !entries.is_empty();
    if let Some((_, entry)) = entries.into_iter().rev().find(|(_, entry)| answered(entry)) {
        return Ok(Side::Host(text.to_owned(), Box::new(entry)));
    }
    if known {
        return Err(Failure::new(format!("no run has an answer of the host {text}"))
            .hint(format!("driftless history {text} tells what became of it")));
    }
    let runs = memory.runs()?;
    match store::find(&runs, text) {
        Ok(run) => Ok(Side::Run(run.clone())),
        Err(error) => {
            let known = known_hosts(memory)?;
            let near = nearest(text, known.iter().map(String::as_str));
            let failure =
                Failure::new(format!("`{text}` is neither a host that answered nor a run: {error}"));
            Err(match near {
                Some(near) => failure.hint(format!("did you mean the host `{near}`?")),
                None => failure.hint(error.hint().unwrap_or("`driftless history` lists the runs").to_owned()),
            })
        }
    }
}

/// Two hosts, or one at two times.
fn hosts(memory: &Memory, one: (String, &Entry), other: (String, &Entry)) -> Result<Compared, Failure> {
    for (name, entry) in [&one, &other] {
        if !answered(entry) {
            return Err(Failure::new(format!("{name} gave no answer that could be compared"))
                .hint(format!("driftless history {} tells when it did", entry.host)));
        }
    }
    let mut differences = Differences::default();
    for aspect in Aspect::ALL {
        let told =
            aspect.differences(memory.store.as_ref(), (one.1, other.1), random()?, &mut Shared::default())?;
        differences.extend(&told.unwrap_or_default());
    }
    Ok(Compared {
        sides: [one.0, other.0],
        seen: [Some(one.1.at), Some(other.1.at)],
        differences: differences.list.into_iter().map(|difference| (difference, Vec::new())).collect(),
        untold: differences.untold.into_iter().map(|about| (about, Vec::new())).collect(),
        alone: [Vec::new(), Vec::new()],
        hosts: None,
    })
}

/// A state of a host, by what was kept of it.
type State = Vec<(String, i32, PartId)>;

/// Two runs, host by host. Hosts that changed in the same way share the work, as they share what is kept.
fn runs(memory: &Memory, one: &Run, other: &Run) -> Result<Compared, Failure> {
    let by_name = |run: &Run| -> Result<BTreeMap<String, Entry>, Failure> {
        let entries = memory.store.hosts(&run.id)?;
        Ok(entries.into_iter().map(|entry| (entry.host.to_string(), entry)).collect())
    };
    let (before, now) = (by_name(one)?, by_name(other)?);
    let only = |mine: &BTreeMap<String, Entry>, theirs: &BTreeMap<String, Entry>| {
        mine.keys().filter(|host| !theirs.contains_key(*host)).cloned().collect::<Vec<_>>()
    };
    let mut known = Known::default();
    let mut differences: BTreeMap<Difference, Vec<String>> = BTreeMap::new();
    let mut untold: BTreeMap<About, Vec<String>> = BTreeMap::new();
    let (mut alone, mut compared) = ([only(&before, &now), only(&now, &before)], 0);
    for (host, earlier) in &before {
        let Some(later) = now.get(host) else { continue };
        match (answered(earlier), answered(later)) {
            (true, true) => {
                compared += 1;
                if !Aspect::has_packages(earlier) && !Aspect::has_packages(later) {
                    untold.entry(About::Package).or_default().push(host.clone());
                }
            }
            (false, false) => continue,
            // One of the two did not reach it.
            (was, _) => {
                alone.get_mut(usize::from(!was)).into_iter().for_each(|hosts| hosts.push(host.clone()));
                continue;
            }
        }
        for aspect in Aspect::ALL {
            let Some(told) = known.differences(memory, aspect, earlier, later)? else { continue };
            for difference in &told.list {
                differences.entry(difference.clone()).or_default().push(host.clone());
            }
            for about in &told.untold {
                untold.entry(*about).or_default().push(host.clone());
            }
        }
    }
    Ok(Compared {
        sides: [one.id.clone(), other.id.clone()],
        seen: [Some(one.started), Some(other.started)],
        differences: differences.into_iter().collect(),
        untold: untold.into_iter().collect(),
        alone,
        hosts: Some(compared),
    })
}

/// What is known already of two states: hosts that share them share the work.
#[derive(Default)]
struct Known {
    told: HashMap<(State, State), Rc<Differences>>,
    shared: Shared,
}

impl Known {
    /// In what a host differs from itself before; `None` where nothing that lasts is another.
    fn differences(
        &mut self,
        memory: &Memory,
        aspect: Aspect,
        earlier: &Entry,
        later: &Entry,
    ) -> Result<Option<Rc<Differences>>, Failure> {
        let (before, now) = (aspect.parts(earlier), aspect.parts(later));
        if before == now {
            return Ok(None);
        }
        let state = |parts: Vec<(&str, i32, PartId)>| {
            parts.into_iter().map(|(name, status, part)| (name.to_owned(), status, part)).collect()
        };
        let states: (State, State) = (state(before), state(now));
        if let Some(told) = self.told.get(&states) {
            return Ok(Some(Rc::clone(told)));
        }
        let told =
            aspect.differences(memory.store.as_ref(), (earlier, later), random()?, &mut self.shared)?;
        let told = Rc::new(told.unwrap_or_default());
        self.told.insert(states, Rc::clone(&told));
        Ok(Some(told))
    }
}
