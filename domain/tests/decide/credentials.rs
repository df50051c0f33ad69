//! Who goes with whom, and who comes when.

use super::*;
use domain::command::{Issued, NewDevice, NewToken};
use domain::event::{Role, Terms};
use domain::ids::{DeviceId, TokenId};

fn token(id: &str) -> TokenId {
    TokenId::parse(id).expect("an id")
}

fn device(id: &str) -> DeviceId {
    DeviceId::parse(id).expect("an id")
}

fn issue(id: &str, role: Role, terms: Terms) -> When {
    let (label, secret_sha256) = (text("till"), [7; 32]);
    access(AccessCommand::IssueToken(NewToken {
        token: token(id),
        role,
        label,
        secret_sha256,
        terms: Some(terms),
        is_first: false,
    }))
}

fn issued_with(issuer: &str) -> Terms {
    Terms { issuer: Some(token(issuer)), ..Terms::default() }
}

fn revoke(id: &str, issued: Option<Issued>) -> When {
    access(AccessCommand::RevokeToken { token: token(id), issued })
}

fn add(id: &str, as_terminal: &str, issuer: &str) -> When {
    access(AccessCommand::AddDevice(NewDevice {
        device: device(id),
        store: store_id(STORE),
        terminal: terminal(as_terminal),
        role: Role::Pos,
        label: text("till"),
        code_sha256: [8; 32],
        issuer: Some(token(issuer)),
    }))
}

fn enrol(id: &str, with: &str) -> When {
    let (device, token) = (device(id), token(with));
    access(AccessCommand::EnrolDevice { device, code_sha256: [8; 32], token, secret_sha256: [9; 32] })
}

fn access(command: AccessCommand) -> When {
    when(Command::Access(command))
}

/// The first admin, a second one that issued a third and let two devices in, of which one has come and has a session.
fn house() -> Vec<When> {
    let session = Terms { device: Some(device("d1")), ..issued_with("till") };
    vec![
        issue("first", Role::Admin, Terms::default()),
        issue("second", Role::Admin, issued_with("first")),
        issue("third", Role::Admin, issued_with("second")),
        issue("fourth", Role::Analyst, issued_with("third")),
        add("d1", "till_1", "second"),
        enrol("d1", "till"),
        issue("session", Role::Manager, session),
        add("d2", "till_2", "fourth"),
    ]
}

#[test]
fn what_was_issued_with_a_token_goes_with_it_where_that_is_asked_for() {
    let all: &[&str] =
        &["revoked fourth", "revoked second", "revoked session", "revoked third", "revoked till", "d2 is out"];
    check(&house(), revoke("second", Some(Issued::Revoke)), Ok(all));
    check(&house(), revoke("second", Some(Issued::Keep)), Ok(&["revoked second"]));
    check(&house(), revoke("second", None), Err(Refused::IssuedUnanswered { token: token("second") }));
    // Also later: it is revoked already, and what was issued with it is not.
    let kept = [house(), vec![revoke("second", Some(Issued::Keep))]].concat();
    check(&kept, revoke("second", Some(Issued::Revoke)), Ok(&[all[0], all[2], all[3], all[4], all[5]]));
    let last = Err(Refused::LastToken { role: Role::Admin });
    check(&house(), revoke("first", Some(Issued::Revoke)), last);
}

#[test]
fn the_sessions_on_a_device_go_with_it() {
    let both: &[&str] = &["revoked session", "revoked till"];
    check(&house(), revoke("till", None), Ok(both));
    check(&house(), revoke("session", None), Ok(&["revoked session"]));
    let remove = |id| access(AccessCommand::RemoveDevice { device: device(id), within: None });
    check(&house(), remove("d1"), Ok(&[both[0], both[1], "d1 is out"]));
    check(&house(), remove("d2"), Ok(&["d2 is out"]));
    // Whoever is let in at some stores takes out no others'.
    let within = |store| AccessCommand::RemoveDevice { device: device("d2"), within: Some(vec![store_id(store)]) };
    check(&house(), access(within(STORE)), Ok(&["d2 is out"]));
    check(&house(), access(within("elsewhere")), Err(Refused::UnknownDevice { device: device("d2") }));
    // Its terminal is free again, and its id gone.
    let removed = [house(), vec![remove("d1")]].concat();
    check(&removed, add("d3", "till_1", "first"), Ok(&["d3 may be till_1"]));
    check(&removed, remove("d1"), Err(Refused::UnknownDevice { device: device("d1") }));
}

#[test]
fn a_terminal_is_one_device_and_a_device_comes_in_time() {
    let taken = Refused::TerminalTaken { terminal: terminal("till_1"), device: device("d1") };
    check(&house(), add("d3", "till_1", "first"), Err(taken));
    // Who has not come makes room at once; who has, once its token is no good any more.
    check(&house(), add("d3", "till_2", "first"), Ok(&["d2 is out", "d3 may be till_2"]));
    let lost = [house(), vec![revoke("till", None)]].concat();
    check(&lost, add("d3", "till_1", "first"), Ok(&["d1 is out", "d3 may be till_1"]));
    // Ten minutes, and not a second more.
    let after = |seconds, command: When| command.at(seconds);
    check(&house(), after(599, enrol("d2", "t2")), Ok(&["issued t2 Pos", "d2 came with t2"]));
    check(&house(), after(600, enrol("d2", "t2")), Err(Refused::EnrolmentOver));
    check(&house(), after(600, add("d3", "till_3", "first")), Ok(&["d2 is out", "d3 may be till_3"]));
    // The same terminal of another store is another terminal.
    let Command::Access(AccessCommand::AddDevice(new)) = add("d3", "till_1", "first").command else { panic!() };
    let there = NewDevice { store: store_id("elsewhere"), ..new };
    check(&house(), access(AccessCommand::AddDevice(there)), Ok(&["d3 may be till_1"]));
}

#[test]
fn devices_are_bounded_by_role_and_store() {
    use domain::credentials::Credentials;
    let given: Vec<When> =
        (0..Credentials::DEVICES_MAX).map(|n| add(&format!("d{n}"), &format!("till_{n}"), "first")).collect();
    let what = "devices of this role in the store";
    let full = Err(Refused::TooMany { what, max: Credentials::DEVICES_MAX });
    check(&given, add("one_more", "another", "first"), full);
    check(&given, add("one_more", "till_7", "first"), Ok(&["d7 is out", "one_more may be till_7"]));
    let removed =
        [given.clone(), vec![access(AccessCommand::RemoveDevice { device: device("d3"), within: None })]].concat();
    check(&removed, add("one_more", "another", "first"), Ok(&["one_more may be another"]));
}

#[test]
fn an_expired_admin_administers_nothing() {
    let soon = Terms { expires_at: Some(at(60).now), ..Terms::default() };
    let given = [issue("k1", Role::Admin, soon), issue("k2", Role::Admin, Terms::default())];
    let revoke_at = |seconds| revoke("k2", Some(Issued::Keep)).at(seconds);
    check(&given, revoke_at(59), Ok(&["revoked k2"]));
    check(&given, revoke_at(60), Err(Refused::LastToken { role: Role::Admin }));
}
