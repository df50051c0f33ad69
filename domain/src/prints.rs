//! What was printed of an order, and how often.

use crate::check::CheckId;
use crate::event::Document;

/// How often each document was printed for each check: a few entries at most, for an order has few checks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prints(Vec<((Document, CheckId), u32)>);

impl Prints {
    /// How often a document was printed.
    pub fn copies(&self, document: Document, check: CheckId) -> u32 {
        let held = self.0.iter().find(|(of, _)| *of == (document, check));
        held.map_or(0, |(_, copies)| *copies)
    }

    /// Folds a print.
    pub fn count(&mut self, document: Document, check: CheckId, copy: u32) {
        match self.0.iter_mut().find(|(of, _)| *of == (document, check)) {
            Some((_, copies)) => *copies = copy,
            None => self.0.push(((document, check), copy)),
        }
    }
}
