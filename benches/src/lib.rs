//! Measures the engine against the machine it runs on. The same code in two sizes: tiny runs in `cargo test`, so that a
//! bench cannot rot, large is for figures.
//!
//! Everything follows from fixed seeds, and every bench answers a checksum of what it computed: it keeps the work from
//! being optimised away, and a test compares it with what it was, so that two figures are figures of the same work.
//! Where the machine sets a limit (the disk's sync, the memory's width) it is measured in turns with ours, because on a
//! shared machine a limit of a minute ago is another machine's.

#![allow(clippy::float_arithmetic, reason = "rates and fractions for people; no money is computed here")]

mod append;
mod engine;
mod fixture;
mod forms;
mod hello;
mod history;
mod limits;
mod machine;
mod over_http;
mod paired;
mod plan;
mod replay;
mod report;
mod rules;
mod server;

pub use hello::serve as serve_hello;
pub use machine::{Machine, commit};
pub use paired::{Pair, paired};
pub use plan::{BenchError, Plan, Size};
pub use report::{Limit, Measure, Report};

/// One group of measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// What the machine can do.
    Limits,
    /// Deciding an order and folding what follows.
    Decide,
    /// Events to bytes.
    Encode,
    /// Bytes to events.
    Decode,
    /// Both, for each frequent type of event by itself.
    Forms,
    /// Events to state.
    Fold,
    /// Commits into the log, without the engine.
    Append,
    /// Orders through the engine.
    Engine,
    /// Reading a log from the beginning.
    Replay,
    /// Orders over HTTP.
    Http,
    /// What ten million events behind cost.
    History,
    /// Memory with very many stores.
    Chain,
}

impl Group {
    /// All, in the order they are measured.
    pub const ALL: [Group; 12] = [
        Group::Limits,
        Group::Decide,
        Group::Encode,
        Group::Decode,
        Group::Forms,
        Group::Fold,
        Group::Append,
        Group::Engine,
        Group::Replay,
        Group::Http,
        Group::History,
        Group::Chain,
    ];

    /// What it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Group::Limits => "limits",
            Group::Decide => "decide",
            Group::Encode => "encode",
            Group::Decode => "decode",
            Group::Forms => "forms",
            Group::Fold => "fold",
            Group::Append => "append",
            Group::Engine => "engine",
            Group::Replay => "replay",
            Group::Http => "http",
            Group::History => "history",
            Group::Chain => "chain",
        }
    }

    /// Measures it.
    ///
    /// # Errors
    /// Whatever went wrong; a bench has no second way.
    pub fn measure(self, plan: &Plan) -> Result<Vec<Measure>, BenchError> {
        let dir = || tempfile::tempdir_in(&plan.dir);
        match self {
            Group::Limits => limits::measure(plan.size, dir()?.path()),
            Group::Decide => Ok(vec![rules::decide(plan.size)]),
            Group::Encode => Ok(vec![rules::encode(plan.size)]),
            Group::Decode => Ok(vec![rules::decode(plan.size)?]),
            Group::Forms => forms::measure(plan.size),
            Group::Fold => Ok(vec![rules::fold(plan.size)]),
            Group::Append => append::measure(plan.size, dir()?.path()),
            Group::Engine => engine::measure(plan.size, dir()?.path()),
            Group::Replay => replay::measure(plan.size, dir()?.path()),
            Group::Http => match (&plan.comanda, &plan.benches) {
                (Some(comanda), Some(benches)) => over_http::measure(plan.size, dir()?.path(), comanda, benches),
                _ => Ok(vec![]),
            },
            Group::History => history::measure(plan.size, dir()?.path(), plan.comanda.as_deref()),
            Group::Chain => match &plan.comanda {
                Some(comanda) => history::chain(plan.size, dir()?.path(), comanda),
                None => Ok(vec![]),
            },
        }
    }
}
