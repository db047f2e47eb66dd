"""Six real training runs: two learn, and four fail, each for a different reason."""
