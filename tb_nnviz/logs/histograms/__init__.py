"""Histograms of runs: unpacking, quantiles, and TensorBoard's own histograms on nnviz's bins."""
