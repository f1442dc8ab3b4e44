//! A fault of the world: why a host could not be audited, in which phase, and what to do.
//!
//! A fault is data of the report, not an error of the program. Its message is the same for every
//! host that has the same trouble, so that a thousand of them fold into one line; what differs
//! from host to host is its detail.

use std::fmt;
use std::time::Duration;

/// How far a host got.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Looking up the address.
    Resolve,
    /// TCP, the banner, and the key exchange up to the host key.
    Connect,
    /// Judging the host key.
    HostKey,
    /// Proving who we are.
    Authenticate,
    /// Opening the channel and starting the shell.
    Open,
    /// Running the probe.
    Run,
    /// Reading its answer.
    Parse,
    /// The host's deadline passed.
    Timeout,
}

impl Phase {
    /// The word that reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::HostKey => "host-key",
            Self::Authenticate => "authenticate",
            Self::Open => "open",
            Self::Run => "run",
            Self::Parse => "parse",
            Self::Timeout => "timeout",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a host, or a part of it, could not be audited.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// How far it got.
    pub phase: Phase,
    /// What happened, in words that are the same for every host with the same trouble.
    pub message: String,
    /// What differs from host to host: a fingerprint, the system's own error. Safe to print.
    pub detail: Option<String>,
    /// What to do about it.
    pub hint: String,
}

impl Fault {
    /// A fault with neither detail nor hint yet.
    pub fn new(phase: Phase, message: impl Into<String>) -> Self {
        Self { phase, message: message.into(), detail: None, hint: String::new() }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Adds what is this host's own.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Message and detail in one.
    pub fn full_message(&self) -> String {
        match &self.detail {
            Some(detail) => format!("{} ({detail})", self.message),
            None => self.message.clone(),
        }
    }

    /// The host did not finish within its deadline.
    pub fn deadline(limit: Duration, during: Phase) -> Self {
        Self::new(Phase::Timeout, format!("not done within {limit:?} (in phase {during})"))
            .hint("is the host overloaded? --timeout gives every host longer")
    }

    /// The run was stopped before the host was done.
    pub fn interrupted() -> Self {
        Self::new(Phase::Run, "the run was interrupted before this host was done").hint("run the audit again")
    }
}
