//! What can go wrong on the way to a host, in words: the message, and what to do about it.

use std::io;
use std::time::Duration;

use russh::Error;
use tokio::time::{Instant, timeout_at};

use crate::snapshot::{Fault, Phase, quote};

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

pub(super) fn no_address() -> Fault {
    Fault::new(Phase::Resolve, "its name has no address").hint("give the host an `address` in the inventory")
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

/// The handshake failed.
pub(super) fn handshake(error: &Error, over: bool) -> Fault {
    if over {
        return too_much(Phase::Connect);
    }
    match error {
        Error::HUP | Error::Disconnect | Error::IO(_) | Error::SendError => {
            Fault::new(Phase::Connect, "the host closed the connection during the SSH handshake")
                .hint("sshd may be overloaded (MaxStartups) or refuse this address: look at its log; or this is no SSH server: check the port")
        }
        Error::Version => Fault::new(Phase::Connect, "what answers is no SSH server").hint("check the port"),
        Error::NoCommonAlgo { kind, theirs, .. } => {
            Fault::new(Phase::Connect, format!("no {kind:?} algorithm in common with the host"))
                .detail(format!("it offers {}", quote(theirs.join(", ").as_bytes())))
                .hint("its sshd is too old, or configured to algorithms that are not offered here")
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
