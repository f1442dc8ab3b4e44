//! SSH, and the only module that knows russh: one connection, one exec, one answer.
//!
//! It takes a route and bytes for standard input, and gives back what the host printed or the
//! fault that stopped it. It does not know what the bytes mean, keeps no list of hosts, and never
//! asks the host for anything but the one command. The same through the system's `ssh` is
//! [`OpenSsh`]'s part.

mod auth;
mod dial;
mod exec;
mod faults;
mod group;
mod handler;
mod hops;
mod intake;
mod keys;
mod leash;
mod names;
mod offer;
mod openssh;
pub(crate) mod process;
mod session;
mod trust;
mod validity;

use std::sync::Arc;
use std::time::Duration;

use russh::Disconnect;
use tokio::time::{Instant, timeout};

pub use exec::{Answer, Ended};
pub use intake::Budget;
pub use keys::{Attempt, Keyring, Passphrase};
pub use openssh::OpenSsh;
pub use trust::{Policy, Trust};

use crate::inventory::SshRoute;
use hops::Hops;

/// How long a host may take to show its key where nobody says anything else.
pub const CONNECT: Duration = Duration::from_secs(10);

/// How long each phase of one host may take, and how much the host may send.
#[derive(Debug, Clone)]
pub struct Limits {
    /// From the name's look-up to the judged host key; `None` is what ssh's configuration says of the
    /// host, or else [`CONNECT`].
    pub connect: Option<Duration>,
    /// For all attempts to authenticate.
    pub authenticate: Duration,
    /// The whole host.
    pub host: Duration,
    /// Bytes that one host may send, in all phases together.
    pub bytes: u64,
    /// What all hosts together may have kept at once.
    pub budget: Budget,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: None,
            authenticate: Duration::from_secs(20),
            host: Duration::from_secs(60),
            bytes: 32 << 20,
            budget: Budget::default(),
        }
    }
}

/// After this long without a byte a connection whose owner is gone is reaped; far above every limit
/// that a user would set, since it only backs up the leash.
const REAPED_AFTER: Duration = Duration::from_secs(600);

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_millis(250);

/// How hosts are reached.
#[derive(Debug)]
pub enum Transport {
    /// By this program itself.
    Native(Box<Client>),
    /// Through the system's `ssh`.
    OpenSsh(OpenSsh),
}

impl Transport {
    /// Asks one host; see [`Client::exchange`].
    pub async fn exchange(&self, route: &SshRoute, command: &str, stdin: &[u8], nonce: &str) -> Answer {
        match self {
            Self::Native(client) => client.exchange(route, command, stdin, nonce).await,
            Self::OpenSsh(ssh) => ssh.exchange(route, command, stdin, nonce).await,
        }
    }

    /// Takes leave of the jump hosts, once every host behind them is done.
    pub async fn hang_up(&self) {
        if let Self::Native(client) = self {
            client.hang_up().await;
        }
    }

    /// The host keys that it trusts; the system's `ssh` keeps its own.
    pub fn trust(&self) -> Option<&Trust> {
        match self {
            Self::Native(client) => Some(client.trust()),
            Self::OpenSsh(_) => None,
        }
    }
}

/// The client: keys, trust and limits, shared by every connection of a run.
pub struct Client {
    keyring: Keyring,
    trust: Arc<Trust>,
    limits: Limits,
    hops: Hops,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("keyring", &self.keyring).finish_non_exhaustive()
    }
}

impl Client {
    /// A client that has everything it needs; it asks for nothing later.
    pub fn new(keyring: Keyring, trust: Trust, limits: Limits) -> Self {
        Self { keyring, trust: Arc::new(trust), limits, hops: Hops::default() }
    }

    /// The host keys that it trusts, and those that it came to trust.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Connects, runs `command` with `stdin` as its standard input, and reads its output to the end.
    /// `nonce` marks what counts in the output: see [`crate::probe`].
    ///
    /// Whatever goes wrong is in [`Answer::ended`]; what the host had sent by then is kept. It never
    /// takes longer than [`Limits::host`]. Dropping the future closes the connection.
    pub async fn exchange(&self, route: &SshRoute, command: &str, stdin: &[u8], nonce: &str) -> Answer {
        let deadline = Instant::now() + self.limits.host;
        let session = match self.open(route, deadline).await {
            Ok(opened) => opened,
            Err(fault) => return Answer::failed(fault),
        };
        let answer = exec::run(&session, (command, stdin, nonce), deadline, &self.limits).await;
        // Said politely, so that the host's log shows a disconnect and not a lost connection.
        if session.handle.disconnect(Disconnect::ByApplication, "", "").await.is_ok() {
            let _ = timeout(GOODBYE, session.handle).await;
        }
        answer
    }

    /// Takes leave of the jump hosts, once every host behind them is done.
    pub async fn hang_up(&self) {
        for session in self.hops.take_all() {
            let _ = session.handle.disconnect(Disconnect::ByApplication, "", "").await;
        }
    }
}
