"""The origin of the first nonfinite value: the step's passes are run again, under hooks, before the update."""
