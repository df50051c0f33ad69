//! Events out: the ordered, resumable feed, and the history of one order.

use crate::access::Capability;
use crate::feed::{FeedError, Selection, events};
use crate::http::bounds::Paged;
use crate::http::caller::Caller;
use crate::http::docs::QueryProblems;
use crate::http::error::ApiError;
use crate::http::negotiation::best;
use crate::http::path::{PathParams, QueryParams};
use crate::http::peer::bearer;
use crate::http::query::{ask, may_block, reached};
use crate::http::respond::{X_POSITION, position_header};
use crate::http::senders::Senders;
use crate::position::{self, PositionError, start_after};
use crate::state::AppState;
use crate::tokens;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::ids::{OrderId, StoreId, TenantId, TokenId};
use domain::stream::Stream;
use eventlog::{Direction, LogReader, Position, Revision, StoredBatch, StoredCommit, Tail};
use projections::Projection;
use schemas::json::{EventJson, PositionToken, WriteError, wire};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::IntoParams;

/// How many bytes are gathered before they are sent.
const CHUNK_BYTES: usize = 64 << 10;
/// How many chunks may wait for a slow reader; then reading the log waits.
const CHUNKS_MAX: usize = 8;
/// How long a feed without news stays silent: its reader, and what stands between, take silence for a lost connection.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How often a feed without news looks whether it has to end.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// How long a feed reads before others have their turn.
const TURN_MAX: Duration = Duration::from_millis(5);
/// Looking one commit up costs about as much as reading past so many events.
const EVENTS_A_LOOKUP: u64 = 16;
/// How many commits are looked up before others have their turn.
const LOOKUPS_A_TURN: usize = 64;
const LAST_EVENT_ID: &str = "last-event-id";
/// How many events of a stream are read at once while the commits of a history are gathered.
const HISTORY_CHUNK: usize = 1_000;

/// What of the feed is wanted.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FeedParams {
    /// The position behind which to start; from the beginning where it is left out. SSE clients may send `Last-Event-ID`.
    after: Option<String>,
    /// Only these event types, separated by commas: `OrderPlaced,OrderCancelled`.
    types: Option<String>,
    /// Only this stream, such as `order-demo.s1.o1`.
    stream: Option<String>,
    /// Only this store.
    #[param(value_type = Option<String>)]
    store: Option<wire::StoreId>,
    /// Whether to go on once the end is reached. SSE always does.
    #[serde(default)]
    follow: bool,
    /// The most events to send.
    limit: Option<u64>,
}

const NDJSON: &str = "application/x-ndjson";
const SSE: &str = "text/event-stream";

/// The form of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Ndjson,
    Sse,
}

/// Replays the tenant's events in the order of the log: NDJSON, or server-sent events with `Accept: text/event-stream`.
///
/// What the security log says (`ActivityRecorded`) is in it only where it is asked for, by `types` or `stream=security-<tenant>`, which takes
/// `read_security`.
///
/// A feed that follows says when it has come to the end, and every ten seconds without an event how far it has read:
/// `{"type":"Heartbeat","position":"..","caught_up":true}`, as a line, or as the event `heartbeat` with the position as its id. A
/// position that is not of this history (the log was restored or replaced) is refused: 409 `position_unknown`, with the `head`.
#[utoipa::path(
    get, path = "/v1/feed", tag = "events", params(FeedParams),
    responses(
        (status = 200, description = "One event a line, or one a message", content(
            (EventJson<'static> = "application/x-ndjson"), (EventJson<'static> = "text/event-stream")
        )),
        QueryProblems
    )
)]
pub async fn feed(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    headers: HeaderMap,
    QueryParams(params): QueryParams<FeedParams>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadEvents)?;
    let form = match best(headers.get_all(header::ACCEPT), &[NDJSON, SSE]) {
        Some(SSE) => Form::Sse,
        Some(_) | None => Form::Ndjson,
    };
    let from = may_block(|| first_wanted(&app.reader, &headers, params.after.as_deref()))?;
    let store = params.store.as_ref().map(|store| store.0);
    let selection = Selection::parse(Some(caller.tenant), params.types.as_deref(), params.stream.as_deref(), store)
        .map_err(ApiError::Query)?;
    // What the security log says comes to who asks for it, and may.
    if !selection.hides_security {
        caller.may(Capability::ReadSecurity)?;
    }
    let selection = within(selection, &caller)?;
    let place = app.feeds.take(caller.tenant, caller.grant.token).map_err(ApiError::Feeds)?;
    let (chunks, stream) = mpsc::channel(CHUNKS_MAX);
    let senders = Senders::of(&app, &caller);
    let token = bearer(&headers).and_then(tokens::parse).ok_or(ApiError::Unauthenticated)?;
    let pump = Pump {
        app,
        token,
        selection,
        senders,
        form,
        follows: params.follow || form == Form::Sse,
        left: params.limit.unwrap_or(u64::MAX),
        chunks,
        buffer: Vec::with_capacity(2 * CHUNK_BYTES),
        sent_at: Instant::now(),
        was_told: false,
    };
    // A thread of its own, because a lowered priority stays with a thread and those of the runtime answer others afterwards.
    let runtime = tokio::runtime::Handle::current();
    let thread = std::thread::Builder::new().name("feed".to_owned()).spawn(move || {
        let _runtime = runtime.enter();
        eventlog::lower_thread_priority();
        pump.run(from);
        drop(place);
    });
    thread.map_err(|error| ApiError::Internal(Box::new(error)))?;
    let kind = match form {
        Form::Ndjson => NDJSON,
        Form::Sse => SSE,
    };
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, Body::from_stream(ReceiverStream::new(stream))).into_response())
}

/// The selection of a caller who is let in at some stores: nothing of others is named, and nothing of them is shown.
fn within(selection: Selection, caller: &Caller) -> Result<Selection, ApiError> {
    let Some(stores) = caller.stores() else { return Ok(selection) };
    let stream = selection.stream.as_deref().and_then(|name| Stream::parse(name).ok());
    match stream.map(|stream| stream.store()) {
        Some(Some(store)) => caller.is_good_at(store)?,
        Some(None) => caller.is_good_everywhere()?,
        None => {}
    }
    if let Some(store) = selection.store {
        caller.is_good_at(store)?;
    }
    Ok(Selection { within: Some(stores.into()), ..selection })
}

/// Where to start. An `EventSource` that lost its connection asks for the address it was made with and says in
/// `Last-Event-ID` how far it came, so that counts more than `after`.
fn first_wanted(reader: &LogReader, headers: &HeaderMap, after: Option<&str>) -> Result<Position, ApiError> {
    const NAME: &str = "Last-Event-ID";
    let bad = |problem: String| ApiError::Header { name: NAME, problem };
    match headers.get(LAST_EVENT_ID).map(|value| value.to_str()) {
        None => start_after(reader, after).map_err(|error| ApiError::position("after", error)),
        Some(Ok(last)) => start_after(reader, Some(last)).map_err(|error| match error {
            PositionError::Malformed(error) => bad(error.to_string()),
            error => ApiError::position(NAME, error),
        }),
        Some(Err(_)) => Err(bad("must be plain text".to_owned())),
    }
}

/// Reads the log and sends what is wanted, at the reader's pace.
struct Pump {
    app: Arc<AppState>,
    /// Whose it is; a token that is revoked takes its feeds with it.
    token: (TokenId, [u8; 32]),
    selection: Selection,
    /// What credentials are called, where its reader may know.
    senders: Option<Senders>,
    form: Form,
    follows: bool,
    left: u64,
    chunks: mpsc::Sender<Result<Bytes, std::io::Error>>,
    buffer: Vec<u8>,
    sent_at: Instant,
    /// Whether its reader was told that it has come to the end.
    was_told: bool,
}

impl Pump {
    fn run(mut self, from: Position) {
        if let Err(error) = self.pump(from) {
            match &error {
                FeedError::Revoked => tracing::info!(token = %self.token.0, "a feed ended: its token was revoked"),
                error => tracing::error!(error = error as &dyn std::error::Error, "a feed ended"),
            }
            // The answer is cut short, so that nobody takes what came for all there is.
            // Its thread and its place do not wait for a reader that takes nothing.
            let chunks = self.chunks;
            tokio::spawn(async move { chunks.send(Err(std::io::Error::other(error))).await });
        }
    }

    fn pump(&mut self, from: Position) -> Result<(), FeedError> {
        let end = self.app.reader.durable();
        let from = self.gather_by_index(from, end)?;
        let tail = self.app.reader.tail(from);
        let mut tail = match self.selection.kinds() {
            Some(kinds) => tail.of_kinds(kinds),
            None => tail,
        };
        // Where a reader that got nothing it wants would go on.
        let mut read = position::token(&self.app.reader, Position(from.0.saturating_sub(1)));
        let mut next = from;
        while 0 < self.left && !self.has_to_end()? {
            match self.read_for_a_turn(&mut tail, from, end)? {
                Turn::Ended => break,
                Turn::Read(last) => {
                    if last.events() != 0 {
                        read = position::token_in(last.id(), Position(last.next_position().0 - 1));
                    }
                    next = last.next_position();
                    if CHUNK_BYTES <= self.buffer.len() {
                        self.send()?;
                    }
                }
                Turn::Nothing if self.buffer.is_empty() && !self.follows => break,
                Turn::Nothing => {
                    self.send()?;
                    if self.follows && !std::mem::replace(&mut self.was_told, true) {
                        self.heartbeat(read)?;
                    }
                    if self.follows {
                        self.app.reader.wait_beyond(next, POLL_INTERVAL);
                    }
                }
            }
            if self.buffer.is_empty() && self.follows && HEARTBEAT <= self.sent_at.elapsed() {
                self.heartbeat(read)?;
            }
        }
        self.send()?;
        Ok(())
    }

    /// Reads and gathers while it is this feed's turn: few feeds read at the same time, whatever their number, and none of them long.
    /// Whoever waits for news or for its reader has no turn.
    fn read_for_a_turn(&mut self, tail: &mut Tail, from: Position, end: Position) -> Result<Turn, FeedError> {
        let app = Arc::clone(&self.app);
        let _turn = app.feeds.turn();
        let (begun, mut last) = (Instant::now(), None);
        while self.buffer.len() < CHUNK_BYTES && 0 < self.left && begun.elapsed() < TURN_MAX {
            match tail.next(Duration::ZERO)? {
                // What came before it is handed over first.
                Some(batch) if !self.follows && end <= batch.first() => {
                    return Ok(last.map_or(Turn::Ended, Turn::Read));
                }
                Some(batch) => {
                    for commit in batch.commits() {
                        self.gather(&batch, &commit, from)?;
                    }
                    last = Some(batch);
                }
                None => break,
            }
        }
        Ok(last.map_or(Turn::Nothing, Turn::Read))
    }

    /// Gathers what a feed of one stream wants before `end` by the log's index, where that is less work than reading what lies between.
    /// Answers from where on the log is to be read.
    fn gather_by_index(&mut self, from: Position, end: Position) -> Result<Position, FeedError> {
        let reader = self.app.reader.clone();
        let Some(stream) = self.selection.stream.clone() else { return Ok(from) };
        let Some(head) = reader.stream_head(&stream)? else { return Ok(from.max(end)) };
        let mut revision = first_revision(&reader, &stream, from, head)?;
        let count = (head.0 + 1).saturating_sub(revision.0);
        if end <= from || end.0 - from.0 < count.saturating_mul(EVENTS_A_LOOKUP) {
            return Ok(from);
        }
        let tenant = Stream::parse(&stream).expect("a selection's stream was parsed").tenant();
        let mut before = None;
        while 0 < self.left && !self.has_to_end()? {
            let app = Arc::clone(&self.app);
            let turn = app.feeds.turn();
            let chunk = reader.read_stream(&stream, revision, Direction::Forward, LOOKUPS_A_TURN)?;
            for event in &chunk {
                revision = Revision(event.revision.0 + 1);
                let commit = Some((event.commit_first, event.command_id));
                if end <= event.commit_first || before == commit || self.left == 0 {
                    continue;
                }
                before = commit;
                let found = reader.find_commit(event.commit_first, event.command_id, tenant.as_str())?;
                let found = found.expect("a commit that a stream's event names is in the log");
                self.gather(found.batch(), &found.commit(), from)?;
            }
            drop(turn);
            if chunk.len() < LOOKUPS_A_TURN || chunk.last().is_some_and(|last| end <= last.commit_first) {
                break;
            }
            if CHUNK_BYTES <= self.buffer.len() {
                self.send()?;
            }
        }
        Ok(end)
    }

    /// Says that the connection lives and how far the log was read, so that a reader of few events goes on from there.
    fn heartbeat(&mut self, read: PositionToken) -> Result<(), FeedError> {
        let is_caught_up = position::newest(&self.app.reader).0 <= read.position;
        let data = format!("{{\"type\":\"Heartbeat\",\"position\":\"{read}\",\"caught_up\":{is_caught_up}}}");
        self.buffer.extend_from_slice(
            match self.form {
                Form::Sse => format!("id: {read}\nevent: heartbeat\ndata: {data}\n\n"),
                Form::Ndjson => format!("{data}\n"),
            }
            .as_bytes(),
        );
        self.send()
    }

    /// Whether nobody listens any more, or the server stops and there is no end to wait for.
    fn has_to_end(&self) -> Result<bool, FeedError> {
        let (token, secret_sha256) = &self.token;
        if self.app.projections.authenticate(*token, secret_sha256, self.app.certain_now()).is_none() {
            return Err(FeedError::Revoked);
        }
        Ok(self.chunks.is_closed() || (self.follows && self.app.feeds.is_closed()))
    }

    /// Writes down what is wanted of a commit.
    fn gather(&mut self, batch: &StoredBatch, commit: &StoredCommit<'_>, from: Position) -> Result<(), FeedError> {
        let Pump { selection, senders, form, buffer, left, .. } = self;
        if *left == 0 {
            return Ok(());
        }
        events(batch, commit, selection, from, |event| {
            if let Some(senders) = senders {
                senders.name(event);
            }
            write(*form, buffer, event)?;
            *left -= 1;
            Ok(0 < *left)
        })
    }

    /// Hands the buffer over once its reader takes it; what ends a feed ends it also meanwhile.
    ///
    /// # Errors
    /// [`FeedError::Revoked`].
    fn send(&mut self) -> Result<(), FeedError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let chunk = std::mem::replace(&mut self.buffer, Vec::with_capacity(2 * CHUNK_BYTES));
        let runtime = tokio::runtime::Handle::current();
        loop {
            let room = runtime.block_on(async { tokio::time::timeout(POLL_INTERVAL, self.chunks.reserve()).await });
            match room {
                Ok(Ok(room)) => {
                    room.send(Ok(chunk.into()));
                    break;
                }
                // Nobody listens any more.
                Ok(Err(_)) => break,
                Err(_) if self.has_to_end()? => break,
                Err(_) => {}
            }
        }
        self.sent_at = Instant::now();
        Ok(())
    }
}

/// What came of a turn of reading.
enum Turn {
    /// It read up to this batch.
    Read(Arc<StoredBatch>),
    /// There is nothing more yet.
    Nothing,
    /// What comes now came after the feed was asked for.
    Ended,
}

/// The first revision of a stream whose event stands at `from` or behind it; the one after `head` where there is none.
fn first_revision(reader: &LogReader, stream: &str, from: Position, head: Revision) -> Result<Revision, FeedError> {
    let (mut low, mut high) = (0, head.0 + 1);
    while from.0 != 0 && low < high {
        let middle = low + (high - low) / 2;
        match reader.read_stream(stream, Revision(middle), Direction::Forward, 1)?.first() {
            Some(event) if event.position < from => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(Revision(low))
}

fn write(form: Form, buffer: &mut Vec<u8>, event: &EventJson<'_>) -> Result<(), WriteError> {
    if form == Form::Sse {
        buffer.extend_from_slice(format!("id: {}\nevent: {}\ndata: ", event.position, event.kind).as_bytes());
    }
    event.write(buffer)?;
    buffer.extend_from_slice(if form == Form::Sse { b"\n\n" } else { b"\n" });
    Ok(())
}

/// Which part of a history.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryParams {
    /// The position behind which to start; from the beginning where it is left out.
    after: Option<String>,
    /// How many events, up to the end of the commit that reaches it; at most 10000, which it is where it is left out.
    limit: Option<usize>,
    /// A position that it has to reach, though it always shows what is durable when the request comes.
    min_position: Option<String>,
}

/// Every event of an order, its payments and its stock, in the order of the log: who, when, why.
///
/// Where there are more than `limit`, the header `Link` names the address of the next page, as `rel="next"` (RFC 8288).
#[utoipa::path(
    get, path = "/v1/stores/{store}/orders/{order}/history", tag = "events",
    params(("store" = String, Path, description = "The store"), ("order" = String, Path, description = "The order"), HistoryParams),
    responses(
        (status = 200, body = Vec<EventJson<'static>>, headers(
            ("Link" = String, description = "`<...>; rel=\"next\"`: the next page; absent on the last")
        )),
        QueryProblems
    )
)]
pub async fn history(
    State(app): State<Arc<AppState>>,
    caller: Caller,
    PathParams((store, order)): PathParams<(wire::StoreId, wire::OrderId)>,
    QueryParams(params): QueryParams<HistoryParams>,
) -> Result<Response, ApiError> {
    caller.may(Capability::ReadEvents)?;
    let limit = Paged::History.limit(params.limit)?;
    let from = may_block(|| start_after(&app.reader, params.after.as_deref()))
        .map_err(|error| ApiError::position("after", error))?;
    if let Some(text) = &params.min_position {
        may_block(|| position::known(&app.reader, text)).map_err(|error| ApiError::position("min_position", error))?;
    }
    let mut streams = vec![Stream::Order(caller.tenant, store.0, order.0)];
    let (related, head) = related_streams(&app, &caller, store.0, order.0).await?;
    streams.extend(related);
    let reader = app.reader.clone();
    let senders = Senders::of(&app, &caller);
    let wanted = Wanted { from, head, limit };
    let read = tokio::task::spawn_blocking(move || read_history(&reader, caller.tenant, &streams, wanted, senders));
    let page = match read.await {
        Ok(Ok(Some(page))) => page,
        Ok(Ok(None)) => return Err(ApiError::NotFound { what: "order" }),
        Ok(Err(error)) => return Err(ApiError::Internal(Box::new(error))),
        Err(error) => return Err(ApiError::Internal(Box::new(error))),
    };
    let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    let mut response = (json, page.body).into_response();
    let headers = response.headers_mut();
    headers.insert(X_POSITION, position_header(position::token(&app.reader, Position(head.0.saturating_sub(1)))));
    if let Some(next) = page.next {
        let address = format!("/v1/stores/{}/orders/{}/history?after={next}&limit={limit}", store.0, order.0);
        let link = HeaderValue::try_from(format!("<{address}>; rel=\"next\"")).expect("ids and positions are ASCII");
        headers.insert(header::LINK, link);
    }
    Ok(response)
}

/// The streams of the attempts to pay an order and of its kitchen tickets before the end of the log, and that end: an
/// attempt that failed has left nothing in the order's own stream, so only a view that is up to date knows them all.
///
/// # Errors
/// [`ApiError`] as for every query; an order that is not there yet has none.
async fn related_streams(
    app: &Arc<AppState>,
    caller: &Caller,
    store: StoreId,
    order: OrderId,
) -> Result<(Vec<Stream>, Position), ApiError> {
    let (head, tenant) = (app.reader.durable(), caller.tenant);
    reached(app, Projection::Orders, Position(head.0.saturating_sub(1))).await?;
    let answer = ask(app, |models| models.order(tenant, store, order))?;
    let Some(order) = answer.value else { return Ok((vec![], head)) };
    let payments = order.payments.iter().map(|payment| Stream::Payment(tenant, store, payment.payment_id.0));
    let tickets = order.ticket_ids.iter().map(|ticket| Stream::Ticket(tenant, store, ticket.0));
    // What an order took over happened before to the one it took it from.
    let sources = order.merged_from.iter().map(|source| Stream::Order(tenant, store, source.0));
    Ok((payments.chain(tickets).chain(sources).collect(), head))
}

/// Which commits of a history.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    from: Position,
    /// What came since is not shown.
    head: Position,
    /// After how many events the page ends.
    limit: usize,
}

/// A page of a history.
struct HistoryPage {
    body: Vec<u8>,
    /// Behind which position the next one starts.
    next: Option<PositionToken>,
}

/// All events of the commits that touched these streams: a commit about an order holds its stock events too. `None` where no
/// commit ever did.
fn read_history(
    reader: &LogReader,
    tenant: TenantId,
    streams: &[Stream],
    wanted: Wanted,
    mut senders: Option<Senders>,
) -> Result<Option<HistoryPage>, FeedError> {
    // Whoever starts in the middle of a commit gets the rest of it.
    let begun = if wanted.from.0 == 0 { None } else { reader.commit_holding(wanted.from)? };
    let from = begun.map_or(wanted.from, |begun| begun.commit().first.min(wanted.from));
    let (mut commits, mut is_known) = (BTreeSet::new(), false);
    for stream in streams {
        is_known |= gather_commits(reader, &stream.to_string(), Wanted { from, ..wanted }, &mut commits)?;
    }
    if !is_known {
        return Ok(None);
    }
    let mut page = HistoryPage { body: vec![b'['], next: None };
    let (all, mut shown, mut last) = (Selection::default(), 0, None);
    for (first, command_id) in commits {
        if wanted.limit <= shown {
            page.next = last.map(|last| position::token(reader, last));
            break;
        }
        let found = reader.find_commit(first, command_id, tenant.as_str())?;
        let found = found.expect("a commit that a stream's event names is in the log");
        events(found.batch(), &found.commit(), &all, wanted.from, |event| {
            if page.body.len() != 1 {
                page.body.push(b',');
            }
            if let Some(senders) = &mut senders {
                senders.name(event);
            }
            (shown, last) = (shown + 1, Some(Position(event.position.position)));
            event.write(&mut page.body).map(|()| true)
        })?;
    }
    page.body.push(b']');
    Ok(Some(page))
}

/// The commits of one stream that may be on the page, and whether the stream has any at all.
fn gather_commits(
    reader: &LogReader,
    stream: &str,
    Wanted { from, head, limit }: Wanted,
    commits: &mut BTreeSet<(Position, u128)>,
) -> Result<bool, FeedError> {
    let (mut revision, mut found) = (Revision(0), 0);
    loop {
        let chunk = reader.read_stream(stream, revision, Direction::Forward, HISTORY_CHUNK)?;
        for event in &chunk {
            // One more commit than the page takes says that there is another page.
            if head <= event.commit_first || limit < found {
                return Ok(true);
            }
            if from <= event.commit_first && commits.insert((event.commit_first, event.command_id)) {
                found += 1;
            }
        }
        match chunk.last() {
            Some(last) if chunk.len() == HISTORY_CHUNK => revision = Revision(last.revision.0 + 1),
            Some(_) => return Ok(true),
            None => return Ok(revision != Revision(0)),
        }
    }
}
