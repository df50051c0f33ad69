//! Time: the only place where it enters the write side, and where it is judged.
//!
//! A clock that is wrong for a second must not cancel orders, and must not stay in the log. So each reading is held against what
//! is known: the steady clock of the machine, which goes on while it sleeps and which nobody sets, and the newest stamp in the log
//! that was not in doubt when it was made.
//!
//! | the clock | the engine's time meanwhile |
//! |---|---|
//! | runs ahead of the steady clock by more than [`AHEAD_MAX_US`] | goes on from where it was sure, by the steady clock |
//! | stands behind the newest sure stamp by more than [`BEHIND_MAX_US`] | likewise |
//! | stands ahead of it by more than [`AWAY_MAX_US`] when the engine starts | the clock's: nothing tells better how long nobody was here |
//!
//! While one of these holds the clock is in doubt: stamps are marked, and no deadline falls due. It ends by itself once none
//! holds, or when whoever runs the engine confirms the clock ([`Time::confirm`]).

use domain::calendar::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// How far the clock may run ahead of the steady one, in microseconds: 5 minutes.
pub const AHEAD_MAX_US: i64 = 5 * 60 * Timestamp::SECOND_US;
/// How far it may stand behind the newest sure stamp, in microseconds: a minute.
pub const BEHIND_MAX_US: i64 = 60 * Timestamp::SECOND_US;
/// How far ahead of it a start may find the clock, in microseconds: 30 days.
pub const AWAY_MAX_US: i64 = 30 * 24 * 3_600 * Timestamp::SECOND_US;
/// How long the clock is held against one reading of the steady clock, in microseconds: an hour. Over months the two drift apart
/// by more than a jump.
const ANCHOR_MAX_US: i64 = 3_600 * Timestamp::SECOND_US;

/// Where the engine takes the time from.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clocks.
    System,
    /// A test's clock, in microseconds since the Unix epoch, and with it the steady one.
    Manual(Arc<AtomicI64>),
    /// A test's clock that jumps, and the steady one beside it.
    Jumping {
        /// In microseconds since the Unix epoch.
        clock: Arc<AtomicI64>,
        /// In microseconds since whenever.
        steady: Arc<AtomicI64>,
    },
}

/// What both clocks showed, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reading {
    clock: i64,
    steady: i64,
}

impl Clock {
    fn read(&self) -> Reading {
        match self {
            Clock::System => {
                // A clock before 1970 or after the year 290000 is as good as none.
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Reading { clock: i64::try_from(since.as_micros()).unwrap_or(i64::MAX), steady: steady_us() }
            }
            Clock::Manual(us) => {
                let us = us.load(Ordering::SeqCst);
                Reading { clock: us, steady: us }
            }
            Clock::Jumping { clock, steady } => {
                Reading { clock: clock.load(Ordering::SeqCst), steady: steady.load(Ordering::SeqCst) }
            }
        }
    }

    /// What the clock shows, whatever it is worth.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.read().clock)
    }
}

/// The time since the machine was started, sleep included, in microseconds.
#[cfg(target_os = "linux")]
fn steady_us() -> i64 {
    let since = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    since.tv_sec.saturating_mul(Timestamp::SECOND_US).saturating_add(since.tv_nsec / 1_000)
}

/// The time since the first call, in microseconds; whether sleep counts is the system's to say.
#[cfg(not(target_os = "linux"))]
fn steady_us() -> i64 {
    static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    i64::try_from(START.elapsed().as_micros()).unwrap_or(i64::MAX)
}

/// Why a clock is in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It runs ahead of the steady clock.
    Ahead,
    /// It stands behind the newest sure stamp.
    Behind,
    /// It stood far ahead of that stamp when the engine started.
    Away,
}

impl Doubt {
    /// In words, for whoever looks after the clock.
    pub const fn reason(self) -> &'static str {
        match self {
            Doubt::Ahead => "the clock runs more than 5 minutes ahead of the machine's steady clock",
            Doubt::Behind => "the clock stands more than a minute behind the newest time in the log",
            Doubt::Away => {
                "the clock stood more than 30 days ahead of the newest time in the log when the server started"
            }
        }
    }
}

/// What time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The time to go by.
    pub at: Timestamp,
    /// What the clock shows.
    pub clock: Timestamp,
    /// The time that has come for certain, at which credentials end: while the clock is in doubt they neither end before their
    /// time nor does one that has ended come back.
    pub certain: Timestamp,
    /// Why it is in doubt, where it is.
    pub doubt: Option<Doubt>,
}

impl Now {
    /// The time for deadlines of the trade: none while it is in doubt.
    pub fn sure(&self) -> Option<Timestamp> {
        self.doubt.is_none().then_some(self.at)
    }
}

/// No such time yet.
const NONE: i64 = i64::MIN;

/// The time, judged; shared by the engine thread and whoever asks. Every value in it is one word and is right by itself, so that
/// nobody waits for anybody.
#[derive(Debug)]
pub struct Time {
    clock: Clock,
    /// What the steady clock showed at the start.
    started: i64,
    /// How far the clock was ahead of the steady one when it was last anchored.
    offset: AtomicI64,
    /// What the steady clock showed then.
    anchored: AtomicI64,
    /// The newest stamp that was not in doubt.
    stamped: AtomicI64,
}

impl Time {
    /// The time by a clock of which nothing is known; `stamped` is the newest sure stamp in the log.
    pub fn new(clock: Clock, stamped: Option<Timestamp>) -> Time {
        let started = clock.read().steady;
        let stamped = AtomicI64::new(stamped.map_or(NONE, |stamp| stamp.0));
        Time { clock, started, offset: AtomicI64::new(NONE), anchored: AtomicI64::new(NONE), stamped }
    }

    /// What time it is.
    pub fn now(&self) -> Now {
        let reading = self.clock.read();
        let now = self.judge(reading);
        if now.doubt.is_none() {
            self.anchor(reading);
        }
        now
    }

    fn judge(&self, Reading { clock, steady }: Reading) -> Now {
        let known = |value: &AtomicI64| Some(value.load(Ordering::Relaxed)).filter(|value| *value != NONE);
        let stamped = known(&self.stamped);
        // What the clock should show.
        let expected = known(&self.offset).map(|offset| steady.saturating_add(offset));
        let since_start = steady.saturating_sub(self.started);
        let doubt = match (stamped, expected) {
            (Some(stamped), _) if clock < stamped.saturating_sub(BEHIND_MAX_US) => Some(Doubt::Behind),
            (_, Some(expected)) if expected.saturating_add(AHEAD_MAX_US) < clock => Some(Doubt::Ahead),
            (Some(stamped), None) if stamped.saturating_add(since_start).saturating_add(AWAY_MAX_US) < clock => {
                Some(Doubt::Away)
            }
            (_, _) => None,
        };
        let certain = match doubt {
            None => clock,
            Some(_) => expected.or_else(|| stamped.map(|stamped| stamped.saturating_add(since_start))).unwrap_or(clock),
        };
        let at = match doubt {
            None | Some(Doubt::Away) => clock,
            Some(Doubt::Ahead | Doubt::Behind) => certain,
        };
        Now { at: Timestamp(at), clock: Timestamp(clock), certain: Timestamp(certain), doubt }
    }

    /// Holds the clock against this reading from now on, where it has not been for long or went back a little.
    fn anchor(&self, Reading { clock, steady }: Reading) {
        let offset = clock.saturating_sub(steady);
        let held = self.offset.load(Ordering::Relaxed);
        let age = steady.saturating_sub(self.anchored.load(Ordering::Relaxed));
        if held == NONE || offset < held || ANCHOR_MAX_US <= age {
            self.offset.store(offset, Ordering::Relaxed);
            self.anchored.store(steady, Ordering::Relaxed);
        }
    }

    /// A stamp that was not in doubt is in the log.
    pub(crate) fn stamped(&self, at: Timestamp) {
        self.stamped.store(at.0, Ordering::Relaxed);
    }

    /// The newest of them.
    pub fn newest_stamp(&self) -> Option<Timestamp> {
        Some(self.stamped.load(Ordering::Relaxed)).filter(|stamp| *stamp != NONE).map(Timestamp)
    }

    /// The clock is right, whatever is known: whoever runs the engine says so. It is so again after a restart once a command was
    /// accepted since.
    pub fn confirm(&self) -> Now {
        let reading = self.clock.read();
        self.stamped.store(reading.clock, Ordering::Relaxed);
        self.offset.store(reading.clock.saturating_sub(reading.steady), Ordering::Relaxed);
        self.anchored.store(reading.steady, Ordering::Relaxed);
        self.judge(reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = Timestamp::SECOND_US;
    const MINUTE: i64 = 60 * SECOND;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    const NOON: i64 = 1_800_000_000 * SECOND;

    struct Machine {
        clock: Arc<AtomicI64>,
        steady: Arc<AtomicI64>,
        time: Time,
    }

    /// A machine whose clock shows `NOON + ahead` at the start.
    fn started(ahead: i64, stamped: Option<i64>) -> Machine {
        let (clock, steady) = (Arc::new(AtomicI64::new(NOON + ahead)), Arc::new(AtomicI64::new(7 * HOUR)));
        let both = Clock::Jumping { clock: Arc::clone(&clock), steady: Arc::clone(&steady) };
        Machine { clock, steady, time: Time::new(both, stamped.map(|at| Timestamp(NOON + at))) }
    }

    impl Machine {
        /// So long later; `jump` is how far the clock was set meanwhile.
        fn later(&self, passed: i64, jump: i64) -> (Option<Doubt>, i64) {
            self.clock.fetch_add(passed + jump, Ordering::SeqCst);
            self.steady.fetch_add(passed, Ordering::SeqCst);
            let now = self.time.now();
            (now.doubt, now.at.0 - NOON)
        }
    }

    #[test]
    fn the_steady_clock_counts_microseconds() {
        use std::time::{Duration, Instant};
        let (before, first) = (Instant::now(), steady_us());
        let within = Instant::now();
        while within.elapsed() < Duration::from_millis(5) {
            std::hint::spin_loop();
        }
        let (last, all) = (steady_us(), before.elapsed());
        let (spent, least, most) = (i128::from(last - first), 5_000, all.as_micros() as i128);
        // Either clock may be a little further within its microsecond.
        assert!(least - 50 <= spent && spent <= most + 50, "{spent} us, between {least} and {most}");
    }

    #[test]
    fn a_clock_that_jumps_ahead_is_in_doubt_until_it_is_back() {
        let machine = started(0, None);
        assert_eq!(machine.later(0, 0), (None, 0));
        assert_eq!(machine.later(HOUR, 5 * MINUTE), (None, HOUR + 5 * MINUTE), "five minutes are none");
        let machine = started(0, None);
        assert_eq!(machine.later(0, 0), (None, 0));
        assert_eq!(machine.later(10 * SECOND, 400 * DAY), (Some(Doubt::Ahead), 10 * SECOND));
        assert_eq!(machine.later(HOUR, 0), (Some(Doubt::Ahead), HOUR + 10 * SECOND), "its time goes on");
        assert_eq!(machine.later(SECOND, -400 * DAY), (None, HOUR + 11 * SECOND));
    }

    #[test]
    fn small_jumps_add_up_within_an_hour() {
        let machine = started(0, None);
        assert_eq!(machine.later(0, 0), (None, 0));
        assert_eq!(machine.later(MINUTE, 3 * MINUTE).0, None);
        assert_eq!(machine.later(MINUTE, 3 * MINUTE), (Some(Doubt::Ahead), 2 * MINUTE));
        let machine = started(0, None);
        machine.later(0, 0);
        for _ in 0..1_000 {
            // A clock that is a little fast for months.
            assert_eq!(machine.later(HOUR, SECOND).0, None);
        }
    }

    #[test]
    fn a_clock_behind_the_newest_stamp_is_in_doubt() {
        let machine = started(0, None);
        machine.later(0, 0);
        machine.time.stamped(Timestamp(NOON));
        assert_eq!(machine.later(0, -MINUTE), (None, -MINUTE), "it may be set back a little");
        assert_eq!(machine.later(0, -1), (Some(Doubt::Behind), -MINUTE), "and goes on from where it was sure");
        assert_eq!(machine.later(HOUR, 0), (None, HOUR - MINUTE - 1));
    }

    #[test]
    fn a_start_looks_at_the_newest_stamp() {
        assert_eq!(started(0, None).later(0, 0), (None, 0), "an empty log says nothing");
        assert_eq!(started(30 * DAY, Some(0)).later(0, 0), (None, 30 * DAY));
        let machine = started(30 * DAY + 1, Some(0));
        assert_eq!(machine.later(0, 0), (Some(Doubt::Away), 30 * DAY + 1));
        assert_eq!(machine.time.now().certain, Timestamp(NOON), "so much has passed for certain");
        machine.later(HOUR, 0);
        assert_eq!(machine.time.now().certain, Timestamp(NOON + HOUR));
        assert_eq!(machine.later(0, -HOUR).0, None);
        // A battery is empty: until somebody sets the clock its time goes on from the newest stamp.
        let machine = started(-1_000 * DAY, Some(0));
        assert_eq!(machine.later(0, 0), (Some(Doubt::Behind), 0));
        assert_eq!(machine.later(HOUR, 0), (Some(Doubt::Behind), HOUR));
        assert_eq!(machine.later(SECOND, 1_000 * DAY), (None, HOUR + SECOND));
    }

    #[test]
    fn a_machine_that_slept_is_not_in_doubt() {
        let machine = started(0, None);
        machine.later(0, 0);
        machine.time.stamped(Timestamp(NOON));
        // The steady clock goes on while it sleeps.
        assert_eq!(machine.later(90 * DAY, SECOND), (None, 90 * DAY + SECOND));
    }

    #[test]
    fn whoever_runs_it_confirms_the_clock() {
        for (ahead, stamped, doubt) in [(60 * DAY, 0, Doubt::Away), (-DAY, 0, Doubt::Behind)] {
            let machine = started(ahead, Some(stamped));
            assert_eq!(machine.later(0, 0).0, Some(doubt));
            assert_eq!(machine.time.confirm().doubt, None);
            assert_eq!(machine.later(HOUR, 0), (None, ahead + HOUR));
        }
        let machine = started(0, None);
        machine.later(0, 0);
        assert_eq!(machine.later(0, DAY).0, Some(Doubt::Ahead));
        machine.time.confirm();
        assert_eq!(machine.later(0, 0), (None, DAY));
    }
}
