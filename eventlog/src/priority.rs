//! Threads whose work can wait.

/// How far such a thread steps back: where processors are short it gets about a tenth of an answering thread's share, so that
/// it falls behind for a while rather than make tills wait, and not for ever.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Lets those who decide, write and answer have the processor before the calling thread. Linux keeps this per thread;
/// elsewhere nothing happens.
pub fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!(%error, "the system does not lower a thread's priority");
    }
}
