//! Orders.

use super::form::{WallTime, choice, view};
use super::payment::PaymentState;
use crate::json::wire::{
    ActorId, Channel, ChargeId, Currency, CustomerRef, Date, DiningMode, DiscountId, Document, GroupId, ItemId, LineId,
    ModifierId, OrderId, PayMode, PaymentId, Ppm, Qty, Rounding, StationId, StoreId, TableId, TaxId, TaxRounding,
    TaxRules, TenderId, Text, TicketId, Timestamp, VariationId, Wire,
};
use domain::event::Line;
use domain::pricing::TaxRate;

rows! { OrderView = 9, OrderSummary = 5 }

choice! {
    /// How far an order has come.
    pub enum OrderState {
        /// It may be changed and is not ordered yet.
        Open = "open",
        /// The guest has ordered.
        Placed = "placed",
        /// It is settled.
        Completed = "completed",
        /// It was cancelled.
        Cancelled = "cancelled",
        /// It went into another one.
        Merged = "merged",
    }
}

choice! {
    /// How much of an order has been paid.
    pub enum PaidState {
        /// Nothing.
        NotPaid = "not_paid",
        /// A part.
        PartiallyPaid = "partially_paid",
        /// All of it.
        Paid = "paid",
        /// More than it could take, or than a check of it comes to: the rest is to be refunded.
        Overpaid = "overpaid",
        /// A part of the sale was given back.
        PartiallyRefunded = "partially_refunded",
        /// What was paid was given back.
        Refunded = "refunded",
    }
}

view! {
    /// A document that was printed of an order.
    pub struct PrintView {
        /// What.
        pub document: Document,
        /// The check it is for.
        pub check_id: u8,
        /// How often.
        pub copies: u32,
    }
}

choice! {
    /// How far the kitchen is with an order.
    pub enum PrepState {
        /// It has nothing of it.
        None = "none",
        /// It prepares something.
        InKitchen = "in_kitchen",
        /// Something is ready, and nothing is being prepared.
        Ready = "ready",
        /// Everything was served.
        Served = "served",
    }
}

view! {
    /// An order as it is now.
    pub struct OrderView {
        /// Its id.
        pub order_id: OrderId,
        /// The store it belongs to.
        pub store: StoreId,
        /// How far it has come.
        pub state: OrderState,
        /// Where it came from.
        pub channel: Channel,
        /// How the guest eats.
        pub dining_mode: DiningMode,
        /// When the guest pays.
        pub pay_mode: PayMode,
        /// The table.
        pub table: Option<TableId>,
        /// Who serves it.
        pub server: Option<ActorId>,
        /// How many guests.
        pub guests: u16,
        /// The customer, by reference.
        pub customer_ref: Option<CustomerRef>,
        /// What is called out.
        pub display_number: Text,
        /// The business date it counts for.
        pub business_date: Date,
        /// The currency of its amounts.
        pub currency: Currency,
        /// When it is to be ready, as the guest was told.
        pub promised_at: Option<Timestamp>,
        /// When it was opened; for an imported order, when the file says.
        pub opened_at: Timestamp,
        /// The store's wall clock when it was opened.
        pub opened_local: WallTime,
        /// When it last changed.
        pub updated_at: Timestamp,
        /// Whether it was recorded after the fact from a file.
        pub imported: bool,
        /// Whether it is for practice: it takes no stock and counts in no report.
        pub training: bool,
        /// When it is cancelled unless somebody pays.
        pub deadline: Option<Timestamp>,
        /// Why it was cancelled: `payment_timeout`, or somebody's words.
        pub cancel_reason: Option<Text>,
        /// The order it went into.
        pub merged_into: Option<OrderId>,
        /// The orders it took over.
        pub merged_from: Vec<OrderId>,
        /// How its amounts are rounded.
        pub rounding: Rounding,
        /// Where its tax is rounded.
        pub tax_rounding: TaxRounding,
        /// By which rules its tax is computed.
        pub tax_rules: TaxRules,
        /// Why it is free of tax, where it is: none comes on top, and what is inside the prices is taken off them.
        pub tax_exempt: Option<Text>,
        /// Its lines.
        pub lines: Vec<LineView>,
        /// Its discounts.
        pub discounts: Vec<DiscountView>,
        /// Its service charges.
        pub service_charges: Vec<ServiceChargeView>,
        /// What it comes to; of an open order, what it would come to if it were placed now.
        pub totals: TotalsView,
        /// Its checks, by number.
        pub checks: Vec<CheckView>,
        /// What has been paid towards the total, whatever was given back.
        pub paid: i64,
        /// Tips, outside the total.
        pub tips: i64,
        /// What is still to be paid, over its checks.
        pub due: i64,
        /// What was paid too much, over its checks, and is to be given back: on one check something may be due while another has
        /// too much.
        pub overpaid: i64,
        /// Whether each check owes for itself; of an order that was opened before checks did, what one check has too much counts
        /// for the others.
        pub dues_apart: bool,
        /// Captured money it could not take and that was not given back yet.
        pub unapplied: i64,
        /// What was given back of what was paid towards the total.
        pub refunded: i64,
        /// What of that takes back payments and not the sale, and so no longer counts as paid: what was given back before the order
        /// was settled, or had been paid too much.
        pub reversed: i64,
        /// What was given back of the tips.
        pub refunded_tips: i64,
        /// How much of it has been paid.
        pub payment_state: PaidState,
        /// The attempts to pay.
        pub payments: Vec<OrderPaymentView>,
        /// What was printed of it.
        pub prints: Vec<PrintView>,
        /// How far the kitchen is with it.
        pub prep_state: PrepState,
        /// Its kitchen tickets, oldest first.
        pub ticket_ids: Vec<TicketId>,
        /// The revision of its stream, for `If-Match`.
        pub revision: u64,
    }
}

choice! {
    /// Whether something is due on a check.
    pub enum CheckState {
        /// Something is, or may be: the order is not placed yet.
        Open = "open",
        /// Nothing is.
        Paid = "paid",
    }
}

view! {
    /// A check of an order: `total = net + tax_exclusive + charges`.
    pub struct CheckView {
        /// Its number.
        pub check_id: u8,
        /// Whether something is due on it.
        pub state: CheckState,
        /// The lines on it.
        pub lines: Vec<CheckLineView>,
        /// The lines before discounts.
        pub gross: i64,
        /// All discounts.
        pub discount: i64,
        /// The lines after discounts.
        pub net: i64,
        /// Tax on top of the net.
        pub tax_exclusive: i64,
        /// Tax inside the net.
        pub tax_inclusive: i64,
        /// Its part of the service charges, with the tax on top of them.
        pub charges: i64,
        /// What is to be paid, tips not included.
        pub total: i64,
        /// What has been paid towards it, whatever was given back.
        pub paid: i64,
        /// Tips, outside the total.
        pub tips: i64,
        /// What was given back of what was paid towards it.
        pub refunded: i64,
        /// What of that no longer counts as paid: `due - overpaid = total - paid + reversed`.
        pub reversed: i64,
        /// What is still to be paid.
        pub due: i64,
        /// What was paid too much and is to be given back.
        pub overpaid: i64,
    }
}

view! {
    /// A line, or a part of it, on a check.
    pub struct CheckLineView {
        /// The line.
        pub line_id: LineId,
        /// How many parts of it.
        pub parts: u32,
        /// How many parts make the line.
        pub of: u32,
        /// How much of it.
        pub qty: Qty,
        /// The part before discounts.
        pub gross: i64,
        /// Its discounts.
        pub discount: i64,
        /// What is left.
        pub net: i64,
        /// Tax on top of the net.
        pub tax_exclusive: i64,
        /// Tax inside the net.
        pub tax_inclusive: i64,
    }
}

view! {
    /// A line of an order.
    pub struct LineView {
        /// Its id, unique in the order.
        pub line_id: LineId,
        /// The item.
        pub item_id: ItemId,
        /// The item's name when the line was added.
        pub name: Text,
        /// The item's category when the line was added.
        pub category: Option<Text>,
        /// The variation.
        pub variation: Option<VariationName>,
        /// How much, less what was voided.
        pub qty: Qty,
        /// How much was voided.
        pub voided: Qty,
        /// How much of it was given back.
        pub refunded_qty: Qty,
        /// The price of one unit with modifiers.
        pub unit_price: i64,
        /// What somebody set for it instead of the price it had.
        pub price_override: Option<PriceOverrideView>,
        /// The modifiers.
        pub modifiers: Vec<LineModifierView>,
        /// The taxes on it.
        pub taxes: Vec<TaxRateView>,
        /// The group it is taxed in, where tax is rounded on groups: what came by a merge is a group of its own.
        pub tax_group: u16,
        /// Price times quantity; in an order free of tax, without the tax inside it.
        pub gross: i64,
        /// Its part of all discounts.
        pub discount: i64,
        /// What is left.
        pub net: i64,
        /// Tax on top of the net.
        pub tax_exclusive: i64,
        /// Tax inside the net.
        pub tax_inclusive: i64,
        /// A wish of the guest.
        pub note: Option<Text>,
        /// What the guest must not be served.
        pub allergens: Option<Text>,
        /// The seat it is for.
        pub seat: Option<u16>,
        /// The course it belongs to.
        pub course: Option<u16>,
        /// The station that prepares it.
        pub station: Option<StationId>,
        /// How much waits until somebody names the line or its course.
        pub held: Qty,
        /// How much the kitchen prepares.
        pub fired: Qty,
        /// How much is ready to be served.
        pub ready: Qty,
        /// How much was served.
        pub served: Qty,
    }
}

impl LineView {
    /// A line as it was added: what an order comes to and what the kitchen does with it is not known yet.
    pub fn new(line: &Line) -> LineView {
        let modifiers = line.modifiers.iter().map(|modifier| LineModifierView {
            group_id: Wire(modifier.group),
            modifier_id: Wire(modifier.modifier),
            name: Wire(modifier.name.clone()),
            qty: modifier.qty,
            free: modifier.free,
            unit_price: modifier.unit_price.0,
        });
        let variation = line.variation.as_deref();
        LineView {
            line_id: Wire(line.line),
            item_id: Wire(line.item),
            name: Wire(line.name.clone()),
            category: line.category.clone().map(Wire),
            variation: variation.map(|(id, name)| VariationName { variation_id: Wire(*id), name: Wire(name.clone()) }),
            qty: Wire(line.qty),
            voided: Wire(domain::money::QtyMilli::ZERO),
            refunded_qty: Wire(domain::money::QtyMilli::ZERO),
            unit_price: line.unit.0,
            price_override: None,
            modifiers: modifiers.collect(),
            taxes: line.taxes.iter().map(TaxRateView::new).collect(),
            tax_group: 0,
            gross: 0,
            discount: 0,
            net: 0,
            tax_exclusive: 0,
            tax_inclusive: 0,
            note: line.note.clone().map(Wire),
            allergens: line.allergens.clone().map(Wire),
            seat: line.seat,
            course: line.course,
            station: line.station.map(Wire),
            held: Wire(domain::money::QtyMilli::ZERO),
            fired: Wire(domain::money::QtyMilli::ZERO),
            ready: Wire(domain::money::QtyMilli::ZERO),
            served: Wire(domain::money::QtyMilli::ZERO),
        }
    }
}

view! {
    /// A price that somebody set for a line.
    pub struct PriceOverrideView {
        /// The price of one unit before modifiers that it had.
        pub was: i64,
        /// The price of one unit before modifiers.
        pub price: i64,
        /// Why.
        pub reason: Text,
    }
}

view! {
    /// A variation by id and name.
    pub struct VariationName {
        /// Its id, unique in the item.
        pub variation_id: VariationId,
        /// Its name.
        pub name: Text,
    }
}

view! {
    /// A modifier on a line.
    pub struct LineModifierView {
        /// The group it was chosen from.
        pub group_id: GroupId,
        /// The modifier.
        pub modifier_id: ModifierId,
        /// Its name when the line was added.
        pub name: Text,
        /// How many per unit.
        pub qty: u16,
        /// How many of them cost nothing.
        pub free: u16,
        /// What one adds to the price of a unit.
        pub unit_price: i64,
    }
}

view! {
    /// A tax on a line or a charge.
    pub struct TaxRateView {
        /// The tax.
        pub tax_id: TaxId,
        /// The rate.
        pub percent_ppm: Ppm,
        /// Whether prices contain it.
        pub inclusive: bool,
        /// Whether one on top is also taken on those on top before it.
        pub compound: bool,
    }
}

impl TaxRateView {
    /// A tax as it was.
    pub fn new(tax: &TaxRate) -> TaxRateView {
        TaxRateView {
            tax_id: Wire(tax.tax),
            percent_ppm: Wire(tax.rate),
            inclusive: tax.inclusive,
            compound: tax.compound,
        }
    }
}

view! {
    /// How much a discount or a charge is: one of the two.
    pub struct RateView {
        /// A share.
        pub percent_ppm: Option<Ppm>,
        /// A fixed amount.
        pub amount: Option<i64>,
    }
}

view! {
    /// A discount on an order.
    pub struct DiscountView {
        /// Its id, unique in the order.
        pub discount_id: DiscountId,
        /// The lines it applies to; absent for the whole order.
        pub line_ids: Option<Vec<LineId>>,
        /// How much.
        pub rate: RateView,
        /// Why.
        pub reason: Text,
        /// Whether the lines were given away: reports tell comps from other discounts.
        pub comp: bool,
        /// What it takes off which line, where a merge fixed that.
        pub fixed: Vec<FixedPartView>,
        /// What it took off.
        pub taken: i64,
    }
}

view! {
    /// What a discount takes off a line, whatever else changes.
    pub struct FixedPartView {
        /// The line.
        pub line_id: LineId,
        /// How much.
        pub amount: i64,
    }
}

choice! {
    /// When a service charge is computed.
    pub enum ChargePhaseView {
        /// Before tax, on the lines after discounts.
        Subtotal = "subtotal",
        /// Before tax, on the lines before discounts.
        SubtotalPreDiscount = "subtotal_pre_discount",
        /// After tax.
        Total = "total",
    }
}

view! {
    /// A service charge on an order.
    pub struct ServiceChargeView {
        /// Its id, unique in the order.
        pub charge_id: ChargeId,
        /// What the receipt says.
        pub name: Text,
        /// How much.
        pub rate: RateView,
        /// When it is computed.
        pub phase: ChargePhaseView,
        /// The taxes on the charge itself.
        pub taxes: Vec<TaxRateView>,
        /// What it comes to.
        pub charged: i64,
        /// Tax on top of it.
        pub tax_exclusive: i64,
        /// Tax inside it.
        pub tax_inclusive: i64,
    }
}

view! {
    /// What an order comes to: `total = net + tax_exclusive + charges + charge_tax`.
    #[derive(Default)]
    pub struct TotalsView {
        /// The lines before discounts.
        pub gross: i64,
        /// All discounts.
        pub discount: i64,
        /// The lines after discounts.
        pub net: i64,
        /// Tax on lines, on top of the net.
        pub tax_exclusive: i64,
        /// Tax on lines, inside the net.
        pub tax_inclusive: i64,
        /// The service charges.
        pub charges: i64,
        /// Tax on top of the service charges.
        pub charge_tax: i64,
        /// What is to be paid, tips not included.
        pub total: i64,
        /// What each tax came to, on lines and charges together.
        pub taxes: Vec<TaxTotalView>,
    }
}

view! {
    /// What a tax came to.
    pub struct TaxTotalView {
        /// The tax.
        pub tax_id: TaxId,
        /// The rate.
        pub percent_ppm: Ppm,
        /// Whether prices contain it.
        pub inclusive: bool,
        /// Whether it was also taken on those on top before it.
        pub compound: bool,
        /// What it is a percentage of.
        pub taxable: i64,
        /// The tax.
        pub amount: i64,
    }
}

view! {
    /// An attempt to pay an order.
    pub struct OrderPaymentView {
        /// The payment.
        pub payment_id: PaymentId,
        /// The check it is for.
        pub check_id: u8,
        /// How.
        pub tender: TenderId,
        /// What is to count towards the order.
        pub amount: i64,
        /// The tip on top.
        pub tip: i64,
        /// How far it got.
        pub state: PaymentState,
    }
}

view! {
    /// An order in a list.
    pub struct OrderSummary {
        /// Its id.
        pub order_id: OrderId,
        /// How far it has come.
        pub state: OrderState,
        /// What is called out.
        pub display_number: Text,
        /// Where it came from.
        pub channel: Channel,
        /// How the guest eats.
        pub dining_mode: DiningMode,
        /// The table.
        pub table: Option<TableId>,
        /// How many guests.
        pub guests: u16,
        /// The business date it counts for.
        pub business_date: Date,
        /// When it was opened.
        pub opened_at: Timestamp,
        /// The currency of its amounts.
        pub currency: Currency,
        /// How many lines it has.
        pub lines_count: u32,
        /// What it comes to.
        pub total: i64,
        /// What is still to be paid.
        pub due: i64,
        /// What was paid too much and is to be given back.
        pub overpaid: i64,
        /// How much of it has been paid.
        pub payment_state: PaidState,
        /// The order it went into.
        pub merged_into: Option<OrderId>,
        /// Whether it is for practice.
        pub training: bool,
        /// The revision of its stream.
        pub revision: u64,
    }
}

impl OrderView {
    /// The order as a list shows it.
    pub fn summary(&self) -> OrderSummary {
        OrderSummary {
            order_id: self.order_id,
            state: self.state,
            display_number: self.display_number.clone(),
            channel: self.channel,
            dining_mode: self.dining_mode,
            table: self.table,
            guests: self.guests,
            business_date: self.business_date,
            opened_at: self.opened_at,
            currency: self.currency,
            lines_count: u32::try_from(self.lines.len()).unwrap_or(u32::MAX),
            total: self.totals.total,
            due: self.due,
            overpaid: self.overpaid,
            payment_state: self.payment_state,
            merged_into: self.merged_into,
            training: self.training,
            revision: self.revision,
        }
    }
}

impl From<&domain::pricing::Totals> for TotalsView {
    fn from(totals: &domain::pricing::Totals) -> TotalsView {
        let tax = |total: &domain::pricing::TaxTotal| TaxTotalView {
            tax_id: total.tax.tax.into(),
            percent_ppm: total.tax.rate.into(),
            inclusive: total.tax.inclusive,
            compound: total.tax.compound,
            taxable: total.taxable.0,
            amount: total.amount.0,
        };
        TotalsView {
            gross: totals.gross.0,
            discount: totals.discount.0,
            net: totals.net.0,
            tax_exclusive: totals.tax_exclusive.0,
            tax_inclusive: totals.tax_inclusive.0,
            charges: totals.charges_total.0,
            charge_tax: totals.charge_tax_exclusive.0,
            total: totals.total.0,
            taxes: totals.taxes.iter().map(tax).collect(),
        }
    }
}
