"""The values of weights: maps of whole weights, and single weights that are tracked."""
