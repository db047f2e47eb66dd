"""Limits on the shape of the Python code: small folders, short files, no import circle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from tests.packaging.test_imports import imports, name_of
from tests.support.paths import ROOT

FOLDERS = ("tb_nnviz", "tests")
MOST_FILES = 20
MOST_LINES = 400


def sources(*folders: str) -> list[Path]:
    """Return the Python files below some folders."""
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def large_folders(paths: Iterable[Path]) -> dict[str, int]:
    """Return the number of source files of each folder that has too many."""
    counts: dict[str, int] = {}
    for path in paths:
        folder = path.parent.relative_to(ROOT).as_posix()
        counts[folder] = counts.get(folder, 0) + 1
    return {folder: count for folder, count in counts.items() if count > MOST_FILES}


def long_files(paths: Iterable[Path]) -> dict[str, int]:
    """Return the number of lines of each file that has too many."""
    lengths = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8").count("\n") for path in paths}
    return {path: length for path, length in lengths.items() if length > MOST_LINES}


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Return the nodes of one circle of a directed graph, empty if there is none."""
    finished: set[str] = set()

    def visit(node: str, path: list[str]) -> list[str]:
        if node in path:
            return path[path.index(node) :]
        if node not in finished:
            for other in sorted(graph[node]):
                if found := visit(other, [*path, node]):
                    return found
            finished.add(node)
        return []

    return next((found for node in sorted(graph) if (found := visit(node, []))), [])


def import_graph(paths: Iterable[Path]) -> dict[str, set[str]]:
    """Return those of some modules that each of them imports, also inside functions."""
    paths = list(paths)
    names = {name_of(path) for path in paths}
    graph: dict[str, set[str]] = {}
    for path in paths:
        found = imports(path.read_text("utf-8"), name_of(path), path.name == "__init__.py")
        # an imported name is a module, or something in the module before the last dot
        modules = {name if name in names else name.rpartition(".")[0] for name in found}
        graph[name_of(path)] = (modules & names) - {name_of(path)}
    return graph


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ({}, ""),
        ({"a": "b", "b": "c", "c": ""}, ""),
        ({"a": "bc", "b": "", "c": "d", "d": "c"}, "cd"),
        ({"a": "a"}, "a"),
    ],
)
def test_circle_is_found(edges: dict[str, str], expected: str) -> None:
    assert "".join(circle({node: set(others) for node, others in edges.items()})) == expected


@pytest.mark.parametrize("folder", FOLDERS)
def test_package_has_no_import_circle(folder: str) -> None:
    assert circle(import_graph(sources(folder))) == []


def test_folders_have_at_most_twenty_source_files() -> None:
    assert large_folders(sources(*FOLDERS)) == {}


def test_files_have_at_most_four_hundred_lines() -> None:
    assert long_files(sources(*FOLDERS)) == {}


def test_large_folders_and_long_files_are_found() -> None:
    packaging = sources("tests/packaging")
    assert large_folders(packaging * 4) == {"tests/packaging": 4 * len(packaging)}
    assert long_files([ROOT / "dev"]).keys() == {"dev"}
