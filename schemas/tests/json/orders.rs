//! Bodies of orders and payments.

use crate::{read, refuses};
use domain::command::{
    self, Edit, LineChange, Method, NewChargePhase, NewLine, NewModifier, NewPrice, OrderCommand, PaymentCommand,
};
use domain::event::{CancelReason, Capture, Channel, DiningMode, DiscountScope, PayMode, Rate};
use domain::ids::{
    AccountId, ChargeId, DiscountId, GroupId, ItemId, LineId, ModifierId, OrderId, PaymentId, TaxId, TenderId, Text,
};
use domain::money::{Currency, Money, Ppm, QtyMilli};
use schemas::json::FieldError;
use schemas::json::request::{
    AddLines, Cancel, ChangeLine, Discount, InitiatePayment, Line, OpenOrder, Outcome, Place, ServiceCharge,
};

const OPEN: &str = r#""order_id": "o1", "channel": "pos", "dining_mode": "take_away", "pay_mode": "first""#;

fn open(rest: &str) -> String {
    format!("{{{OPEN}{rest}}}")
}

#[track_caller]
fn refuses_open(table: &[(&str, &str, &str)]) {
    for (rest, pointer, problem) in table {
        refuses(OpenOrder::parse, &[(&open(rest), pointer, problem)]);
    }
}

#[test]
fn an_order_needs_little() {
    let (order, new) = read(&open(""), OpenOrder::parse).unwrap();
    assert_eq!(order, OrderId::parse("o1").unwrap());
    assert_eq!((new.channel, new.dining_mode, new.pay_mode), (Channel::Pos, DiningMode::TakeAway, PayMode::First));
    assert_eq!((new.guests, new.place), (1, None));
    assert!(new.lines.is_empty() && new.discounts.is_empty() && new.service_charges.is_empty());
}

#[test]
fn an_order_may_say_everything() {
    let body = r#"{
        "order_id": "0190D5A4-C1B8-7C3E-9D2A-6F4E8B1C7D90", "channel": "delivery", "dining_mode": "delivery",
        "pay_mode": "later", "table": "t4", "guests": 3, "customer_ref": "cust_81", "currency": "KWD",
        "display_number": " 117 ",
        "lines": [{"line_id": "l1", "item_id": "pizza", "variation_id": "large", "qty": 0.25,
                   "modifiers": [{"group_id": "toppings", "modifier_id": "olives", "qty": 2}],
                   "price": 1150, "seat": 2, "course": 1, "note": "extra \u0022hot\u0022"}],
        "discounts": [{"discount_id": "d1", "line_ids": ["l1"], "percent_ppm": 100000, "reason": "Regular"}],
        "service_charges": [{"charge_id": "c1", "name": "Service", "amount": 250, "phase": "subtotal",
                             "pre_discount": true, "taxes": ["vat"]}],
        "place": true, "expected_total": 2300
    }"#;
    let (order, new) = read(body, OpenOrder::parse).unwrap();
    assert_eq!(order.as_str(), "0190d5a4c1b87c3e9d2a6f4e8b1c7d90");
    assert_eq!(new.currency, Currency::new("KWD", 3));
    assert_eq!(new.display_number, Text::parse("117").ok());
    assert_eq!(new.place, Some(command::Place { expected_total: Some(Money(2300)) }));
    let line = &new.lines[0];
    assert_eq!((line.qty, line.open_price), (QtyMilli(250), Some(Money(1150))));
    assert_eq!(line.note.as_ref().map(Text::as_str), Some("extra \"hot\""));
    assert_eq!(line.modifiers[0].qty, 2);
    assert_eq!(new.discounts[0].scope, DiscountScope::Lines(vec![LineId::parse("l1").unwrap()]));
    assert_eq!(new.discounts[0].rate, Rate::Percent(Ppm(100_000)));
    assert_eq!(new.service_charges[0].rate, Rate::Amount(Money(250)));
    let taxes = vec![TaxId::parse("vat").unwrap()];
    assert_eq!(new.service_charges[0].phase, NewChargePhase::Subtotal { pre_discount: true, taxes });
}

#[test]
fn an_order_is_refused_at_the_field() {
    refuses(
        OpenOrder::parse,
        &[
            ("{}", "/order_id", "is required"),
            ("[]", "", "is a list; expected an object"),
            (
                r#"{"order_id": "O-1"}"#,
                "/order_id",
                "holds a character besides a-z, 0-9 and _; an id is 1 to 32 of those",
            ),
            (r#"{"order_id": ""}"#, "/order_id", "must not be empty; an id is 1 to 32 characters of a-z, 0-9 and _"),
            (
                r#"{"order_id": 7}"#,
                "/order_id",
                "is of the wrong type: number, expected an id: a text of 1 to 32 characters of a-z, 0-9 and _",
            ),
            (r#"{"order_id": "o1", "order_id": "o1"}"#, "/order_id", "is there twice"),
            (
                r#"{"order_id": "o1", "channel": "fax"}"#,
                "/channel",
                "is not one of pos, kiosk, online, delivery, phone",
            ),
        ],
    );
    refuses_open(&[
        (
            r#", "expected": 3"#,
            "/expected",
            "is not a field here; expected one of `order_id`, `channel`, `dining_mode`, `pay_mode`, `table`, `guests`, `customer_ref`, `promised_at`, `tax_exempt`, `currency`, `display_number`, `lines`, `discounts`, `service_charges`, `place`, `expected_total`, `pay`, `training`",
        ),
        (
            r#", "a/b~c": 3"#,
            "/a~1b~0c",
            "is not a field here; expected one of `order_id`, `channel`, `dining_mode`, `pay_mode`, `table`, `guests`, `customer_ref`, `promised_at`, `tax_exempt`, `currency`, `display_number`, `lines`, `discounts`, `service_charges`, `place`, `expected_total`, `pay`, `training`",
        ),
        (r#", "guests": "two""#, "/guests", "is of the wrong type: string, expected a whole number from 0 to 65535"),
        (r#", "guests": -1"#, "/guests", "is out of range: number, expected a whole number from 0 to 65535"),
        (r#", "guests": 65536"#, "/guests", "is out of range: number, expected a whole number from 0 to 65535"),
        (
            r#", "currency": "EURO""#,
            "/currency",
            "is not an ISO 4217 currency code; one is three capital letters such as EUR",
        ),
        (r#", "currency": "XAU""#, "/currency", "is not a currency prices can be in: it has no minor unit"),
        (r#", "display_number": " ""#, "/display_number", "must not be empty"),
        (r#", "place": "yes""#, "/place", "is of the wrong type: string, expected true or false"),
        (r#", "expected_total": 23"#, "/expected_total", "is compared when the order is placed; add \"place\": true"),
        (
            r#", "place": true, "expected_total": 23.5"#,
            "/expected_total",
            "is of the wrong type: number, expected an amount in whole minor units of the currency (11.50 USD is 1150)",
        ),
        (
            r#", "place": true, "expected_total": 1000000000000001"#,
            "/expected_total",
            "1000000000000001 is too large; an amount is at most 1000000000000000 minor units",
        ),
        (r#", "lines": {}"#, "/lines", "is of the wrong type: object, expected a list"),
        (r#", "lines": [{"line_id": "l1"}]"#, "/lines/0/item_id", "is required"),
        (
            r#", "lines": [{"line_id": "l1", "item_id": "a b"}]"#,
            "/lines/0/item_id",
            "holds a character besides a-z, 0-9 and _; an id is 1 to 32 of those",
        ),
        (
            r#", "lines": [{"line_id": "l1", "item_id": "a"}, {"line_id": "l1", "item_id": "b"}]"#,
            "/lines/1/line_id",
            "l1 is there twice; each may appear once",
        ),
        (
            r#", "lines": [{"line_id": "l1", "item_id": "a", "modifiers": [{"group_id": "g", "modifier_id": "M"}]}]"#,
            "/lines/0/modifiers/0/modifier_id",
            "holds a character besides a-z, 0-9 and _; an id is 1 to 32 of those",
        ),
        (
            r#", "lines": [{"line_id": "l1", "item_id": "a",
                            "modifiers": [{"group_id": "g", "modifier_id": "m", "qty": 0}]}]"#,
            "/lines/0/modifiers/0/qty",
            "must be 1 or more; leave the modifier out where it is not wanted",
        ),
        (
            r#", "discounts": [{"discount_id": "d", "reason": "r"}]"#,
            "/discounts/0/percent_ppm",
            "is required, or amount instead",
        ),
        (
            r#", "service_charges": [{"charge_id": "c", "name": "n", "phase": "x"}]"#,
            "/service_charges/0/phase",
            "is not one of subtotal, total",
        ),
        (
            r#", "discounts": [{"discount_id": "d", "amount": 1, "reason": "r"},
                                {"discount_id": "d", "amount": 1, "reason": "r"}]"#,
            "/discounts/1/discount_id",
            "d is there twice; each may appear once",
        ),
    ]);
}

#[test]
fn an_order_is_bounded() {
    let lines = |count: usize| {
        let lines: Vec<_> = (0..count).map(|n| format!(r#"{{"line_id": "l{n}", "item_id": "a"}}"#)).collect();
        open(&format!(r#", "lines": [{}]"#, lines.join(",")))
    };
    assert_eq!(read(&lines(256), OpenOrder::parse).unwrap().1.lines.len(), 256);
    let error = FieldError::new("/lines", "has 257 entries; at most 256 are allowed");
    assert_eq!(read(&lines(257), OpenOrder::parse).unwrap_err(), error);
    let modifiers = vec![r#"{"group_id": "g", "modifier_id": "m"}"#; 51].join(",");
    let line = format!(r#"{{"line_id": "l1", "item_id": "a", "modifiers": [{modifiers}]}}"#);
    let error = FieldError::new("/lines/0/modifiers", "has 51 entries; at most 50 are allowed");
    assert_eq!(read(&line, AddLines::parse).unwrap_err(), error);
}

fn plain_line(line: &str) -> NewLine {
    NewLine::plain(LineId::parse(line).unwrap(), ItemId::parse("cola").unwrap(), QtyMilli::ONE)
}

#[test]
fn lines_come_alone_or_together() {
    let one = r#"{"line_id": "l1", "item_id": "cola"}"#;
    assert_eq!(read(one, AddLines::parse), Ok(OrderCommand::AddLines(vec![plain_line("l1")])));
    let two = r#"{"lines": [{"line_id": "l1", "item_id": "cola"}, {"item_id": "cola", "line_id": "l2"}]}"#;
    let lines = vec![plain_line("l1"), plain_line("l2")];
    assert_eq!(read(two, AddLines::parse), Ok(OrderCommand::AddLines(lines)));
    let with_modifier = r#"{"line_id": "l1", "item_id": "cola",
                            "modifiers": [{"group_id": "ice", "modifier_id": "no_ice"}]}"#;
    let modifier =
        NewModifier { group: GroupId::parse("ice").unwrap(), modifier: ModifierId::parse("no_ice").unwrap(), qty: 1 };
    let line = NewLine { modifiers: vec![modifier], ..plain_line("l1") };
    assert_eq!(read(with_modifier, Line::parse), Ok(line));
    refuses(
        AddLines::parse,
        &[
            ("{}", "/line_id", "is required"),
            ("7", "", "is of the wrong type: number, expected a line, or an object with lines"),
            (r#"{"lines": []}"#, "/lines", "must hold at least one line"),
            (r#"{"lines": [], "line_id": "l1"}"#, "/line_id", "is not a field here; expected `lines`"),
            (
                r#"{"line_id": "l1", "lines": []}"#,
                "/lines",
                "is not a field here; expected one of `line_id`, `item_id`, `variation_id`, `qty`, `modifiers`, `price`, `price_override`, `seat`, `course`, `note`, `allergens`",
            ),
            (r#"{"lines": [{"line_id": "l1", "item_id": "cola", "qty": 0}]}"#, "/lines/0/qty", "must be more than 0"),
            (
                r#"{"line_id": "l1", "item_id": "cola", "price": -1}"#,
                "/lines/0/price",
                "-1 is below zero; it must be 0 or more",
            ),
            (
                r#"{"line_id": "l1", "item_id": "Cola"}"#,
                "/item_id",
                "holds a character besides a-z, 0-9 and _; an id is 1 to 32 of those",
            ),
        ],
    );
}

#[test]
fn a_line_changes_by_quantity() {
    let line = LineId::parse("l1").unwrap();
    let parse = |body: ChangeLine| body.parse(line);
    let change = |qty| Ok(OrderCommand::ChangeLineQty { line, qty: QtyMilli(qty) });
    assert_eq!(read(r#"{"qty": 3}"#, parse), change(3_000));
    assert_eq!(read(r#"{"qty": 0.125}"#, parse), change(125));
    assert_eq!(read(r#"{"qty": 1e3}"#, parse), change(1_000_000));
    refuses(
        parse,
        &[
            ("{}", "", "must change something: qty, seat, course, note, allergens or price_override"),
            (r#"{"qty": 0}"#, "/qty", "must be more than 0"),
            (r#"{"qty": -2.5}"#, "/qty", "must be more than 0"),
            (r#"{"qty": 0.0005}"#, "/qty", "0.0005 has more than three decimals; a quantity is exact to thousandths"),
            (r#"{"qty": 1000000.5}"#, "/qty", "1000000.5 is too large; a quantity is at most 1000000 units"),
            (
                r#"{"qty": 99999999999999999999}"#,
                "/qty",
                "100000000000000000000 is too large; a quantity is at most 1000000 units",
            ),
            (
                r#"{"qty": "2"}"#,
                "/qty",
                "is of the wrong type: string, expected a number of units with at most three decimals, such as 2 or 0.25",
            ),
            (r#"{"qty": null}"#, "", "must change something: qty, seat, course, note, allergens or price_override"),
        ],
    );
}

#[test]
fn a_line_changes_by_what_is_said_of_it() {
    let line = LineId::parse("l1").unwrap();
    let parse = |body: ChangeLine| body.parse(line);
    let nothing = || {
        let (seat, course, note, allergens) = Default::default();
        LineChange { line, qty: None, seat, course, note, allergens, price_override: None }
    };
    let change = |change| Ok(OrderCommand::ChangeLine(change));
    let note = Text::parse_note("no onions\nno garlic").unwrap();
    let body = r#"{"note": "no onions\r\nno garlic", "seat": 3}"#;
    assert_eq!(read(body, parse), change(LineChange { note: Edit::Set(note), seat: Edit::Set(3), ..nothing() }));
    let body = r#"{"note": null, "course": null, "allergens": null}"#;
    let cleared = LineChange { note: Edit::Clear, course: Edit::Clear, allergens: Edit::Clear, ..nothing() };
    assert_eq!(read(body, parse), change(cleared));
    let price = NewPrice { price: Money(900), reason: Text::parse("Poster").unwrap() };
    let body = r#"{"qty": 2, "price_override": {"price": 900, "reason": "Poster"}}"#;
    let qty = Some(QtyMilli::pieces(2));
    assert_eq!(read(body, parse), change(LineChange { qty, price_override: Some(price), ..nothing() }));
    refuses(
        parse,
        &[
            (
                r#"{"price_override": {"price": -1, "reason": "r"}}"#,
                "/price_override/price",
                "-1 is below zero; it must be 0 or more",
            ),
            (r#"{"price_override": {"price": 1}}"#, "/price_override/reason", "is required"),
            (r#"{"note": "a\tb"}"#, "/note", "holds a control character"),
            (r#"{"note": "\u200b"}"#, "/note", "holds nothing that can be seen"),
            (r#"{"qty": 0, "seat": 1}"#, "/qty", "must be more than 0"),
        ],
    );
}

#[test]
fn discounts() {
    let body = r#"{"discount_id": "d1", "amount": 500, "reason": "Spilt"}"#;
    let discount = command::NewDiscount {
        discount: DiscountId::parse("d1").unwrap(),
        scope: DiscountScope::Order,
        rate: Rate::Amount(Money(500)),
        reason: Text::parse("Spilt").unwrap(),
    };
    assert_eq!(read(body, Discount::parse), Ok(discount));
    refuses(
        Discount::parse,
        &[
            (r#"{"discount_id": "d1", "reason": "r"}"#, "/percent_ppm", "is required, or amount instead"),
            (
                r#"{"discount_id": "d1", "reason": "r", "amount": 1, "percent_ppm": 1}"#,
                "/amount",
                "cannot stand beside percent_ppm; give one of the two",
            ),
            (
                r#"{"discount_id": "d1", "reason": "r", "percent_ppm": 1000001}"#,
                "/percent_ppm",
                "1000001 is above 100 %, which is 1000000 millionths",
            ),
            (
                r#"{"discount_id": "d1", "reason": "r", "percent_ppm": -1}"#,
                "/percent_ppm",
                "-1 is out of range; a rate is 0 to 10000000 millionths",
            ),
            (
                r#"{"discount_id": "d1", "reason": "r", "percent_ppm": 7.25}"#,
                "/percent_ppm",
                "is of the wrong type: number, expected a rate in whole millionths (7.25 % is 72500)",
            ),
            (
                r#"{"discount_id": "d1", "reason": "r", "amount": -1}"#,
                "/amount",
                "-1 is below zero; it must be 0 or more",
            ),
            (
                r#"{"discount_id": "d1", "reason": "r", "amount": 1, "line_ids": []}"#,
                "/line_ids",
                "must name a line; leave it out to discount the whole order",
            ),
            (
                r#"{"discount_id": "d1", "reason": "r", "amount": 1, "line_ids": ["a", "b", "a"]}"#,
                "/line_ids/2",
                "a is there twice; each may appear once",
            ),
            (
                r#"{"discount_id": "d1", "reason": "r", "amount": 1, "line_ids": ["a", "B"]}"#,
                "/line_ids/1",
                "holds a character besides a-z, 0-9 and _; an id is 1 to 32 of those",
            ),
            (r#"{"discount_id": "d1", "amount": 1}"#, "/reason", "is required"),
        ],
    );
}

#[test]
fn service_charges() {
    let body = r#"{"charge_id": "c1", "name": "Delivery", "amount": 300, "phase": "total"}"#;
    let charge = command::NewServiceCharge {
        charge: ChargeId::parse("c1").unwrap(),
        name: Text::parse("Delivery").unwrap(),
        rate: Rate::Amount(Money(300)),
        phase: NewChargePhase::Total,
    };
    assert_eq!(read(body, ServiceCharge::parse), Ok(charge));
    let total = |rest: &str| format!(r#"{{"charge_id": "c1", "name": "n", "amount": 1, "phase": "total"{rest}}}"#);
    refuses(
        ServiceCharge::parse,
        &[
            (&total(r#", "taxes": ["vat"]"#), "/taxes", "is for the subtotal phase only"),
            (&total(r#", "pre_discount": true"#), "/pre_discount", "is for the subtotal phase only"),
            (&total(r#", "percent_ppm": 1"#), "/amount", "cannot stand beside percent_ppm; give one of the two"),
            (
                r#"{"charge_id": "c1", "name": "n", "amount": 1, "phase": "subtotal", "taxes": ["vat", "vat"]}"#,
                "/taxes/1",
                "vat is there twice; each may appear once",
            ),
            (r#"{"charge_id": "c1", "name": "n", "amount": 1}"#, "/phase", "is required"),
        ],
    );
}

#[test]
fn placing_and_cancelling() {
    let place = |body: Place| Ok(body.parse());
    assert_eq!(read("", place), Ok(command::Place { expected_total: None }));
    let shown = command::Place { expected_total: Some(Money(2_300)) };
    assert_eq!(read(r#"{"expected_total": 2300}"#, place), Ok(shown));
    refuses(
        place,
        &[(
            r#"{"expected_total": "2300"}"#,
            "/expected_total",
            "is of the wrong type: string, expected an amount in whole minor units of the currency (11.50 USD is 1150)",
        )],
    );
    let cancel = |body: Cancel| Ok(body.parse());
    let reason = CancelReason::Requested(Text::parse("Guest left").unwrap());
    assert_eq!(read(r#"{"reason": "Guest left"}"#, cancel), Ok(OrderCommand::Cancel { reason }));
    let long = format!(r#"{{"reason": "{}"}}"#, "x".repeat(201));
    let long_problem = "is longer than 200 characters";
    refuses(
        cancel,
        &[
            ("{}", "/reason", "is required"),
            (r#"{"reason": null}"#, "/reason", "is of the wrong type: null, expected a text of 1 to 200 characters"),
            (r#"{"reason": ""}"#, "/reason", "must not be empty"),
            (r#"{"reason": "a\u0007"}"#, "/reason", "holds a control character"),
            (&long, "/reason", long_problem),
        ],
    );
}

#[test]
fn payments() {
    let order = OrderId::parse("o1").unwrap();
    let parse = |body: InitiatePayment| body.parse(Some(order));
    let payment = PaymentId::parse("p1").unwrap();
    let initiate = |method, amount, tip| {
        Ok((
            payment,
            PaymentCommand::Initiate { order, check: None, amount, tip: Money(tip), method, expected_total: None },
        ))
    };
    let cash = r#"{"payment_id": "p1", "tender": "cash", "tendered": 2500, "tip": 100}"#;
    assert_eq!(read(cash, parse), initiate(Method::Cash { tendered: Some(Money(2_500)), drawer: None }, None, 100));
    let card = r#"{"payment_id": "p1", "tender": "card", "amount": 900, "order_id": "o1"}"#;
    let by_card = Method::External(TenderId::parse("card").unwrap());
    assert_eq!(read(card, parse), initiate(by_card, Some(Money(900)), 0));
    let check = |read: Result<(PaymentId, PaymentCommand), _>| match read {
        Ok((_, PaymentCommand::Initiate { check, .. })) => check,
        other => panic!("{other:?}"),
    };
    let third = r#"{"payment_id": "p1", "tender": "card", "check_id": 3}"#;
    assert_eq!(check(read(third, parse)), domain::check::CheckId::new(3));
    let (tender, account) = (TenderId::parse("card").unwrap(), AccountId::parse("acme").unwrap());
    for (said, capture) in [("", Capture::AtOnce), (r#", "capture": "manual""#, Capture::Later)] {
        let body = format!(r#"{{"payment_id": "p1", "tender": "card", "provider_account": "acme"{said}}}"#);
        assert_eq!(read(&body, parse), initiate(Method::Provider { tender, account, capture, step: None }, None, 0));
    }
    refuses(
        parse,
        &[
            (
                r#"{"payment_id": "p1", "tender": "card", "check_id": 65}"#,
                "/check_id",
                "65 is no check; the number of one is 1 to 64",
            ),
            (
                r#"{"payment_id": "p1", "tender": "cash", "provider_account": "acme"}"#,
                "/provider_account",
                "is not for cash",
            ),
            (
                r#"{"payment_id": "p1", "tender": "card", "provider_account": "acme", "drawer_id": "d1"}"#,
                "/drawer_id",
                "is for cash only",
            ),
            (
                r#"{"payment_id": "p1", "tender": "card", "capture": "manual"}"#,
                "/capture",
                "is for what a provider takes; name it in provider_account",
            ),
            (r#"{"payment_id": "p1", "tender": "card", "tendered": 5}"#, "/tendered", "is for cash only"),
            (
                r#"{"payment_id": "p1", "tender": "cash", "tendered": -5}"#,
                "/tendered",
                "-5 is below zero; it must be 0 or more",
            ),
            (r#"{"payment_id": "p1", "tender": "cash", "tip": -5}"#, "/tip", "-5 is below zero; it must be 0 or more"),
            (
                r#"{"payment_id": "p1", "tender": "cash", "amount": 0}"#,
                "/amount",
                "must be more than 0; leave it out to pay all that is due",
            ),
            (
                r#"{"payment_id": "p1", "tender": "cash", "order_id": "o2"}"#,
                "/order_id",
                "is o2, but the request is about o1",
            ),
            (
                r#"{"payment_id": "p1", "tender": "Cash"}"#,
                "/tender",
                "holds a character besides a-z, 0-9 and _; an id is 1 to 32 of those",
            ),
            (r#"{"payment_id": "p1"}"#, "/tender", "is required"),
        ],
    );
    refuses(
        |body: InitiatePayment| body.parse(None),
        &[(r#"{"payment_id": "p1", "tender": "cash"}"#, "/order_id", "is required")],
    );
}

#[test]
fn outcomes() {
    let captured = |amount: Option<i64>| Ok(command::Outcome::Captured { amount: amount.map(Money), reference: None });
    assert_eq!(read(r#"{"outcome": "captured"}"#, Outcome::parse), captured(None));
    assert_eq!(read(r#"{"outcome": "captured", "amount": 5}"#, Outcome::parse), captured(Some(5)));
    let failed = command::Outcome::Failed { code: Text::parse("do_not_honour").unwrap() };
    assert_eq!(read(r#"{"outcome": "failed", "code": "do_not_honour"}"#, Outcome::parse), Ok(failed));
    refuses(
        Outcome::parse,
        &[
            ("{}", "/outcome", "is required"),
            (r#"{"outcome": "lost"}"#, "/outcome", "is not one of captured, failed"),
            (r#"{"outcome": "captured", "code": "x"}"#, "/code", "is for failed attempts only"),
            (r#"{"outcome": "captured", "amount": -5}"#, "/amount", "-5 is below zero; it must be 0 or more"),
            (r#"{"outcome": "failed", "code": "x", "amount": 1}"#, "/amount", "is for captured attempts only"),
            (
                r#"{"outcome": "failed"}"#,
                "/code",
                "is required where the attempt failed: the terminal's or provider's code",
            ),
        ],
    );
}
