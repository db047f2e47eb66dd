"""The rules, one file per family, with its table of limits at the top."""
