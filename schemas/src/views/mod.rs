//! Read models: what queries answer, and the rows the projections keep for them.
//!
//! A body and its row are one struct where they hold the same: JSON leaves absent fields out and writes values as
//! [`crate::json::wire`] does, a row is a version byte and postcard. A row may be thrown away at any time, so a change
//! of its shape is a new [`Row::VERSION`] and a rebuild from the log, never an upcast.

/// Says the version of a row's shape, beside the shape: `rows! { DrawerView = 1 }` makes a [`Row`] of it in postcard's form.
macro_rules! rows {
    ($($row:ty = $version:literal),* $(,)?) => {$(
        impl $crate::views::Row for $row {
            const VERSION: u8 = $version;

            fn write(&self, out: &mut Vec<u8>) {
                $crate::views::write_row(Self::VERSION, self, out);
            }

            fn read(bytes: &[u8]) -> Result<Self, $crate::views::BadRow> {
                $crate::views::read_row(Self::VERSION, bytes)
            }
        }
    )*};
}

mod access;
mod chain;
mod day;
mod draft;
mod drawer;
mod form;
mod kitchen;
mod menu;
mod order;
mod paper;
mod payment;
mod sales;
mod stock;
mod store;
mod terminal;

pub use access::{DeviceRow, DeviceView, PinRow, StaffView, TokenRow, TokenScope, TokenView};
pub use chain::ChainRow;
pub use day::{DayTaxView, DayTenderView, DayTotalsView, DaysRow, DaysView, TerminalGapView, XReport, ZReport};
pub use drawer::{DrawerView, ShiftState, ShiftView};
pub use form::WallTime;
pub use kitchen::{TicketLineRow, TicketLineView, TicketRow, TicketState, TicketView};
pub use menu::{
    DaypartView, DiningModeTaxesView, ItemRow, ItemState, ItemView, MenuRow, MenuView, ModifierGroupView,
    ModifierOptionView, PriceRow, TaxView, VariationView,
};
pub use order::{
    ChargePhaseView, CheckLineView, CheckState, CheckView, DiscountView, FixedPartView, LineModifierView, LineView,
    OrderPaymentView, OrderState, OrderSummary, OrderView, PaidState, PrepState, PriceOverrideView, PrintView,
    RateView, ServiceChargeView, TaxRateView, TaxTotalView, TotalsView, VariationName,
};
pub use payment::{
    PaymentFlag, PaymentFlagView, PaymentState, PaymentView, RefundState, RefundView, RefundedChargesView,
    RefundedLineView, ReviewView, UnmatchedView,
};
pub use sales::{
    ItemCell, OrderCell, SaleRow, SalesReport, SalesRow, SalesTotals, SoldDiscount, SoldLine, SoldRow, SoldTax,
    StoreCurrencyRow, TaxCell, TenderCell,
};
pub use stock::{Mark86View, StockHeadRow, StockPolicyView, StockView};
pub use store::{ApprovalsView, OfflineView, StoreMenuRow, StoreView};
pub use terminal::{ExceptionKind, ExceptionState, ExceptionView, GapView, LateRow, ResolutionView, TerminalView};

use serde::{Deserialize, Serialize};

/// What a projection keeps under one key.
pub trait Row: Sized {
    /// The version of the row's shape. Whoever changes the shape raises it: read models with such rows are then rebuilt.
    const VERSION: u8;

    /// Appends the row's bytes.
    fn write(&self, out: &mut Vec<u8>);

    /// Reads a row, which must fill `bytes`.
    ///
    /// # Errors
    /// [`BadRow`]: the read model is damaged or of another version; it is to be rebuilt.
    fn read(bytes: &[u8]) -> Result<Self, BadRow>;
}

/// Bytes that are not a row of the kind and version asked for.
#[derive(Debug, thiserror::Error)]
pub enum BadRow {
    /// The row is of another version, or empty.
    #[error("a row has version {found:?}, not {expected}")]
    Version {
        /// Its version.
        found: Option<u8>,
        /// Ours.
        expected: u8,
    },
    /// The bytes are not those that were written.
    #[error("a row is not as it was written")]
    Changed,
    /// The bytes are not those of a row.
    #[error("a row does not read")]
    Body(#[from] postcard::Error),
    /// There are bytes behind the row.
    #[error("{count} bytes follow a row")]
    Trailing {
        /// How many.
        count: usize,
    },
}

/// How far a read model has come, and of which log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Names the log: the id of its genesis batch.
    pub log: u128,
    /// The version of the projection that wrote the model.
    pub version: u32,
    /// The position of the last event that is in the model.
    pub position: u64,
    /// The id of the batch that holds it: another history has another one there.
    pub batch: u128,
}

fn write_row<T: Serialize>(version: u8, row: &T, out: &mut Vec<u8>) {
    out.push(version);
    postcard::serialize_with_flavor(row, Tail(out)).expect("a vector takes everything and lists know their lengths");
}

fn read_row<'a, T: Deserialize<'a>>(expected: u8, bytes: &'a [u8]) -> Result<T, BadRow> {
    match bytes.split_first() {
        Some((version, body)) if *version == expected => {
            let (row, rest) = postcard::take_from_bytes(body)?;
            match rest.len() {
                0 => Ok(row),
                count => Err(BadRow::Trailing { count }),
            }
        }
        other => Err(BadRow::Version { found: other.map(|(version, _)| *version), expected }),
    }
}

/// Lets postcard append to a vector in slices; its own flavor for `Extend` goes byte by byte.
struct Tail<'a>(&'a mut Vec<u8>);

impl postcard::ser_flavors::Flavor for Tail<'_> {
    type Output = ();

    #[inline]
    fn try_extend(&mut self, data: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(data);
        Ok(())
    }

    #[inline]
    fn try_push(&mut self, data: u8) -> postcard::Result<()> {
        self.0.push(data);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

rows! { Checkpoint = 2 }

/// A row that says nothing but that it is there.
impl Row for () {
    const VERSION: u8 = 0;

    fn write(&self, _: &mut Vec<u8>) {}

    fn read(bytes: &[u8]) -> Result<(), BadRow> {
        match bytes.len() {
            0 => Ok(()),
            count => Err(BadRow::Trailing { count }),
        }
    }
}

#[cfg(test)]
mod tests;
