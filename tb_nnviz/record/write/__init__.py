"""Writing of the schema's entries to event files, on a background thread."""
