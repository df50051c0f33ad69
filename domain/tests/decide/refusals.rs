//! Every refusal, in the order of the enum. The one the engine makes itself is named.

use crate::support::*;
use crate::*;
use domain::check::MoveOf;
use domain::command::{Fire, Issued, ModifierGroupChange, NewDevice, NewToken, TicketCommand};
use domain::event::Terms;
use domain::ids::DeviceId;
use domain::kitchen::Kitchen;
use domain::menu::{Item, Menu, ModifierGroup};
use domain::staff::{Approvals, Right, Rights};
use domain::store::Settings;
use std::collections::BTreeSet;

/// The names of all refusals. One match without a wildcard, so that a new refusal asks for its case here.
fn name(refused: &Refused) -> &'static str {
    match refused {
        Refused::UnknownStore => "UnknownStore",
        Refused::CurrencyFixed { .. } => "CurrencyFixed",
        Refused::RevisionMismatch { .. } => "RevisionMismatch",
        Refused::NoMenu => "NoMenu",
        Refused::UnknownMenuVersion { .. } => "UnknownMenuVersion",
        Refused::UnknownItem { .. } => "UnknownItem",
        Refused::ItemUnavailable { .. } => "ItemUnavailable",
        Refused::OutsideDaypart { .. } => "OutsideDaypart",
        Refused::UnknownVariation { .. } => "UnknownVariation",
        Refused::VariationRequired { .. } => "VariationRequired",
        Refused::UnknownModifierGroup { .. } => "UnknownModifierGroup",
        Refused::NotInDraft { .. } => "NotInDraft",
        Refused::UnknownModifier { .. } => "UnknownModifier",
        Refused::ModifierMinNotMet { .. } => "ModifierMinNotMet",
        Refused::ModifierMaxExceeded { .. } => "ModifierMaxExceeded",
        Refused::ModifierQtyNotAllowed { .. } => "ModifierQtyNotAllowed",
        Refused::PriceRequired { .. } => "PriceRequired",
        Refused::PriceNotOpen { .. } => "PriceNotOpen",
        Refused::NegativePrice { .. } => "NegativePrice",
        Refused::MenuIncomplete { .. } => "MenuIncomplete",
        Refused::TooMany { .. } => "TooMany",
        Refused::NoListPrice { .. } => "NoListPrice",
        Refused::OrderExists { .. } => "OrderExists",
        Refused::UnknownOrder { .. } => "UnknownOrder",
        Refused::OrderClosed { .. } => "OrderClosed",
        Refused::OrderMerged { .. } => "OrderMerged",
        Refused::OrderNotPlaced => "OrderNotPlaced",
        Refused::OrderAlreadyPlaced => "OrderAlreadyPlaced",
        Refused::OrderEmpty => "OrderEmpty",
        Refused::LineExists { .. } => "LineExists",
        Refused::UnknownLine { .. } => "UnknownLine",
        Refused::DiscountExists { .. } => "DiscountExists",
        Refused::UnknownDiscount { .. } => "UnknownDiscount",
        Refused::ServiceChargeExists { .. } => "ServiceChargeExists",
        Refused::UnknownServiceCharge { .. } => "UnknownServiceCharge",
        Refused::UnknownTax { .. } => "UnknownTax",
        Refused::AlreadyTaxExempt => "AlreadyTaxExempt",
        Refused::LineFired { .. } => "LineFired",
        Refused::VoidExceedsLine { .. } => "VoidExceedsLine",
        Refused::KitchenOff => "KitchenOff",
        Refused::NotServed => "NotServed",
        Refused::NothingToFire => "NothingToFire",
        Refused::NothingReady { .. } => "NothingReady",
        Refused::UnknownTicket { .. } => "UnknownTicket",
        Refused::TicketBumped { .. } => "TicketBumped",
        Refused::OutOfStock { .. } => "OutOfStock",
        Refused::TotalMismatch { .. } => "TotalMismatch",
        Refused::CheckBelowPaid { .. } => "CheckBelowPaid",
        Refused::UnknownCheck { .. } => "UnknownCheck",
        Refused::SplitExceedsLine { .. } => "SplitExceedsLine",
        Refused::SplitTooFine { .. } => "SplitTooFine",
        Refused::MergeIntoItself => "MergeIntoItself",
        Refused::OrdersDiffer { .. } => "OrdersDiffer",
        Refused::PaymentDue { .. } => "PaymentDue",
        Refused::MoneyCaptured { .. } => "MoneyCaptured",
        Refused::RefundUnderWay { .. } => "RefundUnderWay",
        Refused::AmountTooLarge => "AmountTooLarge",
        Refused::CurrencyDiffers { .. } => "CurrencyDiffers",
        Refused::PaymentExists { .. } => "PaymentExists",
        Refused::UnknownPayment { .. } => "UnknownPayment",
        Refused::NothingDue => "NothingDue",
        Refused::PaymentExceedsDue { .. } => "PaymentExceedsDue",
        Refused::TenderedTooLittle { .. } => "TenderedTooLittle",
        Refused::CashSettled => "CashSettled",
        Refused::ProviderDecides { .. } => "ProviderDecides",
        Refused::NoProvider => "NoProvider",
        Refused::TrainingOrder { .. } => "TrainingOrder",
        Refused::PaymentNotAuthorised => "PaymentNotAuthorised",
        Refused::VoidUnderWay => "VoidUnderWay",
        Refused::TipTooHigh { .. } => "TipTooHigh",
        Refused::BetweenSteps { .. } => "BetweenSteps",
        Refused::NothingToReview => "NothingToReview",
        Refused::DecisionNotPossible { .. } => "DecisionNotPossible",
        Refused::PaymentNotCaptured => "PaymentNotCaptured",
        Refused::RefundExists { .. } => "RefundExists",
        Refused::UnknownRefund { .. } => "UnknownRefund",
        Refused::NothingToRefund => "NothingToRefund",
        Refused::RefundExceedsCaptured { .. } => "RefundExceedsCaptured",
        Refused::RefundExceedsSold { .. } => "RefundExceedsSold",
        Refused::LineOnOtherCheck { .. } => "LineOnOtherCheck",
        Refused::OrderNotCompleted => "OrderNotCompleted",
        Refused::NotCash => "NotCash",
        Refused::ShiftRequired => "ShiftRequired",
        Refused::ShiftNotOpen { .. } => "ShiftNotOpen",
        Refused::ShiftOpen { .. } => "ShiftOpen",
        Refused::DayOpen { .. } => "DayOpen",
        Refused::ShiftsOpen { .. } => "ShiftsOpen",
        Refused::DayClosed { .. } => "DayClosed",
        Refused::DayNotBegun { .. } => "DayNotBegun",
        Refused::UnknownSku { .. } => "UnknownSku",
        Refused::StockUntracked { .. } => "StockUntracked",
        Refused::OnHandTooLow { .. } => "OnHandTooLow",
        Refused::StockReserved { .. } => "StockReserved",
        Refused::UntilPassed => "UntilPassed",
        Refused::TokenExists { .. } => "TokenExists",
        Refused::UnknownToken { .. } => "UnknownToken",
        Refused::LastToken { .. } => "LastToken",
        Refused::ApprovalClaimed { .. } => "ApprovalClaimed",
        Refused::UnknownDrawer { .. } => "UnknownDrawer",
        Refused::TrainingNotAllowed => "TrainingNotAllowed",
        Refused::NotImported { .. } => "NotImported",
        Refused::BeyondBounds { .. } => "BeyondBounds",
        Refused::IssuedUnanswered { .. } => "IssuedUnanswered",
        Refused::ExpiryOutOfRange => "ExpiryOutOfRange",
        Refused::TenantExists => "TenantExists",
        Refused::DeviceExists { .. } => "DeviceExists",
        Refused::UnknownDevice { .. } => "UnknownDevice",
        Refused::TerminalTaken { .. } => "TerminalTaken",
        Refused::EnrolmentOver => "EnrolmentOver",
        Refused::UnknownStaff { .. } => "UnknownStaff",
        Refused::SignInRefused => "SignInRefused",
        Refused::PinLocked { .. } => "PinLocked",
        Refused::ApprovalRequired { .. } => "ApprovalRequired",
        Refused::NumberTaken { .. } => "NumberTaken",
        Refused::OnlyImported { .. } => "OnlyImported",
        Refused::AmountUnknown => "AmountUnknown",
        Refused::OnlyOnline { .. } => "OnlyOnline",
        Refused::NotDue => "NotDue",
    }
}

/// How many names [`name`] gives.
const REFUSALS: usize = 118;

/// What is left to the engine: it compares the revision a client names before it asks the domain.
const NOT_THE_DOMAINS: [&str; 1] = ["RevisionMismatch"];

/// A case: what was before, what is asked, why not.
type Case = (Vec<When>, When, Refused);

fn case(given: &[When], when: When, refused: Refused) -> Case {
    (given.to_vec(), when, refused)
}

fn euros() -> Currency {
    Currency::new("EUR", 2).expect("a currency")
}

pub fn menu(command: MenuCommand) -> When {
    when(Command::Menu(command))
}

fn access(command: AccessCommand) -> When {
    when(Command::Access(command))
}

fn cooking() -> When {
    when(to_store(StoreCommand::Put(Settings { kitchen: Kitchen::On, ..settings() })))
}

fn fire() -> When {
    to_o1(OrderCommand::FireLines(Fire::Unheld))
}

fn void(pieces: u32) -> When {
    let qty = QtyMilli::pieces(pieces);
    to_o1(OrderCommand::VoidLine { line: line("l1"), qty, reason: text("dropped"), wasted: true })
}

fn at_ticket(id: &str, command: TicketCommand) -> When {
    when(to_ticket(id, command))
}

/// A store that lets nobody cancel alone.
fn asks_to_cancel() -> When {
    let approvals = Approvals { needed: Rights::of([Right::Cancel]), ..Approvals::default() };
    when(to_store(StoreCommand::Put(Settings { approvals, ..settings() })))
}

fn token(id: &str) -> TokenId {
    TokenId::parse(id).expect("an id")
}

fn issue(id: &str, role: Role) -> When {
    access(AccessCommand::IssueToken(new_token(id, role)))
}

fn new_token(id: &str, role: Role) -> NewToken {
    let (label, secret_sha256) = (text("till"), [7; 32]);
    NewToken { token: token(id), role, label, secret_sha256, terms: Some(Terms::default()), is_first: false }
}

/// A token that is good until then.
fn until(expires_at: Timestamp) -> When {
    let terms = Some(Terms { expires_at: Some(expires_at), ..Terms::default() });
    access(AccessCommand::IssueToken(NewToken { terms, ..new_token("t1", Role::Pos) }))
}

/// The first token of a tenant.
fn first(id: &str) -> When {
    access(AccessCommand::IssueToken(NewToken { is_first: true, ..new_token(id, Role::Admin) }))
}

fn revoke(id: &str, issued: Option<Issued>) -> When {
    access(AccessCommand::RevokeToken { token: token(id), issued })
}

fn device(id: &str) -> DeviceId {
    DeviceId::parse(id).expect("an id")
}

fn add_device(id: &str, as_terminal: &str) -> When {
    access(AccessCommand::AddDevice(NewDevice {
        device: device(id),
        store: store_id(STORE),
        terminal: terminal(as_terminal),
        role: Role::Pos,
        label: text("till"),
        code_sha256: [8; 32],
        issuer: None,
    }))
}

fn enrol(id: &str, code: u8) -> When {
    let (token, secret_sha256) = (token("of_device"), [9; 32]);
    access(AccessCommand::EnrolDevice { device: device(id), code_sha256: [code; 32], token, secret_sha256 })
}

/// Ana, with a PIN and a device on which it is shown.
fn with_pin() -> Vec<When> {
    let staff = actor("ana");
    let put = AccessCommand::PutStaff { staff, rights: Rights::default(), discount_limit: None };
    vec![add_device("d1", "till_1"), enrol("d1", 8), access(put), set_pin("ana")]
}

fn set_pin(who: &str) -> When {
    access(AccessCommand::SetPin { staff: actor(who), salt: [9; 32], argon2id: [10; 32], by: actor("boss") })
}

/// A PIN that is not Ana's, as it was compared with this.
fn wrong_pin(argon2id: u8) -> When {
    let (staff, device) = (actor("ana"), device("d1"));
    access(AccessCommand::ShowPin { staff, device, argon2id: [argon2id; 32], is_right: false })
}

fn with(new: NewOrder) -> When {
    to_o1(OrderCommand::Open(new))
}

fn one(new: NewLine) -> When {
    open(vec![new])
}

fn chosen(of: &str, choices: &[(&str, &str, u16)]) -> When {
    let modifiers = choices.iter().map(|(group, modifier, qty)| choice(group, modifier, *qty)).collect();
    one(NewLine { modifiers, ..new_line("l1", of, 1) })
}

fn set_price(of: &str, in_form: Option<&str>) -> When {
    let variation = in_form.map(variation);
    when(to_store(StoreCommand::SetPrice { item: item(of), variation, price: Some(Money(5)) }))
}

fn menu_cases() -> Vec<Case> {
    let (burger, pizza) = (item("burger"), item("pizza"));
    let sauce = group("sauce");
    let unsold = when(to_store(StoreCommand::SetAvailability { item: burger, available: false }));
    let adopt = when(to_store(StoreCommand::AdoptMenu { version: 9 }));
    let odd = an_item("odd", ItemPrice::Fixed(Money(1)), &["nothing"], &[], None);
    let untaxed = an_item("odd", ItemPrice::Fixed(Money(1)), &[], &["nothing"], None);
    let missing =
        |kind| Refused::MenuIncomplete { item: item("odd"), kind, missing: Id::parse("nothing").expect("an id") };
    let large = NewLine { variation: Some(variation("huge")), ..new_line("l1", "pizza", 1) };
    let own_price = |of| NewLine { open_price: Some(Money(1)), ..new_line("l1", of, 1) };
    let few = |selected| Refused::ModifierMinNotMet { line: line("l1"), group: group("sides"), min: 2, selected };
    let many = |of, max, selected| Refused::ModifierMaxExceeded { line: line("l1"), group: of, max, selected };
    vec![
        case(&[], adopt, Refused::UnknownMenuVersion { version: 9 }),
        case(&[], one(new_line("l1", "tea", 1)), Refused::UnknownItem { item: item("tea") }),
        case(&[], menu(MenuCommand::RetireItem(item("tea"))), Refused::UnknownItem { item: item("tea") }),
        case(&[], set_price("tea", None), Refused::UnknownItem { item: item("tea") }),
        case(&[unsold], open(burgers()), Refused::ItemUnavailable { item: burger }),
        case(
            &crate::lines::soda_in_the_evening(),
            one(new_line("l1", "soda", 1)),
            Refused::OutsideDaypart { item: item("soda") },
        ),
        case(&[], one(large), Refused::UnknownVariation { item: pizza, variation: variation("huge") }),
        case(
            &[],
            set_price("pizza", Some("huge")),
            Refused::UnknownVariation { item: pizza, variation: variation("huge") },
        ),
        case(&[], one(new_line("l1", "pizza", 1)), Refused::VariationRequired { item: pizza }),
        case(&[], set_price("pizza", None), Refused::VariationRequired { item: pizza }),
        case(
            &[],
            chosen("burger", &[("sides", "fries", 1)]),
            Refused::UnknownModifierGroup { item: burger, group: group("sides") },
        ),
        case(&[], rename_group("starters"), Refused::NotInDraft { kind: "modifier group", id: group("starters").0 }),
        case(
            &[],
            chosen("burger", &[("sauce", "salsa", 1)]),
            Refused::UnknownModifier { group: sauce, modifier: modifier("salsa") },
        ),
        case(&[], chosen("combo", &[]), few(0)),
        case(&[], chosen("combo", &[("sides", "fries", 1)]), few(1)),
        case(&[], chosen("burger", &[("sauce", "mayo", 1), ("sauce", "dry", 1)]), many(sauce, 1, 2)),
        case(&[], chosen("burger", &[("toppings", "bacon", 4)]), many(group("toppings"), 3, 4)),
        case(
            &[],
            chosen("burger", &[("sauce", "mayo", 2)]),
            Refused::ModifierQtyNotAllowed { line: line("l1"), modifier: modifier("mayo") },
        ),
        case(&[], one(new_line("l1", "special", 1)), Refused::PriceRequired { item: item("special") }),
        case(&[], one(own_price("burger")), Refused::PriceNotOpen { item: burger }),
        case(&[], chosen("slider", &[("toppings", "plain", 1)]), Refused::NegativePrice { line: line("l1") }),
        case(&[menu(MenuCommand::UpsertItem(odd))], menu(MenuCommand::Publish), missing("modifier group")),
        case(&[menu(MenuCommand::UpsertItem(untaxed))], menu(MenuCommand::Publish), missing("tax")),
        case(&[], set_price("special", None), Refused::NoListPrice { item: item("special") }),
    ]
}

fn rename_group(of: &str) -> When {
    let change = ModifierGroupChange { group: group(of), name: Some(text("Starters")), modifiers: vec![] };
    menu(MenuCommand::ChangeModifierGroup(change))
}

fn too_many_cases() -> Vec<Case> {
    let too_many = |what, max| Refused::TooMany { what, max };
    let water = |index: usize| NewLine { line: line(&format!("w{index}")), ..new_line("l1", "water", 1) };
    let full: Vec<NewLine> = (0..LINES_MAX).map(water).collect();
    let mut discounted = vec![open(burgers())];
    discounted.extend((0..DISCOUNTS_MAX).map(|index| discount(&format!("e{index}"), DiscountScope::Order, 1)));
    let mut charged = vec![open(burgers())];
    charged.extend((0..CHARGES_MAX).map(|index| charge(&format!("c{index}"), NewChargePhase::Total)));
    let mut removed = vec![open(burgers())];
    removed.extend((0..=Order::REMOVED_MAX).flat_map(|index| {
        let id = format!("w{index}");
        [add(vec![water(index)]), remove(&id)].into_iter().take(if index == Order::REMOVED_MAX { 1 } else { 2 })
    }));
    let last = format!("w{}", Order::REMOVED_MAX);
    let taxes = vec![tax("sales"); domain::pricing::TAXES_MAX + 1];
    let wide = Item { groups: vec![group("sauce"); Item::GROUPS_MAX + 1], ..items().swap_remove(0) };
    vec![
        case(&[open(full)], add(burgers()), too_many("lines", LINES_MAX)),
        case(&discounted, discount("d1", DiscountScope::Order, 1), too_many("discounts", DISCOUNTS_MAX)),
        case(&charged, charge("d1", NewChargePhase::Total), too_many("service charges", CHARGES_MAX)),
        case(&removed, remove(&last), too_many("removed lines", Order::REMOVED_MAX)),
        case(
            &[open(burgers())],
            charge("c1", NewChargePhase::Subtotal { pre_discount: false, taxes }),
            too_many("taxes", domain::pricing::TAXES_MAX),
        ),
        case(&[], menu(MenuCommand::UpsertItem(wide)), too_many("modifier groups", Item::GROUPS_MAX)),
    ]
}

fn order_cases() -> Vec<Case> {
    let fired = [cooking(), open(burgers()), place(), fire()];
    let placed = [open(burgers()), place()];
    let taxed = NewChargePhase::Subtotal { pre_discount: false, taxes: vec![tax("nothing")] };
    let settings = domain::store::Settings { currency: euros(), ..settings() };
    let scope = DiscountScope::Lines(vec![line("l9")]);
    let expecting = to_o1(OrderCommand::Place(Place { expected_total: Some(Money(1)) }));
    let named = NewOrder { display_number: Some(text("17")), ..new_order() };
    let short =
        Shortage { sku: sku("burger"), wanted: QtyMilli(11_000), available: QtyMilli(10_000), marked_86: false };
    vec![
        case(&placed, when(to_store(StoreCommand::Put(settings))), Refused::CurrencyFixed { currency: usd() }),
        case(&placed, open(burgers()), Refused::OrderExists { order: order("o1") }),
        case(&[], place(), Refused::UnknownOrder { order: order("o1") }),
        case(&[open(burgers()), cancel()], place(), Refused::OrderClosed { state: Closed::Cancelled }),
        case(&placed[..1], by_card("p1", None), Refused::OrderNotPlaced),
        case(&placed, place(), Refused::OrderAlreadyPlaced),
        case(&[open(vec![])], place(), Refused::OrderEmpty),
        case(&placed, add(burgers()), Refused::LineExists { line: line("l1") }),
        case(&[], open([burgers(), burgers()].concat()), Refused::LineExists { line: line("l1") }),
        case(&placed, qty("l9", 1), Refused::UnknownLine { line: line("l9") }),
        case(&placed, remove("l9"), Refused::UnknownLine { line: line("l9") }),
        case(&placed, discount("d1", scope, 1), Refused::UnknownLine { line: line("l9") }),
        case(
            &[open(burgers()), discount("d1", DiscountScope::Order, 1)],
            discount("d1", DiscountScope::Order, 2),
            Refused::DiscountExists { discount: discount_id("d1") },
        ),
        case(
            &placed,
            to_o1(OrderCommand::RemoveDiscount(discount_id("d1"))),
            Refused::UnknownDiscount { discount: discount_id("d1") },
        ),
        case(
            &[open(burgers()), charge("c1", NewChargePhase::Total)],
            charge("c1", NewChargePhase::Total),
            Refused::ServiceChargeExists { charge: charge_id("c1") },
        ),
        case(
            &placed,
            to_o1(OrderCommand::RemoveServiceCharge(charge_id("c1"))),
            Refused::UnknownServiceCharge { charge: charge_id("c1") },
        ),
        case(&placed, charge("c1", taxed), Refused::UnknownTax { tax: tax("nothing") }),
        case(&[open(burgers()), crate::lines::exempt()], crate::lines::exempt(), Refused::AlreadyTaxExempt),
        case(&fired, remove("l1"), Refused::LineFired { line: line("l1"), fired: QtyMilli::pieces(2) }),
        case(
            &[open(burgers()), place()],
            void(3),
            Refused::VoidExceedsLine { line: line("l1"), left: QtyMilli::pieces(2) },
        ),
        case(&[open(burgers()), place()], fire(), Refused::KitchenOff),
        case(&[&fired[..], &[by_cash("p1", None)]].concat(), to_o1(OrderCommand::Complete), Refused::NotServed),
        case(&fired, fire(), Refused::NothingToFire),
        case(&fired, to_o1(OrderCommand::MarkServed(vec![line("l1")])), Refused::NothingReady { line: line("l1") }),
        case(&fired, at_ticket("t2", TicketCommand::Bump), Refused::UnknownTicket { ticket: ticket("t2") }),
        case(
            &[&fired[..], &[at_ticket("t1", TicketCommand::Bump)]].concat(),
            at_ticket("t1", TicketCommand::Start),
            Refused::TicketBumped { ticket: ticket("t1") },
        ),
        case(&[open(vec![new_line("l1", "burger", 11)])], place(), Refused::OutOfStock { shortages: vec![short] }),
        case(&placed[..1], expecting, Refused::TotalMismatch { expected: Money(1), actual: Money(2_178) }),
        case(&placed, to_o1(OrderCommand::Complete), Refused::PaymentDue { due: Money(2_178) }),
        case(
            &[open(burgers()), place(), by_cash("p1", Some(1))],
            cancel(),
            Refused::MoneyCaptured { captured: Money(1) },
        ),
        case(
            &[],
            with(NewOrder { currency: Some(euros()), ..new_order() }),
            Refused::CurrencyDiffers { expected: usd() },
        ),
        case(
            &[asks_to_cancel(), open(burgers()), place()],
            cancel(),
            Refused::ApprovalRequired { right: Right::Cancel, approver: None },
        ),
        case(&[], When { source: Source::Offline, ..with(named.clone()) }, Refused::NumberTaken { number: text("17") }),
        case(&[], with(named), Refused::OnlyImported { field: "display_number" }),
        case(&placed, When { source: Source::Offline, ..by_cash("p1", None) }, Refused::AmountUnknown),
        case(&placed, time_out(900).at(900), Refused::NotDue),
    ]
}

fn floor_cases() -> Vec<Case> {
    let split = crate::floor::split;
    let (placed, o2) = ([open(burgers()), place()], || crate::floor::open_o2(burgers()));
    let merged = [open(burgers()), place(), o2(), crate::floor::merge("o1", "o2")];
    let paid = [open(burgers()), place(), by_cash("p1", Some(2_000))];
    let first_of_two = crate::floor::check_no(1);
    let fine = MoveOf::Share { parts: 1, of: 999_983 };
    let finer = [open(burgers()), place(), split(2, &[("l1", fine)])];
    let first = NewOrder { lines: burgers(), pay_mode: PayMode::First, place: Some(Place::default()), ..new_order() };
    let l1 = line("l1");
    vec![
        case(&merged, add(burgers()), Refused::OrderMerged { into: order("o2") }),
        case(
            &paid,
            split(2, &[("l1", MoveOf::Share { parts: 1, of: 2 })]),
            Refused::CheckBelowPaid { check: first_of_two, total: Money(1_089), paid: Money(2_000) },
        ),
        case(
            &placed,
            crate::floor::pay_check("p1", 2, None, card()),
            Refused::UnknownCheck { check: crate::floor::check_no(2) },
        ),
        case(&placed, split(2, &[("l1", MoveOf::Qty(QtyMilli::pieces(3)))]), Refused::SplitExceedsLine { line: l1 }),
        case(&finer, split(3, &[("l1", MoveOf::Share { parts: 1, of: 7 })]), Refused::SplitTooFine { line: l1 }),
        case(&placed, crate::floor::merge("o1", "o1"), Refused::MergeIntoItself),
        case(
            &[&placed[..], &[crate::floor::to_o2(OrderCommand::Open(first))]].concat(),
            crate::floor::merge("o1", "o2"),
            Refused::OrdersDiffer { what: "pay_mode" },
        ),
        // What else may not be merged.
        case(&[o2(), open(burgers())], crate::floor::merge("o2", "o1"), Refused::OrderNotPlaced),
        case(
            &[&paid[..], &[o2()]].concat(),
            crate::floor::merge("o1", "o2"),
            Refused::MoneyCaptured { captured: Money(2_000) },
        ),
        case(&placed, crate::floor::merge("o1", "o9"), Refused::UnknownOrder { order: order("o9") }),
    ]
}

fn payment_and_stock_cases() -> Vec<Case> {
    let placed = [open(burgers()), place()];
    let little = Method::Cash { tendered: Some(Money(9)), drawer: None };
    let paid = [open(burgers()), place(), by_cash("p1", Some(1))];
    vec![
        case(&placed, pay("p1", Some(1), i64::MAX, card()), Refused::AmountTooLarge),
        case(&paid, by_card("p1", None), Refused::PaymentExists { payment: payment("p1") }),
        case(&placed, failed("p1"), Refused::UnknownPayment { payment: payment("p1") }),
        case(&placed, by_card("p1", Some(0)), Refused::NothingDue),
        case(&placed, by_card("p1", Some(2_179)), Refused::PaymentExceedsDue { due: Money(2_178) }),
        case(&placed, pay("p1", Some(10), 0, little), Refused::TenderedTooLittle { needed: Money(10) }),
        case(&paid, captured("p1", None), Refused::CashSettled),
        case(&[open(burgers()), place(), by_card("p1", None)], back("p1", "r1", 1, 0), Refused::PaymentNotCaptured),
        case(
            &[paid.to_vec(), vec![back("p1", "r1", 1, 0)]].concat(),
            back("p1", "r1", 1, 0),
            Refused::RefundExists { refund: refund_id("r1") },
        ),
        case(&paid, refund_outcome("p1", "r1", true), Refused::UnknownRefund { refund: refund_id("r1") }),
        case(&paid, back("p1", "r1", 0, 0), Refused::NothingToRefund),
        case(&paid, back("p1", "r1", 1, 1), Refused::RefundExceedsCaptured { amount: Money(1), tip: Money::ZERO }),
        case(
            &[open(burgers()), place(), by_cash("p1", None)],
            lines_back("p1", "r1", &[("l1", 2_001)], false),
            Refused::RefundExceedsSold { line: line("l1"), left: QtyMilli(2_000) },
        ),
        case(
            &crate::floor::two_guests(),
            lines_back("p1", "r1", &[("l2", 1_000)], false),
            Refused::LineOnOtherCheck { line: line("l2"), check: crate::floor::check_no(1) },
        ),
        case(&paid, lines_back("p1", "r1", &[("l1", 1_000)], false), Refused::OrderNotCompleted),
        case(
            &[open(burgers()), place(), by_card("p1", Some(9)), captured("p1", None), back("p1", "r1", 9, 0)],
            cancel(),
            Refused::RefundUnderWay { captured: Money(9) },
        ),
        case(&[crate::days::begin(1)], crate::days::begin(2), Refused::DayOpen { open: crate::days::march(1) }),
        case(&[crate::days::close(2)], crate::days::close(1), Refused::DayClosed { closed: crate::days::march(2) }),
        case(&[], crate::days::close(3), Refused::DayNotBegun { today: crate::days::march(2) }),
        case(&[], crate::drawers::close("d1", 0), Refused::ShiftNotOpen { drawer: drawer("d1") }),
        case(
            &[crate::drawers::shift("d1", 0)],
            crate::drawers::shift("d1", 0),
            Refused::ShiftOpen { drawer: drawer("d1") },
        ),
        case(&[], receive("beer", 1), Refused::UnknownSku { sku: sku("beer") }),
        case(&[], receive("soda", 1), Refused::StockUntracked { sku: sku("soda") }),
        case(&[], waste("burger", 11), Refused::OnHandTooLow { sku: sku("burger"), available: QtyMilli(10_000) }),
        case(&placed, policy("burger", StockPolicy::Untracked), Refused::StockReserved { sku: sku("burger") }),
        case(&[], mark("burger", Some(0)), Refused::UntilPassed),
        case(&[issue("t1", Role::Admin)], issue("t1", Role::Pos), Refused::TokenExists { token: token("t1") }),
        case(&[], revoke("t1", None), Refused::UnknownToken { token: token("t1") }),
        case(
            &[issue("t1", Role::Admin), issue("t2", Role::Pos)],
            revoke("t1", Some(Issued::Revoke)),
            Refused::LastToken { role: Role::Admin },
        ),
        case(
            &[issue("t1", Role::Admin), issue("t2", Role::Admin)],
            revoke("t1", None),
            Refused::IssuedUnanswered { token: token("t1") },
        ),
        case(&[], until(at(0).now), Refused::ExpiryOutOfRange),
        case(&[], until(Timestamp(i64::MAX)), Refused::ExpiryOutOfRange),
        case(&[issue("t1", Role::Admin)], first("t2"), Refused::TenantExists),
        case(&[add_device("d1", "till_1")], add_device("d1", "till_2"), Refused::DeviceExists { device: device("d1") }),
        case(
            &[],
            access(AccessCommand::RemoveDevice { device: device("d1"), within: None }),
            Refused::UnknownDevice { device: device("d1") },
        ),
        case(
            &[add_device("d1", "till_1"), enrol("d1", 8)],
            add_device("d2", "till_1"),
            Refused::TerminalTaken { terminal: terminal("till_1"), device: device("d1") },
        ),
        case(&[], enrol("d1", 8), Refused::EnrolmentOver),
        case(&[add_device("d1", "till_1")], enrol("d1", 7), Refused::EnrolmentOver),
        case(&[add_device("d1", "till_1"), enrol("d1", 8)], enrol("d1", 8), Refused::EnrolmentOver),
        case(&[add_device("d1", "till_1"), add_device("d2", "till_1")], enrol("d1", 8), Refused::EnrolmentOver),
        case(&[], set_pin("zoe"), Refused::UnknownStaff { staff: actor("zoe") }),
        case(&with_pin(), wrong_pin(11), Refused::SignInRefused),
        case(
            &[with_pin(), (0..5).map(|_| wrong_pin(10)).collect()].concat(),
            wrong_pin(10),
            Refused::PinLocked { staff: actor("ana"), until: Timestamp(at(60).now.0) },
        ),
    ]
}

#[test]
fn every_refusal_is_made() {
    let mut made: BTreeSet<&str> = BTreeSet::from(NOT_THE_DOMAINS);
    let cases = [
        menu_cases(),
        too_many_cases(),
        order_cases(),
        floor_cases(),
        payment_and_stock_cases(),
        crate::provider::refused(),
        vec![crate::training::asks_a_provider()],
    ];
    let cases = cases.concat();
    for (given, when, refused) in cases {
        made.insert(name(&refused));
        check(&given, when, Err(refused));
    }
    // These need a store that is not there, or one that was opened before there was a menu.
    check_in(World::default(), &[], open(burgers()), Err(Refused::UnknownStore));
    let bare = [when(to_store(StoreCommand::Put(settings())))];
    check_in(World::default(), &bare, open(burgers()), Err(Refused::NoMenu));
    check_in(World::default(), &bare, set_price("burger", None), Err(Refused::NoMenu));
    // These need a store that works in shifts, or a payment that is not in cash.
    crate::drawers::d1_without_a_shift_no_cash_is_taken();
    crate::days::d1_all_cash_is_counted_before_a_closing();
    made.extend(["UnknownStore", "NoMenu", "ShiftRequired", "ShiftsOpen", "NotCash"]);
    // These are said of what a terminal kept, and are refused in no other way; or take somebody without a right.
    made.extend(["ApprovalClaimed", "BeyondBounds", "NotImported", "TrainingNotAllowed", "UnknownDrawer"]);
    assert_eq!(made.len(), REFUSALS, "{made:?}");
}

#[test]
fn menu_and_access_say_what_changed() {
    check(&[], menu(MenuCommand::UpsertItem(items().swap_remove(0))), Ok(&[]));
    check(&[], menu(MenuCommand::UpsertTax(taxes().swap_remove(0))), Ok(&[]));
    check(&[], menu(MenuCommand::UpsertModifierGroup(groups().swap_remove(0))), Ok(&[]));
    check(&[], menu(MenuCommand::Publish), Ok(&[]));
    let retire = menu(MenuCommand::RetireItem(item("soda")));
    check(&[], retire.clone(), Ok(&["retired soda"]));
    check(std::slice::from_ref(&retire), menu(MenuCommand::Publish), Ok(&["published 2"]));
    // A retired item is sold until the store adopts the version without it.
    let published = [retire, menu(MenuCommand::Publish)];
    let soda = || one(new_line("l1", "soda", 1));
    check(&published, soda(), Ok(&["o1 opened 1 on 2026-03-02", "o1 line l1 soda x 1000 at 255"]));
    let adopt = when(to_store(StoreCommand::AdoptMenu { version: 2 }));
    check(&published, adopt.clone(), Ok(&["adopted 2"]));
    let adopted = [published.to_vec(), vec![adopt]].concat();
    check(&adopted, soda(), Err(Refused::UnknownItem { item: item("soda") }));
    check(&[], issue("t1", Role::Admin), Ok(&["issued t1 Admin"]));
    let revoke = revoke("t2", None);
    let given = [issue("t1", Role::Admin), issue("t2", Role::Pos)];
    check(&given, revoke.clone(), Ok(&["revoked t2"]));
    check(&[given.to_vec(), vec![revoke.clone()]].concat(), revoke, Ok(&[]));
}

#[test]
fn menus_are_bounded() {
    let too_many = |what, max| Err(Refused::TooMany { what, max });
    let mut world = World::default();
    let a_tax = |index: usize| domain::menu::Tax { id: tax(&format!("x{index}")), ..taxes().swap_remove(0) };
    for index in 0..Menu::TAXES_MAX {
        world.run(&Command::Menu(MenuCommand::UpsertTax(a_tax(index))), &at(0)).expect("a tax");
    }
    let one_more = menu(MenuCommand::UpsertTax(a_tax(Menu::TAXES_MAX)));
    check_in(world.clone(), &[], one_more, too_many("taxes", Menu::TAXES_MAX));
    let known = domain::menu::Tax { rate: Ppm(1), ..a_tax(0) };
    check_in(world, &[], menu(MenuCommand::UpsertTax(known)), Ok(&["tax x0"]));
    let group = ModifierGroup { min: 1, ..groups().swap_remove(1) };
    check(&[], menu(MenuCommand::UpsertModifierGroup(group)), Ok(&["group toppings"]));
}
