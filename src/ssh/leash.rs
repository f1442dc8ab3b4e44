//! Holds a connection to its limits: how much the other side may send, and how long it may live.
//!
//! The SSH library runs a connection in a task of its own, which outlives a future that was given
//! up. A leashed stream ends as soon as its owner is gone, and the task with it. Lines that a server sends
//! before it says which SSH it speaks, RFC 4253 4.2, are kept here: they often say why there is none.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;

/// How much a server may send before its identification.
const LONGEST_PREAMBLE: usize = 64 << 10;

/// The owner's end: when it is dropped the stream ends.
#[derive(Debug)]
pub(super) struct Leash {
    _held: oneshot::Sender<()>,
}

/// Tells afterwards why a stream ended.
#[derive(Debug, Clone, Default)]
pub(super) struct Farewell(Arc<Told>);

#[derive(Debug, Default)]
struct Told {
    over: AtomicBool,
    received: AtomicU64,
    preamble: OnceLock<Vec<u8>>,
    greeted: AtomicBool,
}

impl Farewell {
    /// Whether the other side had sent more than it may.
    pub(super) fn over(&self) -> bool {
        self.0.over.load(Ordering::Relaxed)
    }

    /// Whether the other side got so far as to say which SSH it speaks.
    pub(super) fn greeted(&self) -> bool {
        self.0.greeted.load(Ordering::Relaxed)
    }

    /// What it said in place of that, or before it.
    pub(super) fn preamble(&self) -> &[u8] {
        self.0.preamble.get().map_or(&[], Vec::as_slice)
    }
}

/// A stream on a leash.
#[derive(Debug)]
pub(super) struct Leashed<S> {
    stream: S,
    released: oneshot::Receiver<()>,
    left: u64,
    told: Arc<Told>,
    /// Bytes before the identification is whole; `None` once it was passed on.
    preamble: Option<Vec<u8>>,
    /// Bytes that were read and not passed on yet.
    ahead: Vec<u8>,
}

/// Puts a stream on a leash that lets at most `limit` bytes in.
pub(super) fn leash<S>(stream: S, limit: u64) -> (Leashed<S>, Leash, Farewell) {
    let (held, released) = oneshot::channel();
    let farewell = Farewell::default();
    let told = Arc::clone(&farewell.0);
    let leashed =
        Leashed { stream, released, left: limit, told, preamble: Some(Vec::new()), ahead: Vec::new() };
    (leashed, Leash { _held: held }, farewell)
}

impl<S: AsyncRead + Unpin> Leashed<S> {
    /// Reads from the stream itself, within the limit.
    fn poll_stream(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.left == 0 {
            self.told.over.store(true, Ordering::Relaxed);
            return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into()));
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let came = buffer.filled().len().saturating_sub(before) as u64;
        self.left = self.left.saturating_sub(came);
        self.told.received.fetch_add(came, Ordering::Relaxed);
        polled
    }

    /// Reads up to the identification; what precedes it is kept from the library.
    fn poll_greeting(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(mut seen) = self.preamble.take() {
            let mut bytes = [0; 4096];
            let most = usize::try_from(self.left).unwrap_or(usize::MAX).clamp(1, bytes.len());
            let mut buffer = ReadBuf::new(bytes.get_mut(..most).unwrap_or_default());
            let polled = self.poll_stream(cx, &mut buffer);
            seen.extend_from_slice(buffer.filled());
            let ended = matches!(polled, Poll::Ready(_)) && buffer.filled().is_empty();
            if let Some(at) = identification(&seen) {
                self.told.greeted.store(true, Ordering::Relaxed);
                self.ahead = seen.split_off(at);
            } else if ended || seen.len() > LONGEST_PREAMBLE {
                // The library shall see the end for itself.
            } else {
                self.preamble = Some(seen);
                std::task::ready!(polled)?;
                continue;
            }
            let _ = self.told.preamble.set(seen);
            if let Poll::Ready(Err(error)) = polled {
                return Poll::Ready(Err(error));
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// Where the line begins that says which SSH is spoken.
fn identification(bytes: &[u8]) -> Option<usize> {
    const WORD: &[u8] = b"SSH-";
    if bytes.starts_with(WORD) {
        return Some(0);
    }
    memchr::memmem::find(bytes, b"\nSSH-").map(|at| at + 1)
}

impl<S: AsyncRead + Unpin> AsyncRead for Leashed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // A receiver that has answered must not be asked again; a closed one answers at every look.
        if self.released.is_terminated() || Pin::new(&mut self.released).poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        if self.preamble.is_some() {
            std::task::ready!(self.poll_greeting(cx))?;
            if self.ahead.is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
        if !self.ahead.is_empty() {
            let length = self.ahead.len().min(buffer.remaining());
            let rest = self.ahead.split_off(length);
            buffer.put_slice(&self.ahead);
            self.ahead = rest;
            return Poll::Ready(Ok(()));
        }
        self.poll_stream(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Leashed<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn a_stream_ends_when_its_owner_is_gone() {
        let (_far, near) = tokio::io::duplex(64);
        let (mut stream, leash, farewell) = leash(near, 1000);
        let reading = tokio::spawn(async move { stream.read_u8().await });
        tokio::task::yield_now().await;
        drop(leash);
        assert_eq!(reading.await.unwrap().unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
        assert!(!farewell.over());
    }

    #[tokio::test]
    async fn the_other_side_may_send_so_much_and_no_more() {
        let (mut far, near) = tokio::io::duplex(64);
        let (mut stream, _leash, farewell) = leash(near, 10);
        far.write_all(b"SSH-2.0-aaaaaaaaaaaa").await.unwrap();
        let mut bytes = [0; 10];
        stream.read_exact(&mut bytes).await.unwrap();
        assert!(stream.read_u8().await.is_err());
        assert!(farewell.over());
    }

    #[tokio::test]
    async fn lines_before_the_identification_are_kept_back() {
        let (mut far, near) = tokio::io::duplex(4096);
        let (mut stream, _leash, farewell) = leash(near, 1 << 20);
        let lines = "a notice\r\n".repeat(100);
        let writing = tokio::spawn(async move {
            for byte in lines.bytes().chain(*b"SSH-2.0-x\r\n") {
                far.write_u8(byte).await.unwrap();
            }
        });
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        writing.await.unwrap();
        assert_eq!(text, "SSH-2.0-x\r\n");
        assert!(farewell.greeted());
        assert_eq!(farewell.preamble().len(), 1000);
    }

    #[tokio::test]
    async fn a_server_that_only_excuses_itself_is_quoted() {
        let (mut far, near) = tokio::io::duplex(4096);
        let (mut stream, _leash, farewell) = leash(near, 1 << 20);
        far.write_all(b"Exceeded MaxStartups\r\n").await.unwrap();
        drop(far);
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert_eq!((text.as_str(), farewell.greeted()), ("", false));
        assert_eq!(farewell.preamble(), b"Exceeded MaxStartups\r\n");
    }
}
