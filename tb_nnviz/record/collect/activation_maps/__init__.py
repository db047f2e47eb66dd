"""Activation maps: the outputs of layers for the inputs of a probe."""
