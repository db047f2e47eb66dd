"""Reading of logs: a reader's series become tables, histograms, maps, graphs and findings. No HTTP, no torch."""
