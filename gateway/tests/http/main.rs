//! The gateway from outside: the binary, HTTP and the command line, nothing else.

mod accidents;
mod approvals;
mod books;
mod chain;
mod currencies;
mod days;
mod drawers;
mod edges;
mod evening;
mod evening_offline;
mod feeds;
mod floor;
mod golden;
mod imports;
mod kills;
mod kitchen;
mod lines;
mod messy;
mod money;
mod offline;
mod orders;
mod positions;
#[path = "../../../eventlog/tests/common/programme.rs"]
mod programme;
mod providers;
mod puts;
mod refunds;
mod restart;
mod reviews;
mod roles;
mod server;
mod simulator;
mod tills;
mod tour;
mod training;
mod verify;
