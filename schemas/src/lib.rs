//! Every byte that leaves the process: stored events, JSON bodies, OpenAPI.

#[macro_use]
mod codec;

pub mod command;
pub mod events;
pub mod json;
pub mod provider;
pub mod stored;
pub mod views;
