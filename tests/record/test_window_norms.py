"""The norms of gradients between logged steps, which ``window=True`` writes with a finding."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

import tb_nnviz
from tb_nnviz import schema
from tb_nnviz.diagnosis.diagnose import diagnose
from tb_nnviz.logs.event_files import EventFileReader
from tb_nnviz.record.measure.norms import RowNorms
from tb_nnviz.record.pending_step import GradientNorm
from tb_nnviz.record.window_norms import WindowNorms
from tests.support.event_reader import Run
from tests.support.schema_document.reader import Log

STEPS, BAD = 40, 27
#: No rule of what the network does, so that the only finding is that of the loss.
LOSS_ONLY = {"*": None, "loss/nonfinite": {}}


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 8, bias=False), nn.Tanh(), nn.Linear(8, 1))


class Loop:
    """A training whose loss is reported as NaN at one step. It keeps the gradients that each step applies."""

    def __init__(self, accumulate: int = 1, clip: float | None = None, scaler: bool = False, fused: bool = False):
        self.model, self.accumulate, self.clip = net(), accumulate, clip
        self.optimizer = torch.optim.Adam(self.model.parameters(), 0.01, fused=fused)
        self.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10) if scaler else None
        self.applied: list[dict[str, np.ndarray]] = []

    def step(self, step: int) -> None:
        self.optimizer.zero_grad()
        for part in range(self.accumulate):
            x = torch.randn(4, 3, generator=torch.Generator().manual_seed(100 * step + part))
            loss = self.model(x * (math.inf if self.scaler and step == 24 else 1)).square().mean() * (1 + step)
            (loss if self.scaler is None else self.scaler.scale(loss)).backward()
        scale = 1.0
        if self.scaler is not None:
            scale = self.scaler.get_scale()
            if self.clip:
                self.scaler.unscale_(self.optimizer)
                scale = 1.0
        if self.clip:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
        named = self.model.named_parameters()
        self.applied.append({name: p.grad.double().numpy().ravel() / scale for name, p in named})
        if self.scaler is None:
            self.optimizer.step()
        else:
            self.scaler.step(self.optimizer)
            self.scaler.update()


def train(logdir, bad=(BAD,), steps=STEPS, given=False, watched=True, loop=None, **options) -> Loop:
    loop = Loop() if loop is None else loop
    options = {"window": True, "burst": 0, "on_finding": None, "rules": LOSS_ONLY, "histograms_every": None, **options}
    if not watched:
        for step in range(steps):
            loop.step(step)
        return loop
    scaler = loop.scaler if given else None
    with tb_nnviz.watch(loop.model, loop.optimizer, logdir, scaler=scaler, **options) as monitor:
        for step in range(options.get("start_step", 0), steps):
            loop.step(step)
            monitor.log(loss=math.nan if step in bad else 1.0)
    return loop


def dense(run: Run, every: int = 10) -> list[int]:
    return [step for step in run.tensors["nnviz/gradient/norm"] if step not in run.tensors["nnviz/gradient/mean"]]


def norms(log: Log, step: int) -> dict[str, dict[str, float]]:
    return log.statistics("gradient", step)


@pytest.mark.parametrize(
    "setup",
    [{}, {"accumulate": 3}, {"clip": 0.01}, {"accumulate": 2, "clip": 0.1}, {"scaler": True}, {"fused": True}],
    ids=str,
)
@pytest.mark.parametrize("given", [False, True])
def test_window_norms_equal_float64_of_unwatched_run(setup, given, tmp_path):
    expected = train(tmp_path, watched=False, loop=Loop(**setup)).applied
    loop = train(tmp_path, loop=Loop(**setup), given=given)
    found, first, last = dense(Run(tmp_path)), 21, BAD
    if setup.get("scaler"):
        if given:  # the event of the skipped step begins a new window
            first = 25
        else:  # a skipped step that calls no optimizer is not seen
            del expected[24]
            last -= 1
    assert found == list(range(first, last + 1))
    log = Log(tmp_path)
    for step in found:
        rows = norms(log, step)
        assert set(rows) == set(expected[step])
        for name, x in expected[step].items():
            finite = x[np.isfinite(x)]
            norm = np.linalg.norm(finite) if finite.size == x.size else math.nan if np.isnan(x).any() else math.inf
            assert rows[name]["count"] == x.size and rows[name]["nonfinite"] == x.size - finite.size
            assert rows[name]["norm"] == pytest.approx(norm, rel=1e-5, nan_ok=True)
            assert rows[name]["rms"] == pytest.approx(norm / x.size**0.5, rel=1e-5, nan_ok=True)
            assert rows[name].get("finite_norm", norm) == pytest.approx(np.linalg.norm(finite), rel=1e-5)
        total = np.linalg.norm(np.concatenate(list(expected[step].values())))
        assert log.values["nnviz/global/gradient_norm"][step] == pytest.approx(total, rel=1e-5, nan_ok=True)
    assert all(
        map(torch.equal, loop.model.parameters(), train(tmp_path, watched=False, loop=Loop(**setup)).model.parameters())
    )


def test_window_norms_under_fused_scaler_are_unscaled(tmp_path):
    setup = {"scaler": True, "fused": True}
    expected = train(tmp_path, watched=False, loop=Loop(**setup)).applied
    train(tmp_path, loop=Loop(**setup))
    log = Log(tmp_path)
    assert dense(Run(tmp_path)) == list(range(21, BAD + 1))
    for step in (22, 23, 25, 26):
        for name, row in norms(log, step).items():
            assert row["norm"] == pytest.approx(np.linalg.norm(expected[step][name]), rel=1e-5)
    assert list(Run(tmp_path).scalars["nnviz/global/skipped"]) == [24]


def test_window_norms_steps_ascend_in_the_file(tmp_path):
    train(tmp_path, bad=(3, 14, 15, 27), burst=2)
    by_tag: dict[str, list[int]] = {}
    for event in Log(tmp_path).events:
        for tag in event.values:
            by_tag.setdefault(tag, []).append(event.step)
    for tag, steps in by_tag.items():
        assert steps == sorted(set(steps)), tag
    walls = [event.wall_time for event in Log(tmp_path).events if "nnviz/gradient/norm" in event.values]
    assert walls == sorted(walls)


def test_window_norms_only_norms_are_written(tmp_path):
    train(tmp_path)
    run = Run(tmp_path)
    written = {tag for tag, steps in run.tensors.items() if 23 in steps} | {
        tag for tag, s in run.scalars.items() if 23 in s
    }
    names = ("count", "norm", "rms", "nonfinite")
    assert written == {
        *(f"nnviz/gradient/{name}" for name in names),
        "nnviz/layout_id/gradient",
        "nnviz/global/gradient_norm",
        "nnviz/log/loss",
    }


@pytest.mark.parametrize("options", [{"window": False}, {"kinds": ["activation", "update"]}, {"bad": ()}], ids=str)
def test_window_norms_without_reason_are_not_written(options, tmp_path):
    train(tmp_path, **options)
    run = Run(tmp_path)
    assert set(run.tensors.get("nnviz/gradient/norm", {})) <= set(range(0, STEPS, 10))


def test_window_norms_of_a_notice_are_not_written(tmp_path):
    rules = {"*": None, "loss/plateau": {}}
    train(tmp_path, bad=(), rules=rules, steps=400)
    run = Run(tmp_path)
    assert dense(run) == []


def test_window_norms_of_filtered_rows_only(tmp_path):
    train(tmp_path, include="^0")
    log = Log(tmp_path)
    assert set(norms(log, 25)) == {"0.weight", "0.bias"}
    total = log.values["nnviz/global/gradient_norm"][25]
    assert total > np.linalg.norm([row["norm"] for row in norms(log, 25).values()])


def test_window_norms_before_the_first_logged_step(tmp_path):
    train(tmp_path, bad=(5,), start_step=3)
    log = Log(tmp_path)
    assert log.steps("gradient") == [3, 4, 5, 10, 20, 30]
    assert norms(log, 4).keys() == norms(log, 10).keys()
    assert [row["name"] for row in log.rows("gradient", 4)] == [row["name"] for row in log.rows("gradient", 10)]


def test_window_norms_of_a_rule_at_a_logged_step(tmp_path):
    loop = Loop()

    class Zeroed(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            return gradient * 0 if loop.zeroed else gradient

    loop.zeroed = False
    inner = loop.model[2]
    inner.register_forward_hook(lambda module, args, output: Zeroed.apply(output))
    with tb_nnviz.watch(
        loop.model,
        loop.optimizer,
        tmp_path,
        window=True,
        burst=0,
        rules={"*": None, "gradient/zero": {}},
        on_finding=None,
    ):
        for step in range(80):
            loop.zeroed = step >= 33
            loop.step(step)
    log = Log(tmp_path)
    (found,) = [
        finding for payload in log.values["nnviz/findings"].values() for finding in schema.decode_findings(payload)
    ]
    assert found["rule"] == "gradient/zero" and found["severity"] == "severe"
    assert dense(Run(tmp_path)) == list(range(found["step"] - 9, found["step"]))
    assert norms(log, found["step"] - 1)["0.weight"]["norm"] == 0


def test_window_norms_with_the_first_nonfinite_value(tmp_path):
    loop = Loop()
    with tb_nnviz.watch(loop.model, loop.optimizer, tmp_path, window=True, burst=0, on_finding=None):
        for step in range(26):
            if step == 25:
                loop.optimizer.zero_grad()
                (loop.model(torch.randn(4, 3)) * math.inf).sum().backward()
                loop.optimizer.step()
            else:
                loop.step(step)
    log = Log(tmp_path)
    assert dense(Run(tmp_path)) == [21, 22, 23, 24, 25]
    assert norms(log, 24)["0.weight"]["norm"] > 0
    assert norms(log, 25)["4.weight"]["nonfinite"] == 8 and norms(log, 25)["4.weight"]["finite_norm"] == 0


def test_window_norms_several_optimizers_and_models(tmp_path):
    models = {"a": net(), "b": net()}
    optimizers = [torch.optim.SGD(model.parameters(), 0.01) for model in models.values()]
    applied = []
    with tb_nnviz.watch(
        models, optimizers, tmp_path, window=True, burst=0, rules=LOSS_ONLY, on_finding=None
    ) as monitor:
        for step in range(8):
            applied.append({})
            for (key, model), optimizer in zip(models.items(), optimizers, strict=True):
                for _ in range(1 + (key == "a")):  # a steps twice, and its last step counts
                    optimizer.zero_grad()
                    model(torch.randn(2, 3)).sum().backward()
                    for name, p in model.named_parameters():
                        applied[-1][f"{key}.{name}"] = p.grad.double().norm().item()
                    optimizer.step()
            monitor.log(loss=math.nan if step == 7 else 1.0)
    log = Log(tmp_path)
    assert dense(Run(tmp_path)) == list(range(1, 8))
    for step in range(1, 8):
        assert {name: row["norm"] for name, row in norms(log, step).items()} == pytest.approx(applied[step], rel=1e-5)


def test_window_norms_of_a_closure_are_of_its_last_call(tmp_path):
    model = net()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=3)
    applied = {}
    with tb_nnviz.watch(model, optimizer, tmp_path, window=True, burst=0, rules=LOSS_ONLY, on_finding=None) as monitor:
        for step in range(5):

            def closure(step=step):
                optimizer.zero_grad()
                loss = (model(torch.ones(2, 3)) - 1).square().mean()
                loss.backward()
                applied[step] = {name: p.grad.double().norm().item() for name, p in model.named_parameters()}
                return loss

            optimizer.step(closure)
            monitor.log(loss=math.nan if step == 4 else 1.0)
    log = Log(tmp_path)
    for step in (1, 2, 3, 4):
        assert {name: row["norm"] for name, row in norms(log, step).items()} == pytest.approx(applied[step], rel=1e-5)


def test_window_norms_without_optimizer_are_read_at_close(tmp_path):
    model = net()
    with tb_nnviz.watch(model, logdir=tmp_path, window=True, burst=0, rules=LOSS_ONLY, on_finding=None) as monitor:
        for step in range(5):
            model.zero_grad()
            (model(torch.ones(2, 3)) * (step + 1)).sum().backward()
            monitor.step()
            monitor.log(loss=math.nan if step == 4 else 1.0)
    log = Log(tmp_path)
    assert [norms(log, step)["4.bias"]["norm"] for step in range(1, 5)] == [4, 6, 8, 10]


def test_window_norms_absent_and_new_parameters(tmp_path):
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with tb_nnviz.watch(model, optimizer, tmp_path, window=True, burst=0, rules=LOSS_ONLY, on_finding=None) as monitor:
        for step in range(9):
            if step == 3:
                model[0].bias.requires_grad_(False)
            if step == 5:
                model[4] = nn.Sequential(nn.Linear(8, 1), nn.Linear(1, 1))
                optimizer.add_param_group({"params": list(model[4].parameters())})
            optimizer.zero_grad()
            model(torch.randn(2, 3)).sum().backward()
            optimizer.step()
            monitor.log(loss=math.nan if step == 8 else 1.0)
    log = Log(tmp_path)
    assert dense(Run(tmp_path)) == list(range(1, 9))
    old = {"0.weight", "0.bias", "2.weight", "4.weight", "4.bias"}
    assert set(norms(log, 2)) == old and set(norms(log, 3)) == old - {"0.bias"}
    assert set(norms(log, 6)) == {"0.weight", "2.weight", "4.0.weight", "4.0.bias", "4.1.weight", "4.1.bias"}


def test_window_norms_of_abandoned_steps_are_dropped(tmp_path):
    loop = Loop()
    with tb_nnviz.watch(
        loop.model, loop.optimizer, tmp_path, window=True, burst=0, rules=LOSS_ONLY, on_finding=None
    ) as monitor:
        for step in range(8):
            loop.step(step)
        monitor.load_state_dict({**monitor.state_dict(), "step": 3})
        for step in range(3, 7):
            loop.step(step)
            monitor.log(loss=math.nan if step == 6 else 1.0)
    assert dense(Run(tmp_path)) == [3, 4, 5, 6]


def test_window_norms_leave_the_findings_of_a_check(tmp_path):
    """A check of the log gives what training found, with the same steps, although the log has more steps."""
    rules = {"loss/plateau": None, "loss/stuck": None}
    train(tmp_path, bad=(14, 27), rules=rules, burst=20, steps=60)
    logged = [one for found in Log(tmp_path).values["nnviz/findings"].values() for one in schema.decode_findings(found)]
    assert dense(Run(tmp_path))
    diagnosis = diagnose(EventFileReader(str(tmp_path)), ".", rules)
    assert {(one.rule, one.since, one.step) for one in diagnosis.findings} == {
        (one["rule"], one["since"], one["step"]) for one in logged
    }
    assert not [one for one in diagnosis.missing if "no value" in str(one)]


def kept(most_steps: int = 1000, most_bytes: int = 2**20) -> tuple[WindowNorms, list[tuple[int, int]]]:
    written: list[tuple[int, int]] = []
    return WindowNorms(
        lambda step, wall, entries: written.append((step, len(entries))), most_steps, most_bytes
    ), written


def add(held: WindowNorms, step: int, rows: int = 2) -> None:
    names = [f"{i}.weight" for i in range(rows)]
    layout = schema.Layout(
        "gradient", tuple(schema.Row(n, n, 0, "Linear", (2,), 2, "float32", "weight", True) for n in names)
    )
    sums = RowNorms(names, [2] * rows, np.ones((rows, 3)) * [1, 0, 0])
    held.add(step, float(step), layout, GradientNorm(1.0, 1.0, 0.0), sums)


@pytest.mark.parametrize(("limits", "left"), [((5, 2**20), 5), ((1000, 48 * 7), 7), ((1000, 47), 0)])
def test_window_norms_are_bounded_and_keep_the_newest(limits, left):
    held, written = kept(*limits)
    for step in range(20):
        add(held, step)
    assert len(held) == left
    held.release(19)
    assert sorted({step for step, _ in written}) == list(range(20 - left, 20)) and len(held) == 0


def test_window_norms_write_each_layout_once():
    held, written = kept()
    for step in range(3):
        add(held, step)
    held.release(2)
    add(held, 3)
    add(held, 4, rows=3)
    held.release(4)
    assert [step for step, entries in written if entries == 1] == [0, 4]


def test_window_norms_are_released_at_close(tmp_path):
    loop = Loop()
    monitor = tb_nnviz.watch(loop.model, loop.optimizer, tmp_path, window=True, rules=LOSS_ONLY)
    for step in range(8):
        loop.step(step)
    monitor.writer.flush()
    held = monitor._session._events._norms
    assert len(held) == 7
    monitor.close()
    assert len(held) == 0
