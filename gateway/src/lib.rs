//! The server and its command line: HTTP, verbs, and where the parts are put together.

pub mod access;
pub mod address_space;
pub mod app;
pub mod approvals;
mod causes;
pub mod cli;
pub mod client;
pub mod demo;
pub mod descriptors;
pub mod feed;
pub mod feeds;
pub mod files;
pub mod http;
pub mod last_use;
pub mod metrics;
pub mod operator;
pub mod pins;
pub mod position;
pub mod providers;
pub mod security;
pub mod state;
pub mod tls;
pub mod tokens;
pub mod transport;
