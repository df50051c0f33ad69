//! Decisions of the kitchen: what goes to it, what comes back, and what is voided on the way.

use super::Store;
use super::orders::Draft;
use crate::command::{Context, Fire, TicketCommand};
use crate::event::{Event, FiredLine, LineUnits, OrderEvent, PayMode, ReservedLine, StockEvent, TicketEvent};
use crate::ids::{LineId, StationId, Text, TicketId};
use crate::kitchen::{LinePrep, Prep};
use crate::money::QtyMilli;
use crate::refused::Refused;
use crate::staff::Right;
use crate::tenant::Tenant;

impl Store {
    /// Decides a command to a ticket.
    pub(super) fn decide_ticket(&self, ticket: TicketId, command: TicketCommand) -> Result<Vec<Event>, Refused> {
        let slot = self.tickets.get(&ticket).ok_or(Refused::UnknownTicket { ticket })?;
        let order = self.orders[&slot.order].live()?;
        let prep = order.prep.as_deref().expect("an order with tickets is prepared");
        let held = prep.ticket(ticket);
        let event = match command {
            TicketCommand::Start if held.is_bumped => return Err(Refused::TicketBumped { ticket }),
            TicketCommand::Start if held.is_started => return Ok(vec![]),
            TicketCommand::Start => TicketEvent::TicketStarted,
            TicketCommand::MarkLineReady(line) => {
                let on_ticket = held.lines.iter().find(|on_ticket| on_ticket.line == line);
                match on_ticket.ok_or(Refused::UnknownLine { line })?.open {
                    QtyMilli::ZERO => return Ok(vec![]),
                    qty => TicketEvent::TicketLineReady { line, qty },
                }
            }
            TicketCommand::Bump if held.is_bumped => return Ok(vec![]),
            TicketCommand::Bump => TicketEvent::TicketBumped { lines: held.open_units() },
            TicketCommand::Recall => {
                let again = |on_ticket: &crate::kitchen::TicketLine| {
                    let qty = on_ticket.ready.min(prep.ready_of(on_ticket.line));
                    (QtyMilli::ZERO < qty).then_some(LineUnits { line: on_ticket.line, qty })
                };
                let lines: Vec<LineUnits> = held.lines.iter().filter_map(again).collect();
                match !held.is_bumped && lines.is_empty() {
                    true => return Ok(vec![]),
                    false => TicketEvent::TicketRecalled { lines },
                }
            }
        };
        Ok(vec![Event::Ticket(ticket, event)])
    }
}

impl Draft<'_> {
    fn prep(&self) -> Result<&Prep, Refused> {
        self.order.prep.as_deref().ok_or(Refused::KitchenOff)
    }

    /// Units of a line that were not sent yet, held ones included.
    fn unsent(&self, prep: &LinePrep) -> QtyMilli {
        let ordered = self.order.lines.iter().find(|line| line.line == prep.line).map_or(0, |line| line.qty.0);
        QtyMilli(ordered - prep.sent().0)
    }

    pub(super) fn hold(&mut self, lines: &[LineId]) -> Result<(), Refused> {
        self.prep()?;
        let mut units = vec![];
        for line in lines {
            self.order.line(*line)?;
            let prep = self.prep()?.line(*line);
            let qty = QtyMilli(self.unsent(prep).0 - prep.held.0);
            if QtyMilli::ZERO < qty {
                units.push(LineUnits { line: *line, qty });
            }
        }
        if !units.is_empty() {
            self.push(OrderEvent::LinesHeld { lines: units });
        }
        Ok(())
    }

    /// Sends lines to the kitchen. An order that is paid first goes there with its payment, and what comes later to a
    /// paid one by hand.
    pub(super) fn fire(&mut self, what: &Fire, context: &Context) -> Result<(), Refused> {
        self.prep()?;
        if !self.order.is_placed {
            return Err(Refused::OrderNotPlaced);
        }
        if self.order.pay_mode == PayMode::First && crate::money::Money::ZERO < self.order.due() {
            return Err(Refused::PaymentDue { due: self.order.due() });
        }
        if let Fire::Lines(lines) = what {
            for line in lines {
                self.order.line(*line)?;
            }
        }
        let units = self.to_fire(what)?;
        match units.is_empty() {
            true => Err(Refused::NothingToFire),
            false => {
                if self.order.pay_mode == PayMode::Later {
                    let reserving = self.store.stock.reserve(self.id, &self.stocked(&units), context)?;
                    self.push_reserved(reserving);
                }
                self.send(&units);
                Ok(())
            }
        }
    }

    fn to_fire(&self, what: &Fire) -> Result<Vec<LineUnits>, Refused> {
        let units = |prep: &LinePrep| {
            let unsent = self.unsent(prep).0;
            let qty = QtyMilli(match what {
                Fire::Unheld => unsent - prep.held.0,
                Fire::Lines(lines) if lines.contains(&prep.line) => unsent,
                Fire::Course(course) if prep.course == Some(*course) => unsent,
                Fire::Lines(_) | Fire::Course(_) => 0,
            });
            (QtyMilli::ZERO < qty).then_some(LineUnits { line: prep.line, qty })
        };
        Ok(self.prep()?.lines.iter().filter_map(units).collect())
    }

    /// Takes the stock of `units` off the shelf and puts them on one ticket for each station.
    fn send(&mut self, units: &[LineUnits]) {
        let taken = self.take_stock(units);
        let of_line = |line: LineId| taken.iter().filter(|held| held.line == line).map(|held| held.qty.0).sum();
        let fired =
            |units: &LineUnits| FiredLine { line: units.line, qty: units.qty, taken: QtyMilli(of_line(units.line)) };
        let prep = self.order.prep.as_deref().expect("only what is prepared is sent");
        let fire = prep.fires + 1;
        let lines: Vec<FiredLine> = units.iter().map(fired).collect();
        let mut stations: Vec<(StationId, Vec<LineUnits>)> = vec![];
        for units in units {
            let Some(station) = prep.line(units.line).station else { continue };
            match stations.iter_mut().find(|(held, _)| *held == station) {
                Some((_, lines)) => lines.push(*units),
                None => stations.push((station, vec![*units])),
            }
        }
        self.push(OrderEvent::LinesFired { fire, lines });
        let order = self.id;
        for (number, (station, lines)) in (self.store.tickets_made + 1..).zip(stations) {
            let created = TicketEvent::TicketCreated { order, fire, station, lines };
            self.events.push(Event::Ticket(TicketId::numbered(number), created));
        }
    }

    /// What units take from stock.
    fn stocked(&self, units: &[LineUnits]) -> Vec<ReservedLine> {
        let stocked = units.iter().filter_map(|units| {
            let line = self.order.lines.iter().find(|line| line.line == units.line)?;
            Some(ReservedLine { line: line.line, sku: line.sku()?, qty: units.qty })
        });
        stocked.collect()
    }

    /// Takes what is reserved of these units off the shelf. An order that is paid first reserved it when it was placed;
    /// one that is paid later, just now.
    fn take_stock(&mut self, units: &[LineUnits]) -> Vec<ReservedLine> {
        let mut lines = vec![];
        for ReservedLine { line, sku, qty } in self.stocked(units) {
            let held = self.reserved.iter().filter(|held| held.line == line && held.sku == sku);
            let qty = QtyMilli(held.map(|held| held.qty.0).sum::<i64>().min(qty.0));
            if QtyMilli::ZERO < qty {
                lines.push(ReservedLine { line, sku, qty });
            }
        }
        if !lines.is_empty() {
            self.unreserve(&lines);
            self.events.push(Event::Stock(StockEvent::StockCommitted { order: self.id, lines: lines.clone() }));
        }
        lines
    }

    pub(super) fn serve(&mut self, lines: &[LineId]) -> Result<(), Refused> {
        let mut units = vec![];
        for line in lines {
            self.order.line(*line)?;
            match self.prep()?.line(*line).ready {
                QtyMilli::ZERO => return Err(Refused::NothingReady { line: *line }),
                qty => units.push(LineUnits { line: *line, qty }),
            }
        }
        if lines.is_empty() {
            let ready = self.prep()?.lines.iter().filter(|line| QtyMilli::ZERO < line.ready);
            units.extend(ready.map(|line| LineUnits { line: line.line, qty: line.ready }));
        }
        if !units.is_empty() {
            self.push(OrderEvent::LinesServed { lines: units });
        }
        Ok(())
    }

    /// Voids units: new ones first, then those furthest from the guest. What had left the shelf is waste or goes back.
    pub(super) fn void(
        &mut self,
        tenant: &Tenant,
        (line, qty): (LineId, QtyMilli),
        (reason, wasted): (&Text, bool),
        context: &Context,
    ) -> Result<(), Refused> {
        let held = self.order.line(line)?;
        let (ordered, sku) = (held.qty, held.sku());
        if !self.order.is_placed {
            return Err(Refused::OrderNotPlaced);
        }
        if ordered < qty {
            return Err(Refused::VoidExceedsLine { line, left: ordered });
        }
        let split = self.order.prep.as_deref().map(|prep| prep.line(line).split_void(ordered, qty));
        let fired = split.map_or(QtyMilli::ZERO, |split| split.sent());
        if QtyMilli::ZERO < fired {
            self.store.approve(tenant, Right::VoidFired, context)?;
        }
        self.push(OrderEvent::LineVoided { line, qty, fired, reason: reason.clone(), wasted });
        let Some(split) = split else { return Ok(()) };
        self.cancel_on_tickets(LineUnits { line, qty: split.fired });
        if let Some(sku) = sku
            && QtyMilli::ZERO < split.taken
        {
            let line = ReservedLine { line, sku, qty: split.taken };
            self.events.extend(self.store.stock.void(self.id, line, wasted));
        }
        Ok(())
    }

    /// Takes voided units off the tickets they are still open on, the newest first.
    fn cancel_on_tickets(&mut self, LineUnits { line, qty }: LineUnits) {
        let mut rest = qty.0;
        let prep = self.order.prep.as_deref().expect("only what was fired is on tickets");
        for ticket in prep.tickets.iter().rev() {
            let open = ticket.lines.iter().find(|held| held.line == line).map_or(0, |held| held.open.0);
            let cancelled = open.min(rest);
            if 0 < cancelled {
                rest -= cancelled;
                let lines = vec![LineUnits { line, qty: QtyMilli(cancelled) }];
                self.events.push(Event::Ticket(ticket.ticket, TicketEvent::TicketLinesCancelled { lines }));
            }
        }
    }

    /// Tickets of an order that is settled leave the board, whoever forgot to bump them.
    pub(super) fn clear_board(&mut self) {
        let Some(prep) = self.order.prep.as_deref() else { return };
        for ticket in prep.tickets.iter().filter(|ticket| !ticket.is_bumped) {
            self.events.push(Event::Ticket(ticket.ticket, TicketEvent::TicketBumped { lines: vec![] }));
        }
    }

    /// Refuses to take back by hand what the kitchen has (rule O7): `left` is what would stay of the line.
    pub(super) fn check_unfired(&self, line: LineId, left: QtyMilli) -> Result<(), Refused> {
        match self.order.prep.as_deref() {
            Some(prep) if left < prep.line(line).sent() => {
                Err(Refused::LineFired { line, fired: prep.line(line).sent() })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Refuses to change what is said of a line of which the kitchen has something (rule O7).
    pub(super) fn check_unsent(&self, line: LineId) -> Result<(), Refused> {
        match self.order.prep.as_deref().map(|prep| prep.line(line).sent()) {
            Some(fired) if QtyMilli::ZERO < fired => Err(Refused::LineFired { line, fired }),
            Some(_) | None => Ok(()),
        }
    }

    /// What a payment sends to the kitchen: all that nobody holds, of an order that is paid first.
    pub(super) fn fire_paid(&mut self) {
        if self.order.pay_mode == PayMode::Later {
            return;
        }
        match self.to_fire(&Fire::Unheld) {
            Ok(units) if !units.is_empty() => self.send(&units),
            // Nothing to prepare, or no kitchen.
            Ok(_) | Err(_) => {}
        }
    }
}
