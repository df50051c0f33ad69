//! Events of `security-<tenant>`, tags 0x0cxx.

use domain::event::{Act, Activity, SecurityEvent};

events! { SecurityEvent {
    0x0c01 ActivityRecorded(Activity);
} }

record! {
    Activity {
        since: "since", credential?: "token_id", act: "act", operation: "operation" clear, code?: "code" clear, count: "count",
        bytes: "bytes",
    }
}

codes! {
    Act {
        SignedIn = 1 "signed_in", Refused = 2 "refused", Issued = 3 "issued", Revoked = 4 "revoked", Approved = 5 "approved",
        Configured = 6 "configured", Read = 7 "read",
    }
}
