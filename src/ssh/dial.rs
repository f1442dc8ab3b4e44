//! The stream that carries a connection: TCP, a proxy command's pipes, or a channel through a jump host.
//!
//! It only connects; what is said over the stream, and to whom one may say it, is decided elsewhere.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::{sleep, timeout};

use super::faults;
use super::group::Group;
use crate::inventory::SECRET;
use crate::snapshot::{Fault, Phase, quote};
use crate::ssh_config::{AddressFamily, Settings};

/// Whatever carries a connection.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A stream of any kind.
pub(super) type Carrier = Box<dyn Stream>;

/// How long one address may take where there are others to try.
const ADDRESS_PATIENCE: Duration = Duration::from_secs(5);

/// Between two attempts, ssh_config(5) under ConnectionAttempts.
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(1);

/// Resolves the name and connects, as often as the settings say; a time limit is set by the caller.
pub(super) async fn tcp(settings: &Settings) -> Result<TcpStream, Fault> {
    let addresses = addresses(settings).await?;
    let mut attempt = 1;
    loop {
        match any_of(&addresses, settings).await {
            Err(_) if attempt < settings.connection_attempts => {
                attempt += 1;
                sleep(BETWEEN_ATTEMPTS).await;
            }
            connected => {
                let stream = connected?;
                // An audit sends little and wants it there at once.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
        }
    }
}

async fn addresses(settings: &Settings) -> Result<Vec<SocketAddr>, Fault> {
    let found = lookup_host((settings.host_name.as_str(), settings.port)).await;
    let mut addresses: Vec<SocketAddr> = found.map_err(|error| faults::resolve(&error))?.collect();
    addresses.retain(|address| match settings.address_family {
        AddressFamily::Any => true,
        AddressFamily::Inet => address.is_ipv4(),
        AddressFamily::Inet6 => address.is_ipv6(),
    });
    if addresses.is_empty() { Err(faults::no_address(settings.address_family)) } else { Ok(addresses) }
}

/// The first of the addresses that answers.
async fn any_of(addresses: &[SocketAddr], settings: &Settings) -> Result<TcpStream, Fault> {
    let mut last = None;
    for address in addresses {
        let connecting = one(*address, settings.bind_address.as_deref());
        let connected = match addresses.len() {
            1 => connecting.await,
            _ => timeout(ADDRESS_PATIENCE, connecting)
                .await
                .unwrap_or_else(|_| Err(faults::connect(&io::ErrorKind::TimedOut.into()))),
        };
        match connected {
            Ok(stream) => return Ok(stream),
            Err(fault) => last = Some(fault),
        }
    }
    Err(last.unwrap_or_else(|| faults::no_address(settings.address_family)))
}

async fn one(address: SocketAddr, bind: Option<&str>) -> Result<TcpStream, Fault> {
    let Some(bind) = bind else {
        return TcpStream::connect(address).await.map_err(|error| faults::connect(&error));
    };
    let no_bind = |error: &io::Error| {
        Fault::new(Phase::Connect, format!("this machine cannot connect from {bind}"))
            .detail(quote(error.to_string().as_bytes()))
            .hint("is BindAddress one of this machine's addresses?")
    };
    let mut own = lookup_host((bind, 0)).await.map_err(|error| no_bind(&error))?;
    let own = own.find(|own| own.is_ipv4() == address.is_ipv4());
    let own = own.ok_or_else(|| no_bind(&io::ErrorKind::AddrNotAvailable.into()))?;
    let socket = if own.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let socket =
        socket.and_then(|socket| socket.bind(own).map(|()| socket)).map_err(|error| no_bind(&error))?;
    socket.connect(address).await.map_err(|error| faults::connect(&error))
}

/// A program whose standard input and output carry the connection; it ends with the stream.
pub(super) struct Piped {
    into: ChildStdin,
    out: ChildStdout,
    _group: Group,
    _child: Child,
}

/// Starts a proxy command, as `ssh` does: by the shell, which it replaces.
pub(super) fn command(command: &str) -> Result<Piped, Fault> {
    let mut shell = Command::new("/bin/sh");
    shell.env_remove(SECRET);
    Group::prepare(&mut shell);
    let spawned = shell
        .args(["-c", &format!("exec {command}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // What it says there is for a terminal, and there may be a thousand of them.
        .stderr(Stdio::null())
        .spawn();
    let broken = |error: &io::Error| {
        Fault::new(Phase::Connect, "its ProxyCommand could not be run")
            .detail(quote(error.to_string().as_bytes()))
            .hint("may this machine run more programs?")
    };
    let mut child = spawned.map_err(|error| broken(&error))?;
    match (child.stdin.take(), child.stdout.take()) {
        (Some(into), Some(out)) => Ok(Piped { into, out, _group: Group::of(&child), _child: child }),
        _ => Err(broken(&io::ErrorKind::BrokenPipe.into())),
    }
}

impl AsyncRead for Piped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.out).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Piped {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.into).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.into).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.into).poll_shutdown(cx)
    }
}
