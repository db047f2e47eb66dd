"""Measurement of tensors on their device, and the copy of the results to the host."""
