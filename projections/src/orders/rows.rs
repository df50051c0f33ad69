//! From events to the rows of orders and payments.

use super::checks;
use super::price::{price_if_open, set_line_totals};
use crate::error::FoldError;
use crate::projector::Recorded;
use domain::calendar::Timestamp;
use domain::event::{
    CancelReason, ChargePhase, Decision, Discount, DiscountScope, Document, FixedPart, Flag, Opening, OrderEvent,
    PaymentEvent, ProviderSaid, Rate, ReceivedDiscount, ReceivedLine, RefundedLine, ServiceCharge,
};
use domain::ids::{DiscountId, LineId, OrderId, PaymentId, RefundId, StoreId, TenderId, Text};
use domain::kitchen::LinePrep;
use domain::money::{Ppm, QtyMilli};
use domain::pricing::Totals;
use schemas::json::Wire;
use schemas::stored::CommitMeta;
use schemas::views::{
    ChargePhaseView, DiscountView, FixedPartView, LineView, OrderState, OrderView, PaidState, PaymentFlag,
    PaymentFlagView, PaymentState, PaymentView, PrepState, PriceOverrideView, PrintView, RateView, RefundState,
    RefundView, RefundedChargesView, RefundedLineView, ReviewView, ServiceChargeView, TaxRateView, TotalsView,
    WallTime,
};

/// When an order was opened: as it was recorded, or as the file says that it was imported from.
pub(super) fn opened_at(opening: &Opening, recorded: &Recorded<'_>) -> Result<Timestamp, FoldError> {
    match opening.imported {
        true => Ok(CommitMeta::decode(recorded.meta)?.occurred_at.unwrap_or(recorded.recorded_at)),
        false => Ok(recorded.recorded_at),
    }
}

pub(super) fn opened(
    (store, order): (StoreId, OrderId),
    opening: &Opening,
    opened_at: Timestamp,
    recorded: &Recorded<'_>,
) -> OrderView {
    OrderView {
        order_id: Wire(order),
        store: Wire(store),
        state: OrderState::Open,
        channel: Wire(opening.channel),
        dining_mode: Wire(opening.dining_mode),
        pay_mode: Wire(opening.pay_mode),
        table: opening.table.map(Wire),
        server: None,
        guests: opening.guests,
        customer_ref: opening.customer_ref.map(Wire),
        display_number: Wire(opening.display_number.clone()),
        business_date: Wire(opening.business_date),
        currency: Wire(opening.currency),
        promised_at: opening.promised_at.map(Wire),
        opened_at: Wire(opened_at),
        opened_local: WallTime(opening.opened_local),
        updated_at: Wire(recorded.recorded_at),
        imported: opening.imported,
        training: opening.training,
        deadline: None,
        cancel_reason: None,
        merged_into: None,
        merged_from: vec![],
        rounding: Wire(opening.rules.rounding),
        tax_rounding: Wire(opening.rules.tax_rounding),
        tax_rules: Wire(opening.tax_rules),
        tax_exempt: None,
        lines: vec![],
        discounts: vec![],
        service_charges: vec![],
        totals: TotalsView::default(),
        checks: vec![],
        paid: 0,
        tips: 0,
        due: 0,
        overpaid: 0,
        dues_apart: opening.dues_apart,
        unapplied: 0,
        refunded: 0,
        reversed: 0,
        refunded_tips: 0,
        payment_state: PaidState::NotPaid,
        payments: vec![],
        prints: vec![],
        prep_state: PrepState::None,
        ticket_ids: vec![],
        revision: recorded.revision,
    }
}

pub(super) fn evolve_order(order: &mut OrderView, event: &OrderEvent) -> Result<(), FoldError> {
    match event {
        OrderEvent::LineAdded(line) => order.lines.push(LineView::new(line)),
        OrderEvent::LineQtyChanged { line, qty } => {
            let line = line_mut(order, *line)?;
            line.qty = Wire(*qty);
            prepare(line, |prep| prep.shrink(*qty));
        }
        OrderEvent::LineDetailsChanged { line, seat, course, note, allergens } => {
            let line = line_mut(order, *line)?;
            (line.seat, line.course) = (*seat, *course);
            line.note = note.clone().map(Wire);
            line.allergens = allergens.clone().map(Wire);
        }
        OrderEvent::LinePriceOverridden { line, was, unit_base, unit, reason } => {
            let line = line_mut(order, *line)?;
            line.unit_price = unit.0;
            // The first one says what the price was before anybody set one.
            let was = line.price_override.as_ref().map_or(was.0, |held| held.was);
            line.price_override = Some(PriceOverrideView { was, price: unit_base.0, reason: Wire(reason.clone()) });
        }
        OrderEvent::LineVoided { line, qty, .. } => {
            let line = line_mut(order, *line)?;
            let ordered = line.qty.0;
            prepare(line, |prep| prep.void(ordered, *qty));
            line.qty.0.0 -= qty.0;
            line.voided.0.0 += qty.0;
        }
        OrderEvent::LinesHeld { lines } => {
            for units in lines {
                line_mut(order, units.line)?.held.0.0 += units.qty.0;
            }
        }
        OrderEvent::LinesFired { lines, .. } => {
            for units in lines {
                let line = line_mut(order, units.line)?;
                let ordered = line.qty.0;
                prepare(line, |prep| prep.fire(ordered, units.qty, units.taken));
            }
        }
        OrderEvent::LinesServed { lines } => {
            for units in lines {
                prepare(line_mut(order, units.line)?, |prep| prep.serve(units.qty));
            }
        }
        OrderEvent::LineRemoved { line } => {
            order.lines.retain(|held| held.line_id.0 != *line);
            checks::remove_line(order, *line);
        }
        OrderEvent::CheckSplit { lines } => checks::split(order, lines)?,
        // What is due on each check follows from the rest.
        OrderEvent::CheckPaid { .. } => {}
        OrderEvent::LinesReceivedByMerge(received) => {
            order.lines.extend(received.lines.iter().map(received_view));
            let view = |held: &ReceivedDiscount| DiscountView { comp: held.comp, ..discount_view(&held.discount) };
            order.discounts = received.discounts.iter().map(view).collect();
            order.service_charges = received.charges.iter().map(charge_view).collect();
            order.merged_from.push(Wire(received.source));
        }
        OrderEvent::OrderMergedInto { target } => {
            price_if_open(order);
            order.state = OrderState::Merged;
            order.merged_into = Some(Wire(*target));
        }
        OrderEvent::DiscountApplied(discount) => order.discounts.push(discount_view(discount)),
        OrderEvent::LinesComped { discount, lines, reason, .. } => {
            order.discounts.push(comp_view(*discount, lines, reason))
        }
        OrderEvent::OrderMovedToTable { to, .. } => order.table = Some(Wire(*to)),
        OrderEvent::ServerAssigned { staff } => order.server = Some(Wire(*staff)),
        OrderEvent::GuestsChanged { guests } => order.guests = *guests,
        OrderEvent::DocumentPrinted { document, check, copy } => printed(order, *document, check.number(), *copy),
        OrderEvent::DiningModeChanged { dining_mode, lines } => {
            order.dining_mode = Wire(*dining_mode);
            for changed in lines {
                line_mut(order, changed.line)?.taxes = changed.taxes.iter().map(TaxRateView::new).collect();
            }
        }
        OrderEvent::OrderTaxExempted { reason } => order.tax_exempt = Some(Wire(reason.clone())),
        OrderEvent::TaxExemptionEnded => order.tax_exempt = None,
        OrderEvent::DiscountRemoved { discount } => order.discounts.retain(|held| held.discount_id.0 != *discount),
        OrderEvent::ServiceChargeApplied(charge) => order.service_charges.push(charge_view(charge)),
        OrderEvent::ServiceChargeRemoved { charge } => {
            order.service_charges.retain(|held| held.charge_id.0 != *charge);
        }
        OrderEvent::OrderPlaced { totals, deadline } => {
            set_totals(order, totals)?;
            order.state = OrderState::Placed;
            order.deadline = deadline.map(Wire);
        }
        OrderEvent::OrderRepriced { totals, .. } => set_totals(order, totals)?,
        OrderEvent::PaymentApplied { amount, tip, check, .. } => {
            checks::pay(order, *check, *amount, *tip)?;
            order.paid += amount.0;
            order.tips += tip.0;
        }
        OrderEvent::PaymentNotApplicable { unapplied, .. } => order.unapplied += unapplied.0,
        OrderEvent::RefundRecorded { parts, lines, check, reversed, .. } => {
            checks::give_back(order, *check, parts.applied, *reversed)?;
            order.refunded += parts.applied.0;
            order.reversed += reversed.0;
            order.refunded_tips += parts.tip.0;
            order.unapplied -= parts.unapplied.0;
            for line in lines {
                let held = order.lines.iter_mut().find(|held| held.line_id.0 == line.line);
                held.ok_or(FoldError::Impossible("a refund of a line that is not there"))?.refunded_qty.0.0 +=
                    line.qty.0;
            }
        }
        OrderEvent::TotalMismatchRecorded { .. } => {}
        OrderEvent::OrderCancelled { reason } => {
            // What it would have come to, whether or not the row was written since it last changed.
            price_if_open(order);
            order.state = OrderState::Cancelled;
            order.cancel_reason = Some(Wire(match reason {
                CancelReason::PaymentTimeout => Text::parse("payment_timeout").expect("it is a text"),
                CancelReason::Requested(text) => text.clone(),
            }));
        }
        OrderEvent::OrderCompleted { .. } => order.state = OrderState::Completed,
        OrderEvent::OrderOpened(_) => return Err(FoldError::Impossible("an order was opened twice")),
    }
    Ok(())
}

fn set_totals(order: &mut OrderView, totals: &Totals) -> Result<(), FoldError> {
    let fits = totals.lines.len() == order.lines.len()
        && totals.discounts.len() == order.discounts.len()
        && totals.charges.len() == order.service_charges.len();
    if !fits {
        return Err(FoldError::Impossible("totals of other lines, discounts or charges than the order has"));
    }
    set_line_totals(order, totals);
    order.totals = TotalsView::from(totals);
    Ok(())
}

/// A line of the order.
fn line_mut(order: &mut OrderView, line: LineId) -> Result<&mut LineView, FoldError> {
    let held = order.lines.iter_mut().find(|held| held.line_id.0 == line);
    held.ok_or(FoldError::Impossible("units of a line that is not there"))
}

/// Changes where the units of a line are, as the writer does.
///
/// Of what a station prepares the row says `fired` until it is served: what of it is ready is in the rows of its tickets,
/// and is told apart by the query. So all of it counts as ready to be served here.
fn prepare(line: &mut LineView, change: impl FnOnce(&mut LinePrep)) {
    let station = line.station.map(|station| station.0);
    let mut prep = LinePrep {
        held: line.held.0,
        ready: QtyMilli(line.fired.0.0 + line.ready.0.0),
        served: line.served.0,
        ..LinePrep::new(line.line_id.0, station, line.course)
    };
    change(&mut prep);
    (line.held, line.served) = (Wire(prep.held), Wire(prep.served));
    let unserved = Wire(QtyMilli(prep.fired.0 + prep.ready.0));
    (line.fired, line.ready) = match station {
        Some(_) => (unserved, Wire(QtyMilli::ZERO)),
        None => (Wire(QtyMilli::ZERO), unserved),
    };
}

/// A line that came from another order, with what the kitchen has of it.
fn received_view(received: &ReceivedLine) -> LineView {
    let mut view = LineView { tax_group: received.part, ..LineView::new(&received.line) };
    if let Some(came) = &received.prep {
        prepare(&mut view, |prep| *prep = LinePrep { station: prep.station, ..*came });
    }
    view
}

fn rate_view(rate: &Rate) -> RateView {
    match rate {
        Rate::Percent(share) => RateView { percent_ppm: Some(Wire(*share)), amount: None },
        Rate::Amount(amount) => RateView { percent_ppm: None, amount: Some(amount.0) },
    }
}

fn discount_view(discount: &Discount) -> DiscountView {
    let line_ids = match &discount.scope {
        DiscountScope::Order => None,
        DiscountScope::Lines(lines) => Some(lines.iter().copied().map(Wire).collect()),
        DiscountScope::Fixed(parts) => Some(parts.iter().map(|part| Wire(part.line)).collect()),
    };
    DiscountView {
        discount_id: Wire(discount.discount),
        line_ids,
        rate: rate_view(&discount.rate),
        reason: Wire(discount.reason.clone()),
        comp: false,
        fixed: match &discount.scope {
            DiscountScope::Order | DiscountScope::Lines(_) => vec![],
            DiscountScope::Fixed(parts) => parts.iter().map(fixed_view).collect(),
        },
        taken: 0,
    }
}

fn fixed_view(part: &FixedPart) -> FixedPartView {
    FixedPartView { line_id: Wire(part.line), amount: part.amount.0 }
}

fn comp_view(discount: DiscountId, lines: &[LineId], reason: &Text) -> DiscountView {
    DiscountView {
        discount_id: Wire(discount),
        line_ids: Some(lines.iter().copied().map(Wire).collect()),
        rate: rate_view(&Rate::Percent(Ppm::ONE)),
        reason: Wire(reason.clone()),
        comp: true,
        fixed: vec![],
        taken: 0,
    }
}

fn charge_view(charge: &ServiceCharge) -> ServiceChargeView {
    let (phase, taxes) = match &charge.phase {
        ChargePhase::Subtotal { pre_discount: false, taxes } => (ChargePhaseView::Subtotal, taxes.as_slice()),
        ChargePhase::Subtotal { pre_discount: true, taxes } => (ChargePhaseView::SubtotalPreDiscount, taxes.as_slice()),
        ChargePhase::Total => (ChargePhaseView::Total, [].as_slice()),
    };
    ServiceChargeView {
        charge_id: Wire(charge.charge),
        name: Wire(charge.name.clone()),
        rate: rate_view(&charge.rate),
        phase,
        taxes: taxes.iter().map(TaxRateView::new).collect(),
        charged: 0,
        tax_exclusive: 0,
        tax_inclusive: 0,
    }
}

pub(super) fn initiated(
    (store, payment): (StoreId, PaymentId),
    event: &PaymentEvent,
    recorded: &Recorded<'_>,
) -> Result<PaymentView, FoldError> {
    let PaymentEvent::PaymentInitiated { order, tender, amount, tip, currency, deadline, check } = event else {
        return Err(FoldError::Impossible("a payment that was not initiated"));
    };
    Ok(PaymentView {
        payment_id: Wire(payment),
        store: Wire(store),
        order_id: Wire(*order),
        check_id: check.number(),
        tender: Wire(TenderId::parse(tender.as_str()).expect("a tender's name is an id")),
        amount: amount.0,
        tip: tip.0,
        currency: Wire(*currency),
        state: PaymentState::Initiated,
        provider_account: None,
        provider_ref: None,
        reference: None,
        other_provider_ref: None,
        authorised: None,
        capture_requested: false,
        void_requested: false,
        disputed: false,
        tendered: None,
        change: None,
        deadline: deadline.map(Wire),
        failure_code: None,
        flags: vec![],
        refunded: 0,
        refunds: vec![],
        business_date: None,
        training: recorded.training,
        initiated_at: Wire(recorded.recorded_at),
        updated_at: Wire(recorded.recorded_at),
        revision: recorded.revision,
    })
}

pub(super) fn evolve_payment(
    payment: &mut PaymentView,
    event: &PaymentEvent,
    recorded: &Recorded<'_>,
) -> Result<(), FoldError> {
    match event {
        PaymentEvent::PaymentInitiated { .. } => return Err(FoldError::Impossible("a payment was initiated twice")),
        PaymentEvent::PaymentCaptured { amount, tip, tendered, change } => {
            payment.state = PaymentState::Captured;
            (payment.amount, payment.tip) = (amount.0, tip.0);
            payment.tendered = tendered.map(|money| money.0);
            payment.change = change.map(|money| money.0);
        }
        PaymentEvent::PaymentReferenceRecorded { reference } => payment.reference = Some(Wire(reference.clone())),
        PaymentEvent::PaymentFailed { code } => {
            payment.state = PaymentState::Failed;
            payment.failure_code = Some(Wire(code.clone()));
        }
        PaymentEvent::PaymentExpired => payment.state = PaymentState::Expired,
        PaymentEvent::PaymentFlagged { why } => {
            if why.stops() {
                payment.state = PaymentState::NeedsReview;
            }
            payment.flags.push(flag(*why, payment, recorded.revision));
        }
        PaymentEvent::PaymentReviewed { flag, decision, reason } => {
            let meta = CommitMeta::decode(recorded.meta)?;
            let held = payment.flags.iter_mut().find(|held| held.revision == flag.0);
            let held = held.ok_or(FoldError::Impossible("a review of a flag that there is not"))?;
            let (decided, reason) = (Wire(*decision), Wire(reason.clone()));
            let (by, at) = (Wire(meta.actor), Wire(recorded.recorded_at));
            held.reviewed = Some(ReviewView { decision: decided, reason, by, at });
            if let (Some(other), false) = (&held.provider_ref, *decision == Decision::Dismiss) {
                payment.provider_ref = Some(other.clone());
            }
            let stops = matches!(
                held.why,
                PaymentFlag::AmountDiffers | PaymentFlag::CurrencyDiffers | PaymentFlag::ReferenceDiffers
            );
            // The attempt is over; what it comes to follows.
            if stops && payment.state == PaymentState::NeedsReview {
                payment.state = PaymentState::Failed;
            }
        }
        PaymentEvent::RefundRequested { refund, parts, lines, restock, reason } => payment.refunds.push(RefundView {
            refund_id: Wire(*refund),
            state: RefundState::Requested,
            applied: parts.applied.0,
            tip: parts.tip.0,
            unapplied: parts.unapplied.0,
            lines: lines.iter().map(refunded_line_view).collect(),
            restock: *restock,
            reason: Wire(reason.clone()),
            failure_code: None,
            requested_at: Wire(recorded.recorded_at),
        }),
        PaymentEvent::RefundSucceeded { refund } => {
            let refund = find_refund(payment, *refund)?;
            (refund.state, refund.failure_code) = (RefundState::Succeeded, None);
            let given = refund.applied + refund.tip + refund.unapplied;
            payment.refunded += given;
        }
        PaymentEvent::RefundFailed { refund, code } => {
            let refund = find_refund(payment, *refund)?;
            (refund.state, refund.failure_code) = (RefundState::Failed, Some(Wire(code.clone())));
        }
        PaymentEvent::AuthorisationRequested { account, .. } => payment.provider_account = Some(Wire(*account)),
        PaymentEvent::ProviderEventReceived(message) => {
            if payment.provider_ref.is_none() && message.said != ProviderSaid::Other {
                payment.provider_ref = message.reference.clone().map(Wire);
            }
            let other = message.reference.clone().map(Wire).filter(|said| payment.provider_ref.as_ref() != Some(said));
            if other.is_some() {
                payment.other_provider_ref = other;
            }
        }
        PaymentEvent::PaymentAuthorised { amount } => {
            payment.state = PaymentState::Authorised;
            payment.authorised = Some(amount.0);
        }
        PaymentEvent::CaptureRequested { .. } => payment.capture_requested = true,
        PaymentEvent::VoidRequested { .. } => payment.void_requested = true,
        PaymentEvent::PaymentVoided => payment.state = PaymentState::Voided,
        PaymentEvent::PaymentDisputed => payment.disputed = true,
        PaymentEvent::TipAdjusted { tip } => payment.tip = tip.0,
        PaymentEvent::PaymentOutcomeIgnored { .. }
        | PaymentEvent::RefundOutcomeIgnored { .. }
        | PaymentEvent::ProviderEventIgnored { .. } => {}
    }
    Ok(())
}

fn find_refund(payment: &mut PaymentView, refund: RefundId) -> Result<&mut RefundView, FoldError> {
    let held = payment.refunds.iter_mut().find(|held| held.refund_id.0 == refund);
    held.ok_or(FoldError::Impossible("an outcome of a refund that was not requested"))
}

/// Whether a person has something to decide; what a guest's bank wants back stays in sight for good.
pub(super) fn needs_attention(payment: &PaymentView) -> bool {
    payment.flags.iter().any(|flag| flag.reviewed.is_none()) || payment.disputed
}

fn refunded_line_view(line: &RefundedLine) -> RefundedLineView {
    RefundedLineView {
        line_id: Wire(line.line),
        qty: Wire(line.qty),
        discount: line.discount.0,
        net: line.net.0,
        tax_exclusive: line.tax_exclusive.0,
        tax_inclusive: line.tax_inclusive.0,
        charges: line.charges.map(|charges| RefundedChargesView {
            amount: charges.amount.0,
            tax_exclusive: charges.tax_exclusive.0,
            tax_inclusive: charges.tax_inclusive.0,
        }),
    }
}

fn flag(why: Flag, payment: &PaymentView, revision: u64) -> PaymentFlagView {
    let (requested, captured) = match why {
        Flag::AmountDiffers { requested, captured } => (Some(requested.0), Some(captured.0)),
        Flag::LateCapture
        | Flag::NotApplicable
        | Flag::RefundInDoubt
        | Flag::CurrencyDiffers
        | Flag::ReferenceDiffers => (None, None),
    };
    let provider_ref = payment.other_provider_ref.clone().filter(|_| why == Flag::ReferenceDiffers);
    let why = match why {
        Flag::LateCapture => PaymentFlag::LateCapture,
        Flag::NotApplicable => PaymentFlag::NotApplicable,
        Flag::AmountDiffers { .. } => PaymentFlag::AmountDiffers,
        Flag::RefundInDoubt => PaymentFlag::RefundInDoubt,
        Flag::CurrencyDiffers => PaymentFlag::CurrencyDiffers,
        Flag::ReferenceDiffers => PaymentFlag::ReferenceDiffers,
    };
    PaymentFlagView { why, requested, captured, provider_ref, revision, reviewed: None }
}

fn printed(order: &mut OrderView, document: Document, check_id: u8, copies: u32) {
    let is_it = |held: &&mut PrintView| (held.document.0, held.check_id) == (document, check_id);
    match order.prints.iter_mut().find(is_it) {
        Some(held) => held.copies = copies,
        None => order.prints.push(PrintView { document: Wire(document), check_id, copies }),
    }
}
