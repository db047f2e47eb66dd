"""Hooks in the user's objects: installed, harmless, removed."""
