"""Tests of optimizers that wrap another: watched by their own step, harmless, and restored on close."""

import copy
import pickle

import numpy as np
import pytest
import torch
from torch import nn

import tb_nnviz
from tests.support.event_reader import Run
from tests.support.odd_models.wrapped_optimizers import WRAPPERS, Forwarding, Lookahead, NoSuper, Schedule

STEPS = 4


def train(wrap, logdir=None, before=None):
    """Return the updates and the final parameters, and log them if there is a directory."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    base = torch.optim.Adam(model.parameters(), lr=0.05)
    optimizer = wrap(base)
    monitor = tb_nnviz.watch(model, optimizer, logdir=logdir, every=1) if logdir else None
    updates = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        model(torch.randn(5, 3)).square().mean().backward()
        start = [p.detach().clone() for p in model.parameters()]
        optimizer.step()
        updates.append([p.detach() - s for p, s in zip(model.parameters(), start, strict=True)])
        if monitor:
            monitor.log(loss=1.0)
    if monitor:
        monitor.close()
    return model, optimizer, updates


@pytest.mark.parametrize("name", WRAPPERS)
@pytest.mark.filterwarnings("ignore")
def test_wrapper_logs_its_own_updates_and_the_state_within(name, tmp_path, caplog):
    _, _, expected = train(WRAPPERS[name])
    model, _, updates = train(WRAPPERS[name], tmp_path)
    for step, (with_watch, without) in enumerate(zip(updates, expected, strict=True)):
        assert all(map(torch.equal, with_watch, without)), f"step {step}: bit-identical"
    run = Run(tmp_path)
    assert sorted(run.tensors["nnviz/update/norm"]) == list(range(STEPS))
    for step in range(STEPS):
        found = run.statistics("update", step)
        for (row, _), update in zip(model.named_parameters(), updates[step], strict=True):
            np.testing.assert_allclose(found[row]["norm"], update.norm(), rtol=1e-5, err_msg=f"{row} at {step}")
        assert all(row["count"] > 0 for row in run.statistics("gradient", step).values())
    if name != "plain object":
        moments = run.statistics("optimizer", STEPS - 1)
        assert all(row["first_moment_norm"] > 0 for row in moments.values())
    if name not in ("plain object", "step of the base class"):
        assert all(row["effective_step_size"] > 0 for row in moments.values())
    assert sorted(run.scalars["nnviz/global/learning_rate/0"]) == list(range(STEPS))
    assert not [record for record in caplog.records if record.name == "tb_nnviz"]


@pytest.mark.parametrize("name", WRAPPERS)
@pytest.mark.filterwarnings("ignore")
def test_wrapper_has_no_trace_after_close(name, tmp_path):
    _, plain, _ = train(WRAPPERS[name])
    _, watched, _ = train(WRAPPERS[name], tmp_path)
    attributes = [set(getattr(one, "__dict__", ())) for one in (plain, watched)]
    assert attributes[0] == attributes[1]
    for one in (watched, *getattr(watched, "__dict__", {}).values()):
        for hooks in ("_optimizer_step_pre_hooks", "_optimizer_step_post_hooks"):
            assert not getattr(one, "__dict__", {}).get(hooks)
    assert type(watched.step).__module__ in ("builtins", "functools")


@pytest.mark.parametrize("base", [NoSuper, Lookahead, Schedule], ids=lambda base: base.__name__)
def test_copies_of_a_watched_wrapper_are_plain(base, tmp_path):
    # torch changes the class of an optimizer that is copied
    wrap = base if base is Schedule else type("Copied", (base,), {"step": base.step})
    model = nn.Linear(2, 1)
    optimizer = wrap(torch.optim.SGD(model.parameters(), 0.1))
    names = set(vars(optimizer))
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        copied = copy.copy(optimizer)
        assert "step" not in vars(copied) and "step" in vars(optimizer)
        _, deep = copy.deepcopy((model, optimizer))
        assert "step" not in vars(deep)
        if wrap is Schedule:  # the others lose their attributes, as torch's optimizers do
            loaded = pickle.loads(pickle.dumps(optimizer))
            assert set(vars(loaded)) == names and loaded.optimizer is not optimizer.optimizer
            loaded.step()
            deep.step()
        for one in (copied, optimizer):
            for group in getattr(one, "param_groups", []):
                assert group["params"] == list(model.parameters())
    assert set(vars(optimizer)) == names
    assert not Run(tmp_path).tensors, "steps of copies do not count"


@pytest.mark.parametrize("late", [False, True])
def test_wrapper_with_a_scheduler_counts_every_step(late, tmp_path):
    model = nn.Linear(2, 1)
    optimizer = NoSuper(torch.optim.SGD(model.parameters(), 0.1))

    def schedule():
        return torch.optim.lr_scheduler.StepLR(optimizer, 1)

    scheduler = None if late else schedule()
    method = vars(optimizer).get("step")
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        scheduler = schedule() if late else scheduler
        for _ in range(3):
            model(torch.ones(1, 2)).sum().backward()
            optimizer.step()
            scheduler.step()
    assert sorted(Run(tmp_path).tensors["nnviz/update/norm"]) == [0, 1, 2]
    assert late or vars(optimizer)["step"] is method
    optimizer.step()
    assert scheduler.last_epoch == 3


def test_wrapper_that_accumulates_counts_steps_of_the_inner(tmp_path):
    accelerate = pytest.importorskip("accelerate")
    torch.manual_seed(0)
    accelerator = accelerate.Accelerator(cpu=True, gradient_accumulation_steps=3)
    model = nn.Linear(2, 1)
    model, optimizer = accelerator.prepare(model, torch.optim.SGD(model.parameters(), 0.1))
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1) as monitor:
        for _ in range(9):
            with accelerator.accumulate(model):
                accelerator.backward(model(torch.ones(4, 2)).sum())
                optimizer.step()
                optimizer.zero_grad()
        assert monitor.state_dict()["step"] == 3
    run = Run(tmp_path)
    assert run.statistics("activation", 1)[""]["count"] == 12, "three passes of four samples"
    assert run.statistics("update", 1)["bias"]["norm"] == pytest.approx(0.4)


class Micro(NoSuper):
    """A wrapper that steps at every second call, with arithmetic of its own."""

    calls = 0

    @torch.no_grad()
    def step(self, closure=None):
        self.calls += 1
        if self.calls % 2 == 0:
            for p in self.param_groups[0]["params"]:
                p.sub_(p.grad)


def test_wrapper_that_changes_parameters_itself_counts(tmp_path):
    model = nn.Linear(2, 1)
    optimizer = Micro(torch.optim.SGD(model.parameters(), 0.1))
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1) as monitor:
        for _ in range(4):
            model(torch.ones(1, 2)).sum().backward()
            optimizer.step()
        assert monitor.state_dict()["step"] == 2


@pytest.mark.parametrize("wrap", [NoSuper, Schedule, Forwarding], ids=lambda wrap: wrap.__name__)
def test_scaler_skips_a_step_within_a_wrapper(wrap, tmp_path):
    class Scaled(wrap):
        def step(self):
            scaler.step(base)
            scaler.update()

    model = nn.Linear(2, 1)
    base, scaler = torch.optim.SGD(model.parameters(), 0.1), torch.amp.GradScaler("cpu", init_scale=8.0)
    optimizer = Scaled(base)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=2, scaler=scaler, rules={"*": None}):
        for factor in (1.0, torch.inf, 1.0, 1.0):
            optimizer.zero_grad()
            scaler.scale(model(torch.ones(1, 2)).sum() * factor).backward()
            optimizer.step()
    run = Run(tmp_path)
    assert run.scalars["nnviz/global/skipped"] == {0: 0.0, 1: 1.0, 2: 0.0}
    assert run.statistics("gradient", 1)["bias"]["nonfinite"] == 1
    assert vars(scaler).keys() & {"step", "__getstate__"} == set()


def test_step_that_raises_in_a_wrapper_reaches_the_program(tmp_path):
    class Failing(NoSuper):
        fail = True

        def step(self, closure=None):
            if self.fail:
                raise MemoryError("of the user")
            return super().step(closure)

    model = nn.Linear(2, 1)
    optimizer = Failing(torch.optim.SGD(model.parameters(), 0.1))
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        model(torch.ones(1, 2)).sum().backward()
        with pytest.raises(MemoryError, match="of the user"):
            optimizer.step()
        optimizer.fail = False
        optimizer.step()
    assert list(Run(tmp_path).tensors["nnviz/update/norm"]) == [0]


def test_closure_through_a_wrapper_is_measured(tmp_path):
    torch.manual_seed(0)
    model = nn.Linear(2, 1)
    optimizer = NoSuper(torch.optim.LBFGS(model.parameters(), max_iter=2))

    def closure():
        optimizer.zero_grad()
        loss = model(torch.ones(1, 2)).square().sum()
        loss.backward()
        return loss

    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        assert optimizer.step(closure) > 0
    assert Run(tmp_path).statistics("gradient", 0)["bias"]["count"] == 1


class Frozen:
    """A wrapper that takes no attribute."""

    __slots__ = ("optim",)

    def __init__(self, optim):
        self.optim = optim

    def step(self):
        self.optim.step()


class Empty:
    def step(self):
        pass


def test_wrapper_that_cannot_be_watched_is_named_with_advice(tmp_path):
    model = nn.Linear(2, 1)
    with pytest.raises(TypeError, match=r"steps of Frozen cannot be watched.*pass the SGD within it.*monitor\.step"):
        tb_nnviz.watch(model, Frozen(torch.optim.SGD(model.parameters(), 0.1)), logdir=tmp_path)
    with pytest.raises(TypeError, match=r"Empty has no parameter groups.*torch\.optim\.Optimizer that it steps"):
        tb_nnviz.watch(model, Empty(), logdir=tmp_path)
    with pytest.raises(ValueError, match="none of the 2 parameters of NoSuper is the model's"):
        tb_nnviz.watch(model, NoSuper(torch.optim.SGD(nn.Linear(2, 1).parameters(), 0.1)), logdir=tmp_path)
    assert not list(tmp_path.iterdir()) and not model._forward_hooks
