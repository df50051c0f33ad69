//! The table of refusals: a stable code for programs, a sentence for people, and the facts to go on with.
//!
//! Codes are part of the API: a variant may be renamed, its code may not. A sentence says what stands in the way, with its
//! numbers, and what to do; amounts are in minor units.

use crate::command::CommandKind;
use crate::json::wire::{Wire, name_of};
use domain::ids::{ActorId, DrawerId, Revision};
use domain::money::QtyMilli;
use domain::refused::{Closed, Refused, Shortage};
use serde_json::{Map, Value, json};
use std::fmt;

/// Makes the functions below of one row for each refusal:
///
/// ```text
/// ShiftOpen { drawer }: "shift_open" 422 => CloseShift,
///     "The drawer {drawer} has an open shift; close it first.", {"drawer_id": Wire(*drawer)};
/// ```
///
/// is the refusal with the fields that the row reads, its code, its HTTP status (422 may be left out), the command that is a
/// way out where the sentence names one, the sentence with the fields in it (`, left = Units(*left)` says a field otherwise),
/// and the facts by their JSON names. `refusal_code` becomes
/// `match refused { Refused::ShiftOpen { .. } => "shift_open", ... }`, and so on: a refusal without a row does not compile.
macro_rules! refusals {
    ($(
        $variant:ident $({ $($field:ident),+ })?: $code:literal $($status:literal)? $(=> $way_out:ident)?,
        $sentence:literal $(, $name:ident = $value:expr)* $(, { $($key:literal: $fact:expr),+ })?;
    )+) => {
        /// The stable code of a refusal, one for each kind.
        pub fn refusal_code(refused: &Refused) -> &'static str {
            match refused {
                $(Refused::$variant { .. } => $code,)+
            }
        }

        /// The HTTP status: 404 for what is not there, 409 for a lost race, 422 for a rule.
        pub fn refusal_status(refused: &Refused) -> u16 {
            match refused {
                $(Refused::$variant { .. } => [$($status,)? 422][0],)+
            }
        }

        /// Each refusal's code, with the command that its sentence names as a way out, if it names one.
        pub const WAYS_OUT: &[(&str, Option<CommandKind>)] =
            &[$(($code, [$(Some(CommandKind::$way_out),)? None][0])),+];

        /// What stands in the way, and what to do.
        #[allow(unused_variables, clippy::useless_format, reason = "not every sentence says every field")]
        pub fn refusal_detail(refused: &Refused) -> String {
            match refused {
                $(Refused::$variant $({ $($field),+, .. })? => format!($sentence $(, $name = $value)*),)+
            }
        }

        /// What a program needs to go on, as extension members of the problem.
        #[allow(unused_variables, reason = "not every field is a fact")]
        pub fn refusal_facts(refused: &Refused) -> Map<String, Value> {
            match refused {
                $(Refused::$variant $({ $($field),+, .. })? => {
                    Map::from_iter([$($(($key.to_owned(), json!($fact))),+)?])
                })+
            }
        }
    };
}

refusals! {
    UnknownStore: "unknown_store" 404 => PutStore,
        "There is no such store; create it with PUT /v1/stores/{{store}}.";
    CurrencyFixed { currency }: "currency_fixed",
        "The store has taken orders in {currency}; it stays with it.", {"currency": currency.code()};
    RevisionMismatch { current }: "revision_mismatch" 409,
        "{text}", text = revision_mismatch(*current),
        {"current_revision": current.map(|current| current.0)};
    NoMenu: "no_menu" => PublishMenu,
        "The store sells from no menu yet; publish one with POST /v1/menu/publish.";
    UnknownMenuVersion { version }: "unknown_menu_version",
        "The menu has no version {version}.", {"version": version};
    UnknownItem { item }: "unknown_item",
        "The menu the store sells from has no item {item}.", {"item_id": Wire(*item)};
    ItemUnavailable { item }: "item_unavailable",
        "The store does not sell {item} at the moment.", {"item_id": Wire(*item)};
    OutsideDaypart { item }: "outside_daypart",
        "The store does not sell {item} at this time of day.", {"item_id": Wire(*item)};
    UnknownVariation { item, variation }: "unknown_variation",
        "{item} has no variation {variation}.", {"item_id": Wire(*item), "variation_id": Wire(*variation)};
    VariationRequired { item }: "variation_required",
        "{item} has variations; name one in variation_id.", {"item_id": Wire(*item)};
    UnknownModifierGroup { group, item }: "unknown_modifier_group",
        "{item} has no modifier group {group}.", {"item_id": Wire(*item), "group_id": Wire(*group)};
    NotInDraft { id, kind }: "not_in_draft" 404,
        "The draft of the menu has no {kind} {id}; PUT creates one.", {"kind": kind, "id": id.as_str()};
    UnknownModifier { group, modifier }: "unknown_modifier",
        "The group {group} has no modifier {modifier}.", {"group_id": Wire(*group), "modifier_id": Wire(*modifier)};
    ModifierMinNotMet { group, line, min, selected }: "modifier_min_not_met",
        "Line {line} takes at least {min} of {group}; {selected} came.",
        {"line_id": Wire(*line), "group_id": Wire(*group), "min": min, "selected": selected};
    ModifierMaxExceeded { group, line, max, selected }: "modifier_max_exceeded",
        "Line {line} takes at most {max} of {group}; {selected} came.",
        {"line_id": Wire(*line), "group_id": Wire(*group), "max": max, "selected": selected};
    ModifierQtyNotAllowed { line, modifier }: "modifier_qty_not_allowed",
        "Line {line} may take {modifier} only once.", {"line_id": Wire(*line), "modifier_id": Wire(*modifier)};
    PriceRequired { item }: "price_required",
        "The price of {item} comes with the line; add price to it.", {"item_id": Wire(*item)};
    PriceNotOpen { item }: "price_not_open",
        "{item} has a list price; leave price out of the line.", {"item_id": Wire(*item)};
    NegativePrice { line }: "negative_price",
        "The modifiers take the price of line {line} below zero.", {"line_id": Wire(*line)};
    MenuIncomplete { item, kind, missing }: "menu_incomplete",
        "{item} names the {kind} {missing}, which is missing.",
        {"item_id": Wire(*item), "missing_kind": kind, "missing_id": missing.as_str()};
    TooMany { max, what }: "too_many",
        "That would be too many {what}; at most {max} are allowed.", {"what": what, "max": max};
    NoListPrice { item }: "no_list_price",
        "{item} is not sold at a list price that a store could change.", {"item_id": Wire(*item)};
    OrderExists { order }: "order_exists",
        "The id {order} belongs to another order; make a fresh one.", {"order_id": Wire(*order)};
    UnknownOrder { order }: "unknown_order" 404,
        "There is no order {order} in this store.", {"order_id": Wire(*order)};
    OrderClosed { state }: "order_closed",
        "The order is {state} and takes no more changes.", state = closed(*state), {"state": closed(*state)};
    OrderMerged { into }: "order_merged",
        "The order went into {into}, which has all of it now.", {"merged_into": Wire(*into)};
    OrderNotPlaced: "order_not_placed",
        "The order has to be placed first.";
    OrderAlreadyPlaced: "order_already_placed",
        "The order has been placed already.";
    OrderEmpty: "order_empty" => AddLines,
        "The order has no line; add one first.";
    LineExists { line }: "line_exists",
        "The order has another line {line}; make a fresh id.", {"line_id": Wire(*line)};
    UnknownLine { line }: "unknown_line" 404,
        "The order has no line {line}.", {"line_id": Wire(*line)};
    DiscountExists { discount }: "discount_exists",
        "The order has another discount {discount}; make a fresh id.", {"discount_id": Wire(*discount)};
    UnknownDiscount { discount }: "unknown_discount" 404,
        "The order has no discount {discount}.", {"discount_id": Wire(*discount)};
    ServiceChargeExists { charge }: "service_charge_exists",
        "The order has another charge {charge}; make a fresh id.", {"charge_id": Wire(*charge)};
    UnknownServiceCharge { charge }: "unknown_service_charge" 404,
        "The order has no service charge {charge}.", {"charge_id": Wire(*charge)};
    UnknownTax { tax }: "unknown_tax",
        "The menu the store sells from has no tax {tax}.", {"tax_id": Wire(*tax)};
    AlreadyTaxExempt: "already_tax_exempt" => EndTaxExemption,
        "The order is free of tax already; end that first to give another reason.";
    LineFired { fired, line }: "line_fired" => VoidLine,
        "The kitchen has {fired} of line {line}; void it instead.", fired = Units(*fired),
        {"line_id": Wire(*line), "fired": Wire(*fired)};
    VoidExceedsLine { left, line }: "void_exceeds_line",
        "Only {left} of line {line} is left.", left = Units(*left), {"line_id": Wire(*line), "left": Wire(*left)};
    KitchenOff: "kitchen_off",
        "The order is not prepared on tickets: the kitchen was off when it was opened.";
    NotServed: "not_served",
        "Something is still to be prepared or served.";
    NothingToFire: "nothing_to_fire",
        "There is nothing new to fire, or all of it is held: name lines or a course.";
    NothingReady { line }: "nothing_ready",
        "Nothing of line {line} is ready to be served.", {"line_id": Wire(*line)};
    UnknownTicket { ticket }: "unknown_ticket" 404,
        "No open order has a ticket {ticket}.", {"ticket_id": Wire(*ticket)};
    TicketBumped { ticket }: "ticket_bumped" => RecallTicket,
        "The ticket {ticket} has left the board; recall it first.", {"ticket_id": Wire(*ticket)};
    OutOfStock { shortages }: "out_of_stock",
        "{text}", text = out_of_stock(shortages), {"shortages": shortages.iter().map(shortage).collect::<Vec<_>>()};
    TotalMismatch { actual, expected }: "total_mismatch",
        "The total is {actual}, not {expected}; show it anew.", {"expected": expected.0, "actual": actual.0};
    CheckBelowPaid { check, paid, total }: "check_below_paid" => RequestRefund,
        "Check {check} would come to {total}, but {paid} has been paid towards it; refund what is too much first.",
        {"check_id": Wire(*check), "total": total.0, "paid": paid.0};
    UnknownCheck { check }: "unknown_check",
        "The order has no check {check}.", {"check_id": Wire(*check)};
    SplitExceedsLine { line }: "split_exceeds_line",
        "The checks it comes from do not have so much of line {line}.", {"line_id": Wire(*line)};
    SplitTooFine { line }: "split_too_fine",
        "Line {line} would be in too many parts.", {"line_id": Wire(*line)};
    MergeIntoItself: "merge_into_itself",
        "An order cannot go into itself; name another one.";
    OrdersDiffer { what }: "orders_differ",
        "The orders cannot become one: their {what} differs.", {"what": what};
    PaymentDue { due }: "payment_due" => InitiatePayment,
        "{due} is still due; take a payment first.", {"due": due.0};
    MoneyCaptured { captured }: "money_captured" => RefundOrder,
        "{captured} has been taken for the order; refund it first.", {"captured": captured.0};
    RefundUnderWay { captured }: "refund_under_way",
        "{captured} of what was taken for the order is on its way back; go on when its outcome is known.",
        {"captured": captured.0};
    AmountTooLarge: "amount_too_large",
        "The amounts add up to more than a sum of money can hold.";
    CurrencyDiffers { expected }: "currency_differs",
        "The store's currency is {expected}.", {"currency": expected.code()};
    PaymentExists { payment }: "payment_exists",
        "The id {payment} belongs to another payment; make a fresh one.", {"payment_id": Wire(*payment)};
    UnknownPayment { payment }: "unknown_payment" 404,
        "There is no payment {payment} in this store.", {"payment_id": Wire(*payment)};
    NothingDue: "nothing_due",
        "There is nothing to pay.";
    PaymentExceedsDue { due }: "payment_exceeds_due",
        "Only {due} is due; pay at most that, and give the rest as tip.", {"due": due.0};
    TenderedTooLittle { needed }: "tendered_too_little",
        "The payment with its tip takes {needed} in cash.", {"needed": needed.0};
    CashSettled: "cash_settled",
        "A cash payment is captured at once; it has its outcome already.";
    PaymentNotCaptured: "payment_not_captured",
        "The payment took no money in, so none can be given back.";
    RefundExists { refund }: "refund_exists",
        "The payment has another refund {refund}; make a fresh id.", {"refund_id": Wire(*refund)};
    UnknownRefund { refund }: "unknown_refund" 404,
        "The payment has no refund {refund}.", {"refund_id": Wire(*refund)};
    NothingToRefund: "nothing_to_refund",
        "There is nothing to give back.";
    RefundExceedsCaptured { amount, tip }: "refund_exceeds_captured",
        "Only {amount} and {tip} of the tip are left of the payment; give back at most that.",
        {"amount_left": amount.0, "tip_left": tip.0};
    RefundExceedsSold { left, line }: "refund_exceeds_sold",
        "Only {left} of line {line} was sold and not given back.", left = Units(*left),
        {"line_id": Wire(*line), "left": Wire(*left)};
    LineOnOtherCheck { check, line }: "line_on_other_check" => RefundOrder,
        "Line {line} is not on check {check}, which the payment is for; refund it over the order's payments.",
        {"line_id": Wire(*line), "check_id": Wire(*check)};
    OrderNotCompleted: "order_not_completed" => RequestRefund,
        "Lines are refunded once their order is settled; take the line off, or refund an amount.";
    ProviderDecides { account }: "provider_decides",
        "The provider says what becomes of it, to the account {account}; nobody records that by hand.",
        {"provider_account": Wire(*account)};
    NoProvider: "no_provider" => RecordOutcome,
        "No provider takes the payment; record its outcome instead.";
    PaymentNotAuthorised: "payment_not_authorised",
        "The provider has set no money aside that could be taken or changed.";
    VoidUnderWay: "void_under_way",
        "The provider was asked to let go of the money.";
    TipTooHigh { max }: "tip_too_high",
        "The tip may be {max} at most, for what was set aside.", {"max": max.0};
    BetweenSteps { sum, step }: "amount_between_steps",
        "The provider moves this currency in steps of {step}, and {sum} is between two of them: {below} or {above} would do.",
        below = sum.0 - sum.0 % step.0, above = sum.0 - sum.0 % step.0 + step.0, {"sum": sum.0, "step": step.0};
    AmountUnknown: "amount_unknown",
        "What was taken while the terminal was away cannot be told: something else was paid, or the total that was shown is \
         missing; say it in amount.",
        {"field": "amount"};
    NothingToReview: "nothing_to_review",
        "Nobody has to decide about the payment, or not about that flag of it.";
    DecisionNotPossible { flag }: "decision_not_possible",
        "That cannot be decided about the flag of revision {flag}: settle it where the money is, and dismiss it here.", flag = flag.0,
        {"flag": flag.0};
    TrainingOrder { field }: "training_order",
        "The order is for practice, and no provider is asked for money for it; leave {field} out, or open another order.",
        {"field": field};
    OnlyOnline { field }: "only_online",
        "What is recorded after the fact may not bring {field}; leave it out.", {"field": field};
    NotCash: "not_cash",
        "The payment was not in cash, so it comes out of no drawer; leave drawer_id out.";
    ShiftRequired: "shift_required" => OpenShift,
        "The store takes cash in shifts, and not exactly one is open; open one, or name the drawer.";
    ShiftNotOpen { drawer }: "shift_not_open" => OpenShift,
        "The drawer {drawer} has no open shift; open one.", {"drawer_id": Wire(*drawer)};
    ShiftOpen { drawer }: "shift_open" => CloseShift,
        "The drawer {drawer} has an open shift; close it first.", {"drawer_id": Wire(*drawer)};
    DayOpen { open }: "day_open" => CloseDay,
        "The day {open} is open; close it first.", {"open": Wire(*open)};
    ShiftsOpen { drawers }: "shifts_open" => CloseShift,
        "Count the cash first: close the shifts of {names}.", names = join(drawers),
        {"drawers": drawers.iter().copied().map(Wire).collect::<Vec<_>>()};
    DayClosed { closed }: "day_closed",
        "{closed} was closed already; name a later day.", {"closed": Wire(*closed)};
    DayNotBegun { today }: "day_not_begun",
        "It is {today} by the store's clock; that day has not begun.", {"today": Wire(*today)};
    UnknownSku { sku }: "unknown_sku" => SetStockPolicy,
        "The store keeps no stock of {sku}; set its policy first.", {"sku": Wire(*sku)};
    StockUntracked { sku }: "stock_untracked" => SetStockPolicy,
        "{sku} is not counted; set its policy to counted first.", {"sku": Wire(*sku)};
    OnHandTooLow { available, sku }: "on_hand_too_low",
        "Only {available} of {sku} is available.", available = Units(*available),
        {"sku": Wire(*sku), "available": Wire(*available)};
    StockReserved { sku }: "stock_reserved",
        "Units of {sku} are reserved; its policy can change when none are.", {"sku": Wire(*sku)};
    UntilPassed: "until_passed",
        "The end of the mark lies in the past; name a later time, or none.";
    TokenExists { token }: "token_exists",
        "The id {token} belongs to another token.", {"token_id": Wire(*token)};
    UnknownToken { token }: "unknown_token" 404,
        "There is no token {token}.", {"token_id": Wire(*token)};
    LastToken { role }: "last_token",
        "It is the last {role} token; issue another first.", role = name_of(*role), {"role": name_of(*role)};
    IssuedUnanswered { token }: "issued_unanswered",
        "{token} is an admin's: say with issued=revoke or issued=keep what becomes of what was issued with it.",
        {"token_id": Wire(*token)};
    ExpiryOutOfRange: "expiry_out_of_range",
        "A token is good for ten years at most, and expires_at lies ahead; name another time, or none.";
    TenantExists: "tenant_exists",
        "The tenant has an admin, who issues its other tokens with POST /v1/tokens.";
    DeviceExists { device }: "device_exists",
        "The id {device} belongs to another device.", {"device_id": Wire(*device)};
    UnknownDevice { device }: "unknown_device" 404,
        "There is no device {device}.", {"device_id": Wire(*device)};
    TerminalTaken { device, terminal }: "terminal_taken",
        "The device {device} is enrolled as terminal {terminal} of the store; remove it with DELETE /v1/devices/{device} first, or take another terminal id.",
        {"terminal": Wire(*terminal), "device_id": Wire(*device)};
    EnrolmentOver: "enrolment_over",
        "The code is not known, was used, or its time is up; a manager makes another with POST /v1/devices.";
    UnknownStaff { staff }: "unknown_staff" 404,
        "There is no member of staff {staff}; PUT /v1/staff/{staff} makes one.", {"staff_id": Wire(*staff)};
    SignInRefused: "sign_in_refused" 403,
        "Nobody signs in with that. After five PINs that are not the member's theirs is locked for a minute, then for longer; who manages staff sets another with PUT /v1/staff/{{staff}}/pin.";
    PinLocked { staff, until }: "pin_locked" 403,
        "Too many came with another PIN than that of {staff}: none is tried before locked_until, unless who manages staff sets another with PUT /v1/staff/{staff}/pin.",
        {"staff_id": Wire(*staff), "locked_until": Wire(*until)};
    ApprovalRequired { approver, right }: "approval_required",
        "{text}", text = approval_required(name_of(*right), approver.as_ref()),
        {"right": name_of(*right), "approver": approver.map(Wire)};
    UnknownDrawer { drawer }: "unknown_drawer",
        "The store has no drawer {drawer}; a manager makes it by opening its first shift.", {"drawer_id": Wire(*drawer)};
    ApprovalClaimed { approver, right }: "approval_claimed",
        "{approver} is said to have approved {right} while the till was away, which nobody could check.", right = name_of(*right),
        {"right": name_of(*right), "approver": Wire(*approver)};
    TrainingNotAllowed: "training_not_allowed",
        "Practice takes the right training, which a manager gives with PUT /v1/staff/{{staff}}.";
    NotImported { order }: "not_imported",
        "The order {order} was not recorded by an import, and an import changes no other.", {"order_id": Wire(*order)};
    BeyondBounds { bound, limit }: "beyond_bounds",
        "It goes beyond what the store's tills do without a second person while they are away: {bound} at most {limit}. Somebody has to decide about it.",
        {"bound": bound, "limit": limit};
    NumberTaken { number }: "number_taken",
        "The number {number} is not the terminal's next one; the order got another.",
        {"display_number": number.as_str()};
    OnlyImported { field }: "only_imported",
        "Only an imported command may bring {field}; leave it out.", {"field": field};
    NotDue: "not_due",
        "The deadline has moved or does not exist any more.";
}

fn closed(state: Closed) -> &'static str {
    match state {
        Closed::Completed => "completed",
        Closed::Cancelled => "cancelled",
        Closed::Merged => "merged",
    }
}

fn revision_mismatch(current: Option<Revision>) -> String {
    match current {
        Some(Revision(current)) => format!("It is at revision {current} by now; read it again and decide anew."),
        None => "It does not exist yet; leave If-Match out to create it.".to_owned(),
    }
}

fn approval_required(right: &str, approver: Option<&ActorId>) -> String {
    match approver {
        Some(approver) => format!("{approver} may not approve this; it takes somebody else with the right {right}."),
        None => format!(
            "It takes the approval of somebody else with the right {right}: they give it with POST /v1/stores/{{store}}/approvals, for \
             two minutes and for exactly this command, which is sent with X-Approval, or in a batch with approval_id."
        ),
    }
}

fn join(drawers: &[DrawerId]) -> String {
    let names: Vec<&str> = drawers.iter().map(|drawer| drawer.as_str()).collect();
    names.join(", ")
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
