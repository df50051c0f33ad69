//! The read side: workers that fold the log into read models, and the queries on them.
//!
//! Each [`Projection`] has a thread, a database and a position of its own: a poison event parks one, and the others go
//! on. State and position are committed together, so each event changes each model exactly once; a model that is
//! missing, damaged, of another version or of another log is deleted and rebuilt from the log.
//!
//! Every query takes its tenant from the caller and says in [`Answer::position`] which prefix of the log it answers from.
//! Queries read local memory and files and may block for a moment: run them where blocking is allowed.

mod access;
mod catalog;
mod chains;
mod drawers;
mod error;
mod free_space;
mod key;
mod open;
mod options;
mod orders;
mod page;
mod progress;
mod projection;
mod projections;
mod projector;
mod read_model;
mod rows;
mod sales;
mod terminals;
mod view;
mod worker;

pub use access::SenderLabels;
pub use access::tokens::{Grant, GrantedDevice, PinHash};
pub use catalog::StoreItem;
pub use catalog::menus::MenuBytes;
pub use chains::chained;
pub use error::{OpenError, QueryError, Stale};
pub use free_space::{FREE_BYTES_MIN, FreeSpace};
pub use options::Options;
pub use orders::{OrderFilter, PaymentFilter};
pub use page::{LIMIT_DEFAULT, LIMIT_MAX, Page, PageRequest};
pub use projection::Projection;
pub use projections::{Projections, Status};
pub use read_model::Parked;
pub use sales::{SalesBy, SalesDate, SalesQuery};
pub use terminals::ExceptionFilter;
pub use view::Answer;
