//! The priority of threads whose work can wait.

/// Where processors are short such a thread gets about a tenth of an answering thread's share: it lags for a while rather than make
/// tills wait, and not for ever.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Lowers the priority of the calling thread below those that decide, append and answer. Linux keeps this per thread;
/// elsewhere nothing happens.
pub fn lower_thread_priority() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!(%error, "the system does not lower a thread's priority");
    }
}
