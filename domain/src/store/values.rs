//! What a store gives and takes besides events: its parts for a snapshot, and what follows from a command sent late.

use crate::calendar::Date;
use crate::day::Days;
use crate::drawer::Drawer;
use crate::event::{Entity, Event};
use crate::ids::{DrawerId, ItemId, TerminalId, VariationId};
use crate::money::Money;
use crate::settings::Settings;
use crate::stock::StockParts;
use crate::terminal::{Terminal, Waiting, WaitingId};
use std::collections::BTreeMap;

/// What a store is made of, without its orders and what belongs to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreParts {
    pub settings: Settings,
    /// The menu version it sells from.
    pub menu_version: u32,
    pub prices: BTreeMap<(ItemId, Option<VariationId>), Money>,
    /// What it does not sell at the moment.
    pub unavailable: Vec<ItemId>,
    pub stock: StockParts,
    pub drawers: BTreeMap<DrawerId, Drawer>,
    pub days: Days,
    /// Its terminals that sent what they had kept.
    pub terminals: BTreeMap<TerminalId, Terminal>,
    /// What they sent and the state had no place for yet.
    pub waiting: BTreeMap<WaitingId, Waiting>,
    /// The highest display number, by business date and terminal prefix.
    pub numbers: BTreeMap<Date, BTreeMap<String, u32>>,
    /// How many events the store's stream has.
    pub store_events: u64,
    /// How many events the stream of what it sells has.
    pub storemenu_events: u64,
    /// Whether an order was ever opened.
    pub has_sold: bool,
    /// How many kitchen tickets there were, ever: they are numbered.
    pub tickets_made: u64,
    /// What has to be in memory: every order that may still change, with its payments and tickets. In any order.
    pub live: Vec<Entity>,
}

/// What follows from a command that a terminal kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ingested {
    pub events: Vec<Event>,
    /// Whether the state had no place for the command: the facts say so, and nothing else of it took effect.
    pub is_late: bool,
}
