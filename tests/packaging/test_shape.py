"""Limits on the shape of the Python code: no import circle."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.packaging.test_imports import MODULES, imports, name_of


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


def import_graph() -> dict[str, set[str]]:
    """Return the modules of the package that each module imports, also inside functions."""
    names = {name_of(path) for path in MODULES}
    graph: dict[str, set[str]] = {}
    for path in MODULES:
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


def test_package_has_no_import_circle() -> None:
    assert circle(import_graph()) == []
