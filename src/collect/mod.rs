//! The round: asks every host at once, so many at a time, and keeps what each one answered.
//!
//! One slow, stuck or hostile host costs its own slot until its deadline and nothing else. What
//! comes in is read at once and the raw bytes are dropped, so that memory holds facts, not answers.
//! Nothing here compares hosts or decides what a fault means.

mod local;
mod queue;
mod requests;

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};

pub use queue::{BEHIND_ONE_JUMP, Pace};
pub use requests::Requests;

use crate::inventory::{HostId, Inventory, Route, Via};
use crate::probe::{self, Request};
use crate::snapshot::{Fault, Fleet, Observation, Phase, Reader, Unread, quote};
use crate::ssh::{Answer, Ended, Limits, Transport};
use queue::Queue;

/// Hosts behind one jump host do not start in the same moment.
const JITTER_MS: u64 = 50;

/// What a round needs.
#[derive(Debug)]
pub struct Round {
    /// How hosts are reached over SSH.
    pub transport: Arc<Transport>,
    /// Time and size limits, for local hosts too.
    pub limits: Limits,
    /// How gently hosts are asked.
    pub pace: Pace,
    /// What each host is asked.
    pub requests: Requests,
}

/// What happened to one host, for whoever shows progress.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// It is being asked.
    Started(HostId),
    /// It is done; with what came of it.
    Finished(&'a Observation),
}

/// What a host answered, to the byte, for whoever keeps it.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'a> {
    /// The host.
    pub host: HostId,
    /// When it was done.
    pub at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// What it was asked.
    pub request: &'a Request,
    /// What it sent.
    pub stdout: &'a [u8],
    /// What its tools said beside that.
    pub stderr: &'a [u8],
    /// What went wrong, if anything did.
    pub fault: Option<&'a Fault>,
}

/// One host's answer, on its way to being read.
struct Landed {
    host: HostId,
    elapsed: Duration,
    request: Arc<Request>,
    answer: Answer,
}

impl Round {
    /// Asks `hosts`, and gives one observation for each, in their order. When `stop` is done, hosts that
    /// are not are given up, and what was collected stays.
    ///
    /// `tell` hears how hosts fare, `keep` what each of them answered, as soon as it is done.
    pub async fn run(
        &self,
        inventory: &Inventory,
        hosts: &[HostId],
        stop: impl Future<Output = ()>,
        mut tell: impl FnMut(Event<'_>),
        mut keep: impl FnMut(Heard<'_>),
    ) -> Fleet {
        let mut fleet = Fleet::default();
        let mut reader = Reader::default();
        let mut queue = Queue::new(hosts, inventory, &self.pace);
        let (between, mut may_start) = (self.pace.between(), Instant::now());
        let mut tasks = JoinSet::new();
        tokio::pin!(stop);
        loop {
            while tasks.len() < self.pace.forks.max(1) && Instant::now() >= may_start {
                let Some(host) = queue.next() else { break };
                let Some(described) = inventory.host(host) else { continue };
                tell(Event::Started(host));
                tasks.spawn(self.ask(host, described.route.clone()));
                may_start = Instant::now().max(may_start) + between;
            }
            // Held back by the rate alone: the next one starts by the clock, not when another is done.
            let is_early =
                !queue.is_empty() && tasks.len() < self.pace.forks.max(1) && Instant::now() < may_start;
            if tasks.is_empty() && !is_early {
                break;
            }
            let next = tokio::select! {
                biased;
                Some(joined) = tasks.join_next() => Next::Landed(joined),
                () = sleep_until(may_start), if is_early => Next::Start,
                () = &mut stop => Next::End,
            };
            match next {
                Next::Landed(Ok(landed)) => {
                    let observation = observe(&landed, &mut reader);
                    keep(Heard {
                        host: landed.host,
                        at: Timestamp::now(),
                        took: landed.elapsed,
                        request: &landed.request,
                        stdout: &landed.answer.stdout,
                        stderr: &landed.answer.stderr,
                        fault: observation.fault.as_ref(),
                    });
                    queue.done(observation.host);
                    tell(Event::Finished(&observation));
                    fleet.hosts.push(observation);
                }
                // A task that panicked is a bug of ours; its host is found missing below.
                Next::Landed(Err(_)) | Next::Start => {}
                Next::End => break,
            }
        }
        drop(tasks);
        self.transport.hang_up().await;
        fleet.hosts = in_order(hosts, fleet.hosts);
        fleet.strings = reader.into_strings();
        fleet
    }

    fn ask(&self, host: HostId, route: Route) -> impl Future<Output = Landed> + Send + 'static {
        let (transport, request) = (Arc::clone(&self.transport), Arc::clone(self.requests.of(host)));
        let limits = self.limits.clone();
        async move {
            let (stdin, nonce) = (request.stdin(), request.nonce());
            let mut started = Instant::now();
            let answer = match &route {
                Route::Local => local::exchange(stdin, nonce, &limits).await,
                Route::Refused(why) => {
                    Answer::failed(Fault::new(Phase::Resolve, why.message.as_str()).hint(why.hint.as_str()))
                }
                Route::Ssh(route) => {
                    if let Via::Jump(_) = route.via {
                        sleep(jitter(host)).await;
                        started = Instant::now();
                    }
                    transport.exchange(route, probe::COMMAND, stdin, nonce).await
                }
            };
            Landed { host, elapsed: started.elapsed(), request, answer }
        }
    }
}

/// What the round waits for.
enum Next {
    Landed(Result<Landed, JoinError>),
    Start,
    End,
}

fn jitter(host: HostId) -> Duration {
    Duration::from_millis(RandomState::new().hash_one(host) % JITTER_MS)
}

/// One observation for each host, in the given order; a host without one was not done.
fn in_order(hosts: &[HostId], observations: Vec<Observation>) -> Vec<Observation> {
    let mut by_host: BTreeMap<HostId, Observation> =
        observations.into_iter().map(|observation| (observation.host, observation)).collect();
    let not_done = |host| Observation {
        host,
        elapsed: Duration::ZERO,
        snapshot: None,
        fault: Some(Fault::interrupted()),
    };
    hosts.iter().map(|host| by_host.remove(host).unwrap_or_else(|| not_done(*host))).collect()
}

/// Reads an answer. What could be read is kept even where the host failed afterwards.
fn observe(landed: &Landed, reader: &mut Reader) -> Observation {
    let Landed { host, elapsed, request, answer } = landed;
    let read = reader.read(&answer.stdout, &answer.stderr, request);
    let said = || quote(if answer.stderr.trim_ascii().is_empty() { &answer.stdout } else { &answer.stderr });
    let fault = match (&answer.ended, &read) {
        (Ended::Exit(0), Ok(_)) => None,
        (_, Err(Unread::Protocol(theirs))) => Some(
            Fault::new(
                Phase::Parse,
                format!("the probe on the host speaks protocol {theirs}, this version {}", probe::PROTOCOL),
            )
            .hint("update driftless here, or pin the script of `driftless probe` on the host again"),
        ),
        (Ended::Exit(0), Err(Unread::NoProbe)) => {
            let fault = Fault::new(Phase::Parse, "it sent no answer that the probe could have given")
                .hint("does its login shell or a forced command swallow `/bin/sh -s`? Try: ssh HOST /bin/sh -s < script");
            Some(with_words(fault, &said()))
        }
        (Ended::Exit(status), known) => {
            let fault = Fault::new(Phase::Run, format!("the shell on the host ended with status {status}"))
                .hint("may the audit user run /bin/sh, and is its login shell a real one?");
            // Frames tell nothing that the snapshot does not tell better.
            Some(if known.is_ok() { fault } else { with_words(fault, &said()) })
        }
        (Ended::Signal(name), _) => Some(
            Fault::new(Phase::Run, format!("the probe was killed on the host by signal {name}"))
                .hint("out of memory, or a limit of the audit user? Look at the host's log"),
        ),
        (Ended::Fault(fault), _) => Some(fault.clone()),
    };
    Observation { host: *host, elapsed: *elapsed, snapshot: read.ok(), fault }
}

/// A fault with what the host said, if it said anything.
fn with_words(fault: Fault, said: &str) -> Fault {
    if said.is_empty() { fault } else { fault.detail(said) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Wanted;

    fn landed(stdout: &[u8], ended: Ended) -> Landed {
        let answer = Answer { stdout: stdout.to_vec(), stderr: Vec::new(), ended };
        let request = Arc::new(Request::framed("ab", Wanted::default()));
        Landed { host: HostId(0), elapsed: Duration::ZERO, request, answer }
    }

    fn observed(stdout: &[u8], ended: Ended) -> Observation {
        observe(&landed(stdout, ended), &mut Reader::default())
    }

    const ONE: &[u8] = b"\n@ab driftless 1\n\n@ab begin hostname\nweb-01\n\n@ab end hostname 0\n";

    #[test]
    fn an_answer_without_frames_is_a_fault_of_its_own() {
        let observation = observed(b"This account is \x1b[1mnot available.\n", Ended::Exit(0));
        assert!(observation.snapshot.is_none());
        let fault = observation.fault.unwrap();
        assert_eq!(fault.phase, Phase::Parse);
        assert_eq!(fault.detail.as_deref(), Some("This account is \\u{1b}[1mnot available."));
    }

    #[test]
    fn a_host_that_fails_in_the_end_keeps_what_it_had_said() {
        for ended in [Ended::Exit(3), Ended::Signal("KILL".into()), Ended::Fault(Fault::interrupted())] {
            let observation = observed(ONE, ended);
            assert_eq!(observation.snapshot.unwrap().hostname.as_deref(), Some("web-01"));
            assert_eq!(observation.fault.unwrap().phase, Phase::Run);
        }
    }
}
