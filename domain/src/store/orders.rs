//! Decisions about orders. An order and the stock it needs are decided together, so nothing is sold twice.

use super::Store;
use super::as_sold::with_taxes;
use super::lines::{Selling, tax_rates, unit_of};
use crate::calendar::{Date, Timestamp};
use crate::command::{
    Context, LineChange, NewChargePhase, NewComp, NewDiscount, NewLine, NewOrder, NewPrice, NewServiceCharge,
    OrderCommand, Place, Source,
};
use crate::event::{
    CancelReason, ChargePhase, DiningMode, Discount, DiscountScope, Event, LineTaxes, Opening, OrderEvent, PayMode,
    PaymentEvent, ReleaseReason, ReservedLine, ServiceCharge, StockEvent,
};
use crate::ids::{ActorId, ChargeId, DiscountId, LineId, OrderId, TableId, TerminalId, Text};
use crate::kitchen::Kitchen;
use crate::money::{Money, QtyMilli};
use crate::order::{Order, OrderSlot};
use crate::pricing::{self, TaxRules, Totals};
use crate::refused::{Closed, Refused};
use crate::staff::Right;
use crate::tenant::Tenant;
use crate::terminal::{Waived, Waiver};
use std::borrow::Cow;
use std::sync::Arc;

/// A decision in the making: the facts so far, and the order as they leave it.
pub(super) struct Draft<'a> {
    pub(super) store: &'a Store,
    pub(super) id: OrderId,
    pub(super) order: Order,
    /// What the order asked of the stock before this decision; nothing before it was placed.
    before: Vec<ReservedLine>,
    /// What is reserved for the order, by this decision too.
    pub(super) reserved: Vec<ReservedLine>,
    pub(super) events: Vec<Event>,
}

impl Store {
    pub(super) fn decide_order(
        &self,
        tenant: &Tenant,
        id: OrderId,
        command: &OrderCommand,
        context: &Context,
    ) -> Result<Vec<Event>, Refused> {
        if let OrderCommand::Open(new) = command {
            return self.open_order(tenant, id, new, context);
        }
        let slot = self.orders.get(&id).ok_or(Refused::UnknownOrder { order: id })?;
        if let OrderCommand::Refund { refund, payments } = command {
            return self.refund_order(tenant, (id, slot), refund, payments, context);
        }
        if let (OrderCommand::Complete, OrderSlot::Closed(closed)) = (command, slot) {
            // Settling what is settled changes nothing: the engine may have done it with the last payment.
            return match closed.state {
                Closed::Completed => Ok(vec![]),
                Closed::Cancelled | Closed::Merged => Err(closed.refused()),
            };
        }
        if let OrderCommand::MergeInto(target) = command {
            return self.merge(id, *target, context);
        }
        if let OrderCommand::Print { document, check } = command {
            return self.print(id, slot, *document, *check);
        }
        let order = slot.live()?;
        if let OrderCommand::TimeOut { deadline } = command {
            return self.time_out(id, order, *deadline, context);
        }
        let mut draft = Draft::of(self, id, order.clone());
        match command {
            OrderCommand::AddLines(lines) => {
                draft.add_lines(self.selling(tenant, context)?, lines)?;
                self.approve_prices(tenant, lines, context)?;
            }
            OrderCommand::ChangeLineQty { line, qty } => draft.change_qty(*line, *qty)?,
            OrderCommand::ChangeLine(change) => {
                draft.change_line(change, context.offline.waived)?;
                if change.price_override.is_some() {
                    self.approve(tenant, Right::PriceOverride, context)?;
                }
                if change.qty.is_none() && change.price_override.is_none() {
                    return Ok(draft.events);
                }
            }
            OrderCommand::RemoveLine(line) => draft.remove_line(*line)?,
            OrderCommand::ApplyDiscount(discount) => {
                draft.apply_discount(discount)?;
                self.approve_discount(tenant, &draft.order, discount, context)?;
            }
            OrderCommand::CompLines(comp) => {
                draft.comp(comp)?;
                self.approve(tenant, Right::Comp, context)?;
            }
            OrderCommand::RemoveDiscount(discount) => draft.remove_discount(*discount)?,
            OrderCommand::ApplyServiceCharge(charge) => {
                draft.apply_charge(self.selling(tenant, context)?, charge)?;
            }
            OrderCommand::RemoveServiceCharge(charge) => draft.remove_charge(*charge)?,
            OrderCommand::VoidLine { line, qty, reason, wasted } => {
                draft.void(tenant, (*line, *qty), (reason, *wasted), context)?;
            }
            OrderCommand::SetDiningMode(mode) => draft.eat(tenant, *mode)?,
            OrderCommand::ExemptFromTax { reason } => {
                draft.exempt_from_tax(reason)?;
                self.approve(tenant, Right::TaxExempt, context)?;
            }
            OrderCommand::EndTaxExemption => draft.end_tax_exemption(),
            OrderCommand::SetTable(table) => {
                draft.move_to(*table);
                return Ok(draft.events);
            }
            OrderCommand::AssignServer(staff) => {
                draft.assign(*staff);
                return Ok(draft.events);
            }
            OrderCommand::SetGuests(guests) => {
                draft.seat(*guests);
                return Ok(draft.events);
            }
            OrderCommand::HoldLines(lines) => {
                draft.hold(lines)?;
                return Ok(draft.events);
            }
            OrderCommand::FireLines(what) => {
                draft.fire(what, context)?;
                return Ok(draft.settle_if_paid());
            }
            OrderCommand::MarkServed(lines) => {
                draft.serve(lines)?;
                return Ok(draft.settle_if_paid());
            }
            OrderCommand::SplitCheck { to, moves } => {
                draft.split(*to, moves)?;
                return Ok(draft.settle_if_paid());
            }
            OrderCommand::SplitEvenly(checks) => {
                draft.split_evenly(*checks)?;
                return Ok(draft.settle_if_paid());
            }
            OrderCommand::Place(place) => return draft.place(*place, context),
            OrderCommand::Cancel { reason } => {
                if order.is_placed {
                    self.approve(tenant, Right::Cancel, context)?;
                }
                return draft.cancel(reason);
            }
            OrderCommand::Complete => return draft.complete(),
            OrderCommand::Open(_)
            | OrderCommand::MergeInto(_)
            | OrderCommand::Print { .. }
            | OrderCommand::TimeOut { .. }
            | OrderCommand::Refund { .. } => {
                unreachable!("decided above")
            }
        }
        self.approve_taking_off(tenant, (order, &draft.order), &draft.events, context)?;
        draft.reprice(context)
    }

    fn open_order(
        &self,
        tenant: &Tenant,
        id: OrderId,
        new: &NewOrder,
        context: &Context,
    ) -> Result<Vec<Event>, Refused> {
        if self.orders.contains_key(&id) {
            return Err(Refused::OrderExists { order: id });
        }
        let mut draft = self.opened(tenant, id, new, context)?;
        for discount in &new.discounts {
            self.approve_discount(tenant, &draft.order, discount, context)?;
        }
        self.approve_prices(tenant, &new.lines, context)?;
        if new.tax_exempt.is_some() {
            self.approve(tenant, Right::TaxExempt, context)?;
        }
        match new.place {
            Some(place) => {
                draft.order_it(place, context)?;
                if let Some(pay) = &new.pay {
                    draft.pay(pay, place, context)?;
                }
                Ok(draft.settle_if_paid())
            }
            None => {
                draft.order.price()?;
                Ok(draft.take())
            }
        }
    }

    /// Another price than the menu's may take an approval.
    fn approve_prices(&self, tenant: &Tenant, lines: &[NewLine], context: &Context) -> Result<(), Refused> {
        match lines.iter().any(|line| line.price_override.is_some()) {
            true => self.approve(tenant, Right::PriceOverride, context),
            false => Ok(()),
        }
    }

    /// What an order would come to, without opening it.
    ///
    /// # Errors
    /// [`Refused`] as opening it would be, but for stock and the order's id.
    pub fn price_order(&self, tenant: &Tenant, new: &NewOrder, context: &Context) -> Result<Totals, Refused> {
        let id = OrderId::parse("enquiry").expect("it is an id");
        self.opened(tenant, id, new, context)?.order.price()
    }

    fn opened(&self, tenant: &Tenant, id: OrderId, new: &NewOrder, context: &Context) -> Result<Draft<'_>, Refused> {
        let settings = &self.settings;
        if new.currency.is_some_and(|currency| currency != settings.currency) {
            return Err(Refused::CurrencyDiffers { expected: settings.currency });
        }
        if new.training {
            may_practise(tenant, context)?;
        }
        let date = self.business_date(context);
        let opening = Opening {
            channel: new.channel,
            dining_mode: new.dining_mode,
            pay_mode: new.pay_mode,
            table: new.table,
            guests: new.guests,
            customer_ref: new.customer_ref,
            currency: settings.currency,
            display_number: self.display_number(id, new, date, context)?,
            business_date: date,
            opened_local: context.local,
            time_zone: settings.time_zone.clone(),
            rules: settings.rules,
            imported: context.source == Source::Imported,
            // What is recorded after the fact was served long ago; so was, while its terminal was away, what is paid first.
            // Nobody cooks a training order.
            kitchen: match (context.source, new.pay_mode) {
                _ if new.training => Kitchen::Off,
                (Source::Imported, _) | (Source::Offline, PayMode::First) => Kitchen::Off,
                (Source::Online | Source::Engine, _) | (Source::Offline, PayMode::Later) => settings.kitchen,
            },
            training: new.training,
            promised_at: new.promised_at,
            tax_rules: TaxRules::NEWEST,
            dues_apart: true,
        };
        let opened = OrderEvent::OrderOpened(opening);
        let OrderSlot::Live(order) = OrderSlot::open(&opened) else { unreachable!("a new order is live") };
        let mut draft = Draft::of(self, id, *order);
        draft.events.reserve(new.lines.len() + 4);
        draft.events.push(Event::Order(id, opened));
        if let Some(reason) = &new.tax_exempt {
            draft.exempt_from_tax(reason)?;
        }
        if !new.lines.is_empty() || !new.service_charges.is_empty() {
            let selling = self.selling(tenant, context)?;
            draft.add_lines(selling, &new.lines)?;
            for charge in &new.service_charges {
                draft.apply_charge(selling, charge)?;
            }
        }
        for discount in &new.discounts {
            draft.apply_discount(discount)?;
        }
        Ok(draft)
    }

    /// What is called out (rule O9). A terminal that was away has counted by itself.
    fn display_number(&self, id: OrderId, new: &NewOrder, date: Date, context: &Context) -> Result<Text, Refused> {
        let prefix = number_prefix(context.terminal.as_ref(), new.training);
        // Old dates have no counter, and the order's id is unique already; no counted number has a `#`.
        let by_id = || Text::parse(&format!("#{id}")).expect("an order's id makes a text");
        let is_spared = context.offline.waived.has(Waiver::Number);
        match (context.source, &new.display_number) {
            (Source::Imported, Some(number)) => Ok(number.clone()),
            (Source::Imported, None) => Ok(by_id()),
            (Source::Offline, Some(number)) if self.counts(date) && self.is_next(date, &prefix, number) => {
                Ok(number.clone())
            }
            (Source::Offline, Some(number)) if !is_spared => Err(Refused::NumberTaken { number: number.clone() }),
            (Source::Offline, Some(_) | None) if !self.counts(date) => Ok(by_id()),
            (Source::Online | Source::Engine, Some(_)) => Err(Refused::OnlyImported { field: "display_number" }),
            (Source::Offline, Some(_) | None) | (Source::Online | Source::Engine, None) => {
                Ok(self.next_number(date, &prefix))
            }
        }
    }

    fn time_out(
        &self,
        id: OrderId,
        order: &Order,
        deadline: Timestamp,
        context: &Context,
    ) -> Result<Vec<Event>, Refused> {
        if order.times_out() != Some(deadline) || context.now < deadline {
            return Err(Refused::NotDue);
        }
        let mut events: Vec<Event> =
            vec![Event::Order(id, OrderEvent::OrderCancelled { reason: CancelReason::PaymentTimeout })];
        let expired = order.attempts.iter().map(|attempt| Event::Payment(*attempt, PaymentEvent::PaymentExpired));
        events.extend(expired);
        events.extend(self.void_authorisations(order, None));
        let reserved = self.stock.reserved_for(id).to_vec();
        events.extend(self.stock.release(id, reserved, ReleaseReason::PaymentTimeout));
        Ok(events)
    }

    /// What follows once money has been applied: an order with nothing due takes its stock off the shelf and is settled.
    pub(super) fn settle(&self, id: OrderId, total: Money, reserved: Vec<ReservedLine>) -> Vec<Event> {
        let mut events = Vec::with_capacity(2);
        if !reserved.is_empty() {
            events.push(Event::Stock(StockEvent::StockCommitted { order: id, lines: reserved }));
        }
        events.push(Event::Order(id, OrderEvent::OrderCompleted { total }));
        events
    }
}

impl<'a> Draft<'a> {
    pub(super) fn of(store: &'a Store, id: OrderId, order: Order) -> Draft<'a> {
        let (before, reserved) = match order.is_placed {
            true => (demand(&order), store.stock.reserved_for(id).to_vec()),
            false => (vec![], vec![]),
        };
        Draft { store, id, order, before, reserved, events: vec![] }
    }

    fn take(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    pub(super) fn push(&mut self, event: OrderEvent) {
        self.order.evolve_draft(&event);
        self.events.push(Event::Order(self.id, event));
    }

    fn add_lines(&mut self, selling: Selling<'_>, lines: &[NewLine]) -> Result<(), Refused> {
        if pricing::LINES_MAX < self.order.lines.len() + lines.len() {
            return Err(Refused::TooMany { what: "lines", max: pricing::LINES_MAX });
        }
        for new in lines {
            if self.order.line(new.line).is_ok() || self.order.removed.contains(&new.line) {
                return Err(Refused::LineExists { line: new.line });
            }
            let line = self.store.line_sold(selling, new, self.order.dining_mode)?;
            self.push(OrderEvent::LineAdded(Arc::new(line)));
            if let Some(price) = &new.price_override {
                self.override_price(new.line, price, selling.context.offline.waived)?;
            }
        }
        Ok(())
    }

    fn change_line(&mut self, change: &LineChange, waived: Waived) -> Result<(), Refused> {
        let LineChange { line, qty, seat, course, note, allergens, price_override } = change;
        let held = &self.order.line(*line)?.added;
        let now = (
            seat.clone().of(held.seat),
            course.clone().of(held.course),
            note.clone().of(held.note.clone()),
            allergens.clone().of(held.allergens.clone()),
        );
        if now != (held.seat, held.course, held.note.clone(), held.allergens.clone()) {
            // What the kitchen has does not change under its hands (rule O7).
            self.check_unsent(*line)?;
            let (seat, course, note, allergens) = now;
            self.push(OrderEvent::LineDetailsChanged { line: *line, seat, course, note, allergens });
        }
        if let Some(qty) = qty {
            self.change_qty(*line, *qty)?;
        }
        if let Some(price) = price_override {
            self.override_price(*line, price, waived)?;
        }
        Ok(())
    }

    fn override_price(&mut self, line: LineId, new: &NewPrice, waived: Waived) -> Result<(), Refused> {
        let held = &self.order.line(line)?.added;
        let was = held.unit_base;
        if was != new.price {
            let (unit_base, unit) = unit_of(line, new.price, &held.modifiers, waived)?;
            let reason = new.reason.clone();
            self.push(OrderEvent::LinePriceOverridden { line, was, unit_base, unit, reason });
        }
        Ok(())
    }

    /// Taxes follow how the guest eats, by the menu each line was sold from (rule O15). A line that is on no menu keeps its own.
    fn eat(&mut self, tenant: &Tenant, dining_mode: DiningMode) -> Result<(), Refused> {
        if self.order.dining_mode == dining_mode {
            return Ok(());
        }
        let mut lines = vec![];
        for line in &self.order.lines {
            let menu = tenant.menu(line.added.menu_version);
            let Some((menu, item)) = menu.and_then(|menu| Some((menu, menu.items.get(&line.added.item)?))) else {
                continue;
            };
            let taxes = tax_rates(menu, item.taxes_in(dining_mode))?;
            if taxes != line.added.taxes {
                lines.push(LineTaxes { line: line.line, taxes });
            }
        }
        self.push(OrderEvent::DiningModeChanged { dining_mode, lines });
        Ok(())
    }

    fn exempt_from_tax(&mut self, reason: &Text) -> Result<(), Refused> {
        match self.order.is_tax_exempt {
            true => Err(Refused::AlreadyTaxExempt),
            false => {
                self.push(OrderEvent::OrderTaxExempted { reason: reason.clone() });
                Ok(())
            }
        }
    }

    fn end_tax_exemption(&mut self) {
        if self.order.is_tax_exempt {
            self.push(OrderEvent::TaxExemptionEnded);
        }
    }

    fn change_qty(&mut self, line: LineId, qty: QtyMilli) -> Result<(), Refused> {
        if self.order.line(line)?.qty != qty {
            self.check_unfired(line, qty)?;
            self.push(OrderEvent::LineQtyChanged { line, qty });
        }
        Ok(())
    }

    fn remove_line(&mut self, line: LineId) -> Result<(), Refused> {
        self.order.line(line)?;
        self.check_unfired(line, QtyMilli::ZERO)?;
        if Order::REMOVED_MAX <= self.order.removed.len() {
            return Err(Refused::TooMany { what: "removed lines", max: Order::REMOVED_MAX });
        }
        self.push(OrderEvent::LineRemoved { line });
        Ok(())
    }

    fn apply_discount(&mut self, new: &NewDiscount) -> Result<(), Refused> {
        match &new.scope {
            DiscountScope::Order => self.takes_discount(new.discount, [])?,
            DiscountScope::Lines(lines) => self.takes_discount(new.discount, lines.iter().copied())?,
            DiscountScope::Fixed(parts) => self.takes_discount(new.discount, parts.iter().map(|part| part.line))?,
        }
        self.push(OrderEvent::DiscountApplied(Discount {
            discount: new.discount,
            scope: new.scope.clone(),
            rate: new.rate,
            reason: new.reason.clone(),
        }));
        Ok(())
    }

    /// Whether one more discount fits, on these lines.
    fn takes_discount(&self, discount: DiscountId, lines: impl IntoIterator<Item = LineId>) -> Result<(), Refused> {
        if self.order.discounts.iter().any(|held| held.discount == discount) {
            return Err(Refused::DiscountExists { discount });
        }
        if pricing::DISCOUNTS_MAX <= self.order.discounts.len() {
            return Err(Refused::TooMany { what: "discounts", max: pricing::DISCOUNTS_MAX });
        }
        lines.into_iter().try_for_each(|line| self.order.line(line).map(|_| ()))
    }

    fn comp(&mut self, new: &NewComp) -> Result<(), Refused> {
        self.takes_discount(new.discount, new.lines.iter().copied())?;
        self.push(OrderEvent::LinesComped {
            discount: new.discount,
            lines: new.lines.clone(),
            reason: new.reason.clone(),
        });
        Ok(())
    }

    fn move_to(&mut self, table: TableId) {
        let from = self.order.table;
        if from != Some(table) {
            self.push(OrderEvent::OrderMovedToTable { from, to: table });
        }
    }

    fn assign(&mut self, staff: ActorId) {
        if self.order.server != Some(staff) {
            self.push(OrderEvent::ServerAssigned { staff });
        }
    }

    fn seat(&mut self, guests: u16) {
        if self.order.guests != guests {
            self.push(OrderEvent::GuestsChanged { guests });
        }
    }

    fn remove_discount(&mut self, discount: DiscountId) -> Result<(), Refused> {
        if self.order.discounts.iter().all(|held| held.discount != discount) {
            return Err(Refused::UnknownDiscount { discount });
        }
        self.push(OrderEvent::DiscountRemoved { discount });
        Ok(())
    }

    fn apply_charge(&mut self, selling: Selling<'_>, new: &NewServiceCharge) -> Result<(), Refused> {
        if self.order.charges.iter().any(|held| held.charge == new.charge) {
            return Err(Refused::ServiceChargeExists { charge: new.charge });
        }
        if pricing::CHARGES_MAX <= self.order.charges.len() {
            return Err(Refused::TooMany { what: "service charges", max: pricing::CHARGES_MAX });
        }
        let phase = match &new.phase {
            NewChargePhase::Total => ChargePhase::Total,
            NewChargePhase::Subtotal { pre_discount, taxes } => {
                if pricing::TAXES_MAX < taxes.len() {
                    return Err(Refused::TooMany { what: "taxes", max: pricing::TAXES_MAX });
                }
                let menu = match selling.context.offline.waived.has(Waiver::Menu) {
                    true => Cow::Owned(with_taxes(selling, taxes)),
                    false => Cow::Borrowed(selling.menu),
                };
                ChargePhase::Subtotal { pre_discount: *pre_discount, taxes: tax_rates(&menu, taxes)? }
            }
        };
        self.push(OrderEvent::ServiceChargeApplied(ServiceCharge {
            charge: new.charge,
            name: new.name.clone(),
            rate: new.rate,
            phase,
        }));
        Ok(())
    }

    fn remove_charge(&mut self, charge: ChargeId) -> Result<(), Refused> {
        if self.order.charges.iter().all(|held| held.charge != charge) {
            return Err(Refused::UnknownServiceCharge { charge });
        }
        self.push(OrderEvent::ServiceChargeRemoved { charge });
        Ok(())
    }

    fn place(mut self, place: Place, context: &Context) -> Result<Vec<Event>, Refused> {
        self.order_it(place, context)?;
        Ok(self.settle_if_paid())
    }

    /// Recognises the sale and reserves its stock.
    fn order_it(&mut self, place: Place, context: &Context) -> Result<(), Refused> {
        if self.order.is_placed {
            return Err(Refused::OrderAlreadyPlaced);
        }
        if self.order.lines.is_empty() {
            return Err(Refused::OrderEmpty);
        }
        let totals = self.order.price()?;
        if let Some(expected) = place.expected_total
            && expected != totals.total
        {
            let actual = totals.total;
            match context.is_offline() {
                true => self.push(OrderEvent::TotalMismatchRecorded { expected, actual }),
                false => return Err(Refused::TotalMismatch { expected, actual }),
            }
        }
        let reserving = self.store.stock.reserve(self.id, &demand(&self.order), context)?;
        let deadline = match (self.order.pay_mode, context.source) {
            (PayMode::First, Source::Online | Source::Engine) => {
                let timeout_us = i64::from(self.store.settings.payment_timeout_s) * Timestamp::SECOND_US;
                context.now.checked_add_us(timeout_us)
            }
            // Its payment is in the same queue, or will be missed in it: nothing is cancelled behind the guest's back.
            (PayMode::First, Source::Imported | Source::Offline) | (PayMode::Later, _) => None,
        };
        self.push(OrderEvent::OrderPlaced { totals, deadline });
        self.push_reserved(reserving);
        Ok(())
    }

    /// After a change: a placed order keeps its amounts and its reservation in step, in the same commit.
    pub(super) fn reprice(mut self, context: &Context) -> Result<Vec<Event>, Refused> {
        let totals = self.order.price()?;
        if !self.order.is_placed || self.events.is_empty() {
            return Ok(self.events);
        }
        // Less than was paid is no reason to refuse: what is too much is named until somebody gives it back (rule P10).
        let void = self.order.is_void(&totals);
        self.push(OrderEvent::OrderRepriced { totals, void });
        let (more, less) = reservation_change(&self.before, &demand(&self.order), &self.reserved);
        let released = self.store.stock.release(self.id, less, ReleaseReason::LineChanged);
        let reserving = match more.is_empty() {
            true => vec![],
            false => self.store.stock.reserve(self.id, &more, context)?,
        };
        self.push_released(released);
        self.push_reserved(reserving);
        Ok(self.settle_if_paid())
    }

    /// What follows where nothing is due: an order that is paid first goes to the kitchen, and one of which nothing is
    /// left to prepare or serve is settled, unless it is a tab that nobody has paid.
    pub(super) fn settle_if_paid(mut self) -> Vec<Event> {
        if !self.order.is_placed || self.order.due() != Money::ZERO {
            return self.events;
        }
        self.fire_paid();
        match self.order.ends_by_itself() && self.order.is_served() {
            true => self.end(),
            false => self.events,
        }
    }

    /// Settles the order.
    fn end(mut self) -> Vec<Event> {
        self.clear_board();
        self.events.extend(self.store.settle(self.id, self.order.total, self.reserved));
        self.events
    }

    pub(super) fn push_reserved(&mut self, events: Vec<Event>) {
        for event in &events {
            if let Event::Stock(StockEvent::StockReserved { lines, .. }) = event {
                self.reserved.extend_from_slice(lines);
            }
        }
        self.events.extend(events);
    }

    fn push_released(&mut self, events: Vec<Event>) {
        for event in &events {
            if let Event::Stock(StockEvent::StockReleased { lines, .. }) = event {
                self.unreserve(lines);
            }
        }
        self.events.extend(events);
    }

    /// Takes lines off what is reserved.
    pub(super) fn unreserve(&mut self, lines: &[ReservedLine]) {
        for line in lines {
            let mut rest = line.qty.0;
            for held in self.reserved.iter_mut().filter(|held| held.line == line.line && held.sku == line.sku) {
                let taken = rest.min(held.qty.0);
                held.qty.0 -= taken;
                rest -= taken;
            }
        }
        self.reserved.retain(|held| 0 < held.qty.0);
    }

    fn cancel(mut self, reason: &CancelReason) -> Result<Vec<Event>, Refused> {
        self.store.check_money_is_back(&self.order, self.order.net_paid())?;
        if let Some((line, fired)) = self.order.sent() {
            return Err(Refused::LineFired { line, fired });
        }
        let cancelled = OrderEvent::OrderCancelled { reason: reason.clone() };
        self.events.push(Event::Order(self.id, cancelled));
        self.events.extend(self.store.void_authorisations(&self.order, None));
        let reserved = std::mem::take(&mut self.reserved);
        self.events.extend(self.store.stock.release(self.id, reserved, ReleaseReason::OrderCancelled));
        Ok(self.events)
    }

    /// Somebody says that it is over. Most orders are settled by then: what is left is tabs on which nothing is to be paid.
    fn complete(self) -> Result<Vec<Event>, Refused> {
        match (self.order.is_placed, self.order.due()) {
            (false, _) => Err(Refused::OrderNotPlaced),
            (true, Money::ZERO) if self.order.is_served() => Ok(self.end()),
            (true, Money::ZERO) => Err(Refused::NotServed),
            (true, due) => Err(Refused::PaymentDue { due }),
        }
    }
}

/// Whose numbers an order gets: its terminal's own. Training orders have numbers apart, and no terminal is called `T`,
/// because ids have no capitals.
/// Practice counts nowhere, so it takes a right to say that an order is practice. What a file or the engine opens asks nobody.
fn may_practise(tenant: &Tenant, context: &Context) -> Result<(), Refused> {
    let has_right = || tenant.staff(context.actor).is_some_and(|member| member.rights.has(Right::Training));
    match context.source {
        Source::Imported | Source::Engine => Ok(()),
        Source::Offline if context.offline.waived.has(Waiver::Training) => Ok(()),
        Source::Online | Source::Offline if has_right() => Ok(()),
        Source::Online | Source::Offline => Err(Refused::TrainingNotAllowed),
    }
}

fn number_prefix(terminal: Option<&TerminalId>, training: bool) -> Cow<'_, str> {
    match (terminal, training) {
        (None, false) => Cow::Borrowed(""),
        (None, true) => Cow::Borrowed("T"),
        (Some(terminal), false) => Cow::Borrowed(terminal.as_str()),
        (Some(terminal), true) => Cow::Owned(format!("T-{terminal}")),
    }
}

/// The units an order's lines take from stock.
///
/// Of an order that is prepared on tickets it is what was not sent yet, and nothing of one that is paid later: that one
/// takes its stock as it goes to the kitchen.
fn demand(order: &Order) -> Vec<ReservedLine> {
    let stocked =
        |line: &crate::order::OrderLine| line.sku().map(|sku| ReservedLine { line: line.line, sku, qty: line.qty });
    let Some(prep) = order.prep.as_deref() else { return order.lines.iter().filter_map(stocked).collect() };
    if order.pay_mode == PayMode::Later {
        return vec![];
    }
    let unsent = order.lines.iter().zip(&prep.lines).filter_map(|(line, prep)| {
        let qty = QtyMilli(line.qty.0 - prep.sent().0);
        Some(ReservedLine { qty, ..stocked(line)? }).filter(|line| QtyMilli::ZERO < line.qty)
    });
    unsent.collect()
}

/// What has to be reserved besides, and what can be given back.
///
/// Only what the decision asks for on top is reserved: a line placed while its item was not counted holds nothing, and
/// neither the policy nor a mark "sold out" that came later turns a discount into a question of stock.
fn reservation_change(
    before: &[ReservedLine],
    after: &[ReservedLine],
    reserved: &[ReservedLine],
) -> (Vec<ReservedLine>, Vec<ReservedLine>) {
    let sum = |lines: &[ReservedLine], line: LineId| -> i64 {
        lines.iter().filter(|held| held.line == line).map(|held| held.qty.0).sum()
    };
    let mut more = vec![];
    let mut less = vec![];
    for wanted in after {
        let (asked, held) = (sum(before, wanted.line), sum(reserved, wanted.line));
        if asked < wanted.qty.0 {
            more.push(ReservedLine { qty: QtyMilli(wanted.qty.0 - asked), ..*wanted });
        } else if wanted.qty.0 < held {
            less.push(ReservedLine { qty: QtyMilli(held - wanted.qty.0), ..*wanted });
        }
    }
    less.extend(reserved.iter().filter(|held| after.iter().all(|wanted| wanted.line != held.line)));
    (more, less)
}
