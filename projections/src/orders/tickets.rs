//! Kitchen tickets: what is on the board of a station, and what follows for the orders.

use super::rows;
use super::{OrdersModel, order_key};
use crate::Answer;
use crate::fault::{Fault, QueryError};
use crate::key::{Key, Parts};
use crate::model::{Recorded, follows, starts};
use crate::rows::{Before, Definition, View};
use domain::event::{Event, LineUnits, TicketEvent};
use domain::ids::{StationId, StoreId, TenantId, TicketId};
use domain::money::QtyMilli;
use redb::WriteTransaction;
use schemas::views::{OrderView, Shown, TicketLineView, TicketState, TicketView};

/// (tenant, store, ticket) to the ticket.
pub(super) const TICKETS: &str = "tickets";
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
        let tenant = recorded.tenant();
        let key = Key::of_store(tenant, store).text(ticket.as_str());
        let order = match event {
            TicketEvent::TicketCreated { order, .. } => {
                starts(recorded.revision)?;
                *order
            }
            _ => {
                let row = self.tickets.get(before, key.as_slice())?;
                let row = row.ok_or(Fault::Impossible("an event of a ticket that was not created"))?;
                follows(row.revision, recorded.revision)?;
                row.order_id.0
            }
        };
        let order = self.orders.edit(before, order_key(tenant, store, order).as_slice())?;
        let order = order.ok_or(Fault::Impossible("a ticket of an order that was not opened"))?;
        order.updated_at.0 = recorded.recorded_at;
        if let TicketEvent::TicketCreated { fire, station, lines, .. } = event {
            let row = created(ticket, (*fire, *station), lines, order, recorded)?;
            order.ticket_ids.push(Shown(ticket));
            self.tickets.put_new(key.into_boxed(), row);
            return Ok(());
        }
        let row = self.tickets.edit(before, key.as_slice())?.expect("it was looked for above");
        row.revision = recorded.revision;
        evolve(row, order, event)
    }

    pub(super) fn flush_boards(&mut self, transaction: &WriteTransaction) -> Result<(), Fault> {
        if !self.tickets.is_touched() {
            return Ok(());
        }
        let mut live = transaction.open_table(Definition::new(TICKETS_LIVE))?;
        self.tickets.for_touched(|key, ticket, _| {
            let id = ticket.ticket_id.0;
            let store = Key::from_bytes(&key[..key.len() - id.as_str().len() - 1]);
            let listed = store.text(ticket.station.0.as_str()).i64(ticket.created_at.0.0).text(id.as_str());
            match is_on_board(ticket) {
                true => _ = live.insert(listed.as_slice(), [].as_slice())?,
                false => _ = live.remove(listed.as_slice())?,
            }
            Ok(())
        })
    }
}

fn is_on_board(ticket: &TicketView) -> bool {
    let is_there = |line: &TicketLineView| line.open.0 != QtyMilli::ZERO || line.ready.0 != QtyMilli::ZERO;
    ticket.state != TicketState::Bumped && ticket.lines.iter().any(is_there)
}

fn created(
    ticket: TicketId,
    (fire, station): (u32, StationId),
    lines: &[LineUnits],
    order: &OrderView,
    recorded: &Recorded<'_>,
) -> Result<TicketView, Fault> {
    let line = |units: &LineUnits| {
        let line = order.lines.iter().find(|line| line.line_id.0 == units.line);
        let line = line.ok_or(Fault::Impossible("a ticket of a line that is not there"))?;
        Ok(TicketLineView::new(line, Shown(units.qty)))
    };
    Ok(TicketView {
        ticket_id: Shown(ticket),
        station: Shown(station),
        state: TicketState::New,
        order_id: order.order_id,
        fire,
        display_number: order.display_number.clone(),
        table: order.table,
        channel: order.channel,
        dining_mode: order.dining_mode,
        created_at: Shown(recorded.recorded_at),
        lines: lines.iter().map(line).collect::<Result<_, Fault>>()?,
        revision: recorded.revision,
    })
}

fn evolve(ticket: &mut TicketView, order: &mut OrderView, event: &TicketEvent) -> Result<(), Fault> {
    match event {
        TicketEvent::TicketStarted => ticket.state = TicketState::Started,
        TicketEvent::TicketLineReady { line, qty } => ready(ticket, order, LineUnits { line: *line, qty: *qty })?,
        TicketEvent::TicketBumped { lines } => {
            ticket.state = TicketState::Bumped;
            for units in lines {
                ready(ticket, order, *units)?;
            }
        }
        TicketEvent::TicketRecalled { lines } => {
            ticket.state = TicketState::Started;
            for LineUnits { line, qty } in lines {
                ready(ticket, order, LineUnits { line: *line, qty: QtyMilli(-qty.0) })?;
            }
        }
        TicketEvent::TicketLinesCancelled { lines } => {
            for units in lines {
                let held = line_of(ticket, units)?;
                held.open.0.0 -= units.qty.0;
                held.cancelled.0.0 += units.qty.0;
            }
        }
        TicketEvent::TicketCreated { .. } => return Err(Fault::Impossible("a ticket was created twice")),
    }
    Ok(())
}

/// Units became ready, or are not any more where there are fewer than none.
fn ready(ticket: &mut TicketView, order: &mut OrderView, units: LineUnits) -> Result<(), Fault> {
    let held = line_of(ticket, &units)?;
    held.open.0.0 -= units.qty.0;
    held.ready.0.0 += units.qty.0;
    let line = rows::line_mut(order, units.line)?;
    line.fired.0.0 -= units.qty.0;
    line.ready.0.0 += units.qty.0;
    Ok(())
}

fn line_of<'a>(ticket: &'a mut TicketView, units: &LineUnits) -> Result<&'a mut TicketLineView, Fault> {
    let held = ticket.lines.iter_mut().find(|held| held.line_id.0 == units.line);
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
    let rows = view.table(TICKETS)?;
    let mut value = vec![];
    for (suffix, ()) in view.all::<()>(TICKETS_LIVE, &of_store.clone().text(station.as_str()))? {
        let mut parts = Parts(&suffix);
        let (_, _) = (parts.u32(), parts.u32());
        if let Some(ticket) = parts.text()
            && value.len() < BOARD_MAX
        {
            value.extend(rows.get::<TicketView>(of_store.clone().text(ticket).as_slice())?);
        }
    }
    Ok(Answer { value, position: view.position })
}
