//! Rule A3: a day of real orders with a day of practice between them ends as the real day alone does.

use crate::generate::{BUSY, Day, Op, a_day, a_day_at_the_provider, a_day_in_shifts, a_refunding_day, days_to_close};
use crate::life::Life;
use crate::support::*;
use crate::{OPS, prove};
use domain::command::{Command, Context, OrderCommand, PaymentCommand, Source, StoreCommand};
use domain::event::{Event, OrderEvent};
use domain::ids::{OrderId, PaymentId, TerminalId, TerminalSeq};
use domain::kitchen::Kitchen;
use domain::refused::Refused;
use domain::store::{Settings, StoreParts};
use domain::terminal::QueueEntry;
use proptest::prelude::*;

fn real_day() -> impl Strategy<Value = Day> {
    prop_oneof![a_day(OPS, BUSY), a_day_in_shifts(OPS), days_to_close(OPS)].prop_map(|mut day| {
        // An order for practice fixes the store's currency like any other: it is in it.
        day.ops.retain(|op| !matches!(op, Op::Currency(_)));
        day
    })
}

fn practice_day() -> impl Strategy<Value = Day> {
    prop_oneof![3 => a_refunding_day(OPS), 1 => a_day_at_the_provider(OPS)]
}

fn its_order(id: OrderId) -> OrderId {
    order(&format!("practice_{id}"))
}

fn its_payment(id: PaymentId) -> PaymentId {
    payment(&format!("practice_{id}"))
}

/// The command as one for practice; `None` for what is to no order.
fn for_practice(command: Command) -> Option<Command> {
    let Command::Store(store, command) = command else { return None };
    let command = match command {
        StoreCommand::Order(id, command) => {
            let command = match command {
                OrderCommand::Open(mut new) => {
                    new.training = true;
                    OrderCommand::Open(new)
                }
                OrderCommand::MergeInto(target) => OrderCommand::MergeInto(its_order(target)),
                other => other,
            };
            StoreCommand::Order(its_order(id), command)
        }
        StoreCommand::Payment(id, mut command) => {
            if let PaymentCommand::Initiate { order, .. } = &mut command {
                *order = its_order(*order);
            }
            StoreCommand::Payment(its_payment(id), command)
        }
        _ => return None,
    };
    Some(Command::Store(store, command))
}

/// What is left of a store without what is for practice.
fn books(world: &World) -> StoreParts {
    let mut parts = world.open().parts();
    parts.terminals.retain(|terminal, _| *terminal != trainee());
    parts.waiting.retain(|waiting, _| waiting.terminal != trainee());
    for counted in parts.numbers.values_mut() {
        counted.retain(|prefix, _| !prefix.starts_with('T'));
    }
    parts.numbers.retain(|_, counted| !counted.is_empty());
    parts.has_sold = false;
    parts.live.retain(|entity| !format!("{entity:?}").contains("practice_"));
    parts.live.sort_unstable();
    parts
}

fn trainee() -> TerminalId {
    terminal("trainee")
}

/// Decides and folds one step of practice, every third as a terminal sends it late. Answers what happened.
fn practise(both: &mut World, command: &Command, context: Context, number: u64) -> Vec<Event> {
    let is_queued = number.is_multiple_of(3) && context.source == Source::Online;
    let outcome = match is_queued {
        false => both.run(command, &context),
        true => {
            let last = both.open().terminal(trainee()).and_then(|held| held.last);
            let entry =
                QueueEntry { before: 0, seq: TerminalSeq(last.map_or(1, |last| last.0 + 1)), menu_version: None };
            let queued = queued(trainee(), entry, number, context.now);
            let decided = both.ingest(command, &away(&queued, context.now), &queued);
            decided.inspect(|ingested| ingested.events.iter().for_each(|event| both.evolve(event))).map(|it| it.events)
        }
    };
    outcome.unwrap_or_default()
}

#[test]
fn a3_training_reaches_no_books() {
    let days = (real_day(), practice_day(), any::<bool>());
    prove("a3_training_reaches_no_books", 50, days, |(real, practice, cooks)| {
        let (mut alone, mut trainee) = (Life::new(real), Life::new(&Day { base: real.base, ..practice.clone() }));
        let mut both = alone.world.clone();
        if *cooks {
            let settings = Settings { kitchen: Kitchen::On, ..alone.world.open().settings().clone() };
            let put = to_store(StoreCommand::Put(settings));
            for world in [&mut alone.world, &mut trainee.world, &mut both] {
                world.run(&put, &at(0)).expect("settings");
            }
        }
        let (mut practised, mut number) = (0, 0);
        let mut lessons = practice.ops.iter();
        for op in &real.ops {
            for (command, source) in alone.commands(op) {
                let context = alone.context(source);
                let before = (alone.world.decide(&command, &context), both.run(&command, &context));
                assert_eq!(before.0, before.1, "{command:?}");
                alone.step_at(command, context);
            }
            trainee.now = alone.now;
            let lesson = lessons.next().map_or(vec![], |op| trainee.commands(op));
            for (command, source) in lesson {
                let context = Context { now: alone.now, ..trainee.context(source) };
                let Some(ours) = for_practice(command.clone()) else { continue };
                trainee.step_at(command, context);
                number += 1;
                let events = practise(&mut both, &ours, context, number);
                let is_apart = |event: &Event| match event {
                    Event::Order(id, event) => id.as_str().starts_with("practice_") && is_numbered_apart(event),
                    Event::Payment(id, _) => id.as_str().starts_with("practice_"),
                    Event::Terminal(..) => true,
                    _ => false,
                };
                assert!(events.iter().all(is_apart), "{ours:?} led to {events:?}");
                practised += events.iter().filter(|event| matches!(event, Event::Payment(..))).count();
            }
            assert_eq!(books(&both), books(&alone.world));
        }
        2 < practised
    });
}

fn is_numbered_apart(event: &OrderEvent) -> bool {
    match event {
        OrderEvent::OrderOpened(opening) => {
            let number = opening.display_number.as_str();
            opening.training && opening.kitchen == Kitchen::Off && (opening.imported || number.starts_with(['T', '#']))
        }
        _ => true,
    }
}

/// A refusal that only orders for practice meet.
#[test]
fn a3_practice_asks_no_provider() {
    prove("a3_practice_asks_no_provider", 60, a_day_at_the_provider(OPS), |day| {
        let (mut trainee, mut tested) = (Life::new(day), false);
        let mut both = trainee.world.clone();
        for op in &day.ops {
            for (command, source) in trainee.commands(op) {
                let context = trainee.context(source);
                let Some(ours) = for_practice(command.clone()) else { continue };
                trainee.step_at(command, context);
                let outcome = both.run(&ours, &context);
                tested |= matches!(outcome, Err(Refused::TrainingOrder { field: "provider_account" }));
            }
        }
        tested
    });
}
