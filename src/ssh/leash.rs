//! Holds a connection to its limits: how much the other side may send, and how long it may live.
//!
//! The SSH library runs a connection in a task of its own, which outlives a future that was given
//! up. A leashed stream ends as soon as its owner is gone, and the task with it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;

/// The owner's end: when it is dropped the stream ends.
#[derive(Debug)]
pub(super) struct Leash {
    _held: oneshot::Sender<()>,
}

/// Tells afterwards why a stream ended.
#[derive(Debug, Clone)]
pub(super) struct Farewell(Arc<AtomicBool>);

impl Farewell {
    /// Whether the other side had sent more than it may.
    pub(super) fn over(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A stream on a leash.
#[derive(Debug)]
pub(super) struct Leashed<S> {
    stream: S,
    released: oneshot::Receiver<()>,
    left: u64,
    over: Arc<AtomicBool>,
}

/// Puts a stream on a leash that lets at most `limit` bytes in.
pub(super) fn leash<S>(stream: S, limit: u64) -> (Leashed<S>, Leash, Farewell) {
    let (held, released) = oneshot::channel();
    let over = Arc::new(AtomicBool::new(false));
    let farewell = Farewell(Arc::clone(&over));
    (Leashed { stream, released, left: limit, over }, Leash { _held: held }, farewell)
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
        if self.left == 0 {
            self.over.store(true, Ordering::Relaxed);
            return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into()));
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let came = buffer.filled().len().saturating_sub(before) as u64;
        self.left = self.left.saturating_sub(came);
        polled
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
        far.write_all(&[1; 20]).await.unwrap();
        let mut bytes = [0; 10];
        stream.read_exact(&mut bytes).await.unwrap();
        assert!(stream.read_u8().await.is_err());
        assert!(farewell.over());
    }
}
