//! Benchmarks with fixed seeds; results carry commit and machine.
