//! What commands to a tenant's credentials say.

#![allow(missing_docs, reason = "names and types say all but what is said here")]

use crate::event::{Role, Terms};
use crate::ids::{ActorId, DeviceId, StoreId, TerminalId, Text, TokenId};

/// A token to be issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    pub token: TokenId,
    pub role: Role,
    pub label: Text,
    /// SHA-256 of its secret.
    pub secret_sha256: [u8; 32],
    /// How far and how long it is good; nothing is as tokens were issued before they said so.
    pub terms: Option<Terms>,
    /// Whether it makes the tenant: it is refused where the tenant has an admin who can still sign in.
    pub is_first: bool,
}

/// What becomes of what was issued with a token that is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Issued {
    /// It goes with it, and what was issued with that.
    Revoke,
    Keep,
}

/// A device to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDevice {
    pub device: DeviceId,
    pub store: StoreId,
    pub terminal: TerminalId,
    pub role: Role,
    pub label: Text,
    /// SHA-256 of the code it comes with.
    pub code_sha256: [u8; 32],
    /// The token that lets it in.
    pub issuer: Option<TokenId>,
}

/// A session to be opened: who acts from then on, with which credential and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    pub token: TokenId,
    /// SHA-256 of its secret.
    pub secret_sha256: [u8; 32],
    /// Who signs in.
    pub staff: ActorId,
    pub role: Role,
    pub stores: Option<Vec<StoreId>>,
    /// The device it is on.
    pub device: Option<DeviceId>,
    /// The credential it is opened with, and ends with: the device's, or the person's own.
    pub issuer: TokenId,
    pub proof: Proof,
}

/// How somebody proves who they are. The door compares, which takes long on purpose; the engine counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A token of their own.
    Token,
    /// A PIN, as it was compared with this.
    Pin { argon2id: [u8; 32], is_right: bool },
}
