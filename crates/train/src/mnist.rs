//! LeNet on MNIST: trained, pruned, quantized, distilled.
