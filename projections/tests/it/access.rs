//! Tokens let in whom they should, and nobody once they are revoked.

use crate::world::*;
use domain::calendar::Timestamp;
use domain::command::{AccessCommand, NewDevice, NewToken};
use domain::event::{Role, Terms};
use domain::ids::{DeviceId, TerminalId, TokenId};
use projections::Projections;

fn token(name: &str) -> TokenId {
    id(TokenId::parse, name)
}

fn issue(world: &mut World, name: &str, role: Role, secret: u8) {
    let (token, label) = (token(name), text("a till"));
    let terms = Some(Terms::default());
    let new = NewToken { token, role, label, secret_sha256: [secret; 32], terms, is_first: false };
    world.must(access(AccessCommand::IssueToken(new)));
}

#[track_caller]
fn check(projections: &Projections, name: &str, secret: u8, expected: Option<Role>) {
    let grant = projections.authenticate(token(name), &[secret; 32], Timestamp(0));
    let said = grant.map(|grant| (grant.tenant, grant.token, grant.role));
    assert_eq!(said, expected.map(|role| (tenant(), token(name), role)));
}

#[test]
fn a_token_works_until_it_is_revoked_and_after_a_restart() {
    let mut world = World::on(eventlog::open_memory());
    let dir = tempfile::tempdir().unwrap();
    issue(&mut world, "boss", Role::Admin, 1);
    issue(&mut world, "till", Role::Pos, 2);
    let projections = projected(dir.path(), &world.reader, NEVER);
    check(&projections, "boss", 1, Some(Role::Admin));
    check(&projections, "till", 2, Some(Role::Pos));
    check(&projections, "till", 1, None);
    check(&projections, "nobody", 1, None);
    world.must(access(AccessCommand::RevokeToken { token: token("till"), issued: None }));
    caught_up(&projections, &world.reader);
    check(&projections, "till", 2, None);
    projections.shutdown();
    drop(projections);
    // Loaded from the model, before anything is folded.
    let again = Projections::open(dir.path(), world.reader.clone(), &options(NEVER)).unwrap();
    check(&again, "boss", 1, Some(Role::Admin));
    check(&again, "till", 2, None);
    let tokens = again.tokens(tenant()).unwrap().value;
    let shown: Vec<_> = tokens.iter().map(|token| (token.token_id.0.to_string(), token.revoked_at.is_some())).collect();
    assert_eq!(shown, [("boss".to_owned(), false), ("till".to_owned(), true)]);
}

#[test]
fn two_tenants_may_have_a_token_of_one_name() {
    let mut world = World::on(eventlog::open_memory());
    issue(&mut world, "till", Role::Pos, 1);
    let mut other = world.appended[0].clone();
    other.tenant = "other".into();
    other.stream = "access-other".into();
    let theirs = domain::event::AccessEvent::TokenIssued {
        token: token("till"),
        role: Role::Admin,
        label: text("theirs"),
        secret_sha256: [9; 32],
        terms: None,
    };
    other.body.clear();
    schemas::stored::encode(&domain::event::Event::Access(theirs), &mut other.body);
    append(&mut world.writer, 77, &[other]);
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    check(&projections, "till", 1, Some(Role::Pos));
    let grant = projections.authenticate(token("till"), &[9; 32], Timestamp(0)).unwrap();
    assert_eq!((grant.tenant.as_str(), grant.role), ("other", Role::Admin));
}

#[test]
fn a_device_comes_with_its_code_and_after_five_tries_with_none() {
    let mut world = World::furnished();
    for (name, code) in [("bar", 1), ("door", 2)] {
        world.must(access(AccessCommand::AddDevice(NewDevice {
            device: id(DeviceId::parse, name),
            store: store(),
            terminal: id(TerminalId::parse, name),
            role: Role::Pos,
            label: text("a till"),
            code_sha256: [code; 32],
            issuer: None,
        })));
    }
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    let tried = |projections: &Projections, name: &str, code: u8| {
        projections.try_code(id(DeviceId::parse, name), &[code; 32]).map(|tenant| tenant.to_string())
    };
    let let_in = Some(tenant().to_string());
    assert_eq!(tried(&projections, "window", 1), None, "a device that was not let in");
    for wrong in [2, 3, 4, 5] {
        assert_eq!(tried(&projections, "bar", wrong), None);
        assert_eq!(tried(&projections, "bar", 1), let_in, "{wrong}");
    }
    assert_eq!(tried(&projections, "bar", 6), None);
    assert_eq!(tried(&projections, "bar", 1), None, "the tries are used up");
    assert_eq!(tried(&projections, "door", 2), let_in, "each device has its own");
    projections.shutdown();
    drop(projections);
    // Tries are in memory; what may come is in the model.
    let again = Projections::open(dir.path(), world.reader.clone(), &options(NEVER)).unwrap();
    assert_eq!((tried(&again, "bar", 1), tried(&again, "door", 1)), (let_in, None));
    world.must(access(AccessCommand::RemoveDevice { device: id(DeviceId::parse, "bar"), within: None }));
    block_on(again.wait_for_access(world.last(), std::time::Duration::from_secs(30))).unwrap();
    assert_eq!(tried(&again, "bar", 1), None, "it was taken out");
}
