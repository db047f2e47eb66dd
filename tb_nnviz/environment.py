"""Versions of the packages that TensorBoard works with, and the pairs that are known to break it.

It imports nothing that a broken pair could break.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib import metadata
from typing import NamedTuple

Version = tuple[int, ...]

#: The packages whose versions decide whether TensorBoard works.
PACKAGES = ("tensorboard", "protobuf", "numpy", "setuptools")


class Conflict(NamedTuple):
    """Two installed packages that do not work together, the reason, and the command that helps."""

    first: str
    second: str
    reason: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.first} does not work with {self.second}: {self.reason}. Way out: {self.way_out}"


class _Pair(NamedTuple):
    """A package that breaks some versions of TensorBoard."""

    package: str
    #: Takes both versions. The second is None if the package is not installed.
    broken: Callable[[Version, Version | None], bool]
    reason: str
    way_out: str
    #: Whether the writer breaks, and not only the command ``tensorboard``.
    writing: bool


#: docs/versions.md has the table from which these pairs are. ``./dev bench versions`` makes it.
_PAIRS = (
    _Pair(
        "setuptools",
        lambda board, other: board < (2, 21) and (other is None or other >= (82,)),
        "TensorBoard before 2.21 imports pkg_resources, which setuptools has up to version 81",
        "pip install 'setuptools<82', or pip install 'tensorboard>=2.21'",
        writing=False,
    ),
    _Pair(
        "numpy",
        lambda board, other: board < (2, 17) and other is not None and other >= (2,),
        "TensorBoard before 2.17 uses np.string_, which numpy 2 removed",
        "pip install 'numpy<2', or pip install 'tensorboard>=2.17'",
        writing=False,
    ),
    _Pair(
        "protobuf",
        lambda board, other: board >= (2, 21) and other is not None and other < (6, 31, 1),
        "TensorBoard 2.21 was generated for protobuf 6.31.1 and newer",
        "pip install 'protobuf>=6.31.1,<8', or pip install 'tensorboard<2.21'",
        writing=True,
    ),
)


def installed(package: str) -> str | None:
    """Return the installed version of a package, or None if it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def conflicts(versions: Mapping[str, str | None], writing: bool = False) -> list[Conflict]:
    """Return the conflicts between installed packages.

    >>> found, = conflicts({"tensorboard": "2.20.0", "setuptools": "82.0.0"})
    >>> found.second, found.way_out
    ('setuptools 82.0.0', "pip install 'setuptools<82', or pip install 'tensorboard>=2.21'")

    Args:
        versions: by name of the package. None if it is not installed.
        writing: only those that break the writer.
    """
    board = versions.get("tensorboard")
    if board is None:
        return []
    found = []
    for pair in _PAIRS:
        if pair.package not in versions or (writing and not pair.writing):
            continue
        other = versions[pair.package]
        if pair.broken(parse(board), None if other is None else parse(other)):
            second = f"{pair.package} {other}" if other is not None else f"an environment without {pair.package}"
            found.append(Conflict(f"tensorboard {board}", second, pair.reason, pair.way_out))
    return found


def explain(error: BaseException) -> str | None:
    """Return the likely reason why an import of the writer failed, or None if no known conflict is installed.

    Args:
        error: the error of the import, which the reason quotes.
    """
    found = conflicts({package: installed(package) for package in PACKAGES}, writing=True)
    return f"{'; '.join(map(str, found))} (the import failed with {type(error).__name__}: {error})" if found else None


def parse(version: str) -> Version:
    """Return the numbers of a version's release.

    >>> parse("2.13.0+cpu"), parse("6.31.1rc2")
    ((2, 13, 0), (6, 31, 1))
    """
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(number) for number in found[0].split(".")) if found else ()
