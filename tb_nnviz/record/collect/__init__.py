"""One step: what is read in it, and how it becomes an event."""
