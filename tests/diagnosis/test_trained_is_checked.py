"""Agreement of the findings of training with those of a check of its log."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

import tb_nnviz
from tb_nnviz import schema
from tb_nnviz.diagnosis.diagnose import diagnose
from tb_nnviz.logs.event_files import EventFileReader
from tests.support.schema_document.reader import Log

STEPS = 150


def layers(depth: int, activation: type[nn.Module]) -> nn.Sequential:
    torch.manual_seed(0)
    hidden = [part for _ in range(depth) for part in (nn.Linear(16, 16), activation())]
    return nn.Sequential(nn.Linear(8, 16), activation(), *hidden, nn.Linear(16, 4))


def dead(model: nn.Sequential) -> nn.Sequential:
    with torch.no_grad():
        model[2].bias.fill_(-100)
    return model


#: Models and learning rates of SGD by name.
RUNS = {
    "healthy": (lambda: layers(1, nn.ReLU), 0.1),
    "deep sigmoid": (lambda: layers(14, nn.Sigmoid), 0.1),
    "rate too high": (lambda: layers(2, nn.ReLU), 50.0),
    "rate too low": (lambda: layers(2, nn.Tanh), 1e-9),
    "dead layer": (lambda: dead(layers(2, nn.ReLU)), 0.1),
}


@pytest.mark.parametrize("window", [False, True])
@pytest.mark.parametrize("run", RUNS)
def test_findings_of_training_and_of_a_check_are_equal(run: str, window: bool, tmp_path: Path) -> None:
    make, rate = RUNS[run]
    model = make()
    optimizer = torch.optim.SGD(model.parameters(), rate)
    generator = torch.Generator().manual_seed(1)
    teacher = torch.randn(8, 4, generator=generator)
    options = {"every": 5, "window": window, "histograms_every": None, "weights_every": None, "on_finding": None}
    with tb_nnviz.watch(model, optimizer, tmp_path, **options) as monitor:
        for _ in range(STEPS):
            x = torch.randn(32, 8, generator=generator)
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), (x @ teacher).argmax(1))
            loss.backward()
            optimizer.step()
            monitor.log(loss=loss)
    found = Log(tmp_path).values.get("nnviz/findings", {})
    trained = {(one["rule"], one["since"]) for payload in found.values() for one in schema.decode_findings(payload)}
    diagnosis = diagnose(EventFileReader(str(tmp_path)), ".")
    checked = {(one.rule, one.since) for one in diagnosis.findings}
    assert trained == checked
    assert not diagnosis.missing
    assert (run == "healthy") == (not [one for one in diagnosis.findings if one.severity != "notice"])
