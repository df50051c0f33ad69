//! Where an import sends its commands: the engine in this process, or a server.

use crate::app::{AppError, Running};
use crate::cli::common::data_dir;
use crate::client::{Client, ClientError};
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::routes::batch;
use crate::state::AppState;
use ::import::ImportArgs;
use domain::ids::{ActorId, OrderId, StoreId, TenantId};
use hyper::StatusCode;
use schemas::json::PositionToken;
use schemas::json::batch::{Batch, BatchAnswer, BatchResult, BatchStatus};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

/// How often a batch is sent again while the server cannot take it. Its commands keep their ids, so nothing happens twice.
const TRIES: u32 = 10;
/// How long to wait before a batch is sent again.
const PAUSE: Duration = Duration::from_millis(500);
/// How long the read models may take to see the menu.
const MENU_TIMEOUT: Duration = Duration::from_secs(30);
/// How often they are asked.
const MENU_PAUSE: Duration = Duration::from_millis(20);

/// Why commands did not get there.
#[derive(Debug, thiserror::Error)]
pub(super) enum DestinationError {
    #[error("the data directory does not open (for a server that is running, use --url)")]
    App(#[from] AppError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("the batch was refused: {0}")]
    Batch(String),
    #[error("the server's answer does not read")]
    Answer(#[from] serde_json::Error),
    #[error("the store has not adopted the menu in time")]
    Menu,
    #[error("the server keeps answering {code}; the import can be run again later and goes on from there")]
    Busy { code: String },
}

/// An item and the group of its modifiers, if it has one.
pub(super) type Wanted<'a> = (&'a str, Option<&'a str>);

/// Where commands go.
pub(super) enum Destination {
    /// An engine of our own, on a data directory.
    Local { running: Box<Running>, caller: Caller },
    /// A server, and the position of the last command it took: what is read has to be at least as new.
    Remote { client: Box<Client>, seen: Option<PositionToken> },
}

impl Destination {
    /// Opens what the arguments name; the data directory where they name nothing.
    pub fn open(args: &ImportArgs, tenant: TenantId) -> Result<Destination, DestinationError> {
        if let (Some(url), Some(token)) = (&args.url, &args.token) {
            return Ok(Destination::Remote {
                client: Box::new(Client::trusting(url, token, args.ca.as_deref())?),
                seen: None,
            });
        }
        let data = data_dir(args.data.as_deref());
        let actor = ActorId::parse("import").expect("it is an id");
        let caller = Caller::of_directory(tenant, actor);
        Ok(Destination::Local { running: Box::new(Running::start(&data)?), caller })
    }

    /// Makes everything durable.
    pub fn close(self) {
        match self {
            Destination::Local { running, .. } => running.stop(),
            Destination::Remote { .. } => {}
        }
    }

    /// Sends a batch until it is taken.
    pub async fn send(&mut self, store: StoreId, batch: Batch) -> Result<Vec<BatchResult>, DestinationError> {
        let mut tried = 0;
        let mut accepted = BTreeSet::new();
        loop {
            tried += 1;
            let mut results = self.send_once(store, &batch).await?;
            for (index, result) in results.iter_mut().enumerate() {
                if result.status == BatchStatus::Accepted {
                    accepted.insert(index);
                } else if result.status == BatchStatus::Duplicate && accepted.contains(&index) {
                    // The repeat is ours, not the file's.
                    result.status = BatchStatus::Accepted;
                }
            }
            let busy = results.iter().find_map(|result| {
                result.code.as_deref().filter(|code| {
                    matches!(*code, "overloaded" | "storage_full" | "log_unavailable" | "stopping" | "outcome_unknown")
                })
            });
            match busy {
                None => return Ok(results),
                Some(code) if TRIES <= tried => return Err(DestinationError::Busy { code: code.to_owned() }),
                Some(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    async fn send_once(&mut self, store: StoreId, batch: &Batch) -> Result<Vec<BatchResult>, DestinationError> {
        match self {
            Destination::Local { running, caller } => {
                let sent = batch::run(&running.app, caller, store, batch.clone()).await;
                sent.map_err(|error| DestinationError::Batch(error.problem().detail))
            }
            Destination::Remote { client, seen } => {
                let body = serde_json::to_vec(batch)?;
                let answer = client.call("POST", &format!("/v1/stores/{store}/commands"), &[], body.into()).await?;
                let results = serde_json::from_slice::<BatchAnswer>(&answer)?.results;
                *seen = results.iter().rev().find_map(|result| result.position).or(*seen);
                Ok(results)
            }
        }
    }

    /// The store as the read model has it.
    pub async fn store(&mut self, store: StoreId) -> Result<Option<Value>, DestinationError> {
        match self {
            Destination::Local { running, caller } => {
                let view = crate::http::routes::reads::catalog::store_view(&running.app, caller, store).await;
                local(view)
            }
            Destination::Remote { client, seen } => remote(client, *seen, &format!("/v1/stores/{store}")).await,
        }
    }

    async fn menu(&mut self, store: StoreId) -> Result<Option<Value>, DestinationError> {
        match self {
            Destination::Local { running, caller } => {
                let view = crate::http::routes::reads::catalog::menu_view(&running.app, caller, store).await;
                local(view)
            }
            Destination::Remote { client, seen } => remote(client, *seen, &format!("/v1/stores/{store}/menu")).await,
        }
    }

    /// Some store of the tenant.
    async fn any_store(&mut self) -> Result<Option<StoreId>, DestinationError> {
        let stores = match self {
            Destination::Local { running, caller } => {
                local(crate::http::routes::reads::catalog::stores_view(&running.app, caller).await)?
            }
            Destination::Remote { client, seen } => remote(client, *seen, "/v1/stores").await?,
        };
        let stores = stores.unwrap_or_default();
        Ok(stores["items"][0]["store"].as_str().and_then(|id| StoreId::parse(id).ok()))
    }

    /// The items that are sold at a price of their own: those of the store, or of another of the tenant's where it is not there yet.
    /// All sell from the tenant's menu.
    pub async fn list_prices(&mut self, store: StoreId, is_there: bool) -> Result<Vec<String>, DestinationError> {
        let asked = if is_there { Some(store) } else { self.any_store().await? };
        let menu = match asked {
            Some(asked) => self.menu(asked).await?.unwrap_or_default(),
            None => Value::Null,
        };
        let items = menu["items"].as_array().cloned().unwrap_or_default();
        let is_listed = |item: &&Value| item["open_price"] != Value::Bool(true);
        Ok(items.iter().filter(is_listed).filter_map(|item| Some(item["item_id"].as_str()?.to_owned())).collect())
    }

    /// Whether the store has an order of this id.
    pub async fn has_order(&mut self, store: StoreId, order: OrderId) -> Result<bool, DestinationError> {
        let view = match self {
            Destination::Local { running, caller } => {
                local(crate::http::routes::reads::orders::order_view(&running.app, caller, store, order).await)?
            }
            Destination::Remote { client, seen } => {
                remote(client, *seen, &format!("/v1/stores/{store}/orders/{order}")).await?
            }
        };
        Ok(view.is_some())
    }

    /// Whether the store sells these items, those with a modifier group with that group.
    pub async fn sells(&mut self, store: StoreId, wanted: &[Wanted<'_>]) -> Result<bool, DestinationError> {
        let menu = self.menu(store).await?.unwrap_or_default();
        let items = menu["items"].as_array().cloned().unwrap_or_default();
        let mut sold: BTreeSet<Wanted<'_>> = BTreeSet::new();
        for (id, item) in items.iter().filter_map(|item| Some((item["item_id"].as_str()?, item))) {
            let groups = item["modifier_group_ids"].as_array().into_iter().flatten();
            sold.extend(groups.map(|group| (id, group.as_str())));
            sold.insert((id, None));
        }
        Ok(wanted.iter().all(|item| sold.contains(item)))
    }

    /// Waits until the store sells these items: the engine adopts a publication right behind it, and an import before this one may
    /// have brought the same items with other choices.
    pub async fn wait_for_items(&mut self, store: StoreId, wanted: &[Wanted<'_>]) -> Result<(), DestinationError> {
        let wait = async {
            while !self.sells(store, wanted).await? {
                tokio::time::sleep(MENU_PAUSE).await;
            }
            Ok(())
        };
        tokio::time::timeout(MENU_TIMEOUT, wait).await.unwrap_or(Err(DestinationError::Menu))
    }
}

fn local(view: Result<Value, ApiError>) -> Result<Option<Value>, DestinationError> {
    match view {
        Ok(view) => Ok(Some(view)),
        Err(ApiError::NotFound { .. }) => Ok(None),
        Err(error) => Err(DestinationError::Batch(error.problem().detail)),
    }
}

async fn remote(
    client: &mut Client,
    seen: Option<PositionToken>,
    path: &str,
) -> Result<Option<Value>, DestinationError> {
    let path = match seen {
        Some(seen) => format!("{path}?min_position={seen}"),
        None => path.to_owned(),
    };
    match client.call("GET", &path, &[], bytes::Bytes::new()).await {
        Ok(body) => Ok(Some(serde_json::from_slice(&body)?)),
        Err(ClientError::Status { status: StatusCode::NOT_FOUND, .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl std::fmt::Debug for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Destination::Local { running, .. } => {
                let app: &AppState = &running.app;
                f.debug_tuple("Local").field(app).finish()
            }
            Destination::Remote { client, .. } => f.debug_tuple("Remote").field(client).finish(),
        }
    }
}
