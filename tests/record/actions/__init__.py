"""Tests of what happens in the program when a rule finds a problem."""
