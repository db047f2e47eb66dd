"""Six real trainings: two learn, and four fail, each for another reason."""
