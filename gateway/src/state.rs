//! What handlers take: the parts of a running server, put together in `app.rs`.

use crate::approvals::Approvals;
use crate::feeds::Feeds;
use crate::metrics::Metrics;
use crate::operator::Operator;
use crate::pins::Pins;
use crate::providers::Providers;
use crate::security::SecurityLog;
use commands::{Engine, Keys};
use domain::calendar::Timestamp;
use eventlog::LogReader;
use projections::Projections;
use std::sync::Arc;

/// Everything a request may reach.
#[derive(Debug)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub struct AppState {
    pub engine: Engine,
    pub reader: LogReader,
    pub projections: Projections,
    /// Requests counted by route and status.
    pub metrics: Metrics,
    /// The feeds that run.
    pub feeds: Arc<Feeds>,
    /// Accounts at payment providers.
    pub providers: Providers,
    /// Who runs the server.
    pub operator: Operator,
    /// What credentials did, until it is recorded.
    pub security: Arc<SecurityLog>,
    /// What texts of guests are sealed with.
    pub keys: Arc<Keys>,
    /// What works on PINs.
    pub pins: Pins,
    /// What was approved and not sent yet.
    pub approvals: Approvals,
}

impl AppState {
    /// The time that has come for certain: what ends by itself, such as a token, ends by it.
    pub fn certain_now(&self) -> Timestamp {
        self.engine.time().now().certain
    }
}
