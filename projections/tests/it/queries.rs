//! Orders, payments and stock as queries show them, and lists by pages.

use crate::world::*;
use domain::calendar::Date;
use domain::command::{
    NewOrder, NewRefund, OrderCommand, Outcome, PaymentCommand, RefundOf, RefundOutcome, StockCommand, StoreCommand,
};
use domain::ids::{RefundId, TableId};
use domain::money::Money;
use projections::{OrderFilter, PageRequest, PaymentFilter, Projections, QueryError};
use schemas::views::{OrderState, OrderView, PaidState, PaymentFlag, PaymentState, RefundState};

fn shown(projections: &Projections, number: u32) -> OrderView {
    projections.order(tenant(), store(), order_id(number)).unwrap().value.unwrap()
}

/// Every page of a list, entries by their display numbers.
fn listed(projections: &Projections, filter: &OrderFilter, limit: usize) -> Vec<Vec<String>> {
    let mut pages = vec![];
    let mut page = PageRequest { limit, cursor: None };
    loop {
        let answer = projections.orders(tenant(), store(), filter, &page).unwrap().value;
        pages.push(answer.entries.iter().map(|order| order.display_number.0.to_string()).collect());
        page.cursor = answer.next;
        if page.cursor.is_none() {
            return pages;
        }
    }
}

#[test]
fn an_order_is_shown_with_amounts_before_and_after_it_is_placed() {
    let mut world = World::furnished();
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    world.must(open(1, new_order(vec![line(0, "pizza", 2_000), line(1, "salad", 1_000)], false)));
    caught_up(&projections, &world.reader);
    let order1 = shown(&projections, 1);
    assert_eq!((order1.state, order1.payment_state, order1.revision), (OrderState::Open, PaidState::NotPaid, 2));
    assert_eq!((order1.totals.gross, order1.totals.tax_exclusive, order1.totals.total), (2_935, 18, 2_953));
    assert_eq!((order1.due, order1.lines[0].gross), (2_953, 2_300));
    world.must(order(1, OrderCommand::Place(Default::default())));
    world.must(pay(1, 1, Some(1_000), 50, card()));
    world.must(outcome(1, Outcome::Captured { amount: None, reference: None }));
    caught_up(&projections, &world.reader);
    let placed = shown(&projections, 1);
    assert_eq!((placed.state, placed.payment_state), (OrderState::Placed, PaidState::PartiallyPaid));
    assert_eq!((placed.paid, placed.tips, placed.due), (1_000, 50, 1_953));
    assert_eq!(placed.totals, order1.totals);
    world.must(pay(2, 1, None, 0, cash()));
    caught_up(&projections, &world.reader);
    let paid = shown(&projections, 1);
    assert_eq!((paid.state, paid.payment_state, paid.due), (OrderState::Completed, PaidState::Paid, 0));
    let attempts: Vec<_> = paid.payments.iter().map(|payment| (payment.tender.0.to_string(), payment.state)).collect();
    assert_eq!(attempts, [("card".into(), PaymentState::Captured), ("cash".into(), PaymentState::Captured)]);
    assert_eq!(projections.order(tenant(), store(), order_id(9)).unwrap().value, None);
}

#[test]
fn orders_are_listed_newest_first_by_pages() {
    let mut world = World::furnished();
    for number in 1..=7 {
        world.local = wall(2026, 11, if number < 4 { 20 } else { 21 }, 10 + number);
        let table = Some(id(TableId::parse, if number.is_multiple_of(2) { "t2" } else { "t1" }));
        let new = NewOrder { table, ..new_order(vec![line(0, "water", 1_000)], number != 7) };
        world.must(open(number, new));
    }
    world.must(cancel(2));
    world.must(pay(1, 5, None, 0, cash()));
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    let all = OrderFilter::default();
    // Numbers start again each business date.
    assert_eq!(listed(&projections, &all, 3), [vec!["4", "3", "2"], vec!["1", "3", "2"], vec!["1"]]);
    assert_eq!(listed(&projections, &all, 100), [["4", "3", "2", "1", "3", "2", "1"]]);
    let state = |state| OrderFilter { state: Some(state), ..all.clone() };
    assert_eq!(listed(&projections, &state(OrderState::Open), 5), [["4"]]);
    assert_eq!(listed(&projections, &state(OrderState::Placed), 2), [vec!["3", "1"], vec!["3", "1"]]);
    assert_eq!(listed(&projections, &state(OrderState::Completed), 5), [["2"]]);
    assert_eq!(listed(&projections, &state(OrderState::Cancelled), 5), [["2"]]);
    let paid = |state| OrderFilter { payment_state: Some(state), ..all.clone() };
    assert_eq!(listed(&projections, &paid(PaidState::Paid), 9), [["2"]]);
    assert_eq!(listed(&projections, &paid(PaidState::Overpaid), 9), [Vec::<String>::new()]);
    let date = OrderFilter { business_date: Date::from_ymd(2026, 11, 20), ..all.clone() };
    assert_eq!(listed(&projections, &date, 2), [vec!["3", "2"], vec!["1"]]);
    let at_table = OrderFilter { table: Some(id(TableId::parse, "t2")), ..state(OrderState::Placed) };
    assert_eq!(listed(&projections, &at_table, 9), [["3", "1"]]);
    let number = OrderFilter { number: Some("4".into()), ..all.clone() };
    assert_eq!(listed(&projections, &number, 9), [["4"]]);
    for bad in ["", "xyz", "0"] {
        let page = PageRequest { limit: 1, cursor: Some(bad.into()) };
        let answer = projections.orders(tenant(), store(), &all, &page);
        assert!(matches!(answer, Err(QueryError::BadCursor)), "{bad}");
    }
    let other = id(domain::ids::TenantId::parse, "other");
    let answer = projections.orders(other, store(), &all, &PageRequest::default()).unwrap().value;
    assert_eq!((answer.entries, answer.next), (vec![], None));
}

#[test]
fn payments_are_listed_by_state_order_and_need() {
    let mut world = World::furnished();
    for number in 1..=3 {
        world.must(open(number, new_order(vec![line(0, "pizza", 1_000)], true)));
    }
    world.must(pay(1, 1, None, 0, card()));
    world.must(outcome(1, Outcome::Failed { code: text("declined") }));
    world.must(pay(2, 1, None, 20, cash()));
    world.must(outcome(1, Outcome::Captured { amount: None, reference: None }));
    world.must(pay(3, 2, None, 0, card()));
    world.must(outcome(3, Outcome::Captured { amount: Some(Money(1)), reference: None }));
    world.must(pay(4, 3, None, 0, card()));
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    let list = |filter: &PaymentFilter| -> Vec<String> {
        let answer = projections.payments(tenant(), store(), filter, &PageRequest::default()).unwrap().value;
        answer.entries.iter().map(|payment| payment.payment_id.0.to_string()).collect()
    };
    let all = PaymentFilter::default();
    assert_eq!(list(&all), ["p4", "p3", "p2", "p1"]);
    assert_eq!(list(&PaymentFilter { state: Some(PaymentState::Initiated), ..all.clone() }), ["p4"]);
    assert_eq!(list(&PaymentFilter { state: Some(PaymentState::NeedsReview), ..all.clone() }), ["p3"]);
    assert_eq!(list(&PaymentFilter { order: Some(order_id(1)), ..all.clone() }), ["p2", "p1"]);
    assert_eq!(list(&PaymentFilter { needs_attention: true, ..all.clone() }), ["p3", "p1"]);
    let late = projections.payment(tenant(), store(), payment_id(1)).unwrap().value.unwrap();
    let flags: Vec<_> = late.flags.iter().map(|flag| flag.why).collect();
    assert_eq!(flags, [PaymentFlag::LateCapture, PaymentFlag::NotApplicable]);
    assert_eq!(late.business_date.map(|date| date.0), Date::from_ymd(2026, 11, 22));
    let cash = projections.payment(tenant(), store(), payment_id(2)).unwrap().value.unwrap();
    assert_eq!((cash.tendered, cash.change, cash.state), (Some(1_170), Some(0), PaymentState::Captured));
    let held = shown(&projections, 1);
    assert_eq!((held.unapplied, held.payment_state), (1_150, PaidState::Overpaid));
}

#[test]
fn stock_is_shown_with_what_is_left() {
    let mut world = World::furnished();
    world.must(open(1, new_order(vec![line(0, "pizza", 999_000)], true)));
    world.must(stock(StockCommand::Waste {
        sku: sku("dough"),
        qty: domain::money::QtyMilli(500),
        reason: text("dropped"),
    }));
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    let dough = projections.stock_item(tenant(), store(), sku("dough")).unwrap().value.unwrap();
    assert_eq!((dough.on_hand.0.0, dough.reserved.0.0, dough.available.0.0), (999_500, 999_000, 500));
    let all = projections.stock(tenant(), store()).unwrap().value;
    assert_eq!(all.iter().map(|item| item.sku.0.to_string()).collect::<Vec<_>>(), ["dough", "water"]);
    let revision = world.stores[&store()].stock().revision().unwrap().0;
    assert!(all.iter().all(|item| item.revision == revision));
    assert_eq!(projections.stock_item(tenant(), store(), sku("salt")).unwrap().value, None);
}

#[test]
fn a_payment_shows_what_was_given_back_of_it() {
    let mut world = World::furnished();
    world.must(open(1, new_order(vec![line(0, "pizza", 2_000)], true)));
    world.must(pay(1, 1, None, 300, card()));
    world.must(outcome(1, Outcome::Captured { amount: None, reference: None }));
    let give_back = |name: &str, amount: i64, tip: i64| {
        let what = RefundOf::Amount { amount: Money(amount), tip: Money(tip) };
        let refund = id(RefundId::parse, name);
        let new = NewRefund { refund, what, restock: false, drawer: None, reason: text("cold") };
        to_store(StoreCommand::Payment(payment_id(1), PaymentCommand::RequestRefund(new)))
    };
    let ended = |name: &str, outcome: RefundOutcome| {
        let command = PaymentCommand::RecordRefundOutcome { refund: id(RefundId::parse, name), outcome };
        to_store(StoreCommand::Payment(payment_id(1), command))
    };
    world.must(give_back("r1", 500, 120));
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    let told = |projections: &Projections| {
        let view = projections.payment(tenant(), store(), payment_id(1)).unwrap().value.unwrap();
        let refunds: Vec<_> =
            view.refunds.iter().map(|refund| (refund.state, refund.applied, refund.tip, refund.unapplied)).collect();
        (view.refunded, refunds)
    };
    assert_eq!(told(&projections), (0, vec![(RefundState::Requested, 500, 120, 0)]));
    world.must(ended("r1", RefundOutcome::Succeeded { drawer: None }));
    world.must(give_back("r2", 40, 1));
    world.must(ended("r2", RefundOutcome::Failed { code: text("closed") }));
    caught_up(&projections, &world.reader);
    let both = vec![(RefundState::Succeeded, 500, 120, 0), (RefundState::Failed, 40, 1, 0)];
    assert_eq!(told(&projections), (620, both));
    world.must(ended("r2", RefundOutcome::Succeeded { drawer: None }));
    caught_up(&projections, &world.reader);
    assert_eq!(told(&projections).0, 661);
    let order1 = shown(&projections, 1);
    assert_eq!((order1.paid, order1.refunded, order1.payment_state), (2_300, 540, PaidState::PartiallyRefunded));
}

/// What is given back before all is paid is owed again.
#[test]
fn what_was_given_back_of_an_open_check_is_due_again() {
    let mut world = World::furnished();
    world.must(open(1, new_order(vec![line(0, "pizza", 2_000)], true)));
    world.must(pay(1, 1, Some(1_000), 0, card()));
    world.must(outcome(1, Outcome::Captured { amount: None, reference: None }));
    let give_back = |world: &mut World, name: &str, cents: i64| {
        let (refund, what) = (id(RefundId::parse, name), RefundOf::Amount { amount: Money(cents), tip: Money::ZERO });
        let new = NewRefund { refund, what, restock: false, drawer: None, reason: text("cold") };
        let outcome = RefundOutcome::Succeeded { drawer: None };
        for command in [PaymentCommand::RequestRefund(new), PaymentCommand::RecordRefundOutcome { refund, outcome }] {
            world.must(to_store(StoreCommand::Payment(payment_id(1), command)));
        }
    };
    give_back(&mut world, "r1", 400);
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    let order1 = shown(&projections, 1);
    assert_eq!((order1.paid, order1.refunded, order1.reversed), (1_000, 400, 400));
    assert_eq!((order1.due, order1.overpaid, order1.payment_state), (1_700, 0, PaidState::PartiallyPaid));
    // Cancelled, it owes nothing, and nothing is left of the money.
    give_back(&mut world, "r2", 600);
    world.must(cancel(1));
    caught_up(&projections, &world.reader);
    let order1 = shown(&projections, 1);
    assert_eq!((order1.state, order1.due, order1.overpaid), (OrderState::Cancelled, 0, 0));
}
