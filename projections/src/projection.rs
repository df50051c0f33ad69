//! The projections there are.

/// A read model with a worker of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Projection {
    /// What stores sell: settings, menus, prices, availability, stock. One model, because a menu shows all of it.
    Catalog,
    /// Orders and the attempts to pay them. One model, because an order shows its payments.
    Orders,
    /// The sales cubes.
    Sales,
    /// Tokens.
    Access,
    /// Cash drawers and their shifts.
    Drawers,
    /// Terminals that were away, and the exceptions a person has to look at.
    Terminals,
    /// The chains of hashes over histories.
    Chains,
}

impl Projection {
    /// Every projection.
    pub const ALL: [Projection; 7] = [
        Projection::Catalog,
        Projection::Orders,
        Projection::Sales,
        Projection::Access,
        Projection::Drawers,
        Projection::Terminals,
        Projection::Chains,
    ];

    /// Its name, in metrics and file names.
    pub const fn as_str(self) -> &'static str {
        match self {
            Projection::Catalog => "catalog",
            Projection::Orders => "orders",
            Projection::Sales => "sales",
            Projection::Access => "access",
            Projection::Drawers => "drawers",
            Projection::Terminals => "terminals",
            Projection::Chains => "chains",
        }
    }
}
