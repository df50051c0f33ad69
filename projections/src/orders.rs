//! Orders, the attempts to pay them, and their kitchen tickets.

mod checks;
mod price;
mod query;
mod rows;
mod tables;
mod tickets;

pub use query::{OrderFilter, PaymentFilter};

use crate::error::FoldError;
use crate::key::Key;
use crate::projector::{Projector, Recorded, follows, starts};
use crate::rows::{Committed, Definition, Rows, write};
use domain::event::{Event, OrderEvent, PaymentEvent};
use domain::ids::{OrderId, PaymentId, StoreId};
use domain::stream::Stream;
use redb::WriteTransaction;
use schemas::views::{OrderState, OrderView, PaymentView, Row, TicketRow};
use tables::{
    ORDERS, ORDERS_BY_DATE, ORDERS_LIVE, PAYMENTS, PAYMENTS_BY_ORDER, PAYMENTS_BY_REF, PAYMENTS_BY_TIME,
    PAYMENTS_FLAGGED, TICKETS, TICKETS_BY_ORDER, TICKETS_LIVE, order_key, payment_key, ref_key,
};
use tickets::Tickets;

const CACHED_MAX: usize = 8_192;

/// Folds `order-`, `payment-` and `ticket-` streams.
pub(crate) struct OrdersProjector {
    orders: Rows<OrderView>,
    payments: Rows<PaymentView>,
    tickets: Tickets,
    /// Keys of `payments_by_ref` to remove: their payments have another reference now.
    stale_refs: Vec<Key>,
    buffer: Vec<u8>,
}

impl OrdersProjector {
    pub fn new() -> OrdersProjector {
        OrdersProjector {
            orders: Rows::new(ORDERS, CACHED_MAX),
            payments: Rows::new(PAYMENTS, CACHED_MAX),
            tickets: Tickets::new(CACHED_MAX),
            stale_refs: vec![],
            buffer: vec![],
        }
    }

    fn apply_order(
        &mut self,
        committed: &Committed<'_>,
        (store, order): (StoreId, OrderId),
        recorded: &Recorded<'_>,
    ) -> Result<(), FoldError> {
        let Event::Order(_, event) = &recorded.event else { return Ok(()) };
        let key = order_key(recorded.tenant(), store, order);
        if let OrderEvent::OrderOpened(opening) = event {
            starts(recorded.revision)?;
            let opened_at = rows::opened_at(opening, recorded)?;
            let row = rows::opened((store, order), opening, opened_at, recorded);
            self.orders.put_new(key.into_boxed(), row);
            return Ok(());
        }
        let row = self.orders.edit(committed, key.as_slice())?;
        let row = row.ok_or(FoldError::Impossible("an event of an order that was not opened"))?;
        follows(row.revision, recorded.revision)?;
        rows::evolve_order(row, event)?;
        row.revision = recorded.revision;
        row.updated_at.0 = recorded.recorded_at;
        Ok(())
    }

    fn apply_payment(
        &mut self,
        committed: &Committed<'_>,
        (store, payment): (StoreId, PaymentId),
        recorded: &Recorded<'_>,
    ) -> Result<(), FoldError> {
        let Event::Payment(_, event) = &recorded.event else { return Ok(()) };
        let key = payment_key(recorded.tenant(), store, payment);
        if let PaymentEvent::PaymentInitiated { .. } = event {
            starts(recorded.revision)?;
            let row = rows::initiated((store, payment), event, recorded)?;
            self.payments.put_new(key.into_boxed(), row);
            return Ok(());
        }
        let row = self.payments.edit(committed, key.as_slice())?;
        let row = row.ok_or(FoldError::Impossible("an event of a payment that was not initiated"))?;
        follows(row.revision, recorded.revision)?;
        let its = row.provider_ref.clone();
        rows::evolve_payment(row, event, recorded)?;
        if let (Some(account), Some(reference)) = (row.provider_account, its)
            && row.provider_ref.as_ref() != Some(&reference)
        {
            let ref_key = ref_key(&Key::of_store(recorded.tenant(), store), account.0, &reference.0);
            self.stale_refs.push(ref_key.text(payment.as_str()));
        }
        row.revision = recorded.revision;
        row.updated_at.0 = recorded.recorded_at;
        Ok(())
    }

    /// Derives what follows from dirty orders, and writes their index entries.
    fn flush_order_indexes(&mut self, transaction: &WriteTransaction) -> Result<(), FoldError> {
        if !self.orders.is_dirty() {
            return Ok(());
        }
        let mut by_date = transaction.open_table(Definition::new(ORDERS_BY_DATE))?;
        let mut live = transaction.open_table(Definition::new(ORDERS_LIVE))?;
        let buffer = &mut self.buffer;
        self.orders.for_each_dirty(|key, order, is_stored| {
            price::derive(order);
            let listed = date_key(key, order);
            write(listed.as_slice(), &order.summary(), buffer);
            by_date.insert(listed.as_slice(), buffer.as_slice())?;
            match order.state {
                OrderState::Open | OrderState::Placed if !is_stored => {
                    live.insert(listed.as_slice(), [].as_slice())?;
                }
                OrderState::Completed | OrderState::Cancelled | OrderState::Merged if is_stored => {
                    live.remove(listed.as_slice())?;
                }
                OrderState::Open
                | OrderState::Placed
                | OrderState::Completed
                | OrderState::Cancelled
                | OrderState::Merged => {}
            }
            Ok(())
        })
    }

    fn flush_payment_indexes(&mut self, transaction: &WriteTransaction) -> Result<(), FoldError> {
        if !self.payments.is_dirty() {
            return Ok(());
        }
        let mut by_order = transaction.open_table(Definition::new(PAYMENTS_BY_ORDER))?;
        let mut by_time = transaction.open_table(Definition::new(PAYMENTS_BY_TIME))?;
        let mut by_ref = transaction.open_table(Definition::new(PAYMENTS_BY_REF))?;
        let mut flagged = transaction.open_table(Definition::new(PAYMENTS_FLAGGED))?;
        for ref_key in self.stale_refs.drain(..) {
            by_ref.remove(ref_key.as_slice())?;
        }
        self.payments.for_each_dirty(|key, payment, is_stored| {
            let id = payment.payment_id.0;
            let store = Key::from_bytes(&key[..key.len() - id.as_str().len() - 1]);
            let of_store = store.clone();
            let at_time = store.clone().i64(payment.initiated_at.0.0).text(id.as_str());
            if !is_stored {
                let of_order = store.text(payment.order_id.0.as_str()).text(id.as_str());
                by_order.insert(of_order.as_slice(), [].as_slice())?;
                by_time.insert(at_time.as_slice(), [].as_slice())?;
            }
            if let (Some(account), Some(reference)) = (payment.provider_account, &payment.provider_ref) {
                let ref_key = ref_key(&of_store, account.0, &reference.0).text(id.as_str());
                by_ref.insert(ref_key.as_slice(), [].as_slice())?;
            }
            match rows::needs_attention(payment) {
                true => _ = flagged.insert(at_time.as_slice(), [].as_slice())?,
                // It was listed until somebody had decided.
                false if !payment.flags.is_empty() => _ = flagged.remove(at_time.as_slice())?,
                false => {}
            }
            Ok(())
        })
    }
}

/// The key in `orders_by_date` of an order whose own key is `key`.
fn date_key(key: &[u8], order: &OrderView) -> Key {
    let id = order.order_id.0;
    let local = order.opened_local.0;
    let store = Key::from_bytes(&key[..key.len() - id.as_str().len() - 1]);
    let second = local.minute_of_day() * 60 + local.second();
    store.date(order.business_date.0).date(local.date()).u32(second).text(id.as_str())
}

impl Projector for OrdersProjector {
    const LAYOUT: u32 = 6;
    const ROWS: &'static [u8] = &[OrderView::VERSION, PaymentView::VERSION, TicketRow::VERSION];
    const TABLES: &'static [&'static str] = &[
        ORDERS,
        ORDERS_BY_DATE,
        ORDERS_LIVE,
        PAYMENTS,
        PAYMENTS_BY_ORDER,
        PAYMENTS_BY_TIME,
        PAYMENTS_BY_REF,
        PAYMENTS_FLAGGED,
        TICKETS,
        TICKETS_BY_ORDER,
        TICKETS_LIVE,
    ];

    fn wants(category: &str) -> bool {
        matches!(category, "order" | "payment" | "ticket")
    }

    fn apply(&mut self, committed: &Committed<'_>, recorded: &Recorded<'_>) -> Result<(), FoldError> {
        match recorded.stream {
            Stream::Order(_, store, order) => self.apply_order(committed, (store, order), recorded),
            Stream::Payment(_, store, payment) => self.apply_payment(committed, (store, payment), recorded),
            Stream::Ticket(_, store, ticket) => self.tickets.apply(committed, (store, ticket), recorded),
            Stream::Menu(_)
            | Stream::Security(_)
            | Stream::Access(_)
            | Stream::Store(..)
            | Stream::StoreMenu(..)
            | Stream::Stock(..)
            | Stream::Drawer(..)
            | Stream::Day(..)
            | Stream::Terminal(..) => Ok(()),
        }
    }

    fn is_dirty(&self) -> bool {
        self.orders.is_dirty() || self.payments.is_dirty() || self.tickets.is_dirty()
    }

    fn flush(&mut self, transaction: &WriteTransaction) -> Result<(), FoldError> {
        self.flush_order_indexes(transaction)?;
        self.flush_payment_indexes(transaction)?;
        self.orders.flush(transaction)?;
        self.payments.flush(transaction)?;
        self.tickets.flush(transaction)
    }
}
