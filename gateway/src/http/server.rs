//! The accept loop: limits before anything is parsed, and a shutdown that lets requests finish.
//!
//! `axum::serve` installs no timer, so hyper's header timeout would do nothing under it.

use super::answer::Answer;
use super::connections::{Connection, Connections, Place};
use super::error::ApiError;
use super::service::HttpService;
use super::stall::{Let, Patience, Tracked};
use super::tls::{Secured, Tls};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use hyper::body::{Body, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep};

/// What a connection may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long a peer may take.
    pub patience: Patience,
    /// How long the handshake of TLS may take.
    pub handshake: Duration,
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
        patience: Patience {
            head: Duration::from_secs(5),
            idle: Duration::from_secs(60),
            progress: Duration::from_secs(30),
        },
        handshake: Duration::from_secs(5),
        header_bytes_max: 16 << 10,
        http2_streams_max: 100,
        drain_timeout: Duration::from_secs(3),
    };
}

/// How long the loop rests after the system refused a connection (out of file descriptors, say).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long a connection that was told to end may take for it.
const GRACE: Duration = Duration::from_secs(2);
/// How much of one answer HTTP/2 holds beside what its peer asked for, and how much of one connection's bodies nobody has read.
const HTTP2_SEND_BYTES: usize = 16 << 10;
const HTTP2_BODY_BYTES: u32 = 64 << 10;
const HTTP2_BODIES_BYTES: u32 = 256 << 10;
/// What a connection is told for which there is no room. Who speaks HTTP/2, or TLS, only sees that it is closed.
const NO_ROOM: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// What all connections of a server have in common, whatever they came in by.
pub struct Server {
    service: HttpService,
    tls: Option<Arc<Tls>>,
    connections: Arc<Connections>,
    limits: Limits,
    builder: Builder<TokioExecutor>,
    phase: watch::Sender<Phase>,
}

/// How far a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Serving,
    /// Requests that are open are finished.
    Finishing,
    /// Nothing is waited for.
    Over,
}

impl Server {
    /// A server without a connection; plain HTTP without TLS.
    pub fn new(
        service: HttpService,
        tls: Option<Arc<Tls>>,
        connections: Arc<Connections>,
        limits: Limits,
    ) -> Arc<Server> {
        let (builder, phase) = (builder(limits), watch::Sender::new(Phase::Serving));
        Arc::new(Server { service, tls, connections, limits, builder, phase })
    }

    /// Takes in what comes to a listener until `stop` is ready.
    pub async fn listen(self: &Arc<Server>, listener: TcpListener, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = &mut stop => break,
            };
            let (stream, address) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let Some(place) = self.connections.admit(address.ip()).await else {
                tracing::warn!("a connection was refused: there is no room for it");
                if self.tls.is_none() {
                    refuse(&stream);
                }
                continue;
            };
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection keeps its delay");
            }
            // What is written is not taken yet: a feed's few bytes fit into the system's buffers for hours.
            let progress = u32::try_from(self.limits.patience.progress.as_millis()).unwrap_or(u32::MAX);
            if let Err(error) = rustix::net::sockopt::set_tcp_user_timeout(&stream, progress) {
                tracing::debug!(%error, "a connection whose peer takes nothing is noticed late");
            }
            let phase = self.phase.subscribe();
            tokio::spawn(Arc::clone(self).take_in(stream, place, phase));
        }
    }

    /// Lets open requests finish, once nothing is taken in any more.
    pub async fn finish(&self) {
        self.phase.send_replace(Phase::Finishing);
        if tokio::time::timeout(self.limits.drain_timeout, self.phase.closed()).await.is_err() {
            tracing::warn!("requests were still open when the time to finish was over");
            self.phase.send_replace(Phase::Over);
        }
    }

    /// Does the handshake, where there is one, and serves a connection to its end. Its place is taken from the first byte on.
    async fn take_in(self: Arc<Server>, stream: TcpStream, place: Place, mut phase: watch::Receiver<Phase>) {
        let Some(tls) = self.tls.clone() else { return self.attend(stream, place, phase).await };
        let connection = Arc::clone(place.connection());
        let accepted = tokio::select! {
            accepted = tokio::time::timeout(self.limits.handshake, tls.accept(stream)) => accepted,
            () = connection.has_to_end() => return,
            // Nothing was asked over it yet.
            _ = phase.changed() => return,
        };
        match accepted {
            Ok(Ok(Secured { stream, lacks_certificate })) => {
                if lacks_certificate {
                    connection.is_without_certificate();
                }
                self.attend(stream, place, phase).await;
            }
            Ok(Err(error)) => tracing::debug!(%error, "a connection had no handshake of TLS"),
            Err(_) => tracing::debug!("a handshake of TLS took too long"),
        }
    }

    /// Serves a connection to its end.
    async fn attend<S>(self: Arc<Server>, stream: S, place: Place, mut phase: watch::Receiver<Phase>)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let connection = Arc::clone(place.connection());
        let activity = Arc::clone(connection.activity());
        let stream = TokioIo::new(Tracked::new(stream, Arc::clone(&activity)));
        let (server, over) = (Arc::clone(&self), Arc::clone(&connection));
        let answer = hyper::service::service_fn(move |request: Request<Incoming>| {
            let (server, connection) = (Arc::clone(&server), Arc::clone(&over));
            async move { Ok::<_, Infallible>(server.answer(request, &connection).await) }
        });
        let mut serving = std::pin::pin!(self.builder.serve_connection(stream, answer));
        let mut let_go = std::pin::pin!(activity.let_go(self.limits.patience));
        let mut grace: Option<Pin<Box<Sleep>>> = None;
        loop {
            let why = tokio::select! {
                ended = serving.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(error, "a connection ended early");
                    }
                    return;
                }
                why = let_go.as_mut(), if grace.is_none() => why,
                () = connection.has_to_end() => {
                    // What it may be told it is told, and nothing is waited for: another one needs the place.
                    serving.as_mut().graceful_shutdown();
                    std::future::poll_fn(|context| {
                        let _ = serving.as_mut().poll(context);
                        std::task::Poll::Ready(())
                    })
                    .await;
                    tracing::debug!("a connection made room for another one");
                    return;
                }
                changed = phase.changed() => match changed {
                    Ok(()) if *phase.borrow_and_update() == Phase::Finishing => {
                        serving.as_mut().graceful_shutdown();
                        continue;
                    }
                    Ok(()) | Err(_) => return,
                },
                () = async { grace.as_mut().expect("it is only waited for where there is one").await }, if grace.is_some() => return,
            };
            match why {
                Let::Stalled => {
                    tracing::debug!("a connection does not go on");
                    return;
                }
                Let::Idle => {
                    serving.as_mut().graceful_shutdown();
                    grace = Some(Box::pin(tokio::time::sleep_until(Instant::now() + GRACE)));
                }
            }
        }
    }

    async fn answer(&self, request: Request<Incoming>, connection: &Arc<Connection>) -> Response<Answer> {
        let in_flight = connection.activity().request(request.version());
        let is_safe = request.method().is_safe();
        let mut response = self.service.call(request, connection).await;
        let bytes = |response: &Response| response.body().size_hint().exact().unwrap_or(0);
        let mut unsent = connection.hold(bytes(&response));
        // What changed something is told whatever waits: the answers to commands are short.
        if !unsent.is_within() && is_safe {
            drop(unsent);
            response = ApiError::Unsent.into_response();
            unsent = connection.hold(bytes(&response));
        }
        let meter = response.extensions_mut().remove();
        response.map(|body| Answer::new(body, in_flight, unsent, meter))
    }
}

/// Tells a connection that there is no room for it, where that takes no waiting, and closes it.
fn refuse(stream: &TcpStream) {
    // Nobody is let down by what does not get through: the connection is closed all the same.
    let _ = stream.try_write(NO_ROOM);
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
        .max_send_buf_size(HTTP2_SEND_BYTES)
        .initial_stream_window_size(HTTP2_BODY_BYTES)
        .initial_connection_window_size(HTTP2_BODIES_BYTES)
        .keep_alive_interval(Duration::from_secs(20));
    builder
}
