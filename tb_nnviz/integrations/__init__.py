"""Callbacks that call ``tb_nnviz.watch`` for a trainer: one module per framework, on the common ``base``."""
