//! The accept loop: limits before anything is parsed, and a shutdown that lets requests finish.
//!
//! `axum::serve` installs no timer, so hyper's header timeout would do nothing under it.

use super::service::HttpService;
use super::stall::{Activity, InFlight, Tracked};
use axum::body::{Body, Bytes};
use axum::extract::Request;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// What a connection may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many connections are served at once; more wait in the kernel's queue.
    pub connections_max: usize,
    /// How long the headers of a request may take from their first byte on, and the first request from the beginning.
    pub header_timeout: Duration,
    /// How long an HTTP/1 connection may wait for its next request; counted in steps of `header_timeout`.
    pub idle_timeout: Duration,
    /// How many bytes the headers of a request may take.
    pub header_bytes_max: usize,
    /// How many requests one HTTP/2 connection may have under way.
    pub http2_streams_max: u32,
    /// How long requests may take to finish once the server stops.
    pub drain_timeout: Duration,
}

impl Limits {
    /// What the binary uses.
    pub const STANDARD: Limits = Limits {
        connections_max: 4_096,
        header_timeout: Duration::from_secs(5),
        idle_timeout: Duration::from_secs(60),
        header_bytes_max: 16 << 10,
        http2_streams_max: 100,
        drain_timeout: Duration::from_secs(10),
    };
}

/// How long the loop rests after the system refused a connection (out of file descriptors, say).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `stop` is ready, then lets open requests finish.
pub async fn serve(listener: TcpListener, service: HttpService, limits: Limits, stop: impl Future<Output = ()>) {
    let builder = builder(limits);
    let service = Arc::new(service);
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(limits.connections_max));
    let mut stop = std::pin::pin!(stop);
    loop {
        let permit = Arc::clone(&room).acquire_owned();
        let accepted = async {
            let permit = permit.await.expect("the semaphore is never closed");
            (listener.accept().await, permit)
        };
        let (accepted, permit) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut stop => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
        let (service, activity) = (Arc::clone(&service), Activity::new());
        let stream = TokioIo::new(Tracked::new(stream, Arc::clone(&activity)));
        let counted = Arc::clone(&activity);
        let serve_request = hyper::service::service_fn(move |request: Request<Incoming>| {
            let (service, in_flight) = (Arc::clone(&service), counted.request(request.version()));
            async move {
                let response = service.call(request).await;
                Ok::<_, Infallible>(response.map(|body| TrackedBody { body, _in_flight: in_flight }))
            }
        });
        let connection = builder.serve_connection_with_upgrades(stream, serve_request).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            tokio::select! {
                ended = connection => {
                    if let Err(error) = ended {
                        tracing::debug!(error, "a connection ended early");
                    }
                }
                () = activity.stalled(limits.header_timeout, limits.idle_timeout) => {
                    tracing::debug!("a connection sent no whole request in time");
                }
            }
            drop(permit);
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.drain_timeout, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still open when the time to finish was over");
    }
}

fn builder(limits: Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // How long headers take, and how long nothing comes, is told by the activity; hyper would make a timer per request.
        .header_read_timeout(None)
        // Less than 8 KiB would make hyper panic. No `pipeline_flush`: it holds back the answer to headers that do not parse.
        .max_buf_size(limits.header_bytes_max.max(8 << 10));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.http2_streams_max)
        .max_header_list_size(u32::try_from(limits.header_bytes_max).unwrap_or(u32::MAX))
        .keep_alive_interval(Duration::from_secs(20));
    builder
}

/// The body of an answer, which keeps its request in flight until it is sent.
struct TrackedBody {
    body: Body,
    _in_flight: InFlight,
}

impl hyper::body::Body for TrackedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
