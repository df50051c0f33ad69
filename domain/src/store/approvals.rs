//! Who has to be asked (rule O8). What is recorded after the fact, and what the engine does, asks nobody.

use super::Store;
use crate::command::{Context, NewDiscount, Source};
use crate::event::{Discount, DiscountScope, Event, OrderEvent, Rate};
use crate::money::Ppm;
use crate::order::Order;
use crate::refused::Refused;
use crate::staff::{ApprovalRequest, Right};
use crate::tenant::Tenant;
use crate::terminal::Waiver;

impl Store {
    /// Checks that somebody with the right approves, where the store asks for it.
    ///
    /// # Errors
    /// [`Refused::ApprovalRequired`].
    pub(super) fn approve(&self, tenant: &Tenant, right: Right, context: &Context) -> Result<(), Refused> {
        match context.source {
            // An import changes only orders that an import opened; no drawer is.
            Source::Imported if !matches!(right, Right::PaidOut | Right::NoSale) => Ok(()),
            Source::Engine => Ok(()),
            Source::Offline if context.offline.waived.has(Waiver::Approval) => Ok(()),
            Source::Online | Source::Offline | Source::Imported => {
                let asking = ApprovalRequest { actor: context.actor, approver: context.approver };
                // Who set a PIN knows it: what comes with it proves nothing against them.
                let is_other = context.approver.is_none_or(|approver| !tenant.knows_pin_of(context.actor, approver));
                let is_allowed = is_other && self.settings.approvals.allow(right, asking, |staff| tenant.staff(staff));
                match (is_allowed, asking.approver) {
                    // Nobody who is away proves that somebody else was asked.
                    (true, Some(approver)) if context.is_offline() && self.settings.approvals.needed.has(right) => {
                        Err(Refused::ApprovalClaimed { right, approver })
                    }
                    (true, _) => Ok(()),
                    (false, approver) => Err(Refused::ApprovalRequired { right, approver }),
                }
            }
        }
    }

    /// A discount above the limit of whoever gives it takes an approval. An amount counts as its share of what the lines
    /// it is taken off come to before discounts.
    pub(super) fn approve_discount(
        &self,
        tenant: &Tenant,
        order: &Order,
        discount: &NewDiscount,
        context: &Context,
    ) -> Result<(), Refused> {
        if !self.settings.approvals.needed.has(Right::Discount) {
            return Ok(());
        }
        match is_within(order, &discount.scope, discount.rate, self.discount_limit(tenant, context)) {
            true => Ok(()),
            false => self.approve(tenant, Right::Discount, context),
        }
    }

    /// Up to which share whoever acts gives discounts alone.
    fn discount_limit(&self, tenant: &Tenant, context: &Context) -> Ppm {
        let own = tenant.staff(context.actor).and_then(|member| member.discount_limit);
        own.unwrap_or(self.settings.approvals.discount_limit)
    }

    /// Taking off what was placed asks for what cancelling asks for (rule O7), by whatever way: an order that may not be
    /// cancelled alone is not emptied alone either. `before` is the order as it stood, `after` as `events` leave it.
    ///
    /// # Errors
    /// [`Refused::ApprovalRequired`].
    pub(super) fn approve_taking_off(
        &self,
        tenant: &Tenant,
        (before, after): (&Order, &Order),
        events: &[Event],
        context: &Context,
    ) -> Result<(), Refused> {
        if !before.is_placed || !self.settings.approvals.needed.has(Right::Cancel) {
            return Ok(());
        }
        for event in events {
            let Event::Order(_, event) = event else { continue };
            let is_alone = match taken_off(before, event) {
                TakenOff::Nothing => true,
                TakenOff::Something => false,
                TakenOff::By(discount) => is_small(after, discount, self.discount_limit(tenant, context)),
            };
            if !is_alone {
                return self.approve(tenant, Right::Cancel, context);
            }
        }
        Ok(())
    }
}

/// What a fact takes off a placed order.
enum TakenOff<'a> {
    Nothing,
    Something,
    /// As much as this comes to.
    By(&'a Discount),
}

fn taken_off<'a>(before: &Order, event: &'a OrderEvent) -> TakenOff<'a> {
    let something_if = |less| if less { TakenOff::Something } else { TakenOff::Nothing };
    match event {
        OrderEvent::LineRemoved { .. }
        | OrderEvent::LineVoided { .. }
        | OrderEvent::LinesComped { .. }
        | OrderEvent::ServiceChargeRemoved { .. } => TakenOff::Something,
        OrderEvent::DiscountApplied(discount) => TakenOff::By(discount),
        // A line that comes with its own price was not placed at another.
        OrderEvent::LineQtyChanged { line, qty } => something_if(before.line(*line).is_ok_and(|held| *qty < held.qty)),
        OrderEvent::LinePriceOverridden { line, was, unit_base, .. } => {
            something_if(before.line(*line).is_ok() && unit_base < was)
        }
        // An order that ends, or is free of tax, asks for itself; the rest takes nothing off.
        OrderEvent::OrderCancelled { .. }
        | OrderEvent::OrderTaxExempted { .. }
        | OrderEvent::OrderOpened(_)
        | OrderEvent::LineAdded(_)
        | OrderEvent::LineDetailsChanged { .. }
        | OrderEvent::DiscountRemoved { .. }
        | OrderEvent::ServiceChargeApplied(_)
        | OrderEvent::OrderPlaced { .. }
        | OrderEvent::OrderRepriced { .. }
        | OrderEvent::TotalMismatchRecorded { .. }
        | OrderEvent::OrderMovedToTable { .. }
        | OrderEvent::ServerAssigned { .. }
        | OrderEvent::GuestsChanged { .. }
        | OrderEvent::DocumentPrinted { .. }
        | OrderEvent::DiningModeChanged { .. }
        | OrderEvent::TaxExemptionEnded
        | OrderEvent::LinesHeld { .. }
        | OrderEvent::LinesFired { .. }
        | OrderEvent::LinesServed { .. }
        | OrderEvent::CheckSplit { .. }
        | OrderEvent::CheckPaid { .. }
        | OrderEvent::LinesReceivedByMerge(_)
        | OrderEvent::OrderMergedInto { .. }
        | OrderEvent::PaymentApplied { .. }
        | OrderEvent::PaymentNotApplicable { .. }
        | OrderEvent::RefundRecorded { .. }
        | OrderEvent::OrderCompleted { .. } => TakenOff::Nothing,
    }
}

/// Whether a discount, and all the order's together, stay within the limit: many small ones are a large one. A share of the whole
/// order counts as what it is, whatever the order comes to now: it takes its part of what is added later too.
fn is_small(order: &Order, discount: &Discount, limit: Ppm) -> bool {
    let (mut left, mut taken) = (i128::from(limit.0), 0);
    // What was given away was asked for by itself.
    for held in order.discounts.iter().filter(|held| !order.comps.contains(&held.discount)) {
        match (&held.scope, held.rate) {
            (DiscountScope::Order, Rate::Percent(share)) => left -= i128::from(share.0),
            (scope, rate) => taken += most_taken(order, scope, rate),
        }
    }
    is_within(order, &discount.scope, discount.rate, limit)
        && 0 <= left
        && taken <= gross(order, &DiscountScope::Order) * left
}

/// Whether a discount takes no more than the limit of what it is taken off.
fn is_within(order: &Order, scope: &DiscountScope, rate: Rate, limit: Ppm) -> bool {
    match rate {
        Rate::Percent(share) => share <= limit,
        Rate::Amount(_) => most_taken(order, scope, rate) <= gross(order, scope) * i128::from(limit.0),
    }
}

/// The most a discount takes off, where nothing is taken off before it: in millionths of a thousandth of a minor unit, so that
/// nothing is rounded. It fits: a line comes to at most 10^15 minor units, and an order has hundreds of lines and discounts.
fn most_taken(order: &Order, scope: &DiscountScope, rate: Rate) -> i128 {
    match rate {
        Rate::Percent(share) => gross(order, scope) * i128::from(share.0),
        Rate::Amount(amount) => i128::from(amount.0) * 1_000 * i128::from(Ppm::ONE.0),
    }
}

/// What the lines in the scope come to before discounts, in thousandths of a minor unit.
fn gross(order: &Order, scope: &DiscountScope) -> i128 {
    let is_in = |line| match scope {
        DiscountScope::Order => true,
        DiscountScope::Lines(lines) => lines.contains(&line),
        DiscountScope::Fixed(parts) => parts.iter().any(|part| part.line == line),
    };
    let lines = order.lines.iter().filter(|line| is_in(line.line));
    lines.map(|line| i128::from(line.unit.0) * i128::from(line.qty.0)).sum()
}
