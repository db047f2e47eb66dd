"""Tests of all training modes against a recorded loop: logged values are right, and training is unchanged.

There is one test per training mode and property: gradients, updates, activations, same bits, no synchronization.
"""

from collections import Counter
from functools import cache

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from tests.support import oracle
from tests.support.backends import BACKENDS, use_backend
from tests.support.event_reader import Run
from tests.support.training_modes import MODES, run
from tests.support.training_modes.loops import Loop, WatchedLoop
from tests.support.training_modes.models import STEPS
from tests.support.training_modes.reference import ReferenceLoop

#: Operators that wait for a device.
SYNCHRONIZING = ("_local_scalar_dense", "item", "nonzero", "bincount", "unique", "masked_select", "is_nonzero", "equal")


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Return a function that runs a mode once, recorded and watched, and returns the record and the log."""

    @cache
    def make(mode):
        reference, watched = ReferenceLoop(), WatchedLoop(tmp_path_factory.mktemp("run"))
        run(mode, reference)
        run(mode, watched)
        return reference.steps, Run(watched.options["logdir"])

    return make


def assert_true(both, mode, kinds):
    steps, logs = both(mode)
    assert len(steps) == STEPS == len(logs.tensors["nnviz/gradient/count"])
    compared = 0
    for step, now in enumerate(steps):
        for kind in kinds:
            found, expected = logs.statistics(kind, step), {n: t for n, t in now[kind].items() if t[0].numel()}
            assert expected and {name for name in found if found[name]["count"] > 0} == set(expected), (kind, step)
            for name, tensors in expected.items():
                flat = torch.cat(
                    [torch.view_as_real(t).flatten() if t.is_complex() else t.flatten() for t in tensors]
                ).double()
                names = set(oracle.statistics(flat))
                if not any(found[row].get("nonfinite", 0) > 0 for row in found):
                    names -= {"finite_norm", "finite_absmax"}
                oracle.assert_statistics(found[name], flat, names, f"{kind} {name} at step {step}")
                compared += 1
    assert compared >= 2 * STEPS


@pytest.mark.parametrize("mode", MODES)
def test_gradients_equal_those_that_the_optimizer_applied(mode, both):
    assert_true(both, mode, ["gradient"])


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "no optimizer"])
def test_updates_equal_changes_by_the_optimizer(mode, both):
    assert_true(both, mode, ["parameter", "update"])


@pytest.mark.parametrize("mode", MODES)
def test_activations_equal_those_of_training_passes(mode, both):
    assert_true(both, mode, ["activation", "activation_gradient"])


@pytest.mark.parametrize("mode", MODES)
def test_training_with_watch_is_identical(mode, tmp_path):
    bare = run(mode, Loop())
    watched = WatchedLoop(tmp_path, histograms_every=1, window=True)
    losses, left, generators = run(mode, watched)
    for name, ours, theirs in (("loss", losses, bare[0]), ("parameters and buffers", left, bare[1])):
        assert len(ours) == len(theirs)
        assert all(torch.equal(a.nan_to_num(7.0), b.nan_to_num(7.0)) for a, b in zip(ours, theirs, strict=True)), name
    assert torch.equal(generators[0], bare[2][0]) and generators[1:] == bare[2][1:]
    logs, by_hand = Run(tmp_path), mode == "no optimizer"
    for kind in ("parameter", "gradient", "activation", "activation_gradient", *(() if by_hand else ("update",))):
        counted = [sum(row["count"] > 0 for row in logs.statistics(kind, step).values()) for step in range(STEPS)]
        assert min(counted) >= 1 and len(logs.tensors[f"nnviz/{kind}/histogram"]) == STEPS, kind
    if "Adam" in mode:
        assert all(row["count"] for row in logs.statistics("optimizer", STEPS - 1).values())


class Dispatched(TorchDispatchMode):
    """A mode that counts the operators that run."""

    def __init__(self):
        super().__init__()
        self.counts = Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.counts[func.overloadpacket.__name__] += 1
        return func(*args, **(kwargs or {}))


def synchronizing(mode, loop):
    with Dispatched() as dispatched:
        run(mode, loop)
    assert dispatched.counts["detach"], "no operator was counted"
    return {name: count for name, count in dispatched.counts.items() if name in SYNCHRONIZING}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("mode", MODES)
def test_watch_adds_no_synchronizing_operator(mode, backend, tmp_path, monkeypatch):
    """Compare unlogged, logged and histogram steps with a plain loop. GradScaler and LBFGS synchronize themselves."""
    use_backend(backend, monkeypatch)
    loop = WatchedLoop(tmp_path, every=2, histograms_every=4, window=True)
    assert synchronizing(mode, loop) == synchronizing(mode, Loop())
