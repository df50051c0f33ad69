//! Tokens: who is let in as what. Staff: who may approve what.

pub(crate) mod tokens;

use crate::error::{FoldError, QueryError};
use crate::key::Key;
use crate::projection::Projection;
use crate::projections::Projections;
use crate::projector::{Projector, Recorded};
use crate::rows::{Committed, Rows};
use crate::view::Answer;
use domain::event::{AccessEvent, Event};
use domain::ids::{ActorId, TenantId, TokenId};
use eventlog::Position;
use redb::WriteTransaction;
use schemas::json::Wire;
use schemas::views::{Row, StaffView, TokenRow, TokenView};
use std::sync::{Arc, PoisonError};
use subtle::ConstantTimeEq;
use tokens::{Grant, TOKENS, Tokens};

/// (tenant, member) to what the member may approve.
const STAFF: &str = "staff";
const CACHED_MAX: usize = 1_024;

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

impl Projections {
    /// A tenant's tokens, by id, without their hashes.
    pub fn tokens(&self, tenant: TenantId) -> Result<Answer<Vec<TokenView>>, QueryError> {
        let view = self.view(Projection::Access)?;
        let rows = view.all::<TokenRow>(TOKENS, &Key::of(tenant))?;
        let value = rows.into_iter().map(|(_, row)| row.view).collect();
        Ok(view.answer(value))
    }

    /// A tenant's staff, by id.
    pub fn staff(&self, tenant: TenantId) -> Result<Answer<Vec<StaffView>>, QueryError> {
        let view = self.view(Projection::Access)?;
        let rows = view.all::<StaffView>(STAFF, &Key::of(tenant))?;
        let value = rows.into_iter().map(|(_, row)| row).collect();
        Ok(view.answer(value))
    }

    /// A member of a tenant's staff.
    pub fn staff_member(&self, tenant: TenantId, staff: ActorId) -> Result<Answer<Option<StaffView>>, QueryError> {
        let view = self.view(Projection::Access)?;
        let row = view.get::<StaffView>(STAFF, &Key::of(tenant).text(staff.as_str()))?;
        Ok(view.answer(row))
    }

    /// Whom a token lets in: the one that has this id and this hash of its secret and was not revoked. Never blocks on
    /// the disk; the comparison takes the same time whatever differs.
    pub fn authenticate(&self, token: TokenId, secret_sha256: &[u8; 32]) -> Option<Grant> {
        let held = self.tokens.held.read().unwrap_or_else(PoisonError::into_inner);
        let found = held.get(&token)?.iter().find(|held| bool::from(held.secret_sha256.ct_eq(secret_sha256)));
        found.map(|held| held.grant)
    }
}
