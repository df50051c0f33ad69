//! The gateway from outside: the binary, HTTP and the command line, nothing else.

mod edges;
mod feeds;
mod imports;
mod money;
mod orders;
mod restart;
mod roles;
mod server;
mod tour;
