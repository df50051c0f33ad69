//! Events of a tenant's menu.

use crate::ids::ItemId;
use crate::menu::{Daypart, Item, ModifierGroup, Tax};

/// What happened to a tenant's menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MenuEvent {
    /// An item was created or changed, in the draft.
    ItemUpserted(Item),
    ItemRetired {
        item: ItemId,
    },
    /// A modifier group was created or changed, in the draft.
    ModifierGroupUpserted(ModifierGroup),
    /// A tax was created or changed, in the draft.
    TaxUpserted(Tax),
    /// A daypart was created or changed, in the draft.
    DaypartUpserted(Daypart),
    /// The draft became a version that stores may adopt.
    MenuPublished {
        /// The version: 1, 2, 3, ...
        version: u32,
        /// [`crate::menu::Menu::content_hash`] of it.
        content_hash: u64,
    },
}
