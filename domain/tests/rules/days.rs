//! Rules of business days.

use crate::generate::Day;
use crate::life::{Life, Step};
use crate::model::{Model, State};
use crate::support::World;
use crate::{OPS, days_to_close, prove};
use domain::command::{Command, Source, StoreCommand};
use domain::event::{DayClosing, DayEvent, DayTax, DayTender, DayTotals, Event, OrderEvent, Tender};
use domain::ids::{OrderId, TenderId};
use domain::money::{Money, Ppm};
use domain::pricing::{TaxTotal, Totals};
use domain::refused::Refused;
use std::collections::{BTreeMap, BTreeSet};

/// Gross, discounts, charges, tax, tax inside, total.
type Sums = [i64; 6];

fn sums(totals: &Totals) -> Sums {
    let tax = totals.tax_exclusive.0 + totals.charge_tax_exclusive.0;
    let inside = totals.tax_inclusive.0 + totals.charge_tax_inclusive.0;
    [totals.gross.0, totals.discount.0, totals.charges_total.0, tax, inside, totals.total.0]
}

/// What an order's taxes come to: taxable and tax of each rate.
type Rates = BTreeMap<(Ppm, bool), [i64; 2]>;

fn rates(taxes: &[TaxTotal]) -> Rates {
    let mut rates = Rates::new();
    for total in taxes {
        let sums = rates.entry((total.tax.rate, total.tax.inclusive)).or_default();
        sums[0] += total.taxable.0;
        sums[1] += total.amount.0;
    }
    rates
}

/// A recount of what is booked, from the facts alone.
#[derive(Default)]
struct Booked {
    /// What each order counts for; imported ones count for nothing.
    counted: BTreeMap<OrderId, (Sums, Rates)>,
    /// Taxable and tax of each rate, sold and given back, since the last closing.
    rates: BTreeMap<(Ppm, bool), [i64; 4]>,
    /// Each tender since the last closing: payments, paid, tips, unapplied, refunds, and what was given back of the three.
    tenders: BTreeMap<TenderId, [i64; 8]>,
    imported: BTreeSet<OrderId>,
    totals: DayTotals,
    closed: Vec<DayClosing>,
    days: u32,
}

impl Booked {
    /// What was booked, with what stands in lists.
    fn totals(&self) -> DayTotals {
        let tax = |(&(rate, inclusive), &[taxable, amount, back, tax]): (&(Ppm, bool), &[i64; 4])| DayTax {
            rate: Some(rate),
            inclusive,
            taxable: Money(taxable),
            amount: Money(amount),
            refunded_taxable: Money(back),
            refunded: Money(tax),
        };
        let tender = |(&tender, sums): (&TenderId, &[i64; 8])| {
            let [payments, paid, tips, unapplied, refunds, refunded, refunded_tips, refunded_unapplied] = *sums;
            DayTender {
                tender: Some(tender),
                payments,
                paid: Money(paid),
                tips: Money(tips),
                unapplied: Money(unapplied),
                refunds,
                refunded: Money(refunded),
                refunded_tips: Money(refunded_tips),
                refunded_unapplied: Money(refunded_unapplied),
            }
        };
        let taxes = self.rates.iter().filter(|(_, sums)| **sums != [0; 4]).map(tax).collect();
        let tenders = self.tenders.iter().filter(|(_, sums)| **sums != [0; 8]).map(tender).collect();
        DayTotals { taxes, tenders, ..self.totals.clone() }
    }

    fn rate(&mut self, rates: &Rates, place: usize, sign: i64) {
        for (rate, sums) in rates {
            let held = self.rates.entry(*rate).or_default();
            held[place] += sign * sums[0];
            held[place + 1] += sign * sums[1];
        }
    }

    fn tender(&mut self, tender: &Tender, more: [i64; 8]) {
        let held = self.tenders.entry(TenderId::parse(tender.as_str()).expect("an id")).or_default();
        held.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
    }

    /// Ends a day: everything that was booked since the last one is its.
    fn end(&mut self) -> DayTotals {
        let totals = self.totals();
        (self.totals, self.rates, self.tenders) = Default::default();
        totals
    }

    fn count(&mut self, id: OrderId, now: Option<&Totals>) {
        let now = now.map(|totals| (sums(totals), rates(&totals.taxes)));
        let before = match now.clone() {
            Some(counts) => self.counted.insert(id, counts),
            None => self.counted.remove(&id),
        };
        for (counts, sign) in [(&before, -1), (&now, 1)] {
            if let Some((_, rates)) = counts {
                self.rate(rates, 0, sign);
            }
        }
        let (now, before) = (now.map(|(sums, _)| sums), before.map(|(sums, _)| sums));
        let totals = &mut self.totals;
        totals.orders += i64::from(now.is_some()) - i64::from(before.is_some());
        let (now, before) = (now.unwrap_or_default(), before.unwrap_or_default());
        let held = [
            &mut totals.gross,
            &mut totals.discounts,
            &mut totals.charges,
            &mut totals.tax,
            &mut totals.tax_inclusive,
            &mut totals.sales,
        ];
        for (index, sum) in held.into_iter().enumerate() {
            sum.0 += now[index] - before[index];
        }
    }

    fn book(&mut self, id: OrderId, event: &OrderEvent, is_closed: bool) {
        let skips = self.imported.contains(&id) && !is_closed;
        let totals = &mut self.totals;
        match event {
            OrderEvent::OrderOpened(opening) if opening.imported => _ = self.imported.insert(id),
            _ if skips => {}
            // Of a void order nothing is sold any more (rule O14).
            OrderEvent::OrderRepriced { void: true, .. } => self.count(id, None),
            OrderEvent::OrderPlaced { totals, .. } | OrderEvent::OrderRepriced { totals, .. } => {
                self.count(id, Some(totals));
            }
            // What a merge takes from one order is repriced with the other.
            OrderEvent::OrderCancelled { .. } | OrderEvent::OrderMergedInto { .. } => self.count(id, None),
            OrderEvent::PaymentApplied { tender, amount, tip, .. } => {
                match tender {
                    Tender::Cash => totals.cash.0 += amount.0,
                    Tender::External(_) => totals.other.0 += amount.0,
                }
                totals.tips.0 += tip.0;
                self.tender(tender, [1, amount.0, tip.0, 0, 0, 0, 0, 0]);
            }
            OrderEvent::PaymentNotApplicable { tender, unapplied, .. } => {
                totals.unapplied.0 += unapplied.0;
                self.tender(tender, [0, 0, 0, unapplied.0, 0, 0, 0, 0]);
            }
            OrderEvent::RefundRecorded { parts, tender, taxes, .. } => {
                let back = parts.applied.0 + parts.tip.0 + parts.unapplied.0;
                totals.refunds += 1;
                totals.refunded.0 += back;
                totals.refunded_cash.0 += if *tender == Tender::Cash { back } else { 0 };
                self.tender(tender, [0, 0, 0, 0, 1, parts.applied.0, parts.tip.0, parts.unapplied.0]);
                self.rate(&rates(taxes), 2, 1);
            }
            _ => {}
        }
    }

    /// Recounts a step and holds every closing in it against the recount.
    fn step(&mut self, model: &Model, step: &Step) {
        let mut model = model.clone();
        for event in step.events() {
            match event {
                Event::Order(id, event) => {
                    let is_closed = model.state(*id).is_some_and(State::is_closed);
                    self.book(*id, event, is_closed);
                }
                Event::Day(DayEvent::DayOpened { carried, .. }) => {
                    // What was booked before the first day is carried into it, and the fact says so.
                    let is_carried = self.days == 0 && self.totals() != DayTotals::default();
                    assert_eq!(carried.as_deref(), is_carried.then(|| self.totals()).as_ref());
                    self.days += 1;
                }
                Event::Day(DayEvent::DayClosed(closing)) => {
                    let last = self.closed.last();
                    let (z_number, all) = last.map_or((0, Money::ZERO), |last| (last.z_number, last.cumulative_total));
                    assert_eq!(closing.totals, self.end());
                    assert_eq!(closing.z_number, z_number + 1, "without a gap");
                    assert_eq!(closing.cumulative_total.0, all.0 + closing.totals.sales.0);
                    self.closed.push((**closing).clone());
                    self.days += 1;
                }
                _ => {}
            }
            model.fold(event);
        }
    }
}

fn proves(name: &str, floor: u32, rule: impl Fn(&Day) -> bool) {
    prove(name, floor, days_to_close(OPS), rule);
}

/// Holds something against every step, and wants it to have been told.
fn each_step(day: &Day, mut rule: impl FnMut(&Model, &Step, &World) -> bool) -> bool {
    let mut tested = false;
    Life::new(day).live(day, |model, step, world| tested |= rule(model, step, world));
    tested
}

#[test]
fn d3_z_is_the_fold_of_the_day() {
    proves("d3_z_is_the_fold_of_the_day", 60, |day| {
        let mut booked = Booked::default();
        each_step(day, |model, step, world| {
            booked.step(model, step);
            assert_eq!(world.open().days().totals, booked.totals());
            let DayTotals { gross, discounts, charges, tax, sales, .. } = booked.totals;
            assert_eq!(gross.0 - discounts.0 + charges.0 + tax.0, sales.0);
            booked.closed.iter().any(|closing| closing.totals != DayTotals::default())
        })
    });
}

#[test]
fn t3_all_days_are_all_sales() {
    proves("t3_all_days_are_all_sales", 20, |day| {
        let mut booked = Booked::default();
        each_step(day, |model, step, _| {
            booked.step(model, step);
            // When it was sold: what orders come to. When it was booked: the closed days and what is open.
            let sold: i64 = booked.counted.values().map(|(sums, _)| sums[5]).sum();
            let closed = booked.closed.last().map_or(0, |last| last.cumulative_total.0);
            assert_eq!(closed + booked.totals.sales.0, sold);
            closed != 0 && sold != closed
        })
    });
}

#[test]
fn d4_closing_is_one_fact() {
    proves("d4_closing_is_one_fact", 40, |day| {
        each_step(day, |model, step, _| {
            let Command::Store(_, StoreCommand::CloseDay { date, .. }) = &step.command else { return false };
            let last = model.closed.last().map(|closing| closing.date);
            match &step.outcome {
                Ok(events) if last == Some(*date) => {
                    assert!(events.is_empty());
                    return true;
                }
                Ok(events) => {
                    assert!(matches!(&events[..], [Event::Day(DayEvent::DayClosed(_))]) && last < Some(*date));
                    assert!(model.open.is_none_or(|open| open == *date));
                }
                Err(Refused::DayClosed { closed }) => assert!(last == Some(*closed) && *date < *closed),
                Err(Refused::DayNotBegun { today }) => assert!(today < date),
                Err(Refused::DayOpen { open }) => assert!(model.open == Some(*open) && open != date),
                Err(refused) => panic!("{refused:?}"),
            }
            false
        })
    });
}

#[test]
fn d5_unpaid_orders_stay_open() {
    proves("d5_unpaid_orders_stay_open", 12, |day| {
        each_step(day, |model, step, _| {
            let Some(Event::Day(DayEvent::DayClosed(closing))) = step.events().first() else { return false };
            let unpaid = model.orders.iter().filter(|(_, order)| order.state == State::Placed && 0 < order.balance().0);
            let due: i64 = unpaid.clone().map(|(_, order)| i64::try_from(order.balance().0).expect("it fits")).sum();
            let pending = &closing.pending;
            assert_eq!(pending.orders, unpaid.map(|(id, _)| *id).collect::<Vec<_>>());
            assert_eq!((pending.orders_count as usize, pending.due.0), (pending.orders.len(), due));
            let after = model.after(step.events());
            assert!(pending.orders.iter().all(|id| after.state(*id) == Some(State::Placed)));
            !pending.orders.is_empty()
        })
    });
}

#[test]
fn t2_closed_days_never_change() {
    proves("t2_closed_days_never_change", 20, |day| {
        each_step(day, |model, step, world| {
            let last = model.closed.last().map(|closing| closing.date);
            let mut open = model.open;
            let mut tested = false;
            for event in step.events() {
                match event {
                    Event::Day(DayEvent::DayOpened { date, .. }) => {
                        assert!(open.is_none() && last < Some(*date), "{date} after {last:?}");
                        open = Some(*date);
                    }
                    Event::Day(DayEvent::DayClosed(_)) => open = None,
                    Event::Order(_, event) if step.context.source != Source::Imported => {
                        let is_kept = last.is_some() || open.is_some();
                        let OrderEvent::RefundRecorded { posting_date, .. } = event else { continue };
                        assert!(last < Some(*posting_date), "{posting_date} after {last:?}");
                        assert_eq!(is_kept.then_some(*posting_date), open);
                        tested |= last.is_some();
                    }
                    _ => {}
                }
            }
            // What is booked after a closing is on a day that is open.
            let is_booked = world.open().days().totals != DayTotals::default();
            assert!(!is_booked || last.is_none() || open.is_some() || step.context.source == Source::Imported);
            tested
        })
    });
}

#[test]
fn t1_t2_a_day_opens_with_what_is_booked_first() {
    proves("t1_t2_a_day_opens_with_what_is_booked_first", 40, |day| {
        each_step(day, |model, step, world| {
            let is_opened = |event: &Event| matches!(event, Event::Day(DayEvent::DayOpened { .. }));
            let opened = step.events().iter().filter(|event| is_opened(event)).count();
            let is_asked = matches!(&step.command, Command::Store(_, StoreCommand::OpenDay { .. }));
            if opened == 0 || is_asked {
                return false;
            }
            let is_sold = |id| model.state(id) == Some(State::Placed);
            let is_booked = |event: &Event| match event {
                Event::Order(id, OrderEvent::OrderCancelled { .. } | OrderEvent::OrderMergedInto { .. }) => {
                    is_sold(*id)
                }
                Event::Order(_, event) => matches!(
                    event,
                    OrderEvent::OrderPlaced { .. }
                        | OrderEvent::OrderRepriced { .. }
                        | OrderEvent::PaymentApplied { .. }
                        | OrderEvent::PaymentNotApplicable { .. }
                        | OrderEvent::RefundRecorded { .. }
                ),
                _ => false,
            };
            assert!(step.events().iter().any(is_booked), "{:?}", step.events());
            // By itself: once, first, on the business date it is or the first one after the last that was closed.
            assert!(opened == 1 && is_opened(&step.events()[0]) && model.open.is_none());
            let today = domain::calendar::business_date(step.context.local, world.open().settings().cut_off);
            let last = model.closed.last().expect("a day opens by itself after one was closed").date;
            let next = domain::calendar::Date::from_days(last.days() + 1).expect("a date");
            assert_eq!(world.open().days().open, Some(today.max(next)));
            true
        })
    });
}
