//! Kitchen tickets: what is on the board of a station, and how far the kitchen is with an order.
//!
//! A ticket's row says what its own stream says, and the order's row what the order's does; they meet when somebody asks. So it
//! does not matter which of the two streams is read first.

use super::tables::{ORDERS, TICKETS, TICKETS_BY_ORDER, TICKETS_LIVE, order_key, ticket_key};
use crate::error::{FoldError, QueryError};
use crate::key::{Key, KeyReader};
use crate::page::{Page, PageRequest, page_ascending};
use crate::projection::Projection;
use crate::projections::Projections;
use crate::projector::{Recorded, follows, starts};
use crate::rows::{Committed, Definition, Rows};
use crate::view::{Answer, View};
use domain::event::{Event, TicketEvent};
use domain::ids::{LineId, OrderId, StationId, StoreId, TenantId, TicketId};
use domain::kitchen::TicketLine;
use domain::money::QtyMilli;
use redb::WriteTransaction;
use schemas::json::Wire;
use schemas::views::{LineView, OrderView, PrepState, TicketLineRow, TicketRow, TicketState, TicketView};

/// The tickets of all stores.
pub(super) struct Tickets {
    rows: Rows<TicketRow>,
    /// Keys of `tickets_by_order` to remove: those tickets went into other orders.
    stale_keys: Vec<Key>,
}

impl Tickets {
    pub fn new(cached_max: usize) -> Tickets {
        Tickets { rows: Rows::new(TICKETS, cached_max), stale_keys: vec![] }
    }

    pub fn is_dirty(&self) -> bool {
        self.rows.is_dirty()
    }

    pub fn apply(
        &mut self,
        committed: &Committed<'_>,
        (store, ticket): (StoreId, TicketId),
        recorded: &Recorded<'_>,
    ) -> Result<(), FoldError> {
        let Event::Ticket(_, event) = &recorded.event else { return Ok(()) };
        let key = ticket_key(recorded.tenant(), store, ticket);
        if let TicketEvent::TicketCreated { order, fire, station, lines } = event {
            starts(recorded.revision)?;
            let row = TicketRow {
                ticket: Wire(ticket),
                station: Wire(*station),
                state: TicketState::New,
                order: Wire(*order),
                is_moved: false,
                fire: *fire,
                created_at: Wire(recorded.recorded_at),
                lines: lines.iter().map(|units| line_row(&TicketLine::new(units))).collect(),
                revision: recorded.revision,
            };
            self.rows.put_new(key.into_boxed(), row);
            return Ok(());
        }
        let row = self.rows.edit(committed, key.as_slice())?;
        let row = row.ok_or(FoldError::Impossible("an event of a ticket that was not created"))?;
        follows(row.revision, recorded.revision)?;
        let of_order = order_key(recorded.tenant(), store, row.order.0).text(ticket.as_str());
        evolve(row, event)?;
        row.revision = recorded.revision;
        if let TicketEvent::TicketMoved { .. } = event {
            self.stale_keys.push(of_order);
        }
        Ok(())
    }

    /// Writes the index entries of dirty tickets: on boards, and by order.
    fn flush_indexes(&mut self, transaction: &WriteTransaction) -> Result<(), FoldError> {
        if !self.rows.is_dirty() {
            return Ok(());
        }
        let mut by_order = transaction.open_table(Definition::new(TICKETS_BY_ORDER))?;
        let mut live = transaction.open_table(Definition::new(TICKETS_LIVE))?;
        for of_order in self.stale_keys.drain(..) {
            by_order.remove(of_order.as_slice())?;
        }
        self.rows.for_each_dirty(|key, ticket, is_stored| {
            let id = ticket.ticket.0;
            let store = Key::from_bytes(&key[..key.len() - id.as_str().len() - 1]);
            if !is_stored || ticket.is_moved {
                let of_order = store.clone().text(ticket.order.0.as_str()).text(id.as_str());
                by_order.insert(of_order.as_slice(), [].as_slice())?;
            }
            let listed = store.text(ticket.station.0.as_str()).i64(ticket.created_at.0.0).text(id.as_str());
            match is_on_board(ticket) {
                true => _ = live.insert(listed.as_slice(), [].as_slice())?,
                false => _ = live.remove(listed.as_slice())?,
            }
            Ok(())
        })
    }

    pub fn flush(&mut self, transaction: &WriteTransaction) -> Result<(), FoldError> {
        self.flush_indexes(transaction)?;
        self.rows.flush(transaction)
    }
}

fn is_on_board(ticket: &TicketRow) -> bool {
    let is_there = |line: &TicketLineRow| line.open.0 != QtyMilli::ZERO || line.ready.0 != QtyMilli::ZERO;
    ticket.state != TicketState::Bumped && ticket.lines.iter().any(is_there)
}

fn evolve(ticket: &mut TicketRow, event: &TicketEvent) -> Result<(), FoldError> {
    match event {
        TicketEvent::TicketStarted | TicketEvent::TicketRecalled { .. } => ticket.state = TicketState::Started,
        TicketEvent::TicketBumped { .. } => ticket.state = TicketState::Bumped,
        TicketEvent::TicketLineReady { .. } | TicketEvent::TicketLinesCancelled { .. } => {}
        TicketEvent::TicketMoved { order, lines } => {
            // Its lines are those of the other order from now on, so it is called out by that one's number.
            ticket.order = Wire(*order);
            ticket.is_moved = true;
            for line in &mut ticket.lines {
                if let Some(renamed) = lines.iter().find(|renamed| renamed.from == line.line.0) {
                    line.line = Wire(renamed.to);
                }
            }
        }
        TicketEvent::TicketCreated { .. } => return Err(FoldError::Impossible("a ticket was created twice")),
    }
    for units in event.readied() {
        change(ticket, units.line, |line| line.make_ready(units.qty))?;
    }
    for units in event.cancelled() {
        change(ticket, units.line, |line| line.cancel(units.qty))?;
    }
    Ok(())
}

/// Changes a line of a ticket as the writer does.
fn change(ticket: &mut TicketRow, line: LineId, change: impl FnOnce(&mut TicketLine)) -> Result<(), FoldError> {
    let row = ticket.lines.iter_mut().find(|held| held.line.0 == line);
    let row = row.ok_or(FoldError::Impossible("units of a line that is not on the ticket"))?;
    let mut line = TicketLine { line, open: row.open.0, ready: row.ready.0, cancelled: row.cancelled.0 };
    change(&mut line);
    let units = [line.open, line.ready, line.cancelled];
    debug_assert!(units.iter().all(|units| QtyMilli::ZERO <= *units), "less than nothing on a ticket: {line:?}");
    *row = line_row(&line);
    Ok(())
}

fn line_row(line: &TicketLine) -> TicketLineRow {
    let TicketLine { line, open, ready, cancelled } = *line;
    TicketLineRow { line: Wire(line), open: Wire(open), ready: Wire(ready), cancelled: Wire(cancelled) }
}

impl Projections {
    /// A page of the tickets on a station's board, oldest first.
    pub fn board(
        &self,
        tenant: TenantId,
        store: StoreId,
        station: StationId,
        page: &PageRequest,
    ) -> Result<Answer<Page<TicketView>>, QueryError> {
        self.read(Projection::Orders, |view| {
            let of_store = Key::of_store(tenant, store);
            let (tickets, orders) = (view.table(TICKETS)?, view.table(ORDERS)?);
            let listed = of_store.clone().text(station.as_str());
            let value = page_ascending::<(), TicketView>(&view.table(TICKETS_LIVE)?, &listed, page, |suffix| {
                let mut parts = KeyReader(suffix);
                let (_, _) = (parts.u32(), parts.u32());
                let Some(id) = parts.text() else { return Ok(None) };
                let Some(ticket) = tickets.get::<TicketRow>(of_store.clone().text(id).as_slice())? else {
                    return Ok(None);
                };
                let order = orders.get::<OrderView>(order_key(tenant, store, ticket.order.0).as_slice())?;
                Ok(order.map(|order| TicketView::new(&ticket, &order)))
            })?;
            Ok(view.answer(value))
        })
    }
}

/// Says in an order how far the kitchen is with it: what the tickets still have open is not ready.
pub(super) fn complete(
    view: &View,
    (tenant, store, order): (TenantId, StoreId, OrderId),
    shown: &mut OrderView,
) -> Result<(), QueryError> {
    let rows = view.table(TICKETS)?;
    let mut tickets = vec![];
    for (suffix, ()) in view.all::<()>(TICKETS_BY_ORDER, &order_key(tenant, store, order))? {
        tickets.extend(rows.get::<TicketRow>(Key::of_store(tenant, store).bytes(&suffix).as_slice())?);
    }
    // They are numbered, and nine comes before ten.
    tickets.sort_by_key(|ticket| (ticket.created_at, ticket.ticket.0.as_str().len(), ticket.ticket));
    shown.ticket_ids = tickets.iter().map(|ticket| ticket.ticket).collect();
    for line in shown.lines.iter_mut().filter(|line| line.station.is_some()) {
        let on_tickets = tickets.iter().flat_map(|ticket| &ticket.lines).filter(|held| held.line == line.line_id);
        let open: i64 = on_tickets.map(|held| held.open.0.0).sum();
        line.ready.0.0 += line.fired.0.0 - open;
        line.fired.0.0 = open;
    }
    shown.prep_state = prep_state(&shown.lines);
    Ok(())
}

fn prep_state(lines: &[LineView]) -> PrepState {
    let any = |units: fn(&LineView) -> QtyMilli| lines.iter().any(|line| QtyMilli::ZERO < units(line));
    let is_served = lines.iter().all(|line| line.qty == line.served);
    match (any(|line| line.fired.0), any(|line| line.ready.0), any(|line| line.served.0)) {
        (true, _, _) => PrepState::InKitchen,
        (false, true, _) => PrepState::Ready,
        (false, false, true) if is_served => PrepState::Served,
        (false, false, _) => PrepState::None,
    }
}
