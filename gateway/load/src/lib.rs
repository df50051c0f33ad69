//! `comanda load`: orders over HTTP at a fixed rate, or as fast as they are taken, and what became of them.
//!
//! With `--rate` arrivals follow a schedule that the server cannot slow down: an order that has to wait for a free
//! connection is measured from the moment it was due, not from the moment it was sent. With `--max` every connection
//! sends its next order when the one before is answered. Nothing that was refused is sent again, not even after a
//! `Retry-After`: a refusal is a result, and guests who come later are other guests. Only an order without an answer
//! (the connection broke, or nothing came for ten seconds) is sent again, under the same key.
//!
//! A client of its own, so that it measures the server and not itself: it knows the server by its HTTP only.

mod args;
mod client;
mod drive;
mod error;
mod menu;
mod order;
mod report;

pub use args::LoadArgs;
pub use error::LoadError;
pub use report::Report;

use client::Client;

/// Sends the load, and says what became of it.
///
/// # Errors
/// [`LoadError`]: nothing could be sent, or not be written down.
pub fn run(args: &LoadArgs) -> Result<Report, LoadError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(LoadError::Runtime)?;
    let orders = runtime.block_on(prepare(args))?;
    drive::run(args, orders)
}

/// Reads the menus and writes down what will be sent.
async fn prepare(args: &LoadArgs) -> Result<order::Prepared, LoadError> {
    let mut client = Client::new(args.url.clone());
    if let Some(path) = &args.get {
        return Ok(order::Prepared::get(&args.url, &args.token, path));
    }
    let mut menus = Vec::with_capacity(args.store.len());
    for store in &args.store {
        menus.push((*store, menu::read(&mut client, &args.token, *store, &args.items).await?));
    }
    Ok(order::Prepared::orders(&args.url, &args.token, &menus, args.seed))
}
