"""Trainings in which nnviz meets an odd case, each to be run watched and unwatched."""

import contextlib
import dataclasses
import os
import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence
from torch.utils.tensorboard import SummaryWriter

import tb_nnviz

STEPS = 6


class Unwatched:
    """A stand-in for a monitor, which records nothing."""

    def log(self, *args, **values):
        del args, values

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass


class Training:
    """One training, watched in ``folder`` or unwatched, and all that it leaves behind."""

    def __init__(self, folder=None):
        torch.manual_seed(0)
        random.seed(0)
        np.random.seed(0)
        self.folder, self.losses, self.models, self.optimizers = folder, [], [], []

    def watch(self, *args, logdir=None, **options):
        if self.folder is None:
            return Unwatched()
        logdir = self.folder / "run" if logdir is None else self.folder / logdir
        options = {"every": 1, "histograms_every": 2, "weights_every": 2, **options}
        return tb_nnviz.watch(*args, logdir=logdir, **options)

    def net(self, width=3):
        """Return a network whose layers use the random state, and keep it for the comparison."""
        body = nn.Sequential(nn.Linear(3, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(0.3))
        return self.keep(nn.Sequential(body, nn.Linear(width, 2)))

    def keep(self, model):
        self.models.append(model)
        return model

    def sgd(self, parameters, lr=0.05):
        self.optimizers.append(torch.optim.SGD(parameters, lr, momentum=0.9))
        return self.optimizers[-1]

    def step(self, model, *optimizers, inputs=None, monitor=None):
        output = model(torch.randn(8, 3) if inputs is None else inputs)
        loss = (output - torch.randn_like(output)).square().mean()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        self.losses.append(loss.detach().clone())
        if monitor is not None:
            monitor.log(loss=loss)

    def left(self):
        """Return {name: tensor} of losses, states, gradients and random states, as bytes to compare NaN too."""
        tensors = {"losses": torch.stack(self.losses), "random": torch.get_rng_state()}
        for i, model in enumerate(self.models):
            tensors |= {f"{i} {name}": value for name, value in model.state_dict().items()}
            tensors |= {f"{i} {name}.grad": p.grad for name, p in model.named_parameters() if p.grad is not None}
        for i, optimizer in enumerate(self.optimizers):
            for number, state in enumerate(optimizer.state.values()):
                tensors |= {f"{i} {number} {key}": value for key, value in state.items() if torch.is_tensor(value)}
        data = {name: value.detach().contiguous().reshape(-1).view(torch.uint8) for name, value in tensors.items()}
        return data, random.getstate(), repr(np.random.get_state())


def group_added_later(run):
    """Case 13: the first of two optimizers gets another group."""
    model, other = run.net(), run.keep(nn.Linear(3, 2))
    first, second = run.sgd(model[1].parameters(), 0.1), run.sgd(other.parameters(), 0.001)
    with run.watch({"a": model, "b": other}, [first, second]) as monitor:
        for i in range(STEPS):
            if i == 2:
                first.add_param_group({"params": list(model[0].parameters()), "lr": 0.05})
            run.step(model, first, monitor=monitor)
            run.step(other, second)


def groups_scheduled(run):
    """Case 13: more groups than curves, whose rates a scheduler changes."""
    model = run.keep(nn.Sequential(*[nn.Linear(3, 3) for _ in range(30)]))
    optimizer = run.sgd([{"params": layer.parameters(), "lr": 0.01 / (i + 1)} for i, layer in enumerate(model)])
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    with run.watch(model, optimizer):
        for _ in range(STEPS):
            run.step(model, optimizer)
            scheduler.step()


def group_removed(run):
    """Case 13: a group leaves while its optimizer is watched."""
    model = run.net()
    optimizer = run.sgd([{"params": list(part.parameters()), "lr": 0.1 / (i + 1)} for i, part in enumerate(model)])
    with run.watch(model, optimizer):
        for i in range(STEPS):
            if i == 2:
                optimizer.param_groups.pop()
            run.step(model, optimizer)


def cell_run_again(run):
    """Case 19: a notebook cell that closes nothing."""
    for _ in range(3):
        model = run.net()
        optimizer = run.sgd(model.parameters())
        run.watch(model, optimizer)
        for _ in range(STEPS):
            run.step(model, optimizer)


def cell_interrupted(run):
    """Case 19: a cell that an error ends within a step, run again with the same model and optimizer."""
    model = run.net()
    optimizer = run.sgd(model.parameters())
    for _ in range(3):
        with contextlib.suppress(KeyboardInterrupt):
            run.watch(model, optimizer)
            for i in range(STEPS):
                run.step(model, optimizer)
                if i == 3:
                    model(torch.randn(8, 3))
                    raise KeyboardInterrupt


def writer_before(run, late=False):
    """Case 21: the user's own writer in the same directory."""
    folder = run.folder and run.folder / "run"
    model = run.net()
    optimizer = run.sgd(model.parameters())
    writer = None if late or folder is None else SummaryWriter(str(folder))
    with run.watch(model, optimizer) as monitor:
        for i in range(STEPS):
            run.step(model, optimizer, monitor=monitor)
            if i == 2 and late and folder:
                monitor.writer.flush()
                writer = SummaryWriter(str(folder))
            if writer:
                writer.add_scalar("loss", run.losses[-1], i)
    if writer:
        writer.close()


def writer_after(run):
    """Case 21: the user's own writer, opened during the training."""
    writer_before(run, late=True)


def layers_frozen_at_random(run):
    """Case 22: other layers train at each step."""
    model = run.keep(nn.Sequential(*[nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3)) for _ in range(8)]))
    optimizer = run.sgd(model.parameters())
    with run.watch(model, optimizer):
        for _ in range(4 * STEPS):
            for layer in model[:-1]:
                layer.requires_grad_(random.random() < 0.3)
            run.step(model, optimizer)


def layers_unfrozen_in_turn(run):
    """Case 22: from the last layer to the first, one more trains each second step."""
    model = run.net()
    optimizer = run.sgd(model.parameters())
    parameters = list(model.parameters())
    with run.watch(model, optimizer):
        for i in range(2 * STEPS):
            for number, parameter in enumerate(reversed(parameters)):
                parameter.requires_grad_(number <= i // 2)
            run.step(model, optimizer)


@dataclasses.dataclass
class Batch:
    x: torch.Tensor


class Opaque:
    """An object whose tensors nnviz does not find."""

    def __init__(self, x):
        self._get = lambda: x

    @property
    def x(self):
        return self._get()


class TakesObjects(nn.Module):
    """A network that takes the input of its body from an object."""

    def __init__(self, body):
        super().__init__()
        self.body = body

    def forward(self, batch):
        return self.body(batch.data if isinstance(batch, PackedSequence) else batch.x)


def probe_object(run, make):
    model = run.keep(TakesObjects(run.net()))
    optimizer = run.sgd(model.parameters())
    probe = make(torch.arange(12.0).reshape(4, 3))
    monitor = Unwatched()
    refused = pytest.raises(ValueError, match="Opaque") if run.folder and make is Opaque else contextlib.nullcontext()
    with refused:
        monitor = run.watch(model, optimizer, probe=(probe,), maps_every=2)
    if run.folder and make is not Opaque:
        tb_nnviz.summary(model, (make(torch.ones(4, 3)),))
    with monitor:
        for _ in range(STEPS):
            run.step(model, optimizer, inputs=make(torch.randn(8, 3)))


def probe_dataclass(run):
    """Case 23: the probe is a dataclass."""
    probe_object(run, Batch)


def probe_packed(run):
    """Case 23: the probe is a packed sequence."""
    probe_object(run, lambda x: pack_sequence([x]))


def probe_refused(run):
    """Case 23: the probe is refused, and the training goes on unwatched."""
    probe_object(run, Opaque)


def names_with_surrogates(run):
    """L3: names of layers that UTF-8 cannot encode."""
    model = nn.Sequential()
    for name in ("layer \ud800", "\udfff\ud800", "nul \0", "=1+1"):
        model.add_module(name, nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.2)))
    optimizer = run.sgd(run.keep(model).parameters())
    with run.watch(model, optimizer) as monitor:
        for _ in range(STEPS):
            run.step(model, optimizer)
            monitor.log({"\ud800": run.losses[-1]})


def logs_when_deleted(run):
    """L4: an object logs as it goes, during the training and with the monitor closed."""

    class Owner:
        def __init__(self, monitor):
            self.monitor = monitor

        def __del__(self):
            self.monitor.log(last=1.0)

    model = run.net()
    optimizer = run.sgd(model.parameters())
    monitor = run.watch(model, optimizer)
    kept = Owner(monitor)
    for i in range(STEPS):
        owner = Owner(monitor)
        run.step(model, optimizer)
        del owner
        if i == 3:
            monitor.close()
    del kept


def monitors_dropped(run):
    """L5: monitors that nobody holds or closes, over one model and over many."""
    model = run.net()
    optimizer = run.sgd(model.parameters())
    for i in range(12):
        twin = run.net() if i % 2 else model
        other = run.sgd(twin.parameters()) if i % 2 else optimizer
        monitor = run.watch(twin, other, logdir=f"dropped {i}")
        run.step(twin, other, monitor=monitor)
        if run.folder:
            monitor.writer.flush()
        del monitor
        run.step(model, optimizer)


def training_diverges(run):
    """L6 and L7: a training that ends in NaN, with as many findings as rules."""
    model = run.net(width=6)
    optimizer = run.sgd(model.parameters(), 1e20)
    with run.watch(model, optimizer) as monitor:
        for _ in range(4 * STEPS):
            run.step(model, optimizer, monitor=monitor)
    assert not torch.stack(run.losses).isfinite().all()


def descriptor_closed(run):
    """L8: the descriptor of the event file is closed by other code between two steps."""
    model = run.net()
    optimizer = run.sgd(model.parameters())
    with run.watch(model, optimizer) as monitor:
        for i in range(STEPS):
            run.step(model, optimizer, monitor=monitor)
            if run.folder and i in (1, 3):
                monitor.writer.flush()
                os.close(descriptor_of(run.folder))


def descriptor_of(folder):
    """Return the number of the descriptor that is open on the run's event file."""
    (path,) = (folder / "run").iterdir()
    for number in range(3, 1024):
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(number), path.stat()):
                return number
    raise AssertionError(f"no descriptor of {path}")


CASES = [
    group_added_later,
    groups_scheduled,
    group_removed,
    cell_run_again,
    cell_interrupted,
    writer_before,
    writer_after,
    layers_frozen_at_random,
    layers_unfrozen_in_turn,
    probe_dataclass,
    probe_packed,
    probe_refused,
    names_with_surrogates,
    logs_when_deleted,
    monitors_dropped,
    training_diverges,
    descriptor_closed,
]
