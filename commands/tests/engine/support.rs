//! A restaurant to test with: short names for ids and commands, logs of three kinds, and a disk that holds back its syncs.

use commands::{Accepted, Clock, CommandError, Engine, Envelope, InFlight, Options, Stopped};
use domain::calendar::{CutOff, Timestamp};
use domain::command::{
    Command, MenuCommand, Method, NewLine, NewOrder, OrderCommand, PaymentCommand, Place, StockCommand, StoreCommand,
};
use domain::event::{CancelReason, Channel, DiningMode, Event, PayMode, StockPolicy};
use domain::ids::{ActorId, CommandId, ItemId, LineId, OrderId, PaymentId, Sku, StationId, StoreId, TenantId, Text};
use domain::kitchen::Kitchen;
use domain::menu::{Item, ItemPrice};
use domain::money::{Currency, Money, QtyMilli};
use domain::pricing::PriceRules;
use domain::refused::Refused;
use domain::staff::Approvals;
use domain::store::{CashShifts, Settings};
use domain::stream::Stream;
use eventlog::disk::{Disk, DiskFile, Lock};
use eventlog::sim::SimDisk;
use eventlog::{Background, LogReader, LogWriter, Position};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::time::{Duration, Instant};

/// 2026-03-02T12:00:00 UTC, a Monday.
pub const NOON: i64 = 1_772_452_800_000_000;
pub const SECOND: i64 = Timestamp::SECOND_US;
/// How long an order that is paid first may stay unpaid.
pub const TIMEOUT_S: i64 = 900;
/// Nothing here takes this long: a test that waits so long has found a bug.
const PATIENCE: Duration = Duration::from_secs(60);

macro_rules! short {
    ($($name:ident: $id:ident;)*) => {$(
        pub fn $name(text: &str) -> $id {
            $id::parse(text).expect("a good id")
        }
    )*};
}

short! {
    tenant: TenantId;
    store: StoreId;
    order: OrderId;
    line: LineId;
    item: ItemId;
    payment: PaymentId;
    sku: Sku;
    text: Text;
}

/// The runtime of all tests; they themselves run outside of it, because stopping an engine blocks.
pub fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("a runtime")
    })
}

/// Waits for a future, but not for ever.
#[track_caller]
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    runtime().block_on(async { tokio::time::timeout(PATIENCE, future).await }).expect("an answer in time")
}

/// Waits until `what` says something; for news nobody sends a message about.
#[track_caller]
pub fn until<T>(mut what: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(value) = what() {
            return value;
        }
        assert!(started.elapsed() < PATIENCE, "it never came");
        std::thread::yield_now();
    }
}

/// Says which random numbers a failure came from.
#[expect(clippy::print_stdout, reason = "a test's output is shown when it fails")]
pub fn say_seed(seed: u64) {
    println!("seed {seed}");
}

/// An id nobody has used.
pub fn fresh() -> u128 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    u128::from(NEXT.fetch_add(1, Ordering::Relaxed)) << 64 | 0x7000
}

/// The forms a command's id may have.
#[derive(Clone, Copy, Debug)]
pub enum IdForm {
    /// UUID version 7, stamped with this time in microseconds.
    V7(i64),
    /// UUID version 4.
    V4,
    /// As the engine makes them.
    Derived,
}

/// An id of a form that nobody has used.
pub fn fresh_as(form: IdForm) -> u128 {
    let tail = fresh() >> 64 | 0b10 << 62;
    match form {
        IdForm::V7(stamp_us) => (stamp_us as u128 / 1_000) << 80 | 7 << 76 | tail,
        IdForm::V4 => 0x5eed << 80 | 4 << 76 | tail,
        IdForm::Derived => commands::derived_id(&["test", &format!("{tail}")]).0,
    }
}

pub fn envelope(id: u128, command: Command) -> Envelope {
    Envelope::new(CommandId(id), tenant("m1"), ActorId::parse("till").expect("an id"), command)
}

/// An engine with its clock, and the machine's steady one.
pub struct House {
    pub engine: Engine,
    pub stopped: Stopped,
    pub clock: Arc<AtomicI64>,
    pub steady: Arc<AtomicI64>,
}

impl House {
    pub fn start((log, reader): (LogWriter, LogReader)) -> House {
        House::start_at((log, reader), NOON, Options::QUEUE_MAX)
    }

    pub fn start_at(log: (LogWriter, LogReader), now: i64, queue_max: usize) -> House {
        House::start_with(log, now, Options { queue_max, ..Options::default() })
    }

    /// The clock of the options is replaced by one that stands at `now`, and the log may take as long as a test likes.
    pub fn start_with(log: (LogWriter, LogReader), now: i64, options: Options) -> House {
        House::start_exactly(log, now, Options { append_slow: Duration::MAX, ..options })
    }

    /// With a log that is away as soon as an append is under way.
    pub fn start_impatient(log: (LogWriter, LogReader)) -> House {
        House::start_exactly(log, NOON, Options { append_slow: Duration::ZERO, ..Options::default() })
    }

    fn start_exactly((log, reader): (LogWriter, LogReader), now: i64, options: Options) -> House {
        let (clock, steady) = (Arc::new(AtomicI64::new(now)), Arc::new(AtomicI64::new(now)));
        let both = Clock::Jumping { clock: Arc::clone(&clock), steady: Arc::clone(&steady) };
        let (engine, stopped) = Engine::start(log, reader, Options { clock: both, ..options }).expect("an engine");
        House { engine, stopped, clock, steady }
    }

    /// A house with a menu, store `s1` and so many burgers.
    pub fn furnished(log: (LogWriter, LogReader), burgers: u32) -> House {
        let house = House::start(log);
        house.furnish(burgers);
        house
    }

    pub fn furnish(&self, burgers: u32) {
        for (id, kept) in [("burger", Some("burger")), ("soup", None)] {
            self.must(Command::Menu(MenuCommand::UpsertItem(dish(id, 1_000, kept))));
        }
        self.must(Command::Menu(MenuCommand::Publish));
        self.must(put("s1"));
        self.must(to_stock(StockCommand::SetPolicy {
            sku: sku("burger"),
            policy: StockPolicy::Counted { auto86: false },
        }));
        if burgers != 0 {
            self.must(receive(burgers));
        }
    }

    #[track_caller]
    pub fn ask(&self, command: Command) -> Result<Accepted, CommandError> {
        self.send(envelope(fresh(), command))
    }

    #[track_caller]
    pub fn send(&self, envelope: Envelope) -> Result<Accepted, CommandError> {
        wait(self.engine.submit(envelope))
    }

    #[track_caller]
    pub fn must(&self, command: Command) -> Accepted {
        self.ask(command).expect("accepted")
    }

    #[track_caller]
    pub fn refused(&self, command: Command) -> Refused {
        refusal(self.ask(command))
    }

    #[track_caller]
    pub fn outcome(&self, ticket: InFlight) -> Result<Accepted, CommandError> {
        wait(self.engine.outcome(ticket))
    }

    #[track_caller]
    pub fn enqueue(&self, command: Command) -> InFlight {
        self.engine.enqueue(envelope(fresh(), command)).expect("room in the queue")
    }

    /// Time passes: both clocks go on.
    pub fn set_clock(&self, seconds: i64) {
        self.jump(seconds);
        self.steady.store(NOON + seconds * SECOND, Ordering::SeqCst);
    }

    /// Somebody sets the clock, and no time passes.
    pub fn jump(&self, seconds: i64) {
        self.clock.store(NOON + seconds * SECOND, Ordering::SeqCst);
    }

    /// Waits for an event in the log and answers how many of them there are.
    #[track_caller]
    pub fn await_events(&self, count: usize, wanted: impl Fn(&Event) -> bool) {
        let reader = self.engine.reader();
        let mut head = Position(0);
        until(|| {
            // An event that is there already moves nothing any more, so the first round does not wait.
            let timeout = Duration::from_millis(if head == Position(0) { 0 } else { 1_000 });
            head = reader.wait_beyond(head, timeout);
            (count <= count_events(reader, &wanted)).then_some(())
        });
    }

    pub fn stop(self) -> LogWriter {
        self.stopped.stop().expect("the log comes back")
    }
}

pub fn count_events(reader: &LogReader, wanted: impl Fn(&Event) -> bool) -> usize {
    commits(reader).iter().flat_map(|commit| &commit.events).filter(|event| wanted(&event.event)).count()
}

#[track_caller]
pub fn refusal(outcome: Result<Accepted, CommandError>) -> Refused {
    match outcome {
        Err(CommandError::Refused(refused)) => refused,
        other => panic!("{other:?} is not a refusal"),
    }
}

pub fn dish(id: &str, price: i64, kept: Option<&str>) -> Item {
    Item {
        id: item(id),
        name: text(id),
        category: None,
        price: ItemPrice::Fixed(Money(price)),
        variations: vec![],
        groups: vec![],
        taxes: vec![],
        sku: kept.map(sku),
        station: kept.map(|_| StationId::parse("grill").expect("an id")),
        mode_taxes: vec![],
        dayparts: vec![],
    }
}

pub fn settings() -> Settings {
    Settings {
        name: text("Corner"),
        currency: Currency::new("USD", 2).expect("a currency"),
        time_zone: text("America/New_York"),
        cut_off: CutOff::parse("04:00").expect("a cut-off"),
        rules: PriceRules::default(),
        payment_timeout_s: TIMEOUT_S as u32,
        approvals: Approvals::default(),
        cash_shifts: CashShifts::Off,
        kitchen: Kitchen::Off,
        offline_age_s: None,
        seals_texts: false,
        offline: Default::default(),
    }
}

pub fn to_store(command: StoreCommand) -> Command {
    Command::Store(store("s1"), command)
}

pub fn put(id: &str) -> Command {
    Command::Store(store(id), StoreCommand::Put(settings()))
}

pub fn to_stock(command: StockCommand) -> Command {
    to_store(StoreCommand::Stock(command))
}

pub fn receive(burgers: u32) -> Command {
    to_stock(StockCommand::Receive { sku: sku("burger"), qty: QtyMilli::pieces(burgers), reference: None })
}

pub fn new_line(id: &str, dish: &str, qty: u32) -> NewLine {
    NewLine::plain(line(id), item(dish), QtyMilli::pieces(qty))
}

pub fn new_order(pay_mode: PayMode, lines: Vec<NewLine>) -> NewOrder {
    NewOrder {
        channel: Channel::Pos,
        dining_mode: DiningMode::DineIn,
        pay_mode,
        table: None,
        guests: 1,
        customer_ref: None,
        promised_at: None,
        tax_exempt: None,
        currency: None,
        display_number: None,
        lines,
        discounts: vec![],
        service_charges: vec![],
        place: Some(Place { expected_total: None }),
        pay: None,
        training: false,
    }
}

pub fn to_order(id: &str, command: OrderCommand) -> Command {
    to_store(StoreCommand::Order(order(id), command))
}

/// Opens and places an order of so many burgers, to be paid at the end.
pub fn burgers(id: &str, qty: u32) -> Command {
    to_order(id, OrderCommand::Open(new_order(PayMode::Later, vec![new_line("l1", "burger", qty)])))
}

/// Opens and places an order of so many burgers, to be paid first.
pub fn burgers_first(id: &str, qty: u32) -> Command {
    to_order(id, OrderCommand::Open(new_order(PayMode::First, vec![new_line("l1", "burger", qty)])))
}

pub fn cancel(id: &str) -> Command {
    to_order(id, OrderCommand::Cancel { reason: CancelReason::Requested(text("wish")) })
}

pub fn pay(id: &str, of: &str, method: Method) -> Command {
    let initiate = PaymentCommand::Initiate {
        check: None,
        order: order(of),
        amount: None,
        tip: Money::ZERO,
        method,
        expected_total: None,
    };
    to_store(StoreCommand::Payment(payment(id), initiate))
}

pub fn cash(id: &str, of: &str) -> Command {
    pay(id, of, Method::Cash { tendered: None, drawer: None })
}

/// A commit as the log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    pub tenant: String,
    pub command_id: u128,
    pub recorded_at: i64,
    pub time_in_doubt: bool,
    pub first: u64,
    pub events: Vec<LoggedEvent>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedEvent {
    pub stream: String,
    pub revision: u64,
    pub position: u64,
    pub event: Event,
}

/// Every durable commit but the log's own.
pub fn commits(reader: &LogReader) -> Vec<Logged> {
    let mut tail = reader.tail(Position(0));
    let mut commits = vec![];
    while let Some(batch) = tail.next(Duration::ZERO).expect("the log reads") {
        for commit in batch.commits().filter(|commit| !commit.tenant.is_empty()) {
            let events = commit.events().map(|event| {
                let stream = Stream::parse(event.stream).expect("a stream");
                LoggedEvent {
                    stream: event.stream.to_owned(),
                    revision: event.revision.0,
                    position: event.position.0,
                    event: schemas::stored::decode(&stream, event.body).expect("an event"),
                }
            });
            commits.push(Logged {
                tenant: commit.tenant.to_owned(),
                command_id: commit.command_id,
                recorded_at: commit.recorded_at,
                time_in_doubt: schemas::stored::CommitMeta::decode(commit.meta).expect("it is whole").time_in_doubt,
                first: commit.first.0,
                events: events.collect(),
            });
        }
    }
    commits
}

const OPTIONS: eventlog::Options =
    eventlog::Options { segment_bytes: 64 << 10, recent_bytes: 1 << 20, open_files: 4, background: Background::Inline };

pub fn open_real(dir: &Path) -> (LogWriter, LogReader) {
    let (log, reader, _) = eventlog::open_embedded(dir, OPTIONS).expect("a log");
    (log, reader)
}

/// A disk that counts its syncs, holds them back and lets them fail, over a simulated one.
#[derive(Clone)]
pub struct GateDisk {
    pub sim: SimDisk,
    pub gate: Arc<Gate>,
}

#[derive(Default)]
pub struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Default)]
struct GateState {
    is_closed: bool,
    /// How many syncs may pass although it is closed.
    allowed: u32,
    waiting: u32,
    then: Then,
}

#[derive(Clone, Copy, Default)]
enum Then {
    #[default]
    Sync,
    Fail,
    Panic,
}

impl GateDisk {
    pub fn new() -> GateDisk {
        GateDisk::seeded(7)
    }

    pub fn seeded(seed: u64) -> GateDisk {
        GateDisk { sim: SimDisk::new(seed), gate: Arc::default() }
    }

    pub fn open(&self) -> (LogWriter, LogReader) {
        let disk: Arc<dyn Disk> = Arc::new(self.clone());
        let (log, reader, _) = eventlog::open_on(disk, Path::new("/log"), OPTIONS).expect("a log");
        (log, reader)
    }

    /// Holds back every sync from now on.
    pub fn close_gate(&self) {
        self.change(|state| state.is_closed = true);
    }

    /// Lets one sync pass.
    pub fn allow_one(&self) {
        self.change(|state| state.allowed += 1);
    }

    pub fn open_gate(&self) {
        self.change(|state| state.is_closed = false);
    }

    /// Lets every sync fail from now on, those that are held back first.
    pub fn fail_syncs(&self) {
        self.change(|state| (state.is_closed, state.then) = (false, Then::Fail));
    }

    /// Lets whoever syncs panic.
    pub fn panic_in_syncs(&self) {
        self.change(|state| (state.is_closed, state.then) = (false, Then::Panic));
    }

    /// The process dies and another one finds what reached the disk.
    pub fn reborn(&self) -> GateDisk {
        self.sim.kill();
        GateDisk { sim: self.sim.clone(), gate: Arc::default() }
    }

    /// Waits until a sync is held back.
    pub fn await_sync(&self) {
        let mut state = self.gate.state.lock().expect("a gate");
        while state.waiting == 0 {
            let (now, timeout) = self.gate.changed.wait_timeout(state, PATIENCE).expect("a gate");
            assert!(!timeout.timed_out(), "nobody syncs");
            state = now;
        }
    }

    fn change(&self, change: impl FnOnce(&mut GateState)) {
        change(&mut self.gate.state.lock().expect("a gate"));
        self.gate.changed.notify_all();
    }

    fn pass(&self) -> io::Result<()> {
        let mut state = self.gate.state.lock().expect("a gate");
        state.waiting += 1;
        self.gate.changed.notify_all();
        while state.is_closed && state.allowed == 0 {
            state = self.gate.changed.wait(state).expect("a gate");
        }
        state.waiting -= 1;
        if state.is_closed {
            state.allowed -= 1;
        }
        let then = state.then;
        drop(state);
        match then {
            Then::Sync => Ok(()),
            Then::Fail => Err(io::Error::other("the disk is broken")),
            Then::Panic => panic!("a bug in the log"),
        }
    }
}

struct GateFile {
    inner: Box<dyn DiskFile>,
    disk: GateDisk,
}

impl DiskFile for GateFile {
    fn read_at(&self, into: &mut Vec<u8>, len: usize, offset: u64) -> io::Result<usize> {
        self.inner.read_at(into, len, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.inner.write_at(bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk.pass()?;
        self.inner.sync_data()
    }

    fn size(&self) -> io::Result<u64> {
        self.inner.size()
    }
}

impl GateDisk {
    fn gated(&self, inner: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        Box::new(GateFile { inner, disk: self.clone() })
    }
}

impl Disk for GateDisk {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        self.sim.create_dir(dir)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.sim.list(dir)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(self.gated(self.sim.create(path)?))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(self.gated(self.sim.open(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.sim.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.sim.remove(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.sim.sync_dir(dir)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Lock>>> {
        self.sim.lock(path)
    }

    fn random(&self) -> io::Result<u64> {
        self.sim.random()
    }
}
