//! What happened to an order.

use super::{Part, floor, name_of, object};
use crate::json::wire::Wire;
use domain::event::{
    CancelReason, ChargePhase, Discount, DiscountScope, Line, LineModifier, NotApplicable, Opening, OrderEvent, Rate,
    ServiceCharge,
};
use domain::ids::{LineId, Text};
use domain::kitchen::Kitchen;
use domain::pricing::{ChargeTotals, DiscountPart, LineTotals, TaxRate, TaxTotal, Totals};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

pub(super) fn order<S: Serializer>(event: &OrderEvent, to: S) -> Result<S::Ok, S::Error> {
    match event {
        OrderEvent::OrderOpened(opening) => opened(opening, to),
        OrderEvent::LineAdded(line) => line_added(line, to),
        OrderEvent::LineQtyChanged { line, qty } => object!(to; "line_id": line.as_str(), "qty": Wire(*qty)),
        OrderEvent::LineRemoved { line } => object!(to; "line_id": line.as_str()),
        OrderEvent::LinesHeld { lines } | OrderEvent::LinesServed { lines } => {
            object!(to; "lines": Part(lines.as_slice()))
        }
        OrderEvent::LinesFired { fire, lines } => object!(to; "fire": fire, "lines": Part(lines.as_slice())),
        OrderEvent::LineVoided { line, qty, fired, reason, wasted } => object!(to;
            "line_id": line.as_str(),
            "qty": Wire(*qty),
            "fired": Wire(*fired),
            "reason": reason.as_str(),
            "wasted": wasted
        ),
        OrderEvent::LinesComped { discount, lines, reason } => object!(to;
            "discount_id": discount.as_str(),
            "line_ids": Part(lines.as_slice()),
            "reason": reason.as_str()
        ),
        OrderEvent::OrderMovedToTable { from, to: table } => {
            object!(to; "from" ?: from.map(Wire), "to": table.as_str())
        }
        OrderEvent::ServerAssigned { staff } => object!(to; "staff": staff.as_str()),
        OrderEvent::DiscountApplied(discount) => discount_applied(discount, to),
        OrderEvent::DiscountRemoved { discount } => object!(to; "discount_id": discount.as_str()),
        OrderEvent::ServiceChargeApplied(charge) => charge_applied(charge, to),
        OrderEvent::ServiceChargeRemoved { charge } => object!(to; "charge_id": charge.as_str()),
        OrderEvent::OrderPlaced { totals, deadline } => {
            object!(to; "totals": Part(totals), "deadline" ?: deadline.map(Wire))
        }
        OrderEvent::OrderRepriced { totals } => object!(to; "totals": Part(totals)),
        OrderEvent::CheckSplit { lines } => object!(to; "lines": Part(lines.as_slice())),
        OrderEvent::CheckPaid { check, total } => object!(to; "check_id": Wire(*check), "total": total.0),
        OrderEvent::LinesReceivedByMerge(received) => floor::received(received, to),
        OrderEvent::OrderMergedInto { target } => object!(to; "target_order_id": target.as_str()),
        OrderEvent::PaymentApplied { payment, tender, amount, tip, check } => object!(to;
            "payment_id": payment.as_str(),
            "check_id": Wire(*check),
            "tender": tender.as_str(),
            "amount": amount.0,
            "tip": tip.0
        ),
        OrderEvent::PaymentNotApplicable { payment, tender, unapplied, why } => {
            let why = match why {
                NotApplicable::OrderCancelled => "order_cancelled",
                NotApplicable::OrderMerged => "order_merged",
                NotApplicable::NothingDue => "nothing_due",
                NotApplicable::Reviewed => "reviewed",
            };
            object!(to;
                "payment_id": payment.as_str(),
                "tender": tender.as_str(),
                "unapplied": unapplied.0,
                "why": why
            )
        }
        OrderEvent::RefundRecorded { refund, payment, tender, parts, lines, posting_date } => object!(to;
            "refund_id": refund.as_str(),
            "payment_id": payment.as_str(),
            "tender": tender.as_str(),
            "applied": parts.applied.0,
            "tip": parts.tip.0,
            "unapplied": parts.unapplied.0,
            "lines": Part(lines.as_slice()),
            "posting_date": Wire(*posting_date)
        ),
        OrderEvent::TotalMismatchRecorded { expected, actual } => {
            object!(to; "expected": expected.0, "actual": actual.0)
        }
        OrderEvent::OrderCancelled { reason } => match reason {
            CancelReason::PaymentTimeout => object!(to; "why": "payment_timeout"),
            CancelReason::Requested(reason) => object!(to; "why": "requested", "reason": reason.as_str()),
        },
        OrderEvent::OrderCompleted { total } => object!(to; "total": total.0),
    }
}

fn text(text: &Option<Text>) -> Option<&str> {
    text.as_ref().map(Text::as_str)
}

fn opened<S: Serializer>(opening: &Opening, to: S) -> Result<S::Ok, S::Error> {
    let kitchen = match opening.kitchen {
        Kitchen::Off => None,
        Kitchen::On => Some(name_of(Kitchen::On)),
    };
    object!(to;
        "channel": name_of(opening.channel),
        "dining_mode": name_of(opening.dining_mode),
        "pay_mode": name_of(opening.pay_mode),
        "table" ?: opening.table.map(Wire),
        "guests": opening.guests,
        "customer_ref" ?: opening.customer_ref.map(Wire),
        "currency": opening.currency.code(),
        "display_number": opening.display_number.as_str(),
        "business_date": Wire(opening.business_date),
        "opened_local": Wire(opening.opened_local),
        "time_zone": opening.time_zone.as_str(),
        "rounding": name_of(opening.rules.rounding),
        "tax_rounding": name_of(opening.rules.tax_rounding),
        "imported": opening.imported,
        "kitchen" ?: kitchen,
        "training" ?: opening.training.then_some(true)
    )
}

pub(super) fn line_added<S: Serializer>(line: &Line, to: S) -> Result<S::Ok, S::Error> {
    object!(to;
        "line_id": line.line.as_str(),
        "item_id": line.item.as_str(),
        "name": line.name.as_str(),
        "category" ?: text(&line.category),
        "variation_id" ?: line.variation.as_deref().map(|(variation, _)| variation.as_str()),
        "variation_name" ?: line.variation.as_deref().map(|(_, name)| name.as_str()),
        "qty": Wire(line.qty),
        "unit_base": line.unit_base.0,
        "modifiers": Part(line.modifiers.as_slice()),
        "unit": line.unit.0,
        "taxes": Part(line.taxes.as_slice()),
        "sku" ?: line.sku.as_ref().map(|sku| sku.as_str()),
        "menu_version": line.menu_version,
        "seat" ?: line.seat,
        "course" ?: line.course,
        "note" ?: text(&line.note),
        "station" ?: line.station.map(Wire)
    )
}

impl Serialize for Part<'_, LineModifier> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        object!(to;
            "group_id": self.0.group.as_str(),
            "modifier_id": self.0.modifier.as_str(),
            "name": self.0.name.as_str(),
            "unit_price": self.0.unit_price.0,
            "qty": self.0.qty
        )
    }
}

impl Serialize for Part<'_, TaxRate> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        object!(to;
            "tax_id": self.0.tax.as_str(),
            "percent_ppm": self.0.rate.0,
            "inclusive": self.0.inclusive
        )
    }
}

impl Serialize for Part<'_, LineId> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.as_str())
    }
}

/// The share and the amount of a rate, of which there is one.
fn rate(rate: Rate) -> (Option<u32>, Option<i64>) {
    match rate {
        Rate::Percent(share) => (Some(share.0), None),
        Rate::Amount(amount) => (None, Some(amount.0)),
    }
}

pub(super) fn discount_applied<S: Serializer>(discount: &Discount, to: S) -> Result<S::Ok, S::Error> {
    let (lines, fixed) = match &discount.scope {
        DiscountScope::Order => (None, None),
        DiscountScope::Lines(lines) => (Some(Part(lines.as_slice())), None),
        DiscountScope::Fixed(parts) => (None, Some(Part(parts.as_slice()))),
    };
    let (percent_ppm, amount) = rate(discount.rate);
    object!(to;
        "discount_id": discount.discount.as_str(),
        "line_ids" ?: lines,
        "fixed" ?: fixed,
        "percent_ppm" ?: percent_ppm,
        "amount" ?: amount,
        "reason": discount.reason.as_str()
    )
}

pub(super) fn charge_applied<S: Serializer>(charge: &ServiceCharge, to: S) -> Result<S::Ok, S::Error> {
    let (phase, pre_discount, taxes) = match &charge.phase {
        ChargePhase::Subtotal { pre_discount, taxes } => {
            ("subtotal", Some(*pre_discount), Some(Part(taxes.as_slice())))
        }
        ChargePhase::Total => ("total", None, None),
    };
    let (percent_ppm, amount) = rate(charge.rate);
    object!(to;
        "charge_id": charge.charge.as_str(),
        "name": charge.name.as_str(),
        "percent_ppm" ?: percent_ppm,
        "amount" ?: amount,
        "phase": phase,
        "pre_discount" ?: pre_discount,
        "taxes" ?: taxes
    )
}

impl Serialize for Part<'_, Totals> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let totals = self.0;
        object!(to;
            "gross": totals.gross.0,
            "discount": totals.discount.0,
            "net": totals.net.0,
            "tax_exclusive": totals.tax_exclusive.0,
            "tax_inclusive": totals.tax_inclusive.0,
            "charges_total": totals.charges_total.0,
            "charge_tax_exclusive": totals.charge_tax_exclusive.0,
            "charge_tax_inclusive": totals.charge_tax_inclusive.0,
            "total": totals.total.0,
            "lines": Part(totals.lines.as_slice()),
            "discounts": Amounts(&totals.discounts),
            "discount_parts": Part(totals.discount_parts.as_slice()),
            "taxes": Part(totals.taxes.as_slice()),
            "charges": Part(totals.charges.as_slice())
        )
    }
}

/// Amounts without more about them.
struct Amounts<'a>(&'a [domain::money::Money]);

impl Serialize for Amounts<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter().map(|amount| amount.0))
    }
}

impl Serialize for Part<'_, LineTotals> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        object!(to;
            "gross": self.0.gross.0,
            "discount": self.0.discount.0,
            "net": self.0.net.0,
            "tax_exclusive": self.0.tax_exclusive.0,
            "tax_inclusive": self.0.tax_inclusive.0
        )
    }
}

impl Serialize for Part<'_, DiscountPart> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        object!(to; "discount_index": self.0.discount, "line_index": self.0.line, "amount": self.0.amount.0)
    }
}

impl Serialize for Part<'_, TaxTotal> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        object!(to;
            "tax_id": self.0.tax.tax.as_str(),
            "percent_ppm": self.0.tax.rate.0,
            "inclusive": self.0.tax.inclusive,
            "taxable": self.0.taxable.0,
            "amount": self.0.amount.0
        )
    }
}

impl Serialize for Part<'_, ChargeTotals> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        object!(to;
            "amount": self.0.amount.0,
            "tax_exclusive": self.0.tax_exclusive.0,
            "tax_inclusive": self.0.tax_inclusive.0
        )
    }
}
