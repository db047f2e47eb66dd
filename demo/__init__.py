"""Four real trainings that are worth looking at: one learns, three fail, each for its own reason."""
