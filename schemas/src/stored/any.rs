//! Values made up, for tests: of this crate and of others.

use super::{CommitMeta, Parked};
use crate::codec::Codec;

pub use crate::events::{Dice, any_event as event};

/// Anything a commit may say.
pub fn commit_meta(dice: &mut Dice<'_>) -> CommitMeta {
    Codec::any(dice)
}

/// Anything that may wait beside the log.
pub fn parked(dice: &mut Dice<'_>) -> Parked {
    Codec::any(dice)
}
