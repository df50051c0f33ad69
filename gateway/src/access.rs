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
        Role::Manager => !matches!(capability, C::ManageTokens | C::ReadTokens | C::ReadSecurity | C::Import),
        Role::Pos => matches!(
            capability,
            C::TakeOrders
                | C::WorkTickets
                | C::TakePayments
                | C::Refund
                | C::RunDrawers
                | C::Mark86
                | C::ReadStores
                | C::ReadDays
        ),
        Role::Kitchen => matches!(capability, C::WorkTickets | C::Mark86 | C::ReadStores),
        Role::Analyst => matches!(capability, C::ReadStores | C::ReadDays | C::ReadReports | C::ReadEvents),
        Role::Auditor => {
            matches!(
                capability,
                C::ReadStores
                    | C::ReadDays
                    | C::ReadReports
                    | C::ReadEvents
                    | C::ReadChain
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

    #[test]
    fn the_matrix_is_this_one() {
        let mut table = String::new();
        for capability in Capability::ALL {
            let row: Vec<&str> =
                Role::ALL.iter().map(|role| if allows(*role, *capability) { "yes" } else { "-" }).collect();
            table.push_str(&format!("{:14} {}\n", capability.name(), row.join(" ")));
        }
        let expected = "\
take_orders    yes yes yes - - -
work_tickets   yes yes yes yes - -
take_payments  yes yes yes - - -
refund         yes yes yes - - -
review         yes yes - - - -
run_drawers    yes yes yes - - -
run_days       yes yes - - - -
mark_86        yes yes yes yes - -
manage_stock   yes yes - - - -
manage_menu    yes yes - - - -
manage_stores  yes yes - - - -
import         yes - - - - -
manage_staff   yes yes - - - -
manage_devices yes yes - - - -
manage_tokens  yes - - - - -
read_tokens    yes - - - - yes
read_security  yes - - - - yes
read_stores    yes yes yes yes yes yes
read_days      yes yes yes - yes yes
read_reports   yes yes - - yes yes
read_events    yes yes - - yes yes
read_chain     yes yes - - - yes
";
        assert_eq!(table, expected);
    }
}
