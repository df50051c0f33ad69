//! Whatever a client may say is the same after being written and read again, and so is what it means.

use domain::event::{Channel, DiningMode, PayMode, Role};
use domain::ids::{CommandId, Id};
use domain::money::{Currency, Money, Ppm, QtyMilli};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use schemas::command::CommandKind;
use schemas::json::batch::BatchCommand;
use schemas::json::request::{
    AdjustStock, ChargePhase, Discount, InitiatePayment, IssueToken, Line, LineModifier, Mark86, OpenOrder, Pay,
    PriceOverride, RefundLine, RefundOrder, RequestRefund, ServiceCharge, TaxExempt,
};
use schemas::json::wire::{self, Named};
use schemas::json::{Wire, parse_body};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// Writes, reads and compares.
#[track_caller]
fn again<T: Serialize + DeserializeOwned + PartialEq + Debug>(body: &T) -> T {
    let written = serde_json::to_vec(body).expect("a body can be written");
    let read: T = parse_body(&written).unwrap_or_else(|error| panic!("{}: {error}", String::from_utf8_lossy(&written)));
    assert_eq!(read, *body);
    read
}

fn id<T: 'static + Debug>(kind: fn(Id) -> T) -> impl Strategy<Value = Wire<T>> {
    "[a-z0-9_]{1,32}".prop_map(move |text| Wire(kind(Id::parse(&text).unwrap())))
}

fn text() -> impl Strategy<Value = wire::Text> {
    let texts = "[ -~äñ漢]{1,200}".prop_filter_map("blank", |text| domain::ids::Text::parse(&text).ok());
    texts.prop_map(Wire)
}

fn amount() -> impl Strategy<Value = wire::Money> {
    (0..=Money::MAX_ABS).prop_map(|minor| Wire(Money(minor)))
}

fn share() -> impl Strategy<Value = wire::Ppm> {
    (0..=Ppm::ONE.0).prop_map(|ppm| Wire(Ppm(ppm)))
}

fn qty() -> impl Strategy<Value = wire::Qty> {
    (1..=QtyMilli::MAX.0).prop_map(|milli| Wire(QtyMilli(milli)))
}

fn named<T: Named + Debug>() -> impl Strategy<Value = Wire<T>> {
    proptest::sample::select(T::CHOICES.iter().map(|(_, value)| Wire(*value)).collect::<Vec<_>>())
}

/// A text of one line or two.
fn note() -> impl Strategy<Value = wire::Note> {
    let lines = (text(), option::of(text())).prop_filter_map("too long", |(first, second)| {
        let lines = second.map_or(first.0.to_string(), |second| format!("{}\n{}", first.0, second.0));
        domain::ids::Text::parse_note(&lines).ok()
    });
    lines.prop_map(|lines| Wire(wire::choices::Note(lines)))
}

fn time() -> impl Strategy<Value = wire::Timestamp> {
    (-62_135_596_800_000_000_i64..=253_402_300_799_999_999).prop_map(|us| Wire(domain::calendar::Timestamp(us)))
}

fn modifier() -> impl Strategy<Value = LineModifier> {
    let parts = (id(domain::ids::GroupId), id(domain::ids::ModifierId), 1..=u16::MAX);
    parts.prop_map(|(group_id, modifier_id, qty)| LineModifier { group_id, modifier_id, qty })
}

fn line() -> impl Strategy<Value = Line> {
    let what = (id(domain::ids::LineId), id(domain::ids::ItemId), option::of(id(domain::ids::VariationId)), qty());
    let how = (vec(modifier(), 0..4), option::of(amount()));
    let rest = (option::of(any::<u16>()), option::of(any::<u16>()), option::of(note()), option::of(note()));
    (what, how, rest).prop_map(|(what, (modifiers, price), (seat, course, note, allergens))| {
        let (line_id, item_id, variation_id, qty) = what;
        let price_override = note.clone().zip(price).map(|(reason, price)| PriceOverride { price, reason });
        Line { line_id, item_id, variation_id, qty, modifiers, price, price_override, seat, course, note, allergens }
    })
}

fn rate() -> impl Strategy<Value = (Option<wire::Ppm>, Option<wire::Money>)> {
    prop_oneof![share().prop_map(|share| (Some(share), None)), amount().prop_map(|amount| (None, Some(amount)))]
}

fn discount() -> impl Strategy<Value = Discount> {
    let lines = option::of(id(domain::ids::LineId).prop_map(|line| vec![line]));
    (id(domain::ids::DiscountId), lines, rate(), note()).prop_map(
        |(discount_id, line_ids, (percent_ppm, amount), reason)| Discount {
            discount_id,
            line_ids,
            percent_ppm,
            amount,
            reason,
        },
    )
}

fn charge() -> impl Strategy<Value = ServiceCharge> {
    let phase = option::of((any::<bool>(), option::of(id(domain::ids::TaxId))));
    (id(domain::ids::ChargeId), text(), rate(), phase).prop_map(|(charge_id, name, (percent_ppm, amount), phase)| {
        let (pre_discount, tax) = phase.unwrap_or((false, None));
        let phase = if phase.is_some() { ChargePhase::Subtotal } else { ChargePhase::Total };
        let taxes = tax.into_iter().collect();
        ServiceCharge { charge_id, name, percent_ppm, amount, phase: Wire(phase), pre_discount, taxes }
    })
}

fn order() -> impl Strategy<Value = OpenOrder> {
    let who = (id(domain::ids::OrderId), option::of(id(domain::ids::TableId)), any::<u16>());
    let how = (named::<Channel>(), named::<DiningMode>(), named::<PayMode>());
    let exempt = option::of(note().prop_map(|reason| TaxExempt { reason }));
    let said =
        (option::of(id(domain::ids::CustomerRef)), any::<bool>(), option::of(text()), option::of(time()), exempt);
    let what = (option::of(line()), option::of(discount()), option::of(charge()));
    let place = (any::<bool>(), option::of(amount()), any::<bool>(), option::of(pay()));
    (who, how, said, what, place).prop_map(|(who, how, said, what, (place, expected_total, training, pay))| OpenOrder {
        order_id: who.0,
        table: who.1,
        guests: who.2,
        channel: how.0,
        dining_mode: how.1,
        pay_mode: how.2,
        customer_ref: said.0,
        promised_at: said.3,
        tax_exempt: said.4,
        currency: said.1.then(|| Wire(Currency::new("EUR", 2).unwrap())),
        display_number: said.2,
        lines: what.0.into_iter().collect(),
        discounts: what.1.into_iter().collect(),
        service_charges: what.2.into_iter().collect(),
        place,
        expected_total: if place { expected_total } else { None },
        pay: pay.filter(|_| place),
        training,
    })
}

fn pay() -> impl Strategy<Value = Pay> {
    let parts = (id(domain::ids::PaymentId), option::of(amount()), amount(), option::of(text()));
    parts.prop_map(|(payment_id, amount, tip, reference)| {
        let tender = domain::ids::TenderId::parse(if reference.is_some() { "card" } else { "cash" }).unwrap();
        let amount = amount.filter(|amount| Money::ZERO < amount.0);
        Pay { payment_id, tender: Wire(tender), amount, tip, tendered: None, drawer_id: None, reference }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn orders(body in order()) {
        prop_assert_eq!(again(&body).parse().unwrap(), body.parse().unwrap());
    }

    #[test]
    fn payments(
        payment_id in id(domain::ids::PaymentId), tender in id(domain::ids::TenderId), tip in amount(),
        order_id in option::of(id(domain::ids::OrderId)), expected_total in option::of(amount()),
    ) {
        let body = InitiatePayment { payment_id, order_id, check_id: None, tender, amount: None, tip, tendered: None, expected_total, drawer_id: None, provider_account: None, capture: None };
        prop_assert_eq!(again(&body).parse(None), body.parse(None));
    }

    #[test]
    fn refunds(
        refund_id in id(domain::ids::RefundId), amount in option::of(amount()), tip in option::of(amount()),
        line_id in id(domain::ids::LineId), pieces in 0..4_i64, restock in any::<bool>(), keep in any::<Option<bool>>(), reason in note(),
        payments in proptest::collection::vec(id(domain::ids::PaymentId), 0..3),
    ) {
        let qty = Wire(QtyMilli(pieces * 1_000));
        let lines = if pieces == 0 { vec![] } else { vec![RefundLine { line_id, qty }] };
        let charges = keep.map(|keep| Wire(if keep { domain::command::Charges::Keep } else { domain::command::Charges::Follow }));
        let body = RequestRefund { refund_id, amount, tip, lines: lines.clone(), restock, charges, drawer_id: None, reason: reason.clone() };
        prop_assert_eq!(again(&body).parse(), body.parse());
        let body = RefundOrder { refund_id, amount, tip, lines, restock, charges, payment_ids: payments, drawer_id: None, reason };
        prop_assert_eq!(again(&body).parse(), body.parse());
    }

    #[test]
    fn stock(
        sku in id(domain::ids::Sku), milli in -QtyMilli::MAX.0..=QtyMilli::MAX.0, reason in note(),
        us in option::of(-62_135_596_800_000_000_i64..=253_402_300_799_999_999),
    ) {
        let body = AdjustStock { sku, delta: Wire(QtyMilli(milli)), reason };
        prop_assert_eq!(again(&body).parse(), body.parse());
        let body = Mark86 { sku, until: us.map(|us| Wire(domain::calendar::Timestamp(us))) };
        prop_assert_eq!(again(&body).parse(), body.parse());
    }

    #[test]
    fn tokens(role in named::<Role>(), label in text()) {
        let body = IssueToken { role, label, stores: None, expires_at: None };
        prop_assert_eq!(&again(&body), &body);
    }

    #[test]
    fn batches(number in 1..u128::MAX, body in order(), if_match in option::of(any::<u64>())) {
        let store = domain::ids::StoreId::parse("s1").unwrap();
        let command = BatchCommand { if_match, ..BatchCommand::new(CommandId(number), CommandKind::OpenOrder) };
        let command = command.with_body(&body);
        let written = serde_json::to_vec(&command).unwrap();
        let read: BatchCommand = parse_body(&written).unwrap();
        prop_assert_eq!(read.parse(store), command.parse(store));
    }

    #[test]
    fn nonsense_is_refused_and_never_panics(body in "\\PC{0,60}") {
        drop(parse_body::<OpenOrder>(body.as_bytes()));
        drop(parse_body::<schemas::json::batch::Batch>(body.as_bytes()));
    }
}
