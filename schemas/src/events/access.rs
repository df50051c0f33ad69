//! Events of `access-<tenant>`, tags 0x02xx.

use domain::event::{AccessEvent, SentBy, Terms};

events! { AccessEvent {
    // The hash of the secret stays inside: who reads the feed has no use for it.
    0x0201 TokenIssued {
        token: "token_id", role: "role", label: "label" clear, secret_sha256: _,
        terms?: "terms" since 2 bare,
    };
    0x0202 TokenRevoked { token: "token_id" };
    0x0203 StaffChanged { staff: "staff_id", rights: "rights", discount_limit?: "discount_limit_ppm" };
    0x0204 DeviceAdded {
        device: "device_id", store: "store", terminal: "terminal", role: "role", label: "label" clear, code_sha256: _,
        expires_at: "expires_at", issuer?: "issuer",
    };
    0x0205 DeviceEnrolled { device: "device_id", token: "token_id" };
    0x0206 DeviceRemoved { device: "device_id" };
    // A PIN has few digits: whoever sees what is made of it finds it.
    0x0207 PinSet { staff: "staff_id", salt: _, argon2id: _, by: "set_by" };
    0x0208 SignInFailed { staff: "staff_id", device: "device_id", locked_until?: "locked_until" };
    0x0209 StaffRemoved { staff: "staff_id" };
    0x020a PinShown { staff: "staff_id", device: "device_id" };
    0x020b TextsErased { customer?: "customer_hmac", store?: "store_id", order?: "order_id" };
} }

record! {
    Terms { issuer?: "issuer", expires_at?: "expires_at", stores?: "stores", device?: "device_id", staff?: "staff_id" since 3 }
}

record! {
    SentBy { token: "token_id", device?: "device_id" }
}
