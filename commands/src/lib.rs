//! The write side: one engine thread that decides, idempotency, deadlines.
