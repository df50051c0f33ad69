//! Events of a tenant's credentials.

use crate::ids::{ActorId, Text, TokenId};
use crate::money::Ppm;
use crate::staff::Rights;

/// What a token may do. The gateway's table says which role may do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Everything, and issuing tokens.
    Admin,
    /// Runs stores: menu, stock, settings, imports.
    Manager,
    Pos,
    Kitchen,
    /// Reads reports and the feed.
    Analyst,
    /// Reads everything, changes nothing.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 6] = [Role::Admin, Role::Manager, Role::Pos, Role::Kitchen, Role::Analyst, Role::Auditor];
}

/// What happened to a tenant's credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessEvent {
    /// A token was issued; its secret is stored as a hash only.
    TokenIssued {
        token: TokenId,
        role: Role,
        /// What it is for, in a person's words.
        label: Text,
        /// SHA-256 of the secret.
        secret_sha256: [u8; 32],
    },
    TokenRevoked {
        token: TokenId,
    },
    /// What a member of staff may approve changed.
    StaffChanged {
        staff: ActorId,
        rights: Rights,
        /// Up to which share they give discounts alone; `None` takes the store's.
        discount_limit: Option<Ppm>,
    },
}
