//! Anything the tables allow, as strategies.

use domain::event::Event;
use proptest::prelude::*;
use schemas::stored::any::{self, Dice};
use schemas::stored::{CommitMeta, Parked};

/// What `make` makes of random numbers.
fn made<T: std::fmt::Debug>(make: fn(&mut Dice<'_>) -> T) -> impl Strategy<Value = T> {
    proptest::num::u64::ANY.prop_map(move |mut seed| {
        // SplitMix64.
        let mut next = || {
            seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (seed ^ seed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ mixed >> 31
        };
        make(&mut Dice(&mut next))
    })
}

/// Any event.
pub fn event() -> impl Strategy<Value = Event> {
    made(any::event)
}

/// Anything a commit may say.
pub fn meta() -> impl Strategy<Value = CommitMeta> {
    made(any::commit_meta)
}

/// Anything that may wait beside the log.
pub fn parked() -> impl Strategy<Value = Parked> {
    made(any::parked)
}
