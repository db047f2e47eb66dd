"""The entry point of the plugin, which TensorBoard imports at startup."""

from __future__ import annotations

import argparse
import logging
import subprocess
import sys
from types import SimpleNamespace

import pytest
from tensorboard.plugins import base_plugin

from tb_nnviz import schema
from tb_nnviz.plugin import loader as loader_module
from tb_nnviz.plugin.loader import SAMPLES, NNVizLoader
from tb_nnviz.plugin.plugin import NNVizPlugin
from tests.support.paths import ROOT


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("tb_nnviz.plugin.loader", ["torch", "tb_nnviz.record", "numpy", "werkzeug", "tb_nnviz.plugin.plugin"]),
        ("tb_nnviz.plugin.plugin", ["torch", "tb_nnviz.record"]),
    ],
)
def test_import_loads_no_heavy_module(module: str, forbidden: list[str]) -> None:
    program = f"import sys, {module}; print([name for name in {forbidden!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_fix_flags_raises_budgets_but_keeps_users() -> None:
    flags = argparse.Namespace(samples_per_plugin={"nnviz": 7, "images": 3})
    NNVizLoader().fix_flags(flags)
    assert flags.samples_per_plugin == {**SAMPLES, "nnviz": 7, "images": 3}
    assert SAMPLES.keys() == set(schema.PLUGINS)
    assert SAMPLES["nnviz"] >= 600  # 400 steps, 200 of which a resumed run writes again


@pytest.mark.parametrize("flags", [argparse.Namespace(), argparse.Namespace(samples_per_plugin="nnviz=3")])
def test_fix_flags_unknown_flags_are_left_alone(flags: argparse.Namespace) -> None:
    before = dict(vars(flags))
    NNVizLoader().fix_flags(flags)
    assert vars(flags) == before


def test_load_broken_plugin_returns_none(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(NNVizLoader().load(base_plugin.TBContext()), NNVizPlugin)
    monkeypatch.setitem(sys.modules, "tb_nnviz.plugin.plugin", None)
    with caplog.at_level(logging.WARNING, "tensorboard"):
        assert NNVizLoader().load(base_plugin.TBContext()) is None
    assert "tb_nnviz: the plugin could not be loaded" in caplog.text


def test_plugin_without_provider_gives_metadata() -> None:
    """TensorBoard calls these before anything else. An exception would leave no tab at all."""
    plugin = NNVizPlugin(SimpleNamespace(data_provider=None))
    assert plugin.data_plugin_names() == schema.PLUGINS
    assert plugin.is_active() is False
    assert plugin.frontend_metadata().es_module_path in plugin.get_plugin_apps()
    assert plugin.frontend_metadata().tab_name == "NNViz"
    assert loader_module.__doc__
