//! What a token may be allowed to do.

macro_rules! capabilities {
    ($($(#[$meta:meta])* $capability:ident = $name:literal,)*) => {
        /// Something a token may be allowed to do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Capability {
            $($(#[$meta])* $capability,)*
        }

        impl Capability {
            /// Every capability.
            pub const ALL: &[Capability] = &[$(Capability::$capability),*];

            /// What a refusal calls it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Capability::$capability => $name,)*
                }
            }
        }
    };
}

capabilities! {
    /// Open, change, place and cancel orders.
    TakeOrders = "take_orders",
    /// Work off kitchen tickets.
    WorkTickets = "work_tickets",
    /// Take payments and record their outcomes.
    TakePayments = "take_payments",
    /// Give money back.
    Refund = "refund",
    /// Decide about flagged payments, and deal with exceptions.
    Review = "review",
    /// Open and close shifts of cash drawers, put cash in and take it out.
    RunDrawers = "run_drawers",
    /// Open and close business days.
    RunDays = "run_days",
    /// Mark stock items sold out and sell them again.
    Mark86 = "mark_86",
    /// Receive, count, adjust and waste stock; set its policy.
    ManageStock = "manage_stock",
    /// Change and publish the menu; set a store's prices and availability.
    ManageMenu = "manage_menu",
    /// Create and change stores.
    ManageStores = "manage_stores",
    /// Record the past from files.
    Import = "import",
    /// Say what members of staff may approve.
    ManageStaff = "manage_staff",
    /// Let devices in as terminals, and take them out.
    ManageDevices = "manage_devices",
    /// Issue and revoke tokens.
    ManageTokens = "manage_tokens",
    /// Read who was issued what, without secrets.
    ReadTokens = "read_tokens",
    /// Delete the keys that texts of guests are sealed with.
    EraseTexts = "erase_texts",
    /// Read texts that are sealed; who may not reads that there is one.
    ReadTexts = "read_texts",
    /// Read what credentials did and were refused.
    ReadSecurity = "read_security",
    /// Read menus, orders, payments and stock of stores.
    ReadStores = "read_stores",
    /// Read business days: X and Z reports.
    ReadDays = "read_days",
    /// Read reports.
    ReadReports = "read_reports",
    /// Replay events and read histories.
    ReadEvents = "read_events",
    /// Read where the chain of hashes over a history stands.
    ReadChain = "read_chain",
}
