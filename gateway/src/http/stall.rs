//! Stalled connections: tells one that is idle, or slow to send its headers, from one that works.
//!
//! hyper's own timer runs from the end of one request to the end of the next one's headers, so it can bound idleness or
//! slow headers, not both; before the first byte says which HTTP is spoken no timer runs at all; and it is made anew for
//! every request. Here one timer of the connection looks now and then whether anything has changed: a request costs no
//! more than a count, and no clock is read.

use super::frames::Frames;
use axum::http::Version;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// For how many looks back it is known how many answers wait for their peer: a few more than a connection may live with.
const LOOKS: u32 = 128;

/// What a connection has done so far. Requests are counted on the threads that serve them, so all of it is atomic.
#[derive(Debug)]
pub struct Activity {
    requests: AtomicU64,
    /// Requests whose answers are not sent whole.
    in_flight: AtomicUsize,
    /// Whether bytes of the next request have come.
    has_partial_head: AtomicBool,
    /// Under HTTP/2 bytes come between requests, too; it has its own pings and its own bound for headers.
    is_http2: AtomicBool,
    /// How often was looked.
    looks: AtomicU32,
    /// Behind which look the system took no more bytes; 0 while it takes them.
    write_waits: AtomicU32,
    /// How many answers wait for the peer to take more of them, by the look since which they do.
    waiting: [AtomicU32; LOOKS as usize],
}

impl Default for Activity {
    fn default() -> Activity {
        Activity {
            requests: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            has_partial_head: AtomicBool::new(false),
            is_http2: AtomicBool::new(false),
            looks: AtomicU32::new(1),
            write_waits: AtomicU32::new(0),
            waiting: std::array::from_fn(|_| AtomicU32::new(0)),
        }
    }
}

/// How long a connection may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the first request, and for the headers of each from their first byte on. It is looked so often.
    pub head: Duration,
    /// Without a request.
    pub idle: Duration,
    /// Without taking more of an answer that is there.
    pub progress: Duration,
}

impl Patience {
    /// So often within `head` that no bound is overstepped by more than half of itself.
    fn look(&self) -> Duration {
        self.head.min(self.idle / 2).min(self.progress / 2).max(self.progress / (LOOKS / 2))
    }
}

/// Why a connection is let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Let {
    /// It may finish what is under way.
    Idle,
    /// Nothing of it goes on.
    Stalled,
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

impl InFlight {
    /// Its answer is there, or a part of it, and the peer has to take it.
    pub fn waits(&self) -> Waits {
        let look = self.0.looks.load(Ordering::Relaxed);
        self.0.waiting[(look % LOOKS) as usize].fetch_add(1, Ordering::Relaxed);
        Waits { activity: Arc::clone(&self.0), look }
    }
}

/// An answer of which there is something to take, until the transport comes for it.
#[derive(Debug)]
pub struct Waits {
    activity: Arc<Activity>,
    look: u32,
}

impl Drop for Waits {
    fn drop(&mut self) {
        self.activity.waiting[(self.look % LOOKS) as usize].fetch_sub(1, Ordering::Relaxed);
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
        } else if self.is_busy() {
            Waiting::Nothing
        } else if self.has_partial_head.load(Ordering::Relaxed) && !self.is_http2.load(Ordering::Relaxed) {
            Waiting::Rest(requests)
        } else {
            Waiting::Next(requests)
        }
    }

    /// Whether a request is under way.
    pub fn is_busy(&self) -> bool {
        0 < self.in_flight.load(Ordering::Relaxed)
    }

    /// Whether the peer has taken nothing for so many looks of what is there for it.
    fn is_untaken(&self, looks: u32) -> bool {
        debug_assert!(looks < LOOKS, "the ring is longer than anybody's patience");
        let now = self.looks.load(Ordering::Relaxed);
        let since = self.write_waits.load(Ordering::Relaxed);
        let is_old = |look: u32| looks <= now.wrapping_sub(look);
        let answers = (looks..LOOKS - 1).map(|ago| now.wrapping_sub(ago));
        (since != 0 && is_old(since))
            || answers.into_iter().any(|look| 0 < self.waiting[(look % LOOKS) as usize].load(Ordering::Relaxed))
    }

    /// Waits until no request has come at all for `head`, or the headers of the next one have taken so long, or nothing
    /// has come for `idle`, or the peer takes nothing of what is there for it. It is noticed at the latest one look after that.
    pub async fn let_go(&self, patience: Patience) -> Let {
        let (mut watch, look) = (StallTimer::default(), patience.look());
        let untaken = u32::try_from(patience.progress.as_nanos().div_ceil(look.as_nanos().max(1))).unwrap_or(u32::MAX);
        let untaken = untaken.saturating_add(1).min(LOOKS - 2);
        loop {
            let waiting = self.waiting();
            if watch.has_stalled(waiting, look, patience) {
                return if matches!(waiting, Waiting::Next(_)) { Let::Idle } else { Let::Stalled };
            }
            if self.is_untaken(untaken) {
                return Let::Stalled;
            }
            tokio::time::sleep(look).await;
            // Never 0, which says that nothing waits.
            let looks = self.looks.load(Ordering::Relaxed);
            self.looks.store(looks.wrapping_add(1).max(1), Ordering::Relaxed);
        }
    }

    fn wrote(&self, is_taken: bool) {
        match is_taken {
            true => self.write_waits.store(0, Ordering::Relaxed),
            false => {
                let now = self.looks.load(Ordering::Relaxed);
                // What waits already waits since then.
                let _ = self.write_waits.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
            }
        }
    }
}

/// What was seen at one look after the other.
#[derive(Debug, Default)]
struct StallTimer {
    last: Option<Waiting>,
    /// How many looks ago that was first seen.
    looks: u32,
}

impl StallTimer {
    fn has_stalled(&mut self, waiting: Waiting, look: Duration, patience: Patience) -> bool {
        let is_same = self.last.replace(waiting) == Some(waiting);
        self.looks = if is_same { self.looks.saturating_add(1) } else { 0 };
        let waited = look.saturating_mul(self.looks);
        match waiting {
            Waiting::First | Waiting::Rest(_) => patience.head <= waited,
            Waiting::Next(_) => patience.idle <= waited,
            Waiting::Nothing => false,
        }
    }
}

/// A stream whose reads and writes count as activity, and whose peer may send only so many control frames.
#[derive(Debug)]
pub struct Tracked<S> {
    stream: S,
    activity: Arc<Activity>,
    frames: Frames,
}

impl<S> Tracked<S> {
    /// Tracks a stream.
    pub fn new(stream: S, activity: Arc<Activity>) -> Tracked<S> {
        Tracked { stream, activity, frames: Frames::new(Instant::now()) }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Tracked<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        let bytes = &buf.filled()[before..];
        if !bytes.is_empty() {
            self.activity.bytes_read();
            if self.frames.read(bytes, Instant::now) {
                if let Some(farewell) = self.frames.farewell() {
                    // Whether it is taken or not, this is the end.
                    let _ = Pin::new(&mut self.stream).poll_write(cx, &farewell);
                    let _ = Pin::new(&mut self.stream).poll_flush(cx);
                }
                return Poll::Ready(Err(io::Error::other("more control frames than a connection may send")));
            }
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tracked<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.activity.wrote(written.is_ready());
        if let Poll::Ready(Ok(count)) = written {
            self.frames.wrote(&buf[..count]);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        // TLS takes bytes that the system does not: they wait here.
        self.activity.wrote(flushed.is_ready());
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.activity.wrote(written.is_ready());
        if let Poll::Ready(Ok(mut left)) = written {
            for buf in bufs {
                let count = left.min(buf.len());
                self.frames.wrote(&buf[..count]);
                left -= count;
            }
        }
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: Duration = Duration::from_secs(5);
    const PATIENCE: Patience =
        Patience { head: HEAD, idle: Duration::from_secs(15), progress: Duration::from_secs(30) };

    /// Looks so often and says whether the last look found the connection stalled, and none before it did.
    #[track_caller]
    fn look(activity: &Activity, watch: &mut StallTimer, looks: usize) -> bool {
        let found: Vec<bool> = (0..looks).map(|_| watch.has_stalled(activity.waiting(), HEAD, PATIENCE)).collect();
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
        let open = http2.request(Version::HTTP_2);
        http2.bytes_read();
        assert!(!look(&http2, &mut StallTimer::default(), 20));
        drop(open);
        http2.bytes_read();
        assert!(look(&http2, &mut StallTimer::default(), 4), "idle under HTTP/2, whatever frames come");
    }

    fn next_look(activity: &Activity) {
        activity.looks.fetch_add(1, Ordering::Relaxed);
    }

    #[test]
    fn what_is_not_taken_is_noticed_whatever_else_is() {
        let activity = Activity::new();
        let request = activity.request(Version::HTTP_2);
        let stuck = request.waits();
        for _ in 0..5 {
            next_look(&activity);
            // Another answer of the connection goes on.
            drop(request.waits());
            assert!(!activity.is_untaken(6));
        }
        next_look(&activity);
        assert!(activity.is_untaken(6));
        drop(stuck);
        assert!(!activity.is_untaken(6));
    }

    #[test]
    fn a_system_that_takes_no_bytes_is_noticed() {
        let activity = Activity::new();
        activity.wrote(false);
        for _ in 0..3 {
            next_look(&activity);
            activity.wrote(false);
        }
        assert!(activity.is_untaken(3));
        activity.wrote(true);
        assert!(!activity.is_untaken(3));
    }

    #[tokio::test]
    async fn a_connection_without_requests_stalls_by_itself() {
        let head = Duration::from_millis(5);
        let patience = Patience { head, idle: 3 * head, progress: 6 * head };
        assert_eq!(Activity::new().let_go(patience).await, Let::Stalled);
        let idle = Activity::new();
        drop(idle.request(Version::HTTP_2));
        assert_eq!(idle.let_go(patience).await, Let::Idle);
    }
}
