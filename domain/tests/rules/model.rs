//! A small model of a store's orders, money and stock: sums of facts, made without the code under test.

use domain::calendar::{Date, Timestamp};
use domain::check::CheckId;
use domain::event::{
    DayClosing, DayEvent, DrawerEvent, Event, Flag, Line, MoneyParts, OrderEvent, PayMode, PaymentEvent, ReceivedLine,
    RefundedLine, ReservedLine, StockEvent, StockPolicy, StoreMenuEvent, Tender,
};
use domain::ids::{DrawerId, ItemId, LineId, OrderId, PaymentId, RefundId, Sku, VariationId};
use domain::money::QtyMilli;
use domain::pricing::Totals;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Open,
    Placed,
    Completed,
    Cancelled,
    Merged,
}

impl State {
    pub fn is_closed(self) -> bool {
        matches!(self, State::Completed | State::Cancelled | State::Merged)
    }
}

#[derive(Clone, Debug)]
pub struct Order {
    pub state: State,
    pub pay_mode: PayMode,
    pub lines: BTreeMap<LineId, Line>,
    pub line_ids: BTreeSet<LineId>,
    /// Its lines as its totals list them.
    pub sequence: Vec<LineId>,
    pub totals: Option<Totals>,
    pub deadline: Option<Timestamp>,
    pub is_split: bool,
    /// Its checks that something was paid towards.
    pub checks: BTreeMap<CheckId, Check>,
    /// Sums over the order's payments, tips apart.
    pub applied: i128,
    /// Whether a payment left nothing due, and nothing was due since.
    pub is_paid_off: bool,
    pub tips: i128,
    pub unapplied: i128,
    /// What was given back of what was applied, what of that before it was settled or of what was too much, and what was given back
    /// of all three together.
    pub refunded: i128,
    pub reversed: i128,
    pub given_back: i128,
    /// Whether a refund succeeded after it had failed: its units were given to somebody else in between.
    pub has_revived: bool,
}

impl Order {
    pub fn total(&self) -> i128 {
        self.totals.as_ref().map_or(0, |totals| totals.total.0.into())
    }

    /// What is to be paid, and what was paid too much, of an order that was not split.
    pub fn balance(&self) -> (i128, i128) {
        balance(self.total(), self.paid())
    }

    /// The same over checks that come to so much: none pays for another (rule P9).
    pub fn balance_over(&self, checks: impl IntoIterator<Item = (CheckId, i128)>) -> (i128, i128) {
        let of = |(check, total)| balance(total, self.checks.get(&check).map_or(0, Check::paid));
        checks.into_iter().map(of).fold((0, 0), |sum, held| (sum.0 + held.0, sum.1 + held.1))
    }

    /// What counts as paid.
    pub fn paid(&self) -> i128 {
        self.applied - self.reversed
    }

    /// What of a refund of a settled order takes back what was paid too much. What a check of an order that was split has too much
    /// is not known here, so the fact is believed there, within what it may be.
    fn too_much(&self, check: CheckId, event: &OrderEvent) -> i128 {
        let OrderEvent::RefundRecorded { parts, lines, reversed, .. } = event else { unreachable!("it is a refund") };
        let (back, said) = (i128::from(parts.applied.0), i128::from(reversed.0));
        let reversed = match (lines.is_empty(), self.is_split) {
            (false, _) => 0,
            (true, false) => back.min(self.balance().1),
            (true, true) => said,
        };
        assert!(
            said == reversed && 0 <= said && said <= back && said <= self.checks.get(&check).map_or(0, Check::paid),
            "{event:?} {self:?}"
        );
        reversed
    }

    /// What has been paid and not been given back.
    pub fn kept(&self) -> i128 {
        self.applied - self.refunded
    }
}

/// What is to be paid, and what was paid too much.
pub fn balance(total: i128, paid: i128) -> (i128, i128) {
    ((total - paid).max(0), (paid - total).max(0))
}

/// Sums over the payments of a check.
#[derive(Clone, Copy, Debug, Default)]
pub struct Check {
    pub applied: i128,
    pub tips: i128,
    /// What was given back of what was applied, and what of that no longer counts as paid.
    pub refunded: i128,
    pub reversed: i128,
}

impl Check {
    pub fn paid(&self) -> i128 {
        self.applied - self.reversed
    }
}

/// In the order of rule P5's rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    Initiated,
    Authorised,
    FailedOrExpired,
    Voided,
    /// Money moved: captured, or another amount than asked for.
    Moved,
}

#[derive(Clone, Debug)]
pub struct Payment {
    pub order: OrderId,
    pub check: CheckId,
    pub amount: i128,
    pub tip: i128,
    pub is_cash: bool,
    pub rank: Rank,
    /// With the tip, by `PaymentCaptured`.
    pub captured: i128,
    /// What its order could not take of it.
    pub unapplied: i128,
    pub needs_review: bool,
    /// How many events its stream has.
    pub events: u64,
    /// The revisions at which it was flagged, and whether that stops it, as far as nobody has decided.
    pub flags: BTreeMap<u64, bool>,
    /// What a provider has set aside, with the tip.
    pub authorised: Option<i128>,
    pub refunds: BTreeMap<RefundId, Refund>,
}

impl Payment {
    /// A sum over the refunds that did not fail.
    pub fn back(&self, of: impl Fn(&Refund) -> i128) -> i128 {
        self.refunds.values().filter(|refund| refund.state != Back::Failed).map(of).sum()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    Requested,
    Succeeded,
    Failed,
}

#[derive(Clone, Debug)]
pub struct Refund {
    pub parts: MoneyParts,
    pub lines: Vec<RefundedLine>,
    pub restock: bool,
    pub state: Back,
}

#[derive(Clone, Debug, Default)]
pub struct Shelf {
    pub policy: Option<StockPolicy>,
    pub received: i128,
    pub counted: i128,
    pub adjusted: i128,
    pub wasted: i128,
    /// Put back after it had been committed to a line that was voided.
    pub voided: i128,
    pub committed: i128,
    pub reserved: i128,
    pub released: i128,
    pub restocked: i128,
    pub oversold: i128,
    /// The end of the mark, and whether it set itself.
    pub mark: Option<(Option<Timestamp>, bool)>,
}

impl Shelf {
    pub fn on_hand(&self) -> i128 {
        self.received + self.counted + self.adjusted + self.voided + self.restocked - self.committed - self.wasted
    }

    pub fn held(&self) -> i128 {
        self.reserved - self.committed - self.released
    }

    pub fn available(&self) -> i128 {
        self.on_hand() - self.held()
    }

    pub fn is_counted(&self) -> bool {
        matches!(self.policy, Some(StockPolicy::Counted { .. }))
    }

    pub fn is_marked(&self, now: Timestamp) -> bool {
        self.mark.is_some_and(|(until, _)| until.is_none_or(|until| now < until))
    }
}

/// What was reserved for a line of an order, and what became of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reservation {
    pub reserved: i128,
    pub committed: i128,
    pub released: i128,
}

impl Reservation {
    pub fn held(&self) -> i128 {
        self.reserved - self.committed - self.released
    }
}

/// A drawer and its latest shift.
#[derive(Clone, Debug, Default)]
pub struct Drawer {
    pub shifts: u32,
    pub is_open: bool,
    pub float: i128,
    pub sales: i128,
    pub refunds: i128,
    pub paid_in: i128,
    pub paid_out: i128,
}

impl Drawer {
    pub fn expected(&self) -> i128 {
        self.float + self.sales - self.refunds + self.paid_in - self.paid_out
    }
}

#[derive(Clone, Debug, Default)]
pub struct Model {
    /// The day that is open.
    pub open: Option<Date>,
    /// The days that were closed.
    pub closed: Vec<DayClosing>,
    pub drawers: BTreeMap<DrawerId, Drawer>,
    /// What the open shifts hold together where all cash is taken in shifts: counted from the payments and their refunds,
    /// whatever the drawers say went through them.
    pub cash: i128,
    pub orders: BTreeMap<OrderId, Order>,
    pub payments: BTreeMap<PaymentId, Payment>,
    pub shelves: BTreeMap<Sku, Shelf>,
    pub reservations: BTreeMap<(OrderId, LineId, Sku), Reservation>,
    pub prices: BTreeMap<(ItemId, Option<VariationId>), i64>,
}

impl Model {
    pub fn after(&self, events: &[Event]) -> Model {
        let mut after = self.clone();
        events.iter().for_each(|event| after.fold(event));
        after
    }

    pub fn state(&self, order: OrderId) -> Option<State> {
        self.orders.get(&order).map(|order| order.state)
    }

    pub fn shelf(&self, sku: Sku) -> Shelf {
        self.shelves.get(&sku).cloned().unwrap_or_default()
    }

    /// What is set aside for an order, over its lines.
    pub fn held_for(&self, order: OrderId) -> i128 {
        self.reservations_of(order).map(|(_, held)| held.held()).sum()
    }

    pub fn reservations_of(&self, order: OrderId) -> impl Iterator<Item = (LineId, Reservation)> + '_ {
        self.reservations.iter().filter(move |((of, ..), _)| *of == order).map(|((_, line, _), held)| (*line, *held))
    }

    pub fn fold(&mut self, event: &Event) {
        match event {
            Event::Order(id, event) => self.fold_order(*id, event),
            Event::Payment(id, event) => self.fold_payment(*id, event),
            Event::Stock(event) => self.fold_stock(event),
            Event::Drawer(id, event) => self.fold_drawer(*id, event),
            Event::Day(DayEvent::DayOpened { date, .. }) => self.open = Some(*date),
            Event::Day(DayEvent::DayClosed(closing)) => {
                self.open = None;
                self.closed.push((**closing).clone());
            }
            Event::StoreMenu(StoreMenuEvent::StorePriceSet { item, variation, price }) => {
                match price {
                    Some(price) => self.prices.insert((*item, *variation), price.0),
                    None => self.prices.remove(&(*item, *variation)),
                };
            }
            // Tickets are the kitchen's rules' own affair.
            Event::Ticket(..)
            | Event::Menu(_)
            | Event::Access(_)
            | Event::Security(_)
            | Event::Store(_)
            | Event::StoreMenu(_)
            | Event::Terminal(..) => {}
        }
    }

    fn fold_order(&mut self, id: OrderId, event: &OrderEvent) {
        if let OrderEvent::OrderOpened(opening) = event {
            let order = Order {
                state: State::Open,
                pay_mode: opening.pay_mode,
                lines: BTreeMap::new(),
                line_ids: BTreeSet::new(),
                sequence: vec![],
                totals: None,
                deadline: None,
                is_split: false,
                checks: BTreeMap::new(),
                applied: 0,
                is_paid_off: false,
                tips: 0,
                unapplied: 0,
                refunded: 0,
                reversed: 0,
                given_back: 0,
                has_revived: false,
            };
            assert!(self.orders.insert(id, order).is_none(), "{id:?} was opened twice");
            return;
        }
        let order = self.orders.get_mut(&id).expect("an order opens first");
        match event {
            OrderEvent::LineAdded(line) => {
                order.line_ids.insert(line.line);
                order.sequence.push(line.line);
                order.lines.insert(line.line, (**line).clone());
            }
            OrderEvent::LineQtyChanged { line, qty } => order.lines.get_mut(line).expect("a line").qty = *qty,
            OrderEvent::LineVoided { line, qty, .. } => order.lines.get_mut(line).expect("a line").qty.0 -= qty.0,
            OrderEvent::LinesHeld { .. }
            | OrderEvent::LinesFired { .. }
            | OrderEvent::LinesServed { .. }
            | OrderEvent::LinesComped { .. }
            | OrderEvent::OrderMovedToTable { .. }
            | OrderEvent::ServerAssigned { .. }
            | OrderEvent::GuestsChanged { .. }
            | OrderEvent::DocumentPrinted { .. } => {}
            OrderEvent::LineDetailsChanged { line, seat, course, note, allergens } => {
                let line = order.lines.get_mut(line).expect("a line");
                (line.seat, line.course) = (*seat, *course);
                (line.note, line.allergens) = (note.clone(), allergens.clone());
            }
            OrderEvent::LinePriceOverridden { line, unit_base, unit, .. } => {
                let line = order.lines.get_mut(line).expect("a line");
                (line.unit_base, line.unit) = (*unit_base, *unit);
            }
            OrderEvent::DiningModeChanged { lines, .. } => {
                for changed in lines {
                    order.lines.get_mut(&changed.line).expect("a line").taxes.clone_from(&changed.taxes);
                }
            }
            OrderEvent::OrderTaxExempted { .. } | OrderEvent::TaxExemptionEnded => {}
            OrderEvent::LineRemoved { line } => {
                assert!(order.lines.remove(line).is_some());
                order.sequence.retain(|held| held != line);
            }
            OrderEvent::OrderPlaced { totals, deadline } => {
                order.state = State::Placed;
                order.totals = Some(totals.clone());
                order.deadline = *deadline;
            }
            OrderEvent::OrderRepriced { totals, .. } => order.totals = Some(totals.clone()),
            OrderEvent::PaymentApplied { amount, tip, check, .. } => {
                let held = order.checks.entry(*check).or_default();
                held.applied += i128::from(amount.0);
                held.tips += i128::from(tip.0);
                order.applied += i128::from(amount.0);
                order.is_paid_off = order.balance().0 == 0;
                order.tips += i128::from(tip.0);
            }
            OrderEvent::PaymentNotApplicable { payment, unapplied, .. } => {
                order.unapplied += i128::from(unapplied.0);
                self.payments.get_mut(payment).expect("a payment starts first").unapplied += i128::from(unapplied.0);
            }
            OrderEvent::RefundRecorded { parts, check, payment, .. } => {
                let check = check.expect("a refund says its check");
                assert_eq!(check, self.payments[payment].check);
                let back = i128::from(parts.applied.0);
                // Before it is settled all of it is due again; afterwards only what was too much no longer counts.
                let reversed = match order.state {
                    State::Completed => order.too_much(check, event),
                    State::Open | State::Placed | State::Cancelled | State::Merged => back,
                };
                let held = order.checks.entry(check).or_default();
                held.refunded += back;
                held.reversed += reversed;
                order.reversed += reversed;
                order.refunded += back;
                order.given_back +=
                    i128::from(parts.applied.0) + i128::from(parts.tip.0) + i128::from(parts.unapplied.0);
            }
            OrderEvent::OrderCancelled { .. } => order.state = State::Cancelled,
            OrderEvent::LinesReceivedByMerge(received) => {
                for ReceivedLine { line, .. } in &received.lines {
                    assert!(order.line_ids.insert(line.line), "{line:?} is there twice");
                    order.sequence.push(line.line);
                    order.lines.insert(line.line, (**line).clone());
                }
            }
            OrderEvent::OrderMergedInto { .. } => order.state = State::Merged,
            OrderEvent::CheckSplit { .. } => order.is_split = true,
            OrderEvent::CheckPaid { .. } => {}
            OrderEvent::OrderCompleted { .. } => order.state = State::Completed,
            OrderEvent::OrderOpened(_)
            | OrderEvent::DiscountApplied(_)
            | OrderEvent::DiscountRemoved { .. }
            | OrderEvent::ServiceChargeApplied(_)
            | OrderEvent::ServiceChargeRemoved { .. }
            | OrderEvent::TotalMismatchRecorded { .. } => {}
        }
        order.is_paid_off &= order.balance().0 == 0;
    }

    fn fold_payment(&mut self, id: PaymentId, event: &PaymentEvent) {
        if let PaymentEvent::PaymentInitiated { order, tender, amount, tip, check, .. } = event {
            let payment = Payment {
                order: *order,
                check: *check,
                amount: amount.0.into(),
                tip: tip.0.into(),
                is_cash: *tender == Tender::Cash,
                rank: Rank::Initiated,
                captured: 0,
                unapplied: 0,
                needs_review: false,
                events: 1,
                flags: BTreeMap::new(),
                authorised: None,
                refunds: BTreeMap::new(),
            };
            assert!(self.payments.insert(id, payment).is_none(), "{id:?} was initiated twice");
            return;
        }
        let payment = self.payments.get_mut(&id).expect("a payment starts first");
        payment.events += 1;
        if let PaymentEvent::PaymentFlagged { why } = event {
            let stops = matches!(why, Flag::AmountDiffers { .. } | Flag::CurrencyDiffers | Flag::ReferenceDiffers);
            payment.flags.insert(payment.events - 1, stops);
        }
        match event {
            PaymentEvent::PaymentCaptured { amount, tip, .. } => {
                payment.rank = Rank::Moved;
                payment.captured += i128::from(amount.0) + i128::from(tip.0);
                if payment.is_cash {
                    self.cash += i128::from(amount.0) + i128::from(tip.0);
                }
            }
            PaymentEvent::PaymentFailed { .. } | PaymentEvent::PaymentExpired => payment.rank = Rank::FailedOrExpired,
            PaymentEvent::PaymentFlagged {
                why: Flag::AmountDiffers { .. } | Flag::CurrencyDiffers | Flag::ReferenceDiffers,
            } => {
                payment.rank = Rank::Moved;
                payment.needs_review = true;
            }
            PaymentEvent::RefundRequested { refund, parts, lines, restock, .. } => {
                let made = Refund { parts: *parts, lines: lines.clone(), restock: *restock, state: Back::Requested };
                assert!(payment.refunds.insert(*refund, made).is_none(), "{refund:?} was asked for twice");
            }
            PaymentEvent::RefundSucceeded { refund } => {
                let held = payment.refunds.get_mut(refund).expect("a refund is asked for first");
                let order = self.orders.get_mut(&payment.order).expect("an order opens first");
                order.has_revived |= held.state == Back::Failed;
                held.state = Back::Succeeded;
                if payment.is_cash {
                    self.cash -= i128::from(held.parts.sum().0);
                }
            }
            PaymentEvent::RefundFailed { refund, .. } => {
                payment.refunds.get_mut(refund).expect("a refund is asked for first").state = Back::Failed;
            }
            PaymentEvent::PaymentAuthorised { amount } => {
                payment.rank = Rank::Authorised;
                payment.authorised = Some(amount.0.into());
            }
            PaymentEvent::PaymentVoided => payment.rank = Rank::Voided,
            // It has failed, until what was decided follows.
            PaymentEvent::PaymentReviewed { flag, .. } => {
                if payment.flags.remove(&flag.0) == Some(true) {
                    payment.rank = Rank::FailedOrExpired;
                    payment.needs_review = false;
                }
            }
            PaymentEvent::TipAdjusted { tip } => payment.tip = tip.0.into(),
            PaymentEvent::AuthorisationRequested { .. }
            | PaymentEvent::ProviderEventReceived(_)
            | PaymentEvent::CaptureRequested { .. }
            | PaymentEvent::VoidRequested { .. }
            | PaymentEvent::PaymentDisputed
            | PaymentEvent::ProviderEventIgnored { .. }
            | PaymentEvent::PaymentInitiated { .. }
            | PaymentEvent::PaymentFlagged { .. }
            | PaymentEvent::PaymentReferenceRecorded { .. }
            | PaymentEvent::PaymentOutcomeIgnored { .. }
            | PaymentEvent::RefundOutcomeIgnored { .. } => {}
        }
    }

    /// The units of a line that were given back or are asked back, over all payments of its order.
    pub fn units_back(&self, order: OrderId, line: LineId) -> i128 {
        self.lines_back(order, line).map(|back| i128::from(back.qty.0)).sum()
    }

    /// Whether a payment failed to give back its part of a line whose units went with another payment.
    pub fn has_lost_a_part(&self, order: OrderId, line: LineId) -> bool {
        let of = self.payments.values().filter(move |payment| payment.order == order);
        let failed = of.flat_map(|payment| payment.refunds.values()).filter(|refund| refund.state == Back::Failed);
        failed.flat_map(|refund| &refund.lines).any(|back| back.line == line && back.qty == QtyMilli::ZERO)
    }

    pub fn lines_back(&self, order: OrderId, line: LineId) -> impl Iterator<Item = &RefundedLine> {
        let of = self.payments.values().filter(move |payment| payment.order == order);
        let counted = of.flat_map(|payment| payment.refunds.values()).filter(|refund| refund.state != Back::Failed);
        counted.flat_map(|refund| &refund.lines).filter(move |back| back.line == line)
    }

    fn fold_drawer(&mut self, id: DrawerId, event: &DrawerEvent) {
        let drawer = self.drawers.entry(id).or_default();
        match event {
            DrawerEvent::DrawerRemoved => assert!(!drawer.is_open),
            DrawerEvent::ShiftOpened { shift, float, .. } => {
                assert_eq!((*shift, drawer.is_open), (drawer.shifts + 1, false));
                *drawer = Drawer { shifts: *shift, is_open: true, float: float.0.into(), ..Drawer::default() };
                self.cash += i128::from(float.0);
            }
            DrawerEvent::CashPaidIn { amount, .. } => {
                drawer.paid_in += i128::from(amount.0);
                self.cash += i128::from(amount.0);
            }
            DrawerEvent::CashPaidOut { amount, .. } => {
                drawer.paid_out += i128::from(amount.0);
                self.cash -= i128::from(amount.0);
            }
            DrawerEvent::CashSaleRecorded { amount, .. } => drawer.sales += i128::from(amount.0),
            DrawerEvent::CashRefundRecorded { amount, .. } => drawer.refunds += i128::from(amount.0),
            DrawerEvent::NoSaleRecorded { .. } => {}
            DrawerEvent::ShiftClosed { .. } => {
                drawer.is_open = false;
                self.cash -= drawer.expected();
            }
        }
    }

    fn shelf_mut(&mut self, sku: Sku) -> &mut Shelf {
        self.shelves.entry(sku).or_default()
    }

    fn fold_stock(&mut self, event: &StockEvent) {
        match event {
            StockEvent::StockPolicySet { sku, policy } => self.shelf_mut(*sku).policy = Some(*policy),
            StockEvent::StockReceived { sku, qty, .. } => self.shelf_mut(*sku).received += i128::from(qty.0),
            StockEvent::StockCounted { sku, delta, .. } => self.shelf_mut(*sku).counted += i128::from(delta.0),
            StockEvent::StockAdjusted { sku, delta, .. } => self.shelf_mut(*sku).adjusted += i128::from(delta.0),
            StockEvent::StockWasted { sku, qty, .. } => self.shelf_mut(*sku).wasted += i128::from(qty.0),
            StockEvent::ItemMarked86 { sku, until, auto } => self.shelf_mut(*sku).mark = Some((*until, *auto)),
            StockEvent::ItemUnmarked86 { sku } => self.shelf_mut(*sku).mark = None,
            StockEvent::OversellRecorded { sku, qty, .. } => self.shelf_mut(*sku).oversold += i128::from(qty.0),
            StockEvent::StockReserved { order, lines } => {
                self.book(*order, lines, |shelf| &mut shelf.reserved, |held| &mut held.reserved);
            }
            StockEvent::StockCommitted { order, lines } => {
                self.book(*order, lines, |shelf| &mut shelf.committed, |held| &mut held.committed);
            }
            StockEvent::StockRestocked { lines, .. } => {
                for line in lines {
                    self.shelf_mut(line.sku).restocked += i128::from(line.qty.0);
                }
            }
            StockEvent::ReservationMoved { order, to, lines } => {
                let held: Vec<_> = self.reservations_of(*order).map(|(_, held)| held.held()).collect();
                assert_eq!(held.iter().sum::<i128>(), lines.iter().map(|line| i128::from(line.qty.0)).sum::<i128>());
                self.reservations.retain(|(of, ..), _| of != order);
                for line in lines {
                    let held = self.reservations.entry((*to, line.line, line.sku)).or_default();
                    held.reserved += i128::from(line.qty.0);
                }
            }
            StockEvent::StockVoided { wasted: true, .. } => {}
            StockEvent::StockVoided { line, wasted: false, .. } => {
                self.shelf_mut(line.sku).voided += i128::from(line.qty.0);
            }
            StockEvent::StockReleased { order, lines, .. } => {
                self.book(*order, lines, |shelf| &mut shelf.released, |held| &mut held.released);
            }
        }
    }

    fn book(
        &mut self,
        order: OrderId,
        lines: &[ReservedLine],
        on_shelf: fn(&mut Shelf) -> &mut i128,
        on_line: fn(&mut Reservation) -> &mut i128,
    ) {
        for ReservedLine { line, sku, qty } in lines {
            *on_shelf(self.shelf_mut(*sku)) += i128::from(qty.0);
            *on_line(self.reservations.entry((order, *line, *sku)).or_default()) += i128::from(qty.0);
        }
    }
}
