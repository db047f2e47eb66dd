"""JSON documents of runs: graphs, notices and optimizers."""
