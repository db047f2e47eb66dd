"""Weights themselves: their maps, and single ones that are tracked."""
