//! The projections there are.

/// Declares the projections, each with its name.
macro_rules! projections {
    ($($(#[$doc:meta])* $projection:ident = $name:literal,)*) => {
        /// A read model with a worker of its own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Projection {
            $($(#[$doc])* $projection,)*
        }

        impl Projection {
            /// Every projection, in the order of their discriminants.
            pub const ALL: [Projection; [$($name),*].len()] = [$(Projection::$projection),*];

            /// Its name, in metrics and file names.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Projection::$projection => $name,)*
                }
            }
        }
    };
}

projections! {
    /// What stores sell: settings, menus, prices, availability, stock. One model, because a menu shows all of it.
    Catalog = "catalog",
    /// Orders and the attempts to pay them. One model, because an order shows its payments.
    Orders = "orders",
    /// The sales cubes.
    Sales = "sales",
    /// Tokens.
    Access = "access",
    /// Cash drawers and their shifts.
    Drawers = "drawers",
    /// Terminals that were away, and the exceptions a person has to look at.
    Terminals = "terminals",
    /// The chains of hashes over histories.
    Chains = "chains",
}
