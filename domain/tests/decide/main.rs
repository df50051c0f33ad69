//! Every command against every state, and every refusal, as tables through one door.
//!
//! A world is given as the commands that led to it. The facts a command leads to are told in short lines, made by
//! [`tell`], so that a table can be read.

mod approvals;
mod corrections;
mod credentials;
mod days;
mod drawers;
mod edges;
mod floor;
mod kitchen;
mod lines;
mod menus;
mod offline;
mod orders;
mod payments;
mod provider;
mod refunds;
mod refusals;
mod stock_items;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "two test binaries share it and neither uses all of it")]
mod support;
mod training;

use domain::calendar::Timestamp;
use domain::check::LineShares;
use domain::command::{
    AccessCommand, Charges, Command, Context, DrawerCommand, MenuCommand, Method, NewChargePhase, NewDiscount, NewLine,
    NewOrder, NewRefund, NewServiceCharge, OrderCommand, Outcome, PaymentCommand, Place, RefundLine, RefundOf,
    RefundOutcome, Source, StockCommand, StoreCommand,
};
use domain::event::{
    AccessEvent, CancelReason, DayEvent, DayTotals, DiscountScope, DrawerEvent, Event, Flag, LineUnits, MenuEvent,
    MoneyParts, OrderEvent, PayMode, PaymentEvent, Pending, Rate, RefundedLine, ReservedLine, Role, SecurityEvent,
    StockEvent, StockPolicy, StoreEvent, StoreMenuEvent, TicketEvent,
};
use domain::ids::{ActorId, ChargeId, DiscountId, Id, RefundId, TenderId, TokenId};
use domain::menu::ItemPrice;
use domain::money::{Currency, Money, Ppm, QtyMilli};
use domain::order::Order;
use domain::pricing::{CHARGES_MAX, DISCOUNTS_MAX, LINES_MAX};
use domain::refused::{Closed, Refused, Shortage};
use domain::store::Due;
use support::*;

/// A command at its time, in seconds after noon.
#[derive(Clone)]
struct When {
    at: i64,
    source: Source,
    command: Command,
    approver: Option<ActorId>,
}

fn when(command: Command) -> When {
    When { at: 0, source: Source::Online, command, approver: None }
}

impl When {
    fn at(self, at: i64) -> When {
        When { at, ..self }
    }

    fn imported(self) -> When {
        When { source: Source::Imported, ..self }
    }

    fn approved_by(self, who: &str) -> When {
        When { approver: Some(actor(who)), ..self }
    }

    fn context(&self) -> Context {
        let approver = self.approver;
        Context { approver, ..context(Timestamp(NOON.0 + self.at * Timestamp::SECOND_US), self.source) }
    }
}

/// The only function here that decides: given these commands, when this one, then these facts or this refusal.
#[track_caller]
fn check(given: &[When], when: When, then: Result<&[&str], Refused>) {
    check_in(opened(settings()), given, when, then);
}

#[track_caller]
fn check_in(mut world: World, given: &[When], when: When, then: Result<&[&str], Refused>) {
    for step in given {
        if let Err(refused) = world.run(&step.command, &step.context()) {
            panic!("given {:?}: {refused:?}", step.command);
        }
    }
    let outcome = world.decide(&when.command, &when.context());
    let told = outcome.clone().map(|events| events.iter().map(tell).collect::<Vec<String>>());
    let expected = then.map(|lines| lines.iter().map(|line| line.to_string()).collect());
    assert_eq!(told, expected, "{:?}", when.command);
    // Pair assertion: whatever `decide` allows, `evolve` accepts.
    outcome.into_iter().flatten().for_each(|event| world.evolve(&event));
}

fn tell(event: &Event) -> String {
    match event {
        Event::Order(order, event) => format!("{order} {}", tell_order(event)),
        Event::Payment(payment, event) => format!("{payment} {}", tell_payment(event)),
        Event::Stock(event) => tell_stock(event),
        Event::Day(event) => tell_day(event),
        Event::Drawer(drawer, event) => format!("{drawer} {}", tell_drawer(event)),
        Event::Ticket(ticket, event) => format!("{ticket} {}", tell_ticket(event)),
        Event::Terminal(terminal, event) => format!("{terminal} {}", offline::tell_terminal(event)),
        Event::Store(StoreEvent::StoreOpened(settings)) => format!("opened {}", settings.name),
        Event::Store(StoreEvent::StoreSettingsChanged(settings)) => format!("settings {}", settings.name),
        Event::StoreMenu(StoreMenuEvent::MenuAdopted { version }) => format!("adopted {version}"),
        Event::StoreMenu(StoreMenuEvent::StorePriceSet { item, price, .. }) => match price {
            Some(price) => format!("price {item} {price}"),
            None => format!("price {item} as listed"),
        },
        Event::StoreMenu(StoreMenuEvent::StoreAvailabilitySet { item, available }) => {
            format!("sells {item} {available}")
        }
        Event::Menu(MenuEvent::MenuPublished { version, .. }) => format!("published {version}"),
        Event::Menu(MenuEvent::ItemUpserted(item)) => format!("item {}", item.id),
        Event::Menu(MenuEvent::ItemRetired { item }) => format!("retired {item}"),
        Event::Menu(MenuEvent::ModifierGroupUpserted(group)) => format!("group {}", group.id),
        Event::Menu(MenuEvent::TaxUpserted(tax)) => format!("tax {}", tax.id),
        Event::Menu(MenuEvent::DaypartUpserted(daypart)) => format!("daypart {}", daypart.id),
        Event::Access(AccessEvent::TokenIssued { token, role, .. }) => format!("issued {token} {role:?}"),
        Event::Security(SecurityEvent::ActivityRecorded(activity)) => {
            format!("{} {:?} {} times", activity.operation.as_str(), activity.act, activity.count)
        }
        Event::Access(AccessEvent::TokenRevoked { token }) => format!("revoked {token}"),
        Event::Access(AccessEvent::DeviceAdded { device, terminal, .. }) => format!("{device} may be {terminal}"),
        Event::Access(AccessEvent::DeviceEnrolled { device, token }) => format!("{device} came with {token}"),
        Event::Access(AccessEvent::DeviceRemoved { device }) => format!("{device} is out"),
        Event::Access(AccessEvent::StaffChanged { staff, rights, .. }) => {
            format!("{staff} may {:?}", rights.iter().collect::<Vec<_>>())
        }
        Event::Access(AccessEvent::PinSet { staff, by, .. }) => format!("{by} set the PIN of {staff}"),
        Event::Access(AccessEvent::SignInFailed { staff, locked_until: None, .. }) => format!("not {staff}"),
        Event::Access(AccessEvent::SignInFailed { staff, locked_until: Some(until), .. }) => {
            format!("{staff} is locked until {}", until.0 / 1_000_000)
        }
        Event::Access(AccessEvent::PinShown { staff, device }) => format!("{staff} was at {device}"),
        Event::Access(AccessEvent::TextsErased { customer, store, order }) => {
            format!("texts of {customer:?} {store:?} {order:?} are erased")
        }
        Event::Access(AccessEvent::StaffRemoved { staff }) => format!("{staff} left"),
    }
}

fn tell_order(event: &OrderEvent) -> String {
    match event {
        OrderEvent::OrderOpened(opening) => format!("opened {} on {}", opening.display_number, opening.business_date),
        OrderEvent::LineAdded(line) => format!("line {} {} x {} at {}", line.line, line.item, line.qty, line.unit),
        OrderEvent::LineQtyChanged { line, qty } => format!("line {line} now {qty}"),
        OrderEvent::LineRemoved { line } => format!("line {line} removed"),
        OrderEvent::LinesHeld { lines } => format!("held {}", tell_units(lines)),
        OrderEvent::LinesFired { fire, lines } => {
            let told: Vec<String> =
                lines.iter().map(|fired| format!("{} {} took {}", fired.line, fired.qty, fired.taken)).collect();
            format!("fire {fire}: {}", told.join(", "))
        }
        OrderEvent::LinesServed { lines } => format!("served {}", tell_units(lines)),
        OrderEvent::LinesComped { discount, lines, .. } => {
            let lines: Vec<&str> = lines.iter().map(|line| line.as_str()).collect();
            format!("comp {discount} of {}", lines.join(", "))
        }
        OrderEvent::OrderMovedToTable { from: None, to } => format!("moved to {to}"),
        OrderEvent::OrderMovedToTable { from: Some(from), to } => format!("moved from {from} to {to}"),
        OrderEvent::ServerAssigned { staff } => format!("served by {staff}"),
        OrderEvent::GuestsChanged { guests } => format!("{guests} guests"),
        OrderEvent::DocumentPrinted { document, check, copy } => format!("{document:?} {copy} of check {check}"),
        OrderEvent::LineDetailsChanged { line, seat, course, note, allergens } => {
            format!("line {line} seat {seat:?} course {course:?} note {note:?} allergens {allergens:?}")
        }
        OrderEvent::LinePriceOverridden { line, was, unit, .. } => format!("line {line} at {unit} instead of {was}"),
        OrderEvent::DiningModeChanged { dining_mode, lines } => {
            let taxes = |taxes: &domain::event::LineTaxes| {
                let taxes: Vec<&str> = taxes.taxes.iter().map(|tax| tax.tax.as_str()).collect();
                taxes.join("+")
            };
            let lines: Vec<String> =
                lines.iter().map(|line| format!(", {} taxed {}", line.line, taxes(line))).collect();
            format!("eats {dining_mode:?}{}", lines.concat())
        }
        OrderEvent::OrderTaxExempted { reason } => format!("free of tax: {reason}"),
        OrderEvent::TaxExemptionEnded => "taxed again".to_owned(),
        OrderEvent::LineVoided { line, qty, fired, wasted, .. } => match wasted {
            true => format!("void {line} {qty}, {fired} fired, wasted"),
            false => format!("void {line} {qty}, {fired} fired"),
        },
        OrderEvent::DiscountApplied(discount) => format!("discount {}", discount.discount),
        OrderEvent::DiscountRemoved { discount } => format!("discount {discount} removed"),
        OrderEvent::ServiceChargeApplied(charge) => format!("charge {}", charge.charge),
        OrderEvent::ServiceChargeRemoved { charge } => format!("charge {charge} removed"),
        OrderEvent::OrderPlaced { totals, deadline: None } => format!("placed {}", totals.total),
        OrderEvent::OrderPlaced { totals, deadline: Some(deadline) } => {
            format!("placed {} until {}", totals.total, since_noon(*deadline))
        }
        OrderEvent::OrderRepriced { totals, void: false } => format!("repriced {}", totals.total),
        OrderEvent::OrderRepriced { totals, void: true } => format!("repriced {} void", totals.total),
        OrderEvent::PaymentApplied { payment, amount, tip, .. } => format!("applied {payment} {amount} + {tip}"),
        OrderEvent::PaymentNotApplicable { payment, unapplied, why, .. } => {
            format!("not applicable {payment} {unapplied} {why:?}")
        }
        OrderEvent::RefundRecorded { refund, parts, posting_date, reversed: Money::ZERO, .. } => {
            format!("gave back {refund} {} on {posting_date}", tell_parts(parts))
        }
        OrderEvent::RefundRecorded { refund, parts, posting_date, reversed, .. } => {
            format!("gave back {refund} {} on {posting_date}, {reversed} of the payment", tell_parts(parts))
        }
        OrderEvent::TotalMismatchRecorded { expected, actual } => format!("shown {expected}, comes to {actual}"),
        OrderEvent::OrderCancelled { reason: CancelReason::PaymentTimeout } => "timed out".to_owned(),
        OrderEvent::OrderCancelled { reason: CancelReason::Requested(reason) } => format!("cancelled {reason}"),
        OrderEvent::OrderCompleted { total } => format!("completed {total}"),
        OrderEvent::CheckSplit { lines } => {
            let told: Vec<String> = lines.iter().map(tell_shares).collect();
            format!("split {}", told.join(", "))
        }
        OrderEvent::CheckPaid { check, total } => format!("check {check} paid {total}"),
        OrderEvent::LinesReceivedByMerge(received) => {
            let lines: Vec<String> = received
                .lines
                .iter()
                .map(|held| format!("{} x {} as {}", held.from, held.line.qty, held.line.line))
                .collect();
            format!("received from {}: {}", received.source, lines.join(", "))
        }
        OrderEvent::OrderMergedInto { target } => format!("merged into {target}"),
    }
}

fn tell_shares(line: &LineShares) -> String {
    let shares: Vec<String> = line.shares.iter().map(|share| format!("{}:{}", share.check, share.parts)).collect();
    format!("{} {}", line.line, shares.join(" "))
}

fn tell_units(lines: &[LineUnits]) -> String {
    let lines: Vec<String> = lines.iter().map(|units| format!("{} {}", units.line, units.qty)).collect();
    lines.join(", ")
}

fn tell_ticket(event: &TicketEvent) -> String {
    match event {
        TicketEvent::TicketCreated { station, lines, .. } => format!("for {station}: {}", tell_units(lines)),
        TicketEvent::TicketStarted => "started".to_owned(),
        TicketEvent::TicketMoved { order, lines } => {
            let lines: Vec<String> = lines.iter().map(|line| format!(", {} is {}", line.from, line.to)).collect();
            format!("for {order}{}", lines.concat())
        }
        TicketEvent::TicketLineReady { line, qty } => format!("ready {line} {qty}"),
        TicketEvent::TicketBumped { lines } => format!("bumped {}", tell_units(lines)),
        TicketEvent::TicketRecalled { lines } => format!("recalled {}", tell_units(lines)),
        TicketEvent::TicketLinesCancelled { lines } => format!("cancelled {}", tell_units(lines)),
    }
}

fn tell_payment(event: &PaymentEvent) -> String {
    match event {
        PaymentEvent::PaymentInitiated { amount, tip, tender, deadline, .. } => match deadline {
            Some(deadline) => format!("{} {amount} + {tip} until {}", tender.as_str(), since_noon(*deadline)),
            None => format!("{} {amount} + {tip}", tender.as_str()),
        },
        PaymentEvent::PaymentReferenceRecorded { reference } => format!("called {reference}"),
        PaymentEvent::PaymentCaptured { amount, tip, change: None, .. } => format!("captured {amount} + {tip}"),
        PaymentEvent::PaymentCaptured { amount, tip, change: Some(change), .. } => {
            format!("captured {amount} + {tip}, {change} back")
        }
        PaymentEvent::PaymentFailed { code } => format!("failed {code}"),
        PaymentEvent::PaymentExpired => "expired".to_owned(),
        PaymentEvent::PaymentFlagged { why: Flag::AmountDiffers { requested, captured } } => {
            format!("flagged {captured} for {requested}")
        }
        PaymentEvent::PaymentFlagged { why } => format!("flagged {why:?}"),
        PaymentEvent::PaymentOutcomeIgnored { outcome } => format!("ignored {outcome:?}"),
        PaymentEvent::RefundRequested { refund, parts, lines, .. } => {
            let lines: Vec<String> = lines.iter().map(tell_refunded).collect();
            format!("refund {refund} {}{}", tell_parts(parts), lines.concat())
        }
        PaymentEvent::RefundSucceeded { refund } => format!("refund {refund} succeeded"),
        PaymentEvent::RefundFailed { refund, code } => format!("refund {refund} failed {code}"),
        PaymentEvent::RefundOutcomeIgnored { refund, outcome } => format!("refund {refund} ignored {outcome:?}"),
        PaymentEvent::AuthorisationRequested { account, capture, .. } => format!("asks {account} for {capture:?}"),
        PaymentEvent::ProviderEventReceived(message) => format!("got {}", message.event_id),
        PaymentEvent::PaymentAuthorised { amount } => format!("authorised {amount}"),
        PaymentEvent::CaptureRequested { amount, tip } => format!("asks for {amount} + {tip}"),
        PaymentEvent::VoidRequested { why } => format!("asks to void {why:?}"),
        PaymentEvent::PaymentVoided => "voided".to_owned(),
        PaymentEvent::PaymentDisputed => "disputed".to_owned(),
        PaymentEvent::TipAdjusted { tip } => format!("tip {tip}"),
        PaymentEvent::PaymentReviewed { flag, decision, .. } => format!("reviewed {} {decision:?}", flag.0),
        PaymentEvent::ProviderEventIgnored { why } => format!("message ignored {why:?}"),
    }
}

/// What was paid, the tip, and what the order could not take.
fn tell_parts(parts: &MoneyParts) -> String {
    format!("{} + {} + {}", parts.applied, parts.tip, parts.unapplied)
}

fn tell_refunded(line: &RefundedLine) -> String {
    format!(", {} {} for {} + {}", line.line, line.qty, line.net, line.tax_exclusive)
}

fn tell_day(event: &DayEvent) -> String {
    let closing = match event {
        DayEvent::DayOpened { date, carried: None } => return format!("opened {date}"),
        DayEvent::DayOpened { date, carried: Some(carried) } => return format!("opened {date} with {}", carried.sales),
        DayEvent::DayClosed(closing) => closing,
    };
    let DayTotals { orders, gross, discounts, charges, tax, tax_inclusive: _, sales, .. } = closing.totals;
    let DayTotals { cash, other, tips, unapplied, refunds, refunded, refunded_cash, .. } = closing.totals;
    let Pending { orders_count, due, orders: open, payments_count, payments, shifts, gaps_count, gaps } =
        &closing.pending;
    assert_eq!((*orders_count as usize, *payments_count as usize), (open.len(), payments.len()));
    assert_eq!(*gaps_count as usize, gaps.len());
    let (date, z, all) = (closing.date, closing.z_number, closing.cumulative_total);
    let mut pending: Vec<String> = open.iter().map(|order| format!(", {order} open")).collect();
    if !open.is_empty() {
        pending.push(format!(" for {due}"));
    }
    pending.extend(payments.iter().map(|payment| format!(", {payment} waits")));
    pending.extend(shifts.iter().map(|drawer| format!(", {drawer} not counted")));
    pending.extend(gaps.iter().map(|gap| format!(", {} lacks {} to {}", gap.terminal, gap.first.0, gap.last.0)));
    pending.extend(closing.chain.iter().map(|head| format!(", behind {} {:02x}", head.position, head.hash[0])));
    let sold = format!("{orders} for {gross} - {discounts} + {charges} + {tax} = {sales}");
    let money = format!("{cash} + {other} + {tips} + {unapplied} in, {refunds} for {refunded} ({refunded_cash}) out");
    format!("z {z} of {date}: {sold}, {money}, {all} in all{}", pending.concat())
}

fn tell_drawer(event: &DrawerEvent) -> String {
    match event {
        DrawerEvent::ShiftOpened { shift, float, business_date } => {
            format!("shift {shift} opened with {float} on {business_date}")
        }
        DrawerEvent::CashPaidIn { shift, amount, reason } => format!("shift {shift} paid in {amount} {reason}"),
        DrawerEvent::CashPaidOut { shift, amount, reason } => format!("shift {shift} paid out {amount} {reason}"),
        DrawerEvent::NoSaleRecorded { shift, reason } => format!("shift {shift} no sale {reason}"),
        DrawerEvent::CashSaleRecorded { shift, payment, amount } => format!("shift {shift} in {amount} by {payment}"),
        DrawerEvent::CashRefundRecorded { shift, payment, refund, amount } => {
            format!("shift {shift} out {amount} by {payment} {refund}")
        }
        DrawerEvent::DrawerRemoved => "is out".to_owned(),
        DrawerEvent::ShiftClosed { shift, expected, counted, over_short } => {
            format!("shift {shift} closed with {counted} for {expected}, {over_short}")
        }
    }
}

fn tell_stock(event: &StockEvent) -> String {
    let told = |lines: &[ReservedLine]| {
        let lines: Vec<String> = lines.iter().map(|held| format!("{} {} {}", held.line, held.sku, held.qty)).collect();
        lines.join(", ")
    };
    match event {
        StockEvent::StockPolicySet { sku, policy: StockPolicy::Untracked } => format!("untracked {sku}"),
        StockEvent::StockPolicySet { sku, policy: StockPolicy::Counted { auto86 } } => {
            format!("tracked {sku} {auto86}")
        }
        StockEvent::OversellRecorded { sku, qty, .. } => format!("oversold {sku} {qty}"),
        StockEvent::StockReceived { sku, qty, .. } => format!("received {sku} {qty}"),
        StockEvent::StockCounted { sku, counted, delta } => format!("counted {sku} {counted} by {delta}"),
        StockEvent::StockAdjusted { sku, delta, .. } => format!("adjusted {sku} by {delta}"),
        StockEvent::StockWasted { sku, qty, .. } => format!("wasted {sku} {qty}"),
        StockEvent::ItemMarked86 { sku, auto: true, .. } => format!("86 {sku} by itself"),
        StockEvent::ItemMarked86 { sku, until: None, .. } => format!("86 {sku}"),
        StockEvent::ItemMarked86 { sku, until: Some(until), .. } => format!("86 {sku} until {}", since_noon(*until)),
        StockEvent::ItemUnmarked86 { sku } => format!("un86 {sku}"),
        StockEvent::StockVoided { line, wasted: true, .. } => format!("waste of {} {}", line.sku, line.qty),
        StockEvent::StockVoided { line, wasted: false, .. } => format!("back {} {}", line.sku, line.qty),
        StockEvent::StockReserved { lines, .. } => format!("reserved {}", told(lines)),
        StockEvent::ReservationMoved { order, to, lines } => format!("moved {} from {order} to {to}", told(lines)),
        StockEvent::StockCommitted { lines, .. } => format!("committed {}", told(lines)),
        StockEvent::StockReleased { lines, .. } => format!("released {}", told(lines)),
        StockEvent::StockRestocked { refund, lines, .. } => format!("restocked {} by {refund}", told(lines)),
    }
}

fn since_noon(time: Timestamp) -> i64 {
    (time.0 - NOON.0) / Timestamp::SECOND_US
}

// Commands, with what a table leaves out filled in.

fn to_o1(command: OrderCommand) -> When {
    when(to_order("o1", command))
}

fn open(lines: Vec<NewLine>) -> When {
    to_o1(OrderCommand::Open(NewOrder { lines, ..new_order() }))
}

/// Two burgers: 2 x 1000 and 8.875 % on top make 2178 (2177.5 to the even).
fn burgers() -> Vec<NewLine> {
    vec![new_line("l1", "burger", 2)]
}

fn place() -> When {
    to_o1(OrderCommand::Place(Place::default()))
}

fn open_first() -> When {
    to_o1(OrderCommand::Open(NewOrder { lines: burgers(), pay_mode: PayMode::First, ..new_order() }))
}

fn cancel() -> When {
    to_o1(OrderCommand::Cancel { reason: CancelReason::Requested(text("left")) })
}

fn time_out(deadline: i64) -> When {
    let deadline = at(deadline).now;
    When { source: Source::Engine, ..to_o1(OrderCommand::TimeOut { deadline }) }
}

fn add(lines: Vec<NewLine>) -> When {
    to_o1(OrderCommand::AddLines(lines))
}

fn qty(id: &str, milli: i64) -> When {
    to_o1(OrderCommand::ChangeLineQty { line: line(id), qty: QtyMilli(milli) })
}

fn remove(id: &str) -> When {
    to_o1(OrderCommand::RemoveLine(line(id)))
}

fn discount_id(id: &str) -> DiscountId {
    DiscountId::parse(id).expect("an id")
}

fn charge_id(id: &str) -> ChargeId {
    ChargeId::parse(id).expect("an id")
}

fn discount(id: &str, scope: DiscountScope, ppm: u32) -> When {
    let (discount, rate) = (discount_id(id), Rate::Percent(Ppm(ppm)));
    to_o1(OrderCommand::ApplyDiscount(NewDiscount { discount, scope, rate, reason: text("regular") }))
}

fn charge(id: &str, phase: NewChargePhase) -> When {
    let rate = Rate::Percent(Ppm(100_000));
    let new = NewServiceCharge { charge: charge_id(id), name: text("service"), rate, phase };
    to_o1(OrderCommand::ApplyServiceCharge(new))
}

fn pay(id: &str, amount: Option<i64>, tip: i64, method: Method) -> When {
    when(to_payment(
        id,
        PaymentCommand::Initiate {
            check: None,
            order: order("o1"),
            amount: amount.map(Money),
            tip: Money(tip),
            method,
            expected_total: None,
        },
    ))
}

fn card() -> Method {
    Method::External(TenderId::parse("card").expect("an id"))
}

fn by_card(id: &str, amount: Option<i64>) -> When {
    pay(id, amount, 0, card())
}

fn by_cash(id: &str, amount: Option<i64>) -> When {
    pay(id, amount, 0, Method::Cash { tendered: None, drawer: None })
}

fn captured(id: &str, amount: Option<i64>) -> When {
    let outcome = Outcome::Captured { amount: amount.map(Money), reference: None };
    when(to_payment(id, PaymentCommand::RecordOutcome(outcome)))
}

fn failed(id: &str) -> When {
    when(to_payment(id, PaymentCommand::RecordOutcome(Outcome::Failed { code: text("declined") })))
}

fn refund_id(id: &str) -> RefundId {
    RefundId::parse(id).expect("an id")
}

fn refund(of: &str, id: &str, what: RefundOf, restock: bool) -> When {
    let new = NewRefund { refund: refund_id(id), what, restock, drawer: None, reason: text("cold") };
    when(to_payment(of, PaymentCommand::RequestRefund(new)))
}

fn back(of: &str, id: &str, amount: i64, tip: i64) -> When {
    refund(of, id, RefundOf::Amount { amount: Money(amount), tip: Money(tip) }, false)
}

fn lines_back(of: &str, id: &str, lines: &[(&str, i64)], restock: bool) -> When {
    let lines = lines.iter().map(|(id, milli)| RefundLine { line: line(id), qty: QtyMilli(*milli) });
    refund(of, id, RefundOf::Lines { lines: lines.collect(), tip: Money::ZERO, charges: Charges::Follow }, restock)
}

fn refund_outcome(of: &str, id: &str, succeeded: bool) -> When {
    let outcome = match succeeded {
        true => return handed_back(of, id, None),
        false => RefundOutcome::Failed { code: text("closed account") },
    };
    when(to_payment(of, PaymentCommand::RecordRefundOutcome { refund: refund_id(id), outcome }))
}

fn handed_back(of: &str, id: &str, from: Option<&str>) -> When {
    let outcome = RefundOutcome::Succeeded { drawer: from.map(drawer) };
    when(to_payment(of, PaymentCommand::RecordRefundOutcome { refund: refund_id(id), outcome }))
}

fn expire(id: &str, deadline: i64) -> When {
    when(to_payment(id, PaymentCommand::Expire { deadline: at(deadline).now })).at(deadline)
}

fn stock(command: StockCommand) -> When {
    when(to_stock(command))
}

fn waste(id: &str, pieces: u32) -> When {
    stock(StockCommand::Waste { sku: sku(id), qty: QtyMilli::pieces(pieces), reason: text("burnt") })
}

fn count(id: &str, pieces: u32) -> When {
    stock(StockCommand::Count { sku: sku(id), counted: QtyMilli::pieces(pieces) })
}

fn receive(id: &str, pieces: u32) -> When {
    stock(StockCommand::Receive { sku: sku(id), qty: QtyMilli::pieces(pieces), reference: None })
}

fn policy(id: &str, policy: StockPolicy) -> When {
    stock(StockCommand::SetPolicy { sku: sku(id), policy })
}

fn mark(id: &str, until: Option<i64>) -> When {
    stock(StockCommand::Mark86 { sku: sku(id), until: until.map(|seconds| at(seconds).now) })
}

fn unmark(id: &str) -> When {
    stock(StockCommand::Unmark86(sku(id)))
}
