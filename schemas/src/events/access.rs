//! Events of `access-<tenant>`, tags 0x02xx.

use domain::event::AccessEvent;

events! { AccessEvent {
    // The hash of the secret stays inside: who reads the feed has no use for it.
    0x0201 TokenIssued { token: "token_id", role: "role", label: "label", secret_sha256: _ };
    0x0202 TokenRevoked { token: "token_id" };
    0x0203 StaffChanged { staff: "staff_id", rights: "rights", discount_limit?: "discount_limit_ppm" };
} }
