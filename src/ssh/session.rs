//! From a route to a connection that has authenticated: dial, greet, judge the host key, log in.

use std::sync::Arc;
use std::time::Duration;

use russh::client::{self, Handle};
use russh::{ChannelOpenFailure, Error};
use tokio::time::{Instant, sleep, timeout_at};

use super::auth::Login;
use super::dial::{self, Carrier};
use super::handler::{self, Guard, Refusal};
use super::leash::{Farewell, Leash, leash};
use super::trust::Faith;
use super::{Client, faults, names, offer};
use crate::inventory::{SshRoute, Via};
use crate::snapshot::{Fault, Phase};

/// How often a server that is too busy to greet is asked again, and how long it is left alone at first:
/// sshd refuses starts by chance once MaxStartups are under way.
pub(super) const REFUSED_STARTS: u32 = 4;
const FIRST_BACK_OFF: Duration = Duration::from_millis(150);

/// A connection that has authenticated.
pub(super) struct Session {
    pub(super) handle: Handle<Guard>,
    pub(super) reason: handler::Reason,
    pub(super) farewell: Farewell,
    /// The host's name.
    name: String,
    _leash: Leash,
    /// The connection to the jump host that carries this one.
    below: Option<Arc<Session>>,
}

/// A connection that has shown its host key.
struct Greeted {
    handle: Handle<Guard>,
    reason: handler::Reason,
    farewell: Farewell,
    leash: Leash,
    faith: Faith,
}

impl Session {
    /// The jump host's fault, if it is the one that ended this connection.
    pub(super) fn blame_below(&self, fault: Fault) -> Fault {
        blame(self.below.as_deref(), fault)
    }
}

impl Client {
    /// Connects and authenticates.
    pub(super) async fn open(&self, route: &SshRoute, deadline: Instant) -> Result<Session, Fault> {
        names::check(route)?;
        faults::unhonoured(route)?;
        let below = match &route.via {
            Via::Jump(hop) => Some(self.hops.through(self, hop).await?),
            Via::Direct | Via::Command(_) => None,
        };
        let Greeted { mut handle, reason, farewell, leash, faith } = self
            .greet(route, below.as_deref(), deadline)
            .await
            .map_err(|fault| blame(below.as_deref(), fault))?;
        let authenticate_by = deadline.min(Instant::now() + self.limits.authenticate);
        let login = Login::new(&mut handle, route, &self.keyring, &reason).believing(faith).run();
        match timeout_at(authenticate_by, login).await {
            Ok(Ok(())) => {
                let name = route.name.clone();
                Ok(Session { handle, reason, farewell, name, _leash: leash, below })
            }
            Ok(Err(fault)) => Err(blame(below.as_deref(), fault)),
            Err(_) if authenticate_by == deadline => {
                Err(Fault::deadline(self.limits.host, Phase::Authenticate))
            }
            Err(_) => Err(Fault::new(
                Phase::Authenticate,
                format!("the host did not answer within {:?}", self.limits.authenticate),
            )
            .hint("sshd may be waiting for PAM, LDAP or DNS; look at its log")),
        }
    }

    /// Until the host has shown a key that is trusted; a server that is too busy to greet is asked again.
    async fn greet(
        &self,
        route: &SshRoute,
        below: Option<&Session>,
        deadline: Instant,
    ) -> Result<Greeted, Fault> {
        let limit = self
            .limits
            .connect
            .or(route.settings.connect_timeout)
            .filter(|limit| !limit.is_zero())
            .unwrap_or(super::CONNECT);
        let connect_by = deadline.min(Instant::now() + limit);
        let mut refused = 0;
        loop {
            let attempt = self.greet_once(route, below, connect_by, limit);
            let (fault, may_pass) = match attempt.await {
                Ok(greeted) => return Ok(greeted),
                Err(failed) => failed,
            };
            let pause = back_off(refused, &route.settings.host_name);
            if !may_pass || refused == REFUSED_STARTS || Instant::now() + pause >= connect_by {
                return Err(fault);
            }
            refused += 1;
            sleep(pause).await;
        }
    }

    /// One attempt; with a fault it says whether another attempt may fare better.
    async fn greet_once(
        &self,
        route: &SshRoute,
        below: Option<&Session>,
        connect_by: Instant,
        limit: Duration,
    ) -> Result<Greeted, (Fault, bool)> {
        let for_good = |fault| (fault, false);
        let carrier = faults::in_time(connect_by, limit, carrier(route, below)).await.map_err(for_good)?;
        let (stream, leash, farewell) = leash(carrier, self.limits.bytes);
        let guard = Guard::new(Arc::clone(&self.trust), route);
        let (reason, faith) = (guard.reason(), guard.faith());
        let config =
            Arc::new(offer::config(&route.settings, &self.trust.known_keys(route)).map_err(for_good)?);
        match timeout_at(connect_by, client::connect_stream(config, stream, guard)).await {
            Ok(Ok(handle)) => {
                let faith = faith.get().copied().unwrap_or(Faith::NoPassword);
                Ok(Greeted { handle, reason, farewell, leash, faith })
            }
            Ok(Err(Refusal::HostKey(fault))) => Err((*fault, false)),
            Ok(Err(Refusal::Protocol(error))) => {
                let said = reason.get().map(String::as_str);
                if let (Via::Command(command), false, true) =
                    (&route.via, farewell.greeted(), farewell.preamble().is_empty())
                {
                    return Err((faults::proxy_ended(command), false));
                }
                Err((faults::handshake(&error, &farewell, said), faults::is_refused_start(&error, &farewell)))
            }
            Err(_) => Err((faults::silent(limit), false)),
        }
    }
}

/// What carries the connection.
async fn carrier(route: &SshRoute, below: Option<&Session>) -> Result<Carrier, Fault> {
    match (&route.via, below) {
        (Via::Command(command), _) => Ok(Box::new(dial::command(command)?)),
        (Via::Jump(hop), Some(session)) => {
            let settings = &route.settings;
            let opened = session.handle.channel_open_direct_tcpip(
                settings.host_name.as_str(),
                u32::from(settings.port),
                "127.0.0.1",
                0,
            );
            let channel = opened.await.map_err(|error| not_forwarded(hop, &error))?;
            Ok(Box::new(channel.into_stream()))
        }
        _ => Ok(Box::new(dial::tcp(&route.settings).await?)),
    }
}

/// Longer each time, and never the same for two hosts, so that they do not come back all at once.
pub(super) fn back_off(refused: u32, host: &str) -> Duration {
    use std::hash::{BuildHasher as _, RandomState};
    let doubled = FIRST_BACK_OFF * 2_u32.pow(refused);
    let part = u32::try_from(RandomState::new().hash_one(host) % 1000).unwrap_or(0);
    doubled + doubled * part / 1000
}

fn not_forwarded(hop: &SshRoute, error: &Error) -> Fault {
    let name = &hop.name;
    match error {
        Error::ChannelOpenFailure(ChannelOpenFailure::AdministrativelyProhibited) => {
            not_forwarding(name)
        }
        Error::ChannelOpenFailure(ChannelOpenFailure::ConnectFailed) => {
            Fault::new(Phase::Connect, format!("its jump host {name} could not connect to it"))
                .hint("is the host up, is its address right as the jump host sees it, and does a firewall let the jump host in?")
        }
        Error::ChannelOpenFailure(_) => {
            Fault::new(Phase::Connect, format!("its jump host {name} could not open a channel to it"))
                .hint("it may be out of memory or file descriptors; look at its sshd log")
        }
        _ => gone(name),
    }
}

pub(super) fn not_forwarding(name: &str) -> Fault {
    Fault::new(Phase::Connect, format!("its jump host {name} forwards no connections"))
        .hint("allow it there: AllowTcpForwarding, PermitOpen and DisableForwarding in its sshd_config, `restrict` in authorized_keys")
}

/// The jump host that was reached, and is not there any more.
pub(super) fn gone(name: &str) -> Fault {
    Fault::new(Phase::Connect, format!("its jump host {name} closed the connection"))
        .hint("is the jump host still up? Look at its sshd log")
}

/// A host behind a jump host that died is not to blame.
fn blame(below: Option<&Session>, fault: Fault) -> Fault {
    match below {
        Some(session) if session.handle.is_closed() => blame(session.below.as_deref(), gone(&session.name)),
        _ => fault,
    }
}
