//! The digest of a command: tells a repeat of a command from another command under the same id.
//!
//! It covers what the command says: its kind, its target and its body. It does not cover who sent it, when, through which
//! door, and under which `If-Match`: a repeat may differ in those. It is kept in the log for ever, so its form is frozen
//! like a stored event's; `schemas/golden/` proves it.
//!
//! # Form
//!
//! SHA-256 over a list of fields, of which the first 16 bytes are taken as a big-endian number. A field is a tag byte, the
//! length of the value, and the value. A length below 255 is one byte; any other is the byte 255 and a `u32`, little-endian.
//! A value is
//! * a text or an id: its UTF-8 bytes;
//! * a number, an amount, a quantity, an instant, a code of an enum: an `i64`, 8 bytes little-endian;
//! * a flag: empty, and the field is there only where the flag is up;
//! * a struct: its fields.
//!
//! An absent value and an empty list have no field; a list has one field per value, in order. So an optional field that is
//! added later leaves the digests of commands without it as they were. Tags are unique in their struct and never reused.
//! Tags 1 to 3 of the outermost list are the command's code, the store, and the order, payment, drawer,
//! ticket or terminal; its body begins at 16.

mod form;

use self::form::Form;
use super::codes::{Code, rights_bits};
use domain::check::{CheckId, CheckMove, MoveOf};
use domain::command::{
    AccessCommand, Command, DrawerCommand, Fire, MenuCommand, Method, NewChargePhase, NewComp, NewDiscount, NewLine,
    NewModifier, NewOrder, NewRefund, NewServiceCharge, OrderCommand, Outcome, PaymentCommand, Place, ProviderCommand,
    RefundLine, RefundOf, RefundOutcome, Review, StockCommand, StoreCommand, TerminalCommand, TicketCommand,
};
use domain::event::{CancelReason, DiscountScope, FixedPart, Noted, ProviderMessage, ProviderSaid, Rate, StockPolicy};
use domain::kitchen::Kitchen;
use domain::menu::{Item, ItemPrice, Modifier, ModifierGroup, Tax, Variation};
use domain::money::Currency;
use domain::staff::Approvals;
use domain::store::{CashShifts, Settings};
use sha2::{Digest, Sha256};
use std::cell::RefCell;

/// The digest of what a command says; the module's documentation describes it.
pub fn command_digest(command: &Command) -> u128 {
    thread_local! {
        /// Kept from one command to the next: this runs once per command, on the writer's way.
        static BYTES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    BYTES.with_borrow_mut(|bytes| {
        bytes.clear();
        write_command(&mut Form(bytes), command);
        let hash = Sha256::digest(bytes.as_slice());
        let first = hash.first_chunk::<16>().expect("SHA-256 has 32 bytes");
        u128::from_be_bytes(*first)
    })
}

/// What a command is called in answers, logs and metrics.
pub const fn command_name(command: &Command) -> &'static str {
    kind(command).1
}

/// A command's code, which the digest covers and which is never reused, and its name, which it does not.
const fn kind(command: &Command) -> (u16, &'static str) {
    match command {
        Command::Menu(command) => match command {
            MenuCommand::UpsertItem(_) => (0x0101, "UpsertItem"),
            MenuCommand::RetireItem(_) => (0x0102, "RetireItem"),
            MenuCommand::UpsertModifierGroup(_) => (0x0103, "UpsertModifierGroup"),
            MenuCommand::UpsertTax(_) => (0x0104, "UpsertTax"),
            MenuCommand::Publish => (0x0105, "PublishMenu"),
        },
        Command::Access(command) => match command {
            AccessCommand::IssueToken { .. } => (0x0201, "IssueToken"),
            AccessCommand::RevokeToken(_) => (0x0202, "RevokeToken"),
            AccessCommand::PutStaff { .. } => (0x0203, "PutStaff"),
        },
        Command::Store(_, command) => match command {
            StoreCommand::Put(_) => (0x0301, "PutStore"),
            StoreCommand::AdoptMenu { .. } => (0x0401, "AdoptMenu"),
            StoreCommand::SetPrice { .. } => (0x0402, "SetStorePrice"),
            StoreCommand::SetAvailability { .. } => (0x0403, "SetStoreAvailability"),
            StoreCommand::Order(_, command) => order_kind(command),
            StoreCommand::Payment(_, command) => match command {
                PaymentCommand::Initiate { .. } => (0x0601, "InitiatePayment"),
                PaymentCommand::RecordOutcome(_) => (0x0602, "RecordPaymentOutcome"),
                PaymentCommand::Expire { .. } => (0x0603, "ExpirePayment"),
                PaymentCommand::RequestRefund(_) => (0x0604, "RequestRefund"),
                PaymentCommand::RecordRefundOutcome { .. } => (0x0605, "RecordRefundOutcome"),
                PaymentCommand::Provider(command) => match command {
                    ProviderCommand::Record { .. } => (0x0610, "RecordProviderEvent"),
                    ProviderCommand::Capture => (0x0611, "CapturePayment"),
                    ProviderCommand::Void { .. } => (0x0612, "VoidPayment"),
                    ProviderCommand::AdjustTip { .. } => (0x0613, "AdjustTip"),
                },
                PaymentCommand::Review(_) => (0x0628, "ReviewPayment"),
            },
            StoreCommand::Stock(command) => match command {
                StockCommand::SetPolicy { .. } => (0x0701, "SetStockPolicy"),
                StockCommand::Receive { .. } => (0x0702, "ReceiveStock"),
                StockCommand::Count { .. } => (0x0703, "CountStock"),
                StockCommand::Adjust { .. } => (0x0704, "AdjustStock"),
                StockCommand::Waste { .. } => (0x0705, "WasteStock"),
                StockCommand::Mark86 { .. } => (0x0706, "MarkItem86"),
                StockCommand::Unmark86(_) => (0x0707, "UnmarkItem86"),
                StockCommand::EndMark86 { .. } => (0x0708, "EndItemMark86"),
            },
            StoreCommand::OpenDay { .. } => (0x0a01, "OpenDay"),
            StoreCommand::CloseDay { .. } => (0x0a02, "CloseDay"),
            StoreCommand::Drawer(_, command) => match command {
                DrawerCommand::OpenShift { .. } => (0x0901, "OpenShift"),
                DrawerCommand::PaidIn { .. } => (0x0902, "PaidIn"),
                DrawerCommand::PaidOut { .. } => (0x0903, "PaidOut"),
                DrawerCommand::NoSale { .. } => (0x0904, "NoSale"),
                DrawerCommand::CloseShift { .. } => (0x0905, "CloseShift"),
            },
            StoreCommand::Ticket(_, command) => match command {
                TicketCommand::Start => (0x0801, "StartTicket"),
                TicketCommand::MarkLineReady(_) => (0x0802, "MarkLineReady"),
                TicketCommand::Bump => (0x0803, "BumpTicket"),
                TicketCommand::Recall => (0x0804, "RecallTicket"),
            },
            StoreCommand::Terminal(_, TerminalCommand::RecordRejected { .. }) => (0x0b01, "RecordRejectedCommand"),
            StoreCommand::Terminal(_, TerminalCommand::Resolve { .. }) => (0x0b10, "ResolveException"),
        },
    }
}

const fn order_kind(command: &OrderCommand) -> (u16, &'static str) {
    match command {
        OrderCommand::Open(_) => (0x0501, "OpenOrder"),
        OrderCommand::AddLines(_) => (0x0502, "AddLines"),
        OrderCommand::ChangeLineQty { .. } => (0x0503, "ChangeLineQty"),
        OrderCommand::RemoveLine(_) => (0x0504, "RemoveLine"),
        OrderCommand::ApplyDiscount(_) => (0x0505, "ApplyDiscount"),
        OrderCommand::RemoveDiscount(_) => (0x0506, "RemoveDiscount"),
        OrderCommand::ApplyServiceCharge(_) => (0x0507, "ApplyServiceCharge"),
        OrderCommand::RemoveServiceCharge(_) => (0x0508, "RemoveServiceCharge"),
        OrderCommand::Place(_) => (0x0509, "PlaceOrder"),
        OrderCommand::Cancel { .. } => (0x050a, "CancelOrder"),
        OrderCommand::Complete => (0x050b, "CompleteOrder"),
        OrderCommand::TimeOut { .. } => (0x050c, "TimeOutOrder"),
        OrderCommand::HoldLines(_) => (0x050d, "HoldLines"),
        OrderCommand::FireLines(_) => (0x050e, "FireLines"),
        OrderCommand::MarkServed(_) => (0x050f, "MarkServed"),
        OrderCommand::VoidLine { .. } => (0x0510, "VoidLine"),
        OrderCommand::CompLines(_) => (0x0511, "CompLines"),
        OrderCommand::SetTable(_) => (0x0512, "SetTable"),
        OrderCommand::AssignServer(_) => (0x0513, "AssignServer"),
        OrderCommand::SplitCheck { .. } => (0x0550, "SplitCheck"),
        OrderCommand::SplitEvenly(_) => (0x0551, "SplitEvenly"),
        OrderCommand::MergeInto(_) => (0x0552, "MergeInto"),
    }
}

fn write_command(form: &mut Form<'_>, command: &Command) {
    form.number(1, kind(command).0);
    match command {
        Command::Menu(command) => write_menu(form, command),
        Command::Access(command) => write_access(form, command),
        Command::Store(store, command) => write_store(form.text(2, store), command),
    }
}

fn write_menu(form: &mut Form<'_>, command: &MenuCommand) {
    match command {
        MenuCommand::UpsertItem(item) => write_item(form, item),
        MenuCommand::RetireItem(item) => _ = form.text(16, item),
        MenuCommand::UpsertModifierGroup(group) => write_group(form, group),
        MenuCommand::UpsertTax(Tax { id, name, rate, inclusive }) => {
            form.text(16, id).text(17, name).number(18, rate.0).flag(19, *inclusive);
        }
        MenuCommand::Publish => {}
    }
}

fn write_item(form: &mut Form<'_>, item: &Item) {
    let Item { id, name, category, price, variations, groups, taxes, sku, station } = item;
    form.text(16, id).text(17, name).text_opt(18, category);
    match price {
        ItemPrice::Fixed(price) => form.money(19, *price),
        ItemPrice::Open => form.flag(20, true),
    };
    form.list(21, variations, |form, Variation { id, name, price, sku }| {
        form.text(1, id).text(2, name).money(3, *price).text_opt(4, sku);
    });
    form.texts(22, groups).texts(23, taxes).text_opt(24, sku).text_opt(25, station);
}

fn write_group(form: &mut Form<'_>, group: &ModifierGroup) {
    let ModifierGroup { id, name, min, max, allow_qty, modifiers } = group;
    form.text(16, id).text(17, name).number(18, *min).number(19, *max).flag(20, *allow_qty);
    form.list(21, modifiers, |form, Modifier { id, name, price, default }| {
        form.text(1, id).text(2, name).money(3, *price).flag(4, *default);
    });
}

fn write_access(form: &mut Form<'_>, command: &AccessCommand) {
    match command {
        AccessCommand::IssueToken { token, role, label, secret_sha256 } => {
            form.text(16, token).number(17, role.code()).text(18, label).bytes(19, secret_sha256);
        }
        AccessCommand::RevokeToken(token) => _ = form.text(16, token),
        AccessCommand::PutStaff { staff, rights, discount_limit } => {
            form.text(16, staff).number(17, rights_bits(*rights)).number_opt(18, discount_limit.map(|limit| limit.0));
        }
    }
}

fn write_store(form: &mut Form<'_>, command: &StoreCommand) {
    match command {
        StoreCommand::Put(settings) => write_settings(form, settings),
        StoreCommand::AdoptMenu { version } => _ = form.number(16, *version),
        StoreCommand::SetPrice { item, variation, price } => {
            form.text(16, item).text_opt(17, variation).money_opt(18, *price);
        }
        StoreCommand::SetAvailability { item, available } => _ = form.text(16, item).flag(17, *available),
        StoreCommand::Order(order, command) => write_order(form.text(3, order), command),
        StoreCommand::Payment(payment, command) => write_payment(form.text(3, payment), command),
        StoreCommand::Stock(command) => write_stock(form, command),
        // What the door knows of the store's chain is no part of what is asked.
        StoreCommand::OpenDay { date } | StoreCommand::CloseDay { date, chain: _ } => _ = form.number(16, date.days()),
        StoreCommand::Drawer(drawer, command) => write_drawer(form.text(3, drawer), command),
        StoreCommand::Ticket(ticket, command) => {
            form.text(3, ticket);
            match command {
                TicketCommand::MarkLineReady(line) => _ = form.text(16, line),
                TicketCommand::Start | TicketCommand::Bump | TicketCommand::Recall => {}
            }
        }
        StoreCommand::Terminal(terminal, command) => write_terminal(form.text(3, terminal), command),
    }
}

fn write_settings(form: &mut Form<'_>, settings: &Settings) {
    let Settings { name, currency, time_zone, cut_off, rules, payment_timeout_s, approvals, cash_shifts, kitchen } =
        settings;
    form.text(16, name);
    write_currency(form, 17, currency);
    form.text(18, time_zone).number(19, cut_off.minute());
    form.number(20, rules.rounding.code()).number(21, rules.tax_rounding.code()).number(22, *payment_timeout_s);
    if *approvals != Approvals::default() {
        form.nested(23, |form| write_approvals(form, approvals));
    }
    form.flag(24, *cash_shifts == CashShifts::Required);
    form.flag(25, *kitchen == Kitchen::On);
}

fn write_approvals(form: &mut Form<'_>, approvals: &Approvals) {
    let Approvals { needed, discount_limit, self_approval } = approvals;
    form.number(1, rights_bits(*needed)).number(2, discount_limit.0).flag(3, *self_approval);
}

fn write_currency(form: &mut Form<'_>, tag: u8, currency: &Currency) {
    // The exponent follows from the code by a table that may be corrected: a repeat across that is still a repeat.
    form.bytes(tag, currency.code().as_bytes());
}

fn write_order(form: &mut Form<'_>, command: &OrderCommand) {
    match command {
        OrderCommand::Open(order) => write_new_order(form, order),
        OrderCommand::AddLines(lines) => _ = form.list(16, lines, write_line),
        OrderCommand::ChangeLineQty { line, qty } => _ = form.text(16, line).qty(17, *qty),
        OrderCommand::RemoveLine(line) => _ = form.text(16, line),
        OrderCommand::ApplyDiscount(discount) => _ = form.nested(16, |form| write_discount(form, discount)),
        OrderCommand::RemoveDiscount(discount) => _ = form.text(16, discount),
        OrderCommand::ApplyServiceCharge(charge) => _ = form.nested(16, |form| write_charge(form, charge)),
        OrderCommand::RemoveServiceCharge(charge) => _ = form.text(16, charge),
        OrderCommand::Place(place) => _ = form.nested(16, |form| write_place(form, place)),
        OrderCommand::Cancel { reason: CancelReason::PaymentTimeout } => _ = form.number(16, 1),
        OrderCommand::Cancel { reason: CancelReason::Requested(words) } => _ = form.number(16, 2).text(17, words),
        OrderCommand::Complete => {}
        OrderCommand::HoldLines(lines) | OrderCommand::MarkServed(lines) => _ = form.texts(16, lines),
        OrderCommand::FireLines(Fire::Unheld) => {}
        OrderCommand::FireLines(Fire::Lines(lines)) => _ = form.texts(16, lines),
        OrderCommand::FireLines(Fire::Course(course)) => _ = form.number(17, *course),
        OrderCommand::VoidLine { line, qty, reason, wasted } => {
            form.text(16, line).qty(17, *qty).text(18, reason).flag(19, *wasted);
        }
        OrderCommand::CompLines(NewComp { discount, lines, reason }) => {
            form.text(16, discount).texts(17, lines).text(18, reason);
        }
        OrderCommand::SetTable(table) => _ = form.text(16, table),
        OrderCommand::AssignServer(staff) => _ = form.text(16, staff),
        OrderCommand::SplitCheck { to, moves } => _ = form.number(16, to.number()).list(17, moves, write_move),
        OrderCommand::SplitEvenly(checks) => _ = form.number(16, checks.number()),
        OrderCommand::MergeInto(target) => _ = form.text(16, target),
        OrderCommand::TimeOut { deadline } => _ = form.timestamp(16, *deadline),
    }
}

fn write_move(form: &mut Form<'_>, moved: &CheckMove) {
    let CheckMove { line, what, from } = moved;
    form.text(1, line).number_opt(2, from.map(CheckId::number));
    match what {
        MoveOf::All => {}
        MoveOf::Qty(qty) => _ = form.qty(3, *qty),
        MoveOf::Share { parts, of } => _ = form.number(4, *parts).number(5, *of),
    }
}

fn write_new_order(form: &mut Form<'_>, order: &NewOrder) {
    let NewOrder {
        channel,
        dining_mode,
        pay_mode,
        table,
        guests,
        customer_ref,
        currency,
        display_number,
        lines,
        discounts,
        service_charges,
        place,
        training,
    } = order;
    form.number(16, channel.code()).number(17, dining_mode.code()).number(18, pay_mode.code());
    form.text_opt(19, table).number(20, *guests).text_opt(21, customer_ref);
    if let Some(currency) = currency {
        write_currency(form, 22, currency);
    }
    form.text_opt(23, display_number).list(24, lines, write_line);
    form.list(25, discounts, write_discount).list(26, service_charges, write_charge);
    if let Some(place) = place {
        form.nested(27, |form| write_place(form, place));
    }
    form.flag(50, *training);
}

fn write_place(form: &mut Form<'_>, Place { expected_total }: &Place) {
    form.money_opt(1, *expected_total);
}

fn write_line(form: &mut Form<'_>, line: &NewLine) {
    let NewLine { line, item, variation, qty, modifiers, open_price, seat, course, note } = line;
    form.text(1, line).text(2, item).text_opt(3, variation).qty(4, *qty);
    form.list(5, modifiers, |form, NewModifier { group, modifier, qty }| {
        form.text(1, group).text(2, modifier).number(3, *qty);
    });
    form.money_opt(6, *open_price).number_opt(7, *seat).number_opt(8, *course).text_opt(9, note);
}

fn write_discount(form: &mut Form<'_>, discount: &NewDiscount) {
    let NewDiscount { discount, scope, rate, reason } = discount;
    form.text(1, discount);
    match scope {
        DiscountScope::Order => form.flag(2, true),
        DiscountScope::Lines(lines) => form.texts(3, lines),
        DiscountScope::Fixed(parts) => {
            form.list(7, parts, |form, FixedPart { line, amount }| _ = form.text(1, line).money(2, *amount))
        }
    };
    write_rate(form, rate);
    form.text(6, reason);
}

fn write_charge(form: &mut Form<'_>, charge: &NewServiceCharge) {
    let NewServiceCharge { charge, name, rate, phase } = charge;
    form.text(1, charge).text(2, name);
    write_rate(form, rate);
    match phase {
        NewChargePhase::Subtotal { pre_discount, taxes } => form.number(6, 1).flag(7, *pre_discount).texts(8, taxes),
        NewChargePhase::Total => form.number(6, 2),
    };
}

/// Tags 4 and 5 of a discount or a charge.
fn write_rate(form: &mut Form<'_>, rate: &Rate) {
    match rate {
        Rate::Percent(ppm) => form.number(4, ppm.0),
        Rate::Amount(amount) => form.money(5, *amount),
    };
}

fn write_payment(form: &mut Form<'_>, command: &PaymentCommand) {
    match command {
        PaymentCommand::Initiate { order, check, amount, tip, method, expected_total } => {
            form.text(16, order).money_opt(17, *amount).money(18, *tip);
            match method {
                Method::Cash { tendered, drawer } => {
                    form.nested(19, |form| _ = form.money_opt(1, *tendered).text_opt(2, drawer))
                }
                Method::External(tender) => form.text(20, tender),
                Method::Provider { tender, account, capture } => {
                    form.text(20, tender).text(22, account).number(23, capture.code())
                }
            };
            form.money_opt(21, *expected_total).number_opt(24, check.map(CheckId::number));
        }
        PaymentCommand::RecordOutcome(Outcome::Captured { amount }) => _ = form.number(16, 1).money_opt(17, *amount),
        PaymentCommand::RecordOutcome(Outcome::Failed { code }) => _ = form.number(16, 2).text(18, code),
        PaymentCommand::Expire { deadline } => _ = form.timestamp(16, *deadline),
        PaymentCommand::RequestRefund(refund) => write_refund(form, refund),
        PaymentCommand::Provider(command) => write_provider(form, command),
        PaymentCommand::Review(review) => write_review(form, review),
        PaymentCommand::RecordRefundOutcome { refund, outcome: RefundOutcome::Succeeded { drawer } } => {
            form.text(16, refund).number(17, 1).text_opt(30, drawer);
        }
        PaymentCommand::RecordRefundOutcome { refund, outcome: RefundOutcome::Failed { code } } => {
            form.text(16, refund).number(17, 2).text(18, code);
        }
    }
}

fn write_provider(form: &mut Form<'_>, command: &ProviderCommand) {
    match command {
        ProviderCommand::Record { account, message } => {
            let ProviderMessage { event_id, reference, said, amount, currency, body_sha256 } = message;
            form.text(16, account).text(17, event_id).text_opt(18, reference);
            match said {
                ProviderSaid::Accepted => form.number(19, 1),
                ProviderSaid::Authorised => form.number(19, 2),
                ProviderSaid::Captured => form.number(19, 3),
                ProviderSaid::Failed { code } => form.number(19, 4).text(20, code),
                ProviderSaid::Voided => form.number(19, 5),
                ProviderSaid::Disputed => form.number(19, 6),
                ProviderSaid::RefundSucceeded { refund } => form.number(19, 7).text(21, refund),
                ProviderSaid::RefundFailed { refund, code } => form.number(19, 8).text(20, code).text(21, refund),
                ProviderSaid::Other => form.number(19, 9),
            };
            form.money_opt(22, *amount);
            if let Some(currency) = currency {
                write_currency(form, 23, currency);
            }
            form.bytes(24, body_sha256);
        }
        ProviderCommand::Capture => {}
        ProviderCommand::Void { reason } => _ = form.text(16, reason),
        ProviderCommand::AdjustTip { tip } => _ = form.money(16, *tip),
    }
}

fn write_review(form: &mut Form<'_>, review: &Review) {
    let Review { flag, decision, tip, reason } = review;
    // A revision is below 2^63.
    form.number_opt(40, flag.map(|flag| flag.0.cast_signed()));
    form.number(41, decision.code()).money_opt(42, *tip).text(43, reason);
}

fn write_refund(form: &mut Form<'_>, refund: &NewRefund) {
    let NewRefund { refund, what, restock, drawer, reason } = refund;
    form.text(16, refund);
    match what {
        RefundOf::Rest => form.number(17, 1),
        RefundOf::Amount { amount, tip } => form.number(17, 2).money(18, *amount).money(19, *tip),
        RefundOf::Lines { lines, tip } => {
            form.number(17, 3)
                .money(19, *tip)
                .list(20, lines, |form, RefundLine { line, qty }| _ = form.text(1, line).qty(2, *qty))
        }
    };
    form.flag(21, *restock).text(22, reason).text_opt(23, drawer);
}

fn write_drawer(form: &mut Form<'_>, command: &DrawerCommand) {
    match command {
        DrawerCommand::OpenShift { float } => _ = form.money(16, *float),
        DrawerCommand::PaidIn { amount, reason } | DrawerCommand::PaidOut { amount, reason } => {
            form.money(16, *amount).text(17, reason);
        }
        DrawerCommand::NoSale { reason } => _ = form.text(16, reason),
        DrawerCommand::CloseShift { counted } => _ = form.money(16, *counted),
    }
}

fn write_stock(form: &mut Form<'_>, command: &StockCommand) {
    match command {
        StockCommand::SetPolicy { sku, policy: StockPolicy::Untracked } => _ = form.text(16, sku).number(17, 1),
        StockCommand::SetPolicy { sku, policy: StockPolicy::Counted { auto86 } } => {
            form.text(16, sku).number(17, 2).flag(18, *auto86);
        }
        StockCommand::Receive { sku, qty, reference } => {
            form.text(16, sku).qty(17, *qty).text_opt(18, reference);
        }
        StockCommand::Count { sku, counted } => _ = form.text(16, sku).qty(17, *counted),
        StockCommand::Adjust { sku, delta, reason } => _ = form.text(16, sku).qty(17, *delta).text(18, reason),
        StockCommand::Waste { sku, qty, reason } => _ = form.text(16, sku).qty(17, *qty).text(18, reason),
        StockCommand::Mark86 { sku, until } => {
            form.text(16, sku).number_opt(17, until.map(|until| until.0));
        }
        StockCommand::Unmark86(sku) => _ = form.text(16, sku),
        StockCommand::EndMark86 { sku, until } => _ = form.text(16, sku).timestamp(17, *until),
    }
}

fn write_terminal(form: &mut Form<'_>, command: &TerminalCommand) {
    match command {
        TerminalCommand::RecordRejected { noted, digest } => {
            let Noted { seq, command, kind, order, payment, code, detail } = noted;
            // A place in a queue is below 2^53.
            form.number_opt(16, seq.map(|seq| seq.0.cast_signed()));
            if let Some(command) = command {
                form.bytes(17, &command.0.to_be_bytes());
            }
            form.text_opt(18, kind).text_opt(19, order).text_opt(20, payment).text(21, code).text(22, detail);
            form.bytes(23, &digest.to_be_bytes());
        }
        // A place in the log is below 2^63.
        TerminalCommand::Resolve { position, note } => _ = form.number(40, position.cast_signed()).text(41, note),
    }
}
