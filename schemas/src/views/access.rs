//! Credentials.

use super::form::{choice, view};
use crate::json::wire::{ActorId, DeviceId, Ppm, Right, Role, StoreId, TerminalId, Text, Timestamp, TokenId};
use serde::{Deserialize, Serialize};

rows! { TokenRow = 3, StaffView = 1, DeviceRow = 3, PinRow = 1 }

choice! {
    /// Where a token is good.
    pub enum TokenScope {
        /// Everywhere, because it was issued before tokens said where.
        Unscoped = "unscoped",
        /// At all stores.
        All = "all",
        /// At the stores it names.
        Stores = "stores",
    }
}

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
        /// Where it is good: at all stores, or at those in `stores`; `unscoped` is one that was issued before tokens said so, which is
        /// good everywhere and does not expire, and can be exchanged.
        pub scope: TokenScope,
        /// The stores it is good at, where it is not good at all of them.
        pub stores: Option<Vec<StoreId>>,
        /// The token it was issued with; absent where it was issued on the data directory, by the operator, or before that was kept.
        pub issuer: Option<TokenId>,
        /// The device it is of.
        pub device_id: Option<DeviceId>,
        /// Who signed in: then it is a session, which also ends a quarter of an hour after its last request.
        pub staff_id: Option<ActorId>,
        /// From when on it is good no more.
        pub expires_at: Option<Timestamp>,
        /// The hour it was last used in; absent where nobody has used it, or the server lost count.
        pub last_used_at: Option<Timestamp>,
    }
}

view! {
    /// A device that was let in as a terminal of a store.
    pub struct DeviceView {
        /// Its id.
        pub device_id: DeviceId,
        /// The store it is of.
        pub store: StoreId,
        /// The terminal it is.
        pub terminal: TerminalId,
        /// What it may do.
        pub role: Role,
        /// What it is.
        pub label: Text,
        /// When it was let in.
        pub added_at: Timestamp,
        /// Until when it may come.
        pub code_expires_at: Timestamp,
        /// When it came; absent while it has not.
        pub enrolled_at: Option<Timestamp>,
        /// Its token, once it has come.
        pub token_id: Option<TokenId>,
        /// The token that let it in.
        pub issuer: Option<TokenId>,
        /// When it was removed. It is not listed any more; what it sent still names it.
        pub removed_at: Option<Timestamp>,
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
    /// Whose terminal its device is.
    pub terminal: Option<(StoreId, TerminalId)>,
}

/// A device with what tells its code from others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRow {
    /// What may be shown.
    pub view: DeviceView,
    /// SHA-256 of the code.
    pub code_sha256: [u8; 32],
    /// Who signed in on it, the newest last.
    pub signed_in: Vec<ActorId>,
}

/// What a member's PIN is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinRow {
    /// What Argon2id salts with.
    pub salt: [u8; 32],
    /// What it makes.
    pub argon2id: [u8; 32],
}
