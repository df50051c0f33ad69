//! What events of several streams are made of.

use crate::codec::{Json, Shown};
use domain::event::{LineUnits, MoneyParts, RefundedLine};
use domain::money::Rounding;
use domain::pricing::{PriceRules, TaxRounding};
use serde::ser::SerializeMap;

record! {
    LineUnits { line: "line_id", qty: "qty" }
    MoneyParts { applied: "applied", tip: "tip", unapplied: "unapplied" }
    RefundedLine {
        line: "line_id", qty: "qty", discount: "discount", net: "net", tax_exclusive: "tax_exclusive",
        tax_inclusive: "tax_inclusive",
    }
    PriceRules { rounding: "rounding", tax_rounding: "tax_rounding" }
}

codes! {
    Rounding { HalfEven = 1, HalfUp = 2, HalfDown = 3, Up = 4, Down = 5 }
    TaxRounding { Line = 1, Group = 2 }
}

/// The name of a member that is written by hand.
pub(crate) struct Word(pub(crate) &'static str);

impl Word {
    pub(crate) fn entry<T: Json, M: SerializeMap>(self, value: &T, to: &mut M) -> Result<(), M::Error> {
        to.serialize_entry(self.0, &Shown(value))
    }

    pub(crate) fn word<M: SerializeMap>(self, word: &str, to: &mut M) -> Result<(), M::Error> {
        to.serialize_entry(self.0, word)
    }
}
