//! Menus: ready bytes that change when, and only when, the menu does.

use crate::world::*;
use domain::command::{MenuCommand, StockCommand, StoreCommand};
use domain::ids::ItemId;
use domain::money::{Money, QtyMilli};
use flate2::read::GzDecoder;
use projections::{MenuBytes, Projections};
use std::io::Read;

fn menu_of(projections: &Projections) -> MenuBytes {
    projections.menu(tenant(), store()).unwrap().value.unwrap()
}

fn body(menu: &MenuBytes) -> String {
    let mut unpacked = String::new();
    GzDecoder::new(&menu.gzip[..]).read_to_string(&mut unpacked).unwrap();
    assert_eq!(unpacked.as_bytes(), &menu.json[..]);
    unpacked
}

#[test]
fn the_bytes_follow_the_events() {
    let mut world = World::furnished();
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    let first = menu_of(&projections);
    assert!(first.etag.starts_with("W/\"") && first.version == 1);
    let text = body(&first);
    assert!(
        text.contains(r#""item_id":"pizza","name":"Pizza","category":"Mains","state":"available","price":1150"#),
        "{text}"
    );
    // A hit is the same bytes, not equal ones.
    assert_eq!(menu_of(&projections).json.as_ptr(), first.json.as_ptr());
    let mut last = first;
    let mut changes = |world: &mut World, command, expected: Option<&str>| {
        world.must(command);
        caught_up(&projections, &world.reader);
        let menu = menu_of(&projections);
        match expected {
            Some(expected) => {
                assert_ne!(menu.etag, last.etag);
                assert!(body(&menu).contains(expected), "{}", body(&menu));
            }
            None => assert_eq!(menu.json.as_ptr(), last.json.as_ptr()),
        }
        last = menu;
    };
    let pizza = id(ItemId::parse, "pizza");
    let price = StoreCommand::SetPrice { item: pizza, variation: None, price: Some(Money(990)) };
    changes(
        &mut world,
        to_store(price),
        Some(r#""item_id":"pizza","name":"Pizza","category":"Mains","state":"available","price":990"#),
    );
    let off = StoreCommand::SetAvailability { item: pizza, available: false };
    changes(&mut world, to_store(off), Some(r#""category":"Mains","state":"unavailable""#));
    let on = StoreCommand::SetAvailability { item: pizza, available: true };
    changes(&mut world, to_store(on), Some(r#""category":"Mains","state":"available""#));
    let mark = StockCommand::Mark86 { sku: sku("dough"), until: None };
    changes(&mut world, stock(mark), Some(r#""category":"Mains","state":"sold_out""#));
    changes(&mut world, stock(StockCommand::Unmark86(sku("dough"))), Some(r#""category":"Mains","state":"available""#));
    // An order that leaves something to sell changes no menu; the one that takes the rest does.
    changes(&mut world, open(1, new_order(vec![line(0, "water", 1_000)], true)), None);
    let rest = new_order(vec![line(0, "water", 999_000)], true);
    changes(&mut world, open(2, rest), Some(r#""item_id":"water","name":"Water","state":"sold_out""#));
    let more = StockCommand::Receive { sku: sku("water"), qty: QtyMilli::ONE, reference: None };
    changes(&mut world, stock(more), Some(r#""item_id":"water","name":"Water","state":"available""#));
    // The draft is nobody's menu before it is published and adopted.
    changes(&mut world, menu(MenuCommand::UpsertItem(item("soup", "Soup", None, 500, &[], None))), None);
    world.must(menu(MenuCommand::Publish));
    changes(&mut world, to_store(StoreCommand::AdoptMenu { version: 2 }), Some(r#""item_id":"soup""#));
}

#[test]
fn there_is_no_menu_where_there_is_no_store() {
    let world = World::furnished();
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    let nowhere = id(domain::ids::StoreId::parse, "nowhere");
    assert_eq!(projections.menu(tenant(), nowhere).unwrap().value, None);
    let other = id(domain::ids::TenantId::parse, "other");
    assert_eq!(projections.menu(other, store()).unwrap().value, None);
}

#[test]
fn a_restart_gives_the_same_tag() {
    let world = World::furnished();
    let dir = tempfile::tempdir().unwrap();
    let before = menu_of(&projected(dir.path(), &world.reader, NEVER)).etag;
    assert_eq!(menu_of(&projected(dir.path(), &world.reader, NEVER)).etag, before);
}
