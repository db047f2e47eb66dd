"""The TensorBoard plugin: HTTP in front of ``tb_nnviz.logs``. It imports neither torch nor ``tb_nnviz.record``."""
