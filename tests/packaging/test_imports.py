"""Import rules of the package: its halves that write and read logs share only the schema."""

from __future__ import annotations

import ast
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.paths import ROOT

PACKAGE = ROOT / "tb_nnviz"


class Rule(NamedTuple):
    """Modules that may be imported besides the standard library, and exceptions that may not."""

    allowed: frozenset[str]
    forbidden: frozenset[str] = frozenset()


def rule(allowed: str, forbidden: str = "") -> Rule:
    return Rule(frozenset(allowed.split()), frozenset(forbidden.split()))


#: The first pattern that matches a module's name counts. An allowed name includes all modules below it.
RULES = {
    "tb_nnviz": rule("tb_nnviz.record tb_nnviz.environment"),
    "tb_nnviz.schema*": rule("numpy tb_nnviz.schema"),
    # the training side, lower layers first: each rule lists the layers above it that may be imported
    "tb_nnviz.record.interrupts": rule(""),
    "tb_nnviz.record.measure.fields": rule("torch"),
    "tb_nnviz.record.measure.native*": rule(
        "torch tb_nnviz.record.interrupts tb_nnviz.record.measure.fields tb_nnviz.record.measure.histogram "
        "tb_nnviz.record.measure.native"
    ),
    "tb_nnviz.record.measure.histogram": rule("torch numpy tb_nnviz.schema"),
    "tb_nnviz.record.measure.host_copy": rule("torch numpy"),
    "tb_nnviz.record.measure*": rule("torch numpy tb_nnviz.schema tb_nnviz.record.interrupts tb_nnviz.record.measure"),
    "tb_nnviz.record.write.records": rule("tensorboard google_crc32c"),
    "tb_nnviz.record.write.event_file": rule("tensorboard google_crc32c tb_nnviz.schema tb_nnviz.record.write"),
    "tb_nnviz.record.write*": rule(
        "numpy tensorboard tb_nnviz.schema tb_nnviz.record.interrupts tb_nnviz.record.write"
    ),
    "tb_nnviz.record.model*": rule("torch numpy tb_nnviz.schema tb_nnviz.record.interrupts tb_nnviz.record.model"),
    "tb_nnviz.record.hooks*": rule(
        "torch tb_nnviz.schema tb_nnviz.record.hooks tb_nnviz.record.interrupts tb_nnviz.record.model"
    ),
    # one step: what is due, what was measured of it
    "tb_nnviz.record.schedule": rule(""),
    "tb_nnviz.record.step_plan": rule(""),
    "tb_nnviz.record.row_table": rule("tb_nnviz.schema"),
    "tb_nnviz.record.reduce*": rule("torch tb_nnviz.record.measure tb_nnviz.record.reduce"),
    "tb_nnviz.record.pending_step": rule(
        "tb_nnviz.schema tb_nnviz.record.measure.host_copy tb_nnviz.record.measure.norms tb_nnviz.record.reduce.local "
        "tb_nnviz.record.row_table tb_nnviz.record.step_plan"
    ),
    # collectors: neither the writer, nor the clock, nor the session
    "tb_nnviz.record.collect.collector": rule(
        "tb_nnviz.record.model.optimizers tb_nnviz.record.pending_step tb_nnviz.record.step_plan"
    ),
    "tb_nnviz.record.collect": rule(""),
    "tb_nnviz.record.collect.*": rule(
        "torch numpy tb_nnviz.schema tb_nnviz.record.collect tb_nnviz.record.hooks tb_nnviz.record.interrupts "
        "tb_nnviz.record.measure tb_nnviz.record.model tb_nnviz.record.pending_step tb_nnviz.record.reduce "
        "tb_nnviz.record.row_table tb_nnviz.record.step_plan"
    ),
    # the search for the first nonfinite value
    "tb_nnviz.record.locate.findings": rule("tb_nnviz.schema tb_nnviz.record.locate tb_nnviz.rules.finding"),
    "tb_nnviz.record.locate*": rule(
        "torch numpy tb_nnviz.record.hooks tb_nnviz.record.interrupts tb_nnviz.record.locate "
        "tb_nnviz.record.measure.native tb_nnviz.record.model tb_nnviz.rules.finding"
    ),
    "tb_nnviz.record.assemble": rule(
        "numpy tb_nnviz.schema tb_nnviz.record.collect.global_norm tb_nnviz.record.measure tb_nnviz.record.pending_step"
    ),
    "tb_nnviz.record.session": rule("torch tb_nnviz.schema tb_nnviz.record tb_nnviz.rules.finding"),
    "tb_nnviz.record.*": rule("torch numpy tensorboard tb_nnviz.schema tb_nnviz.record tb_nnviz.rules"),
    "tb_nnviz.rules*": rule("numpy tb_nnviz.schema tb_nnviz.rules"),
    # the read side: no HTTP, and only the two sources of series know TensorBoard
    "tb_nnviz.logs.provider": rule("tensorboard tb_nnviz.logs"),
    "tb_nnviz.logs.tensors": rule("numpy tensorboard tb_nnviz.logs"),
    "tb_nnviz.logs.records": rule("tensorboard google_crc32c"),
    "tb_nnviz.logs.event_files": rule("tensorboard google.protobuf tb_nnviz.logs"),
    "tb_nnviz.logs*": rule("numpy tb_nnviz.schema tb_nnviz.logs"),
    # the rules over logs
    "tb_nnviz.diagnosis*": rule("numpy tb_nnviz.schema tb_nnviz.rules tb_nnviz.logs tb_nnviz.diagnosis"),
    # the comparison of runs: pure functions over series, and two modules that read logs
    "tb_nnviz.comparison.reading": rule("numpy tb_nnviz.schema tb_nnviz.logs tb_nnviz.diagnosis tb_nnviz.comparison"),
    "tb_nnviz.comparison.cache": rule("tb_nnviz.logs tb_nnviz.diagnosis tb_nnviz.comparison"),
    "tb_nnviz.comparison.directory": rule("tb_nnviz.rules tb_nnviz.logs tb_nnviz.comparison"),
    "tb_nnviz.comparison*": rule("numpy tb_nnviz.schema tb_nnviz.rules tb_nnviz.comparison"),
    "tb_nnviz.plugin*": rule(
        "numpy tensorboard werkzeug tb_nnviz.schema tb_nnviz.rules tb_nnviz.logs tb_nnviz.diagnosis "
        "tb_nnviz.comparison tb_nnviz.plugin"
    ),
    # the public names and one framework each
    "tb_nnviz.lightning": rule("tb_nnviz.integrations.lightning"),
    "tb_nnviz.huggingface": rule("tb_nnviz.integrations.huggingface"),
    "tb_nnviz.integrations": rule(""),
    "tb_nnviz.integrations.base": rule("tb_nnviz.watch"),
    "tb_nnviz.integrations.lightning": rule(
        "tb_nnviz.watch tb_nnviz.Monitor tb_nnviz.integrations.base lightning pytorch_lightning torch"
    ),
    "tb_nnviz.integrations.huggingface": rule(
        "tb_nnviz.watch tb_nnviz.Monitor tb_nnviz.integrations.base transformers"
    ),
    "tb_nnviz.cli*": rule("tb_nnviz numpy tensorboard rich"),
    "tb_nnviz.record": rule("tb_nnviz.record"),
    "tb_nnviz.environment": rule(""),
}
#: Packages of which imported names are given in full, because they may be modules.
OWN = ("tb_nnviz", "tests")
MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(source: str, module: str, is_package: bool) -> set[str]:
    """Return the full names of all imports in a module's source, except those for the type checker only."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for child in node.orelse:
                visit(child)
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = module.split(".")[: None if is_package and node.level == 1 else -node.level + is_package]
                base = ".".join([*package, *([base] if base else [])])
            # `from tb_nnviz import schema` imports tb_nnviz.schema. For other packages the package is enough.
            found.update(f"{base}.{alias.name}" if base.split(".")[0] in OWN else base for alias in node.names)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(source))
    return found


def below(name: str, names: frozenset[str]) -> bool:
    return any(name == other or name.startswith(f"{other}.") for other in names)


def violations(source: str, module: str, is_package: bool = False) -> list[str]:
    """Return the imports of a module that its rule does not allow."""
    rules = next((rule for pattern, rule in RULES.items() if fnmatchcase(module, pattern)), None)
    if rules is None:
        return ["no import rule for it: add one to tests/packaging/test_imports.py"]
    return sorted(
        name
        for name in imports(source, module, is_package)
        if name.split(".")[0] not in sys.stdlib_module_names
        and name != "tb_nnviz.__version__"
        and (not below(name, rules.allowed) or below(name, rules.forbidden))
    )


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_violations_of_each_module_are_none(path: Path) -> None:
    assert violations(path.read_text("utf-8"), name_of(path), path.name == "__init__.py") == []


@pytest.mark.parametrize(
    ("module", "source", "found"),
    [
        ("tb_nnviz.plugin.plugin", "import torch", ["torch"]),
        ("tb_nnviz.plugin.plugin", "from tb_nnviz.record import watch", ["tb_nnviz.record.watch"]),
        ("tb_nnviz.plugin.plugin", "from ..record import watch", ["tb_nnviz.record.watch"]),
        ("tb_nnviz.plugin.plugin", "def f():\n    import torch.nn", ["torch.nn"]),
        ("tb_nnviz.plugin.plugin", "from . import wire\nimport json\nimport numpy as np", []),
        ("tb_nnviz.schema", "import tensorboard.compat", ["tensorboard.compat"]),
        ("tb_nnviz.logs.maps", "import tensorboard.errors", ["tensorboard.errors"]),
        ("tb_nnviz.logs.provider", "import werkzeug\nimport torch", ["torch", "werkzeug"]),
        ("tb_nnviz.logs.series", "from tb_nnviz.plugin import cache", ["tb_nnviz.plugin.cache"]),
        ("tb_nnviz.logs.series", "from tb_nnviz.record import watch", ["tb_nnviz.record.watch"]),
        ("tb_nnviz.schema", "if TYPE_CHECKING:\n    import torch\nelse:\n    import scipy", ["scipy"]),
        (
            "tb_nnviz.rules.dead",
            "from tb_nnviz.record.row_table import RowTable",
            ["tb_nnviz.record.row_table.RowTable"],
        ),
        (
            "tb_nnviz.record.hooks.modules",
            "from tb_nnviz.record.measure import fields",
            ["tb_nnviz.record.measure.fields"],
        ),
        (
            "tb_nnviz.record.collect.activation_maps.plan",
            "from tb_nnviz.record import session",
            ["tb_nnviz.record.session"],
        ),
        ("tb_nnviz.record.monitor", "import tb_nnviz.plugin", ["tb_nnviz.plugin"]),
        ("tb_nnviz.fresh", "", ["no import rule for it: add one to tests/packaging/test_imports.py"]),
    ],
)
def test_violations_forbidden_import_is_found(module: str, source: str, found: list[str]) -> None:
    assert violations(source, module) == found


def loaded_by(statement: str) -> set[str]:
    """Return the top-level modules that a statement loads in a new process."""
    program = f"import sys\n{statement}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


def test_package_import_loads_no_dependency() -> None:
    loaded = loaded_by("import tb_nnviz")
    assert loaded.isdisjoint({"torch", "tensorboard", "numpy", "google", "lightning", "transformers"})


def test_plugin_import_loads_no_torch() -> None:
    loaded = loaded_by("import tb_nnviz.plugin.loader, tb_nnviz.plugin.plugin")
    assert "tensorboard" in loaded
    assert "torch" not in loaded


def test_event_file_reader_needs_no_torch_and_no_http() -> None:
    loaded = loaded_by("import tb_nnviz.logs.event_files, tb_nnviz.logs.series, tb_nnviz.logs.histograms.reading")
    assert "tensorboard" in loaded
    assert loaded.isdisjoint({"torch", "werkzeug"})
