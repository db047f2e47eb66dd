"""Resumed runs: their sessions, and the timeline without the events that they abandoned."""
