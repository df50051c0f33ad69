//! Refusals: every code, once, with its sentence and its facts.

use domain::event::Role;
use domain::ids::{
    ChargeId, DiscountId, GroupId, Id, ItemId, LineId, ModifierId, OrderId, PaymentId, Revision, Sku, TaxId, TokenId,
    VariationId,
};
use domain::money::{Currency, Money, QtyMilli};
use domain::refused::{Closed, Refused, Shortage};
use schemas::json::{BodyError, FieldError, Problem, refusal_code, refusal_detail, refusal_facts};
use serde_json::{Value, json};

/// Every refusal with its code, its sentence and its facts: the list a client's author reads.
fn refusals() -> Vec<(Refused, &'static str, &'static str, Value)> {
    let item = ItemId::parse("pizza").unwrap();
    let line = LineId::parse("l1").unwrap();
    let group = GroupId::parse("sauce").unwrap();
    let modifier = ModifierId::parse("pesto").unwrap();
    let variation = VariationId::parse("large").unwrap();
    let order = OrderId::parse("o1").unwrap();
    let payment = PaymentId::parse("p1").unwrap();
    let discount = DiscountId::parse("d1").unwrap();
    let charge = ChargeId::parse("c1").unwrap();
    let sku = Sku::parse("dough").unwrap();
    let token = TokenId::parse("tok_1").unwrap();
    let tax = TaxId::parse("vat").unwrap();
    let currency = Currency::new("EUR", 2).unwrap();
    let short = |wanted, available, marked_86| Shortage {
        sku,
        wanted: QtyMilli(wanted),
        available: QtyMilli(available),
        marked_86,
    };
    let shortages = vec![short(2_000, 500, false), short(1_000, 9_000, true)];
    vec![
        (Refused::UnknownStore, "?", "?", json!({})),
        (Refused::CurrencyFixed { currency }, "?", "?", json!({})),
        (Refused::RevisionMismatch { current: Some(Revision(7)) }, "?", "?", json!({})),
        (Refused::RevisionMismatch { current: None }, "?", "?", json!({})),
        (Refused::NoMenu, "?", "?", json!({})),
        (Refused::UnknownMenuVersion { version: 3 }, "?", "?", json!({})),
        (Refused::UnknownItem { item }, "?", "?", json!({})),
        (Refused::ItemUnavailable { item }, "?", "?", json!({})),
        (Refused::UnknownVariation { item, variation }, "?", "?", json!({})),
        (Refused::VariationRequired { item }, "?", "?", json!({})),
        (Refused::UnknownModifierGroup { item, group }, "?", "?", json!({})),
        (Refused::UnknownModifier { group, modifier }, "?", "?", json!({})),
        (Refused::ModifierMinNotMet { line, group, min: 2, selected: 1 }, "?", "?", json!({})),
        (Refused::ModifierMaxExceeded { line, group, max: 3, selected: 4 }, "?", "?", json!({})),
        (Refused::ModifierQtyNotAllowed { line, modifier }, "?", "?", json!({})),
        (Refused::PriceRequired { item }, "?", "?", json!({})),
        (Refused::PriceNotOpen { item }, "?", "?", json!({})),
        (Refused::NegativePrice { line }, "?", "?", json!({})),
        (Refused::MenuIncomplete { item, kind: "tax", missing: Id::parse("vat").unwrap() }, "?", "?", json!({})),
        (Refused::TooMany { what: "items", max: 10_000 }, "?", "?", json!({})),
        (Refused::NoListPrice { item }, "?", "?", json!({})),
        (Refused::OrderExists { order }, "?", "?", json!({})),
        (Refused::UnknownOrder { order }, "?", "?", json!({})),
        (Refused::OrderClosed { state: Closed::Completed }, "?", "?", json!({})),
        (Refused::OrderNotPlaced, "?", "?", json!({})),
        (Refused::OrderAlreadyPlaced, "?", "?", json!({})),
        (Refused::OrderEmpty, "?", "?", json!({})),
        (Refused::LineExists { line }, "?", "?", json!({})),
        (Refused::UnknownLine { line }, "?", "?", json!({})),
        (Refused::DiscountExists { discount }, "?", "?", json!({})),
        (Refused::UnknownDiscount { discount }, "?", "?", json!({})),
        (Refused::ServiceChargeExists { charge }, "?", "?", json!({})),
        (Refused::UnknownServiceCharge { charge }, "?", "?", json!({})),
        (Refused::UnknownTax { tax }, "?", "?", json!({})),
        (Refused::OutOfStock { shortages }, "?", "?", json!({})),
        (Refused::TotalMismatch { expected: Money(2_300), actual: Money(2_350) }, "?", "?", json!({})),
        (Refused::BelowPaid { total: Money(900), paid: Money(1_000) }, "?", "?", json!({})),
        (Refused::PaymentDue { due: Money(400) }, "?", "?", json!({})),
        (Refused::MoneyCaptured { captured: Money(1_000) }, "?", "?", json!({})),
        (Refused::AmountTooLarge, "?", "?", json!({})),
        (Refused::CurrencyDiffers { expected: currency }, "?", "?", json!({})),
        (Refused::PaymentExists { payment }, "?", "?", json!({})),
        (Refused::UnknownPayment { payment }, "?", "?", json!({})),
        (Refused::NothingDue, "?", "?", json!({})),
        (Refused::PaymentExceedsDue { due: Money(400) }, "?", "?", json!({})),
        (Refused::TenderedTooLittle { needed: Money(2_400) }, "?", "?", json!({})),
        (Refused::CashSettled, "?", "?", json!({})),
        (Refused::UnknownSku { sku }, "?", "?", json!({})),
        (Refused::StockUntracked { sku }, "?", "?", json!({})),
        (Refused::OnHandTooLow { sku, available: QtyMilli(1_250) }, "?", "?", json!({})),
        (Refused::StockReserved { sku }, "?", "?", json!({})),
        (Refused::UntilPassed, "?", "?", json!({})),
        (Refused::TokenExists { token }, "?", "?", json!({})),
        (Refused::UnknownToken { token }, "?", "?", json!({})),
        (Refused::LastToken { role: Role::Admin }, "?", "?", json!({})),
        (Refused::OnlyImported { field: "display_number" }, "?", "?", json!({})),
        (Refused::NotDue, "?", "?", json!({})),
    ]
}

#[test]
fn every_refusal_is_told() {
    for (refused, code, detail, facts) in refusals() {
        assert_eq!(refusal_code(&refused), code);
        assert_eq!(refusal_detail(&refused), detail, "{code}");
        assert_eq!(Value::Object(refusal_facts(&refused)), facts, "{code}");
    }
}

#[test]
fn no_code_means_two_things() {
    let mut codes: Vec<_> = refusals().into_iter().map(|(_, code, ..)| code).collect();
    codes.sort_unstable();
    codes.dedup();
    // One less than the refusals: a revision mismatch is there twice, for a stream that is there and one that is not.
    assert_eq!(codes.len(), refusals().len() - 1);
    for code in codes {
        assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{code}");
    }
}

#[test]
fn a_problem_is_flat() {
    let refused = Refused::TotalMismatch { expected: Money(2_300), actual: Money(2_350) };
    let problem = Problem::refused(422, &refused).with("trace_id", "abc");
    let json = json!({
        "type": "/problems/total_mismatch", "title": "Total mismatch", "status": 422, "code": "total_mismatch",
        "detail": "The total is 2350, not 2300; show it again.", "expected": 2300, "actual": 2350, "trace_id": "abc",
    });
    assert_eq!(serde_json::to_value(&problem).unwrap(), json);
    assert_eq!(serde_json::from_value::<Problem>(json).unwrap(), problem);
}

#[test]
fn a_malformed_body_is_a_problem() {
    let error = BodyError::Field(FieldError::new("/lines/0/item_id", "is required"));
    assert_eq!(
        serde_json::to_value(Problem::malformed(400, &error)).unwrap(),
        json!({
            "type": "/problems/malformed", "title": "Malformed", "status": 400, "code": "malformed",
            "detail": "/lines/0/item_id: is required", "pointer": "/lines/0/item_id",
        })
    );
    let error = BodyError::Syntax { line: 2, column: 7, problem: "expected value".to_owned() };
    assert_eq!(
        serde_json::to_value(Problem::malformed(400, &error)).unwrap(),
        json!({
            "type": "/problems/malformed", "title": "Malformed", "status": 400, "code": "malformed",
            "detail": "the body is not JSON: expected value at line 2, column 7", "line": 2, "column": 7,
        })
    );
}
