//! Orders and what is on them.

use super::fields::{above_zero, at_most, each, is_false, not_negative, rate, unique};
use super::payment::Pay;
use crate::json::body::FieldError;
use crate::json::wire::{self, Wire};
use domain::command::{
    self, Edit, LineChange, NewChargePhase, NewComp, NewDiscount, NewLine, NewModifier, NewOrder, NewPrice,
    NewServiceCharge, OrderCommand,
};
use domain::event::{CancelReason, DiscountScope};
use domain::ids::{LineId, OrderId};
use domain::money::QtyMilli;
use domain::pricing::{CHARGES_MAX, DISCOUNTS_MAX, LINES_MAX, TAXES_MAX};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use utoipa::ToSchema;

pub use crate::json::wire::choices::ChargePhase;

/// The most modifiers chosen for one line.
pub const MODIFIERS_PER_LINE_MAX: usize = 50;

/// `POST /v1/stores/{store}/orders`: opens an order; with `lines` and `place` all in one commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "order_id": "0190d5a4-c1b8-7c3e-9d2a-6f4e8b1c7d90", "channel": "pos", "dining_mode": "take_away",
    "pay_mode": "later", "guests": 1,
    "lines": [{"line_id": "l1", "item_id": "margherita", "qty": 2}], "place": true, "expected_total": 2300
}))]
pub struct OpenOrder {
    /// Its id, made by the client.
    pub order_id: wire::OrderId,
    /// Where it comes from.
    pub channel: wire::Channel,
    /// How the guest eats.
    pub dining_mode: wire::DiningMode,
    /// When the guest pays.
    pub pay_mode: wire::PayMode,
    /// The table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<wire::TableId>,
    /// How many guests; 1 where nobody says.
    #[serde(default = "one_u16")]
    #[schema(default = 1)]
    pub guests: u16,
    /// The customer, by reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_ref: Option<wire::CustomerRef>,
    /// When it is to be ready, as the guest was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised_at: Option<wire::Timestamp>,
    /// Makes it free of tax, with the reason. It may take an approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_exempt: Option<TaxExempt>,
    /// The currency the client thinks in; refused where it is not the store's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<wire::Currency>,
    /// What was called out; for orders recorded after the fact only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_number: Option<wire::Text>,
    /// Its first lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 256)]
    pub lines: Vec<Line>,
    /// Its first discounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 64)]
    pub discounts: Vec<Discount>,
    /// Its first service charges.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 16)]
    pub service_charges: Vec<ServiceCharge>,
    /// Whether it is placed in the same commit.
    #[serde(default, skip_serializing_if = "is_false")]
    pub place: bool,
    /// The total the guest was shown; refused where the engine's is another. Only with `place`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_total: Option<wire::Money>,
    /// What is paid in the same commit, and with it the order is done where nothing is left to prepare. Only with `place`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay: Option<Pay>,
    /// Whether it is for practice, for its life: it is priced and paid like any other (in cash or by an external tender), takes
    /// nothing from stock, goes to no kitchen and into no drawer, and counts in no report.
    #[serde(default, skip_serializing_if = "is_false")]
    pub training: bool,
}

fn one_u16() -> u16 {
    1
}

impl OpenOrder {
    /// The order's id and the order.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<(OrderId, NewOrder), FieldError> {
        at_most(&self.discounts, DISCOUNTS_MAX, "/discounts")?;
        at_most(&self.service_charges, CHARGES_MAX, "/service_charges")?;
        unique(self.discounts.iter().map(|discount| discount.discount_id.0), "/discounts", "discount_id")?;
        unique(self.service_charges.iter().map(|charge| charge.charge_id.0), "/service_charges", "charge_id")?;
        if !self.place && self.expected_total.is_some() {
            return Err(FieldError::new(
                "/expected_total",
                "is compared when the order is placed; add \"place\": true",
            ));
        }
        if !self.place && self.pay.is_some() {
            return Err(FieldError::new("/pay", "is taken when the order is placed; add \"place\": true"));
        }
        // Stored references that begin so stand for sealed ones, and `erased` is what is shown of those that are gone.
        if self
            .customer_ref
            .is_some_and(|customer| customer.0.as_str().starts_with("sealed_") || customer.0.as_str() == "erased")
        {
            return Err(FieldError::new("/customer_ref", "must not be erased, nor begin with sealed_"));
        }
        let pay = self.pay.map(|pay| pay.parse().map_err(|error| error.under("/pay"))).transpose()?;
        let place = match self.place {
            true => Some(Place { expected_total: self.expected_total }.parse()),
            false => None,
        };
        let order = NewOrder {
            channel: self.channel.0,
            dining_mode: self.dining_mode.0,
            pay_mode: self.pay_mode.0,
            table: self.table.map(|table| table.0),
            guests: self.guests,
            customer_ref: self.customer_ref.map(|customer| customer.0),
            promised_at: self.promised_at.map(|promised_at| promised_at.0),
            tax_exempt: self.tax_exempt.map(|exempt| exempt.reason.0.0),
            currency: self.currency.map(|currency| currency.0),
            display_number: self.display_number.map(|number| number.0),
            lines: parse_lines(self.lines)?,
            discounts: each(self.discounts, "/discounts", Discount::parse)?,
            service_charges: each(self.service_charges, "/service_charges", ServiceCharge::parse)?,
            place,
            pay,
            training: self.training,
        };
        Ok((self.order_id.0, order))
    }
}

fn parse_lines(lines: Vec<Line>) -> Result<Vec<NewLine>, FieldError> {
    at_most(&lines, LINES_MAX, "/lines")?;
    unique(lines.iter().map(|line| line.line_id.0), "/lines", "line_id")?;
    each(lines, "/lines", Line::parse)
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "line_id": "l1", "item_id": "margherita", "variation_id": "large", "qty": 2,
    "modifiers": [{"group_id": "toppings", "modifier_id": "olives"}], "note": "extra crisp"
}))]
pub struct Line {
    /// Its id, made by the client, unique in the order.
    pub line_id: wire::LineId,
    /// The item.
    pub item_id: wire::ItemId,
    /// The variation, where the item has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variation_id: Option<wire::VariationId>,
    /// How much; 1 where nobody says.
    #[serde(default = "one_unit")]
    pub qty: wire::Qty,
    /// The choices from the item's modifier groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 50)]
    pub modifiers: Vec<LineModifier>,
    /// The price of one unit, for items whose price comes with the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<wire::Money>,
    /// A price of its own instead of the menu's. It may take an approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_override: Option<PriceOverride>,
    /// The seat it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<u16>,
    /// The course it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub course: Option<u16>,
    /// A wish of the guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<wire::Note>,
    /// What the guest must not be served, for the kitchen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allergens: Option<wire::Note>,
}

fn one_unit() -> wire::Qty {
    Wire(QtyMilli::ONE)
}

impl Line {
    /// The line.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<NewLine, FieldError> {
        at_most(&self.modifiers, MODIFIERS_PER_LINE_MAX, "/modifiers")?;
        Ok(NewLine {
            line: self.line_id.0,
            item: self.item_id.0,
            variation: self.variation_id.map(|variation| variation.0),
            qty: above_zero(self.qty.0, "/qty")?,
            modifiers: each(self.modifiers, "/modifiers", LineModifier::parse)?,
            open_price: self.price.map(|price| not_negative(price.0, "/price")).transpose()?,
            price_override: self.price_override.map(PriceOverride::parse).transpose()?,
            seat: self.seat,
            course: self.course,
            note: self.note.map(|note| note.0.0),
            allergens: self.allergens.map(|allergens| allergens.0.0),
        })
    }
}

/// A price of a line, instead of the menu's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"price": 900, "reason": "As the poster in the window says"}))]
pub struct PriceOverride {
    /// The price of one unit before modifiers, 0 or more.
    pub price: wire::Money,
    /// Why.
    pub reason: wire::Note,
}

impl PriceOverride {
    /// The price.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<NewPrice, FieldError> {
        Ok(NewPrice { price: not_negative(self.price.0, "/price_override/price")?, reason: self.reason.0.0 })
    }
}

/// A choice from a modifier group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineModifier {
    /// The group.
    pub group_id: wire::GroupId,
    /// The modifier.
    pub modifier_id: wire::ModifierId,
    /// How many for each unit of the line; 1 where nobody says.
    #[serde(default = "one_u16")]
    #[schema(default = 1, minimum = 1)]
    pub qty: u16,
}

impl LineModifier {
    /// The choice.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<NewModifier, FieldError> {
        match self.qty {
            0 => Err(FieldError::new("/qty", "must be 1 or more; leave the modifier out where it is not wanted")),
            qty => Ok(NewModifier { group: self.group_id.0, modifier: self.modifier_id.0, qty }),
        }
    }
}

/// `POST .../orders/{order}/lines`: one line, or `{"lines": [..]}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"lines": [{"line_id": "l2", "item_id": "cola"}]}))]
pub struct AddLines {
    /// The lines.
    #[schema(min_items = 1, max_items = 256)]
    pub lines: Vec<Line>,
}

impl AddLines {
    /// The command.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<OrderCommand, FieldError> {
        match self.lines.is_empty() {
            true => Err(FieldError::new("/lines", "must hold at least one line")),
            false => parse_lines(self.lines).map(OrderCommand::AddLines),
        }
    }
}

impl<'de> Deserialize<'de> for AddLines {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(AddLinesVisitor)
    }
}

/// Tells the two forms apart by their first key; an untagged enum would forget where a field is wrong.
struct AddLinesVisitor;

impl<'de> Visitor<'de> for AddLinesVisitor {
    type Value = AddLines;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a line, or an object with lines")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<AddLines, A::Error> {
        let first = map.next_key::<String>()?;
        if first.as_deref() != Some("lines") {
            let line = Line::deserialize(MapAccessDeserializer::new(WithFirst { first, rest: map }))?;
            return Ok(AddLines { lines: vec![line] });
        }
        let lines = map.next_value()?;
        match map.next_key::<String>()? {
            Some(other) => Err(serde::de::Error::unknown_field(&other, &["lines"])),
            None => Ok(AddLines { lines }),
        }
    }
}

/// A map whose first key has been read already.
struct WithFirst<A> {
    first: Option<String>,
    rest: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for WithFirst<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        match self.first.take() {
            Some(key) => seed.deserialize(key.into_deserializer()).map(Some),
            None => self.rest.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.rest.next_value_seed(seed)
    }
}

/// `PATCH .../orders/{order}/lines/{line}`: changes what is there, and leaves the rest as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"qty": 3, "course": 1, "note": null}))]
pub struct ChangeLine {
    /// The new quantity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qty: Option<wire::Qty>,
    /// The seat it is for; null is none. Only while the kitchen has nothing of the line, as are course, note and allergens.
    #[serde(default, skip_serializing_if = "Patch::is_kept")]
    #[schema(value_type = Option<u16>)]
    pub seat: Patch<u16>,
    /// The course it belongs to; null is none.
    #[serde(default, skip_serializing_if = "Patch::is_kept")]
    #[schema(value_type = Option<u16>)]
    pub course: Patch<u16>,
    /// A wish of the guest; null is none.
    #[serde(default, skip_serializing_if = "Patch::is_kept")]
    #[schema(value_type = Option<wire::Note>)]
    pub note: Patch<wire::Note>,
    /// What the guest must not be served; null is nothing.
    #[serde(default, skip_serializing_if = "Patch::is_kept")]
    #[schema(value_type = Option<wire::Note>)]
    pub allergens: Patch<wire::Note>,
    /// A price of its own instead of the one it has. It may take an approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_override: Option<PriceOverride>,
}

impl ChangeLine {
    /// The command for a line.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self, line: LineId) -> Result<OrderCommand, FieldError> {
        let qty = self.qty.map(|qty| above_zero(qty.0, "/qty")).transpose()?;
        let change = LineChange {
            line,
            qty,
            seat: self.seat.edit(|seat| seat),
            course: self.course.edit(|course| course),
            note: self.note.edit(|note| note.0.0),
            allergens: self.allergens.edit(|allergens| allergens.0.0),
            price_override: self.price_override.map(PriceOverride::parse).transpose()?,
        };
        let (seat, course, note, allergens) = (Edit::Keep, Edit::Keep, Edit::Keep, Edit::Keep);
        let is_of_qty = change == LineChange { line, qty, seat, course, note, allergens, price_override: None };
        match (qty, is_of_qty) {
            (Some(qty), true) => Ok(OrderCommand::ChangeLineQty { line, qty }),
            (None, true) => {
                Err(FieldError::new("", "must change something: qty, seat, course, note, allergens or price_override"))
            }
            (_, false) => Ok(OrderCommand::ChangeLine(change)),
        }
    }
}

/// A field that is left out, null or a value: it stays as it is, is not said any more, or becomes the value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// It is left out.
    #[default]
    Keep,
    /// It is null.
    Clear,
    /// It is a value.
    Set(T),
}

impl<T> Patch<T> {
    pub(super) fn is_kept(&self) -> bool {
        matches!(self, Patch::Keep)
    }

    pub(super) fn edit<U>(self, parse: impl FnOnce(T) -> U) -> Edit<U> {
        match self {
            Patch::Keep => Edit::Keep,
            Patch::Clear => Edit::Clear,
            Patch::Set(value) => Edit::Set(parse(value)),
        }
    }
}

impl<T> Patch<T> {
    /// The value, where there is one.
    pub(super) fn value(self) -> Option<T> {
        match self {
            Patch::Set(value) => Some(value),
            Patch::Keep | Patch::Clear => None,
        }
    }

    /// What says this and nothing else.
    pub(crate) fn to_be(value: Option<T>) -> Patch<T> {
        value.map_or(Patch::Clear, Patch::Set)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Option::deserialize(from).map(Patch::to_be)
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Patch::Keep | Patch::Clear => to.serialize_none(),
            Patch::Set(value) => value.serialize(to),
        }
    }
}

/// `POST .../orders/{order}/discounts`: takes a share or an amount off the order, or off some lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"discount_id": "happy_hour", "percent_ppm": 100_000, "reason": "Happy hour"}))]
pub struct Discount {
    /// Its id, made by the client, unique in the order.
    pub discount_id: wire::DiscountId,
    /// The lines it is taken off; the whole order where they are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 256)]
    pub line_ids: Option<Vec<wire::LineId>>,
    /// The share, at most 1000000; or `amount`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent_ppm: Option<wire::Ppm>,
    /// The amount, 0 or more; or `percent_ppm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<wire::Money>,
    /// Why.
    pub reason: wire::Note,
}

impl Discount {
    /// The discount.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<NewDiscount, FieldError> {
        let scope = match self.line_ids {
            None => DiscountScope::Order,
            Some(lines) if lines.is_empty() => {
                return Err(FieldError::new("/line_ids", "must name a line; leave it out to discount the whole order"));
            }
            Some(lines) => {
                at_most(&lines, LINES_MAX, "/line_ids")?;
                unique(lines.iter().map(|line| line.0), "/line_ids", "")?;
                DiscountScope::Lines(lines.into_iter().map(|line| line.0).collect())
            }
        };
        let rate = rate(self.percent_ppm, self.amount)?;
        Ok(NewDiscount { discount: self.discount_id.0, scope, rate, reason: self.reason.0.0 })
    }
}

/// `POST .../orders/{order}/comps`: gives lines away, which is a discount of all that is left of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"discount_id": "sorry", "line_ids": ["l2"], "reason": "Waited for an hour"}))]
pub struct Comp {
    /// The id of the discount, made by the client, unique in the order.
    pub discount_id: wire::DiscountId,
    /// The lines.
    #[schema(min_items = 1, max_items = 256)]
    pub line_ids: Vec<wire::LineId>,
    /// Why.
    pub reason: wire::Note,
}

impl Comp {
    /// The command.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<OrderCommand, FieldError> {
        if self.line_ids.is_empty() {
            return Err(FieldError::new("/line_ids", "must name a line"));
        }
        at_most(&self.line_ids, LINES_MAX, "/line_ids")?;
        unique(self.line_ids.iter().map(|line| line.0), "/line_ids", "")?;
        let lines = self.line_ids.into_iter().map(|line| line.0).collect();
        Ok(OrderCommand::CompLines(NewComp { discount: self.discount_id.0, lines, reason: self.reason.0.0 }))
    }
}

/// `POST .../orders/{order}/table`: the guests sit at this table now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"table": "t7"}))]
pub struct SetTable {
    /// The table.
    pub table: wire::TableId,
}

impl SetTable {
    /// The command; nothing in it can be wrong any more.
    pub fn parse(self) -> OrderCommand {
        OrderCommand::SetTable(self.table.0)
    }
}

/// `POST .../orders/{order}/server`: who serves the order from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"staff": "ana"}))]
pub struct AssignServer {
    /// The member of staff.
    pub staff: wire::ActorId,
}

impl AssignServer {
    /// The command; nothing in it can be wrong any more.
    pub fn parse(self) -> OrderCommand {
        OrderCommand::AssignServer(self.staff.0)
    }
}

/// `POST .../orders/{order}/guests`: so many sit at the table now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"guests": 5}))]
pub struct SetGuests {
    /// How many guests.
    pub guests: u16,
}

/// `POST .../orders/{order}/print`: a bill or a receipt goes to the printer, for the first time or again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"document": "receipt", "check_id": 1}))]
pub struct PrintDocument {
    /// What is printed.
    pub document: wire::Document,
    /// The check it is for; the first on which something is due where it is left out, and where nothing is, the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_id: Option<wire::CheckId>,
}

impl PrintDocument {
    /// The command; nothing in it can be wrong any more.
    pub fn parse(self) -> OrderCommand {
        OrderCommand::Print { document: self.document.0, check: self.check_id.map(|check| check.0) }
    }
}

/// `POST .../orders/{order}/dining-mode`: the guest eats so from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"dining_mode": "take_away"}))]
pub struct SetDiningMode {
    /// How the guest eats.
    pub dining_mode: wire::DiningMode,
}

/// `POST .../orders/{order}/tax-exempt`: the order is free of tax.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Embassy, certificate 4711"}))]
pub struct TaxExempt {
    /// Why, with the number of the certificate where there is one.
    pub reason: wire::Note,
}

/// `POST .../orders/{order}/service-charges`: adds a share or an amount to the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "charge_id": "service", "name": "Service", "percent_ppm": 125_000, "phase": "subtotal", "taxes": ["vat"]
}))]
pub struct ServiceCharge {
    /// Its id, made by the client, unique in the order.
    pub charge_id: wire::ChargeId,
    /// What the receipt says.
    pub name: wire::Text,
    /// The share, at most 1000000; or `amount`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent_ppm: Option<wire::Ppm>,
    /// The amount, 0 or more; or `percent_ppm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<wire::Money>,
    /// When it is computed.
    pub phase: wire::ChargePhase,
    /// Whether a share is of the sum before discounts; only in the subtotal phase.
    #[serde(default, skip_serializing_if = "is_false")]
    pub pre_discount: bool,
    /// The taxes on the charge itself; only in the subtotal phase.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 8)]
    pub taxes: Vec<wire::TaxId>,
}

impl ServiceCharge {
    /// The charge.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<NewServiceCharge, FieldError> {
        at_most(&self.taxes, TAXES_MAX, "/taxes")?;
        unique(self.taxes.iter().map(|tax| tax.0), "/taxes", "")?;
        let only_subtotal = |field| FieldError::new(field, "is for the subtotal phase only");
        let phase = match self.phase.0 {
            ChargePhase::Subtotal => NewChargePhase::Subtotal {
                pre_discount: self.pre_discount,
                taxes: self.taxes.into_iter().map(|tax| tax.0).collect(),
            },
            ChargePhase::Total if self.pre_discount => return Err(only_subtotal("/pre_discount")),
            ChargePhase::Total if !self.taxes.is_empty() => return Err(only_subtotal("/taxes")),
            ChargePhase::Total => NewChargePhase::Total,
        };
        let rate = rate(self.percent_ppm, self.amount)?;
        Ok(NewServiceCharge { charge: self.charge_id.0, name: self.name.0, rate, phase })
    }
}

/// `POST .../orders/{order}/place`: recognises the sale and reserves the stock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"expected_total": 2300}))]
pub struct Place {
    /// The total the guest was shown; refused where the engine's is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_total: Option<wire::Money>,
}

impl Place {
    /// The placing; nothing in it can be wrong any more.
    pub fn parse(self) -> command::Place {
        command::Place { expected_total: self.expected_total.map(|total| total.0) }
    }
}

/// `POST .../orders/{order}/cancel`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Guest left"}))]
pub struct Cancel {
    /// Why.
    pub reason: wire::Note,
}

impl Cancel {
    /// The command; nothing in it can be wrong any more.
    pub fn parse(self) -> OrderCommand {
        OrderCommand::Cancel { reason: CancelReason::Requested(self.reason.0.0) }
    }
}
