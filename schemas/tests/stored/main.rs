//! Stored bytes: what was ever written must read back for ever.

/// An id of a kind, from a literal.
macro_rules! id {
    ($kind:ident $text:literal) => {
        const {
            match $kind::parse($text) {
                Ok(id) => id,
                Err(_) => panic!("not an id"),
            }
        }
    };
}

mod arbitrary;
mod catalogue;
mod chain;
mod commands;
mod golden;
mod nets;
mod parked;
#[path = "../../../eventlog/tests/common/programme.rs"]
mod programme;
mod random;
mod refused;
mod rows;
mod samples;
mod snapshot;

use domain::event::Event;
use domain::ids::{StoreId, TenantId};
use domain::stream::Stream;
use schemas::stored;

/// The stream a test's event belongs to.
fn stream_of(event: &Event) -> Stream {
    let tenant = TenantId::parse("demo").expect("an id");
    Stream::of(tenant, Some(StoreId::parse("s1").expect("an id")), event)
}

/// The stored form of one event.
fn encoded(event: &Event) -> Vec<u8> {
    let mut bytes = Vec::new();
    stored::encode(event, &mut bytes);
    bytes
}
