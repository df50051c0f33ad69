//! Staff: what a member may approve, and what a store lets nobody do alone (rule O8).

#![allow(missing_docs, reason = "names and types say all but what is said here")]

use crate::ids::ActorId;
use crate::money::Ppm;

/// Something a person may be asked to approve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// A discount above the limit of whoever gives it.
    Discount,
    /// Cancelling an order that was placed, or taking something off it: units, a price, a service charge, by a comp or a discount
    /// above the limit of whoever gives it.
    Cancel,
    VoidFired,
    Comp,
    Refund,
    /// Taking cash out of a drawer.
    PaidOut,
    /// Opening a drawer without a sale.
    NoSale,
    /// Another price for a line than the menu's.
    PriceOverride,
    /// Making an order free of tax.
    TaxExempt,
    /// Opening orders for practice, which count nowhere.
    Training,
}

impl Right {
    /// Every right.
    pub const ALL: [Right; 10] = [
        Right::Discount,
        Right::Cancel,
        Right::VoidFired,
        Right::Comp,
        Right::Refund,
        Right::PaidOut,
        Right::NoSale,
        Right::PriceOverride,
        Right::TaxExempt,
        Right::Training,
    ];
}

/// A set of rights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights(u16);

impl Rights {
    /// The set of these.
    pub fn of(rights: impl IntoIterator<Item = Right>) -> Rights {
        rights.into_iter().fold(Rights::default(), |set, right| Rights(set.0 | 1 << right as u16))
    }

    /// Whether the right is in it.
    pub fn has(self, right: Right) -> bool {
        self.0 & 1 << right as u16 != 0
    }

    /// The rights in it, in the order of [`Right::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Right> {
        Right::ALL.into_iter().filter(move |right| self.has(*right))
    }
}

/// A member of staff. A token acts as the member whose id it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Staff {
    pub rights: Rights,
    /// Up to which share the member gives discounts alone; `None` takes the store's.
    pub discount_limit: Option<Ppm>,
}

/// What a store asks a second person for. By default it asks nobody for anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Approvals {
    pub needed: Rights,
    /// Up to which share of what it is taken off a discount takes none, where discounts do at all.
    pub discount_limit: Ppm,
    /// Settings of before could let somebody with the right approve what they do themselves. It is kept as it was said, and decides
    /// nothing: no one is their own second person (rule O8).
    pub self_approval: bool,
}

/// Who asks, and who approves.
#[derive(Clone, Copy, Debug)]
pub struct ApprovalRequest {
    pub actor: ActorId,
    pub approver: Option<ActorId>,
}

impl Approvals {
    /// Whether the store lets it be done: it asks nobody for it, or another person approves who has the right.
    pub fn allow<'a>(
        &self,
        right: Right,
        asking: ApprovalRequest,
        staff: impl Fn(ActorId) -> Option<&'a Staff>,
    ) -> bool {
        if !self.needed.has(right) {
            return true;
        }
        let approver = asking.approver.filter(|approver| *approver != asking.actor);
        approver.and_then(staff).is_some_and(|member| member.rights.has(right))
    }
}
