"""Hooks on the user's models, optimizers and scaler. They are harmless, and they can be removed."""
