//! Bugs that the fault programme has to find, planted by name: a programme that finds none of them proves nothing.
//!
//! There are none without the feature `planted-bugs`, which nothing that is shipped has: then [`is_planted`] is `false` when the
//! program is compiled.

/// Whether the bug of this name is planted.
#[cfg(not(feature = "planted-bugs"))]
#[inline(always)]
pub const fn is_planted(_: &str) -> bool {
    false
}

#[cfg(feature = "planted-bugs")]
pub use planting::{is_planted, plant};

#[cfg(feature = "planted-bugs")]
mod planting {
    use std::sync::{Mutex, PoisonError};

    static PLANTED: Mutex<&str> = Mutex::new("");

    /// Plants the bug of this name in place of the one before; none has an empty name.
    pub fn plant(bug: &'static str) {
        *PLANTED.lock().unwrap_or_else(PoisonError::into_inner) = bug;
    }

    /// Whether the bug of this name is planted.
    pub fn is_planted(bug: &str) -> bool {
        *PLANTED.lock().unwrap_or_else(PoisonError::into_inner) == bug
    }
}
