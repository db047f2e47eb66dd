"""Functions that all callbacks share: import of the framework, check of options, names of logged values."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from inspect import signature
from typing import Any

from tb_nnviz import watch


def import_base_class(
    name: str, modules: Sequence[str], *, integration: str, framework: str, minimum: tuple[int, int], install: str
) -> Any:
    """Import the class of a framework that the callback derives from.

    Args:
        name: name of the class.
        modules: modules that define it. One that the user has imported already is preferred.
        integration: name of the module in tb_nnviz, for the error message.
        framework: name of the framework, for the error message.
        minimum: the oldest supported version.
        install: command that installs the framework, for the error message.

    Raises:
        ImportError: the framework cannot be imported or is too old.

    >>> import_base_class(
    ...     "Path", ["nosuch"], integration="nosuch", framework="No Such", minimum=(2, 0), install="pip install nosuch"
    ... )
    Traceback (most recent call last):
    ImportError: tb_nnviz.nosuch needs No Such, and it cannot be imported (No module named 'nosuch'): pip install \
nosuch, or pip install 'tb_nnviz[nosuch]'
    """
    command = f"{install}, or pip install 'tb_nnviz[{integration}]'"
    too_old, cause = None, None
    for module_name in sorted(modules, key=lambda module_name: module_name not in sys.modules):
        try:
            module = import_module(module_name)
            version: str = (module if hasattr(module, "__version__") else _top_level(module_name)).__version__
            base_class = getattr(module, name, None)
        except ImportError as error:
            cause = cause or error
            continue
        if _major_minor(version) >= minimum:
            return base_class
        too_old = version
    if too_old is not None:
        oldest = ".".join(map(str, minimum))
        raise ImportError(
            f"tb_nnviz.{integration} needs {framework} {oldest} or newer, and this is {too_old}: {command}"
        ) from cause
    raise ImportError(
        f"tb_nnviz.{integration} needs {framework}, and it cannot be imported ({cause}): {command}"
    ) from cause


def _top_level(module_name: str) -> Any:
    return import_module(module_name.partition(".")[0])


def _major_minor(version: str) -> tuple[int, ...]:
    """Return the first two numbers of a version.

    >>> _major_minor("4.46.0.dev0"), _major_minor("5.0rc1")
    ((4, 46), (5, 0))
    """
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


def check_options(options: Mapping[str, Any], *, owned: Iterable[str]) -> None:
    """Check the names of the options that a callback passes to ``watch``. ``watch`` checks their values later.

    Args:
        options: arguments of ``watch`` by name.
        owned: names of the arguments that the callback fills in, besides model, optimizer and logdir.

    Raises:
        TypeError: an option that ``watch`` does not have, or that the callback fills in.

    >>> check_options({"every": 5}, owned=["scaler"])
    >>> check_options({"evry": 5}, owned=["scaler"])
    Traceback (most recent call last):
    TypeError: got an unexpected keyword argument 'evry'
    """
    signature(watch).bind(None, None, None, **dict.fromkeys(owned), **options)


def logged_name(name: str, *, training: Sequence[str] = (), validation: Sequence[str]) -> str:
    """Return the name under which a trainer's value is logged, so that the page draws both stages together.

    Args:
        name: the trainer's name of the value.
        training: prefixes of a training value. They are removed.
        validation: prefixes of a validation value. They become ``val_``.

    >>> prefixes = {"training": ["train_", "train/"], "validation": ["val_", "val/", "eval_"]}
    >>> [logged_name(name, **prefixes) for name in ("train_loss", "train/loss", "val/loss", "eval_loss", "lr")]
    ['loss', 'loss', 'val_loss', 'val_loss', 'lr']
    """
    for prefixes, new in ((training, ""), (validation, "val_")):
        for prefix in prefixes:
            if name.startswith(prefix) and name != prefix:
                return new + name[len(prefix) :]
    return name
