//! SSH, and the only module that knows russh: one connection, one exec, one answer.
//!
//! It takes a route and bytes for standard input, and gives back what the host printed or the
//! fault that stopped it. It does not know what the bytes mean, keeps no list of hosts, and never
//! asks the host for anything but the one command.

mod auth;
mod exec;
mod faults;
mod handler;
mod identity;
pub mod known_hosts;
mod leash;
mod trust;

use std::sync::Arc;
use std::time::Duration;

use russh::client::{self, Handle};
use russh::keys::ssh_key::Algorithm;
use russh::{Disconnect, Preferred, compression};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

pub use exec::{Answer, Ended};
pub use identity::{Keyring, Passphrase};
pub use trust::{Policy, Trust};

use crate::inventory::SshRoute;
use crate::snapshot::{Fault, Phase};
use handler::{Guard, Refusal};
use leash::{Leash, leash};

/// How long each phase of one host may take, and how much the host may send.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the name's look-up to the judged host key.
    pub connect: Duration,
    /// For all attempts to authenticate.
    pub authenticate: Duration,
    /// The whole host.
    pub host: Duration,
    /// Bytes that one host may send, in all phases together.
    pub bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            authenticate: Duration::from_secs(20),
            host: Duration::from_secs(60),
            bytes: 32 << 20,
        }
    }
}

/// After this long without a byte a connection whose owner is gone is reaped; far above every limit
/// that a user would set, since it only backs up the leash.
const REAPED_AFTER: Duration = Duration::from_secs(600);

/// The client: keys, trust and limits, shared by every connection of a run.
#[derive(Debug)]
pub struct Client {
    keyring: Keyring,
    trust: Arc<Trust>,
    limits: Limits,
}

impl Client {
    /// A client that has everything it needs; it asks for nothing later.
    pub fn new(keyring: Keyring, trust: Trust, limits: Limits) -> Self {
        Self { keyring, trust: Arc::new(trust), limits }
    }

    /// The host keys that it trusts, and those that it came to trust.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Connects, runs `command` with `stdin` as its standard input, and reads its output to the end.
    ///
    /// Whatever goes wrong is in [`Answer::ended`]; what the host had sent by then is kept. It never
    /// takes longer than [`Limits::host`]. Dropping the future closes the connection.
    pub async fn exchange(&self, route: &SshRoute, command: &str, stdin: &[u8]) -> Answer {
        let deadline = Instant::now() + self.limits.host;
        let (session, _leash) = match self.open(route, deadline).await {
            Ok(opened) => opened,
            Err(fault) => return Answer::failed(fault),
        };
        let answer = exec::run(&session, command, stdin, deadline, self.limits.host).await;
        // Said politely, so that the host's log shows a disconnect and not a lost connection.
        if session.handle.disconnect(Disconnect::ByApplication, "", "").await.is_ok() {
            let _ = timeout(Duration::from_millis(250), session.handle).await;
        }
        answer
    }

    /// Connects and authenticates.
    async fn open(&self, route: &SshRoute, deadline: Instant) -> Result<(Session, Leash), Fault> {
        let connect_by = deadline.min(Instant::now() + self.limits.connect);
        let stream = faults::in_time(
            connect_by,
            self.limits.connect,
            dial(&route.settings.host_name, route.settings.port),
        )
        .await?;
        // An audit sends little and wants it there at once.
        let _ = stream.set_nodelay(true);
        let (stream, leash, farewell) = leash(stream, self.limits.bytes);
        let guard = Guard::new(Arc::clone(&self.trust), route);
        let reason = guard.reason();
        let config = Arc::new(self.config(route));
        let handshake = client::connect_stream(config, stream, guard);
        let mut handle = match timeout_at(connect_by, handshake).await {
            Ok(Ok(handle)) => handle,
            Ok(Err(Refusal::HostKey(fault))) => return Err(*fault),
            Ok(Err(Refusal::Protocol(error))) => return Err(faults::handshake(&error, farewell.over())),
            Err(_) => return Err(faults::silent(self.limits.connect)),
        };
        let authenticate_by = deadline.min(Instant::now() + self.limits.authenticate);
        match timeout_at(authenticate_by, auth::authenticate(&mut handle, route, &self.keyring, &reason))
            .await
        {
            Ok(Ok(())) => Ok((Session { handle, reason, farewell }, leash)),
            Ok(Err(fault)) => Err(fault),
            Err(_) => Err(Fault::new(
                Phase::Authenticate,
                format!("the host did not answer within {:?}", self.limits.authenticate),
            )
            .hint("sshd may be waiting for PAM, LDAP or DNS; look at its log")),
        }
    }

    /// What is offered to this host: keys that are known for it come first, so that it presents one
    /// of them; no compression, so that nothing it sends can grow.
    fn config(&self, route: &SshRoute) -> client::Config {
        let mut preferred = Preferred { compression: vec![compression::NONE].into(), ..Preferred::default() };
        let known = self.trust.known_algorithms(route);
        if !known.is_empty() {
            let is_known = |algorithm: &Algorithm| known.iter().any(|known| same_family(known, algorithm));
            let mut keys = preferred.key.to_vec();
            // A stable sort: within each half the library's own order stays.
            keys.sort_by_key(|algorithm| !is_known(algorithm));
            preferred.key = keys.into();
        }
        client::Config { preferred, inactivity_timeout: Some(REAPED_AFTER), ..client::Config::default() }
    }
}

/// RSA keys have one kind of key and three signature algorithms.
fn same_family(one: &Algorithm, other: &Algorithm) -> bool {
    one == other || (matches!(one, Algorithm::Rsa { .. }) && matches!(other, Algorithm::Rsa { .. }))
}

/// A connection that has authenticated.
pub(crate) struct Session {
    handle: Handle<Guard>,
    reason: handler::Reason,
    farewell: leash::Farewell,
}

/// Resolves a name and connects to the first of its addresses that answers; every address gets its
/// share of a time limit that the caller sets.
async fn dial(address: &str, port: u16) -> Result<TcpStream, Fault> {
    let addresses: Vec<_> =
        tokio::net::lookup_host((address, port)).await.map_err(|error| faults::resolve(&error))?.collect();
    let mut last = None;
    for address in &addresses {
        match timeout(Duration::from_secs(5), TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = Some(error),
            Err(_) if addresses.len() == 1 => {
                return TcpStream::connect(address).await.map_err(|error| faults::connect(&error));
            }
            Err(_) => last = Some(std::io::ErrorKind::TimedOut.into()),
        }
    }
    Err(last.map_or_else(faults::no_address, |error| faults::connect(&error)))
}
