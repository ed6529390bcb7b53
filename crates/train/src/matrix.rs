//! Products of matrices, in f32.
