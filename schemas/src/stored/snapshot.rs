//! What a snapshot of the engine keeps: derived from the log, so that a form that does not fit is thrown away with the
//! snapshot and the log is folded instead. There is one version at a time and no upcast.
//!
//! | bytes | what |
//! |---|---|
//! | 0 | [`SNAPSHOT_FORM`] |
//! | 1..5 | CRC-32C over byte 0 and the body, `u32` little-endian |
//! | 5.. | body: postcard |

use super::day::DayTotalsV1;
use super::envelope::{Envelope, append, checksum};
use super::parts::{BadValue, Stored, date, named, named_opt, text_opt, timestamp_opt, us_opt};
use super::stock::{policy, policy_code};
use super::store::decode_store;
use super::terminal::seq;
use super::{DecodeError, encode};
use domain::calendar::Timestamp;
use domain::day::Days;
use domain::drawer::{Drawer, Shift};
use domain::event::{Event, ReservedLine, StoreEvent};
use domain::ids::TenantId;
use domain::money::{Money, QtyMilli};
use domain::stock::{Mark86, StockItem, StockParts};
use domain::store::{Due, Entity, Settings, StoreParts};
use domain::terminal::{Gap, Terminal};
use serde::{Deserialize, Serialize};

/// The version of everything in here. Whoever changes a form, or what is folded into one, raises it.
pub const SNAPSHOT_FORM: u8 = 4;

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
    /// The settings of a store do not read.
    #[error("the settings in a row of the snapshot do not read")]
    Settings(#[from] DecodeError),
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
    /// The first and last time, in microseconds, in ids that were ahead of the clock when their commands were accepted.
    pub ahead: Option<(i64, i64)>,
    /// Every tenant with the newest version of its menu.
    pub tenants: Vec<(TenantId, u32)>,
}

/// What memory knows of a store that is not in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreNote {
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

#[derive(Serialize, Deserialize)]
struct CheckpointForm<'a> {
    log: u128,
    position: u64,
    last_us: i64,
    ahead: Option<(i64, i64)>,
    #[serde(borrow)]
    tenants: Vec<(&'a str, u32)>,
}

#[derive(Serialize, Deserialize)]
struct StoreNoteForm<'a> {
    position: Option<u64>,
    tail: Vec<u64>,
    menu_version: u32,
    /// Time, kind (1 order, 2 payment, 3 mark), id.
    #[serde(borrow)]
    deadlines: Vec<(i64, u8, &'a str)>,
}

#[derive(Serialize, Deserialize)]
struct StoreRowForm<'a> {
    position: u64,
    /// The envelope of a `StoreSettingsChanged`, so that settings have one stored form.
    settings: &'a [u8],
    menu_version: u32,
    #[serde(borrow)]
    prices: Vec<(&'a str, Option<&'a str>, i64)>,
    unavailable: Vec<&'a str>,
    items: Vec<StockItemForm<'a>>,
    reservations: Vec<(&'a str, Vec<ReservedForm<'a>>)>,
    stock_events: u64,
    drawers: Vec<DrawerForm<'a>>,
    days: DaysForm,
    terminals: Vec<TerminalForm<'a>>,
    numbers: Vec<(i32, Vec<(&'a str, u32)>)>,
    store_events: u64,
    storemenu_events: u64,
    has_sold: bool,
    tickets_made: u64,
    /// Kind (1 order, 2 payment, 3 ticket), id.
    live: Vec<(u8, &'a str)>,
}

#[derive(Serialize, Deserialize)]
struct DrawerForm<'a> {
    drawer: &'a str,
    events: u64,
    shifts: u32,
    /// Number and what should be in it.
    open: Option<(u32, i64)>,
}

/// Dates are days since 1970-01-01.
#[derive(Serialize, Deserialize)]
struct DaysForm {
    events: u64,
    open: Option<i32>,
    totals: DayTotalsV1,
    closed: Option<i32>,
    z_number: u32,
    cumulative_total: i64,
}

#[derive(Serialize, Deserialize)]
struct TerminalForm<'a> {
    terminal: &'a str,
    events: u64,
    last: Option<u64>,
    /// First and last of each.
    gaps: Vec<(u64, u64)>,
}

/// Line, stock item, quantity.
type ReservedForm<'a> = (&'a str, &'a str, i64);

#[derive(Serialize, Deserialize)]
struct StockItemForm<'a> {
    sku: &'a str,
    policy: u8,
    on_hand: i64,
    reserved: i64,
    /// End and whether it set itself.
    mark: Option<(Option<i64>, bool)>,
}

fn write<T: Serialize>(form: &T, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[SNAPSHOT_FORM, 0, 0, 0, 0]);
    append(form, out);
    let (header, body) = out[start..].split_at_mut(HEADER_LEN);
    let sum = checksum(&header[..1], body);
    header[1..].copy_from_slice(&sum.to_le_bytes());
}

fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, BadSnapshot> {
    let Some(([form, sum @ ..], body)) = bytes.split_first_chunk::<HEADER_LEN>() else {
        return Err(BadSnapshot::Form { found: bytes.first().copied() });
    };
    if *form != SNAPSHOT_FORM {
        return Err(BadSnapshot::Form { found: Some(*form) });
    }
    if u32::from_le_bytes(*sum) != checksum(&[*form], body) {
        return Err(BadSnapshot::Checksum);
    }
    let (form, rest) = postcard::take_from_bytes(body)?;
    match rest.len() {
        0 => Ok(form),
        count => Err(BadSnapshot::Trailing { count }),
    }
}

impl Checkpoint {
    /// Appends the stored form.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let form = CheckpointForm {
            log: self.log,
            position: self.position,
            last_us: self.last.0,
            ahead: self.ahead,
            tenants: self.tenants.iter().map(|(tenant, version)| (tenant.as_str(), *version)).collect(),
        };
        write(&form, out);
    }

    /// Reads a stored form, which must fill `bytes`.
    ///
    /// # Errors
    /// [`BadSnapshot`]: the snapshot is of no use.
    pub fn decode(bytes: &[u8]) -> Result<Checkpoint, BadSnapshot> {
        let form: CheckpointForm<'_> = read(bytes)?;
        let tenants = form.tenants.into_iter().map(|(tenant, version)| Ok((named(tenant)?, version)));
        Ok(Checkpoint {
            log: form.log,
            position: form.position,
            last: Timestamp(form.last_us),
            ahead: form.ahead,
            tenants: tenants.collect::<Result<_, BadValue>>()?,
        })
    }
}

impl StoreNote {
    /// Appends the stored form.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let deadlines = self.deadlines.iter().map(|(at, due)| {
            let (kind, id) = match due {
                Due::Order(order) => (1, order.as_str()),
                Due::Payment(payment) => (2, payment.as_str()),
                Due::Mark86(sku) => (3, sku.as_str()),
            };
            (at.0, kind, id)
        });
        let form = StoreNoteForm {
            position: self.position,
            tail: self.tail.clone(),
            menu_version: self.menu_version,
            deadlines: deadlines.collect(),
        };
        write(&form, out);
    }

    /// Reads a stored form, which must fill `bytes`.
    ///
    /// # Errors
    /// [`BadSnapshot`]: the snapshot is of no use.
    pub fn decode(bytes: &[u8]) -> Result<StoreNote, BadSnapshot> {
        let form: StoreNoteForm<'_> = read(bytes)?;
        let deadlines = form.deadlines.into_iter().map(|(at, kind, id)| {
            let due = match kind {
                1 => Due::Order(named(id)?),
                2 => Due::Payment(named(id)?),
                3 => Due::Mark86(named(id)?),
                code => return Err(BadValue::Code { kind: "deadline", code }),
            };
            Ok((Timestamp(at), due))
        });
        Ok(StoreNote {
            position: form.position,
            tail: form.tail,
            menu_version: form.menu_version,
            deadlines: deadlines.collect::<Result<_, BadValue>>()?,
        })
    }
}

impl StoreRow {
    /// Appends the stored form.
    pub fn encode(&self, out: &mut Vec<u8>) {
        // Named one by one, so that what is added to the parts is not forgotten here.
        let StoreParts {
            settings,
            menu_version,
            prices,
            unavailable,
            stock: StockParts { items, reservations, events: stock_events },
            drawers,
            days,
            terminals,
            numbers,
            store_events,
            storemenu_events,
            has_sold,
            tickets_made,
            live,
        } = &self.parts;
        let mut settings_bytes = vec![];
        encode(&Event::Store(StoreEvent::StoreSettingsChanged(settings.clone())), &mut settings_bytes);
        let prices = prices.iter().map(|((item, variation), price)| (item.as_str(), text_opt(variation), price.0));
        let mut reservations: Vec<_> = reservations.iter().collect();
        reservations.sort_unstable_by_key(|(order, _)| *order);
        let reservations = reservations.into_iter().map(|(order, lines)| {
            let lines = lines.iter().map(|line| (line.line.as_str(), line.sku.as_str(), line.qty.0));
            (order.as_str(), lines.collect())
        });
        let numbers = numbers.iter().map(|(date, counted)| {
            (date.days(), counted.iter().map(|(prefix, highest)| (prefix.as_str(), *highest)).collect())
        });
        let mut live: Vec<&Entity> = live.iter().collect();
        live.sort_unstable();
        let live = live.into_iter().map(|entity| match entity {
            Entity::Order(order) => (1, order.as_str()),
            Entity::Payment(payment) => (2, payment.as_str()),
            Entity::Ticket(ticket) => (3, ticket.as_str()),
        });
        let form = StoreRowForm {
            position: self.position,
            settings: &settings_bytes,
            menu_version: *menu_version,
            prices: prices.collect(),
            unavailable: unavailable.iter().map(|item| item.as_str()).collect(),
            items: items.iter().map(|(sku, item)| stock_item_form(sku.as_str(), item)).collect(),
            reservations: reservations.collect(),
            stock_events: *stock_events,
            drawers: drawers.iter().map(|(id, drawer)| drawer_form(id.as_str(), drawer)).collect(),
            days: days_form(days),
            terminals: terminals.iter().map(|(id, terminal)| terminal_form(id.as_str(), terminal)).collect(),
            numbers: numbers.collect(),
            store_events: *store_events,
            storemenu_events: *storemenu_events,
            has_sold: *has_sold,
            tickets_made: *tickets_made,
            live: live.collect(),
        };
        write(&form, out);
    }

    /// Reads a stored form, which must fill `bytes`.
    ///
    /// # Errors
    /// [`BadSnapshot`]: the snapshot is of no use.
    pub fn decode(bytes: &[u8]) -> Result<StoreRow, BadSnapshot> {
        let form: StoreRowForm<'_> = read(bytes)?;
        let position = form.position;
        let settings = settings(form.settings)?;
        Ok(StoreRow { position, parts: form.back(settings)? })
    }
}

impl StoreRowForm<'_> {
    fn back(self, settings: Settings) -> Result<StoreParts, BadValue> {
        let prices = self
            .prices
            .into_iter()
            .map(|(item, variation, price)| Ok(((named(item)?, named_opt(variation)?), Money(price))));
        let items = self.items.into_iter().map(|form| Ok((named(form.sku)?, stock_item(&form)?)));
        let reserved = |(line, sku, qty): ReservedForm<'_>| {
            Ok(ReservedLine { line: named(line)?, sku: named(sku)?, qty: QtyMilli(qty) })
        };
        let reservations = self.reservations.into_iter().map(|(order, lines)| {
            Ok((named(order)?, lines.into_iter().map(reserved).collect::<Result<_, BadValue>>()?))
        });
        let drawers = self.drawers.into_iter().map(|form| {
            let open = form.open.map(|(number, expected)| Shift { number, expected: Money(expected) });
            Ok((named(form.drawer)?, Drawer { events: form.events, shifts: form.shifts, open }))
        });
        let terminals = self.terminals.into_iter().map(|form| Ok((named(form.terminal)?, terminal(&form)?)));
        let numbers = self.numbers.into_iter().map(|(days, counted)| {
            let counted = counted.into_iter().map(|(prefix, highest)| (prefix.to_owned(), highest));
            Ok((date(days)?, counted.collect()))
        });
        let live = self.live.into_iter().map(|(kind, id)| match kind {
            1 => Ok(Entity::Order(named(id)?)),
            2 => Ok(Entity::Payment(named(id)?)),
            3 => Ok(Entity::Ticket(named(id)?)),
            code => Err(BadValue::Code { kind: "entity", code }),
        });
        Ok(StoreParts {
            settings,
            menu_version: self.menu_version,
            prices: prices.collect::<Result<_, BadValue>>()?,
            unavailable: self.unavailable.into_iter().map(named).collect::<Result<_, BadValue>>()?,
            stock: StockParts {
                items: items.collect::<Result<_, BadValue>>()?,
                reservations: reservations.collect::<Result<_, BadValue>>()?,
                events: self.stock_events,
            },
            drawers: drawers.collect::<Result<_, BadValue>>()?,
            days: days(self.days)?,
            terminals: terminals.collect::<Result<_, BadValue>>()?,
            numbers: numbers.collect::<Result<_, BadValue>>()?,
            store_events: self.store_events,
            storemenu_events: self.storemenu_events,
            has_sold: self.has_sold,
            tickets_made: self.tickets_made,
            live: live.collect::<Result<_, BadValue>>()?,
        })
    }
}

fn settings(bytes: &[u8]) -> Result<Settings, BadSnapshot> {
    let (StoreEvent::StoreOpened(settings) | StoreEvent::StoreSettingsChanged(settings)) =
        decode_store(&Envelope::open(bytes)?)?;
    Ok(settings)
}

fn stock_item_form<'a>(sku: &'a str, item: &StockItem) -> StockItemForm<'a> {
    StockItemForm {
        sku,
        policy: policy_code(item.policy),
        on_hand: item.on_hand.0,
        reserved: item.reserved.0,
        mark: item.mark.map(|mark| (us_opt(&mark.until), mark.auto)),
    }
}

fn drawer_form<'a>(drawer: &'a str, held: &Drawer) -> DrawerForm<'a> {
    let Drawer { events, shifts, open } = held;
    let open = open.map(|shift| (shift.number, shift.expected.0));
    DrawerForm { drawer, events: *events, shifts: *shifts, open }
}

fn days_form(days: &Days) -> DaysForm {
    let Days { events, open, totals, closed, z_number, cumulative_total } = days;
    DaysForm {
        events: *events,
        open: open.map(|date| date.days()),
        totals: DayTotalsV1::of(totals),
        closed: closed.map(|date| date.days()),
        z_number: *z_number,
        cumulative_total: cumulative_total.0,
    }
}

fn days(form: DaysForm) -> Result<Days, BadValue> {
    Ok(Days {
        events: form.events,
        open: form.open.map(date).transpose()?,
        totals: form.totals.back()?,
        closed: form.closed.map(date).transpose()?,
        z_number: form.z_number,
        cumulative_total: Money(form.cumulative_total),
    })
}

fn terminal_form<'a>(id: &'a str, held: &Terminal) -> TerminalForm<'a> {
    let Terminal { events, last, gaps } = held;
    let gaps = gaps.iter().map(|gap| (gap.first.0, gap.last.0)).collect();
    TerminalForm { terminal: id, events: *events, last: last.map(|last| last.0), gaps }
}

fn terminal(form: &TerminalForm<'_>) -> Result<Terminal, BadValue> {
    let gaps = form.gaps.iter().map(|(first, last)| Ok(Gap { first: seq(*first)?, last: seq(*last)? }));
    Ok(Terminal {
        events: form.events,
        last: form.last.map(seq).transpose()?,
        gaps: gaps.collect::<Result<_, BadValue>>()?,
    })
}

fn stock_item(form: &StockItemForm<'_>) -> Result<StockItem, BadValue> {
    Ok(StockItem {
        policy: policy(form.policy)?,
        on_hand: QtyMilli(form.on_hand),
        reserved: QtyMilli(form.reserved),
        mark: form.mark.map(|(until, auto)| Mark86 { until: timestamp_opt(until), auto }),
    })
}
