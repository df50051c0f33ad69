//! Events of a tenant's credentials.

use crate::calendar::Timestamp;
use crate::ids::{ActorId, DeviceId, OrderId, StoreId, TerminalId, Text, TokenId};
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
        /// How far and how long it is good; nothing of tokens that were issued before they said so.
        terms: Option<Terms>,
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
    /// A device may come, as a terminal of a store, with a code of which the hash is stored.
    DeviceAdded {
        device: DeviceId,
        store: StoreId,
        terminal: TerminalId,
        role: Role,
        label: Text,
        code_sha256: [u8; 32],
        /// Until when it may come.
        expires_at: Timestamp,
        /// The token that let it in.
        issuer: Option<TokenId>,
    },
    /// It has come, and this is its token.
    DeviceEnrolled {
        device: DeviceId,
        token: TokenId,
    },
    DeviceRemoved {
        device: DeviceId,
    },
    /// A member of staff has a PIN, of which what Argon2id makes is stored.
    PinSet {
        staff: ActorId,
        salt: [u8; 32],
        argon2id: [u8; 32],
        /// Who set it, and knows it: nobody approves with a PIN what its setter does.
        by: ActorId,
    },
    /// Somebody came with another PIN than the member's.
    SignInFailed {
        staff: ActorId,
        /// Where.
        device: DeviceId,
        /// Until when no PIN of the member is tried any more, where there were too many.
        locked_until: Option<Timestamp>,
    },
    /// A member of staff showed their PIN on a device, to approve something.
    PinShown {
        staff: ActorId,
        device: DeviceId,
    },
    /// The keys were deleted that texts were sealed with: of a customer, or of an order.
    TextsErased {
        /// A keyed hash of the customer's reference, which tells the same from another to who has the key of the hash.
        customer: Option<u128>,
        store: Option<StoreId>,
        order: Option<OrderId>,
    },
    /// A member of staff left: no rights, no PIN.
    StaffRemoved {
        staff: ActorId,
    },
}

/// With which credential something was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SentBy {
    /// A token, or a session.
    pub token: TokenId,
    /// The device it is of.
    pub device: Option<DeviceId>,
}

/// How far and how long a token is good.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// The token it was issued with; nothing where it was issued on the data directory or by the operator.
    pub issuer: Option<TokenId>,
    /// From when on it is good no more.
    pub expires_at: Option<Timestamp>,
    /// Where it is good; everywhere where nothing is said.
    pub stores: Option<Vec<StoreId>>,
    /// The device it is of.
    pub device: Option<DeviceId>,
    /// Who signed in: then the token is a session, and this is who acts.
    pub staff: Option<ActorId>,
}

impl Terms {
    /// How long a session lasts at most: twelve hours.
    pub const SESSION_US: i64 = 12 * 3_600 * Timestamp::SECOND_US;
    /// After how long without a request a session ends: a quarter of an hour.
    pub const IDLE_US: i64 = 15 * 60 * Timestamp::SECOND_US;
    /// The most stores a token may be scoped to.
    pub const STORES_MAX: usize = 100;
    /// The default validity of a token, in microseconds: 400 days.
    pub const LIFE_US: i64 = 400 * 86_400 * Timestamp::SECOND_US;
    /// How long a token may be good at most: ten years.
    pub const LIFE_US_MAX: i64 = 3_660 * 86_400 * Timestamp::SECOND_US;
    /// How long a device may take to come: ten minutes.
    pub const ENROLMENT_US: i64 = 600 * Timestamp::SECOND_US;
}
