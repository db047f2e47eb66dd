"""Tests of the search for the first nonfinite value."""
