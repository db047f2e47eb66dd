"""Reports of what a run does not record, and why."""
