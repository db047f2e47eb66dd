"""The dataflow of a model, as observed in a training pass."""
