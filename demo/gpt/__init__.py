"""A small GPT that learns the source of the standard library, letter by letter, with and without a fault."""
