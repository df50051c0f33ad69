//! What events of several streams are made of.

use domain::event::{LineUnits, MoneyParts, RefundedLine};
use domain::pricing::PriceRules;

record! {
    LineUnits { line: "line_id", qty: "qty" }
    MoneyParts { applied: "applied", tip: "tip", unapplied: "unapplied" }
    RefundedLine {
        line: "line_id", qty: "qty", discount: "discount", net: "net", tax_exclusive: "tax_exclusive",
        tax_inclusive: "tax_inclusive",
        charges?: "charges" since 2,
    }
    PriceRules { rounding: "rounding", tax_rounding: "tax_rounding" }
}
