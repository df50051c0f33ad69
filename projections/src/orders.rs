//! Orders, the attempts to pay them, and their kitchen tickets.

mod checks;
mod price;
mod query;
mod rows;
mod tickets;

pub use query::{OrderFilter, PaymentFilter};
pub(crate) use query::{order, orders, payment, payment_by_ref, payments};
pub(crate) use tickets::board;

use crate::fault::Fault;
use crate::key::Key;
use crate::model::{Model, Recorded, follows, starts};
use crate::rows::{Before, Definition, Rows};
use domain::event::{Event, OrderEvent, PaymentEvent};
use domain::ids::{AccountId, OrderId, PaymentId, StoreId, TenantId, Text};
use domain::stream::Stream;
use redb::WriteTransaction;
use schemas::views::{OrderState, OrderView, PaymentView, Row, TicketRow};
use tickets::{TICKETS, TICKETS_BY_ORDER, TICKETS_LIVE};

/// (tenant, store, order) to the order.
const ORDERS: &str = "orders";
/// (tenant, store, business date, wall time, order) to its summary.
const ORDERS_BY_DATE: &str = "orders_by_date";
/// The keys of `orders_by_date` whose order is open or placed.
const ORDERS_LIVE: &str = "orders_live";
/// (tenant, store, payment) to the payment.
const PAYMENTS: &str = "payments";
/// (tenant, store, order, payment)
const PAYMENTS_BY_ORDER: &str = "payments_by_order";
/// (tenant, store, time, payment)
const PAYMENTS_BY_TIME: &str = "payments_by_time";
/// (tenant, store, account, the provider's id, payment)
const PAYMENTS_BY_REF: &str = "payments_by_ref";
/// The keys of `payments_by_time` whose payment needs a person.
const PAYMENTS_FLAGGED: &str = "payments_flagged";

const KEPT_MAX: usize = 8_192;

/// Folds `order-`, `payment-` and `ticket-` streams.
pub(crate) struct OrdersModel {
    orders: Rows<OrderView>,
    payments: Rows<PaymentView>,
    tickets: Rows<TicketRow>,
    /// Places in the lists of orders' tickets that are no more: the tickets went into other orders.
    left: Vec<Key>,
    /// Places in the list of providers' references that are no more.
    renamed: Vec<Key>,
    buffer: Vec<u8>,
}

impl OrdersModel {
    pub fn new() -> OrdersModel {
        OrdersModel {
            orders: Rows::new(ORDERS, KEPT_MAX),
            payments: Rows::new(PAYMENTS, KEPT_MAX),
            tickets: Rows::new(TICKETS, KEPT_MAX),
            left: vec![],
            renamed: vec![],
            buffer: vec![],
        }
    }

    fn apply_order(
        &mut self,
        before: &Before<'_>,
        (store, order): (StoreId, OrderId),
        recorded: &Recorded<'_>,
    ) -> Result<(), Fault> {
        let Event::Order(_, event) = &recorded.event else { return Ok(()) };
        let key = order_key(recorded.tenant(), store, order);
        if let OrderEvent::OrderOpened(opening) = event {
            starts(recorded.revision)?;
            let opened_at = rows::opened_at(opening, recorded)?;
            let row = rows::opened((store, order), opening, opened_at, recorded);
            self.orders.put_new(key.into_boxed(), row);
            return Ok(());
        }
        let row = self.orders.edit(before, key.as_slice())?;
        let row = row.ok_or(Fault::Impossible("an event of an order that was not opened"))?;
        follows(row.revision, recorded.revision)?;
        rows::evolve_order(row, event)?;
        row.revision = recorded.revision;
        row.updated_at.0 = recorded.recorded_at;
        Ok(())
    }

    fn apply_payment(
        &mut self,
        before: &Before<'_>,
        (store, payment): (StoreId, PaymentId),
        recorded: &Recorded<'_>,
    ) -> Result<(), Fault> {
        let Event::Payment(_, event) = &recorded.event else { return Ok(()) };
        let key = payment_key(recorded.tenant(), store, payment);
        if let PaymentEvent::PaymentInitiated { .. } = event {
            starts(recorded.revision)?;
            let row = rows::initiated((store, payment), event, recorded)?;
            self.payments.put_new(key.into_boxed(), row);
            return Ok(());
        }
        let row = self.payments.edit(before, key.as_slice())?;
        let row = row.ok_or(Fault::Impossible("an event of a payment that was not initiated"))?;
        follows(row.revision, recorded.revision)?;
        let its = row.provider_ref.clone();
        rows::evolve_payment(row, event, recorded)?;
        if let (Some(account), Some(reference)) = (row.provider_account, its)
            && row.provider_ref.as_ref() != Some(&reference)
        {
            let at_ref = ref_key(&Key::of_store(recorded.tenant(), store), account.0, &reference.0);
            self.renamed.push(at_ref.text(payment.as_str()));
        }
        row.revision = recorded.revision;
        row.updated_at.0 = recorded.recorded_at;
        Ok(())
    }

    /// Brings the lists of orders into line with the orders that changed.
    fn flush_order_lists(&mut self, transaction: &WriteTransaction) -> Result<(), Fault> {
        if !self.orders.is_touched() {
            return Ok(());
        }
        let mut by_date = transaction.open_table(Definition::new(ORDERS_BY_DATE))?;
        let mut live = transaction.open_table(Definition::new(ORDERS_LIVE))?;
        let buffer = &mut self.buffer;
        self.orders.for_touched(|key, order, is_stored| {
            price::settle(order);
            checks::settle(order);
            let listed = listed_key(key, order);
            buffer.clear();
            order.summary().write(buffer);
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

    fn flush_payment_lists(&mut self, transaction: &WriteTransaction) -> Result<(), Fault> {
        if !self.payments.is_touched() {
            return Ok(());
        }
        let mut by_order = transaction.open_table(Definition::new(PAYMENTS_BY_ORDER))?;
        let mut by_time = transaction.open_table(Definition::new(PAYMENTS_BY_TIME))?;
        let mut by_ref = transaction.open_table(Definition::new(PAYMENTS_BY_REF))?;
        let mut flagged = transaction.open_table(Definition::new(PAYMENTS_FLAGGED))?;
        for at_ref in self.renamed.drain(..) {
            by_ref.remove(at_ref.as_slice())?;
        }
        self.payments.for_touched(|key, payment, is_stored| {
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
                let at_ref = ref_key(&of_store, account.0, &reference.0).text(id.as_str());
                by_ref.insert(at_ref.as_slice(), [].as_slice())?;
            }
            match needs_attention(payment) {
                true => _ = flagged.insert(at_time.as_slice(), [].as_slice())?,
                // It was listed until somebody had decided.
                false if !payment.flags.is_empty() => _ = flagged.remove(at_time.as_slice())?,
                false => {}
            }
            Ok(())
        })
    }
}

/// Whether a person has something to decide; what a guest's bank wants back stays in sight for good.
fn needs_attention(payment: &PaymentView) -> bool {
    payment.flags.iter().any(|flag| flag.reviewed.is_none()) || payment.disputed
}

fn order_key(tenant: TenantId, store: StoreId, order: OrderId) -> Key {
    Key::of_store(tenant, store).text(order.as_str())
}

/// The place of a payment by what its provider calls it.
fn ref_key(of_store: &Key, account: AccountId, reference: &Text) -> Key {
    of_store.clone().text(account.as_str()).text(reference.as_str())
}

fn payment_key(tenant: TenantId, store: StoreId, payment: PaymentId) -> Key {
    Key::of_store(tenant, store).text(payment.as_str())
}

/// The place in the lists of an order whose own key is `key`.
fn listed_key(key: &[u8], order: &OrderView) -> Key {
    let id = order.order_id.0;
    let local = order.opened_local.0;
    let store = Key::from_bytes(&key[..key.len() - id.as_str().len() - 1]);
    let second = local.minute_of_day() * 60 + local.second();
    store.date(order.business_date.0).date(local.date()).u32(second).text(id.as_str())
}

impl Model for OrdersModel {
    const VERSION: u32 = 6;
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

    fn apply(&mut self, before: &Before<'_>, recorded: &Recorded<'_>) -> Result<(), Fault> {
        match recorded.stream {
            Stream::Order(_, store, order) => self.apply_order(before, (store, order), recorded),
            Stream::Payment(_, store, payment) => self.apply_payment(before, (store, payment), recorded),
            Stream::Ticket(_, store, ticket) => self.apply_ticket(before, (store, ticket), recorded),
            Stream::Menu(_)
            | Stream::Access(_)
            | Stream::Store(..)
            | Stream::StoreMenu(..)
            | Stream::Stock(..)
            | Stream::Drawer(..)
            | Stream::Day(..)
            | Stream::Terminal(..) => Ok(()),
        }
    }

    fn is_touched(&self) -> bool {
        self.orders.is_touched() || self.payments.is_touched() || self.tickets.is_touched()
    }

    fn flush(&mut self, transaction: &WriteTransaction) -> Result<(), Fault> {
        self.flush_order_lists(transaction)?;
        self.flush_payment_lists(transaction)?;
        self.flush_boards(transaction)?;
        self.orders.flush(transaction)?;
        self.payments.flush(transaction)?;
        self.tickets.flush(transaction)
    }
}
