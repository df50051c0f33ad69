//! Refusals in JSON: a stable code for programs, a sentence for people, and the facts to go on with.
//!
//! Codes are part of the API: a variant may be renamed, its code may not.

use crate::json::wire::{Wire, name_of};
use domain::ids::ActorId;
use domain::money::QtyMilli;
use domain::refused::{Closed, Refused, Shortage};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::fmt;

/// The stable code of a refusal, one for each kind.
pub fn refusal_code(refused: &Refused) -> &'static str {
    match refused {
        Refused::UnknownStore => "unknown_store",
        Refused::CurrencyFixed { .. } => "currency_fixed",
        Refused::RevisionMismatch { .. } => "revision_mismatch",
        Refused::NoMenu => "no_menu",
        Refused::UnknownMenuVersion { .. } => "unknown_menu_version",
        Refused::UnknownItem { .. } => "unknown_item",
        Refused::ItemUnavailable { .. } => "item_unavailable",
        Refused::UnknownVariation { .. } => "unknown_variation",
        Refused::VariationRequired { .. } => "variation_required",
        Refused::UnknownModifierGroup { .. } => "unknown_modifier_group",
        Refused::UnknownModifier { .. } => "unknown_modifier",
        Refused::ModifierMinNotMet { .. } => "modifier_min_not_met",
        Refused::ModifierMaxExceeded { .. } => "modifier_max_exceeded",
        Refused::ModifierQtyNotAllowed { .. } => "modifier_qty_not_allowed",
        Refused::PriceRequired { .. } => "price_required",
        Refused::PriceNotOpen { .. } => "price_not_open",
        Refused::NegativePrice { .. } => "negative_price",
        Refused::MenuIncomplete { .. } => "menu_incomplete",
        Refused::TooMany { .. } => "too_many",
        Refused::NoListPrice { .. } => "no_list_price",
        Refused::OrderExists { .. } => "order_exists",
        Refused::UnknownOrder { .. } => "unknown_order",
        Refused::OrderClosed { .. } => "order_closed",
        Refused::OrderMerged { .. } => "order_merged",
        Refused::OrderNotPlaced => "order_not_placed",
        Refused::OrderAlreadyPlaced => "order_already_placed",
        Refused::OrderEmpty => "order_empty",
        Refused::LineExists { .. } => "line_exists",
        Refused::UnknownLine { .. } => "unknown_line",
        Refused::DiscountExists { .. } => "discount_exists",
        Refused::UnknownDiscount { .. } => "unknown_discount",
        Refused::ServiceChargeExists { .. } => "service_charge_exists",
        Refused::UnknownServiceCharge { .. } => "unknown_service_charge",
        Refused::UnknownTax { .. } => "unknown_tax",
        Refused::LineFired { .. } => "line_fired",
        Refused::VoidExceedsLine { .. } => "void_exceeds_line",
        Refused::KitchenOff => "kitchen_off",
        Refused::NotServed => "not_served",
        Refused::NothingToFire => "nothing_to_fire",
        Refused::NothingReady { .. } => "nothing_ready",
        Refused::UnknownTicket { .. } => "unknown_ticket",
        Refused::TicketBumped { .. } => "ticket_bumped",
        Refused::OutOfStock { .. } => "out_of_stock",
        Refused::TotalMismatch { .. } => "total_mismatch",
        Refused::BelowPaid { .. } => "below_paid",
        Refused::CheckBelowPaid { .. } => "check_below_paid",
        Refused::UnknownCheck { .. } => "unknown_check",
        Refused::SplitExceedsLine { .. } => "split_exceeds_line",
        Refused::SplitTooFine { .. } => "split_too_fine",
        Refused::MergeIntoItself => "merge_into_itself",
        Refused::OrdersDiffer { .. } => "orders_differ",
        Refused::PaymentDue { .. } => "payment_due",
        Refused::MoneyCaptured { .. } => "money_captured",
        Refused::AmountTooLarge => "amount_too_large",
        Refused::CurrencyDiffers { .. } => "currency_differs",
        Refused::PaymentExists { .. } => "payment_exists",
        Refused::UnknownPayment { .. } => "unknown_payment",
        Refused::NothingDue => "nothing_due",
        Refused::PaymentExceedsDue { .. } => "payment_exceeds_due",
        Refused::TenderedTooLittle { .. } => "tendered_too_little",
        Refused::CashSettled => "cash_settled",
        Refused::PaymentNotCaptured => "payment_not_captured",
        Refused::RefundExists { .. } => "refund_exists",
        Refused::UnknownRefund { .. } => "unknown_refund",
        Refused::NothingToRefund => "nothing_to_refund",
        Refused::RefundExceedsCaptured { .. } => "refund_exceeds_captured",
        Refused::RefundExceedsSold { .. } => "refund_exceeds_sold",
        Refused::OrderNotCompleted => "order_not_completed",
        Refused::ProviderDecides { .. } => "provider_decides",
        Refused::NoProvider => "no_provider",
        Refused::PaymentNotAuthorised => "payment_not_authorised",
        Refused::VoidUnderWay => "void_under_way",
        Refused::TipTooHigh { .. } => "tip_too_high",
        Refused::AmountUnknown => "amount_unknown",
        Refused::NothingToReview => "nothing_to_review",
        Refused::DecisionNotPossible { .. } => "decision_not_possible",
        Refused::TrainingOrder { .. } => "training_order",
        Refused::OnlyOnline { .. } => "only_online",
        Refused::NotCash => "not_cash",
        Refused::ShiftRequired => "shift_required",
        Refused::ShiftNotOpen { .. } => "shift_not_open",
        Refused::ShiftOpen { .. } => "shift_open",
        Refused::DayOpen { .. } => "day_open",
        Refused::ShiftsOpen { .. } => "shifts_open",
        Refused::DayClosed { .. } => "day_closed",
        Refused::DayNotBegun { .. } => "day_not_begun",
        Refused::UnknownSku { .. } => "unknown_sku",
        Refused::StockUntracked { .. } => "stock_untracked",
        Refused::OnHandTooLow { .. } => "on_hand_too_low",
        Refused::StockReserved { .. } => "stock_reserved",
        Refused::UntilPassed => "until_passed",
        Refused::TokenExists { .. } => "token_exists",
        Refused::UnknownToken { .. } => "unknown_token",
        Refused::LastToken { .. } => "last_token",
        Refused::ApprovalRequired { .. } => "approval_required",
        Refused::NumberTaken { .. } => "number_taken",
        Refused::OnlyImported { .. } => "only_imported",
        Refused::NotDue => "not_due",
    }
}

/// One sentence or two: what stands in the way, with its numbers, and what to do. Amounts are in minor units.
pub fn refusal_detail(refused: &Refused) -> String {
    use Refused as R;
    let text: Cow<'static, str> = match refused {
        R::UnknownStore => "There is no such store; create it with PUT /v1/stores/{store}.".into(),
        R::CurrencyFixed { currency } => format!("The store has taken orders in {currency}; it stays with it.").into(),
        R::RevisionMismatch { current } => revision_mismatch(current.map(|current| current.0)).into(),
        R::NoMenu => "The store sells from no menu yet; publish one with POST /v1/menu/publish.".into(),
        R::UnknownMenuVersion { version } => format!("The menu has no version {version}.").into(),
        R::UnknownItem { item } => format!("The menu the store sells from has no item {item}.").into(),
        R::ItemUnavailable { item } => format!("The store does not sell {item} at the moment.").into(),
        R::UnknownVariation { item, variation } => format!("{item} has no variation {variation}.").into(),
        R::VariationRequired { item } => format!("{item} has variations; name one in variation_id.").into(),
        R::UnknownModifierGroup { item, group } => format!("{item} has no modifier group {group}.").into(),
        R::UnknownModifier { group, modifier } => format!("The group {group} has no modifier {modifier}.").into(),
        R::ModifierMinNotMet { line, group, min, selected } => Choices(line, selected, group, "least", min).into(),
        R::ModifierMaxExceeded { line, group, max, selected } => Choices(line, selected, group, "most", max).into(),
        R::ModifierQtyNotAllowed { line, modifier } => format!("Line {line} may take {modifier} only once.").into(),
        R::PriceRequired { item } => format!("The price of {item} comes with the line; add price to it.").into(),
        R::PriceNotOpen { item } => format!("{item} has a list price; leave price out of the line.").into(),
        R::NegativePrice { line } => format!("The modifiers take the price of line {line} below zero.").into(),
        R::MenuIncomplete { item, kind, missing } => {
            format!("{item} names the {kind} {missing}, which is missing.").into()
        }
        R::TooMany { what, max } => format!("That would be too many {what}; at most {max} are allowed.").into(),
        R::NoListPrice { item } => format!("{item} is not sold at a list price that a store could change.").into(),
        R::OrderExists { order } => format!("The id {order} belongs to another order; make a fresh one.").into(),
        R::UnknownOrder { order } => format!("There is no order {order} in this store.").into(),
        R::OrderClosed { state } => format!("The order is {} and takes no more changes.", closed(*state)).into(),
        R::OrderMerged { into } => format!("The order went into {into}, which has all of it now.").into(),
        R::OrderNotPlaced => "The order has to be placed first.".into(),
        R::OrderAlreadyPlaced => "The order has been placed already.".into(),
        R::OrderEmpty => "A placed order has at least one line; add one, or cancel the order.".into(),
        R::LineExists { line } => format!("The order has another line {line}; make a fresh id.").into(),
        R::UnknownLine { line } => format!("The order has no line {line}.").into(),
        R::DiscountExists { discount } => format!("The order has another discount {discount}; make a fresh id.").into(),
        R::UnknownDiscount { discount } => format!("The order has no discount {discount}.").into(),
        R::ServiceChargeExists { charge } => format!("The order has another charge {charge}; make a fresh id.").into(),
        R::UnknownServiceCharge { charge } => format!("The order has no service charge {charge}.").into(),
        R::UnknownTax { tax } => format!("The menu the store sells from has no tax {tax}.").into(),
        R::LineFired { line, fired } => {
            format!("The kitchen has {} of line {line}; void it instead.", Units(*fired)).into()
        }
        R::VoidExceedsLine { line, left } => format!("Only {} of line {line} is left.", Units(*left)).into(),
        R::KitchenOff => "The order is not prepared on tickets: the kitchen was off when it was opened.".into(),
        R::NotServed => "Something is still to be prepared or served.".into(),
        R::NothingToFire => "There is nothing new to fire, or all of it is held: name lines or a course.".into(),
        R::NothingReady { line } => format!("Nothing of line {line} is ready to be served.").into(),
        R::UnknownTicket { ticket } => format!("No open order has a ticket {ticket}.").into(),
        R::TicketBumped { ticket } => format!("The ticket {ticket} has left the board; recall it first.").into(),
        R::OutOfStock { shortages } => out_of_stock(shortages).into(),
        R::TotalMismatch { expected, actual } => format!("The total is {actual}, not {expected}; show it anew.").into(),
        R::BelowPaid { total, paid } => format!("The total would be {total}, but {paid} has been paid.").into(),
        R::CheckBelowPaid { check, total, paid } => {
            format!("Check {check} would come to {total}, but {paid} has been paid towards it.").into()
        }
        R::UnknownCheck { check } => format!("The order has no check {check}.").into(),
        R::SplitExceedsLine { line } => format!("The checks it comes from do not have so much of line {line}.").into(),
        R::SplitTooFine { line } => format!("Line {line} would be in too many parts.").into(),
        R::MergeIntoItself => "An order cannot go into itself; name another one.".into(),
        R::OrdersDiffer { what } => format!("The orders cannot become one: their {what} differs.").into(),
        R::PaymentDue { due } => format!("{due} is still due; take a payment first.").into(),
        R::MoneyCaptured { captured } => format!("{captured} has been taken for the order; refund it first.").into(),
        R::AmountTooLarge => "The amounts add up to more than a sum of money can hold.".into(),
        R::CurrencyDiffers { expected } => format!("The store's currency is {expected}.").into(),
        R::PaymentExists { payment } => {
            format!("The id {payment} belongs to another payment; make a fresh one.").into()
        }
        R::UnknownPayment { payment } => format!("There is no payment {payment} in this store.").into(),
        R::NothingDue => "There is nothing to pay.".into(),
        R::PaymentExceedsDue { due } => {
            format!("Only {due} is due; pay at most that, and give the rest as tip.").into()
        }
        R::TenderedTooLittle { needed } => format!("The payment with its tip takes {needed} in cash.").into(),
        R::CashSettled => "A cash payment is captured at once; it has its outcome already.".into(),
        R::PaymentNotCaptured => "The payment took no money in, so none can be given back.".into(),
        R::RefundExists { refund } => format!("The payment has another refund {refund}; make a fresh id.").into(),
        R::UnknownRefund { refund } => format!("The payment has no refund {refund}.").into(),
        R::NothingToRefund => "There is nothing to give back.".into(),
        R::RefundExceedsCaptured { amount, tip } => {
            format!("Only {amount} and {tip} of the tip are left of the payment; give back at most that.").into()
        }
        R::RefundExceedsSold { line, left } => {
            format!("Only {} of line {line} was sold and not given back.", Units(*left)).into()
        }
        R::OrderNotCompleted => {
            "Lines are refunded once their order is settled; take the line off, or refund an amount.".into()
        }
        R::ProviderDecides { account } => {
            format!("The provider says what becomes of it, to the account {account}; nobody records that by hand.")
                .into()
        }
        R::NoProvider => "No provider takes the payment; record its outcome instead.".into(),
        R::PaymentNotAuthorised => "The provider has set no money aside that could be taken or changed.".into(),
        R::VoidUnderWay => "The provider was asked to let go of the money.".into(),
        R::TipTooHigh { max } => {
            format!("The tip may be {max} at most, for what was set aside; take the rest as another payment.").into()
        }
        R::AmountUnknown => {
            "What was taken while the terminal was away cannot be told: something else was paid, or the total that was shown is \
             missing; say it in amount."
                .into()
        }
        R::NothingToReview => "Nobody has to decide about the payment, or not about that flag of it.".into(),
        R::DecisionNotPossible { flag } => format!(
            "That cannot be decided about the flag of revision {}: settle it where the money is, and dismiss it here.",
            flag.0
        )
        .into(),
        R::TrainingOrder { field } => format!(
            "The order is for practice, and no provider is asked for money for it; leave {field} out, or open another order."
        )
        .into(),
        R::OnlyOnline { field } => {
            format!("What is recorded after the fact may not bring {field}; leave it out.").into()
        }
        R::NotCash => "The payment was not in cash, so it comes out of no drawer; leave drawer_id out.".into(),
        R::ShiftRequired => {
            "The store takes cash in shifts, and not exactly one is open; open one, or name the drawer.".into()
        }
        R::ShiftNotOpen { drawer } => format!("The drawer {drawer} has no open shift; open one.").into(),
        R::ShiftOpen { drawer } => format!("The drawer {drawer} has an open shift; close it first.").into(),
        R::DayOpen { open } => format!("The day {open} is open; close it first.").into(),
        R::ShiftsOpen { drawers } => {
            let drawers: Vec<&str> = drawers.iter().map(|drawer| drawer.as_str()).collect();
            format!("Count the cash first: close the shifts of {}.", drawers.join(", ")).into()
        }
        R::DayClosed { closed } => format!("{closed} was closed already; name a later day.").into(),
        R::DayNotBegun { today } => format!("It is {today} by the store's clock; that day has not begun.").into(),
        R::UnknownSku { sku } => format!("The store keeps no stock of {sku}; set its policy first.").into(),
        R::StockUntracked { sku } => format!("{sku} is not counted; set its policy to counted first.").into(),
        R::OnHandTooLow { sku, available } => format!("Only {} of {sku} is available.", Units(*available)).into(),
        R::StockReserved { sku } => format!("Units of {sku} are reserved; its policy can change when none are.").into(),
        R::UntilPassed => "The end of the mark lies in the past; name a later time, or none.".into(),
        R::TokenExists { token } => format!("The id {token} belongs to another token.").into(),
        R::UnknownToken { token } => format!("There is no token {token}.").into(),
        R::LastToken { role } => format!("It is the last {} token; issue another first.", name_of(*role)).into(),
        R::ApprovalRequired { right, approver } => approval_required(name_of(*right), approver.as_ref()).into(),
        R::NumberTaken { number } => {
            format!("The number {number} is not the terminal's next one; the order got another.").into()
        }
        R::OnlyImported { field } => format!("Only an imported command may bring {field}; leave it out.").into(),
        R::NotDue => "The deadline has moved or does not exist any more.".into(),
    };
    text.into_owned()
}

/// What a program needs to go on, as extension members of the problem.
pub fn refusal_facts(refused: &Refused) -> Map<String, Value> {
    use Refused as R;
    let facts = match refused {
        R::CurrencyFixed { currency } => json!({"currency": currency.code()}),
        R::RevisionMismatch { current } => json!({"current_revision": current.map(|current| current.0)}),
        R::UnknownMenuVersion { version } => json!({"version": version}),
        R::UnknownItem { item }
        | R::ItemUnavailable { item }
        | R::VariationRequired { item }
        | R::PriceRequired { item }
        | R::PriceNotOpen { item }
        | R::NoListPrice { item } => json!({"item_id": Wire(*item)}),
        R::UnknownVariation { item, variation } => json!({"item_id": Wire(*item), "variation_id": Wire(*variation)}),
        R::UnknownModifierGroup { item, group } => json!({"item_id": Wire(*item), "group_id": Wire(*group)}),
        R::UnknownModifier { group, modifier } => json!({"group_id": Wire(*group), "modifier_id": Wire(*modifier)}),
        R::ModifierMinNotMet { line, group, min, selected } => {
            json!({"line_id": Wire(*line), "group_id": Wire(*group), "min": min, "selected": selected})
        }
        R::ModifierMaxExceeded { line, group, max, selected } => {
            json!({"line_id": Wire(*line), "group_id": Wire(*group), "max": max, "selected": selected})
        }
        R::ModifierQtyNotAllowed { line, modifier } => json!({"line_id": Wire(*line), "modifier_id": Wire(*modifier)}),
        R::NegativePrice { line } | R::LineExists { line } | R::UnknownLine { line } | R::NothingReady { line } => {
            json!({"line_id": Wire(*line)})
        }
        R::LineFired { line, fired } => json!({"line_id": Wire(*line), "fired": Wire(*fired)}),
        R::VoidExceedsLine { line, left } => json!({"line_id": Wire(*line), "left": Wire(*left)}),
        R::UnknownTicket { ticket } | R::TicketBumped { ticket } => json!({"ticket_id": Wire(*ticket)}),
        R::KitchenOff | R::NotServed | R::NothingToFire => json!({}),
        R::MenuIncomplete { item, kind, missing } => {
            json!({"item_id": Wire(*item), "missing_kind": kind, "missing_id": missing.as_str()})
        }
        R::TooMany { what, max } => json!({"what": what, "max": max}),
        R::OrderExists { order } | R::UnknownOrder { order } => json!({"order_id": Wire(*order)}),
        R::OrderClosed { state } => json!({"state": closed(*state)}),
        R::OrderMerged { into } => json!({"merged_into": Wire(*into)}),
        R::CheckBelowPaid { check, total, paid } => {
            json!({"check_id": Wire(*check), "total": total.0, "paid": paid.0})
        }
        R::UnknownCheck { check } => json!({"check_id": Wire(*check)}),
        R::SplitExceedsLine { line } | R::SplitTooFine { line } => json!({"line_id": Wire(*line)}),
        R::OrdersDiffer { what } => json!({"what": what}),
        R::MergeIntoItself => json!({}),
        R::DiscountExists { discount } | R::UnknownDiscount { discount } => json!({"discount_id": Wire(*discount)}),
        R::ServiceChargeExists { charge } | R::UnknownServiceCharge { charge } => json!({"charge_id": Wire(*charge)}),
        R::UnknownTax { tax } => json!({"tax_id": Wire(*tax)}),
        R::OutOfStock { shortages } => json!({"shortages": shortages.iter().map(shortage).collect::<Vec<_>>()}),
        R::TotalMismatch { expected, actual } => json!({"expected": expected.0, "actual": actual.0}),
        R::BelowPaid { total, paid } => json!({"total": total.0, "paid": paid.0}),
        R::PaymentDue { due } | R::PaymentExceedsDue { due } => json!({"due": due.0}),
        R::MoneyCaptured { captured } => json!({"captured": captured.0}),
        R::CurrencyDiffers { expected } => json!({"currency": expected.code()}),
        R::PaymentExists { payment } | R::UnknownPayment { payment } => json!({"payment_id": Wire(*payment)}),
        R::RefundExists { refund } | R::UnknownRefund { refund } => json!({"refund_id": Wire(*refund)}),
        R::RefundExceedsCaptured { amount, tip } => json!({"amount_left": amount.0, "tip_left": tip.0}),
        R::RefundExceedsSold { line, left } => json!({"line_id": Wire(*line), "left": Wire(*left)}),
        R::TenderedTooLittle { needed } => json!({"needed": needed.0}),
        R::UnknownSku { sku } | R::StockUntracked { sku } | R::StockReserved { sku } => json!({"sku": Wire(*sku)}),
        R::OnHandTooLow { sku, available } => json!({"sku": Wire(*sku), "available": Wire(*available)}),
        R::TokenExists { token } | R::UnknownToken { token } => json!({"token_id": Wire(*token)}),
        R::LastToken { role } => json!({"role": name_of(*role)}),
        R::ApprovalRequired { right, approver } => json!({"right": name_of(*right), "approver": approver.map(Wire)}),
        R::AmountUnknown => json!({"field": "amount"}),
        R::OnlyImported { field } | R::OnlyOnline { field } | R::TrainingOrder { field } => json!({"field": field}),
        R::ProviderDecides { account } => json!({"provider_account": Wire(*account)}),
        R::TipTooHigh { max } => json!({"max": max.0}),
        R::NoProvider | R::PaymentNotAuthorised | R::VoidUnderWay | R::NothingToReview => json!({}),
        R::DecisionNotPossible { flag } => json!({"flag": flag.0}),
        R::NumberTaken { number } => json!({"display_number": number.as_str()}),
        R::UnknownStore | R::NoMenu | R::OrderNotPlaced | R::OrderAlreadyPlaced | R::OrderEmpty => json!({}),
        R::ShiftNotOpen { drawer } | R::ShiftOpen { drawer } => json!({"drawer_id": Wire(*drawer)}),
        R::DayOpen { open } => json!({"open": Wire(*open)}),
        R::ShiftsOpen { drawers } => json!({"drawers": drawers.iter().copied().map(Wire).collect::<Vec<_>>()}),
        R::DayClosed { closed } => json!({"closed": Wire(*closed)}),
        R::DayNotBegun { today } => json!({"today": Wire(*today)}),
        R::NotCash | R::ShiftRequired => json!({}),
        R::PaymentNotCaptured | R::NothingToRefund | R::OrderNotCompleted => json!({}),
        R::AmountTooLarge | R::NothingDue | R::CashSettled | R::UntilPassed | R::NotDue => json!({}),
    };
    match facts {
        Value::Object(facts) => facts,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}

fn closed(state: Closed) -> &'static str {
    match state {
        Closed::Completed => "completed",
        Closed::Cancelled => "cancelled",
        Closed::Merged => "merged",
    }
}

fn revision_mismatch(current: Option<u64>) -> String {
    match current {
        Some(current) => format!("It is at revision {current} by now; read it again and decide anew."),
        None => "It does not exist yet; leave If-Match out to create it.".to_owned(),
    }
}

fn approval_required(right: &str, approver: Option<&ActorId>) -> String {
    match approver {
        Some(approver) => format!("{approver} may not approve this; it takes somebody else with the right {right}."),
        None => format!("It takes the approval of somebody with the right {right}; name them in X-Approver."),
    }
}

fn shortage(shortage: &Shortage) -> Value {
    json!({
        "sku": Wire(shortage.sku),
        "wanted": Wire(shortage.wanted),
        "available": Wire(shortage.available),
        "marked_86": shortage.marked_86,
    })
}

fn out_of_stock(shortages: &[Shortage]) -> String {
    let parts = shortages.iter().map(|shortage| match shortage.marked_86 {
        true => format!("{} (marked sold out)", shortage.sku),
        false => {
            format!("{} ({} wanted, {} available)", shortage.sku, Units(shortage.wanted), Units(shortage.available))
        }
    });
    format!("Not enough in stock: {}. Nothing was reserved.", parts.collect::<Vec<_>>().join(", "))
}

/// A line's selections from a group and how many it should have.
struct Choices<'a>(&'a domain::ids::LineId, &'a u32, &'a domain::ids::GroupId, &'static str, &'a u16);

impl From<Choices<'_>> for Cow<'static, str> {
    fn from(Choices(line, selected, group, bound, count): Choices<'_>) -> Cow<'static, str> {
        format!("Line {line} takes at {bound} {count} of {group}; {selected} came.").into()
    }
}

/// A quantity in units, as a person writes it.
struct Units(QtyMilli);

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milli = self.0.0.unsigned_abs();
        let sign = if self.0.0 < 0 { "-" } else { "" };
        let (units, rest) = (milli / 1_000, milli % 1_000);
        match rest {
            0 => write!(f, "{sign}{units}"),
            _ => write!(f, "{sign}{units}.{}", format!("{rest:03}").trim_end_matches('0')),
        }
    }
}
