//! What can go wrong on the way to a host, in words: the message, and what to do about it.

use std::io;
use std::time::Duration;

use russh::Error;
use tokio::time::{Instant, timeout_at};

use super::leash::Farewell;
use crate::inventory::SshRoute;
use crate::snapshot::{Fault, Phase, quote};
use crate::ssh_config::AddressFamily;

/// A directive of ssh's configuration that is not honoured here must not be passed over.
pub(super) fn unhonoured(route: &SshRoute) -> Result<(), Fault> {
    match route.unhonoured() {
        None => Ok(()),
        Some((why, place)) => Err(Fault::new(Phase::Resolve, why.message).detail(place).hint(why.hint)),
    }
}

/// Gives a step until `by`; a step that takes longer is a host that does not answer.
pub(super) async fn in_time<T>(
    by: Instant,
    limit: Duration,
    step: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    timeout_at(by, step).await.unwrap_or_else(|_| {
        Err(Fault::new(Phase::Connect, format!("no answer within {limit:?}"))
            .hint("is the host up, and does a firewall let this machine in? --connect-timeout waits longer"))
    })
}

pub(super) fn resolve(error: &io::Error) -> Fault {
    Fault::new(Phase::Resolve, "its name does not resolve")
        .detail(quote(error.to_string().as_bytes()))
        .hint("check the name, or give the host an `address` in the inventory")
}

pub(super) fn no_address(family: AddressFamily) -> Fault {
    let kind = match family {
        AddressFamily::Any => "",
        AddressFamily::Inet => "IPv4 ",
        AddressFamily::Inet6 => "IPv6 ",
    };
    Fault::new(Phase::Resolve, format!("its name has no {kind}address"))
        .hint("give the host an `address` in the inventory")
}

pub(super) fn connect(error: &io::Error) -> Fault {
    let (message, hint) = match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            ("the host refused the connection", "is sshd running, and on this port?")
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            ("there is no route to the host", "is the host up, and this machine's network?")
        }
        io::ErrorKind::TimedOut => {
            ("no answer to the connection", "is the host up, and does a firewall let this machine in?")
        }
        io::ErrorKind::ConnectionReset => {
            ("the host reset the connection", "is sshd overloaded (MaxStartups), or a firewall in the way?")
        }
        // EMFILE and ENFILE: it is not the host's fault.
        _ if matches!(error.raw_os_error(), Some(23 | 24)) => (
            "this machine has no file descriptors left",
            "raise `ulimit -n`, or ask fewer hosts at a time with --forks",
        ),
        _ => {
            return Fault::new(Phase::Connect, "the connection failed")
                .detail(quote(error.to_string().as_bytes()))
                .hint("try `ssh` from this machine");
        }
    };
    Fault::new(Phase::Connect, message).hint(hint)
}

/// The host accepted the connection and then said too little.
pub(super) fn silent(limit: Duration) -> Fault {
    Fault::new(
        Phase::Connect,
        format!("it accepted the connection, but the SSH handshake was not done within {limit:?}"),
    )
    .hint("the host may be frozen or overloaded, or this is no SSH server; --connect-timeout waits longer")
}

/// More bytes than a host may send.
pub(super) fn too_much(phase: Phase) -> Fault {
    Fault::new(phase, "it sent more than a host may send, and was cut off")
        .hint("something on the host floods the connection; look at it with `ssh HOST /bin/sh -s </dev/null | head`")
}

/// All hosts together have sent more than is kept at once.
pub(super) fn no_room() -> Fault {
    Fault::new(
        Phase::Run,
        "the hosts together sent more than this machine keeps at once; this one was cut off",
    )
    .hint("something floods the connections; ask fewer hosts at a time with --forks to see which")
}

/// A server that ends the connection before anything is agreed.
pub(super) const BUSY: &str = "the host closed the connection during the SSH handshake";

pub(super) fn busy() -> Fault {
    Fault::new(Phase::Connect, BUSY)
        .hint("sshd may be overloaded (MaxStartups) or refuse this address: look at its log; or this is no SSH server: check the port")
}

pub(super) fn penalty() -> Fault {
    Fault::new(Phase::Connect, "the host refuses connections from this address for a while")
        .hint("logins from here failed too often: wait some minutes, and look at PerSourcePenalties in its sshd_config")
}

/// A proxy command that ended before anything came through it.
pub(super) fn proxy_ended(command: &str) -> Fault {
    Fault::new(Phase::Connect, "its ProxyCommand ended before the host greeted")
        .detail(quote(command.as_bytes()))
        .hint("run it by hand: it should print the host's SSH identification")
}

/// Whether the server ended the connection before it greeted: it was too busy, and may not be next time.
pub(super) fn is_refused_start(error: &Error, farewell: &Farewell) -> bool {
    let ended =
        matches!(error, Error::HUP | Error::Disconnect | Error::IO(_) | Error::SendError | Error::Version);
    let excused = farewell.preamble().is_empty() || says_it_is_busy(farewell.preamble());
    ended && !farewell.greeted() && excused && !farewell.over()
}

/// sshd's own words, in place of its identification.
fn says_it_is_busy(preamble: &[u8]) -> bool {
    preamble.starts_with(b"Exceeded MaxStartups")
}

/// The same for an address that failed to log in too often, sshd_config(5) under PerSourcePenalties.
fn says_penalty(preamble: &[u8]) -> bool {
    preamble.starts_with(b"Not allowed at this time")
}

/// The handshake failed; `said` is what the host said when it ended the connection.
pub(super) fn handshake(error: &Error, farewell: &Farewell, said: Option<&str>) -> Fault {
    if farewell.over() {
        return too_much(Phase::Connect);
    }
    let with_words = |fault: Fault| match said.filter(|said| !said.is_empty()) {
        Some(said) => fault.detail(quote(said.as_bytes())),
        None if !farewell.greeted() && !farewell.preamble().is_empty() => {
            fault.detail(quote(farewell.preamble()))
        }
        None => fault,
    };
    match error {
        _ if says_penalty(farewell.preamble()) => penalty().detail(quote(farewell.preamble())),
        _ if !farewell.greeted() && !farewell.preamble().is_empty() && !says_it_is_busy(farewell.preamble()) => {
            with_words(Fault::new(Phase::Connect, "what answers is no SSH server").hint("check the port"))
        }
        Error::HUP | Error::Disconnect | Error::IO(_) | Error::SendError => with_words(busy()),
        Error::Version => Fault::new(Phase::Connect, "what answers is no SSH server").hint("check the port"),
        Error::NoCommonAlgo { kind, theirs, .. } => {
            Fault::new(Phase::Connect, format!("no {kind:?} algorithm in common with the host"))
                .detail(format!("it offers {}", quote(theirs.join(", ").as_bytes())))
                .hint("its sshd is too old, or configured to algorithms that are not offered here; --transport openssh may have them")
        }
        Error::WrongServerSig => {
            Fault::new(Phase::HostKey, "the host could not prove that it owns its host key")
                .hint("someone may be in the middle of the connection: do not go on before you know why")
        }
        other => Fault::new(Phase::Connect, "the SSH handshake failed")
            .detail(quote(other.to_string().as_bytes()))
            .hint("try `ssh -v` from this machine"),
    }
}

/// The connection ended after authentication had begun.
pub(super) fn lost(phase: Phase, reason: Option<&str>) -> Fault {
    let fault = Fault::new(phase, "the host closed the connection");
    let fault = match phase {
        Phase::Authenticate => {
            fault.hint("too many keys offered (MaxAuthTries)? Name the key with `identity` or --identity")
        }
        _ => fault.hint("look at the host's sshd log"),
    };
    match reason {
        Some(reason) => fault.detail(quote(reason.as_bytes())),
        None => fault,
    }
}
