//! Rules of refunds.

use crate::generate::{PAYMENTS, a_refunding_day};
use crate::life::Life;
use crate::model::{Back, Model, State, balance};
use crate::support::payment;
use crate::{holds_when_refunding, prove};
use domain::command::{PaymentCommand, RefundOf};
use domain::event::{Event, OrderEvent, PaymentEvent, StockEvent};
use domain::ids::OrderId;
use domain::money::Money;
use domain::pricing::TaxTotal;
use domain::refused::Refused;
use std::collections::BTreeMap;

#[test]
fn p3_refunds_stay_within_captured() {
    holds_when_refunding("p3_refunds_stay_within_captured", 70, |model, step, _| {
        let mut after = model.clone();
        for event in step.events() {
            // After every single fact, not only after the commit.
            after.fold(event);
            let Event::Payment(id, _) = event else { continue };
            let payment = &after.payments[id];
            let back = payment.back(|refund| refund.parts.sum().0.into());
            assert!(back <= payment.captured, "{id} {payment:?}");
            let tip = if payment.unapplied == payment.captured { 0 } else { payment.tip };
            let of = payment.back(|refund| refund.parts.tip.0.into());
            assert!(0 <= of && of <= tip, "{id} {payment:?}");
            assert!(payment.back(|refund| refund.parts.applied.0.into()) <= payment.captured - tip - payment.unapplied);
        }
        let refused = step.is_refused_as(|refused| matches!(refused, Refused::RefundExceedsCaptured { .. }));
        refused || after.payments.values().any(|payment| 2 <= payment.back(|_| 1))
    });
}

#[test]
fn o2_no_more_units_back_than_sold() {
    holds_when_refunding("o2_no_more_units_back_than_sold", 40, |model, step, _| {
        let after = model.after(step.events());
        for (id, order) in &after.orders {
            for (line, sold) in &order.lines {
                assert!(after.units_back(*id, *line) <= i128::from(sold.qty.0), "{id} {line}");
            }
        }
        let Some((id, PaymentCommand::RequestRefund(new))) = step.payment() else { return false };
        let RefundOf::Lines { lines, .. } = &new.what else { return false };
        if let Err(Refused::RefundExceedsSold { line, left }) = &step.outcome {
            let order = model.payments[&id].order;
            let asked = lines.iter().find(|asked| asked.line == *line).expect("it was asked for");
            let sold = i128::from(model.orders[&order].lines[line].qty.0);
            assert_eq!(i128::from(left.0), sold - model.units_back(order, *line));
            assert!(*left < asked.qty);
            return true;
        }
        step.outcome.is_ok()
    });
}

#[test]
fn m8_parts_add_up_to_the_sale() {
    holds_when_refunding("m8_parts_add_up_to_the_sale", 30, |model, step, _| {
        let after = model.after(step.events());
        let mut tested = false;
        for (id, order) in &after.orders {
            let Some(totals) = order.totals.as_ref().filter(|_| !order.has_revived) else { continue };
            for (index, (line, sold)) in in_order(order).enumerate() {
                let back: Vec<_> = after.lines_back(*id, *line).collect();
                if back.is_empty() || after.units_back(*id, *line) != i128::from(sold.qty.0) {
                    continue;
                }
                // Of units that went with another payment, what failed goes back by amount.
                if after.has_lost_a_part(*id, *line) {
                    continue;
                }
                let came_to = &totals.lines[index];
                let sum =
                    |part: fn(&domain::event::RefundedLine) -> i64| back.iter().map(|back| part(back)).sum::<i64>();
                assert_eq!(sum(|back| back.net.0), came_to.net.0, "{id} {line}");
                assert_eq!(sum(|back| back.discount.0), came_to.discount.0, "{id} {line}");
                assert_eq!(sum(|back| back.tax_exclusive.0), came_to.tax_exclusive.0, "{id} {line}");
                assert_eq!(sum(|back| back.tax_inclusive.0), came_to.tax_inclusive.0, "{id} {line}");
                tested = true;
            }
        }
        for event in step.events() {
            if let Event::Payment(_, PaymentEvent::RefundRequested { parts, lines, .. }) = event {
                let charges = |line: &domain::event::RefundedLine| {
                    line.charges.map_or(0, |charges| charges.amount.0 + charges.tax_exclusive.0)
                };
                let amount: i64 = lines.iter().map(|line| line.net.0 + line.tax_exclusive.0 + charges(line)).sum();
                assert!(lines.is_empty() || amount == parts.applied.0, "{event:?}");
            }
        }
        tested
    });
}

/// What of each tax was sold and, summed over the refunds since the order was settled, given back.
#[test]
fn m8_tax_goes_back_with_the_money() {
    prove("m8_tax_goes_back_with_the_money", 40, a_refunding_day(crate::OPS), |day| {
        let mut back: BTreeMap<OrderId, (i64, Vec<TaxTotal>)> = BTreeMap::new();
        let mut tested = false;
        Life::new(day).live(day, |model, step, _| {
            let mut model = model.clone();
            for event in step.events() {
                if let Event::Order(id, OrderEvent::RefundRecorded { parts, taxes, .. }) = event {
                    let order = &model.orders[id];
                    let sold = order.totals.as_ref().filter(|_| order.state == State::Completed);
                    let Some(sold) = sold else {
                        assert!(taxes.is_empty(), "a sale that is not settled stands: {event:?}");
                        continue;
                    };
                    let (amount, given) = back.entry(*id).or_insert_with(|| (0, nothing_of(&sold.taxes)));
                    *amount += parts.applied.0;
                    for total in taxes {
                        let held = given.iter_mut().find(|held| held.tax == total.tax).expect("it was sold");
                        assert!(0 <= total.taxable.0 && 0 <= total.amount.0, "{event:?}");
                        held.taxable.0 += total.taxable.0;
                        held.amount.0 += total.amount.0;
                    }
                    for (given, sold) in given.iter().zip(&sold.taxes) {
                        assert!(given.taxable <= sold.taxable && given.amount <= sold.amount, "{event:?}");
                    }
                    // With the last of the sale goes the last of its taxes.
                    if *amount == sold.total.0 {
                        assert_eq!(*given, sold.taxes, "{event:?}");
                        tested |= sold.taxes.iter().any(|tax| tax.amount.0 != 0);
                    }
                }
                model.fold(event);
            }
        });
        tested
    });
}

fn nothing_of(taxes: &[TaxTotal]) -> Vec<TaxTotal> {
    let nothing = |total: &TaxTotal| TaxTotal { tax: total.tax, taxable: Money::ZERO, amount: Money::ZERO };
    taxes.iter().map(nothing).collect()
}

/// The lines of an order as its totals list them.
fn in_order(order: &crate::model::Order) -> impl Iterator<Item = (&domain::ids::LineId, &domain::event::Line)> {
    order.sequence.iter().map(|line| (line, &order.lines[line]))
}

#[test]
fn s8_goods_come_back_only_when_asked() {
    holds_when_refunding("s8_goods_come_back_only_when_asked", 30, |model, step, _| {
        let after = model.after(step.events());
        let mut tested = false;
        for event in step.events() {
            let Event::Stock(StockEvent::StockRestocked { order, refund, lines }) = event else { continue };
            let of = after.payments.values().filter(|payment| payment.order == *order);
            let mut made = of.filter_map(|payment| payment.refunds.get(refund)).filter(|made| {
                let has = |line: &domain::event::ReservedLine| {
                    made.lines.iter().any(|back| back.line == line.line && back.qty == line.qty)
                };
                made.restock && made.state == Back::Succeeded && lines.iter().all(has)
            });
            let made = made.next().expect("they are those of a refund that succeeded");
            assert_eq!(after.state(*order), Some(State::Completed));
            for line in lines {
                let asked = made.lines.iter().find(|asked| asked.line == line.line).expect("it was asked for");
                assert_eq!(asked.qty, line.qty);
                assert!(after.shelf(line.sku).is_counted());
            }
            tested = true;
        }
        let gave_back =
            step.events().iter().any(|event| matches!(event, Event::Order(_, OrderEvent::RefundRecorded { .. })));
        tested || (gave_back && !step.events().iter().any(|event| matches!(event, Event::Stock(_))))
    });
}

/// Money given back is due again until the order is settled, and reopens nothing afterwards.
#[test]
fn p9_money_given_back_is_due_until_settlement() {
    holds_when_refunding("p9_money_given_back_is_due_until_settlement", 60, |model: &Model, step, _| {
        let mut before = model.clone();
        let mut tested = false;
        for event in step.events() {
            let mut after = before.clone();
            after.fold(event);
            if let Event::Order(id, OrderEvent::RefundRecorded { payment, refund, parts, reversed, .. }) = event {
                let (was, order) = (&before.orders[id], &after.orders[id]);
                let back = i128::from(parts.applied.0);
                assert_eq!(order.state, was.state);
                match was.state {
                    State::Completed => {
                        assert_eq!(order.balance(), (0, was.balance().1 - i128::from(reversed.0)));
                    }
                    State::Open | State::Placed => {
                        assert_eq!(order.balance(), balance(was.total(), was.paid() - back));
                    }
                    State::Cancelled | State::Merged => assert_eq!(i128::from(reversed.0), back),
                }
                assert_eq!(order.given_back, was.given_back + i128::from(parts.sum().0));
                assert_eq!(after.payments[payment].refunds[refund].parts, *parts);
                tested = true;
            }
            before = after;
        }
        tested
    });
}

/// What an order and its payments say of refunds is folded from their own events, each stream by itself.
#[test]
fn refunds_fold_from_their_own_streams() {
    prove("refunds_fold_from_their_own_streams", 60, a_refunding_day(crate::OPS), |day| {
        let mut life = Life::new(day);
        let mut rebuilt = life.world.clone();
        let mut events: Vec<Event> = vec![];
        life.live(day, |_, step, _| events.extend_from_slice(step.events()));
        let is_of = |event: &Event, wanted: fn(&Event) -> bool| wanted(event);
        for wanted in [
            (|event| !matches!(event, Event::Payment(..) | Event::Order(..))) as fn(&Event) -> bool,
            |event| matches!(event, Event::Order(..)),
            |event| matches!(event, Event::Payment(..)),
        ] {
            events.iter().filter(|event| is_of(event, wanted)).for_each(|event| rebuilt.evolve(event));
        }
        let mut has_refunds = false;
        for id in PAYMENTS.map(payment) {
            let (held, built) = (life.world.open().payment(id), rebuilt.open().payment(id));
            assert_eq!(held, built);
            let Some(held) = held else { continue };
            let slots = (life.world.open().order(held.order), rebuilt.open().order(held.order));
            let returns = slots.0.and_then(|slot| slot.returns());
            let (mut one, mut other) = (returns.cloned(), slots.1.and_then(|slot| slot.returns()).cloned());
            for returns in [&mut one, &mut other].into_iter().flatten() {
                returns.lines.sort_by_key(|line| line.line);
            }
            assert_eq!(one, other);
            has_refunds |= !held.refunds().is_empty();
        }
        has_refunds
    });
}
