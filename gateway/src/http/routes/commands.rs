//! The commands of the table: for each row with an address its route, its part of the OpenAPI document, and one handler for
//! them all.

use crate::http::caller::{Caller, CommandHeaders, json_bytes};
use crate::http::command;
use crate::http::docs::{CommandParams, CommandProblems};
use crate::http::error::ApiError;
use crate::http::path::PathParams;
use crate::http::query::access_reached;
use crate::state::AppState;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::MethodRouter;
use bytes::Bytes;
use domain::command::{Command, StoreCommand};
use schemas::command::{Http, Method, Parts, ROWS, Row, Targets};
use schemas::json::Receipt;
use std::borrow::Cow;
use std::sync::Arc;
use utoipa::openapi::path::{Operation, OperationBuilder, ParameterBuilder, ParameterIn, Paths};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Content, HttpMethod, Ref, RefOr, Required, ResponseBuilder, Schema};
use utoipa::{IntoParams, IntoResponses, ToSchema};
use utoipa_axum::PathItemExt;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

const JSON: &str = "application/json";

/// The router with the table's addresses.
pub fn with_commands(router: OpenApiRouter<Arc<AppState>>) -> OpenApiRouter<Arc<AppState>> {
    let addressed = ROWS.iter().filter_map(|row| row.http.as_ref().map(|http| (row, http)));
    addressed.fold(router, |router, (row, http)| router.routes(route(row, http)))
}

fn route(row: &'static Row, http: &'static Http) -> UtoipaMethodRouter<Arc<AppState>> {
    let handler = move |State(app): State<Arc<AppState>>,
                        caller: Caller,
                        headers: CommandHeaders,
                        PathParams(path): PathParams<Vec<(String, String)>>,
                        request: Request| async move {
        let command = made(row, &path, request).await?;
        let status = StatusCode::from_u16(http.status).expect("the table has statuses of HTTP");
        send(&app, caller, headers, status, command).await
    };
    let method = match http.method {
        Method::DELETE => HttpMethod::Delete,
        Method::PATCH => HttpMethod::Patch,
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
    };
    let mut schemas = Vec::new();
    let operation = operation(row, http, &mut schemas);
    let router = MethodRouter::new().on(method.to_method_filter(), handler);
    let mut paths = Paths::new();
    paths.add_path_operation(http.path, vec![method], operation);
    (schemas, paths, router)
}

/// The command that a request asks for.
async fn made(row: &Row, path: &[(String, String)], request: Request) -> Result<Command, ApiError> {
    let mut targets = Targets::default();
    for (parameter, text) in path {
        targets.set(parameter, text).map_err(ApiError::Query)?;
    }
    let body = match &row.body {
        None => Bytes::new(),
        Some(body) => json_bytes(request, body.bytes_max).await?,
    };
    let make = row.make.expect("the table makes what it gives an address");
    Ok(make(&mut Parts::new(targets, &body))?)
}

/// Sends a command; with `Prefer: return=representation` the answer to one of an order also holds the order as it is now.
async fn send(
    app: &Arc<AppState>,
    caller: Caller,
    headers: CommandHeaders,
    status: StatusCode,
    command: Command,
) -> Result<Response, ApiError> {
    let order = match &command {
        Command::Store(store, StoreCommand::Order(order, _)) if headers.wants_representation => Some((*store, *order)),
        _ => None,
    };
    let is_access = matches!(command, Command::Access(_));
    let answer = command::run(app, &caller, &headers, command).await?;
    if is_access {
        // Answered once the door knows it, so that who was taken out is out.
        access_reached(app, answer.receipt.position).await?;
    }
    match order {
        None => command::respond(status, &answer),
        Some(order) => command::respond_with_order(app, &caller, order, status, &answer).await,
    }
}

type Schemas = Vec<(String, RefOr<Schema>)>;

/// What the OpenAPI document says of a row, as `utoipa::path` says it of a function.
fn operation(row: &Row, http: &Http, schemas: &mut Schemas) -> Operation {
    let doc: Vec<&str> = row.doc.iter().map(|line| line.trim()).collect();
    let mut paragraphs = doc.split(|line| line.is_empty()).map(|lines| lines.join("\n"));
    let summary = paragraphs.next();
    let description = paragraphs.collect::<Vec<_>>().join("\n\n");
    let mut operation = OperationBuilder::new()
        .tag(http.tag)
        .operation_id(Some(http.operation_id))
        .summary(summary)
        .description(Some(description).filter(|text| !text.is_empty()));
    let parameters: Vec<&str> = http.path.split(['{', '}']).skip(1).step_by(2).collect();
    for (index, parameter) in parameters.iter().enumerate() {
        let about = http.about.filter(|_| index + 1 == parameters.len());
        let parameter = ParameterBuilder::new()
            .name(*parameter)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some(about.unwrap_or_else(|| Targets::description(parameter))))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)));
        operation = operation.parameter(parameter);
    }
    for parameter in CommandParams::into_params(|| None) {
        operation = operation.parameter(parameter);
    }
    if let Some(body) = &row.body {
        let body = RequestBodyBuilder::new().content(JSON, content((body.describe)(schemas)));
        operation = operation.request_body(Some(body.required(Some(Required::True)).build()));
    }
    Receipt::schemas(schemas);
    schemas.push((Receipt::name().into_owned(), <Receipt<'_> as utoipa::PartialSchema>::schema()));
    let receipt = ResponseBuilder::new().content(JSON, content(Receipt::name()));
    operation = operation.response(http.status.to_string(), receipt);
    for (status, problem) in <CommandProblems as IntoResponses>::responses() {
        operation = operation.response(status, problem);
    }
    operation.build()
}

fn content(schema: Cow<'static, str>) -> Content {
    Content::new(Some(Ref::from_schema_name(schema)))
}
