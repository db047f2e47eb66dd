"""The demo's silent runs: faults that a rule finds and that a heat map of gradients does not show."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from demo.data import batches, digits
from demo.gpt import train as gpt_train
from demo.gpt.data import batches as pieces
from demo.gpt.data import texts
from demo.gpt.runs import RUNS as GPT_RUNS
from demo.gpt.runs import Run as GPTRun
from demo.pace import EVERY
from demo.runs import RUNS, Run
from demo.silent.runs import ON_DIGITS, ON_TEXTS
from demo.train import train
from tb_nnviz.diagnosis.diagnose import Diagnosis
from tb_nnviz.diagnosis.directory import diagnose_directory
from tests.support.event_reader import Run as Log

(TWICE,), (UNZEROED,) = ON_DIGITS, ON_TEXTS
HEALTHY, GPT_HEALTHY = RUNS[0], GPT_RUNS[0]
#: The least loss of cross_entropy for probabilities of ten classes.
FLOOR = math.log(math.e + 9) - 1


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Use one thread, as ``python -m demo`` does."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def diagnosed(run: Run | GPTRun, logdir: Path, steps: int) -> tuple[Diagnosis, Log]:
    """Train a run for a few steps, and return the diagnosis of its log and the log."""
    folder = logdir / run.name
    if isinstance(run, Run):
        train(run, *digits(), folder, steps)
    else:
        gpt_train.train(run, texts(), folder, steps)
    (found,) = diagnose_directory(logdir, [run.name])
    return found, Log(folder)


def test_runs_have_the_parameters_of_their_healthy_twins() -> None:
    assert [run.name for run in (TWICE, UNZEROED)] == ["silent/softmax-twice", "silent/no-zero-grad"]
    for run, twin in ((TWICE, HEALTHY), (UNZEROED, GPT_HEALTHY)):
        model, healthy = run.model(), twin.model()
        assert isinstance(model, nn.Module) and isinstance(healthy, nn.Module)
        shapes = [[(name, one.shape) for name, one in of.named_parameters()] for of in (model, healthy)]
        assert shapes[0] == shapes[1]
    assert TWICE.optimizer is HEALTHY.optimizer


@pytest.mark.parametrize(
    ("run", "rule", "layer", "since"),
    # the first step has no gradients of a step before, and the next one is not logged
    [(TWICE, "output/saturated", "softmax", 0), (UNZEROED, "gradient/accumulates", "", EVERY)],
    ids=lambda one: getattr(one, "name", None),
)
def test_silent_run_is_named_and_gradients_look_healthy(
    run: Run | GPTRun, rule: str, layer: str, since: int, tmp_path: Path
) -> None:
    found, log = diagnosed(run, tmp_path, 24)
    first = found.findings[0]
    assert (first.rule, first.layer, first.since) == (rule, layer, since)
    assert {one.rule for one in found.findings} <= {first.rule, *first.explains}, "one cause"
    norms = np.stack([*log.tensors["nnviz/gradient/norm"].values()])
    assert len(norms) >= 12 and (norms > 0).all() and np.isfinite(norms).all(), "no zero, no NaN, no layer missing"


@pytest.mark.parametrize("run", [HEALTHY, GPT_HEALTHY], ids=lambda run: run.name)
def test_healthy_twin_has_no_finding_and_says_what_was_checked(run: Run | GPTRun, tmp_path: Path) -> None:
    found, _ = diagnosed(run, tmp_path, 24)
    assert found.verdict == "nothing found" and not found.findings
    assert {"output/saturated", "gradient/accumulates"} <= set(found.checked)


def losses(run: Run, steps: int) -> torch.Tensor:
    """Return the losses of a run on digits that nnviz does not watch."""
    torch.manual_seed(0)
    model = run.model()
    optimizer = run.optimizer(model)
    found = []
    for images, labels in batches(digits()[0], 64, steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return torch.tensor(found)


def test_softmax_twice_loss_has_a_floor_and_falls_late() -> None:
    twice, healthy = losses(TWICE, 70), losses(HEALTHY, 70)
    assert (twice > FLOOR).all()
    start = math.log(10)
    assert healthy[-10:].mean() < 0.6 * start < 0.7 * start < twice[-10:].mean()


@pytest.mark.slow
def test_no_zero_grad_loss_lags() -> None:
    source, ends = texts(), []
    for run in (GPT_HEALTHY, UNZEROED):
        torch.manual_seed(0)
        model = run.model()
        optimizer, scheduler = gpt_train.optimize(model)
        losses = []
        for letters, following in pieces(source.training, gpt_train.BATCH, 150):
            loss = F.cross_entropy(model(letters).flatten(0, 1), following.flatten())
            if run.zeroes:
                optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            losses.append(loss.item())
        ends.append(sum(losses[-20:]) / 20)
    assert ends[1] > ends[0] + 0.1
