"""Tests of the monitor: logged scalars, overhead, resumed training and close."""

import time
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import nn

import tb_nnviz
from tests.support.event_reader import Run
from tests.support.small_net import net, sgd, train


def test_close_removes_all_hooks(tmp_path):
    model = net()
    optimizer = sgd(model)

    def hooks():
        return [
            *(hook for m in model.modules() for hook in (*m._forward_hooks, *m._forward_pre_hooks, *m._backward_hooks)),
            *optimizer._optimizer_step_pre_hooks,
            *optimizer._optimizer_step_post_hooks,
        ]

    before = {key: set(vars(module)) for key, module in model.named_modules()}
    state = list(model.state_dict())
    monitor = tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1)
    train(model, optimizer, 2, monitor)
    assert hooks()
    assert before == {key: set(vars(module)) for key, module in model.named_modules()}
    assert list(model.state_dict()) == state
    monitor.close()
    monitor.close()
    assert not hooks()
    train(model, optimizer, 2)


def test_close_then_step_writes_nothing(tmp_path):
    model = net()
    optimizer = sgd(model)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1) as monitor:
        train(model, optimizer, 2, monitor)
    train(model, optimizer, 2)
    monitor.step()
    assert list(Run(tmp_path).tensors["nnviz/gradient/norm"]) == [0, 1]


def test_monitor_exception_in_loop_keeps_logged_steps(tmp_path):
    model = net()

    def interrupted():
        with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=1) as monitor:
            train(model, monitor._session.optimizers[0].given, 2, monitor)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(Run(tmp_path).tensors["nnviz/gradient/norm"]) == [0, 1]


def test_monitor_resumed_continues_at_saved_step(tmp_path):
    model = net()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=2) as monitor:
        train(model, monitor._session.optimizers[0].given, 5, monitor)
        state = monitor.state_dict()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=2) as monitor:
        monitor.load_state_dict(state)
        train(model, monitor._session.optimizers[0].given, 3, monitor)
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=2, start_step=8) as monitor:
        train(model, monitor._session.optimizers[0].given, 1, monitor)
        with pytest.raises(ValueError, match="invalid state"):
            monitor.load_state_dict({})
    run = Run(tmp_path)
    assert list(run.tensors["nnviz/gradient/norm"]) == [0, 2, 4, 6, 8]
    assert list(run.scalars["nnviz/log/loss"]) == list(range(9))
    layouts = [v for e in run.events for v in e.summary.value if v.tag == "nnviz/layout/gradient"]
    assert len(layouts) == 3, "every writer that continues the run writes the layout again"


def test_log_between_passes_takes_closed_or_open_step(tmp_path):
    model = net()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, start_step=5) as monitor:
        monitor.log(before=1.0)
        loss = model(torch.ones(1, 4)).sum()
        monitor.log(during=loss)
        loss.backward()
        monitor._session.optimizers[0].given.step()
        monitor.log(after=torch.tensor([2.0], dtype=torch.float64))
        loss = model(torch.ones(1, 4)).sum()
        monitor.log(during=loss)
    found = {tag.rpartition("/")[2]: list(steps) for tag, steps in Run(tmp_path).scalars.items() if "/log/" in tag}
    assert found == {"before": [5], "during": [5, 6], "after": [5]}


def test_log_tensor_changed_later_keeps_its_value(tmp_path):
    model, value = net(), torch.tensor(1.0)
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path) as monitor:
        monitor.log(value=value)
        value.fill_(7.0)
    assert Run(tmp_path).scalars["nnviz/log/value"][0] == 1.0


def test_log_not_a_scalar_warns_once(tmp_path, caplog):
    model = net()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path) as monitor:
        for _ in range(3):
            monitor.log(loss="high", grid=torch.ones(3), array=np.zeros(2), good=1)
    assert [record.message for record in caplog.records] == [
        "invalid scalar loss: 'high' (a number, or a tensor of one element)",
        "invalid scalar grid: tensor([1., 1., 1.]) (a number, or a tensor of one element)",
        "invalid scalar array: array([0., 0.]) (a number, or a tensor of one element)",
    ]
    assert list(Run(tmp_path).scalars) == ["nnviz/log/good"]


def test_overhead_is_seconds_and_share_of_time(tmp_path):
    model = net()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=1) as monitor:
        train(model, monitor._session.optimizers[0].given, 3, monitor)
        monitor.writer.flush()
        before = time.perf_counter()
        seconds, share = monitor.overhead
        assert seconds > 0 and share == pytest.approx(seconds / (before - monitor._started), rel=0.2)


class Odd:
    """A value whose methods raise."""

    def __float__(self):
        raise RuntimeError("not now")

    def __repr__(self):
        raise RuntimeError("nor this")


GOOD = {
    "int": (7, 7.0),
    "bool": (True, 1.0),
    "decimal": (Decimal("0.5"), 0.5),
    "fraction": (Fraction(1, 4), 0.25),
    "numpy scalar": (np.float16(0.5), 0.5),
    "numpy array": (np.array([[2.0]]), 2.0),
    "tensor": (torch.tensor([[3.0]], dtype=torch.float64, requires_grad=True), 3.0),
    "parameter": (nn.Parameter(torch.tensor(4.0)), 4.0),
    "sparse": (torch.tensor([5.0]).to_sparse(), 5.0),
    "integer tensor": (torch.tensor(8), 8.0),
    "infinity": (float("inf"), float("inf")),
    "large": (10**30, np.float32(1e30)),
}
BAD = [
    None, "0.5", b"1.5", 1j, 10**400, 10**5000, [1.0], object(), Odd(), torch.ones(2), torch.tensor(1j), np.ones(3),
    torch.tensor(1.0, device="meta"), torch.empty(0), float, nn.Linear(1, 1),
]  # fmt: skip


def test_log_takes_a_dict_like_keywords(tmp_path):
    model = net()
    cyclic = {"a": 1.0}
    cyclic["self"] = cyclic
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path) as monitor:
        monitor.log({"loss": 0.5})
        monitor.log({"loss": 0.25, "train": {"acc": {"top1": 0.75}}}, lr=0.125)
        monitor.log({1: 2.0, ("a", 2): 3.0, None: 4.0})
        monitor.log({name: value for name, (value, _) in GOOD.items()})
        monitor.log(cyclic)
        monitor.log({})
        monitor.log()
    found = {tag.removeprefix("nnviz/log/"): values[0] for tag, values in Run(tmp_path).scalars.items()}
    assert found["loss"] == 0.25 and found["train/acc/top1"] == 0.75 and found["lr"] == 0.125
    assert found["1"] == 2.0 and found["('a', 2)"] == 3.0 and found["None"] == 4.0 and found["a"] == 1.0
    assert {name: found[name] for name in GOOD} == {name: expected for name, (_, expected) in GOOD.items()}


def test_log_reports_bad_values_and_keeps_the_others(tmp_path, caplog):
    model = net()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path) as monitor:
        for number, value in enumerate(BAD):
            monitor.log({f"bad{number}": value, "good": float(number)})
            monitor.log({f"bad{number}": value})
        for value in (0.5, [1.0], "loss", None, Odd()):
            monitor.log(value, good=-1.0)
        monitor.log(**{f"other{number}": None for number in range(500)})
        monitor.log(good=-2.0)
    assert Run(tmp_path).scalars["nnviz/log/good"][0] == -2.0
    assert not [tag for tag in Run(tmp_path).scalars if "/bad" in tag]
    said = [record.getMessage() for record in caplog.records]
    assert sum("invalid scalar bad" in one for one in said) == len(BAD)
    assert len(said) <= 22 and all(len(one) < 200 for one in said)
    assert not [record for record in caplog.records if record.exc_info], "no part is turned off"
