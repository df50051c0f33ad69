//! Credentials.

use super::form::shown::{Role, Text, Timestamp, TokenId};
use super::form::view;
use serde::{Deserialize, Serialize};

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

/// A token with what tells its secret from others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRow {
    /// What may be shown.
    pub view: TokenView,
    /// SHA-256 of the secret.
    pub secret_sha256: [u8; 32],
}
