//! What a snapshot of the engine keeps: derived from the log, so that a form that does not fit is thrown away with the
//! snapshot and the log is folded instead. There is one version at a time and no upcast.
//!
//! | bytes | what |
//! |---|---|
//! | 0 | [`SNAPSHOT_FORM`] |
//! | 1..5 | CRC-32C over byte 0 and the body, `u32` little-endian |
//! | 5.. | body: postcard |

use super::decoder::decode;
use crate::codec::{self, BadBody, BadValue, Codec, Get, Reader, Writer, append_newest, checksum};
use crate::events::encode;
use domain::calendar::Timestamp;
use domain::day::Days;
use domain::drawer::{Drawer, Shift};
use domain::event::{Due, Entity, Event, StoreEvent};
use domain::ids::{StoreId, TenantId};
use domain::stock::{Mark86, StockItem, StockParts};
use domain::store::{Settings, StoreParts};
use domain::stream::Stream;
use domain::terminal::{Gap, Terminal, Waiting, WaitingId};

/// The version of everything in here. Whoever changes a form, or what is folded into one, raises it.
pub const SNAPSHOT_FORM: u8 = 8;

/// Form and checksum.
const HEADER_LEN: usize = 5;

/// Why bytes are not part of a snapshot that this program can use. The snapshot is thrown away, whatever it is.
#[derive(Debug, thiserror::Error)]
pub enum BadSnapshot {
    /// Another program wrote it.
    #[error("the snapshot has form {found:?}, not {SNAPSHOT_FORM}")]
    Form {
        /// Its form; `None` where there are no bytes.
        found: Option<u8>,
    },
    /// The bytes are not the ones that were written.
    #[error("the checksum of a row of the snapshot does not hold")]
    Checksum,
    /// The body is not one of the form, though its checksum is right.
    #[error("a row of the snapshot does not read")]
    Body(#[from] postcard::Error),
    /// The body goes on behind its last field.
    #[error("{count} bytes follow the last field of a row of the snapshot")]
    Trailing {
        /// How many.
        count: usize,
    },
    /// A field holds what the domain does not take.
    #[error("a row of the snapshot holds a bad value")]
    Value(#[from] BadValue),
}

/// How far a snapshot goes: whatever a store's row does not have stands at `position` or behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Names the log: the id of its genesis batch.
    pub log: u128,
    /// The position of the first event that has to be read again.
    pub position: u64,
    /// The highest time that was stamped before it.
    pub last: Timestamp,
    /// The newest time before it that was not in doubt when it was stamped.
    pub stamped: Option<Timestamp>,
    /// The first and last time, in microseconds, in ids that were ahead of the clock when their commands were accepted.
    pub ahead: Option<(i64, i64)>,
    /// Every tenant with the newest version of its menu.
    pub tenants: Vec<(TenantId, u32)>,
}

/// What memory knows of a store that is not in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreSummary {
    /// The position after the last event that is in the store's row; `None` where it has no row.
    pub position: Option<u64>,
    /// The positions of the commits behind it that touch the store.
    pub tail: Vec<u64>,
    /// The menu version it sells from.
    pub menu_version: u32,
    /// When the engine has to come back to it, and to what; without what `tail` changes.
    pub deadlines: Vec<(Timestamp, Due)>,
}

/// A store as it was before `position`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreRow {
    /// The position after the last event that is in it.
    pub position: u64,
    /// The store.
    pub parts: StoreParts,
}

stored! {
    Checkpoint { log, position, last, stamped, ahead, tenants }
    StoreSummary { position, tail, menu_version, deadlines }
    StoreRow { position, parts }
    StockItem { policy, on_hand, reserved, mark }
    Mark86 { until, auto }
    Drawer { events, shifts, open, is_removed }
    Shift { number, expected }
    Days { events, open, totals, closed, z_number, cumulative_total }
    Terminal { events, last, gaps }
    Gap { first, last }
    WaitingId { terminal, seq, command }
    Waiting { order, payment, kept }
}

/// Enums with an id: the number of the kind, and the id.
macro_rules! kinds {
    ($($kind:ident $what:literal { $($value:ident = $code:literal),* })*) => { $(
        impl Codec for $kind {
            fn put(&self, to: &mut Writer<'_>) {
                match self {
                    $($kind::$value(id) => {
                        to.byte($code);
                        id.put(to);
                    })*
                }
            }

            fn get(from: &mut Reader<'_, '_>) -> Get<$kind> {
                match from.byte()? {
                    $($code => Codec::get(from).map($kind::$value),)*
                    code => {
                        let id = Codec::get(from)?;
                        Ok(from.refuse(BadValue::Code { kind: $what, code }, $kind::Order(id)))
                    }
                }
            }
        }
    )* };
}

kinds! {
    Due "deadline" { Order = 1, Payment = 2, Mark86 = 3 }
    Entity "entity" { Order = 1, Payment = 2, Ticket = 3 }
}

/// What is in any order is stored in order. Settings are the envelope of a `StoreSettingsChanged`, so that they have one
/// stored form.
impl Codec for StoreParts {
    fn put(&self, to: &mut Writer<'_>) {
        // Named one by one, so that what is added to the parts is not forgotten here.
        let StoreParts {
            settings,
            menu_version,
            prices,
            unavailable,
            stock: StockParts { items, reservations, events },
            drawers,
            days,
            terminals,
            waiting,
            numbers,
            store_events,
            storemenu_events,
            has_sold,
            tickets_made,
            live,
        } = self;
        let mut bytes = vec![];
        encode(&Event::Store(StoreEvent::StoreSettingsChanged(settings.clone())), &mut bytes);
        to.piece(&bytes);
        menu_version.put(to);
        prices.put(to);
        unavailable.put(to);
        items.put(to);
        let mut reservations = reservations.clone();
        reservations.sort_unstable_by_key(|(order, _)| *order);
        reservations.put(to);
        events.put(to);
        drawers.put(to);
        days.put(to);
        terminals.put(to);
        waiting.put(to);
        numbers.put(to);
        store_events.put(to);
        storemenu_events.put(to);
        has_sold.put(to);
        tickets_made.put(to);
        let mut live = live.clone();
        live.sort_unstable();
        live.put(to);
    }

    fn get(from: &mut Reader<'_, '_>) -> Get<StoreParts> {
        Ok(StoreParts {
            settings: settings(from.piece()?).ok_or(postcard::Error::DeserializeBadEncoding)?,
            menu_version: Codec::get(from)?,
            prices: Codec::get(from)?,
            unavailable: Codec::get(from)?,
            stock: StockParts { items: Codec::get(from)?, reservations: Codec::get(from)?, events: Codec::get(from)? },
            drawers: Codec::get(from)?,
            days: Codec::get(from)?,
            terminals: Codec::get(from)?,
            waiting: Codec::get(from)?,
            numbers: Codec::get(from)?,
            store_events: Codec::get(from)?,
            storemenu_events: Codec::get(from)?,
            has_sold: Codec::get(from)?,
            tickets_made: Codec::get(from)?,
            live: Codec::get(from)?,
        })
    }
}

fn settings(bytes: &[u8]) -> Option<Settings> {
    const ANY: Stream = match (TenantId::parse("_"), StoreId::parse("_")) {
        (Ok(tenant), Ok(store)) => Stream::Store(tenant, store),
        _ => unreachable!(),
    };
    match decode(&ANY, bytes) {
        Ok(Event::Store(StoreEvent::StoreOpened(settings) | StoreEvent::StoreSettingsChanged(settings))) => {
            Some(settings)
        }
        Ok(_) | Err(_) => None,
    }
}

fn read<T: Codec>(bytes: &[u8]) -> Result<T, BadSnapshot> {
    let Some(([form, sum @ ..], body)) = bytes.split_first_chunk::<HEADER_LEN>() else {
        return Err(BadSnapshot::Form { found: bytes.first().copied() });
    };
    if *form != SNAPSHOT_FORM {
        return Err(BadSnapshot::Form { found: Some(*form) });
    }
    if u32::from_le_bytes(*sum) != checksum(&[*form], body) {
        return Err(BadSnapshot::Checksum);
    }
    codec::whole_newest(body).map_err(|bad| match bad {
        BadBody::Shape(source) => BadSnapshot::Body(source),
        BadBody::Trailing(count) => BadSnapshot::Trailing { count },
        BadBody::Value(bad) => BadSnapshot::Value(bad),
    })
}

/// The doors of each row.
macro_rules! rows {
    ($($row:ident)*) => { $(
        impl $row {
            /// Appends the stored form.
            pub fn encode(&self, out: &mut Vec<u8>) {
                append_newest(SNAPSHOT_FORM, self, out);
            }

            /// Reads a stored form, which must fill `bytes`.
            ///
            /// # Errors
            /// [`BadSnapshot`]: the snapshot is of no use.
            pub fn decode(bytes: &[u8]) -> Result<$row, BadSnapshot> {
                read(bytes)
            }
        }
    )* };
}

rows! { Checkpoint StoreSummary StoreRow }
