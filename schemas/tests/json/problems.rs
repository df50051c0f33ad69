//! Refusals: every code, once, with its sentence and its facts.

use domain::event::Role;
use domain::ids::{
    AccountId, ActorId, ChargeId, DeviceId, DiscountId, DrawerId, GroupId, Id, ItemId, LineId, ModifierId, OrderId,
    PaymentId, RefundId, Revision, Sku, TaxId, TerminalId, TicketId, TokenId, VariationId,
};
use domain::money::{Currency, Money, QtyMilli};
use domain::refused::{Closed, Refused, Shortage};
use domain::staff::Right;
use schemas::json::wire::name_of;
use schemas::json::{BodyError, FieldError, Problem, WAYS_OUT, refusal_code, refusal_detail, refusal_facts};
use serde_json::{Value, json};

/// Every refusal with its code, its sentence and its facts: the list a client's author reads.
fn refusals() -> Vec<(Refused, &'static str, &'static str, Value)> {
    let item = ItemId::parse("pizza").unwrap();
    let check = domain::check::CheckId::new(2).unwrap();
    let line = LineId::parse("l1").unwrap();
    let ticket = TicketId::parse("t17").unwrap();
    let group = GroupId::parse("sauce").unwrap();
    let modifier = ModifierId::parse("pesto").unwrap();
    let variation = VariationId::parse("large").unwrap();
    let order = OrderId::parse("o1").unwrap();
    let payment = PaymentId::parse("p1").unwrap();
    let refund = RefundId::parse("r1").unwrap();
    let account = AccountId::parse("acme").unwrap();
    let drawer = DrawerId::parse("d1").unwrap();
    let date = domain::calendar::Date::from_ymd(2026, 11, 22).unwrap();
    let discount = DiscountId::parse("d1").unwrap();
    let charge = ChargeId::parse("c1").unwrap();
    let sku = Sku::parse("dough").unwrap();
    let token = TokenId::parse("tok_1").unwrap();
    let device = DeviceId::parse("k7qf93xm").unwrap();
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
        (
            Refused::UnknownStore,
            "unknown_store",
            "There is no such store; create it with PUT /v1/stores/{store}.",
            json!({}),
        ),
        (
            Refused::CurrencyFixed { currency },
            "currency_fixed",
            "The store has taken orders in EUR; it stays with it.",
            json!({"currency": "EUR"}),
        ),
        (
            Refused::RevisionMismatch { current: Some(Revision(7)) },
            "revision_mismatch",
            "It is at revision 7 by now; read it again and decide anew.",
            json!({"current_revision": 7}),
        ),
        (
            Refused::RevisionMismatch { current: None },
            "revision_mismatch",
            "It does not exist yet; leave If-Match out to create it.",
            json!({"current_revision": null}),
        ),
        (
            Refused::NoMenu,
            "no_menu",
            "The store sells from no menu yet; publish one with POST /v1/menu/publish.",
            json!({}),
        ),
        (
            Refused::UnknownMenuVersion { version: 3 },
            "unknown_menu_version",
            "The menu has no version 3.",
            json!({"version": 3}),
        ),
        (
            Refused::UnknownItem { item },
            "unknown_item",
            "The menu the store sells from has no item pizza.",
            json!({"item_id": "pizza"}),
        ),
        (
            Refused::ItemUnavailable { item },
            "item_unavailable",
            "The store does not sell pizza at the moment.",
            json!({"item_id": "pizza"}),
        ),
        (
            Refused::UnknownVariation { item, variation },
            "unknown_variation",
            "pizza has no variation large.",
            json!({"item_id": "pizza", "variation_id": "large"}),
        ),
        (
            Refused::VariationRequired { item },
            "variation_required",
            "pizza has variations; name one in variation_id.",
            json!({"item_id": "pizza"}),
        ),
        (
            Refused::UnknownModifierGroup { item, group },
            "unknown_modifier_group",
            "pizza has no modifier group sauce.",
            json!({"group_id": "sauce", "item_id": "pizza"}),
        ),
        (
            Refused::NotInDraft { kind: "modifier group", id: group.0 },
            "not_in_draft",
            "The draft of the menu has no modifier group sauce; PUT creates one.",
            json!({"kind": "modifier group", "id": "sauce"}),
        ),
        (
            Refused::UnknownModifier { group, modifier },
            "unknown_modifier",
            "The group sauce has no modifier pesto.",
            json!({"group_id": "sauce", "modifier_id": "pesto"}),
        ),
        (
            Refused::ModifierMinNotMet { line, group, min: 2, selected: 1 },
            "modifier_min_not_met",
            "Line l1 takes at least 2 of sauce; 1 came.",
            json!({"group_id": "sauce", "line_id": "l1", "min": 2, "selected": 1}),
        ),
        (
            Refused::ModifierMaxExceeded { line, group, max: 3, selected: 4 },
            "modifier_max_exceeded",
            "Line l1 takes at most 3 of sauce; 4 came.",
            json!({"group_id": "sauce", "line_id": "l1", "max": 3, "selected": 4}),
        ),
        (
            Refused::ModifierQtyNotAllowed { line, modifier },
            "modifier_qty_not_allowed",
            "Line l1 may take pesto only once.",
            json!({"line_id": "l1", "modifier_id": "pesto"}),
        ),
        (
            Refused::PriceRequired { item },
            "price_required",
            "The price of pizza comes with the line; add price to it.",
            json!({"item_id": "pizza"}),
        ),
        (
            Refused::PriceNotOpen { item },
            "price_not_open",
            "pizza has a list price; leave price out of the line.",
            json!({"item_id": "pizza"}),
        ),
        (
            Refused::NegativePrice { line },
            "negative_price",
            "The modifiers take the price of line l1 below zero.",
            json!({"line_id": "l1"}),
        ),
        (
            Refused::MenuIncomplete { item, kind: "tax", missing: Id::parse("vat").unwrap() },
            "menu_incomplete",
            "pizza names the tax vat, which is missing.",
            json!({"item_id": "pizza", "missing_id": "vat", "missing_kind": "tax"}),
        ),
        (
            Refused::TooMany { what: "items", max: 10_000 },
            "too_many",
            "That would be too many items; at most 10000 are allowed.",
            json!({"max": 10000, "what": "items"}),
        ),
        (
            Refused::NoListPrice { item },
            "no_list_price",
            "pizza is not sold at a list price that a store could change.",
            json!({"item_id": "pizza"}),
        ),
        (
            Refused::OrderExists { order },
            "order_exists",
            "The id o1 belongs to another order; make a fresh one.",
            json!({"order_id": "o1"}),
        ),
        (
            Refused::UnknownOrder { order },
            "unknown_order",
            "There is no order o1 in this store.",
            json!({"order_id": "o1"}),
        ),
        (
            Refused::OrderClosed { state: Closed::Completed },
            "order_closed",
            "The order is completed and takes no more changes.",
            json!({"state": "completed"}),
        ),
        (
            Refused::OrderMerged { into: order },
            "order_merged",
            "The order went into o1, which has all of it now.",
            json!({"merged_into": "o1"}),
        ),
        (Refused::OrderNotPlaced, "order_not_placed", "The order has to be placed first.", json!({})),
        (Refused::OrderAlreadyPlaced, "order_already_placed", "The order has been placed already.", json!({})),
        (Refused::OrderEmpty, "order_empty", "The order has no line; add one first.", json!({})),
        (
            Refused::LineExists { line },
            "line_exists",
            "The order has another line l1; make a fresh id.",
            json!({"line_id": "l1"}),
        ),
        (Refused::UnknownLine { line }, "unknown_line", "The order has no line l1.", json!({"line_id": "l1"})),
        (
            Refused::DiscountExists { discount },
            "discount_exists",
            "The order has another discount d1; make a fresh id.",
            json!({"discount_id": "d1"}),
        ),
        (
            Refused::UnknownDiscount { discount },
            "unknown_discount",
            "The order has no discount d1.",
            json!({"discount_id": "d1"}),
        ),
        (
            Refused::ServiceChargeExists { charge },
            "service_charge_exists",
            "The order has another charge c1; make a fresh id.",
            json!({"charge_id": "c1"}),
        ),
        (
            Refused::UnknownServiceCharge { charge },
            "unknown_service_charge",
            "The order has no service charge c1.",
            json!({"charge_id": "c1"}),
        ),
        (
            Refused::UnknownTax { tax },
            "unknown_tax",
            "The menu the store sells from has no tax vat.",
            json!({"tax_id": "vat"}),
        ),
        (
            Refused::LineFired { line, fired: QtyMilli(2_000) },
            "line_fired",
            "The kitchen has 2 of line l1; void it instead.",
            json!({"line_id": "l1", "fired": 2}),
        ),
        (
            Refused::VoidExceedsLine { line, left: QtyMilli(1_500) },
            "void_exceeds_line",
            "Only 1.5 of line l1 is left.",
            json!({"line_id": "l1", "left": 1.5}),
        ),
        (
            Refused::KitchenOff,
            "kitchen_off",
            "The order is not prepared on tickets: the kitchen was off when it was opened.",
            json!({}),
        ),
        (Refused::NotServed, "not_served", "Something is still to be prepared or served.", json!({})),
        (
            Refused::NothingToFire,
            "nothing_to_fire",
            "There is nothing new to fire, or all of it is held: name lines or a course.",
            json!({}),
        ),
        (
            Refused::NothingReady { line },
            "nothing_ready",
            "Nothing of line l1 is ready to be served.",
            json!({"line_id": "l1"}),
        ),
        (
            Refused::UnknownTicket { ticket },
            "unknown_ticket",
            "No open order has a ticket t17.",
            json!({"ticket_id": "t17"}),
        ),
        (
            Refused::TicketBumped { ticket },
            "ticket_bumped",
            "The ticket t17 has left the board; recall it first.",
            json!({"ticket_id": "t17"}),
        ),
        (
            Refused::OutOfStock { shortages },
            "out_of_stock",
            "Not enough in stock: dough (2 wanted, 0.5 available), dough (marked sold out). Nothing was reserved.",
            json!({"shortages": [{"available": 0.5, "marked_86": false, "sku": "dough", "wanted": 2},{"available": 9, "marked_86": true, "sku": "dough", "wanted": 1}]}),
        ),
        (
            Refused::TotalMismatch { expected: Money(2_300), actual: Money(2_350) },
            "total_mismatch",
            "The total is 2350, not 2300; show it anew.",
            json!({"actual": 2350, "expected": 2300}),
        ),
        (
            Refused::CheckBelowPaid { check, total: Money(900), paid: Money(1_000) },
            "check_below_paid",
            "Check 2 would come to 900, but 1000 has been paid towards it; refund what is too much first.",
            json!({"check_id": 2, "paid": 1000, "total": 900}),
        ),
        (Refused::UnknownCheck { check }, "unknown_check", "The order has no check 2.", json!({"check_id": 2})),
        (
            Refused::SplitExceedsLine { line },
            "split_exceeds_line",
            "The checks it comes from do not have so much of line l1.",
            json!({"line_id": "l1"}),
        ),
        (
            Refused::SplitTooFine { line },
            "split_too_fine",
            "Line l1 would be in too many parts.",
            json!({"line_id": "l1"}),
        ),
        (Refused::MergeIntoItself, "merge_into_itself", "An order cannot go into itself; name another one.", json!({})),
        (
            Refused::OrdersDiffer { what: "pay_mode" },
            "orders_differ",
            "The orders cannot become one: their pay_mode differs.",
            json!({"what": "pay_mode"}),
        ),
        (
            Refused::PaymentDue { due: Money(400) },
            "payment_due",
            "400 is still due; take a payment first.",
            json!({"due": 400}),
        ),
        (
            Refused::MoneyCaptured { captured: Money(1_000) },
            "money_captured",
            "1000 has been taken for the order; refund it first.",
            json!({"captured": 1000}),
        ),
        (
            Refused::RefundUnderWay { captured: Money(500) },
            "refund_under_way",
            "500 of what was taken for the order is on its way back; go on when its outcome is known.",
            json!({"captured": 500}),
        ),
        (
            Refused::AmountTooLarge,
            "amount_too_large",
            "The amounts add up to more than a sum of money can hold.",
            json!({}),
        ),
        (
            Refused::CurrencyDiffers { expected: currency },
            "currency_differs",
            "The store's currency is EUR.",
            json!({"currency": "EUR"}),
        ),
        (
            Refused::PaymentExists { payment },
            "payment_exists",
            "The id p1 belongs to another payment; make a fresh one.",
            json!({"payment_id": "p1"}),
        ),
        (
            Refused::UnknownPayment { payment },
            "unknown_payment",
            "There is no payment p1 in this store.",
            json!({"payment_id": "p1"}),
        ),
        (Refused::NothingDue, "nothing_due", "There is nothing to pay.", json!({})),
        (
            Refused::PaymentExceedsDue { due: Money(400) },
            "payment_exceeds_due",
            "Only 400 is due; pay at most that, and give the rest as tip.",
            json!({"due": 400}),
        ),
        (
            Refused::TenderedTooLittle { needed: Money(2_400) },
            "tendered_too_little",
            "The payment with its tip takes 2400 in cash.",
            json!({"needed": 2400}),
        ),
        (
            Refused::CashSettled,
            "cash_settled",
            "A cash payment is captured at once; it has its outcome already.",
            json!({}),
        ),
        (
            Refused::PaymentNotCaptured,
            "payment_not_captured",
            "The payment took no money in, so none can be given back.",
            json!({}),
        ),
        (
            Refused::RefundExists { refund },
            "refund_exists",
            "The payment has another refund r1; make a fresh id.",
            json!({"refund_id": "r1"}),
        ),
        (
            Refused::UnknownRefund { refund },
            "unknown_refund",
            "The payment has no refund r1.",
            json!({"refund_id": "r1"}),
        ),
        (Refused::NothingToRefund, "nothing_to_refund", "There is nothing to give back.", json!({})),
        (
            Refused::RefundExceedsCaptured { amount: Money(900), tip: Money(100) },
            "refund_exceeds_captured",
            "Only 900 and 100 of the tip are left of the payment; give back at most that.",
            json!({"amount_left": 900, "tip_left": 100}),
        ),
        (
            Refused::RefundExceedsSold { line, left: QtyMilli(1_500) },
            "refund_exceeds_sold",
            "Only 1.5 of line l1 was sold and not given back.",
            json!({"line_id": "l1", "left": 1.5}),
        ),
        (
            Refused::LineOnOtherCheck { line, check },
            "line_on_other_check",
            "Line l1 is not on check 2, which the payment is for; refund it over the order's payments.",
            json!({"check_id": 2, "line_id": "l1"}),
        ),
        (
            Refused::OrderNotCompleted,
            "order_not_completed",
            "Lines are refunded once their order is settled; take the line off, or refund an amount.",
            json!({}),
        ),
        (
            Refused::ProviderDecides { account },
            "provider_decides",
            "The provider says what becomes of it, to the account acme; nobody records that by hand.",
            json!({"provider_account": "acme"}),
        ),
        (Refused::NoProvider, "no_provider", "No provider takes the payment; record its outcome instead.", json!({})),
        (
            Refused::TrainingOrder { field: "provider_account" },
            "training_order",
            "The order is for practice, and no provider is asked for money for it; leave provider_account out, or open another order.",
            json!({"field": "provider_account"}),
        ),
        (
            Refused::PaymentNotAuthorised,
            "payment_not_authorised",
            "The provider has set no money aside that could be taken or changed.",
            json!({}),
        ),
        (Refused::VoidUnderWay, "void_under_way", "The provider was asked to let go of the money.", json!({})),
        (
            Refused::TipTooHigh { max: Money(1_089) },
            "tip_too_high",
            "The tip may be 1089 at most, for what was set aside.",
            json!({"max": 1089}),
        ),
        (
            Refused::BetweenSteps { sum: Money(5_124), step: Money(10) },
            "amount_between_steps",
            "The provider moves this currency in steps of 10, and 5124 is between two of them: 5120 or 5130 would do.",
            json!({"sum": 5124, "step": 10}),
        ),
        (
            Refused::AmountUnknown,
            "amount_unknown",
            "What was taken while the terminal was away cannot be told: something else was paid, or the total that was shown \
             is missing; say it in amount.",
            json!({"field": "amount"}),
        ),
        (
            Refused::NothingToReview,
            "nothing_to_review",
            "Nobody has to decide about the payment, or not about that flag of it.",
            json!({}),
        ),
        (
            Refused::DecisionNotPossible { flag: Revision(3) },
            "decision_not_possible",
            "That cannot be decided about the flag of revision 3: settle it where the money is, and dismiss it here.",
            json!({"flag": 3}),
        ),
        (
            Refused::OnlyOnline { field: "provider_account" },
            "only_online",
            "What is recorded after the fact may not bring provider_account; leave it out.",
            json!({"field": "provider_account"}),
        ),
        (
            Refused::NotCash,
            "not_cash",
            "The payment was not in cash, so it comes out of no drawer; leave drawer_id out.",
            json!({}),
        ),
        (
            Refused::ShiftRequired,
            "shift_required",
            "The store takes cash in shifts, and not exactly one is open; open one, or name the drawer.",
            json!({}),
        ),
        (
            Refused::ShiftNotOpen { drawer },
            "shift_not_open",
            "The drawer d1 has no open shift; open one.",
            json!({"drawer_id": "d1"}),
        ),
        (
            Refused::ShiftOpen { drawer },
            "shift_open",
            "The drawer d1 has an open shift; close it first.",
            json!({"drawer_id": "d1"}),
        ),
        (
            Refused::DayOpen { open: date },
            "day_open",
            "The day 2026-11-22 is open; close it first.",
            json!({"open": "2026-11-22"}),
        ),
        (
            Refused::ShiftsOpen { drawers: vec![drawer] },
            "shifts_open",
            "Count the cash first: close the shifts of d1.",
            json!({"drawers": ["d1"]}),
        ),
        (
            Refused::DayClosed { closed: date },
            "day_closed",
            "2026-11-22 was closed already; name a later day.",
            json!({"closed": "2026-11-22"}),
        ),
        (
            Refused::DayNotBegun { today: date },
            "day_not_begun",
            "It is 2026-11-22 by the store's clock; that day has not begun.",
            json!({"today": "2026-11-22"}),
        ),
        (
            Refused::UnknownSku { sku },
            "unknown_sku",
            "The store keeps no stock of dough; set its policy first.",
            json!({"sku": "dough"}),
        ),
        (
            Refused::StockUntracked { sku },
            "stock_untracked",
            "dough is not counted; set its policy to counted first.",
            json!({"sku": "dough"}),
        ),
        (
            Refused::OnHandTooLow { sku, available: QtyMilli(1_250) },
            "on_hand_too_low",
            "Only 1.25 of dough is available.",
            json!({"available": 1.25, "sku": "dough"}),
        ),
        (
            Refused::StockReserved { sku },
            "stock_reserved",
            "Units of dough are reserved; its policy can change when none are.",
            json!({"sku": "dough"}),
        ),
        (
            Refused::UntilPassed,
            "until_passed",
            "The end of the mark lies in the past; name a later time, or none.",
            json!({}),
        ),
        (
            Refused::TokenExists { token },
            "token_exists",
            "The id tok_1 belongs to another token.",
            json!({"token_id": "tok_1"}),
        ),
        (Refused::UnknownToken { token }, "unknown_token", "There is no token tok_1.", json!({"token_id": "tok_1"})),
        (
            Refused::LastToken { role: Role::Admin },
            "last_token",
            "It is the last admin token; issue another first.",
            json!({"role": "admin"}),
        ),
        (
            Refused::ApprovalClaimed { right: Right::VoidFired, approver: ActorId::parse("ana").unwrap() },
            "approval_claimed",
            "ana is said to have approved void_fired while the till was away, which nobody could check.",
            json!({"right": "void_fired", "approver": "ana"}),
        ),
        (
            Refused::UnknownDrawer { drawer: DrawerId::parse("d1").unwrap() },
            "unknown_drawer",
            "The store has no drawer d1; a manager makes it by opening its first shift.",
            json!({"drawer_id": "d1"}),
        ),
        (
            Refused::TrainingNotAllowed,
            "training_not_allowed",
            "Practice takes the right training, which a manager gives with PUT /v1/staff/{staff}.",
            json!({}),
        ),
        (
            Refused::NotImported { order: OrderId::parse("o1").unwrap() },
            "not_imported",
            "The order o1 was not recorded by an import, and an import changes no other.",
            json!({"order_id": "o1"}),
        ),
        (
            Refused::BeyondBounds { bound: "amount", limit: 5_000 },
            "beyond_bounds",
            "It goes beyond what the store's tills do without a second person while they are away: amount at most 5000. \
             Somebody has to decide about it.",
            json!({"bound": "amount", "limit": 5_000}),
        ),
        (
            Refused::IssuedUnanswered { token },
            "issued_unanswered",
            "tok_1 is an admin's: say with issued=revoke or issued=keep what becomes of what was issued with it.",
            json!({"token_id": "tok_1"}),
        ),
        (
            Refused::ExpiryOutOfRange,
            "expiry_out_of_range",
            "A token is good for ten years at most, and expires_at lies ahead; name another time, or none.",
            json!({}),
        ),
        (
            Refused::TenantExists,
            "tenant_exists",
            "The tenant has an admin, who issues its other tokens with POST /v1/tokens.",
            json!({}),
        ),
        (
            Refused::DeviceExists { device },
            "device_exists",
            "The id k7qf93xm belongs to another device.",
            json!({"device_id": "k7qf93xm"}),
        ),
        (
            Refused::UnknownDevice { device },
            "unknown_device",
            "There is no device k7qf93xm.",
            json!({"device_id": "k7qf93xm"}),
        ),
        (
            Refused::TerminalTaken { terminal: TerminalId::parse("till_1").unwrap(), device },
            "terminal_taken",
            "The device k7qf93xm is enrolled as terminal till_1 of the store; remove it with DELETE /v1/devices/k7qf93xm \
             first, or take another terminal id.",
            json!({"terminal": "till_1", "device_id": "k7qf93xm"}),
        ),
        (
            Refused::EnrolmentOver,
            "enrolment_over",
            "The code is not known, was used, or its time is up; a manager makes another with POST /v1/devices.",
            json!({}),
        ),
        (
            Refused::UnknownStaff { staff: ActorId::parse("ana").unwrap() },
            "unknown_staff",
            "There is no member of staff ana; PUT /v1/staff/ana makes one.",
            json!({"staff_id": "ana"}),
        ),
        (
            Refused::SignInRefused,
            "sign_in_refused",
            "Nobody signs in with that. After five PINs that are not the member's theirs is locked for a minute, then for longer; who manages \
             staff sets another with PUT /v1/staff/{staff}/pin.",
            json!({}),
        ),
        (
            Refused::PinLocked { staff: ActorId::parse("ana").unwrap(), until: domain::calendar::Timestamp(0) },
            "pin_locked",
            "Too many came with another PIN than that of ana: none is tried before locked_until, unless who manages staff sets another with \
             PUT /v1/staff/ana/pin.",
            json!({"staff_id": "ana", "locked_until": "1970-01-01T00:00:00.000000Z"}),
        ),
        (
            Refused::ApprovalRequired { right: Right::VoidFired, approver: None },
            "approval_required",
            "It takes the approval of somebody else with the right void_fired: they give it with POST /v1/stores/{store}/approvals, for two \
             minutes and for exactly this command, which is sent with X-Approval, or in a batch with approval_id.",
            json!({"right": "void_fired", "approver": null}),
        ),
        (
            Refused::ApprovalRequired { right: Right::Cancel, approver: ActorId::parse("ana").ok() },
            "approval_required",
            "ana may not approve this; it takes somebody else with the right cancel.",
            json!({"right": "cancel", "approver": "ana"}),
        ),
        (
            Refused::NumberTaken { number: domain::ids::Text::parse("t1-7").unwrap() },
            "number_taken",
            "The number t1-7 is not the terminal's next one; the order got another.",
            json!({"display_number": "t1-7"}),
        ),
        (
            Refused::OnlyImported { field: "display_number" },
            "only_imported",
            "Only an imported command may bring display_number; leave it out.",
            json!({"field": "display_number"}),
        ),
        (Refused::NotDue, "not_due", "The deadline has moved or does not exist any more.", json!({})),
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
    // Two less than the refusals: a revision mismatch is there twice, for a stream that is there and one that is not, and
    // so is an approval, for somebody who was named and for nobody.
    assert_eq!(codes.len(), refusals().len() - 2);
    for code in codes {
        assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{code}");
    }
}

#[test]
fn a_problem_is_flat() {
    let refused = Refused::TotalMismatch { expected: Money(2_300), actual: Money(2_350) };
    let problem = Problem::refused(&refused).with("trace_id", "abc");
    let json = json!({
        "type": "/problems/total_mismatch", "title": "Total mismatch", "status": 422, "code": "total_mismatch",
        "detail": "The total is 2350, not 2300; show it anew.", "expected": 2300, "actual": 2350, "trace_id": "abc",
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

#[test]
fn a_way_out_is_a_command_of_the_batch() {
    let drawer = DrawerId::parse("d1").unwrap();
    for (refused, way_out) in [
        (Refused::UnknownStore, Some("store.put")),
        (Refused::NoMenu, Some("menu.publish")),
        (Refused::PaymentDue { due: Money(1) }, Some("payment.initiate")),
        (Refused::MoneyCaptured { captured: Money(1) }, Some("order.refund")),
        (Refused::ShiftNotOpen { drawer }, Some("drawer.open_shift")),
        (Refused::ShiftsOpen { drawers: vec![drawer] }, Some("drawer.close_shift")),
        (Refused::KitchenOff, None),
    ] {
        let named = WAYS_OUT.iter().find(|(code, _)| *code == refusal_code(&refused)).expect("it is in the table");
        assert_eq!(named.1.map(name_of), way_out, "{refused:?}");
    }
}
