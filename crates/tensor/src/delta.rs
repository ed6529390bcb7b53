//! Arrays as differences from a base.
