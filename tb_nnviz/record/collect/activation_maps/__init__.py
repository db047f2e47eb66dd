"""Activation maps: what layers put out for the inputs of a probe."""
