"""The command ``tb-nnviz check``: the rules over the runs of a log directory."""
