//! Who may do what: one table, deny by default. What a command takes stands in the table of commands.

use domain::command::{Command, Source};
use domain::event::Role;
use schemas::command::facts;

pub use schemas::command::Capability;

/// The table.
pub fn allows(role: Role, capability: Capability) -> bool {
    use Capability as C;
    match role {
        Role::Admin => true,
        Role::Manager => {
            !matches!(capability, C::ManageTokens | C::ReadTokens | C::EraseTexts | C::ReadSecurity | C::Import)
        }
        Role::Pos => matches!(
            capability,
            C::TakeOrders
                | C::WorkTickets
                | C::TakePayments
                | C::Refund
                | C::RunDrawers
                | C::Mark86
                | C::ReadStores
                | C::ReadTexts
                | C::ReadDays
        ),
        Role::Kitchen => matches!(capability, C::WorkTickets | C::Mark86 | C::ReadStores | C::ReadTexts),
        Role::Analyst => matches!(capability, C::ReadStores | C::ReadDays | C::ReadReports | C::ReadEvents),
        Role::Auditor => {
            matches!(
                capability,
                C::ReadStores
                    | C::ReadDays
                    | C::ReadReports
                    | C::ReadEvents
                    | C::ReadChain
                    | C::ReadTexts
                    | C::ReadTokens
                    | C::ReadSecurity
            )
        }
    }
}

/// What it takes to send a command.
pub fn needed(command: &Command, source: Source) -> Capability {
    match source {
        Source::Imported => Capability::Import,
        Source::Online | Source::Offline | Source::Engine => facts(command).capability,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An order may be opened with its payment, and a command takes one capability.
    #[test]
    fn who_takes_orders_takes_payments() {
        for role in Role::ALL {
            assert_eq!(allows(role, Capability::TakeOrders), allows(role, Capability::TakePayments), "{role:?}");
        }
    }
}
