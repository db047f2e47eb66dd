"""The command ``tb-nnviz compare``: what differs between runs, where first, and is it more than noise."""
