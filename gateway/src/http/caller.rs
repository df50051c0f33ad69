//! Who calls, and what comes along with a command.

use super::block::may_block;
use super::error::ApiError;
use super::negotiation::best;
use super::peer::{Peer, bearer};
use crate::access::{Capability, allows, needed};
use crate::state::AppState;
use crate::tokens;
use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use bytes::Bytes;
use domain::command::{AccessCommand, Command, Source};
use domain::event::{Role, SentBy};
use domain::ids::{ActorId, CommandId, Revision, StoreId, TenantId, TerminalId, TokenId};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use projections::Grant;
use schemas::json::{parse_body, parse_command_id};
use serde::de::DeserializeOwned;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// The header with the command's id.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header with the terminal a command comes from.
pub const TERMINAL: HeaderName = HeaderName::from_static("x-terminal");
/// The header with the approval of a command.
pub const APPROVAL: HeaderName = HeaderName::from_static("x-approval");
/// The header that named who approves, which nobody believes any more.
const APPROVER: HeaderName = HeaderName::from_static("x-approver");
const PREFER: HeaderName = HeaderName::from_static("prefer");
/// The preference for the resource beside the commit.
const REPRESENTATION: &str = "return=representation";

/// Who calls: the tenant, the role, the stores and the device come from the credential, never from the request.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub struct Caller {
    pub tenant: TenantId,
    /// What the credential may do.
    pub role: Role,
    /// Who the events name.
    pub actor: ActorId,
    /// The credential, as events name it; nothing where there is none.
    pub sent_by: Option<SentBy>,
    /// What the credential says of itself.
    pub grant: Arc<Grant>,
}

impl Caller {
    /// Whoever has the data directory, who may do everything in it.
    pub fn of_directory(tenant: TenantId, actor: ActorId) -> Caller {
        let (role, token) = (Role::Admin, TokenId(actor.0));
        let grant = Grant { tenant, role, token, stores: None, device: None, expires_at: None, staff: None };
        Caller { tenant, role, actor, sent_by: None, grant: Arc::new(grant) }
    }

    /// Demands a capability.
    ///
    /// # Errors
    /// [`ApiError::Forbidden`].
    pub fn may(&self, capability: Capability) -> Result<(), ApiError> {
        match allows(self.role, capability) {
            true => Ok(()),
            false => Err(ApiError::Forbidden { capability: capability.name() }),
        }
    }

    /// Demands what it takes to send a command: the capability, and that the credential is good where it takes effect.
    ///
    /// # Errors
    /// [`ApiError::Forbidden`], [`ApiError::OutOfScope`].
    pub fn may_send(&self, command: &Command, source: Source) -> Result<(), ApiError> {
        self.may(needed(command, source))?;
        if let Command::Access(AccessCommand::PutStaff { staff, .. }) = command
            && *staff == self.actor
        {
            return Err(ApiError::OwnRights);
        }
        match command {
            Command::Store(store, _) => self.is_good_at(*store),
            // It says itself of which stores.
            Command::Access(AccessCommand::RemoveDevice { .. }) => Ok(()),
            Command::Menu(_) | Command::Access(_) => self.is_good_everywhere(),
        }
    }

    /// Demands that the credential is good at a store.
    ///
    /// # Errors
    /// [`ApiError::OutOfScope`].
    pub fn is_good_at(&self, store: StoreId) -> Result<(), ApiError> {
        match self.stores().is_none_or(|stores| stores.contains(&store)) {
            true => Ok(()),
            false => Err(ApiError::OutOfScope { store: Some(store) }),
        }
    }

    /// Demands that the credential is good at all stores: what belongs to none of them takes effect in all.
    ///
    /// # Errors
    /// [`ApiError::OutOfScope`].
    pub fn is_good_everywhere(&self) -> Result<(), ApiError> {
        match self.stores() {
            None => Ok(()),
            Some(_) => Err(ApiError::OutOfScope { store: None }),
        }
    }

    /// Whether a person holds the credential.
    pub fn is_a_persons(&self) -> bool {
        self.grant.staff.is_some() || (self.grant.device.is_none() && is_a_persons(self.role))
    }

    /// The stores the credential is good at; all of them where nothing is said.
    pub fn stores(&self) -> Option<&[StoreId]> {
        self.grant.stores.as_deref()
    }

    /// The terminal a request speaks as. Only a device speaks as one, and only as its own; what it sends without naming it comes
    /// from there all the same.
    ///
    /// # Errors
    /// [`ApiError::NotADevice`], [`ApiError::OtherTerminal`].
    pub fn terminal(&self, named: Option<TerminalId>) -> Result<Option<TerminalId>, ApiError> {
        match (&self.grant.device, named) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(ApiError::NotADevice),
            (Some(device), Some(named)) if named != device.terminal => {
                Err(ApiError::OtherTerminal { own: device.terminal, named })
            }
            (Some(device), _) => Ok(Some(device.terminal)),
        }
    }
}

/// Whether people hold tokens of the role; the others are of devices.
pub fn is_a_persons(role: Role) -> bool {
    match role {
        Role::Admin | Role::Manager | Role::Analyst | Role::Auditor => true,
        Role::Pos | Role::Kitchen => false,
    }
}

impl FromRequestParts<Arc<AppState>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<AppState>) -> Result<Caller, ApiError> {
        let Some(grant) = parts.extensions.get::<Peer>().and_then(|peer| peer.grant.clone()) else {
            let token = bearer(&parts.headers).ok_or(ApiError::Unauthenticated)?;
            let (id, secret_sha256) = tokens::parse(token).ok_or(ApiError::Unauthenticated)?;
            return Err(match may_block(|| app.operator.is(id, &secret_sha256, app.certain_now())) {
                // It belongs to no tenant, so there is nothing here for it.
                true => ApiError::Forbidden { capability: "a_tenants_token" },
                false => ApiError::Unauthenticated,
            });
        };
        let caller = Caller {
            tenant: grant.tenant,
            role: grant.role,
            actor: grant.staff.unwrap_or(ActorId(grant.token.0)),
            sent_by: Some(SentBy { token: grant.token, device: grant.device.map(|device| device.device) }),
            grant,
        };
        if caller.stores().is_some() {
            // Here, so that no address can be left out.
            let path = RawPathParams::from_request_parts(parts, app).await.ok();
            let stores = path.iter().flatten().filter(|(name, _)| *name == "store");
            for store in stores.filter_map(|(_, text)| StoreId::parse(text).ok()) {
                caller.is_good_at(store)?;
            }
        }
        Ok(caller)
    }
}

/// Whoever signs in or out.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "names say all")]
pub enum AnyCaller {
    Tenants(Caller),
    Operator(OperatorCaller),
}

impl FromRequestParts<Arc<AppState>> for AnyCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<AppState>) -> Result<AnyCaller, ApiError> {
        match OperatorCaller::from_request_parts(parts, app).await {
            Ok(operator) => Ok(AnyCaller::Operator(operator)),
            Err(_) => Caller::from_request_parts(parts, app).await.map(AnyCaller::Tenants),
        }
    }
}

/// Whoever runs the server, who belongs to no tenant.
#[derive(Clone, Copy, Debug)]
pub struct OperatorCaller {
    /// What the secret of their credential, or of their session, comes to.
    pub secret_sha256: [u8; 32],
}

impl FromRequestParts<Arc<AppState>> for OperatorCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<AppState>) -> Result<OperatorCaller, ApiError> {
        let token = bearer(&parts.headers).ok_or(ApiError::Unauthenticated)?;
        let (id, secret_sha256) = tokens::parse(token).ok_or(ApiError::Unauthenticated)?;
        if may_block(|| app.operator.is(id, &secret_sha256, app.certain_now())) {
            return Ok(OperatorCaller { secret_sha256 });
        }
        match parts.extensions.get::<Peer>().is_some_and(|peer| peer.grant.is_some()) {
            true => Err(ApiError::Forbidden { capability: "operate" }),
            false => Err(ApiError::Unauthenticated),
        }
    }
}

/// What a reader has and takes. The headers themselves would have to be copied for that.
#[derive(Clone, Debug)]
pub struct ReadHeaders {
    if_none_match: Option<HeaderValue>,
    /// Whether the answer may be compressed by gzip.
    pub accepts_gzip: bool,
    /// Whether plain text is wanted rather than JSON, where there is both.
    pub prefers_text: bool,
}

impl<S: Sync> FromRequestParts<S> for ReadHeaders {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<ReadHeaders, Infallible> {
        let is_gzip = |coding: &str| coding.trim().split(';').next() == Some("gzip");
        let accepted = parts.headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
        Ok(ReadHeaders {
            if_none_match: parts.headers.get(header::IF_NONE_MATCH).cloned(),
            accepts_gzip: accepted.is_some_and(|accepted| accepted.split(',').any(is_gzip)),
            prefers_text: best(parts.headers.get_all(header::ACCEPT), &["application/json", "text/plain"])
                == Some("text/plain"),
        })
    }
}

impl ReadHeaders {
    /// Whether the client has this version: `If-None-Match` compares weakly (RFC 9110, section 13.1.2).
    pub fn has(&self, etag: &str) -> bool {
        let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let Some(known) = self.if_none_match.as_ref().and_then(|value| value.to_str().ok()) else { return false };
        known.trim() == "*" || known.split(',').any(|tag| strong(tag) == strong(etag))
    }
}

/// What comes along with a command in its headers.
#[derive(Clone, Debug)]
pub struct CommandHeaders {
    /// `Idempotency-Key`.
    pub command_id: CommandId,
    /// `If-Match`.
    pub expected_revision: Option<Revision>,
    /// `X-Terminal`.
    pub terminal: Option<TerminalId>,
    /// `X-Approval`.
    pub approval: Option<String>,
    /// `Prefer: return=representation`.
    pub wants_representation: bool,
}

impl<S: Sync> FromRequestParts<S> for CommandHeaders {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<CommandHeaders, ApiError> {
        let headers = &parts.headers;
        let key = text(headers, &IDEMPOTENCY_KEY, "Idempotency-Key")?.ok_or_else(|| ApiError::Header {
            name: "Idempotency-Key",
            problem: "is missing: send a UUID that you made and keep for this command".to_owned(),
        })?;
        let command_id = parse_command_id(key)
            .map_err(|bad| ApiError::Header { name: "Idempotency-Key", problem: bad.to_string() })?;
        if commands::is_derived(command_id) {
            let problem = "is of a UUID version that only the engine uses; send one of version 4 or 7".to_owned();
            return Err(ApiError::Header { name: "Idempotency-Key", problem });
        }
        let terminal = text(headers, &TERMINAL, "X-Terminal")?.map(|id| {
            TerminalId::parse(id).map_err(|bad| ApiError::Header { name: "X-Terminal", problem: bad.to_string() })
        });
        if headers.contains_key(&APPROVER) {
            return Err(ApiError::ApproverUnproven);
        }
        // A preference that is not understood is none (RFC 7240), and there may be several.
        let wants = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
        Ok(CommandHeaders {
            command_id,
            expected_revision: text(headers, &header::IF_MATCH, "If-Match")?.map(revision).transpose()?,
            terminal: terminal.transpose()?,
            approval: text(headers, &APPROVAL, "X-Approval")?.map(str::to_owned),
            wants_representation: wants.flat_map(|wants| wants.split(',')).any(|wish| wish.trim() == REPRESENTATION),
        })
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName, shown: &'static str) -> Result<Option<&'a str>, ApiError> {
    let bad = |problem: &str| Err(ApiError::Header { name: shown, problem: problem.to_owned() });
    let mut values = headers.get_all(name).iter();
    match (values.next().map(|value| value.to_str()), values.next()) {
        (None, _) => Ok(None),
        // Whichever was taken, the client may have meant the other.
        (Some(_), Some(_)) => bad("is there twice; send it once"),
        (Some(Ok(text)), None) => Ok(Some(text.trim())),
        (Some(Err(_)), None) => bad("must be plain text"),
    }
}

/// `"7"`, `W/"7"` and `7` are revision 7.
fn revision(text: &str) -> Result<Revision, ApiError> {
    let digits = text.trim_start_matches("W/").trim_matches('"');
    digits.parse().map(Revision).map_err(|_| ApiError::Header {
        name: "If-Match",
        problem: "must be the revision of the command's stream in quotes, such as \"7\"".to_owned(),
    })
}

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// The bytes of a body, at most `max`.
///
/// # Errors
/// [`ApiError::TooLarge`] and [`ApiError::BodyLost`].
pub async fn collect(body: Body, max: usize) -> Result<Bytes, ApiError> {
    // What says that it is too large is not asked for.
    if max < usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX) {
        return Err(ApiError::TooLarge { max });
    }
    let body = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, max).collect()).await;
    let bytes =
        body.map_err(|_| ApiError::BodyLost)?.map_err(|error| match error.downcast_ref::<LengthLimitError>() {
            Some(_) => ApiError::TooLarge { max },
            None => ApiError::BodyLost,
        })?;
    Ok(bytes.to_bytes())
}

/// The bytes of a JSON body, at most `max`.
///
/// # Errors
/// [`ApiError::MediaType`], and those of [`collect`].
pub async fn json_bytes(request: Request<Body>, max: usize) -> Result<Bytes, ApiError> {
    let is_json = match request.headers().get(header::CONTENT_TYPE) {
        // Commands without arguments need no body, and a body that is not there has no type.
        None => true,
        Some(value) => value.to_str().is_ok_and(|kind| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case("application/json") || kind.ends_with("+json")
        }),
    };
    let has_type = request.headers().contains_key(header::CONTENT_TYPE);
    let bytes = collect(request.into_body(), max).await?;
    if !is_json || (!has_type && !bytes.is_empty()) {
        return Err(ApiError::MediaType);
    }
    Ok(bytes)
}

/// A JSON body of at most `MAX` bytes.
#[derive(Clone, Debug)]
pub struct Json<T, const MAX: usize = { 64 << 10 }>(pub T);

impl<T: DeserializeOwned, S: Sync, const MAX: usize> FromRequest<S> for Json<T, MAX> {
    type Rejection = ApiError;

    async fn from_request(request: Request<Body>, _state: &S) -> Result<Json<T, MAX>, ApiError> {
        Ok(Json(parse_body(&json_bytes(request, MAX).await?)?))
    }
}
