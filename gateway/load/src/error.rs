//! Why a run has no result.

use crate::client::{ExchangeError, Target};
use domain::ids::{ItemId, StoreId};
use std::path::PathBuf;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum LoadError {
    #[error("no thread to send with")]
    Runtime(#[source] std::io::Error),
    #[error("{url} does not answer; is the server running?")]
    Unreachable { url: Target, source: ExchangeError },
    #[error("{path} answers {status}: {body}")]
    Status { path: String, status: u16, body: String },
    #[error("the menu of {store} does not read")]
    Menu { store: StoreId, source: serde_json::Error },
    #[error("store {store} does not sell {item} at a fixed price at the moment")]
    Item { store: StoreId, item: ItemId },
    #[error("store {store} has nothing to order: no item with a fixed price that can be sold now")]
    NothingToOrder { store: StoreId },
    #[error("cannot append to {}", path.display())]
    Acks { path: PathBuf, source: std::io::Error },
    #[error("no random numbers for the ids of orders")]
    Random(#[from] getrandom::Error),
    #[error("a thread of the load generator panicked")]
    Panicked,
}
