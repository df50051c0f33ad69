//! Rules of what was paid and is corrected: before an order is settled in any order of the commands, and afterwards by line
//! over all payments.

use crate::floor::{PACE, op, wait_tables};
use crate::generate::{Mix, PAYMENTS, a_day};
use crate::spell::new_charge;
use crate::support::*;
use crate::{OPS, prove};
use domain::check::{CheckId, CheckMove, MoveOf};
use domain::command::{
    Charges, Command, Method, NewOrder, NewRefund, OrderCommand, PaymentCommand, Place, RefundLine, RefundOf,
    RefundOutcome,
};
use domain::event::{CancelReason, Event, OrderEvent, PaymentEvent, Rate, StockEvent};
use domain::ids::{OrderId, PaymentId, RefundId};
use domain::money::{Money, Ppm, QtyMilli};
use domain::order::{Order, OrderSlot};
use domain::refund::RefundState;
use domain::refused::Refused;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Days of a floor that pays much.
const PAYING: Mix = [10, 8, 1, 1];

/// A copy of the world, in which commands are tried.
struct Trial {
    world: World,
    order: OrderId,
}

impl Trial {
    fn slot(&self) -> &OrderSlot {
        self.world.open().order(self.order).expect("it is known")
    }

    fn live(&self) -> Option<&Order> {
        self.slot().live().ok()
    }

    fn run(&mut self, command: OrderCommand) -> Result<Vec<Event>, Refused> {
        self.world.run(&to_order(self.order.as_str(), command), &at(900_000))
    }

    /// Every unit that is left is taken off, line by line.
    fn void_all(&mut self) {
        loop {
            let left = self.live().and_then(|order| order.lines.iter().find(|line| QtyMilli::ZERO < line.qty));
            let Some((line, qty)) = left.map(|line| (line.line, line.qty)) else { return };
            let void = OrderCommand::VoidLine { line, qty, reason: text("cannot be made"), wasted: false };
            self.run(void).expect("what was paid can be taken off");
        }
    }

    /// All that is left goes back, and every refund that waits for an outcome succeeds.
    fn give_all_back(&mut self) {
        let id = RefundId::parse("all_of_it").expect("an id");
        let refund =
            NewRefund { refund: id, what: RefundOf::Rest, restock: false, drawer: None, reason: text("wrong") };
        let refund = OrderCommand::Refund { refund, payments: vec![] };
        match self.run(refund) {
            Ok(_) => {}
            // All of it is asked back already.
            Err(refused) => assert_eq!(refused, Refused::NothingToRefund),
        }
        for payment in self.slot().payments().to_vec() {
            let held = self.world.open().payment(payment).expect("it is known");
            let waiting = held.refunds().iter().filter(|refund| refund.state == RefundState::Requested);
            for refund in waiting.map(|refund| refund.refund).collect::<Vec<_>>() {
                let outcome = RefundOutcome::Succeeded { drawer: None };
                let command = PaymentCommand::RecordRefundOutcome { refund, outcome };
                self.world.run(&to_payment(payment.as_str(), command), &at(900_000)).expect("it goes back");
            }
        }
    }

    /// Nothing is kept, and nothing is too much.
    fn assert_all_is_back(&self) {
        assert!(self.slot().overpaid().is_empty());
        for payment in self.slot().payments() {
            let held = self.world.open().payment(*payment).expect("it is known");
            let back = held.refunds().iter().filter(|refund| refund.counts()).map(|refund| refund.parts.sum().0);
            assert_eq!(back.sum::<i64>(), held.amount.0 + held.tip.0);
        }
    }

    /// Check by check, until nothing is due.
    fn pay_anew(&mut self) {
        let mut number = 0;
        while let Some(due) = self.live().map(Order::due).filter(|due| Money::ZERO < *due) {
            number += 1;
            let method = Method::Cash { tendered: None, drawer: None };
            let (order, tip) = (self.order, Money::ZERO);
            let pay = PaymentCommand::Initiate { order, check: None, amount: None, tip, method, expected_total: None };
            self.world.run(&to_payment(&format!("anew{number}"), pay), &at(900_000)).expect("it is due");
            assert!(self.live().is_none_or(|order| order.due() < due), "paying leaves less due");
        }
    }
}

/// Whatever was paid towards an order that is not settled: its units can be taken off before and after the money goes back, and
/// without its money it can be cancelled or paid anew.
#[test]
fn p10_what_was_paid_can_be_corrected() {
    let days = (a_day(OPS, PAYING), any::<bool>(), vec(op(), PACE * OPS));
    prove("p10_what_was_paid_can_be_corrected", 60, days, |input| {
        wait_tables(input, |_, _, step, world| {
            let paid = step.events().iter().find_map(|event| match event {
                Event::Order(id, OrderEvent::PaymentApplied { .. }) => Some(*id),
                _ => None,
            });
            let Some(id) = paid.filter(|id| world.open().order(*id).is_some_and(|slot| slot.live().is_ok())) else {
                return false;
            };
            let trial = || Trial { world: world.clone(), order: id };
            let (mut void_first, mut refund_first) = (trial(), trial());
            void_first.void_all();
            void_first.give_all_back();
            void_first.assert_all_is_back();
            refund_first.give_all_back();
            refund_first.assert_all_is_back();
            let live = refund_first.live().expect("a refund settles nothing");
            assert_eq!((live.due(), live.net_paid()), (live.total, Money::ZERO), "all of it is due again");
            let mut anew = Trial { world: refund_first.world.clone(), order: id };
            anew.pay_anew();
            assert!(anew.live().is_none_or(|order| order.due() == Money::ZERO));
            let cancel = || OrderCommand::Cancel { reason: CancelReason::Requested(text("left")) };
            match refund_first.run(cancel()) {
                Ok(_) => {}
                Err(Refused::LineFired { .. }) => {
                    refund_first.void_all();
                    assert!(refund_first.live().is_none() || refund_first.run(cancel()).is_ok());
                }
                Err(refused) => panic!("{refused:?}"),
            }
            true
        })
    });
}

/// An order with service charges, shared out over checks, paid in several payments, and given back unit by unit.
#[derive(Clone, Debug)]
struct Evening {
    /// What is ordered, and how much of it.
    lines: Vec<(usize, i64)>,
    charges: Vec<(Option<bool>, Option<u32>, i64)>,
    /// Over so many checks evenly; line by line where it is none.
    checks: Option<u64>,
    /// How much of a check its first payer pays, in percent.
    first_share: i64,
    is_cash: bool,
    /// Which line, and how much of it at most.
    backs: Vec<(usize, i64)>,
    keeps: bool,
}

fn an_evening() -> impl Strategy<Value = Evening> {
    let charge =
        (any::<Option<bool>>(), prop_oneof![4 => (1..300_000_u32).prop_map(Some), 1 => Just(None)], 1..400_i64);
    let milli = || prop_oneof![Just(1_000_i64), Just(2_000), 1..4_000_i64];
    (
        vec((0..3_usize, milli()), 1..5),
        vec(charge, 0..3),
        prop_oneof![2 => Just(None), 3 => (1..5_u64).prop_map(Some)],
        prop_oneof![1 => Just(100_i64), 2 => 1..100_i64],
        any::<bool>(),
        vec((0..4_usize, milli()), 6),
        prop_oneof![4 => Just(false), 1 => Just(true)],
    )
        .prop_map(|(lines, charges, checks, first_share, is_cash, backs, keeps)| Evening {
            lines,
            charges,
            checks,
            first_share,
            is_cash,
            backs,
            keeps,
        })
}

fn check(number: u64) -> CheckId {
    CheckId::new(number).expect("a check")
}

/// A world in which the evening's order is settled.
fn settled(evening: &Evening) -> World {
    let mut world = opened(settings());
    let mut run = |command: &Command| world.run(command, &at(0)).expect("it is taken");
    let item = |index: usize| ["combo", "soda", "special"][index];
    let lines = evening.lines.iter().enumerate().map(|(index, (what, milli))| {
        let mut new = new_line(&format!("l{}", index + 1), item(*what), 1);
        new.qty = QtyMilli(*milli);
        new.open_price = (item(*what) == "special").then_some(Money(777));
        if item(*what) == "combo" {
            new.modifiers = vec![choice("sides", "fries", 2)];
        }
        new
    });
    let charges = evening.charges.iter().enumerate().map(|(index, (taxed, percent, amount))| {
        new_charge(index, *taxed, percent.map_or(Rate::Amount(Money(*amount)), |ppm| Rate::Percent(Ppm(ppm))))
    });
    let place = Some(Place::default());
    let new = NewOrder { lines: lines.collect(), service_charges: charges.collect(), place, ..new_order() };
    run(&to_order("o1", OrderCommand::Open(new)));
    match evening.checks {
        Some(checks) => _ = run(&to_order("o1", OrderCommand::SplitEvenly(check(checks)))),
        None => {
            for index in 1..evening.lines.len() {
                let line = line(&format!("l{}", index + 1));
                let moves = vec![CheckMove { line, what: MoveOf::All, from: None }];
                run(&to_order("o1", OrderCommand::SplitCheck { to: check(index as u64 + 1), moves }));
            }
        }
    }
    let mut number = 0;
    loop {
        let Ok(order) = world.open().order(order("o1")).expect("it is there").live() else { return world };
        let held = order.check(None).expect("it has one");
        if held.due == Money::ZERO {
            // A thousandth of a dish may come to nothing: a tab that nobody pays is ended by hand.
            world.run(&to_order("o1", OrderCommand::Complete), &at(0)).expect("nothing is due");
            continue;
        }
        let part = (held.due.0 * evening.first_share / 100).clamp(1, held.due.0);
        // The last of many payers pays the rest.
        let amount = if number < PAYMENTS.len() { part } else { held.due.0 };
        number += 1;
        let method = match evening.is_cash {
            true => Method::Cash { tendered: None, drawer: None },
            false => Method::External(domain::ids::TenderId::parse("card").expect("an id")),
        };
        let id = format!("p{number}");
        let (order, amount, tip) =
            (domain::ids::OrderId::parse("o1").expect("an id"), Some(Money(amount)), Money::ZERO);
        let pay =
            PaymentCommand::Initiate { order, check: Some(held.check), amount, tip, method, expected_total: None };
        world.run(&to_payment(&id, pay), &at(0)).expect("it is due");
        if !evening.is_cash {
            let captured =
                PaymentCommand::RecordOutcome(domain::command::Outcome::Captured { amount: None, reference: None });
            world.run(&to_payment(&id, captured), &at(0)).expect("it comes in");
        }
    }
}

/// Units come back in any steps over all payers of their checks: none gives back more than it paid, the parts add up to the
/// sale's to the minor unit, percent service charges follow their lines, and units go on the shelf once.
#[test]
fn m8_lines_go_back_over_their_payers() {
    prove("m8_lines_go_back_over_their_payers", 60, an_evening(), |evening| {
        let mut world = settled(evening);
        let before = world.open().order(order("o1")).expect("it is there").clone();
        let OrderSlot::Closed(closed) = &before else { panic!("it is settled") };
        let sold = closed.details.as_deref().expect("it was sold").clone();
        let mut left: BTreeMap<usize, i64> = sold.lines.iter().map(|line| line.qty.0).enumerate().collect();
        let rest = (0..sold.lines.len()).map(|index| (index, i64::MAX));
        let (mut back, mut on_shelf) = (vec![], 0);
        for (step, (index, milli)) in evening.backs.iter().copied().chain(rest).enumerate() {
            let index = index % sold.lines.len();
            let qty = milli.min(left[&index]);
            if qty == 0 {
                continue;
            }
            let charges = if evening.keeps && step == 0 { Charges::Keep } else { Charges::Follow };
            let lines = vec![RefundLine { line: sold.lines[index].line, qty: QtyMilli(qty) }];
            let refund = NewRefund {
                refund: RefundId::parse(&format!("r{step}")).expect("an id"),
                what: RefundOf::Lines { lines, tip: Money::ZERO, charges },
                restock: true,
                drawer: None,
                reason: text("cold"),
            };
            let outcome = world.run(&to_order("o1", OrderCommand::Refund { refund, payments: vec![] }), &at(60));
            let events = match outcome {
                Ok(events) => events,
                // Units of what costs nothing, or so little that it comes to nothing.
                Err(refused) => {
                    assert_eq!(refused, Refused::NothingToRefund, "{evening:?}");
                    return false;
                }
            };
            *left.get_mut(&index).expect("a line") -= qty;
            for event in &events {
                match event {
                    Event::Payment(id, PaymentEvent::RefundRequested { parts, lines, .. }) => {
                        let amount: i64 = lines.iter().map(|line| line.amount().0).sum();
                        assert_eq!(amount, parts.applied.0, "{evening:?}");
                        back.extend(lines.iter().map(|line| (*id, *line)));
                    }
                    Event::Stock(StockEvent::StockRestocked { lines, .. }) => {
                        on_shelf += lines.iter().map(|line| line.qty.0).sum::<i64>();
                    }
                    _ => {}
                }
            }
        }
        assert_eq!(on_shelf, 0, "nothing of it is counted");
        let sum = |of: usize, part: &dyn Fn(&domain::event::RefundedLine) -> i64| -> i64 {
            back.iter().filter(|(_, line)| line.line == sold.lines[of].line).map(|(_, line)| part(line)).sum()
        };
        for (index, line) in sold.lines.iter().enumerate() {
            assert_eq!(sum(index, &|back| back.qty.0), line.qty.0, "{evening:?}");
            assert_eq!(sum(index, &|back| back.net.0), line.totals.net.0, "{evening:?}");
            assert_eq!(sum(index, &|back| back.discount.0), line.totals.discount.0);
            assert_eq!(sum(index, &|back| back.tax_exclusive.0), line.totals.tax_exclusive.0);
            assert_eq!(sum(index, &|back| back.tax_inclusive.0), line.totals.tax_inclusive.0);
            if let (Some(charges), false) = (sold.charges.get(index), evening.keeps) {
                let of = |part: &dyn Fn(&domain::pricing::ChargeTotals) -> Money| {
                    sum(index, &|back| part(&back.charges.unwrap_or_default()).0)
                };
                assert_eq!(of(&|it| it.amount), charges.amount.0, "{evening:?}");
                assert_eq!(of(&|it| it.tax_exclusive), charges.tax_exclusive.0);
                assert_eq!(of(&|it| it.tax_inclusive), charges.tax_inclusive.0);
            }
        }
        // No payer gave back more than they paid; and where no charge stays, all of them all.
        let mut by_payer: BTreeMap<PaymentId, i64> = BTreeMap::new();
        back.iter().for_each(|(id, line)| *by_payer.entry(*id).or_default() += line.amount().0);
        for (id, back) in &by_payer {
            assert!(*back <= world.open().payment(*id).expect("it paid").amount.0, "{evening:?}");
        }
        let has_fixed = evening.charges.iter().any(|(_, percent, _)| percent.is_none());
        if !evening.keeps && !has_fixed {
            let paid: i64 =
                before.payments().iter().map(|id| world.open().payment(*id).expect("it paid").amount.0).sum();
            assert_eq!(by_payer.values().sum::<i64>(), paid, "{evening:?}");
        }
        1 < by_payer.len()
    });
}
