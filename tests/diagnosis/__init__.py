"""Tests of the rules over logs."""
