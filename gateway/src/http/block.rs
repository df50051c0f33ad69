//! Where a request may wait for the disk.

/// Does what may wait for the disk, and mostly does not: what is in memory takes microseconds, and a thread of the blocking
/// pool would cost more than that.
pub fn may_block<T>(work: impl FnOnce() -> T) -> T {
    match tokio::runtime::Handle::current().runtime_flavor() {
        tokio::runtime::RuntimeFlavor::MultiThread => tokio::task::block_in_place(work),
        _ => work(),
    }
}
