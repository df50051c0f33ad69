//! The dedup window: which commands were accepted, the young ones in memory, all of them in the log's index of commands.
//!
//! Memory holds every accepted id that may still be on its way to the disk, whatever its form. Beyond that it is enough
//! for a UUIDv7 whose time lies in the window: behind the horizon and no further ahead than clocks differ. Any other id
//! that is not in memory is looked up in the log.

use domain::calendar::Timestamp;
use domain::ids::CommandId;
use eventlog::Position;
use std::collections::HashMap;

/// How far ahead of the engine's clock a client's may be, in microseconds: 5 minutes.
pub(crate) const CLOCK_SKEW_MAX_US: i64 = domain::terminal::CLOCK_AHEAD_MAX_US;

/// How many ids an engine has that is hardly used: it is given no room for more.
const FEW: usize = 4_096;

/// The number of a tenant in this process: names are not kept with each id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TenantNumber(pub u32);

/// What memory says about an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dedup {
    /// Its commit stands here.
    Accepted(Position),
    /// It was never accepted.
    New,
    /// Only the log's index knows; if it was accepted, then at `not_before` or later.
    Unknown {
        /// In microseconds since the epoch.
        not_before: i64,
    },
}

/// What the log's index said about an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IndexLookup {
    /// Everything below this was durable when it was looked up.
    pub as_of: Position,
    /// Where the commit stands, if it was accepted.
    pub first: Option<Position>,
}

/// Ids that were accepted one after the other.
#[derive(Debug, Default)]
struct Generation {
    commits: HashMap<(u64, u64, TenantNumber), Position, foldhash::fast::RandomState>,
    /// The position of the last.
    last: Position,
    /// The highest time in them, of those that were not ahead when they were accepted.
    stamped_max: i64,
}

/// Times that ids, of commands and of what they began, carried ahead of the clock when they were accepted; first and last.
pub(crate) type Ahead = (i64, i64);

/// See the module.
#[derive(Debug)]
pub(crate) struct DedupWindow {
    young: Generation,
    /// Forgotten as a whole once `young` is full and everything in here is durable.
    old: Generation,
    generation_max: usize,
    /// Accepted ids that carry this time or a later one are in memory, those in `ahead` excepted. The lowest where
    /// nothing was ever forgotten: then memory is enough for every id.
    horizon: i64,
    ahead: Option<Ahead>,
    /// The highest position that was forgotten.
    forgotten: Option<Position>,
}

impl DedupWindow {
    /// Nothing was accepted yet. Memory keeps at most `ids_max` durable ids.
    pub(crate) fn new(ids_max: usize) -> DedupWindow {
        DedupWindow {
            young: Generation::default(),
            old: Generation::default(),
            generation_max: (ids_max / 2).max(1),
            horizon: i64::MIN,
            ahead: None,
            forgotten: None,
        }
    }

    /// What memory says about an id at `now`.
    pub(crate) fn look_up(&self, tenant: Option<TenantNumber>, command: CommandId, now: Timestamp) -> Dedup {
        if let Some(tenant) = tenant {
            let key = key(tenant, command);
            if let Some(first) = self.young.commits.get(&key).or_else(|| self.old.commits.get(&key)) {
                return Dedup::Accepted(*first);
            }
        }
        if self.horizon == i64::MIN {
            return Dedup::New;
        }
        match stamp_us(command) {
            Some(stamp) if now.0.saturating_add(CLOCK_SKEW_MAX_US) < stamp || self.is_ahead(stamp) => {
                Dedup::Unknown { not_before: i64::MIN }
            }
            Some(stamp) if self.horizon <= stamp => Dedup::New,
            // It was not ahead when it was accepted, so that was no earlier than this.
            Some(stamp) => Dedup::Unknown { not_before: stamp.saturating_sub(CLOCK_SKEW_MAX_US) },
            None => Dedup::Unknown { not_before: i64::MIN },
        }
    }

    /// Whether a lookup still holds: nothing was forgotten since that it could not have seen.
    pub(crate) fn is_current(&self, looked_up: IndexLookup) -> bool {
        // A commit without events stands at the position of the next event, hence the strict comparison.
        self.forgotten.is_none_or(|forgotten| forgotten < looked_up.as_of)
    }

    /// Remembers an accepted command whose commit stands at `first`.
    pub(crate) fn record(&mut self, tenant: TenantNumber, command: CommandId, first: Position, recorded_at: Timestamp) {
        if let Some(stamp) = stamp_us(command)
            && !self.record_stamp(stamp, recorded_at)
        {
            self.young.stamped_max = self.young.stamped_max.max(stamp);
        }
        if self.young.commits.len() == FEW {
            // Room for all at once: a map that grows holds up the engine while it moves half a million ids.
            self.young.commits.reserve(self.generation_max.saturating_sub(FEW));
        }
        debug_assert!(self.young.last <= first && self.old.last <= first, "commands are accepted in the log's order");
        self.young.last = first;
        self.young.commits.insert(key(tenant, command), first);
    }

    /// Remembers that something that is named by a UUID began; [`DedupWindow::not_before`] tells its name from others.
    pub(crate) fn record_name(&mut self, name: u128, recorded_at: Timestamp) {
        if let Some(stamp) = stamp_us(CommandId(name)) {
            self.record_stamp(stamp, recorded_at);
        }
    }

    /// Remembers a time that was ahead of the clock; returns whether it was.
    fn record_stamp(&mut self, stamp: i64, recorded_at: Timestamp) -> bool {
        let is_ahead = recorded_at.0.saturating_add(CLOCK_SKEW_MAX_US) < stamp;
        if is_ahead {
            let (from, to) = self.ahead.unwrap_or((stamp, stamp));
            self.ahead = Some((from.min(stamp), to.max(stamp)));
        }
        is_ahead
    }

    fn is_ahead(&self, stamp: i64) -> bool {
        self.ahead.is_some_and(|(from, to)| from <= stamp && stamp <= to)
    }

    /// The earliest time, in microseconds since the epoch, at which something of this name may have begun: a UUIDv7 carries
    /// when its client made it. The lowest where the name says nothing of it.
    pub(crate) fn not_before(&self, name: u128) -> i64 {
        match stamp_us(CommandId(name)) {
            Some(stamp) if !self.is_ahead(stamp) => stamp.saturating_sub(CLOCK_SKEW_MAX_US),
            Some(_) | None => i64::MIN,
        }
    }

    /// Forgets the older half once memory holds more than it may and all of that half is indexed: everything below `indexed` is
    /// durable, and the log's index knows it. Returns whether it waits for that.
    pub(crate) fn trim(&mut self, indexed: Position) -> bool {
        if self.young.commits.len() < self.generation_max {
            return false;
        }
        if indexed <= self.old.last && !self.old.commits.is_empty() {
            return true;
        }
        std::mem::swap(&mut self.young, &mut self.old);
        // What was the older half is now where the next ids go; its room is used again.
        let gone = &mut self.young;
        if !gone.commits.is_empty() {
            self.horizon = self.horizon.max(gone.stamped_max.saturating_add(1));
            self.forgotten = self.forgotten.max(Some(gone.last));
            gone.commits.clear();
        }
        gone.stamped_max = 0;
        false
    }

    /// After a start from a checkpoint: everything accepted before `position` is known to the log alone. `last` is the
    /// highest time that was stamped until then.
    pub(crate) fn forget_before(&mut self, position: Position, last: Timestamp, ahead: Option<Ahead>) {
        self.horizon = last.0.saturating_add(CLOCK_SKEW_MAX_US).saturating_add(1);
        self.forgotten = position.0.checked_sub(1).map(Position);
        self.ahead = ahead;
    }

    /// See [`Ahead`].
    pub(crate) fn ahead(&self) -> Option<Ahead> {
        self.ahead
    }

    /// How many ids are in memory.
    pub(crate) fn len(&self) -> usize {
        self.young.commits.len() + self.old.commits.len()
    }
}

fn key(tenant: TenantNumber, CommandId(id): CommandId) -> (u64, u64, TenantNumber) {
    ((id >> 64) as u64, id as u64, tenant)
}

/// The time a UUIDv7 carries, in microseconds since the epoch: its first 48 bits are milliseconds (RFC 9562, 5.7).
fn stamp_us(CommandId(id): CommandId) -> Option<i64> {
    let is_v7 = (id >> 76) & 0xf == 7 && (id >> 62) & 0b11 == 0b10;
    is_v7.then_some((id >> 80) as i64 * 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_US: i64 = 60 * Timestamp::SECOND_US;
    /// 2026-03-02T12:00:00 UTC.
    const NOON: i64 = 1_772_452_800_000_000;

    fn v7(at_us: i64, tail: u64) -> CommandId {
        CommandId(((at_us / 1_000) as u128) << 80 | 7 << 76 | 0b10 << 62 | u128::from(tail))
    }

    fn v4(tail: u64) -> CommandId {
        CommandId(0x1234 << 80 | 4 << 76 | 0b10 << 62 | u128::from(tail))
    }

    const TENANT: TenantNumber = TenantNumber(0);

    #[track_caller]
    fn check(ids: &DedupWindow, command: CommandId, now: i64, then: Dedup) {
        assert_eq!(ids.look_up(Some(TENANT), command, Timestamp(now)), then);
    }

    /// Two accepted in each of the minutes `from..to`, the second of the form 4; everything is durable at once.
    fn accept(ids: &mut DedupWindow, from: i64, to: i64) {
        for minute in from..to {
            let now = NOON + minute * MINUTE_US;
            ids.record(TENANT, v7(now, 0), Position(2 * minute as u64), Timestamp(now));
            ids.record(TENANT, v4(minute as u64), Position(2 * minute as u64 + 1), Timestamp(now));
            ids.trim(Position(2 * minute as u64 + 2));
        }
    }

    #[test]
    fn memory_is_enough_until_something_was_forgotten() {
        let mut ids = DedupWindow::new(8);
        accept(&mut ids, 0, 3);
        check(&ids, v7(NOON, 0), NOON, Dedup::Accepted(Position(0)));
        check(&ids, v4(2), NOON, Dedup::Accepted(Position(5)));
        for never in [v4(9), v7(NOON, 9), v7(NOON + 60 * MINUTE_US, 9), CommandId(0), CommandId(u128::MAX)] {
            check(&ids, never, NOON, Dedup::New);
        }
    }

    #[test]
    fn the_window_moves_and_what_lies_outside_asks() {
        let mut ids = DedupWindow::new(8);
        accept(&mut ids, 0, 100);
        assert!(ids.len() <= 8, "{} ids", ids.len());
        let now = NOON + 99 * MINUTE_US;
        check(&ids, v7(now, 0), now, Dedup::Accepted(Position(198)));
        check(&ids, v4(99), now, Dedup::Accepted(Position(199)));
        check(&ids, v7(now, 9), now, Dedup::New);
        check(&ids, v7(now + 5 * MINUTE_US, 9), now, Dedup::New);
        check(&ids, v7(now + 6 * MINUTE_US, 9), now, Dedup::Unknown { not_before: i64::MIN });
        check(&ids, v7(NOON, 0), now, Dedup::Unknown { not_before: NOON - 5 * MINUTE_US });
        check(&ids, v4(0), now, Dedup::Unknown { not_before: i64::MIN });
        // The other tenant's ids are others.
        assert_eq!(ids.look_up(Some(TenantNumber(1)), v7(now, 0), Timestamp(now)), Dedup::New);
        assert_eq!(ids.look_up(None, v4(99), Timestamp(now)), Dedup::Unknown { not_before: i64::MIN });
    }

    #[test]
    fn nothing_is_forgotten_that_is_not_durable() {
        let mut ids = DedupWindow::new(2);
        for number in 0..100 {
            ids.record(TENANT, v4(number), Position(number), Timestamp(NOON));
            ids.trim(Position(0));
        }
        assert_eq!(ids.len(), 100);
        check(&ids, v4(0), NOON, Dedup::Accepted(Position(0)));
        ids.trim(Position(100));
        ids.record(TENANT, v4(100), Position(100), Timestamp(NOON));
        ids.trim(Position(101));
        assert_eq!(ids.len(), 1);
        check(&ids, v4(0), NOON, Dedup::Unknown { not_before: i64::MIN });
        // An answer of the log from before is no answer any more.
        assert!(!ids.is_current(IndexLookup { as_of: Position(99), first: None }));
        assert!(ids.is_current(IndexLookup { as_of: Position(100), first: None }));
    }

    #[test]
    fn a_name_tells_when_what_it_names_may_have_begun() {
        let mut ids = DedupWindow::new(8);
        let future = NOON + 60 * MINUTE_US;
        for name in [v7(NOON, 1), v7(future, 1)] {
            ids.record_name(name.0, Timestamp(NOON));
        }
        assert_eq!(ids.not_before(v7(NOON, 9).0), NOON - 5 * MINUTE_US);
        // Some of that time began before it had come.
        assert_eq!(ids.not_before(v7(future, 9).0), i64::MIN);
        assert_eq!(ids.not_before(v7(future + MINUTE_US, 9).0), future - 4 * MINUTE_US);
        assert_eq!(ids.not_before(v4(9).0), i64::MIN);
    }

    #[test]
    fn an_id_from_the_future_is_asked_for_when_its_time_has_come() {
        let mut ids = DedupWindow::new(8);
        let future = NOON + 60 * MINUTE_US;
        ids.record(TENANT, v7(future, 0), Position(0), Timestamp(NOON));
        accept(&mut ids, 1, 70);
        check(&ids, v7(future, 0), future, Dedup::Unknown { not_before: i64::MIN });
        let last = NOON + 69 * MINUTE_US;
        check(&ids, v7(last, 9), last, Dedup::New);
        let mut restarted = DedupWindow::new(8);
        restarted.forget_before(Position(140), Timestamp(NOON + 10 * MINUTE_US), ids.ahead());
        check(&restarted, v7(future, 0), future, Dedup::Unknown { not_before: i64::MIN });
    }

    #[test]
    fn after_a_checkpoint_only_later_ids_are_in_memory() {
        let mut ids = DedupWindow::new(8);
        ids.forget_before(Position(10), Timestamp(NOON), None);
        // It may have been accepted just before the checkpoint, from a clock that is ahead.
        check(&ids, v7(NOON + 5 * MINUTE_US, 0), NOON, Dedup::Unknown { not_before: NOON });
        let later = NOON + 6 * MINUTE_US;
        check(&ids, v7(later, 0), later, Dedup::New);
        assert!(!ids.is_current(IndexLookup { as_of: Position(9), first: None }));
        assert!(ids.is_current(IndexLookup { as_of: Position(10), first: None }));
    }
}
