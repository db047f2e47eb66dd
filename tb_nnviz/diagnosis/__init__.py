"""The rules over logs: what is wrong in a run, where first, and since when. The command line and the plugin use it."""
