//! Sending: workers with a connection each, a schedule, and one thread that releases what is due.

use crate::args::LoadArgs;
use crate::client::{Answer, Client};
use crate::error::LoadError;
use crate::order::{ID_LEN, Prepared, Random, hex};
use crate::report::{Report, Tally};
use std::fs::File;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// The schedule is released in steps no shorter than this: waking up for every single order would cost more than
/// sending it. What it adds to a latency stays in it.
const PACE_STEP: Duration = Duration::from_micros(250);
/// How long an order that got no answer is tried again after the end.
const GRACE: Duration = Duration::from_secs(5);
/// How long a worker rests after a second failure in a row.
const RETRY_PAUSE: Duration = Duration::from_millis(20);

/// What every worker knows.
struct Plan {
    prepared: Prepared,
    pace: Pace,
    /// When it began: once everybody was connected.
    start: OnceLock<Instant>,
    warmup: Duration,
    /// Warm-up and measured time together.
    total: Duration,
    is_paying: bool,
    acks: Option<File>,
}

/// When the next order is due.
enum Pace {
    /// When its connection is free.
    Max { turn: AtomicU64 },
    /// By a schedule: a worker takes a permit and then the next turn.
    Rate { released: Semaphore, taken: AtomicU64, per_s: u64 },
}

/// An order's turn.
#[derive(Clone, Copy, Debug)]
struct Turn {
    number: u64,
    due: Instant,
    now: Instant,
}

/// Sends everything and counts.
///
/// # Errors
/// [`LoadError`] where nothing could be sent or acknowledgements could not be written down.
pub fn run(args: &LoadArgs, prepared: Prepared) -> Result<Report, LoadError> {
    let acks = match &args.acks {
        Some(path) => {
            let file = File::options().append(true).create(true).open(path);
            Some(file.map_err(|source| LoadError::Acks { path: path.clone(), source })?)
        }
        None => None,
    };
    let pace = match args.rate {
        None => Pace::Max { turn: AtomicU64::new(0) },
        Some(rate) => Pace::Rate { released: Semaphore::new(0), taken: AtomicU64::new(0), per_s: u64::from(rate) },
    };
    let plan = Arc::new(Plan {
        prepared,
        pace,
        start: OnceLock::new(),
        warmup: args.warmup,
        total: args.warmup + args.duration,
        is_paying: args.pay,
        acks,
    });
    let threads = args.threads.min(args.connections);
    let connected = Arc::new(Barrier::new(usize::from(threads)));
    let mut handles = vec![];
    for thread in 0..threads {
        // The first threads take one more where the connections do not divide.
        let connections = args.connections / threads + u16::from(thread < args.connections % threads);
        let random = Random::new(entropy()?);
        let (plan, args, connected) = (Arc::clone(&plan), args.clone(), Arc::clone(&connected));
        let send = move || thread_main(&plan, &args, connections, random, &connected);
        handles
            .push(std::thread::Builder::new().name(format!("load-{thread}")).spawn(send).map_err(LoadError::Runtime)?);
    }
    let mut tallies = vec![];
    for handle in handles {
        tallies.push(handle.join().map_err(|_| LoadError::Panicked)??);
    }
    Ok(Report::new(tallies, args, plan.unsent()))
}

/// Ids must differ between runs with the same seed, so their randomness is the system's.
fn entropy() -> Result<u64, getrandom::Error> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

/// One thread with its own event loop, so that no connection's work moves between processors.
fn thread_main(
    plan: &Arc<Plan>,
    args: &LoadArgs,
    connections: u16,
    mut random: Random,
    connected: &Barrier,
) -> Result<Tally, LoadError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(LoadError::Runtime)?;
    let mut clients: Vec<Client> = (0..connections).map(|_| Client::new(args.url.clone())).collect();
    runtime.block_on(async {
        for client in &mut clients {
            // One that fails is tried again with its first order, and counted then.
            let _ = client.connect().await;
        }
    });
    if connected.wait().is_leader() && matches!(plan.pace, Pace::Rate { .. }) {
        let plan = Arc::clone(plan);
        let spawned = std::thread::Builder::new().name("load-pace".to_owned()).spawn(move || plan.release());
        spawned.map_err(LoadError::Runtime)?;
    }
    let tally = Arc::new(Mutex::new(Tally::new()));
    runtime.block_on(async {
        let mut workers = JoinSet::new();
        for client in clients {
            let random = Random::new(random.next());
            let worker = Worker { plan: Arc::clone(plan), tally: Arc::clone(&tally), client, random };
            workers.spawn(worker.run());
        }
        while let Some(ended) = workers.join_next().await {
            ended
                .map_err(|_| LoadError::Panicked)?
                .map_err(|source| LoadError::Acks { path: args.acks.clone().unwrap_or_default(), source })?;
        }
        Ok::<(), LoadError>(())
    })?;
    let tally = Arc::into_inner(tally).ok_or(LoadError::Panicked)?;
    Ok(tally.into_inner().unwrap_or_else(PoisonError::into_inner))
}

impl Plan {
    fn start(&self) -> Instant {
        *self.start.get_or_init(Instant::now)
    }

    fn end(&self) -> Instant {
        self.start() + self.total
    }

    /// Whether what is answered now counts.
    fn is_measured(&self, at: Instant) -> bool {
        let since = at.saturating_duration_since(self.start());
        self.warmup <= since && since < self.total
    }

    /// Waits for the next turn; `None` at the end.
    async fn turn(&self) -> Option<Turn> {
        match &self.pace {
            Pace::Max { turn } => {
                let now = Instant::now();
                let number = turn.fetch_add(1, Ordering::Relaxed);
                (now < self.end()).then_some(Turn { number, due: now, now })
            }
            Pace::Rate { released, taken, per_s } => {
                // The schedule closes at the end: what was released and not taken until then is not sent.
                released.acquire().await.ok()?.forget();
                let number = taken.fetch_add(1, Ordering::Relaxed);
                Some(Turn { number, due: self.start() + due_after(number, *per_s), now: Instant::now() })
            }
        }
    }

    /// Releases turns as they fall due, until the end.
    fn release(&self) {
        let Pace::Rate { released, per_s, .. } = &self.pace else { return };
        let turns = turns_by(self.total, *per_s);
        let mut done = 0;
        while done < turns {
            let since = self.start().elapsed();
            // The turn that is due at this very moment belongs to it, hence one more.
            let due = (turns_by(since, *per_s) + 1).min(turns);
            released.add_permits((due - done) as usize);
            done = due;
            let next = due_after(done, *per_s);
            std::thread::sleep(next.saturating_sub(self.start().elapsed()).max(PACE_STEP));
        }
        std::thread::sleep(self.end().saturating_duration_since(Instant::now()));
        released.close();
    }

    /// Turns of the schedule that nobody was free to take.
    fn unsent(&self) -> u64 {
        match &self.pace {
            Pace::Max { .. } => 0,
            Pace::Rate { taken, per_s, .. } => turns_by(self.total, *per_s) - taken.load(Ordering::Relaxed),
        }
    }
}

const SECOND_NS: u128 = 1_000_000_000;

/// How long after the start a turn is due.
fn due_after(number: u64, per_s: u64) -> Duration {
    Duration::from_nanos((u128::from(number) * SECOND_NS / u128::from(per_s)) as u64)
}

/// How many turns a schedule has in so long a time.
fn turns_by(time: Duration, per_s: u64) -> u64 {
    (time.as_nanos() * u128::from(per_s) / SECOND_NS) as u64
}

/// One connection's sender.
struct Worker {
    plan: Arc<Plan>,
    tally: Arc<Mutex<Tally>>,
    client: Client,
    random: Random,
}

impl Worker {
    async fn run(mut self) -> std::io::Result<()> {
        let plan = Arc::clone(&self.plan);
        let expected = if plan.prepared.are_orders { 201 } else { 200 };
        let mut request = vec![];
        let began = (SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(), Instant::now());
        while let Some(turn) = plan.turn().await {
            let unix = began.0 + turn.now.saturating_duration_since(began.1);
            let order = self.random.uuid_v7(unix.as_millis() as u64);
            plan.prepared.write(turn.number, order, &mut request);
            let Some(answer) = self.deliver(&request, turn.now).await else { continue };
            let now = Instant::now();
            let is_accepted = answer.status == expected;
            if is_accepted {
                self.acknowledge(order)?;
            }
            self.count(turn, now, answer, is_accepted);
            if is_accepted && plan.is_paying && plan.prepared.are_orders {
                plan.prepared.write_payment(turn.number, order, &mut request);
                self.pay(&request).await;
            }
        }
        Ok(())
    }

    /// Rates count what was answered in the measured time; latencies count what was due in it, whenever it was
    /// answered, so that a server that stalls at the end does not look fast.
    fn count(&self, turn: Turn, now: Instant, answer: Answer, is_accepted: bool) {
        let (was_answered, was_due) = (self.plan.is_measured(now), self.plan.is_measured(turn.due));
        let mut tally = self.tally();
        match is_accepted {
            true => {
                if was_answered {
                    tally.accepted();
                }
                if was_due {
                    tally.latency(now.saturating_duration_since(turn.due));
                }
            }
            false if was_answered => tally.refused(answer.status, self.client.body(answer)),
            false => {}
        }
    }

    async fn pay(&mut self, request: &[u8]) {
        let Some(answer) = self.deliver(request, Instant::now()).await else { return };
        if self.plan.is_measured(Instant::now()) {
            match answer.status {
                200 | 201 => self.tally().paid(),
                status => self.tally().payment_refused(status, self.client.body(answer)),
            }
        }
    }

    /// Sends a request, first at `now`, until it is answered, always under the same key; `None` when the time for that is over.
    async fn deliver(&mut self, request: &[u8], mut now: Instant) -> Option<Answer> {
        let give_up = self.plan.end() + GRACE;
        let mut failures = 0;
        loop {
            if let Ok(answer) = self.client.exchange(request, now).await {
                return Some(answer);
            }
            now = Instant::now();
            if give_up <= now {
                self.tally().errors += 1;
                return None;
            }
            failures += 1;
            self.tally().retries += 1;
            // A connection that was closed while idle deserves no pause; a server that is down does.
            if 1 < failures {
                tokio::time::sleep(RETRY_PAUSE).await;
                now = Instant::now();
            }
        }
    }

    fn acknowledge(&self, order: u128) -> std::io::Result<()> {
        let Some(mut file) = self.plan.acks.as_ref() else { return Ok(()) };
        let mut line = [b'\n'; ID_LEN + 1];
        line[..ID_LEN].copy_from_slice(&hex(order));
        // One write to a file opened for appending: lines of different threads do not mix.
        file.write_all(&line)
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::menu::Choice;
    use domain::ids::StoreId;

    fn plan(pace: Pace) -> Plan {
        let target = "http://127.0.0.1:1".parse().unwrap();
        let dish: Choice = [("item_id".to_owned(), serde_json::json!("tea"))].into_iter().collect();
        let prepared = Prepared::orders(&target, "t", &[(StoreId::parse("s1").unwrap(), vec![dish])], 7);
        let (warmup, total) = (Duration::from_secs(2), Duration::from_secs(5));
        Plan { prepared, pace, start: OnceLock::new(), warmup, total, is_paying: false, acks: None }
    }

    #[test]
    fn a_schedule_has_each_turn_in_its_time() {
        for per_s in [1, 3, 7, 1_000, 60_000] {
            for number in [0, 1, 2, 10, 59_999, 1_000_003] {
                let due = due_after(number, per_s);
                assert_eq!(due.as_nanos(), u128::from(number) * 1_000_000_000 / u128::from(per_s));
                // It is one of those due by then, and of none before it by more than the nanosecond that rounding takes.
                let by = turns_by(due + Duration::from_nanos(1), per_s);
                assert!((number..=number + 1).contains(&by), "turn {number} of {per_s} a second: {by}");
                assert!(turns_by(due, per_s) <= number);
            }
            assert_eq!(turns_by(Duration::from_secs(60), per_s), 60 * per_s);
            assert_eq!(turns_by(Duration::ZERO, per_s), 0);
        }
    }

    #[test]
    fn what_is_answered_while_it_warms_up_or_after_the_end_does_not_count() {
        let plan = plan(Pace::Max { turn: AtomicU64::new(0) });
        let at = |millis| plan.start() + Duration::from_millis(millis);
        for (millis, counts) in
            [(0, false), (1_999, false), (2_000, true), (3_500, true), (4_999, true), (5_000, false), (9_000, false)]
        {
            assert_eq!(plan.is_measured(at(millis)), counts, "after {millis} ms");
        }
    }

    #[test]
    fn turns_that_nobody_took_are_unsent() {
        let taken = AtomicU64::new(40);
        assert_eq!(plan(Pace::Rate { released: Semaphore::new(0), taken, per_s: 10 }).unsent(), 10);
        assert_eq!(plan(Pace::Max { turn: AtomicU64::new(40) }).unsent(), 0);
    }
}
