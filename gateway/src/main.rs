//! The `comanda` binary.

/// Measured better than the system's allocator under concurrent small allocations; see benches.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    gateway::cli::run()
}
