"""Tests that nothing of the user's breaks, whatever training does."""
