//! Merging two orders: all that one has goes into the other, in one commit, and nothing changes but where it is.

use super::Store;
use super::orders::Draft;
use crate::command::Context;
use crate::event::{
    Discount, DiscountScope, Event, FixedPart, Line, OrderEvent, PaymentEvent, Rate, Received, ReceivedDiscount,
    ReceivedLine, RenamedLine, ReservedLine, ServiceCharge, StockEvent, TicketEvent,
};
use crate::ids::{ChargeId, DiscountId, Id, LineId, OrderId};
use crate::order::{Order, OrderSlot};
use crate::pricing::{self, Totals};
use crate::refused::Refused;
use std::sync::Arc;

impl Store {
    /// Moves all that the order `id` has into `target_id`. A second time it changes nothing.
    pub(super) fn merge(&self, id: OrderId, target_id: OrderId, context: &Context) -> Result<Vec<Event>, Refused> {
        let slot = self.orders.get(&id).ok_or(Refused::UnknownOrder { order: id })?;
        if let OrderSlot::Closed(closed) = slot
            && closed.merged_into() == Some(target_id)
        {
            return Ok(vec![]);
        }
        let source = slot.live()?;
        if id == target_id {
            return Err(Refused::MergeIntoItself);
        }
        let target = self.orders.get(&target_id).ok_or(Refused::UnknownOrder { order: target_id })?.live()?;
        check_alike(source, target)?;
        // Money stays where it was paid: with it the guests of the source would find the target paid, or not.
        self.check_money_is_back(source, source.paid())?;
        let (totals, target_totals) = (source.price()?, target.price()?);
        let renamed = rename_lines(source, target);
        let received = Received {
            source: id,
            lines: received_lines(source, target, &renamed),
            discounts: discounts((source, &totals), (target, &target_totals), &renamed),
            charges: charges((source, &totals), (target, &target_totals)),
            fires: source.prep.as_deref().map_or(0, |prep| prep.fires),
        };
        let mut draft = Draft::of(self, target_id, target.clone());
        draft.push(OrderEvent::LinesReceivedByMerge(received));
        let merged = draft.order.price()?;
        assert_conserved(&merged, [&totals, &target_totals]);
        if !source.is_placed {
            // Nothing of it is sold, reserved or fired yet: a placed order takes it as it takes lines that are added.
            let mut events = draft.reprice(context)?;
            events.extend(self.end_merged(id, source, target_id));
            return Ok(events);
        }
        let void = draft.order.is_void(&merged);
        draft.push(OrderEvent::OrderRepriced { totals: merged, void });
        let reserved = self.stock.reserved_for(id);
        if !reserved.is_empty() {
            let moved = |held: &ReservedLine| ReservedLine { line: new_id(&renamed, held.line), ..*held };
            let lines: Vec<ReservedLine> = reserved.iter().map(moved).collect();
            draft.reserved.extend_from_slice(&lines);
            draft.events.push(Event::Stock(StockEvent::ReservationMoved { order: id, to: target_id, lines }));
        }
        for ticket in source.prep.iter().flat_map(|prep| &prep.tickets) {
            let lines =
                ticket.lines.iter().map(|line| RenamedLine { from: line.line, to: new_id(&renamed, line.line) });
            let lines: Vec<RenamedLine> = lines.filter(|line| line.from != line.to).collect();
            draft.order.insert_ticket(ticket.clone(), &lines);
            draft.events.push(Event::Ticket(ticket.ticket, TicketEvent::TicketMoved { order: target_id, lines }));
        }
        draft.events.extend(self.end_merged(id, source, target_id));
        // What the target has too much may pay for what came: then the kitchen is told at once.
        Ok(draft.settle_if_paid())
    }

    /// What ends an order that has gone into another: its open payments, then itself.
    fn end_merged(&self, id: OrderId, source: &Order, target: OrderId) -> Vec<Event> {
        let expired = source.attempts.iter().map(|attempt| Event::Payment(*attempt, PaymentEvent::PaymentExpired));
        let mut events: Vec<Event> = expired.collect();
        events.extend(self.void_authorisations(source, None));
        events.push(Event::Order(id, OrderEvent::OrderMergedInto { target }));
        events
    }
}

/// What has to be the same in both for nothing to change, and what may not be there.
fn check_alike(source: &Order, target: &Order) -> Result<(), Refused> {
    // What is sold does not become what nobody has ordered yet.
    if source.is_placed && !target.is_placed {
        return Err(Refused::OrderNotPlaced);
    }
    let differs = [
        ("pay_mode", source.pay_mode != target.pay_mode),
        ("rounding", source.rules != target.rules),
        ("tax_rules", source.tax_rules != target.tax_rules),
        ("tax_exempt", source.is_tax_exempt != target.is_tax_exempt),
        ("kitchen", source.prep.is_some() != target.prep.is_some()),
        // What is recorded after the fact is booked on no day.
        ("source", source.is_imported != target.is_imported),
        ("training", source.is_training != target.is_training),
    ];
    if let Some((what, _)) = differs.into_iter().find(|(_, differs)| *differs) {
        return Err(Refused::OrdersDiffer { what });
    }
    for (what, count, max) in [
        ("lines", source.lines.len() + target.lines.len(), pricing::LINES_MAX),
        ("discounts", source.discounts.len() + target.discounts.len(), pricing::DISCOUNTS_MAX),
        ("service charges", source.charges.len() + target.charges.len(), pricing::CHARGES_MAX),
    ] {
        if max < count {
            return Err(Refused::TooMany { what, max });
        }
    }
    Ok(())
}

/// Rule O11, once more where it is decided: what is merged must not be another sum of money.
fn assert_conserved(merged: &Totals, parts: [&Totals; 2]) {
    let of = |totals: &Totals| {
        let Totals { gross, discount, net, tax_exclusive, tax_inclusive, total, .. } = totals;
        [gross.0, discount.0, net.0, tax_exclusive.0, tax_inclusive.0, total.0]
    };
    let [source, target] = parts.map(of);
    let sum: Vec<i64> = source.iter().zip(target).map(|(source, target)| source + target).collect();
    assert_eq!(of(merged).as_slice(), sum.as_slice(), "a merge changes what two orders come to");
}

/// The ids of the source's lines in the target, in their order; then those of lines that are gone and that its tickets still
/// name, so that nothing on a ticket is taken for another line (rule K2).
fn rename_lines(source: &Order, target: &Order) -> Vec<RenamedLine> {
    let mut ids: Vec<LineId> = source.lines.iter().map(|line| line.line).collect();
    for on_ticket in source.prep.iter().flat_map(|prep| &prep.tickets).flat_map(|ticket| &ticket.lines) {
        if !ids.contains(&on_ticket.line) {
            ids.push(on_ticket.line);
        }
    }
    let mut renamed: Vec<RenamedLine> = Vec::with_capacity(ids.len());
    for from in &ids {
        let is_taken = |id: Id| {
            let id = LineId(id);
            (id != *from && ids.contains(&id))
                || target.line(id).is_ok()
                || target.removed.contains(&id)
                || renamed.iter().any(|held| held.to == id)
        };
        let to = LineId(free_id(from.0, is_taken));
        renamed.push(RenamedLine { from: *from, to });
    }
    renamed
}

/// The id itself, or the first of `id_2`, `id_3`, ... that nobody has.
fn free_id(id: Id, is_taken: impl Fn(Id) -> bool) -> Id {
    if !is_taken(id) {
        return id;
    }
    let numbered = |number: u32| {
        let suffix = format!("_{number}");
        let kept = id.as_str().len().min(Id::LEN_MAX - suffix.len());
        Id::parse(&format!("{}{suffix}", &id.as_str()[..kept])).expect("an id with a number is an id")
    };
    (2..).map(numbered).find(|id| !is_taken(*id)).expect("numbers do not run out before lines do")
}

fn new_id(renamed: &[RenamedLine], line: LineId) -> LineId {
    renamed.iter().find(|held| held.from == line).map_or(line, |held| held.to)
}

fn received_lines(source: &Order, target: &Order, renamed: &[RenamedLine]) -> Vec<ReceivedLine> {
    let part = target.lines.iter().map(|line| line.part + 1).max().unwrap_or(0);
    let lines = source.lines.iter().enumerate().zip(renamed);
    let received = lines.map(|((index, line), renamed)| ReceivedLine {
        from: line.line,
        line: Arc::new(Line { line: renamed.to, qty: line.qty, ..(*line.added).clone() }),
        // There are fewer parts than lines.
        part: part + line.part,
        prep: source.prep.as_deref().map(|prep| {
            let mut prep = prep.lines[index];
            prep.line = renamed.to;
            prep
        }),
    });
    received.collect()
}

/// The discounts of both. Shares of single lines stay what they are; all others become what they took off each line.
fn discounts(source: (&Order, &Totals), target: (&Order, &Totals), renamed: &[RenamedLine]) -> Vec<ReceivedDiscount> {
    let own = target.0.discounts.iter().enumerate().map(|(index, discount)| ReceivedDiscount {
        discount: frozen(target, index, discount, &[]),
        comp: target.0.comps.contains(&discount.discount),
    });
    let mut all: Vec<ReceivedDiscount> = own.collect();
    for (index, discount) in source.0.discounts.iter().enumerate() {
        let mut discount = frozen(source, index, discount, renamed);
        let is_taken = |id: Id| {
            let id = DiscountId(id);
            let is_of_source = |held: &Discount| id != discount.discount && held.discount == id;
            all.iter().any(|held| held.discount.discount == id) || source.0.discounts.iter().any(is_of_source)
        };
        let comp = source.0.comps.contains(&discount.discount);
        discount.discount = DiscountId(free_id(discount.discount.0, is_taken));
        all.push(ReceivedDiscount { discount, comp });
    }
    all
}

fn frozen((order, totals): (&Order, &Totals), index: usize, discount: &Discount, renamed: &[RenamedLine]) -> Discount {
    if let (DiscountScope::Lines(lines), Rate::Percent(_)) = (&discount.scope, discount.rate) {
        // Lines that are gone stay gone, whatever has their ids in the other order.
        let lines = lines.iter().filter(|line| order.line(**line).is_ok());
        let scope = DiscountScope::Lines(lines.map(|line| new_id(renamed, *line)).collect());
        return Discount { scope, ..discount.clone() };
    }
    let taken = totals.discount_parts.iter().filter(|part| part.discount == index);
    let fixed = taken.map(|part| FixedPart { line: new_id(renamed, order.lines[part.line].line), amount: part.amount });
    let scope = DiscountScope::Fixed(fixed.collect());
    Discount { scope, rate: Rate::Amount(totals.discounts[index]), ..discount.clone() }
}

/// The service charges of both, as the amounts they came to.
fn charges(source: (&Order, &Totals), target: (&Order, &Totals)) -> Vec<ServiceCharge> {
    let amount = |(order, totals): (&Order, &Totals)| -> Vec<ServiceCharge> {
        let charges = order.charges.iter().zip(&totals.charges);
        charges.map(|(charge, held)| ServiceCharge { rate: Rate::Amount(held.amount), ..charge.clone() }).collect()
    };
    let mut all = amount(target);
    for mut charge in amount(source) {
        let is_taken = |id: Id| {
            let id = ChargeId(id);
            let is_of_source = |held: &ServiceCharge| id != charge.charge && held.charge == id;
            all.iter().any(|held| held.charge == id) || source.0.charges.iter().any(is_of_source)
        };
        charge.charge = ChargeId(free_id(charge.charge.0, is_taken));
        all.push(charge);
    }
    all
}
