//! Commands to a cash drawer.

use crate::ids::Text;
use crate::money::Money;

/// A command to a drawer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DrawerCommand {
    /// Begins a shift.
    OpenShift {
        /// What is in the drawer.
        float: Money,
    },
    /// Puts cash in.
    PaidIn {
        /// How much, more than nothing.
        amount: Money,
        /// Why.
        reason: Text,
    },
    /// Takes cash out.
    PaidOut {
        /// How much, more than nothing.
        amount: Money,
        /// Why.
        reason: Text,
    },
    /// Opens the drawer without a sale.
    NoSale {
        /// Why.
        reason: Text,
    },
    /// Ends the shift.
    CloseShift {
        /// What is in the drawer.
        counted: Money,
    },
}
