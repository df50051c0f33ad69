//! Events of every type with anything in them that the domain allows.

use domain::calendar::{CutOff, Date, LocalDateTime, Timestamp};
use domain::check::{CheckId, LineShares, Share};
use domain::event::{
    AccessEvent, CancelReason, Capture, ChainHead, Channel, ChargePhase, DayClosing, DayEvent, DayTotals, Decision,
    DiningMode, Discount, DiscountScope, DrawerEvent, Event, FiredLine, FixedPart, Flag, IgnoredMessage,
    IgnoredOutcome, IgnoredRefund, Line, LineModifier, LineUnits, MenuEvent, MoneyParts, NotApplicable, Noted, Opening,
    OrderEvent, PayMode, PaymentEvent, Pending, ProviderMessage, ProviderSaid, Rate, Received, ReceivedDiscount,
    ReceivedLine, RefundedLine, ReleaseReason, RenamedLine, ReservedLine, Role, ServiceCharge, StockEvent, StockPolicy,
    StoreEvent, StoreMenuEvent, Tender, TerminalEvent, TerminalGap, TicketEvent, VoidReason,
};
use domain::ids::{
    AccountId, ActorId, CommandId, DrawerId, Id, OrderId, PaymentId, RefundId, Revision, StoreId, TenantId, TenderId,
    TerminalId, TerminalSeq, Text,
};
use domain::kitchen::{Kitchen, LinePrep};
use domain::menu::{Item, ItemPrice, Modifier, ModifierGroup, Tax, Variation};
use domain::money::{Currency, Money, Ppm, QtyMilli, Rounding};
use domain::pricing::{ChargeTotals, DiscountPart, LineTotals, PriceRules, TaxRate, TaxRounding, TaxTotal, Totals};
use domain::staff::{Approvals, Right, Rights};
use domain::store::{CashShifts, Settings};
use domain::stream::Stream;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use schemas::stored::CommitMeta;
use std::sync::Arc;

fn id<T: std::fmt::Debug>(of: fn(Id) -> T) -> impl Strategy<Value = T> {
    "[a-z0-9_]{1,32}".prop_map(move |text| of(Id::parse(&text).expect("an id")))
}

fn text() -> impl Strategy<Value = Text> {
    let plain = "[a-zA-Z0-9 .,-]{1,40}";
    let any = "\\PC{1,200}";
    prop_oneof![4 => plain, 1 => any].prop_filter_map("white space only", |text| Text::parse(&text).ok())
}

fn money() -> impl Strategy<Value = Money> {
    prop_oneof![3 => -10_000_i64..1_000_000, 1 => any::<i64>()].prop_map(Money)
}

fn qty() -> impl Strategy<Value = QtyMilli> {
    prop_oneof![3 => 0_i64..100_000, 1 => any::<i64>()].prop_map(QtyMilli)
}

fn ppm() -> impl Strategy<Value = Ppm> {
    any::<u32>().prop_map(Ppm)
}

fn timestamp() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp)
}

fn date() -> impl Strategy<Value = Date> {
    (Date::MIN.days()..=Date::MAX.days()).prop_map(|days| Date::from_days(days).expect("a date"))
}

fn local() -> impl Strategy<Value = LocalDateTime> {
    (date(), 0_u32..24, 0_u32..60, 0_u32..60)
        .prop_map(|(date, hour, minute, second)| LocalDateTime::new(date, hour, minute, second).expect("a time"))
}

fn currency() -> impl Strategy<Value = Currency> {
    ("[A-Z]{3}", 0..=Currency::EXPONENT_MAX)
        .prop_map(|(code, exponent)| Currency::new(&code, exponent).expect("a currency"))
}

fn rules() -> impl Strategy<Value = PriceRules> {
    let roundings = [Rounding::HalfEven, Rounding::HalfUp, Rounding::HalfDown, Rounding::Up, Rounding::Down];
    let tax_roundings = [TaxRounding::Line, TaxRounding::Group];
    (select(roundings.to_vec()), select(tax_roundings.to_vec()))
        .prop_map(|(rounding, tax_rounding)| PriceRules { rounding, tax_rounding })
}

fn tax_rate() -> impl Strategy<Value = TaxRate> {
    (id(domain::ids::TaxId), ppm(), any::<bool>()).prop_map(|(tax, rate, inclusive)| TaxRate { tax, rate, inclusive })
}

fn tender() -> impl Strategy<Value = Tender> {
    prop_oneof![
        Just(Tender::Cash),
        Just(Tender::External(TenderId::parse("cash").expect("an id"))),
        id(TenderId).prop_map(Tender::External)
    ]
}

fn rate() -> impl Strategy<Value = Rate> {
    prop_oneof![ppm().prop_map(Rate::Percent), money().prop_map(Rate::Amount)]
}

fn variation() -> impl Strategy<Value = Variation> {
    (id(domain::ids::VariationId), text(), money(), option::of(id(domain::ids::Sku)))
        .prop_map(|(id, name, price, sku)| Variation { id, name, price, sku })
}

fn item() -> impl Strategy<Value = Item> {
    let price = prop_oneof![money().prop_map(ItemPrice::Fixed), Just(ItemPrice::Open)];
    (
        (id(domain::ids::ItemId), text(), option::of(text()), price),
        (vec(variation(), 0..4), vec(id(domain::ids::GroupId), 0..4), vec(id(domain::ids::TaxId), 0..4)),
        (option::of(id(domain::ids::Sku)), option::of(id(domain::ids::StationId))),
    )
        .prop_map(|((id, name, category, price), (variations, groups, taxes), (sku, station))| Item {
            id,
            name,
            category,
            price,
            variations,
            groups,
            taxes,
            sku,
            station,
        })
}

fn modifier_group() -> impl Strategy<Value = ModifierGroup> {
    let modifier = (id(domain::ids::ModifierId), text(), money(), any::<bool>())
        .prop_map(|(id, name, price, default)| Modifier { id, name, price, default });
    (id(domain::ids::GroupId), text(), any::<(u16, u16, bool)>(), vec(modifier, 0..6)).prop_map(
        |(id, name, (min, max, allow_qty), modifiers)| ModifierGroup { id, name, min, max, allow_qty, modifiers },
    )
}

fn menu() -> impl Strategy<Value = MenuEvent> {
    let tax = (id(domain::ids::TaxId), text(), ppm(), any::<bool>()).prop_map(|(id, name, rate, inclusive)| Tax {
        id,
        name,
        rate,
        inclusive,
    });
    prop_oneof![
        item().prop_map(MenuEvent::ItemUpserted),
        id(domain::ids::ItemId).prop_map(|item| MenuEvent::ItemRetired { item }),
        modifier_group().prop_map(MenuEvent::ModifierGroupUpserted),
        tax.prop_map(MenuEvent::TaxUpserted),
        any::<(u32, u64)>().prop_map(|(version, content_hash)| MenuEvent::MenuPublished { version, content_hash }),
    ]
}

fn access() -> impl Strategy<Value = AccessEvent> {
    let token = || id(domain::ids::TokenId);
    prop_oneof![
        (token(), select(&Role::ALL), text(), any::<[u8; 32]>()).prop_map(|(token, role, label, secret_sha256)| {
            AccessEvent::TokenIssued { token, role, label, secret_sha256 }
        }),
        token().prop_map(|token| AccessEvent::TokenRevoked { token }),
        (id(ActorId), rights(), option::of(ppm())).prop_map(|(staff, rights, discount_limit)| {
            AccessEvent::StaffChanged { staff, rights, discount_limit }
        }),
    ]
}

fn kitchen() -> impl Strategy<Value = Kitchen> {
    select(&[Kitchen::Off, Kitchen::On])
}

fn units() -> impl Strategy<Value = Vec<LineUnits>> {
    vec((id(domain::ids::LineId), qty()).prop_map(|(line, qty)| LineUnits { line, qty }), 0..5)
}

fn ticket() -> impl Strategy<Value = TicketEvent> {
    use TicketEvent as E;
    prop_oneof![
        (id(OrderId), any::<u32>(), id(domain::ids::StationId), units())
            .prop_map(|(order, fire, station, lines)| E::TicketCreated { order, fire, station, lines }),
        Just(E::TicketStarted),
        (id(domain::ids::LineId), qty()).prop_map(|(line, qty)| E::TicketLineReady { line, qty }),
        units().prop_map(|lines| E::TicketBumped { lines }),
        units().prop_map(|lines| E::TicketRecalled { lines }),
        units().prop_map(|lines| E::TicketLinesCancelled { lines }),
        (id(OrderId), vec((id(domain::ids::LineId), id(domain::ids::LineId)), 0..4)).prop_map(|(order, lines)| {
            let lines = lines.into_iter().map(|(from, to)| RenamedLine { from, to }).collect();
            E::TicketMoved { order, lines }
        }),
    ]
}

fn rights() -> impl Strategy<Value = Rights> {
    proptest::sample::subsequence(Right::ALL.to_vec(), 0..=Right::ALL.len()).prop_map(Rights::of)
}

fn approvals() -> impl Strategy<Value = Approvals> {
    (rights(), ppm(), any::<bool>()).prop_map(|(needed, discount_limit, self_approval)| Approvals {
        needed,
        discount_limit,
        self_approval,
    })
}

fn settings() -> impl Strategy<Value = Settings> {
    let cut_off = (0..=CutOff::MINUTE_MAX).prop_map(|minute| CutOff::from_minute(minute).expect("a cut-off"));
    let policies = (approvals(), select(&[CashShifts::Off, CashShifts::Required]), kitchen());
    (text(), currency(), text(), cut_off, rules(), any::<u32>(), policies).prop_map(
        |(name, currency, time_zone, cut_off, rules, payment_timeout_s, (approvals, cash_shifts, kitchen))| Settings {
            name,
            currency,
            time_zone,
            cut_off,
            rules,
            payment_timeout_s,
            approvals,
            cash_shifts,
            kitchen,
        },
    )
}

fn store_menu() -> impl Strategy<Value = StoreMenuEvent> {
    let item = || id(domain::ids::ItemId);
    prop_oneof![
        any::<u32>().prop_map(|version| StoreMenuEvent::MenuAdopted { version }),
        (item(), option::of(id(domain::ids::VariationId)), option::of(money()))
            .prop_map(|(item, variation, price)| StoreMenuEvent::StorePriceSet { item, variation, price }),
        (item(), any::<bool>()).prop_map(|(item, available)| StoreMenuEvent::StoreAvailabilitySet { item, available }),
    ]
}

fn opening() -> impl Strategy<Value = Opening> {
    let channels = [Channel::Pos, Channel::Kiosk, Channel::Online, Channel::Delivery, Channel::Phone];
    let dining_modes = [DiningMode::DineIn, DiningMode::TakeAway, DiningMode::Delivery];
    let how = (select(channels.to_vec()), select(dining_modes.to_vec()), select(&[PayMode::First, PayMode::Later]));
    let who = (option::of(id(domain::ids::TableId)), any::<u16>(), option::of(id(domain::ids::CustomerRef)));
    let when = (date(), local(), text());
    (how, who, when, currency(), text(), rules(), any::<[bool; 2]>(), kitchen()).prop_map(
        |(how, who, when, currency, display_number, rules, [imported, training], kitchen)| Opening {
            channel: how.0,
            dining_mode: how.1,
            pay_mode: how.2,
            table: who.0,
            guests: who.1,
            customer_ref: who.2,
            currency,
            display_number,
            business_date: when.0,
            opened_local: when.1,
            time_zone: when.2,
            rules,
            imported,
            kitchen,
            training,
        },
    )
}

fn line() -> impl Strategy<Value = Line> {
    let modifier = (id(domain::ids::GroupId), id(domain::ids::ModifierId), text(), money(), any::<u16>())
        .prop_map(|(group, modifier, name, unit_price, qty)| LineModifier { group, modifier, name, unit_price, qty });
    let what = (id(domain::ids::LineId), id(domain::ids::ItemId), text(), option::of(text()));
    let variation = option::of((id(domain::ids::VariationId), text()).prop_map(Box::new));
    let price = (qty(), money(), vec(modifier, 0..4), money(), vec(tax_rate(), 0..4));
    let station = option::of(id(domain::ids::StationId));
    let seating = any::<(Option<u16>, Option<u16>)>();
    let rest = (option::of(id(domain::ids::Sku)), any::<u32>(), seating, option::of(text()), station);
    (what, variation, price, rest).prop_map(|(what, variation, price, rest)| Line {
        line: what.0,
        item: what.1,
        name: what.2,
        category: what.3,
        variation,
        qty: price.0,
        unit_base: price.1,
        modifiers: price.2,
        unit: price.3,
        taxes: price.4,
        sku: rest.0,
        menu_version: rest.1,
        seat: rest.2.0,
        course: rest.2.1,
        note: rest.3,
        station: rest.4,
    })
}

fn totals() -> impl Strategy<Value = Totals> {
    let line = [money(), money(), money(), money(), money()].prop_map(
        |[gross, discount, net, tax_exclusive, tax_inclusive]| LineTotals {
            gross,
            discount,
            net,
            tax_exclusive,
            tax_inclusive,
        },
    );
    let part = (0_usize..64, 0_usize..256, money()).prop_map(|(discount, line, amount)| DiscountPart {
        discount,
        line,
        amount,
    });
    let tax = (tax_rate(), money(), money()).prop_map(|(tax, taxable, amount)| TaxTotal { tax, taxable, amount });
    let charge = [money(), money(), money()].prop_map(|[amount, tax_exclusive, tax_inclusive]| ChargeTotals {
        amount,
        tax_exclusive,
        tax_inclusive,
    });
    let lists = (vec(line, 0..5), vec(money(), 0..3), vec(part, 0..5), vec(tax, 0..3), vec(charge, 0..3));
    let sums = std::array::from_fn::<_, 9, _>(|_| money());
    (lists, sums).prop_map(|((lines, discounts, discount_parts, taxes, charges), sums)| Totals {
        lines,
        discounts,
        discount_parts,
        taxes,
        charges,
        gross: sums[0],
        discount: sums[1],
        net: sums[2],
        tax_exclusive: sums[3],
        tax_inclusive: sums[4],
        charges_total: sums[5],
        charge_tax_exclusive: sums[6],
        charge_tax_inclusive: sums[7],
        total: sums[8],
    })
}

fn discount() -> impl Strategy<Value = Discount> {
    let scope = prop_oneof![
        Just(DiscountScope::Order),
        vec(id(domain::ids::LineId), 0..5).prop_map(DiscountScope::Lines),
        vec((id(domain::ids::LineId), money()).prop_map(|(line, amount)| FixedPart { line, amount }), 0..5)
            .prop_map(DiscountScope::Fixed),
    ];
    (id(domain::ids::DiscountId), scope, rate(), text()).prop_map(|(discount, scope, rate, reason)| Discount {
        discount,
        scope,
        rate,
        reason,
    })
}

fn charge() -> impl Strategy<Value = ServiceCharge> {
    let phase = prop_oneof![
        Just(ChargePhase::Total),
        (any::<bool>(), vec(tax_rate(), 0..4))
            .prop_map(|(pre_discount, taxes)| ChargePhase::Subtotal { pre_discount, taxes }),
    ];
    (id(domain::ids::ChargeId), text(), rate(), phase).prop_map(|(charge, name, rate, phase)| ServiceCharge {
        charge,
        name,
        rate,
        phase,
    })
}

fn order() -> impl Strategy<Value = OrderEvent> {
    use OrderEvent as E;
    let line_id = || id(domain::ids::LineId);
    let why = select(&[NotApplicable::OrderCancelled, NotApplicable::OrderMerged, NotApplicable::NothingDue]);
    let reason = prop_oneof![Just(CancelReason::PaymentTimeout), text().prop_map(CancelReason::Requested)];
    prop_oneof![
        opening().prop_map(E::OrderOpened),
        line().prop_map(|line| E::LineAdded(Arc::new(line))),
        (line_id(), qty()).prop_map(|(line, qty)| E::LineQtyChanged { line, qty }),
        line_id().prop_map(|line| E::LineRemoved { line }),
        units().prop_map(|lines| E::LinesHeld { lines }),
        units().prop_map(|lines| E::LinesServed { lines }),
        (any::<u32>(), vec((line_id(), qty(), qty()), 0..5)).prop_map(|(fire, lines)| {
            let lines = lines.into_iter().map(|(line, qty, taken)| FiredLine { line, qty, taken }).collect();
            E::LinesFired { fire, lines }
        }),
        (line_id(), qty(), qty(), text(), any::<bool>()).prop_map(|(line, qty, fired, reason, wasted)| E::LineVoided {
            line,
            qty,
            fired,
            reason,
            wasted
        }),
        (id(domain::ids::DiscountId), vec(line_id(), 1..4), text())
            .prop_map(|(discount, lines, reason)| E::LinesComped { discount, lines, reason }),
        (option::of(id(domain::ids::TableId)), id(domain::ids::TableId))
            .prop_map(|(from, to)| E::OrderMovedToTable { from, to }),
        id(domain::ids::ActorId).prop_map(|staff| E::ServerAssigned { staff }),
        discount().prop_map(E::DiscountApplied),
        id(domain::ids::DiscountId).prop_map(|discount| E::DiscountRemoved { discount }),
        charge().prop_map(E::ServiceChargeApplied),
        id(domain::ids::ChargeId).prop_map(|charge| E::ServiceChargeRemoved { charge }),
        (totals(), option::of(timestamp())).prop_map(|(totals, deadline)| E::OrderPlaced { totals, deadline }),
        totals().prop_map(|totals| E::OrderRepriced { totals }),
        (id(PaymentId), tender(), money(), money(), check()).prop_map(|(payment, tender, amount, tip, check)| {
            E::PaymentApplied { payment, tender, amount, tip, check }
        }),
        vec((line_id(), vec((check(), any::<u32>()), 0..5)), 0..5).prop_map(|lines| {
            let shares =
                |shares: Vec<(CheckId, u32)>| shares.into_iter().map(|(check, parts)| Share { check, parts }).collect();
            let lines = lines.into_iter().map(|(line, of)| LineShares { line, shares: shares(of) }).collect();
            E::CheckSplit { lines }
        }),
        (check(), money()).prop_map(|(check, total)| E::CheckPaid { check, total }),
        received().prop_map(E::LinesReceivedByMerge),
        id(OrderId).prop_map(|target| E::OrderMergedInto { target }),
        (id(PaymentId), tender(), money(), why).prop_map(|(payment, tender, unapplied, why)| {
            E::PaymentNotApplicable { payment, tender, unapplied, why }
        }),
        (id(RefundId), id(PaymentId), tender(), parts(), refunded_lines(), date()).prop_map(
            |(refund, payment, tender, parts, lines, posting_date)| E::RefundRecorded {
                refund,
                payment,
                tender,
                parts,
                lines,
                posting_date
            }
        ),
        reason.prop_map(|reason| E::OrderCancelled { reason }),
        money().prop_map(|total| E::OrderCompleted { total }),
        (money(), money()).prop_map(|(expected, actual)| E::TotalMismatchRecorded { expected, actual }),
    ]
}

fn check() -> impl Strategy<Value = CheckId> {
    (1..=u64::from(CheckId::MAX)).prop_map(|number| CheckId::new(number).expect("a check"))
}

fn received() -> impl Strategy<Value = Received> {
    let units = option::of([qty(), qty(), qty(), qty(), qty()]);
    let line =
        (id(domain::ids::LineId), line(), any::<u16>(), units).prop_map(|(from, line, part, units)| ReceivedLine {
            from,
            part,
            prep: units.map(|[held, fired, ready, served, taken]| LinePrep {
                line: line.line,
                station: line.station,
                course: line.course,
                held,
                fired,
                ready,
                served,
                taken,
            }),
            line: Arc::new(line),
        });
    let discount = (discount(), any::<bool>()).prop_map(|(discount, comp)| ReceivedDiscount { discount, comp });
    (id(OrderId), vec(line, 0..4), vec(discount, 0..3), vec(charge(), 0..3), any::<u32>())
        .prop_map(|(source, lines, discounts, charges, fires)| Received { source, lines, discounts, charges, fires })
}

fn parts() -> impl Strategy<Value = MoneyParts> {
    [money(), money(), money()].prop_map(|[applied, tip, unapplied]| MoneyParts { applied, tip, unapplied })
}

fn refunded_lines() -> impl Strategy<Value = Vec<RefundedLine>> {
    let sums = [money(), money(), money(), money()];
    let line = (id(domain::ids::LineId), qty(), sums).prop_map(
        |(line, qty, [discount, net, tax_exclusive, tax_inclusive])| RefundedLine {
            line,
            qty,
            discount,
            net,
            tax_exclusive,
            tax_inclusive,
        },
    );
    vec(line, 0..4)
}

fn payment() -> impl Strategy<Value = PaymentEvent> {
    use PaymentEvent as E;
    let why = prop_oneof![
        Just(Flag::LateCapture),
        Just(Flag::NotApplicable),
        Just(Flag::RefundInDoubt),
        Just(Flag::CurrencyDiffers),
        Just(Flag::ReferenceDiffers),
        (money(), money()).prop_map(|(requested, captured)| Flag::AmountDiffers { requested, captured }),
    ];
    let outcome = select(&[IgnoredOutcome::Failed, IgnoredOutcome::Captured]);
    prop_oneof![
        (id(OrderId), tender(), money(), money(), currency(), option::of(timestamp()), check()).prop_map(
            |(order, tender, amount, tip, currency, deadline, check)| E::PaymentInitiated {
                order,
                tender,
                amount,
                tip,
                currency,
                deadline,
                check
            }
        ),
        (money(), money(), option::of(money()), option::of(money()))
            .prop_map(|(amount, tip, tendered, change)| E::PaymentCaptured { amount, tip, tendered, change }),
        text().prop_map(|code| E::PaymentFailed { code }),
        Just(E::PaymentExpired),
        why.prop_map(|why| E::PaymentFlagged { why }),
        outcome.prop_map(|outcome| E::PaymentOutcomeIgnored { outcome }),
        (id(RefundId), parts(), refunded_lines(), any::<bool>(), text()).prop_map(
            |(refund, parts, lines, restock, reason)| E::RefundRequested { refund, parts, lines, restock, reason }
        ),
        id(RefundId).prop_map(|refund| E::RefundSucceeded { refund }),
        (id(RefundId), text()).prop_map(|(refund, code)| E::RefundFailed { refund, code }),
        (id(RefundId), select(&[IgnoredRefund::Failed, IgnoredRefund::Succeeded]))
            .prop_map(|(refund, outcome)| E::RefundOutcomeIgnored { refund, outcome }),
        provider(),
    ]
}

fn provider() -> impl Strategy<Value = PaymentEvent> {
    use PaymentEvent as E;
    let capture = select(&[Capture::AtOnce, Capture::Later]);
    let why =
        select(&[VoidReason::Requested, VoidReason::OrderClosed, VoidReason::LateAuthorisation, VoidReason::Expired]);
    let ignored = select(&[
        IgnoredMessage::Known,
        IgnoredMessage::Outranked,
        IgnoredMessage::UnderReview,
        IgnoredMessage::UnknownRefund,
        IgnoredMessage::NotUnderstood,
    ]);
    let decision = select(&[Decision::Accept, Decision::Refund, Decision::Dismiss]);
    prop_oneof![
        (id(AccountId), capture).prop_map(|(account, capture)| E::AuthorisationRequested { account, capture }),
        message().prop_map(|message| E::ProviderEventReceived(Box::new(message))),
        money().prop_map(|amount| E::PaymentAuthorised { amount }),
        (money(), money()).prop_map(|(amount, tip)| E::CaptureRequested { amount, tip }),
        why.prop_map(|why| E::VoidRequested { why }),
        Just(E::PaymentVoided),
        Just(E::PaymentDisputed),
        money().prop_map(|tip| E::TipAdjusted { tip }),
        ignored.prop_map(|why| E::ProviderEventIgnored { why }),
        (any::<u64>(), decision, text())
            .prop_map(|(flag, decision, reason)| { E::PaymentReviewed { flag: Revision(flag), decision, reason } }),
    ]
}

pub fn message() -> impl Strategy<Value = ProviderMessage> {
    let said = prop_oneof![
        Just(ProviderSaid::Accepted),
        Just(ProviderSaid::Authorised),
        Just(ProviderSaid::Captured),
        text().prop_map(|code| ProviderSaid::Failed { code }),
        Just(ProviderSaid::Voided),
        Just(ProviderSaid::Disputed),
        id(RefundId).prop_map(|refund| ProviderSaid::RefundSucceeded { refund }),
        (id(RefundId), text()).prop_map(|(refund, code)| ProviderSaid::RefundFailed { refund, code }),
        Just(ProviderSaid::Other),
    ];
    (text(), option::of(text()), said, option::of(money()), option::of(currency()), any::<[u8; 32]>()).prop_map(
        |(event_id, reference, said, amount, currency, body_sha256)| ProviderMessage {
            event_id,
            reference,
            said,
            amount,
            currency,
            body_sha256,
        },
    )
}

fn stock() -> impl Strategy<Value = StockEvent> {
    use StockEvent as E;
    let sku = || id(domain::ids::Sku);
    let policy =
        prop_oneof![Just(StockPolicy::Untracked), any::<bool>().prop_map(|auto86| StockPolicy::Counted { auto86 })];
    let reserved = || {
        let line = (id(domain::ids::LineId), sku(), qty());
        (id(OrderId), vec(line.prop_map(|(line, sku, qty)| ReservedLine { line, sku, qty }), 0..6))
    };
    let why = select(&[ReleaseReason::OrderCancelled, ReleaseReason::PaymentTimeout, ReleaseReason::LineChanged]);
    prop_oneof![
        (sku(), policy).prop_map(|(sku, policy)| E::StockPolicySet { sku, policy }),
        (sku(), qty(), option::of(text())).prop_map(|(sku, qty, reference)| E::StockReceived { sku, qty, reference }),
        (sku(), qty(), qty()).prop_map(|(sku, counted, delta)| E::StockCounted { sku, counted, delta }),
        (sku(), qty(), text()).prop_map(|(sku, delta, reason)| E::StockAdjusted { sku, delta, reason }),
        (sku(), qty(), text()).prop_map(|(sku, qty, reason)| E::StockWasted { sku, qty, reason }),
        (sku(), option::of(timestamp()), any::<bool>()).prop_map(|(sku, until, auto)| E::ItemMarked86 {
            sku,
            until,
            auto
        }),
        sku().prop_map(|sku| E::ItemUnmarked86 { sku }),
        reserved().prop_map(|(order, lines)| E::StockReserved { order, lines }),
        reserved().prop_map(|(order, lines)| E::StockCommitted { order, lines }),
        (id(OrderId), (id(domain::ids::LineId), sku(), qty()), any::<bool>()).prop_map(
            |(order, (line, sku, qty), wasted)| E::StockVoided { order, line: ReservedLine { line, sku, qty }, wasted }
        ),
        (reserved(), why).prop_map(|((order, lines), why)| E::StockReleased { order, lines, why }),
        (reserved(), id(OrderId)).prop_map(|((order, lines), to)| E::ReservationMoved { order, to, lines }),
        (reserved(), id(RefundId)).prop_map(|((order, lines), refund)| E::StockRestocked { order, refund, lines }),
        (option::of(id(OrderId)), sku(), qty()).prop_map(|(order, sku, qty)| E::OversellRecorded { order, sku, qty }),
    ]
}

fn day() -> impl Strategy<Value = DayEvent> {
    let totals = (any::<[i64; 2]>(), std::array::from_fn::<_, 12, _>(|_| money())).prop_map(|(counts, sums)| {
        let [gross, discounts, charges, tax, tax_inclusive, sales, cash, other, tips, unapplied, refunded, rest] = sums;
        let ([orders, refunds], sold) = (counts, DayTotals { gross, discounts, charges, tax, ..DayTotals::default() });
        let paid = DayTotals { tax_inclusive, sales, cash, other, tips, unapplied, ..sold };
        DayTotals { orders, refunds, refunded, refunded_cash: rest, ..paid }
    });
    let gap = (id(TerminalId), seq(), seq()).prop_map(|(terminal, first, last)| TerminalGap { terminal, first, last });
    let lists = (vec(id(OrderId), 0..4), vec(id(PaymentId), 0..4), vec(id(DrawerId), 0..4), vec(gap, 0..4));
    let pending = (any::<[u32; 2]>(), money(), lists).prop_map(|(counts, due, (orders, payments, shifts, gaps))| {
        let [orders_count, payments_count] = counts;
        let gaps_count = gaps.len() as u32;
        Pending { orders_count, due, orders, payments_count, payments, shifts, gaps_count, gaps }
    });
    let chain = option::of(any::<(u64, [u8; 32])>().prop_map(|(position, hash)| ChainHead { position, hash }));
    let closed = (date(), any::<u32>(), totals, money(), pending, chain).prop_map(
        |(date, z_number, totals, cumulative_total, pending, chain)| {
            DayEvent::DayClosed(Box::new(DayClosing { date, z_number, totals, cumulative_total, pending, chain }))
        },
    );
    prop_oneof![date().prop_map(|date| DayEvent::DayOpened { date }), closed]
}

fn drawer() -> impl Strategy<Value = DrawerEvent> {
    use DrawerEvent as E;
    let shift = any::<u32>;
    prop_oneof![
        (shift(), money(), date()).prop_map(|(shift, float, business_date)| E::ShiftOpened {
            shift,
            float,
            business_date
        }),
        (shift(), money(), text()).prop_map(|(shift, amount, reason)| E::CashPaidIn { shift, amount, reason }),
        (shift(), money(), text()).prop_map(|(shift, amount, reason)| E::CashPaidOut { shift, amount, reason }),
        (shift(), text()).prop_map(|(shift, reason)| E::NoSaleRecorded { shift, reason }),
        (shift(), id(PaymentId), money()).prop_map(|(shift, payment, amount)| E::CashSaleRecorded {
            shift,
            payment,
            amount
        }),
        (shift(), id(PaymentId), id(RefundId), money())
            .prop_map(|(shift, payment, refund, amount)| E::CashRefundRecorded { shift, payment, refund, amount }),
        (shift(), [money(), money(), money()]).prop_map(|(shift, [expected, counted, over_short])| E::ShiftClosed {
            shift,
            expected,
            counted,
            over_short
        }),
    ]
}

fn seq() -> impl Strategy<Value = TerminalSeq> {
    (1..=TerminalSeq::MAX.0).prop_map(TerminalSeq)
}

fn noted() -> impl Strategy<Value = Noted> {
    let command = (option::of(seq()), option::of(any::<u128>().prop_map(CommandId)), option::of(text()));
    let about = (option::of(id(OrderId)), option::of(id(PaymentId)));
    (command, about, text(), text()).prop_map(|((seq, command, kind), (order, payment), code, detail)| Noted {
        seq,
        command,
        kind,
        order,
        payment,
        code,
        detail,
    })
}

fn terminal() -> impl Strategy<Value = TerminalEvent> {
    use TerminalEvent as E;
    prop_oneof![
        Just(E::TerminalRegistered),
        seq().prop_map(|seq| E::SequenceAdvanced { seq }),
        (seq(), seq()).prop_map(|(first, last)| E::SequenceGapFound { first, last }),
        seq().prop_map(|seq| E::SequenceGapFilled { seq }),
        (seq(), any::<u128>(), timestamp()).prop_map(|(seq, command, occurred_at)| E::ClockAheadFound {
            seq,
            command: CommandId(command),
            occurred_at
        }),
        noted().prop_map(E::RuleWaived),
        (noted(), any::<u128>(), option::of(money()), timestamp()).prop_map(|(noted, digest, amount, occurred_at)| {
            E::LateCommandRecorded { noted, digest, amount, occurred_at }
        }),
        (noted(), any::<u128>()).prop_map(|(noted, digest)| E::CommandRejected { noted, digest }),
        (any::<u64>(), text()).prop_map(|(position, note)| E::ExceptionResolved { position, note }),
    ]
}

/// Any event.
pub fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        1 => menu().prop_map(Event::Menu),
        1 => access().prop_map(Event::Access),
        1 => (settings(), any::<bool>()).prop_map(|(settings, first)| Event::Store(match first {
            true => StoreEvent::StoreOpened(settings),
            false => StoreEvent::StoreSettingsChanged(settings),
        })),
        1 => store_menu().prop_map(Event::StoreMenu),
        4 => (id(OrderId), order()).prop_map(|(id, event)| Event::Order(id, event)),
        2 => (id(PaymentId), payment()).prop_map(|(id, event)| Event::Payment(id, event)),
        2 => stock().prop_map(Event::Stock),
        1 => day().prop_map(Event::Day),
        1 => (id(DrawerId), drawer()).prop_map(|(id, event)| Event::Drawer(id, event)),
        1 => (id(domain::ids::TicketId), ticket()).prop_map(|(id, event)| Event::Ticket(id, event)),
        1 => (id(TerminalId), terminal()).prop_map(|(id, event)| Event::Terminal(id, event)),
    ]
}

fn stream() -> impl Strategy<Value = Stream> {
    let entities = (id(OrderId), id(PaymentId), id(DrawerId), id(TerminalId));
    let places = (0..11, id(TenantId), id(StoreId), entities);
    places.prop_map(|(kind, tenant, store, (order, payment, drawer, terminal))| match kind {
        0 => Stream::Menu(tenant),
        1 => Stream::Access(tenant),
        2 => Stream::Store(tenant, store),
        3 => Stream::StoreMenu(tenant, store),
        4 => Stream::Order(tenant, store, order),
        5 => Stream::Payment(tenant, store, payment),
        6 => Stream::Drawer(tenant, store, drawer),
        7 => Stream::Ticket(tenant, store, domain::ids::TicketId(payment.0)),
        8 => Stream::Terminal(tenant, store, terminal),
        9 => Stream::Day(tenant, store),
        _ => Stream::Stock(tenant, store),
    })
}

/// Anything a commit may say.
pub fn meta() -> impl Strategy<Value = CommitMeta> {
    use domain::command::Source;
    let who = (id(ActorId), option::of(id(ActorId)), option::of(id(TerminalId)), option::of(seq()));
    let source = select(&[Source::Online, Source::Imported, Source::Engine, Source::Offline]);
    (who, source, option::of(timestamp()), stream(), option::of(id(OrderId)), any::<bool>()).prop_map(
        |((actor, approver, terminal, terminal_seq), source, occurred_at, main, correlation, training)| CommitMeta {
            actor,
            approver,
            terminal,
            terminal_seq,
            source,
            occurred_at,
            main,
            correlation,
            training,
        },
    )
}
