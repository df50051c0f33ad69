//! `comanda token`: issues and revokes access tokens, of a running server or in a data directory.

use super::common::{TrustArgs, answer, data_dir, fail};
use crate::app::{AppError, Running};
use crate::client::{Client, ClientError};
use crate::tokens;
use clap::{Args, Subcommand};
use commands::{CommandError, Envelope, derived_id};
use domain::command::{AccessCommand, Command, Issued};
use domain::event::Role;
use domain::ids::{ActorId, TenantId, Text, TokenId};
use schemas::json::wire::name_of;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// What to do with tokens.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  comanda token issue --role pos --label 'till 3' --url http://127.0.0.1:8080 --token cmd_...\n  comanda token issue --role admin --label 'first admin' --tenant acme --data ./data   (server stopped)\n  comanda token revoke 0123456789abcdef --url http://127.0.0.1:8080 --token cmd_..."
)]
pub struct TokenArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Clone, Debug, Subcommand)]
enum Verb {
    /// Issues a token and shows it, once.
    Issue {
        /// What it may do: admin, manager, pos, kitchen, analyst or auditor.
        #[arg(long, value_parser = parse_role)]
        role: Role,
        /// What it is for.
        #[arg(long, value_parser = |text: &str| Text::parse(text).map_err(|bad| bad.to_string()))]
        label: Text,
        #[command(flatten)]
        place: Place,
    },
    /// Stops a token.
    Revoke {
        /// The token's id: what stands between `cmd_` and the next `_`.
        #[arg(value_parser = |text: &str| TokenId::parse(text).map_err(|bad| bad.to_string()))]
        token_id: TokenId,
        /// What becomes of the tokens that were issued with it, `revoke` or `keep`; it has to be said of an admin's.
        #[arg(long, value_parser = parse_issued)]
        issued: Option<Issued>,
        #[command(flatten)]
        place: Place,
    },
    /// Lists the tokens of a running server's tenant, without their secrets.
    List {
        /// The server.
        #[arg(long)]
        url: String,
        /// An admin's token.
        #[arg(long, env = "COMANDA_TOKEN", hide_env_values = true)]
        token: String,
        #[command(flatten)]
        trust: TrustArgs,
    },
}

/// Where to do it.
#[derive(Clone, Debug, Args)]
struct Place {
    /// In this data directory; no server may be running on it [env: COMANDA_DATA] [default: ./data].
    #[arg(long, value_name = "DIR", conflicts_with = "url")]
    data: Option<PathBuf>,
    /// Of this tenant; of a server, the token says which. A new tenant starts with its first token.
    #[arg(long, default_value = "demo", conflicts_with = "url", value_parser = |text: &str| TenantId::parse(text).map_err(|bad| bad.to_string()))]
    tenant: TenantId,
    /// At a running server instead.
    #[arg(long, requires = "token")]
    url: Option<String>,
    /// An admin's token.
    #[arg(long, env = "COMANDA_TOKEN", hide_env_values = true)]
    token: Option<String>,
    #[command(flatten)]
    trust: TrustArgs,
}

impl Place {
    /// The running server that it names.
    fn server(&self) -> Option<AtServer<'_>> {
        Some(AtServer { url: self.url.as_deref()?, token: self.token.as_deref()?, trust: &self.trust })
    }
}

/// A running server.
struct AtServer<'a> {
    url: &'a str,
    token: &'a str,
    trust: &'a TrustArgs,
}

fn parse_role(text: &str) -> Result<Role, String> {
    let names: Vec<&str> = Role::ALL.into_iter().map(name_of).collect();
    let role = Role::ALL.into_iter().find(|role| name_of(*role) == text);
    role.ok_or_else(|| format!("is not one of {}", names.join(", ")))
}

fn parse_issued(text: &str) -> Result<Issued, String> {
    let found = [Issued::Revoke, Issued::Keep].into_iter().find(|issued| name_of(*issued) == text);
    found.ok_or_else(|| "is neither revoke nor keep".to_owned())
}

#[derive(Debug, thiserror::Error)]
enum TokenError {
    #[error("the directory does not open (for a server that is running, use --url)")]
    App(#[from] AppError),
    #[error(transparent)]
    Command(#[from] CommandError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("no thread to work with")]
    Runtime(#[from] std::io::Error),
    #[error("the server's answer does not read")]
    Answer(#[from] serde_json::Error),
}

/// Does it.
pub fn run(args: &TokenArgs) -> ExitCode {
    let outcome = match &args.verb {
        Verb::Issue { role, label, place } => issue(*role, label, place),
        Verb::Revoke { token_id, issued, place } => revoke(*token_id, *issued, place),
        Verb::List { url, token, trust } => call(&AtServer { url, token, trust }, "GET", "/v1/tokens", None),
    };
    match outcome {
        Ok(text) => answer(&text),
        Err(error) => fail(&error),
    }
}

fn issue(role: Role, label: &Text, place: &Place) -> Result<String, TokenError> {
    if let Some(server) = place.server() {
        let body = json!({"role": name_of(role), "label": label.as_str()});
        let answer: Value = serde_json::from_str(&call(&server, "POST", "/v1/tokens", Some(&body))?)?;
        return Ok(answer["token"].as_str().unwrap_or_default().to_owned());
    }
    let token = tokens::mint();
    let command = AccessCommand::IssueToken(token.issued(role, label.clone()));
    submit(place, &format!("issue {}", token.id), command)?;
    Ok(token.text)
}

fn revoke(token_id: TokenId, issued: Option<Issued>, place: &Place) -> Result<String, TokenError> {
    match place.server() {
        Some(server) => {
            let issued = issued.map_or(String::new(), |issued| format!("?issued={}", name_of(issued)));
            call(&server, "DELETE", &format!("/v1/tokens/{token_id}{issued}"), None)?;
        }
        None => {
            submit(place, &format!("revoke {token_id}"), AccessCommand::RevokeToken { token: token_id, issued })?;
        }
    }
    Ok(format!("{token_id} is revoked"))
}

/// Asks a running server, under a key of its own.
fn call(server: &AtServer<'_>, method: &str, path: &str, body: Option<&Value>) -> Result<String, TokenError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let key = format!("{:032x}", fresh_key());
    let body = body.map(|body| body.to_string().into()).unwrap_or_default();
    let mut client = Client::trusting(server.url, server.token, server.trust.ca.as_deref())?;
    let answer = runtime.block_on(client.call(method, path, &[("idempotency-key", &key)], body))?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Works on a data directory nobody serves.
fn submit(place: &Place, step: &str, command: AccessCommand) -> Result<(), TokenError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let running = Running::start(&data_dir(place.data.as_deref()))?;
    let nonce = format!("{:032x}", u128::from_be_bytes(random()));
    let envelope = Envelope::new(
        derived_id(&["token", place.tenant.as_str(), step, &nonce]),
        place.tenant,
        ActorId::parse("operator").expect("it is an id"),
        Command::Access(command),
    );
    let outcome = runtime.block_on(running.app.engine.submit(envelope));
    running.stop();
    outcome?;
    Ok(())
}

/// A UUID of version 4 (RFC 9562).
fn fresh_key() -> u128 {
    u128::from_be_bytes(random()) & !(0xf << 76) & !(0b11 << 62) | 0x4 << 76 | 0b10 << 62
}

fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system has random numbers");
    bytes
}
