//! Commands that go to a payment provider, or come from one.

use crate::event::ProviderMessage;
use crate::ids::{AccountId, Text};
use crate::money::Money;

/// A command to a payment that a provider takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderCommand {
    /// Keeps what the provider says, and what follows from it.
    Record {
        /// The account the message is of.
        account: AccountId,
        message: ProviderMessage,
    },
    /// Asks for the money that was set aside.
    Capture,
    /// Lets go of what was set aside; of captured money it gives all back.
    Void { reason: Text },
    /// Changes the tip before the money is asked for.
    AdjustTip { tip: Money },
}
