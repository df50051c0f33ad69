//! Credentials.

use super::form::view;
use crate::json::wire::{ActorId, Ppm, Right, Role, Text, Timestamp, TokenId};
use serde::{Deserialize, Serialize};

rows! { TokenRow = 1, StaffView = 1 }

view! {
    /// A token, without its secret or anything made of it.
    pub struct TokenView {
        /// Its id.
        pub token_id: TokenId,
        /// What it may do.
        pub role: Role,
        /// What it is for.
        pub label: Text,
        /// When it was issued.
        pub issued_at: Timestamp,
        /// When it was revoked.
        pub revoked_at: Option<Timestamp>,
    }
}

view! {
    /// A member of staff.
    pub struct StaffView {
        /// The member, by reference and never by name.
        pub staff_id: ActorId,
        /// What they may approve.
        pub rights: Vec<Right>,
        /// Up to which share they give discounts alone; absent where the store's limit holds.
        pub discount_limit_ppm: Option<Ppm>,
        /// When that last changed.
        pub changed_at: Timestamp,
    }
}

/// A token with what tells its secret from others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRow {
    /// What may be shown.
    pub view: TokenView,
    /// SHA-256 of the secret.
    pub secret_sha256: [u8; 32],
}
