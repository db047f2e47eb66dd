"""The entry point: what TensorBoard imports at startup, and what it may never do."""

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
def test_importing_stays_light(module: str, forbidden: list[str]) -> None:
    program = f"import sys, {module}; print([name for name in {forbidden!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_budgets_are_raised_and_the_users_own_win() -> None:
    flags = argparse.Namespace(samples_per_plugin={"nnviz": 7, "images": 3})
    NNVizLoader().fix_flags(flags)
    assert flags.samples_per_plugin == {**SAMPLES, "nnviz": 7, "images": 3}
    assert SAMPLES.keys() == set(schema.PLUGINS)
    assert SAMPLES["nnviz"] >= 600  # 400 steps and 200 of them written again by a resumed run


@pytest.mark.parametrize("flags", [argparse.Namespace(), argparse.Namespace(samples_per_plugin="nnviz=3")])
def test_flags_of_another_tensorboard_are_left_alone(flags: argparse.Namespace) -> None:
    before = dict(vars(flags))
    NNVizLoader().fix_flags(flags)
    assert vars(flags) == before


def test_load_never_raises(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(NNVizLoader().load(base_plugin.TBContext()), NNVizPlugin)
    monkeypatch.setitem(sys.modules, "tb_nnviz.plugin.plugin", None)
    with caplog.at_level(logging.WARNING, "tensorboard"):
        assert NNVizLoader().load(base_plugin.TBContext()) is None
    assert "tb_nnviz: the plugin could not be loaded" in caplog.text


def test_what_makes_the_whole_page_fail_needs_no_data() -> None:
    """TensorBoard asks for these before anything else; an exception would leave no tab at all."""
    plugin = NNVizPlugin(SimpleNamespace(data_provider=None))
    assert plugin.data_plugin_names() == schema.PLUGINS
    assert plugin.is_active() is False
    assert plugin.frontend_metadata().es_module_path in plugin.get_plugin_apps()
    assert plugin.frontend_metadata().tab_name == "NNViz"
    assert loader_module.__doc__
