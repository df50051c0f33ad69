//! A payment provider that is as unreliable as they are: a real HTTP server that authorises, captures and gives back, keeps
//! its own book, and, all of it by seed, repeats, delays, reorders, contradicts and loses what it says of it.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::Listener;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use eventlog::sim::Random;
use gateway::client::Client;
use gateway::providers::signature::sign;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What webhooks are signed with, as the provider shows it.
pub const SECRET: &str = "whsec_c2ltdWxhdG9yLXNlY3JldC0wMQ==";
/// What the provider is asked with.
pub const API_KEY: &str = "sk_simulator";
/// How late the late ones are: later than an order waits for its payment.
const LATE: Duration = Duration::from_millis(3_500);
/// How long a message that was not taken waits until it is sent again.
const RESEND: Duration = Duration::from_millis(100);
/// How often it is sent again: for five minutes.
const RESENDS_MAX: u32 = 3_000;

/// In how many of a hundred cases.
const REPEATED: u64 = 20;
const DELAYED: u64 = 10;
const LOST: u64 = 5;
const CONTRADICTORY: u64 = 2;
const DECLINED: u64 = 8;
const REPLY_LOST: u64 = 5;

/// Who vouches for the provider, and what the provider shows of itself.
pub const AUTHORITY: &str = include_str!("certificates/ca.pem");
const CERTIFICATE: &str = include_str!("certificates/provider.pem");
const KEY: &str = include_str!("certificates/provider.key");

/// A port that speaks TLS only.
struct Hidden {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Hidden {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TlsStream<TcpStream>, SocketAddr) {
        loop {
            let Ok((stream, address)) = self.listener.accept().await else { continue };
            // Who does not believe the certificate hangs up.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A payment in the provider's book.
#[derive(Clone, Debug)]
pub struct Held {
    pub id: String,
    pub reference: String,
    pub status: &'static str,
    pub amount: i64,
    pub currency: String,
    pub is_manual: bool,
    pub captured: i64,
    /// By the client's id: how much, and whether it was given back.
    pub refunds: BTreeMap<String, (i64, bool)>,
}

impl Held {
    pub fn refunded(&self) -> i64 {
        self.refunds.values().filter(|(_, is_done)| *is_done).map(|(amount, _)| amount).sum()
    }

    fn json(&self) -> Value {
        let refunds = self.refunds.iter().map(|(reference, (amount, is_done))| {
            json!({"reference": reference, "amount": amount, "status": if *is_done { "succeeded" } else { "pending" }})
        });
        json!({
            "id": self.id, "reference": self.reference, "status": self.status, "currency": self.currency,
            "amount": if self.captured == 0 { self.amount } else { self.captured }, "code": "declined",
            "refunds": refunds.collect::<Vec<_>>(),
        })
    }
}

/// What happened, for the report.
#[derive(Debug, Default)]
pub struct Counts {
    pub requests: AtomicU64,
    pub replies_lost: AtomicU64,
    pub messages: AtomicU64,
    pub repeated: AtomicU64,
    pub delayed: AtomicU64,
    pub lost: AtomicU64,
    pub contradictory: AtomicU64,
    pub resent: AtomicU64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (requests, replies_lost) = (of(&self.requests), of(&self.replies_lost));
        write!(f, "{requests} requests, {replies_lost} replies lost; {} messages: ", of(&self.messages))?;
        write!(f, "{} repeated, {} delayed, {} lost, ", of(&self.repeated), of(&self.delayed), of(&self.lost))?;
        write!(f, "{} contradictory, {} sent again", of(&self.contradictory), of(&self.resent))
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// The provider.
pub struct Simulator {
    seed: u64,
    pub url: String,
    /// Where its webhooks go: a server and an account there, for each store that shares the merchant account.
    targets: Mutex<Vec<(String, String)>>,
    book: Mutex<HashMap<String, Held>>,
    /// What was asked under a key is done once.
    keys: Mutex<HashMap<String, String>>,
    pub counts: Counts,
    /// Messages on their way.
    pub under_way: AtomicU64,
    /// Answers no request while it is up.
    pub is_down: std::sync::atomic::AtomicBool,
}

impl Simulator {
    /// Starts it on a free port.
    pub async fn start(seed: u64) -> Arc<Simulator> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        Simulator::serve(seed, url, listener)
    }

    /// Starts it on a free port that speaks TLS only, with a certificate that `AUTHORITY` vouches for.
    pub async fn start_tls(seed: u64) -> Arc<Simulator> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("https://{}", listener.local_addr().expect("it is bound"));
        let chain = CertificateDer::pem_slice_iter(CERTIFICATE.as_bytes()).collect::<Result<_, _>>().expect("PEM");
        let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).expect("PEM");
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a certificate with its key");
        Simulator::serve(seed, url, Hidden { listener, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }

    fn serve(seed: u64, url: String, listener: impl Listener<Addr = SocketAddr>) -> Arc<Simulator> {
        let simulator = Arc::new(Simulator {
            seed,
            url,
            targets: Mutex::default(),
            book: Mutex::default(),
            keys: Mutex::default(),
            counts: Counts::default(),
            under_way: AtomicU64::new(0),
            is_down: false.into(),
        });
        let router = Router::new()
            .route("/v1/payments", post(authorise).get(find))
            .route("/v1/payments/{id}", get(look))
            .route("/v1/payments/{id}/capture", post(capture))
            .route("/v1/payments/{id}/void", post(void))
            .route("/v1/payments/{id}/refunds", post(refund))
            .with_state(Arc::clone(&simulator));
        tokio::spawn(async move { axum::serve(listener, router).await });
        simulator
    }

    /// The settings that name it as an account of a store of the demo tenant.
    pub fn settings(&self, account: &str, store: &str, query_after_ms: u64) -> String {
        let url = &self.url;
        format!(
            "[[account]]\nid = \"{account}\"\nadapter = \"standard\"\ntenant = \"demo\"\nstore = \"{store}\"\nbase_url = \"{url}\"\n\
             api_key = \"{API_KEY}\"\nwebhook_secrets = [\"{SECRET}\"]\nquery_after_ms = {query_after_ms}\n"
        )
    }

    /// Sends its webhooks there from now on, to each of the accounts.
    pub fn talk_to(&self, url: &str, accounts: &[&str]) {
        let target = |account: &&str| (url.to_owned(), (*account).to_owned());
        *self.targets.lock().unwrap() = accounts.iter().map(target).collect();
    }

    pub fn book(&self) -> MutexGuard<'_, HashMap<String, Held>> {
        self.book.lock().unwrap()
    }

    /// The same for the same payment in every run with the seed.
    fn chance(&self, of: &str, what: &str) -> Random {
        let mut hasher = DefaultHasher::new();
        (self.seed, of, what).hash(&mut hasher);
        Random::new(hasher.finish())
    }

    fn happens(&self, of: &str, what: &str, percent: u64) -> bool {
        self.chance(of, what).below(100) < percent
    }

    /// Whether the guest is so slow that the order may be gone.
    fn is_late(&self, reference: &str) -> bool {
        self.happens(reference, "late", DELAYED)
    }

    /// Says something: once, several times, late, or not at all.
    fn say(self: &Arc<Self>, held: &Held, kind: &'static str, more: Value) {
        count(&self.counts.messages);
        let event = format!("{kind}:{}:{}", held.reference, more["refund_reference"].as_str().unwrap_or("-"));
        let mut data = json!({
            "payment_id": held.id, "reference": held.reference, "amount": held.amount, "currency": held.currency, "code": "declined",
        });
        more.as_object().into_iter().flatten().for_each(|(name, value)| data[name] = value.clone());
        let body = json!({"type": kind, "data": data}).to_string();
        if self.happens(&event, "lost", LOST) {
            return count(&self.counts.lost);
        }
        let is_repeated = self.happens(&event, "repeated", REPEATED);
        let mut random = self.chance(&event, "delay");
        for time in 0..if is_repeated { 2 + random.below(2) } else { 1 } {
            if time != 0 {
                count(&self.counts.repeated);
            }
            let is_delayed = self.happens(&event, "delayed", DELAYED);
            if is_delayed && time == 0 {
                count(&self.counts.delayed);
            }
            let delay = Duration::from_millis(random.below(80) + if is_delayed { random.below(2_000) } else { 0 });
            self.deliver(&event, &body, delay);
        }
        if self.happens(&event, "contradictory", CONTRADICTORY) {
            self.contradict(held, &event);
        }
    }

    /// Says the opposite of what is so, before it or after it.
    fn contradict(self: &Arc<Self>, held: &Held, event: &str) {
        count(&self.counts.contradictory);
        let mut random = self.chance(event, "contradiction");
        let data = json!({
            "payment_id": held.id, "reference": held.reference, "amount": held.amount, "currency": held.currency, "code": "no_funds",
        });
        let kind = match random.below(2) {
            0 => "payment.failed",
            _ => "payment.authorised",
        };
        let body = json!({"type": kind, "data": data}).to_string();
        self.deliver(&format!("{event}:not"), &body, Duration::from_millis(random.below(300)));
    }

    /// Sends until it is taken, as providers do.
    fn deliver(self: &Arc<Self>, event: &str, body: &str, delay: Duration) {
        for target in 0..self.targets.lock().unwrap().len() {
            let (this, event, body) = (Arc::clone(self), event.to_owned(), body.to_owned());
            this.under_way.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                for _ in 0..RESENDS_MAX {
                    if this.send_to(target, &event, &body, None).await.is_some_and(|(status, _)| status < 300) {
                        break;
                    }
                    count(&this.counts.resent);
                    tokio::time::sleep(RESEND).await;
                }
                this.under_way.fetch_sub(1, Ordering::SeqCst);
            });
        }
    }

    /// Sends a message to the first account once; the status and the answer, if one comes.
    pub async fn send(&self, event: &str, body: &str, secret: Option<&[u8]>) -> Option<(u16, Value)> {
        self.send_to(0, event, body, secret).await
    }

    async fn send_to(&self, target: usize, event: &str, body: &str, secret: Option<&[u8]>) -> Option<(u16, Value)> {
        let (url, account) = self.targets.lock().unwrap()[target].clone();
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
        let time = since.as_secs().to_string();
        let key = STANDARD.decode(SECRET.trim_start_matches("whsec_")).expect("base64");
        let parts: [&[u8]; 5] = [event.as_bytes(), b".", time.as_bytes(), b".", body.as_bytes()];
        let signature = format!("v1,{}", STANDARD.encode(sign(secret.unwrap_or(&key), &parts)));
        let headers = [("webhook-id", event), ("webhook-timestamp", &time), ("webhook-signature", &signature)];
        let mut client = Client::new(&url, "none").expect("an address");
        let path = format!("/v1/webhooks/standard/{account}");
        let answer = client.stream("POST", &path, &headers, Bytes::from(body.to_owned())).await.ok()?;
        let status = answer.status().as_u16();
        let body = http_body_util::BodyExt::collect(answer.into_body()).await.ok()?.to_bytes();
        Some((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }

    /// Answers, or loses the answer once the thing is done.
    fn reply(&self, key: &str, status: StatusCode, body: &Value) -> Response {
        let is_lost = self.happens(key, "reply", REPLY_LOST) && self.first_time(&format!("{key}:reply"));
        if is_lost {
            count(&self.counts.replies_lost);
            return StatusCode::GATEWAY_TIMEOUT.into_response();
        }
        (status, axum::Json(body.clone())).into_response()
    }

    fn first_time(&self, key: &str) -> bool {
        self.keys.lock().unwrap().insert(key.to_owned(), String::new()).is_none()
    }

    /// Who asks, and under which key.
    fn key(&self, headers: &HeaderMap) -> Result<String, Box<Response>> {
        count(&self.counts.requests);
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if self.is_down.load(Ordering::SeqCst) {
            return Err(Box::new(StatusCode::BAD_GATEWAY.into_response()));
        }
        match text("authorization") == format!("Bearer {API_KEY}") {
            true => Ok(text("idempotency-key").to_owned()),
            false => Err(Box::new(refuse("unauthorized"))),
        }
    }

    /// What the guest does with a payment, after a while.
    fn guest(self: &Arc<Self>, id: String, reference: &str) {
        let is_late = self.is_late(reference);
        let wait = Duration::from_millis(self.chance(reference, "guest").below(60))
            + if is_late { LATE } else { Duration::ZERO };
        let this = Arc::clone(self);
        this.under_way.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            let said = {
                let mut book = this.book();
                let held = book.get_mut(&id).expect("it is in the book");
                match held.status {
                    "pending" if this.happens(&held.reference, "declined", DECLINED) => {
                        held.status = "failed";
                        Some((held.clone(), "payment.failed"))
                    }
                    "pending" if held.is_manual => {
                        held.status = "authorised";
                        Some((held.clone(), "payment.authorised"))
                    }
                    "pending" => {
                        (held.status, held.captured) = ("captured", held.amount);
                        Some((held.clone(), "payment.captured"))
                    }
                    _ => None,
                }
            };
            if let Some((held, kind)) = said {
                this.say(&held, kind, json!({}));
            }
            this.under_way.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

fn refuse(code: &str) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, axum::Json(json!({"code": code}))).into_response()
}

fn body(bytes: &Bytes) -> Value {
    serde_json::from_slice(bytes).unwrap_or(Value::Null)
}

async fn authorise(State(this): State<Arc<Simulator>>, headers: HeaderMap, bytes: Bytes) -> Response {
    let key = match this.key(&headers) {
        Ok(key) => key,
        Err(no) => return *no,
    };
    let asked = body(&bytes);
    let reference = asked["reference"].as_str().expect("our id").to_owned();
    let known = this.keys.lock().unwrap().get(&key).cloned();
    let held = match known {
        Some(id) => this.book()[&id].clone(),
        None => {
            let held = Held {
                id: format!("pay_{:016x}", this.chance(&key, "id").below(u64::MAX)),
                reference: reference.clone(),
                status: "pending",
                amount: asked["amount"].as_i64().expect("an amount"),
                currency: asked["currency"].as_str().expect("a currency").to_owned(),
                is_manual: asked["capture"] == "manual",
                captured: 0,
                refunds: BTreeMap::new(),
            };
            this.keys.lock().unwrap().insert(key.clone(), held.id.clone());
            this.book().insert(held.id.clone(), held.clone());
            this.guest(held.id.clone(), &reference);
            held
        }
    };
    this.reply(&key, StatusCode::CREATED, &held.json())
}

async fn find(
    State(this): State<Arc<Simulator>>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    if let Err(no) = this.key(&headers) {
        return *no;
    }
    let book = this.book();
    let found: Vec<Value> =
        book.values().filter(|held| Some(&held.reference) == query.get("reference")).map(Held::json).collect();
    axum::Json(json!({"data": found})).into_response()
}

async fn look(State(this): State<Arc<Simulator>>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    if let Err(no) = this.key(&headers) {
        return *no;
    }
    match this.book().get(&id) {
        Some(held) => axum::Json(held.json()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Does something to a payment; what is said of it goes out when it is in the book.
fn act(
    this: &Arc<Simulator>,
    headers: &HeaderMap,
    id: &str,
    act: impl FnOnce(&mut Held) -> Result<Option<(&'static str, Value)>, &'static str>,
) -> Response {
    let key = match this.key(headers) {
        Ok(key) => key,
        Err(no) => return *no,
    };
    let (held, said) = {
        let mut book = this.book();
        let Some(held) = book.get_mut(id) else { return StatusCode::NOT_FOUND.into_response() };
        match act(held) {
            Ok(said) => (held.clone(), said),
            Err(code) => return refuse(code),
        }
    };
    if let Some((kind, more)) = said {
        this.say(&held, kind, more);
    }
    this.reply(&key, StatusCode::OK, &held.json())
}

async fn capture(
    State(this): State<Arc<Simulator>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Response {
    let amount = body(&bytes)["amount"].as_i64().expect("an amount");
    act(&this, &headers, &id, |held| match held.status {
        "authorised" => {
            (held.status, held.captured) = ("captured", amount);
            Ok(Some(("payment.captured", json!({"amount": amount}))))
        }
        "captured" if held.captured == amount => Ok(None),
        _ => Err("not_capturable"),
    })
}

async fn void(State(this): State<Arc<Simulator>>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    let simulator = Arc::clone(&this);
    act(&this, &headers, &id, |held| match held.status {
        // Every other late guest stands at the terminal, where nobody stops them.
        "pending" if simulator.is_late(&held.reference) && simulator.happens(&held.reference, "stands", 50) => {
            Err("in_progress")
        }
        "pending" | "authorised" => {
            held.status = "voided";
            Ok(Some(("payment.voided", json!({}))))
        }
        "voided" => Ok(None),
        _ => Err("not_voidable"),
    })
}

async fn refund(
    State(this): State<Arc<Simulator>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Response {
    let asked = body(&bytes);
    let reference = asked["reference"].as_str().expect("our id").to_owned();
    let amount = asked["amount"].as_i64().expect("an amount");
    let simulator = Arc::clone(&this);
    act(&this, &headers, &id, |held| {
        let given = held.refunds.values().map(|(amount, _)| amount).sum::<i64>();
        match held.refunds.get(&reference) {
            Some((known, _)) if *known == amount => Ok(None),
            Some(_) => Err("another_amount"),
            None if held.captured < given + amount => Err("too_much"),
            None => {
                held.refunds.insert(reference.clone(), (amount, false));
                give_back(&simulator, held.id.clone(), reference.clone());
                Ok(None)
            }
        }
    })
}

/// The bank takes a while.
fn give_back(this: &Arc<Simulator>, id: String, reference: String) {
    let this = Arc::clone(this);
    this.under_way.fetch_add(1, Ordering::SeqCst);
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(this.chance(&id, "bank").below(300))).await;
        let held = {
            let mut book = this.book();
            let held = book.get_mut(&id).expect("it is in the book");
            held.refunds.get_mut(&reference).expect("it was asked for").1 = true;
            held.clone()
        };
        let amount = held.refunds[&reference].0;
        this.say(&held, "refund.succeeded", json!({"refund_reference": reference, "amount": amount}));
        this.under_way.fetch_sub(1, Ordering::SeqCst);
    });
}
