"""Actions in the program when a rule finds a problem: a line, a warning, an error, a debugger or a function."""
