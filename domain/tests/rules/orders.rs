//! Rules of orders.

use crate::life::{Life, Step, is_closed};
use crate::model::{Model, State};
use crate::support::*;
use crate::{holds, holds_at_each_step, holds_when_paying};
use domain::command::{Command, NewLine, OrderCommand, PaymentCommand, StoreCommand};
use domain::event::{Event, Line, MoneyParts, OrderEvent, PayMode};
use domain::ids::{LineId, OrderId};
use domain::money::Money;
use domain::order::OrderSlot;
use domain::pricing::Totals;
use domain::refused::{Closed, Refused};
use std::collections::BTreeMap;

#[test]
fn o1_prices_never_change() {
    holds("o1_prices_never_change", 22, |day| {
        let mut sold: BTreeMap<(OrderId, LineId), Line> = BTreeMap::new();
        let mut totals: BTreeMap<OrderId, Money> = BTreeMap::new();
        let mut tested = false;
        Life::new(day).live(day, |_, step, world| {
            let mut touched = vec![];
            for event in step.events() {
                if let Event::Order(order, event) = event {
                    touched.push(*order);
                    if let OrderEvent::LineAdded(line) = event {
                        assert_eq!(i128::from(line.unit.0), unit_of(line));
                        sold.insert((*order, line.line), (**line).clone());
                    }
                }
            }
            let changes_prices = matches!(
                &step.command,
                Command::Menu(_) | Command::Store(_, StoreCommand::AdoptMenu { .. } | StoreCommand::SetPrice { .. })
            ) && !step.events().is_empty();
            for id in crate::generate::ORDERS.map(order) {
                let Some(Ok(live)) = world.open().order(id).map(|slot| slot.live()) else { continue };
                for line in &live.lines {
                    let was = &sold[&(id, line.line)];
                    assert_eq!((line.unit, &line.added.taxes, line.sku()), (was.unit, &was.taxes, was.sku));
                }
                let total = live.price().expect("an order is always priced").total;
                let before = totals.insert(id, total);
                if !touched.contains(&id) {
                    assert_eq!(before, Some(total), "{id} {:?}", step.command);
                    tested |= changes_prices && !live.lines.is_empty();
                }
            }
        });
        tested
    });
}

fn unit_of(line: &Line) -> i128 {
    let modifiers = line.modifiers.iter().map(|modifier| i128::from(modifier.unit_price.0) * i128::from(modifier.qty));
    i128::from(line.unit_base.0) + modifiers.sum::<i128>()
}

/// The lines a command asks for.
fn asked(step: &Step) -> &[NewLine] {
    match step.order() {
        Some((_, OrderCommand::Open(new))) => &new.lines,
        Some((_, OrderCommand::AddLines(lines))) => lines,
        _ => &[],
    }
}

/// How many of each group are chosen once defaults are in, by the menu as it was written.
fn chosen(new: &NewLine) -> Vec<(u16, u16, u64)> {
    let of = items().into_iter().find(|item| item.id == new.item).expect("an item of the menu");
    let groups = groups();
    let groups = of.groups.iter().map(|id| groups.iter().find(|group| group.id == *id).expect("a group of the menu"));
    groups
        .map(|group| {
            let wanted: u64 = new
                .modifiers
                .iter()
                .filter(|choice| choice.group == group.id)
                .map(|choice| u64::from(choice.qty))
                .sum();
            let defaults = group.modifiers.iter().filter(|modifier| modifier.default).count() as u64;
            (group.min, group.max, if wanted == 0 { defaults } else { wanted })
        })
        .collect()
}

#[test]
fn o3_modifier_bounds() {
    holds_at_each_step("o3_modifier_bounds", 90, |_, step, _| {
        let asked = asked(step);
        let is_within =
            |&(min, max, count): &(u16, u16, u64)| u64::from(min) <= count && (max == 0 || count <= u64::from(max));
        let all_within = asked.iter().all(|new| chosen(new).iter().all(is_within));
        assert!(all_within || step.outcome.is_err(), "{asked:?}");
        let by_bounds = |refused: &Refused| {
            matches!(refused, Refused::ModifierMinNotMet { .. } | Refused::ModifierMaxExceeded { .. })
        };
        assert!(!all_within || !step.is_refused_as(by_bounds), "{asked:?}");
        let mut tested = step.is_refused_as(by_bounds);
        for event in step.events() {
            if let Event::Order(_, OrderEvent::LineAdded(line)) = event {
                let new = asked.iter().find(|new| new.line == line.line).expect("a line that was asked for");
                let count: u64 = line.modifiers.iter().map(|modifier| u64::from(modifier.qty)).sum();
                let expected: u64 = chosen(new).iter().map(|(.., count)| count).sum();
                assert_eq!(count, expected, "defaults stand in the fact: {line:?}");
                for modifier in &line.modifiers {
                    let groups = groups();
                    let group = groups.iter().find(|group| group.id == modifier.group).expect("a group of the menu");
                    assert!(group.modifiers.iter().any(|known| known.id == modifier.modifier));
                }
                tested |= count != 0;
            }
        }
        tested
    });
}

fn check_identity(totals: &Totals) {
    let sum = |of: fn(&domain::pricing::LineTotals) -> Money| -> i128 {
        totals.lines.iter().map(|line| i128::from(of(line).0)).sum()
    };
    for line in &totals.lines {
        assert!(0 <= line.net.0 && 0 <= line.discount.0 && line.discount <= line.gross, "{line:?}");
        assert_eq!(line.net.0, line.gross.0 - line.discount.0);
        assert!(0 <= line.tax_inclusive.0 && line.tax_inclusive <= line.net && 0 <= line.tax_exclusive.0);
    }
    assert_eq!(sum(|line| line.gross), totals.gross.0.into());
    assert_eq!(sum(|line| line.discount), totals.discount.0.into());
    assert_eq!(sum(|line| line.net), totals.net.0.into());
    assert_eq!(sum(|line| line.tax_exclusive), totals.tax_exclusive.0.into());
    let parts = [totals.net, totals.tax_exclusive, totals.charges_total, totals.charge_tax_exclusive];
    assert_eq!(parts.iter().map(|part| i128::from(part.0)).sum::<i128>(), totals.total.0.into());
}

#[test]
fn o4_totals_identity() {
    holds_at_each_step("o4_totals_identity", 35, |model, step, _| {
        let mut after = model.clone();
        let mut tested = false;
        for event in step.events() {
            after.fold(event);
            if let Event::Order(id, OrderEvent::OrderPlaced { totals, .. } | OrderEvent::OrderRepriced { totals, .. }) =
                event
            {
                check_identity(totals);
                assert_eq!(totals.lines.len(), after.orders[id].lines.len());
                tested |= totals.discount != Money::ZERO || totals.charges_total != Money::ZERO;
            }
        }
        tested
    });
}

#[test]
fn o5_expected_total() {
    holds_at_each_step("o5_expected_total", 70, |model, step, _| {
        let expected = match (&step.command, step.order()) {
            (Command::Store(_, StoreCommand::Payment(_, PaymentCommand::Initiate { expected_total, .. })), _) => {
                *expected_total
            }
            (_, Some((_, OrderCommand::Place(place)))) => place.expected_total,
            (_, Some((_, OrderCommand::Open(new)))) => new.place.and_then(|place| place.expected_total),
            _ => None,
        };
        if let Err(Refused::TotalMismatch { expected: told, actual }) = &step.outcome {
            assert!(Some(*told) == expected && told != actual);
            return true;
        }
        let (Some(expected), Ok(events)) = (expected, &step.outcome) else { return false };
        let paid = step.payment().and_then(|_| events.iter().find_map(initiated_for));
        let total = match paid {
            Some(order) => model.orders[&order].total(),
            None => events.iter().find_map(placed_at).expect("it was placed").total.0.into(),
        };
        assert_eq!(i128::from(expected.0), total, "{:?}", step.command);
        true
    });
}

fn initiated_for(event: &Event) -> Option<OrderId> {
    match event {
        Event::Payment(_, domain::event::PaymentEvent::PaymentInitiated { order, .. }) => Some(*order),
        _ => None,
    }
}

fn placed_at(event: &Event) -> Option<&Totals> {
    match event {
        Event::Order(_, OrderEvent::OrderPlaced { totals, .. }) => Some(totals),
        _ => None,
    }
}

/// Where a fact takes an order, if it may happen to it at all.
fn transition(state: Option<State>, event: &OrderEvent) -> Option<State> {
    match (state, event) {
        (None, OrderEvent::OrderOpened(_)) => Some(State::Open),
        (Some(State::Open), OrderEvent::OrderPlaced { .. }) => Some(State::Placed),
        (Some(State::Placed), OrderEvent::OrderCompleted { .. }) => Some(State::Completed),
        (Some(State::Open | State::Placed), OrderEvent::OrderCancelled { .. }) => Some(State::Cancelled),
        (
            Some(state @ (State::Open | State::Placed)),
            OrderEvent::LineAdded(_)
            | OrderEvent::LineQtyChanged { .. }
            | OrderEvent::LineRemoved { .. }
            | OrderEvent::DiscountApplied(_)
            | OrderEvent::DiscountRemoved { .. }
            | OrderEvent::ServiceChargeApplied(_)
            | OrderEvent::ServiceChargeRemoved { .. },
        ) => Some(state),
        (Some(State::Placed), OrderEvent::OrderRepriced { .. } | OrderEvent::PaymentApplied { .. }) => {
            Some(State::Placed)
        }
        (
            Some(state @ (State::Placed | State::Completed | State::Cancelled)),
            OrderEvent::PaymentNotApplicable { .. } | OrderEvent::RefundRecorded { .. },
        ) => Some(state),
        _ => None,
    }
}

#[test]
fn o6_only_known_transitions() {
    holds_at_each_step("o6_only_known_transitions", 42, |model, step, world| {
        let mut states: BTreeMap<OrderId, State> = model.orders.iter().map(|(id, order)| (*id, order.state)).collect();
        for event in step.events() {
            if let Event::Order(id, event) = event {
                let Some(next) = transition(states.get(id).copied(), event) else {
                    panic!("{event:?} from {:?}", states.get(id));
                };
                states.insert(*id, next);
            }
        }
        for (id, state) in &states {
            assert_eq!(is_closed(world.open().order(*id).expect("it is known")), state.is_closed());
        }
        let Some((id, command)) = step.order() else { return false };
        let state = match model.state(id) {
            Some(State::Completed) => Closed::Completed,
            Some(State::Cancelled) => Closed::Cancelled,
            // Nothing is merged on such a day.
            Some(State::Open | State::Placed | State::Merged) | None => return false,
        };
        let expected = match (command, state) {
            (OrderCommand::Open(_), _) => Err(Refused::OrderExists { order: id }),
            (OrderCommand::Complete, Closed::Completed) => Ok(vec![]),
            // Money goes back whatever became of the order.
            (OrderCommand::Refund { .. }, _) => return false,
            (_, state) => Err(Refused::OrderClosed { state }),
        };
        assert_eq!(step.outcome, expected);
        true
    });
}

#[test]
fn o13_captured_money_blocks_cancel() {
    holds_when_paying("o13_captured_money_blocks_cancel", 5, |model: &Model, step, _| {
        for event in step.events() {
            if let Event::Order(id, OrderEvent::OrderCancelled { .. }) = event {
                let order = &model.orders[id];
                assert_eq!(order.kept(), 0);
                // What came in and was neither kept nor asked back is a tip of a payment whose sale was refunded. What the order
                // could not take, which a tab on which nothing is due may meet, is on its way back (rule P6): nobody can ask for more of it.
                let of = || model.payments.values().filter(|payment| payment.order == *id);
                let captured: i128 = of().map(|payment| payment.captured).sum();
                let whole = |parts: &MoneyParts| {
                    i128::from(parts.applied.0) + i128::from(parts.tip.0) + i128::from(parts.unapplied.0)
                };
                let asked: i128 = of().map(|payment| payment.back(|refund| whole(&refund.parts))).sum();
                assert!(captured - asked.max(order.given_back) <= order.tips, "{order:?}");
            }
        }
        let Some((id, OrderCommand::Cancel { .. } | OrderCommand::TimeOut { .. })) = step.order() else { return false };
        let Some(order) = model.orders.get(&id).filter(|order| !order.state.is_closed() && order.kept() != 0) else {
            return false;
        };
        let captured = Money(i64::try_from(order.kept()).expect("an amount"));
        match step.order() {
            Some((_, OrderCommand::Cancel { .. })) => {
                let of = model.payments.values().filter(|payment| payment.order == id);
                let asked: i128 = of.map(|payment| payment.back(|refund| refund.parts.applied.0.into())).sum();
                // Where all of it was asked back, nobody is told to ask again.
                let refused = match asked == order.applied {
                    true => Refused::RefundUnderWay { captured },
                    false => Refused::MoneyCaptured { captured },
                };
                assert_eq!(step.outcome, Err(refused));
            }
            _ => assert_eq!(step.outcome, Err(Refused::NotDue)),
        }
        true
    });
}

/// A tab ends when somebody says so: by paying it off, by `complete`, or by cancelling it. What is left of the last units that
/// were taken off is no sale, and they come off whichever way that is asked.
#[test]
fn o14_a_tab_ends_when_somebody_says_so() {
    holds_at_each_step("o14_a_tab_ends_when_somebody_says_so", 18, |model, step, world| {
        let after = model.after(step.events());
        let mut was_tested = false;
        for event in step.events() {
            match event {
                Event::Order(id, OrderEvent::OrderCompleted { .. }) if after.orders[id].pay_mode == PayMode::Later => {
                    let is_asked = matches!(step.order(), Some((_, OrderCommand::Complete)));
                    assert!(is_asked || after.orders[id].is_paid_off, "{id} after {:?}", step.command);
                }
                Event::Order(id, OrderEvent::OrderRepriced { totals, void }) => {
                    let is_empty = after.orders[id].lines.values().all(|line| line.qty.0 == 0);
                    assert_eq!(*void, is_empty && totals.total.0 == 0, "{id} after {:?}", step.command);
                    was_tested |= *void;
                }
                _ => {}
            }
        }
        for (id, order) in
            after.orders.iter().filter(|(_, order)| order.state == State::Placed && order.balance().0 == 0)
        {
            assert!(order.pay_mode == PayMode::Later || world.open().order(*id).is_some_and(is_in_kitchen), "{id}");
            was_tested = true;
        }
        let Some((id, command)) = step.order() else { return was_tested };
        if let (Some(State::Placed), OrderCommand::Complete) = (model.state(id), command) {
            let is_over = model.orders[&id].balance().0 == 0;
            assert_eq!(step.outcome.is_ok(), is_over, "{:?}", step.outcome);
            was_tested |= is_over;
        }
        if let OrderCommand::RemoveLine(_) = command {
            assert!(!step.is_refused_as(|refused| matches!(refused, Refused::OrderEmpty)));
        }
        was_tested
    });
}

fn is_in_kitchen(slot: &OrderSlot) -> bool {
    slot.live().is_ok_and(|order| !order.is_served())
}
