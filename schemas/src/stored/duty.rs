//! What a provider is still to be asked, as it is kept beside the log: `<tenant> <store> <payment> <what>`.
//!
//! A list that is derived from the log, so its form is text and may be read by people: ids hold no spaces and no colons.

use domain::ids::{PaymentId, RefundId, StoreId, TenantId};
use std::fmt;

/// Something that a provider is to be asked for a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duty {
    /// The tenant.
    pub tenant: TenantId,
    /// The store.
    pub store: StoreId,
    /// The payment.
    pub payment: PaymentId,
    /// What.
    pub what: Errand,
}

/// What a provider is to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Errand {
    /// To authorise the payment.
    Authorise,
    /// To take the money.
    Capture,
    /// To let go of it.
    Void,
    /// To give it back.
    Refund(RefundId),
}

impl Duty {
    /// Reads the kept form; `None` if it is not one.
    pub fn parse(text: &str) -> Option<Duty> {
        let mut parts = text.split(' ');
        let tenant = TenantId::parse(parts.next()?).ok()?;
        let store = StoreId::parse(parts.next()?).ok()?;
        let payment = PaymentId::parse(parts.next()?).ok()?;
        let what = match parts.next()? {
            "authorise" => Errand::Authorise,
            "capture" => Errand::Capture,
            "void" => Errand::Void,
            refund => Errand::Refund(RefundId::parse(refund.strip_prefix("refund:")?).ok()?),
        };
        parts.next().is_none().then_some(Duty { tenant, store, payment, what })
    }
}

impl fmt::Display for Duty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Duty { tenant, store, payment, what } = self;
        write!(f, "{tenant} {store} {payment} ")?;
        match what {
            Errand::Authorise => f.write_str("authorise"),
            Errand::Capture => f.write_str("capture"),
            Errand::Void => f.write_str("void"),
            Errand::Refund(refund) => write!(f, "refund:{refund}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duties_read_back() {
        for text in ["demo s1 p1 authorise", "demo s1 p1 capture", "demo s1 p1 void", "demo s1 p1 refund:r1"] {
            assert_eq!(Duty::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "demo s1 p1", "demo s1 p1 steal", "demo s1 p1 refund:", "demo s1 p1 void now", "A s1 p1 void"]
        {
            assert_eq!(Duty::parse(text), None, "{text}");
        }
    }
}
