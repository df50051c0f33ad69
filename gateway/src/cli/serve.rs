//! `comanda serve`: everything in one process.

use super::common::fail;
use super::doors::{DoorArgs, DoorError};
use super::lines::{Lines, say_panics};
use super::peers::PeerArgs;
use crate::app::{AppError, Running};
use crate::causes::with_causes;
use crate::demo::{self, DemoToken};
use crate::descriptors::{self, Descriptors, TooFew};
use crate::files;
use crate::http::Door;
use crate::http::block::may_block;
use crate::http::connections::Connections;
use crate::http::rates::{Rates, forget_now_and_then};
use crate::http::server::Server;
use crate::http::tls::Tls;
use crate::http::trace;
use crate::last_use;
use crate::providers::AccountError;
use crate::providers::driver::Driver;
use crate::providers::settings::{Settings, SettingsError};
use crate::security::Recorder;
use clap::Args;
use clap::builder::FalseyValueParser;
use commands::Failure;
use projections::Projection;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{self, Signal, SignalKind};
use tokio::sync::{oneshot, watch};
use tracing_subscriber::EnvFilter;

/// How long everything that a stop finishes and closes may take; the process ends soon after, whatever is left.
const STOP_MAX: Duration = Duration::from_millis(4_500);
/// How much of that payment providers may take that are being asked.
const PROVIDERS_STOP_MAX: Duration = Duration::from_millis(500);
/// How long tasks may take to end, once everything they work for has.
const TASKS_STOP_MAX: Duration = Duration::from_millis(500);
/// How long a start waits for the view a first request needs: stores and menus.
const VIEWS_TIMEOUT: Duration = Duration::from_secs(5);

/// How to serve.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Example:\n  comanda serve --data ./data --listen 127.0.0.1:8080")]
pub struct ServeArgs {
    /// Where the log and the read models are kept.
    #[arg(long, env = "COMANDA_DATA", default_value = "./data", value_name = "DIR")]
    pub data: PathBuf,
    /// Where it listens.
    #[command(flatten)]
    pub doors: DoorArgs,
    /// Does not set up the demo tenant on the first start.
    #[arg(long, env = "COMANDA_NO_DEMO", value_parser = FalseyValueParser::new())]
    pub no_demo: bool,
    /// What to log, as JSON lines on standard error: `info`, `debug`, or by target such as `info,http=debug`.
    #[arg(long, env = "COMANDA_LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,
    /// How long new segments of the log are, in MiB. Each is made in full before it is needed.
    #[arg(long, env = "COMANDA_SEGMENT_MIB", default_value_t = 64, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub segment_mib: u16,
    /// How many threads serve requests; as many as there are processors where it is left out.
    #[arg(long, env = "COMANDA_THREADS", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// The TOML file that names accounts at payment providers; without one none is asked.
    #[arg(long, env = "COMANDA_PROVIDERS", value_name = "FILE")]
    pub providers: Option<PathBuf>,
    /// After how many seconds what credentials did is summed up in the security log; a crash loses no more than that.
    #[arg(long, env = "COMANDA_SECURITY_SUM_S", default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u16).range(1..=3_600))]
    pub security_sum_s: u16,
    /// What the engine keeps in memory.
    #[command(flatten)]
    pub memory: MemoryArgs,
    /// What others may take of it.
    #[command(flatten)]
    pub peers: PeerArgs,
}

/// What the engine keeps in memory. What is not there is read from the disk when somebody asks for it.
#[derive(Clone, Debug, Args)]
pub struct MemoryArgs {
    /// How many stores the engine keeps in memory.
    #[arg(long, env = "COMANDA_STORES_IN_MEMORY", default_value_t = commands::Options::STORES_MAX, value_name = "N")]
    pub stores_in_memory: usize,
    /// How many closed orders of each store it keeps there; none for longer than two days.
    #[arg(long, env = "COMANDA_CLOSED_ORDERS_IN_MEMORY", default_value_t = commands::Options::CLOSED_ORDERS_MAX, value_name = "N")]
    pub closed_orders_in_memory: usize,
    /// How many ids of accepted commands it keeps there, some 45 bytes each.
    #[arg(long, env = "COMANDA_IDS_IN_MEMORY", default_value_t = commands::Options::IDS_MAX, value_name = "N")]
    pub ids_in_memory: usize,
    /// After how many events it takes a snapshot: a start reads no more of the log than that, and what came while it was taken.
    #[arg(long, env = "COMANDA_SNAPSHOT_EVENTS", default_value_t = commands::Options::SNAPSHOT_EVENTS, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub snapshot_events: u64,
}

impl MemoryArgs {
    fn options(&self) -> commands::Options {
        commands::Options {
            stores_max: self.stores_in_memory,
            closed_orders_max: self.closed_orders_in_memory,
            ids_max: self.ids_in_memory,
            snapshot_events: self.snapshot_events,
            ..commands::Options::default()
        }
    }
}

impl ServeArgs {
    /// What happens without a verb: the defaults and the environment.
    pub fn standard() -> ServeArgs {
        /// A command with nothing but these arguments.
        #[derive(clap::Parser)]
        struct Bare {
            #[command(flatten)]
            args: ServeArgs,
        }
        <Bare as clap::Parser>::parse_from(["comanda"]).args
    }
}

/// Why serving ended badly.
#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error("the log filter is not one")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    #[error(transparent)]
    Descriptors(#[from] TooFew),
    #[error(transparent)]
    Door(#[from] DoorError),
    #[error("the settings of payment providers cannot be used")]
    Settings(#[from] SettingsError),
    #[error("payment providers cannot be asked")]
    Providers(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("an account at a payment provider cannot be used")]
    Account(#[from] AccountError),
    #[error("no thread to serve with")]
    Runtime(#[source] std::io::Error),
    #[error(transparent)]
    App(#[from] AppError),
    #[error("cannot listen on {address}; is another server running there? Choose another with --listen")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("the demo tenant was not set up")]
    Demo(#[source] commands::CommandError),
    #[error(transparent)]
    LogFailed(#[from] Failure),
    #[error(transparent)]
    Damaged(eventlog::Corrupt),
}

/// Serves until it is told to stop.
pub fn run(args: &ServeArgs) -> ExitCode {
    let served = serve(args);
    Lines::finish();
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn serve(args: &ServeArgs) -> Result<(), ServeError> {
    let filter = EnvFilter::try_new(&args.log)?;
    // A second subscriber in one process (tests) is no reason not to serve.
    let _ = tracing::subscriber::set_global_default(trace::subscriber(filter, Lines::of_process().clone()));
    say_panics();
    let inherited = descriptors::inherited();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if let Some(threads) = args.threads {
        runtime.worker_threads(usize::from(threads));
    }
    let runtime = runtime.enable_all().build().map_err(ServeError::Runtime)?;
    // From here on, whenever it comes and whatever is logged: what is under way is finished first, and a hangup ends nothing.
    let (told, hangups) = {
        let _in_runtime = runtime.enter();
        (watch_for_stop(Signals::listen()), listen_for(SignalKind::hangup()))
    };
    let descriptors = args.peers.descriptors(inherited)?;
    let tls = args.doors.tls()?.map(Arc::new);
    let providers = args.providers.as_deref().map(Settings::read).transpose()?.unwrap_or_default();
    let bind =
        |address| runtime.block_on(TcpListener::bind(address)).map_err(|source| ServeError::Listen { address, source });
    let listener = bind(args.doors.listen)?;
    let ops_listener = args.doors.ops_listen.map(bind).transpose()?;
    let is_ours_alone = crate::app::is_ours_alone(&args.data);
    let segment_bytes = u64::from(args.segment_mib) << 20;
    let open_files = descriptors.segments;
    let log_options = eventlog::Options { segment_bytes, open_files, ..eventlog::Options::STANDARD };
    let running = Running::start_with(&args.data, log_options, args.memory.options(), providers)?;
    let open = Open { listener, ops_listener, tls, told, hangups };
    let outcome = runtime.block_on(serve_on(args, &running, open, is_ours_alone, &descriptors));
    running.stop();
    // What is kept for providers is closed with the last task that may use it; whatever does not end by then has nothing to add.
    runtime.shutdown_timeout(TASKS_STOP_MAX);
    outcome
}

/// What is open before the log is.
struct Open {
    listener: TcpListener,
    ops_listener: Option<TcpListener>,
    tls: Option<Arc<Tls>>,
    told: watch::Receiver<bool>,
    hangups: Option<Signal>,
}

async fn serve_on(
    args: &ServeArgs,
    running: &Running,
    Open { listener, ops_listener, tls, told: mut signalled, hangups }: Open,
    is_ours_alone: bool,
    descriptors: &Descriptors,
) -> Result<(), ServeError> {
    let address = listener.local_addr().unwrap_or(args.doors.listen);
    let recovered = &running.recovered;
    tracing::info!(
        %address, events = recovered.events, batches = recovered.batches, segments = recovered.segments,
        indexed = recovered.indexed,
        cut_bytes = recovered.truncated_bytes, clean = recovered.clean, "serving"
    );
    // Nothing but the log's own first record: nobody has used it yet, and no earlier start got through.
    let is_fresh = recovered.events <= 1;
    if is_fresh && !args.no_demo && !is_ours_alone {
        tracing::warn!(data = %args.data.display(), "no demo tenant is set up: the data directory holds other files");
    }
    let tokens = match is_fresh && !args.no_demo && is_ours_alone {
        true => demo::set_up(&running.app.engine).await.map_err(ServeError::Demo)?,
        false => vec![],
    };
    let files = [Some(args.data.as_path()), args.doors.tls_key.as_deref(), args.providers.as_deref()];
    files::say_wider(files.into_iter().flatten());
    let head = running.app.reader.durable();
    let last = eventlog::Position(head.0.saturating_sub(1));
    let catalog = Projection::Catalog;
    if running.app.projections.wait_for(catalog, last, VIEWS_TIMEOUT).await.is_err() {
        tracing::warn!(
            view = catalog.as_str(),
            "a view is still behind; requests that need it are refused until it is not"
        );
    }
    running.app.providers.check_stores(&running.app.reader)?;
    if let Some(hangups) = hangups {
        tokio::spawn(read_anew(hangups, tls.clone()));
    }
    tokio::spawn(keep_last_uses(Arc::clone(&running.app), running.last_use.clone()));
    let (is_stopped, told) = oneshot::channel();
    let every = Duration::from_secs(u64::from(args.security_sum_s));
    let recorder = tokio::spawn(record_activity(Arc::clone(&running.app), every, told));
    let driver = Driver::start(&running.app).map_err(ServeError::Providers)?;
    let ops_address = ops_listener.as_ref().and_then(|listener| listener.local_addr().ok());
    announce(args, address, ops_address, &tokens);
    let mut failure = running.app.engine.failure();
    let door = if ops_listener.is_some() { Door::Public } else { Door::Only };
    let rates = Arc::new(Rates::new(&args.peers.rates()));
    tokio::spawn(forget_now_and_then(Arc::clone(&rates)));
    let service = crate::http::service(Arc::clone(&running.app), door, Some(rates));
    let stop = async {
        tokio::select! {
            _ = signalled.wait_for(|told| *told) => tracing::info!("told to stop; finishing what is open"),
            // An engine that another writer took the log from ends alone: reads go on.
            _ = failure.wait_for(|failure| *failure == Some(Failure::Log)) => tracing::error!("the log failed; stopping"),
            corrupt = running.damaged() => tracing::error!(%corrupt, "stopping"),
        }
        // Feeds that follow have no end of their own that could be waited for.
        running.app.feeds.close();
    };
    let server =
        Server::new(service, tls.clone(), Connections::new(args.peers.bounds(descriptors, door)), args.peers.limits());
    // Whoever runs it sees it finish: that door is open until the other one is closed.
    let (stop_ops, is_over) = oneshot::channel::<()>();
    let ops = async {
        if let Some(listener) = ops_listener {
            let service = crate::http::service(Arc::clone(&running.app), Door::Operations, None);
            let connections = Connections::new(args.peers.ops_bounds(descriptors));
            let server = Server::new(service, tls, connections, args.peers.limits());
            server.listen(listener, async { _ = is_over.await }).await;
            server.finish().await;
        }
    };
    let public = async {
        server.listen(listener, stop).await;
        server.finish().await;
        drop(stop_ops);
    };
    tokio::join!(public, ops);
    drop(is_stopped);
    if let Err(error) = recorder.await {
        tracing::error!(%error, "activity is not recorded");
    }
    if let Some(driver) = driver
        && tokio::time::timeout(PROVIDERS_STOP_MAX, driver.stop()).await.is_err()
    {
        tracing::warn!("a provider was still being asked; what it was asked is asked again after the next start");
    }
    if let Some(corrupt) = running.damage() {
        return Err(ServeError::Damaged(corrupt));
    }
    let failed = *running.app.engine.failure().borrow();
    match failed {
        None | Some(Failure::Fenced) => Ok(()),
        Some(failure @ Failure::Log) => Err(failure.into()),
    }
}

/// Waits for the first signal, also while the start is under way, and sees to it that the process has ended in time.
fn watch_for_stop(signals: Signals) -> watch::Receiver<bool> {
    let (tell, told) = watch::channel(false);
    tokio::spawn(async move {
        signals.told().await;
        let end = || {
            std::thread::sleep(STOP_MAX);
            tracing::warn!(
                "not everything was closed in time; what was acknowledged is durable, and the next start recovers the log"
            );
            Lines::finish();
            std::process::exit(0);
        };
        if let Err(error) = std::thread::Builder::new().name("stop".to_owned()).spawn(end) {
            tracing::warn!(%error, "nothing bounds how long the stop takes");
        }
        tell.send_replace(true);
    });
    told
}

/// Keeps when tokens were last used, once an hour: a crash loses no more than that.
async fn keep_last_uses(app: Arc<crate::state::AppState>, file: PathBuf) {
    loop {
        tokio::time::sleep(last_use::EVERY).await;
        may_block(|| last_use::save(&file, &app.projections));
    }
}

/// Records what credentials did, now and then and at the end.
async fn record_activity(app: Arc<crate::state::AppState>, every: Duration, mut told: oneshot::Receiver<()>) {
    let mut recorder = Recorder::default();
    loop {
        let is_over = tokio::time::timeout(every, &mut told).await.is_ok();
        recorder.record(&app.security, &app.engine).await;
        if is_over {
            return;
        }
    }
}

/// Reads the files of TLS anew at each hangup. Connections that are open are left alone.
async fn read_anew(mut hangups: Signal, tls: Option<Arc<Tls>>) {
    while hangups.recv().await.is_some() {
        match tls.as_ref().map(|tls| may_block(|| tls.reload())) {
            None => tracing::info!("hangup: no TLS is spoken, so there is nothing to read anew"),
            Some(Ok(())) => tracing::info!("hangup: new connections have the certificate that was read now"),
            Some(Err(error)) => {
                tracing::error!(error = with_causes(&error), "hangup: the certificate stays the one of before");
            }
        }
    }
}

/// What a person who starts it needs to know; the demo's tokens are printed this once.
fn announce(args: &ServeArgs, address: SocketAddr, ops_address: Option<SocketAddr>, tokens: &[DemoToken]) {
    let scheme = if args.doors.tls_cert.is_some() { "https" } else { "http" };
    let operations = ops_address.map(|address| format!("; operations on {scheme}://{address}")).unwrap_or_default();
    let mut text = format!("comanda serves on {scheme}://{address} (data in {}{operations})\n", args.data.display());
    if !tokens.is_empty() {
        text.push_str("demo tenant with stores s1 and s2; its tokens, shown only now:\n");
    }
    for token in tokens {
        text.push_str(&format!("  {:<12} {}\n", token.name, token.text));
    }
    // In one piece, and nobody who reads it is no reason not to serve.
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// An interrupt (Ctrl-C) and a request to terminate, which mean the same.
struct Signals(Vec<Signal>);

impl Signals {
    /// Takes them from now on: what comes before somebody waits is kept.
    fn listen() -> Signals {
        Signals([SignalKind::interrupt(), SignalKind::terminate()].into_iter().filter_map(listen_for).collect())
    }

    /// Waits for the first of them.
    async fn told(mut self) {
        std::future::poll_fn(|context| {
            let is_told = self.0.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
            if is_told { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// Takes a signal from now on, instead of what the system does with it.
fn listen_for(kind: SignalKind) -> Option<Signal> {
    match unix::signal(kind) {
        Ok(signal) => Some(signal),
        Err(error) => {
            // Then the system's own default ends the process, which loses nothing.
            tracing::warn!(error = with_causes(&error), "cannot listen for a signal");
            None
        }
    }
}
