//! One exec: the command, its standard input, its output to the end.

use std::time::Duration;

use russh::{ChannelMsg, ChannelOpenFailure, Error, Sig};
use tokio::time::{Instant, timeout, timeout_at};

use super::intake::{Full, Intake};
use super::session::Session;
use super::{Limits, faults};
use crate::snapshot::{Fault, Phase, quote};

/// How much of standard error is kept: it is only ever quoted.
pub(crate) const STDERR_KEPT: usize = 64 << 10;

/// How long a host may take to close what it has said to be done: a process that some rc file left
/// behind may hold it open for ever.
pub(super) const CLOSING: Duration = Duration::from_millis(500);

/// What a host printed, and how it ended.
#[derive(Debug)]
pub struct Answer {
    /// Standard output; of what precedes the first frame only the beginning, and that only without frames.
    pub stdout: Vec<u8>,
    /// The beginning of standard error.
    pub stderr: Vec<u8>,
    /// How it ended.
    pub ended: Ended,
}

/// How an exec ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    /// With an exit status.
    Exit(u32),
    /// By a signal.
    Signal(String),
    /// Not at all: something went wrong first.
    Fault(Fault),
}

impl Answer {
    /// The answer of a host that never got to give one.
    pub(crate) fn failed(fault: Fault) -> Self {
        Self { stdout: Vec::new(), stderr: Vec::new(), ended: Ended::Fault(fault) }
    }
}

/// What comes in, and how far it got.
struct Conversation {
    stdout: Intake,
    stderr: Vec<u8>,
    phase: Phase,
    ended: Option<Ended>,
}

/// Runs a command with its standard input and the nonce of its frames; whatever the host has sent when the
/// deadline comes is kept.
pub(super) async fn run(
    session: &Session,
    what: (&str, &[u8], &str),
    deadline: Instant,
    limits: &Limits,
) -> Answer {
    let mut talk = Conversation {
        stdout: Intake::new(what.2, limits.budget.clone()),
        stderr: Vec::new(),
        phase: Phase::Open,
        ended: None,
    };
    let ended = match timeout_at(deadline, converse(session, what, &mut talk)).await {
        Ok(Ok(ended)) => ended,
        Ok(Err(fault)) => Ended::Fault(session.blame_below(fault)),
        Err(_) => Ended::Fault(session.blame_below(Fault::deadline(limits.host, talk.phase))),
    };
    Answer { stdout: talk.stdout.finish(), stderr: talk.stderr, ended }
}

async fn converse(
    session: &Session,
    (command, stdin, _): (&str, &[u8], &str),
    talk: &mut Conversation,
) -> Result<Ended, Fault> {
    let mut channel =
        session.handle.channel_open_session().await.map_err(|error| refused(session, &error))?;
    // All three in one go: a host that refuses the first ignores the others.
    let sent = async {
        channel.exec(true, command).await?;
        channel.data_bytes(stdin.to_vec()).await?;
        channel.eof().await
    };
    sent.await.map_err(|_| ended_early(session, Phase::Open))?;
    loop {
        let next = if talk.stdout.is_done() {
            match timeout(CLOSING, channel.wait()).await {
                Ok(next) => next,
                // The probe is done; who holds the channel open is none of its.
                Err(_) => return Ok(talk.ended.take().unwrap_or(Ended::Exit(0))),
            }
        } else {
            channel.wait().await
        };
        let Some(message) = next else { break };
        hear(message, session, talk)?;
    }
    talk.ended.take().ok_or_else(|| ended_early(session, talk.phase))
}

/// Takes in one message.
fn hear(message: ChannelMsg, session: &Session, talk: &mut Conversation) -> Result<(), Fault> {
    match message {
        ChannelMsg::Success => talk.phase = Phase::Run,
        ChannelMsg::Failure => {
            return Err(Fault::new(Phase::Open, "the host refuses to run a command for this user")
                .hint("may the audit user run commands (no ForceCommand internal-sftp, a valid shell)?"));
        }
        ChannelMsg::Data { data } => {
            talk.phase = Phase::Run;
            talk.stdout.push(&data).map_err(|Full| faults::no_room())?;
        }
        ChannelMsg::ExtendedData { data, .. } => {
            let room = STDERR_KEPT.saturating_sub(talk.stderr.len());
            talk.stderr.extend_from_slice(data.get(..room.min(data.len())).unwrap_or_default());
        }
        ChannelMsg::ExitStatus { exit_status } => talk.ended = Some(Ended::Exit(exit_status)),
        ChannelMsg::ExitSignal { signal_name, .. } => talk.ended = Some(Ended::Signal(name_of(&signal_name))),
        ChannelMsg::Close if talk.ended.is_none() && !session.handle.is_closed() => {
            return Err(Fault::new(Phase::Run, "the host closed the channel without an exit status")
                .hint("was the probe killed, or does a forced command swallow it? Look at the host's log"));
        }
        _ => {}
    }
    Ok(())
}

/// `KILL`, RFC 4254 6.10; a name of the host's own is quoted.
fn name_of(signal: &Sig) -> String {
    match signal {
        Sig::Custom(name) => quote(name.as_bytes()),
        known => format!("{known:?}"),
    }
}

fn refused(session: &Session, error: &Error) -> Fault {
    match error {
        Error::ChannelOpenFailure(ChannelOpenFailure::AdministrativelyProhibited) => {
            Fault::new(Phase::Open, "the host does not allow sessions to this user")
                .hint("look at PermitOpen, MaxSessions and Match blocks in its sshd_config")
        }
        Error::ChannelOpenFailure(_) => Fault::new(Phase::Open, "the host could not open a session").hint(
            "is MaxSessions 0 in its sshd_config, or is it out of memory or processes? Look at its sshd log",
        ),
        _ => ended_early(session, Phase::Open),
    }
}

fn ended_early(session: &Session, phase: Phase) -> Fault {
    if session.farewell.over() {
        return faults::too_much(phase);
    }
    faults::lost(phase, session.reason.get().map(String::as_str))
}
