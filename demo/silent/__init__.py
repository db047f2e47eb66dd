"""Runs with faults that raise nothing and that a heat map of gradients does not show."""
