"""The shape of the tree: small folders, short files, and no import circle."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from tests.packaging.test_imports import imports, name_of
from tests.support.paths import ROOT

MOST_FILES = 20
MOST_LINES = 400
FOLDERS = ("tb_nnviz", "tests")
#: Files that are still to be split. A file that is short enough has to be removed from here.
TO_BE_SPLIT = {
    "tests/record/measure/test_native.py",
    "tests/record/test_watch.py",
    "tests/support/odd_models.py",
    "tests/support/training_modes.py",
}


def sources() -> list[Path]:
    return [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]


def large_folders(paths: Iterable[Path]) -> dict[str, int]:
    """Return the number of source files of folders that have too many."""
    counts: dict[str, int] = {}
    for path in paths:
        folder = path.parent.relative_to(ROOT).as_posix()
        counts[folder] = counts.get(folder, 0) + 1
    return {folder: count for folder, count in counts.items() if count > MOST_FILES}


def long_files(paths: Iterable[Path]) -> dict[str, int]:
    """Return the number of lines of files that have too many."""
    lengths = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8").count("\n") for path in paths}
    return {path: length for path, length in lengths.items() if length > MOST_LINES}


def at_module_level(source: str) -> str:
    """Return a module's source without the bodies of its functions, whose imports run later."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.body = [ast.Pass()]
    return ast.unparse(tree)


def import_graph(modules: Mapping[str, tuple[str, bool]]) -> dict[str, set[str]]:
    """Return the modules that each module imports when it is imported itself.

    Args:
        modules: source, and True for a package, by full name.
    """
    graph: dict[str, set[str]] = {}
    for module, (source, is_package) in modules.items():
        found = imports(at_module_level(source), module, is_package)
        # `from a.b import c` names a.b.c, which is a module or a name in a.b.
        known = {name if name in modules else name.rpartition(".")[0] for name in found}
        graph[module] = {name for name in known if name in modules and name != module}
    return graph


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Return the modules of an import circle, the first one twice. Empty if there is none."""
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        for other in sorted(graph.get(module, ())):
            if found := visit(other, [*path, module]):
                return found
        done.add(module)
        return []

    for module in sorted(graph):
        if found := visit(module, []):
            return found
    return []


def test_folders_have_at_most_twenty_source_files() -> None:
    assert large_folders(sources()) == {}


def test_files_have_at_most_four_hundred_lines() -> None:
    assert long_files(sources()).keys() == TO_BE_SPLIT


@pytest.mark.parametrize("folder", FOLDERS)
def test_modules_have_no_import_circle(folder: str) -> None:
    paths = [path for path in sources() if path.relative_to(ROOT).parts[0] == folder]
    modules = {name_of(path): (path.read_text("utf-8"), path.name == "__init__.py") for path in paths}
    assert circle(import_graph(modules)) == []


def test_circle_of_three_modules_is_found() -> None:
    modules = {
        "tb_nnviz.p": ("", True),
        "tb_nnviz.p.a": ("from tb_nnviz.p import b", False),
        "tb_nnviz.p.b": ("from tb_nnviz.p.c import name", False),
        "tb_nnviz.p.c": ("import tb_nnviz.p.a", False),
    }
    assert circle(import_graph(modules)) == ["tb_nnviz.p.a", "tb_nnviz.p.b", "tb_nnviz.p.c", "tb_nnviz.p.a"]


def test_circle_import_in_a_function_is_none() -> None:
    modules = {
        "tb_nnviz.a": ("import tb_nnviz.b", False),
        "tb_nnviz.b": ("def f():\n    import tb_nnviz.a", False),
    }
    assert circle(import_graph(modules)) == []
