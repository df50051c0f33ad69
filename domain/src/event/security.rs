//! Events of a tenant's security log: what its credentials did and were refused, summed up.

use crate::calendar::Timestamp;
use crate::ids::{Text, TokenId};

/// What was done, as far as whoever looks after security wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// Somebody, or a device, came and was let in.
    SignedIn,
    /// Something was refused to them.
    Refused,
    /// A credential, or a device, was let in.
    Issued,
    /// One was stopped.
    Revoked,
    /// Something was approved.
    Approved,
    /// Who may do what, and where, was changed.
    Configured,
    /// A history, a feed or a report was read.
    Read,
}

impl Act {
    /// All of them.
    pub const ALL: [Act; 7] =
        [Act::SignedIn, Act::Refused, Act::Issued, Act::Revoked, Act::Approved, Act::Configured, Act::Read];
}

/// What a credential did by one operation, summed up over a minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// From when on it is counted.
    pub since: Timestamp,
    /// Whose it is; nothing where no credential that works was shown, and of what is summed up over several.
    pub credential: Option<TokenId>,
    pub act: Act,
    /// Method and address, such as `GET /v1/feed`; `*` of what is summed up over several.
    pub operation: Text,
    /// The code of what was refused.
    pub code: Option<Text>,
    /// How often.
    pub count: u32,
    /// How much was read.
    pub bytes: i64,
}

/// What the security log says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecurityEvent {
    ActivityRecorded(Activity),
}
