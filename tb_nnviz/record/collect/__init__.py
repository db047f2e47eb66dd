"""Collectors: each measures one thing in every step, and adds it to the step that closes."""
