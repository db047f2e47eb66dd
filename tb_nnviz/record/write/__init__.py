"""From entries of the schema to event files, by a thread of its own."""
