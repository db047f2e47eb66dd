"""The user's model: what there is in it under which names, and how it is called without a trace."""
