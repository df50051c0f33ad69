//! The tables of orders, payments and tickets, and their keys.

use crate::key::Key;
use domain::ids::{AccountId, OrderId, PaymentId, StoreId, TenantId, Text, TicketId};

/// (tenant, store, order) to the order.
pub(super) const ORDERS: &str = "orders";
/// (tenant, store, business date, wall time, order) to its summary.
pub(super) const ORDERS_BY_DATE: &str = "orders_by_date";
/// The keys of `orders_by_date` whose order is open or placed.
pub(super) const ORDERS_LIVE: &str = "orders_live";
/// (tenant, store, payment) to the payment.
pub(super) const PAYMENTS: &str = "payments";
/// (tenant, store, order, payment)
pub(super) const PAYMENTS_BY_ORDER: &str = "payments_by_order";
/// (tenant, store, time, payment)
pub(super) const PAYMENTS_BY_TIME: &str = "payments_by_time";
/// (tenant, store, account, the provider's id, payment)
pub(super) const PAYMENTS_BY_REF: &str = "payments_by_ref";
/// The keys of `payments_by_time` whose payment needs a person.
pub(super) const PAYMENTS_FLAGGED: &str = "payments_flagged";
/// (tenant, store, ticket) to the ticket.
pub(super) const TICKETS: &str = "tickets";
/// (tenant, store, order, ticket)
pub(super) const TICKETS_BY_ORDER: &str = "tickets_by_order";
/// (tenant, store, station, time, ticket) of tickets on the board.
pub(super) const TICKETS_LIVE: &str = "tickets_live";

pub(super) fn order_key(tenant: TenantId, store: StoreId, order: OrderId) -> Key {
    Key::of_store(tenant, store).text(order.as_str())
}

/// The prefix in `payments_by_ref` of what a provider calls a payment.
pub(super) fn ref_key(of_store: &Key, account: AccountId, reference: &Text) -> Key {
    of_store.clone().text(account.as_str()).text(reference.as_str())
}

pub(super) fn payment_key(tenant: TenantId, store: StoreId, payment: PaymentId) -> Key {
    Key::of_store(tenant, store).text(payment.as_str())
}

pub(super) fn ticket_key(tenant: TenantId, store: StoreId, ticket: TicketId) -> Key {
    Key::of_store(tenant, store).text(ticket.as_str())
}
