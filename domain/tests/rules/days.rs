//! Rules of business days.

use crate::generate::Day;
use crate::life::Life;
use crate::model::State;
use crate::{OPS, days_to_close, prove};
use domain::command::{Command, StoreCommand};
use domain::event::{DayClosing, DayEvent, DayTotals, Event, OrderEvent, Tender};
use domain::ids::OrderId;
use domain::money::Money;
use domain::refused::Refused;
use std::collections::{BTreeMap, BTreeSet};

/// A recount of what is booked, from the facts alone.
#[derive(Default)]
struct Booked {
    /// What each order counts for; imported ones count for nothing.
    counted: BTreeMap<OrderId, i64>,
    imported: BTreeSet<OrderId>,
    totals: DayTotals,
}

impl Booked {
    fn count(&mut self, id: OrderId, now: Option<i64>) {
        let before = match now {
            Some(total) => self.counted.insert(id, total),
            None => self.counted.remove(&id),
        };
        self.totals.orders += i64::from(now.is_some()) - i64::from(before.is_some());
        self.totals.sales.0 += now.unwrap_or(0) - before.unwrap_or(0);
    }

    fn book(&mut self, id: OrderId, event: &OrderEvent, is_closed: bool) {
        let skips = self.imported.contains(&id) && !is_closed;
        let totals = &mut self.totals;
        match event {
            OrderEvent::OrderOpened(opening) if opening.imported => _ = self.imported.insert(id),
            _ if skips => {}
            OrderEvent::OrderPlaced { totals, .. } | OrderEvent::OrderRepriced { totals } => {
                self.count(id, Some(totals.total.0));
            }
            OrderEvent::OrderCancelled { .. } => self.count(id, None),
            OrderEvent::PaymentApplied { tender: Tender::Cash, amount, tip, .. } => {
                totals.cash.0 += amount.0;
                totals.tips.0 += tip.0;
            }
            OrderEvent::PaymentApplied { amount, tip, .. } => {
                totals.other.0 += amount.0;
                totals.tips.0 += tip.0;
            }
            OrderEvent::PaymentNotApplicable { unapplied, .. } => totals.unapplied.0 += unapplied.0,
            OrderEvent::RefundRecorded { parts, .. } => {
                totals.refunds += 1;
                totals.refunded.0 += parts.applied.0 + parts.tip.0 + parts.unapplied.0;
            }
            _ => {}
        }
    }
}

fn proves(name: &str, floor: u32, rule: impl Fn(&Day, &mut Vec<DayClosing>) -> bool) {
    prove(name, floor, days_to_close(OPS), |day| rule(day, &mut vec![]));
}

#[test]
fn d3_z_is_the_fold_of_the_day() {
    proves("d3_z_is_the_fold_of_the_day", 60, |day, closed| {
        let mut booked = Booked::default();
        Life::new(day).live(day, |model, step, world| {
            let mut model = model.clone();
            for event in step.events() {
                match event {
                    Event::Order(id, event) => {
                        let is_closed = model.state(*id).is_some_and(State::is_closed);
                        booked.book(*id, event, is_closed);
                    }
                    Event::Day(DayEvent::DayClosed(closing)) => {
                        assert_eq!(closing.totals, std::mem::take(&mut booked.totals));
                        let before = closed
                            .last()
                            .map_or((0, Money::ZERO), |last: &DayClosing| (last.z_number, last.cumulative_total));
                        assert_eq!(closing.z_number, before.0 + 1, "without a gap");
                        assert_eq!(closing.cumulative_total.0, before.1.0 + closing.totals.sales.0);
                        closed.push(closing.clone());
                    }
                    _ => {}
                }
                model.fold(event);
            }
            assert_eq!(world.open().days().open, booked.totals);
            // All days together, and the open one, are all there is (rule T3).
            let all = closed.last().map_or(0, |last| last.cumulative_total.0) + booked.totals.sales.0;
            assert_eq!(all, booked.counted.values().sum::<i64>());
        });
        closed.iter().any(|closing| closing.totals != DayTotals::default())
    });
}

#[test]
fn d4_closing_is_one_fact() {
    proves("d4_closing_is_one_fact", 40, |day, _| {
        let mut again = false;
        Life::new(day).live(day, |model, step, _| {
            let Command::Store(_, StoreCommand::CloseDay { date }) = &step.command else { return };
            let last = model.closed.last().map(|closing| closing.date);
            match &step.outcome {
                Ok(events) if last == Some(*date) => {
                    assert!(events.is_empty());
                    again = true;
                }
                Ok(events) => assert!(matches!(events[..], [Event::Day(_)]) && last < Some(*date)),
                Err(Refused::DayClosed { closed }) => assert!(last == Some(*closed) && *date < *closed),
                Err(Refused::DayNotBegun { today }) => assert!(today < date),
                Err(refused) => panic!("{refused:?}"),
            }
        });
        again
    });
}

#[test]
fn d5_unpaid_orders_stay_open() {
    proves("d5_unpaid_orders_stay_open", 12, |day, _| {
        let mut tested = false;
        Life::new(day).live(day, |model, step, _| {
            let Some(Event::Day(DayEvent::DayClosed(closing))) = step.events().first() else { return };
            let unpaid = model.orders.iter().filter(|(_, order)| order.state == State::Placed && 0 < order.due());
            assert_eq!(closing.open_orders, unpaid.map(|(id, _)| *id).collect::<Vec<_>>());
            let after = model.after(step.events());
            for id in &closing.open_orders {
                assert_eq!(after.state(*id), Some(State::Placed));
                tested = true;
            }
        });
        tested
    });
}

#[test]
fn t2_closed_days_never_change() {
    proves("t2_closed_days_never_change", 30, |day, _| {
        let mut tested = false;
        Life::new(day).live(day, |model, step, _| {
            let last = model.closed.last().map(|closing| closing.date);
            for event in step.events() {
                if let Event::Order(_, OrderEvent::RefundRecorded { posting_date, .. }) = event {
                    assert!(last < Some(*posting_date), "{posting_date} after {last:?}");
                    tested |= last.is_some();
                }
            }
        });
        tested
    });
}
