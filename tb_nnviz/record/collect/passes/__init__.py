"""The inputs and outputs of the watched models."""
