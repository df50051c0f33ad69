//! Checks and merges: what is asked for, and what happened, in JSON.

use crate::events::plain_line;
use crate::{read, refuses};
use domain::check::{self, CheckId, LineShares, MoveOf, Share};
use domain::command::OrderCommand;
use domain::event::*;
use domain::ids::*;
use domain::kitchen::LinePrep;
use domain::money::{Money, QtyMilli};
use schemas::json::request::{MergeInto, SplitCheck};
use std::sync::Arc;

fn check(number: u64) -> CheckId {
    CheckId::new(number).unwrap()
}

fn line(id: &str) -> LineId {
    LineId::parse(id).unwrap()
}

/// Every event of the floor, as it reads.
pub fn events() -> Vec<(Event, &'static str)> {
    let (o1, o2) = (OrderId::parse("o1").unwrap(), OrderId::parse("o2").unwrap());
    let order = |event| Event::Order(o1, event);
    let (sku, reason) = (Sku::parse("dough").unwrap(), Text::parse("Regular").unwrap());
    let prep = LinePrep {
        line: line("l1_2"),
        station: Some(StationId::parse("grill").unwrap()),
        course: Some(2),
        held: QtyMilli(500),
        fired: QtyMilli::ONE,
        ready: QtyMilli::ZERO,
        served: QtyMilli::ONE,
        taken: QtyMilli::pieces(2),
    };
    let full = ReceivedLine {
        from: line("l1"),
        line: Arc::new(Line { line: line("l1_2"), station: prep.station, course: prep.course, ..plain_line() }),
        part: 1,
        prep: Some(prep),
    };
    let plain = ReceivedLine { from: line("l1"), line: Arc::new(plain_line()), part: 2, prep: None };
    let fixed = Discount {
        discount: DiscountId::parse("d1").unwrap(),
        scope: DiscountScope::Fixed(vec![FixedPart { line: line("l1_2"), amount: Money(270) }]),
        rate: Rate::Amount(Money(270)),
        reason,
    };
    let charge = ServiceCharge {
        charge: ChargeId::parse("c1").unwrap(),
        name: Text::parse("Service").unwrap(),
        rate: Rate::Amount(Money(150)),
        phase: ChargePhase::Total,
    };
    let ticket = TicketId::parse("t17").unwrap();
    let reserved = ReservedLine { line: line("l1_2"), sku, qty: QtyMilli::ONE };
    vec![
        (
            order(OrderEvent::CheckSplit {
                lines: vec![LineShares {
                    line: line("l1"),
                    shares: vec![Share { check: check(1), parts: 2 }, Share { check: check(2), parts: 1 }],
                }],
            }),
            r#"{"lines":[{"line_id":"l1","shares":[{"check_id":1,"parts":2},{"check_id":2,"parts":1}]}]}"#,
        ),
        (order(OrderEvent::CheckPaid { check: check(2), total: Money(900) }), r#"{"check_id":2,"total":900}"#),
        (
            order(OrderEvent::LinesReceivedByMerge(Received {
                source: o2,
                lines: vec![full, plain],
                discounts: vec![ReceivedDiscount { discount: fixed.clone(), comp: true }],
                charges: vec![charge],
                fires: 2,
            })),
            concat!(
                r#"{"source_order_id":"o2","lines":[{"source_line_id":"l1","line":{"line_id":"l1_2","item_id":"pizza","#,
                r#""name":"Pizza","qty":0.25,"unit_base":1450,"modifiers":[],"unit":1650,"taxes":[],"menu_version":3,"#,
                r#""course":2,"station":"grill"},"tax_part":1,"held":0.5,"fired":1,"ready":0,"served":1,"taken":2},"#,
                r#"{"source_line_id":"l1","line":{"line_id":"l1","item_id":"pizza","name":"Pizza","qty":0.25,"#,
                r#""unit_base":1450,"modifiers":[],"unit":1650,"taxes":[],"menu_version":3},"tax_part":2}],"#,
                r#""discounts":[{"comp":true,"discount":{"discount_id":"d1","fixed":[{"line_id":"l1_2","#,
                r#""amount":270}],"amount":270,"reason":"Regular"}}],"service_charges":[{"charge_id":"c1","#,
                r#""name":"Service","amount":150,"phase":"total"}],"fires":2}"#,
            ),
        ),
        (order(OrderEvent::OrderMergedInto { target: o2 }), r#"{"target_order_id":"o2"}"#),
        (
            order(OrderEvent::DiscountApplied(fixed)),
            concat!(
                r#"{"discount_id":"d1","fixed":[{"line_id":"l1_2","amount":270}],"amount":270,"#,
                r#""reason":"Regular"}"#,
            ),
        ),
        (
            order(OrderEvent::PaymentNotApplicable {
                payment: PaymentId::parse("p1").unwrap(),
                tender: Tender::Cash,
                unapplied: Money(500),
                why: NotApplicable::OrderMerged,
            }),
            r#"{"payment_id":"p1","tender":"cash","unapplied":500,"why":"order_merged"}"#,
        ),
        (
            Event::Ticket(
                ticket,
                TicketEvent::TicketMoved { order: o2, lines: vec![RenamedLine { from: line("l1"), to: line("l1_2") }] },
            ),
            r#"{"order_id":"o2","renamed":[{"from":"l1","to":"l1_2"}]}"#,
        ),
        (
            Event::Stock(StockEvent::ReservationMoved { order: o1, to: o2, lines: vec![reserved] }),
            r#"{"order_id":"o1","target_order_id":"o2","lines":[{"line_id":"l1_2","sku":"dough","qty":1}]}"#,
        ),
    ]
}

#[test]
fn checks_are_split_by_line_quantity_and_share() {
    let body = r#"{"to_check": 2, "moves": [
        {"line_id": "l1"}, {"line_id": "l2", "qty": 1.5}, {"line_id": "l3", "share": {"parts": 1, "of": 3}, "from_check": 4}
    ]}"#;
    let moved = |id, what, from: Option<u64>| check::CheckMove { line: line(id), what, from: from.map(check) };
    let moves = vec![
        moved("l1", MoveOf::All, None),
        moved("l2", MoveOf::Qty(QtyMilli(1_500)), None),
        moved("l3", MoveOf::Share { parts: 1, of: 3 }, Some(4)),
    ];
    assert_eq!(read(body, SplitCheck::parse), Ok(OrderCommand::SplitCheck { to: check(2), moves }));
    assert_eq!(read(r#"{"evenly": 3}"#, SplitCheck::parse), Ok(OrderCommand::SplitEvenly(check(3))));
}

#[test]
fn a_split_is_refused_at_the_field() {
    let twice = r#"{"to_check": 2, "moves": [{"line_id": "l1"}, {"line_id": "l1"}]}"#;
    let both = r#"{"to_check": 2, "moves": [{"line_id": "l1", "qty": 1, "share": {"parts": 1, "of": 2}}]}"#;
    let share = r#"{"to_check": 2, "moves": [{"line_id": "l1", "share": {"parts": 3, "of": 2}}]}"#;
    let fine = r#"{"to_check": 2, "moves": [{"line_id": "l1", "share": {"parts": 1, "of": 1000001}}]}"#;
    let itself = r#"{"to_check": 2, "moves": [{"line_id": "l1", "from_check": 2}]}"#;
    let is_no_share = |parts: u32, of: u32| {
        format!("{parts} of {of} is no share; parts is at least 1 and at most of, of at most 1000000")
    };
    refuses(
        SplitCheck::parse,
        &[
            ("{}", "/to_check", "is required, or evenly instead"),
            (r#"{"to_check": 2}"#, "/moves", "is required with to_check"),
            (r#"{"moves": [{"line_id": "l1"}]}"#, "/to_check", "is required with moves"),
            (r#"{"to_check": 2, "moves": []}"#, "/moves", "must name a line"),
            (
                r#"{"to_check": 2, "evenly": 3}"#,
                "/evenly",
                "cannot stand beside to_check and moves; give one of the two",
            ),
            (r#"{"evenly": 0}"#, "/evenly", "0 is no check; the number of one is 1 to 64"),
            (r#"{"evenly": 65}"#, "/evenly", "65 is no check; the number of one is 1 to 64"),
            (twice, "/moves/1/line_id", "l1 is there twice; each may appear once"),
            (both, "/moves/0/share", "cannot stand beside qty; give one of the two"),
            (share, "/moves/0/share", &is_no_share(3, 2)),
            (fine, "/moves/0/share", &is_no_share(1, 1_000_001)),
            (itself, "/moves/0/from_check", "is the check the line goes to"),
            (r#"{"to_check": 2, "moves": [{"line_id": "l1", "qty": 0}]}"#, "/moves/0/qty", "must be more than 0"),
        ],
    );
}

#[test]
fn orders_are_merged() {
    let parse = |body: MergeInto| Ok(body.parse());
    let target = OrderId::parse("o2").unwrap();
    assert_eq!(read(r#"{"target_order_id": "o2"}"#, parse), Ok(OrderCommand::MergeInto(target)));
    refuses(parse, &[("{}", "/target_order_id", "is required")]);
}
