//! One event of every type and version, each with all it can hold and with as little as it can hold.
//!
//! When an event gets a new version, its samples stay here under the old one, and new ones join them.

use domain::calendar::{CutOff, Date, LocalDateTime, TimeOfDay, Timestamp, Weekday};
use domain::check::{CheckId, LineShares, Share};
use domain::event::{
    AccessEvent, Act, Activity, CancelReason, Capture, ChainHead, Channel, ChargePhase, DayClosing, DayEvent, DayTax,
    DayTender, DayTotals, Decision, DiningMode, Discount, DiscountScope, Document, DrawerEvent, Event, FiredLine,
    FixedPart, Flag, IgnoredMessage, IgnoredOutcome, IgnoredRefund, Line, LineModifier, LineTaxes, LineUnits,
    MenuEvent, MoneyParts, NotApplicable, Noted, Opening, OrderEvent, PayMode, PaymentEvent, Pending, ProviderMessage,
    ProviderSaid, Rate, Received, ReceivedDiscount, ReceivedLine, RefundedLine, ReleaseReason, RenamedLine,
    ReservedLine, Role, SecurityEvent, SentBy, ServiceCharge, StockEvent, StockPolicy, StoreEvent, StoreMenuEvent,
    Tender, TerminalEvent, TerminalGap, Terms, TicketEvent, VoidReason,
};
use domain::ids::{
    AccountId, ActorId, ChargeId, CommandId, CustomerRef, DaypartId, DeviceId, DiscountId, DrawerId, GroupId, ItemId,
    LineId, ModifierId, OrderId, PaymentId, RefundId, Revision, Sku, StationId, StoreId, TableId, TaxId, TenantId,
    TenderId, TerminalId, TerminalSeq, Text, TicketId, TokenId, VariationId,
};
use domain::kitchen::{Kitchen, LinePrep};
use domain::menu::{Daypart, Item, ItemPrice, ModeTaxes, Modifier, ModifierGroup, Tax, Variation};
use domain::money::{Currency, Money, Ppm, QtyMilli, Rounding};
use domain::pricing::{
    ChargeTotals, DiscountPart, LineTotals, PriceRules, TaxRate, TaxRounding, TaxRules, TaxTotal, Totals,
};
use domain::staff::{Approvals, Right, Rights};
use domain::store::{CashShifts, OfflineBounds, Settings};
use domain::stream::Stream;
use domain::terminal::{Kept, Request};
use schemas::stored::CommitMeta;
use std::sync::Arc;

/// An event and how its bytes are called.
pub struct Sample {
    /// Which of its type's.
    pub label: &'static str,
    /// The schema version its bytes are of.
    pub version: u8,
    /// What the bytes say.
    pub event: Event,
}

pub fn text(text: &str) -> Text {
    Text::parse(text).expect("a text")
}

pub const ORDER: OrderId = id!(OrderId "01900000000070008000000000000001");
pub const PAYMENT: PaymentId = id!(PaymentId "01900000000070008000000000000002");
const NOW: Timestamp = Timestamp(1_798_761_600_000_000);

pub fn currency(code: &str, exponent: u8) -> Currency {
    Currency::new(code, exponent).expect("a currency")
}

/// Every sample, by type.
pub fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut add = |label, event| {
        // What is written now is of the version that the bytes say.
        let version = crate::encoded(&event)[2];
        samples.push(Sample { label, version, event });
    };
    menu(&mut |label, event| add(label, Event::Menu(event)));
    access(&mut |label, event| add(label, Event::Access(event)));
    security(&mut |label, event| add(label, Event::Security(event)));
    store(&mut |label, event| add(label, Event::Store(event)));
    store_menu(&mut |label, event| add(label, Event::StoreMenu(event)));
    order(&mut |label, event| add(label, Event::Order(ORDER, event)));
    payment(&mut |label, event| add(label, Event::Payment(PAYMENT, event)));
    stock(&mut |label, event| add(label, Event::Stock(event)));
    day(&mut |label, event| add(label, Event::Day(event)));
    drawer(&mut |label, event| add(label, Event::Drawer(id!(DrawerId "d1"), event)));
    ticket(&mut |label, event| add(label, Event::Ticket(id!(TicketId "t17"), event)));
    terminal(&mut |label, event| add(label, Event::Terminal(id!(TerminalId "till_1"), event)));
    samples.extend(written_before());
    samples
}

/// What older versions say, which is read for ever and written no more.
fn written_before() -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut add = |label, version, event| samples.push(Sample { label, version, event });
    store_v1(&mut |label, event| add(label, 1, Event::Store(event)));
    samples
}

pub fn item() -> Item {
    Item {
        id: id!(ItemId "margherita"),
        name: text("Pizza Margherita"),
        category: Some(text("Pizza")),
        price: ItemPrice::Fixed(Money(1_150)),
        variations: vec![
            Variation {
                id: id!(VariationId "small"),
                name: text("Small"),
                price: Money(950),
                sku: Some(id!(Sku "dough_small")),
            },
            Variation { id: id!(VariationId "large"), name: text("Large"), price: Money(1_350), sku: None },
        ],
        groups: vec![id!(GroupId "toppings"), id!(GroupId "extras")],
        taxes: vec![id!(TaxId "vat7")],
        sku: Some(id!(Sku "dough")),
        station: None,
        mode_taxes: vec![],
        dayparts: vec![],
    }
}

pub fn plain_item() -> Item {
    Item {
        id: id!(ItemId "lobster"),
        name: text("Hummer"),
        category: None,
        price: ItemPrice::Open,
        variations: vec![],
        groups: vec![],
        taxes: vec![],
        sku: None,
        station: None,
        mode_taxes: vec![],
        dayparts: vec![],
    }
}

pub fn daypart() -> Daypart {
    Daypart {
        id: id!(DaypartId "lunch"),
        name: text("Mittag"),
        from: TimeOfDay::parse("11:30").expect("a time"),
        to: TimeOfDay::parse("15:00").expect("a time"),
        weekdays: vec![Weekday::Monday, Weekday::Sunday],
    }
}

pub fn group() -> ModifierGroup {
    ModifierGroup {
        id: id!(GroupId "toppings"),
        name: text("Toppings"),
        min: 1,
        max: 300,
        allow_qty: true,
        modifiers: vec![
            Modifier { id: id!(ModifierId "olives"), name: text("Olives"), price: Money(120), default: true },
            Modifier { id: id!(ModifierId "no_cheese"), name: text("No cheese"), price: Money(-80), default: false },
        ],
        free: 0,
    }
}

fn menu(add: &mut dyn FnMut(&'static str, MenuEvent)) {
    add("full", MenuEvent::ItemUpserted(item()));
    add("plain", MenuEvent::ItemUpserted(plain_item()));
    let station = Some(id!(StationId "oven"));
    add("full", MenuEvent::ItemUpserted(Item { station, ..item() }));
    add("one", MenuEvent::ItemRetired { item: id!(ItemId "lobster") });
    add("full", MenuEvent::ModifierGroupUpserted(group()));
    let empty = ModifierGroup { min: 0, max: 0, allow_qty: false, modifiers: vec![], ..group() };
    add("empty", MenuEvent::ModifierGroupUpserted(empty));
    add("free", MenuEvent::ModifierGroupUpserted(ModifierGroup { free: 2, ..group() }));
    let mode_taxes = vec![ModeTaxes { dining_mode: DiningMode::TakeAway, taxes: vec![id!(TaxId "vat7")] }];
    let (station, dayparts) = (Some(id!(StationId "oven")), vec![id!(DaypartId "lunch")]);
    add("full", MenuEvent::ItemUpserted(Item { station, mode_taxes, dayparts, ..item() }));
    add("one", MenuEvent::DaypartUpserted(daypart()));
    let tax =
        Tax { id: id!(TaxId "vat19"), name: text("USt 19 %"), rate: Ppm(190_000), inclusive: true, compound: false };
    add("compound", MenuEvent::TaxUpserted(Tax { inclusive: false, compound: true, ..tax.clone() }));
    add("inclusive", MenuEvent::TaxUpserted(tax.clone()));
    add("exclusive", MenuEvent::TaxUpserted(Tax { inclusive: false, ..tax }));
    add("one", MenuEvent::MenuPublished { version: 7, content_hash: 0xfedc_ba98_7654_3210 });
}

fn access(add: &mut dyn FnMut(&'static str, AccessEvent)) {
    let labels = ["admin", "manager", "pos", "kitchen", "analyst", "auditor"];
    for (label, role) in labels.into_iter().zip(Role::ALL) {
        let secret_sha256 = std::array::from_fn(|index| 255 - 3 * index as u8);
        let (token, label_text) = (id!(TokenId "tok_1"), text("Till 1, ground floor"));
        add(label, AccessEvent::TokenIssued { token, role, label: label_text, secret_sha256, terms: None });
    }
    let (token, device) = (id!(TokenId "tok_2"), id!(DeviceId "k7qf93xm"));
    let (label, store, terminal) = (text("Till 2"), id!(StoreId "s1"), id!(TerminalId "till_2"));
    let issuer = Some(id!(TokenId "tok_1"));
    for (name, terms) in [
        (
            "bound",
            Terms {
                issuer,
                expires_at: Some(Timestamp(1_798_761_600_000_000)),
                stores: Some(vec![store]),
                device: Some(device),
                staff: None,
            },
        ),
        (
            "session",
            Terms {
                issuer,
                expires_at: Some(NOW),
                stores: Some(vec![store]),
                device: Some(device),
                staff: Some(id!(ActorId "ana")),
            },
        ),
        ("everywhere", Terms { expires_at: Some(Timestamp(1_798_761_600_000_000)), ..Terms::default() }),
    ] {
        let (label, secret_sha256, terms) = (label.clone(), [7; 32], Some(terms));
        add(name, AccessEvent::TokenIssued { token, role: Role::Pos, label, secret_sha256, terms });
    }
    for (name, issuer) in [("full", issuer), ("plain", None)] {
        let (label, role, code_sha256, expires_at) =
            (label.clone(), Role::Pos, [8; 32], Timestamp(1_798_761_600_000_000));
        add(name, AccessEvent::DeviceAdded { device, store, terminal, role, label, code_sha256, expires_at, issuer });
    }
    add("one", AccessEvent::DeviceEnrolled { device, token });
    add("one", AccessEvent::DeviceRemoved { device });
    add("one", AccessEvent::TokenRevoked { token: id!(TokenId "tok_1") });
    let staff = id!(ActorId "ana");
    // All that there were first.
    let (rights, discount_limit) = (Rights::of(Right::ALL.into_iter().take(7)), Some(Ppm(200_000)));
    add("full", AccessEvent::StaffChanged { staff, rights, discount_limit });
    let rights = Rights::of([Right::PriceOverride, Right::TaxExempt]);
    add("lines", AccessEvent::StaffChanged { staff, rights, discount_limit });
    let rights = Rights::of([Right::Comp]);
    add("plain", AccessEvent::StaffChanged { staff, rights, discount_limit: None });
    add("one", AccessEvent::PinSet { staff, salt: [9; 32], argon2id: [10; 32], by: id!(ActorId "boss") });
    add("try", AccessEvent::SignInFailed { staff, device, locked_until: None });
    add("locked", AccessEvent::SignInFailed { staff, device, locked_until: Some(NOW) });
    add("one", AccessEvent::StaffRemoved { staff });
    add("one", AccessEvent::PinShown { staff, device });
    add("customer", AccessEvent::TextsErased { customer: Some(1 << 100), store: None, order: None });
    let (store, order) = (Some(id!(StoreId "s1")), Some(id!(OrderId "w1")));
    add("order", AccessEvent::TextsErased { customer: None, store, order });
}

fn security(add: &mut dyn FnMut(&'static str, SecurityEvent)) {
    let (since, credential) = (Timestamp(1_798_761_600_000_000), Some(id!(TokenId "tok_1")));
    let refused = Activity {
        since,
        credential,
        act: Act::Refused,
        operation: text("POST /v1/tokens"),
        code: Some(text("forbidden")),
        count: 300,
        bytes: 0,
    };
    add("refused", SecurityEvent::ActivityRecorded(refused.clone()));
    for (label, act) in ["came", "issued", "revoked", "approved", "configured"].into_iter().zip([
        Act::SignedIn,
        Act::Issued,
        Act::Revoked,
        Act::Approved,
        Act::Configured,
    ]) {
        add(label, SecurityEvent::ActivityRecorded(Activity { act, code: None, count: 1, ..refused.clone() }));
    }
    let (operation, code) = (text("*"), None);
    let several = Activity { credential: None, act: Act::Read, operation, code, count: 7, bytes: 1 << 40, ..refused };
    add("several", SecurityEvent::ActivityRecorded(several));
}

pub fn settings() -> Settings {
    Settings {
        name: text("Berlin Mitte"),
        currency: currency("EUR", 2),
        time_zone: text("Europe/Berlin"),
        cut_off: CutOff::from_minute(240).expect("a cut-off"),
        rules: PriceRules { rounding: Rounding::HalfUp, tax_rounding: TaxRounding::Group },
        payment_timeout_s: 900,
        approvals: Approvals::default(),
        cash_shifts: CashShifts::Off,
        kitchen: Kitchen::Off,
        offline_age_s: None,
        seals_texts: false,
        offline: Default::default(),
    }
}

fn store(add: &mut dyn FnMut(&'static str, StoreEvent)) {
    store_v1(add);
    let needed = Rights::of([Right::Discount, Right::NoSale]);
    let approvals = Approvals { needed, discount_limit: Ppm(100_000), self_approval: true };
    let cash_shifts = CashShifts::Required;
    for kitchen in [Kitchen::Off, Kitchen::On] {
        let full = Settings { approvals, cash_shifts, kitchen, ..settings() };
        add("full", StoreEvent::StoreOpened(full.clone()));
        add("full", StoreEvent::StoreSettingsChanged(full));
    }
    let offline = OfflineBounds { discount: Some(Ppm(100_000)), amount: Some(Money(50_000)), facts: Some(200) };
    add("bounded", StoreEvent::StoreOpened(Settings { offline, ..settings() }));
    add("bounded", StoreEvent::StoreSettingsChanged(Settings { offline, ..settings() }));
    let aged = Settings { approvals, offline_age_s: Some(86_400), ..settings() };
    add("offline_age", StoreEvent::StoreOpened(aged.clone()));
    add("offline_age", StoreEvent::StoreSettingsChanged(aged));
    let sealing = Settings { seals_texts: true, ..settings() };
    add("sealing", StoreEvent::StoreOpened(sealing.clone()));
    add("sealing", StoreEvent::StoreSettingsChanged(sealing));
}

/// Settings as far as version 1 knew them.
fn store_v1(add: &mut dyn FnMut(&'static str, StoreEvent)) {
    add("one", StoreEvent::StoreOpened(settings()));
    add("one", StoreEvent::StoreSettingsChanged(settings()));
    let roundings = [Rounding::HalfEven, Rounding::HalfDown, Rounding::Up, Rounding::Down];
    for (label, rounding) in ["half_even", "half_down", "up", "down"].into_iter().zip(roundings) {
        let rules = PriceRules { rounding, tax_rounding: TaxRounding::Line };
        let settings = Settings { currency: currency("JPY", 0), cut_off: CutOff::MIDNIGHT, rules, ..settings() };
        add(label, StoreEvent::StoreSettingsChanged(settings));
    }
}

fn store_menu(add: &mut dyn FnMut(&'static str, StoreMenuEvent)) {
    add("one", StoreMenuEvent::MenuAdopted { version: 300 });
    let item = id!(ItemId "margherita");
    let variation = Some(id!(VariationId "small"));
    add("full", StoreMenuEvent::StorePriceSet { item, variation, price: Some(Money(990)) });
    add("plain", StoreMenuEvent::StorePriceSet { item, variation: None, price: None });
    add("sold", StoreMenuEvent::StoreAvailabilitySet { item, available: true });
    add("not_sold", StoreMenuEvent::StoreAvailabilitySet { item, available: false });
}

pub fn opening() -> Opening {
    let date = Date::from_ymd(2027, 1, 1).expect("a date");
    Opening {
        channel: Channel::Pos,
        dining_mode: DiningMode::DineIn,
        pay_mode: PayMode::Later,
        table: Some(id!(TableId "t12")),
        guests: 4,
        customer_ref: Some(id!(CustomerRef "cust_77")),
        currency: currency("EUR", 2),
        display_number: text("A-042"),
        business_date: date.prev().expect("a date"),
        opened_local: LocalDateTime::new(date, 1, 59, 58).expect("a time"),
        time_zone: text("Europe/Berlin"),
        rules: PriceRules { rounding: Rounding::HalfEven, tax_rounding: TaxRounding::Line },
        imported: false,
        kitchen: Kitchen::Off,
        training: false,
        promised_at: None,
        tax_rules: TaxRules::First,
        dues_apart: false,
    }
}

pub fn vat() -> TaxRate {
    TaxRate { tax: id!(TaxId "vat7"), rate: Ppm(70_000), inclusive: true, compound: false }
}

/// A tax on those before it.
pub fn on_taxes() -> TaxRate {
    TaxRate { tax: id!(TaxId "city"), rate: Ppm(10_000), inclusive: false, compound: true }
}

pub fn line() -> Line {
    Line {
        line: id!(LineId "l1"),
        item: id!(ItemId "margherita"),
        name: text("Pizza Margherita"),
        category: Some(text("Pizza")),
        variation: Some(Box::new((id!(VariationId "large"), text("Large")))),
        qty: QtyMilli::pieces(2),
        unit_base: Money(1_350),
        modifiers: vec![
            LineModifier {
                group: id!(GroupId "toppings"),
                modifier: id!(ModifierId "olives"),
                name: text("Olives"),
                unit_price: Money(120),
                qty: 2,
                free: 0,
            },
            LineModifier {
                group: id!(GroupId "toppings"),
                modifier: id!(ModifierId "no_cheese"),
                name: text("No cheese"),
                unit_price: Money(-80),
                qty: 1,
                free: 0,
            },
        ],
        unit: Money(1_510),
        taxes: vec![vat(), TaxRate { tax: id!(TaxId "city"), rate: Ppm(10_000), inclusive: false, compound: false }],
        sku: Some(id!(Sku "dough")),
        menu_version: 7,
        seat: Some(3),
        course: Some(300),
        note: Some(text("ohne Knoblauch, bitte – scharf 🌶")),
        allergens: None,
        station: None,
    }
}

pub fn totals() -> Totals {
    Totals {
        lines: vec![
            LineTotals {
                gross: Money(3_020),
                discount: Money(302),
                net: Money(2_718),
                tax_exclusive: Money(27),
                tax_inclusive: Money(178),
            },
            LineTotals { gross: Money(450), net: Money(450), ..LineTotals::default() },
        ],
        discounts: vec![Money(302)],
        discount_parts: vec![DiscountPart { discount: 0, line: 200, amount: Money(302) }],
        taxes: vec![TaxTotal { tax: vat(), taxable: Money(2_540), amount: Money(178) }],
        charges: vec![ChargeTotals { amount: Money(150), tax_exclusive: Money(11), tax_inclusive: Money(10) }],
        gross: Money(3_470),
        discount: Money(302),
        net: Money(3_168),
        tax_exclusive: Money(27),
        tax_inclusive: Money(178),
        charges_total: Money(150),
        charge_tax_exclusive: Money(11),
        charge_tax_inclusive: Money(10),
        total: Money(3_356),
    }
}

fn order(add: &mut dyn FnMut(&'static str, OrderEvent)) {
    use OrderEvent as E;
    add("full", E::OrderOpened(opening()));
    add("full", E::OrderOpened(Opening { kitchen: Kitchen::On, ..opening() }));
    add("full", E::OrderOpened(Opening { training: true, ..opening() }));
    let (kitchen, promised_at, tax_rules) = (Kitchen::On, Some(NOW), TaxRules::Second);
    add("full", E::OrderOpened(Opening { kitchen, promised_at, tax_rules, ..opening() }));
    add("second_rules", E::OrderOpened(Opening { tax_rules, ..opening() }));
    add("cooked", E::OrderOpened(Opening { training: true, kitchen: Kitchen::On, ..opening() }));
    add("dues_apart", E::OrderOpened(Opening { dues_apart: true, kitchen: Kitchen::On, ..opening() }));
    add(
        "newest",
        E::OrderOpened(Opening { dues_apart: true, tax_rules, table: None, customer_ref: None, ..opening() }),
    );
    let kinds = [
        ("kiosk", Channel::Kiosk, DiningMode::TakeAway),
        ("online", Channel::Online, DiningMode::TakeAway),
        ("delivery", Channel::Delivery, DiningMode::Delivery),
        ("phone", Channel::Phone, DiningMode::Delivery),
    ];
    for (label, channel, dining_mode) in kinds {
        let (pay_mode, imported) = (PayMode::First, true);
        let plain = Opening { channel, dining_mode, pay_mode, imported, table: None, customer_ref: None, ..opening() };
        add(label, E::OrderOpened(plain));
    }
    add("full", E::LineAdded(Arc::new(line())));
    add("full", E::LineAdded(Arc::new(Line { station: Some(id!(StationId "oven")), ..line() })));
    let allergens = Some(text("sesame"));
    add("full", E::LineAdded(Arc::new(Line { station: Some(id!(StationId "oven")), allergens, ..line() })));
    add("no_station", E::LineAdded(Arc::new(Line { allergens: Some(text("nuts")), ..line() })));
    let station = Some(id!(StationId "oven"));
    let mut free = Line { station, allergens: Some(text("sesame")), taxes: vec![vat(), on_taxes()], ..line() };
    free.modifiers[0].free = 1;
    add("full", E::LineAdded(Arc::new(free)));
    let plain = Line { category: None, variation: None, modifiers: vec![], taxes: vec![], sku: None, ..line() };
    add("plain", E::LineAdded(Arc::new(Line { seat: None, course: None, note: None, ..plain })));
    add("one", E::LineQtyChanged { line: id!(LineId "l1"), qty: QtyMilli(300) });
    add("one", E::LineRemoved { line: id!(LineId "l1") });
    let of = id!(LineId "l1");
    let note = Text::parse_note("ohne Zwiebeln\nohne Knoblauch").ok();
    let allergens = Some(text("sesame"));
    add("full", E::LineDetailsChanged { line: of, seat: Some(3), course: Some(2), note, allergens });
    add("plain", E::LineDetailsChanged { line: of, seat: None, course: None, note: None, allergens: None });
    let (was, unit_base, unit, reason) = (Money(1_350), Money(900), Money(1_060), text("Plakat"));
    add("one", E::LinePriceOverridden { line: of, was, unit_base, unit, reason });
    let taxes = |taxes| vec![LineTaxes { line: of, taxes }];
    add("one", E::DiningModeChanged { dining_mode: DiningMode::TakeAway, lines: taxes(vec![vat()]) });
    add("compound", E::DiningModeChanged { dining_mode: DiningMode::Delivery, lines: taxes(vec![vat(), on_taxes()]) });
    add("one", E::OrderTaxExempted { reason: text("Botschaft, Nr. 4711") });
    add("one", E::TaxExemptionEnded);
    let (line, qty, taken) = (id!(LineId "l1"), QtyMilli::pieces(2), QtyMilli::ONE);
    add("one", E::LinesHeld { lines: vec![LineUnits { line, qty }] });
    add("one", E::LinesFired { fire: 2, lines: vec![FiredLine { line, qty, taken }] });
    add("one", E::LinesServed { lines: vec![LineUnits { line, qty }] });
    let reason = text("fell on the floor");
    add("wasted", E::LineVoided { line, qty, fired: taken, reason: reason.clone(), wasted: true });
    let fired = QtyMilli::ZERO;
    add("back", E::LineVoided { line, qty, fired, reason: reason.clone(), wasted: false });
    let (discount, lines) = (id!(DiscountId "sorry"), vec![line, id!(LineId "l2")]);
    add("two", E::LinesComped { discount, lines, reason });
    let (from, to) = (id!(TableId "t4"), id!(TableId "t7"));
    add("moved", E::OrderMovedToTable { from: Some(from), to });
    add("first", E::OrderMovedToTable { from: None, to });
    add("one", E::GuestsChanged { guests: 5 });
    add("bill", E::DocumentPrinted { document: Document::Bill, check: CheckId::FIRST, copy: 1 });
    add("reprint", E::DocumentPrinted { document: Document::Receipt, check: check(3), copy: 2 });
    add("one", E::ServerAssigned { staff: id!(ActorId "ana") });
    let discount = Discount {
        discount: id!(DiscountId "d1"),
        scope: DiscountScope::Lines(vec![id!(LineId "l1"), id!(LineId "l2")]),
        rate: Rate::Percent(Ppm(100_000)),
        reason: text("Stammgast"),
    };
    add("lines_percent", E::DiscountApplied(discount.clone()));
    let (scope, rate) = (DiscountScope::Order, Rate::Amount(Money(500)));
    add("order_amount", E::DiscountApplied(Discount { scope, rate, ..discount.clone() }));
    let part = FixedPart { line: id!(LineId "l2_2"), amount: Money(302) };
    let (scope, rate) = (DiscountScope::Fixed(vec![part]), Rate::Amount(Money(302)));
    let fixed = Discount { scope, rate, ..discount.clone() };
    add("fixed", E::DiscountApplied(fixed.clone()));
    add("one", E::DiscountRemoved { discount: id!(DiscountId "d1") });
    let phases = [
        ("net", Rate::Percent(Ppm(125_000)), ChargePhase::Subtotal { pre_discount: false, taxes: vec![vat()] }),
        ("gross", Rate::Amount(Money(250)), ChargePhase::Subtotal { pre_discount: true, taxes: vec![] }),
        ("total", Rate::Percent(Ppm(20_000)), ChargePhase::Total),
    ];
    for (label, rate, phase) in phases {
        let charge = id!(ChargeId "c1");
        add(label, E::ServiceChargeApplied(ServiceCharge { charge, name: text("Service"), rate, phase }));
    }
    floor(add, vec![discount, fixed]);
    add("one", E::ServiceChargeRemoved { charge: id!(ChargeId "c1") });
    let compound = || {
        let mut totals = totals();
        totals.taxes.push(TaxTotal { tax: on_taxes(), taxable: Money(2_718), amount: Money(27) });
        totals
    };
    let (charge, phase) = (id!(ChargeId "c1"), ChargePhase::Subtotal { pre_discount: false, taxes: vec![on_taxes()] });
    let rate = Rate::Amount(Money(250));
    add("compound", E::ServiceChargeApplied(ServiceCharge { charge, name: text("Service"), rate, phase }));
    add("compound", E::OrderPlaced { totals: compound(), deadline: None });
    add("compound", E::OrderRepriced { totals: compound(), void: false });
    add("full", E::OrderPlaced { totals: totals(), deadline: Some(NOW) });
    add("plain", E::OrderPlaced { totals: Totals::default(), deadline: None });
    add("one", E::OrderRepriced { totals: totals(), void: false });
    add("void", E::OrderRepriced { totals: Totals::default(), void: true });
    let (payment, external) = (PAYMENT, Tender::External(id!(TenderId "cash")));
    add(
        "cash",
        E::PaymentApplied {
            payment,
            tender: Tender::Cash,
            amount: Money(3_356),
            tip: Money(144),
            check: CheckId::FIRST,
        },
    );
    add(
        "cash",
        E::PaymentApplied { payment, tender: Tender::Cash, amount: Money(3_356), tip: Money(144), check: check(3) },
    );
    add(
        "external",
        E::PaymentApplied { payment, tender: external, amount: Money(3_356), tip: Money(0), check: CheckId::FIRST },
    );
    let (tender, unapplied) = (Tender::Cash, Money(10));
    let why = NotApplicable::OrderCancelled;
    add("cancelled", E::PaymentNotApplicable { payment, tender: external, unapplied, why });
    add("merged", E::PaymentNotApplicable { payment, tender, unapplied, why: NotApplicable::OrderMerged });
    add("nothing_due", E::PaymentNotApplicable { payment, tender, unapplied, why: NotApplicable::NothingDue });
    let (refund, parts, posting_date) = (id!(RefundId "r1"), parts(), Date::from_ymd(2027, 1, 2).expect("a date"));
    let recorded = |tender, lines, taxes, check, reversed| E::RefundRecorded {
        refund,
        payment,
        tender,
        parts,
        lines,
        posting_date,
        taxes,
        check,
        reversed,
    };
    let nothing = Money::ZERO;
    add("full", recorded(external, refunded_lines(), vec![], None, nothing));
    add("plain", recorded(tender, vec![], vec![], None, nothing));
    let tax = TaxRate { tax: id!(TaxId "vat_19"), rate: Ppm(190_000), inclusive: true, compound: false };
    let taxes = vec![TaxTotal { tax, taxable: Money(1_008), amount: Money(192) }];
    add("taxes", recorded(tender, refunded_lines(), taxes, None, nothing));
    add("full", recorded(external, refunded_with_charges(), vec![], Some(check(3)), nothing));
    add("plain", recorded(tender, vec![], vec![], Some(CheckId::FIRST), Money(1_089)));
    add("one", E::TotalMismatchRecorded { expected: Money(3_300), actual: Money(3_356) });
    add("timeout", E::OrderCancelled { reason: CancelReason::PaymentTimeout });
    add("requested", E::OrderCancelled { reason: CancelReason::Requested(text("Gast ist gegangen")) });
    add("one", E::OrderCompleted { total: Money(3_356) });
}

const TARGET: OrderId = id!(OrderId "o2");

fn check(number: u64) -> CheckId {
    CheckId::new(number).expect("a check")
}

fn floor(add: &mut dyn FnMut(&'static str, OrderEvent), discounts: Vec<Discount>) {
    use OrderEvent as E;
    let (from, line) = (id!(LineId "l1"), id!(LineId "l1_2"));
    let shares = vec![Share { check: check(1), parts: 2 }, Share { check: check(64), parts: 1 }];
    add("one", E::CheckSplit { lines: vec![LineShares { line: from, shares }] });
    add("one", E::CheckPaid { check: check(2), total: Money(1_119) });
    let prep = LinePrep {
        line,
        station: Some(id!(StationId "oven")),
        course: Some(300),
        held: QtyMilli::ZERO,
        fired: QtyMilli(1_000),
        ready: QtyMilli(2_000),
        served: QtyMilli(3_000),
        taken: QtyMilli(5_000),
    };
    let moved = Line { line, qty: QtyMilli::pieces(6), station: prep.station, course: prep.course, ..self::line() };
    let full = ReceivedLine { from, line: Arc::new(moved), part: 2, prep: Some(prep) };
    let plain = ReceivedLine { from, line: Arc::new(self::line()), part: 1, prep: None };
    let charge = ServiceCharge {
        charge: id!(ChargeId "c1_2"),
        name: text("Service"),
        rate: Rate::Amount(Money(150)),
        phase: ChargePhase::Total,
    };
    let discounts = discounts.into_iter().zip([true, false]);
    let discounts = discounts.map(|(discount, comp)| ReceivedDiscount { discount, comp }).collect();
    let (source, lines, charges) = (ORDER, vec![full, plain], vec![charge]);
    add("full", E::LinesReceivedByMerge(Received { source, lines, discounts, charges, fires: 3 }));
    let asked = Line { allergens: Some(text("sesame")), ..self::line() };
    let lines = vec![ReceivedLine { from, line: Arc::new(asked), part: 1, prep: None }];
    add("allergens", E::LinesReceivedByMerge(Received { source, lines, discounts: vec![], charges: vec![], fires: 0 }));
    let mut free = self::line();
    free.modifiers[0].free = 1;
    let lines = vec![ReceivedLine { from, line: Arc::new(free), part: 1, prep: None }];
    add("free", E::LinesReceivedByMerge(Received { source, lines, discounts: vec![], charges: vec![], fires: 0 }));
    let (lines, discounts, charges) = (vec![], vec![], vec![]);
    add("plain", E::LinesReceivedByMerge(Received { source, lines, discounts, charges, fires: 0 }));
    add("one", E::OrderMergedInto { target: TARGET });
}

fn parts() -> MoneyParts {
    MoneyParts { applied: Money(1_089), tip: Money(144), unapplied: Money(7) }
}

fn refunded_lines() -> Vec<RefundedLine> {
    vec![RefundedLine {
        line: id!(LineId "l1"),
        qty: QtyMilli::ONE,
        discount: Money(100),
        net: Money(1_000),
        tax_exclusive: Money(89),
        tax_inclusive: Money(65),
        charges: None,
    }]
}

fn refunded_with_charges() -> Vec<RefundedLine> {
    let charges = ChargeTotals { amount: Money(108), tax_exclusive: Money(20), tax_inclusive: Money(7) };
    refunded_lines().into_iter().map(|line| RefundedLine { charges: Some(charges), ..line }).collect()
}

fn payment(add: &mut dyn FnMut(&'static str, PaymentEvent)) {
    use PaymentEvent as E;
    let (amount, tip, currency) = (Money(3_356), Money(144), currency("KWD", 3));
    let tender = Tender::External(id!(TenderId "card"));
    let (order, first) = (ORDER, CheckId::FIRST);
    add("full", E::PaymentInitiated { order, tender, amount, tip, currency, deadline: Some(NOW), check: first });
    add("full", E::PaymentInitiated { order, tender, amount, tip, currency, deadline: Some(NOW), check: check(64) });
    let tender = Tender::Cash;
    add("plain", E::PaymentInitiated { order, tender, amount, tip, currency, deadline: None, check: first });
    add("one", E::PaymentReferenceRecorded { reference: text("A 4711") });
    add("cash", E::PaymentCaptured { amount, tip, tendered: Some(Money(4_000)), change: Some(Money(500)) });
    add("external", E::PaymentCaptured { amount, tip, tendered: None, change: None });
    add("one", E::PaymentFailed { code: text("51 insufficient funds") });
    add("one", E::PaymentExpired);
    add("late", E::PaymentFlagged { why: Flag::LateCapture });
    add("not_applicable", E::PaymentFlagged { why: Flag::NotApplicable });
    let why = Flag::AmountDiffers { requested: Money(3_500), captured: Money(3_499) };
    add("amount", E::PaymentFlagged { why });
    add("failed", E::PaymentOutcomeIgnored { outcome: IgnoredOutcome::Failed });
    add("captured", E::PaymentOutcomeIgnored { outcome: IgnoredOutcome::Captured });
    add("refund", E::PaymentFlagged { why: Flag::RefundInDoubt });
    let (refund, parts) = (id!(RefundId "r1"), parts());
    let reason = text("Gericht war kalt");
    let lines = refunded_lines();
    add("full", E::RefundRequested { refund, parts, lines, restock: true, reason: reason.clone() });
    let lines = refunded_with_charges();
    add("charges", E::RefundRequested { refund, parts, lines, restock: true, reason: reason.clone() });
    add("plain", E::RefundRequested { refund, parts, lines: vec![], restock: false, reason });
    add("one", E::RefundSucceeded { refund });
    add("one", E::RefundFailed { refund, code: text("account closed") });
    add("failed", E::RefundOutcomeIgnored { refund, outcome: IgnoredRefund::Failed });
    add("succeeded", E::RefundOutcomeIgnored { refund, outcome: IgnoredRefund::Succeeded });
    add("currency", E::PaymentFlagged { why: Flag::CurrencyDiffers });
    add("reference", E::PaymentFlagged { why: Flag::ReferenceDiffers });
    provider(add);
}

fn provider(add: &mut dyn FnMut(&'static str, PaymentEvent)) {
    use PaymentEvent as E;
    let account = id!(AccountId "acme_card");
    add("at_once", E::AuthorisationRequested { account, capture: Capture::AtOnce, step: None });
    add("later", E::AuthorisationRequested { account, capture: Capture::Later, step: None });
    add("in_steps", E::AuthorisationRequested { account, capture: Capture::Later, step: Some(Money(10)) });
    for (label, message) in messages() {
        add(label, E::ProviderEventReceived(Box::new(message)));
    }
    add("one", E::PaymentAuthorised { amount: Money(3_500) });
    add("one", E::CaptureRequested { amount: Money(3_356), tip: Money(144) });
    add("requested", E::VoidRequested { why: VoidReason::Requested });
    add("order_closed", E::VoidRequested { why: VoidReason::OrderClosed });
    add("late", E::VoidRequested { why: VoidReason::LateAuthorisation });
    add("expired", E::VoidRequested { why: VoidReason::Expired });
    add("one", E::PaymentVoided);
    add("one", E::PaymentDisputed);
    add("one", E::TipAdjusted { tip: Money(144) });
    let (flag, reason) = (Revision(3), text("Trinkgeld am Terminal"));
    for (label, decision) in
        [("accept", Decision::Accept), ("refund", Decision::Refund), ("dismiss", Decision::Dismiss)]
    {
        add(label, E::PaymentReviewed { flag, decision, reason: reason.clone() });
    }
    add("known", E::ProviderEventIgnored { why: IgnoredMessage::Known });
    add("outranked", E::ProviderEventIgnored { why: IgnoredMessage::Outranked });
    add("under_review", E::ProviderEventIgnored { why: IgnoredMessage::UnderReview });
    add("unknown_refund", E::ProviderEventIgnored { why: IgnoredMessage::UnknownRefund });
    add("not_understood", E::ProviderEventIgnored { why: IgnoredMessage::NotUnderstood });
}

/// What a provider can say, once with all that it can say with it.
pub fn messages() -> Vec<(&'static str, ProviderMessage)> {
    let (refund, code) = (id!(RefundId "r1"), text("card_declined"));
    let plain = |said| ProviderMessage {
        event_id: text("evt_1"),
        reference: None,
        said,
        amount: None,
        currency: None,
        body_sha256: [7; 32],
    };
    let full = ProviderMessage {
        reference: Some(text("pi_3Mt")),
        amount: Some(Money(3_500)),
        currency: Some(currency("KWD", 3)),
        ..plain(ProviderSaid::Captured)
    };
    vec![
        ("full", full),
        ("accepted", plain(ProviderSaid::Accepted)),
        ("authorised", plain(ProviderSaid::Authorised)),
        ("captured", plain(ProviderSaid::Captured)),
        ("failed", plain(ProviderSaid::Failed { code: code.clone() })),
        ("voided", plain(ProviderSaid::Voided)),
        ("disputed", plain(ProviderSaid::Disputed)),
        ("refund_succeeded", plain(ProviderSaid::RefundSucceeded { refund })),
        ("refund_failed", plain(ProviderSaid::RefundFailed { refund, code })),
        ("other", plain(ProviderSaid::Other)),
    ]
}

fn stock(add: &mut dyn FnMut(&'static str, StockEvent)) {
    use StockEvent as E;
    let sku = id!(Sku "dough");
    add("untracked", E::StockPolicySet { sku, policy: StockPolicy::Untracked });
    add("counted", E::StockPolicySet { sku, policy: StockPolicy::Counted { auto86: false } });
    add("auto86", E::StockPolicySet { sku, policy: StockPolicy::Counted { auto86: true } });
    let qty = QtyMilli::pieces(40);
    add("full", E::StockReceived { sku, qty, reference: Some(text("LS 2027/118")) });
    add("plain", E::StockReceived { sku, qty, reference: None });
    add("one", E::StockCounted { sku, counted: QtyMilli(38_500), delta: QtyMilli(-1_500) });
    add("one", E::StockAdjusted { sku, delta: QtyMilli(-2_000), reason: text("Bruch") });
    add("one", E::StockWasted { sku, qty: QtyMilli(1_000), reason: text("fell on the floor") });
    add("until", E::ItemMarked86 { sku, until: Some(NOW), auto: false });
    add("auto", E::ItemMarked86 { sku, until: None, auto: true });
    add("one", E::ItemUnmarked86 { sku });
    let lines = vec![
        ReservedLine { line: id!(LineId "l1"), sku, qty: QtyMilli::pieces(2) },
        ReservedLine { line: id!(LineId "l2"), sku: id!(Sku "cola"), qty: QtyMilli::ONE },
    ];
    add("one", E::StockReserved { order: ORDER, lines: lines.clone() });
    add("one", E::StockCommitted { order: ORDER, lines: lines.clone() });
    add("wasted", E::StockVoided { order: ORDER, line: lines[0], wasted: true });
    add("back", E::StockVoided { order: ORDER, line: lines[0], wasted: false });
    let reasons = [ReleaseReason::OrderCancelled, ReleaseReason::PaymentTimeout, ReleaseReason::LineChanged];
    for (label, why) in ["cancelled", "timeout", "line_changed"].into_iter().zip(reasons) {
        add(label, E::StockReleased { order: ORDER, lines: lines.clone(), why });
    }
    add("one", E::ReservationMoved { order: ORDER, to: TARGET, lines: lines.clone() });
    add("one", E::StockRestocked { order: ORDER, refund: id!(RefundId "r1"), lines });
    add("order", E::OversellRecorded { order: Some(ORDER), sku, qty: QtyMilli(1_500) });
    add("count", E::OversellRecorded { order: None, sku, qty: QtyMilli::ONE });
}

fn day(add: &mut dyn FnMut(&'static str, DayEvent)) {
    let totals = DayTotals {
        orders: 131,
        gross: Money(390_000),
        discounts: Money(10_950),
        charges: Money(3_000),
        tax: Money(30_000),
        tax_inclusive: Money(1_200),
        sales: Money(412_050),
        cash: Money(120_000),
        other: Money(290_000),
        tips: Money(21_400),
        unapplied: Money(2_050),
        refunds: 3,
        refunded: Money(4_410),
        refunded_cash: Money(1_250),
        bills: 0,
        receipts: 0,
        reprints: 0,
        beyond_bounds: 0,
        taxes: vec![],
        tenders: vec![],
    };
    let full = DayClosing {
        date: Date::from_ymd(2027, 1, 2).expect("a date"),
        z_number: 42,
        totals: totals.clone(),
        cumulative_total: Money(17_306_100),
        pending: Pending {
            orders_count: 1,
            due: Money(1_999),
            orders: vec![ORDER],
            payments_count: 1,
            payments: vec![PAYMENT],
            shifts: vec![id!(DrawerId "d1")],
            ..Pending::default()
        },
        chain: None,
    };
    add("full", DayEvent::DayClosed(Box::new(full.clone())));
    let told_apart = DayTotals {
        bills: 100,
        receipts: 131,
        reprints: 4,
        taxes: day_taxes(),
        tenders: day_tenders(),
        ..totals.clone()
    };
    let (totals, pending) = (DayTotals::default(), Pending::default());
    add("plain", DayEvent::DayClosed(Box::new(DayClosing { totals, pending, ..full.clone() })));
    let gap = |terminal, first, last| TerminalGap { terminal, first: TerminalSeq(first), last: TerminalSeq(last) };
    let gaps = vec![gap(id!(TerminalId "bar"), 3, 3), gap(id!(TerminalId "till_1"), 40, 1_000)];
    let pending = Pending { gaps_count: 2, gaps, ..full.pending.clone() };
    let chain = Some(ChainHead { position: 918, hash: std::array::from_fn(|index| index as u8) });
    add("full", DayEvent::DayClosed(Box::new(DayClosing { pending, chain, ..full.clone() })));
    add("chain", DayEvent::DayClosed(Box::new(DayClosing { chain, ..full.clone() })));
    add("told_apart", DayEvent::DayClosed(Box::new(DayClosing { totals: told_apart.clone(), chain, ..full.clone() })));
    let beyond = DayTotals { beyond_bounds: 3, ..told_apart.clone() };
    add("beyond", DayEvent::DayClosed(Box::new(DayClosing { totals: beyond.clone(), chain, ..full.clone() })));
    add("beyond", DayEvent::DayOpened { date: full.date, carried: Some(Arc::new(beyond)) });
    let date = full.date;
    add("one", DayEvent::DayOpened { date, carried: None });
    add("carried_sums", DayEvent::DayOpened { date, carried: Some(Arc::new(full.totals)) });
    add("carried", DayEvent::DayOpened { date, carried: Some(Arc::new(told_apart)) });
}

fn day_taxes() -> Vec<DayTax> {
    let low = DayTax { rate: Some(Ppm(70_000)), taxable: Money(19_000), amount: Money(1_330), ..DayTax::default() };
    let (refunded_taxable, refunded) = (Money(1_008), Money(192));
    let high = DayTax { rate: Some(Ppm(190_000)), inclusive: true, taxable: Money(2_017), amount: Money(383), ..low };
    vec![low, DayTax { refunded_taxable, refunded, ..high }, DayTax { rate: None, ..low }]
}

fn day_tenders() -> Vec<DayTender> {
    let paid = DayTender { payments: 12, paid: Money(29_000), tips: Money(400), ..DayTender::default() };
    let back = DayTender {
        unapplied: Money(50),
        refunds: 3,
        refunded: Money(4_000),
        refunded_tips: Money(10),
        refunded_unapplied: Money(50),
        ..paid
    };
    let named = |tender, of| DayTender { tender: Some(tender), ..of };
    vec![named(id!(TenderId "card"), back), named(id!(TenderId "cash"), paid), paid]
}

fn drawer(add: &mut dyn FnMut(&'static str, DrawerEvent)) {
    use DrawerEvent as E;
    add("one", E::DrawerRemoved);
    let (shift, amount, payment, refund) = (12, Money(3_500), PAYMENT, id!(RefundId "r1"));
    let business_date = Date::from_ymd(2027, 1, 2).expect("a date");
    add("one", E::ShiftOpened { shift, float: Money(20_000), business_date });
    add("one", E::CashPaidIn { shift, amount, reason: text("Wechselgeld") });
    add("one", E::CashPaidOut { shift, amount, reason: text("Eis vom Nachbarn") });
    add("one", E::NoSaleRecorded { shift, reason: text("Wechselgeld") });
    add("one", E::CashSaleRecorded { shift, payment, amount });
    add("one", E::CashRefundRecorded { shift, payment, refund, amount });
    let (expected, counted, over_short) = (Money(48_350), Money(48_340), Money(-10));
    add("one", E::ShiftClosed { shift, expected, counted, over_short });
}

fn ticket(add: &mut dyn FnMut(&'static str, TicketEvent)) {
    use TicketEvent as E;
    let (station, line, qty) = (id!(StationId "oven"), id!(LineId "l1"), QtyMilli::pieces(2));
    let lines = vec![LineUnits { line, qty }, LineUnits { line: id!(LineId "l2"), qty: QtyMilli::ONE }];
    add("one", E::TicketCreated { order: ORDER, fire: 1, station, lines: lines.clone() });
    add("one", E::TicketStarted);
    add("one", E::TicketLineReady { line, qty });
    add("one", E::TicketBumped { lines: lines.clone() });
    add("one", E::TicketRecalled { lines: lines.clone() });
    add("one", E::TicketLinesCancelled { lines });
    let renamed = RenamedLine { from: id!(LineId "l1"), to: id!(LineId "l1_2") };
    add("one", E::TicketMoved { order: TARGET, lines: vec![renamed] });
}

/// A command with all that is noted of it, and with as little.
pub fn noted() -> [Noted; 2] {
    let full = Noted {
        seq: Some(TerminalSeq(41)),
        command: Some(CommandId(0x0190_d5a4_c1b8_7c3e_9d2a_6f4e_8b1c_7d90)),
        kind: Some(text("InitiatePayment")),
        order: Some(ORDER),
        payment: Some(PAYMENT),
        code: text("unknown_order"),
        detail: text("There is no order 01900000000070008000000000000001 in this store."),
    };
    let (code, detail) = (text("malformed"), text("/commands/0/type: is required"));
    let plain = Noted { seq: None, command: None, kind: None, order: None, payment: None, code, detail };
    [full, plain]
}

fn terminal(add: &mut dyn FnMut(&'static str, TerminalEvent)) {
    use TerminalEvent as E;
    let (seq, digest) = (TerminalSeq(41), 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    add("one", E::TerminalRegistered);
    add("one", E::SequenceAdvanced { seq });
    add("one", E::SequenceGapFound { first: seq, last: TerminalSeq(43) });
    add("one", E::SequenceGapFilled { seq });
    add("one", E::ClockAheadFound { seq, command: CommandId(7), occurred_at: NOW });
    for (label, noted) in ["full", "plain"].into_iter().zip(noted()) {
        add(label, E::RuleWaived(noted.clone()));
        add(label, E::BoundExceeded(noted.clone()));
        let amount = noted.payment.map(|_| Money(3_500));
        add(label, E::LateCommandRecorded { noted: noted.clone(), digest, amount, occurred_at: NOW, kept: None });
        add(label, E::CommandRejected { noted, digest });
    }
    let note = || text("Zwei nachgekauft");
    add("one", E::ExceptionResolved { position: 918, note: note(), command: None });
    add("waiting", E::ExceptionResolved { position: 918, note: note(), command: Some(CommandId(7)) });
    add("one", E::ClockBehindFound { seq, command: CommandId(7), occurred_at: NOW });
    let [full, _] = noted();
    add("one", E::LateCommandTaken(full.clone()));
    let request = Request::new(r#"{"command_id":"7","type":"order.complete","order_id":"o1"}"#).expect("it is short");
    let sent_by = Some(SentBy { token: id!(TokenId "tok_1"), device: Some(id!(DeviceId "k7qf93xm")) });
    let kim = Some(id!(ActorId "kim"));
    for (label, approver, sent_by) in [("waiting", None, None), ("approved", kim, None), ("sent_by", kim, sent_by)] {
        let kept = Some(Kept { request: request.clone(), actor: id!(ActorId "ana"), approver, sent_by });
        let (noted, amount) = (full.clone(), Some(Money(3_500)));
        add(label, E::LateCommandRecorded { noted, digest, amount, occurred_at: NOW, kept });
    }
}

/// Commits with all they can say and with as little as they can.
pub fn metas() -> Vec<(&'static str, CommitMeta)> {
    use domain::command::Source;
    let (tenant, store) = (id!(TenantId "demo"), id!(StoreId "s1"));
    let full = CommitMeta {
        actor: id!(ActorId "anna"),
        approver: Some(id!(ActorId "boss")),
        terminal: Some(id!(TerminalId "till_1")),
        terminal_seq: None,
        source: Source::Online,
        occurred_at: Some(NOW),
        main: Stream::Order(tenant, store, ORDER),
        correlation: Some(ORDER),
        training: false,
        time_in_doubt: false,
        sent_by: None,
    };
    let plain = CommitMeta {
        approver: None,
        terminal: None,
        source: Source::Engine,
        occurred_at: None,
        main: Stream::Menu(tenant),
        correlation: None,
        ..full
    };
    let imported = CommitMeta { source: Source::Imported, main: Stream::Payment(tenant, store, PAYMENT), ..full };
    let (terminal_seq, source) = (Some(TerminalSeq::MAX), Source::Offline);
    let queued = CommitMeta { terminal_seq, source, ..full };
    let rejected = CommitMeta { source, main: Stream::Terminal(tenant, store, id!(TerminalId "till_1")), ..plain };
    let training = CommitMeta { training: true, ..full };
    let time_in_doubt = CommitMeta { time_in_doubt: true, ..training };
    let queued_training = CommitMeta { training: true, ..queued };
    let real = [("full", full), ("plain", plain), ("imported", imported), ("queued", queued), ("rejected", rejected)];
    let doubtful =
        [("time_in_doubt", time_in_doubt), ("real_time_in_doubt", CommitMeta { time_in_doubt: true, ..full })];
    let by_token = SentBy { token: id!(TokenId "tok_1"), device: None };
    let by_device = SentBy { device: Some(id!(DeviceId "k7qf93xm")), ..by_token };
    let sent = [
        ("sent", CommitMeta { sent_by: Some(by_token), ..full }),
        ("sent_training", CommitMeta { sent_by: Some(by_device), ..queued_training }),
        ("sent_in_doubt", CommitMeta { sent_by: Some(by_device), time_in_doubt: true, ..full }),
    ];
    real.into_iter()
        .chain([("training", training), ("queued_training", queued_training)])
        .chain(doubtful)
        .chain(sent)
        .collect()
}
