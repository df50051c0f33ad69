//! The stock of a store: what is on the shelf, what is set aside, and what is sold out.
//!
//! `available = on_hand - reserved`. A reservation takes the whole of an order's demand or nothing, and never more than
//! what is available, so nothing is sold twice.

#![allow(missing_docs, reason = "names and types say all but what is said here")]

use crate::calendar::Timestamp;
use crate::command::{Context, StockCommand};
use crate::event::{Event, ReleaseReason, ReservedLine, StockEvent, StockPolicy};
use crate::hash::IdMap;
use crate::ids::{OrderId, RefundId, Revision, Sku};
use crate::money::QtyMilli;
use crate::refused::{Refused, Shortage};
use crate::terminal::Waiver;
use std::collections::hash_map::Entry;
use std::sync::Arc;

/// The mark "86": sold out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark86 {
    pub until: Option<Timestamp>,
    /// Whether it was set because nothing was available.
    pub auto: bool,
}

/// One stock item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StockItem {
    pub policy: StockPolicy,
    /// What is on the shelf, reserved units included.
    pub on_hand: QtyMilli,
    /// What is set aside for orders.
    pub reserved: QtyMilli,
    pub mark: Option<Mark86>,
}

impl StockItem {
    /// What can still be sold.
    pub fn available(&self) -> QtyMilli {
        QtyMilli(self.on_hand.0 - self.reserved.0)
    }

    fn is_auto86(&self) -> bool {
        match self.policy {
            StockPolicy::Counted { auto86 } => auto86,
            StockPolicy::Untracked => false,
        }
    }
}

/// The stock of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    items: IdMap<Sku, StockItem>,
    /// Shared with a snapshot that is being taken: copying all of them must not hold up the store.
    reservations: IdMap<OrderId, Arc<[ReservedLine]>>,
    events: u64,
}

/// What a stock is made of, for a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StockParts {
    /// The stock items, in any order.
    pub items: Vec<(Sku, StockItem)>,
    /// What is set aside for each order, in any order.
    pub reservations: Vec<(OrderId, Arc<[ReservedLine]>)>,
    /// How many events the stream has.
    pub events: u64,
}

impl Stock {
    /// What it is made of.
    pub fn parts(&self) -> StockParts {
        let Stock { items, reservations, events } = self;
        StockParts {
            items: items.iter().map(|(sku, item)| (*sku, *item)).collect(),
            reservations: reservations.iter().map(|(order, lines)| (*order, Arc::clone(lines))).collect(),
            events: *events,
        }
    }

    /// The stock that has these parts.
    pub fn from_parts(parts: StockParts) -> Stock {
        let StockParts { items, reservations, events } = parts;
        Stock { items: items.into_iter().collect(), reservations: reservations.into_iter().collect(), events }
    }

    /// Up to how many reservations are added up after each event in debug builds.
    const ASSERTED_RESERVATIONS_MAX: usize = 64;

    /// The most stock items of a store.
    pub const ITEMS_MAX: usize = 10_000;

    /// The revision of the stream, `None` before its first event.
    pub fn revision(&self) -> Option<Revision> {
        self.events.checked_sub(1).map(Revision)
    }

    pub fn item(&self, sku: Sku) -> Option<&StockItem> {
        self.items.get(&sku)
    }

    /// The stock items, in the order of their skus.
    pub fn items(&self) -> impl Iterator<Item = (&Sku, &StockItem)> {
        let mut items: Vec<(&Sku, &StockItem)> = self.items.iter().collect();
        items.sort_unstable_by_key(|(sku, _)| **sku);
        items.into_iter()
    }

    /// Whether the stock item is counted.
    pub fn is_counted(&self, sku: Sku) -> bool {
        self.counted(sku).is_ok()
    }

    /// What is set aside for an order.
    pub fn reserved_for(&self, order: OrderId) -> &[ReservedLine] {
        self.reservations.get(&order).map_or(&[], |lines| &**lines)
    }

    /// Decides a command.
    ///
    /// # Errors
    /// [`Refused`] says why; nothing changes.
    pub fn decide(&self, command: &StockCommand, context: &Context) -> Result<Vec<Event>, Refused> {
        let now = context.now;
        let events = match command {
            StockCommand::SetPolicy { sku, policy } => self.set_policy(*sku, *policy)?,
            StockCommand::Receive { sku, qty, reference } => {
                let item = self.counted(*sku)?;
                let on_hand = item.on_hand.checked_add(*qty).ok_or(Refused::AmountTooLarge)?;
                let received = StockEvent::StockReceived { sku: *sku, qty: *qty, reference: reference.clone() };
                with_mark_cleared(*sku, item, on_hand, received)
            }
            StockCommand::Count { sku, counted } => {
                let item = self.counted(*sku)?;
                let mut events = check_reserved(*sku, item, *counted, context)?;
                let delta = QtyMilli(counted.0 - item.on_hand.0);
                let fact = StockEvent::StockCounted { sku: *sku, counted: *counted, delta };
                events.extend(with_mark_cleared(*sku, item, *counted, fact));
                events
            }
            StockCommand::Adjust { sku, delta, reason } => {
                let item = self.counted(*sku)?;
                let on_hand = item.on_hand.checked_add(*delta).ok_or(Refused::AmountTooLarge)?;
                let mut events = check_reserved(*sku, item, on_hand, context)?;
                let adjusted = StockEvent::StockAdjusted { sku: *sku, delta: *delta, reason: reason.clone() };
                events.extend(with_mark_cleared(*sku, item, on_hand, adjusted));
                events
            }
            StockCommand::Waste { sku, qty, reason } => {
                let item = self.counted(*sku)?;
                let on_hand = item.on_hand.checked_sub(*qty).ok_or(Refused::AmountTooLarge)?;
                let mut events = check_reserved(*sku, item, on_hand, context)?;
                events.push(StockEvent::StockWasted { sku: *sku, qty: *qty, reason: reason.clone() });
                events.extend(mark_if_gone(*sku, item, QtyMilli(on_hand.0 - item.reserved.0)));
                events
            }
            StockCommand::Mark86 { sku, until } => {
                let item = self.known(*sku)?;
                if until.is_some_and(|until| until <= now) {
                    return Err(Refused::UntilPassed);
                }
                match item.mark == Some(Mark86 { until: *until, auto: false }) {
                    true => vec![],
                    false => vec![StockEvent::ItemMarked86 { sku: *sku, until: *until, auto: false }],
                }
            }
            StockCommand::Unmark86(sku) => {
                let item = self.known(*sku)?;
                match item.mark {
                    // Only goods end a mark that set itself: by hand it would come back at once.
                    Some(mark) if mark.auto => {
                        return Err(Refused::OnHandTooLow { sku: *sku, available: item.available() });
                    }
                    Some(_) => without_mark(*sku, item),
                    None => vec![],
                }
            }
            StockCommand::EndMark86 { sku, until } => {
                let item = self.known(*sku)?;
                match item.mark {
                    Some(mark) if mark.until == Some(*until) && *until <= now => without_mark(*sku, item),
                    Some(_) | None => return Err(Refused::NotDue),
                }
            }
        };
        Ok(events.into_iter().map(Event::Stock).collect())
    }

    fn set_policy(&self, sku: Sku, policy: StockPolicy) -> Result<Vec<StockEvent>, Refused> {
        match self.items.get(&sku) {
            None if Stock::ITEMS_MAX <= self.items.len() => {
                Err(Refused::TooMany { what: "stock items", max: Stock::ITEMS_MAX })
            }
            Some(item) if item.policy == policy => Ok(vec![]),
            Some(item) if policy == StockPolicy::Untracked && QtyMilli::ZERO < item.reserved => {
                Err(Refused::StockReserved { sku })
            }
            None | Some(_) => {
                let mut events = vec![StockEvent::StockPolicySet { sku, policy }];
                let was_marked = self.items.get(&sku).and_then(|item| item.mark);
                let available = self.items.get(&sku).map_or(QtyMilli::ZERO, StockItem::available);
                let marks_itself = policy == StockPolicy::Counted { auto86: true };
                match was_marked {
                    Some(mark) if mark.auto && !marks_itself => events.push(StockEvent::ItemUnmarked86 { sku }),
                    None if marks_itself && available <= QtyMilli::ZERO => {
                        events.push(StockEvent::ItemMarked86 { sku, until: None, auto: true });
                    }
                    Some(_) | None => {}
                }
                Ok(events)
            }
        }
    }

    fn known(&self, sku: Sku) -> Result<&StockItem, Refused> {
        self.items.get(&sku).ok_or(Refused::UnknownSku { sku })
    }

    fn counted(&self, sku: Sku) -> Result<&StockItem, Refused> {
        let item = self.known(sku)?;
        match item.policy {
            StockPolicy::Counted { .. } => Ok(item),
            StockPolicy::Untracked => Err(Refused::StockUntracked { sku }),
        }
    }

    /// Reserves the whole demand or nothing. Lines of items that are not counted take nothing, unless marked sold out.
    /// What was sold while a terminal was away is reserved in any case, and what is short for it recorded (rule S2).
    ///
    /// # Errors
    /// [`Refused::OutOfStock`] with everything that is short.
    pub fn reserve(&self, order: OrderId, demand: &[ReservedLine], context: &Context) -> Result<Vec<Event>, Refused> {
        let mut sums: Vec<(Sku, QtyMilli)> = Vec::with_capacity(demand.len());
        for line in demand {
            match sums.iter_mut().find(|(sku, _)| *sku == line.sku) {
                Some((_, sum)) => *sum = sum.checked_add(line.qty).ok_or(Refused::AmountTooLarge)?,
                None => sums.push((line.sku, line.qty)),
            }
        }
        let mut shortages: Vec<Shortage> =
            sums.iter().filter_map(|(sku, wanted)| self.shortage(*sku, *wanted, context.now)).collect();
        if context.is_offline() {
            // What is short has a fact of its own; what was marked sold out is a rule that was not kept.
            let is_spared = context.offline.waived.has(Waiver::SoldOut);
            shortages.retain(|shortage| shortage.marked_86 && !is_spared);
        }
        if !shortages.is_empty() {
            return Err(Refused::OutOfStock { shortages });
        }
        let lines: Vec<ReservedLine> = demand.iter().filter(|line| self.counted(line.sku).is_ok()).copied().collect();
        if lines.is_empty() {
            return Ok(vec![]);
        }
        let mut events = Vec::with_capacity(2);
        if context.is_offline() {
            for (sku, wanted) in &sums {
                if let Ok(item) = self.counted(*sku) {
                    let short = wanted.0 - item.available().0.max(0);
                    events.extend(oversell(Some(order), *sku, short).map(Event::Stock));
                }
            }
        }
        events.push(Event::Stock(StockEvent::StockReserved { order, lines }));
        for (sku, wanted) in sums {
            if let Some(item) = self.items.get(&sku) {
                let left = QtyMilli(item.available().0 - wanted.0);
                events.extend(mark_if_gone(sku, item, left).map(Event::Stock));
            }
        }
        Ok(events)
    }

    fn shortage(&self, sku: Sku, wanted: QtyMilli, now: Timestamp) -> Option<Shortage> {
        let item = self.items.get(&sku)?;
        let marked_86 = item.mark.is_some_and(|mark| mark.until.is_none_or(|until| now < until));
        let is_short = match item.policy {
            StockPolicy::Untracked => false,
            StockPolicy::Counted { .. } => item.available() < wanted,
        };
        (marked_86 || is_short).then(|| Shortage { sku, wanted, available: item.available(), marked_86 })
    }

    /// Gives back part of what is set aside for an order; nothing where nothing of it is.
    pub fn release(&self, order: OrderId, lines: Vec<ReservedLine>, why: ReleaseReason) -> Vec<Event> {
        if lines.is_empty() {
            return vec![];
        }
        let cleared = sums_by_sku(&lines);
        let mut events = vec![Event::Stock(StockEvent::StockReleased { order, lines, why })];
        events.extend(self.marks_cleared(&cleared));
        events
    }

    /// Puts refunded units back on the shelf; nothing of what is not counted.
    pub fn restock(&self, order: OrderId, refund: RefundId, mut lines: Vec<ReservedLine>) -> Vec<Event> {
        lines.retain(|line| self.is_counted(line.sku));
        if lines.is_empty() {
            return vec![];
        }
        let cleared = sums_by_sku(&lines);
        let mut events = vec![Event::Stock(StockEvent::StockRestocked { order, refund, lines })];
        events.extend(self.marks_cleared(&cleared));
        events
    }

    /// The ends of the marks that set themselves, where these units make something available again.
    fn marks_cleared(&self, back: &[(Sku, QtyMilli)]) -> Vec<Event> {
        let is_cleared = |(sku, back): &&(Sku, QtyMilli)| {
            let item = &self.items[sku];
            item.mark.is_some_and(|mark| mark.auto) && 0 < item.available().0 + back.0
        };
        back.iter().filter(is_cleared).map(|(sku, _)| Event::Stock(StockEvent::ItemUnmarked86 { sku: *sku })).collect()
    }

    /// Voids units that had left the shelf for an order: they are waste, or back on the shelf where they are counted.
    pub fn void(&self, order: OrderId, line: ReservedLine, wasted: bool) -> Vec<Event> {
        let mut events = vec![Event::Stock(StockEvent::StockVoided { order, line, wasted })];
        let item = &self.items[&line.sku];
        let is_auto = item.mark.is_some_and(|mark| mark.auto);
        if !wasted && is_auto && 0 < item.available().0 + line.qty.0 {
            events.push(Event::Stock(StockEvent::ItemUnmarked86 { sku: line.sku }));
        }
        events
    }

    /// Folds a fact.
    ///
    /// # Panics
    /// If the fact cannot follow from the state: the log is not one that this engine wrote.
    pub fn evolve(&mut self, event: &StockEvent) {
        self.events += 1;
        match event {
            StockEvent::StockPolicySet { sku, policy } => match self.items.get_mut(sku) {
                Some(item) => item.policy = *policy,
                None => {
                    let item =
                        StockItem { policy: *policy, on_hand: QtyMilli::ZERO, reserved: QtyMilli::ZERO, mark: None };
                    self.items.insert(*sku, item);
                }
            },
            StockEvent::StockReceived { sku, qty, .. } => self.item_mut(*sku, event).on_hand.0 += qty.0,
            StockEvent::StockCounted { sku, delta, .. } | StockEvent::StockAdjusted { sku, delta, .. } => {
                self.item_mut(*sku, event).on_hand.0 += delta.0;
            }
            StockEvent::StockWasted { sku, qty, .. } => self.item_mut(*sku, event).on_hand.0 -= qty.0,
            StockEvent::ItemMarked86 { sku, until, auto } => {
                self.item_mut(*sku, event).mark = Some(Mark86 { until: *until, auto: *auto });
            }
            StockEvent::ItemUnmarked86 { sku } => self.item_mut(*sku, event).mark = None,
            StockEvent::StockReserved { order, lines } => {
                for line in lines {
                    self.item_mut(line.sku, event).reserved.0 += line.qty.0;
                }
                self.add_reservation(*order, lines);
            }
            StockEvent::StockCommitted { order, lines } => {
                for line in lines {
                    let item = self.item_mut(line.sku, event);
                    item.reserved.0 -= line.qty.0;
                    item.on_hand.0 -= line.qty.0;
                }
                self.reduce_reservation(*order, lines, event);
            }
            StockEvent::StockVoided { wasted: true, .. } => {}
            StockEvent::StockVoided { line, wasted: false, .. } => {
                self.item_mut(line.sku, event).on_hand.0 += line.qty.0
            }
            StockEvent::ReservationMoved { order, to, lines } => {
                let Some(held) = self.reservations.remove(order) else { panic!("{event:?} without a reservation") };
                assert_eq!(sums_by_sku(&held), sums_by_sku(lines), "{event:?} moves something else than is reserved");
                self.add_reservation(*to, lines);
            }
            StockEvent::StockReleased { order, lines, .. } => {
                for line in lines {
                    self.item_mut(line.sku, event).reserved.0 -= line.qty.0;
                }
                self.reduce_reservation(*order, lines, event);
            }
            // Says why less than nothing is available; the reservation or the count that follows takes it away.
            StockEvent::OversellRecorded { .. } => {}
            StockEvent::StockRestocked { lines, .. } => {
                for line in lines {
                    self.item_mut(line.sku, event).on_hand.0 += line.qty.0;
                }
            }
        }
        // Debug builds only: the sum goes over all reservations.
        if cfg!(debug_assertions) {
            event.skus().into_iter().for_each(|sku| self.assert_reserved(sku));
        }
    }

    /// What is reserved of a stock item is what its reservations add up to. On hand may be less: what was sold while a terminal
    /// was away is recorded whatever the books say.
    fn assert_reserved(&self, sku: Sku) {
        let reserved = self.items.get(&sku).map_or(0, |item| item.reserved.0);
        assert!(0 <= reserved, "less than nothing of {sku} is reserved");
        // A busy store would make debug builds too slow to use.
        if self.reservations.len() <= Stock::ASSERTED_RESERVATIONS_MAX {
            let lines = self.reservations.values().flat_map(|lines| lines.iter()).filter(|line| line.sku == sku);
            assert_eq!(lines.map(|line| line.qty.0).sum::<i64>(), reserved, "reservations of {sku} do not add up");
        }
    }

    /// Adds `lines` to what is reserved for an order.
    fn add_reservation(&mut self, order: OrderId, lines: &[ReservedLine]) {
        match self.reservations.entry(order) {
            Entry::Vacant(vacant) => _ = vacant.insert(lines.into()),
            Entry::Occupied(mut held) => _ = held.insert(held.get().iter().chain(lines).copied().collect()),
        }
    }

    fn item_mut(&mut self, sku: Sku, event: &StockEvent) -> &mut StockItem {
        match self.items.get_mut(&sku) {
            Some(item) => item,
            None => panic!("{event:?} for a stock item that has no policy"),
        }
    }

    /// Takes `lines` off the reservation; what reaches zero is closed.
    fn reduce_reservation(&mut self, order: OrderId, lines: &[ReservedLine], event: &StockEvent) {
        let Some(reserved) = self.reservations.get_mut(&order) else {
            panic!("{event:?} without a reservation");
        };
        for line in lines {
            let mut rest = line.qty.0;
            let held = Arc::make_mut(reserved).iter_mut();
            for held in held.filter(|held| held.line == line.line && held.sku == line.sku) {
                let taken = rest.min(held.qty.0);
                held.qty.0 -= taken;
                rest -= taken;
            }
            assert!(rest == 0, "{event:?} gives up more than is reserved: {reserved:?}");
        }
        let is_left = |held: &&ReservedLine| 0 < held.qty.0;
        match reserved.iter().filter(is_left).count() {
            0 => _ = self.reservations.remove(&order),
            count if count < reserved.len() => *reserved = reserved.iter().filter(is_left).copied().collect(),
            _ => {}
        }
    }
}

/// What was promised to orders stays on the shelf. Where it is short already nothing may make that worse; what happened
/// while a terminal was away may, and the fact says by how much.
fn check_reserved(
    sku: Sku,
    item: &StockItem,
    on_hand: QtyMilli,
    context: &Context,
) -> Result<Vec<StockEvent>, Refused> {
    let short = (item.reserved.0 - on_hand.0).max(0) - (item.reserved.0 - item.on_hand.0).max(0);
    match short <= 0 || context.is_offline() {
        true => Ok(oversell(None, sku, short).into_iter().collect()),
        false => Err(Refused::OnHandTooLow { sku, available: item.available() }),
    }
}

fn oversell(order: Option<OrderId>, sku: Sku, short: i64) -> Option<StockEvent> {
    (0 < short).then_some(StockEvent::OversellRecorded { order, sku, qty: QtyMilli(short) })
}

/// The units of lines, stock item by stock item.
fn sums_by_sku(lines: &[ReservedLine]) -> Vec<(Sku, QtyMilli)> {
    let mut sums: Vec<(Sku, QtyMilli)> = vec![];
    for line in lines {
        match sums.iter_mut().find(|(sku, _)| *sku == line.sku) {
            Some((_, sum)) => sum.0 += line.qty.0,
            None => sums.push((line.sku, line.qty)),
        }
    }
    sums
}

/// The fact that changes what is on hand, and the end of an automatic mark where something is available again.
fn with_mark_cleared(sku: Sku, item: &StockItem, on_hand: QtyMilli, event: StockEvent) -> Vec<StockEvent> {
    let available = QtyMilli(on_hand.0 - item.reserved.0);
    let mut events = vec![event];
    match item.mark {
        Some(mark) if mark.auto && QtyMilli::ZERO < available => events.push(StockEvent::ItemUnmarked86 { sku }),
        Some(_) => {}
        None => events.extend(mark_if_gone(sku, item, available)),
    }
    events
}

/// The end of a mark somebody set; where nothing is available the item marks itself from here on.
fn without_mark(sku: Sku, item: &StockItem) -> Vec<StockEvent> {
    let mut events = vec![StockEvent::ItemUnmarked86 { sku }];
    events.extend(mark_if_gone(sku, &StockItem { mark: None, ..*item }, item.available()));
    events
}

fn mark_if_gone(sku: Sku, item: &StockItem, available: QtyMilli) -> Option<StockEvent> {
    let is_gone = item.is_auto86() && item.mark.is_none() && available <= QtyMilli::ZERO;
    is_gone.then_some(StockEvent::ItemMarked86 { sku, until: None, auto: true })
}
