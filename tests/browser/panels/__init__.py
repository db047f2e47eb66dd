"""Tests of single panels in the browser."""
