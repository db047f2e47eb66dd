"""Histograms of runs: unpacking them, their quantiles, and TensorBoard's own on the same bins."""
