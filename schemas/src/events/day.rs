//! Events of `day-<tenant>.<store>`, tags 0x0axx.

use crate::codec::{Field, Shape};
use crate::json::token::PositionToken;
use crate::json::write::{Json, JsonWriter, Members};
use domain::event::{ChainHead, DayClosing, DayEvent, DayTax, DayTender, DayTotals, Pending, TerminalGap};

events! { DayEvent {
    0x0a01 DayOpened { date: "business_date", carried?: "carried" since 2 };
    0x0a02 DayClosed(Box<DayClosing>);
} }

record! {
    DayClosing {
        date: "business_date", z_number: "z_number", totals: "totals", cumulative_total: "cumulative_total", pending: -,
        chain: - since 2,
    }
    DayTotals {
        orders: "orders", gross: "gross", discounts: "discounts", charges: "charges", tax: "tax",
        tax_inclusive: "tax_inclusive", sales: "sales", cash: "cash", other: "other", tips: "tips",
        unapplied: "unapplied", refunds: "refunds", refunded: "refunded", refunded_cash: "refunded_cash",
        bills?: "bills" since 3, receipts?: "receipts" since 3, reprints?: "reprints" since 3,
        taxes?: "taxes" since 3, tenders?: "tenders" since 3,
        beyond_bounds?: "beyond_bounds" since 4,
    }
    DayTax {
        rate?: "percent_ppm", inclusive: "inclusive", taxable: "taxable", amount: "tax",
        refunded_taxable: "refunded_taxable", refunded: "refunded_tax",
    }
    DayTender {
        tender?: "tender", payments: "payments", paid: "paid", tips: "tips", unapplied: "unapplied", refunds: "refunds",
        refunded: "refunded", refunded_tips: "refunded_tips", refunded_unapplied: "refunded_unapplied",
    }
    Pending {
        orders_count: "open_orders_count", due: "open_orders_due", orders: "open_orders",
        payments_count: "payments_in_flight_count", payments: "payments_in_flight", shifts: "open_shifts",
        gaps_count: "gaps_count" since 2, gaps: "gaps" since 2,
    }
    TerminalGap { terminal: "terminal_id", first: "first", last: "last" }
}

stored! {
    ChainHead { position, hash }
}

impl Members for Option<ChainHead> {
    fn members(&self, to: &mut JsonWriter<'_>) {
        if let Some(ChainHead { position, hash }) = self {
            to.member("last_hash_position", &PositionToken::new(*position));
            to.member("last_hash", hash);
        }
    }

    fn fields() -> Vec<Field> {
        let position = Field::optional("last_hash_position", Shape::named::<PositionToken>());
        vec![position, Field::optional("last_hash", <[u8; 32]>::shape())]
    }
}
