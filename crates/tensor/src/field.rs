//! Fields and series of measurements.
