//! Events of `drawer-<tenant>.<store>.<drawer>`, tags 0x09xx.

use domain::event::DrawerEvent;

events! { DrawerEvent {
    0x0901 ShiftOpened { shift: "shift", float: "float", business_date: "business_date" };
    0x0902 CashPaidIn { shift: "shift", amount: "amount", reason: "reason" clear };
    0x0903 CashPaidOut { shift: "shift", amount: "amount", reason: "reason" clear };
    0x0904 NoSaleRecorded { shift: "shift", reason: "reason" clear };
    0x0905 CashSaleRecorded { shift: "shift", payment: "payment_id", amount: "amount" };
    0x0906 CashRefundRecorded { shift: "shift", payment: "payment_id", refund: "refund_id", amount: "amount" };
    0x0907 ShiftClosed { shift: "shift", expected: "expected", counted: "counted", over_short: "over_short" };
    0x0908 DrawerRemoved;
} }
