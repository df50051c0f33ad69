//! What events are called outside.

use domain::event::{AccessEvent, Event, MenuEvent, OrderEvent, PaymentEvent, StockEvent, StoreEvent, StoreMenuEvent};

/// The name of an event's type: `OrderPlaced`. Part of the API; a variant may be renamed, its name may not.
pub fn type_name(event: &Event) -> &'static str {
    match event {
        Event::Menu(event) => menu(event),
        Event::Access(event) => match event {
            AccessEvent::TokenIssued { .. } => "TokenIssued",
            AccessEvent::TokenRevoked { .. } => "TokenRevoked",
        },
        Event::Store(event) => match event {
            StoreEvent::StoreOpened(_) => "StoreOpened",
            StoreEvent::StoreSettingsChanged(_) => "StoreSettingsChanged",
        },
        Event::StoreMenu(event) => match event {
            StoreMenuEvent::MenuAdopted { .. } => "MenuAdopted",
            StoreMenuEvent::StorePriceSet { .. } => "StorePriceSet",
            StoreMenuEvent::StoreAvailabilitySet { .. } => "StoreAvailabilitySet",
        },
        Event::Order(_, event) => order(event),
        Event::Payment(_, event) => payment(event),
        Event::Stock(event) => stock(event),
    }
}

fn menu(event: &MenuEvent) -> &'static str {
    match event {
        MenuEvent::ItemUpserted(_) => "ItemUpserted",
        MenuEvent::ItemRetired { .. } => "ItemRetired",
        MenuEvent::ModifierGroupUpserted(_) => "ModifierGroupUpserted",
        MenuEvent::TaxUpserted(_) => "TaxUpserted",
        MenuEvent::MenuPublished { .. } => "MenuPublished",
    }
}

fn order(event: &OrderEvent) -> &'static str {
    match event {
        OrderEvent::OrderOpened(_) => "OrderOpened",
        OrderEvent::LineAdded(_) => "LineAdded",
        OrderEvent::LineQtyChanged { .. } => "LineQtyChanged",
        OrderEvent::LineRemoved { .. } => "LineRemoved",
        OrderEvent::DiscountApplied(_) => "DiscountApplied",
        OrderEvent::DiscountRemoved { .. } => "DiscountRemoved",
        OrderEvent::ServiceChargeApplied(_) => "ServiceChargeApplied",
        OrderEvent::ServiceChargeRemoved { .. } => "ServiceChargeRemoved",
        OrderEvent::OrderPlaced { .. } => "OrderPlaced",
        OrderEvent::OrderRepriced { .. } => "OrderRepriced",
        OrderEvent::PaymentApplied { .. } => "PaymentApplied",
        OrderEvent::PaymentNotApplicable { .. } => "PaymentNotApplicable",
        OrderEvent::OrderCancelled { .. } => "OrderCancelled",
        OrderEvent::OrderCompleted { .. } => "OrderCompleted",
    }
}

fn payment(event: &PaymentEvent) -> &'static str {
    match event {
        PaymentEvent::PaymentInitiated { .. } => "PaymentInitiated",
        PaymentEvent::PaymentCaptured { .. } => "PaymentCaptured",
        PaymentEvent::PaymentFailed { .. } => "PaymentFailed",
        PaymentEvent::PaymentExpired => "PaymentExpired",
        PaymentEvent::PaymentFlagged { .. } => "PaymentFlagged",
        PaymentEvent::PaymentOutcomeIgnored { .. } => "PaymentOutcomeIgnored",
    }
}

fn stock(event: &StockEvent) -> &'static str {
    match event {
        StockEvent::StockPolicySet { .. } => "StockPolicySet",
        StockEvent::StockReceived { .. } => "StockReceived",
        StockEvent::StockCounted { .. } => "StockCounted",
        StockEvent::StockAdjusted { .. } => "StockAdjusted",
        StockEvent::StockWasted { .. } => "StockWasted",
        StockEvent::ItemMarked86 { .. } => "ItemMarked86",
        StockEvent::ItemUnmarked86 { .. } => "ItemUnmarked86",
        StockEvent::StockReserved { .. } => "StockReserved",
        StockEvent::StockCommitted { .. } => "StockCommitted",
        StockEvent::StockReleased { .. } => "StockReleased",
    }
}
