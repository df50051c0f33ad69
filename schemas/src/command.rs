//! Commands as clients know them, each said once.
//!
//! [`ROWS`] is the one table: a command's digest, its name in the log, who may send it, its address over HTTP with what the
//! OpenAPI document says, its name in a batch, and how it is made of what a request says. The doors follow from it.

mod capability;
mod door;
mod table;

pub use capability::Capability;
pub use door::{Body, Http, Method, Parts, Row, Targets};
pub use table::{CommandKind, CommandKindJson, Facts, ROWS, facts};

pub(crate) use table::put_body;
