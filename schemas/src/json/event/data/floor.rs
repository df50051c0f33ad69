//! What happened to the checks of an order, and what one order took over from another.

use super::order::{charge_applied, discount_applied, line_added};
use super::{Part, object};
use crate::json::wire::Wire;
use domain::check::{LineShares, Share};
use domain::event::{Discount, FixedPart, Line, Received, ReceivedDiscount, ReceivedLine, RenamedLine, ServiceCharge};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

impl Serialize for Part<'_, LineShares> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        object!(to; "line_id": self.0.line.as_str(), "shares": Part(self.0.shares.as_slice()))
    }
}

impl Serialize for Part<'_, Share> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        object!(to; "check_id": Wire(self.0.check), "parts": self.0.parts)
    }
}

pub(super) fn received<S: Serializer>(received: &Received, to: S) -> Result<S::Ok, S::Error> {
    object!(to;
        "source_order_id": received.source.as_str(),
        "lines": Part(received.lines.as_slice()),
        "discounts": Part(received.discounts.as_slice()),
        "service_charges": Part(received.charges.as_slice()),
        "fires": received.fires
    )
}

impl Serialize for Part<'_, ReceivedLine> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let ReceivedLine { from, line, part, prep } = self.0;
        let prep = prep.as_ref();
        object!(to;
            "source_line_id": from.as_str(),
            "line": Part(&**line),
            "tax_part": part,
            "held" ?: prep.map(|prep| Wire(prep.held)),
            "fired" ?: prep.map(|prep| Wire(prep.fired)),
            "ready" ?: prep.map(|prep| Wire(prep.ready)),
            "served" ?: prep.map(|prep| Wire(prep.served)),
            "taken" ?: prep.map(|prep| Wire(prep.taken))
        )
    }
}

impl Serialize for Part<'_, Line> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        line_added(self.0, to)
    }
}

impl Serialize for Part<'_, ReceivedDiscount> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        object!(to; "comp": self.0.comp, "discount": Part(&self.0.discount))
    }
}

impl Serialize for Part<'_, Discount> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        discount_applied(self.0, to)
    }
}

impl Serialize for Part<'_, ServiceCharge> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        charge_applied(self.0, to)
    }
}

impl Serialize for Part<'_, FixedPart> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        object!(to; "line_id": self.0.line.as_str(), "amount": self.0.amount.0)
    }
}

impl Serialize for Part<'_, RenamedLine> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        object!(to; "from": self.0.from.as_str(), "to": self.0.to.as_str())
    }
}
