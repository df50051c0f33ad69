//! R4: the cubes agree with each other and with the orders.

use crate::world::*;
use domain::calendar::Date;
use domain::command::{OrderCommand, Outcome, StoreCommand};
use domain::event::{Event, OrderEvent};
use domain::ids::{DiscountId, LineId, OrderId};
use domain::pricing::Totals;
use projections::{PageRequest, Projections, QueryError, SalesBy, SalesDate, SalesQuery};
use proptest::prelude::*;
use schemas::views::{DayTotalsView, SalesReport, SalesRow, SalesTotals};
use std::collections::BTreeMap;

fn query(by: SalesBy) -> SalesQuery {
    let date = |year| Date::from_ymd(year, 11, 1).unwrap();
    SalesQuery { stores: None, date: SalesDate::Business, from: date(2026), to: date(2027), by }
}

fn report(projections: &Projections, by: SalesBy) -> SalesReport {
    projections.sales(tenant(), &query(by)).unwrap().value
}

fn sum(rows: &[SalesRow], of: impl Fn(&SalesRow) -> Option<i64>) -> i64 {
    rows.iter().map(|row| of(row).expect("every row of this report has it")).sum()
}

/// What the orders of a log come to, folded by hand.
#[derive(Default)]
struct Expected {
    orders: BTreeMap<OrderId, (Totals, i64)>,
    completed: i64,
    paid_for_completed: i64,
    paid: BTreeMap<OrderId, i64>,
    /// What was given back of it before its order was settled.
    reversed: BTreeMap<OrderId, i64>,
    /// The settled orders, and what was given back of what they had too much.
    settled: Vec<OrderId>,
    reversed_later: i64,
    tips: i64,
    unapplied: i64,
    /// How many, and by where they come from: sales, tips, what could not be applied.
    refunds: [i64; 4],
    /// The discounts of each order, and which of them are comps.
    discounts: BTreeMap<OrderId, Vec<(DiscountId, bool)>>,
}

impl Expected {
    /// What the orders that count give away.
    fn comps(&self) -> i64 {
        let given = self.orders.iter().map(|(order, (totals, _))| {
            let discounts = self.discounts.get(order).map_or(&[][..], Vec::as_slice);
            let taken = totals.discounts.iter().zip(discounts);
            taken.filter(|(_, (_, is_comp))| *is_comp).map(|(taken, _)| taken.0).sum::<i64>()
        });
        given.sum()
    }
}

fn expected(world: &World) -> Expected {
    let mut expected = Expected::default();
    for appended in &world.appended {
        let Some(Event::Order(order, event)) = &appended.event else { continue };
        let discounts = expected.discounts.entry(*order).or_default();
        match event {
            OrderEvent::DiscountApplied(discount) => discounts.push((discount.discount, false)),
            OrderEvent::LinesComped { discount, .. } => discounts.push((*discount, true)),
            OrderEvent::DiscountRemoved { discount } => discounts.retain(|(held, _)| held != discount),
            OrderEvent::OrderRepriced { void: true, .. } => _ = expected.orders.remove(order),
            OrderEvent::OrderPlaced { totals, .. } | OrderEvent::OrderRepriced { totals, .. } => {
                expected.orders.insert(*order, (totals.clone(), 0));
            }
            OrderEvent::LinesReceivedByMerge(received) => {
                *discounts = received.discounts.iter().map(|held| (held.discount.discount, held.comp)).collect();
            }
            OrderEvent::OrderCancelled { .. } | OrderEvent::OrderMergedInto { .. } => {
                expected.orders.remove(order);
            }
            OrderEvent::PaymentApplied { amount, tip, .. } => {
                *expected.paid.entry(*order).or_default() += amount.0;
                expected.tips += tip.0;
            }
            OrderEvent::PaymentNotApplicable { unapplied, .. } => expected.unapplied += unapplied.0,
            OrderEvent::RefundRecorded { parts, reversed, .. } => {
                match expected.settled.contains(order) {
                    true => expected.reversed_later += reversed.0,
                    false => *expected.reversed.entry(*order).or_default() += reversed.0,
                }
                let more = [1, parts.applied.0, parts.tip.0, parts.unapplied.0];
                expected.refunds.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            }
            OrderEvent::OrderCompleted { total } => {
                expected.completed += total.0;
                let of = |sums: &BTreeMap<OrderId, i64>| sums.get(order).copied().unwrap_or(0);
                expected.paid_for_completed += of(&expected.paid) - of(&expected.reversed);
                expected.settled.push(*order);
            }
            _ => {}
        }
    }
    expected
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn r4_sales_identities(steps in steps(80)) {
        let mut world = World::furnished();
        for step in &steps {
            world.step(step);
        }
        let dir = tempfile::tempdir().unwrap();
        let projections = projected(dir.path(), &world.reader, NEVER);
        let expected = expected(&world);
        let totals = report(&projections, SalesBy::Day).totals;
        // gross - discounts - comps = net; net + exclusive tax + charges = order totals.
        prop_assert_eq!(totals.gross - totals.discounts - totals.comps, totals.net);
        prop_assert_eq!(totals.comps, expected.comps());
        prop_assert_eq!(totals.net + totals.tax_exclusive + totals.charges + totals.charge_tax, totals.total);
        let of_orders = |of: fn(&Totals) -> i64| expected.orders.values().map(|(totals, _)| of(totals)).sum::<i64>();
        prop_assert_eq!(totals.orders, expected.orders.len() as i64);
        prop_assert_eq!(totals.gross, of_orders(|totals| totals.gross.0));
        prop_assert_eq!(totals.total, of_orders(|totals| totals.total.0));
        prop_assert_eq!(totals.tax_inclusive, of_orders(|totals| totals.tax_inclusive.0));
        // tenders - tips = completed totals + what else was paid.
        prop_assert_eq!(totals.paid, expected.paid.values().sum::<i64>());
        prop_assert_eq!(totals.tips, expected.tips);
        prop_assert_eq!(totals.unapplied, expected.unapplied);
        // And what is too much stays named until it is given back.
        let overpaid = |order: &OrderId| projections.order(tenant(), store(), *order).unwrap().value.unwrap().overpaid;
        let overpaid: i64 = expected.settled.iter().map(overpaid).sum();
        prop_assert_eq!(expected.paid_for_completed, expected.completed + overpaid + expected.reversed_later);
        let refunds = [totals.refunds, totals.refunded, totals.refunded_tips, totals.refunded_unapplied];
        prop_assert_eq!(refunds, expected.refunds);
        for by in SalesBy::ALL {
            let report = report(&projections, by);
            prop_assert_eq!(&report.totals, &totals);
            let rows = &report.rows;
            match by {
                SalesBy::Hour | SalesBy::Day | SalesBy::Channel | SalesBy::Store => {
                    prop_assert_eq!(sum(rows, |row| row.total), totals.total);
                    prop_assert_eq!(sum(rows, |row| row.orders), totals.orders);
                    prop_assert_eq!(sum(rows, |row| row.charges), totals.charges);
                }
                SalesBy::Item | SalesBy::Category => {}
                SalesBy::Tender => {
                    prop_assert_eq!(sum(rows, |row| row.paid), totals.paid);
                    prop_assert_eq!(sum(rows, |row| row.tips), totals.tips);
                    prop_assert_eq!(sum(rows, |row| row.unapplied), totals.unapplied);
                    prop_assert_eq!(sum(rows, |row| row.refunded), totals.refunded);
                    prop_assert_eq!(sum(rows, |row| row.refunded_tips), totals.refunded_tips);
                    prop_assert_eq!(sum(rows, |row| row.refunded_unapplied), totals.refunded_unapplied);
                    continue;
                }
                SalesBy::Tax => {
                    let exclusive: i64 = rows.iter().filter(|row| row.inclusive == Some(false)).filter_map(|row| row.tax).sum();
                    let inclusive: i64 = rows.iter().filter(|row| row.inclusive == Some(true)).filter_map(|row| row.tax).sum();
                    prop_assert_eq!(exclusive, totals.tax_exclusive + totals.charge_tax);
                    // The charges of these tests carry no inclusive tax.
                    prop_assert_eq!(inclusive, totals.tax_inclusive);
                    continue;
                }
            }
            prop_assert_eq!(sum(rows, |row| row.gross), totals.gross);
            prop_assert_eq!(sum(rows, |row| row.discounts), totals.discounts);
            prop_assert_eq!(sum(rows, |row| row.comps), totals.comps);
            prop_assert_eq!(sum(rows, |row| row.net), totals.net);
            prop_assert_eq!(sum(rows, |row| row.tax_exclusive), totals.tax_exclusive);
            prop_assert_eq!(sum(rows, |row| row.tax_inclusive), totals.tax_inclusive);
            prop_assert_eq!(sum(rows, |row| row.lines), totals.lines);
            prop_assert_eq!(sum(rows, |row| row.units.map(|units| units.0.0)), totals.units.0.0);
        }
    }
}

/// What was booked on a date, as a report by posting date tells it.
fn posted(projections: &Projections, date: Date) -> SalesTotals {
    let query = SalesQuery { date: SalesDate::Posting, from: date, to: date, ..query(SalesBy::Day) };
    projections.sales(tenant(), &query).unwrap().value.totals
}

/// The same sums in an X or Z report and in a report by posting date.
fn sums_agree(day: &DayTotalsView, sales: &SalesTotals) {
    // A day's report tells no comps apart.
    let reductions = sales.discounts + sales.comps;
    assert_eq!((day.orders, day.gross, day.discounts), (sales.orders, sales.gross, reductions));
    assert_eq!((day.charges, day.tax), (sales.charges, sales.tax_exclusive + sales.charge_tax));
    assert_eq!((day.sales, day.cash + day.other, day.tips), (sales.total, sales.paid, sales.tips));
    assert_eq!((day.unapplied, day.refunds), (sales.unapplied, sales.refunds));
    assert_eq!(day.refunded, sales.refunded + sales.refunded_tips + sales.refunded_unapplied);
}

proptest! {
    #![proptest_config(cases())]

    /// The days say what the reports by posting date say, and what the engine decided; both dates come to the same.
    #[test]
    fn t3_business_and_posting_dates_come_to_the_same(before in steps(20), steps in steps(80)) {
        let mut world = World::furnished();
        // What is sold before the first day is opened is carried into it; that day is its date, for the clock stands still.
        let is_of_days = |step: &&Step| matches!(step, Step::OpenDay { .. } | Step::CloseDay { .. } | Step::Hour { .. });
        before.iter().filter(|step| !is_of_days(step)).for_each(|step| world.step(step));
        let first = world.date(0);
        world.must(to_store(StoreCommand::OpenDay { date: first }));
        steps.iter().for_each(|step| world.step(step));
        let dir = tempfile::tempdir().unwrap();
        let projections = projected(dir.path(), &world.reader, NEVER);
        for by in SalesBy::ALL {
            let sold = report(&projections, by);
            let booked = SalesQuery { date: SalesDate::Posting, ..query(by) };
            let booked = projections.sales(tenant(), &booked).unwrap().value;
            prop_assert_eq!(&sold.totals, &booked.totals);
            if by != SalesBy::Day {
                prop_assert_eq!(&sold.rows, &booked.rows);
            }
        }
        let days = projections.days(tenant(), store(), &PageRequest::default()).unwrap().value;
        let held = world.stores[&store()].days();
        prop_assert_eq!(days.open.map(|date| date.0), held.open);
        prop_assert_eq!(days.cumulative_total, held.cumulative_total.0);
        prop_assert_eq!(days.closed.len(), held.z_number as usize);
        let mut all = 0;
        for (z, number) in days.closed.iter().rev().zip(1..) {
            all += z.totals.sales;
            prop_assert_eq!((z.z_number, z.cumulative_total), (number, all));
            sums_agree(&z.totals, &posted(&projections, z.business_date.0));
        }
        if let Some(open) = days.open {
            let x = projections.x_report(tenant(), store(), open.0).unwrap().value.expect("it is open");
            prop_assert_eq!((x.totals.sales, x.totals.orders), (held.totals.sales.0, held.totals.orders));
            sums_agree(&x.totals, &posted(&projections, open.0));
        }
    }
}

#[test]
fn t2_a_report_by_posting_date_of_a_closed_day_never_changes() {
    let mut world = World::furnished();
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    let (today, tomorrow) = (world.date(0), world.date(-1));
    world.must(to_store(StoreCommand::OpenDay { date: today }));
    world.must(open(1, new_order(vec![line(0, "pizza", 2_000)], true)));
    world.must(open(2, new_order(vec![line(0, "salad", 1_000)], true)));
    world.must(pay(1, 1, Some(1_000), 0, cash()));
    caught_up(&projections, &world.reader);
    let x = projections.x_report(tenant(), store(), today).unwrap().value.expect("it is open");
    world.must(to_store(StoreCommand::CloseDay { date: today, chain: None }));
    caught_up(&projections, &world.reader);
    let z = || projections.z_report(tenant(), store(), today).unwrap().value.expect("it is closed");
    let closed = z();
    assert_eq!(closed.totals, x.totals);
    let (by_z, sold) = (posted(&projections, today), report(&projections, SalesBy::Day).totals);
    sums_agree(&closed.totals, &by_z);
    // Late: an order of today is paid, one is changed, one is cancelled. All of it is booked on the next day.
    world.must(pay(2, 1, None, 30, cash()));
    let more = OrderCommand::AddLines(vec![line(1, "water", 1_000)]);
    world.must(order(2, more));
    world.must(cancel(2));
    caught_up(&projections, &world.reader);
    assert_eq!((z(), posted(&projections, today)), (closed, by_z));
    let late = posted(&projections, tomorrow);
    assert_eq!((late.orders, late.tips, late.paid), (-1, 30, 1_300));
    let now = report(&projections, SalesBy::Day).totals;
    assert_eq!((now.orders, now.total - sold.total), (sold.orders - 1, late.total));
    let by_day = SalesQuery { date: SalesDate::Posting, ..query(SalesBy::Day) };
    let rows = projections.sales(tenant(), &by_day).unwrap().value.rows;
    assert_eq!(rows.iter().map(|row| row.posting_date.unwrap().0).collect::<Vec<_>>(), [today, tomorrow]);
}

#[test]
fn a_sale_counts_when_it_is_placed_changes_and_is_taken_back() {
    let mut world = World::furnished();
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    let now = |world: &mut World, command| {
        world.must(command);
        caught_up(&projections, &world.reader);
        let report = report(&projections, SalesBy::Item);
        let rows: Vec<_> = report
            .rows
            .iter()
            .map(|row| (row.item_id.unwrap().0.to_string(), row.units.unwrap().0.0, row.net.unwrap()))
            .collect();
        (report.totals.orders, report.totals.total, rows)
    };
    let pizza = |milli, net| ("pizza".to_owned(), milli, net);
    assert_eq!(now(&mut world, open(1, new_order(vec![line(0, "pizza", 2_000)], false))), (0, 0, vec![]));
    let place = order(1, OrderCommand::Place(Default::default()));
    assert_eq!(now(&mut world, place), (1, 2_300, vec![pizza(2_000, 2_300)]));
    let less = OrderCommand::ChangeLineQty { line: LineId::parse("l0").unwrap(), qty: domain::money::QtyMilli(1_500) };
    assert_eq!(now(&mut world, order(1, less)), (1, 1_725, vec![pizza(1_500, 1_725)]));
    assert_eq!(now(&mut world, cancel(1)), (0, 0, vec![]));
    let again = new_order(vec![line(0, "pizza", 1_000)], true);
    assert_eq!(now(&mut world, open(2, again)), (1, 1_150, vec![pizza(1_000, 1_150)]));
    assert_eq!(now(&mut world, pay(1, 2, None, 100, cash())), (1, 1_150, vec![pizza(1_000, 1_150)]));
}

#[test]
fn rows_carry_their_keys_sorted() {
    let mut world = World::furnished();
    for (number, (day, hour)) in [(22, 12), (21, 23), (22, 1)].into_iter().enumerate() {
        world.local = wall(2026, 11, day, hour);
        world.must(open(number as u32, new_order(vec![line(0, "beer", 1_000), line(1, "water", 500)], true)));
    }
    world.must(pay(1, 0, None, 10, card()));
    world.must(outcome(1, Outcome::Captured { amount: None, reference: None }));
    world.must(pay(2, 1, None, 0, cash()));
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    let by =
        |by, key: fn(&SalesRow) -> String| -> Vec<String> { report(&projections, by).rows.iter().map(key).collect() };
    // The night of the 22nd before the cut-off is still the 21st.
    let days = by(SalesBy::Day, |row| format!("{} {}", row.business_date.unwrap().0, row.orders.unwrap()));
    assert_eq!(days, ["2026-11-21 2", "2026-11-22 1"]);
    assert_eq!(by(SalesBy::Hour, |row| row.hour.unwrap().to_string()), ["1", "12", "23"]);
    let items = by(SalesBy::Item, |row| {
        let name = row.name.as_ref().unwrap().0.as_str();
        format!("{} {name} {}", row.item_id.unwrap().0, row.units.unwrap().0)
    });
    assert_eq!(items, ["beer Beer 3000", "water Water 1500"]);
    let categories = by(SalesBy::Category, |row| row.category.as_ref().map_or("-".into(), |text| text.0.to_string()));
    assert_eq!(categories, ["-", "Drinks"]);
    assert_eq!(by(SalesBy::Tender, |row| row.tender.unwrap().0.to_string()), ["card", "cash"]);
    assert_eq!(by(SalesBy::Channel, |row| schemas::json::wire::name_of(row.channel.unwrap().0).to_owned()), ["pos"]);
    assert_eq!(by(SalesBy::Store, |row| row.store.unwrap().0.to_string()), ["s1"]);
    assert_eq!(by(SalesBy::Tax, |row| row.tax_id.unwrap().0.to_string()), ["vat"]);
    let one_day = SalesQuery {
        from: Date::from_ymd(2026, 11, 22).unwrap(),
        to: Date::from_ymd(2026, 11, 22).unwrap(),
        ..query(SalesBy::Day)
    };
    assert_eq!(projections.sales(tenant(), &one_day).unwrap().value.totals.orders, 1);
    let nowhere = SalesQuery { stores: Some(vec![]), ..query(SalesBy::Day) };
    assert_eq!(projections.sales(tenant(), &nowhere).unwrap().value.rows, vec![]);
    let backwards = SalesQuery { to: Date::from_ymd(2025, 1, 1).unwrap(), ..query(SalesBy::Day) };
    assert!(matches!(projections.sales(tenant(), &backwards), Err(QueryError::BadRange { .. })));
    let other = id(domain::ids::TenantId::parse, "other");
    assert_eq!(projections.sales(other, &query(SalesBy::Item)).unwrap().value.rows, vec![]);
}
