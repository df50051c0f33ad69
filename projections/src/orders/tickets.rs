//! Kitchen tickets: what is on the board of a station, and how far the kitchen is with an order.
//!
//! A ticket's row says what its own stream says, and the order's row what the order's does; they meet when somebody asks. So it
//! does not matter which of the two streams is read first.

use super::{ORDERS, OrdersModel, order_key};
use crate::Answer;
use crate::fault::{Fault, QueryError};
use crate::key::{Key, Parts};
use crate::model::{Recorded, follows, starts};
use crate::rows::{Before, Definition, View};
use domain::event::{Event, LineUnits, TicketEvent};
use domain::ids::{OrderId, StationId, StoreId, TenantId, TicketId};
use domain::money::QtyMilli;
use redb::WriteTransaction;
use schemas::views::{LineView, OrderView, PrepState, Shown, TicketLineRow, TicketRow, TicketState, TicketView};

/// (tenant, store, ticket) to the ticket.
pub(super) const TICKETS: &str = "tickets";
/// (tenant, store, order, ticket)
pub(super) const TICKETS_BY_ORDER: &str = "tickets_by_order";
/// (tenant, store, station, time, ticket) of tickets on the board.
pub(super) const TICKETS_LIVE: &str = "tickets_live";

/// The most tickets a board shows.
const BOARD_MAX: usize = 500;

impl OrdersModel {
    pub(super) fn apply_ticket(
        &mut self,
        before: &Before<'_>,
        (store, ticket): (StoreId, TicketId),
        recorded: &Recorded<'_>,
    ) -> Result<(), Fault> {
        let Event::Ticket(_, event) = &recorded.event else { return Ok(()) };
        let key = ticket_key(recorded.tenant(), store, ticket);
        if let TicketEvent::TicketCreated { order, fire, station, lines } = event {
            starts(recorded.revision)?;
            let line = |units: &LineUnits| TicketLineRow {
                line: Shown(units.line),
                open: Shown(units.qty),
                ready: Shown(QtyMilli::ZERO),
                cancelled: Shown(QtyMilli::ZERO),
            };
            let row = TicketRow {
                ticket: Shown(ticket),
                station: Shown(*station),
                state: TicketState::New,
                order: Shown(*order),
                is_moved: false,
                fire: *fire,
                created_at: Shown(recorded.recorded_at),
                lines: lines.iter().map(line).collect(),
                revision: recorded.revision,
            };
            self.tickets.put_new(key.into_boxed(), row);
            return Ok(());
        }
        let row = self.tickets.edit(before, key.as_slice())?;
        let row = row.ok_or(Fault::Impossible("an event of a ticket that was not created"))?;
        follows(row.revision, recorded.revision)?;
        row.revision = recorded.revision;
        if let TicketEvent::TicketMoved { .. } = event {
            let left = order_key(recorded.tenant(), store, row.order.0);
            self.left.push(left.text(ticket.as_str()));
        }
        evolve(row, event)
    }

    /// Brings the boards, and the lists of orders' tickets, into line with the tickets that changed.
    pub(super) fn flush_boards(&mut self, transaction: &WriteTransaction) -> Result<(), Fault> {
        if !self.tickets.is_touched() {
            return Ok(());
        }
        let mut by_order = transaction.open_table(Definition::new(TICKETS_BY_ORDER))?;
        let mut live = transaction.open_table(Definition::new(TICKETS_LIVE))?;
        for of_order in self.left.drain(..) {
            by_order.remove(of_order.as_slice())?;
        }
        self.tickets.for_touched(|key, ticket, is_stored| {
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
}

fn ticket_key(tenant: TenantId, store: StoreId, ticket: TicketId) -> Key {
    Key::of_store(tenant, store).text(ticket.as_str())
}

fn is_on_board(ticket: &TicketRow) -> bool {
    let is_there = |line: &TicketLineRow| line.open.0 != QtyMilli::ZERO || line.ready.0 != QtyMilli::ZERO;
    ticket.state != TicketState::Bumped && ticket.lines.iter().any(is_there)
}

fn evolve(ticket: &mut TicketRow, event: &TicketEvent) -> Result<(), Fault> {
    match event {
        TicketEvent::TicketStarted => ticket.state = TicketState::Started,
        TicketEvent::TicketLineReady { line, qty } => ready(line_mut(ticket, *line)?, qty.0),
        TicketEvent::TicketBumped { lines } => {
            ticket.state = TicketState::Bumped;
            for units in lines {
                ready(line_mut(ticket, units.line)?, units.qty.0);
            }
        }
        TicketEvent::TicketRecalled { lines } => {
            ticket.state = TicketState::Started;
            for units in lines {
                ready(line_mut(ticket, units.line)?, -units.qty.0);
            }
        }
        TicketEvent::TicketLinesCancelled { lines } => {
            for units in lines {
                let held = line_mut(ticket, units.line)?;
                held.open.0.0 -= units.qty.0;
                held.cancelled.0.0 += units.qty.0;
            }
        }
        TicketEvent::TicketMoved { order, lines } => {
            // Its lines are those of the other order from now on, so it is called out by that one's number.
            ticket.order = Shown(*order);
            ticket.is_moved = true;
            for line in &mut ticket.lines {
                if let Some(renamed) = lines.iter().find(|renamed| renamed.from == line.line.0) {
                    line.line = Shown(renamed.to);
                }
            }
        }
        TicketEvent::TicketCreated { .. } => return Err(Fault::Impossible("a ticket was created twice")),
    }
    Ok(())
}

/// Units became ready, or are not any more where there are fewer than none.
fn ready(line: &mut TicketLineRow, milli: i64) {
    line.open.0.0 -= milli;
    line.ready.0.0 += milli;
}

fn line_mut(ticket: &mut TicketRow, line: domain::ids::LineId) -> Result<&mut TicketLineRow, Fault> {
    let held = ticket.lines.iter_mut().find(|held| held.line.0 == line);
    held.ok_or(Fault::Impossible("units of a line that is not on the ticket"))
}

/// The tickets on a station's board, oldest first.
pub(crate) fn board(
    view: &View,
    tenant: TenantId,
    store: StoreId,
    station: StationId,
) -> Result<Answer<Vec<TicketView>>, QueryError> {
    let of_store = Key::of_store(tenant, store);
    let (tickets, orders) = (view.table(TICKETS)?, view.table(ORDERS)?);
    let mut value = vec![];
    for (suffix, ()) in view.all::<()>(TICKETS_LIVE, &of_store.clone().text(station.as_str()))? {
        let mut parts = Parts(&suffix);
        let (_, _) = (parts.u32(), parts.u32());
        let Some(id) = parts.text() else { continue };
        if BOARD_MAX <= value.len() {
            break;
        }
        let Some(ticket) = tickets.get::<TicketRow>(of_store.clone().text(id).as_slice())? else { continue };
        let order = orders.get::<OrderView>(order_key(tenant, store, ticket.order.0).as_slice())?;
        value.extend(order.map(|order| TicketView::new(&ticket, &order)));
    }
    Ok(Answer { value, position: view.position })
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
