"""Errors inside and around nnviz: training goes on as without it, and the next run works."""

import importlib
import inspect
import logging
import multiprocessing

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader, Dataset

import tb_nnviz
from tests.support.event_reader import Run
from tests.support.tensors import same_bits

#: Modules whose functions are made to raise, one at a time: everything between the training loop and the writer.
PLACES = (
    "model.optimizers", "hooks.open_step",
    "assemble", "collectors", "event_emitter",
    "measure.histogram", "measure.host_copy", "measure.moments", "measure.stats",
    "model.evaluation", "pending_step", "reduce.local", "row_table", "step_plan", "window",
    "hooks.calls", "hooks.fast_path", "hooks.modules", "hooks.optimizers", "hooks.order",
    "collect.activations", "collect.clipping", "collect.collector", "collect.global_norm", "collect.loss_scaling",
    "collect.optimizers.adam_state", "collect.optimizers.learning_rates", "collect.optimizers.optimizer_state",
    "collect.optimizers.options", "collect.optimizers.second_moment", "collect.optimizers.values",
    "collect.held_values", "collect.parameter_rows", "collect.parameters", "collect.scalars", "collect.snapshot",
    "collect.stale_gradients", "collect.watched_parameters",
    "locate.arguments", "locate.backward", "locate.findings", "locate.flags", "locate.forward", "locate.gradients",
    "locate.locator", "locate.module_state", "locate.optimizers", "locate.origin", "locate.passes",
    "locate.random_states", "locate.replay", "locate.search", "locate.unlocated", "locate.values", "reports.lost_hooks",
    "collect.activation_maps.axes", "collect.activation_maps.collector", "collect.activation_maps.inputs",
    "collect.activation_maps.layer_map", "collect.activation_maps.plan", "collect.activation_maps.probe",
    "collect.activation_maps.probe_passes",
    "collect.activation_maps.quantize", "collect.activation_maps.sizes",
    "collect.dataflow.autograd", "collect.dataflow.capture", "collect.dataflow.dataflow",
    "collect.dataflow.document", "collect.dataflow.links", "collect.dataflow.tensors",
    "collect.weights.choice", "collect.weights.encode", "collect.weights.maps", "collect.weights.plan",
    "collect.weights.pool", "collect.weights.tracked",
)  # fmt: skip
#: Functions that restore the user's objects: nothing could make up for their failure.
RESTORES = {"model.evaluation:_restore", "model.evaluation:_restore_all", "model.evaluation:_refill"}
STEPS = 3


def functions():
    """Yield module, class or None, and name of every function and method."""
    for place in PLACES:
        module = importlib.import_module(f"tb_nnviz.record.{place}")
        for name, item in vars(module).items():
            if getattr(item, "__module__", None) != module.__name__:
                continue
            if inspect.isfunction(item):
                yield place, None, name
            elif inspect.isclass(item):
                for method, function in vars(item).items():
                    own = inspect.isfunction(function) and function.__module__ == module.__name__
                    if own and not method.startswith("__"):
                        yield place, item.__name__, method


NAMES = [f"{place}:{'.'.join(filter(None, rest))}" for place, *rest in functions()]
FUNCTIONS = [name for name in NAMES if name not in RESTORES]
#: Functions that were called while they raised.
CALLED = set()


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Run on one thread, because threads that share a busy machine wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.table = nn.Linear(4, 4), nn.Parameter(torch.ones(4))
        self.body = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.2))
        self.encoder = nn.TransformerEncoderLayer(4, 1, 4)

    def forward(self, x):
        x = checkpoint(self.body, self.stem(x) * self.table, use_reentrant=True, preserve_rng_state=True)
        return self.encoder(x).sum()


def assert_untouched(model, optimizer):
    for module in model.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
        assert not module._forward_hooks_always_called
    assert not optimizer._optimizer_step_pre_hooks
    assert not optimizer._optimizer_step_post_hooks


def train(watching=None, plant=None):
    """Train and return all results. ``plant`` is called as soon as the model is watched."""
    torch.manual_seed(0)
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    monitor = watching and tb_nnviz.watch(model, optimizer, **watching)
    if plant:
        plant()
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        for _ in range(2):
            loss = model(torch.randn(5, 4))
            loss.backward()
        optimizer.step()
        losses.append(loss.detach())
        if monitor:
            monitor.log(loss=loss)
    if monitor:
        monitor.close()
    assert_untouched(model, optimizer)
    return [*losses, *(p.detach() for p in model.parameters()), *model.buffers(), torch.get_rng_state()]


@pytest.fixture(scope="module")
def unwatched():
    return train()


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.filterwarnings("ignore:enable_nested_tensor", "ignore:None of the inputs have requires_grad")
def test_error_in_function_turns_off_its_part_only(name, unwatched, tmp_path, monkeypatch, caplog):
    place, _, path = name.partition(":")
    *owners, function = path.split(".")
    called = []

    def raising(*args, **kwargs):
        called.append(name)
        CALLED.add(name)
        raise RuntimeError("planted")

    def plant():
        home = importlib.import_module(f"tb_nnviz.record.{place}")
        if owners:
            monkeypatch.setattr(getattr(home, owners[0]), function, raising)
            return
        original = getattr(home, function)
        for other in PLACES:  # in every module that imports it
            module = importlib.import_module(f"tb_nnviz.record.{other}")
            if getattr(module, function, None) is original:
                monkeypatch.setattr(module, function, raising)

    probe = {"probe": torch.ones(5, 4), "maps_every": 2, "probe_inputs": True, "probe_labels": list("abcde")}
    assert same_bits(unwatched, train({"logdir": tmp_path, "every": 1, "histograms_every": 2, **probe}, plant))
    said = [record for record in caplog.records if record.name == "tb_nnviz"]
    assert len({record.getMessage() for record in said}) == len(said), "each is reported once"
    if called:
        assert said, "an error that is not reported"
        assert all(record.levelno == logging.WARNING for record in said)
        assert "planted" in str(said[0].exc_info and said[0].exc_info[1]) or "planted" in said[0].getMessage()
    else:
        assert not said


def test_most_functions_were_made_to_raise():
    if len(CALLED) < 2:
        pytest.skip("the test above was not run")
    assert len(CALLED) > 90


def planted(*args, **kwargs):
    raise RuntimeError("planted")


def second_planted(original):
    """Return a function that raises at its second call, when half of a part is made."""
    calls = []

    def function(*args, **kwargs):
        calls.append(args)
        return planted() if len(calls) == 2 else original(*args, **kwargs)

    return function


HALVES = {
    "modules": ("torch.nn.Module.register_forward_hook", second_planted(nn.Module.register_forward_hook)),
    "order": ("torch.nn.Module.register_forward_pre_hook", second_planted(nn.Module.register_forward_pre_hook)),
    "optimizer": ("torch.optim.Optimizer.register_step_post_hook", planted),
    "scaler": ("tb_nnviz.record.hooks.scaler.GradScalerPatch.install", planted),
    "collector": ("tb_nnviz.record.collect.parameters.ParameterCollector.begin", planted),
    "first step": ("tb_nnviz.record.hooks.modules.ModuleHooks.next_step", planted),
    "writer": ("tb_nnviz.record.watch.file_writer", planted),
}


@pytest.mark.parametrize("half", HALVES)
def test_watch_error_while_made_leaves_nothing_behind(half, tmp_path, monkeypatch, caplog):
    model = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer, scaler = torch.optim.SGD(model.parameters(), 0.1), torch.amp.GradScaler("cpu")
    watching = {"logdir": tmp_path / "run", "every": 1, "scaler": scaler}
    with monkeypatch.context() as patches:
        patches.setattr(*HALVES[half])
        with pytest.raises(RuntimeError, match="planted"):
            tb_nnviz.watch(model, optimizer, **watching)
    assert_untouched(model, optimizer)
    assert "step" not in vars(scaler)
    assert not list(tmp_path.iterdir())
    with tb_nnviz.watch(model, optimizer, **watching):
        model(torch.ones(5, 4)).sum().backward()
        optimizer.step()
    assert Run(tmp_path / "run").statistics("activation", 0)["0"]["count"] == 20
    assert not caplog.records


@pytest.mark.parametrize(
    "part",
    [
        "hooks.modules.ModuleHooks",
        "hooks.optimizers.OptimizerHooks",
        "hooks.scaler.GradScalerPatch",
        "write.writer.Writer",
    ],
)
def test_close_continues_if_one_part_fails(part, tmp_path, monkeypatch, caplog):
    model = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer, scaler = torch.optim.SGD(model.parameters(), 0.1), torch.amp.GradScaler("cpu")
    monitor = tb_nnviz.watch(model, optimizer, tmp_path, every=1, scaler=scaler)
    writer, close = monitor.writer, monitor.writer.close
    monkeypatch.setattr(f"tb_nnviz.record.{part}." + ("close" if part == "write.writer.Writer" else "remove"), planted)
    monitor.close()
    monitor.close()
    assert [record.getMessage().split(": ")[1] for record in caplog.records] == ["an error of tb_nnviz at the end"]
    assert "planted" in str(caplog.records[0].exc_info[1])
    assert_untouched(model, optimizer)
    if part == "write.writer.Writer":
        close()
    assert writer._last.reached.is_set()
    monkeypatch.undo()
    tb_nnviz.watch(model, optimizer, tmp_path).close()


def test_close_interrupted_frees_the_run(tmp_path, monkeypatch):
    model = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    monitor = tb_nnviz.watch(model, optimizer, tmp_path)

    def interrupt(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patches:
        patches.setattr("tb_nnviz.record.hooks.modules.ModuleHooks.remove", interrupt)
        with pytest.raises(KeyboardInterrupt):
            monitor.close()
    assert monitor.writer._last.reached.is_set()
    monitor.close()  # removes the hooks that the interrupt left
    assert_untouched(model, optimizer)
    tb_nnviz.watch(model, optimizer, tmp_path).close()


def test_drop_error_turns_off_everything(tmp_path, monkeypatch, caplog):
    model = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with tb_nnviz.watch(model, optimizer, tmp_path, every=1) as monitor:
        collector = "tb_nnviz.record.collect.activations.ActivationCollector"
        monkeypatch.setattr(f"{collector}.activation_gradient", planted)
        monkeypatch.setattr(f"{collector}.drop", planted)
        for _ in range(3):
            loss = model(torch.ones(5, 4)).sum()
            loss.backward()
            optimizer.step()
            monitor.log(loss=loss)
    messages = [record.getMessage() for record in caplog.records]
    assert messages == [
        f"{part} of {tmp_path}: turned off after an error of tb_nnviz" for part in ("activations", "all")
    ]
    assert all(record.exc_info for record in caplog.records)
    assert not Run(tmp_path).tensors, "half of a step would be wrong"


def test_step_by_hand_with_error_raises_nothing(tmp_path, monkeypatch, caplog):
    model = nn.Linear(4, 1)
    with tb_nnviz.watch(model, logdir=tmp_path, every=1) as monitor:
        monkeypatch.setattr("tb_nnviz.record.collect.parameters.ParameterCollector.begin", planted)
        for _ in range(2):
            model(torch.ones(5, 4)).sum().backward()
            monitor.step()
    assert caplog.records[0].getMessage().startswith("gradients of ")


@pytest.mark.parametrize("place", ["forward", "backward", "step", "between"])
def test_interrupt_leaves_nothing_and_next_run_works(place, tmp_path, caplog):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)

    def interrupt(*args):
        raise KeyboardInterrupt

    def cell(stop_at):
        """Run one cell of a notebook, any number of times."""
        with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1) as monitor:
            for step in range(3):
                stop = step == stop_at and place
                handle = model[1].register_forward_hook(interrupt) if stop == "forward" else None
                try:
                    output = model(torch.randn(5, 4))
                    if stop == "backward":
                        output.register_hook(interrupt)
                    output.sum().backward()
                    if stop == "step":
                        handle = optimizer.register_step_pre_hook(interrupt)
                    optimizer.step()
                    if stop == "between":
                        interrupt()
                finally:
                    if handle is not None:
                        handle.remove()
                monitor.log(loss=output.sum().detach())

    for stop_at in (1, None, None):
        if stop_at is None:
            cell(stop_at)
        else:
            with pytest.raises(KeyboardInterrupt):
                cell(stop_at)
        assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
        assert not optimizer._optimizer_step_pre_hooks
    assert not caplog.records
    run = Run(tmp_path)
    assert list(run.tensors["nnviz/gradient/norm"]) == [0, 1, 2]
    assert {name: row["count"] for name, row in run.statistics("activation", 2).items()} == {"0": 20, "1": 20, "2": 5}


CELL = """
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), 0.1)
monitor = tb_nnviz.watch(model, optimizer, logdir=logdir, every=1)
for _ in range(2):
    model(torch.ones(5, 4)).sum().backward()
    optimizer.step()
"""


def test_cell_without_with_runs_again_after_close(tmp_path):
    names = {"torch": torch, "nn": nn, "tb_nnviz": tb_nnviz, "logdir": tmp_path}
    exec(CELL, names)
    first, model, optimizer = names["monitor"], names["model"], names["optimizer"]
    with pytest.raises(ValueError, match=f"{tmp_path}.* is already written .*Close that one first"):
        exec(CELL, names)
    assert names["monitor"] is first
    model(torch.ones(7, 4)).sum().backward()
    optimizer.step()  # the first one goes on
    first.close()
    assert Run(tmp_path).statistics("activation", 2)[""]["count"] == 7
    exec(CELL, names)
    names["monitor"].close()
    assert Run(tmp_path).statistics("activation", 1)[""]["count"] == 5


class ModelOutputs(Dataset):
    """Items that the watched model computes in a worker, which is forked while the model is watched."""

    def __init__(self, model):
        self.model = model

    def __len__(self):
        return 12

    def __getitem__(self, index):
        self.model(torch.randn(2, 4)).sum().backward()
        return torch.full((4,), float(index))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this platform has no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_forked_workers_log_nothing_and_end(tmp_path, caplog):
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, on_finding=None):
        for _ in range(2):
            workers = DataLoader(ModelOutputs(model), batch_size=6, num_workers=2, multiprocessing_context="fork")
            for batch in workers:
                optimizer.zero_grad()
                model(batch).sum().backward()
                optimizer.step()
    assert not caplog.records
    assert len(list(tmp_path.iterdir())) == 1
    counts = Run(tmp_path).tensors["nnviz/activation/count"]
    assert [list(map(float, counts[step])) for step in counts] == [[24, 6]] * 4
