//! The pulse of a connection: tells one that only holds its place from one that works.
//!
//! hyper's own timer runs from the end of one request to the end of the next one's headers, so it can bound idleness or
//! slow headers, not both; and before the first byte says which HTTP is spoken no timer runs at all.

use axum::http::Version;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is known of a connection.
#[derive(Debug)]
pub struct Pulse {
    opened: Instant,
    /// Whether a request has come.
    was_used: AtomicBool,
    /// Under HTTP/2 bytes come between requests, too; it has its own pings and its own bound for headers.
    is_http2: AtomicBool,
    /// Requests that wait for their answers.
    waiting: AtomicUsize,
    /// When the first byte behind the last request came, in milliseconds from `opened`; [`NEVER`] where none has.
    head_since_ms: AtomicU64,
}

const NEVER: u64 = u64::MAX;

/// A request that waits for its answer.
#[derive(Debug)]
pub struct Waiting(Arc<Pulse>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pulse {
    /// The pulse of a connection that was opened now.
    pub fn new() -> Arc<Pulse> {
        Arc::new(Pulse {
            opened: Instant::now(),
            was_used: AtomicBool::new(false),
            is_http2: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
            head_since_ms: AtomicU64::new(NEVER),
        })
    }

    /// A request's headers are there.
    pub fn request(self: &Arc<Pulse>, version: Version) -> Waiting {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.head_since_ms.store(NEVER, Ordering::Relaxed);
        if !self.was_used.swap(true, Ordering::Relaxed) && version == Version::HTTP_2 {
            self.is_http2.store(true, Ordering::Relaxed);
        }
        Waiting(Arc::clone(self))
    }

    fn bytes_came(&self) {
        let is_head = self.waiting.load(Ordering::Relaxed) == 0;
        if is_head && self.head_since_ms.load(Ordering::Relaxed) == NEVER {
            self.head_since_ms.store(self.now_ms(), Ordering::Relaxed);
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(NEVER)
    }

    /// Whether no request came at all for so long, or the headers of the next one have taken so long.
    fn has_stalled(&self, timeout: Duration) -> bool {
        if !self.was_used.load(Ordering::Relaxed) {
            return timeout <= self.opened.elapsed();
        }
        let since = self.head_since_ms.load(Ordering::Relaxed);
        let took = Duration::from_millis(self.now_ms().saturating_sub(since));
        since != NEVER && !self.is_http2.load(Ordering::Relaxed) && timeout <= took
    }

    /// Waits until the connection has stalled: noticed at the latest after twice the timeout.
    pub async fn stalled(&self, timeout: Duration) {
        loop {
            tokio::time::sleep(timeout).await;
            if self.has_stalled(timeout) {
                return;
            }
        }
    }
}

/// A stream whose reads are felt.
#[derive(Debug)]
pub struct Felt<S> {
    stream: S,
    pulse: Arc<Pulse>,
}

impl<S> Felt<S> {
    /// Feels the reads of a stream.
    pub fn new(stream: S, pulse: Arc<Pulse>) -> Felt<S> {
        Felt { stream, pulse }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Felt<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if before < buf.filled().len() {
            self.pulse.bytes_came();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Felt<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_and_slow_headers_stall_and_work_does_not() {
        let (now, late) = (Duration::ZERO, Duration::from_secs(60));
        let pulse = Pulse::new();
        assert!(pulse.has_stalled(now) && !pulse.has_stalled(late), "nothing came yet");
        let request = pulse.request(Version::HTTP_11);
        pulse.bytes_came();
        assert!(!pulse.has_stalled(now), "a body on its way is no head");
        drop(request);
        assert!(!pulse.has_stalled(now), "idleness is not bounded here");
        pulse.bytes_came();
        assert!(pulse.has_stalled(now) && !pulse.has_stalled(late), "the next head has begun");
        drop(pulse.request(Version::HTTP_11));
        assert!(!pulse.has_stalled(now));
        let http2 = Pulse::new();
        drop(http2.request(Version::HTTP_2));
        http2.bytes_came();
        assert!(!http2.has_stalled(now));
    }
}
