"""The training side: from tensors to events."""
