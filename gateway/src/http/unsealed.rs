//! Opening sealed texts: the one place where answers leave. What handlers, read models and feeds say holds sealed texts as they are stored; here they
//! become words for who may read them. An answer that was forgotten shows a ciphertext to nobody: it passes here, too.

use crate::access::{Capability, allows};
use axum::body::Body;
use axum::http::header::CONTENT_LENGTH;
use axum::response::Response;
use bytes::Bytes;
use commands::Keys;
use domain::ids::TenantId;
use http_body_util::BodyExt;
use hyper::body::Body as _;
use memchr::memmem;
use projections::Grant;
use std::sync::Arc;

/// What stands for a text whose key is gone.
const ERASED: &str = "[erased]";
/// What stands for a text that the reader may not read.
const MASKED: &str = "[masked]";
/// What stands for a customer's reference whose key is gone; it is written as a reference is.
const ERASED_CUSTOMER: &str = "erased";
/// How JSON writes what sealed texts begin with.
const SEALED: &[u8] = b"\\u0001";
/// How a customer's pseudonym stands in JSON.
const CUSTOMER: &[u8] = b"\"customer_ref\":\"sealed_";
/// How much of that stands in front of the pseudonym.
const CUSTOMER_AT: usize = b"\"customer_ref\":\"".len();

/// Who reads.
#[derive(Clone)]
pub struct Reading {
    keys: Arc<Keys>,
    tenant: TenantId,
    may_read: bool,
}

impl Reading {
    /// What somebody with this credential reads.
    pub fn of(keys: &Arc<Keys>, grant: &Grant) -> Reading {
        let may_read = allows(grant.role, Capability::ReadTexts);
        Reading { keys: Arc::clone(keys), tenant: grant.tenant, may_read }
    }

    /// The answer, with words where sealed texts stand. A piece of a stream holds whole events.
    pub async fn open(self, response: Response) -> Response {
        let (mut parts, body) = response.into_parts();
        if body.size_hint().exact().is_none() {
            let opened = body.map_frame(move |frame| frame.map_data(|data| self.opened(data)));
            return Response::from_parts(parts, Body::new(opened));
        }
        let body = match body.collect().await {
            Ok(whole) => {
                let before = whole.to_bytes();
                let opened = self.opened(before.clone());
                if opened.len() != before.len() {
                    parts.headers.remove(CONTENT_LENGTH);
                }
                Body::from(opened)
            }
            Err(error) => Body::new(http_body_util::Full::new(Bytes::from(error.to_string()))),
        };
        Response::from_parts(parts, body)
    }

    fn opened(&self, bytes: Bytes) -> Bytes {
        let sealed =
            memmem::find_iter(&bytes, SEALED).filter(|at| at.checked_sub(1).is_some_and(|at| bytes[at] == b'"'));
        let customers = memmem::find_iter(&bytes, CUSTOMER).map(|at| at + CUSTOMER_AT);
        let mut starts: Vec<usize> = sealed.chain(customers).collect();
        if starts.is_empty() {
            return bytes;
        }
        starts.sort_unstable();
        let (mut out, mut copied) = (Vec::with_capacity(bytes.len()), 0);
        for start in starts {
            let Some(len) = memchr::memchr(b'"', &bytes[start..]) else { continue };
            let Ok(text) = std::str::from_utf8(&bytes[start..start + len]) else { continue };
            out.extend_from_slice(&bytes[copied..start]);
            out.extend_from_slice(self.word(text).as_bytes());
            copied = start + len;
        }
        out.extend_from_slice(&bytes[copied..]);
        out.into()
    }

    /// What the reader sees of a sealed text or a pseudonym, as it stands in a string of JSON.
    fn word(&self, stored: &str) -> String {
        match (stored.strip_prefix("\\u0001"), self.may_read) {
            (Some(_), false) => MASKED.to_owned(),
            // Who reads no names still tells one customer from another.
            (None, false) => stored.to_owned(),
            (Some(ciphertext), true) => match self.keys.open_text(self.tenant, ciphertext) {
                Some(text) => {
                    let quoted = serde_json::Value::String(text).to_string();
                    quoted[1..quoted.len() - 1].to_owned()
                }
                None => ERASED.to_owned(),
            },
            (None, true) => {
                let customer = self.keys.customer(self.tenant, stored);
                customer.map_or(ERASED_CUSTOMER.to_owned(), |customer| customer.to_string())
            }
        }
    }
}
