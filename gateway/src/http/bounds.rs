//! How much of what an answer says, and the only place that cuts one short.
//!
//! Every address that may not answer whole is a row here, and hands out the rest in pages.

use super::error::ApiError;
use projections::{LIMIT_DEFAULT, LIMIT_MAX, PageRequest};
use schemas::json::FieldError;

/// What is answered by pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "names say all")]
pub enum Paged {
    Orders,
    Payments,
    Board,
    Exceptions,
    Shifts,
    Days,
    History,
    Security,
}

/// A row of the table of bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Where it is read.
    pub path: &'static str,
    /// How many entries a page has where nobody says otherwise.
    pub default: usize,
    /// The most entries of a page.
    pub max: usize,
}

impl Paged {
    /// All of them.
    pub const ALL: [Paged; 8] = [
        Paged::Orders,
        Paged::Payments,
        Paged::Board,
        Paged::Exceptions,
        Paged::Shifts,
        Paged::Days,
        Paged::History,
        Paged::Security,
    ];

    /// How much of it an answer has.
    pub const fn bound(self) -> Bound {
        let (path, default, max) = match self {
            Paged::Orders => ("/v1/stores/{store}/orders", LIMIT_DEFAULT, LIMIT_MAX),
            Paged::Payments => ("/v1/stores/{store}/payments", LIMIT_DEFAULT, LIMIT_MAX),
            // A screen shows all of its station's tickets.
            Paged::Board => ("/v1/stores/{store}/kitchen/{station}", LIMIT_MAX, LIMIT_MAX),
            Paged::Exceptions => ("/v1/stores/{store}/exceptions", LIMIT_DEFAULT, LIMIT_MAX),
            Paged::Shifts => ("/v1/stores/{store}/drawers/{drawer}/shifts", LIMIT_DEFAULT, LIMIT_MAX),
            Paged::Days => ("/v1/stores/{store}/days", LIMIT_DEFAULT, LIMIT_MAX),
            Paged::Security => ("/v1/security", LIMIT_DEFAULT, LIMIT_MAX),
            // Counted in events; a page ends with a whole commit.
            Paged::History => ("/v1/stores/{store}/orders/{order}/history", 10_000, 10_000),
        };
        Bound { path, default, max }
    }

    /// How many entries are wanted.
    ///
    /// # Errors
    /// [`ApiError::Query`] for a number that is out of bounds.
    pub fn limit(self, wanted: Option<usize>) -> Result<usize, ApiError> {
        let Bound { default, max, .. } = self.bound();
        match wanted {
            Some(limit) if !(1..=max).contains(&limit) => {
                let problem = format!("is {limit}; it must be from 1 to {max}");
                Err(ApiError::Query(FieldError::new("limit", problem)))
            }
            limit => Ok(limit.unwrap_or(default)),
        }
    }

    /// Which page is wanted.
    ///
    /// # Errors
    /// As [`Paged::limit`].
    pub fn page(self, limit: Option<usize>, cursor: Option<String>) -> Result<PageRequest, ApiError> {
        Ok(PageRequest { limit: self.limit(limit)?, cursor })
    }
}
