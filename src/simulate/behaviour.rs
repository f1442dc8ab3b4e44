//! How a simulated host behaves: well, or in one of the ways in which hosts fail.

use std::sync::Arc;

use super::Recording;

/// What a host does with a connection.
#[derive(Debug, Clone)]
pub enum Behaviour {
    /// It answers with what was recorded.
    Answers(Arc<Recording>),
    /// It answers, but the login shell prints this first, to standard output and standard error.
    Chatters(Arc<Recording>, Vec<u8>),
    /// Nothing listens at its address.
    Down,
    /// It accepts the connection and never says a word: a frozen machine.
    Silent,
    /// It lets nobody in.
    RefusesKey,
    /// It lets the audit in, and the connection ends in the middle of the last section.
    BreaksOff(Arc<Recording>),
    /// It answers, and then its shell ends with this status.
    Exits(Arc<Recording>, u32),
    /// It sends so many bytes of nothing.
    Floods(u64),
    /// It sends these bytes and nothing else.
    Says(Vec<u8>),
    /// It takes the request and never answers.
    Hangs,
}

/// What one request is answered with.
pub(super) struct Reply {
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    pub(super) ending: Ending,
}

/// How the answer ends.
pub(super) enum Ending {
    Exit(u32),
    Disconnect,
    Flood(u64),
    Never,
}

impl Behaviour {
    /// The answer of a host of that name to a request as it came on standard input.
    pub(super) fn reply(&self, name: &str, request: &[u8]) -> Reply {
        let framed = |recording: &Recording| recording.frame(name, request);
        let nothing = |ending| Reply { stdout: Vec::new(), stderr: Vec::new(), ending };
        match self {
            Self::Answers(recording) => framed(recording),
            Self::Chatters(recording, noise) => {
                let reply = framed(recording);
                let after = |bytes: &[u8]| [noise.as_slice(), bytes].concat();
                Reply { stdout: after(&reply.stdout), stderr: after(&reply.stderr), ending: reply.ending }
            }
            Self::BreaksOff(recording) => {
                let mut reply = framed(recording);
                let most = reply.stdout.len().saturating_sub(100);
                reply.stdout.truncate(most);
                Reply { ending: Ending::Disconnect, ..reply }
            }
            Self::Exits(recording, status) => Reply { ending: Ending::Exit(*status), ..framed(recording) },
            Self::Floods(bytes) => nothing(Ending::Flood(*bytes)),
            Self::Says(bytes) => Reply { stdout: bytes.clone(), ..nothing(Ending::Exit(0)) },
            Self::Hangs | Self::Down | Self::Silent | Self::RefusesKey => nothing(Ending::Never),
        }
    }
}
