"""The command ``tb-nnviz doctor``: checks of the installation and of a log directory."""
