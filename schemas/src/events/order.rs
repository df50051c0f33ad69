//! Events of `order-<tenant>.<store>.<order>`, tags 0x05xx.

use crate::codec::{BadValue, Codec, Dice, Field, Get, Personal, Reader, Sealed, Writer};
use crate::json::write::{Json, JsonWriter, Members};
use domain::check::{CheckId, LineShares, Share};
use domain::event::{
    CancelReason, ChargePhase, Discount, DiscountScope, FiredLine, FixedPart, Line, LineModifier, LineTaxes,
    NotApplicable, Opening, OrderEvent, Rate, Received, ReceivedDiscount, ReceivedLine, ServiceCharge,
};
use domain::ids::{StationId, Text, VariationId};
use domain::kitchen::{Kitchen, LinePrep};
use domain::money::{Money, Ppm};
use domain::pricing::{ChargeTotals, DiscountPart, LineTotals, TaxRate, TaxRules, TaxTotal, Totals};
use std::sync::Arc;

events! { OrderEvent {
    0x0501 OrderOpened(Opening);
    0x0502 LineAdded(Arc<Line>);
    0x0503 LineQtyChanged { line: "line_id", qty: "qty" };
    0x0504 LineRemoved { line: "line_id" };
    0x0505 DiscountApplied(Discount);
    0x0506 DiscountRemoved { discount: "discount_id" };
    0x0507 ServiceChargeApplied(ServiceCharge);
    0x0508 ServiceChargeRemoved { charge: "charge_id" };
    0x0509 OrderPlaced { totals: "totals", deadline?: "deadline" };
    0x050a OrderRepriced { totals: "totals", void?: "void" since 2 bare };
    0x050b PaymentApplied {
        payment: "payment_id", tender: "tender" last, amount: "amount" last, tip: "tip" last,
        check: "check_id" since 2 or CheckId::FIRST,
    };
    0x050c PaymentNotApplicable { payment: "payment_id", tender: "tender", unapplied: "unapplied", why: "why" };
    0x050d OrderCancelled { reason: - };
    0x050e OrderCompleted { total: "total" };
    0x050f LinesHeld { lines: "lines" };
    0x0510 LinesFired { fire: "fire", lines: "lines" };
    0x0511 LinesServed { lines: "lines" };
    0x0512 LineVoided { line: "line_id", qty: "qty", fired: "fired", reason: "reason" sealed, wasted: "wasted" };
    0x0513 LinesComped { discount: "discount_id", lines: "line_ids", reason: "reason" sealed };
    0x0514 OrderMovedToTable { from?: "from", to: "to" };
    0x0515 ServerAssigned { staff: "staff" };
    0x0516 GuestsChanged { guests: "guests" };
    0x0540 RefundRecorded {
        refund: "refund_id", payment: "payment_id", tender: "tender", parts: -, lines: "lines",
        posting_date: "posting_date", taxes?: "taxes" since 2, check?: "check_id" since 2, reversed?: "reversed" since 2,
    };
    0x0550 CheckSplit { lines: "lines" };
    0x0551 CheckPaid { check: "check_id", total: "total" };
    0x0552 LinesReceivedByMerge(Received) from 2;
    0x0553 OrderMergedInto { target: "target_order_id" };
    0x0570 TotalMismatchRecorded { expected: "expected", actual: "actual" };
    0x0580 LineDetailsChanged {
        line: "line_id", seat?: "seat", course?: "course", note?: "note" own sealed,
        allergens?: "allergens" sealed,
    };
    0x0581 LinePriceOverridden { line: "line_id", was: "was", unit_base: "unit_base", unit: "unit", reason: "reason" sealed };
    0x0582 DiningModeChanged { dining_mode: "dining_mode", lines: "lines" };
    0x0583 OrderTaxExempted { reason: "reason" sealed };
    0x0584 TaxExemptionEnded;
    0x0590 DocumentPrinted { document: "document", check: "check_id", copy: "copy" };
} }

record! {
    Opening {
        channel: "channel", dining_mode: "dining_mode", pay_mode: "pay_mode", table?: "table", guests: "guests",
        customer_ref?: "customer_ref" sealed, currency: "currency", display_number: "display_number" own clear,
        business_date: "business_date", opened_local: "opened_local", time_zone: "time_zone" clear, rules: -,
        imported: "imported",
        kitchen?: "kitchen" since 2 or Kitchen::Off,
        training?: "training" since 3 bare,
        promised_at?: "promised_at" since 4,
        tax_rules?: "tax_rules" since 4 or TaxRules::First,
        dues_apart?: "dues_apart" since 4,
    }
    Line {
        line: "line_id", item: "item_id", name: "name" clear, category?: "category" clear, variation: - clear, qty: "qty",
        unit_base: "unit_base", modifiers: "modifiers", unit: "unit", taxes: "taxes", sku?: "sku",
        menu_version: "menu_version", seat?: "seat", course?: "course", note?: "note" own sealed,
        station?: "station" since 2 bare,
        allergens?: "allergens" sealed since 3,
    }
    LineModifier { group: "group_id", modifier: "modifier_id", name: "name" clear, unit_price: "unit_price", qty: "qty", free?: "free" since 4 }
    LineTaxes { line: "line_id", taxes: "taxes" }
    FiredLine { line: "line_id", qty: "qty", taken: "taken" }
    Discount { discount: "discount_id", scope: -, rate: -, reason: "reason" sealed }
    FixedPart { line: "line_id", amount: "amount" }
    ServiceCharge { charge: "charge_id", name: "name" sealed, rate: -, phase: - }
    LineShares { line: "line_id", shares: "shares" }
    Share { check: "check_id", parts: "parts" }
    Totals {
        lines: "lines" last, discounts: "discounts" last, discount_parts: "discount_parts" last, taxes: "taxes" last,
        charges: "charges" last, gross: "gross", discount: "discount", net: "net", tax_exclusive: "tax_exclusive",
        tax_inclusive: "tax_inclusive", charges_total: "charges_total", charge_tax_exclusive: "charge_tax_exclusive",
        charge_tax_inclusive: "charge_tax_inclusive", total: "total",
    }
    LineTotals {
        gross: "gross", discount: "discount", net: "net", tax_exclusive: "tax_exclusive", tax_inclusive: "tax_inclusive",
    }
    DiscountPart { discount: "discount_index", line: "line_index", amount: "amount" }
    TaxTotal { tax: -, taxable: "taxable", amount: "amount" }
    ChargeTotals { amount: "amount", tax_exclusive: "tax_exclusive", tax_inclusive: "tax_inclusive" }
    Received {
        source: "source_order_id", lines: "lines", discounts: "discounts", charges: "service_charges", fires: "fires",
    }
    ReceivedDiscount { discount: "discount" last, comp: "comp" }
}

members! { TaxRate { tax: "tax_id", rate: "percent_ppm", inclusive: "inclusive", compound?: "compound" since 1 } }

members! { ReceivedLine { from: "source_line_id", line: "line", part: "tax_part", prep: - } }

codes! {
    NotApplicable {
        OrderCancelled = 1 "order_cancelled", NothingDue = 2 "nothing_due", OrderMerged = 3 "order_merged",
        Reviewed = 4 "reviewed",
    }
}

// What no row can say: sums of cases.

impl Members for Option<Box<(VariationId, Text)>> {
    fn members(&self, to: &mut JsonWriter<'_>) {
        if let Some(variation) = self {
            to.member("variation_id", &variation.0);
            to.member("variation_name", &variation.1);
        }
    }

    fn fields() -> Vec<Field> {
        vec![Field::optional("variation_id", VariationId::shape()), Field::optional("variation_name", Text::shape())]
    }
}

/// Behind id and rate: 0 on top, 1 inside, 2 on top and compound.
impl Codec for TaxRate {
    fn put(&self, to: &mut Writer<'_>) {
        let TaxRate { tax, rate, inclusive, compound } = self;
        tax.put(to);
        rate.put(to);
        assert!(!(*inclusive && *compound), "what is inside a price is taken on nothing else");
        to.byte(u8::from(*inclusive) + 2 * u8::from(*compound));
    }

    #[inline]
    fn get(from: &mut Reader<'_, '_>) -> Get<TaxRate> {
        let (tax, rate) = (Codec::get(from)?, Codec::get(from)?);
        let (inclusive, compound) = from.flag_or(2)?;
        Ok(TaxRate { tax, rate, inclusive, compound })
    }

    fn any(dice: &mut Dice<'_>) -> TaxRate {
        let (inclusive, compound) = dice.one_of(&[(false, false), (true, false), (false, true)]);
        TaxRate { tax: Codec::any(dice), rate: Codec::any(dice), inclusive, compound }
    }
}

/// 1 a share in millionths, 2 an amount in minor units.
impl Codec for Rate {
    fn put(&self, to: &mut Writer<'_>) {
        let (kind, value) = match self {
            Rate::Percent(share) => (1, share.0.into()),
            Rate::Amount(amount) => (2, amount.0),
        };
        to.byte(kind);
        to.signed(value);
    }

    fn get(from: &mut Reader<'_, '_>) -> Get<Rate> {
        let (kind, value) = (from.byte()?, i64::get(from)?);
        Ok(match (kind, u32::try_from(value)) {
            (1, Ok(share)) => Rate::Percent(Ppm(share)),
            (1, Err(_)) => from.refuse(BadValue::Range { kind: "share" }, Rate::Percent(Ppm(0))),
            (2, _) => Rate::Amount(Money(value)),
            (code, _) => from.refuse(BadValue::Code { kind: "Rate", code }, Rate::Percent(Ppm(0))),
        })
    }

    fn any(dice: &mut Dice<'_>) -> Rate {
        match dice.once_in(2) {
            true => Rate::Percent(Codec::any(dice)),
            false => Rate::Amount(Codec::any(dice)),
        }
    }
}

impl Members for Rate {
    fn members(&self, to: &mut JsonWriter<'_>) {
        match self {
            Rate::Percent(share) => to.member("percent_ppm", share),
            Rate::Amount(amount) => to.member("amount", amount),
        }
    }

    fn fields() -> Vec<Field> {
        vec![Field::optional("percent_ppm", Ppm::shape()), Field::optional("amount", Money::shape())]
    }
}

/// 1 the order, 2 lines, 3 lines with an amount for each. Version 1 knew no amounts.
impl Codec for DiscountScope {
    const NEWEST: u8 = 2;

    fn version(&self) -> u8 {
        match self {
            DiscountScope::Order | DiscountScope::Lines(_) => 1,
            DiscountScope::Fixed(_) => 2,
        }
    }

    fn put(&self, to: &mut Writer<'_>) {
        let (code, lines, parts) = match self {
            DiscountScope::Order => (1, &vec![], &vec![]),
            DiscountScope::Lines(lines) => (2, lines, &vec![]),
            DiscountScope::Fixed(parts) => (3, &vec![], parts),
        };
        to.byte(code);
        lines.put(to);
        if 2 <= to.version {
            parts.put(to);
        }
    }

    fn get(from: &mut Reader<'_, '_>) -> Get<DiscountScope> {
        let (code, lines) = (from.byte()?, Vec::get(from)?);
        let parts = if 2 <= from.version { Vec::get(from)? } else { vec![] };
        let known = if 2 <= from.version { 3 } else { 2 };
        Ok(match code {
            1 if lines.is_empty() && parts.is_empty() => DiscountScope::Order,
            2 if parts.is_empty() => DiscountScope::Lines(lines),
            3 if lines.is_empty() && known == 3 => DiscountScope::Fixed(parts),
            code if (1..=known).contains(&code) => {
                from.refuse(BadValue::Range { kind: "discount's scope" }, DiscountScope::Order)
            }
            code => from.refuse(BadValue::Code { kind: "DiscountScope", code }, DiscountScope::Order),
        })
    }

    fn any(dice: &mut Dice<'_>) -> DiscountScope {
        match dice.below(3) {
            0 => DiscountScope::Order,
            1 => DiscountScope::Lines(Codec::any(dice)),
            _ => DiscountScope::Fixed(Codec::any(dice)),
        }
    }
}

impl Members for DiscountScope {
    fn members(&self, to: &mut JsonWriter<'_>) {
        match self {
            DiscountScope::Order => {}
            DiscountScope::Lines(lines) => to.member("line_ids", lines),
            DiscountScope::Fixed(parts) => to.member("fixed", parts),
        }
    }

    fn fields() -> Vec<Field> {
        let fixed = Field::optional("fixed", <Vec<FixedPart>>::shape());
        vec![Field::optional("line_ids", <Vec<domain::ids::LineId>>::shape()), fixed.since(2)]
    }
}

/// 1 on the subtotal after discounts, 2 on the one before, 3 on the total, which has no taxes.
impl Codec for ChargePhase {
    const NEWEST: u8 = TaxRate::NEWEST;

    fn version(&self) -> u8 {
        match self {
            ChargePhase::Subtotal { taxes, .. } => taxes.version(),
            ChargePhase::Total => 1,
        }
    }

    fn put(&self, to: &mut Writer<'_>) {
        let (code, taxes) = match self {
            ChargePhase::Subtotal { pre_discount: false, taxes } => (1, taxes),
            ChargePhase::Subtotal { pre_discount: true, taxes } => (2, taxes),
            ChargePhase::Total => (3, &vec![]),
        };
        to.byte(code);
        taxes.put(to);
    }

    fn get(from: &mut Reader<'_, '_>) -> Get<ChargePhase> {
        let (code, taxes) = (from.byte()?, Vec::get(from)?);
        Ok(match code {
            1 | 2 => ChargePhase::Subtotal { pre_discount: code == 2, taxes },
            3 if taxes.is_empty() => ChargePhase::Total,
            3 => from.refuse(BadValue::Range { kind: "service charge's phase" }, ChargePhase::Total),
            code => from.refuse(BadValue::Code { kind: "ChargePhase", code }, ChargePhase::Total),
        })
    }

    fn any(dice: &mut Dice<'_>) -> ChargePhase {
        match dice.once_in(2) {
            true => ChargePhase::Total,
            false => ChargePhase::Subtotal { pre_discount: Codec::any(dice), taxes: Codec::any(dice) },
        }
    }
}

impl Members for ChargePhase {
    fn members(&self, to: &mut JsonWriter<'_>) {
        match self {
            ChargePhase::Total => to.member("phase", &"total"),
            ChargePhase::Subtotal { pre_discount, taxes } => {
                to.member("phase", &"subtotal");
                to.member("pre_discount", pre_discount);
                to.member("taxes", taxes);
            }
        }
    }

    fn fields() -> Vec<Field> {
        let phase = Field::words("phase", &["subtotal", "total"]);
        vec![phase, Field::optional("pre_discount", bool::shape()), Field::optional("taxes", <Vec<TaxRate>>::shape())]
    }
}

/// 1 nobody paid in time, 2 somebody said so, with what they said.
impl Codec for CancelReason {
    fn put(&self, to: &mut Writer<'_>) {
        match self {
            CancelReason::PaymentTimeout => to.bytes(&[1, 0]),
            CancelReason::Requested(words) => {
                to.bytes(&[2, 1]);
                words.put(to);
            }
        }
    }

    fn get(from: &mut Reader<'_, '_>) -> Get<CancelReason> {
        let instead = CancelReason::PaymentTimeout;
        Ok(match (from.byte()?, Option::get(from)?) {
            (1, None) => CancelReason::PaymentTimeout,
            (2, Some(words)) => CancelReason::Requested(words),
            (1 | 2, _) => from.refuse(BadValue::Range { kind: "reason" }, instead),
            (code, _) => from.refuse(BadValue::Code { kind: "CancelReason", code }, instead),
        })
    }

    fn texts(&mut self, each: &mut dyn FnMut(Personal<'_>)) {
        match self {
            CancelReason::PaymentTimeout => {}
            CancelReason::Requested(words) => words.personal(each),
        }
    }

    fn any(dice: &mut Dice<'_>) -> CancelReason {
        Option::any(dice).map_or(CancelReason::PaymentTimeout, CancelReason::Requested)
    }
}

impl Members for CancelReason {
    fn members(&self, to: &mut JsonWriter<'_>) {
        match self {
            CancelReason::PaymentTimeout => to.member("why", &"payment_timeout"),
            CancelReason::Requested(words) => {
                to.member("why", &"requested");
                to.member("reason", words);
            }
        }
    }

    fn fields() -> Vec<Field> {
        vec![Field::words("why", &["payment_timeout", "requested"]), Field::optional("reason", Text::shape()).sealed()]
    }
}

/// What of the preparation is the line's is stored with the line only.
impl Codec for ReceivedLine {
    const NEWEST: u8 = Line::NEWEST;

    fn version(&self) -> u8 {
        self.line.version()
    }

    fn put(&self, to: &mut Writer<'_>) {
        let ReceivedLine { from, line, part, prep } = self;
        from.put(to);
        line.put(to);
        part.put(to);
        to.byte(prep.is_some().into());
        if let Some(prep) = prep {
            // The line's station and course are the line's.
            let LinePrep { line: _, station: _, course: _, held, fired, ready, served, taken } = prep;
            [held, fired, ready, served, taken].into_iter().for_each(|units| units.put(to));
        }
    }

    fn get(from: &mut Reader<'_, '_>) -> Get<ReceivedLine> {
        let (source, line, part) = (Codec::get(from)?, Arc::<Line>::get(from)?, Codec::get(from)?);
        let prep = match from.is_some()? {
            true => Some(LinePrep {
                line: line.line,
                station: line.station,
                course: line.course,
                held: Codec::get(from)?,
                fired: Codec::get(from)?,
                ready: Codec::get(from)?,
                served: Codec::get(from)?,
                taken: Codec::get(from)?,
            }),
            false => None,
        };
        Ok(ReceivedLine { from: source, line, part, prep })
    }

    fn texts(&mut self, each: &mut dyn FnMut(Personal<'_>)) {
        self.line.texts(each);
    }

    fn any(dice: &mut Dice<'_>) -> ReceivedLine {
        let line = Arc::<Line>::any(dice);
        let (station, course): (Option<StationId>, Option<u16>) = (line.station, line.course);
        let prep = dice.once_in(2).then(|| {
            let [held, fired, ready, served, taken] = std::array::from_fn(|_| Codec::any(dice));
            LinePrep { line: line.line, station, course, held, fired, ready, served, taken }
        });
        ReceivedLine { from: Codec::any(dice), line, part: Codec::any(dice), prep }
    }
}

impl Members for Option<LinePrep> {
    fn members(&self, to: &mut JsonWriter<'_>) {
        if let Some(LinePrep { line: _, station: _, course: _, held, fired, ready, served, taken }) = self {
            to.member("held", held);
            to.member("fired", fired);
            to.member("ready", ready);
            to.member("served", served);
            to.member("taken", taken);
        }
    }

    fn fields() -> Vec<Field> {
        ["held", "fired", "ready", "served", "taken"]
            .map(|name| Field::optional(name, <domain::money::QtyMilli>::shape()))
            .into()
    }
}
