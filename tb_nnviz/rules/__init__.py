"""Rules that find problems in the statistics of a run.

Training, the command line and the plugin run the same code, because rules need only numpy and the schema. A new rule is
one class in the file of its family and one name in that file's ``RULES``.
"""
