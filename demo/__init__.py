"""Eight real training runs: two learn, and six do not learn as they should, each for a different reason."""
