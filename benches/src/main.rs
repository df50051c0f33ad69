//! The benches' command line.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program whose output is read by people")]

use benches::{BenchError, Group, Machine, Pair, Plan, Report, Size, paired, serve_hello};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

/// As in the comanda binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures comanda on this machine.
#[derive(Debug, Parser)]
#[command(
    name = "benches",
    after_help = "Examples:\n  \
        cargo run --release -p comanda-benches -- large --out benches/results/large.json\n  \
        cargo run --release -p comanda-benches -- large --only engine\n  \
        cargo run --release -p comanda-benches -- paired target/before/build/release/benches\n\n\
        What goes over HTTP needs the comanda binary: build it first, or name it in COMANDA_BIN."
)]
struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    args: MeasureArgs,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Measures two builds of this program in turns and prints what changed.
    Paired {
        /// The binary of the commit before; `benches/paired` builds it.
        before: PathBuf,
        /// The binary to compare with it; this one where it is left out.
        #[arg(long, value_name = "FILE")]
        after: Option<PathBuf>,
        /// Compares these groups only.
        #[arg(
            long,
            value_delimiter = ',',
            value_name = "GROUP",
            default_value = "decide,encode,decode,forms,fold,replay,engine"
        )]
        only: Vec<String>,
        /// How often each is measured.
        #[arg(long, default_value_t = 9)]
        rounds: usize,
        /// Where logs are written.
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Serves the bare server to compare with.
    #[command(hide = true)]
    Hello {
        /// Where.
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        /// How long an answer of its own size is.
        #[arg(long, default_value_t = 0, value_name = "BYTES")]
        sized: usize,
    },
}

#[derive(Debug, Args)]
struct MeasureArgs {
    /// How much work.
    #[arg(default_value = "tiny")]
    size: SizeArg,
    /// Measures these groups only.
    #[arg(long, value_delimiter = ',', value_name = "GROUP")]
    only: Vec<String>,
    /// Also writes the results as JSON to this file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Where logs are written: the disk that is measured. The system's temporary directory where it is left out.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SizeArg {
    /// Does it still work?
    Tiny,
    /// As much as large, measured once.
    Once,
    /// How fast is it?
    Large,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.verb {
        Some(Verb::Hello { listen, sized }) => {
            serve_hello(listen, sized, |address| println!("http://{address}")).map_err(BenchError::from)
        }
        Some(Verb::Paired { before, after, only, rounds, dir }) => compare(before, after, &only, rounds, dir),
        None => measure(&cli.args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("benches: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(
    before: PathBuf,
    after: Option<PathBuf>,
    only: &[String],
    rounds: usize,
    dir: Option<PathBuf>,
) -> Result<(), BenchError> {
    let after = match after {
        Some(after) => after,
        None => std::env::current_exe()?,
    };
    let dir = dir.unwrap_or_else(std::env::temp_dir);
    println!("before: {}, after: {}, {rounds} rounds, {}\n", before.display(), after.display(), Machine::this(&dir));
    println!("{}", Pair::HEAD);
    paired(&before, &after, &dir, only, rounds, |pair| println!("{pair}"))
}

fn measure(args: &MeasureArgs) -> Result<(), BenchError> {
    let known: Vec<&str> = Group::ALL.iter().map(|group| group.name()).collect();
    if let Some(unknown) = args.only.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(format!("there is no group {unknown}; there are {}", known.join(", ")).into());
    }
    let (size, name) = match args.size {
        SizeArg::Tiny => (Size::Tiny, "tiny"),
        SizeArg::Once => (Size::Once, "once"),
        SizeArg::Large => (Size::Large, "large"),
    };
    let dir = args.dir.clone().unwrap_or_else(std::env::temp_dir);
    let benches = std::env::current_exe()?;
    let comanda = std::env::var_os("COMANDA_BIN").map(PathBuf::from);
    let comanda = comanda.or_else(|| Some(benches.with_file_name("comanda")).filter(|path| path.is_file()));
    let plan = Plan { size, dir, comanda, benches: Some(benches) };
    let mut measures = vec![];
    for group in Group::ALL {
        if !args.only.is_empty() && !args.only.iter().any(|name| name == group.name()) {
            continue;
        }
        if group == Group::Http && plan.comanda.is_none() {
            eprintln!("http: skipped, for there is no comanda binary beside this one and none in COMANDA_BIN");
            continue;
        }
        let measured = group.measure(&plan)?;
        for measure in &measured {
            eprintln!("{measure}");
        }
        measures.extend(measured);
    }
    let report = Report {
        commit: benches::commit(),
        machine: Machine::this(&plan.dir),
        size: name,
        measured_at_s: SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
        measures,
    };
    println!("{}", report.table());
    if let Some(out) = &args.out {
        std::fs::write(out, serde_json::to_string_pretty(&report)? + "\n")?;
    }
    Ok(())
}
