//! Decisions about payments. Money that moved is a fact: it is recorded, applied where it can be, and flagged where not.

use super::orders::Draft;
use super::{Store, provider, refunds};
use crate::calendar::Timestamp;
use crate::check::{Balance, CheckId};
use crate::command::{Context, Method, NewPay, Outcome, PaidBy, PaymentCommand, Place, Source};
use crate::event::{DrawerEvent, Event, Flag, IgnoredOutcome, NotApplicable, OrderEvent, PaymentEvent, Tender};
use crate::ids::{DrawerId, OrderId, PaymentId, Text};
use crate::money::Money;
use crate::order::{Order, OrderSlot};
use crate::payment::{Payment, PaymentState};
use crate::refused::{Closed, Refused};
use crate::tenant::Tenant;

/// Captured money on its way to an order.
pub(super) struct Captured {
    pub payment: PaymentId,
    pub order: OrderId,
    pub check: CheckId,
    pub tender: Tender,
    pub amount: Money,
    pub tip: Money,
}

impl Store {
    pub(super) fn decide_payment(
        &self,
        tenant: &Tenant,
        id: PaymentId,
        command: &PaymentCommand,
        context: &Context,
    ) -> Result<Vec<Event>, Refused> {
        match command {
            PaymentCommand::Initiate { order, check, amount, tip, method, expected_total } => {
                if self.payments.contains_key(&id) {
                    return Err(Refused::PaymentExists { payment: id });
                }
                if context.is_offline() {
                    return self.initiate_offline(id, command, context);
                }
                let live = self.orders.get(order).ok_or(Refused::UnknownOrder { order: *order })?.live()?;
                if !live.is_placed {
                    return Err(Refused::OrderNotPlaced);
                }
                let Balance { check, total, due, .. } = live.check(*check)?;
                if let Some(expected) = expected_total
                    && *expected != total
                {
                    return Err(Refused::TotalMismatch { expected: *expected, actual: total });
                }
                let amount = amount_due(due, *amount)?;
                self.initiate(id, (*order, check), live, (amount, *tip), *method, context)
            }
            PaymentCommand::RecordOutcome(outcome) => {
                let payment = self.payments.get(&id).ok_or(Refused::UnknownPayment { payment: id })?;
                if payment.tender == Tender::Cash {
                    return Err(Refused::CashSettled);
                }
                by_hand(payment)?;
                match outcome {
                    Outcome::Captured { amount, reference } => {
                        let mut events: Vec<Event> =
                            reference.iter().map(|reference| referenced(id, reference)).collect();
                        events.extend(self.captured(id, payment, *amount)?);
                        Ok(events)
                    }
                    Outcome::Failed { code } => Ok(failed(id, payment, code)),
                }
            }
            PaymentCommand::RequestRefund(new) => {
                self.is_told_in_time(id, context)?;
                self.request_refund(tenant, id, new, context)
            }
            PaymentCommand::RecordRefundOutcome { refund, outcome } => {
                let payment = self.payments.get(&id).ok_or(Refused::UnknownPayment { payment: id })?;
                by_hand(payment)?;
                self.refund_outcome(id, payment, *refund, outcome, context)
            }
            PaymentCommand::Expire { deadline } => {
                let payment = self.payments.get(&id).ok_or(Refused::UnknownPayment { payment: id })?;
                match payment.expires() == Some(*deadline) && *deadline <= context.now {
                    true => Ok(provider::expired(id, payment)),
                    false => Err(Refused::NotDue),
                }
            }
            PaymentCommand::Provider(command) => {
                self.is_told_in_time(id, context)?;
                self.decide_provider(tenant, id, command, context)
            }
            PaymentCommand::Review(review) => self.review(tenant, id, review, context),
        }
    }

    /// What a provider is still to do has not happened, so it is no fact a terminal could have kept.
    pub(super) fn is_told_in_time(&self, id: PaymentId, context: &Context) -> Result<(), Refused> {
        match self.payments.get(&id) {
            Some(payment) if context.is_offline() && payment.provider.is_some() => {
                Err(Refused::OnlyOnline { field: "provider_account" })
            }
            Some(_) | None => Ok(()),
        }
    }

    fn initiate(
        &self,
        id: PaymentId,
        (order_id, check): (OrderId, CheckId),
        order: &Order,
        (amount, tip): (Money, Money),
        method: Method,
        context: &Context,
    ) -> Result<Vec<Event>, Refused> {
        check_attempt(order, method)?;
        let sum = amount.checked_add(tip).ok_or(Refused::AmountTooLarge)?;
        if let (Method::Provider { .. }, true) = (method, order.is_training) {
            return Err(Refused::TrainingOrder { field: "provider_account" });
        }
        if let Method::Provider { step, .. } = method {
            provider::moved_in_steps(sum, step)?;
        }
        let deadline = match (method, context.source) {
            (Method::Provider { .. }, Source::Imported | Source::Offline) => {
                return Err(Refused::OnlyOnline { field: "provider_account" });
            }
            (Method::Cash { .. }, _) | (Method::External(_), Source::Imported | Source::Offline) => None,
            (Method::External(_) | Method::Provider { .. }, Source::Online | Source::Engine) => {
                order.times_out().or_else(|| {
                    let timeout_us = i64::from(self.settings.payment_timeout_s) * Timestamp::SECOND_US;
                    context.now.checked_add_us(timeout_us)
                })
            }
        };
        let initiated = PaymentEvent::PaymentInitiated {
            order: order_id,
            tender: method.tender(),
            amount,
            tip,
            currency: order.currency,
            deadline,
            check,
        };
        let mut events = vec![Event::Payment(id, initiated)];
        match method {
            Method::Cash { tendered, drawer } => {
                self.take_cash(id, (order_id, check), (amount, tip), (tendered, drawer), context, &mut events)?;
            }
            Method::External(_) => {}
            Method::Provider { account, capture, step, .. } => {
                events.push(Event::Payment(id, PaymentEvent::AuthorisationRequested { account, capture, step }));
            }
        }
        Ok(events)
    }

    /// What follows from cash on the counter: it is captured at once, goes into its shift and counts for its order.
    pub(super) fn take_cash(
        &self,
        id: PaymentId,
        (order, check): (OrderId, CheckId),
        (amount, tip): (Money, Money),
        (tendered, drawer): (Option<Money>, Option<DrawerId>),
        context: &Context,
        events: &mut Vec<Event>,
    ) -> Result<(), Refused> {
        let is_training = self.is_training(order);
        events.extend(self.cash(id, (order, is_training), (amount, tip), (tendered, drawer), context)?);
        self.apply(Captured { payment: id, order, check, tender: Tender::Cash, amount, tip }, events);
        Ok(())
    }

    /// Cash that is captured, and the shift it goes into; none for practice.
    fn cash(
        &self,
        id: PaymentId,
        (order, is_training): (OrderId, bool),
        (amount, tip): (Money, Money),
        (tendered, drawer): (Option<Money>, Option<DrawerId>),
        context: &Context,
    ) -> Result<Vec<Event>, Refused> {
        let needed = amount.checked_add(tip).ok_or(Refused::AmountTooLarge)?;
        let tendered = tendered.unwrap_or(needed);
        if tendered < needed {
            return Err(Refused::TenderedTooLittle { needed });
        }
        let change = Money(tendered.0 - needed.0);
        let captured = PaymentEvent::PaymentCaptured { amount, tip, tendered: Some(tendered), change: Some(change) };
        let in_shift = match is_training {
            true => None,
            false => self.cash_shift(order, drawer, needed.0, context)?,
        };
        let mut events = vec![Event::Payment(id, captured)];
        events.extend(in_shift.map(|(drawer, shift)| {
            let sale = DrawerEvent::CashSaleRecorded { shift: shift.number, payment: id, amount: needed };
            Event::Drawer(drawer, sale)
        }));
        Ok(events)
    }

    fn captured(&self, id: PaymentId, payment: &Payment, said: Option<Money>) -> Result<Vec<Event>, Refused> {
        let was_late = match payment.state {
            PaymentState::Initiated | PaymentState::Authorised => false,
            PaymentState::Failed | PaymentState::Expired | PaymentState::Voided => true,
            PaymentState::Captured | PaymentState::NeedsReview => {
                let outcome = IgnoredOutcome::Captured;
                return Ok(vec![Event::Payment(id, PaymentEvent::PaymentOutcomeIgnored { outcome })]);
            }
        };
        let requested = payment.requested();
        if let Some(captured) = said
            && captured != requested
        {
            let why = Flag::AmountDiffers { requested, captured };
            return Ok(vec![Event::Payment(id, PaymentEvent::PaymentFlagged { why })]);
        }
        Ok(self.taken(id, payment, was_late))
    }

    /// What follows once the money of a payment outside the drawer moved.
    pub(super) fn taken(&self, id: PaymentId, payment: &Payment, was_late: bool) -> Vec<Event> {
        let (amount, tip) = (payment.amount, payment.tip);
        let captured = PaymentEvent::PaymentCaptured { amount, tip, tendered: None, change: None };
        let mut events = vec![Event::Payment(id, captured)];
        if was_late {
            events.push(Event::Payment(id, PaymentEvent::PaymentFlagged { why: Flag::LateCapture }));
        }
        let Payment { order, check, tender, .. } = *payment;
        self.apply(Captured { payment: id, order, check, tender, amount, tip }, &mut events);
        events
    }

    /// What follows once nothing is due any more. An order without a kitchen is settled, which is what most are.
    fn paid(&self, id: OrderId, order: &Order, (check, applied): (CheckId, Money)) -> Vec<Event> {
        if order.prep.is_none() {
            return self.settle(id, order.total, self.stock.reserved_for(id).to_vec());
        }
        let mut draft = Draft::of(self, id, order.clone());
        draft.order.pay(check, applied);
        draft.order.is_paid_off = true;
        draft.settle_if_paid()
    }

    /// Applies captured money to its check as far as something is due on it; the rest is recorded as not applicable, also
    /// where something is due on other checks: those are other guests'.
    pub(super) fn apply(&self, money: Captured, events: &mut Vec<Event>) {
        let Captured { payment, order: id, check, tender, amount, tip } = money;
        let (applied, unapplied, why) = match &self.orders[&id] {
            OrderSlot::Live(order) => {
                // A check that has nothing on it any more has nothing due.
                let due = order.check(Some(check)).map_or(Money::ZERO, |held| held.due);
                match Money::ZERO < due {
                    true => {
                        let applied = amount.min(due);
                        (Some((order, applied)), Money(amount.0 - applied.0), NotApplicable::NothingDue)
                    }
                    false => (None, Money(amount.0 + tip.0), NotApplicable::NothingDue),
                }
            }
            OrderSlot::Closed(closed) => {
                let why = match closed.state {
                    Closed::Completed => NotApplicable::NothingDue,
                    Closed::Cancelled => NotApplicable::OrderCancelled,
                    Closed::Merged => NotApplicable::OrderMerged,
                };
                (None, Money(amount.0 + tip.0), why)
            }
        };
        if let Some((order, applied)) = applied {
            events.push(Event::Order(id, OrderEvent::PaymentApplied { payment, tender, amount: applied, tip, check }));
            events.extend(check_paid(order, check, applied).map(|paid| Event::Order(id, paid)));
        }
        if Money::ZERO < unapplied {
            events.push(Event::Order(id, OrderEvent::PaymentNotApplicable { payment, tender, unapplied, why }));
            events.push(Event::Payment(payment, PaymentEvent::PaymentFlagged { why: Flag::NotApplicable }));
            events.push(Event::Payment(payment, refunds::refund_unapplied(unapplied)));
        }
        if let Some((order, applied)) = applied
            && applied == order.due()
        {
            events.extend(self.void_authorisations(order, Some(payment)));
            events.extend(self.paid(id, order, (check, applied)));
        }
    }
}

impl Draft<'_> {
    /// Pays a new order in the commit it is placed in. What was taken while a terminal was away is recorded whatever the order
    /// comes to here: what it cannot take is flagged and asked back (rule F3).
    pub(super) fn pay(&mut self, new: &NewPay, shown: Place, context: &Context) -> Result<(), Refused> {
        let NewPay { payment, amount: asked, tip, by } = new;
        let (store, due) = (self.store, self.order.due());
        if store.payments.contains_key(payment) {
            return Err(Refused::PaymentExists { payment: *payment });
        }
        let amount = match context.is_offline() {
            true => asked.or(shown.expected_total).unwrap_or(due),
            false => amount_due(due, *asked)?,
        };
        if amount <= Money::ZERO {
            return Ok(()); // Nothing was due, and nothing was taken.
        }
        let (tender, check) = (by.tender(), CheckId::FIRST);
        let (order, currency, deadline, tip) = (self.id, self.order.currency, None, *tip);
        amount.checked_add(tip).ok_or(Refused::AmountTooLarge)?;
        let initiated = PaymentEvent::PaymentInitiated { order, tender, amount, tip, currency, deadline, check };
        self.events.push(Event::Payment(*payment, initiated));
        match by {
            PaidBy::Cash { tendered, drawer } => {
                let of = (order, self.order.is_training);
                self.events.extend(store.cash(*payment, of, (amount, tip), (*tendered, *drawer), context)?);
            }
            PaidBy::External { reference, .. } => {
                self.events.extend(reference.iter().map(|reference| referenced(*payment, reference)));
                let captured = PaymentEvent::PaymentCaptured { amount, tip, tendered: None, change: None };
                self.events.push(Event::Payment(*payment, captured));
            }
        }
        let applied = amount.min(due);
        let unapplied = match Money::ZERO < applied {
            true => {
                self.push(OrderEvent::PaymentApplied { payment: *payment, tender, amount: applied, tip, check });
                Money(amount.0 - applied.0)
            }
            false => Money(amount.0 + tip.0),
        };
        if Money::ZERO < unapplied {
            self.push(OrderEvent::PaymentNotApplicable {
                payment: *payment,
                tender,
                unapplied,
                why: NotApplicable::NothingDue,
            });
            let flagged = PaymentEvent::PaymentFlagged { why: Flag::NotApplicable };
            self.events.push(Event::Payment(*payment, flagged));
            self.events.push(Event::Payment(*payment, refunds::refund_unapplied(unapplied)));
        }
        Ok(())
    }
}

fn referenced(id: PaymentId, reference: &Text) -> Event {
    Event::Payment(id, PaymentEvent::PaymentReferenceRecorded { reference: reference.clone() })
}

/// Whether one more attempt may be under way. Cash never is: it is captured at once.
pub(super) fn check_attempt(order: &Order, method: Method) -> Result<(), Refused> {
    match method {
        Method::External(_) | Method::Provider { .. } if Order::ATTEMPTS_MAX <= order.attempts.len() => {
            Err(Refused::TooMany { what: "unanswered payments of an order", max: Order::ATTEMPTS_MAX })
        }
        Method::Cash { .. } | Method::External(_) | Method::Provider { .. } => Ok(()),
    }
}

/// What a payment towards a check of an order that was split makes of it.
fn check_paid(order: &Order, check: CheckId, applied: Money) -> Option<OrderEvent> {
    order.checks.as_deref()?;
    let Balance { total, due, .. } = order.check(Some(check)).ok()?;
    (Money::ZERO < due && due <= applied).then_some(OrderEvent::CheckPaid { check, total })
}

/// Only what no provider takes has its outcome recorded by hand.
fn by_hand(payment: &Payment) -> Result<(), Refused> {
    match &payment.provider {
        Some(provider) => Err(Refused::ProviderDecides { account: provider.account }),
        None => Ok(()),
    }
}

fn amount_due(due: Money, asked: Option<Money>) -> Result<Money, Refused> {
    let amount = asked.unwrap_or(due);
    if due <= Money::ZERO || amount <= Money::ZERO {
        return Err(Refused::NothingDue);
    }
    match amount <= due {
        true => Ok(amount),
        false => Err(Refused::PaymentExceedsDue { due }),
    }
}

fn failed(id: PaymentId, payment: &Payment, code: &crate::ids::Text) -> Vec<Event> {
    match payment.state {
        PaymentState::Initiated | PaymentState::Authorised => {
            vec![Event::Payment(id, PaymentEvent::PaymentFailed { code: code.clone() })]
        }
        PaymentState::Failed | PaymentState::Expired | PaymentState::Voided => vec![],
        PaymentState::Captured | PaymentState::NeedsReview => {
            let outcome = IgnoredOutcome::Failed;
            vec![Event::Payment(id, PaymentEvent::PaymentOutcomeIgnored { outcome })]
        }
    }
}
