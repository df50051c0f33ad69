//! An order: its lines, discounts and charges, what it comes to and what has been paid.
//!
//! State holds only what later decisions read. An order that takes no more changes shrinks to a [`ClosedOrder`].

#![allow(missing_docs, reason = "names and types say all but what is said here")]

use crate::calendar::Timestamp;
use crate::check::{CheckId, Checks};
use crate::event::{
    DiningMode, Discount, DiscountScope, FiredLine, Line, OrderEffect, OrderEvent, PayMode, Rate, Received,
    RenamedLine, ServiceCharge, TicketEvent,
};
use crate::ids::{ActorId, DiscountId, LineId, OrderId, PaymentId, Revision, Sku, TableId, TicketId};
use crate::kitchen::{Kitchen, Prep, Ticket};
use crate::money::{Currency, Money, Ppm, QtyMilli};
use crate::pricing::{
    self, ChargeTotals, LineInput, LineTotals, PriceError, PriceRules, PriceTerms, TaxRules, TaxTotal, Totals,
};
use crate::prints::Prints;
use crate::quote::quote;
use crate::refund::{ClosedDetails, Returns};
use crate::refused::{Closed, Refused};
use std::sync::Arc;

mod checks;
mod settled;

/// A line, as far as decisions read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderLine {
    pub line: LineId,
    pub qty: QtyMilli,
    /// The price of one unit with modifiers.
    pub unit: Money,
    /// It as it was added and changed since, shared with the fact: who takes the order over has to say all of it again.
    pub added: Arc<Line>,
    /// The part of the order it is taxed in, where tax is rounded on groups: a merge brings parts of its own.
    pub part: u16,
    /// Whether its order is a training order.
    pub is_training: bool,
    /// What it comes to; zero until the order is placed.
    pub totals: LineTotals,
}

impl OrderLine {
    /// The stock item one unit takes; none of a training order, whatever was added.
    pub fn sku(&self) -> Option<Sku> {
        self.added.sku.filter(|_| !self.is_training)
    }
}

/// What an order comes to, as far as days sum it up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sale {
    /// 1, and 0 of an order all of whose units were taken off.
    pub orders: i64,
    /// Lines at list price.
    pub gross: Money,
    pub discounts: Money,
    pub charges: Money,
    /// Tax on top.
    pub tax: Money,
    /// Tax inside.
    pub tax_inclusive: Money,
    pub total: Money,
}

impl Sale {
    /// What these totals come to.
    pub fn of(totals: &Totals) -> Sale {
        Sale {
            orders: 1,
            gross: totals.gross,
            discounts: totals.discount,
            charges: totals.charges_total,
            tax: Money(totals.tax_exclusive.0 + totals.charge_tax_exclusive.0),
            tax_inclusive: Money(totals.tax_inclusive.0 + totals.charge_tax_inclusive.0),
            total: totals.total,
        }
    }
}

/// What an order comes to, with its taxes: what a day books.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sold<'a> {
    pub sale: Sale,
    /// Tax by tax, on lines and charges.
    pub taxes: &'a [TaxTotal],
}

impl Sold<'_> {
    /// What these totals come to.
    pub fn of(totals: &Totals) -> Sold<'_> {
        Sold { sale: Sale::of(totals), taxes: &totals.taxes }
    }
}

/// An order that may still change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// How many events its stream has.
    pub events: u64,
    pub pay_mode: PayMode,
    pub dining_mode: DiningMode,
    pub table: Option<TableId>,
    pub server: Option<ActorId>,
    pub guests: u16,
    /// The currency of everything in it.
    pub currency: Currency,
    /// How its amounts are rounded.
    pub rules: PriceRules,
    /// By which rules its tax is computed.
    pub tax_rules: TaxRules,
    pub is_tax_exempt: bool,
    /// Whether the guest has ordered it.
    pub is_placed: bool,
    /// Whether it was recorded after the fact from a file.
    pub is_imported: bool,
    /// Whether it is a training order (rule A3): it takes nothing from stock, goes to no kitchen and counts for no day.
    pub is_training: bool,
    /// Whether each of its checks owes for itself (rule P9).
    pub dues_apart: bool,
    /// When it is cancelled unless somebody pays.
    pub deadline: Option<Timestamp>,
    pub lines: Vec<OrderLine>,
    /// The ids of lines that were removed: they are not given out again, so that an old discount, or a reader of the
    /// history, never takes a new line for the old one.
    pub removed: Vec<LineId>,
    /// Its discounts, in the order they were given.
    pub discounts: Vec<Discount>,
    /// Those of its discounts that are comps.
    pub comps: Vec<DiscountId>,
    /// Its service charges, in the order they were given.
    pub charges: Vec<ServiceCharge>,
    /// What it comes to; zero until it is placed.
    pub total: Money,
    sale: Sale,
    /// What its taxes come to; none until it is placed.
    taxes: Vec<TaxTotal>,
    /// What each of its service charges comes to.
    charge_totals: Vec<ChargeTotals>,
    /// What has been paid towards it, whatever was given back.
    pub applied: Money,
    /// Whether a payment brought what is due to nothing, and nothing was due since: a tab is over with it (rule O14).
    pub is_paid_off: bool,
    /// The payments that it took something of or could not take, in the order they came.
    pub payments: Vec<PaymentId>,
    /// Attempts to pay that have no outcome yet.
    pub attempts: Vec<PaymentId>,
    /// What did not stay with it.
    pub returns: Option<Box<Returns>>,
    /// Where its units are, if it is prepared on tickets.
    pub prep: Option<Box<Prep>>,
    /// Its checks, if it was split.
    pub checks: Option<Box<Checks>>,
    pub prints: Prints,
}

/// An order that takes no more changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedOrder {
    /// How many events its stream has.
    pub events: u64,
    pub state: Closed,
    pub is_training: bool,
    /// What refunds read of it; nothing where it was cancelled and took no money.
    pub details: Option<Box<ClosedDetails>>,
}

/// An order in the store's memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderSlot {
    Live(Box<Order>),
    Closed(ClosedOrder),
}

impl OrderSlot {
    /// The revision of the stream.
    pub fn revision(&self) -> Revision {
        match self {
            OrderSlot::Live(order) => Revision(order.events - 1),
            OrderSlot::Closed(closed) => Revision(closed.events - 1),
        }
    }

    /// The order, if it may still change.
    ///
    /// # Errors
    /// [`Refused::OrderClosed`].
    pub fn live(&self) -> Result<&Order, Refused> {
        match self {
            OrderSlot::Live(order) => Ok(order),
            OrderSlot::Closed(closed) => Err(closed.refused()),
        }
    }

    /// Starts an order from its first fact.
    ///
    /// # Panics
    /// If the fact does not open an order: the log is not one that this engine wrote.
    pub fn open(event: &OrderEvent) -> OrderSlot {
        let OrderEvent::OrderOpened(opening) = event else {
            panic!("{event:?} for an order that was not opened");
        };
        OrderSlot::Live(Box::new(Order {
            events: 1,
            pay_mode: opening.pay_mode,
            dining_mode: opening.dining_mode,
            table: opening.table,
            server: None,
            guests: opening.guests,
            currency: opening.currency,
            rules: opening.rules,
            tax_rules: opening.tax_rules,
            is_tax_exempt: false,
            is_placed: false,
            is_imported: opening.imported,
            is_training: opening.training,
            dues_apart: opening.dues_apart,
            deadline: None,
            lines: vec![],
            removed: vec![],
            discounts: vec![],
            comps: vec![],
            charges: vec![],
            total: Money::ZERO,
            sale: Sale::default(),
            taxes: vec![],
            charge_totals: vec![],
            applied: Money::ZERO,
            is_paid_off: false,
            payments: vec![],
            attempts: vec![],
            returns: None,
            prep: match opening.kitchen {
                Kitchen::Off => None,
                Kitchen::On => Some(Box::default()),
            },
            checks: None,
            prints: Prints::default(),
        }))
    }

    /// Folds a fact.
    ///
    /// # Panics
    /// If the fact cannot follow from the state: the log is not one that this engine wrote.
    pub fn evolve(&mut self, event: &OrderEvent) {
        match (&mut *self, event) {
            (OrderSlot::Live(order), OrderEvent::OrderCompleted { .. }) => {
                let details = Some(Box::new(order.settled()));
                *self = OrderSlot::Closed(order.closed(Closed::Completed, details));
            }
            (OrderSlot::Live(order), OrderEvent::OrderCancelled { .. }) => {
                let (returns, payments) = (order.returns.take(), std::mem::take(&mut order.payments));
                let has_taken = returns.is_some() || !payments.is_empty();
                let details =
                    has_taken.then(|| Box::new(ClosedDetails { returns, payments, ..ClosedDetails::default() }));
                *self = OrderSlot::Closed(order.closed(Closed::Cancelled, details));
            }
            (OrderSlot::Live(order), OrderEvent::OrderMergedInto { target }) => {
                let (returns, payments) = (order.returns.take(), std::mem::take(&mut order.payments));
                let merged_into = Some(*target);
                let details =
                    Some(Box::new(ClosedDetails { merged_into, returns, payments, ..ClosedDetails::default() }));
                *self = OrderSlot::Closed(order.closed(Closed::Merged, details));
            }
            (OrderSlot::Live(order), event) => {
                order.evolve(event);
                // Debug builds only: every event of every order would pay for it.
                if cfg!(debug_assertions) {
                    order.assert_invariants(event);
                }
            }
            (
                OrderSlot::Closed(closed),
                OrderEvent::PaymentNotApplicable { .. } | OrderEvent::RefundRecorded { .. },
            ) => {
                closed.events += 1;
                let details = closed.details.get_or_insert_default();
                evolve_returns(details.returns.get_or_insert_default(), event);
                if let OrderEvent::PaymentNotApplicable { payment, .. } = event {
                    took(&mut details.payments, *payment);
                }
                if let OrderEvent::RefundRecorded { parts, check, reversed, taxes, .. } = event {
                    details.give_back(parts.applied, (*check, *reversed), taxes);
                }
            }
            (OrderSlot::Closed(closed), OrderEvent::DocumentPrinted { document, check, copy }) => {
                closed.events += 1;
                closed.details.get_or_insert_default().prints.count(*document, *check, *copy);
            }
            (OrderSlot::Closed(closed), event) => panic!("{event:?} for an order that is {closed:?}"),
        }
    }

    /// Whether it is a training order.
    pub fn is_training(&self) -> bool {
        match self {
            OrderSlot::Live(order) => order.is_training,
            OrderSlot::Closed(closed) => closed.is_training,
        }
    }

    /// The payments that it took something of or could not take, in the order they came.
    pub fn payments(&self) -> &[PaymentId] {
        match self {
            OrderSlot::Live(order) => &order.payments,
            OrderSlot::Closed(closed) => closed.details.as_deref().map_or(&[], |details| &details.payments),
        }
    }

    /// What each check has too much, where one has.
    pub fn overpaid(&self) -> Vec<(CheckId, Money)> {
        match self {
            OrderSlot::Live(order) => order.overpaid_checks(),
            OrderSlot::Closed(closed) => closed.details.as_deref().map_or(vec![], |details| details.overpaid.clone()),
        }
    }

    /// What did not stay with the order.
    pub fn returns(&self) -> Option<&Returns> {
        match self {
            OrderSlot::Live(order) => order.returns.as_deref(),
            OrderSlot::Closed(closed) => closed.details.as_deref()?.returns.as_deref(),
        }
    }

    /// The same, to be changed.
    pub(crate) fn returns_mut(&mut self) -> &mut Returns {
        match self {
            OrderSlot::Live(order) => order.returns.get_or_insert_default(),
            OrderSlot::Closed(closed) => closed.details.get_or_insert_default().returns.get_or_insert_default(),
        }
    }
}

impl ClosedOrder {
    /// The order it went into.
    pub fn merged_into(&self) -> Option<OrderId> {
        self.details.as_deref()?.merged_into
    }

    /// Why it takes no change.
    pub fn refused(&self) -> Refused {
        match self.merged_into() {
            Some(into) => Refused::OrderMerged { into },
            None => Refused::OrderClosed { state: self.state },
        }
    }
}

/// Remembers a payment once.
fn took(payments: &mut Vec<PaymentId>, payment: PaymentId) {
    if payments.is_empty() {
        // Most orders have one.
        payments.reserve_exact(1);
    }
    if !payments.contains(&payment) {
        payments.push(payment);
    }
}

/// Money that came in and could not stay, or went back.
fn evolve_returns(returns: &mut Returns, event: &OrderEvent) {
    match event {
        OrderEvent::PaymentNotApplicable { payment, unapplied, .. } => returns.unapplied.push((*payment, *unapplied)),
        OrderEvent::RefundRecorded { parts, reversed, .. } => {
            returns.refunded.0 += parts.applied.0;
            returns.reversed.0 += reversed.0;
        }
        event => panic!("{event:?} says nothing of money that did not stay"),
    }
}

impl Order {
    /// The most lines that may be removed from an order.
    pub const REMOVED_MAX: usize = 1_000;
    /// The most attempts to pay that may be without an outcome at a time: they all end with their order's deadline.
    pub const ATTEMPTS_MAX: usize = 64;

    /// What holds after each event, as far as the event touches it.
    fn assert_invariants(&self, event: &OrderEvent) {
        assert!(Money::ZERO <= self.applied && Money::ZERO <= self.net_paid(), "{event:?} takes more than was paid");
        if let Some(prep) = self.prep.as_deref() {
            prep.assert_fits(self.lines.iter().map(|line| (line.line, line.qty)));
        }
        let checks = self.checks.as_deref();
        let paid = |checks: &Checks| checks.paid.iter().map(|(_, paid)| paid.0).sum::<i64>();
        assert!(checks.is_none_or(|checks| paid(checks) == self.paid().0), "{event:?}: checks are paid something else");
        assert!(
            checks.is_none_or(|checks| checks.paid.iter().all(|(_, paid)| Money::ZERO <= *paid)),
            "{event:?} takes more of a check than was paid towards it"
        );
        let is_priced = match event.effect() {
            OrderEffect::Placed(_) | OrderEffect::Repriced { .. } => true,
            // Between a change of the lines and the price that follows in the same commit the totals are stale.
            _ => matches!(event, OrderEvent::CheckSplit { .. }) && self.is_placed,
        };
        if is_priced {
            self.assert_adds_up(checks);
        }
    }

    /// The parts of the total, its lines and its checks each add up to it.
    fn assert_adds_up(&self, checks: Option<&Checks>) {
        let Sale { gross, discounts, charges, tax, total, .. } = self.sale;
        assert_eq!(gross.0 - discounts.0 + charges.0 + tax.0, total.0, "the parts are not the total: {:?}", self.sale);
        let sum = |part: fn(&LineTotals) -> Money| self.lines.iter().map(|line| part(&line.totals).0).sum::<i64>();
        assert_eq!(
            (sum(|line| line.gross), sum(|line| line.discount)),
            (gross.0, discounts.0),
            "lines are not the order"
        );
        let of_checks = checks.map(|checks| self.check_totals(checks).iter().map(|(_, check)| check.total.0).sum());
        assert_eq!(of_checks.unwrap_or(total.0), total.0, "the checks are not the order");
    }

    /// What is left of it after the fact that closes it.
    fn closed(&self, state: Closed, details: Option<Box<ClosedDetails>>) -> ClosedOrder {
        ClosedOrder { events: self.events + 1, state, is_training: self.is_training, details }
    }

    /// What it comes to, part by part; zero until it is placed.
    pub(crate) fn sold(&self) -> Sold<'_> {
        Sold { sale: self.sale, taxes: &self.taxes }
    }

    /// What counts as paid towards it: what was given back before it is settled does not.
    pub fn paid(&self) -> Money {
        let reversed = self.returns.as_deref().map_or(Money::ZERO, |returns| returns.reversed);
        Money(self.applied.0 - reversed.0)
    }

    /// What has been paid towards it and not been given back.
    pub fn net_paid(&self) -> Money {
        let refunded = self.returns.as_deref().map_or(Money::ZERO, |returns| returns.refunded);
        Money(self.applied.0 - refunded.0)
    }

    /// When the engine cancels it unless somebody pays; nothing was ever paid, and nothing is for the kitchen. One whose money
    /// was given back waits for a person.
    pub fn times_out(&self) -> Option<Timestamp> {
        match self.is_placed && self.applied == Money::ZERO && !self.is_sent() {
            true => self.deadline,
            false => None,
        }
    }

    /// Whether the kitchen has or had something of it.
    pub fn is_sent(&self) -> bool {
        self.prep.as_deref().is_some_and(|prep| 0 < prep.fires)
    }

    /// Whether nothing is left to prepare or to serve.
    pub fn is_served(&self) -> bool {
        let Some(prep) = self.prep.as_deref() else { return true };
        self.lines.iter().zip(&prep.lines).all(|(line, prep)| line.qty == prep.served)
    }

    /// Whether nothing of it is sold any more: all units were taken off, and nothing is to be paid.
    pub fn is_void(&self, totals: &Totals) -> bool {
        totals.total == Money::ZERO && self.lines.iter().all(|line| line.qty == QtyMilli::ZERO)
    }

    /// Whether it is over once nothing is due and nothing is left to prepare or serve. One that is paid later goes on until
    /// it is paid, however little it comes to, unless somebody says that it is over (rule O14).
    pub fn ends_by_itself(&self) -> bool {
        match self.pay_mode {
            PayMode::First => true,
            PayMode::Later => self.is_paid_off,
        }
    }

    /// A line of which the kitchen has something, and how much.
    pub fn sent(&self) -> Option<(LineId, QtyMilli)> {
        let line = self.prep.as_deref()?.lines.iter().find(|line| QtyMilli::ZERO < line.sent())?;
        Some((line.line, line.sent()))
    }

    /// A line by its id.
    ///
    /// # Errors
    /// [`Refused::UnknownLine`].
    pub fn line(&self, line: LineId) -> Result<&OrderLine, Refused> {
        self.lines.iter().find(|held| held.line == line).ok_or(Refused::UnknownLine { line })
    }

    /// What the order comes to now.
    ///
    /// # Errors
    /// [`Refused::AmountTooLarge`] where a sum does not fit.
    pub fn price(&self) -> Result<Totals, Refused> {
        let lines: Vec<LineInput<'_>> = self.lines.iter().map(line_input).collect();
        let index_of = |line| self.lines.iter().position(|held| held.line == line);
        let discounts: Vec<_> = self.discounts.iter().map(|discount| (&discount.scope, discount.rate)).collect();
        let charges: Vec<_> = self.charges.iter().map(|charge| (&charge.phase, charge.rate)).collect();
        let terms = PriceTerms { rules: self.rules, tax_rules: self.tax_rules, is_exempt: self.is_tax_exempt };
        quote(&lines, index_of, &discounts, &charges, terms).map_err(too_large)
    }

    /// Folds a fact about one of its tickets.
    pub(crate) fn evolve_ticket(&mut self, ticket: TicketId, event: &TicketEvent) {
        match self.prep.as_deref_mut() {
            Some(prep) => prep.evolve_ticket(ticket, event),
            None => panic!("{event:?} for an order that is not prepared on tickets"),
        }
    }

    /// Folds a fact that leaves the order open to changes, for a decision in the making.
    pub(crate) fn evolve_draft(&mut self, event: &OrderEvent) {
        self.evolve(event);
    }

    fn evolve(&mut self, event: &OrderEvent) {
        self.events += 1;
        match event {
            OrderEvent::LineAdded(line) => {
                self.add(line, 0);
                if let Some(prep) = &mut self.prep {
                    prep.add(line.line, line.station, line.course);
                }
            }
            OrderEvent::LineQtyChanged { line, qty } => {
                let index = self.index_of(*line, event);
                self.lines[index].qty = *qty;
                if let Some(prep) = &mut self.prep {
                    prep.shrink(*line, *qty);
                }
            }
            OrderEvent::LineRemoved { line } => {
                let index = self.index_of(*line, event);
                self.lines.remove(index);
                if let Some(prep) = &mut self.prep {
                    prep.lines.remove(index);
                }
                if let Some(checks) = &mut self.checks {
                    checks.remove(*line);
                }
                self.removed.push(*line);
            }
            OrderEvent::LineDetailsChanged { line, seat, course, note, allergens } => {
                let index = self.index_of(*line, event);
                let added = Arc::make_mut(&mut self.lines[index].added);
                (added.seat, added.course) = (*seat, *course);
                (added.note, added.allergens) = (note.clone(), allergens.clone());
                if let Some(prep) = &mut self.prep {
                    prep.lines[index].course = *course;
                }
            }
            OrderEvent::LinePriceOverridden { line, unit_base, unit, .. } => {
                let index = self.index_of(*line, event);
                let line = &mut self.lines[index];
                line.unit = *unit;
                let added = Arc::make_mut(&mut line.added);
                (added.unit_base, added.unit) = (*unit_base, *unit);
            }
            OrderEvent::LineVoided { line, qty, .. } => {
                let index = self.index_of(*line, event);
                let ordered = self.lines[index].qty;
                self.lines[index].qty.0 -= qty.0;
                if let Some(prep) = &mut self.prep {
                    prep.void(*line, ordered, *qty);
                }
            }
            OrderEvent::LinesHeld { lines } => self.prep_mut(event).hold(lines),
            OrderEvent::LinesFired { fire, lines } => self.fire(*fire, lines, event),
            OrderEvent::LinesServed { lines } => self.prep_mut(event).serve(lines),
            OrderEvent::DiscountApplied(discount) => self.discounts.push(discount.clone()),
            OrderEvent::LinesComped { discount, lines, reason, .. } => {
                self.comps.push(*discount);
                self.discounts.push(Discount {
                    discount: *discount,
                    scope: DiscountScope::Lines(lines.clone()),
                    rate: Rate::Percent(Ppm::ONE),
                    reason: reason.clone(),
                });
            }
            OrderEvent::DiscountRemoved { discount } => {
                self.discounts.retain(|held| held.discount != *discount);
                self.comps.retain(|comp| comp != discount);
            }
            OrderEvent::ServiceChargeApplied(charge) => self.charges.push(charge.clone()),
            OrderEvent::ServiceChargeRemoved { charge } => self.charges.retain(|held| held.charge != *charge),
            OrderEvent::OrderMovedToTable { to, .. } => self.table = Some(*to),
            OrderEvent::ServerAssigned { staff } => self.server = Some(*staff),
            OrderEvent::GuestsChanged { guests } => self.guests = *guests,
            OrderEvent::DocumentPrinted { document, check, copy } => {
                self.prints.count(*document, *check, *copy);
            }
            OrderEvent::DiningModeChanged { dining_mode, lines } => {
                self.dining_mode = *dining_mode;
                for changed in lines {
                    let index = self.index_of(changed.line, event);
                    Arc::make_mut(&mut self.lines[index].added).taxes.clone_from(&changed.taxes);
                }
            }
            OrderEvent::OrderTaxExempted { .. } => self.is_tax_exempt = true,
            OrderEvent::TaxExemptionEnded => self.is_tax_exempt = false,
            OrderEvent::OrderPlaced { totals, deadline } => {
                self.is_placed = true;
                self.set_totals(totals);
                self.deadline = *deadline;
            }
            OrderEvent::OrderRepriced { totals, void } => {
                self.set_totals(totals);
                self.sale.orders = i64::from(!void);
            }
            OrderEvent::PaymentApplied { payment, amount, check, .. } => {
                took(&mut self.payments, *payment);
                self.pay(*check, *amount);
                self.is_paid_off = self.due() == Money::ZERO;
            }
            OrderEvent::CheckSplit { lines } => {
                let paid = self.paid();
                let checks = self.checks.get_or_insert_with(|| {
                    let paid = if paid == Money::ZERO { vec![] } else { vec![(CheckId::FIRST, paid)] };
                    Box::new(Checks { lines: vec![], paid })
                });
                checks.split(lines);
            }
            OrderEvent::CheckPaid { .. } => {}
            OrderEvent::LinesReceivedByMerge(received) => self.receive(received),
            // What the guest was shown changes nothing.
            OrderEvent::TotalMismatchRecorded { .. } => {}
            OrderEvent::PaymentNotApplicable { payment, .. } => {
                took(&mut self.payments, *payment);
                evolve_returns(self.returns.get_or_insert_default(), event);
            }
            OrderEvent::RefundRecorded { check, reversed, .. } => {
                evolve_returns(self.returns.get_or_insert_default(), event);
                if let (Some(checks), Some(check)) = (&mut self.checks, check) {
                    checks.pay(*check, Money(-reversed.0));
                }
            }
            OrderEvent::OrderOpened(_)
            | OrderEvent::OrderCancelled { .. }
            | OrderEvent::OrderCompleted { .. }
            | OrderEvent::OrderMergedInto { .. } => {
                panic!("{event:?} for an order that is {self:?}")
            }
        }
        // What is due takes dealing out where it was split.
        self.is_paid_off = self.is_paid_off && self.due() == Money::ZERO;
    }

    /// Counts money towards a check.
    pub(crate) fn pay(&mut self, check: CheckId, amount: Money) {
        self.applied.0 += amount.0;
        if let Some(checks) = &mut self.checks {
            checks.pay(check, amount);
        }
    }

    /// Takes over what another order had; its tickets follow by facts of their own.
    fn receive(&mut self, received: &Received) {
        let Received { lines, discounts, charges, fires, .. } = received;
        for received in lines {
            self.add(&received.line, received.part);
        }
        self.discounts = discounts.iter().map(|held| held.discount.clone()).collect();
        self.comps = discounts.iter().filter(|held| held.comp).map(|held| held.discount.discount).collect();
        self.charges.clone_from(charges);
        if let Some(prep) = &mut self.prep {
            prep.lines.extend(lines.iter().filter_map(|line| line.prep));
            prep.fires += fires;
        }
    }

    fn add(&mut self, added: &Arc<Line>, part: u16) {
        let (line, qty, unit, is_training) = (added.line, added.qty, added.unit, self.is_training);
        let (added, totals) = (Arc::clone(added), LineTotals::default());
        self.lines.push(OrderLine { line, qty, unit, added, part, is_training, totals });
    }

    /// Gives a ticket away.
    pub(crate) fn remove_ticket(&mut self, ticket: TicketId) -> Option<Ticket> {
        let prep = self.prep.as_deref_mut()?;
        let index = prep.tickets.iter().position(|held| held.ticket == ticket)?;
        Some(prep.tickets.remove(index))
    }

    /// Takes a ticket that another order gave away. What it names and the order does not have was removed over there, and
    /// its id is not given out here either.
    pub(crate) fn insert_ticket(&mut self, mut ticket: Ticket, renamed: &[RenamedLine]) {
        for line in &mut ticket.lines {
            if let Some(renamed) = renamed.iter().find(|renamed| renamed.from == line.line) {
                line.line = renamed.to;
            }
            if self.line(line.line).is_err() && !self.removed.contains(&line.line) {
                self.removed.push(line.line);
            }
        }
        let prep = self.prep.as_deref_mut().expect("only what is prepared goes into what is prepared");
        prep.tickets.push(ticket);
        // They are oldest first, and numbered.
        prep.tickets.sort_by_key(|ticket| ticket.ticket.number());
    }

    fn set_totals(&mut self, totals: &Totals) {
        self.total = totals.total;
        self.sale = Sale::of(totals);
        self.taxes.clone_from(&totals.taxes);
        self.charge_totals.clone_from(&totals.charges);
        for (line, amounts) in self.lines.iter_mut().zip(&totals.lines) {
            line.totals = *amounts;
        }
    }

    /// Units that are fired are held no more.
    fn fire(&mut self, fire: u32, fired: &[FiredLine], event: &OrderEvent) {
        for units in fired {
            let ordered = self.lines[self.index_of(units.line, event)].qty;
            self.prep_mut(event).fire(units, ordered);
        }
        self.prep_mut(event).fires = fire;
    }

    fn prep_mut(&mut self, event: &OrderEvent) -> &mut Prep {
        match self.prep.as_deref_mut() {
            Some(prep) => prep,
            None => panic!("{event:?} for an order that is not prepared on tickets"),
        }
    }

    fn index_of(&self, line: LineId, event: &OrderEvent) -> usize {
        match self.lines.iter().position(|held| held.line == line) {
            Some(index) => index,
            None => panic!("{event:?} for an order without the line: {self:?}"),
        }
    }
}

fn line_input(line: &OrderLine) -> LineInput<'_> {
    LineInput { unit: line.unit, qty: line.qty, taxes: &line.added.taxes, part: line.part }
}

/// Parts are checked when they come in, so that only sums can be out of bounds.
fn too_large(error: PriceError) -> Refused {
    match error {
        PriceError::LineOverflow(_) | PriceError::TotalOverflow => Refused::AmountTooLarge,
        PriceError::TooMany => {
            Refused::TooMany { what: "lines, discounts or service charges", max: pricing::LINES_MAX }
        }
        PriceError::LinePrice(_)
        | PriceError::LineQty(_)
        | PriceError::LineTaxes(_)
        | PriceError::Discount(_)
        | PriceError::Charge(_)
        | PriceError::ChargeTaxes(_) => Refused::AmountTooLarge,
    }
}
