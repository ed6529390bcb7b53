//! A small transformer with gradients: what quantization is graded on.
