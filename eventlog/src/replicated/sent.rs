//! What a remote answers.

/// It cannot be asked now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Away(pub &'static str);

/// What became of a message that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It is durable there.
    Stored,
    /// It does not follow: so many batches are there.
    Conflict { batches: u64 },
    /// Nothing was written by this try.
    Unsent(Away),
    /// Nobody knows.
    Unknown,
}
