//! The tables beside the stored structs.

use crate::arbitrary::event;
use crate::samples::samples;
use crate::{encoded, stream_of};
use domain::event::Event;
use proptest::prelude::*;
use schemas::events::{Dice, any_event};
use schemas::json::event::{EventData, OldData};
use schemas::stored;

fn alike(event: &Event) {
    let mut old = vec![];
    stored::encode_by_struct(event, &mut old);
    assert_eq!(old, encoded(event), "{event:?}");
    let stream = stream_of(event);
    assert_eq!(&stored::decode(&stream, &old).unwrap(), event);
    assert_eq!(&stored::decode_by_struct(&stream, &old).unwrap(), event);
    let (old, new) = (serde_json::to_string(&OldData(event)), serde_json::to_string(&EventData(event)));
    assert_eq!(old.ok(), new.ok(), "{event:?}");
}

#[test]
fn samples_are_alike() {
    samples().iter().for_each(|sample| alike(&sample.event));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn events_are_alike(event in event()) {
        alike(&event);
    }

    #[test]
    fn any_events_are_alike(mut seed in any::<u64>()) {
        let mut next = || {
            seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        alike(&any_event(&mut Dice(&mut next)));
    }
}
