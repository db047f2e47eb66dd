"""Tests of one monitor per directory: which earlier one gives way, and what a dropped monitor keeps."""

import builtins
import gc
import subprocess
import sys
import textwrap
import threading
import weakref

import pytest
import torch
from torch import nn

import tb_nnviz
from tests.support.event_reader import Run


def watch(logdir, model=None):
    model = model or nn.Linear(2, 1)
    return tb_nnviz.watch(model, torch.optim.SGD(model.parameters(), 0.1), logdir=logdir, every=1)


def step(model, optimizer):
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()


@pytest.fixture
def last_error(monkeypatch):
    """Set the last error of an interactive session."""

    def set_it(error):
        monkeypatch.setattr(sys, "last_exc", error, raising=False)
        monkeypatch.setattr(sys, "last_value", error, raising=False)
        monkeypatch.setattr(sys, "last_traceback", error.__traceback__, raising=False)

    return set_it


def raised(function, *args):
    try:
        function(*args)
    except Exception as error:
        return error.with_traceback(error.__traceback__.tb_next)


def test_monitor_without_a_name_gives_way_while_its_model_lives(tmp_path, caplog):
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1)
    step(model, optimizer)
    with watch(tmp_path):
        assert not optimizer._optimizer_step_pre_hooks and not model._forward_hooks
    assert [str(tmp_path) in record.getMessage() for record in caplog.records] == [True]
    assert list(Run(tmp_path).tensors["nnviz/gradient/norm"]) == [0]


def in_a_local(logdir):
    monitor = watch(logdir)
    raise RuntimeError(f"a cell's error, {type(monitor).__name__}")


def in_a_trainer(logdir):
    class Trainer:
        def __init__(self):
            self.parts = {"monitors": [watch(logdir)]}

        def fit(self):
            raise RuntimeError("in the loop")

    Trainer().fit()


def in_a_closure(logdir):
    monitor = watch(logdir)

    def train():
        monitor.log(loss=1.0)
        raise RuntimeError("in the loop")

    train()


def as_the_cause(logdir):
    try:
        in_a_local(logdir)
    except RuntimeError as error:
        raise ValueError("again") from error


@pytest.mark.parametrize("cell", [in_a_local, in_a_trainer, in_a_closure, as_the_cause])
def test_monitor_in_the_last_traceback_gives_way(cell, tmp_path, last_error):
    error = raised(cell, tmp_path)
    last_error(error)
    watch(tmp_path).close()
    assert error.__traceback__ is not None


@pytest.mark.parametrize("cell", [in_a_local, in_a_trainer, in_a_closure])
def test_monitor_in_another_traceback_is_held(cell, tmp_path):
    error = raised(cell, tmp_path)
    with pytest.raises(ValueError, match="already written by another monitor of this process"):
        watch(tmp_path)
    del error
    watch(tmp_path).close()


@pytest.mark.parametrize("name", ["_", "__", "___", "_12"])
def test_monitor_that_is_only_the_result_of_a_cell_gives_way(name, tmp_path, monkeypatch):
    monkeypatch.setattr(builtins, name, watch(tmp_path), raising=False)
    watch(tmp_path).close()


def test_monitor_among_the_results_of_a_notebook_gives_way(tmp_path, monkeypatch):
    class Result:
        pass

    class Shell:
        user_ns = {}
        last_execution_result = Result()

    results = {7: watch(tmp_path)}
    Shell.last_execution_result.result = results[7]
    Shell.user_ns.update(_oh=results, Out=results, _7=results[7], _=results[7])
    monkeypatch.setattr(builtins, "get_ipython", lambda: Shell, raising=False)
    watch(tmp_path).close()


def test_monitor_in_a_variable_of_a_notebook_is_held(tmp_path, monkeypatch):
    class Shell:
        user_ns = {}

    Shell.user_ns.update(monitor=watch(tmp_path))
    Shell.user_ns["_"] = Shell.user_ns["monitor"]
    monkeypatch.setattr(builtins, "get_ipython", lambda: Shell, raising=False)
    with pytest.raises(ValueError, match="already written"):
        watch(tmp_path)
    Shell.user_ns["monitor"].close()
    watch(tmp_path).close()


def held_by_local(logdir):
    monitor = watch(logdir)
    yield
    monitor.close()


def held_by_with(logdir):
    with watch(logdir):
        yield


def held_by_list(logdir):
    monitors = [watch(logdir)]
    yield
    monitors[0].close()


def held_by_method(logdir):
    close = watch(logdir).close
    yield
    close()


def held_by_cycle(logdir):
    class Trainer:
        pass

    trainer = Trainer()
    trainer.self, trainer.monitor = trainer, watch(logdir)
    yield
    trainer.monitor.close()


@pytest.mark.parametrize("hold", [held_by_local, held_by_with, held_by_list, held_by_method, held_by_cycle])
def test_monitor_that_code_holds_is_an_error(hold, tmp_path, last_error):
    last_error(raised(in_a_local, tmp_path / "other"))
    for _ in hold(tmp_path):
        with pytest.raises(ValueError, match="already written by another monitor of this process"):
            watch(tmp_path)
    watch(tmp_path).close()


def test_monitor_in_a_cycle_of_garbage_gives_way(tmp_path):
    cycle = [watch(tmp_path)]
    cycle.append(cycle)
    gc.disable()
    try:
        del cycle
        watch(tmp_path).close()
    finally:
        gc.enable()


def test_dropped_monitor_releases_its_thread_and_its_file(tmp_path):
    def one():
        model = nn.Linear(2, 1)
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        monitor = tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1)
        step(model, optimizer)
        return weakref.ref(model), monitor.writer

    threads = threading.active_count()
    model, writer = one()
    gc.collect()
    assert model() is None
    writer._thread.join(10)
    assert threading.active_count() == threads
    assert sorted(Run(tmp_path).tensors["nnviz/gradient/norm"]) == [0], "it is written all the same"


def test_monitor_without_a_variable_records_while_its_model_lives(tmp_path):
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1)
    gc.collect()
    step(model, optimizer)
    watch(tmp_path).close()
    assert sorted(Run(tmp_path).tensors["nnviz/gradient/norm"]) == [0]


def run(program, *args):
    made = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *map(str, args)], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    return made


MANY = """
    import os, resource, sys, threading, torch, tb_nnviz
    from torch import nn
    torch.set_num_threads(1)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
    def one(i):
        model = nn.Linear(2, 2)
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        monitor = tb_nnviz.watch(model, optimizer, logdir=f"{sys.argv[1]}/{i}", every=1)
        model(torch.ones(1, 2)).sum().backward()
        optimizer.step()
        return monitor
    for i in range(120):
        one(i)
        open("/dev/null").close()
    print(threading.active_count())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of descriptors")
def test_many_dropped_monitors_do_not_exhaust_descriptors(tmp_path):
    made = run(MANY, tmp_path)
    assert int(made.stdout) < 60 and "cannot write" not in made.stderr
    assert len(list(tmp_path.glob("*/*.nnviz"))) == 120
    assert all(list(Run(folder).tensors["nnviz/gradient/norm"]) == [0] for folder in list(tmp_path.iterdir())[::30])


AT_THE_END = """
    import sys, torch, tb_nnviz
    from torch import nn
    class Owner:
        def __init__(self):
            self.model = nn.Linear(2, 1)
            self.optimizer = torch.optim.SGD(self.model.parameters(), 0.1)
            self.monitor = tb_nnviz.watch(self.model, self.optimizer, logdir=sys.argv[1], every=1)
        def __del__(self):
            self.monitor.log(last=1.0)
            self.monitor.log({"last": 1.0})
            self.monitor.step()
            self.monitor.clipped(1.0, 1.0)
            self.monitor.close()
            self.monitor.close()
    owner = Owner()
    sys.modules["keeper"] = owner
    builtins = sys.modules["builtins"]
    builtins.keeper = owner
    owner.cycle = owner
"""


def test_calls_of_a_monitor_at_shutdown_do_not_raise(tmp_path):
    assert "Error" not in run(AT_THE_END, tmp_path).stderr
