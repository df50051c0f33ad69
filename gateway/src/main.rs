//! The `comanda` binary.

/// Commands are made on one thread, events on another, and both end on a third: the system's allocator takes a lock there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    gateway::address_space::spare();
    // Pages of 2 MiB would double the memory of an idle process, and make nothing faster here. Where they cannot be
    // turned off nothing but memory is lost.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    gateway::cli::run()
}
