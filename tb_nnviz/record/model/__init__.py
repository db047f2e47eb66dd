"""The user's model: the names of its modules and parameters, and its evaluation without side effects."""
