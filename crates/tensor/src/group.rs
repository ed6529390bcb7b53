//! The arrays of one block, coded together.
