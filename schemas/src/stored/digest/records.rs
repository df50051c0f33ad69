//! What commands are made of, each field with its tag.

use super::form::{Field, Fields, Form, put};
use domain::check::{CheckMove, MoveOf};
use domain::command::{
    Edit, Fire, ItemChange, LineChange, Method, ModifierChange, ModifierGroupChange, NewChargePhase, NewComp,
    NewDevice, NewDiscount, NewLine, NewModifier, NewOrder, NewPay, NewPrice, NewRefund, NewServiceCharge, NewToken,
    Outcome, PaidBy, Place, RefundLine, RefundOf, RefundOutcome, Review, StockLink, VariationChange,
};
use domain::event::{
    CancelReason, DiscountScope, FixedPart, Noted, ProviderMessage, ProviderSaid, Rate, StockPolicy, Terms,
};
use domain::menu::{Daypart, Item, ItemPrice, ModeTaxes, Modifier, ModifierGroup, Tax, Variation};
use domain::pricing::PriceRules;
use domain::staff::Approvals;
use domain::store::{OfflineBounds, Settings};

/// Declares structs and enums of fields, written in the order they stand in.
///
/// A field has a tag; `flat` puts the fields of the value there instead, and a flat value's tags are unique in the struct it
/// stands in. The variants of an enum are told apart by their fields, or by a number under one tag:
///
/// ```text
/// struct NewModifier { group: 1, modifier: 2, qty: 3 }
/// enum Outcome { Captured { amount: 17 } = 16 is 1, Failed { code: 18 } = 16 is 2 }
/// ```
///
/// is
///
/// ```text
/// impl Fields for NewModifier {
///     fn put_fields(&self, form: &mut Form<'_>) {
///         let NewModifier { group, modifier, qty } = self;
///         put!(form, group: 1);
///         put!(form, modifier: 2);
///         put!(form, qty: 3);
///     }
/// }
///
/// impl Fields for Outcome {
///     fn put_fields(&self, form: &mut Form<'_>) {
///         match self {
///             Outcome::Captured { amount } => {
///                 form.number(16, 1);
///                 put!(form, amount: 17);
///             }
///             ..
/// ```
///
/// so a field that the domain gets and this table does not have does not compile. A struct is also a field of its own: its
/// fields, nested.
macro_rules! records {
    ($($keyword:ident $name:ident $fields:tt)*) => {$(
        record!($keyword $name $fields);
    )*};
}

macro_rules! record {
    (struct $record:ident {$($field:ident: $tag:tt),* $(,)?}) => {
        impl Fields for $record {
            fn put_fields(&self, form: &mut Form<'_>) {
                let $record { $($field),* } = self;
                $(put!(form, $field: $tag);)*
            }
        }

        impl Field for $record {
            fn put(&self, tag: u8, form: &mut Form<'_>) {
                form.nested(tag, |form| self.put_fields(form));
            }
        }
    };
    (enum $choice:ident {$(
        $variant:ident $(($($item:ident: $item_tag:tt),*))? $({$($part:ident: $part_tag:tt),*})?
            $(= $tag:literal is $number:literal)?
    ),* $(,)?}) => {
        impl Fields for $choice {
            fn put_fields(&self, form: &mut Form<'_>) {
                match self {$(
                    $choice::$variant $(($($item),*))? $({$($part),*})? => {
                        $(form.number($tag, $number);)?
                        $($(put!(form, $item: $item_tag);)*)?
                        $($(put!(form, $part: $part_tag);)*)?
                    }
                )*}
            }
        }
    };
}

records! {
    struct NewOrder {
        channel: 16, dining_mode: 17, pay_mode: 18, table: 19, guests: 20, customer_ref: 21, currency: 22, display_number: 23,
        lines: 24, discounts: 25, service_charges: 26, place: 27, training: 50,
        promised_at: 51, tax_exempt: 52, pay: 53
    }
    struct NewLine { line: 1, item: 2, variation: 3, qty: 4, modifiers: 5, open_price: 6, seat: 7, course: 8, note: 9, allergens: 10, price_override: 11 }
    struct NewPrice { price: 1, reason: 2 }
    struct LineChange { line: 16, qty: 17, seat: 18, course: 19, note: 20, allergens: 21, price_override: 22 }
    struct NewPay { payment: 1, amount: 2, tip: 3, by: flat }
    enum PaidBy { Cash { tendered: 5, drawer: 6 } = 4 is 1, External { tender: 7, reference: 8 } = 4 is 2 }
    struct NewModifier { group: 1, modifier: 2, qty: 3 }
    struct NewDiscount { discount: 1, scope: flat, rate: flat, reason: 6 }
    struct FixedPart { line: 1, amount: 2 }
    struct NewServiceCharge { charge: 1, name: 2, rate: flat, phase: flat }
    enum Rate { Percent(share: 4), Amount(amount: 5) }
    enum NewChargePhase { Subtotal { pre_discount: 7, taxes: 8 } = 6 is 1, Total = 6 is 2 }
    struct NewComp { discount: 16, lines: 17, reason: 18 }
    struct Place { expected_total: 1 }
    enum CancelReason { PaymentTimeout = 16 is 1, Requested(words: 17) = 16 is 2 }
    enum Fire { Unheld, Lines(lines: 16), Course(course: 17) }
    struct CheckMove { line: 1, from: 2, what: flat }
    enum MoveOf { All, Qty(qty: 3), Share { parts: 4, of: 5 } }

    enum Outcome { Captured { amount: 17, reference: 19 } = 16 is 1, Failed { code: 18 } = 16 is 2 }
    struct NewRefund { refund: 16, what: flat, restock: 21, reason: 22, drawer: 23 }
    enum RefundOf { Rest = 17 is 1, Amount { amount: 18, tip: 19 } = 17 is 2, Lines { tip: 19, lines: 20, charges: 24 } = 17 is 3 }
    struct RefundLine { line: 1, qty: 2 }
    enum RefundOutcome { Succeeded { drawer: 30 } = 17 is 1, Failed { code: 18 } = 17 is 2 }
    struct Review { flag: 40, decision: 41, tip: 42, reason: 43 }
    struct ProviderMessage { event_id: 17, reference: 18, said: flat, amount: 22, currency: 23, body_sha256: 24 }
    enum ProviderSaid {
        Accepted = 19 is 1, Authorised = 19 is 2, Captured = 19 is 3, Failed { code: 20 } = 19 is 4, Voided = 19 is 5,
        Disputed = 19 is 6, RefundSucceeded { refund: 21 } = 19 is 7, RefundFailed { code: 20, refund: 21 } = 19 is 8,
        Other = 19 is 9
    }

    struct Item {
        id: 16, name: 17, category: 18, price: flat, variations: 21, groups: 22, taxes: 23, sku: 24, station: 25,
        mode_taxes: 26, dayparts: 27
    }
    struct NewDevice { device: _, store: 16, terminal: 17, role: 18, label: 19, code_sha256: _, issuer: _ }
    struct ModeTaxes { dining_mode: 1, taxes: 2 }
    struct Variation { id: 1, name: 2, price: 3, sku: 4 }
    struct ItemChange { item: 16, name: 17, category: 18, price: 19, variations: 21, sku: 24, station: 25 }
    struct VariationChange { variation: 1, name: 2, price: 3, sku: 4 }
    struct ModifierGroupChange { group: 16, name: 17, modifiers: 21 }
    struct ModifierChange { modifier: 1, name: 2, price: 3 }
    struct Modifier { id: 1, name: 2, price: 3, default: 4 }
    struct Tax { id: 16, name: 17, rate: 18, inclusive: 19, compound: 20 }
    struct Daypart { id: 16, name: 17, from: 18, to: 19, weekdays: 20 }

    struct Settings {
        name: 16, currency: 17, time_zone: 18, cut_off: 19, rules: flat, payment_timeout_s: 22, approvals: 23,
        cash_shifts: 24, kitchen: 25, offline_age_s: 26, offline: 27, seals_texts: 28
    }
    struct PriceRules { rounding: 20, tax_rounding: 21 }
    enum StockPolicy { Untracked = 17 is 1, Counted { auto86: 18 } = 17 is 2 }
    struct Noted { seq: 16, command: 17, kind: 18, order: 19, payment: 20, code: 21, detail: 22 }
}

impl Fields for NewToken {
    /// Which token it is, and its secret, are made anew by the door each time: a repeat is one by what it asks for. Tokens that were
    /// issued before they had terms were derived, and told apart by what they are.
    fn put_fields(&self, form: &mut Form<'_>) {
        let NewToken { token, role, label, secret_sha256, terms, is_first } = self;
        if terms.is_none() {
            put!(form, token: 16);
        }
        put!(form, role: 17);
        put!(form, label: 18);
        match terms {
            None => put!(form, secret_sha256: 19),
            Some(Terms { issuer: _, expires_at, stores, device, staff: _ }) => {
                form.flag(20, true);
                put!(form, expires_at: 21);
                put!(form, stores: 22);
                put!(form, device: 23);
                put!(form, is_first: 24);
            }
        }
    }
}

impl Fields for DiscountScope {
    fn put_fields(&self, form: &mut Form<'_>) {
        match self {
            DiscountScope::Order => form.flag(2, true),
            DiscountScope::Lines(lines) => put!(form, lines: 3),
            DiscountScope::Fixed(parts) => put!(form, parts: 7),
        }
    }
}

impl<T: Field> Field for Edit<T> {
    /// What is not said any more is an empty field, which no value is.
    fn put(&self, tag: u8, form: &mut Form<'_>) {
        match self {
            Edit::Keep => {}
            Edit::Clear => form.flag(tag, true),
            Edit::Set(value) => value.put(tag, form),
        }
    }
}

impl Fields for ModifierGroup {
    /// Groups were put before some of a group was free, so none is no field.
    fn put_fields(&self, form: &mut Form<'_>) {
        let ModifierGroup { id, name, min, max, allow_qty, modifiers, free } = self;
        put!(form, id: 16);
        put!(form, name: 17);
        put!(form, min: 18);
        put!(form, max: 19);
        put!(form, allow_qty: 20);
        put!(form, modifiers: 21);
        let free = Some(*free).filter(|free| *free != 0);
        let free = &free;
        put!(form, free: 22);
    }
}

impl Field for StockLink {
    /// A variation has an id, which is never empty.
    fn put(&self, tag: u8, form: &mut Form<'_>) {
        match self {
            StockLink::Item => form.flag(tag, true),
            StockLink::Variation(variation) => variation.put(tag, form),
        }
    }
}

impl Fields for ItemPrice {
    fn put_fields(&self, form: &mut Form<'_>) {
        match self {
            ItemPrice::Fixed(price) => put!(form, price: 19),
            ItemPrice::Open => form.flag(20, true),
        }
    }
}

impl Fields for Method {
    fn put_fields(&self, form: &mut Form<'_>) {
        match self {
            Method::Cash { tendered, drawer } => form.nested(19, |form| {
                put!(form, tendered: 1);
                put!(form, drawer: 2);
            }),
            Method::External(tender) => put!(form, tender: 20),
            // The step is the door's, not the client's: the command is the same whatever the provider counts in.
            Method::Provider { tender, account, capture, step: _ } => {
                put!(form, tender: 20);
                put!(form, account: 22);
                put!(form, capture: 23);
            }
        }
    }
}

impl Field for OfflineBounds {
    /// Stores were put before they had bounds of their own, so none are no field.
    fn put(&self, tag: u8, form: &mut Form<'_>) {
        if *self == OfflineBounds::default() {
            return;
        }
        let OfflineBounds { discount, amount, facts } = self;
        form.nested(tag, |form| {
            put!(form, discount: 1);
            put!(form, amount: 2);
            put!(form, facts: 3);
        });
    }
}

impl Field for Approvals {
    /// Stores were put before they had a policy, so none is no field.
    fn put(&self, tag: u8, form: &mut Form<'_>) {
        if *self == Approvals::default() {
            return;
        }
        let Approvals { needed, discount_limit, self_approval } = self;
        form.nested(tag, |form| {
            put!(form, needed: 1);
            put!(form, discount_limit: 2);
            put!(form, self_approval: 3);
        });
    }
}
