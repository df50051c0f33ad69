//! Tokens: who is let in as what. Staff: who may approve what.

use crate::error::{FoldError, OpenError, QueryError};
use crate::key::{Key, KeyReader};
use crate::projector::{Projector, Recorded};
use crate::read_model::ReadModel;
use crate::rows::{Committed, Rows};
use crate::view::{Answer, View};
use domain::event::{AccessEvent, Event, Role};
use domain::ids::{TenantId, TokenId};
use eventlog::Position;
use redb::{ReadableDatabase, WriteTransaction};
use schemas::json::Wire;
use schemas::views::{Row, StaffView, TokenRow, TokenView};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use subtle::ConstantTimeEq;

const TOKENS: &str = "tokens";
/// (tenant, member) to what the member may approve.
const STAFF: &str = "staff";
const CACHED_MAX: usize = 1_024;

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
    held: RwLock<HashMap<TokenId, Vec<Credential>, foldhash::fast::RandomState>>,
}

struct Credential {
    grant: Grant,
    secret_sha256: [u8; 32],
}

impl Tokens {
    pub fn authenticate(&self, token: TokenId, secret_sha256: &[u8; 32]) -> Option<Grant> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let found = held.get(&token)?.iter().find(|held| bool::from(held.secret_sha256.ct_eq(secret_sha256)));
        found.map(|held| held.grant)
    }

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

    fn set(&self, tenant: TenantId, row: &TokenRow) {
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

/// Folds `access-` streams.
pub(crate) struct AccessProjector {
    rows: Rows<TokenRow>,
    staff: Rows<StaffView>,
    tokens: Arc<Tokens>,
    /// What the next commit changes of the tokens in memory.
    changed: Vec<(TenantId, TokenRow)>,
}

impl AccessProjector {
    pub fn new(tokens: Arc<Tokens>) -> AccessProjector {
        AccessProjector {
            rows: Rows::new(TOKENS, CACHED_MAX),
            staff: Rows::new(STAFF, CACHED_MAX),
            tokens,
            changed: vec![],
        }
    }
}

impl Projector for AccessProjector {
    const LAYOUT: u32 = 2;
    const ROWS: &'static [u8] = &[TokenRow::VERSION, StaffView::VERSION];
    const TABLES: &'static [&'static str] = &[TOKENS, STAFF];

    fn wants(category: &str) -> bool {
        category == "access"
    }

    fn apply(&mut self, committed: &Committed<'_>, recorded: &Recorded<'_>) -> Result<(), FoldError> {
        let Event::Access(event) = &recorded.event else { return Ok(()) };
        let tenant = recorded.tenant();
        let key = |token: &TokenId| Key::of(tenant).text(token.as_str());
        let row = match event {
            AccessEvent::TokenIssued { token, role, label, secret_sha256 } => {
                let view = TokenView {
                    token_id: Wire(*token),
                    role: Wire(*role),
                    label: Wire(label.clone()),
                    issued_at: Wire(recorded.recorded_at),
                    revoked_at: None,
                };
                let row = TokenRow { view, secret_sha256: *secret_sha256 };
                self.rows.put(committed, key(token).as_slice(), Some(row.clone()))?;
                row
            }
            AccessEvent::TokenRevoked { token } => {
                let row = self.rows.edit(committed, key(token).as_slice())?;
                let row = row.ok_or(FoldError::Impossible("a token was revoked that was not issued"))?;
                row.view.revoked_at = Some(Wire(recorded.recorded_at));
                row.clone()
            }
            AccessEvent::StaffChanged { staff, rights, discount_limit } => {
                let view = StaffView {
                    staff_id: Wire(*staff),
                    rights: rights.iter().map(Wire).collect(),
                    discount_limit_ppm: discount_limit.map(Wire),
                    changed_at: Wire(recorded.recorded_at),
                };
                let key = Key::of(tenant).text(staff.as_str());
                return self.staff.put(committed, key.as_slice(), Some(view));
            }
        };
        self.changed.push((tenant, row));
        Ok(())
    }

    fn is_dirty(&self) -> bool {
        self.rows.is_dirty() || self.staff.is_dirty()
    }

    fn flush(&mut self, transaction: &WriteTransaction) -> Result<(), FoldError> {
        self.rows.flush(transaction)?;
        self.staff.flush(transaction)
    }

    fn on_commit(&mut self, _: Position) {
        for (tenant, row) in self.changed.drain(..) {
            self.tokens.set(tenant, &row);
        }
    }
}

pub(crate) fn tokens(view: &View, tenant: TenantId) -> Result<Answer<Vec<TokenView>>, QueryError> {
    let rows = view.all::<TokenRow>(TOKENS, &Key::of(tenant))?;
    let value = rows.into_iter().map(|(_, row)| row.view).collect();
    Ok(view.answer(value))
}

pub(crate) fn staff(view: &View, tenant: TenantId) -> Result<Answer<Vec<StaffView>>, QueryError> {
    let rows = view.all::<StaffView>(STAFF, &Key::of(tenant))?;
    let value = rows.into_iter().map(|(_, row)| row).collect();
    Ok(view.answer(value))
}
