//! What providers say and are asked, by adapter.

use domain::event::{Capture, ProviderSaid};
use domain::ids::{PaymentId, RefundId, StoreId, TenantId, Text};
use domain::money::{Currency, Money};
use schemas::provider::{Adapter, Ask, BadMessage, Named, PaymentRef, Told};

fn text(text: &str) -> Text {
    Text::parse(text).unwrap()
}

fn of() -> PaymentRef {
    let (tenant, store) = (TenantId::parse("demo").unwrap(), StoreId::parse("s1").unwrap());
    PaymentRef { tenant, store, payment: PaymentId::parse("p1").unwrap() }
}

fn refund() -> RefundId {
    RefundId::parse("r1").unwrap()
}

fn eur() -> Currency {
    Currency::new("EUR", 2).unwrap()
}

/// What is told, in one line.
fn tell(told: &Told) -> String {
    let Told { named, message } = told;
    let reference = message.reference.as_ref().map_or("-", Text::as_str);
    let payment = match named {
        Named::Nothing => "-".to_owned(),
        Named::Payment(of) => of.to_string(),
        Named::Other => "?".to_owned(),
    };
    let amount = message.amount.map_or("-".to_owned(), |amount| amount.0.to_string());
    let currency = message.currency.as_ref().map_or("-", Currency::code);
    format!("{} {payment} {reference} {:?} {amount} {currency}", message.event_id, message.said)
}

#[track_caller]
fn says(adapter: Adapter, body: &str, then: &str) {
    let told = adapter.webhook(Some("msg_1"), body.as_bytes()).expect("a message");
    assert_eq!(tell(&told), then, "{body}");
}

#[track_caller]
fn answers(adapter: Adapter, body: &str, then: &[&str]) {
    let told = adapter.answer(body.as_bytes()).expect("an answer");
    assert_eq!(told.iter().map(tell).collect::<Vec<_>>(), then, "{body}");
}

#[test]
fn standard_webhooks() {
    let data = r#""data": {"payment_id": "pay_1", "reference": "demo.s1.p1", "amount": 2300, "currency": "EUR", "code": "51", "refund_reference": "r1"}"#;
    let says = |kind: &str, said: &str| {
        let then = format!("msg_1 demo.s1.p1 pay_1 {said} 2300 EUR");
        says(Adapter::Standard, &format!(r#"{{"type": "{kind}", {data}, "more": [1]}}"#), &then);
    };
    says("payment.accepted", "Accepted");
    says("payment.authorised", "Authorised");
    says("payment.authorized", "Authorised");
    says("payment.captured", "Captured");
    says("payment.failed", r#"Failed { code: "51" }"#);
    says("payment.voided", "Voided");
    says("payment.disputed", "Disputed");
    says("refund.succeeded", "RefundSucceeded { refund: RefundId(r1) }");
    says("refund.failed", r#"RefundFailed { refund: RefundId(r1), code: "51" }"#);
    says("payout.paid", "Other");
}

#[test]
fn messages_that_nobody_can_work_with() {
    let bad = |body: &str| Adapter::Standard.webhook(Some("msg_1"), body.as_bytes()).unwrap_err().to_string();
    assert!(bad("no").starts_with("is not what the provider's adapter reads"), "{}", bad("no"));
    assert!(bad(r#"{"type": "payment.captured"}"#).contains("missing field `data`"));
    let with = |fields: &str| bad(&format!(r#"{{"type": "payment.captured", "data": {{{fields}}}}}"#));
    assert_eq!(with(r#""amount": -1"#), "the amount is below zero, or more than a sum of money can hold");
    assert_eq!(with(r#""currency": "Euro""#), "the currency is not three letters");
    let reference = "the provider's id of the payment holds more than letters, digits, _, -, . and ~";
    assert_eq!(with(r#""payment_id": "../admin""#), reference);
    let nameless = Adapter::Standard.webhook(None, br#"{"type": "payment.captured", "data": {}}"#);
    assert_eq!(nameless, Err(BadMessage::Field { field: "webhook-id", problem: "must not be empty".to_owned() }));
}

#[test]
fn standard_answers() {
    let body = r#"{"id": "pay_1", "reference": "demo.s1.p1", "status": "captured", "amount": 2300, "currency": "EUR",
        "refunds": [{"reference": "r1", "status": "succeeded", "amount": 100}, {"reference": "r2", "status": "pending"},
            {"reference": "r3", "status": "failed", "amount": 5, "code": "closed"}]}"#;
    answers(
        Adapter::Standard,
        body,
        &[
            "answer:pay_1:captured:2300 demo.s1.p1 pay_1 Captured 2300 EUR",
            "answer:pay_1:r1:succeeded:100 demo.s1.p1 pay_1 RefundSucceeded { refund: RefundId(r1) } 100 EUR",
            r#"answer:pay_1:r3:failed:5 demo.s1.p1 pay_1 RefundFailed { refund: RefundId(r3), code: "closed" } 5 EUR"#,
        ],
    );
    answers(
        Adapter::Standard,
        r#"{"data": [{"id": "pay_1", "reference": "demo.s1.p1", "status": "pending"}]}"#,
        &["answer:pay_1:pending: demo.s1.p1 pay_1 Accepted - -"],
    );
    answers(Adapter::Standard, r#"{"data": []}"#, &[]);
    assert!(Adapter::Standard.answer(br#"{"id": "pay_1", "status": "lost"}"#).is_err());
    assert_eq!(Adapter::Standard.refusal(402, br#"{"code": "card_declined"}"#), text("card_declined"));
    assert_eq!(Adapter::Standard.refusal(402, b"no"), text("http_402"));
}

#[test]
fn stripe_webhooks() {
    let intent = |kind: &str, more: &str, then: &str| {
        let object = format!(
            r#"{{"id": "pi_1", "object": "payment_intent", "amount": 2300, "currency": "eur", "metadata": {{"payment_id": "demo.s1.p1"}}{more}}}"#
        );
        says(Adapter::Stripe, &format!(r#"{{"id": "evt_1", "type": "{kind}", "data": {{"object": {object}}}}}"#), then);
    };
    intent("payment_intent.created", "", "evt_1 demo.s1.p1 pi_1 Accepted 2300 EUR");
    let capturable = r#", "amount_capturable": 2200, "status": "requires_capture""#;
    intent("payment_intent.amount_capturable_updated", capturable, "evt_1 demo.s1.p1 pi_1 Authorised 2200 EUR");
    intent("payment_intent.succeeded", r#", "amount_received": 2100"#, "evt_1 demo.s1.p1 pi_1 Captured 2100 EUR");
    let declined = r#", "last_payment_error": {"code": "card_declined", "decline_code": "lost_card"}"#;
    intent("payment_intent.payment_failed", declined, r#"evt_1 demo.s1.p1 pi_1 Failed { code: "lost_card" } 2300 EUR"#);
    intent("payment_intent.canceled", "", "evt_1 demo.s1.p1 pi_1 Voided 2300 EUR");
    let refund = |status: &str, then: &str| {
        let object = format!(
            r#"{{"id": "re_1", "object": "refund", "amount": 100, "currency": "eur", "payment_intent": "pi_1", "status": "{status}",
                "metadata": {{"payment_id": "demo.s1.p1", "refund_id": "r1"}}, "failure_reason": "lost"}}"#
        );
        let body = format!(r#"{{"id": "evt_2", "type": "refund.updated", "data": {{"object": {object}}}}}"#);
        says(Adapter::Stripe, &body, then);
    };
    refund("succeeded", "evt_2 demo.s1.p1 pi_1 RefundSucceeded { refund: RefundId(r1) } 100 EUR");
    refund("failed", r#"evt_2 demo.s1.p1 pi_1 RefundFailed { refund: RefundId(r1), code: "lost" } 100 EUR"#);
    refund("pending", "evt_2 demo.s1.p1 pi_1 Other 100 EUR");
    says(
        Adapter::Stripe,
        r#"{"id": "evt_3", "type": "charge.dispute.created", "data": {"object": {"id": "dp_1", "amount": 2300, "currency": "eur", "payment_intent": "pi_1"}}}"#,
        "evt_3 - pi_1 Disputed 2300 EUR",
    );
    says(
        Adapter::Stripe,
        r#"{"id": "evt_4", "type": "customer.created", "data": {"object": {"id": "cus_1"}}}"#,
        "evt_4 - - Other - -",
    );
    // What is of no payment may have no id, and no metadata.
    says(
        Adapter::Stripe,
        r#"{"id": "evt_5", "type": "balance.available", "data": {"object": {"object": "balance", "metadata": null}}}"#,
        "evt_5 - - Other - -",
    );
}

#[test]
fn stripe_answers() {
    let intent = |status: &str, more: &str| {
        format!(
            r#"{{"id": "pi_1", "object": "payment_intent", "amount": 2300, "currency": "eur", "status": "{status}", "metadata": {{"payment_id": "demo.s1.p1"}}{more}}}"#
        )
    };
    for (status, more, then) in [
        ("requires_action", "", "answer:pi_1:accepted:2300 demo.s1.p1 pi_1 Accepted 2300 EUR"),
        ("requires_capture", "", "answer:pi_1:authorised:2300 demo.s1.p1 pi_1 Authorised 2300 EUR"),
        ("succeeded", r#", "amount_received": 2300"#, "answer:pi_1:captured:2300 demo.s1.p1 pi_1 Captured 2300 EUR"),
        ("canceled", "", "answer:pi_1:voided:2300 demo.s1.p1 pi_1 Voided 2300 EUR"),
        (
            "requires_payment_method",
            r#", "last_payment_error": {"code": "card_declined"}"#,
            r#"answer:pi_1:failed:2300 demo.s1.p1 pi_1 Failed { code: "card_declined" } 2300 EUR"#,
        ),
    ] {
        answers(Adapter::Stripe, &intent(status, more), &[then]);
    }
    let list = r#"{"object": "list", "data": [
        {"id": "re_1", "object": "refund", "amount": 100, "currency": "eur", "payment_intent": "pi_1", "status": "succeeded", "metadata": {"payment_id": "demo.s1.p1", "refund_id": "r1"}},
        {"id": "re_2", "object": "refund", "amount": 100, "currency": "eur", "payment_intent": "pi_1", "status": "pending", "metadata": {"refund_id": "r2"}}]}"#;
    answers(
        Adapter::Stripe,
        list,
        &["answer:re_1:refund_succeeded: demo.s1.p1 pi_1 RefundSucceeded { refund: RefundId(r1) } 100 EUR"],
    );
    let refusal = br#"{"error": {"code": "card_declined", "type": "card_error"}}"#;
    assert_eq!(Adapter::Stripe.refusal(402, refusal), text("card_declined"));
}

#[test]
fn questions() {
    let reference = || text("pay_1");
    let asks = [
        Ask::Authorise { of: of(), amount: Money(2_300), currency: eur(), capture: Capture::Later },
        Ask::Capture { reference: reference(), amount: Money(2_500), currency: eur() },
        Ask::Void { reference: reference() },
        Ask::Refund { reference: reference(), of: of(), refund: refund(), amount: Money(100), currency: eur() },
        Ask::Payment { reference: reference() },
        Ask::Refunds { reference: reference() },
        Ask::Find { of: of() },
    ];
    let told = |adapter: Adapter| -> Vec<String> {
        let line = |ask: &Ask| {
            let request = adapter.request(ask).expect("euros are counted");
            format!("{} {} {}", request.method, request.path, request.body)
        };
        asks.iter().map(line).collect()
    };
    assert_eq!(
        told(Adapter::Standard),
        [
            r#"POST /v1/payments {"reference":"demo.s1.p1","amount":2300,"currency":"EUR","capture":"manual"}"#,
            r#"POST /v1/payments/pay_1/capture {"amount":2500}"#,
            "POST /v1/payments/pay_1/void ",
            r#"POST /v1/payments/pay_1/refunds {"reference":"r1","amount":100}"#,
            "GET /v1/payments/pay_1 ",
            "GET /v1/payments/pay_1 ",
            "GET /v1/payments?reference=demo.s1.p1 ",
        ]
    );
    assert_eq!(
        told(Adapter::Stripe),
        [
            "POST /v1/payment_intents amount=2300&currency=eur&capture_method=manual&metadata[payment_id]=demo.s1.p1",
            "POST /v1/payment_intents/pay_1/capture amount_to_capture=2500",
            "POST /v1/payment_intents/pay_1/cancel ",
            "POST /v1/refunds payment_intent=pay_1&amount=100&metadata[payment_id]=demo.s1.p1&metadata[refund_id]=r1",
            "GET /v1/payment_intents/pay_1 ",
            "GET /v1/refunds?payment_intent=pay_1&limit=100 ",
            "GET /v1/payment_intents/search?query=metadata%5B%22payment_id%22%5D%3A%22demo.s1.p1%22 ",
        ]
    );
    assert_eq!(Adapter::ALL.map(|adapter| Adapter::parse(adapter.as_str())), Adapter::ALL.map(Some));
    assert_eq!(Adapter::parse("paypal"), None);
    let told = Adapter::Standard.webhook(Some("e"), br#"{"type": "refund.succeeded", "data": {}}"#).unwrap();
    assert_eq!(told.message.said, ProviderSaid::Other, "a refund that is not ours");
}

/// How each adapter counts what our minor units come to, and what it reads back; `-` where it is not asked.
#[test]
fn t6_each_currency_is_counted_as_its_provider_counts_it() {
    use domain::money::Currency;
    for (code, exponent, amount, standard, stripe) in [
        ("EUR", 2, 1_234, "1234", "1234"),
        ("HUF", 2, 12_345, "12345", "12345"),
        ("TWD", 2, 12_345, "12345", "12345"),
        ("JPY", 0, 5_000, "5000", "5000"),
        ("KRW", 0, 5_000, "5000", "5000"),
        ("CLP", 0, 5_000, "5000", "5000"),
        ("UGX", 0, 5_000, "5000", "500000"),
        ("ISK", 0, 1, "1", "100"),
        ("MGA", 2, 500_000, "500000", "5000"),
        ("MGA", 2, 500_001, "500001", "MGA in steps of 100"),
        ("KWD", 3, 5_120, "5120", "5120"),
        ("KWD", 3, 5_124, "5124", "KWD in steps of 10"),
        ("TND", 3, 1, "1", "TND in steps of 10"),
        ("IQD", 3, 1_000, "1000", "does not know how the provider counts IQD"),
        ("CLF", 4, 10_000, "10000", "does not know how the provider counts CLF"),
    ] {
        let currency = Currency::new(code, exponent).unwrap();
        let ask = Ask::Capture { reference: text("pi_1"), amount: Money(amount), currency };
        for (adapter, expected) in [(Adapter::Standard, standard), (Adapter::Stripe, stripe)] {
            let asked = match adapter.request(&ask) {
                Ok(request) => request.body,
                Err(error) => {
                    assert!(error.to_string().contains(expected), "{code} {amount}: {error}");
                    continue;
                }
            };
            let number: String = asked.chars().filter(char::is_ascii_digit).collect();
            assert_eq!(number, expected, "{code} {amount} by {}", adapter.as_str());
            let data = format!(r#""payment_id": "pi_1", "id": "pi_1", "amount": {number}, "currency": "{code}""#);
            let body = match adapter {
                Adapter::Standard => format!(r#"{{"type": "payment.captured", "data": {{{data}}}}}"#),
                Adapter::Stripe => {
                    format!(r#"{{"id": "e", "type": "payment_intent.succeeded", "data": {{"object": {{{data}}}}}}}"#)
                }
            };
            let told = adapter.webhook(Some("e"), body.as_bytes()).unwrap().message;
            assert_eq!((told.amount, told.currency), (Some(Money(amount)), Some(currency)), "{body}");
        }
    }
    let stripe = |number: i64, code: &str| {
        let object = format!(r#"{{"id": "pi_1", "amount": {number}, "currency": "{code}"}}"#);
        let body = format!(r#"{{"id": "e", "type": "payment_intent.succeeded", "data": {{"object": {object}}}}}"#);
        Adapter::Stripe.webhook(None, body.as_bytes()).map(|told| told.message.amount)
    };
    // Half a shilling is none of ours; what the adapter does not count is told as it stands, and is another currency than was asked for.
    assert!(stripe(500_050, "ugx").unwrap_err().to_string().contains("no whole number"));
    assert_eq!(stripe(1_000, "iqd").unwrap(), Some(Money(1_000)));
}

#[test]
fn a_payment_is_known_by_its_tenant_its_store_and_its_id() {
    let named = |reference: &str| {
        let body = format!(r#"{{"type": "payment.captured", "data": {{"reference": "{reference}"}}}}"#);
        Adapter::Standard.webhook(Some("e"), body.as_bytes()).unwrap().named
    };
    assert_eq!(named(&of().to_string()), Named::Payment(of()));
    for other in ["", "p1", "s1.p1", "demo.s1.", "demo.s1.p1.x", "Demo.s1.p1", "demo.s1.p-1"] {
        assert_eq!(named(other), Named::Other, "{other}");
    }
    // The longest one fits into the keys and the metadata of providers, with what stands behind it in a key.
    let longest = "x".repeat(32);
    let refund = format!("{longest}.{longest}.{longest}.refund.{longest}");
    assert!(PaymentRef::parse(&refund[..98]).is_some() && refund.len() <= 255);
}
