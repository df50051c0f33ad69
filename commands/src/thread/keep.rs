//! Taking snapshots, a few stores at a time between commands, and letting idle stores go.

use super::EngineThread;
use crate::engine::Options;
use crate::keeper::{Keep, KeepThread, Kept, Outcome, ROWS_MAX};
use crate::snapshot::Snapshot;
use crate::stats::Stats;
use domain::calendar::Timestamp;
use domain::ids::{StoreId, TenantId};
use eventlog::LogReader;
use eventlog::Position;
use schemas::stored::Checkpoint;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

/// How many stores are written out between two looks at the queue,
const ROWS_PER_TURN: usize = 4;
/// and how many orders they may have in memory before the turn is over: tills wait for as long as those take.
const ORDERS_PER_TURN: usize = 2_048;
/// How many rows may be on their way to the snapshot thread.
const ROWS_ON_THEIR_WAY_MAX: usize = 2 * ROWS_MAX;
/// How long after a snapshot that was taken to let stores go the next may be, in microseconds.
const PAUSE_US: i64 = Timestamp::SECOND_US;

/// The engine thread's end of the snapshot thread.
#[derive(Debug)]
pub(crate) struct Keeper {
    to: mpsc::Sender<Keep>,
    kept: mpsc::Receiver<Kept>,
    is_over: Arc<AtomicBool>,
    /// Names the log.
    log: u128,
    /// After how many events a snapshot is taken.
    events: u64,
    /// How many stores memory holds.
    stores_max: usize,
    under_way: Option<UnderWay>,
    /// Where the last snapshot began.
    began: Position,
    /// When that was.
    began_at: Timestamp,
}

/// A snapshot that is being taken.
#[derive(Debug)]
struct UnderWay {
    checkpoint: Option<Checkpoint>,
    stores: VecDeque<(TenantId, StoreId)>,
    on_their_way: usize,
    has_failed: bool,
}

impl Keeper {
    /// Both ends.
    pub(crate) fn new(snapshot: Arc<Snapshot>, reader: LogReader, options: &Options) -> (Keeper, KeepThread) {
        let (to, given) = mpsc::channel();
        let (done, kept) = mpsc::channel();
        let is_over = Arc::new(AtomicBool::new(false));
        let keeper = Keeper {
            to,
            kept,
            is_over: Arc::clone(&is_over),
            log: snapshot.log,
            events: options.snapshot_events,
            stores_max: options.stores_max,
            under_way: None,
            began: snapshot.position,
            began_at: Timestamp::default(),
        };
        (keeper, KeepThread { snapshot, reader, given, kept: done, is_over })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
    }
}

impl EngineThread {
    /// Goes on with the snapshot, begins the next, lets idle stores go; answers whether there is more to do now.
    pub(super) fn keep(&mut self) -> bool {
        let Some(mut keeper) = self.keeper.take() else { return false };
        while let Ok(kept) = keeper.kept.try_recv() {
            self.note_kept(&mut keeper, kept);
        }
        if keeper.under_way.is_none() {
            let is_behind = keeper.events <= self.world.next.0.saturating_sub(keeper.began.0);
            let is_rested = keeper.began_at.0.saturating_add(PAUSE_US) <= self.world.last.0;
            if is_rested && self.is_crowded(&keeper) {
                self.let_go(&keeper);
            }
            if is_behind || is_rested && self.is_crowded(&keeper) {
                self.begin(&mut keeper);
            }
        }
        let is_more = self.write_rows(&mut keeper);
        self.keeper = Some(keeper);
        is_more
    }

    /// Whether more stores are in memory than should be, and some to spare.
    fn is_crowded(&self, keeper: &Keeper) -> bool {
        keeper.stores_max + keeper.stores_max / 8 < self.world.here
    }

    fn begin(&mut self, keeper: &mut Keeper) {
        let (checkpoint, stores) = self.world.checkpoint(keeper.log);
        (keeper.began, keeper.began_at) = (self.world.next, self.world.last);
        keeper.under_way = Some(UnderWay { checkpoint: Some(checkpoint), stores, on_their_way: 0, has_failed: false });
    }

    /// Writes out a few stores; answers whether there is more to do now.
    fn write_rows(&mut self, keeper: &mut Keeper) -> bool {
        let Some(under_way) = &mut keeper.under_way else { return false };
        let mut orders = 0;
        for _ in 0..ROWS_PER_TURN {
            if ORDERS_PER_TURN <= orders {
                return true;
            }
            if ROWS_ON_THEIR_WAY_MAX <= under_way.on_their_way {
                return false;
            }
            let keep = match under_way.stores.pop_front() {
                Some((tenant, store)) => match self.world.image(tenant, store) {
                    Some(image) => {
                        orders += image.row.as_ref().map_or(0, |row| row.parts.live.len());
                        under_way.on_their_way += 1;
                        Keep::Store(Box::new(image))
                    }
                    None => continue,
                },
                None => match under_way.checkpoint.take() {
                    Some(checkpoint) => Keep::End(checkpoint),
                    None => return false,
                },
            };
            if keeper.to.send(keep).is_err() {
                tracing::error!("the snapshot thread has ended; no more snapshots are taken");
                return false;
            }
        }
        true
    }

    fn note_kept(&mut self, keeper: &mut Keeper, Kept { rows, is_end, outcome }: Kept) {
        let Some(under_way) = &mut keeper.under_way else { return };
        under_way.on_their_way -= rows.len();
        match outcome {
            Outcome::Written => {
                rows.into_iter().for_each(|(tenant, store, position)| self.world.is_kept(tenant, store, position));
            }
            Outcome::Failed(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(error, "the snapshot was not written; the next start reads more of the log");
                Stats::count(&self.stats.snapshots_failed, 1);
                under_way.has_failed = true;
                let left = std::mem::take(&mut under_way.stores);
                self.world.is_unkept(rows.into_iter().map(|(tenant, store, _)| (tenant, store)).chain(left));
            }
            Outcome::GivenUp => {
                self.world.is_unkept(rows.into_iter().map(|(tenant, store, _)| (tenant, store)));
            }
        }
        if is_end {
            if !under_way.has_failed {
                Stats::count(&self.stats.snapshots, 1);
                Stats::set(&self.stats.snapshot_position, keeper.began.0);
            }
            keeper.under_way = None;
            self.let_go(keeper);
        }
    }

    fn let_go(&mut self, keeper: &Keeper) {
        let parked = &self.parked;
        let is_needed = |tenant, store| parked.is_blocked(&(tenant, Some(store)));
        let gone = self.world.evict(keeper.stores_max, is_needed);
        Stats::count(&self.stats.stores_evicted, gone as u64);
    }
}
