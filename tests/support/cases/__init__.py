"""Models, optimizers, tensors and programs of users on which others fail."""
