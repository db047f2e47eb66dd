"""The command ``tb-nnviz report``: the diagnosis of a log directory as one HTML file."""
