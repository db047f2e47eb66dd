"""See inside a neural network while it trains: one line in the loop, one tab in TensorBoard."""
