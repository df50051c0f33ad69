//! `comanda replay`: events out, as NDJSON, in the order of the log.

use super::chain::{Chains, each};
use super::common::{TrustArgs, data_dir, fail};
use crate::client::{Client, ClientError};
use crate::feed::{FeedError, Selection, events};
use crate::position::{PositionError, start_after};
use bytes::Bytes;
use clap::Args;
use domain::ids::{StoreId, TenantId};
use eventlog::{LogReader, OpenError, Position, StoredBatch, StoredCommit};
use http_body_util::BodyExt;
use schemas::json::{ChainLine, FieldError};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// How many bytes are gathered before they are written.
const BUFFER_BYTES: usize = 1 << 20;

/// What to replay.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  comanda replay --data ./data --types OrderPlaced,OrderCancelled > orders.ndjson\n  comanda replay --url http://127.0.0.1:8080 --token cmd_... --after 0:918\n  comanda replay --data ./data --chain > chain.ndjson"
)]
pub struct ReplayArgs {
    /// Reads the log in this directory; no server may be running on it [env: COMANDA_DATA] [default: ./data].
    #[arg(long, value_name = "DIR", conflicts_with = "url")]
    data: Option<PathBuf>,
    /// Asks a running server instead.
    #[arg(long, requires = "token")]
    url: Option<String>,
    /// The token to ask with: an analyst's, an auditor's, a manager's or an admin's.
    #[arg(long, env = "COMANDA_TOKEN", hide_env_values = true)]
    token: Option<String>,
    #[command(flatten)]
    trust: TrustArgs,
    /// The position behind which to start, such as `0:918:5f3a09c1`.
    #[arg(long, value_name = "POSITION")]
    after: Option<String>,
    /// Only these event types, separated by commas.
    #[arg(long, value_name = "NAMES")]
    types: Option<String>,
    /// Only this stream, such as `order-demo.s1.o1`.
    #[arg(long)]
    stream: Option<String>,
    /// Only this store.
    #[arg(long, value_parser = |text: &str| StoreId::parse(text).map_err(|bad| bad.to_string()))]
    store: Option<StoreId>,
    /// Only this tenant; of a server, the token says which.
    #[arg(long, value_parser = |text: &str| TenantId::parse(text).map_err(|bad| bad.to_string()))]
    tenant: Option<TenantId>,
    /// The most events to write.
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Writes the chain of hashes over each store's history instead, a link for each event: what `comanda verify --chain` compares
    /// with.
    #[arg(long, conflicts_with_all = ["url", "types", "stream", "limit"])]
    chain: bool,
}

#[derive(Debug, thiserror::Error)]
enum ReplayError {
    #[error("there is no log in {}", dir.display())]
    NoLog { dir: PathBuf },
    #[error("the log does not open (for a server that is running, use --url)")]
    Open(#[from] OpenError),
    #[error("--{} {}", .0.pointer, .0.problem)]
    Field(FieldError),
    #[error("--after {0}")]
    Position(#[from] PositionError),
    #[error(transparent)]
    Feed(#[from] FeedError),
    #[error("cannot write the events")]
    Write(#[from] std::io::Error),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("the server ended the feed early; go on with --after and the last position")]
    Cut(#[source] hyper::Error),
}

/// Replays.
pub fn run(args: &ReplayArgs) -> ExitCode {
    let outcome = match (&args.url, &args.token) {
        (Some(url), Some(token)) => from_server(args, url, token),
        (Some(_), None) | (None, _) if args.chain => chain(args),
        (Some(_), None) | (None, _) => from_directory(args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // A reader that has seen enough (`head`) closes the pipe; that is no failure.
        Err(ReplayError::Write(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// Opens the log of a data directory that has one, for reading.
fn open(data: &Path) -> Result<LogReader, ReplayError> {
    let dir = crate::app::log_dir(data);
    if !dir.is_dir() {
        return Err(ReplayError::NoLog { dir });
    }
    let (log, reader, _) = eventlog::open_embedded(&dir, eventlog::Options::STANDARD)?;
    // The lock is not needed once the log is recovered; readers go on without the writer.
    drop(log);
    Ok(reader)
}

fn from_directory(args: &ReplayArgs) -> Result<(), ReplayError> {
    let selection = Selection::parse(args.tenant, args.types.as_deref(), args.stream.as_deref(), args.store)
        .map_err(ReplayError::Field)?;
    let reader = open(&data_dir(args.data.as_deref()))?;
    let from = start_after(&reader, args.after.as_deref())?;
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, std::io::stdout().lock());
    let mut left = args.limit.unwrap_or(u64::MAX);
    let mut tail = reader.tail(from);
    while 0 < left {
        let Some(batch) = tail.next(Duration::ZERO).map_err(FeedError::Read)? else { break };
        for commit in batch.commits() {
            write_commit((&batch, &commit), &selection, from, &mut left, &mut out)?;
        }
    }
    out.flush()?;
    Ok(())
}

/// Every chain begins with the log, so all of it is read whatever is written.
fn chain(args: &ReplayArgs) -> Result<(), ReplayError> {
    let reader = open(&data_dir(args.data.as_deref()))?;
    let from = start_after(&reader, args.after.as_deref())?;
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, std::io::stdout().lock());
    let mut chains = Chains::default();
    let mut tail = reader.tail(Position(0));
    while let Some(batch) = tail.next(Duration::ZERO).map_err(FeedError::Read)? {
        let mut failed = Ok(());
        each(&batch, |event| {
            let link = chains.link(event);
            let is_wanted = from.0 <= event.position
                && args.tenant.is_none_or(|tenant| tenant.as_str() == event.tenant)
                && args.store.is_none_or(|store| Some(store.as_str()) == event.store());
            if is_wanted && failed.is_ok() {
                let line = ChainLine::new(event.tenant, event.store(), &link);
                failed = serde_json::to_writer(&mut out, &line)
                    .map_err(std::io::Error::from)
                    .and_then(|()| out.write_all(b"\n"));
            }
        });
        failed?;
    }
    out.flush()?;
    Ok(())
}

fn write_commit(
    (batch, commit): (&StoredBatch, &StoredCommit<'_>),
    selection: &Selection,
    from: Position,
    left: &mut u64,
    out: &mut impl Write,
) -> Result<(), ReplayError> {
    let (mut failed, mut line) = (None, vec![]);
    events(batch, commit, selection, from, |event| {
        if *left == 0 {
            return Ok(false);
        }
        *left -= 1;
        line.clear();
        event.write(&mut line)?;
        line.push(b'\n');
        if let Err(error) = out.write_all(&line) {
            failed = Some(error);
            return Ok(false);
        }
        Ok(true)
    })?;
    match failed {
        None => Ok(()),
        Some(error) => Err(error.into()),
    }
}

fn from_server(args: &ReplayArgs, url: &str, token: &str) -> Result<(), ReplayError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut query = vec![];
        for (name, value) in [
            ("after", args.after.clone()),
            ("types", args.types.clone()),
            ("stream", args.stream.clone()),
            ("store", args.store.map(|store| store.to_string())),
            ("limit", args.limit.map(|limit| limit.to_string())),
        ] {
            query.extend(value.map(|value| format!("{name}={value}")));
        }
        let path = format!("/v1/feed?{}", query.join("&"));
        let mut client = Client::trusting(url, token, args.trust.ca.as_deref())?;
        let response = client.stream("GET", &path, &[], Bytes::new()).await?;
        let status = response.status();
        let mut body = response.into_body();
        if !status.is_success() {
            let body = body.collect().await.map_err(ReplayError::Cut)?.to_bytes();
            let body = String::from_utf8_lossy(&body).into_owned();
            return Err(ClientError::Status { status, body }.into());
        }
        let mut out = BufWriter::with_capacity(BUFFER_BYTES, std::io::stdout().lock());
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame.map_err(ReplayError::Cut)?.into_data() {
                out.write_all(&data)?;
            }
        }
        out.flush()?;
        Ok(())
    })
}
