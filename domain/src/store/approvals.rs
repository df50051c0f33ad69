//! Who has to be asked (rule O8). What is recorded after the fact, and what the engine does, asks nobody.

use super::Store;
use crate::command::{Context, NewDiscount, Source};
use crate::event::{DiscountScope, Rate};
use crate::money::{Money, Ppm};
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
            Source::Imported | Source::Engine => Ok(()),
            Source::Offline if context.offline.waived.has(Waiver::Approval) => Ok(()),
            Source::Online | Source::Offline => {
                let asking = ApprovalRequest { actor: context.actor, approver: context.approver };
                let is_allowed = self.settings.approvals.allow(right, asking, |staff| tenant.staff(staff));
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
        let approvals = &self.settings.approvals;
        if !approvals.needed.has(Right::Discount) {
            return Ok(());
        }
        let own = tenant.staff(context.actor).and_then(|member| member.discount_limit);
        let limit = own.unwrap_or(approvals.discount_limit);
        let is_within = match discount.rate {
            Rate::Percent(share) => share <= limit,
            Rate::Amount(amount) => amount <= limit_of(order, &discount.scope, limit),
        };
        match is_within {
            true => Ok(()),
            false => self.approve(tenant, Right::Discount, context),
        }
    }
}

/// The largest amount within the limit; sums saturate, because an order that does not fit is refused elsewhere.
fn limit_of(order: &Order, scope: &DiscountScope, limit: Ppm) -> Money {
    let is_in = |line| match scope {
        DiscountScope::Order => true,
        DiscountScope::Lines(lines) => lines.contains(&line),
        DiscountScope::Fixed(parts) => parts.iter().any(|part| part.line == line),
    };
    let lines = order.lines.iter().filter(|line| is_in(line.line));
    let gross: i128 = lines.map(|line| i128::from(line.unit.0) * i128::from(line.qty.0) / 1_000).sum();
    let most = gross * i128::from(limit.0) / i128::from(Ppm::ONE.0);
    Money(i64::try_from(most).unwrap_or(i64::MAX))
}
