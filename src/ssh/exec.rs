//! One exec: the command, its standard input, its output to the end.

use std::time::Duration;

use russh::{ChannelMsg, ChannelOpenFailure, Error};
use tokio::time::{Instant, timeout_at};

use super::{Session, faults};
use crate::snapshot::{Fault, Phase};

/// How much of standard error is kept: it is only ever quoted.
const STDERR_KEPT: usize = 64 << 10;

/// What a host printed, and how it ended.
#[derive(Debug)]
pub struct Answer {
    /// Standard output.
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

/// Runs `command`; whatever the host has sent when the deadline comes is kept.
pub(super) async fn run(
    session: &Session,
    command: &str,
    stdin: &[u8],
    deadline: Instant,
    limit: Duration,
) -> Answer {
    let mut answer = Answer { stdout: Vec::new(), stderr: Vec::new(), ended: Ended::Exit(0) };
    let mut phase = Phase::Open;
    let running = converse(session, command, stdin, &mut answer, &mut phase);
    let ended = timeout_at(deadline, running).await;
    answer.ended = match ended {
        Ok(Ok(ended)) => ended,
        Ok(Err(fault)) => Ended::Fault(fault),
        Err(_) => Ended::Fault(Fault::deadline(limit, phase)),
    };
    answer
}

async fn converse(
    session: &Session,
    command: &str,
    stdin: &[u8],
    answer: &mut Answer,
    phase: &mut Phase,
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
    let mut ended = None;
    while let Some(message) = channel.wait().await {
        match message {
            ChannelMsg::Success => *phase = Phase::Run,
            ChannelMsg::Failure => {
                return Err(Fault::new(Phase::Open, "the host refuses to run a command for this user").hint(
                    "may the audit user run commands (no ForceCommand internal-sftp, a valid shell)?",
                ));
            }
            ChannelMsg::Data { data } => {
                *phase = Phase::Run;
                answer.stdout.extend_from_slice(&data);
            }
            ChannelMsg::ExtendedData { data, .. } => {
                let room = STDERR_KEPT.saturating_sub(answer.stderr.len());
                answer.stderr.extend_from_slice(data.get(..room.min(data.len())).unwrap_or_default());
            }
            ChannelMsg::ExitStatus { exit_status } => ended = Some(Ended::Exit(exit_status)),
            ChannelMsg::ExitSignal { signal_name, .. } => {
                ended = Some(Ended::Signal(format!("{signal_name:?}")));
            }
            _ => {}
        }
    }
    ended.ok_or_else(|| ended_early(session, *phase))
}

fn refused(session: &Session, error: &Error) -> Fault {
    match error {
        Error::ChannelOpenFailure(ChannelOpenFailure::AdministrativelyProhibited) => {
            Fault::new(Phase::Open, "the host does not allow sessions to this user")
                .hint("look at PermitOpen, MaxSessions and Match blocks in its sshd_config")
        }
        Error::ChannelOpenFailure(_) => Fault::new(Phase::Open, "the host could not open a session")
            .hint("it may be out of memory or processes; look at its sshd log"),
        _ => ended_early(session, Phase::Open),
    }
}

fn ended_early(session: &Session, phase: Phase) -> Fault {
    if session.farewell.over() {
        return faults::too_much(phase);
    }
    faults::lost(phase, session.reason.get().map(String::as_str))
}
