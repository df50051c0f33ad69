//! Stalled connections: tells one that is idle, or slow to send its headers, from one that works.
//!
//! hyper's own timer runs from the end of one request to the end of the next one's headers, so it can bound idleness or
//! slow headers, not both; before the first byte says which HTTP is spoken no timer runs at all; and it is made anew for
//! every request. Here one timer of the connection looks now and then whether anything has changed: a request costs no
//! more than a count, and no clock is read.

use axum::http::Version;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a connection has done so far. Requests are counted on the threads that serve them, so all of it is atomic.
#[derive(Debug, Default)]
pub struct Activity {
    requests: AtomicU64,
    /// Requests whose answers are not sent whole.
    in_flight: AtomicUsize,
    /// Whether bytes of the next request have come.
    has_partial_head: AtomicBool,
    /// Under HTTP/2 bytes come between requests, too; it has its own pings and its own bound for headers.
    is_http2: AtomicBool,
}

/// A request whose answer is not sent whole.
#[derive(Debug)]
pub struct InFlight(Arc<Activity>);

impl Drop for InFlight {
    fn drop(&mut self) {
        let before = self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
        debug_assert!(0 < before, "each request in flight ends once");
    }
}

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    First,
    /// The rest of the headers of the request behind so many.
    Rest(u64),
    /// The request behind so many.
    Next(u64),
    /// Nothing that is bounded here.
    Nothing,
}

impl Activity {
    /// Of a connection that was opened now.
    pub fn new() -> Arc<Activity> {
        Arc::default()
    }

    /// A request's headers are there. It is in flight until what is given is dropped.
    pub fn request(self: &Arc<Activity>, version: Version) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.has_partial_head.store(false, Ordering::Relaxed);
        if self.requests.fetch_add(1, Ordering::Relaxed) == 0 && version == Version::HTTP_2 {
            self.is_http2.store(true, Ordering::Relaxed);
        }
        InFlight(Arc::clone(self))
    }

    fn bytes_read(&self) {
        if self.in_flight.load(Ordering::Relaxed) == 0 {
            self.has_partial_head.store(true, Ordering::Relaxed);
        }
    }

    fn waiting(&self) -> Waiting {
        let requests = self.requests.load(Ordering::Relaxed);
        if requests == 0 {
            Waiting::First
        } else if self.is_http2.load(Ordering::Relaxed) || 0 < self.in_flight.load(Ordering::Relaxed) {
            Waiting::Nothing
        } else if self.has_partial_head.load(Ordering::Relaxed) {
            Waiting::Rest(requests)
        } else {
            Waiting::Next(requests)
        }
    }

    /// Waits until no request has come at all for `head`, or the headers of the next one have taken so long, or nothing
    /// has come for `idle`. It is noticed at the latest one `head` after that.
    pub async fn stalled(&self, head: Duration, idle: Duration) {
        let mut watch = StallTimer::default();
        while !watch.has_stalled(self.waiting(), head, idle) {
            tokio::time::sleep(head).await;
        }
    }
}

/// What was seen at one look after the other, a `head` apart.
#[derive(Debug, Default)]
struct StallTimer {
    last: Option<Waiting>,
    /// How many looks ago that was first seen.
    looks: u32,
}

impl StallTimer {
    fn has_stalled(&mut self, waiting: Waiting, head: Duration, idle: Duration) -> bool {
        let is_same = self.last.replace(waiting) == Some(waiting);
        self.looks = if is_same { self.looks.saturating_add(1) } else { 0 };
        let waited = head.saturating_mul(self.looks);
        match waiting {
            Waiting::First | Waiting::Rest(_) => head <= waited,
            Waiting::Next(_) => idle <= waited,
            Waiting::Nothing => false,
        }
    }
}

/// A stream whose reads count as activity.
#[derive(Debug)]
pub struct Tracked<S> {
    stream: S,
    activity: Arc<Activity>,
}

impl<S> Tracked<S> {
    /// Tracks the reads of a stream.
    pub fn new(stream: S, activity: Arc<Activity>) -> Tracked<S> {
        Tracked { stream, activity }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tracked<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if before < buf.filled().len() {
            self.activity.bytes_read();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tracked<S> {
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

    const HEAD: Duration = Duration::from_secs(5);

    /// Looks so often and says whether the last look found the connection stalled, and none before it did.
    #[track_caller]
    fn look(activity: &Activity, watch: &mut StallTimer, looks: usize) -> bool {
        let found: Vec<bool> = (0..looks).map(|_| watch.has_stalled(activity.waiting(), HEAD, 3 * HEAD)).collect();
        assert!(!found[..looks - 1].contains(&true), "{found:?}");
        found[looks - 1]
    }

    #[test]
    fn silence_and_slow_headers_stall_and_work_does_not() {
        let (activity, mut watch) = (Activity::new(), StallTimer::default());
        assert!(look(&activity, &mut watch, 2), "nothing came");
        activity.bytes_read();
        assert!(look(&activity, &mut StallTimer::default(), 2), "nothing whole came");
        let open = activity.request(Version::HTTP_11);
        activity.bytes_read();
        assert!(!look(&activity, &mut watch, 20), "a body on its way is no head, and an answer may take long");
        drop(open);
        assert!(look(&activity, &mut watch, 4), "idle");
        drop(activity.request(Version::HTTP_11));
        assert!(!look(&activity, &mut watch, 3), "idle anew");
        activity.bytes_read();
        assert!(look(&activity, &mut watch, 2), "the next head has begun");
        drop(activity.request(Version::HTTP_11));
        activity.bytes_read();
        assert!(!look(&activity, &mut watch, 1), "another head has begun since the last look");
        let http2 = Activity::new();
        drop(http2.request(Version::HTTP_2));
        http2.bytes_read();
        assert!(!look(&http2, &mut StallTimer::default(), 20));
    }

    #[tokio::test]
    async fn a_connection_without_requests_stalls_by_itself() {
        let head = Duration::from_millis(5);
        Activity::new().stalled(head, 3 * head).await;
    }
}
