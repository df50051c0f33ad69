//! What a provider is still to be asked, as it is kept beside the log: `<tenant> <store> <payment> <what>`.
//!
//! A list that is derived from the log, so its form is text and may be read by people: ids hold no spaces and no colons.

use domain::ids::{PaymentId, RefundId, StoreId, TenantId};
use std::fmt;

/// Something that a provider is to be asked for a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutboxEntry {
    /// The tenant.
    pub tenant: TenantId,
    /// The store.
    pub store: StoreId,
    /// The payment.
    pub payment: PaymentId,
    /// What.
    pub what: OutboxAction,
}

/// What a provider is to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutboxAction {
    /// To authorise the payment.
    Authorise,
    /// To take the money.
    Capture,
    /// To let go of it.
    Void,
    /// To give it back.
    Refund(RefundId),
}

impl OutboxEntry {
    /// Reads the kept form; `None` if it is not one.
    pub fn parse(text: &str) -> Option<OutboxEntry> {
        let mut parts = text.split(' ');
        let tenant = TenantId::parse(parts.next()?).ok()?;
        let store = StoreId::parse(parts.next()?).ok()?;
        let payment = PaymentId::parse(parts.next()?).ok()?;
        let what = match parts.next()? {
            "authorise" => OutboxAction::Authorise,
            "capture" => OutboxAction::Capture,
            "void" => OutboxAction::Void,
            refund => OutboxAction::Refund(RefundId::parse(refund.strip_prefix("refund:")?).ok()?),
        };
        parts.next().is_none().then_some(OutboxEntry { tenant, store, payment, what })
    }
}

impl fmt::Display for OutboxEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OutboxEntry { tenant, store, payment, what } = self;
        write!(f, "{tenant} {store} {payment} ")?;
        match what {
            OutboxAction::Authorise => f.write_str("authorise"),
            OutboxAction::Capture => f.write_str("capture"),
            OutboxAction::Void => f.write_str("void"),
            OutboxAction::Refund(refund) => write!(f, "refund:{refund}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duties_read_back() {
        for text in ["demo s1 p1 authorise", "demo s1 p1 capture", "demo s1 p1 void", "demo s1 p1 refund:r1"] {
            assert_eq!(OutboxEntry::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "demo s1 p1", "demo s1 p1 steal", "demo s1 p1 refund:", "demo s1 p1 void now", "A s1 p1 void"]
        {
            assert_eq!(OutboxEntry::parse(text), None, "{text}");
        }
    }
}
