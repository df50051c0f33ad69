//! The table of event types: the one place where tags and names are given.

use domain::event::{
    AccessEvent, DayEvent, DrawerEvent, Event, MenuEvent, OrderEvent, PaymentEvent, StockEvent, StoreEvent,
    StoreMenuEvent, TerminalEvent, TicketEvent,
};

/// A type of event, as the log and the JSON bodies know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventType {
    /// What the log stores; the high byte is the category. Never reused.
    pub tag: u16,
    /// The newest schema version; every one from 1 is read. What says nothing new may still be written as an older one.
    pub version: u8,
    /// The domain's name of it.
    pub name: &'static str,
}

/// Each row is named three times (constant, table, lookup) and must agree with itself, so it is written once.
macro_rules! event_types {
    ($($constant:ident = $tag:literal v $version:literal $name:literal;)*) => {
        /// The type tags.
        pub mod tag {
            $(
                #[doc = concat!("`", $name, "`")]
                pub const $constant: u16 = $tag;
            )*
        }

        /// Every event type, by ascending tag.
        pub const EVENT_TYPES: &[EventType] = &[$(EventType { tag: $tag, version: $version, name: $name },)*];

        /// The domain's name of the type with this tag; `None` if there is no such type.
        pub const fn type_name(tag: u16) -> Option<&'static str> {
            match tag {
                $($tag => Some($name),)*
                _ => None,
            }
        }
    };
}

event_types! {
    ITEM_UPSERTED = 0x0101 v 2 "ItemUpserted";
    ITEM_RETIRED = 0x0102 v 1 "ItemRetired";
    MODIFIER_GROUP_UPSERTED = 0x0103 v 1 "ModifierGroupUpserted";
    TAX_UPSERTED = 0x0104 v 1 "TaxUpserted";
    MENU_PUBLISHED = 0x0105 v 1 "MenuPublished";

    TOKEN_ISSUED = 0x0201 v 1 "TokenIssued";
    TOKEN_REVOKED = 0x0202 v 1 "TokenRevoked";
    STAFF_CHANGED = 0x0203 v 1 "StaffChanged";

    STORE_OPENED = 0x0301 v 3 "StoreOpened";
    STORE_SETTINGS_CHANGED = 0x0302 v 3 "StoreSettingsChanged";

    MENU_ADOPTED = 0x0401 v 1 "MenuAdopted";
    STORE_PRICE_SET = 0x0402 v 1 "StorePriceSet";
    STORE_AVAILABILITY_SET = 0x0403 v 1 "StoreAvailabilitySet";

    ORDER_OPENED = 0x0501 v 3 "OrderOpened";
    LINE_ADDED = 0x0502 v 2 "LineAdded";
    LINE_QTY_CHANGED = 0x0503 v 1 "LineQtyChanged";
    LINE_REMOVED = 0x0504 v 1 "LineRemoved";
    DISCOUNT_APPLIED = 0x0505 v 2 "DiscountApplied";
    DISCOUNT_REMOVED = 0x0506 v 1 "DiscountRemoved";
    SERVICE_CHARGE_APPLIED = 0x0507 v 1 "ServiceChargeApplied";
    SERVICE_CHARGE_REMOVED = 0x0508 v 1 "ServiceChargeRemoved";
    ORDER_PLACED = 0x0509 v 1 "OrderPlaced";
    ORDER_REPRICED = 0x050a v 1 "OrderRepriced";
    PAYMENT_APPLIED = 0x050b v 2 "PaymentApplied";
    PAYMENT_NOT_APPLICABLE = 0x050c v 1 "PaymentNotApplicable";
    ORDER_CANCELLED = 0x050d v 1 "OrderCancelled";
    ORDER_COMPLETED = 0x050e v 1 "OrderCompleted";
    LINES_HELD = 0x050f v 1 "LinesHeld";
    LINES_FIRED = 0x0510 v 1 "LinesFired";
    LINES_SERVED = 0x0511 v 1 "LinesServed";
    LINE_VOIDED = 0x0512 v 1 "LineVoided";
    LINES_COMPED = 0x0513 v 1 "LinesComped";
    ORDER_MOVED_TO_TABLE = 0x0514 v 1 "OrderMovedToTable";
    SERVER_ASSIGNED = 0x0515 v 1 "ServerAssigned";
    REFUND_RECORDED = 0x0540 v 1 "RefundRecorded";
    CHECK_SPLIT = 0x0550 v 1 "CheckSplit";
    CHECK_PAID = 0x0551 v 1 "CheckPaid";
    LINES_RECEIVED_BY_MERGE = 0x0552 v 1 "LinesReceivedByMerge";
    ORDER_MERGED_INTO = 0x0553 v 1 "OrderMergedInto";
    TOTAL_MISMATCH_RECORDED = 0x0570 v 1 "TotalMismatchRecorded";

    PAYMENT_INITIATED = 0x0601 v 2 "PaymentInitiated";
    PAYMENT_CAPTURED = 0x0602 v 1 "PaymentCaptured";
    PAYMENT_FAILED = 0x0603 v 1 "PaymentFailed";
    PAYMENT_EXPIRED = 0x0604 v 1 "PaymentExpired";
    PAYMENT_FLAGGED = 0x0605 v 1 "PaymentFlagged";
    PAYMENT_OUTCOME_IGNORED = 0x0606 v 1 "PaymentOutcomeIgnored";
    REFUND_REQUESTED = 0x0607 v 1 "RefundRequested";
    REFUND_SUCCEEDED = 0x0608 v 1 "RefundSucceeded";
    REFUND_FAILED = 0x0609 v 1 "RefundFailed";
    REFUND_OUTCOME_IGNORED = 0x060a v 1 "RefundOutcomeIgnored";
    AUTHORISATION_REQUESTED = 0x0610 v 1 "AuthorisationRequested";
    PROVIDER_EVENT_RECEIVED = 0x0611 v 1 "ProviderEventReceived";
    PAYMENT_AUTHORISED = 0x0612 v 1 "PaymentAuthorised";
    CAPTURE_REQUESTED = 0x0613 v 1 "CaptureRequested";
    VOID_REQUESTED = 0x0614 v 1 "VoidRequested";
    PAYMENT_VOIDED = 0x0615 v 1 "PaymentVoided";
    PAYMENT_DISPUTED = 0x0616 v 1 "PaymentDisputed";
    TIP_ADJUSTED = 0x0617 v 1 "TipAdjusted";
    PROVIDER_EVENT_IGNORED = 0x0618 v 1 "ProviderEventIgnored";
    PAYMENT_REVIEWED = 0x0628 v 1 "PaymentReviewed";

    STOCK_POLICY_SET = 0x0701 v 1 "StockPolicySet";
    STOCK_RECEIVED = 0x0702 v 1 "StockReceived";
    STOCK_COUNTED = 0x0703 v 1 "StockCounted";
    STOCK_ADJUSTED = 0x0704 v 1 "StockAdjusted";
    STOCK_WASTED = 0x0705 v 1 "StockWasted";
    ITEM_MARKED_86 = 0x0706 v 1 "ItemMarked86";
    ITEM_UNMARKED_86 = 0x0707 v 1 "ItemUnmarked86";
    STOCK_RESERVED = 0x0708 v 1 "StockReserved";
    STOCK_COMMITTED = 0x0709 v 1 "StockCommitted";
    STOCK_RELEASED = 0x070a v 1 "StockReleased";
    STOCK_VOIDED = 0x070b v 1 "StockVoided";
    STOCK_RESTOCKED = 0x0720 v 1 "StockRestocked";
    OVERSELL_RECORDED = 0x0730 v 1 "OversellRecorded";
    RESERVATION_MOVED = 0x0750 v 1 "ReservationMoved";

    TICKET_CREATED = 0x0801 v 1 "TicketCreated";
    TICKET_STARTED = 0x0802 v 1 "TicketStarted";
    TICKET_LINE_READY = 0x0803 v 1 "TicketLineReady";
    TICKET_BUMPED = 0x0804 v 1 "TicketBumped";
    TICKET_RECALLED = 0x0805 v 1 "TicketRecalled";
    TICKET_LINES_CANCELLED = 0x0806 v 1 "TicketLinesCancelled";
    TICKET_MOVED = 0x0850 v 1 "TicketMoved";

    SHIFT_OPENED = 0x0901 v 1 "ShiftOpened";
    CASH_PAID_IN = 0x0902 v 1 "CashPaidIn";
    CASH_PAID_OUT = 0x0903 v 1 "CashPaidOut";
    NO_SALE_RECORDED = 0x0904 v 1 "NoSaleRecorded";
    CASH_SALE_RECORDED = 0x0905 v 1 "CashSaleRecorded";
    CASH_REFUND_RECORDED = 0x0906 v 1 "CashRefundRecorded";
    SHIFT_CLOSED = 0x0907 v 1 "ShiftClosed";

    DAY_OPENED = 0x0a01 v 1 "DayOpened";
    DAY_CLOSED = 0x0a02 v 2 "DayClosed";

    TERMINAL_REGISTERED = 0x0b01 v 1 "TerminalRegistered";
    SEQUENCE_ADVANCED = 0x0b02 v 1 "SequenceAdvanced";
    SEQUENCE_GAP_FOUND = 0x0b03 v 1 "SequenceGapFound";
    SEQUENCE_GAP_FILLED = 0x0b04 v 1 "SequenceGapFilled";
    CLOCK_AHEAD_FOUND = 0x0b05 v 1 "ClockAheadFound";
    RULE_WAIVED = 0x0b06 v 1 "RuleWaived";
    LATE_COMMAND_RECORDED = 0x0b07 v 1 "LateCommandRecorded";
    COMMAND_REJECTED = 0x0b08 v 1 "CommandRejected";
    EXCEPTION_RESOLVED = 0x0b10 v 1 "ExceptionResolved";
}

/// The category of the streams that hold events of this type, from the tag's high byte.
pub(super) const fn category(tag: u16) -> Option<&'static str> {
    match tag >> 8 {
        0x01 => Some("menu"),
        0x02 => Some("access"),
        0x03 => Some("store"),
        0x04 => Some("storemenu"),
        0x05 => Some("order"),
        0x06 => Some("payment"),
        0x07 => Some("stock"),
        0x08 => Some("ticket"),
        0x09 => Some("drawer"),
        0x0a => Some("day"),
        0x0b => Some("terminal"),
        _ => None,
    }
}

/// The tag of the event's type.
pub const fn event_tag(event: &Event) -> u16 {
    match event {
        Event::Menu(event) => match event {
            MenuEvent::ItemUpserted(_) => tag::ITEM_UPSERTED,
            MenuEvent::ItemRetired { .. } => tag::ITEM_RETIRED,
            MenuEvent::ModifierGroupUpserted(_) => tag::MODIFIER_GROUP_UPSERTED,
            MenuEvent::TaxUpserted(_) => tag::TAX_UPSERTED,
            MenuEvent::MenuPublished { .. } => tag::MENU_PUBLISHED,
        },
        Event::Access(event) => match event {
            AccessEvent::TokenIssued { .. } => tag::TOKEN_ISSUED,
            AccessEvent::TokenRevoked { .. } => tag::TOKEN_REVOKED,
            AccessEvent::StaffChanged { .. } => tag::STAFF_CHANGED,
        },
        Event::Store(event) => match event {
            StoreEvent::StoreOpened(_) => tag::STORE_OPENED,
            StoreEvent::StoreSettingsChanged(_) => tag::STORE_SETTINGS_CHANGED,
        },
        Event::StoreMenu(event) => match event {
            StoreMenuEvent::MenuAdopted { .. } => tag::MENU_ADOPTED,
            StoreMenuEvent::StorePriceSet { .. } => tag::STORE_PRICE_SET,
            StoreMenuEvent::StoreAvailabilitySet { .. } => tag::STORE_AVAILABILITY_SET,
        },
        Event::Day(event) => match event {
            DayEvent::DayOpened { .. } => tag::DAY_OPENED,
            DayEvent::DayClosed(_) => tag::DAY_CLOSED,
        },
        Event::Drawer(_, event) => match event {
            DrawerEvent::ShiftOpened { .. } => tag::SHIFT_OPENED,
            DrawerEvent::CashPaidIn { .. } => tag::CASH_PAID_IN,
            DrawerEvent::CashPaidOut { .. } => tag::CASH_PAID_OUT,
            DrawerEvent::NoSaleRecorded { .. } => tag::NO_SALE_RECORDED,
            DrawerEvent::CashSaleRecorded { .. } => tag::CASH_SALE_RECORDED,
            DrawerEvent::CashRefundRecorded { .. } => tag::CASH_REFUND_RECORDED,
            DrawerEvent::ShiftClosed { .. } => tag::SHIFT_CLOSED,
        },
        Event::Terminal(_, event) => match event {
            TerminalEvent::TerminalRegistered => tag::TERMINAL_REGISTERED,
            TerminalEvent::SequenceAdvanced { .. } => tag::SEQUENCE_ADVANCED,
            TerminalEvent::SequenceGapFound { .. } => tag::SEQUENCE_GAP_FOUND,
            TerminalEvent::SequenceGapFilled { .. } => tag::SEQUENCE_GAP_FILLED,
            TerminalEvent::ClockAheadFound { .. } => tag::CLOCK_AHEAD_FOUND,
            TerminalEvent::RuleWaived(_) => tag::RULE_WAIVED,
            TerminalEvent::LateCommandRecorded { .. } => tag::LATE_COMMAND_RECORDED,
            TerminalEvent::CommandRejected { .. } => tag::COMMAND_REJECTED,
            TerminalEvent::ExceptionResolved { .. } => tag::EXCEPTION_RESOLVED,
        },
        Event::Order(_, event) => order_tag(event),
        Event::Payment(_, event) => match event {
            PaymentEvent::PaymentInitiated { .. } => tag::PAYMENT_INITIATED,
            PaymentEvent::PaymentCaptured { .. } => tag::PAYMENT_CAPTURED,
            PaymentEvent::PaymentFailed { .. } => tag::PAYMENT_FAILED,
            PaymentEvent::PaymentExpired => tag::PAYMENT_EXPIRED,
            PaymentEvent::PaymentFlagged { .. } => tag::PAYMENT_FLAGGED,
            PaymentEvent::PaymentOutcomeIgnored { .. } => tag::PAYMENT_OUTCOME_IGNORED,
            PaymentEvent::RefundRequested { .. } => tag::REFUND_REQUESTED,
            PaymentEvent::RefundSucceeded { .. } => tag::REFUND_SUCCEEDED,
            PaymentEvent::RefundFailed { .. } => tag::REFUND_FAILED,
            PaymentEvent::RefundOutcomeIgnored { .. } => tag::REFUND_OUTCOME_IGNORED,
            PaymentEvent::AuthorisationRequested { .. } => tag::AUTHORISATION_REQUESTED,
            PaymentEvent::ProviderEventReceived(_) => tag::PROVIDER_EVENT_RECEIVED,
            PaymentEvent::PaymentAuthorised { .. } => tag::PAYMENT_AUTHORISED,
            PaymentEvent::CaptureRequested { .. } => tag::CAPTURE_REQUESTED,
            PaymentEvent::VoidRequested { .. } => tag::VOID_REQUESTED,
            PaymentEvent::PaymentVoided => tag::PAYMENT_VOIDED,
            PaymentEvent::PaymentDisputed => tag::PAYMENT_DISPUTED,
            PaymentEvent::TipAdjusted { .. } => tag::TIP_ADJUSTED,
            PaymentEvent::ProviderEventIgnored { .. } => tag::PROVIDER_EVENT_IGNORED,
            PaymentEvent::PaymentReviewed { .. } => tag::PAYMENT_REVIEWED,
        },
        Event::Stock(event) => match event {
            StockEvent::StockPolicySet { .. } => tag::STOCK_POLICY_SET,
            StockEvent::StockReceived { .. } => tag::STOCK_RECEIVED,
            StockEvent::StockCounted { .. } => tag::STOCK_COUNTED,
            StockEvent::StockAdjusted { .. } => tag::STOCK_ADJUSTED,
            StockEvent::StockWasted { .. } => tag::STOCK_WASTED,
            StockEvent::ItemMarked86 { .. } => tag::ITEM_MARKED_86,
            StockEvent::ItemUnmarked86 { .. } => tag::ITEM_UNMARKED_86,
            StockEvent::StockReserved { .. } => tag::STOCK_RESERVED,
            StockEvent::StockCommitted { .. } => tag::STOCK_COMMITTED,
            StockEvent::StockReleased { .. } => tag::STOCK_RELEASED,
            StockEvent::StockRestocked { .. } => tag::STOCK_RESTOCKED,
            StockEvent::OversellRecorded { .. } => tag::OVERSELL_RECORDED,
            StockEvent::StockVoided { .. } => tag::STOCK_VOIDED,
            StockEvent::ReservationMoved { .. } => tag::RESERVATION_MOVED,
        },
        Event::Ticket(_, event) => match event {
            TicketEvent::TicketCreated { .. } => tag::TICKET_CREATED,
            TicketEvent::TicketStarted => tag::TICKET_STARTED,
            TicketEvent::TicketLineReady { .. } => tag::TICKET_LINE_READY,
            TicketEvent::TicketBumped { .. } => tag::TICKET_BUMPED,
            TicketEvent::TicketRecalled { .. } => tag::TICKET_RECALLED,
            TicketEvent::TicketLinesCancelled { .. } => tag::TICKET_LINES_CANCELLED,
            TicketEvent::TicketMoved { .. } => tag::TICKET_MOVED,
        },
    }
}

const fn order_tag(event: &OrderEvent) -> u16 {
    match event {
        OrderEvent::OrderOpened(_) => tag::ORDER_OPENED,
        OrderEvent::LineAdded(_) => tag::LINE_ADDED,
        OrderEvent::LineQtyChanged { .. } => tag::LINE_QTY_CHANGED,
        OrderEvent::LineRemoved { .. } => tag::LINE_REMOVED,
        OrderEvent::DiscountApplied(_) => tag::DISCOUNT_APPLIED,
        OrderEvent::DiscountRemoved { .. } => tag::DISCOUNT_REMOVED,
        OrderEvent::ServiceChargeApplied(_) => tag::SERVICE_CHARGE_APPLIED,
        OrderEvent::ServiceChargeRemoved { .. } => tag::SERVICE_CHARGE_REMOVED,
        OrderEvent::OrderPlaced { .. } => tag::ORDER_PLACED,
        OrderEvent::OrderRepriced { .. } => tag::ORDER_REPRICED,
        OrderEvent::PaymentApplied { .. } => tag::PAYMENT_APPLIED,
        OrderEvent::PaymentNotApplicable { .. } => tag::PAYMENT_NOT_APPLICABLE,
        OrderEvent::RefundRecorded { .. } => tag::REFUND_RECORDED,
        OrderEvent::TotalMismatchRecorded { .. } => tag::TOTAL_MISMATCH_RECORDED,
        OrderEvent::OrderCancelled { .. } => tag::ORDER_CANCELLED,
        OrderEvent::OrderCompleted { .. } => tag::ORDER_COMPLETED,
        OrderEvent::LinesHeld { .. } => tag::LINES_HELD,
        OrderEvent::LinesFired { .. } => tag::LINES_FIRED,
        OrderEvent::LinesServed { .. } => tag::LINES_SERVED,
        OrderEvent::LineVoided { .. } => tag::LINE_VOIDED,
        OrderEvent::LinesComped { .. } => tag::LINES_COMPED,
        OrderEvent::OrderMovedToTable { .. } => tag::ORDER_MOVED_TO_TABLE,
        OrderEvent::ServerAssigned { .. } => tag::SERVER_ASSIGNED,
        OrderEvent::CheckSplit { .. } => tag::CHECK_SPLIT,
        OrderEvent::CheckPaid { .. } => tag::CHECK_PAID,
        OrderEvent::LinesReceivedByMerge(_) => tag::LINES_RECEIVED_BY_MERGE,
        OrderEvent::OrderMergedInto { .. } => tag::ORDER_MERGED_INTO,
    }
}

/// The domain's name of the event's type.
pub const fn type_name_of(event: &Event) -> &'static str {
    type_name(event_tag(event)).expect("every tag that is given out is in the table")
}
