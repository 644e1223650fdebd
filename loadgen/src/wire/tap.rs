//! A socket that notes when a request left.
//!
//! Handing a request to an HTTP library is not yet sending it; in a burst,
//! milliseconds lie between. What counts is when its first byte was written.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// An instant has no atomic; nanoseconds since this one have.
static BASE: LazyLock<Instant> = LazyLock::new(Instant::now);

/// When the first byte since the last look was written.
#[derive(Debug, Clone, Default)]
pub(super) struct Departure(Arc<AtomicU64>);

impl Departure {
    /// Forgets the request before.
    pub(super) fn arm(&self) {
        LazyLock::force(&BASE);
        self.0.store(0, Ordering::Relaxed);
    }

    pub(super) fn time(&self) -> Option<Instant> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            nanos => Some(*BASE + Duration::from_nanos(nanos)),
        }
    }

    fn note(&self) {
        if self.0.load(Ordering::Relaxed) == 0 {
            let nanos = BASE.elapsed().as_nanos() as u64;
            self.0.store(nanos.max(1), Ordering::Relaxed);
        }
    }
}

/// The socket.
#[derive(Debug)]
pub(super) struct Tap {
    pub(super) socket: TcpStream,
    pub(super) departure: Departure,
}

impl AsyncRead for Tap {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buf)
    }
}

impl AsyncWrite for Tap {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        if let Poll::Ready(Ok(1..)) = written {
            self.departure.note();
        }
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, bytes);
        if let Poll::Ready(Ok(1..)) = written {
            self.departure.note();
        }
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
