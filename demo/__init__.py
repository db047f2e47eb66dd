"""Real trainings that are worth looking at: two learn, and four fail, each for its own reason."""
