//! The engine as its callers see it, on logs in memory, on a simulated disk and in real directories.

mod faults;
mod history;
mod idempotency;
mod kitchen;
mod memory;
mod menus;
mod offline;
mod order;
mod outbox;
#[path = "../../../eventlog/tests/common/programme.rs"]
mod programme;
mod repeats;
mod restart;
mod stock;
mod support;
mod time;
mod witness;
