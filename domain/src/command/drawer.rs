//! Commands to a cash drawer.

use crate::ids::Text;
use crate::money::Money;

/// A command to a drawer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DrawerCommand {
    OpenShift {
        float: Money,
        /// Whether it may make the drawer, which the door says by who sends it.
        may_add: bool,
    },
    PaidIn {
        /// How much, more than nothing.
        amount: Money,
        reason: Text,
    },
    PaidOut {
        /// How much, more than nothing.
        amount: Money,
        reason: Text,
    },
    /// Opens the drawer without a sale.
    NoSale {
        reason: Text,
    },
    CloseShift {
        counted: Money,
    },
    /// Takes the drawer out.
    Remove,
}
