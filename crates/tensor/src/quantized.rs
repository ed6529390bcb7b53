//! Quantized and pruned weights.
