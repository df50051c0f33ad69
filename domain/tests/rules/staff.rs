//! Rule O8: what takes a second person.

use crate::life::{Life, Step};
use crate::model::Model;
use crate::prove;
use crate::support::*;
use crate::{OPS, generate};
use domain::command::{AccessCommand, Command, Context, OrderCommand, Source, StoreCommand};
use domain::event::{CancelReason, Event, OrderEvent, Rate};
use domain::money::Ppm;
use domain::refused::Refused;
use domain::staff::{Approvals, Right, Rights};
use domain::store::Settings;
use proptest::prelude::*;

/// Who may be named: nobody, the actor, one with every right, one with none.
const APPROVERS: [Option<&str>; 4] = [None, Some("ana"), Some("boss"), Some("cook")];
const LIMIT: Ppm = Ppm(300_000);

fn put_staff(who: &str, rights: impl IntoIterator<Item = Right>) -> Command {
    let rights = Rights::of(rights);
    Command::Access(AccessCommand::PutStaff { staff: actor(who), rights, discount_limit: None })
}

/// The right a fact takes, told from the facts and the model alone; amounts are left to tables.
fn right_of(model: &Model, event: &Event) -> Option<Right> {
    match event {
        Event::Order(_, OrderEvent::DiscountApplied(discount)) => match discount.rate {
            Rate::Percent(share) => (LIMIT < share).then_some(Right::Discount),
            Rate::Amount(_) => None,
        },
        Event::Order(id, OrderEvent::OrderCancelled { reason: CancelReason::Requested(_) }) => {
            model.orders[id].totals.is_some().then_some(Right::Cancel)
        }
        _ => None,
    }
}

fn may_approve(context: &Context, has_right: impl Fn(&str) -> bool) -> bool {
    context.approver.is_some_and(|who| who != context.actor && has_right(who.as_str()))
}

#[test]
fn o8_approvals() {
    let needed = prop::sample::subsequence(vec![Right::Discount, Right::Cancel], 1..=2);
    let inputs = (generate::a_day(OPS, crate::BUSY), needed, any::<[bool; 2]>(), 0..APPROVERS.len());
    prove("o8_approvals", 30, inputs, |(day, needed, [self_approval, ana_may], offset)| {
        let mut life = Life::new(day);
        let approvals =
            Approvals { needed: Rights::of(needed.clone()), discount_limit: LIMIT, self_approval: *self_approval };
        let settings = Settings { approvals, ..life.world.open().settings().clone() };
        let ana = needed.iter().copied().filter(|_| *ana_may);
        for command in [
            to_store(StoreCommand::Put(settings)),
            put_staff("boss", Right::ALL),
            put_staff("ana", ana),
            put_staff("cook", [Right::NoSale]),
        ] {
            life.step(command, (Source::Online, None)).outcome.expect("setting up");
        }
        let (mut refused, mut approved, mut index) = (false, false, *offset);
        for op in &day.ops {
            for (command, source) in life.commands(op) {
                index += 1;
                let approver = APPROVERS[index % APPROVERS.len()].map(actor);
                let context = Context { approver, ..life.context(source) };
                let step: Step = life.step_at(command, context);
                let may = may_approve(&step.context, |who| who == "boss" || (who == "ana" && *ana_may));
                if let Err(Refused::ApprovalRequired { right, approver }) = &step.outcome {
                    assert!(needed.contains(right) && !may && *approver == step.context.approver, "{step:?}");
                    assert_eq!(step.context.source, Source::Online);
                    let Some((_, command)) = step.order() else { panic!("{step:?}") };
                    // What cancelling asks for, taking off asks for too (rule O7).
                    assert!(match right {
                        Right::Cancel => matches!(
                            command,
                            OrderCommand::Cancel { .. }
                                | OrderCommand::VoidLine { .. }
                                | OrderCommand::ChangeLineQty { .. }
                                | OrderCommand::ChangeLine(_)
                                | OrderCommand::RemoveLine(_)
                                | OrderCommand::CompLines(_)
                                | OrderCommand::ApplyDiscount(_)
                                | OrderCommand::RemoveServiceCharge(_)
                        ),
                        _ => matches!(command, OrderCommand::ApplyDiscount(_) | OrderCommand::Open(_)),
                    });
                    refused = true;
                }
                for event in step.events() {
                    let right = right_of(&life.model, event).filter(|right| needed.contains(right));
                    if right.is_some() && step.context.source == Source::Online {
                        assert!(may, "{step:?}");
                        approved = true;
                    }
                }
                step.events().iter().for_each(|event| life.model.fold(event));
            }
        }
        refused || approved
    });
}
