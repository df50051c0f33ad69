//! What of an answer the security log wants to know: said once, by the address and the method, for whatever is at them.

use axum::http::{Method, StatusCode};
use domain::event::{Act, Role};
use domain::ids::{TenantId, TokenId};
use schemas::command::{Capability, ROWS};

/// The methods that are told apart.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// The acts that requests to an address are, by their methods.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watched([Option<Act>; METHODS.len()]);

/// Whom an answer let in who came without a credential; beside it, in its extensions.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "names say all")]
pub struct LetIn {
    pub tenant: TenantId,
    pub credential: Option<TokenId>,
}

/// The code of a problem; beside the answer that says it, in its extensions.
#[derive(Clone, Debug)]
pub struct ProblemCode(pub std::borrow::Cow<'static, str>);

impl Watched {
    /// At this address, as it is written in the OpenAPI document.
    pub fn at(path: &str) -> Watched {
        Watched(METHODS.map(|method| act(method, path)))
    }

    /// What an answer means, and the method's name; nothing where nobody has to know.
    pub fn act(&self, method: &Method, status: StatusCode, role: Option<Role>) -> Option<(Act, &'static str)> {
        let index = METHODS.iter().position(|name| *name == method.as_str());
        let name = index.map_or("OTHER", |index| METHODS[index]);
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => {
                Some((Act::Refused, name))
            }
            _ if status.is_success() => {
                let act = self.0[index?]?;
                // Whoever runs a store reads it all day; who only reads is looked at.
                let is_reader = matches!(role, Some(Role::Analyst | Role::Auditor));
                (act != Act::Read || is_reader).then_some((act, name))
            }
            _ => None,
        }
    }
}

fn act(method: &str, path: &str) -> Option<Act> {
    match (method, path) {
        ("POST", "/v1/tokens" | "/v1/tokens/exchange" | "/v1/tenants" | "/v1/devices") => Some(Act::Issued),
        ("DELETE", "/v1/tokens/{token}" | "/v1/devices/{device}" | "/v1/session") => Some(Act::Revoked),
        ("POST", "/v1/session" | "/v1/devices/enrol") => Some(Act::SignedIn),
        ("POST", "/v1/stores/{store}/approvals") => Some(Act::Approved),
        ("PUT", "/v1/staff/{staff}/pin") => Some(Act::Configured),
        ("GET", "/v1/feed" | "/v1/security") => Some(Act::Read),
        ("GET", path) if path.ends_with("/history") || path.starts_with("/v1/reports/") => Some(Act::Read),
        ("GET", path) if path.starts_with("/v1/stores/{store}/days") => Some(Act::Read),
        _ => is_configuration(method, path).then_some(Act::Configured),
    }
}

/// Whether it changes who may do what, and where.
fn is_configuration(method: &str, path: &str) -> bool {
    let configures = |capability| {
        matches!(
            capability,
            Capability::ManageStores | Capability::ManageStaff | Capability::ManageDevices | Capability::ManageTokens
        )
    };
    ROWS.iter().any(|row| {
        let is_here = |http: &schemas::command::Http| http.path == path && format!("{:?}", http.method) == method;
        configures(row.capability) && row.http.as_ref().is_some_and(is_here)
    })
}
