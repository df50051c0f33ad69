//! An address space that is limited (`ulimit -v`).
//!
//! The C library, which has no part in our allocations, reserves 64 MiB of addresses for each of up to eight times as many threads
//! as there are processors; where addresses are scarce that is what allocations then lack.

use std::os::unix::process::CommandExt;
use std::process::Command;

/// Where the C library reads how it should behave: when it is loaded, so a process cannot change it for itself.
const TUNABLES: &str = "GLIBC_TUNABLES";
const ARENAS: &str = "glibc.malloc.arena_max";

/// Where addresses are limited, goes on as the same process with one reservation. Where that does not work it goes on as it is.
pub fn spare() {
    let is_limited = rustix::process::getrlimit(rustix::process::Resource::As).current.is_some();
    let tunables = std::env::var(TUNABLES).unwrap_or_default();
    // Said already, by us or by who runs it.
    if !is_limited || tunables.contains(ARENAS) {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    let mut arguments = std::env::args_os();
    let mut again = Command::new(program);
    if let Some(name) = arguments.next() {
        again.arg0(name);
    }
    let one = format!("{ARENAS}=1");
    let tunables = if tunables.is_empty() { one } else { format!("{tunables}:{one}") };
    // It returns only where it did not work.
    let _ = again.args(arguments).env(TUNABLES, tunables).exec();
}
