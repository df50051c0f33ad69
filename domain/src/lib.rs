//! The rules of a restaurant: pure decisions and pure folds, no dependency, no I/O, no clock.
