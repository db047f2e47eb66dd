"""PyTorch's own list of modules with sample inputs."""

import contextlib
import sys
import types
import unittest
import warnings


def module_database():
    """Return PyTorch's own list of modules with sample inputs.

    The module of the list imports the package expecttest, which the list does not need.
    """
    stub = types.ModuleType("expecttest")
    stub.TestCase = unittest.TestCase
    with warnings.catch_warnings(), contextlib.ExitStack() as undo:
        warnings.simplefilter("ignore")
        if "expecttest" not in sys.modules:
            sys.modules["expecttest"] = stub
            undo.callback(sys.modules.pop, "expecttest")
        from torch.testing._internal.common_modules import module_db
    return module_db
