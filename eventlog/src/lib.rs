//! The log: batches of commits in, durable batches out; it knows bytes, not orders.
