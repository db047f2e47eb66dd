"""Reductions of measurements: over the passes of one step."""
