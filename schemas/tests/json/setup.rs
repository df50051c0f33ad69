//! Bodies of menus, stores, stock and tokens.

use crate::{read, refuses};
use domain::calendar::{CutOff, Timestamp};
use domain::command::{AccessCommand, Edit, ItemChange, StockCommand, StoreCommand, VariationChange};
use domain::event::{Role, StockPolicy};
use domain::ids::{ActorId, GroupId, ItemId, Sku, TaxId, Text, VariationId};
use domain::kitchen::Kitchen;
use domain::menu::{Item, ItemPrice, Modifier, ModifierGroup, Tax, Variation};
use domain::money::{Currency, Money, Ppm, QtyMilli, Rounding};
use domain::pricing::{PriceRules, TaxRounding};
use domain::staff::{Approvals, Right, Rights};
use domain::store::{CashShifts, Settings};
use schemas::json::request::{
    AdjustStock, ChangeItem, CountStock, Credentials, IssueToken, Mark86, PutItem, PutModifierGroup, PutStaff,
    PutStore, PutTax, ReceiveStock, SetAvailability, SetPin, SetPrice, SetStockPolicy, SignIn, Unmark86, WasteStock,
};

fn text(text: &str) -> Text {
    Text::parse(text).unwrap()
}

fn item() -> Item {
    Item {
        id: ItemId::parse("pizza").unwrap(),
        name: text("Pizza"),
        category: None,
        price: ItemPrice::Fixed(Money(1_150)),
        variations: vec![],
        groups: vec![],
        taxes: vec![],
        sku: None,
        station: None,
        mode_taxes: vec![],
        dayparts: vec![],
    }
}

/// A price below the minor unit has no whole amount: what is sold that way is sold by weight.
#[test]
fn m9_a_price_below_the_minor_unit_is_refused() {
    let parse = |body: PutItem| body.parse(item().id);
    for (whole, part) in (0..1_000).map(|nth| (nth * 7_919 % 100_000, 1 + nth)) {
        for price in [format!("{whole}.{part:04}"), format!("{whole}.{part}5"), format!("{part}e-4")] {
            let field = match read(&format!(r#"{{"name": "P", "price": {price}}}"#), parse) {
                Err(error) => error.pointer,
                Ok(item) => panic!("{price} was read as {item:?}"),
            };
            assert_eq!(field, "/price", "{price}");
        }
        let fixed = read(&format!(r#"{{"name": "Pizza", "price": {whole}}}"#), parse).expect("a whole amount");
        assert_eq!(fixed.price, ItemPrice::Fixed(Money(whole)));
    }
}

#[test]
fn items() {
    let parse = |body: PutItem| body.parse(item().id);
    assert_eq!(read(r#"{"name": "Pizza", "price": 1150}"#, parse), Ok(item()));
    let open = Item { price: ItemPrice::Open, ..item() };
    assert_eq!(read(r#"{"name": "Pizza", "open_price": true}"#, parse), Ok(open));
    let full = r#"{"name": "Pizza", "category": "Food", "sku": "dough", "modifier_groups": ["toppings"],
        "taxes": ["vat"], "variations": [{"variation_id": "large", "name": "Large", "price": 1450, "sku": "big"}]}"#;
    let large = Variation {
        id: VariationId::parse("large").unwrap(),
        name: text("Large"),
        price: Money(1_450),
        sku: Sku::parse("big").ok(),
    };
    let full_item = Item {
        category: Some(text("Food")),
        price: ItemPrice::Fixed(Money::ZERO),
        variations: vec![large],
        groups: vec![GroupId::parse("toppings").unwrap()],
        taxes: vec![TaxId::parse("vat").unwrap()],
        sku: Sku::parse("dough").ok(),
        ..item()
    };
    assert_eq!(read(full, parse), Ok(full_item));
    let variation = r#"{"variation_id": "v", "name": "V", "price": 1}"#;
    refuses(
        parse,
        &[
            (r#"{"price": 1}"#, "/name", "is required"),
            (r#"{"name": "P"}"#, "/price", "is required, or \"open_price\": true, or variations"),
            (
                r#"{"name": "P", "price": 10.425}"#,
                "/price",
                "is of the wrong type: number, expected an amount in whole minor units of the currency (11.50 USD is 1150)",
            ),
            (r#"{"name": "P", "price": -1}"#, "/price", "-1 is below zero; it must be 0 or more"),
            (
                r#"{"name": "P", "price": 1, "open_price": true}"#,
                "/open_price",
                "cannot stand beside a price or variations; give one of them",
            ),
            (
                &format!(r#"{{"name": "P", "price": 1, "variations": [{variation}]}}"#),
                "/price",
                "cannot stand beside variations: each of them has its price",
            ),
            (
                &format!(r#"{{"name": "P", "variations": [{variation}, {variation}]}}"#),
                "/variations/1/variation_id",
                "v is there twice; each may appear once",
            ),
            (
                r#"{"name": "P", "variations": [{"variation_id": "v", "name": "V", "price": -1}]}"#,
                "/variations/0/price",
                "-1 is below zero; it must be 0 or more",
            ),
            (
                r#"{"name": "P", "variations": [{"variation_id": "v", "name": "V"}]}"#,
                "/variations/0/price",
                "is required",
            ),
            (r#"{"name": "P", "price": 1, "taxes": ["a", "a"]}"#, "/taxes/1", "a is there twice; each may appear once"),
            (
                r#"{"name": "P", "price": 1, "modifier_groups": ["a", "a"]}"#,
                "/modifier_groups/1",
                "a is there twice; each may appear once",
            ),
            (
                r#"{"name": "P", "price": 1, "taxes": ["a","b","c","d","e","f","g","h","i"]}"#,
                "/taxes",
                "has 9 entries; at most 8 are allowed",
            ),
            (
                r#"{"name": "P", "price": 1, "sku": "No"}"#,
                "/sku",
                "holds a character besides a-z, 0-9 and _; an id is 1 to 32 of those",
            ),
        ],
    );
}

#[test]
fn modifier_groups() {
    let id = GroupId::parse("toppings").unwrap();
    let parse = |body: PutModifierGroup| body.parse(id);
    let body = r#"{"name": "Toppings", "min": 1, "max": 2, "allow_qty": true,
                   "modifiers": [{"modifier_id": "olives", "name": "Olives", "price": -10, "default": true}]}"#;
    let olives = Modifier {
        id: domain::ids::ModifierId::parse("olives").unwrap(),
        name: text("Olives"),
        price: Money(-10),
        default: true,
    };
    let modifiers = vec![olives];
    let group = ModifierGroup { id, name: text("Toppings"), min: 1, max: 2, allow_qty: true, modifiers, free: 0 };
    assert_eq!(read(body, parse), Ok(group.clone()));
    let free = body.replacen('{', r#"{"free": 2, "#, 1);
    assert_eq!(read(&free, parse), Ok(ModifierGroup { free: 2, ..group }));
    // What is left out is not written either.
    let written = |body: &str| {
        let body: PutModifierGroup = serde_json::from_str(body).unwrap();
        let written = serde_json::to_value(body).unwrap();
        ["allow_qty", "free"].map(|field| written.get(field).cloned())
    };
    assert_eq!(written(&free), [Some(true.into()), Some(2.into())]);
    assert_eq!(written(&body.replace(r#""allow_qty": true,"#, "")), [None, None]);
    refuses(
        parse,
        &[
            (r#"{"name": "T"}"#, "/modifiers", "is required"),
            (r#"{"name": "T", "modifiers": []}"#, "/modifiers", "must hold at least one modifier"),
            (
                r#"{"name": "T", "min": 3, "max": 2, "modifiers": [{"modifier_id": "a", "name": "A"}]}"#,
                "/min",
                "is 3, more than max, which is 2; a max of 0 means no limit",
            ),
            (
                r#"{"name": "T", "min": 2, "modifiers": [{"modifier_id": "a", "name": "A"}]}"#,
                "/min",
                "is 2, but there are only 1 to choose",
            ),
            (
                r#"{"name": "T", "max": -1, "modifiers": []}"#,
                "/max",
                "is out of range: number, expected a whole number from 0 to 65535",
            ),
            (
                r#"{"name": "T", "max": 1, "modifiers": [{"modifier_id": "a", "name": "A", "default": true},
                {"modifier_id": "b", "name": "B", "default": true}]}"#,
                "/max",
                "is 1, but 2 modifiers are taken by default",
            ),
            (
                r#"{"name": "T", "modifiers": [{"modifier_id": "a", "name": "A"}, {"modifier_id": "a", "name": "B"}]}"#,
                "/modifiers/1/modifier_id",
                "a is there twice; each may appear once",
            ),
        ],
    );
}

#[test]
fn taxes() {
    let id = TaxId::parse("vat").unwrap();
    let parse = |body: PutTax| body.parse(id);
    let tax = Tax { id, name: text("VAT"), rate: Ppm(88_750), inclusive: false, compound: false };
    assert_eq!(read(r#"{"name": "VAT", "percent_ppm": 88750, "inclusive": false}"#, parse), Ok(tax.clone()));
    let compound = r#"{"name": "VAT", "percent_ppm": 88750, "inclusive": false, "compound": true}"#;
    assert_eq!(read(compound, parse), Ok(Tax { compound: true, ..tax }));
    let inside = r#"{"name": "VAT", "percent_ppm": 88750, "inclusive": true, "compound": true}"#;
    refuses(parse, &[(inside, "/compound", "is for a tax on top; leave it out, or say \"inclusive\": false")]);
    refuses(
        parse,
        &[
            (r#"{"name": "VAT", "percent_ppm": 1}"#, "/inclusive", "is required"),
            (
                r#"{"name": "VAT", "percent_ppm": 10000001, "inclusive": true}"#,
                "/percent_ppm",
                "10000001 is out of range; a rate is 0 to 10000000 millionths",
            ),
            (
                r#"{"name": "VAT", "percent_ppm": 8.875, "inclusive": true}"#,
                "/percent_ppm",
                "is of the wrong type: number, expected a rate in whole millionths (7.25 % is 72500)",
            ),
        ],
    );
}

#[test]
fn stores() {
    let settings = Settings {
        name: text("Old Town"),
        currency: Currency::new("EUR", 2).unwrap(),
        time_zone: text("Europe/Madrid"),
        cut_off: CutOff::MIDNIGHT,
        rules: PriceRules::default(),
        payment_timeout_s: 900,
        approvals: Approvals::default(),
        cash_shifts: CashShifts::Off,
        kitchen: Kitchen::Off,
        offline_age_s: None,
        seals_texts: false,
        offline: Default::default(),
    };
    let least = r#"{"name": "Old Town", "currency": "EUR", "time_zone": "europe/madrid"}"#;
    assert_eq!(read(least, PutStore::parse), Ok(settings.clone()));
    let most = r#"{"name": "Old Town", "currency": "EUR", "time_zone": "Europe/Madrid", "cut_off": "04:00",
                   "rounding": "half_up", "tax_rounding": "group", "payment_timeout_s": 60,
                   "approvals": {"needed": ["discount", "cancel"], "discount_limit_ppm": 100000}, "cash_shifts": "required"}"#;
    let settings = Settings {
        cut_off: CutOff::parse("04:00").unwrap(),
        rules: PriceRules { rounding: Rounding::HalfUp, tax_rounding: TaxRounding::Group },
        payment_timeout_s: 60,
        cash_shifts: CashShifts::Required,
        approvals: Approvals {
            needed: Rights::of([Right::Discount, Right::Cancel]),
            discount_limit: Ppm(100_000),
            self_approval: false,
        },
        ..settings
    };
    assert_eq!(read(most, PutStore::parse), Ok(settings));
    let store = |rest: &str| format!(r#"{{"name": "S", "currency": "EUR", "time_zone": "UTC"{rest}}}"#);
    refuses(
        PutStore::parse,
        &[
            (r#"{"name": "S", "currency": "EUR"}"#, "/time_zone", "is required"),
            (
                &store(r#", "approvals": {"needed": [], "self_approval": true}"#),
                "/approvals/self_approval",
                "must be false or left out: no one approves what they do themselves; leave what is done alone out of needed",
            ),
            (
                r#"{"name": "S", "currency": "eur", "time_zone": "UTC"}"#,
                "/currency",
                "is not an ISO 4217 currency code; one is three capital letters such as EUR",
            ),
            (
                r#"{"name": "S", "currency": "EUR", "time_zone": "Mars/Base"}"#,
                "/time_zone",
                "is not a time zone of the IANA database, such as Europe/Madrid",
            ),
            (
                r#"{"name": "S", "currency": "EUR", "time_zone": "Etc/Unknown"}"#,
                "/time_zone",
                "is not a time zone of the IANA database, such as Europe/Madrid",
            ),
            (
                r#"{"name": "S", "currency": "EUR", "time_zone": ""}"#,
                "/time_zone",
                "is not a time zone of the IANA database, such as Europe/Madrid",
            ),
            (
                &store(r#", "approvals": {"needed": ["discount"], "discount_limit_ppm": 1000001}"#),
                "/approvals/discount_limit_ppm",
                "1000001 is above 100 %, which is 1000000 millionths",
            ),
            (
                &store(r#", "approvals": {"needed": ["everything"]}"#),
                "/approvals/needed/0",
                "is not one of discount, cancel, void_fired, comp, refund, paid_out, no_sale, price_override, tax_exempt, training",
            ),
            (
                &store(r#", "cut_off": "4:00""#),
                "/cut_off",
                "is not a cut-off: HH:MM from 00:00 to 12:00, such as 04:00",
            ),
            (
                &store(r#", "cut_off": "13:00""#),
                "/cut_off",
                "is not a cut-off: HH:MM from 00:00 to 12:00, such as 04:00",
            ),
            (&store(r#", "rounding": "banker""#), "/rounding", "is not one of half_even, half_up, half_down, up, down"),
            (&store(r#", "tax_rounding": "order""#), "/tax_rounding", "is not one of line, group"),
            (&store(r#", "payment_timeout_s": 0"#), "/payment_timeout_s", "must be 1 to 86400 seconds"),
            (&store(r#", "payment_timeout_s": 86401"#), "/payment_timeout_s", "must be 1 to 86400 seconds"),
        ],
    );
}

#[test]
fn prices_and_availability() {
    let item = item().id;
    let parse = |body: SetPrice| body.parse(item);
    let set = |variation, price| Ok(StoreCommand::SetPrice { item, variation, price });
    assert_eq!(read(r#"{"price": 1200}"#, parse), set(None, Some(Money(1_200))));
    let large = VariationId::parse("large").ok();
    assert_eq!(read(r#"{"price": null, "variation_id": "large"}"#, parse), set(large, None));
    refuses(
        parse,
        &[
            ("{}", "/price", "is required"),
            (r#"{"price": -1}"#, "/price", "-1 is below zero; it must be 0 or more"),
            (
                r#"{"price": "12.00"}"#,
                "/price",
                "is of the wrong type: string, expected an amount in whole minor units of the currency (11.50 USD is 1150)",
            ),
        ],
    );
    // What `GET` gave can be put back, to where it was.
    let shown = r#"{"price": 1200, "item_id": "ITEM", "revision": 7}"#.replace("ITEM", item.as_str());
    assert_eq!(read(&shown, parse), set(None, Some(Money(1_200))));
    let elsewhere = format!("is lobster, but the address names {item}; leave it out, or change one of the two");
    refuses(parse, &[(r#"{"price": 1200, "item_id": "lobster"}"#, "/item_id", &elsewhere)]);
    // Each by itself, and what is not named stays as it is.
    let sku = |name: &str| domain::ids::Sku::parse(name).unwrap();
    let keeps = || ItemChange::of(item);
    let large = VariationId::parse("large").unwrap();
    let variation = VariationChange { variation: large, name: None, price: None, sku: Edit::Keep };
    for (body, change) in [
        (r#"{"name": "Tea"}"#, ItemChange { name: Some(text("Tea")), ..keeps() }),
        (r#"{"category": "Hot"}"#, ItemChange { category: Edit::Set(text("Hot")), ..keeps() }),
        (r#"{"category": null}"#, ItemChange { category: Edit::Clear, ..keeps() }),
        (r#"{"price": 250}"#, ItemChange { price: Some(Money(250)), ..keeps() }),
        (r#"{"price": 0}"#, ItemChange { price: Some(Money(0)), ..keeps() }),
        (r#"{"sku": "leaf"}"#, ItemChange { sku: Edit::Set(sku("leaf")), ..keeps() }),
        (r#"{"station": null}"#, ItemChange { station: Edit::Clear, ..keeps() }),
        (
            r#"{"variations": [{"variation_id": "large", "price": 300}]}"#,
            ItemChange {
                variations: vec![VariationChange { price: Some(Money(300)), ..variation.clone() }],
                ..keeps()
            },
        ),
        (
            r#"{"variations": [{"variation_id": "large", "name": "Pot", "sku": "pot"}]}"#,
            ItemChange {
                variations: vec![VariationChange {
                    name: Some(text("Pot")),
                    sku: Edit::Set(sku("pot")),
                    ..variation.clone()
                }],
                ..keeps()
            },
        ),
    ] {
        assert_eq!(read(body, |body: ChangeItem| body.parse(item)), Ok(change), "{body}");
    }
    let change = |body: ChangeItem| body.parse(item);
    refuses(change, &[("{}", "", "must change something: name, category, price, sku, station or variations")]);
    let parse = |body: SetAvailability| body.parse(item);
    assert_eq!(read(r#"{"available": false}"#, parse), Ok(StoreCommand::SetAvailability { item, available: false }));
    refuses(
        parse,
        &[
            ("{}", "/available", "is required"),
            (r#"{"available": 1}"#, "/available", "is of the wrong type: number, expected true or false"),
        ],
    );
}

#[test]
fn stock() {
    let sku = Sku::parse("dough").unwrap();
    let policy = |policy| Ok(StockCommand::SetPolicy { sku, policy });
    let counted = StockPolicy::Counted { auto86: true };
    assert_eq!(
        read(r#"{"sku": "dough", "policy": "counted", "auto86": true}"#, SetStockPolicy::parse),
        policy(counted)
    );
    assert_eq!(
        read(r#"{"sku": "dough", "policy": "untracked"}"#, SetStockPolicy::parse),
        policy(StockPolicy::Untracked)
    );
    let received = StockCommand::Receive { sku, qty: QtyMilli(2_500), reference: Some(text("DN 4711")) };
    assert_eq!(read(r#"{"sku": "dough", "qty": 2.5, "reference": "DN 4711"}"#, ReceiveStock::parse), Ok(received));
    let counted = StockCommand::Count { sku, counted: QtyMilli::ZERO };
    assert_eq!(read(r#"{"sku": "dough", "counted": 0}"#, CountStock::parse), Ok(counted));
    let adjusted = StockCommand::Adjust { sku, delta: QtyMilli(-250), reason: text("Miscounted") };
    assert_eq!(read(r#"{"sku": "dough", "delta": -0.25, "reason": "Miscounted"}"#, AdjustStock::parse), Ok(adjusted));
    let wasted = StockCommand::Waste { sku, qty: QtyMilli::ONE, reason: text("Dropped") };
    assert_eq!(read(r#"{"sku": "dough", "qty": 1, "reason": "Dropped"}"#, WasteStock::parse), Ok(wasted));
    let until = Some(Timestamp(1_795_348_800_000_000));
    let mark = |body: Mark86| Ok(body.parse());
    let body = r#"{"sku": "dough", "until": "2026-11-22T13:00:00+01:00"}"#;
    assert_eq!(read(body, mark), Ok(StockCommand::Mark86 { sku, until }));
    assert_eq!(read(r#"{"sku": "dough"}"#, mark), Ok(StockCommand::Mark86 { sku, until: None }));
    let unmark = |body: Unmark86| Ok(body.parse());
    assert_eq!(read(r#"{"sku": "dough"}"#, unmark), Ok(StockCommand::Unmark86(sku)));
    refuses(
        mark,
        &[(
            r#"{"sku": "dough", "until": "tomorrow"}"#,
            "/until",
            "is not an RFC 3339 time with an offset, such as 2026-11-22T12:00:00Z",
        )],
    );
    refuses(unmark, &[("{}", "/sku", "is required")]);
}

#[test]
fn stock_is_refused_at_the_field() {
    refuses(
        SetStockPolicy::parse,
        &[
            (
                r#"{"sku": "dough", "policy": "untracked", "auto86": true}"#,
                "/auto86",
                "is for counted stock only: what is not counted never runs out",
            ),
            (
                r#"{"sku": "dough", "policy": 0}"#,
                "/policy",
                "is of the wrong type: number, expected one of these texts: untracked counted ",
            ),
        ],
    );
    refuses(
        ReceiveStock::parse,
        &[
            (r#"{"sku": "dough"}"#, "/qty", "is required"),
            (r#"{"sku": "dough", "qty": -1}"#, "/qty", "must be more than 0"),
        ],
    );
    refuses(CountStock::parse, &[(r#"{"sku": "dough", "counted": -1}"#, "/counted", "must be 0 or more")]);
    refuses(AdjustStock::parse, &[(r#"{"sku": "dough", "delta": 0, "reason": "r"}"#, "/delta", "must not be 0")]);
    refuses(WasteStock::parse, &[(r#"{"sku": "dough", "qty": 0, "reason": "r"}"#, "/qty", "must be more than 0")]);
}

#[test]
fn tokens() {
    let token = domain::ids::TokenId::parse("tok_1").unwrap();
    let parse = |body: IssueToken| body.parse((token, [7; 32]), Some(token));
    let scoped = |stores: Option<&[&str]>, expires_at| {
        let store = |id: &&str| domain::ids::StoreId::parse(id).unwrap();
        let stores = stores.map(|stores| stores.iter().map(store).collect());
        let terms = Some(domain::event::Terms { issuer: Some(token), expires_at, stores, ..Default::default() });
        let (label, secret_sha256) = (text("Till 1"), [7; 32]);
        Ok(domain::command::NewToken { token, role: Role::Pos, label, secret_sha256, terms, is_first: false })
    };
    assert_eq!(read(r#"{"role": "pos", "label": "Till 1"}"#, parse), scoped(None, None));
    let body =
        r#"{"role": "pos", "label": "Till 1", "stores": ["s2", "s1", "s2"], "expires_at": "1970-01-01T00:00:01Z"}"#;
    assert_eq!(read(body, parse), scoped(Some(&["s1", "s2"]), Some(domain::calendar::Timestamp(1_000_000))));
    refuses(
        parse,
        &[
            (
                r#"{"role": "chef", "label": "x"}"#,
                "/role",
                "is not one of admin, manager, pos, kitchen, analyst, auditor",
            ),
            (r#"{"role": "pos"}"#, "/label", "is required"),
            (
                r#"{"role": "pos", "label": "x", "stores": []}"#,
                "/stores",
                "must name a store; leave it out for a token of all stores",
            ),
        ],
    );
}

#[test]
fn staff() {
    let ana = ActorId::parse("ana").unwrap();
    let parse = |body: PutStaff| body.parse(ana);
    let rights = Rights::of([Right::Comp, Right::Refund]);
    assert_eq!(
        read(r#"{"rights": ["comp", "refund"], "discount_limit_ppm": 200000}"#, parse),
        Ok(AccessCommand::PutStaff { staff: ana, rights, discount_limit: Some(Ppm(200_000)) })
    );
    assert_eq!(
        read(r#"{"rights": []}"#, parse),
        Ok(AccessCommand::PutStaff { staff: ana, rights: Rights::default(), discount_limit: None })
    );
    refuses(
        parse,
        &[
            ("{}", "/rights", "is required"),
            (
                r#"{"rights": [], "discount_limit_ppm": 2000000}"#,
                "/discount_limit_ppm",
                "2000000 is above 100 %, which is 1000000 millionths",
            ),
        ],
    );
}

#[test]
fn pins_are_four_to_twelve_digits_and_come_with_whose_they_are() {
    let set = |pin: &str| serde_json::from_value::<SetPin>(serde_json::json!({"pin": pin})).unwrap().parse();
    for good in ["0000", "280641", "123456789012"] {
        assert_eq!(set(good), Ok(good.to_owned()));
    }
    for bad in ["", "123", "1234567890123", "12a4", " 1234", "١٢٣٤"] {
        let error = set(bad).expect_err(bad);
        assert_eq!((error.pointer.as_str(), error.problem.as_str()), ("/pin", "must be 4 to 12 digits"), "{bad}");
    }
    let ana = ActorId::parse("ana").unwrap();
    let sign_in = |body: &str| match serde_json::from_str::<SignIn>(body).unwrap().parse() {
        Ok(Credentials::Pin(staff, pin)) => Ok((Some(staff), pin)),
        Ok(Credentials::Token(token)) => Ok((None, token)),
        Ok(Credentials::Own) => Ok((None, String::new())),
        Err(error) => Err(error.pointer),
    };
    for (body, then) in [
        (r#"{"staff_id": "ana", "pin": "280641"}"#, Ok((Some(ana), "280641".to_owned()))),
        (r#"{"token": "t.abc"}"#, Ok((None, "t.abc".to_owned()))),
        ("{}", Ok((None, String::new()))),
        (r#"{"staff_id": "ana", "pin": "28"}"#, Err("/pin".to_owned())),
        (r#"{"staff_id": "ana"}"#, Err("/pin".to_owned())),
        (r#"{"pin": "280641"}"#, Err("/staff_id".to_owned())),
        (r#"{"staff_id": "ana", "pin": "280641", "token": "t.abc"}"#, Err("/token".to_owned())),
    ] {
        assert_eq!(sign_in(body), then, "{body}");
    }
}
