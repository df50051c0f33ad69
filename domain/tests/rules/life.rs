//! A day as it is lived: ops become commands as the world stands, and each command is decided and folded.

use crate::generate::*;
use crate::model::Model;
use crate::spell::*;
use crate::support::*;
use domain::calendar::{CutOff, Timestamp};
use domain::command::*;
use domain::event::{
    CancelReason, Capture, Decision, DiscountScope, Event, PayMode, ProviderMessage, ProviderSaid, Tender,
};
use domain::ids::{LineId, OrderId, PaymentId, RefundId, Sku, TenderId};
use domain::money::{Currency, Money, QtyMilli, Rounding};
use domain::order::{Order, OrderSlot};
use domain::payment::PaymentState;
use domain::pricing::{PriceRules, TaxRounding};
use domain::refund::RefundState;
use domain::refused::Refused;
use domain::store::{CashShifts, Due, Settings};
use domain::terminal::Queued;
use std::sync::OnceLock;

/// A command with its outcome.
#[derive(Clone, Debug)]
pub struct Step {
    pub command: Command,
    pub context: Context,
    pub outcome: Result<Vec<Event>, Refused>,
}

impl Step {
    pub fn events(&self) -> &[Event] {
        self.outcome.as_deref().unwrap_or_default()
    }

    /// The order the command is to.
    pub fn order(&self) -> Option<(OrderId, &OrderCommand)> {
        match &self.command {
            Command::Store(_, StoreCommand::Order(order, command)) => Some((*order, command)),
            _ => None,
        }
    }

    /// The payment the command is to.
    pub fn payment(&self) -> Option<(PaymentId, &PaymentCommand)> {
        match &self.command {
            Command::Store(_, StoreCommand::Payment(payment, command)) => Some((*payment, command)),
            _ => None,
        }
    }

    pub fn is_refused_as(&self, is_it: impl Fn(&Refused) -> bool) -> bool {
        self.outcome.as_ref().is_err_and(is_it)
    }
}

/// The base whose store takes cash in shifts.
pub const IN_SHIFTS: usize = 4;

pub fn base_settings(base: usize) -> Settings {
    let (rounding, tax_rounding, cut_off) = [
        (Rounding::HalfEven, TaxRounding::Line, "04:00"),
        (Rounding::HalfUp, TaxRounding::Group, "00:00"),
        (Rounding::Down, TaxRounding::Line, "06:30"),
        (Rounding::Up, TaxRounding::Group, "08:00"),
        (Rounding::HalfEven, TaxRounding::Line, "04:00"),
    ][base];
    let cut_off = CutOff::parse(cut_off).expect("a cut-off");
    let cash_shifts = if base == IN_SHIFTS { CashShifts::Required } else { CashShifts::Off };
    Settings { rules: PriceRules { rounding, tax_rounding }, cut_off, cash_shifts, ..settings() }
}

/// The world each day begins with, and its model.
fn bases() -> &'static [(World, Model)] {
    static BASES: OnceLock<Vec<(World, Model)>> = OnceLock::new();
    BASES.get_or_init(|| {
        let base = |index| {
            let (mut world, mut model) = (World::default(), Model::default());
            for command in opening(base_settings(index)) {
                world.run(&command, &at(-3_600)).expect("opening a store").iter().for_each(|event| model.fold(event));
            }
            (world, model)
        };
        (0..=IN_SHIFTS).map(base).collect()
    })
}

/// Lives through a day. `watch` sees each command, the model before it and the world before and after it.
pub struct Life {
    pub world: World,
    pub model: Model,
    pub now: Timestamp,
    terminals: u8,
    has_provider: bool,
    steps: u32,
}

impl Life {
    pub fn new(day: &Day) -> Life {
        let (world, model) = bases()[day.base].clone();
        // The day begins in the small hours, so that the cut-off is passed on the way.
        let now = Timestamp(NOON.0 + 17 * 3_600 * Timestamp::SECOND_US);
        Life { world, model, now, terminals: day.terminals, has_provider: day.has_provider, steps: 0 }
    }

    /// Runs the day. `watch` gets the model as it was before the step and the world as it is after it.
    pub fn live(&mut self, day: &Day, mut watch: impl FnMut(&Model, &Step, &World)) {
        for op in &day.ops {
            for (command, source) in self.commands(op) {
                let step = self.step(command, source);
                watch(&self.model, &step, &self.world);
                step.events().iter().for_each(|event| self.model.fold(event));
            }
        }
    }

    pub fn step(&mut self, command: Command, source: (Source, Option<i64>)) -> Step {
        let context = self.context(source);
        self.step_at(command, context)
    }

    pub fn step_at(&mut self, command: Command, context: Context) -> Step {
        let outcome = self.world.run(&command, &context);
        Step { command, context, outcome }
    }

    /// A command that a terminal kept.
    pub fn step_away(&mut self, command: Command, queued: &Queued) -> Step {
        let context = away(queued, self.now);
        let outcome = self.world.ingest(&command, &context, queued).map(|ingested| ingested.events);
        outcome.iter().flatten().for_each(|event| self.world.evolve(event));
        Step { command, context, outcome }
    }

    pub fn context(&mut self, (source, file_s): (Source, Option<i64>)) -> Context {
        self.steps += 1;
        let mut context = context(self.now, source);
        if let Some(seconds) = file_s {
            let then = Timestamp(NOON.0 - seconds * Timestamp::SECOND_US);
            context.local = then.at_offset(-5 * 3_600).expect("within the calendar");
        }
        let number = self.steps % (u32::from(self.terminals) + 1);
        context.terminal = (number != 0).then(|| terminal(&format!("t{number}")));
        context
    }

    /// The commands an op means as the world stands.
    pub fn commands(&mut self, op: &Op) -> Vec<(Command, (Source, Option<i64>))> {
        let online = |command| vec![(command, (Source::Online, None))];
        match op {
            Op::Tick(seconds) => {
                self.now.0 += seconds * Timestamp::SECOND_US;
                self.due().into_iter().map(|command| (command, (Source::Engine, None))).collect()
            }
            Op::Late(seconds) => {
                self.now.0 += seconds * Timestamp::SECOND_US;
                vec![]
            }
            Op::TimeOut(order, _) | Op::Expire(order, _) => {
                let command = self.engine_command(op, *order);
                vec![(command, (Source::Engine, None))]
            }
            Op::Open { order, first, lines, place, foreign, imported } => {
                let new = self.new_order(*first, lines, *place, *foreign);
                let id = pick(*order, &ORDERS, |id| self.slot(id).is_none());
                let command = to_order(id, OrderCommand::Open(new));
                let source = if imported.is_some() { Source::Imported } else { Source::Online };
                vec![(command, (source, *imported))]
            }
            Op::Pay { payment, order, share, tip, cash, expected } => {
                let to = pick(*order, &ORDERS, |id| self.live_order(id).is_some_and(|live| live.is_placed));
                let payment = pick(*payment, &PAYMENTS, |id| self.payment_state(id).is_none());
                online(self.pay(payment, to, *share, Money(*tip), *cash, *expected))
            }
            Op::Captured(index, off) => {
                let id = self.unanswered(*index);
                let held = self.world.open().payment(payment(id));
                let asked = held.map_or(0, |held| held.amount.0 + held.tip.0);
                let amount = off.map(|off| Money((asked + off).max(0)));
                online(to_payment(id, PaymentCommand::RecordOutcome(Outcome::Captured { amount, reference: None })))
            }
            Op::Failed(index) => {
                let outcome = Outcome::Failed { code: text("declined") };
                online(to_payment(self.unanswered(*index), PaymentCommand::RecordOutcome(outcome)))
            }
            Op::Refund { payment, id, what, tip, restock } => {
                online(self.refund(*payment, *id, what, Money(*tip), *restock))
            }
            Op::RefundOver { order, id, what, payments, restock } => {
                online(self.refund_over(*order, *id, what, *payments, *restock))
            }
            Op::PayAway { payment: index, order: to, amount } => {
                let order = order(pick(*to, &ORDERS, |id| self.slot(id).is_some()));
                let id = pick(*index, &PAYMENTS, |id| self.payment_state(id).is_none());
                let (tip, method) = (Money::ZERO, Method::Cash { tendered: None, drawer: None });
                let amount = Some(Money(*amount));
                let initiate =
                    PaymentCommand::Initiate { order, check: None, amount, tip, method, expected_total: None };
                vec![(to_payment(id, initiate), (Source::Offline, None))]
            }
            Op::RefundOutcome { payment: index, id, succeeded, drawer: from } => {
                let of = self.with_refunds(*index);
                let state = |id: &str| {
                    let held = self.world.open().payment(payment(of)).and_then(|held| held.refund(refund_id(id)));
                    held.map(|refund| refund.state)
                };
                let open = pick(*id * 6, &REFUNDS, |id| state(id) == Some(RefundState::Requested));
                let id = if *index % 3 == 0 { pick(*id * 6, &REFUNDS, |id| state(id).is_some()) } else { open };
                let outcome = match succeeded {
                    true => RefundOutcome::Succeeded { drawer: from.map(|from| drawer(DRAWERS[from])) },
                    false => RefundOutcome::Failed { code: text("declined") },
                };
                online(to_payment(of, PaymentCommand::RecordRefundOutcome { refund: refund_id(id), outcome }))
            }
            Op::Provider(index, at) => online(self.at_provider(*index, *at)),
            Op::Reprice { item, price } => self.publish(*item, *price),
            Op::CloseDay(back) | Op::OpenDay(back) => {
                let cut_off = self.world.open().settings().cut_off;
                let local = self.now.at_offset(-5 * 3_600).expect("within the calendar");
                let today = domain::calendar::business_date(local, cut_off);
                let date = domain::calendar::Date::from_days(today.days() - back).expect("a date");
                online(to_store(match op {
                    Op::OpenDay(_) => StoreCommand::OpenDay { date },
                    _ => StoreCommand::CloseDay { date, chain: None },
                }))
            }
            Op::Drawer(index, what) => {
                let id = DRAWERS[*index];
                online(to_store(StoreCommand::Drawer(drawer(id), drawer_command(what))))
            }
            Op::StorePrice { .. } | Op::Sell(..) | Op::Currency(_) => online(store_command(op, self.world.open())),
            Op::Policy(..)
            | Op::Receive(..)
            | Op::Count(..)
            | Op::Adjust(..)
            | Op::Waste(..)
            | Op::Mark(..)
            | Op::Unmark(_) => online(to_stock(stock_command(op, self.now))),
            Op::AddLines(..)
            | Op::Qty(..)
            | Op::Remove(..)
            | Op::Discount { .. }
            | Op::RemoveDiscount(..)
            | Op::Charge { .. }
            | Op::RemoveCharge(..)
            | Op::Place(..)
            | Op::Cancel(_)
            | Op::Merge(..)
            | Op::Complete(_) => online(self.order_command(op)),
        }
    }

    /// What the engine does when it looks at its deadlines: orders, payments, marks.
    fn due(&self) -> Vec<Command> {
        let store = self.world.open();
        let is_due = |due| store.due_at(due).filter(|deadline| *deadline <= self.now);
        let mut commands = vec![];
        for id in ORDERS {
            let deadline = is_due(Due::Order(order(id)));
            commands.extend(deadline.map(|deadline| to_order(id, OrderCommand::TimeOut { deadline })));
        }
        for id in PAYMENTS {
            let deadline = is_due(Due::Payment(payment(id)));
            commands.extend(deadline.map(|deadline| to_payment(id, PaymentCommand::Expire { deadline })));
        }
        for id in SKUS {
            let until = is_due(Due::Mark86(sku(id)));
            commands.extend(until.map(|until| to_stock(StockCommand::EndMark86 { sku: sku(id), until })));
        }
        commands
    }

    fn engine_command(&self, op: &Op, index: usize) -> Command {
        let store = self.world.open();
        match op {
            Op::TimeOut(_, right) => {
                let id = self.to_cancel(index);
                let due = store.due_at(Due::Order(order(id))).filter(|_| *right);
                to_order(id, OrderCommand::TimeOut { deadline: due.unwrap_or(self.now) })
            }
            Op::Expire(_, right) => {
                let id = self.unanswered(index);
                let due = store.due_at(Due::Payment(payment(id))).filter(|_| *right);
                to_payment(id, PaymentCommand::Expire { deadline: due.unwrap_or(self.now) })
            }
            op => unreachable!("{op:?} is not the engine's"),
        }
    }

    fn slot(&self, id: &str) -> Option<&OrderSlot> {
        self.world.open().order(order(id))
    }

    fn live_order(&self, id: &str) -> Option<&Order> {
        self.slot(id).and_then(|slot| slot.live().ok())
    }

    fn payment_state(&self, id: &str) -> Option<PaymentState> {
        self.world.open().payment(payment(id)).map(|payment| payment.state)
    }

    /// A payment that waits for its outcome, or now and then one that has it.
    fn unanswered(&self, index: usize) -> &'static str {
        use PaymentState::{Expired, Failed, Initiated};
        match index % 4 {
            0 => pick(index, &PAYMENTS, |id| self.payment_state(id).is_some_and(|state| state != Initiated)),
            1 => pick(index, &PAYMENTS, |id| matches!(self.payment_state(id), Some(Failed | Expired))),
            _ => pick(index, &PAYMENTS, |id| self.payment_state(id) == Some(Initiated)),
        }
    }

    /// A payment to refund: mostly one of a settled order.
    fn captured(&self, index: usize) -> &'static str {
        let is_captured = |id: &str| self.payment_state(id) == Some(PaymentState::Captured);
        let is_settled = |id: &str| {
            let order = self.world.open().payment(payment(id)).and_then(|held| self.world.open().order(held.order));
            order.is_some_and(is_closed)
        };
        match index % 4 {
            0 => pick(index, &PAYMENTS, is_captured),
            _ => pick(index, &PAYMENTS, |id| is_captured(id) && is_settled(id)),
        }
    }

    /// A payment that has refunds, if one has.
    fn with_refunds(&self, index: usize) -> &'static str {
        let held = |id: &str| self.world.open().payment(payment(id));
        let is_waiting = |id: &str| {
            held(id).is_some_and(|held| held.refunds().iter().any(|refund| refund.state == RefundState::Requested))
        };
        match index % 3 {
            0 => pick(index, &PAYMENTS, |id| held(id).is_some_and(|held| !held.refunds().is_empty())),
            _ => pick(index, &PAYMENTS, is_waiting),
        }
    }

    fn refund(&self, index: usize, id: usize, what: &Back, tip: Money, restock: bool) -> Command {
        let of = self.captured(index);
        let held = self.model.payments.get(&payment(of));
        let what = self.refund_of(held.map(|held| held.order), held.map_or(0, |held| held.captured), what, tip, index);
        let is_free =
            |id: &str| self.world.open().payment(payment(of)).is_some_and(|held| held.refund(refund_id(id)).is_none());
        let refund = refund_id(pick(id * 6, &REFUNDS[..3], is_free));
        to_payment(
            of,
            PaymentCommand::RequestRefund(NewRefund { refund, what, restock, drawer: None, reason: text("cold") }),
        )
    }

    /// What goes back of an order, of so much that came in.
    fn refund_of(&self, of: Option<OrderId>, captured: i128, what: &Back, tip: Money, index: usize) -> RefundOf {
        let held = of.and_then(|of| self.model.orders.get(&of));
        let sold: Vec<LineId> = held.map_or(vec![], |held| held.lines.keys().copied().collect());
        let captured = i64::try_from(captured).expect("it fits");
        match what {
            Back::Rest => RefundOf::Rest,
            Back::Amount(share) => {
                let amount = match share {
                    Share::All => captured,
                    Share::Percent(percent) => captured * i64::from(*percent) / 100,
                    Share::TooMuch => captured + 1,
                };
                RefundOf::Amount { amount: Money(amount), tip }
            }
            Back::Lines(lines) => {
                let mut lines: Vec<RefundLine> = lines
                    .iter()
                    .map(|(index, milli)| RefundLine {
                        line: sold.get(index % sold.len().max(1)).copied().unwrap_or(line("l9")),
                        qty: QtyMilli(*milli),
                    })
                    .collect();
                lines.sort_by_key(|asked| asked.line);
                lines.dedup_by_key(|asked| asked.line);
                RefundOf::Lines {
                    lines,
                    tip,
                    charges: if index.is_multiple_of(3) { Charges::Keep } else { Charges::Follow },
                }
            }
        }
    }

    /// A refund over the payments of an order: mostly of one that took money in.
    fn refund_over(&self, index: usize, id: usize, what: &Back, named: Option<usize>, restock: bool) -> Command {
        let paid = |id: &str| self.slot(id).is_some_and(|slot| !slot.payments().is_empty());
        let of = match index % 4 {
            0 => pick(index, &ORDERS, paid),
            _ => pick(index, &ORDERS, |id| paid(id) && self.slot(id).is_some_and(is_closed)),
        };
        let all = self.slot(of).map_or(&[][..], OrderSlot::payments);
        let captured =
            all.iter().filter_map(|payment| self.model.payments.get(payment)).map(|held| held.captured).sum();
        let tip = Money(if index.is_multiple_of(5) { 50 } else { 0 });
        let what = self.refund_of(self.slot(of).map(|_| order(of)), captured, what, tip, index);
        let payments = all.iter().rev().take(named.unwrap_or(0)).copied().collect();
        let has = |id: &str| {
            all.iter()
                .any(|held| self.world.open().payment(*held).is_some_and(|held| held.refund(refund_id(id)).is_some()))
        };
        let refund = refund_id(pick(id * 6, &REFUNDS[..3], |id| !has(id)));
        let refund = NewRefund { refund, what, restock, drawer: None, reason: text("cold") };
        to_order(of, OrderCommand::Refund { refund, payments })
    }

    /// A payment that a provider takes: mostly one that is under way, now and then one that has got further.
    fn at_the_provider(&self, index: usize) -> &'static str {
        use PaymentState::{Authorised, Captured, Expired, Failed, Initiated, NeedsReview, Voided};
        let is =
            |id: &str, states: &[PaymentState]| self.payment_state(id).is_some_and(|state| states.contains(&state));
        match index % 4 {
            0 => pick(index, &PAYMENTS, |id| is(id, &[Captured, NeedsReview])),
            1 => pick(index, &PAYMENTS, |id| is(id, &[Failed, Expired, Voided])),
            2 => pick(index, &PAYMENTS, |id| is(id, &[Authorised])),
            _ => pick(index, &PAYMENTS, |id| is(id, &[Initiated, Authorised])),
        }
    }

    /// What somebody decides about a payment: mostly one that was flagged.
    fn reviewed(&self, index: usize, flag: usize, decision: Decision, tip: Option<i64>) -> Command {
        let open = |id: &str| self.world.open().payment(payment(id)).map_or(0, |held| held.flags().count());
        let id = match index % 8 {
            0 => pick(index, &PAYMENTS, |_| true),
            _ => pick(index, &PAYMENTS, |id| 0 < open(id)),
        };
        let held = self.world.open().payment(payment(id));
        let flag = held.and_then(|held| held.flags().nth(flag)).map(|flag| flag.at);
        let tip = tip.map(Money).filter(|_| decision == Decision::Accept);
        to_payment(id, PaymentCommand::Review(Review { flag, decision, tip, reason: text("looked") }))
    }

    fn at_provider(&self, index: usize, at: AtProvider) -> Command {
        let id = self.at_the_provider(index);
        let command = match at {
            AtProvider::Capture => ProviderCommand::Capture,
            AtProvider::Void => ProviderCommand::Void { reason: text("left") },
            AtProvider::Tip(tip) => ProviderCommand::AdjustTip { tip: Money(tip) },
            AtProvider::Review { flag, decision, tip } => return self.reviewed(index, flag, decision, tip),
            AtProvider::Said { what, off, is_foreign, is_other } => {
                let held = self.world.open().payment(payment(id));
                let refund = held.and_then(|held| held.refunds().last()).map_or(refund_id("r1"), |last| last.refund);
                let code = text("declined");
                let said = match what {
                    0 => ProviderSaid::Accepted,
                    1 => ProviderSaid::Authorised,
                    2 => ProviderSaid::Captured,
                    3 => ProviderSaid::Failed { code },
                    4 => ProviderSaid::Voided,
                    5 => ProviderSaid::Disputed,
                    6 => ProviderSaid::RefundSucceeded { refund },
                    7 => ProviderSaid::RefundFailed { refund, code },
                    _ => ProviderSaid::Other,
                };
                let asked = match what {
                    6 | 7 => held.and_then(|held| held.refund(refund)).map_or(0, |refund| refund.parts.sum().0),
                    _ => held.map_or(0, |held| held.amount.0 + held.tip.0),
                };
                let amount = off.map(|off| Money((asked + off).max(0)));
                let currency = is_foreign.then(|| Currency::new("EUR", 2).expect("a currency"));
                let reference = Some(text(if is_other { "other" } else { "pay_1" }));
                let (event_id, body_sha256) = (text(&format!("evt_{}", self.steps)), [7; 32]);
                let message = ProviderMessage { event_id, reference, said, amount, currency, body_sha256 };
                ProviderCommand::Record { account: account("acme"), message }
            }
        };
        to_payment(id, PaymentCommand::Provider(command))
    }

    /// An order to change: mostly one that can be.
    fn to_change(&self, index: usize) -> &'static str {
        match index % 6 {
            0 => pick(index, &ORDERS, |id| self.slot(id).is_some_and(is_closed)),
            1 | 2 => pick(index, &ORDERS, |id| self.live_order(id).is_some_and(|live| live.is_placed)),
            _ => pick(index, &ORDERS, |id| self.live_order(id).is_some()),
        }
    }

    /// An order to cancel: partly paid ones, and ones somebody is paying, are the interesting ones.
    fn to_cancel(&self, index: usize) -> &'static str {
        match index % 4 {
            0 | 1 => pick(index, &ORDERS, |id| self.live_order(id).is_some_and(|live| live.applied != Money::ZERO)),
            2 => pick(index, &ORDERS, |id| self.live_order(id).is_some_and(|live| !live.attempts.is_empty())),
            _ => pick(index, &ORDERS, |id| self.slot(id).is_some()),
        }
    }

    /// A line of an order.
    fn line_of(&self, id: &str, index: usize) -> LineId {
        let lines = self.live_order(id).map_or(&[][..], |live| &live.lines);
        line(pick(index * 6, &LINES, |id| lines.iter().any(|held| held.line == line(id))))
    }

    fn new_order(&self, first: bool, lines: &[LineSpec], place: Option<Expected>, foreign: bool) -> NewOrder {
        let mut new = NewOrder {
            pay_mode: if first { PayMode::First } else { PayMode::Later },
            currency: Some(if foreign { Currency::new("EUR", 2).expect("a currency") } else { usd() }),
            lines: lines.iter().map(new_line_of).collect(),
            ..new_order()
        };
        new.lines.sort_by_key(|line| line.line);
        new.lines.dedup_by_key(|line| line.line);
        new.place = place.map(|expected| {
            let total =
                || self.world.open().price_order(&self.world.tenant, &new, &at(0)).map_or(0, |totals| totals.total.0);
            Place { expected_total: told(expected, total) }
        });
        new
    }

    fn pay(
        &self,
        id: &str,
        to: &str,
        share: Share,
        tip: Money,
        cash: Option<Option<i64>>,
        expected: Expected,
    ) -> Command {
        let (total, due) = self.live_order(to).map_or((0, 0), |live| (live.total.0, live.due().0));
        let amount = match share {
            Share::All => None,
            Share::Percent(percent) => Some(Money((due * i64::from(percent) / 100).max(1))),
            Share::TooMuch => Some(Money(due + 1)),
        };
        let needed = amount.map_or(due, |amount| amount.0) + tip.0;
        let method = match cash {
            None if self.has_provider => Method::Provider {
                tender: TenderId::parse("card").expect("an id"),
                account: account("acme"),
                capture: if tip.0 % 2 == 0 { Capture::AtOnce } else { Capture::Later },
                step: None,
            },
            None => Method::External(TenderId::parse("card").expect("an id")),
            Some(more) => {
                let tendered = more.map(|more| Money((needed + more).max(0)));
                Method::Cash { tendered, drawer: None }
            }
        };
        let expected_total = told(expected, || total);
        to_payment(id, PaymentCommand::Initiate { check: None, order: order(to), amount, tip, method, expected_total })
    }

    fn order_command(&self, op: &Op) -> Command {
        let change = |order: &usize| self.to_change(*order);
        let (order, command) = match op {
            Op::AddLines(order, lines) => {
                let id = change(order);
                let mut lines: Vec<NewLine> = lines.iter().map(new_line_of).collect();
                // Now and then the id of a line that was removed.
                if let Some(removed) =
                    self.live_order(id).and_then(|live| live.removed.first()).filter(|_| order % 2 == 0)
                {
                    lines[0].line = *removed;
                }
                (id, OrderCommand::AddLines(lines))
            }
            Op::Qty(order, line, milli) => {
                let order = change(order);
                (order, OrderCommand::ChangeLineQty { line: self.line_of(order, *line), qty: QtyMilli(*milli) })
            }
            Op::Remove(order, line) => {
                let order = change(order);
                (order, OrderCommand::RemoveLine(self.line_of(order, *line)))
            }
            Op::Discount { order, id, lines, percent, amount } => {
                let order = change(order);
                let scope = match lines {
                    None => DiscountScope::Order,
                    Some(lines) => DiscountScope::Lines(lines.iter().map(|line| self.line_of(order, *line)).collect()),
                };
                (order, OrderCommand::ApplyDiscount(new_discount(*id, scope, rate(*percent, *amount))))
            }
            Op::RemoveDiscount(order, id) => (change(order), OrderCommand::RemoveDiscount(discount_id(*id))),
            Op::Charge { order, id, taxed, percent, amount } => {
                let new = new_charge(*id, *taxed, rate(*percent, *amount));
                (change(order), OrderCommand::ApplyServiceCharge(new))
            }
            Op::RemoveCharge(order, id) => (change(order), OrderCommand::RemoveServiceCharge(charge_id(*id))),
            Op::Place(order, expected) => {
                let id = pick(*order, &ORDERS, |id| self.live_order(id).is_some_and(|live| !live.is_placed));
                let total =
                    || self.live_order(id).and_then(|live| live.price().ok()).map_or(0, |totals| totals.total.0);
                (id, OrderCommand::Place(Place { expected_total: told(*expected, total) }))
            }
            Op::Cancel(order) => {
                (self.to_cancel(*order), OrderCommand::Cancel { reason: CancelReason::Requested(text("left")) })
            }
            Op::Merge(order, into) => {
                let is_placed = |id: &str| self.live_order(id).is_some_and(|live| live.is_placed);
                let source = pick(*order, &ORDERS, |id| self.live_order(id).is_some());
                let target = pick(*into, &ORDERS, |id| id != source && is_placed(id));
                (source, OrderCommand::MergeInto(crate::support::order(target)))
            }
            Op::Complete(order) => (change(order), OrderCommand::Complete),
            op => unreachable!("{op:?} is not to an order"),
        };
        to_order(order, command)
    }

    /// A new price on the menu, and its way into the store.
    fn publish(&self, index: usize, price: i64) -> Vec<(Command, (Source, Option<i64>))> {
        let mut changed = items().swap_remove(index);
        match changed.variations.first_mut() {
            Some(variation) => variation.price = Money(price),
            None if changed.price == domain::menu::ItemPrice::Open => {}
            None => changed.price = domain::menu::ItemPrice::Fixed(Money(price)),
        }
        let version = self.world.tenant.menu_version() + 1;
        let upsert = Command::Menu(MenuCommand::UpsertItem(changed));
        let adopt = to_store(StoreCommand::AdoptMenu { version });
        let commands =
            [(upsert, Source::Online), (Command::Menu(MenuCommand::Publish), Source::Online), (adopt, Source::Engine)];
        commands.into_iter().map(|(command, source)| (command, (source, None))).collect()
    }
}

pub fn refund_id(id: &str) -> RefundId {
    RefundId::parse(id).expect("an id")
}

/// Whether an order's slot is closed, as the code under test has it.
pub fn is_closed(slot: &OrderSlot) -> bool {
    slot.live().is_err()
}

/// The stock items of the menu.
pub fn sku_ids() -> [Sku; SKUS.len()] {
    SKUS.map(sku)
}

pub fn is_cash(tender: &Tender) -> bool {
    *tender == Tender::Cash
}
