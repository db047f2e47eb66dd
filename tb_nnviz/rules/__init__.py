"""Findings: what is wrong, by pure functions over series. The same at training time, in the plugin and in the CLI."""
