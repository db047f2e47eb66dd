"""Tests of the page on input that could break it."""
