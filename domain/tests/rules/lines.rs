//! What becomes of lines after they were added, and of an order that is opened with its payment: rules O7, O8, O15 and P8.

use crate::prove;
use crate::support::*;
use domain::command::{
    AccessCommand, Command, Context, Edit, Fire, LineChange, MenuCommand, Method, NewChargePhase, NewComp, NewDiscount,
    NewOrder, NewPay, NewPrice, NewServiceCharge, OrderCommand, Outcome, PaidBy, PaymentCommand, Place, StoreCommand,
};
use domain::event::{DiningMode, DiscountScope, Event, OrderEvent, PayMode, PaymentEvent, Rate};
use domain::ids::{ChargeId, DiscountId, LineId, TenderId};
use domain::kitchen::Kitchen;
use domain::menu::{Item, ItemPrice, ModeTaxes, Tax};
use domain::money::{Money, Ppm, QtyMilli, Rounding};
use domain::order::{Order, OrderLine};
use domain::pricing::{PriceRules, TaxRounding};
use domain::refused::Refused;
use domain::staff::{Approvals, Right, Rights};
use domain::store::Settings;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;

const MODES: [DiningMode; 3] = [DiningMode::DineIn, DiningMode::TakeAway, DiningMode::Delivery];
const LINES: [&str; 3] = ["l1", "l2", "l3"];
/// Who may be named: nobody, the actor, one with the right, one without.
const APPROVERS: [Option<&str>; 4] = [None, Some("ana"), Some("boss"), Some("cook")];

#[derive(Clone, Debug)]
enum Op {
    Add(usize, i64),
    Say(usize, u16),
    Clear(usize),
    Qty(usize, i64),
    Price(usize, i64),
    Void(usize, i64),
    Hold(usize),
    Fire(Option<usize>),
    Remove(usize),
    Eat(usize),
    Exempt,
    Tax,
    Discount(u32),
    Comp(usize),
    Charge,
    Uncharge,
}

fn op() -> impl Strategy<Value = Op> {
    let line = 0..LINES.len();
    let pieces = (1..4_i64).prop_map(|pieces| pieces * 1_000);
    prop_oneof![
        2 => (line.clone(), pieces.clone()).prop_map(|(line, milli)| Op::Add(line, milli)),
        4 => (line.clone(), any::<u16>()).prop_map(|(line, value)| Op::Say(line, value)),
        1 => line.clone().prop_map(Op::Clear),
        2 => (line.clone(), pieces.clone()).prop_map(|(line, milli)| Op::Qty(line, milli)),
        2 => (line.clone(), 0..2_000_i64).prop_map(|(line, price)| Op::Price(line, price)),
        1 => (line.clone(), pieces).prop_map(|(line, milli)| Op::Void(line, milli)),
        1 => line.clone().prop_map(Op::Hold),
        2 => proptest::option::of(line.clone()).prop_map(Op::Fire),
        1 => line.clone().prop_map(Op::Remove),
        1 => line.prop_map(Op::Comp),
        1 => Just(Op::Charge),
        1 => Just(Op::Uncharge),
        2 => (0..MODES.len()).prop_map(Op::Eat),
        1 => Just(Op::Exempt),
        1 => Just(Op::Tax),
        1 => (0..=1_000_000_u32).prop_map(Op::Discount),
    ]
}

fn change(id: LineId) -> LineChange {
    let (seat, course, note, allergens) = Default::default();
    LineChange { line: id, qty: None, seat, course, note, allergens, price_override: None }
}

fn command(op: &Op, number: usize) -> OrderCommand {
    let id = |index: &usize| line(LINES[*index]);
    let reason = || text("because");
    match op {
        Op::Add(index, milli) => {
            let new = new_line(LINES[*index], ["dish", "burger", "pizza_slice"][*index], 1);
            OrderCommand::AddLines(vec![domain::command::NewLine { qty: QtyMilli(*milli), ..new }])
        }
        Op::Say(index, value) => {
            let (seat, course) = (Edit::Set(*value), Edit::Set(value % 3));
            let note = Edit::Set(text(&format!("note {value}")));
            OrderCommand::ChangeLine(LineChange { seat, course, note, ..change(id(index)) })
        }
        Op::Clear(index) => {
            OrderCommand::ChangeLine(LineChange { note: Edit::Clear, seat: Edit::Clear, ..change(id(index)) })
        }
        Op::Qty(index, milli) => OrderCommand::ChangeLineQty { line: id(index), qty: QtyMilli(*milli) },
        Op::Price(index, price) => {
            let price_override = Some(NewPrice { price: Money(*price), reason: reason() });
            OrderCommand::ChangeLine(LineChange { price_override, ..change(id(index)) })
        }
        Op::Void(index, milli) => {
            OrderCommand::VoidLine { line: id(index), qty: QtyMilli(*milli), reason: reason(), wasted: false }
        }
        Op::Hold(index) => OrderCommand::HoldLines(vec![id(index)]),
        Op::Fire(None) => OrderCommand::FireLines(Fire::Unheld),
        Op::Fire(Some(index)) => OrderCommand::FireLines(Fire::Lines(vec![id(index)])),
        Op::Remove(index) => OrderCommand::RemoveLine(id(index)),
        Op::Eat(index) => OrderCommand::SetDiningMode(MODES[*index]),
        Op::Exempt => OrderCommand::ExemptFromTax { reason: reason() },
        Op::Tax => OrderCommand::EndTaxExemption,
        Op::Discount(ppm) => {
            let discount = DiscountId::parse(&format!("d{number}")).expect("an id");
            let rate = Rate::Percent(Ppm(*ppm));
            OrderCommand::ApplyDiscount(NewDiscount { discount, scope: DiscountScope::Order, rate, reason: reason() })
        }
        Op::Comp(index) => {
            let discount = DiscountId::parse(&format!("c{number}")).expect("an id");
            OrderCommand::CompLines(NewComp { discount, lines: vec![id(index)], reason: reason() })
        }
        Op::Charge => {
            let (name, rate) = (text("service"), Rate::Amount(Money(500)));
            let phase = NewChargePhase::Total;
            OrderCommand::ApplyServiceCharge(NewServiceCharge { charge: charge(), name, rate, phase })
        }
        Op::Uncharge => OrderCommand::RemoveServiceCharge(charge()),
    }
}

fn charge() -> ChargeId {
    ChargeId::parse("s1").expect("an id")
}

/// A store with a kitchen that sells dishes taxed by how they are eaten, inside and on top.
fn house(needed: Rights, tax_rounding: TaxRounding) -> World {
    let rules = PriceRules { rounding: Rounding::HalfEven, tax_rounding };
    let approvals = Approvals { needed, ..Approvals::default() };
    let mut world = opened(Settings { rules, approvals, kitchen: Kitchen::On, ..settings() });
    let own = |mode, taxes: &[&str]| ModeTaxes { dining_mode: mode, taxes: taxes.iter().map(|id| tax(id)).collect() };
    let dish = |id, taxes: &[&str], away: &[&str]| Item {
        mode_taxes: vec![own(DiningMode::TakeAway, away), own(DiningMode::Delivery, &["sales", "on_both"])],
        station: Some(station("grill")),
        ..an_item(id, ItemPrice::Fixed(Money(1_195)), &[], taxes, None)
    };
    let on_both =
        Tax { id: tax("on_both"), name: text("on both"), rate: Ppm(50_000), inclusive: false, compound: true };
    let less = Tax { id: tax("less"), name: text("less"), rate: Ppm(70_000), inclusive: true, compound: false };
    let staff =
        |who, rights| Command::Access(AccessCommand::PutStaff { staff: actor(who), rights, discount_limit: None });
    for command in [
        Command::Menu(MenuCommand::UpsertTax(on_both)),
        Command::Menu(MenuCommand::UpsertTax(less)),
        Command::Menu(MenuCommand::UpsertItem(dish("dish", &["vat"], &["less"]))),
        Command::Menu(MenuCommand::UpsertItem(dish("pizza_slice", &["vat", "sales", "on_both"], &[]))),
        Command::Menu(MenuCommand::Publish),
        to_store(StoreCommand::AdoptMenu { version: 2 }),
        staff("boss", Rights::of(Right::ALL)),
        staff("ana", Rights::of(Right::ALL)),
    ] {
        world.run(&command, &at(0)).expect("setting up");
    }
    world
}

fn begin(world: &mut World, mode: DiningMode, is_placed: bool) {
    let lines = vec![new_line("l1", "dish", 2), new_line("l2", "burger", 1)];
    let place = is_placed.then(Place::default);
    let new = NewOrder { dining_mode: mode, lines, place, ..new_order() };
    world.run(&to_order("o1", OrderCommand::Open(new)), &at(1)).expect("an order");
}

/// What the kitchen has or had of each line, from the facts alone.
#[derive(Default)]
struct Sent(BTreeMap<LineId, i64>);

impl Sent {
    fn fold(&mut self, event: &Event) {
        match event {
            Event::Order(_, OrderEvent::LinesFired { lines, .. }) => {
                lines.iter().for_each(|fired| *self.0.entry(fired.line).or_default() += fired.qty.0);
            }
            Event::Order(_, OrderEvent::LineVoided { line, fired, .. }) => {
                *self.0.entry(*line).or_default() -= fired.0;
            }
            _ => {}
        }
    }

    fn of(&self, line: LineId) -> i64 {
        self.0.get(&line).copied().unwrap_or(0)
    }
}

/// After a line is fired only a void reduces it, and nothing that is said of it changes; before that all of it does.
#[test]
fn o7_what_the_kitchen_has_stays_as_it_was_told() {
    prove("o7_what_the_kitchen_has_stays_as_it_was_told", 10, vec(op(), 1..25), |ops| {
        let mut world = house(Rights::default(), TaxRounding::Line);
        begin(&mut world, DiningMode::DineIn, true);
        let mut sent = Sent::default();
        let (mut changed, mut refused) = (0, 0);
        for (number, op) in ops.iter().enumerate() {
            let command = command(op, number);
            let before = world.clone();
            let outcome = world.run(&to_order("o1", command.clone()), &at(10 + number as i64));
            let held = |world: &World, id| {
                let slot = world.open().order(order("o1")).expect("it is there").clone();
                slot.live().ok().and_then(|live| live.line(id).ok().cloned())
            };
            let about = match op {
                Op::Say(index, _) | Op::Clear(index) | Op::Qty(index, _) | Op::Remove(index) => line(LINES[*index]),
                _ => {
                    outcome.iter().flatten().for_each(|event| sent.fold(event));
                    continue;
                }
            };
            let had = held(&before, about);
            match (&outcome, had) {
                (Ok(events), Some(had)) => {
                    let says = |event: &Event| matches!(event, Event::Order(_, OrderEvent::LineDetailsChanged { .. }));
                    if events.iter().any(says) {
                        assert_eq!(sent.of(about), 0, "{op:?} changed what the kitchen has");
                        changed += 1;
                    }
                    let left = held(&world, about).map_or(0, |line| line.qty.0);
                    assert!(sent.of(about) <= left, "{op:?} left {left} of {had:?}");
                }
                (Err(Refused::LineFired { fired, .. }), Some(_)) => {
                    assert_eq!(fired.0, sent.of(about));
                    refused += 1;
                }
                (Err(Refused::UnknownLine { .. }), None) | (Err(Refused::OrderEmpty), Some(_)) => {}
                (Err(Refused::OrderClosed { .. }), _) => break,
                (outcome, had) => panic!("{op:?} of {had:?}: {outcome:?}"),
            }
            outcome.iter().flatten().for_each(|event| sent.fold(event));
        }
        0 < changed && 0 < refused
    });
}

/// An order whose mode changed comes to what one that was opened in that mode comes to, whatever else happened to it; its
/// prices are what they were.
#[test]
fn o15_taxes_follow_the_dining_mode_and_prices_do_not() {
    let rounding = prop_oneof![Just(TaxRounding::Line), Just(TaxRounding::Group)];
    let inputs = (vec(op(), 1..15), 0..MODES.len(), 0..MODES.len(), any::<bool>(), rounding);
    prove("o15_taxes_follow_the_dining_mode_and_prices_do_not", 30, inputs, |(ops, from, to, is_placed, rounding)| {
        let (from, to) = (MODES[*from], MODES[*to]);
        let [mut changed, mut straight] = [from, to].map(|mode| {
            let mut world = house(Rights::default(), *rounding);
            begin(&mut world, mode, *is_placed);
            world
        });
        for (number, op) in ops.iter().filter(|op| !matches!(op, Op::Eat(_))).enumerate() {
            let command = to_order("o1", command(op, number));
            let outcomes =
                [&mut changed, &mut straight].map(|world| world.run(&command, &at(10 + number as i64)).is_ok());
            assert_eq!(outcomes[0], outcomes[1], "{op:?} depends on how the guest eats");
        }
        let live = |world: &World| world.open().order(order("o1")).expect("it is there").live().ok().cloned();
        // Where all that was left costs nothing the order may be over.
        let (Some(before), Some(wanted)) = (live(&changed), live(&straight)) else { return false };
        let events = changed.run(&to_order("o1", OrderCommand::SetDiningMode(to)), &at(100)).expect("an open order");
        assert_eq!(events.is_empty(), from == to);
        let Some(after) = live(&changed) else { return false };
        let units = |order: &Order| order.lines.iter().map(|line| line.unit).collect::<Vec<Money>>();
        assert_eq!(units(&before), units(&after), "a price changed");
        let (priced, wanted) = (after.price().expect("it fits"), wanted.price().expect("it fits"));
        assert_eq!(priced, wanted);
        before.price().expect("it fits").taxes != priced.taxes
    });
}

/// Another price, and an order free of tax, take somebody with the right who is not the actor, where the store asks for it.
#[test]
fn o8_prices_and_exemptions_are_approved() {
    let asked = prop::sample::subsequence(vec![Right::PriceOverride, Right::TaxExempt], 0..=2);
    let inputs = (vec((op(), 0..APPROVERS.len()), 1..25), asked);
    prove("o8_prices_and_exemptions_are_approved", 25, inputs, |(ops, needed)| {
        let needed = Rights::of(needed.iter().copied());
        let mut world = house(needed, TaxRounding::Line);
        begin(&mut world, DiningMode::DineIn, true);
        let (mut approved, mut refused) = (0, 0);
        for (number, (op, approver)) in ops.iter().enumerate() {
            let approver = APPROVERS[*approver].map(actor);
            let context = Context { approver, ..at(10 + number as i64) };
            let outcome = world.run(&to_order("o1", command(op, number)), &context);
            let right_of = |event: &Event| match event {
                Event::Order(_, OrderEvent::LinePriceOverridden { .. }) => Some(Right::PriceOverride),
                Event::Order(_, OrderEvent::OrderTaxExempted { .. }) => Some(Right::TaxExempt),
                _ => None,
            };
            match outcome {
                Ok(events) => {
                    for right in events.iter().filter_map(right_of).filter(|right| needed.has(*right)) {
                        assert_eq!(approver, Some(actor("boss")), "{op:?} took {right:?}");
                        approved += 1;
                    }
                }
                Err(Refused::ApprovalRequired { right, .. }) => {
                    assert!(needed.has(right) && approver != Some(actor("boss")), "{op:?}");
                    refused += 1;
                }
                Err(_) => {}
            }
        }
        0 < approved + refused
    });
}

/// Whether what was placed lost something on the way from one state to the other: told from the two states alone.
fn lost_something(before: &Order, after: &Order, limit: Ppm) -> bool {
    let lost_units = |held: &OrderLine| {
        after.line(held.line).map_or(true, |now| now.qty < held.qty || now.added.unit_base < held.added.unit_base)
    };
    let share = |order: &Order| {
        let given = order.discounts.iter().filter(|held| !order.comps.contains(&held.discount));
        given.fold(0, |sum, held| sum + if let Rate::Percent(share) = held.rate { share.0 } else { 0 })
    };
    before.lines.iter().any(lost_units)
        || before.comps.len() < after.comps.len()
        || after.charges.len() < before.charges.len()
        || (share(before) < share(after) && limit.0 < share(after))
}

/// Nothing is taken off a placed order, by any way, without somebody whom cancelling it would take; and whoever that is can.
/// Discounts are small as long as they are so together.
#[test]
fn o7_taking_off_what_was_placed_asks_for_what_cancelling_asks_for() {
    let inputs = (vec((op(), 0..APPROVERS.len()), 1..25), any::<bool>(), any::<bool>());
    prove(
        "o7_taking_off_what_was_placed_asks_for_what_cancelling_asks_for",
        30,
        inputs,
        |(ops, is_placed, has_kitchen)| {
            let limit = Ppm(600_000);
            let mut world = house(Rights::default(), TaxRounding::Line);
            let approvals =
                Approvals { needed: Rights::of([Right::Cancel]), discount_limit: limit, ..Approvals::default() };
            let kitchen = if *has_kitchen { Kitchen::On } else { Kitchen::Off };
            let asking = Settings { approvals, kitchen, ..world.open().settings().clone() };
            world.run(&to_store(StoreCommand::Put(asking)), &at(0)).expect("setting up");
            begin(&mut world, DiningMode::DineIn, *is_placed);
            let live = |world: &World| world.open().order(order("o1")).expect("it is there").live().ok().cloned();
            let (mut approved, mut refused) = (0, 0);
            for (number, (op, approver)) in ops.iter().enumerate() {
                let Some(before) = live(&world) else { break };
                let command = to_order("o1", command(op, number));
                let approver = APPROVERS[*approver].map(actor);
                let context = Context { approver, ..at(10 + number as i64) };
                let outcome = world.run(&command, &context);
                let may = !before.is_placed || approver == Some(actor("boss"));
                match outcome {
                    Ok(_) => {
                        let Some(after) = live(&world) else { break };
                        let is_asked = before.is_placed && lost_something(&before, &after, limit);
                        assert!(may || !is_asked, "{op:?} took something off {before:?}");
                        approved += usize::from(is_asked);
                    }
                    Err(Refused::ApprovalRequired { right, .. }) => {
                        assert!(right == Right::Cancel && !may, "{op:?} asks for {right:?}");
                        let boss = Context { approver: Some(actor("boss")), ..context };
                        world.run(&command, &boss).expect("nothing else is in its way");
                        let Some(after) = live(&world) else { break };
                        assert!(lost_something(&before, &after, limit), "{op:?} takes nothing off");
                        refused += 1;
                    }
                    Err(_) => {}
                }
            }
            0 < approved + refused
        },
    );
}

/// Opening an order with its payment is opening and placing it, and then paying it: the same facts, or the same refusal.
#[test]
fn p8_an_order_that_is_opened_with_its_payment_takes_that_money_once() {
    let cash = (any::<bool>(), proptest::option::of(0..6_000_i64), proptest::option::of(1..3_000_i64), 0..300_i64);
    let inputs = (vec(1..4_i64, 1..3), cash, any::<bool>(), any::<bool>(), any::<bool>());
    prove(
        "p8_an_order_that_is_opened_with_its_payment_takes_that_money_once",
        30,
        inputs,
        |(pieces, (is_cash, tendered, amount, tip), first, cooked, training)| {
            let mut world = house(Rights::default(), TaxRounding::Line);
            if !cooked {
                let off = Settings { kitchen: Kitchen::Off, ..world.open().settings().clone() };
                world.run(&to_store(StoreCommand::Put(off)), &at(0)).expect("setting up");
            }
            let lines = pieces.iter().enumerate().map(|(index, pieces)| {
                let new = new_line(LINES[index], ["dish", "burger"][index], 1);
                domain::command::NewLine { qty: QtyMilli(pieces * 1_000), ..new }
            });
            let pay_mode = if *first { PayMode::First } else { PayMode::Later };
            let (lines, place) = (lines.collect(), Some(Place::default()));
            let open = NewOrder { lines, place, pay_mode, training: *training, ..new_order() };
            let (tendered, amount, tip) = (tendered.map(Money), amount.map(Money), Money(*tip));
            let card = TenderId::parse("card").expect("an id");
            let by = match is_cash {
                true => PaidBy::Cash { tendered, drawer: None },
                false => PaidBy::External { tender: card, reference: None },
            };
            let method = match is_cash {
                true => Method::Cash { tendered, drawer: None },
                false => Method::External(card),
            };
            let pay = Some(NewPay { payment: payment("p1"), amount, tip, by });
            let together = world.decide(&to_order("o1", OrderCommand::Open(NewOrder { pay, ..open.clone() })), &at(10));
            let mut apart = world.run(&to_order("o1", OrderCommand::Open(open)), &at(10));
            let order = order("o1");
            let (check, expected_total) = (None, None);
            let initiate = PaymentCommand::Initiate { order, check, amount, tip, method, expected_total };
            let mut commands = vec![to_payment("p1", initiate)];
            if !is_cash {
                let outcome = Outcome::Captured { amount: None, reference: None };
                commands.push(to_payment("p1", PaymentCommand::RecordOutcome(outcome)));
            }
            for command in commands {
                apart = apart.and_then(|mut events| {
                    events.extend(world.run(&command, &at(10))?);
                    Ok(events)
                });
            }
            // Only an attempt that is still under way has a deadline.
            let without_deadlines = |mut event: Event| {
                if let Event::Payment(_, PaymentEvent::PaymentInitiated { deadline, .. }) = &mut event {
                    *deadline = None;
                }
                event
            };
            let [together, apart] = [together, apart]
                .map(|outcome| outcome.map(|events| events.into_iter().map(without_deadlines).collect::<Vec<Event>>()));
            assert_eq!(together, apart);
            together.is_ok()
        },
    );
}
