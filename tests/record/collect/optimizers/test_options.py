"""Tests of optimizers' options: they are written once and when they change, and nothing waits for a device."""

from __future__ import annotations

import enum
import functools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import tb_nnviz
from tb_nnviz import schema
from tb_nnviz.record.collect.optimizers.values import plain
from tests.support.event_reader import Run


def documents(logdir: Path) -> dict[int, list[dict[str, Any]]]:
    """Return the optimizers of each document of a run by step."""
    found = Run(logdir).tensors.get(schema.TAG_OPTIMIZERS, {})
    return {step: schema.decode_optimizers(value)["optimizers"] for step, value in found.items()}


def net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))


def train(
    model: nn.Module, optimizers: Any, logdir: Path, steps: int = 4, change: Any = lambda step: None, **options: Any
) -> None:
    steppers = optimizers if isinstance(optimizers, list) else [optimizers]
    with tb_nnviz.watch(model, optimizers, logdir=logdir, **{"every": 1, **options}):
        for step in range(steps):
            change(step)
            models = model.values() if isinstance(model, dict) else [model]
            sum(each(torch.ones(2, 3)).square().sum() for each in models).backward()
            for optimizer in steppers:
                optimizer.step()
                optimizer.zero_grad()


def test_options_are_written_once_with_names_of_all_parameters(tmp_path: Path) -> None:
    model = net()
    groups = [{"params": [model[2].weight], "weight_decay": 0.5}, {"params": [*model[0].parameters(), model[2].bias]}]
    train(model, torch.optim.AdamW(groups, 0.1, betas=(0.8, 0.9)), tmp_path, include="2", every=2)
    ((step, (found,)),) = documents(tmp_path).items()
    assert (step, found["name"], found["foreign"], set(found)) == (0, "AdamW", 0, {"name", "groups", "foreign"})
    first, second = found["groups"]
    assert (first["name"], first["parameters"]) == ("0", ["2.weight"])
    assert (second["name"], second["parameters"]) == ("1", ["0.weight", "0.bias", "2.bias"])
    expected = {"lr": 0.1, "betas": [0.8, 0.9], "eps": 1e-8, "maximize": False, "fused": None, "foreach": None}
    assert expected.items() <= first["options"].items()
    assert (first["options"]["weight_decay"], second["options"]["weight_decay"]) == (0.5, 0.01)
    assert {"params", "param_names"}.isdisjoint(first["options"])


def test_options_of_named_parameters_leave_out_torch_names(tmp_path: Path) -> None:
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    optimizer.param_groups[0]["param_names"] = ["a"] * 4  # as torch 2.6 does for named_parameters()
    train(model, optimizer, tmp_path)
    assert "param_names" not in documents(tmp_path)[0][0]["groups"][0]["options"]


def test_options_of_parameters_of_no_model_are_counted(tmp_path: Path) -> None:
    models = {"G": net(), "D": net()}
    other = [nn.Parameter(torch.ones(2)) for _ in range(3)]
    two = torch.optim.SGD(models["D"].parameters(), 0.1)
    two.param_groups.append({**two.param_groups[0], "params": [other[0], models["D"][0].bias]})
    optimizers = [torch.optim.Adam([*models["G"].parameters(), *other], 0.1), two]
    train(models, optimizers, tmp_path)  # type: ignore[arg-type]
    first, second = documents(tmp_path)[0]
    assert (first["name"], first["foreign"], second["name"], second["foreign"]) == ("Adam", 3, "SGD", 1)
    assert [group["name"] for one in (first, second) for group in one["groups"]] == ["0", "1", "2"]
    assert first["groups"][0]["parameters"] == ["G.0.weight", "G.0.bias", "G.2.weight", "G.2.bias"]
    assert second["groups"][1]["parameters"] == ["D.0.bias"]


def test_options_learning_rate_alone_is_no_change(tmp_path: Path) -> None:
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)

    def change(step: int) -> None:
        optimizer.param_groups[0]["lr"] = 0.1 / (step + 1)

    train(model, optimizer, tmp_path, change=change)
    assert list(documents(tmp_path)) == [0]


def test_options_changed_are_written_after_longer_pauses(tmp_path: Path) -> None:
    model = net()
    optimizer = torch.optim.Adam(model.parameters(), 0.1)

    def change(step: int) -> None:
        optimizer.param_groups[0]["betas"] = (0.9 - step / 100, 0.99)

    train(model, optimizer, tmp_path, 40, change)
    found = documents(tmp_path)
    assert list(found) == [0, 1, 3, 7, 15, 31]
    assert [one[0]["groups"][0]["options"]["betas"][0] for one in found.values()] == [
        0.9 - step / 100 for step in found
    ]


def test_options_changed_once_late_are_written_at_once(tmp_path: Path) -> None:
    model = net()
    optimizer = torch.optim.Adam(model.parameters(), 0.1)
    betas = optimizer.param_groups[0]["betas"] = [0.9, 0.99]  # a list, which is changed in place

    def change(step: int) -> None:
        if step == 5:
            optimizer.param_groups[0]["weight_decay"] = 0.25
        if step == 8:
            betas[0] = 0.5

    train(model, optimizer, tmp_path, 12, change)
    found = documents(tmp_path)
    assert list(found) == [0, 5, 8]
    assert found[5][0]["groups"][0]["options"]["weight_decay"] == 0.25
    assert found[8][0]["groups"][0]["options"]["betas"] == [0.5, 0.99]


def test_options_new_group_or_parameter_is_written_at_once(tmp_path: Path) -> None:
    model = net()
    optimizer = torch.optim.SGD(model[2].parameters(), 0.1)

    def change(step: int) -> None:
        if step in (1, 2):
            optimizer.add_param_group({"params": [model[0].bias if step == 1 else model[0].weight]})
        if step == 4:  # in place, and as many as before
            optimizer.param_groups[2]["params"][0] = nn.Parameter(torch.ones(1))

    train(model, optimizer, tmp_path, 6, change)
    found = documents(tmp_path)
    assert {step: [group["parameters"] for group in one[0]["groups"][1:]] for step, one in found.items()} == {
        0: [],
        1: [["0.bias"]],
        2: [["0.bias"], ["0.weight"]],
        4: [["0.bias"], []],
    }
    assert [one[0]["foreign"] for one in found.values()] == [0, 0, 0, 1]


def test_options_of_lazy_parameters_are_not_foreign(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.LazyLinear(2))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)

    def forward(x: torch.Tensor) -> torch.Tensor:
        forward.calls += 1  # type: ignore[attr-defined]
        return model[1](model[0](x)) if forward.calls > 1 else model[0](x)  # type: ignore[attr-defined]

    forward.calls, model.forward = 0, forward  # type: ignore[attr-defined, method-assign]
    train(model, optimizer, tmp_path, 3)
    found = documents(tmp_path)
    names = ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert {step: (one[0]["groups"][0]["parameters"], one[0]["foreign"]) for step, one in found.items()} == {
        0: (names[:2], 0),
        1: (names, 0),
    }


def test_options_that_are_tensors_become_numbers(tmp_path: Path) -> None:
    model = net()
    group = {"params": list(model.parameters()), "mine": torch.tensor([2.5]), "table": torch.ones(3, 4)}
    optimizer = torch.optim.AdamW([group], torch.tensor(0.5), fused=False, foreach=False)
    changing = torch.tensor(1, dtype=torch.int64)
    optimizer.param_groups[0]["changing"] = [changing, 7]

    def change(step: int) -> None:
        optimizer.param_groups[0]["lr"].fill_(0.25)
        if step == 3:
            changing.add_(1)

    train(model, optimizer, tmp_path, 6, change)
    found = documents(tmp_path)
    assert list(found) == [0, 3]
    options = [one[0]["groups"][0]["options"] for one in found.values()]
    assert [one["changing"] for one in options] == [[1, 7], [2, 7]]
    assert (options[0]["lr"], options[0]["mine"], options[0]["table"]) == (0.25, 2.5, "Tensor [3, 4]")


def test_options_nonfinite_tensor_is_a_text(tmp_path: Path) -> None:
    model = net()
    optimizer = torch.optim.SGD([{"params": list(model.parameters()), "mine": torch.tensor(math.nan)}], 0.0)
    optimizer.param_groups[0]["other"] = -math.inf
    train(model, optimizer, tmp_path, 1)
    options = documents(tmp_path)[0][0]["groups"][0]["options"]
    assert (options["mine"], options["other"]) == ("nan", "-inf")


def test_options_of_a_wrapper_name_what_it_holds(tmp_path: Path) -> None:
    class Wrapper:
        def __init__(self, optimizer: Any) -> None:
            self.optimizer = optimizer

        def step(self) -> None:
            self.optimizer.step()

        def zero_grad(self) -> None:
            self.optimizer.zero_grad()

    model = net()
    train(model, Wrapper(torch.optim.SGD(model.parameters(), 0.1)), tmp_path, 1)
    (found,) = documents(tmp_path)[0]
    assert (found["name"], found["within"], len(found["groups"][0]["parameters"])) == ("Wrapper", ["SGD"], 4)


def test_options_without_optimizer_are_not_written(tmp_path: Path) -> None:
    model = net()
    with tb_nnviz.watch(model, logdir=tmp_path, every=1) as monitor:
        model(torch.ones(2, 3)).sum().backward()
        monitor.step()
    assert documents(tmp_path) == {}


def test_options_are_written_again_after_resumption(tmp_path: Path) -> None:
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)

    def steps(count: int) -> None:
        for _ in range(count):
            model(torch.ones(2, 3)).square().sum().backward()
            optimizer.step()

    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1) as monitor:
        state = monitor.state_dict()
        steps(3)
        monitor.load_state_dict(state)
        steps(2)
    found = [
        event.step
        for event in Run(tmp_path).events
        for value in event.summary.value
        if value.tag == schema.TAG_OPTIMIZERS
    ]
    assert found == [0, 0]


def test_options_that_raise_turn_off_nothing_else(tmp_path: Path) -> None:
    class Odd(dict):  # type: ignore[type-arg]
        def items(self) -> Any:
            raise ValueError("no items")

    model = net()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    optimizer.param_groups[0] = Odd(optimizer.param_groups[0])
    train(model, optimizer, tmp_path, 2)
    run = Run(tmp_path)
    assert schema.TAG_OPTIMIZERS not in run.tensors
    assert list(run.tensors["nnviz/update/norm"]) == [0, 1]


class Level(enum.IntEnum):
    LOW = 3


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (2**62, 2**62),
        (2**70, repr(2**70)),
        (Level.LOW, 3),
        (1e-8, 1e-8),
        (math.inf, "inf"),
        (np.float32(0.5), 0.5),
        (np.array([2.0]), 2.0),
        (np.ones(3), "<ndarray>"),
        ("cosine", "cosine"),
        ("x" * 100, "x" * 77 + "..."),
        ((0.9, None, "a"), [0.9, None, "a"]),
        ([[1, 2]], ["<list of 2>"]),
        (list(range(17)), "<list of 17>"),
        ({"a": torch.ones(2)}, "<dict of 1>"),
        (1 + 2j, "(1+2j)"),
        (torch.float16, "torch.float16"),
        (nn.Linear, "Linear"),
        (math.sqrt, "sqrt"),
        (functools.partial(max, 1), "<partial>"),
        (object(), "<object>"),
        (torch.ones(2, device="meta"), "Tensor [2]"),
        (torch.ones((), device="meta"), "Tensor []"),
        (torch.ones(1, dtype=torch.complex64), "Tensor [1]"),
        (nn.Parameter(torch.ones(2, 2)), "Parameter [2, 2]"),
    ],
)
def test_plain_gives_json_without_reading_tensors(value: Any, expected: Any) -> None:
    assert plain(value, lambda tensor: pytest.fail("a tensor was read")) == expected
