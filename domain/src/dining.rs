//! How guests eat, which items are taxed by.

#![allow(missing_docs, reason = "names and types say all but what is said here")]

/// How the guest eats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DiningMode {
    /// In the restaurant.
    DineIn,
    /// Taken away by the guest.
    TakeAway,
    Delivery,
}
