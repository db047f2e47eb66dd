"""Rules that find problems in the statistics of a run.

Training runs them. The command line and the plugin can run the same code, because rules need only numpy and the
schema. A new rule is one file here and one line in ``registry.py``.
"""
