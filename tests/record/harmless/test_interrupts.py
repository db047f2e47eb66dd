"""Exceptions of the user's signal handlers reach the program from within nnviz's code, and every part stays on."""

import functools
import os
import random
import signal
import time

import pytest
import torch
from torch import nn

import tb_nnviz
from tb_nnviz.record.interrupts import is_interrupt
from tb_nnviz.record.model import evaluation
from tests.support.event_reader import Run

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers")


class Late(Exception):
    pass


class Limit:
    """A time limit that counts what it raised."""

    def __init__(self, error=Late):
        self.error, self.raised = error, 0

    def __call__(self, number, frame):
        self.raised += 1
        raise self.error("late")

    def method(self, number, frame):
        self(number, frame)

    def with_arguments(self, extra, number, frame):
        del frame
        self(number, None)

    def star(self, *args):
        self(*args)


def forms(limit):
    return {
        "an object": limit,
        "a method": limit.method,
        "a partial": functools.partial(limit.with_arguments, "extra"),
        "star arguments": limit.star,
        "a lambda": lambda number, frame: limit(number, frame),
        "a lambda of stars": lambda *args, **kwargs: limit(*args, **kwargs),
    }


@pytest.fixture
def handle():
    """Return a function that installs a handler of SIGALRM for the test."""
    earlier = signal.getsignal(signal.SIGALRM)
    yield functools.partial(signal.signal, signal.SIGALRM)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, earlier)
    torch.set_grad_enabled(True)


def now():
    os.kill(os.getpid(), signal.SIGALRM)
    time.sleep(0.01)


@pytest.mark.parametrize("form", forms(Limit()))
def test_exception_of_a_handler_is_an_interrupt(form, handle):
    handle(forms(Limit())[form])
    with pytest.raises(Late) as caught:
        now()
    assert is_interrupt(caught.value)


def test_exception_of_a_function_is_no_interrupt(handle):
    def raises(number, frame):
        raise Late

    handle(Limit())
    for error in (lambda: raises(1, None), lambda: 1 / 0, lambda: [][1], lambda: torch.ones(2) @ torch.ones(3)):
        with pytest.raises(Exception) as caught:
            error()
        assert not is_interrupt(caught.value)


def train(monitor, model, optimizer, steps, limit, rng):
    """Train with an alarm at a random time of each step. Returns the number of alarms that reached the loop."""
    caught = 0
    for _ in range(steps):
        torch.set_grad_enabled(True)  # an alarm at the end of a no_grad of torch leaves it off
        try:
            try:
                signal.setitimer(signal.ITIMER_REAL, rng.uniform(1e-6, 2e-2))
                optimizer.zero_grad()
                loss = model(torch.ones(4, 8)).square().mean()
                loss.backward()
                monitor.clip_grad_norm_(1.0)
                optimizer.step()
                monitor.log(loss=loss)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        except limit.error:
            caught += 1
    return caught


@pytest.mark.slow
@pytest.mark.parametrize("error", [Late, TimeoutError, RuntimeError, ValueError], ids=lambda error: error.__name__)
def test_storm_of_alarms_reaches_the_program(error, handle, tmp_path, caplog):
    limit, rng = Limit(error), random.Random(0)
    model = nn.Sequential(
        nn.Linear(8, 8), nn.ReLU(), nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8)), nn.Linear(8, 1)
    )
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    options = {"probe": torch.ones(2, 8), "maps_every": 3, "histograms_every": 5, "weights_every": 4, "window": True}
    with tb_nnviz.watch(model, optimizer, tmp_path, every=1, **options) as monitor:
        handle(limit)
        model(torch.ones(4, 8)).sum().backward()
        optimizer.step()  # torch swallows exceptions in imports of its own in the first step
        caught = train(monitor, model, optimizer, 300, limit, rng)
        handle(signal.SIG_IGN)
        torch.set_grad_enabled(True)
        assert caught == limit.raised
        assert limit.raised > 50
        monitor.step()  # the open step may have passes that were interrupted
        last = monitor.state_dict()["step"]
        model(torch.ones(4, 8)).sum().backward()
        optimizer.step()
    assert not [record for record in caplog.records if "turned off" in record.message]
    run = Run(tmp_path)
    for kind in ("activation", "activation_gradient", "gradient", "parameter", "update", "optimizer"):
        assert all(values["count"] > 0 for values in run.statistics(kind, last).values()), kind
    assert run.statistics("activation", last)["0"]["count"] == 32


@pytest.mark.parametrize("where", ["activation", "before", "after", "close"])
def test_interrupted_step_is_not_merged_with_the_next(where, handle, tmp_path, monkeypatch):
    """An alarm in the middle of one of nnviz's reports, and then a step without one."""
    from tb_nnviz.record.collect.activations import ActivationCollector

    limit = Limit()
    handle(limit)
    armed = []

    def wrapped(function):
        def report(*args, **kwargs):
            result = function(*args, **kwargs)
            if armed:
                armed.clear()
                now()
            return result

        return report

    monkeypatch.setattr(ActivationCollector, where, wrapped(getattr(ActivationCollector, where)))
    model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), 1e-3)

    def step():
        model(torch.ones(4, 8)).sum().backward()
        optimizer.step()

    with tb_nnviz.watch(model, optimizer, tmp_path, every=1) as monitor:
        step()
        armed.append(True)
        with pytest.raises(Late):
            step()
        if where in ("activation", "before"):  # the optimizer has not stepped: the step is still open
            monitor.step()
        step()
        last = monitor.state_dict()["step"] - 1
    assert Run(tmp_path).statistics("activation", last)["0"]["count"] == 32


@pytest.mark.parametrize("place", range(4))
def test_restoration_that_is_interrupted_is_done_again(place, handle, monkeypatch):
    """An alarm while the modes are put back that a probe had changed."""
    handle(Limit())
    model = nn.Sequential(nn.BatchNorm1d(2), nn.Dropout(), nn.Sequential(nn.Linear(2, 2)))
    model[1].cache = {"a": 1}
    model[0].eval()
    modes = [module.training for module in model.modules()]
    calls = iter(range(100))
    restore = evaluation._restore

    def late(*args):
        if next(calls) == place:
            now()
        restore(*args)

    monkeypatch.setattr(evaluation, "_restore", late)
    state = torch.get_rng_state()

    def probe():
        with evaluation.evaluation(model):
            model(torch.rand(3, 2))
            model[1].cache["b"] = 2

    with pytest.raises(Late):
        probe()
    assert [module.training for module in model.modules()] == modes
    assert model[1].cache == {"a": 1} and torch.equal(torch.get_rng_state(), state)


def test_restoration_by_a_handler_that_always_raises_ends(handle, monkeypatch):
    handle(Limit())
    model = nn.Sequential(nn.Dropout(), nn.ReLU())
    restore = evaluation._restore

    def late(module, *args):
        if module is model[1]:
            now()
        restore(module, *args)

    monkeypatch.setattr(evaluation, "_restore", late)
    with pytest.raises(Late), evaluation.evaluation(model):
        pass
    assert model.training and model[0].training


@pytest.mark.parametrize("error", [RuntimeError, TypeError, AttributeError])
def test_interrupt_is_not_taken_for_a_missing_feature(error, handle, monkeypatch):
    handle(Limit(error))
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda *device: now())
    with pytest.raises(error, match="late"):
        evaluation.Autocast.now("cpu")
