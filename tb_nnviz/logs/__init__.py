"""Reading logs: from a reader's series to tables, histograms, maps, graphs and findings. No HTTP, no torch."""
