"""Server side: a TensorBoard plugin. Never imports torch, nor the training side."""
