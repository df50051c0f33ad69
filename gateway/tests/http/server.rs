//! The release of the binary under test, started as a user would: own directory, port 0, killed at the end.

use bytes::Bytes;
use gateway::client::Client;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// A data directory with its tokens: survives its servers.
pub struct House {
    dir: TempDir,
    tokens: HashMap<String, String>,
    devices: Devices,
    ops_url: Option<String>,
}

/// The tokens of the devices that were enrolled, by the path of their store and their terminal.
type Devices = Arc<Mutex<HashMap<(String, String), String>>>;

/// A running server.
pub struct Server {
    child: Child,
    pub url: String,
    pub tokens: HashMap<String, String>,
    pub data: PathBuf,
    devices: Devices,
}

/// What a server answers.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HashMap<String, String>,
    pub body: Bytes,
}

impl Reply {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    /// The body of an answer that has this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }

    pub fn position(&self) -> String {
        self.headers["x-position"].clone()
    }
}

/// The binary under test: the one built with the tests, or the one that `COMANDA_BIN` names.
pub fn comanda() -> Command {
    let built = || env!("CARGO_BIN_EXE_comanda").into();
    let mut command = Command::new(std::env::var_os("COMANDA_BIN").unwrap_or_else(built));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("COMANDA_")) {
        command.env_remove(name);
    }
    command
}

impl House {
    pub fn new() -> House {
        House {
            dir: TempDir::new().expect("a directory for the test"),
            tokens: HashMap::new(),
            devices: Devices::default(),
            ops_url: None,
        }
    }

    /// One whose data come from elsewhere, with their tokens.
    pub fn with_tokens(tokens: HashMap<String, String>) -> House {
        House { tokens, ..House::new() }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// Starts a server on the directory; the first start shows the demo's tokens.
    pub fn serve(&mut self) -> Server {
        self.serve_with(&[])
    }

    /// As [`House::serve`], with more arguments.
    pub fn serve_with(&mut self, arguments: &[&str]) -> Server {
        self.start(&[&["--listen", "127.0.0.1:0"], arguments].concat())
    }

    /// As [`House::serve`], with a log of short segments, in MiB.
    pub fn serve_in_segments(&mut self, mib: u16) -> Server {
        self.serve_with(&["--segment-mib", &mib.to_string()])
    }

    /// As [`House::serve`], on an address of the test's choice.
    pub fn serve_on(&mut self, address: &str) -> Server {
        self.start(&["--listen", address])
    }

    /// As [`House::serve_on`], with all the arguments there are.
    pub fn serve_with_listen(&mut self, arguments: &[&str]) -> Server {
        self.start(arguments)
    }

    /// As [`House::serve_with`], started by another program that takes the rest of its arguments for a command.
    pub fn serve_under(&mut self, starter: &[&str], arguments: &[&str]) -> Server {
        let binary = comanda();
        let mut command = Command::new(starter[0]);
        for (name, value) in binary.get_envs().filter(|(_, value)| value.is_none()) {
            debug_assert!(value.is_none(), "settings are only taken away");
            command.env_remove(name);
        }
        command.args(&starter[1..]).arg(binary.get_program());
        self.start_by(command, &[&["--listen", "127.0.0.1:0"], arguments].concat())
    }

    fn start(&mut self, arguments: &[&str]) -> Server {
        self.start_by(comanda(), arguments)
    }

    fn start_by(&mut self, mut command: Command, arguments: &[&str]) -> Server {
        let mut child = command
            .arg("serve")
            .args(arguments)
            .arg("--data")
            .arg(self.data())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::options().create(true).append(true).open(self.path().join("stderr")).expect("a log"))
            .spawn()
            .expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
        let first =
            lines.next().unwrap_or_else(|| panic!("it does not start: {}", self.log())).expect("its output is text");
        let url = first.split_whitespace().find(|word| word.contains("://")).expect("it prints its URL").to_owned();
        self.ops_url = first.split_once("operations on ").map(|(_, ops)| ops.trim_end_matches(')').to_owned());
        if self.tokens.is_empty() {
            lines.next().expect("it announces tokens").expect("its output is text");
            for line in lines.take(6) {
                let line = line.expect("its output is text");
                let (role, token) = line.trim().split_once(' ').expect("a role and a token");
                self.tokens.insert(role.to_owned(), token.trim().to_owned());
            }
        }
        Server { child, url, tokens: self.tokens.clone(), data: self.data(), devices: Arc::clone(&self.devices) }
    }

    /// Where the newest server listens for operations.
    pub fn ops_url(&self) -> String {
        self.ops_url.clone().expect("it was told to")
    }

    /// What the servers wrote to standard error.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path().join("stderr")).unwrap_or_default()
    }
}

impl Server {
    /// The id of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().expect("it is running");
        self.child.wait().expect("it ends");
    }

    /// SIGTERM, and the exit code.
    pub fn stop(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill is there").success());
        self.child.wait().expect("it ends").code()
    }

    /// Waits until it ends by itself; the exit code.
    pub fn end(mut self) -> Option<i32> {
        self.child.wait().expect("it ends").code()
    }

    pub fn till(&self, role: &str) -> Till {
        let client = Client::new(&self.url, &self.tokens[role]).expect("its URL is one");
        let enrols = self.tokens.get("admin").map(|admin| (self.url.clone(), admin.clone(), Arc::clone(&self.devices)));
        Till { client, next: 0, enrols, operator: Some((self.url.clone(), self.operator_token())), pages: None }
    }

    /// What the operator's credential is.
    pub fn operator_token(&self) -> String {
        let token = std::fs::read_to_string(self.data.join("operator.token")).expect("the first start makes it");
        token.trim().to_owned()
    }

    /// A device of `store`, such as `/v1/stores/s1`, that is enrolled as this terminal.
    pub async fn device(&self, store: &str, terminal: &str) -> Till {
        self.till("admin").device(store, terminal).await
    }

    /// Gives the tokens of these roles these rights, as members of staff.
    pub async fn may(&self, roles: &[&str], rights: &[&str]) {
        let mut admin = self.till("admin");
        for role in roles {
            let staff = self.tokens[*role].split('_').nth(1).expect("an id");
            let put = admin.command("PUT", &format!("/v1/staff/{staff}"), &json!({"rights": rights})).await;
            put.expect(200);
        }
    }

    /// Makes drawers of a store, as who runs it does: each has had a shift then.
    pub async fn make_drawers(&self, store: &str, drawers: &[&str]) {
        let mut manager = self.till("manager");
        for drawer in drawers {
            let at = |what: &str| format!("{store}/drawers/{drawer}/{what}");
            manager.post(&at("open"), &json!({"float": 0})).await.expect(201);
            manager.post(&at("close"), &json!({"counted": 0})).await.expect(200);
        }
    }

    /// Gives a device, as a member of staff, these rights.
    pub async fn device_may(&self, store: &str, terminal: &str, rights: &[&str]) {
        self.device(store, terminal).await;
        let place = (store.to_owned(), terminal.to_owned());
        let token = self.devices.lock().expect("nobody panicked")[&place].clone();
        let staff = token.split('_').nth(1).expect("an id").to_owned();
        self.till("admin").command("PUT", &format!("/v1/staff/{staff}"), &json!({"rights": rights})).await.expect(200);
    }

    /// Whoever runs it.
    pub fn operator(&self) -> Till {
        Till::new(&self.url, &self.operator_token())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already is none to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client with one connection.
pub struct Till {
    client: Client,
    next: u32,
    /// Where and with which admin's token devices are enrolled.
    enrols: Option<(String, String, Devices)>,
    /// Where and with which credential the operations pages are read.
    operator: Option<(String, String)>,
    pages: Option<Client>,
}

/// A fresh UUID.
pub fn key() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// So many minutes ago, as a till whose clock is right would have it.
pub fn ago(minutes: i64) -> String {
    (jiff::Timestamp::now() - jiff::SignedDuration::from_mins(minutes)).to_string()
}

/// The business date of that moment in the demo's first store.
pub fn business_date(minutes_ago: i64) -> String {
    let then = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(minutes_ago + 4 * 60);
    then.in_tz("Europe/Berlin").expect("a time zone").date().to_string()
}

impl Till {
    /// One that outlives servers at its address.
    pub fn new(url: &str, token: &str) -> Till {
        Till {
            client: Client::new(url, token).expect("its URL is one"),
            next: 0,
            enrols: None,
            operator: None,
            pages: None,
        }
    }

    /// Who asks: the operator for the pages of operations, where the test is of the house, and the token's own client else.
    fn client_for(&mut self, path: &str) -> &mut Client {
        if let ("/metrics" | "/readyz", Some((url, token))) = (path, &self.operator) {
            self.pages = Some(Client::new(url, token).expect("its URL is one"));
            return self.pages.as_mut().expect("it was made just now");
        }
        &mut self.client
    }

    /// A device of `store`, such as `/v1/stores/s1`, that is enrolled as this terminal: the first time, and found again later.
    pub async fn device(&self, store: &str, terminal: &str) -> Till {
        let (url, admin, devices) = self.enrols.clone().expect("an admin of the same house enrols it");
        let place = (store.to_owned(), terminal.to_owned());
        let known = devices.lock().expect("nobody panicked").get(&place).cloned();
        let token = match known {
            Some(token) => token,
            None => {
                let mut admin = Till::new(&url, &admin);
                let store = store.rsplit('/').next().expect("a path");
                let body = json!({"store": store, "terminal": terminal, "role": "pos", "label": terminal});
                let code = admin.post("/v1/devices", &body).await.expect(201)["code"].clone();
                let enrolled = admin.send("POST", "/v1/devices/enrol", &[], &json!({"code": code})).await.expect(201);
                let token = enrolled["token"].as_str().expect("a token").to_owned();
                devices.lock().expect("nobody panicked").insert(place, token.clone());
                token
            }
        };
        Till { enrols: self.enrols.clone(), operator: self.operator.clone(), ..Till::new(&url, &token) }
    }

    /// A session of a member of staff, who signs in with a PIN on a device of the store: the first time, and found again later.
    pub async fn session(&self, store: &str, staff: &str) -> Till {
        let (url, admin, devices) = self.enrols.clone().expect("an admin of the same house sets the PIN");
        let place = (store.to_owned(), format!("session of {staff}"));
        let known = devices.lock().expect("nobody panicked").get(&place).cloned();
        let token = match known {
            Some(token) => token,
            None => {
                let pin = json!({"pin": "280641"});
                Till::new(&url, &admin).command("PUT", &format!("/v1/staff/{staff}/pin"), &pin).await.expect(200);
                let who = json!({"staff_id": staff, "pin": "280641"});
                let mut device = self.device(store, "office").await;
                let session = device.send("POST", "/v1/session", &[], &who).await.expect(201);
                let token = session["token"].as_str().expect("a token").to_owned();
                devices.lock().expect("nobody panicked").insert(place, token.clone());
                token
            }
        };
        Till { enrols: self.enrols.clone(), ..Till::new(&url, &token) }
    }

    /// The approval of a command by a member of staff, who is asked and signs in for it.
    pub async fn approval(&self, store: &str, by: &str, command: &Value) -> String {
        let body = json!({"command": command});
        let given = self.session(store, by).await.send("POST", &format!("{store}/approvals"), &[], &body).await;
        given.expect(201)["approval_id"].as_str().expect("an id").to_owned()
    }

    /// A command under a key of its own that a member of staff has approved.
    pub async fn approved(&mut self, by: &str, method: &str, path: &str, body: &Value) -> Reply {
        let store: Vec<&str> = path.split('/').take(4).collect();
        let mut command = json!({"method": method, "path": path});
        if !body.is_null() {
            command["body"] = body.clone();
        }
        let approval = self.approval(&store.join("/"), by, &command).await;
        self.send(method, path, &[("idempotency-key", &key()), ("x-approval", &approval)], body).await
    }

    /// Sends commands of a batch, those of each terminal with its own device, and the others with the own token: what the answers say
    /// of each, in the order of the commands.
    pub async fn upload(&mut self, store: &str, commands: &[Value]) -> Value {
        let path = format!("{store}/commands");
        let mut results = vec![Value::Null; commands.len()];
        let terminals: BTreeSet<Option<&str>> = commands.iter().map(|command| command["terminal"].as_str()).collect();
        for terminal in terminals {
            let own: Vec<usize> =
                (0..commands.len()).filter(|at| commands[*at]["terminal"].as_str() == terminal).collect();
            let batch = json!({"commands": own.iter().map(|at| &commands[*at]).collect::<Vec<_>>()});
            let answer = match terminal {
                Some(terminal) => self.device(store, terminal).await.send("POST", &path, &[], &batch).await,
                None => self.send("POST", &path, &[], &batch).await,
            };
            let answer = answer.expect(200);
            for (at, result) in own.into_iter().zip(answer["results"].as_array().expect("results")) {
                results[at] = result.clone();
            }
        }
        json!({"results": results})
    }

    /// Sends a request; `None` where nobody answers.
    pub async fn try_send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Option<Reply> {
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        let response = self.client_for(path).stream(method, path, headers, body).await.ok()?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.ok()?.to_bytes();
        Some(Reply { status, headers: HashMap::new(), body })
    }

    pub async fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        let response = self.client_for(path).stream(method, path, headers, body).await.expect("the server answers");
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
            .collect();
        let body = response.into_body().collect().await.expect("the body comes whole").to_bytes();
        Reply { status, headers, body }
    }

    /// A command under a key of its own.
    pub async fn command(&mut self, method: &str, path: &str, body: &Value) -> Reply {
        self.send(method, path, &[("idempotency-key", &key())], body).await
    }

    pub async fn post(&mut self, path: &str, body: &Value) -> Reply {
        self.command("POST", path, body).await
    }

    pub async fn get(&mut self, path: &str) -> Reply {
        self.send("GET", path, &[], &Value::Null).await
    }

    /// An id nobody else in the test uses.
    pub fn id(&mut self, prefix: &str) -> String {
        self.next += 1;
        format!("{prefix}_{}_{}", &key()[24..], self.next)
    }
}

/// Runs an async test body.
pub fn run<T>(body: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime for the test")
        .block_on(body)
}

/// The folder with real order files; `None`, said loudly, where it is absent. Absent under `CI` it is a failure.
pub fn shared() -> Option<Arc<Path>> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared").to_owned();
    let path = PathBuf::from(std::env::var("COMANDA_SHARED").unwrap_or(default));
    if path.join("data/expected.json").is_file() {
        return Some(path.into());
    }
    assert!(std::env::var_os("CI").is_none(), "the real order files are absent: {}", path.display());
    // Past the capture of the test runner, so that nobody takes a skipped test for a passed one.
    let _ = writeln!(std::io::stderr(), "SKIPPED: the real order files are absent: {}", path.display());
    None
}
