//! Row 14 of the guarantees: the authorization matrix, every operation by every caller and by every way in.
//!
//! What there is to ask comes from `/openapi.json` and from the table of commands, and nothing may be missing here, so a new operation
//! or command fails this test until somebody has said who may send it. What each caller may is said here once more, on purpose.

use crate::document::{Document, Operation};
use crate::programme::{Counts, report};
use crate::server::{House, Server, Till, ago, key, run};
use domain::event::Role;
use gateway::access::{Capability, allows};
use schemas::command::ROWS;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;

const ROLES: [&str; 6] = ["admin", "manager", "pos", "kitchen", "analyst", "auditor"];

/// Which roles a capability is of, in the order of [`ROLES`].
const TABLE: &str = "
take_orders    yes yes yes - - -
work_tickets   yes yes yes yes - -
take_payments  yes yes yes - - -
refund         yes yes yes - - -
review         yes yes - - - -
run_drawers    yes yes yes - - -
run_days       yes yes - - - -
mark_86        yes yes yes yes - -
manage_stock   yes yes - - - -
manage_menu    yes yes - - - -
manage_stores  yes yes - - - -
import         yes - - - - -
manage_staff   yes yes - - - -
manage_devices yes yes - - - -
manage_tokens  yes - - - - -
read_tokens    yes - - - - yes
erase_texts    yes - - - - -
read_texts     yes yes yes yes - yes
read_security  yes - - - - yes
read_stores    yes yes yes yes yes yes
read_days      yes yes yes - yes yes
read_reports   yes yes - - yes yes
read_events    yes yes - - yes yes
read_chain     yes yes - - - yes
";

/// What an operation asks of who sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    Nothing,
    /// Any credential of a tenant.
    Credential,
    /// Any credential, the operator's too.
    AnyCredential,
    /// The operator's.
    Operator,
    /// A person: who holds a token of a role that people hold, or the operator's credential.
    Person,
    /// A person, or who is in a session.
    PersonOrSession,
    Capability(&'static str),
}

/// Where it takes effect, which a credential for some stores may not reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Where {
    /// In the store that the path names, or the body: it is s1 here.
    Store,
    /// In all of them.
    Everywhere,
    /// What is the credential's own is shown or done, and nothing else.
    Own,
}

/// The operations that are no rows of the table of commands.
const OTHERS: [(&str, Asks, Where); 53] = {
    use Asks::{AnyCredential, Capability as Can, Credential, Nothing, Operator, Person, PersonOrSession};
    use Where::{Everywhere, Own, Store};
    [
        ("GET /livez", Nothing, Own),
        ("GET /readyz", Nothing, Own),
        ("POST /v1/devices/enrol", Nothing, Own),
        ("POST /v1/webhooks/{provider}/{account}", Nothing, Own),
        ("GET /metrics", Operator, Everywhere),
        ("GET /v1/clock", Operator, Everywhere),
        ("POST /v1/clock/confirm", Operator, Everywhere),
        ("POST /v1/tenants", Operator, Everywhere),
        ("POST /v1/session", Person, Own),
        ("DELETE /v1/session", AnyCredential, Own),
        ("POST /v1/stores/{store}/approvals", PersonOrSession, Store),
        ("POST /v1/stores/{store}/commands", Credential, Store),
        ("POST /v1/tokens/exchange", Credential, Everywhere),
        ("POST /v1/erasures", Can("erase_texts"), Everywhere),
        ("GET /v1/tokens", Can("read_tokens"), Everywhere),
        ("POST /v1/tokens", Can("manage_tokens"), Everywhere),
        ("DELETE /v1/tokens/{token}", Can("manage_tokens"), Everywhere),
        ("GET /v1/security", Can("read_security"), Everywhere),
        ("GET /v1/devices", Can("manage_devices"), Own),
        ("POST /v1/devices", Can("manage_devices"), Store),
        ("GET /v1/staff", Can("manage_staff"), Own),
        ("GET /v1/staff/{staff}", Can("manage_staff"), Own),
        ("PUT /v1/staff/{staff}/pin", Can("manage_staff"), Everywhere),
        ("GET /v1/feed", Can("read_events"), Own),
        ("GET /v1/reports/sales", Can("read_reports"), Own),
        ("GET /v1/menu/items/{item}", Can("read_stores"), Own),
        ("GET /v1/menu/modifier-groups/{group}", Can("read_stores"), Own),
        ("GET /v1/menu/taxes/{tax}", Can("read_stores"), Own),
        ("GET /v1/menu/dayparts/{daypart}", Can("read_stores"), Own),
        ("GET /v1/stores", Can("read_stores"), Own),
        ("GET /v1/stores/{store}", Can("read_stores"), Store),
        ("GET /v1/stores/{store}/availability/{item}", Can("read_stores"), Store),
        ("GET /v1/stores/{store}/prices/{item}", Can("read_stores"), Store),
        ("GET /v1/stores/{store}/menu", Can("read_stores"), Store),
        ("GET /v1/stores/{store}/stock", Can("read_stores"), Store),
        ("GET /v1/stores/{store}/orders", Can("read_stores"), Store),
        ("POST /v1/stores/{store}/orders/price", Can("read_stores"), Store),
        ("GET /v1/stores/{store}/orders/{order}", Can("read_stores"), Store),
        ("GET /v1/stores/{store}/orders/{order}/history", Can("read_events"), Store),
        ("GET /v1/stores/{store}/kitchen/{station}", Can("read_stores"), Store),
        ("POST /v1/stores/{store}/tickets/{ticket}/ready", Can("work_tickets"), Store),
        ("GET /v1/stores/{store}/payments", Can("read_stores"), Store),
        ("GET /v1/stores/{store}/payments/{payment}", Can("read_stores"), Store),
        ("GET /v1/stores/{store}/drawers", Can("read_stores"), Store),
        ("GET /v1/stores/{store}/drawers/{drawer}/shifts", Can("read_stores"), Store),
        ("GET /v1/stores/{store}/days", Can("read_days"), Store),
        ("GET /v1/stores/{store}/days/{date}/x", Can("read_days"), Store),
        ("GET /v1/stores/{store}/days/{date}/z", Can("read_days"), Store),
        ("GET /v1/stores/{store}/chain", Can("read_chain"), Store),
        ("GET /v1/stores/{store}/terminals", Can("read_stores"), Store),
        ("GET /v1/stores/{store}/exceptions", Can("read_stores"), Store),
        ("POST /v1/stores/{store}/exceptions/{exception}/resolve", Can("review"), Store),
        // A row of the table whose path does not tell in which store it takes effect.
        ("DELETE /v1/devices/{device}", Can("manage_devices"), Own),
    ]
};

/// The commands that have no address by the table: the operations that send them, or `None` where only the engine does.
const SENT_BY: [(&str, Option<&str>); 20] = [
    ("UnlinkItem", Some("PUT /v1/menu/items/{item}")),
    ("IssueToken", Some("POST /v1/tokens")),
    ("RevokeToken", Some("DELETE /v1/tokens/{token}")),
    ("AddDevice", Some("POST /v1/devices")),
    ("EnrolDevice", Some("POST /v1/devices/enrol")),
    ("RecordActivity", None),
    ("EraseTexts", Some("POST /v1/erasures")),
    ("SetPin", Some("PUT /v1/staff/{staff}/pin")),
    ("ShowPin", Some("POST /v1/stores/{store}/approvals")),
    ("OpenSession", Some("POST /v1/session")),
    ("AdoptMenu", None),
    ("ChangeLine", Some("PATCH /v1/stores/{store}/orders/{order}/lines/{line}")),
    ("TimeOutOrder", None),
    ("SplitEvenly", Some("POST /v1/stores/{store}/orders/{order}/split")),
    ("MarkLineReady", Some("POST /v1/stores/{store}/tickets/{ticket}/ready")),
    ("ExpirePayment", None),
    ("RecordProviderEvent", Some("POST /v1/webhooks/{provider}/{account}")),
    ("EndItemMark86", None),
    ("RecordRejectedCommand", Some("POST /v1/stores/{store}/commands")),
    ("ResolveException", Some("POST /v1/stores/{store}/exceptions/{exception}/resolve")),
];

fn table() -> BTreeMap<&'static str, Vec<bool>> {
    let rows = TABLE.lines().map(str::split_whitespace).filter_map(|mut words| Some((words.next()?, words)));
    rows.map(|(name, words)| (name, words.map(|word| word == "yes").collect())).collect()
}

#[test]
fn the_table_of_roles_is_this_one() {
    let table = table();
    assert_eq!(table.len(), Capability::ALL.len(), "each capability has a row");
    for capability in Capability::ALL {
        let expected = table.get(capability.name()).unwrap_or_else(|| panic!("{} has no row", capability.name()));
        let now: Vec<bool> = Role::ALL.iter().map(|role| allows(*role, *capability)).collect();
        assert_eq!(now, *expected, "{}", capability.name());
    }
}

/// A way in, with what is sent.
#[derive(Clone, Debug)]
struct Way {
    name: String,
    asks: Asks,
    place: Where,
    how: How,
}

#[derive(Clone, Debug)]
enum How {
    /// By its own address.
    Path { method: String, path: String, body: Value },
    /// In a batch, as this says of its source.
    Batch { command: Value, source: &'static str },
}

/// The parameter of a path as a batch calls it.
fn field(parameter: &str) -> String {
    match parameter {
        "date" => "business_date".to_owned(),
        other => format!("{other}_id"),
    }
}

/// What stands for a parameter of a path: things that are there, as far as the test makes them.
fn named(parameter: &str) -> String {
    let text = match parameter {
        "store" => "s1",
        "order" => "mine",
        "line" => "l1",
        "item" => "water",
        "group" => "bread",
        "tax" => "food",
        "date" => "2026-01-02",
        "exception" => "0:1",
        "provider" => "standard",
        "station" => "grill",
        "staff" => "ana",
        _ => "nothere",
    };
    text.to_owned()
}

/// A body that is well formed: who may not send it is told so, and not that it does not read.
fn body_of(document: &Document, operation: &Operation) -> Value {
    match operation.name().as_str() {
        "POST /v1/session" => json!({}),
        "POST /v1/stores/{store}/approvals" => {
            json!({"command": {"method": "POST", "path": "/v1/stores/s1/orders/mine/cancel", "body": {"reason": "r"}}})
        }
        "POST /v1/stores/{store}/commands" => json!({"commands": []}),
        "POST /v1/devices" => json!({"store": "s1", "terminal": "till_9", "role": "pos", "label": "till"}),
        _ => match &operation.body {
            Some(schema) => document.given(schema).unwrap_or_else(|| document.sample(schema)),
            None => Value::Null,
        },
    }
}

/// Every way in. What the document has and nothing here says, or the other way round, fails.
fn ways(document: &Document) -> Vec<Way> {
    let operations = document.operations();
    let shown: BTreeSet<String> = operations.iter().map(Operation::name).collect();
    let others: BTreeMap<&str, (Asks, Where)> =
        OTHERS.iter().map(|(name, asks, place)| (*name, (*asks, *place))).collect();
    assert_eq!(others.len(), OTHERS.len(), "each is said once");
    for name in others.keys() {
        assert!(shown.contains(*name), "{name} is no operation any more");
    }
    let mut ways = vec![];
    let mut seen = BTreeSet::new();
    for operation in &operations {
        let name = operation.name();
        let row = ROWS
            .iter()
            .find(|row| row.http.as_ref().is_some_and(|http| name == format!("{:?} {}", http.method, http.path)));
        let (asks, place) = match (row, others.get(name.as_str())) {
            (None, None) => panic!("who may send {name}, and where does it take effect? Say it in OTHERS"),
            (_, Some((asks, place))) => (*asks, *place),
            (Some(row), None) => (Asks::Capability(row.capability.name()), reach(&operation.path)),
        };
        if let Some(row) = row {
            assert_eq!(asks, Asks::Capability(row.capability.name()), "{name}");
            seen.insert(row.name);
        }
        assert_eq!(operation.is_public, asks == Asks::Nothing, "{name}: what the document says of credentials");
        let body = body_of(document, operation);
        let path = operation.address(named);
        if let Some(kind) = row.and_then(|row| row.batch) {
            ways.extend(in_batches(kind, (asks, place), &operation.path, &body));
        }
        ways.push(Way { name, asks, place, how: How::Path { method: operation.method.clone(), path, body } });
    }
    for row in ROWS {
        let sent = SENT_BY.iter().find(|(name, _)| *name == row.name);
        match (row.http.is_some(), sent) {
            (true, None) => assert!(seen.contains(row.name), "{} has an address that the document has not", row.name),
            (true, Some(_)) => panic!("{} has an address by the table", row.name),
            (false, None) => panic!("which operation sends {}? Say it in SENT_BY", row.name),
            (false, Some((_, by))) => {
                assert!(by.is_none_or(|by| shown.contains(by)), "{} is sent by what is no operation", row.name);
                if let Some(kind) = row.batch {
                    let by = by.expect("what a batch sends has an address, too");
                    let operation = operations.iter().find(|operation| operation.name() == by).expect("it is shown");
                    let (asks, place) = (Asks::Capability(row.capability.name()), reach(&operation.path));
                    ways.extend(in_batches(kind, (asks, place), &operation.path, &body_of(document, operation)));
                }
            }
        }
    }
    // A session's own end comes last.
    ways.sort_by_key(|way| way.name == "DELETE /v1/session");
    ways
}

fn reach(path: &str) -> Where {
    if path.starts_with("/v1/stores/{store}") { Where::Store } else { Where::Everywhere }
}

/// The ways of a command in a batch: as what is done now, as what was kept, and as what was before.
fn in_batches(kind: &str, (asks, place): (Asks, Where), path: &str, body: &Value) -> Vec<Way> {
    let mut command = json!({"type": kind});
    for part in path.split('/') {
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(parameter) if parameter != "store" => command[field(parameter)] = named(parameter).into(),
            _ => {}
        }
    }
    if kind == "ticket.ready" {
        command["line_id"] = body["line_id"].clone();
    } else if !body.is_null() {
        command["body"] = body.clone();
    }
    let sources = [("online", asks), ("offline", asks), ("imported", Asks::Capability("import"))];
    let way = |(source, asks): (&'static str, Asks)| Way {
        name: format!("{kind} in a batch, {source}"),
        asks,
        place,
        how: How::Batch { command: command.clone(), source },
    };
    sources.map(way).into()
}

/// Somebody who asks.
struct Caller {
    name: String,
    who: Who,
    sends: Sends,
    /// How many commands it has kept.
    kept: u64,
}

/// How somebody sends requests: with a credential, or without the header for one, to the server at this address.
enum Sends {
    With(Box<Till>),
    Without(String),
}

impl Sends {
    async fn send(&mut self, method: &str, path: &str, body: &Value) -> (u16, String) {
        let key = key();
        match self {
            Sends::With(client) => {
                let reply = client.send(method, path, &[("idempotency-key", &key)], body).await;
                (reply.status, String::from_utf8_lossy(&reply.body).into_owned())
            }
            Sends::Without(address) => {
                let body = if body.is_null() { String::new() } else { body.to_string() };
                let kind = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
                let mut stream = TcpStream::connect(&*address).expect("the server listens");
                let length = body.len();
                let head = format!(
                    "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nidempotency-key: {key}\r\n{kind}content-length: {length}\r\n\r\n"
                );
                stream.write_all((head + &body).as_bytes()).expect("it is sent");
                let mut answer = String::new();
                stream.read_to_string(&mut answer).expect("it answers in text");
                let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
                (status, answer.split_once("\r\n\r\n").map_or_else(String::new, |(_, body)| body.to_owned()))
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Who {
    Stranger,
    Operator { is_in_session: bool },
    Member(Member),
}

#[derive(Clone, Debug, Default)]
struct Member {
    role: usize,
    /// The one store it is good at.
    store: Option<&'static str>,
    /// The terminal that it is.
    terminal: Option<&'static str>,
    is_in_session: bool,
    is_of_others: bool,
}

/// What came of a request, as far as it is about who may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Unknown,
    Denied,
    LetIn,
}

fn expected(way: &Way, who: &Who, table: &BTreeMap<&str, Vec<bool>>) -> Outcome {
    let may = |is_so: bool| if is_so { Outcome::LetIn } else { Outcome::Denied };
    match (who, way.asks) {
        (_, Asks::Nothing) => Outcome::LetIn,
        (Who::Stranger, _) => Outcome::Unknown,
        (Who::Operator { .. }, Asks::Operator | Asks::AnyCredential) => Outcome::LetIn,
        (Who::Operator { is_in_session }, asks) => may(asks == Asks::Person && !is_in_session),
        (Who::Member(_), Asks::Operator) => Outcome::Denied,
        (Who::Member(member), asks) => {
            let is_a_persons = ["admin", "manager", "analyst", "auditor"].contains(&ROLES[member.role]);
            let holds = match asks {
                Asks::Person => is_a_persons && !member.is_in_session && member.terminal.is_none(),
                Asks::PersonOrSession => member.is_in_session || (is_a_persons && member.terminal.is_none()),
                Asks::Capability(capability) => table[capability][member.role],
                Asks::Nothing | Asks::Credential | Asks::AnyCredential | Asks::Operator => true,
            };
            let reaches = match way.place {
                Where::Store => member.store.is_none_or(|store| store == "s1"),
                Where::Everywhere => member.store.is_none() || asks == Asks::Credential,
                Where::Own => true,
            };
            let is_taken = match &way.how {
                How::Batch { source: "offline", command } => member.terminal.is_some() && is_of_the_floor(command),
                How::Batch { .. } | How::Path { .. } => true,
            };
            may(holds && reaches && is_taken)
        }
    }
}

/// Whether a device that is away may keep it: what is set up is not done on the floor.
fn is_of_the_floor(command: &Value) -> bool {
    let kind = command["type"].as_str().expect("a type");
    !["menu.", "store.", "day."].iter().any(|setting| kind.starts_with(setting))
}

/// What the rules say to who is let in and all the same is 403: they are about the person or the code, and no matter of the matrix.
const RULES: [&str; 3] = ["approval_required", "enrolment_over", "own_rights"];

/// Sends it; what came of it, and the whole answer.
async fn ask(caller: &mut Caller, way: &Way) -> (Result<Outcome, String>, String) {
    let (status, text) = match &way.how {
        How::Path { method, path, body } => caller.sends.send(method, path, body).await,
        How::Batch { command, source } => {
            let mut command = command.clone();
            command["command_id"] = key().into();
            command["source"] = (*source).into();
            if *source == "offline" {
                caller.kept += 1;
                let terminal = match &caller.who {
                    Who::Member(Member { terminal: Some(terminal), .. }) => terminal,
                    _ => "till_1",
                };
                command["terminal"] = terminal.into();
                command["terminal_seq"] = caller.kept.into();
                command["occurred_at"] = ago(1).into();
            }
            let batch = json!({"commands": [command]});
            caller.sends.send("POST", "/v1/stores/s1/commands", &batch).await
        }
    };
    let answer: Value = serde_json::from_str(&text).unwrap_or_default();
    let result = match &way.how {
        How::Batch { .. } if status == 200 => &answer["results"][0],
        _ => &answer,
    };
    let code = result["code"].as_str().unwrap_or_default();
    let outcome = match (status, code) {
        (401, _) => Ok(Outcome::Unknown),
        (403, code) if RULES.contains(&code) => Ok(Outcome::LetIn),
        (403, _) | (200, "forbidden" | "out_of_scope") => Ok(Outcome::Denied),
        (status, _) if 500 <= status => Err(format!("it broke: {text}")),
        (200, "malformed") if result["pointer"] == "/commands/0/source" => Ok(Outcome::Denied),
        // What does not read is not decided, so nothing was shown about who may.
        (_, "malformed") => Err(format!("it does not read: {text}")),
        _ => Ok(Outcome::LetIn),
    };
    (outcome, text)
}

/// What is written in the house of one tenant, and is in no answer to anybody else.
const MARK: &str = "only ours 7f3a";

/// Asks all of it as one caller: how many cells there were, and where the answer was another than the table's.
async fn walk(caller: &mut Caller, ways: &[Way], counts: &mut Counts, wrong: &mut Vec<String>) {
    let table = table();
    for way in ways {
        let (outcome, text) = ask(caller, way).await;
        let expected = expected(way, &caller.who, &table);
        counts.add("cells", 1);
        if outcome != Ok(expected) {
            wrong
                .push(format!("{} as {}: {expected:?} expected, {outcome:?} came: {text:.200}", way.name, caller.name));
        }
        let is_ours = matches!(&caller.who, Who::Member(member) if !member.is_of_others);
        match (text.contains(MARK), is_ours) {
            (true, true) => counts.add("answers with what is the tenant's own", 1),
            (true, false) => wrong.push(format!("{} as {} shows another tenant's: {text:.300}", way.name, caller.name)),
            (false, _) => {}
        }
    }
}

/// Those of a tenant, whose admin this is: every role for all stores and for one, devices, and people in sessions.
async fn members(server: &Server, admin: &mut Till, is_of_others: bool) -> Vec<Caller> {
    let mut found = vec![];
    let caller = |name: String, member: Member, token: &Value| Caller {
        name: if is_of_others { format!("another tenant's {name}") } else { name },
        sends: Sends::With(Box::new(Till::new(&server.url, token.as_str().expect("a token")))),
        who: Who::Member(Member { is_of_others, ..member }),
        kept: 0,
    };
    for (role, name) in ROLES.iter().enumerate() {
        for store in [None, Some("s1"), Some("s2")] {
            let mut body = json!({"role": name, "label": "matrix"});
            if let Some(store) = store {
                body["stores"] = json!([store]);
            }
            let issued = admin.post("/v1/tokens", &body).await.expect(201);
            let member = Member { role, store, ..Member::default() };
            found.push(caller(format!("{name} of {}", store.unwrap_or("all stores")), member, &issued["token"]));
        }
    }
    for (role, store, terminal) in [(2, "s1", "till_1"), (3, "s1", "screen_1"), (2, "s2", "till_2")] {
        let body = json!({"store": store, "terminal": terminal, "role": ROLES[role], "label": "matrix"});
        let code = admin.post("/v1/devices", &body).await.expect(201)["code"].clone();
        let enrolled = admin.send("POST", "/v1/devices/enrol", &[], &json!({"code": code})).await.expect(201);
        let member = Member { role, store: Some(store), terminal: Some(terminal), ..Member::default() };
        let device = caller(format!("{} device of {store}", ROLES[role]), member.clone(), &enrolled["token"]);
        // Each has a member of staff who signs in there.
        let staff = format!("of_{terminal}");
        admin.command("PUT", &format!("/v1/staff/{staff}"), &json!({"rights": []})).await.expect(200);
        admin.command("PUT", &format!("/v1/staff/{staff}/pin"), &json!({"pin": "280641"})).await.expect(200);
        let mut client = Till::new(&server.url, enrolled["token"].as_str().expect("a token"));
        let who = json!({"staff_id": staff, "pin": "280641"});
        let session = client.send("POST", "/v1/session", &[], &who).await.expect(201);
        let name = format!("who signed in at the {} device of {store}", ROLES[role]);
        found.push(caller(name, Member { is_in_session: true, ..member }, &session["token"]));
        found.push(device);
    }
    let issued = admin.post("/v1/tokens", &json!({"role": "manager", "label": "matrix"})).await.expect(201);
    let mut manager = Till::new(&server.url, issued["token"].as_str().expect("a token"));
    let session = manager.send("POST", "/v1/session", &[], &json!({})).await.expect(201);
    let member = Member { role: 1, is_in_session: true, ..Member::default() };
    found.push(caller("a manager in a session without a device".to_owned(), member, &session["token"]));
    found
}

/// Those who have no credential that is good.
async fn strangers(server: &Server, admin: &mut Till) -> Vec<Caller> {
    let issued = admin.post("/v1/tokens", &json!({"role": "admin", "label": "matrix"})).await.expect(201);
    let revoked = issued["token"].as_str().expect("a token").to_owned();
    let path = format!("/v1/tokens/{}?issued=keep", issued["token_id"].as_str().expect("an id"));
    admin.command("DELETE", &path, &Value::Null).await.expect(200);
    let (id, _) = server.tokens["admin"].rsplit_once('_').expect("an id and a secret");
    let all = [
        ("who sends an empty token", String::new()),
        ("who made a token up", "cmd_0123456789abcdef_wrong".to_owned()),
        ("an admin with a wrong secret", format!("{id}_{}", "0".repeat(64))),
        ("a revoked admin", revoked),
    ];
    let caller = |(name, token): (&str, String)| Caller {
        name: name.to_owned(),
        who: Who::Stranger,
        sends: Sends::With(Box::new(Till::new(&server.url, &token))),
        kept: 0,
    };
    let mut found: Vec<Caller> = all.map(caller).into();
    let address = server.url.strip_prefix("http://").expect("a URL").to_owned();
    found.push(Caller { name: "nobody".to_owned(), who: Who::Stranger, sends: Sends::Without(address), kept: 0 });
    found
}

/// All that a tenant's admin reads, but when tokens were used last.
async fn everything(admin: &mut Till, ways: &[Way]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for way in ways.iter().filter(|way| !matches!(way.asks, Asks::Nothing | Asks::Operator)) {
        if let How::Path { method, path, .. } = &way.how
            && method == "GET"
        {
            let reply = admin.get(path).await;
            let mut seen = String::from_utf8_lossy(&reply.body).into_owned();
            if way.name == "GET /v1/tokens" {
                let mut tokens = reply.json();
                for token in tokens["items"].as_array_mut().expect("tokens") {
                    token["last_used_at"].take();
                }
                seen = tokens.to_string();
            }
            found.insert(way.name.clone(), format!("{} {seen}", reply.status));
        }
    }
    found
}

#[test]
fn every_operation_is_for_whom_the_matrix_says_by_every_way_in_and_tenants_never_meet() {
    let mut house = House::new();
    // Nobody is refused for asking much, and no sum is recorded while what is read is compared.
    let server = house.serve_with(&["--requests-per-address", "1000000", "--security-sum-s", "3600"]);
    let (mut counts, mut wrong) = (Counts::default(), vec![]);
    run(async {
        let mut admin = server.till("admin");
        let document = Document::of(&mut admin).await;
        let ways = ways(&document);
        let mut operator = server.operator();
        let first = json!({"tenant": "acme", "label": "first"});
        let first = operator.post("/v1/tenants", &first).await.expect(201);
        let mut other = Till::new(&server.url, first["token"].as_str().expect("a token"));
        // What is the tenant's own, under names that the other will use as well.
        let staff = json!({"role": "pos", "label": MARK});
        admin.post("/v1/tokens", &staff).await.expect(201);
        let device = json!({"store": "s1", "terminal": "marked", "role": "pos", "label": MARK});
        admin.post("/v1/devices", &device).await.expect(201);
        let line = json!({"line_id": "l1", "item_id": "water", "note": MARK});
        let order = json!({"order_id": "mine", "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later", "lines": [line], "place": true});
        admin.post("/v1/stores/s1/orders", &order).await.expect(201);
        let tax = json!({"name": MARK, "percent_ppm": 70_000, "inclusive": true});
        admin.command("PUT", "/v1/menu/taxes/ours", &tax).await.expect(200);
        let item = json!({"name": MARK, "price": 390, "taxes": ["ours"]});
        admin.command("PUT", "/v1/menu/items/ours", &item).await.expect(200);
        admin.post("/v1/menu/publish", &json!({})).await.expect(200);
        let settings = json!({"name": "Theirs", "currency": "EUR", "time_zone": "Europe/Berlin"});
        for store in ["s1", "s2"] {
            other.command("PUT", &format!("/v1/stores/{store}"), &settings).await.expect(200);
        }
        let (ours, theirs) = (members(&server, &mut admin, false).await, members(&server, &mut other, true).await);
        let mut others = strangers(&server, &mut admin).await;
        let session = operator.send("POST", "/v1/session", &[], &json!({})).await.expect(201);
        let session = Till::new(&server.url, session["token"].as_str().expect("a token"));
        let operators = [("the operator", false, operator), ("the operator in a session", true, session)];
        others.extend(operators.map(|(name, is_in_session, client)| Caller {
            name: name.to_owned(),
            who: Who::Operator { is_in_session },
            sends: Sends::With(Box::new(client)),
            kept: 0,
        }));
        let seen = everything(&mut admin, &ways).await;
        let callers = ours.len() + theirs.len() + others.len();
        for mut caller in theirs.into_iter().chain(others) {
            walk(&mut caller, &ways, &mut counts, &mut wrong).await;
        }
        assert_eq!(counts.of("answers with what is the tenant's own"), 0);
        for (name, after) in everything(&mut admin, &ways).await {
            let before = &seen[&name];
            if *before != after {
                wrong.push(format!("{name} changed by what others did: {before:.300} became {after:.300}"));
            }
        }
        for mut caller in ours {
            walk(&mut caller, &ways, &mut counts, &mut wrong).await;
        }
        counts.add("callers", callers as u64);
        counts.add("ways in", ways.len() as u64);
        counts.add("operations", document.operations().len() as u64);
        assert_eq!(counts.of("cells"), (callers * ways.len()) as u64);
        assert_ne!(counts.of("answers with what is the tenant's own"), 0, "what is looked for can be seen");
    });
    report(14, "authorization matrix", &(0..1), wrong.len() as u64, &counts);
    assert!(wrong.is_empty(), "{} cells differ:\n{}", wrong.len(), wrong.join("\n"));
}
