"""Writing of the schema's entries to event files, on a thread of its own."""
