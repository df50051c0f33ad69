//! Taking snapshots, a few stores at a time between commands, and evicting idle stores.

use super::EngineThread;
use crate::envelope::AggregateId;
use crate::snapshot_writer::{ROWS_MAX, SnapshotPart, Snapshots, UnderWay, WriteOutcome, WriteReport};
use crate::stats::Stats;
use domain::calendar::Timestamp;

/// How many stores are copied for the snapshot between two looks at the queue,
const ROWS_PER_TURN: usize = 4;
/// and how many orders they may have in memory before the turn is over: tills wait for as long as those take.
const ORDERS_PER_TURN: usize = 2_048;
/// How many rows may be on their way to the snapshot thread.
const ROWS_IN_FLIGHT_MAX: usize = 2 * ROWS_MAX;
/// How long after a snapshot that was taken to evict stores the next may be, in microseconds.
const PAUSE_US: i64 = Timestamp::SECOND_US;

impl EngineThread {
    /// Goes on with the snapshot, begins the next, evicts idle stores; returns whether there is more to do now.
    pub(super) fn snapshot(&mut self) -> bool {
        let Some(mut snapshots) = self.snapshots.take() else { return false };
        while let Ok(report) = snapshots.reports.try_recv() {
            self.take_report(&mut snapshots, report);
        }
        if snapshots.under_way.is_none() && self.is_renewed(&mut snapshots) {
            let is_behind = snapshots.events <= self.state.next.0.saturating_sub(snapshots.began.0);
            // A time that was set back is as good as a pause.
            let is_rested = PAUSE_US <= self.state.now.0.saturating_sub(snapshots.began_at.0).saturating_abs();
            if is_rested && self.is_over_capacity(&snapshots) {
                self.evict(&snapshots);
            }
            // What is still too much is not in the snapshot as it is now.
            if is_behind || is_rested && self.is_over_capacity(&snapshots) {
                self.begin_snapshot(&mut snapshots);
            }
        }
        let is_more = self.hand_over(&mut snapshots);
        self.snapshots = Some(snapshots);
        is_more
    }

    /// Whether there is a snapshot to write to. Where the file was lost there is one again once every store is in memory: until then they
    /// are loaded, in the background and as commands ask for them, and none is evicted.
    fn is_renewed(&mut self, snapshots: &mut Snapshots) -> bool {
        if !snapshots.snapshot.is_lost() {
            return true;
        }
        // Once: what does not load is left to the commands that ask for it.
        if !std::mem::replace(&mut snapshots.is_warming_up, true) {
            self.state.warm_up_evicted();
        }
        if !self.state.is_all_resident() {
            return false;
        }
        snapshots.is_warming_up = false;
        self.state.forget_rows();
        snapshots.snapshot.renew();
        self.begin_snapshot(snapshots);
        false
    }

    /// Whether more stores are resident than should be, and some to spare.
    fn is_over_capacity(&self, snapshots: &Snapshots) -> bool {
        snapshots.stores_max + snapshots.stores_max / 8 < self.state.resident_count()
    }

    fn begin_snapshot(&mut self, snapshots: &mut Snapshots) {
        let (checkpoint, stores) = self.state.checkpoint(snapshots.snapshot.log);
        (snapshots.began, snapshots.began_at) = (self.state.next, self.state.now);
        snapshots.under_way =
            Some(UnderWay { checkpoint: Some(checkpoint), stores, rows_in_flight: 0, has_failed: false });
    }

    /// Hands a few stores to the snapshot thread; returns whether there is more to do now.
    fn hand_over(&mut self, snapshots: &mut Snapshots) -> bool {
        let Some(under_way) = &mut snapshots.under_way else { return false };
        let mut orders = 0;
        for _ in 0..ROWS_PER_TURN {
            if ORDERS_PER_TURN <= orders {
                return true;
            }
            if ROWS_IN_FLIGHT_MAX <= under_way.rows_in_flight {
                return false;
            }
            let part = match under_way.stores.pop_front() {
                Some((tenant, store)) => match self.state.image(tenant, store) {
                    Some(image) => {
                        orders += image.row.as_ref().map_or(0, |row| row.parts.live.len());
                        under_way.rows_in_flight += 1;
                        SnapshotPart::Store(Box::new(image))
                    }
                    None => continue,
                },
                None => match under_way.checkpoint.take() {
                    Some(checkpoint) => SnapshotPart::Checkpoint(checkpoint),
                    None => return false,
                },
            };
            if snapshots.parts.send(part).is_err() {
                tracing::error!("the snapshot thread has ended; no more snapshots are taken");
                return false;
            }
        }
        true
    }

    fn take_report(&mut self, snapshots: &mut Snapshots, WriteReport { rows, is_last, outcome }: WriteReport) {
        let Some(under_way) = &mut snapshots.under_way else { return };
        under_way.rows_in_flight -= rows.len();
        let unwritten = rows.iter().map(|(tenant, store, _)| (*tenant, *store));
        match outcome {
            WriteOutcome::Written => {
                rows.into_iter().for_each(|(tenant, store, position)| self.state.mark_written(tenant, store, position));
            }
            WriteOutcome::Failed(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(error, "the snapshot was not written; the next start reads more of the log");
                Stats::count(&self.stats.snapshots_failed, 1);
                under_way.has_failed = true;
                let left = std::mem::take(&mut under_way.stores);
                self.state.mark_unwritten(unwritten.chain(left));
            }
            WriteOutcome::Skipped => self.state.mark_unwritten(unwritten),
        }
        if is_last {
            if !under_way.has_failed {
                Stats::count(&self.stats.snapshots, 1);
                Stats::set(&self.stats.snapshot_position, snapshots.began.0);
            }
            snapshots.under_way = None;
            self.evict(snapshots);
        }
    }

    /// Evicts idle stores that no deferred command waits for.
    fn evict(&mut self, snapshots: &Snapshots) {
        let deferred = &self.deferred;
        let is_needed = |tenant, store| deferred.is_loading(&AggregateId { tenant, store: Some(store) });
        let evicted = self.state.evict(snapshots.stores_max, is_needed);
        Stats::count(&self.stats.stores_evicted, evicted as u64);
    }
}
