//! Who may do what: one table, deny by default.

use domain::command::{
    AccessCommand, Command, OrderCommand, PaymentCommand, ProviderCommand, Source, StockCommand, StoreCommand,
    TerminalCommand, TicketCommand,
};
use domain::event::Role;

/// Something a token may be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// Open, change, place and cancel orders.
    TakeOrders,
    /// Work off kitchen tickets.
    WorkTickets,
    /// Take payments and record their outcomes.
    TakePayments,
    /// Give money back.
    Refund,
    /// Decide about flagged payments, and deal with exceptions.
    Review,
    /// Open and close shifts of cash drawers, put cash in and take it out.
    RunDrawers,
    /// Open and close business days.
    RunDays,
    /// Mark stock items sold out and sell them again.
    Mark86,
    /// Receive, count, adjust and waste stock; set its policy.
    ManageStock,
    /// Change and publish the menu; set a store's prices and availability.
    ManageMenu,
    /// Create and change stores.
    ManageStores,
    /// Record the past from files.
    Import,
    /// Say what members of staff may approve.
    ManageStaff,
    /// Issue and revoke tokens.
    ManageTokens,
    /// Read menus, orders, payments and stock of stores.
    ReadStores,
    /// Read business days: X and Z reports.
    ReadDays,
    /// Read reports.
    ReadReports,
    /// Replay events and read histories.
    ReadEvents,
    /// Read where the chain of hashes over a history stands.
    ReadChain,
}

impl Capability {
    /// Every capability.
    pub const ALL: [Capability; 19] = [
        Capability::TakeOrders,
        Capability::WorkTickets,
        Capability::TakePayments,
        Capability::Refund,
        Capability::Review,
        Capability::RunDrawers,
        Capability::RunDays,
        Capability::Mark86,
        Capability::ManageStock,
        Capability::ManageMenu,
        Capability::ManageStores,
        Capability::Import,
        Capability::ManageStaff,
        Capability::ManageTokens,
        Capability::ReadStores,
        Capability::ReadDays,
        Capability::ReadReports,
        Capability::ReadEvents,
        Capability::ReadChain,
    ];

    /// What a refusal calls it.
    pub fn name(self) -> &'static str {
        match self {
            Capability::TakeOrders => "take_orders",
            Capability::WorkTickets => "work_tickets",
            Capability::TakePayments => "take_payments",
            Capability::Refund => "refund",
            Capability::Review => "review",
            Capability::RunDrawers => "run_drawers",
            Capability::RunDays => "run_days",
            Capability::Mark86 => "mark_86",
            Capability::ManageStock => "manage_stock",
            Capability::ManageMenu => "manage_menu",
            Capability::ManageStores => "manage_stores",
            Capability::Import => "import",
            Capability::ManageStaff => "manage_staff",
            Capability::ManageTokens => "manage_tokens",
            Capability::ReadStores => "read_stores",
            Capability::ReadDays => "read_days",
            Capability::ReadReports => "read_reports",
            Capability::ReadEvents => "read_events",
            Capability::ReadChain => "read_chain",
        }
    }
}

/// The table.
pub fn allows(role: Role, capability: Capability) -> bool {
    use Capability as C;
    match role {
        Role::Admin => true,
        Role::Manager => capability != C::ManageTokens,
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
            matches!(capability, C::ReadStores | C::ReadDays | C::ReadReports | C::ReadEvents | C::ReadChain)
        }
    }
}

/// What it takes to send a command.
pub fn needed(command: &Command, source: Source) -> Capability {
    if source == Source::Imported {
        return Capability::Import;
    }
    match command {
        Command::Menu(_) => Capability::ManageMenu,
        Command::Access(AccessCommand::IssueToken { .. } | AccessCommand::RevokeToken(_)) => Capability::ManageTokens,
        Command::Access(AccessCommand::PutStaff { .. }) => Capability::ManageStaff,
        Command::Store(_, command) => match command {
            StoreCommand::Put(_) => Capability::ManageStores,
            StoreCommand::AdoptMenu { .. } | StoreCommand::SetPrice { .. } | StoreCommand::SetAvailability { .. } => {
                Capability::ManageMenu
            }
            StoreCommand::Order(_, command) => order_capability(command),
            StoreCommand::Ticket(_, command) => match command {
                TicketCommand::Start
                | TicketCommand::MarkLineReady(_)
                | TicketCommand::Bump
                | TicketCommand::Recall => Capability::WorkTickets,
            },
            StoreCommand::Payment(_, command) => match command {
                PaymentCommand::Initiate { .. }
                | PaymentCommand::RecordOutcome(_)
                | PaymentCommand::RecordRefundOutcome { .. } => Capability::TakePayments,
                PaymentCommand::RequestRefund(_) => Capability::Refund,
                PaymentCommand::Review(_) => Capability::Review,
                PaymentCommand::Provider(ProviderCommand::Capture | ProviderCommand::AdjustTip { .. }) => {
                    Capability::TakePayments
                }
                PaymentCommand::Provider(ProviderCommand::Void { .. }) => Capability::Refund,
                // Deadlines are the engine's, and what a provider says comes signed; no door parses either for a token.
                PaymentCommand::Expire { .. } | PaymentCommand::Provider(ProviderCommand::Record { .. }) => {
                    Capability::ManageTokens
                }
            },
            StoreCommand::Drawer(..) => Capability::RunDrawers,
            StoreCommand::OpenDay { .. } | StoreCommand::CloseDay { .. } => Capability::RunDays,
            StoreCommand::Terminal(_, TerminalCommand::Resolve { .. }) => Capability::Review,
            // Only the door keeps what it turned away; it parses no such command.
            StoreCommand::Terminal(_, TerminalCommand::RecordRejected { .. }) => Capability::ManageTokens,
            StoreCommand::Stock(command) => match command {
                StockCommand::Mark86 { .. } | StockCommand::Unmark86(_) | StockCommand::EndMark86 { .. } => {
                    Capability::Mark86
                }
                StockCommand::SetPolicy { .. }
                | StockCommand::Receive { .. }
                | StockCommand::Count { .. }
                | StockCommand::Adjust { .. }
                | StockCommand::Waste { .. } => Capability::ManageStock,
            },
        },
    }
}

fn order_capability(command: &OrderCommand) -> Capability {
    match command {
        OrderCommand::Open(_)
        | OrderCommand::AddLines(_)
        | OrderCommand::ChangeLineQty { .. }
        | OrderCommand::RemoveLine(_)
        | OrderCommand::ApplyDiscount(_)
        | OrderCommand::RemoveDiscount(_)
        | OrderCommand::ApplyServiceCharge(_)
        | OrderCommand::RemoveServiceCharge(_)
        | OrderCommand::Place(_)
        | OrderCommand::HoldLines(_)
        | OrderCommand::FireLines(_)
        | OrderCommand::MarkServed(_)
        | OrderCommand::VoidLine { .. }
        | OrderCommand::CompLines(_)
        | OrderCommand::SetTable(_)
        | OrderCommand::AssignServer(_)
        | OrderCommand::SplitCheck { .. }
        | OrderCommand::SplitEvenly(_)
        | OrderCommand::MergeInto(_)
        | OrderCommand::Cancel { .. }
        | OrderCommand::Complete => Capability::TakeOrders,
        // Only the engine times orders out; no door parses this command.
        OrderCommand::TimeOut { .. } => Capability::ManageTokens,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_is_this_one() {
        let mut table = String::new();
        for capability in Capability::ALL {
            let row: Vec<&str> =
                Role::ALL.iter().map(|role| if allows(*role, capability) { "yes" } else { "-" }).collect();
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
import         yes yes - - - -
manage_staff   yes yes - - - -
manage_tokens  yes - - - - -
read_stores    yes yes yes yes yes yes
read_days      yes yes yes - yes yes
read_reports   yes yes - - yes yes
read_events    yes yes - - yes yes
read_chain     yes yes - - - yes
";
        assert_eq!(table, expected);
    }
}
