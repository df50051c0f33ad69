//! Rules of the floor, on days on which checks are split and orders merged, with the kitchen on or off.
//!
//! Every step of such a day is followed by some of the floor.

use crate::generate::{Day, LINES, ORDERS, PAYMENTS, a_day};
use crate::kitchen::Pass;
use crate::life::{Life, Step};
use crate::model::{Back, Check, Model, State};
use crate::spell::pick;
use crate::support::*;
use crate::{BUSY, Mix, OPS, holds_at_each_step, prove};
use domain::check::{CheckId, CheckMove, CheckTotals, MoveOf, Share, SharedLine, deal};
use domain::command::{
    Command, Fire, Method, OrderCommand, Outcome, PaymentCommand, Source, StoreCommand, TicketCommand,
};
use domain::event::{DiscountScope, Event, NotApplicable, OrderEvent, PayMode, PaymentEvent, Rate, TicketEvent};
use domain::ids::{ChargeId, DiscountId, LineId, OrderId, TenderId, TicketId};
use domain::kitchen::Kitchen;
use domain::money::{Money, QtyMilli, split_evenly};
use domain::order::Order;
use domain::pricing::LineTotals;
use domain::refused::Refused;
use domain::store::Settings;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Days on which nobody pays before the kitchen is done.
const COOKING: Mix = [10, 1, 0, 1];
/// How many steps of the floor follow each other step.
pub const PACE: usize = 2;

#[derive(Clone, Debug)]
pub enum Op {
    Split {
        order: usize,
        to: u64,
        line: usize,
        what: MoveOf,
        from: Option<u64>,
    },
    Evenly(usize, u64),
    Merge(usize, usize),
    Fire(usize),
    /// All of a line that is on a ticket.
    Void(usize, usize),
    /// A line of which nothing is left.
    Remove(usize),
    /// Bumps or recalls a ticket.
    Ticket(usize, bool),
    Pay {
        order: usize,
        payment: usize,
        check: Option<u64>,
        part: Option<i64>,
        cash: bool,
    },
    Captured(usize),
}

/// A step of a floor that mostly pays.
pub fn op() -> impl Strategy<Value = Op> {
    op_of([6, 3, 3, 2, 1, 1, 1, 7, 3])
}

/// One of a floor whose kitchen is busy, and whose guests change their minds.
fn cooking_op() -> impl Strategy<Value = Op> {
    op_of([1, 0, 6, 7, 7, 7, 3, 0, 0])
}

fn op_of(
    [splits, evenly, merges, fires, voids, removes, tickets, pays, captures]: [u32; 9],
) -> impl Strategy<Value = Op> {
    let (o, check) = (|| 0..42_usize, || 1..5_u64);
    let what = prop_oneof![
        2 => Just(MoveOf::All),
        2 => prop_oneof![Just(1_000_i64), 1..3_000_i64].prop_map(|milli| MoveOf::Qty(QtyMilli(milli))),
        3 => (1..4_u32, 2..8_u32).prop_map(|(parts, of)| MoveOf::Share { parts: parts.min(of), of }),
    ];
    prop_oneof![
        splits => (o(), check(), 0..LINES.len(), what, option_of(check())).prop_map(|(order, to, line, what, from)| {
            Op::Split { order, to, line, what, from: from.filter(|from| *from != to) }
        }),
        evenly => (o(), check()).prop_map(|(order, checks)| Op::Evenly(order, checks)),
        merges => (o(), o()).prop_map(|(order, into)| Op::Merge(order, into)),
        fires => o().prop_map(Op::Fire),
        voids => (o(), 0..LINES.len()).prop_map(|(order, line)| Op::Void(order, line)),
        removes => o().prop_map(Op::Remove),
        tickets => (0..8_usize, any::<bool>()).prop_map(|(ticket, bumps)| Op::Ticket(ticket, bumps)),
        pays => (o(), 0..42_usize, option_of(check()), option_of(1..4_000_i64), any::<bool>())
            .prop_map(|(order, payment, check, part, cash)| Op::Pay { order, payment, check, part, cash }),
        captures => (0..42_usize).prop_map(Op::Captured),
    ]
}

fn option_of<T: std::fmt::Debug>(some: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    proptest::option::of(some)
}

/// Lives through a day with a floor. `watch` gets the model before a step, the world before it, the step, and the world after.
pub fn wait_tables(
    (day, kitchen, ops): &(Day, bool, Vec<Op>),
    mut watch: impl FnMut(&Model, &World, &Step, &World) -> bool,
) -> bool {
    let mut life = Life::new(day);
    let mut was_tested = false;
    if *kitchen {
        let settings = Settings { kitchen: Kitchen::On, ..life.world.open().settings().clone() };
        life.step(to_store(StoreCommand::Put(settings)), (Source::Online, None)).outcome.expect("settings");
    }
    let mut floor = ops.chunks(PACE);
    let mut run = |life: &mut Life, command: Command, source| {
        let before = life.world.clone();
        let step = life.step(command, source);
        was_tested |= watch(&life.model, &before, &step, &life.world);
        step.events().iter().for_each(|event| life.model.fold(event));
    };
    for (index, op) in day.ops.iter().enumerate() {
        for (command, source) in life.commands(op) {
            run(&mut life, command, source);
        }
        let waiting = if index < ORDERS.len() - 1 { &[] } else { floor.next().unwrap_or_default() };
        for op in waiting {
            let command = floor_command(&life, op);
            run(&mut life, command, (Source::Online, None));
        }
    }
    was_tested
}

fn check(number: u64) -> CheckId {
    CheckId::new(number).expect("a check")
}

fn floor_command(life: &Life, op: &Op) -> Command {
    let placed = |index: usize| pick(index, &ORDERS, |id| life.model.state(order(id)) == Some(State::Placed));
    match op {
        Op::Split { order: index, to, line: of, what, from } => {
            let id = placed(*index);
            let held = life.model.orders.get(&order(id));
            let line = line(pick(of * 5, &LINES, |id| held.is_some_and(|held| held.lines.contains_key(&line(id)))));
            let moves = vec![CheckMove { line, what: *what, from: from.map(check) }];
            to_order(id, OrderCommand::SplitCheck { to: check(*to), moves })
        }
        Op::Evenly(index, checks) => to_order(placed(*index), OrderCommand::SplitEvenly(check(*checks))),
        Op::Merge(index, into) => {
            let live = |id: &str| life.world.open().order(order(id)).and_then(|slot| slot.live().ok());
            let has_gone = |id: &str| live(id).is_some_and(|order| 0 < names_gone(order));
            let source = match ORDERS.iter().any(|id| has_gone(id)) {
                true => pick(*index, &ORDERS, has_gone),
                // Now and then one that was not placed.
                false if index % 3 == 0 => pick(*index, &ORDERS, |id| live(id).is_some_and(|order| !order.is_placed)),
                false => placed(*index),
            };
            let of = live(source).map(|order| order.pay_mode);
            let alike = |id: &str| id != source && live(id).is_some_and(|order| Some(order.pay_mode) == of);
            let target = if into % 2 == 0 { placed(*into) } else { pick(*into, &ORDERS, alike) };
            to_order(source, OrderCommand::MergeInto(order(target)))
        }
        Op::Void(index, of) => {
            let id = placed(*index);
            let order = life.world.open().order(order(id)).and_then(|slot| slot.live().ok());
            let sent = |line: LineId| {
                let prep = order.and_then(|order| order.prep.as_deref());
                prep.is_some_and(|prep| QtyMilli::ZERO < prep.line(line).sent())
            };
            let lines = order.map_or(&[][..], |order| &order.lines);
            let fired: Vec<_> = lines.iter().filter(|line| sent(line.line)).collect();
            let (line, qty) = match fired.get(of % fired.len().max(1)) {
                Some(held) => (held.line, held.qty),
                None => (line("l1"), QtyMilli::ONE),
            };
            to_order(id, OrderCommand::VoidLine { line, qty, reason: text("dropped"), wasted: true })
        }
        Op::Remove(index) => {
            let empty = |id: &str| {
                let held = life.model.orders.get(&order(id)).filter(|held| held.state == State::Placed);
                let empty = held?.lines.iter().find(|(_, line)| line.qty == QtyMilli::ZERO);
                empty.map(|(line, _)| *line)
            };
            let id = pick(*index, &ORDERS, |id| empty(id).is_some());
            to_order(id, OrderCommand::RemoveLine(empty(id).unwrap_or(line("l1"))))
        }
        Op::Ticket(index, bumps) => {
            let command = if *bumps { TicketCommand::Bump } else { TicketCommand::Recall };
            to_ticket(TicketId::numbered(*index as u64 + 1).as_str(), command)
        }
        Op::Fire(index) => to_order(placed(*index), OrderCommand::FireLines(Fire::Unheld)),
        Op::Pay { order: index, payment: of, check: on, part, cash } => {
            let id = pick(*of, &PAYMENTS, |id| !life.model.payments.contains_key(&payment(id)));
            let method = match cash {
                true => Method::Cash { tendered: None, drawer: None },
                false => Method::External(TenderId::parse("card").expect("an id")),
            };
            let initiate = PaymentCommand::Initiate {
                order: order(placed(*index)),
                check: on.map(check),
                amount: part.map(Money),
                tip: Money::ZERO,
                method,
                expected_total: None,
            };
            to_payment(id, initiate)
        }
        Op::Captured(of) => {
            let is_open = |id: &str| life.model.payments.get(&payment(id)).is_some_and(|held| held.captured == 0);
            let id = pick(*of, &PAYMENTS, is_open);
            to_payment(id, PaymentCommand::RecordOutcome(Outcome::Captured { amount: None, reference: None }))
        }
    }
}

/// How many lines of its tickets an order does not have any more.
fn names_gone(order: &Order) -> usize {
    let on_tickets = order.prep.iter().flat_map(|prep| &prep.tickets).flat_map(|ticket| &ticket.lines);
    on_tickets.filter(|line| order.line(line.line).is_err()).count()
}

#[track_caller]
fn holds_on_the_floor(name: &str, floor: u32, rule: impl Fn(&Model, &World, &Step, &World) -> bool) {
    let days = (a_day(OPS, BUSY), any::<bool>(), vec(op(), PACE * OPS));
    prove(name, floor, days, |input| wait_tables(input, &rule));
}

/// The orders that may still change.
fn live<'a>(model: &'a Model, world: &'a World) -> impl Iterator<Item = (OrderId, &'a Order)> {
    let order = |id: &OrderId| Some((*id, world.open().order(*id)?.live().ok()?));
    model.orders.keys().filter_map(order)
}

/// What each check of an order comes to.
fn check_totals(world: &World, id: OrderId) -> Vec<(CheckId, i128)> {
    let Ok(order) = world.open().order(id).expect("it is known").live() else { return vec![] };
    order.balances().iter().map(|held| (held.check, i128::from(held.total.0))).collect()
}

fn parts_of(totals: &LineTotals) -> [Money; 5] {
    [totals.gross, totals.discount, totals.net, totals.tax_exclusive, totals.tax_inclusive]
}

#[test]
fn o10_split_conserves_totals() {
    holds_on_the_floor("o10_split_conserves_totals", 60, |model, _, step, world| {
        let after = model.after(step.events());
        let mut is_tested = false;
        for (id, order) in live(&after, world) {
            let Some(checks) = order.checks.as_deref() else { continue };
            let dealt = order.check_totals(checks);
            is_tested |= 2 <= dealt.len();
            let sum = |part: fn(&CheckTotals) -> Money| -> i64 { dealt.iter().map(|(_, check)| part(check).0).sum() };
            assert_eq!(sum(|check| check.total), order.total.0, "{id} {step:?}");
            // Line by line and part by part; nothing falls below zero.
            let mut lines: BTreeMap<LineId, [i64; 6]> = BTreeMap::new();
            for (_, check) in &dealt {
                let of_lines = check.lines.iter().fold([0; 5], |sum: [i64; 5], line| {
                    let parts = parts_of(&line.totals);
                    std::array::from_fn(|index| sum[index] + parts[index].0)
                });
                let CheckTotals { gross, discount, net, tax_exclusive, tax_inclusive, .. } = check;
                let of_check = [gross, discount, net, tax_exclusive, tax_inclusive].map(|part| part.0);
                assert_eq!(of_check, of_lines, "{id} {step:?}");
                assert_eq!(net.0 + tax_exclusive.0 + check.charges.0, check.total.0, "{id} {step:?}");
                for line in &check.lines {
                    let (totals, parts) = (line.totals, parts_of(&line.totals));
                    assert!(
                        parts.iter().all(|part| 0 <= part.0) && 0 <= line.qty.0 && 0 <= check.charges.0,
                        "{step:?}"
                    );
                    assert!(totals.discount <= totals.gross && totals.tax_inclusive <= totals.net, "{step:?}");
                    let held = lines.entry(line.line).or_default();
                    parts.iter().enumerate().for_each(|(index, part)| held[index] += part.0);
                    held[5] += line.qty.0;
                }
            }
            for line in &order.lines {
                let parts: Vec<i64> = parts_of(&line.totals).iter().map(|part| part.0).chain([line.qty.0]).collect();
                assert_eq!(lines.get(&line.line).copied().unwrap_or_default().as_slice(), parts, "{id} {step:?}");
            }
        }
        is_tested
    });
}

/// Rule M3 with a memory: whatever two guests share, and in what parts, neither pays more than half a minor unit more than
/// his exact share of all of it. Fractions are told apart exactly, because each line's parts are a divisor of 840.
#[test]
fn m3_dealing_has_a_memory() {
    const OF: i64 = 840;
    let a_line =
        (prop_oneof![0..10_i64, 0..2_000_i64], 1..9_u32).prop_flat_map(|(amount, of)| (Just(amount), 0..=of, Just(of)));
    prove("m3_dealing_has_a_memory", 70, vec(a_line, 1..12), |lines| {
        let (first, second) = (check(1), check(2));
        let shares = |parts: u32, of: u32| -> Vec<Share> {
            let shares = [Share { check: first, parts }, Share { check: second, parts: of - parts }];
            shares.into_iter().filter(|share| 0 < share.parts).collect()
        };
        let shares: Vec<Vec<Share>> = lines.iter().map(|(_, parts, of)| shares(*parts, *of)).collect();
        let totals = |amount: i64| LineTotals { gross: Money(amount), net: Money(amount), ..LineTotals::default() };
        let shared: Vec<SharedLine<'_>> = lines
            .iter()
            .zip(&shares)
            .map(|((amount, ..), shares)| SharedLine {
                line: line("l1"),
                qty: QtyMilli::ONE,
                totals: totals(*amount),
                shares,
            })
            .collect();
        for upto in 1..=shared.len() {
            let dealt = deal(&shared[..upto], Money::ZERO, &[first, second]);
            let exact: i64 = lines[..upto]
                .iter()
                .map(|(amount, parts, of)| amount * i64::from(*parts) * (OF / i64::from(*of)))
                .sum();
            assert!(2 * (dealt[0].total.0 * OF - exact).abs() <= OF, "{dealt:?}");
            let all: i64 = lines[..upto].iter().map(|(amount, ..)| amount).sum();
            assert_eq!(dealt[0].total.0 + dealt[1].total.0, all);
        }
        // Charges go with what the lines come to, by weights that are exact to 1/256 of a minor unit.
        let charges = 777;
        let dealt = deal(&shared, Money(charges), &[first, second]);
        assert_eq!(dealt[0].charges.0 + dealt[1].charges.0, charges);
        let exact: i64 =
            lines.iter().map(|(amount, parts, of)| amount * i64::from(*parts) * (OF / i64::from(*of))).sum();
        let all: i64 = lines.iter().map(|(amount, ..)| amount).sum();
        let off = (dealt[0].total.0 * OF * all - exact * (all + charges)).abs();
        assert!(off <= OF * all / 2 + OF * charges / 128, "{dealt:?}");
        1 < lines.len() && 0 < all
    });
}

/// What money an order comes to: from its latest totals, or of one that was not placed, what it would be placed for.
fn sums(model: &Model, world: &World, id: OrderId) -> [i64; 8] {
    let open = || world.open().order(id)?.live().ok()?.price().ok();
    let totals = model.orders[&id].totals.clone().or_else(open).unwrap_or_default();
    let charges = totals.charges_total.0 + totals.charge_tax_exclusive.0;
    let (net, lines) = (totals.net.0, model.orders[&id].lines.len() as i64);
    let taxes = [totals.tax_exclusive.0, totals.tax_inclusive.0 + totals.charge_tax_inclusive.0];
    [totals.gross.0, totals.discount.0, net, taxes[0], taxes[1], charges, totals.total.0, lines]
}

#[test]
fn o11_merge_conserves_totals() {
    holds_on_the_floor("o11_merge_conserves_totals", 40, |model, before, step, world| {
        let Some((source, OrderCommand::MergeInto(target))) = step.order() else { return false };
        let target = *target;
        match &step.outcome {
            Err(_) => return false,
            // Again: nothing happens.
            Ok(events) if events.is_empty() => {
                assert_eq!(
                    world.open().order(source).expect("it is known").live(),
                    Err(Refused::OrderMerged { into: target })
                );
                return false;
            }
            Ok(_) => {}
        }
        let after = model.after(step.events());
        let total = |model: &Model, id: OrderId| model.orders[&id].total();
        // What the target had too much may pay for all that came: then it is settled, as by any other change.
        let ends =
            |event: &Event| matches!(event, Event::Order(id, OrderEvent::OrderCompleted { .. }) if *id == target);
        if step.events().iter().any(ends) {
            assert_eq!(total(&after, target), total(model, source) + total(model, target), "{step:?}");
            return true;
        }
        let (own, got) = (sums(model, before, source), sums(model, before, target));
        let both = sums(&after, world, target);
        let is_sold = model.state(source) == Some(State::Placed);
        assert!(is_sold || model.orders[&source].totals.is_none());
        assert_eq!(after.state(target), model.state(target), "{step:?}");
        let expected: Vec<i64> = own.iter().zip(got).map(|(own, got)| own + got).collect();
        assert_eq!(both.as_slice(), expected, "{step:?}");
        // The kitchen's units go along, and nothing that was fired is fired again.
        let of = |world: &World, id: OrderId| world.open().order(id).and_then(|slot| slot.live().ok().cloned());
        let was = [source, target].map(|id| of(before, id).expect("it was live"));
        let is = of(world, target).expect("it is live");
        let units = |order: &Order| -> [i64; 5] {
            let prep = order.prep.iter().flat_map(|prep| &prep.lines);
            prep.fold([0; 5], |sum, line| {
                let parts = [line.held, line.fired, line.ready, line.served, line.taken];
                std::array::from_fn(|index| sum[index] + parts[index].0)
            })
        };
        let is_new = |event: &Event| {
            let is_fired = matches!(event, Event::Order(_, OrderEvent::LinesFired { .. }));
            is_fired || matches!(event, Event::Ticket(_, TicketEvent::TicketCreated { .. }))
        };
        // What costs nothing, or what the target had too much pays for, is fired for the first time, as if it had been added.
        if step.events().iter().any(is_new) {
            assert!(is.pay_mode == PayMode::First && is.due() == Money::ZERO, "{step:?}");
            let (sent, ordered) = (
                |order: &Order| units(order)[1..4].iter().sum::<i64>(),
                |order: &Order| order.lines.iter().map(|line| line.qty.0).sum::<i64>(),
            );
            assert!(sent(&was[0]) + sent(&was[1]) < sent(&is) && sent(&is) <= ordered(&is), "{step:?}");
            return true;
        }
        let (a, b) = (units(&was[0]), units(&was[1]));
        assert_eq!(units(&is), std::array::from_fn(|index| a[index] + b[index]), "{step:?}");
        let tickets = |order: &Order| order.prep.as_deref().map_or(0, |prep| prep.tickets.len());
        assert_eq!(tickets(&is), tickets(&was[0]) + tickets(&was[1]));
        assert!(!step.events().iter().any(is_new), "{step:?}");
        // No line is lost or doubled, and each ticket names lines of its order, or such that are gone for ever.
        let ids: BTreeSet<LineId> = is.lines.iter().map(|line| line.line).collect();
        assert_eq!(ids.len(), is.lines.len());
        for line in is.prep.iter().flat_map(|prep| &prep.tickets).flat_map(|ticket| &ticket.lines) {
            assert!(ids.contains(&line.line) != is.removed.contains(&line.line), "{step:?}");
        }
        // What is frozen says what it takes off, all in all.
        let received = step.events().iter().find_map(|event| match event {
            Event::Order(_, OrderEvent::LinesReceivedByMerge(received)) => Some(received),
            _ => None,
        });
        for held in &received.expect("lines are received").discounts {
            if let DiscountScope::Fixed(parts) = &held.discount.scope {
                let sum = Money(parts.iter().map(|part| part.amount.0).sum());
                assert_eq!(held.discount.rate, Rate::Amount(sum), "{step:?}");
            }
        }
        // Nor is a discount or a charge, and a comp stays one.
        let discounts: BTreeSet<DiscountId> = is.discounts.iter().map(|held| held.discount).collect();
        let charges: BTreeSet<ChargeId> = is.charges.iter().map(|held| held.charge).collect();
        let counts = |order: &Order| [order.discounts.len(), order.charges.len(), order.comps.len()];
        let (a, b) = (counts(&was[0]), counts(&was[1]));
        assert_eq!([discounts.len(), charges.len(), is.comps.len()], std::array::from_fn(|index| a[index] + b[index]));
        assert!(is.comps.iter().all(|comp| discounts.contains(comp)), "{step:?}");
        let held = model.held_for(source) + model.held_for(target);
        // What was not placed has nothing reserved, and a placed order reserves it as it comes.
        let is_reserved = !is_sold && after.state(target) == Some(State::Placed);
        assert!(is_sold || model.held_for(source) == 0);
        assert!(after.held_for(target) == held || (is_reserved && held < after.held_for(target)), "{step:?}");
        assert_eq!(after.held_for(source), 0);
        let reserved: i64 = world.open().stock().reserved_for(target).iter().map(|line| line.qty.0).sum();
        assert_eq!(i128::from(reserved), after.held_for(target));
        true
    });
}

/// An order takes what is due on it and nothing else, also while its kitchen keeps it open (rule P6).
#[test]
fn p6_nothing_is_applied_where_nothing_is_due() {
    holds_on_the_floor("p6_nothing_is_applied_where_nothing_is_due", 1, |model, before, step, _| {
        let (mut model, mut is_tested) = (model.clone(), false);
        for event in step.events() {
            match event {
                Event::Order(id, OrderEvent::PaymentApplied { amount, check, .. }) => {
                    let of_check = check_totals(before, *id).into_iter().filter(|(held, _)| held == check);
                    let (due, _) = model.orders[id].balance_over(of_check);
                    assert!(0 < amount.0 && i128::from(amount.0) <= due, "{due} {step:?}");
                }
                Event::Order(id, OrderEvent::PaymentNotApplicable { payment, unapplied, .. }) => {
                    let (order, held) = (&model.orders[id], &model.payments[payment]);
                    let applied = step.events().iter().any(|event| {
                        matches!(event, Event::Order(_, OrderEvent::PaymentApplied { payment: of, .. }) if of == payment)
                    });
                    is_tested |= !applied && !order.state.is_closed();
                    // The tip goes back only with all of it.
                    assert!(applied || i128::from(unapplied.0) == held.amount + held.tip, "{step:?}");
                }
                _ => {}
            }
            model.fold(event);
        }
        is_tested
    });
}

#[test]
fn k2_a_merge_takes_tickets_for_no_other_line() {
    let days = (a_day(OPS, COOKING), Just(true), vec(cooking_op(), PACE * OPS));
    prove("k2_a_merge_takes_tickets_for_no_other_line", 2, days, |input| {
        let mut pass = Pass::default();
        wait_tables(input, |_, before, step, world| {
            step.events().iter().for_each(|event| pass.fold(event));
            pass.holds(world, step);
            // A merge of an order whose tickets name lines that are gone.
            let Some((source, OrderCommand::MergeInto(_))) = step.order() else { return false };
            let was = before.open().order(source).and_then(|slot| slot.live().ok());
            !step.events().is_empty() && was.is_some_and(|order| 0 < names_gone(order))
        })
    });
}

#[test]
fn p6_money_for_a_merged_order_goes_back() {
    holds_on_the_floor("p6_money_for_a_merged_order_goes_back", 1, |model, _, step, _| {
        let captured = step.events().iter().find_map(|event| match event {
            Event::Payment(id, PaymentEvent::PaymentCaptured { .. }) => model.payments.get(id).map(|held| (id, held)),
            _ => None,
        });
        let Some((id, held)) = captured.filter(|(_, held)| model.state(held.order) == Some(State::Merged)) else {
            return false;
        };
        let after = model.after(step.events());
        assert_eq!(after.state(held.order), Some(State::Merged));
        assert_eq!(after.payments[id].unapplied, held.amount + held.tip);
        assert_eq!(after.payments[id].back(|refund| refund.parts.unapplied.0.into()), held.amount + held.tip);
        let is_told = |event: &Event| {
            matches!(event, Event::Order(_, OrderEvent::PaymentNotApplicable { why: NotApplicable::OrderMerged, .. }))
        };
        assert!(step.events().iter().any(is_told), "{step:?}");
        true
    });
}

#[test]
fn p8_money_is_conserved_on_the_floor() {
    holds_on_the_floor("p8_money_is_conserved_on_the_floor", 42, |model, _, step, world| {
        let after = model.after(step.events());
        let mut captured: BTreeMap<OrderId, i128> = BTreeMap::new();
        for payment in after.payments.values() {
            *captured.entry(payment.order).or_default() += payment.captured;
        }
        for (id, order) in &after.orders {
            let sum = captured.get(id).copied().unwrap_or_default();
            assert_eq!(sum, order.applied + order.tips + order.unapplied, "{id} {step:?}");
        }
        // Over checks as well: what came in on a check was applied to it, is a tip, or could not be taken.
        let mut by_check: BTreeMap<(OrderId, CheckId), [i128; 3]> = BTreeMap::new();
        for payment in after.payments.values() {
            let held = by_check.entry((payment.order, payment.check)).or_default();
            let back = payment.refunds.values().filter(|refund| refund.state == Back::Succeeded);
            held[0] += payment.captured;
            held[1] += payment.unapplied;
            held[2] += back.map(|refund| i128::from(refund.parts.applied.0)).sum::<i128>();
        }
        for ((id, check), [captured, unapplied, back]) in by_check {
            let held = after.orders[&id].checks.get(&check).copied().unwrap_or_default();
            assert_eq!(captured, held.applied + held.tips + unapplied, "{id} {check} {step:?}");
            assert!(back == held.refunded && back <= held.applied && held.reversed <= back, "{id} {check} {step:?}");
        }
        for (id, order) in live(&after, world) {
            // What counts as paid on checks is what does on their order.
            if let Some(checks) = order.checks.as_deref() {
                for (check, paid) in &checks.paid {
                    let held = after.orders[&id].checks.get(check).map_or(0, Check::paid);
                    assert_eq!(i128::from(paid.0), held, "{id} {check} {step:?}");
                }
                let paid: i64 = checks.paid.iter().map(|(_, paid)| paid.0).sum();
                assert_eq!(i128::from(paid), after.orders[&id].paid(), "{id} {step:?}");
            }
            // What is due and what is too much add up over checks to what the order shows, and are never netted (rule P9).
            let (due, overpaid) = after.orders[&id].balance_over(check_totals(world, id));
            assert_eq!((i128::from(order.due().0), i128::from(order.overpaid().0)), (due, overpaid), "{id} {step:?}");
            assert_eq!(due - overpaid, after.orders[&id].total() - after.orders[&id].paid(), "{id} {step:?}");
        }
        let is_on_a_split_order = |event: &Event| matches!(event, Event::Order(_, OrderEvent::PaymentApplied { check, .. }) if *check != CheckId::FIRST);
        step.events().iter().any(is_on_a_split_order)
    });
}

#[test]
fn p9_checks_are_paid_and_reopened() {
    holds_on_the_floor("p9_checks_are_paid_and_reopened", 50, |model, before, step, world| {
        let after = model.after(step.events());
        let mut is_tested = false;
        for (id, order) in live(&after, world) {
            let Some(checks) = order.checks.as_deref() else { continue };
            for (number, totals) in order.check_totals(checks) {
                let held = order.check(Some(number)).expect("it is a check of the order");
                assert_eq!(held.total, totals.total);
                // What is due is what was not paid, whatever another check has too much.
                let rest = held.total.0 - checks.paid(number).0;
                assert_eq!((held.due.0, held.overpaid.0), (rest.max(0), (-rest).max(0)), "{id} {step:?}");
            }
        }
        // What is paid on a check pays for nobody else: it takes what was due on it before, and no more.
        for event in step.events() {
            let Event::Order(id, OrderEvent::PaymentApplied { check, amount, .. }) = event else { continue };
            let was = before.open().order(*id).expect("it was there").live().expect("it was live");
            let (total, paid) = match was.checks.as_deref() {
                Some(checks) => {
                    let dealt = was.check_totals(checks).into_iter().find(|(number, _)| number == check);
                    (dealt.map_or(Money::ZERO, |(_, dealt)| dealt.total), checks.paid(*check))
                }
                None => (was.total, was.paid()),
            };
            assert!(amount.0 <= total.0 - paid.0, "{step:?}");
        }
        for event in step.events() {
            let Event::Order(id, OrderEvent::CheckPaid { check, total }) = event else { continue };
            let was = before.open().order(*id).expect("it was there").live().expect("it was live");
            let held = was.check(Some(*check)).expect("it was a check");
            assert!(*total == held.total && Money::ZERO < held.due, "{step:?}");
            is_tested = true;
        }
        // An order is settled when nothing is due on any check.
        for event in step.events() {
            if let Event::Order(id, OrderEvent::OrderCompleted { .. }) = event {
                let (order, slot) = (&after.orders[id], world.open().order(*id).expect("it is known"));
                let overpaid: i128 = slot.overpaid().iter().map(|(_, overpaid)| i128::from(overpaid.0)).sum();
                assert_eq!(order.paid() - order.total(), overpaid, "nothing is due on any check: {id} {step:?}");
            }
        }
        is_tested
    });
}

#[test]
fn m7_even_splits_are_of_the_total() {
    holds_on_the_floor("m7_even_splits_are_of_the_total", 40, |model, _, step, world| {
        let Some((id, OrderCommand::SplitEvenly(checks))) = step.order() else { return false };
        if step.events().is_empty() || model.state(id) != Some(State::Placed) {
            return false;
        }
        // One that leaves nothing due settles the order.
        let Ok(order) = world.open().order(id).expect("it is known").live() else { return false };
        let dealt = order.check_totals(order.checks.as_deref().expect("it was split"));
        let totals: Vec<Money> = dealt.iter().map(|(_, check)| check.total).collect();
        let paid_apart = totals.len() - usize::from(checks.number());
        let mut expected = split_evenly(order.total, checks.number().into());
        // Checks that have nothing but money on them come last.
        expected.extend(vec![Money::ZERO; paid_apart]);
        assert_eq!(totals, expected, "{step:?}");
        1 < checks.number()
    });
}

/// What is paid first and has nothing due waits for nobody: all of it that no one holds has gone to the kitchen, whichever
/// command came last, a merge into an order that was overpaid too.
#[test]
fn an_order_paid_first_with_nothing_due_has_gone_to_the_kitchen() {
    holds_on_the_floor("an_order_paid_first_with_nothing_due_has_gone_to_the_kitchen", 20, |model, _, step, world| {
        let after = model.after(step.events());
        let mut is_tested = false;
        for (id, order) in live(&after, world) {
            let Some(prep) = order.prep.as_deref() else { continue };
            if order.pay_mode == PayMode::Later || !order.is_placed || Money::ZERO < order.due() {
                continue;
            }
            for line in &order.lines {
                let held = prep.line(line.line);
                assert_eq!(line.qty.0 - held.sent().0, held.held.0, "{id} {} {step:?}", line.line);
                is_tested = true;
            }
        }
        is_tested
    });
}

/// An order nobody splits keeps nothing about checks: it must cost nothing.
#[test]
fn an_order_that_is_not_split_has_one_check_for_nothing() {
    holds_at_each_step("an_order_that_is_not_split_has_one_check_for_nothing", 90, |model, step, world| {
        let after = model.after(step.events());
        for (id, order) in live(&after, world) {
            assert_eq!(order.checks, None, "{id}");
            let held = order.check(None).expect("it has one");
            assert_eq!((held.check, held.total, held.due), (CheckId::FIRST, order.total, order.due()));
            let second = check(2);
            assert_eq!(order.check(Some(second)), Err(Refused::UnknownCheck { check: second }));
        }
        true
    });
}
