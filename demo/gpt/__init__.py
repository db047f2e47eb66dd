"""A small GPT that reads the standard library's own source, letter by letter: once as it should, once with a fault."""
