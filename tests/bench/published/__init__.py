"""Published rules of other tools, on the statistics that nnviz logs: who finds what with their thresholds."""
