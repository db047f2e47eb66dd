"""The comparison of a run with another, or with a group of runs: what differs, since when, and by how much noise."""
