//! Queries on orders and payments.

use super::rows::needs_attention;
use super::tables::{
    ORDERS, ORDERS_BY_DATE, ORDERS_LIVE, PAYMENTS, PAYMENTS_BY_ORDER, PAYMENTS_BY_REF, PAYMENTS_BY_TIME,
    PAYMENTS_FLAGGED, order_key, payment_key, ref_key,
};
use super::{checks, tickets};
use crate::error::QueryError;
use crate::key::{Key, KeyReader};
use crate::page::{Page, PageRequest, page_descending};
use crate::projection::Projection;
use crate::projections::Projections;
use crate::view::{Answer, View};
use domain::calendar::Date;
use domain::ids::{AccountId, OrderId, PaymentId, StoreId, TableId, TenantId, Text};
use schemas::views::{OrderPaymentView, OrderState, OrderSummary, OrderView, PaidState, PaymentState, PaymentView};

/// Which orders: those that meet everything that is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// In this state.
    pub state: Option<OrderState>,
    /// So much paid.
    pub payment_state: Option<PaidState>,
    /// At this table.
    pub table: Option<TableId>,
    /// Of this business date.
    pub business_date: Option<Date>,
    /// With this in their display number, whatever the case.
    pub number: Option<String>,
}

impl OrderFilter {
    fn takes(&self, order: &OrderSummary) -> bool {
        let number = || order.display_number.0.as_str().to_lowercase();
        self.state.is_none_or(|state| order.state == state)
            && self.payment_state.is_none_or(|state| order.payment_state == state)
            && self.table.is_none_or(|table| order.table.is_some_and(|held| held.0 == table))
            && self.number.as_ref().is_none_or(|part| number().contains(&part.to_lowercase()))
    }
}

/// Which payments: those that meet everything that is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaymentFilter {
    /// In this state.
    pub state: Option<PaymentState>,
    /// For this order.
    pub order: Option<OrderId>,
    /// Only those that need a person.
    pub needs_attention: bool,
}

impl PaymentFilter {
    fn takes(&self, payment: &PaymentView) -> bool {
        self.state.is_none_or(|state| payment.state == state)
            && self.order.is_none_or(|order| payment.order_id.0 == order)
            && (!self.needs_attention || needs_attention(payment))
    }
}

impl Projections {
    /// An order with its payments.
    pub fn order(
        &self,
        tenant: TenantId,
        store: StoreId,
        id: OrderId,
    ) -> Result<Answer<Option<OrderView>>, QueryError> {
        self.read(Projection::Orders, |view| {
            let key = order_key(tenant, store, id);
            let mut value = view.get::<OrderView>(ORDERS, &key)?;
            if let Some(order) = &mut value {
                let payments = view.table(PAYMENTS)?;
                let mut attempts = vec![];
                for (suffix, ()) in view.all::<()>(PAYMENTS_BY_ORDER, &key)? {
                    attempts
                        .extend(payments.get::<PaymentView>(Key::of_store(tenant, store).bytes(&suffix).as_slice())?);
                }
                // By id they would stand in no order a person knows.
                attempts.sort_by_key(|payment| (payment.initiated_at, payment.payment_id));
                order.payments = attempts.iter().map(order_payment).collect();
                tickets::complete(view, (tenant, store, id), order)?;
                if order.checks.is_empty() {
                    order.checks = checks::dealt(order);
                }
            }
            Ok(view.answer(value))
        })
    }

    /// A store's orders, newest business date and opening first. A page may be short or empty and still have a cursor:
    /// go on until there is none.
    ///
    /// # Errors
    /// [`QueryError`], among them [`QueryError::BadCursor`].
    pub fn orders(
        &self,
        tenant: TenantId,
        store: StoreId,
        filter: &OrderFilter,
        page: &PageRequest,
    ) -> Result<Answer<Page<OrderSummary>>, QueryError> {
        self.read(Projection::Orders, |view| {
            let list = Key::of_store(tenant, store);
            let range = match filter.business_date {
                Some(date) => list.clone().date(date),
                None => list.clone(),
            };
            let summaries = view.table(ORDERS_BY_DATE)?;
            let value = match filter.state {
                Some(OrderState::Open | OrderState::Placed) => {
                    page_descending::<(), _>(&view.table(ORDERS_LIVE)?, &list, &range, page, |key, ()| {
                        Ok(summaries.get::<OrderSummary>(key)?.filter(|order| filter.takes(order)))
                    })
                }
                Some(OrderState::Completed | OrderState::Cancelled | OrderState::Merged) | None => {
                    page_descending::<OrderSummary, _>(&summaries, &list, &range, page, |_, order| {
                        Ok(Some(order).filter(|order| filter.takes(order)))
                    })
                }
            }?;
            Ok(view.answer(value))
        })
    }

    /// A payment.
    pub fn payment(
        &self,
        tenant: TenantId,
        store: StoreId,
        payment: PaymentId,
    ) -> Result<Answer<Option<PaymentView>>, QueryError> {
        self.read(Projection::Orders, |view| {
            let found = view.get::<PaymentView>(PAYMENTS, &payment_key(tenant, store, payment))?;
            let value = found.map(|payment| dated(view, tenant, store, payment)).transpose()?;
            Ok(view.answer(value))
        })
    }

    /// The payment of a store that an account at a provider knows by `reference`.
    pub fn payment_by_ref(
        &self,
        tenant: TenantId,
        store: StoreId,
        account: AccountId,
        reference: &Text,
    ) -> Result<Answer<Option<PaymentId>>, QueryError> {
        self.read(Projection::Orders, |view| {
            let key = ref_key(&Key::of_store(tenant, store), account, reference);
            let named = view.all::<()>(PAYMENTS_BY_REF, &key)?;
            let value = named.first().and_then(|(suffix, ())| PaymentId::parse(KeyReader(suffix).text()?).ok());
            Ok(view.answer(value))
        })
    }

    /// A store's payments, newest first; pages as for [`Projections::orders`].
    ///
    /// # Errors
    /// [`QueryError`], among them [`QueryError::BadCursor`].
    pub fn payments(
        &self,
        tenant: TenantId,
        store: StoreId,
        filter: &PaymentFilter,
        page: &PageRequest,
    ) -> Result<Answer<Page<PaymentView>>, QueryError> {
        self.read(Projection::Orders, |view| {
            let of_store = Key::of_store(tenant, store);
            let (table, list, is_by_time) = match filter.order {
                Some(order) => (PAYMENTS_BY_ORDER, of_store.clone().text(order.as_str()), false),
                None if filter.needs_attention || filter.state == Some(PaymentState::NeedsReview) => {
                    (PAYMENTS_FLAGGED, of_store.clone(), true)
                }
                None => (PAYMENTS_BY_TIME, of_store.clone(), true),
            };
            let rows = view.table(PAYMENTS)?;
            let value = page_descending::<(), _>(&view.table(table)?, &list, &list, page, |key, ()| {
                let mut suffix = KeyReader(&key[list.as_slice().len()..]);
                if is_by_time {
                    suffix.u32();
                    suffix.u32();
                }
                let Some(id) = suffix.text() else { return Ok(None) };
                match rows.get::<PaymentView>(of_store.clone().text(id).as_slice())? {
                    Some(payment) if filter.takes(&payment) => dated(view, tenant, store, payment).map(Some),
                    Some(_) | None => Ok(None),
                }
            })?;
            Ok(view.answer(value))
        })
    }
}

fn order_payment(payment: &PaymentView) -> OrderPaymentView {
    OrderPaymentView {
        payment_id: payment.payment_id,
        check_id: payment.check_id,
        tender: payment.tender,
        amount: payment.amount,
        tip: payment.tip,
        state: payment.state,
    }
}

/// The payment with the business date of its order.
fn dated(view: &View, tenant: TenantId, store: StoreId, payment: PaymentView) -> Result<PaymentView, QueryError> {
    let order = view.get::<OrderView>(ORDERS, &order_key(tenant, store, payment.order_id.0))?;
    Ok(PaymentView { business_date: order.map(|order| order.business_date), ..payment })
}
