"""Options, learning rates and state of the watched optimizers."""
