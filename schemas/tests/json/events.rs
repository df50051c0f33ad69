//! Recorded events in JSON: every type, as it reads.

use domain::calendar::{CutOff, Date, LocalDateTime, TimeOfDay, Timestamp, Weekday};
use domain::check::CheckId;
use domain::command::Source;
use domain::event::*;
use domain::ids::*;
use domain::kitchen::Kitchen;
use domain::menu::{Daypart, Item, ItemPrice, ModeTaxes, Modifier, ModifierGroup, Tax, Variation};
use domain::money::{Currency, Money, Ppm, QtyMilli};
use domain::pricing::{ChargeTotals, DiscountPart, LineTotals, PriceRules, TaxRate, TaxRules, TaxTotal, Totals};
use domain::staff::{Approvals, Right, Rights};
use domain::store::Settings;
use domain::stream::Stream;
use proptest::prelude::{any, prop_assert_eq, proptest};
use schemas::json::event::{EventData, Recorded, StreamName};
use schemas::json::{EventJson, PositionToken, Receipt, ReceiptEvent, WriteError};
use schemas::stored::{EVENT_TYPES, type_name_of};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use std::sync::Arc;

fn text(text: &str) -> Text {
    Text::parse(text).unwrap()
}

macro_rules! ids {
    ($($name:ident: $type:ident = $text:literal;)*) => {$(
        fn $name() -> $type {
            $type::parse($text).unwrap()
        }
    )*};
}

ids! {
    tenant: TenantId = "demo";
    store: StoreId = "s1";
    item: ItemId = "pizza";
    group: GroupId = "toppings";
    modifier: ModifierId = "olives";
    variation: VariationId = "large";
    tax: TaxId = "vat";
    sku: Sku = "dough";
    line: LineId = "l1";
    order_id: OrderId = "o1";
    payment_id: PaymentId = "p1";
    token: TokenId = "tok_1";
    charge: ChargeId = "c1";
    discount: DiscountId = "d1";
    refund: RefundId = "r1";
    drawer: DrawerId = "d1";
}

fn parts() -> MoneyParts {
    MoneyParts { applied: Money(1_089), tip: Money(100), unapplied: Money(7) }
}

fn refunded_lines() -> Vec<RefundedLine> {
    vec![RefundedLine {
        line: line(),
        qty: QtyMilli(500),
        discount: Money(10),
        net: Money(1_000),
        tax_exclusive: Money(89),
        tax_inclusive: Money(0),
        charges: None,
    }]
}

fn eur() -> Currency {
    Currency::new("EUR", 2).unwrap()
}

fn noon() -> Timestamp {
    Timestamp(1_795_348_800_000_000)
}

fn rate() -> TaxRate {
    TaxRate { tax: tax(), rate: Ppm(100_000), inclusive: true, compound: false }
}

fn settings() -> Settings {
    Settings {
        name: text("Old Town"),
        currency: eur(),
        time_zone: text("Europe/Madrid"),
        cut_off: CutOff::parse("04:00").unwrap(),
        rules: PriceRules::default(),
        payment_timeout_s: 900,
        approvals: Approvals::default(),
        cash_shifts: domain::store::CashShifts::Off,
        kitchen: Kitchen::Off,
        offline_age_s: None,
        seals_texts: false,
        offline: Default::default(),
    }
}

fn menu_events() -> Vec<(Event, &'static str)> {
    let plain = Item {
        id: item(),
        name: text("Pizza \"M\""),
        category: None,
        price: ItemPrice::Fixed(Money(1_150)),
        variations: vec![],
        groups: vec![],
        taxes: vec![],
        sku: None,
        station: None,
        mode_taxes: vec![],
        dayparts: vec![],
    };
    let open = Item { price: ItemPrice::Open, ..plain.clone() };
    let large = Variation { id: variation(), name: text("Large"), price: Money(1_450), sku: Some(sku()) };
    let full = Item {
        category: Some(text("Food")),
        price: ItemPrice::Fixed(Money::ZERO),
        variations: vec![large],
        groups: vec![group()],
        taxes: vec![tax()],
        sku: Some(sku()),
        ..plain.clone()
    };
    let olives = |default| Modifier { id: modifier(), name: text("Olives"), price: Money(-10), default };
    let toppings = ModifierGroup {
        id: group(),
        name: text("Toppings"),
        min: 0,
        max: 3,
        allow_qty: false,
        modifiers: vec![olives(true), olives(false)],
        free: 0,
    };
    let vat = Tax { id: tax(), name: text("VAT"), rate: Ppm(100_000), inclusive: true, compound: false };
    let lunch = DaypartId::parse("lunch").unwrap();
    let away = ModeTaxes { dining_mode: DiningMode::TakeAway, taxes: vec![tax()] };
    let by_mode = Item { mode_taxes: vec![away], dayparts: vec![lunch], ..plain.clone() };
    let daypart = Daypart {
        id: lunch,
        name: text("Lunch"),
        from: TimeOfDay::parse("11:30").unwrap(),
        to: TimeOfDay::parse("15:00").unwrap(),
        weekdays: vec![Weekday::Monday, Weekday::Sunday],
    };
    let menu = Event::Menu;
    vec![
        (
            menu(MenuEvent::ItemUpserted(by_mode)),
            concat!(
                r#"{"item_id":"pizza","name":"Pizza \"M\"","price":1150,"modifier_groups":[],"taxes":[],"#,
                r#""dining_mode_taxes":[{"dining_mode":"take_away","taxes":["vat"]}],"dayparts":["lunch"]}"#,
            ),
        ),
        (
            menu(MenuEvent::ModifierGroupUpserted(ModifierGroup { modifiers: vec![], free: 2, ..toppings.clone() })),
            r#"{"group_id":"toppings","name":"Toppings","min":0,"max":3,"allow_qty":false,"modifiers":[],"free":2}"#,
        ),
        (
            menu(MenuEvent::TaxUpserted(Tax { inclusive: false, compound: true, ..vat.clone() })),
            r#"{"tax_id":"vat","name":"VAT","percent_ppm":100000,"inclusive":false,"compound":true}"#,
        ),
        (
            menu(MenuEvent::DaypartUpserted(daypart)),
            r#"{"daypart_id":"lunch","name":"Lunch","from":"11:30","to":"15:00","weekdays":["monday","sunday"]}"#,
        ),
        (
            menu(MenuEvent::ItemUpserted(plain)),
            r#"{"item_id":"pizza","name":"Pizza \"M\"","price":1150,"modifier_groups":[],"taxes":[]}"#,
        ),
        (
            menu(MenuEvent::ItemUpserted(open)),
            r#"{"item_id":"pizza","name":"Pizza \"M\"","open_price":true,"modifier_groups":[],"taxes":[]}"#,
        ),
        (
            menu(MenuEvent::ItemUpserted(full)),
            concat!(
                r#"{"item_id":"pizza","name":"Pizza \"M\"","category":"Food","#,
                r#""variations":[{"variation_id":"large","name":"Large","price":1450,"sku":"dough"}],"#,
                r#""modifier_groups":["toppings"],"taxes":["vat"],"sku":"dough"}"#,
            ),
        ),
        (menu(MenuEvent::ItemRetired { item: item() }), r#"{"item_id":"pizza"}"#),
        (
            menu(MenuEvent::ModifierGroupUpserted(toppings)),
            concat!(
                r#"{"group_id":"toppings","name":"Toppings","min":0,"max":3,"allow_qty":false,"#,
                r#""modifiers":[{"modifier_id":"olives","name":"Olives","price":-10,"default":true},"#,
                r#"{"modifier_id":"olives","name":"Olives","price":-10,"default":false}]}"#,
            ),
        ),
        (menu(MenuEvent::TaxUpserted(vat)), r#"{"tax_id":"vat","name":"VAT","percent_ppm":100000,"inclusive":true}"#),
        (
            menu(MenuEvent::MenuPublished { version: 3, content_hash: 0xabc }),
            r#"{"version":3,"content_hash":"0000000000000abc"}"#,
        ),
    ]
}

fn setup_events() -> Vec<(Event, &'static str)> {
    let issued = |terms| AccessEvent::TokenIssued {
        token: token(),
        role: Role::Pos,
        label: text("Till 1"),
        secret_sha256: [7; 32],
        terms,
    };
    let (device, store) = (DeviceId::parse("k7qf93xm").unwrap(), StoreId::parse("s1").unwrap());
    let bound = Terms {
        issuer: Some(token()),
        expires_at: Some(Timestamp(0)),
        stores: Some(vec![store]),
        device: Some(device),
        staff: None,
    };
    let activity = Activity {
        since: Timestamp(0),
        credential: Some(token()),
        act: Act::Read,
        operation: text("GET /v1/feed"),
        code: None,
        count: 2,
        bytes: 70_000,
    };
    let added = AccessEvent::DeviceAdded {
        device,
        store,
        terminal: TerminalId::parse("till_1").unwrap(),
        role: Role::Pos,
        label: text("Till 1"),
        code_sha256: [8; 32],
        expires_at: Timestamp(0),
        issuer: Some(token()),
    };
    let (staff, rights) = (ActorId::parse("ana").unwrap(), Rights::of([Right::Discount, Right::Comp]));
    let price = |variation, price| Event::StoreMenu(StoreMenuEvent::StorePriceSet { item: item(), variation, price });
    let unavailable = StoreMenuEvent::StoreAvailabilitySet { item: item(), available: false };
    vec![
        (Event::Access(issued(None)), r#"{"token_id":"tok_1","role":"pos","label":"Till 1"}"#),
        (
            Event::Access(issued(Some(bound))),
            concat!(
                r#"{"token_id":"tok_1","role":"pos","label":"Till 1","terms":{"issuer":"tok_1","#,
                r#""expires_at":"1970-01-01T00:00:00.000000Z","stores":["s1"],"device_id":"k7qf93xm"}}"#,
            ),
        ),
        (
            Event::Access(added),
            concat!(
                r#"{"device_id":"k7qf93xm","store":"s1","terminal":"till_1","role":"pos","label":"Till 1","#,
                r#""expires_at":"1970-01-01T00:00:00.000000Z","issuer":"tok_1"}"#,
            ),
        ),
        (
            Event::Access(AccessEvent::DeviceEnrolled { device, token: token() }),
            r#"{"device_id":"k7qf93xm","token_id":"tok_1"}"#,
        ),
        (Event::Access(AccessEvent::DeviceRemoved { device }), r#"{"device_id":"k7qf93xm"}"#),
        (Event::Access(AccessEvent::TokenRevoked { token: token() }), r#"{"token_id":"tok_1"}"#),
        (
            Event::Security(SecurityEvent::ActivityRecorded(activity.clone())),
            concat!(
                r#"{"since":"1970-01-01T00:00:00.000000Z","token_id":"tok_1","act":"read","operation":"GET /v1/feed","#,
                r#""count":2,"bytes":70000}"#
            ),
        ),
        (
            Event::Security(SecurityEvent::ActivityRecorded(Activity {
                credential: None,
                act: Act::Refused,
                code: Some(text("unauthenticated")),
                ..activity
            })),
            concat!(
                r#"{"since":"1970-01-01T00:00:00.000000Z","act":"refused","operation":"GET /v1/feed","#,
                r#""code":"unauthenticated","count":2,"bytes":70000}"#
            ),
        ),
        (
            Event::Access(AccessEvent::StaffChanged { staff, rights, discount_limit: Some(Ppm(200_000)) }),
            r#"{"staff_id":"ana","rights":["discount","comp"],"discount_limit_ppm":200000}"#,
        ),
        (
            Event::Access(AccessEvent::PinSet { staff, salt: [9; 32], argon2id: [10; 32], by: staff }),
            r#"{"staff_id":"ana","set_by":"ana"}"#,
        ),
        (
            Event::Access(AccessEvent::SignInFailed { staff, device, locked_until: Some(Timestamp(0)) }),
            r#"{"staff_id":"ana","device_id":"k7qf93xm","locked_until":"1970-01-01T00:00:00.000000Z"}"#,
        ),
        (Event::Access(AccessEvent::PinShown { staff, device }), r#"{"staff_id":"ana","device_id":"k7qf93xm"}"#),
        (Event::Access(AccessEvent::StaffRemoved { staff }), r#"{"staff_id":"ana"}"#),
        (
            Event::Access(AccessEvent::TextsErased { customer: Some(1), store: None, order: None }),
            r#"{"customer_hmac":"00000000000000000000000000000001"}"#,
        ),
        (
            Event::Store(StoreEvent::StoreOpened(settings())),
            concat!(
                r#"{"name":"Old Town","currency":"EUR","time_zone":"Europe/Madrid","cut_off":"04:00","#,
                r#""rounding":"half_even","tax_rounding":"line","payment_timeout_s":900,"#,
                r#""approvals":{"needed":[],"discount_limit_ppm":0,"self_approval":false},"cash_shifts":"off","kitchen":"off"}"#,
            ),
        ),
        (
            Event::Store(StoreEvent::StoreSettingsChanged(settings())),
            concat!(
                r#"{"name":"Old Town","currency":"EUR","time_zone":"Europe/Madrid","cut_off":"04:00","#,
                r#""rounding":"half_even","tax_rounding":"line","payment_timeout_s":900,"#,
                r#""approvals":{"needed":[],"discount_limit_ppm":0,"self_approval":false},"cash_shifts":"off","kitchen":"off"}"#,
            ),
        ),
        (Event::StoreMenu(StoreMenuEvent::MenuAdopted { version: 3 }), r#"{"version":3}"#),
        (price(None, None), r#"{"item_id":"pizza","price":null}"#),
        (price(Some(variation()), Some(Money(1_200))), r#"{"item_id":"pizza","variation_id":"large","price":1200}"#),
        (Event::StoreMenu(unavailable), r#"{"item_id":"pizza","available":false}"#),
    ]
}

fn opening() -> Opening {
    Opening {
        channel: Channel::Pos,
        dining_mode: DiningMode::DineIn,
        pay_mode: PayMode::Later,
        table: Some(TableId::parse("t4").unwrap()),
        guests: 2,
        customer_ref: Some(CustomerRef::parse("cust_81").unwrap()),
        currency: eur(),
        display_number: text("17"),
        business_date: Date::from_ymd(2026, 11, 21).unwrap(),
        opened_local: LocalDateTime::new(Date::from_ymd(2026, 11, 22).unwrap(), 1, 2, 3).unwrap(),
        time_zone: text("Europe/Madrid"),
        rules: PriceRules::default(),
        imported: false,
        kitchen: Kitchen::Off,
        training: false,
        promised_at: None,
        tax_rules: TaxRules::First,
        dues_apart: false,
    }
}

fn full_line() -> Line {
    let olives = LineModifier {
        group: group(),
        modifier: modifier(),
        name: text("Olives"),
        unit_price: Money(100),
        qty: 2,
        free: 0,
    };
    Line {
        line: line(),
        item: item(),
        name: text("Pizza"),
        category: Some(text("Food")),
        variation: Some(Box::new((variation(), text("Large")))),
        qty: QtyMilli(2_000),
        unit_base: Money(1_450),
        modifiers: vec![olives],
        unit: Money(1_650),
        taxes: vec![rate()],
        sku: Some(sku()),
        menu_version: 3,
        seat: Some(1),
        course: Some(2),
        note: Some(text("Extra hot")),
        allergens: Some(text("Sesame")),
        station: None,
    }
}

pub fn plain_line() -> Line {
    Line {
        category: None,
        variation: None,
        qty: QtyMilli(250),
        modifiers: vec![],
        taxes: vec![],
        sku: None,
        seat: None,
        course: None,
        note: None,
        allergens: None,
        ..full_line()
    }
}

fn totals() -> Totals {
    let line = LineTotals {
        gross: Money(3_300),
        discount: Money(330),
        net: Money(2_970),
        tax_exclusive: Money(0),
        tax_inclusive: Money(270),
    };
    Totals {
        lines: vec![line],
        discounts: vec![Money(330)],
        discount_parts: vec![DiscountPart { discount: 0, line: 0, amount: Money(330) }],
        taxes: vec![TaxTotal { tax: rate(), taxable: Money(2_700), amount: Money(270) }],
        charges: vec![ChargeTotals { amount: Money(250), tax_exclusive: Money(0), tax_inclusive: Money(23) }],
        gross: Money(3_300),
        discount: Money(330),
        net: Money(2_970),
        tax_exclusive: Money(0),
        tax_inclusive: Money(270),
        charges_total: Money(250),
        charge_tax_exclusive: Money(0),
        charge_tax_inclusive: Money(23),
        total: Money(3_220),
    }
}

fn order_events() -> Vec<(Event, &'static str)> {
    let order = |event| Event::Order(order_id(), event);
    let reduced = |scope, rate| {
        OrderEvent::DiscountApplied(Discount { discount: discount(), scope, rate, reason: text("Regular") })
    };
    let charged = |rate, phase| {
        OrderEvent::ServiceChargeApplied(ServiceCharge { charge: charge(), name: text("Service"), rate, phase })
    };
    let subtotal = ChargePhase::Subtotal { pre_discount: false, taxes: vec![rate()] };
    let cash = Tender::Cash;
    let card = Tender::External(TenderId::parse("card").unwrap());
    let with_charges = ChargeTotals { amount: Money(108), tax_exclusive: Money(20), tax_inclusive: Money(0) };
    let refundable =
        |why| OrderEvent::PaymentNotApplicable { payment: payment_id(), tender: card, unapplied: Money(500), why };
    let (amount, tip, check) = (Money(3_220), Money(100), CheckId::FIRST);
    let applied = OrderEvent::PaymentApplied { payment: payment_id(), tender: cash, amount, tip, check };
    let cancelled = |reason| OrderEvent::OrderCancelled { reason };
    let plain_opening = Opening { table: None, customer_ref: None, imported: true, training: true, ..opening() };
    vec![
        (
            order(OrderEvent::OrderOpened(opening())),
            concat!(
                r#"{"channel":"pos","dining_mode":"dine_in","pay_mode":"later","table":"t4","guests":2,"#,
                r#""customer_ref":"cust_81","currency":"EUR","display_number":"17","business_date":"2026-11-21","#,
                r#""opened_local":"2026-11-22T01:02:03","time_zone":"Europe/Madrid","rounding":"half_even","#,
                r#""tax_rounding":"line","imported":false}"#,
            ),
        ),
        (
            order(OrderEvent::OrderOpened(plain_opening)),
            concat!(
                r#"{"channel":"pos","dining_mode":"dine_in","pay_mode":"later","guests":2,"currency":"EUR","#,
                r#""display_number":"17","business_date":"2026-11-21","opened_local":"2026-11-22T01:02:03","#,
                r#""time_zone":"Europe/Madrid","rounding":"half_even","tax_rounding":"line","imported":true,"training":true}"#,
            ),
        ),
        (
            order(OrderEvent::LineAdded(Arc::new(full_line()))),
            concat!(
                r#"{"line_id":"l1","item_id":"pizza","name":"Pizza","category":"Food","variation_id":"large","#,
                r#""variation_name":"Large","qty":2,"unit_base":1450,"modifiers":[{"group_id":"toppings","#,
                r#""modifier_id":"olives","name":"Olives","unit_price":100,"qty":2}],"unit":1650,"#,
                r#""taxes":[{"tax_id":"vat","percent_ppm":100000,"inclusive":true}],"sku":"dough","#,
                r#""menu_version":3,"seat":1,"course":2,"note":"Extra hot","allergens":"Sesame"}"#,
            ),
        ),
        (
            order(OrderEvent::LineAdded(Arc::new(plain_line()))),
            concat!(
                r#"{"line_id":"l1","item_id":"pizza","name":"Pizza","qty":0.25,"unit_base":1450,"modifiers":[],"#,
                r#""unit":1650,"taxes":[],"menu_version":3}"#,
            ),
        ),
        (order(OrderEvent::LineQtyChanged { line: line(), qty: QtyMilli(1_500) }), r#"{"line_id":"l1","qty":1.5}"#),
        (order(OrderEvent::LineRemoved { line: line() }), r#"{"line_id":"l1"}"#),
        (
            order(OrderEvent::OrderOpened(Opening {
                table: None,
                customer_ref: None,
                promised_at: Some(noon()),
                tax_rules: TaxRules::Second,
                ..opening()
            })),
            concat!(
                r#"{"channel":"pos","dining_mode":"dine_in","pay_mode":"later","guests":2,"currency":"EUR","#,
                r#""display_number":"17","business_date":"2026-11-21","opened_local":"2026-11-22T01:02:03","#,
                r#""time_zone":"Europe/Madrid","rounding":"half_even","tax_rounding":"line","imported":false,"#,
                r#""promised_at":"2026-11-22T12:00:00.000000Z","tax_rules":"second"}"#,
            ),
        ),
        (
            order(OrderEvent::LineDetailsChanged {
                line: line(),
                seat: Some(3),
                course: None,
                note: Text::parse_note("no onions\nno garlic").ok(),
                allergens: None,
            }),
            r#"{"line_id":"l1","seat":3,"note":"no onions\nno garlic"}"#,
        ),
        (
            order(OrderEvent::LinePriceOverridden {
                line: line(),
                was: Money(1_450),
                unit_base: Money(900),
                unit: Money(1_100),
                reason: text("Poster"),
            }),
            r#"{"line_id":"l1","was":1450,"unit_base":900,"unit":1100,"reason":"Poster"}"#,
        ),
        (
            order(OrderEvent::DiningModeChanged {
                dining_mode: DiningMode::TakeAway,
                lines: vec![LineTaxes {
                    line: line(),
                    taxes: vec![TaxRate { inclusive: false, compound: true, ..rate() }],
                }],
            }),
            concat!(
                r#"{"dining_mode":"take_away","lines":[{"line_id":"l1","#,
                r#""taxes":[{"tax_id":"vat","percent_ppm":100000,"inclusive":false,"compound":true}]}]}"#,
            ),
        ),
        (order(OrderEvent::OrderTaxExempted { reason: text("Embassy") }), r#"{"reason":"Embassy"}"#),
        (order(OrderEvent::TaxExemptionEnded), "{}"),
        (order(OrderEvent::LinesHeld { lines: units() }), r#"{"lines":[{"line_id":"l1","qty":1.5}]}"#),
        (order(OrderEvent::LinesServed { lines: units() }), r#"{"lines":[{"line_id":"l1","qty":1.5}]}"#),
        (
            order(OrderEvent::LinesFired {
                fire: 2,
                lines: vec![FiredLine { line: line(), qty: QtyMilli(1_500), taken: QtyMilli(1_000) }],
            }),
            r#"{"fire":2,"lines":[{"line_id":"l1","qty":1.5,"taken":1}]}"#,
        ),
        (
            order(OrderEvent::LineVoided {
                line: line(),
                qty: QtyMilli(2_000),
                fired: QtyMilli(1_000),
                reason: text("Dropped"),
                wasted: true,
            }),
            r#"{"line_id":"l1","qty":2,"fired":1,"reason":"Dropped","wasted":true}"#,
        ),
        (
            order(OrderEvent::LinesComped { discount: discount(), lines: vec![line()], reason: text("Regular") }),
            r#"{"discount_id":"d1","line_ids":["l1"],"reason":"Regular"}"#,
        ),
        (
            order(OrderEvent::OrderMovedToTable {
                from: Some(TableId::parse("t4").unwrap()),
                to: TableId::parse("t7").unwrap(),
            }),
            r#"{"from":"t4","to":"t7"}"#,
        ),
        (order(OrderEvent::OrderMovedToTable { from: None, to: TableId::parse("t7").unwrap() }), r#"{"to":"t7"}"#),
        (order(OrderEvent::GuestsChanged { guests: 5 }), r#"{"guests":5}"#),
        (
            order(OrderEvent::DocumentPrinted { document: Document::Receipt, check: CheckId::FIRST, copy: 2 }),
            r#"{"document":"receipt","check_id":1,"copy":2}"#,
        ),
        (order(OrderEvent::ServerAssigned { staff: ActorId::parse("ana").unwrap() }), r#"{"staff":"ana"}"#),
        (
            order(reduced(DiscountScope::Order, Rate::Percent(Ppm(100_000)))),
            r#"{"discount_id":"d1","percent_ppm":100000,"reason":"Regular"}"#,
        ),
        (
            order(reduced(DiscountScope::Lines(vec![line()]), Rate::Amount(Money(330)))),
            r#"{"discount_id":"d1","line_ids":["l1"],"amount":330,"reason":"Regular"}"#,
        ),
        (order(OrderEvent::DiscountRemoved { discount: discount() }), r#"{"discount_id":"d1"}"#),
        (
            order(charged(Rate::Percent(Ppm(125_000)), subtotal)),
            concat!(
                r#"{"charge_id":"c1","name":"Service","percent_ppm":125000,"phase":"subtotal","#,
                r#""pre_discount":false,"taxes":[{"tax_id":"vat","percent_ppm":100000,"inclusive":true}]}"#,
            ),
        ),
        (
            order(charged(Rate::Amount(Money(250)), ChargePhase::Total)),
            r#"{"charge_id":"c1","name":"Service","amount":250,"phase":"total"}"#,
        ),
        (order(OrderEvent::ServiceChargeRemoved { charge: charge() }), r#"{"charge_id":"c1"}"#),
        (
            order(OrderEvent::OrderPlaced { totals: totals(), deadline: Some(noon()) }),
            concat!(
                r#"{"totals":{"gross":3300,"discount":330,"net":2970,"tax_exclusive":0,"tax_inclusive":270,"#,
                r#""charges_total":250,"charge_tax_exclusive":0,"charge_tax_inclusive":23,"total":3220,"#,
                r#""lines":[{"gross":3300,"discount":330,"net":2970,"tax_exclusive":0,"tax_inclusive":270}],"#,
                r#""discounts":[330],"discount_parts":[{"discount_index":0,"line_index":0,"amount":330}],"#,
                r#""taxes":[{"tax_id":"vat","percent_ppm":100000,"inclusive":true,"taxable":2700,"amount":270}],"#,
                r#""charges":[{"amount":250,"tax_exclusive":0,"tax_inclusive":23}]},"#,
                r#""deadline":"2026-11-22T12:00:00.000000Z"}"#,
            ),
        ),
        (
            order(OrderEvent::OrderRepriced { totals: Totals::default(), void: false }),
            concat!(
                r#"{"totals":{"gross":0,"discount":0,"net":0,"tax_exclusive":0,"tax_inclusive":0,"#,
                r#""charges_total":0,"charge_tax_exclusive":0,"charge_tax_inclusive":0,"total":0,"lines":[],"#,
                r#""discounts":[],"discount_parts":[],"taxes":[],"charges":[]}}"#,
            ),
        ),
        (order(applied), r#"{"payment_id":"p1","check_id":1,"tender":"cash","amount":3220,"tip":100}"#),
        (
            order(refundable(NotApplicable::OrderCancelled)),
            r#"{"payment_id":"p1","tender":"card","unapplied":500,"why":"order_cancelled"}"#,
        ),
        (
            order(refundable(NotApplicable::NothingDue)),
            r#"{"payment_id":"p1","tender":"card","unapplied":500,"why":"nothing_due"}"#,
        ),
        (
            order(OrderEvent::RefundRecorded {
                refund: refund(),
                payment: payment_id(),
                tender: cash,
                parts: parts(),
                lines: vec![],
                posting_date: Date::from_ymd(2026, 11, 23).unwrap(),
                taxes: vec![],
                check: None,
                reversed: Money::ZERO,
            }),
            concat!(
                r#"{"refund_id":"r1","payment_id":"p1","tender":"cash","applied":1089,"tip":100,"unapplied":7,"#,
                r#""lines":[],"posting_date":"2026-11-23"}"#,
            ),
        ),
        (
            order(OrderEvent::RefundRecorded {
                refund: refund(),
                payment: payment_id(),
                tender: cash,
                parts: parts(),
                lines: refunded_lines()
                    .into_iter()
                    .map(|line| RefundedLine { charges: Some(with_charges), ..line })
                    .collect(),
                posting_date: Date::from_ymd(2026, 11, 23).unwrap(),
                taxes: vec![],
                check: CheckId::new(2),
                reversed: Money(9),
            }),
            concat!(
                r#"{"refund_id":"r1","payment_id":"p1","tender":"cash","applied":1089,"tip":100,"unapplied":7,"#,
                r#""lines":[{"line_id":"l1","qty":0.5,"discount":10,"net":1000,"tax_exclusive":89,"tax_inclusive":0,"#,
                r#""charges":{"amount":108,"tax_exclusive":20,"tax_inclusive":0}}],"#,
                r#""posting_date":"2026-11-23","check_id":2,"reversed":9}"#,
            ),
        ),
        (order(cancelled(CancelReason::PaymentTimeout)), r#"{"why":"payment_timeout"}"#),
        (order(cancelled(CancelReason::Requested(text("Guest left")))), r#"{"why":"requested","reason":"Guest left"}"#),
        (order(OrderEvent::OrderCompleted { total: Money(3_220) }), r#"{"total":3220}"#),
    ]
}

fn payment_events() -> Vec<(Event, &'static str)> {
    let payment = |event| Event::Payment(payment_id(), event);
    let initiated = |tender, deadline| PaymentEvent::PaymentInitiated {
        order: order_id(),
        tender,
        amount: Money(3_220),
        tip: Money(100),
        currency: eur(),
        deadline,
        check: CheckId::new(2).unwrap(),
    };
    let captured = |tendered: Option<i64>, change: Option<i64>| PaymentEvent::PaymentCaptured {
        amount: Money(3_220),
        tip: Money(100),
        tendered: tendered.map(Money),
        change: change.map(Money),
    };
    let card = Tender::External(TenderId::parse("card").unwrap());
    let flagged = |why| PaymentEvent::PaymentFlagged { why };
    let differs = Flag::AmountDiffers { requested: Money(3_320), captured: Money(3_000) };
    let ignored = |outcome| PaymentEvent::PaymentOutcomeIgnored { outcome };
    vec![
        (
            payment(initiated(Tender::Cash, None)),
            r#"{"order_id":"o1","check_id":2,"tender":"cash","amount":3220,"tip":100,"currency":"EUR"}"#,
        ),
        (
            payment(initiated(card, Some(noon()))),
            concat!(
                r#"{"order_id":"o1","check_id":2,"tender":"card","amount":3220,"tip":100,"currency":"EUR","#,
                r#""deadline":"2026-11-22T12:00:00.000000Z"}"#,
            ),
        ),
        (payment(captured(Some(4_000), Some(680))), r#"{"amount":3220,"tip":100,"tendered":4000,"change":680}"#),
        (payment(captured(None, None)), r#"{"amount":3220,"tip":100}"#),
        (payment(PaymentEvent::PaymentFailed { code: text("do_not_honour") }), r#"{"code":"do_not_honour"}"#),
        (payment(PaymentEvent::PaymentExpired), r#"{}"#),
        (payment(flagged(Flag::LateCapture)), r#"{"why":"late_capture"}"#),
        (payment(flagged(Flag::NotApplicable)), r#"{"why":"not_applicable"}"#),
        (payment(flagged(differs)), r#"{"why":"amount_differs","requested":3320,"captured":3000}"#),
        (payment(ignored(IgnoredOutcome::Failed)), r#"{"outcome":"failed"}"#),
        (payment(PaymentEvent::PaymentReferenceRecorded { reference: text("A 4711") }), r#"{"reference":"A 4711"}"#),
        (payment(ignored(IgnoredOutcome::Captured)), r#"{"outcome":"captured"}"#),
        (payment(flagged(Flag::RefundInDoubt)), r#"{"why":"refund_in_doubt"}"#),
        (payment(flagged(Flag::CurrencyDiffers)), r#"{"why":"currency_differs"}"#),
        (payment(flagged(Flag::ReferenceDiffers)), r#"{"why":"reference_differs"}"#),
        (
            payment(PaymentEvent::AuthorisationRequested { account: account(), capture: Capture::Later, step: None }),
            r#"{"provider_account":"acme_card","capture":"manual"}"#,
        ),
        (
            payment(received(ProviderSaid::RefundFailed { refund: refund(), code: text("closed") }, true)),
            concat!(
                r#"{"provider_event_id":"evt_1","provider_ref":"pay_1","kind":"refund_failed","code":"closed","#,
                r#""refund_id":"r1","amount":3320,"currency":"EUR","body_sha256":"#,
                r#""0707070707070707070707070707070707070707070707070707070707070707"}"#,
            ),
        ),
        (
            payment(received(ProviderSaid::Captured, false)),
            concat!(
                r#"{"provider_event_id":"evt_1","kind":"captured","body_sha256":"#,
                r#""0707070707070707070707070707070707070707070707070707070707070707"}"#,
            ),
        ),
        (payment(PaymentEvent::PaymentAuthorised { amount: Money(3_320) }), r#"{"amount":3320}"#),
        (
            payment(PaymentEvent::CaptureRequested { amount: Money(3_220), tip: Money(100) }),
            r#"{"amount":3220,"tip":100}"#,
        ),
        (payment(PaymentEvent::VoidRequested { why: VoidReason::OrderClosed }), r#"{"why":"order_closed"}"#),
        (payment(PaymentEvent::PaymentVoided), r#"{}"#),
        (payment(PaymentEvent::PaymentDisputed), r#"{}"#),
        (payment(PaymentEvent::TipAdjusted { tip: Money(100) }), r#"{"tip":100}"#),
        (payment(PaymentEvent::ProviderEventIgnored { why: IgnoredMessage::Outranked }), r#"{"why":"outranked"}"#),
        (
            payment(PaymentEvent::PaymentReviewed {
                flag: Revision(3),
                decision: Decision::Accept,
                reason: text("Tip at the terminal"),
            }),
            r#"{"flag":3,"decision":"accept","reason":"Tip at the terminal"}"#,
        ),
        (
            payment(PaymentEvent::RefundRequested {
                refund: refund(),
                parts: parts(),
                lines: refunded_lines(),
                restock: true,
                reason: text("Cold"),
            }),
            concat!(
                r#"{"refund_id":"r1","applied":1089,"tip":100,"unapplied":7,"lines":[{"line_id":"l1","qty":0.5,"#,
                r#""discount":10,"net":1000,"tax_exclusive":89,"tax_inclusive":0}],"restock":true,"reason":"Cold"}"#,
            ),
        ),
        (payment(PaymentEvent::RefundSucceeded { refund: refund() }), r#"{"refund_id":"r1"}"#),
        (
            payment(PaymentEvent::RefundFailed { refund: refund(), code: text("closed") }),
            r#"{"refund_id":"r1","code":"closed"}"#,
        ),
        (
            payment(PaymentEvent::RefundOutcomeIgnored { refund: refund(), outcome: IgnoredRefund::Succeeded }),
            r#"{"refund_id":"r1","outcome":"succeeded"}"#,
        ),
        (
            payment(PaymentEvent::RefundOutcomeIgnored { refund: refund(), outcome: IgnoredRefund::Failed }),
            r#"{"refund_id":"r1","outcome":"failed"}"#,
        ),
    ]
}

fn drawer_events() -> Vec<(Event, &'static str)> {
    let drawer = |event| Event::Drawer(drawer(), event);
    let (shift, amount, payment) = (2, Money(500), payment_id());
    let business_date = Date::from_ymd(2026, 11, 22).unwrap();
    let closed = DrawerEvent::ShiftClosed { shift, expected: amount, counted: Money(490), over_short: Money(-10) };
    vec![
        (
            drawer(DrawerEvent::ShiftOpened { shift, float: Money(20_000), business_date }),
            r#"{"shift":2,"float":20000,"business_date":"2026-11-22"}"#,
        ),
        (
            drawer(DrawerEvent::CashPaidIn { shift, amount, reason: text("Coins") }),
            r#"{"shift":2,"amount":500,"reason":"Coins"}"#,
        ),
        (
            drawer(DrawerEvent::CashPaidOut { shift, amount, reason: text("Ice") }),
            r#"{"shift":2,"amount":500,"reason":"Ice"}"#,
        ),
        (drawer(DrawerEvent::DrawerRemoved), "{}"),
        (drawer(DrawerEvent::NoSaleRecorded { shift, reason: text("Change") }), r#"{"shift":2,"reason":"Change"}"#),
        (
            drawer(DrawerEvent::CashSaleRecorded { shift, payment, amount }),
            r#"{"shift":2,"payment_id":"p1","amount":500}"#,
        ),
        (
            drawer(DrawerEvent::CashRefundRecorded { shift, payment, refund: refund(), amount }),
            r#"{"shift":2,"payment_id":"p1","refund_id":"r1","amount":500}"#,
        ),
        (drawer(closed), r#"{"shift":2,"expected":500,"counted":490,"over_short":-10}"#),
        (Event::Day(DayEvent::DayOpened { date: business_date, carried: None }), r#"{"business_date":"2026-11-22"}"#),
        (
            Event::Day(DayEvent::DayClosed(Box::new(DayClosing {
                date: business_date,
                z_number: 7,
                totals: DayTotals { orders: 1, sales: amount, refunded: Money(5), ..DayTotals::default() },
                cumulative_total: Money(9_000),
                pending: Pending {
                    orders_count: 1,
                    due: amount,
                    orders: vec![order_id()],
                    gaps_count: 1,
                    gaps: vec![TerminalGap {
                        terminal: TerminalId::parse("till_1").unwrap(),
                        first: TerminalSeq(3),
                        last: TerminalSeq(5),
                    }],
                    ..Pending::default()
                },
                chain: Some(ChainHead { position: 17, hash: [0xab; 32] }),
            }))),
            concat!(
                r#"{"business_date":"2026-11-22","z_number":7,"totals":{"orders":1,"gross":0,"discounts":0,"#,
                r#""charges":0,"tax":0,"tax_inclusive":0,"sales":500,"cash":0,"other":0,"tips":0,"unapplied":0,"#,
                r#""refunds":0,"refunded":5,"refunded_cash":0},"cumulative_total":9000,"open_orders_count":1,"#,
                r#""open_orders_due":500,"open_orders":["o1"],"payments_in_flight_count":0,"#,
                r#""payments_in_flight":[],"open_shifts":[],"gaps_count":1,"#,
                r#""gaps":[{"terminal_id":"till_1","first":3,"last":5}],"last_hash_position":"0:17","#,
                r#""last_hash":"abababababababababababababababababababababababababababababababab"}"#,
            ),
        ),
    ]
}

fn units() -> Vec<LineUnits> {
    vec![LineUnits { line: line(), qty: QtyMilli(1_500) }]
}

fn ticket_events() -> Vec<(Event, &'static str)> {
    let ticket = |event| Event::Ticket(TicketId::parse("t17").unwrap(), event);
    let station = StationId::parse("grill").unwrap();
    let lines = r#"{"lines":[{"line_id":"l1","qty":1.5}]}"#;
    vec![
        (
            ticket(TicketEvent::TicketCreated { order: order_id(), fire: 1, station, lines: units() }),
            r#"{"order_id":"o1","fire":1,"station":"grill","lines":[{"line_id":"l1","qty":1.5}]}"#,
        ),
        (ticket(TicketEvent::TicketStarted), "{}"),
        (ticket(TicketEvent::TicketLineReady { line: line(), qty: QtyMilli(1_500) }), r#"{"line_id":"l1","qty":1.5}"#),
        (ticket(TicketEvent::TicketBumped { lines: units() }), lines),
        (ticket(TicketEvent::TicketRecalled { lines: units() }), lines),
        (ticket(TicketEvent::TicketLinesCancelled { lines: units() }), lines),
    ]
}

fn stock_events() -> Vec<(Event, &'static str)> {
    let stock = Event::Stock;
    let qty = QtyMilli(2_500);
    let lines = || vec![ReservedLine { line: line(), sku: sku(), qty: QtyMilli(2_000) }];
    let policy = |policy| StockEvent::StockPolicySet { sku: sku(), policy };
    let received = |reference| StockEvent::StockReceived { sku: sku(), qty, reference };
    let released = |why| StockEvent::StockReleased { order: order_id(), lines: lines(), why };
    let counted = StockEvent::StockCounted { sku: sku(), counted: QtyMilli(87_000), delta: QtyMilli(-3_000) };
    vec![
        (
            stock(StockEvent::StockVoided { order: order_id(), line: lines()[0], wasted: true }),
            r#"{"order_id":"o1","line":{"line_id":"l1","sku":"dough","qty":2},"wasted":true}"#,
        ),
        (stock(policy(StockPolicy::Untracked)), r#"{"sku":"dough","policy":"untracked"}"#),
        (stock(policy(StockPolicy::Counted { auto86: true })), r#"{"sku":"dough","policy":"counted","auto86":true}"#),
        (stock(received(None)), r#"{"sku":"dough","qty":2.5}"#),
        (stock(received(Some(text("DN 4711")))), r#"{"sku":"dough","qty":2.5,"reference":"DN 4711"}"#),
        (stock(counted), r#"{"sku":"dough","counted":87,"delta":-3}"#),
        (
            stock(StockEvent::StockAdjusted { sku: sku(), delta: QtyMilli(-250), reason: text("Miscounted") }),
            r#"{"sku":"dough","delta":-0.25,"reason":"Miscounted"}"#,
        ),
        (
            stock(StockEvent::StockWasted { sku: sku(), qty, reason: text("Dropped") }),
            r#"{"sku":"dough","qty":2.5,"reason":"Dropped"}"#,
        ),
        (stock(StockEvent::ItemMarked86 { sku: sku(), until: None, auto: true }), r#"{"sku":"dough","auto":true}"#),
        (
            stock(StockEvent::ItemMarked86 { sku: sku(), until: Some(noon()), auto: false }),
            r#"{"sku":"dough","until":"2026-11-22T12:00:00.000000Z","auto":false}"#,
        ),
        (stock(StockEvent::ItemUnmarked86 { sku: sku() }), r#"{"sku":"dough"}"#),
        (
            stock(StockEvent::StockRestocked { order: order_id(), refund: refund(), lines: lines() }),
            r#"{"order_id":"o1","refund_id":"r1","lines":[{"line_id":"l1","sku":"dough","qty":2}]}"#,
        ),
        (
            stock(StockEvent::StockReserved { order: order_id(), lines: lines() }),
            r#"{"order_id":"o1","lines":[{"line_id":"l1","sku":"dough","qty":2}]}"#,
        ),
        (
            stock(StockEvent::StockCommitted { order: order_id(), lines: lines() }),
            r#"{"order_id":"o1","lines":[{"line_id":"l1","sku":"dough","qty":2}]}"#,
        ),
        (
            stock(released(ReleaseReason::OrderCancelled)),
            r#"{"order_id":"o1","lines":[{"line_id":"l1","sku":"dough","qty":2}],"why":"order_cancelled"}"#,
        ),
        (
            stock(released(ReleaseReason::PaymentTimeout)),
            r#"{"order_id":"o1","lines":[{"line_id":"l1","sku":"dough","qty":2}],"why":"payment_timeout"}"#,
        ),
        (
            stock(released(ReleaseReason::LineChanged)),
            r#"{"order_id":"o1","lines":[{"line_id":"l1","sku":"dough","qty":2}],"why":"line_changed"}"#,
        ),
    ]
}

fn all() -> Vec<(Event, &'static str)> {
    [
        menu_events(),
        setup_events(),
        order_events(),
        payment_events(),
        stock_events(),
        drawer_events(),
        ticket_events(),
        crate::floor::events(),
        crate::terminals::terminal_events(),
    ]
    .concat()
}

#[test]
fn every_event_reads_well() {
    for (event, json) in all() {
        assert_eq!(serde_json::to_string(&EventData(&event)).unwrap(), json, "{}", type_name_of(&event));
        assert_eq!(written(|to| EventData(&event).write(to)), Ok(json.to_owned()), "{}", type_name_of(&event));
    }
}

/// What stands behind what was there before; a value that has no form is its message.
fn written(write: impl FnOnce(&mut Vec<u8>) -> Result<(), WriteError>) -> Result<String, String> {
    let mut out = b"before".to_vec();
    write(&mut out).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(out).unwrap().strip_prefix("before").unwrap().to_owned())
}

/// The same JSON, every text in it as `serde_json` writes it.
fn again(json: &RawValue) -> String {
    let text = json.get();
    let listed = |parts: Vec<String>| parts.join(",");
    match text.as_bytes()[0] {
        b'{' => {
            let Pairs(pairs) = serde_json::from_str(text).unwrap();
            let member = |(name, value): &(String, Box<RawValue>)| format!("{}:{}", quoted(name), again(value));
            format!("{{{}}}", listed(pairs.iter().map(member).collect()))
        }
        b'[' => {
            let values: Vec<Box<RawValue>> = serde_json::from_str(text).unwrap();
            format!("[{}]", listed(values.iter().map(|value| again(value)).collect()))
        }
        b'"' => quoted(&serde_json::from_str::<String>(text).unwrap()),
        _ => text.to_owned(),
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// The members of an object in their order.
struct Pairs(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Pairs, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Pairs;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Pairs, A::Error> {
                std::iter::from_fn(|| from.next_entry().transpose()).collect::<Result<_, _>>().map(Pairs)
            }
        }

        from.deserialize_map(Object)
    }
}

proptest! {
    /// Receipts are written in a way of our own, and a repeat may be written by another version: the bytes are those of
    /// `serde_json`, whatever happened.
    #[test]
    fn receipts_are_written_as_serde_json_writes_them(
        events in proptest::collection::vec(crate::arbitrary::event(), 0..4),
        revision in proptest::option::of(any::<u64>()),
        position in any::<u64>(),
    ) {
        let streams = [Stream::Order(tenant(), store(), order_id()), Stream::Menu(tenant())];
        let position = PositionToken::new(position);
        let events = events.iter().zip(streams.iter().cycle());
        let receipt = Receipt {
            stream: StreamName(&streams[0]),
            revision: revision.map(Revision),
            position,
            events: events.map(|(event, stream)| ReceiptEvent::new(stream, Revision(7), position, event)).collect(),
        };
        match written(|to| receipt.write(to)) {
            Ok(json) => {
                prop_assert_eq!(&again(serde_json::from_str(&json).unwrap()), &json);
                prop_assert_eq!(serde_json::to_string(&receipt).unwrap(), json);
            }
            Err(error) => {
                prop_assert_eq!(&serde_json::to_string(&receipt).unwrap_err().to_string(), &error);
                prop_assert_eq!(error, "a time outside the years 1 to 9999");
            }
        }
    }
}

#[test]
fn every_type_is_there() {
    let shown: BTreeSet<_> = all().iter().map(|(event, _)| type_name_of(event)).collect();
    let known: BTreeSet<_> = EVENT_TYPES.iter().map(|event_type| event_type.name).collect();
    assert_eq!(shown, known);
}

#[test]
fn the_feed_says_all_about_an_event() {
    let event = Event::Order(order_id(), OrderEvent::OrderCompleted { total: Money(3_220) });
    let stream = Stream::Order(tenant(), store(), order_id());
    let recorded = Recorded {
        position: PositionToken::new(918),
        stream: &stream,
        revision: Revision(4),
        recorded_at: noon(),
        occurred_at: Some(Timestamp(noon().0 - 1)),
        actor: Some(ActorId::parse("ana").unwrap()),
        approver: Some(ActorId::parse("boss").unwrap()),
        terminal: Some(TerminalId::parse("till_1").unwrap()),
        terminal_seq: Some(TerminalSeq(41)),
        command_id: CommandId(0x0190_d5a4_c1b8_7c3e_9d2a_6f4e_8b1c_7d90),
        event_index: 2,
        source: Source::Engine,
        training: true,
        time_in_doubt: true,
        sent_by: None,
        event: &event,
    };
    let json = concat!(
        r#"{"position":"0:918","stream":"order-demo.s1.o1","revision":4,"type":"OrderCompleted","tenant":"demo","#,
        r#""store":"s1","order_id":"o1","recorded_at":"2026-11-22T12:00:00.000000Z","#,
        r#""occurred_at":"2026-11-22T11:59:59.999999Z","actor":"ana","approver":"boss","terminal":"till_1","#,
        r#""terminal_seq":41,"command_id":"0190d5a4-c1b8-7c3e-9d2a-6f4e8b1c7d90","event_index":2,"source":"engine","#,
        r#""training":true,"time_in_doubt":true,"data":{"total":3220}}"#,
    );
    assert_eq!(serde_json::to_string(&EventJson::new(&recorded)).unwrap(), json);
}

#[test]
fn the_feed_leaves_out_what_is_not_there() {
    let event = Event::Menu(MenuEvent::ItemRetired { item: item() });
    let stream = Stream::Menu(tenant());
    let recorded = Recorded {
        position: PositionToken::new(1),
        stream: &stream,
        revision: Revision(0),
        recorded_at: noon(),
        occurred_at: None,
        actor: None,
        approver: None,
        terminal: None,
        terminal_seq: None,
        command_id: CommandId(1),
        event_index: 0,
        source: Source::Online,
        training: false,
        time_in_doubt: false,
        sent_by: None,
        event: &event,
    };
    let json = concat!(
        r#"{"position":"0:1","stream":"menu-demo","revision":0,"type":"ItemRetired","tenant":"demo","#,
        r#""recorded_at":"2026-11-22T12:00:00.000000Z","command_id":"00000000-0000-0000-0000-000000000001","#,
        r#""event_index":0,"source":"online","data":{"item_id":"pizza"}}"#,
    );
    assert_eq!(serde_json::to_string(&EventJson::new(&recorded)).unwrap(), json);
}

#[test]
fn a_receipt_is_the_commit() {
    let event = Event::Payment(payment_id(), PaymentEvent::PaymentExpired);
    let stream = Stream::Payment(tenant(), store(), payment_id());
    let event = ReceiptEvent::new(&stream, Revision(1), PositionToken::new(7), &event);
    let receipt = Receipt {
        stream: StreamName(&stream),
        revision: Some(Revision(1)),
        position: PositionToken::new(7),
        events: vec![event],
    };
    let json = concat!(
        r#"{"stream":"payment-demo.s1.p1","revision":1,"position":"0:7","events":[{"stream":"payment-demo.s1.p1","#,
        r#""revision":1,"position":"0:7","type":"PaymentExpired","data":{}}]}"#,
    );
    assert_eq!(serde_json::to_string(&receipt).unwrap(), json);
    assert_eq!(written(|to| receipt.write(to)), Ok(json.to_owned()));
    let stream = Stream::Menu(tenant());
    let receipt =
        Receipt { stream: StreamName(&stream), revision: None, position: PositionToken::new(0), events: vec![] };
    let json = r#"{"stream":"menu-demo","position":"0:0","events":[]}"#;
    assert_eq!(serde_json::to_string(&receipt).unwrap(), json);
    assert_eq!(written(|to| receipt.write(to)), Ok(json.to_owned()));
}

fn account() -> AccountId {
    AccountId::parse("acme_card").unwrap()
}

fn received(said: ProviderSaid, is_full: bool) -> PaymentEvent {
    PaymentEvent::ProviderEventReceived(Box::new(ProviderMessage {
        event_id: text("evt_1"),
        reference: is_full.then(|| text("pay_1")),
        said,
        amount: is_full.then_some(Money(3_320)),
        currency: is_full.then(eur),
        body_sha256: [7; 32],
    }))
}
