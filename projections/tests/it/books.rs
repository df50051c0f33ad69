//! D3: nothing leaves the books. What all Z reports and the open X say together is what the report by posting date says.

use crate::world::*;
use domain::calendar::Date;
use domain::command::{
    Charges, MenuCommand, Method, NewRefund, OrderCommand, Outcome, PaymentCommand, RefundLine, RefundOf,
    RefundOutcome, StoreCommand,
};
use domain::event::{DayEvent, Document, Event};
use domain::ids::{LineId, RefundId, StoreId, TenderId};
use domain::menu::Item;
use domain::money::{Money, QtyMilli};
use projections::{PageRequest, Projection, Projections, SalesBy, SalesDate, SalesQuery};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use schemas::views::{DayTaxView, DayTenderView, DayTotalsView, SalesReport, SalesTotals};
use std::collections::BTreeMap;
use std::time::Duration;

/// How many histories; `COMANDA_CASES` says how many instead, as it does for the rules of the domain.
const HISTORIES: usize = 200;

/// By rate and whether it is inside prices: taxable and tax, sold and given back.
type ByRate = BTreeMap<(u32, bool), [i64; 4]>;
/// By tender: payments, paid, tips, unapplied, refunds, and what was given back of the three.
type ByTender = BTreeMap<String, [i64; 8]>;

/// What days or a report say.
#[derive(Debug, Default, PartialEq, Eq)]
struct Books {
    /// Orders, gross, reductions, charges, tax on top, total, paid, tips, unapplied, refunds, given back.
    sums: [i64; 11],
    rates: ByRate,
    tenders: ByTender,
}

impl Books {
    fn add_day(&mut self, day: &DayTotalsView) {
        let more = [
            day.orders,
            day.gross,
            day.discounts,
            day.charges,
            day.tax,
            day.sales,
            day.cash + day.other,
            day.tips,
            day.unapplied,
            day.refunds,
            day.refunded,
        ];
        self.sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        let mut inside = 0;
        for tax in &day.taxes {
            let DayTaxView { percent_ppm, inclusive, taxable, tax, refunded_taxable, refunded_tax } = *tax;
            let rate = percent_ppm.expect("there are few rates").0.0;
            add(self.rates.entry((rate, inclusive)).or_default(), [taxable, tax, refunded_taxable, refunded_tax]);
            inside += if inclusive { tax } else { 0 };
        }
        assert_eq!(inside, day.tax_inclusive, "rates add up to the tax");
        let mut drawer = 0;
        for tender in &day.tenders {
            let DayTenderView { tender, payments, paid, tips, unapplied, refunds, .. } = *tender;
            let tender_name = tender.expect("there are few tenders").0.to_string();
            let back = day.tenders.iter().find(|row| row.tender == tender).expect("it is this one");
            let back = [back.refunded, back.refunded_tips, back.refunded_unapplied];
            drawer += if tender_name == "cash" { paid } else { 0 };
            let [refunded, refunded_tips, refunded_unapplied] = back;
            let more = [payments, paid, tips, unapplied, refunds, refunded, refunded_tips, refunded_unapplied];
            add(self.tenders.entry(tender_name).or_default(), more);
        }
        assert_eq!(drawer, day.cash, "cash is the tender cash");
    }

    /// The books without what came to nothing.
    fn told(mut self) -> Books {
        self.rates.retain(|_, sums| *sums != [0; 4]);
        self.tenders.retain(|_, sums| *sums != [0; 8]);
        self
    }
}

fn add<const N: usize>(sums: &mut [i64; N], more: [i64; N]) {
    sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
}

fn reported(projections: &Projections, store: StoreId, from: Date, to: Date) -> Books {
    let report = |by| -> SalesReport {
        let query = SalesQuery { stores: Some(vec![store]), date: SalesDate::Posting, from, to, by };
        projections.sales(tenant(), &query).unwrap().value
    };
    let by_tax = report(SalesBy::Tax);
    let mut books = Books { sums: sums_of(&by_tax.totals), ..Books::default() };
    for row in &by_tax.rows {
        let key = (row.percent_ppm.unwrap().0.0, row.inclusive.unwrap());
        let more = [row.taxable, row.tax, row.refunded_taxable, row.refunded_tax].map(|sum| sum.unwrap());
        add(books.rates.entry(key).or_default(), more);
    }
    for row in &report(SalesBy::Tender).rows {
        let more = [row.payments, row.paid, row.tips, row.unapplied, row.refunds, row.refunded];
        let [payments, paid, tips, unapplied, refunds, refunded] = more.map(|sum| sum.unwrap());
        let (refunded_tips, refunded_unapplied) = (row.refunded_tips.unwrap(), row.refunded_unapplied.unwrap());
        let more = [payments, paid, tips, unapplied, refunds, refunded, refunded_tips, refunded_unapplied];
        add(books.tenders.entry(row.tender.unwrap().0.to_string()).or_default(), more);
    }
    books.told()
}

fn sums_of(sales: &SalesTotals) -> [i64; 11] {
    [
        sales.orders,
        sales.gross,
        sales.discounts + sales.comps,
        sales.charges,
        sales.tax_exclusive + sales.charge_tax,
        sales.total,
        sales.paid,
        sales.tips,
        sales.unapplied,
        sales.refunds,
        sales.refunded + sales.refunded_tips + sales.refunded_unapplied,
    ]
}

/// What a history is made of.
#[derive(Clone, Debug)]
enum Deed {
    /// Anything, openings and closings among it.
    Step(Step),
    /// The same for practice.
    Practice(Step),
    Sale(Sale),
}

/// An order that is paid in one tender, and something of it given back, by amount or by line.
#[derive(Clone, Debug)]
struct Sale {
    items: Vec<(usize, i64)>,
    tender: usize,
    tip: i64,
    back: Vec<Back>,
}

#[derive(Clone, Copy, Debug)]
enum Back {
    Amount(i64),
    Line(u32, i64),
    Rest,
}

const ITEMS: [&str; 4] = ["pizza", "salad", "water", "beer"];
const TENDERS: [&str; 3] = ["cash", "card", "voucher"];

fn histories() -> impl Strategy<Value = Vec<Deed>> {
    let milli = prop_oneof![3 => (1i64..4).prop_map(|pieces| pieces * 1_000), 1 => 1i64..3_000];
    let back = prop_oneof![
        2 => (1i64..1_500).prop_map(Back::Amount),
        2 => (0u32..3, (1i64..3).prop_map(|pieces| pieces * 1_000)).prop_map(|(line, milli)| Back::Line(line, milli)),
        1 => Just(Back::Rest),
    ];
    let sale = (
        prop::collection::vec((0..ITEMS.len(), milli), 1..4),
        0..TENDERS.len(),
        prop_oneof![2 => Just(0), 1 => 1i64..200],
        prop::collection::vec(back, 0..4),
    );
    let sale = sale.prop_map(|(items, tender, tip, back)| Sale { items, tender, tip, back });
    let sales = prop::collection::vec((0usize..60, sale), 0..8);
    let day = prop_oneof![Just(Step::OpenDay { back: 0 }), Just(Step::CloseDay { back: 0 })];
    let days = prop::collection::vec((0usize..60, day), 0..4);
    (steps(60), prop::collection::vec(prop::bool::weighted(0.05), 60), sales, days).prop_map(
        |(steps, practice, sales, days)| {
            let deed = |(step, is_practice)| if is_practice { Deed::Practice(step) } else { Deed::Step(step) };
            let mut deeds: Vec<Deed> = steps.into_iter().zip(practice).map(deed).collect();
            let more = sales.into_iter().map(|(at, sale)| (at, Deed::Sale(sale)));
            for (at, deed) in more.chain(days.into_iter().map(|(at, step)| (at, Deed::Step(step)))) {
                deeds.insert(at.min(deeds.len()), deed);
            }
            deeds
        },
    )
}

/// Two more rates than the other tests have, and cards of two kinds.
fn more_rates(world: &mut World) {
    world.must(menu(MenuCommand::UpsertTax(tax("vat_19", 190_000, true))));
    world.must(menu(MenuCommand::UpsertTax(tax("city_7", 70_000, false))));
    let water: Item = item("water", "Water", None, 199, &["vat_19", "city_7"], Some("water"));
    world.must(menu(MenuCommand::UpsertItem(water)));
    world.must(menu(MenuCommand::Publish));
}

fn live(world: &mut World, history: &[Deed]) {
    for (deed, number) in history.iter().zip(100..) {
        match deed {
            Deed::Step(step) => world.step(step),
            Deed::Practice(step) => _ = world.practise(step),
            Deed::Sale(sale) => sell(world, number, sale),
        }
    }
}

/// What the domain refuses does not happen: stock may be short, a kitchen may have to serve first, a line be given back.
fn sell(world: &mut World, number: u32, sale: &Sale) {
    let Sale { items, tender, tip, back } = sale;
    let lines = items.iter().zip(0..).map(|((item, milli), at)| line(at, ITEMS[*item], *milli)).collect();
    let tender = TENDERS[*tender];
    let method = match tender {
        "cash" => cash(),
        tender => Method::External(id(TenderId::parse, tender)),
    };
    _ = world.run(open(number, new_order(lines, true)));
    _ = world.run(pay(number, number, None, *tip, method));
    if tender != "cash" {
        _ = world.run(outcome(number, Outcome::Captured { amount: None, reference: None }));
    }
    for (back, at) in back.iter().zip(0..) {
        let refund = id(RefundId::parse, &format!("r{at}"));
        let what = match *back {
            Back::Amount(amount) => RefundOf::Amount { amount: Money(amount), tip: Money::ZERO },
            Back::Line(at, milli) => {
                let asked = RefundLine { line: id(LineId::parse, &format!("l{at}")), qty: QtyMilli(milli) };
                RefundOf::Lines { lines: vec![asked], tip: Money::ZERO, charges: Charges::Follow }
            }
            Back::Rest => RefundOf::Rest,
        };
        let new = NewRefund { refund, what, restock: false, drawer: None, reason: text("cold") };
        let to_payment = |command| to_store(StoreCommand::Payment(payment_id(number), command));
        if world.run(to_payment(PaymentCommand::RequestRefund(new))).is_ok() && tender != "cash" {
            let outcome = RefundOutcome::Succeeded { drawer: None };
            _ = world.run(to_payment(PaymentCommand::RecordRefundOutcome { refund, outcome }));
        }
    }
}

/// The seed of the histories; it is printed with a history that breaks the rule.
const SEED: [u8; 32] = *b"what is booked is on some day...";

#[test]
fn d3_all_z_and_the_open_x_are_the_report_by_posting_date() {
    let count = std::env::var("COMANDA_CASES").map_or(HISTORIES, |cases| cases.parse().expect("COMANDA_CASES"));
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &SEED);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut world = World::furnished();
    more_rates(&mut world);
    let store_of = |number: usize| id(StoreId::parse, &format!("h{number}"));
    let start = world.local;
    let (mut told, mut carried) = (vec![], 0);
    for number in 0..count {
        let history = histories().new_tree(&mut runner).expect("a history").current();
        world.local = start;
        world.open_store(store_of(number));
        live(&mut world, &history);
        // Kept for tests that append them elsewhere.
        let happened = std::mem::take(&mut world.appended);
        let is_carried =
            |event: &Option<Event>| matches!(event, Some(Event::Day(DayEvent::DayOpened { carried: Some(_), .. })));
        carried += usize::from(happened.iter().any(|appended| is_carried(&appended.event)));
        told.push(history);
    }
    let dir = tempfile::tempdir().unwrap();
    let projections = Projections::open(dir.path(), world.reader.clone(), &options(NEVER)).unwrap();
    // So many orders take their time.
    let hour = Duration::from_secs(3_600);
    block_on(projections.wait_for(Projection::Sales, world.last(), hour)).unwrap();
    let (mut with_z, mut tax_back, mut all_tenders) = (0, 0, 0);
    for (number, history) in told.iter().enumerate() {
        let store = store_of(number);
        let days = projections.days(tenant(), store, &PageRequest { cursor: None, limit: 100 }).unwrap().value;
        let open = days.open.map_or(Date::MAX, |open| open.0);
        let x = projections.x_report(tenant(), store, open).unwrap().value.expect("it is not closed");
        let mut books = Books::default();
        days.closed.iter().map(|z| &z.totals).chain([&x.totals]).for_each(|day| books.add_day(day));
        let (books, report) = (books.told(), reported(&projections, store, Date::MIN, Date::MAX));
        assert_eq!(books, report, "history {number}: {history:#?}");
        let held = world.stores[&store].days();
        assert_eq!(days.cumulative_total + x.totals.sales, books.sums[5], "history {number}");
        assert_eq!(held.totals.sales.0, x.totals.sales, "history {number}");
        with_z += usize::from(!days.closed.is_empty());
        tax_back += usize::from(books.rates.values().any(|[.., tax]| *tax != 0));
        all_tenders += usize::from(books.tenders.len() == TENDERS.len());
    }
    // The property is put to the test by enough of the histories.
    let share = |of: usize| of * 100 / count;
    let seen = format!(
        "of {count} histories {with_z} have Z reports, {carried} carry, {tax_back} give tax back, {all_tenders} have all tenders"
    );
    assert!(50 <= share(with_z) && 20 <= share(carried), "{seen}");
    assert!(30 <= share(tax_back) && 20 <= share(all_tenders), "{seen}");
}

/// A day that has begun without being opened carries what was booked before it, and says so.
#[test]
fn d3_the_first_day_carries_what_was_booked_before_it() {
    let mut world = World::furnished();
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    world.must(open(1, new_order(vec![line(0, "salad", 1_000)], true)));
    world.must(pay(1, 1, None, 20, cash()));
    caught_up(&projections, &world.reader);
    let today = world.date(0);
    let x = |world: &World| {
        caught_up(&projections, &world.reader);
        projections.x_report(tenant(), world.here, today).unwrap().value.expect("it is not closed")
    };
    let before = x(&world);
    world.must(to_store(StoreCommand::OpenDay { date: today }));
    let after = x(&world);
    assert!(!before.opened && after.opened);
    assert_eq!((before.totals.sales, before.totals.cash), (653, 653));
    assert_eq!(before.totals, after.totals);
    world.must(to_store(StoreCommand::CloseDay { date: today, chain: None }));
    caught_up(&projections, &world.reader);
    let z = projections.z_report(tenant(), world.here, today).unwrap().value.expect("it is closed");
    assert_eq!((z.totals, z.cumulative_total), (after.totals, 653));
}

/// Rule D3: prints are counted, each first one by its kind, and told in the X report as in the Z report after it.
#[test]
fn d3_prints_are_counted_in_both_reports() {
    let mut world = World::furnished();
    let today = world.date(0);
    world.must(open(1, new_order(vec![line(0, "pizza", 1_000)], true)));
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    let counts = |totals: &DayTotalsView| [totals.bills, totals.receipts, totals.reprints];
    let x = || projections.x_report(tenant(), store(), today).unwrap().value.expect("it is not closed");
    assert_eq!(counts(&x().totals), [None; 3], "nothing was printed");
    let mut prints = |document| world.must(order(1, OrderCommand::Print { document, check: None }));
    for _ in 0..3 {
        prints(Document::Bill);
    }
    caught_up(&projections, &world.reader);
    assert_eq!(counts(&x().totals), [Some(1), None, Some(2)]);
    world.must(pay(1, 1, None, 0, cash()));
    world.must(order(1, OrderCommand::Print { document: Document::Receipt, check: None }));
    caught_up(&projections, &world.reader);
    let before = x().totals;
    assert_eq!(counts(&before), [Some(1), Some(1), Some(2)]);
    world.must(to_store(StoreCommand::CloseDay { date: today, chain: None }));
    caught_up(&projections, &world.reader);
    let z = projections.z_report(tenant(), store(), today).unwrap().value.expect("it is closed");
    assert_eq!(z.totals, before);
}
