"""Callbacks that attach ``tb_nnviz.watch`` to a trainer, one module per framework. ``base`` is what they share."""
