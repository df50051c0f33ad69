//! Every byte that leaves the process: stored events, JSON bodies, OpenAPI.

pub mod command;
pub mod json;
pub mod provider;
pub mod stored;
pub mod views;
