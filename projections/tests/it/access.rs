//! Tokens let in whom they should, and nobody once they are revoked.

use crate::world::*;
use domain::calendar::Timestamp;
use domain::command::{AccessCommand, NewToken};
use domain::event::{Role, Terms};
use domain::ids::TokenId;
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
