"""Trainings of two processes, watched by nobody, by the first, or by all.

Run as a program: ``python -m tests.support.cases.ranks RANK FOLDER WHO``. It writes what each training computed to a
file.
"""

import json
import logging
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import torch
from torch import distributed as dist
from torch import nn

import tb_nnviz
from tests.support.paths import ROOT


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))


def batch(step, poisoned=False):
    """Return a batch of this rank's own. The last one of the second rank can have a NaN."""
    x = torch.randn(6, 4, generator=torch.Generator().manual_seed(10 * step + dist.get_rank()))
    if poisoned and step == 2 and dist.get_rank() == 1:
        x[0, 0] = float("nan")
    return x


def train(model, optimizer, monitor, poisoned=False, clip=False):
    losses = []
    for step in range(3):
        out = model(batch(step, poisoned))
        loss = torch.where(out.isnan(), 0.0, out).square().mean()
        loss.backward()
        if clip and monitor is not None:
            monitor.clip_grad_norm_(1e3)
        elif clip:
            nn.utils.clip_grad_norm_(model.parameters(), 1e3)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        if monitor is not None:
            monitor.log(loss=loss)
    if monitor is not None:
        monitor.close()
    locals_ = [getattr(parameter, "_local_tensor", parameter) for parameter in model.parameters()]
    return losses, [tensor.tolist() for tensor in locals_]


class Watching:
    """Watches if this rank does, into one folder per scenario, or into one per rank."""

    def __init__(self, folder, who, name, **options):
        self.active = who == "all" or (who == "first" and dist.get_rank() == 0)
        self.folder, self.options = folder / name, options

    def __call__(self, model, optimizer, own=False, **options):
        if not self.active:
            return None
        folder = self.folder / f"own{dist.get_rank()}" if own else self.folder
        return tb_nnviz.watch(model, optimizer, folder, every=1, window=True, **options)


def adam(model):
    return torch.optim.AdamW(model.parameters(), 1e-2)


def ddp(watch):
    model = nn.parallel.DistributedDataParallel(net())
    optimizer = adam(model)
    return train(model, optimizer, watch(model, optimizer, probe=torch.ones(2, 4), maps_every=1), poisoned=True)


def own_folders(watch):
    model = nn.parallel.DistributedDataParallel(net())
    optimizer = adam(model)
    return train(model, optimizer, watch(model, optimizer, own=True))


def users_writer(watch):
    from torch.utils.tensorboard import SummaryWriter

    model = nn.parallel.DistributedDataParallel(net())
    optimizer = adam(model)
    monitor = None
    if watch.active:
        monitor = tb_nnviz.watch(model, optimizer, writer=SummaryWriter(watch.folder), every=1)
    return train(model, optimizer, monitor)


def mesh():
    return dist.device_mesh.init_device_mesh("cpu", (2,))


def fsdp2(watch):
    from torch.distributed.fsdp import fully_shard

    model = net()
    for layer in (model[0], model[2], model):
        fully_shard(layer, mesh=mesh())
    optimizer = adam(model)
    monitor = watch(model, optimizer, probe=torch.ones(2, 4), maps_every=1, tracked_weights=4)
    return train(model, optimizer, monitor, clip=dist.get_world_size() == 2 and watch.clip)


def fsdp2_later(watch):
    """The model is sharded after it is watched."""
    from torch.distributed.fsdp import fully_shard

    model = net()
    monitor = watch(model, None)
    fully_shard(model, mesh=mesh())
    optimizer = adam(model)
    losses, values = [], []
    for step in range(3):
        loss = model(batch(step)).square().mean()
        loss.backward()
        if monitor is not None:
            monitor.step()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    if monitor is not None:
        monitor.close()
    values = [parameter._local_tensor.tolist() for parameter in model.parameters()]
    return losses, values


def fsdp2_partly(watch):
    """The last layer is replicated by hand, and has rows of its own."""
    from torch.distributed.fsdp import fully_shard

    model = net()
    fully_shard(model[0], mesh=mesh())
    optimizer = adam(model)
    return train(model, optimizer, watch(model, optimizer))


def fsdp1(watch, **options):
    from torch.distributed.fsdp import FullyShardedDataParallel

    model = FullyShardedDataParallel(net(), device_id=torch.device("cpu"), **options)
    optimizer = adam(model)
    return train(model, optimizer, watch(model, optimizer, probe=torch.ones(2, 4), maps_every=1))


def fsdp1_original(watch):
    return fsdp1(watch, use_orig_params=True)


def fsdp1_flat(watch):
    return fsdp1(watch, use_orig_params=False)


def tensor_parallel(watch):
    from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

    model = parallelize_module(net(), mesh(), {"0": ColwiseParallel(), "2": RowwiseParallel()})
    optimizer = adam(model)
    return train(model, optimizer, watch(model, optimizer, probe=torch.ones(2, 4), maps_every=1))


def logs_dtensor(watch):
    """A loss that is a DTensor is no scalar to be logged."""
    from torch.distributed.tensor import DTensor, Replicate

    model = nn.parallel.DistributedDataParallel(net())
    monitor = watch(model, None)
    loss = DTensor.from_local(torch.ones(1), mesh(), [Replicate()], run_check=False)
    if monitor is not None:
        monitor.log(loss=loss)
        monitor.clipped(loss, 1.0)
        monitor.close()
    return [], []


def summary(watch):
    from torch.distributed.fsdp import fully_shard

    model = net()
    fully_shard(model, mesh=mesh())
    try:
        if watch.active:
            tb_nnviz.summary(model, torch.ones(2, 4))
    except ValueError as error:
        return [str(error)], []
    return [], []


SCENARIOS = (
    ddp,
    own_folders,
    users_writer,
    fsdp2,
    fsdp2_later,
    fsdp2_partly,
    fsdp1_original,
    fsdp1_flat,
    tensor_parallel,
    logs_dtensor,
    summary,
)


class _Lines(logging.Handler):
    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def main(rank, folder, who):
    folder = Path(folder)
    store = f"file://{folder}/store_{who}"
    dist.init_process_group("gloo", init_method=store, rank=rank, world_size=2, timeout=timedelta(seconds=60))
    results = {}
    for scenario in SCENARIOS:
        lines = _Lines()
        logging.getLogger("tb_nnviz").addHandler(lines)
        watch = Watching(folder / who, who, scenario.__name__)
        watch.clip = who != "first"
        losses, values = scenario(watch)
        dist.barrier()
        logging.getLogger("tb_nnviz").removeHandler(lines)
        results[scenario.__name__] = {"losses": losses, "values": values, "lines": lines.lines}
    (folder / f"{who}_{rank}.json").write_text(json.dumps(results))
    dist.destroy_process_group()


def run(folder, who):
    """Run all scenarios on two processes, and return the results of each."""
    environment = {**os.environ, "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "tests.support.cases.ranks"]
    started = [
        subprocess.Popen([*command, str(rank), str(folder), who], cwd=ROOT, env=environment, stderr=subprocess.PIPE)
        for rank in range(2)
    ]
    try:
        for process in started:
            _, error = process.communicate(timeout=400)
            assert process.returncode == 0, error.decode()[-3000:]
    finally:
        for process in started:
            process.kill()
    return [json.loads((folder / f"{who}_{rank}.json").read_text()) for rank in range(2)]


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
