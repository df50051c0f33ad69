//! One command of every kind, each with all it can say and with as little as it can say.

use crate::samples::{ORDER, PAYMENT, currency, daypart, group, item, messages, noted, plain_item, settings, text};
use domain::calendar::{Date, Timestamp};
use domain::check::{CheckId, CheckMove, MoveOf};
use domain::command::{
    AccessCommand, Charges, Command, DrawerCommand, Edit, Fire, Issued, ItemChange, LineChange, MenuCommand, Method,
    ModifierChange, ModifierGroupChange, NewChargePhase, NewComp, NewDevice, NewDiscount, NewLine, NewModifier,
    NewOrder, NewPay, NewPrice, NewRefund, NewServiceCharge, NewSession, NewToken, OrderCommand, Outcome, PaidBy,
    PaymentCommand, Place, Proof, ProviderCommand, RefundLine, RefundOf, RefundOutcome, Review, StockCommand,
    StockLink, StoreCommand, TerminalCommand, TicketCommand, VariationChange,
};
use domain::event::{
    CancelReason, Capture, Channel, Decision, DiningMode, DiscountScope, Document, FixedPart, PayMode, Rate, Role,
    StockPolicy, Terms,
};
use domain::ids::{
    AccountId, ActorId, ChargeId, CustomerRef, DaypartId, DeviceId, DiscountId, DrawerId, GroupId, ItemId, LineId,
    ModifierId, OrderId, PaymentId, RefundId, Revision, Sku, StationId, StoreId, TableId, TaxId, TenderId, TerminalId,
    TicketId, TokenId, VariationId,
};
use domain::kitchen::Kitchen;
use domain::menu::{Item, ModeTaxes, ModifierGroup, Tax};
use domain::money::{Money, Ppm, QtyMilli};
use domain::staff::{Approvals, Right, Rights};
use domain::store::{CashShifts, OfflineBounds, Settings};
use schemas::stored::{command_digest, command_name};
use std::collections::HashMap;

const DEADLINE: Timestamp = Timestamp(1_798_761_600_000_000);

/// Every sample.
pub fn commands() -> Vec<(&'static str, Command)> {
    let mut commands = Vec::new();
    menu(&mut |label, command| commands.push((label, Command::Menu(command))));
    let secret_sha256 = [7; 32];
    let (staff, rights) = (id!(ActorId "ana"), Rights::of([Right::Discount, Right::Comp]));
    let (token, role, label) = (id!(TokenId "tok_1"), Role::Pos, text("Till 1"));
    let before = NewToken { token, role, label: label.clone(), secret_sha256, terms: None, is_first: false };
    let (id, of_store) = (id!(DeviceId "k7qf93xm"), id!(StoreId "s1"));
    let terms =
        Terms { issuer: None, expires_at: Some(DEADLINE), stores: Some(vec![of_store]), device: Some(id), staff: None };
    let device = NewDevice {
        device: id,
        store: of_store,
        terminal: id!(TerminalId "till_1"),
        role,
        label,
        code_sha256: [8; 32],
        issuer: Some(token),
    };
    let session = NewSession {
        token,
        secret_sha256,
        staff,
        role,
        stores: Some(vec![of_store]),
        device: Some(id),
        issuer: token,
        proof: Proof::Token,
    };
    let access = [
        ("one", AccessCommand::IssueToken(before.clone())),
        ("everywhere", AccessCommand::IssueToken(NewToken { terms: Some(Terms::default()), ..before.clone() })),
        ("bound", AccessCommand::IssueToken(NewToken { terms: Some(terms), ..before.clone() })),
        ("first", AccessCommand::IssueToken(NewToken { terms: Some(Terms::default()), is_first: true, ..before })),
        ("one", AccessCommand::RevokeToken { token, issued: None }),
        ("all", AccessCommand::RevokeToken { token, issued: Some(Issued::Revoke) }),
        ("alone", AccessCommand::RevokeToken { token, issued: Some(Issued::Keep) }),
        ("one", AccessCommand::AddDevice(device)),
        ("one", AccessCommand::EnrolDevice { device: id, code_sha256: [8; 32], token, secret_sha256 }),
        ("one", AccessCommand::RemoveDevice { device: id, within: None }),
        ("full", AccessCommand::PutStaff { staff, rights, discount_limit: Some(Ppm(200_000)) }),
        ("plain", AccessCommand::PutStaff { staff, rights: Rights::default(), discount_limit: None }),
        // What it says is the server's own, under a key that nobody repeats.
        ("any", AccessCommand::RecordActivity(vec![])),
        ("one", AccessCommand::SetPin { staff, salt: [9; 32], argon2id: [10; 32], by: staff }),
        ("one", AccessCommand::RemoveStaff { staff }),
        ("customer", AccessCommand::EraseTexts { customer: Some(1 << 100), store: None, order: None }),
        (
            "order",
            AccessCommand::EraseTexts {
                customer: None,
                store: Some(id!(StoreId "s1")),
                order: Some(id!(OrderId "w1")),
            },
        ),
        ("one", AccessCommand::ShowPin { staff, device: id, argon2id: [10; 32], is_right: true }),
        ("one", AccessCommand::OpenSession(Box::new(session))),
    ];
    commands.extend(access.map(|(label, command)| (label, Command::Access(command))));
    let mut add = |label, command| commands.push((label, Command::Store(id!(StoreId "s1"), command)));
    store(&mut add);
    order(&mut |label, command| add(label, StoreCommand::Order(ORDER, command)));
    payment(&mut |label, command| add(label, StoreCommand::Payment(PAYMENT, command)));
    stock(&mut |label, command| add(label, StoreCommand::Stock(command)));
    add("one", StoreCommand::OpenDay { date: Date::from_ymd(2027, 1, 2).expect("a date") });
    add("one", StoreCommand::CloseDay { date: Date::from_ymd(2027, 1, 2).expect("a date"), chain: None });
    drawer(&mut |label, command| add(label, StoreCommand::Drawer(id!(DrawerId "d1"), command)));
    let tickets = [
        TicketCommand::Start,
        TicketCommand::MarkLineReady(id!(LineId "l1")),
        TicketCommand::Bump,
        TicketCommand::Recall,
    ];
    for command in tickets {
        add("one", StoreCommand::Ticket(id!(TicketId "t17"), command));
    }
    terminal(&mut |label, command| add(label, StoreCommand::Terminal(id!(TerminalId "till_1"), command)));
    commands
}

fn terminal(add: &mut dyn FnMut(&'static str, TerminalCommand)) {
    let digest = 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef;
    for (label, noted) in ["full", "plain"].into_iter().zip(noted()) {
        add(label, TerminalCommand::RecordRejected { noted, digest });
    }
    add("one", TerminalCommand::Resolve { position: 918, note: text("Zwei nachgekauft"), command: None });
}

fn menu(add: &mut dyn FnMut(&'static str, MenuCommand)) {
    add("full", MenuCommand::UpsertItem(item()));
    add("plain", MenuCommand::UpsertItem(plain_item()));
    add("station", MenuCommand::UpsertItem(Item { station: Some(id!(StationId "oven")), ..plain_item() }));
    let links = vec![StockLink::Item, StockLink::Variation(id!(VariationId "large"))];
    add("all", MenuCommand::UnlinkItem { item: item(), links });
    let variation = VariationChange {
        variation: id!(VariationId "large"),
        name: Some(text("Groß")),
        price: Some(Money(1_450)),
        sku: Edit::Clear,
    };
    let full = ItemChange {
        item: id!(ItemId "lobster"),
        name: Some(text("Hummer")),
        category: Edit::Set(text("Meer")),
        price: Some(Money(4_200)),
        sku: Edit::Clear,
        station: Edit::Set(id!(StationId "grill")),
        variations: vec![variation],
    };
    let price = ItemChange {
        name: None,
        category: Edit::Keep,
        sku: Edit::Keep,
        station: Edit::Keep,
        variations: vec![],
        ..full.clone()
    };
    add("full", MenuCommand::ChangeItem(full));
    add("price", MenuCommand::ChangeItem(price));
    let modifier = ModifierChange { modifier: id!(ModifierId "olives"), name: None, price: Some(Money(120)) };
    let (group_id, name) = (id!(GroupId "toppings"), Some(text("Belag")));
    add(
        "full",
        MenuCommand::ChangeModifierGroup(ModifierGroupChange { group: group_id, name, modifiers: vec![modifier] }),
    );
    let change =
        MenuCommand::ChangeTax { tax: id!(TaxId "vat19"), name: Some(text("USt 7 %")), rate: Some(Ppm(70_000)) };
    add("full", change);
    add("one", MenuCommand::RetireItem(id!(ItemId "lobster")));
    add("full", MenuCommand::UpsertModifierGroup(group()));
    add("free", MenuCommand::UpsertModifierGroup(ModifierGroup { free: 2, ..group() }));
    let away = ModeTaxes { dining_mode: DiningMode::TakeAway, taxes: vec![id!(TaxId "vat7")] };
    add("by_mode", MenuCommand::UpsertItem(Item { mode_taxes: vec![away], ..plain_item() }));
    add("lunch", MenuCommand::UpsertItem(Item { dayparts: vec![id!(DaypartId "lunch")], ..plain_item() }));
    add("one", MenuCommand::UpsertDaypart(daypart()));
    let tax =
        Tax { id: id!(TaxId "vat19"), name: text("USt 19 %"), rate: Ppm(190_000), inclusive: true, compound: false };
    add("compound", MenuCommand::UpsertTax(Tax { inclusive: false, compound: true, ..tax.clone() }));
    add("inclusive", MenuCommand::UpsertTax(tax.clone()));
    add("exclusive", MenuCommand::UpsertTax(Tax { inclusive: false, ..tax }));
    add("one", MenuCommand::Publish);
}

fn store(add: &mut dyn FnMut(&'static str, StoreCommand)) {
    add("one", StoreCommand::Put(settings()));
    let approvals = Approvals { needed: Rights::of([Right::Cancel]), discount_limit: Ppm(1), self_approval: true };
    add("approvals", StoreCommand::Put(Settings { approvals, ..settings() }));
    add("shifts", StoreCommand::Put(Settings { cash_shifts: CashShifts::Required, ..settings() }));
    add("kitchen", StoreCommand::Put(Settings { kitchen: Kitchen::On, ..settings() }));
    let offline = OfflineBounds { discount: Some(Ppm(100_000)), amount: Some(Money(50_000)), facts: Some(200) };
    add("offline", StoreCommand::Put(Settings { offline, ..settings() }));
    add("offline_age", StoreCommand::Put(Settings { offline_age_s: Some(86_400), ..settings() }));
    add("sealing", StoreCommand::Put(Settings { seals_texts: true, ..settings() }));
    add("one", StoreCommand::AdoptMenu { version: 7 });
    let item = id!(ItemId "margherita");
    let variation = Some(id!(VariationId "small"));
    add("full", StoreCommand::SetPrice { item, variation, price: Some(Money(990)) });
    add("plain", StoreCommand::SetPrice { item, variation: None, price: None });
    add("sold", StoreCommand::SetAvailability { item, available: true });
    add("not_sold", StoreCommand::SetAvailability { item, available: false });
}

fn line() -> NewLine {
    let (group, modifier) = (id!(GroupId "toppings"), id!(ModifierId "olives"));
    NewLine {
        line: id!(LineId "l1"),
        item: id!(ItemId "margherita"),
        variation: Some(id!(VariationId "large")),
        qty: QtyMilli::pieces(2),
        modifiers: vec![NewModifier { group, modifier, qty: 2 }],
        open_price: Some(Money(1_350)),
        price_override: None,
        seat: Some(3),
        course: Some(1),
        note: Some(text("scharf")),
        allergens: None,
    }
}

fn plain_line() -> NewLine {
    let (variation, modifiers, open_price) = (None, vec![], None);
    NewLine { variation, modifiers, open_price, seat: None, course: None, note: None, ..line() }
}

fn discount() -> NewDiscount {
    NewDiscount {
        discount: id!(DiscountId "d1"),
        scope: DiscountScope::Lines(vec![id!(LineId "l1"), id!(LineId "l2")]),
        rate: Rate::Percent(Ppm(100_000)),
        reason: text("Stammgast"),
    }
}

fn charge() -> NewServiceCharge {
    NewServiceCharge {
        charge: id!(ChargeId "c1"),
        name: text("Service"),
        rate: Rate::Amount(Money(250)),
        phase: NewChargePhase::Subtotal { pre_discount: true, taxes: vec![id!(TaxId "vat7")] },
    }
}

fn new_order() -> NewOrder {
    NewOrder {
        channel: Channel::Pos,
        dining_mode: DiningMode::DineIn,
        pay_mode: PayMode::First,
        table: Some(id!(TableId "t12")),
        guests: 4,
        customer_ref: Some(id!(CustomerRef "cust_77")),
        promised_at: None,
        tax_exempt: None,
        currency: Some(currency("EUR", 2)),
        display_number: Some(text("A-042")),
        lines: vec![line(), plain_line()],
        discounts: vec![discount()],
        service_charges: vec![charge()],
        place: Some(Place { expected_total: Some(Money(3_356)) }),
        pay: None,
        training: false,
    }
}

fn plain_order() -> NewOrder {
    let (lines, discounts, service_charges) = (vec![], vec![], vec![]);
    let (table, customer_ref, currency, display_number) = (None, None, None, None);
    let plain = NewOrder { lines, discounts, service_charges, place: None, ..new_order() };
    NewOrder { table, customer_ref, currency, display_number, ..plain }
}

fn order(add: &mut dyn FnMut(&'static str, OrderCommand)) {
    use OrderCommand as C;
    add("full", C::Open(new_order()));
    add("plain", C::Open(plain_order()));
    add("training", C::Open(NewOrder { training: true, ..plain_order() }));
    add("two", C::AddLines(vec![line(), plain_line()]));
    add("allergens", C::AddLines(vec![NewLine { allergens: Some(text("sesame")), ..line() }]));
    let (payment, amount, tip) = (id!(PaymentId "p1"), Some(Money(3_356)), Money(144));
    let cash = PaidBy::Cash { tendered: Some(Money(4_000)), drawer: Some(id!(DrawerId "d1")) };
    let card = PaidBy::External { tender: id!(TenderId "card"), reference: Some(text("A 4711")) };
    let paid = |amount, by| C::Open(NewOrder { pay: Some(NewPay { payment, amount, tip, by }), ..new_order() });
    add("paid_in_cash", paid(amount, cash));
    add("paid_by_card", paid(None, card));
    add("promised", C::Open(NewOrder { promised_at: Some(DEADLINE), ..plain_order() }));
    add("tax_exempt", C::Open(NewOrder { tax_exempt: Some(text("Botschaft")), ..plain_order() }));
    let price = NewPrice { price: Money(900), reason: text("Plakat") };
    add("price_override", C::AddLines(vec![NewLine { price_override: Some(price.clone()), ..line() }]));
    add("one", C::ChangeLineQty { line: id!(LineId "l1"), qty: QtyMilli(300) });
    let (seat, course, note, allergens) = Default::default();
    let of = id!(LineId "l1");
    let change = LineChange { line: of, qty: None, seat, course, note, allergens, price_override: None };
    add("course", C::ChangeLine(LineChange { course: Edit::Set(2), ..change.clone() }));
    add("seat", C::ChangeLine(LineChange { seat: Edit::Set(2), ..change.clone() }));
    add("note", C::ChangeLine(LineChange { note: Edit::Set(text("scharf")), ..change.clone() }));
    add("no_note", C::ChangeLine(LineChange { note: Edit::Clear, ..change.clone() }));
    add("allergens", C::ChangeLine(LineChange { allergens: Edit::Set(text("scharf")), ..change.clone() }));
    add("all", C::ChangeLine(LineChange { qty: Some(QtyMilli(300)), price_override: Some(price), ..change }));
    add("away", C::SetDiningMode(DiningMode::TakeAway));
    add("one", C::ExemptFromTax { reason: text("Botschaft") });
    add("one", C::EndTaxExemption);
    add("one", C::RemoveLine(id!(LineId "l1")));
    add("lines_percent", C::ApplyDiscount(discount()));
    let (scope, rate) = (DiscountScope::Order, Rate::Amount(Money(500)));
    add("order_amount", C::ApplyDiscount(NewDiscount { scope, rate, ..discount() }));
    let part = FixedPart { line: id!(LineId "l1"), amount: Money(302) };
    let (scope, rate) = (DiscountScope::Fixed(vec![part]), Rate::Amount(Money(302)));
    add("fixed", C::ApplyDiscount(NewDiscount { scope, rate, ..discount() }));
    add("one", C::RemoveDiscount(id!(DiscountId "d1")));
    add("subtotal", C::ApplyServiceCharge(charge()));
    add("total", C::ApplyServiceCharge(NewServiceCharge { phase: NewChargePhase::Total, ..charge() }));
    add("one", C::RemoveServiceCharge(id!(ChargeId "c1")));
    add("full", C::Place(Place { expected_total: Some(Money(3_356)) }));
    add("plain", C::Place(Place { expected_total: None }));
    add("timeout", C::Cancel { reason: CancelReason::PaymentTimeout });
    add("requested", C::Cancel { reason: CancelReason::Requested(text("Gast ist gegangen")) });
    add("one", C::Complete);
    let lines = vec![id!(LineId "l1"), id!(LineId "l2")];
    add("two", C::HoldLines(lines.clone()));
    add("unheld", C::FireLines(Fire::Unheld));
    add("lines", C::FireLines(Fire::Lines(lines.clone())));
    add("course", C::FireLines(Fire::Course(2)));
    add("two", C::MarkServed(lines));
    add("all", C::MarkServed(vec![]));
    let (line, qty) = (id!(LineId "l1"), QtyMilli::ONE);
    add("wasted", C::VoidLine { line, qty, reason: text("Bruch"), wasted: true });
    add("back", C::VoidLine { line, qty, reason: text("Bruch"), wasted: false });
    let (discount, reason) = (id!(DiscountId "sorry"), text("Wartezeit"));
    add("one", C::CompLines(NewComp { discount, lines: vec![line], reason }));
    add("one", C::SetTable(id!(TableId "t7")));
    add("one", C::AssignServer(id!(ActorId "ana")));
    add("one", C::SetGuests(5));
    add("plain", C::Print { document: Document::Bill, check: None });
    add("full", C::Print { document: Document::Receipt, check: CheckId::new(2) });
    let to = CheckId::new(2).expect("a check");
    let all = CheckMove { line, what: MoveOf::All, from: None };
    let some = CheckMove { what: MoveOf::Qty(qty), ..all };
    let part = CheckMove { what: MoveOf::Share { parts: 1, of: 3 }, from: Some(CheckId::FIRST), ..all };
    add("all", C::SplitCheck { to, moves: vec![all] });
    add("some", C::SplitCheck { to, moves: vec![some] });
    add("part", C::SplitCheck { to, moves: vec![part, CheckMove { line: id!(LineId "l2"), ..all }] });
    add("one", C::SplitEvenly(to));
    add("one", C::MergeInto(id!(OrderId "o2")));
    let (refund, reason) = (id!(RefundId "r1"), text("Gericht war kalt"));
    let refund = NewRefund { refund, what: RefundOf::Rest, restock: false, drawer: None, reason };
    add("all", C::Refund { refund: refund.clone(), payments: vec![] });
    let lines = vec![RefundLine { line: id!(LineId "l1"), qty: QtyMilli::ONE }];
    let what = RefundOf::Lines { lines, tip: Money(144), charges: Charges::Keep };
    let payments = vec![id!(PaymentId "p2"), id!(PaymentId "p1")];
    let drawer = Some(id!(DrawerId "d1"));
    add("named", C::Refund { refund: NewRefund { what, restock: true, drawer, ..refund }, payments });
    add("one", C::TimeOut { deadline: DEADLINE });
}

fn payment(add: &mut dyn FnMut(&'static str, PaymentCommand)) {
    use PaymentCommand as C;
    let (order, tip, amount) = (ORDER, Money(144), Some(Money(3_356)));
    let tendered = Some(Money(4_000));
    let method = Method::Cash { tendered, drawer: None };
    add("cash", C::Initiate { order, check: None, amount, tip, method, expected_total: amount });
    add("check", C::Initiate { order, check: CheckId::new(2), amount, tip, method, expected_total: amount });
    let method = Method::Cash { tendered: None, drawer: None };
    add("plain", C::Initiate { order, check: None, amount: None, tip, method, expected_total: None });
    let in_drawer = Method::Cash { tendered, drawer: Some(id!(DrawerId "d1")) };
    add("drawer", C::Initiate { order, check: None, amount, tip, method: in_drawer, expected_total: None });
    let method = Method::External(id!(TenderId "cash"));
    add("external", C::Initiate { order, check: None, amount, tip, method, expected_total: None });
    let (tender, account) = (id!(TenderId "card"), id!(AccountId "acme_card"));
    for (label, capture) in [("at_once", Capture::AtOnce), ("later", Capture::Later)] {
        let method = Method::Provider { tender, account, capture, step: None };
        add(label, C::Initiate { order, check: None, amount, tip, method, expected_total: None });
    }
    for (label, message) in messages() {
        add(label, C::Provider(ProviderCommand::Record { account, message }));
    }
    add("one", C::Provider(ProviderCommand::Capture));
    add("one", C::Provider(ProviderCommand::Void { reason: text("Gast ist gegangen") }));
    add("one", C::Provider(ProviderCommand::AdjustTip { tip }));
    let reason = text("Trinkgeld am Terminal");
    let review = |flag, decision, tip| C::Review(Review { flag, decision, tip, reason: reason.clone() });
    add("accept", review(Some(Revision(3)), Decision::Accept, Some(tip)));
    add("refund", review(None, Decision::Refund, None));
    add("dismiss", review(None, Decision::Dismiss, None));
    add("captured", C::RecordOutcome(Outcome::Captured { amount, reference: None }));
    let reference = Some(text("A 4711"));
    add("referenced", C::RecordOutcome(Outcome::Captured { amount, reference }));
    add("captured_plain", C::RecordOutcome(Outcome::Captured { amount: None, reference: None }));
    add("failed", C::RecordOutcome(Outcome::Failed { code: text("51") }));
    add("one", C::Expire { deadline: DEADLINE });
    let (refund, reason) = (id!(RefundId "r1"), text("Gericht war kalt"));
    let rest = NewRefund { refund, what: RefundOf::Rest, restock: false, drawer: None, reason };
    let (amount, tip) = (Money(1_089), Money(144));
    let lines = vec![RefundLine { line: id!(LineId "l1"), qty: QtyMilli::ONE }];
    add("rest", C::RequestRefund(rest.clone()));
    add("drawer", C::RequestRefund(NewRefund { drawer: Some(id!(DrawerId "d1")), ..rest.clone() }));
    add("amount", C::RequestRefund(NewRefund { what: RefundOf::Amount { amount, tip }, ..rest.clone() }));
    let of = |charges| RefundOf::Lines { lines: lines.clone(), tip, charges };
    add("lines", C::RequestRefund(NewRefund { what: of(Charges::Follow), restock: true, ..rest.clone() }));
    add("keep", C::RequestRefund(NewRefund { what: of(Charges::Keep), ..rest }));
    add("succeeded", C::RecordRefundOutcome { refund, outcome: RefundOutcome::Succeeded { drawer: None } });
    let drawer = Some(id!(DrawerId "d1"));
    add("drawer", C::RecordRefundOutcome { refund, outcome: RefundOutcome::Succeeded { drawer } });
    add("failed", C::RecordRefundOutcome { refund, outcome: RefundOutcome::Failed { code: text("51") } });
}

fn stock(add: &mut dyn FnMut(&'static str, StockCommand)) {
    use StockCommand as C;
    let (sku, qty) = (id!(Sku "dough"), QtyMilli::pieces(40));
    add("untracked", C::SetPolicy { sku, policy: StockPolicy::Untracked });
    add("counted", C::SetPolicy { sku, policy: StockPolicy::Counted { auto86: false } });
    add("auto86", C::SetPolicy { sku, policy: StockPolicy::Counted { auto86: true } });
    add("full", C::Receive { sku, qty, reference: Some(text("LS 118")) });
    add("plain", C::Receive { sku, qty, reference: None });
    add("one", C::Count { sku, counted: qty });
    add("one", C::Adjust { sku, delta: QtyMilli(-2_000), reason: text("Bruch") });
    add("one", C::Waste { sku, qty, reason: text("Bruch") });
    add("until", C::Mark86 { sku, until: Some(DEADLINE) });
    add("plain", C::Mark86 { sku, until: None });
    add("one", C::Unmark86(sku));
    add("one", C::EndMark86 { sku, until: DEADLINE });
}

fn drawer(add: &mut dyn FnMut(&'static str, DrawerCommand)) {
    use DrawerCommand as C;
    let (amount, reason) = (Money(1_500), text("Eis vom Nachbarn"));
    add("one", C::Remove);
    add("one", C::OpenShift { float: Money(20_000), may_add: false });
    add("one", C::PaidIn { amount, reason: reason.clone() });
    add("one", C::PaidOut { amount, reason: reason.clone() });
    add("one", C::NoSale { reason });
    add("one", C::CloseShift { counted: Money(48_350) });
}

/// Adds a digest, which must be another than all before it.
#[track_caller]
fn distinct(seen: &mut HashMap<u128, String>, command: &Command) {
    let digest = command_digest(command);
    assert_eq!(digest, command_digest(&command.clone()), "the digest depends on more than the command");
    let text = format!("{} {command:?}", command_name(command));
    if let Some(other) = seen.insert(digest, text.clone()) {
        panic!("one digest for two commands:\n{other}\n{text}");
    }
}

#[test]
fn different_commands_have_different_digests() {
    let mut seen = HashMap::new();
    for (_, command) in commands() {
        distinct(&mut seen, &command);
        if let Command::Store(_, command) = command {
            distinct(&mut seen, &Command::Store(id!(StoreId "s2"), command));
        }
    }
}

#[test]
fn every_field_of_an_order_is_in_its_digest() {
    let open = |change: &dyn Fn(&mut NewOrder)| {
        let mut order = new_order();
        change(&mut order);
        Command::Store(id!(StoreId "s1"), StoreCommand::Order(ORDER, OrderCommand::Open(order)))
    };
    let changes: &[&dyn Fn(&mut NewOrder)] = &[
        &|_| {},
        &|order| order.channel = Channel::Kiosk,
        &|order| order.dining_mode = DiningMode::TakeAway,
        &|order| order.pay_mode = PayMode::Later,
        &|order| order.table = None,
        &|order| order.guests = 5,
        &|order| order.customer_ref = None,
        &|order| order.currency = Some(currency("USD", 2)),
        &|order| order.currency = None,
        &|order| order.display_number = None,
        &|order| order.lines.swap(0, 1),
        &|order| order.discounts.clear(),
        &|order| order.service_charges.clear(),
        &|order| order.place = None,
        &|order| order.place = Some(Place { expected_total: None }),
        &|order| order.lines[0].line = id!(LineId "l9"),
        &|order| order.lines[0].item = id!(ItemId "funghi"),
        &|order| order.lines[0].variation = None,
        &|order| order.lines[0].qty = QtyMilli::ONE,
        &|order| order.lines[0].modifiers.clear(),
        &|order| order.lines[0].modifiers[0].group = id!(GroupId "extras"),
        &|order| order.lines[0].modifiers[0].modifier = id!(ModifierId "ham"),
        &|order| order.lines[0].modifiers[0].qty = 1,
        &|order| order.lines[0].open_price = None,
        &|order| order.lines[0].seat = Some(4),
        &|order| order.lines[0].course = Some(4),
        &|order| order.lines[0].note = None,
        &|order| order.discounts[0].discount = id!(DiscountId "d9"),
        &|order| order.discounts[0].scope = DiscountScope::Order,
        &|order| order.discounts[0].scope = DiscountScope::Lines(vec![]),
        &|order| order.discounts[0].rate = Rate::Amount(Money(100_000)),
        &|order| order.discounts[0].reason = text("Chef"),
        &|order| order.service_charges[0].charge = id!(ChargeId "c9"),
        &|order| order.service_charges[0].name = text("Tisch"),
        &|order| order.service_charges[0].rate = Rate::Percent(Ppm(250)),
        &|order| order.service_charges[0].phase = NewChargePhase::Total,
        &|order| order.service_charges[0].phase = NewChargePhase::Subtotal { pre_discount: true, taxes: vec![] },
        &|order| order.service_charges[0].phase = NewChargePhase::Subtotal { pre_discount: false, taxes: vec![] },
    ];
    let mut seen = HashMap::new();
    for change in changes {
        distinct(&mut seen, &open(change));
    }
}
