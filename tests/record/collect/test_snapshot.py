"""Updates within a memory budget: exact if measured, else absent, and each parameter in its turn."""

import logging

import pytest
import torch
from torch import nn

import tb_nnviz
from tb_nnviz.record.collect.snapshot import LEAST_BYTES, Snapshot
from tests.support import oracle
from tests.support.event_reader import Run


def updates(logdir, steps, **options):
    """Return the updates of each step, computed by hand, and the log."""
    torch.manual_seed(0)
    model = nn.Sequential(*(nn.Linear(8, 8, bias=False) for _ in range(5)), nn.Linear(8, 32, bias=False))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    truth = []
    with tb_nnviz.watch(model, optimizer, logdir=logdir, every=1, histograms_every=None, **options):
        for _ in range(steps):
            optimizer.zero_grad()
            model(torch.randn(4, 8)).square().sum().backward()
            before = {name: p.detach().clone() for name, p in model.named_parameters()}
            optimizer.step()
            truth.append({name: p.detach() - before[name] for name, p in model.named_parameters()})
    return truth, Run(logdir)


def test_snapshot_over_budget_rows_take_turns(tmp_path, caplog):
    truth, run = updates(tmp_path, 10, snapshot_bytes=2 * 8 * 8 * 4)
    seen = {name: [] for name in truth[0]}
    for step in range(10):
        rows = run.statistics("update", step)
        assert {row["name"] for row in run.rows("update", step)} == set(truth[0])
        for name, row in rows.items():
            if row["count"]:
                seen[name].append(step)
                names = set(oracle.statistics(truth[step][name])) - {"finite_norm", "finite_absmax"}
                oracle.assert_statistics(row, truth[step][name], names)
        assert sum(row["count"] > 0 for row in rows.values()) == 2, "as many as fit"
    assert seen.pop("5.weight") == [], "too large by itself"
    assert all(len(steps) == 4 for steps in seen.values()), "each in its turn"
    said = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert len(said) == 1 and "no update of 5.weight" in said[0] and "snapshot_bytes" in said[0]


def test_snapshot_within_budget_measures_all_updates(tmp_path):
    _, run = updates(tmp_path, 3)
    assert all(row["count"] for row in run.statistics("update", 2).values())


def test_snapshot_zero_budget_measures_no_update(tmp_path):
    _, run = updates(tmp_path, 2, snapshot_bytes=0)
    assert all(row["count"] == 0 for row in run.statistics("update", 1).values())
    assert all(row["count"] for row in run.statistics("gradient", 1).values())


@pytest.mark.parametrize(("numel", "budget"), [(10, LEAST_BYTES), (2 * 10**9, 160_000_000)])
def test_snapshot_default_budget_grows_with_parameters(numel, budget):
    parameter = nn.Parameter(torch.empty(numel, device="meta"))
    assert Snapshot().budget([parameter]) == budget


def test_snapshot_replaced_parameters_are_released(tmp_path):
    snapshot = Snapshot()
    old, new = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(2, 2))
    snapshot.choose([old])
    first = snapshot.buffer(old)
    snapshot.choose([old])
    assert snapshot.buffer(old) is first, "memory is used again"
    snapshot.choose([new])
    assert snapshot.take(old) is None and snapshot.buffer(old) is None and snapshot.buffer(new).shape == (2, 2)
