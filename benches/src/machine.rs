//! What the figures were measured on.

use serde::Serialize;
use std::fmt;
use std::path::Path;
use std::process::Command;

/// A machine, as far as it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Machine {
    /// The processor's model.
    pub cpu: String,
    /// How many hardware threads there are.
    pub cores: usize,
    /// The kernel.
    pub kernel: String,
    /// The file system the logs were on and its device.
    pub disk: String,
    /// Memory, in MiB.
    pub memory_mib: u64,
}

impl Machine {
    /// This machine; `dir` is where logs will be written.
    pub fn this(dir: &Path) -> Machine {
        let cpu = field("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
        let memory = field("/proc/meminfo", "MemTotal").unwrap_or_default();
        let memory_kib: u64 = memory.trim_end_matches(" kB").parse().unwrap_or(0);
        let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease");
        Machine {
            cpu,
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            kernel: kernel.map_or_else(|_| std::env::consts::OS.to_owned(), |release| release.trim().to_owned()),
            disk: disk(dir).unwrap_or_else(|| "unknown".to_owned()),
            memory_mib: memory_kib / 1024,
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine { cpu, cores, kernel, disk, memory_mib } = self;
        write!(f, "{cpu}, {cores} cores, {memory_mib} MiB, kernel {kernel}, disk {disk}")
    }
}

/// The first `name : value` of a file.
fn field(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.split(':').next().is_some_and(|key| key.trim() == name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The file system `dir` is on, by the longest mount point above it.
fn disk(dir: &Path) -> Option<String> {
    let dir = dir.canonicalize().ok()?;
    let mounts = std::fs::read_to_string("/proc/mounts").ok()?;
    let mounts = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ');
        Some((fields.next()?, fields.next()?, fields.next()?))
    });
    let (device, _, kind) = mounts.filter(|(_, at, _)| dir.starts_with(at)).max_by_key(|(_, at, _)| at.len())?;
    let device = device.rsplit('/').next().unwrap_or(device);
    Some(format!("{kind} on {device}"))
}

/// What is being measured: `COMANDA_COMMIT`, or what git says.
pub fn commit() -> String {
    if let Ok(commit) = std::env::var("COMANDA_COMMIT") {
        return commit;
    }
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    match git(&["rev-parse", "--short=12", "HEAD"]) {
        Some(commit) => match git(&["status", "--porcelain", "--untracked-files=no"]) {
            Some(changes) if changes.is_empty() => commit,
            _ => commit + "+",
        },
        None => "unknown".to_owned(),
    }
}
