"""Rules: find problems in the statistics of a run.

Training uses them now. The command line and the plugin can use the same code, because rules need numpy and the
schema only. A new rule is one file here and one line in ``registry.py``.
"""
