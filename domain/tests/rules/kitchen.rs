//! Rules of the kitchen, on days of a store whose kitchen is on.
//!
//! Every step of such a day is followed by some of the kitchen. The units of lines and tickets are added up from the facts.

use crate::generate::{Day, LINES, ORDERS, a_day};
use crate::life::{Life, Step};
use crate::model::{Model, State};
use crate::spell::pick;
use crate::support::*;
use crate::{BUSY, OPS, prove};
use domain::command::{
    AccessCommand, Command, Context, Fire, NewComp, OrderCommand, Source, StoreCommand, TicketCommand,
};
use domain::event::{Event, OrderEvent, StockEvent, TicketEvent};
use domain::ids::{DiscountId, LineId, OrderId, StationId, TableId, TicketId};
use domain::kitchen::{Kitchen, LinePrep};
use domain::money::QtyMilli;
use domain::refused::Refused;
use domain::staff::{Approvals, Right, Rights};
use domain::store::Settings;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// How many steps of the kitchen follow each other step.
const PACE: usize = 2;

/// A step of the kitchen: to which order, which line, and how much.
#[derive(Clone, Debug)]
pub enum Op {
    Hold(usize, usize),
    Fire(usize, Option<usize>),
    Serve(usize),
    Void(usize, usize, i64, bool),
    Ticket(usize, usize),
    Comp(usize, usize),
    Table(usize, usize),
}

fn op() -> impl Strategy<Value = Op> {
    let (o, l) = (|| 0..42_usize, || 0..LINES.len());
    prop_oneof![
        1 => (o(), l()).prop_map(|(order, line)| Op::Hold(order, line)),
        5 => (o(), prop_oneof![3 => Just(None), 1 => l().prop_map(Some)]).prop_map(|(order, line)| Op::Fire(order, line)),
        3 => o().prop_map(Op::Serve),
        3 => (o(), l(), prop_oneof![Just(1_000_i64), Just(500), 1..4_000_i64], any::<bool>())
            .prop_map(|(order, line, milli, wasted)| Op::Void(order, line, milli, wasted)),
        1 => (o(), l()).prop_map(|(order, line)| Op::Comp(order, line)),
        1 => (o(), 0..3_usize).prop_map(|(order, table)| Op::Table(order, table)),
        6 => (0..64_usize, 0..6_usize).prop_map(|(ticket, what)| Op::Ticket(ticket, what)),
    ]
}

/// The units of one line, from the facts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Units {
    fired: i64,
    voided_fired: i64,
    served: i64,
    taken: i64,
    is_prepared: bool,
    at: At,
}

/// Where units that were sent are by now, and how much of them left the shelf.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct At {
    open: i64,
    ready: i64,
    served: i64,
    taken: i64,
}

impl At {
    /// Voided units are those furthest from the guest.
    fn void(&mut self, qty: i64) {
        let open = qty.min(self.open);
        let ready = (qty - open).min(self.ready);
        self.open -= open;
        self.ready -= ready;
        self.served -= qty - open - ready;
        self.taken -= qty.min(self.taken);
    }
}

impl Units {
    fn sent(&self) -> i64 {
        self.fired - self.voided_fired
    }
}

#[derive(Clone, Debug)]
pub struct Ticket {
    pub order: OrderId,
    fire: u32,
    station: StationId,
    /// Open, ready and cancelled.
    lines: BTreeMap<LineId, [i64; 3]>,
}

/// What was fired and what became of it, added up from the facts; merges take it along.
#[derive(Clone, Debug, Default)]
pub struct Pass {
    units: BTreeMap<(OrderId, LineId), Units>,
    pub tickets: BTreeMap<TicketId, Ticket>,
    /// What is imported was eaten long ago.
    cooked: BTreeSet<OrderId>,
}

impl Pass {
    fn of(&self, order: OrderId, line: LineId) -> Units {
        self.units.get(&(order, line)).copied().unwrap_or_default()
    }

    pub fn fold(&mut self, event: &Event) {
        match event {
            Event::Order(order, OrderEvent::OrderOpened(opening)) if opening.kitchen == Kitchen::On => {
                self.cooked.insert(*order);
            }
            Event::Order(order, OrderEvent::LineAdded(line)) => {
                let units = self.units.entry((*order, line.line)).or_default();
                units.is_prepared = line.station.is_some();
            }
            Event::Order(order, OrderEvent::LinesFired { lines, .. }) => {
                for fired in lines {
                    let units = self.units.entry((*order, fired.line)).or_default();
                    units.fired += fired.qty.0;
                    units.taken += fired.taken.0;
                    units.at.taken += fired.taken.0;
                    // What nobody prepares is ready as soon as it is fired.
                    *(if units.is_prepared { &mut units.at.open } else { &mut units.at.ready }) += fired.qty.0;
                }
            }
            Event::Order(order, OrderEvent::LineVoided { line, fired, .. }) => {
                let units = self.units.entry((*order, *line)).or_default();
                units.voided_fired += fired.0;
                units.at.void(fired.0);
            }
            Event::Order(order, OrderEvent::LinesServed { lines }) => {
                for served in lines {
                    let units = self.units.entry((*order, served.line)).or_default();
                    units.served += served.qty.0;
                    units.at.served += served.qty.0;
                    units.at.ready -= served.qty.0;
                }
            }
            Event::Order(order, OrderEvent::LinesReceivedByMerge(received)) => {
                for line in &received.lines {
                    self.moved((received.source, line.from), (*order, line.line.line));
                }
            }
            Event::Ticket(ticket, event) => self.fold_ticket(*ticket, event),
            _ => {}
        }
    }

    /// Units that were fired for one line are another order's from now on, under an id that nothing there ever had.
    fn moved(&mut self, from: (OrderId, LineId), to: (OrderId, LineId)) {
        if let Some(units) = self.units.remove(&from) {
            assert!(self.units.insert(to, units).is_none(), "{to:?} was another line, and {from:?} becomes it");
        }
    }

    /// Holds the tickets against what was fired (rule K2), and what the store has against both.
    pub fn holds(&self, world: &World, step: &Step) {
        for live in self.cooked.iter().filter_map(|order| world.open().order(*order)?.live().ok()) {
            for line in live.prep.iter().flat_map(|prep| &prep.tickets).flat_map(|ticket| &ticket.lines) {
                // A ticket names lines of its order, and such that are gone from it for ever.
                assert!(live.line(line.line).is_ok() != live.removed.contains(&line.line), "{step:?}");
            }
        }
        for ((order, line), units) in &self.units {
            let on_tickets = self.tickets.values().filter(|ticket| ticket.order == *order);
            let parts: Vec<[i64; 3]> = on_tickets.filter_map(|ticket| ticket.lines.get(line).copied()).collect();
            let sum: i64 = parts.iter().flatten().sum();
            assert_eq!(sum, if units.is_prepared { units.fired } else { 0 }, "{order} {line} {step:?}");
            // What the store holds is what the tickets say.
            if let Some(Ok(live)) = world.open().order(*order).map(|slot| slot.live())
                && let Some(prep) = live.prep.as_deref()
                && live.line(*line).is_ok()
            {
                assert_eq!(prep.line(*line).fired.0, parts.iter().map(|part| part[0]).sum::<i64>(), "{step:?}");
                assert_eq!(prep.line(*line).sent().0, units.sent(), "{step:?}");
                let LinePrep { held, fired, ready, served, taken, .. } = *prep.line(*line);
                let at = At { open: fired.0, ready: ready.0, served: served.0, taken: taken.0 };
                assert_eq!(at, units.at, "{step:?}");
                let unsent = live.line(*line).expect("it is there").qty.0 - units.sent();
                assert!((0..=unsent).contains(&held.0), "{step:?}");
                // What was sent left the shelf, so nothing is set aside for it any more.
                let set_aside = world.open().stock().reserved_for(*order).iter().filter(|held| held.line == *line);
                assert!(set_aside.map(|held| held.qty.0).sum::<i64>() <= unsent, "{step:?}");
            }
        }
    }

    fn fold_ticket(&mut self, id: TicketId, event: &TicketEvent) {
        if let TicketEvent::TicketCreated { order, fire, station, lines } = event {
            let lines = lines.iter().map(|units| (units.line, [units.qty.0, 0, 0])).collect();
            let ticket = Ticket { order: *order, fire: *fire, station: *station, lines };
            assert!(self.tickets.insert(id, ticket).is_none(), "{id} was created twice");
            return;
        }
        if let TicketEvent::TicketMoved { order: to, lines } = event {
            let ticket = self.tickets.get_mut(&id).expect("a ticket is created first");
            let (from, held) = (ticket.order, std::mem::take(&mut ticket.lines));
            ticket.order = *to;
            for (line, parts) in held {
                let named = lines.iter().find(|renamed| renamed.from == line).map_or(line, |renamed| renamed.to);
                let ticket = self.tickets.get_mut(&id).expect("a ticket is created first");
                assert!(ticket.lines.insert(named, parts).is_none(), "{named} is there twice: {event:?}");
                // The lines of the order went ahead; these are gone from it.
                self.moved((from, line), (*to, named));
            }
            return;
        }
        let ticket = self.tickets.get_mut(&id).expect("a ticket is created first");
        let (all, order) = (&mut self.units, ticket.order);
        let mut moved = |line: &LineId, to: usize, qty: i64| {
            let units = ticket.lines.get_mut(line).expect("a line of the ticket");
            units[0] -= qty;
            units[to] += qty;
            assert!(units.iter().all(|part| 0 <= *part), "{id} {event:?}");
            if to == 1 {
                let at = &mut all.get_mut(&(order, *line)).expect("a line that was fired").at;
                at.open -= qty;
                at.ready += qty;
            }
        };
        match event {
            TicketEvent::TicketLineReady { line, qty } => moved(line, 1, qty.0),
            TicketEvent::TicketBumped { lines } => lines.iter().for_each(|units| moved(&units.line, 1, units.qty.0)),
            TicketEvent::TicketRecalled { lines } => lines.iter().for_each(|units| moved(&units.line, 1, -units.qty.0)),
            TicketEvent::TicketLinesCancelled { lines } => {
                lines.iter().for_each(|units| moved(&units.line, 2, units.qty.0));
            }
            TicketEvent::TicketStarted | TicketEvent::TicketCreated { .. } | TicketEvent::TicketMoved { .. } => {}
        }
    }
}

/// Lives through a day with the kitchen on. `watch` gets the model and the pass before a step, and the step.
pub fn cook(input: &(Day, Vec<Op>), watch: impl FnMut(&Model, &Pass, &Step, &World) -> bool) -> bool {
    cook_with(input, Approvals::default(), watch)
}

/// The same in a store that asks for approvals; every other step of the kitchen names one who may.
fn cook_with(
    (day, ops): &(Day, Vec<Op>),
    approvals: Approvals,
    mut watch: impl FnMut(&Model, &Pass, &Step, &World) -> bool,
) -> bool {
    let mut life = Life::new(day);
    let mut pass = Pass::default();
    let mut was_tested = false;
    let settings = Settings { kitchen: Kitchen::On, approvals, ..life.world.open().settings().clone() };
    let boss = AccessCommand::PutStaff { staff: actor("boss"), rights: Rights::of(Right::ALL), discount_limit: None };
    for command in [to_store(StoreCommand::Put(settings)), Command::Access(boss)] {
        life.step(command, (Source::Online, None)).outcome.expect("setting up");
    }
    let mut kitchen = ops.chunks(PACE);
    for (index, op) in day.ops.iter().enumerate() {
        for (command, source) in life.commands(op) {
            let step = life.step(command, source);
            was_tested |= watch(&life.model, &pass, &step, &life.world);
            step.events().iter().for_each(|event| (life.model.fold(event), pass.fold(event)).0);
        }
        // The first orders are opened before anything is cooked.
        let cooking = if index < ORDERS.len() - 1 { &[] } else { kitchen.next().unwrap_or_default() };
        for (second, kitchen) in cooking.iter().enumerate() {
            let command = kitchen_command(&life, &pass, kitchen);
            let approver = (second % 2 == 1).then(|| actor("boss"));
            let context = Context { approver, ..life.context((Source::Online, None)) };
            let step = life.step_at(command, context);
            was_tested |= watch(&life.model, &pass, &step, &life.world);
            step.events().iter().for_each(|event| (life.model.fold(event), pass.fold(event)).0);
        }
    }
    was_tested
}

fn kitchen_command(life: &Life, pass: &Pass, op: &Op) -> Command {
    let placed = |index: usize| pick(index, &ORDERS, |id| life.model.state(order(id)) == Some(State::Placed));
    let line_of = |id: &str, index: usize| {
        let held = life.model.orders.get(&order(id));
        line(pick(index * 5, &LINES, |id| held.is_some_and(|held| held.lines.contains_key(&line(id)))))
    };
    match op {
        Op::Hold(index, of) => {
            let id = placed(*index);
            to_order(id, OrderCommand::HoldLines(vec![line_of(id, *of)]))
        }
        Op::Fire(index, of) => {
            let id = placed(*index);
            let what = of.map_or(Fire::Unheld, |of| Fire::Lines(vec![line_of(id, of)]));
            to_order(id, OrderCommand::FireLines(what))
        }
        Op::Serve(index) => to_order(placed(*index), OrderCommand::MarkServed(vec![])),
        Op::Void(index, of, milli, wasted) => {
            // Half of them of an order that has something on the table, where there is one.
            let is_on_the_table = |(id, line): &(OrderId, LineId)| 0 < pass.of(*id, *line).at.served;
            let has_served = |id: &str| {
                let mut lines = pass.units.keys().filter(|(of, _)| *of == order(id));
                life.model.state(order(id)) == Some(State::Placed) && lines.any(is_on_the_table)
            };
            let id = if index % 2 == 0 { pick(*index, &ORDERS, has_served) } else { placed(*index) };
            let (line, qty) = (line_of(id, *of), QtyMilli(*milli));
            to_order(id, OrderCommand::VoidLine { line, qty, reason: text("dropped"), wasted: *wasted })
        }
        Op::Comp(index, of) => {
            let id = placed(*index);
            let lines = vec![line_of(id, *of)];
            let comp = NewComp { discount: discount_id(*of), lines, reason: text("waited") };
            to_order(id, OrderCommand::CompLines(comp))
        }
        Op::Table(index, table) => {
            let table = TableId::parse(["t1", "t2", "t3"][*table]).expect("an id");
            to_order(placed(*index), OrderCommand::SetTable(table))
        }
        Op::Ticket(index, what) => {
            let count = pass.tickets.len().max(1);
            let id = TicketId::numbered((index % count + 1) as u64);
            let first = pass.tickets.get(&id).and_then(|ticket| ticket.lines.keys().next().copied());
            let command = match (what, first) {
                (0, _) => TicketCommand::Start,
                (1, Some(line)) => TicketCommand::MarkLineReady(line),
                (2, _) => TicketCommand::Recall,
                (_, _) => TicketCommand::Bump,
            };
            to_ticket(id.as_str(), command)
        }
    }
}

/// Days with as many steps of the kitchen.
pub fn cooked_days() -> impl Strategy<Value = (Day, Vec<Op>)> {
    (a_day(OPS, BUSY), vec(op(), PACE * OPS))
}

#[track_caller]
fn holds_in_the_kitchen(name: &str, floor: u32, rule: impl Fn(&Model, &Pass, &Step, &World) -> bool) {
    prove(name, floor, cooked_days(), |input| cook(input, &rule));
}

#[test]
fn k1_each_unit_is_fired_once() {
    holds_in_the_kitchen("k1_each_unit_is_fired_once", 32, |model, pass, step, _| {
        let mut fired_again = false;
        let (mut after, mut model) = (pass.clone(), model.clone());
        for event in step.events() {
            if let Event::Order(id, OrderEvent::LinesFired { lines, .. }) = event {
                for fired in lines {
                    let before = after.of(*id, fired.line);
                    let ordered = model.orders[id].lines[&fired.line].qty.0;
                    assert!(0 < fired.qty.0 && before.sent() + fired.qty.0 <= ordered, "{step:?}");
                    assert!(0 <= fired.taken.0 && fired.taken <= fired.qty, "{step:?}");
                }
                // Who names lines fires no others.
                if let Some((_, OrderCommand::FireLines(Fire::Lines(named)))) = step.order() {
                    assert!(lines.iter().all(|fired| named.contains(&fired.line)), "{step:?}");
                }
                fired_again |= lines.iter().any(|fired| 0 < after.of(*id, fired.line).fired) || 1 < lines.len();
            }
            model.fold(event);
            after.fold(event);
        }
        fired_again
    });
}

#[test]
fn k2_every_fired_unit_is_on_one_ticket() {
    holds_in_the_kitchen("k2_every_fired_unit_is_on_one_ticket", 40, |_, pass, step, world| {
        let mut after = pass.clone();
        step.events().iter().for_each(|event| after.fold(event));
        after.holds(world, step);
        let mut stations: Vec<(OrderId, u32, StationId)> =
            after.tickets.values().map(|ticket| (ticket.order, ticket.fire, ticket.station)).collect();
        let count = stations.len();
        stations.sort_unstable();
        stations.dedup();
        assert_eq!(stations.len(), count, "one ticket for each station and fire");
        step.events().iter().any(|event| matches!(event, Event::Ticket(_, TicketEvent::TicketLinesCancelled { .. })))
            || 2 <= after.tickets.len()
    });
}

#[test]
fn o7_fired_units_are_only_voided() {
    holds_in_the_kitchen("o7_fired_units_are_only_voided", 12, |model, pass, step, _| {
        for event in step.events() {
            match event {
                Event::Order(id, OrderEvent::LineQtyChanged { line, qty }) => {
                    assert!(pass.of(*id, *line).sent() <= qty.0, "{step:?}");
                }
                Event::Order(id, OrderEvent::LineRemoved { line }) => {
                    assert_eq!(pass.of(*id, *line).sent(), 0, "{step:?}")
                }
                Event::Order(id, OrderEvent::OrderCancelled { .. }) => {
                    let lines = model.orders[id].lines.keys();
                    assert!(lines.map(|line| pass.of(*id, *line).sent()).all(|sent| sent == 0), "{step:?}");
                }
                // An order is done when everything that is left of it was served.
                Event::Order(id, OrderEvent::OrderCompleted { .. }) if pass.cooked.contains(id) => {
                    let after = model.after(step.events());
                    let mut done = pass.clone();
                    step.events().iter().for_each(|event| done.fold(event));
                    for (line, held) in &after.orders[id].lines {
                        let units = done.of(*id, *line);
                        assert!(units.sent() == held.qty.0 && held.qty.0 <= units.served, "{line} {units:?} {step:?}");
                    }
                }
                _ => {}
            }
        }
        step.is_refused_as(|refused| matches!(refused, Refused::LineFired { .. }))
    });
}

#[test]
fn s8_voids_release_or_reclassify() {
    holds_in_the_kitchen("s8_voids_release_or_reclassify", 10, |model, pass, step, world| {
        let after = model.after(step.events());
        let mut tested = false;
        for id in crate::life::sku_ids() {
            let Some(item) = world.open().stock().item(id) else { continue };
            assert_eq!(i128::from(item.on_hand.0), after.shelf(id).on_hand(), "{id} {step:?}");
            assert_eq!(i128::from(item.reserved.0), after.shelf(id).held(), "{id} {step:?}");
        }
        for event in step.events() {
            let Event::Order(id, OrderEvent::LineVoided { line, qty, fired, wasted, .. }) = event else { continue };
            assert!(fired <= qty, "{step:?}");
            let shelf_moves = step.events().iter().filter_map(|event| match event {
                Event::Stock(StockEvent::StockVoided { order, line, wasted: to }) => Some((order, line, to)),
                _ => None,
            });
            for (of, held, to) in shelf_moves {
                assert!(of == id && held.line == *line && to == wasted && held.qty <= *fired, "{step:?}");
                assert!(held.qty.0 <= pass.of(*id, *line).taken, "{step:?}");
                tested = true;
            }
        }
        tested
    });
}

fn discount_id(index: usize) -> DiscountId {
    DiscountId::parse(&format!("comp{index}")).expect("an id")
}

/// A comp takes all that is left of its lines, and an order keeps its identities with it (rule O4).
#[test]
fn o4_comps_leave_nothing_of_their_lines() {
    holds_in_the_kitchen("o4_comps_leave_nothing_of_their_lines", 12, |model, _, step, _| {
        let Some(Event::Order(id, OrderEvent::LinesComped { lines, .. })) = step.events().first() else {
            return false;
        };
        let after = model.after(step.events());
        // An order that is not placed says no amounts.
        let Some(totals) = after.orders[id].totals.as_ref() else { return false };
        let nets = after.orders[id].sequence.iter().zip(&totals.lines).filter(|(line, _)| lines.contains(line));
        nets.for_each(|(_, amounts)| assert_eq!(amounts.net.0, 0, "{step:?}"));
        assert_eq!(totals.gross.0 - totals.discount.0, totals.net.0, "{step:?}");
        true
    });
}

/// What voids a unit the kitchen has is approved by somebody else who may (rule O8), and nothing else asks for that.
#[test]
fn o8_voids_of_fired_units_are_approved() {
    let inputs = ((a_day(OPS, BUSY), vec(op(), PACE * OPS)), any::<bool>());
    prove("o8_voids_of_fired_units_are_approved", 20, inputs, |(input, comps)| {
        let comps = comps.then_some(Right::Comp);
        let needed = Rights::of([Right::VoidFired].into_iter().chain(comps));
        let asks = |right: Right| needed.has(right);
        let approvals = Approvals { needed, ..Approvals::default() };
        cook_with(input, approvals, |_, _, step, _| {
            let may = step.context.approver == Some(actor("boss"));
            let is_online = step.context.source == Source::Online;
            for event in step.events() {
                match event {
                    Event::Order(_, OrderEvent::LineVoided { fired, .. }) if is_online => {
                        assert!(may || *fired == QtyMilli::ZERO, "{step:?}");
                    }
                    Event::Order(_, OrderEvent::LinesComped { .. }) if is_online => {
                        assert!(may || !asks(Right::Comp), "{step:?}");
                    }
                    _ => {}
                }
            }
            let is_refused = step.is_refused_as(|refused| matches!(refused, Refused::ApprovalRequired { .. }));
            if is_refused {
                assert!(
                    !may && matches!(
                        step.order(),
                        Some((_, OrderCommand::VoidLine { .. } | OrderCommand::CompLines(_)))
                    ),
                    "{step:?}"
                );
            }
            is_refused
        })
    });
}
