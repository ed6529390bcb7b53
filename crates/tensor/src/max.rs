//! Mixing of predictions, in integers.
