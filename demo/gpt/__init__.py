"""A small GPT that learns Python's standard library, character by character, with and without a fault."""
