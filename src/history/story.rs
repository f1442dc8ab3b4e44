//! What became of each finding: new, there since when, gone, or back after it was gone.
//!
//! Only what was looked at counts. A run that did not reach a host says nothing about it; a host that answered in
//! part may have what it did not tell.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::outcome::{Found, Outcome};
use crate::snapshot::HostStatus;

/// How one finding of this run compares with earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// No earlier run saw it.
    New,
    /// It is there since that run, without a break.
    Since(Timestamp),
    /// It was there, was seen gone, and is back; the last run that saw it before.
    Returned(Timestamp),
}

/// A finding of before that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Its key.
    pub key: String,
    /// What it was.
    pub found: Found,
    /// The last run that saw it.
    pub last: Timestamp,
}

/// What became of the findings of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Story {
    /// The run before it that looked at any of its hosts: its id, and when it began. There may be none.
    pub before: Option<(String, Timestamp)>,
    /// The findings that count, by their keys.
    pub changes: BTreeMap<String, Change>,
    /// What was found before and is not any more, by key.
    pub resolved: Vec<Resolved>,
    /// Findings of which another thing was seen in the run before, by their keys.
    pub altered: Vec<String>,
    /// Findings that came back after they were gone, now or in an earlier run since which they are there again.
    pub relapsed: BTreeSet<String>,
    /// Hosts that were audited before and are not now, or the other way round.
    pub statuses: Vec<(String, HostStatus, HostStatus)>,
}

/// A run of before.
#[derive(Debug, Clone)]
pub struct Past {
    /// Its id.
    pub id: String,
    /// When it began.
    pub started: Timestamp,
    /// What it found.
    pub outcome: Outcome,
}

impl Story {
    /// Tells it, from what was found now and the runs before, the latest first; of these no more are taken than are
    /// needed.
    ///
    /// # Errors
    /// The first one of the runs before.
    pub fn of<E>(now: &Outcome, before: impl IntoIterator<Item = Result<Past, E>>) -> Result<Self, E> {
        let mut story = Self::default();
        let mut waiting: BTreeMap<&str, Waiting> =
            now.findings.keys().map(|key| (key.as_str(), Waiting::default())).collect();
        let mut fresh: BTreeSet<&str> = now.hosts.keys().map(String::as_str).collect();
        for past in before {
            if waiting.is_empty() && fresh.is_empty() {
                break;
            }
            let Past { id, started, outcome } = past?;
            if !outcome.hosts.keys().any(|host| now.hosts.contains_key(host)) {
                continue;
            }
            if story.before.is_none() {
                story.before = Some((id, started));
                let other = |key: &&String| {
                    let (then, now) = (outcome.findings.get(*key), now.findings.get(*key));
                    then.zip(now).is_some_and(|(then, now)| then.observed != now.observed)
                };
                story.altered = now.findings.keys().filter(other).cloned().collect();
            }
            let alike = now.asked_alike(&outcome);
            let mut done = Vec::new();
            for (key, waiting) in &mut waiting {
                let seen = outcome.findings.contains_key(*key);
                let looked = || looked(&outcome, now, &alike, now.findings.get(*key));
                if let Some(change) = waiting.meet(started, seen, looked) {
                    story.relapsed.insert((*key).to_owned());
                    done.push(((*key).to_owned(), change));
                }
            }
            for (key, change) in done {
                waiting.remove(key.as_str());
                story.changes.insert(key, change);
            }
            story.settle(now, &outcome, started, &alike, &mut fresh);
        }
        for (key, waiting) in waiting {
            story.changes.insert(key.to_owned(), waiting.end());
        }
        story.resolved.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(story)
    }

    /// What is gone of the hosts that this is the last look at, and which of them fared otherwise then.
    fn settle<'n>(
        &mut self,
        now: &'n Outcome,
        past: &Outcome,
        started: Timestamp,
        alike: &BTreeSet<&str>,
        fresh: &mut BTreeSet<&'n str>,
    ) {
        let mut looked_at: BTreeSet<&str> = BTreeSet::new();
        for (host, stood) in &past.hosts {
            let Some((name, today)) =
                now.hosts.get_key_value(host).filter(|(name, _)| fresh.contains(name.as_str()))
            else {
                continue;
            };
            if self.before.as_ref().is_some_and(|(_, first)| *first == started)
                && stood.status != today.status
            {
                self.statuses.push((name.clone(), stood.status, today.status));
            }
            if stood.status != HostStatus::Unreachable && alike.contains(name.as_str()) {
                fresh.remove(name.as_str());
                // What a host did not tell of today may be there still.
                if today.status == HostStatus::Audited {
                    looked_at.insert(name);
                }
            }
        }
        let latest = self.before.as_ref().is_some_and(|(_, first)| *first == started);
        for (key, found) in &past.findings {
            let gone = !now.findings.contains_key(key);
            let about = match &found.host {
                Some(host) => looked_at.contains(host.as_str()),
                // Of a cluster: the latest run alone has a say.
                None => latest && past.question == now.question && past.hosts.keys().eq(now.hosts.keys()),
            };
            if gone && about {
                self.resolved.push(Resolved { key: key.clone(), found: found.clone(), last: started });
            }
        }
    }

    /// Whether nothing changed since the run before: no finding is new, back or gone, and every host answered or did
    /// not, as before. Without a run before everything is a change.
    pub fn is_quiet(&self) -> bool {
        let steady = |change: &Change| matches!(change, Change::Since(_));
        self.before.is_some()
            && self.resolved.is_empty()
            && self.statuses.is_empty()
            && self.altered.is_empty()
            && self.changes.values().all(steady)
    }

    /// How many findings are new, are there since before, and came back.
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |is: fn(&Change) -> bool| self.changes.values().filter(|change| is(change)).count();
        (
            count(|change| *change == Change::New),
            count(|change| matches!(change, Change::Since(_))),
            count(|change| matches!(change, Change::Returned(_))),
        )
    }
}

/// Whether a run would have seen a finding, had it been there: it asked the same of the same hosts, and was answered.
fn looked(past: &Outcome, now: &Outcome, alike: &BTreeSet<&str>, found: Option<&Found>) -> bool {
    match found.and_then(|found| found.host.as_ref()) {
        Some(host) => {
            past.hosts.get(host).is_some_and(|stood| stood.status == HostStatus::Audited)
                && alike.contains(host.as_str())
        }
        None => past.question == now.question && past.hosts.keys().eq(now.hosts.keys()),
    }
}

/// A finding whose past is being gone through.
#[derive(Debug, Default)]
struct Waiting {
    /// The earliest run of the unbroken row that leads to now.
    since: Option<Timestamp>,
    /// Whether a run of before saw that it was not there.
    gone: bool,
}

impl Waiting {
    /// One run further back; what became of the finding, once that is known.
    fn meet(&mut self, started: Timestamp, seen: bool, looked: impl Fn() -> bool) -> Option<Change> {
        match (seen, self.gone) {
            (true, true) => return Some(self.since.map_or(Change::Returned(started), Change::Since)),
            (true, false) => self.since = Some(started),
            (false, false) if looked() => self.gone = true,
            (false, _) => {}
        }
        None
    }

    fn end(self) -> Change {
        self.since.map_or(Change::New, Change::Since)
    }
}

#[cfg(test)]
mod tests {
    use super::super::outcome::tests::outcome;
    use super::*;

    const KEY: &str = "package-version/web/a/nginx";

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(hour * 3600).unwrap()
    }

    /// The story of what is found now after runs of before, the latest first.
    fn told(now: (&str, &[&str]), before: &[(&str, &[&str])]) -> Story {
        let past = before.iter().enumerate().map(|(nth, (hosts, keys))| {
            let started = at(100 - i64::try_from(nth).unwrap());
            Ok::<_, ()>(Past { id: format!("run{nth}"), started, outcome: outcome(hosts, keys) })
        });
        Story::of(&outcome(now.0, now.1), past).unwrap()
    }

    #[test]
    fn findings_are_new_or_there_since_a_run_or_back() {
        let now: (&str, &[&str]) = ("a", &[KEY]);
        let change = |before: &[(&str, &[&str])]| told(now, before).changes[KEY];
        assert_eq!(change(&[]), Change::New);
        assert_eq!(change(&[("a", &[])]), Change::New);
        assert_eq!(change(&[("a", &[KEY]), ("a", &[KEY]), ("a", &[])]), Change::Since(at(99)));
        assert_eq!(change(&[("a", &[]), ("a", &[KEY])]), Change::Returned(at(99)));
        assert_eq!(change(&[("a", &[KEY]), ("a", &[]), ("a", &[KEY])]), Change::Since(at(100)));
        let relapsed = |before: &[(&str, &[&str])]| told(now, before).relapsed.contains(KEY);
        assert!(
            relapsed(&[("a", &[KEY]), ("a", &[]), ("a", &[KEY])]) && relapsed(&[("a", &[]), ("a", &[KEY])])
        );
        assert!(!relapsed(&[("a", &[KEY]), ("a", &[])]) && !relapsed(&[]));
    }

    #[test]
    fn a_run_that_did_not_look_says_nothing() {
        let now: (&str, &[&str]) = ("a", &[KEY]);
        for blind in ["a!", "a?", "b", "a c"] {
            let story = told(now, &[(blind, &[]), ("a", &[KEY])]);
            assert_eq!(story.changes[KEY], Change::Since(at(99)), "{blind}");
        }
        let story = told(("a!", &[]), &[("a", &[KEY])]);
        assert!(story.resolved.is_empty(), "it was not looked at");
        assert_eq!(story.statuses, [("a".to_owned(), HostStatus::Audited, HostStatus::Unreachable)]);
        assert!(told(("a?", &[]), &[("a", &[KEY])]).resolved.is_empty());
    }

    #[test]
    fn what_is_gone_is_told_once_with_the_last_run_that_saw_it() {
        let story = told(("a b", &[]), &[("b", &[]), ("a b", &[KEY]), ("a b", &[KEY])]);
        let resolved: Vec<_> = story.resolved.iter().map(|one| (one.key.as_str(), one.last)).collect();
        assert_eq!(resolved, [(KEY, at(99))], "the last run of another host alone does not settle it");
        assert!(!story.is_quiet());
    }

    #[test]
    fn nothing_changed_is_quiet_and_a_first_run_never_is() {
        assert!(told(("a", &[KEY]), &[("a", &[KEY])]).is_quiet());
        assert!(told(("a", &[]), &[("a", &[])]).is_quiet());
        for (now, before) in [
            (("a", &[KEY][..]), &[][..]),
            (("a", &[]), &[]),
            (("a", &[KEY]), &[("a", &[][..])]),
            (("a", &[]), &[("a", &[KEY])]),
            (("a!", &[]), &[("a", &[])]),
            (("a", &[]), &[("a!", &[])]),
        ] {
            assert!(!told(now, before).is_quiet(), "{now:?} {before:?}");
        }
    }
}
