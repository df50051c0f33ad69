//! What a field that is added to a record does to every event the record is in: it takes one row.

#![allow(dead_code, reason = "a table brings more than is asked of it here")]

use super::Interner;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Dish {
    name: u32,
    station: Option<u16>,
    allergens: Option<u16>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Toy {
    Added(Dish),
    Merged { dishes: Vec<Dish> },
}

events! { Toy {
    0x7f01 Added(Dish);
    0x7f02 Merged { dishes: "dishes" } from 2;
} }

record! {
    Dish { name: "name", station?: "station" since 2 bare, allergens?: "allergens" since 3 }
}

/// Writes an event, and reads it back from what was written.
#[track_caller]
fn check(event: &Toy, version: u8, body: &[u8]) {
    let mut bytes = vec![];
    put(event, &mut bytes);
    assert_eq!((bytes[2], &bytes[11..]), (version, body));
    let read = get((tag_of(event), version), body, &mut Interner::default(), |event| event, |_| ());
    assert!(matches!(&read, Ok(read) if read == event));
    let read = get((tag_of(event), version + 1), body, &mut Interner::default(), |event| event, |_| ());
    assert!(read.is_err(), "the next version has another form");
}

#[test]
fn a_later_field_is_there_without_an_earlier_one_and_leaves_old_bytes_alone() {
    let dish = |station, allergens| Dish { name: 5, station, allergens };
    check(&Toy::Added(dish(None, None)), 1, &[5]);
    check(&Toy::Added(dish(Some(7), None)), 2, &[5, 7]);
    check(&Toy::Added(dish(None, Some(9))), 3, &[5, 0, 1, 9]);
    check(&Toy::Added(dish(Some(7), Some(9))), 3, &[5, 1, 7, 1, 9]);
    let merged = |dishes: &[Dish]| Toy::Merged { dishes: dishes.to_vec() };
    check(&merged(&[dish(None, None), dish(Some(7), None)]), 1, &[2, 5, 0, 5, 1, 7]);
    check(&merged(&[dish(None, None), dish(None, Some(9))]), 2, &[2, 5, 0, 0, 5, 0, 1, 9]);
    assert_eq!(TYPES.iter().map(|known| known.version).collect::<Vec<_>>(), [3, 2]);
}
