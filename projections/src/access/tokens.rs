//! The tokens that let somebody in, in memory: no request waits for the disk.

use crate::error::{OpenError, QueryError};
use crate::key::KeyReader;
use crate::read_model::ReadModel;
use crate::view::View;
use domain::event::Role;
use domain::ids::{TenantId, TokenId};
use redb::ReadableDatabase;
use schemas::views::TokenRow;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

pub(super) const TOKENS: &str = "tokens";

/// What a token's bearer may do, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The tenant: this, and nothing in the request, says whose data it is about.
    pub tenant: TenantId,
    /// What may be done.
    pub role: Role,
    /// The token, for the audit trail.
    pub token: TokenId,
}

/// The tokens that let somebody in, in memory.
#[derive(Default)]
pub(crate) struct Tokens {
    /// Ids are unique in their tenant only, so one id may be several tenants' token.
    pub(super) held: RwLock<HashMap<TokenId, Vec<Credential>, foldhash::fast::RandomState>>,
}

pub(crate) struct Credential {
    pub(super) grant: Grant,
    pub(super) secret_sha256: [u8; 32],
}

impl Tokens {
    /// Takes in what an earlier run left.
    pub fn load(&self, lane: &ReadModel) -> Result<(), OpenError> {
        let view = || -> Result<View, redb::Error> {
            Ok(View { position: lane.applied(), transaction: lane.database.begin_read()? })
        };
        let unreadable = |error: QueryError| OpenError::Storage {
            path: format!("{}.redb", lane.projection.as_str()).into(),
            source: match error {
                QueryError::Storage(source) => source,
                other => Box::new(redb::Error::Corrupted(other.to_string())),
            },
        };
        let view = view().map_err(|error| unreadable(QueryError::Storage(Box::new(error))))?;
        let mut rows = vec![];
        view.table(TOKENS)
            .and_then(|table| {
                table.scan::<TokenRow>(&[], &[u8::MAX], |key, row| {
                    rows.push((key.to_vec(), row));
                    true
                })
            })
            .map_err(unreadable)?;
        for (key, row) in rows {
            if let Some(tenant) = KeyReader(&key).text().and_then(|tenant| TenantId::parse(tenant).ok()) {
                self.set(tenant, &row);
            }
        }
        Ok(())
    }

    pub fn set(&self, tenant: TenantId, row: &TokenRow) {
        let token = row.view.token_id.0;
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let same_id = held.entry(token).or_default();
        same_id.retain(|held| held.grant.tenant != tenant);
        if row.view.revoked_at.is_none() {
            let grant = Grant { tenant, role: row.view.role.0, token };
            same_id.push(Credential { grant, secret_sha256: row.secret_sha256 });
        }
    }
}
