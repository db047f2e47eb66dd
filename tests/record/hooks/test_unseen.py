"""torch.compile and TorchScript do not see the hooks: the same graphs, the same results, and training goes on."""

import copy
import gc
import io
import pickle
import weakref

import pytest
import torch
from torch import nn

import tb_nnviz
from tb_nnviz import schema
from tb_nnviz.record.hooks import unseen
from tb_nnviz.record.hooks.handles import Hook
from tb_nnviz.record.hooks.shared import is_shared
from tests.support.cases import compiled
from tests.support.cases.compiled import SCENARIOS, WIDTH, Net, Plain, Trial
from tests.support.event_reader import Run

#: Dynamo, TorchScript and export raise warnings of their own.
pytestmark = pytest.mark.filterwarnings("ignore")

OPTIONS = {"all": {"every": 1}, "some": {"every": 3}, "none": {"every": 1000, "start_step": 1}}
#: Dynamo breaks at nnviz's hooks where it would have broken within the optimizer's step anyway.
BREAKS_FEWER = (compiled.whole_step, compiled.optimizer_step)
UNSEEN_STEPS = (compiled.optimizer_step_whole, compiled.optimizer_hooks_whole)


def trained(scenario, *args, **options):
    trial = Trial(*args, **options)
    scenario(trial)
    trial.end()
    return trial


def small(logdir, model=None, **options):
    model = model or nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    return model, tb_nnviz.watch(model, torch.optim.SGD(model.parameters(), 0.1), logdir, every=1, **options)


def hooks_of(model):
    dicts = [d for m in model.modules() for d in (m._forward_pre_hooks, m._forward_hooks)]
    return [hook for hooks in dicts for hook in hooks.values()]


def notices(logdir):
    events = Run(logdir).tensors.get(schema.TAG_NOTICES, {})
    return schema.decode_notices(list(events.values())[-1]) if events else []


@pytest.mark.slow
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_compiled_training_is_as_unwatched(scenario, options, tmp_path):
    plain, watched = trained(scenario), trained(scenario, tmp_path, **options)
    assert plain.losses or scenario is compiled.optimizer_hooks_whole
    assert watched.result() == plain.result()
    assert watched.graphs == plain.graphs
    assert watched.breaks <= plain.breaks if scenario in BREAKS_FEWER else watched.breaks == plain.breaks


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_compiled_training_leaves_no_hook_behind(scenario, tmp_path):
    for model in trained(scenario, tmp_path, every=1).models:
        inner = getattr(model, "_orig_mod", model)
        assert not any(isinstance(hook, Hook) or is_shared(hook) for hook in hooks_of(inner))


@pytest.mark.slow
@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if s not in UNSEEN_STEPS], ids=lambda s: s.__name__)
def test_compiled_training_has_rows_of_parameters(scenario, tmp_path):
    trial = trained(scenario, tmp_path, every=1)
    name = "a" if scenario is compiled.two_of_one_class else "run"
    run = Run(tmp_path / name)
    rows = {key for key, _ in getattr(trial.models[0], "_orig_mod", trial.models[0]).named_parameters()}
    for kind in ("parameter", "gradient", "update"):
        assert run.statistics(kind, 1).keys() == rows
        assert all(values["count"] > 0 for values in run.statistics(kind, 1).values())


def test_compiled_model_is_one_notice_with_kinds(tmp_path, caplog):
    trained(compiled.evaluation_between, tmp_path, every=1)
    (found,) = notices(tmp_path / "run")
    assert found.reason.startswith("no activations of 6 layers (blocks.0.linear, blocks.0.act, blocks.1.linear ...)")
    assert found.kinds == ("activation", "activation_gradient")
    assert caplog.messages.count(found.reason) == 1


def test_uncompiled_model_has_no_notice_of_compilation(tmp_path):
    model, monitor = small(tmp_path)
    with monitor:
        model(torch.ones(1, 3)).sum().backward()
        monitor.step()
    assert notices(tmp_path) == []


def test_step_in_whole_graph_is_one_notice(tmp_path):
    torch._dynamo.reset()
    model = Net()
    optimizer = Plain(model.parameters())
    step = torch.compile(optimizer.step, backend="eager", fullgraph=True)
    with tb_nnviz.watch(model, optimizer, tmp_path, every=1) as monitor:
        for _ in range(3):
            model(torch.ones(1, WIDTH)).sum().backward()
            step()
            monitor.step()
    assert any("monitor.step()" in notice.reason for notice in notices(tmp_path))
    assert len(Run(tmp_path).tensors["nnviz/layout_id/gradient"]) == 3


def test_compiled_function_that_logs_is_recorded(tmp_path):
    torch._dynamo.reset()
    model = nn.Linear(3, 4)
    monitor = tb_nnviz.watch(model, logdir=tmp_path, every=1)

    @torch.compile(backend="eager")
    def step(x):
        loss = model(x).sum()
        loss.backward()
        monitor.clip_grad_norm_(1.0)
        monitor.step()
        monitor.log(loss=loss)
        return loss

    with monitor:
        for _ in range(3):
            step(torch.ones(2, 3))
    assert len(Run(tmp_path).scalars["nnviz/log/loss"]) == 3


def test_modules_left_eager_keep_their_activations(tmp_path):
    """Only the blocks are compiled, and one of the eager layers has a hook of the user."""
    torch._dynamo.reset()
    model = Net(blocks=2)
    model.out.register_forward_hook(lambda module, args, output: output * 2)
    for block in model.blocks:
        block.compile(backend="eager")
    with tb_nnviz.watch(model, torch.optim.SGD(model.parameters(), 0.1), tmp_path, every=1) as monitor:
        for _ in range(3):
            model(torch.ones(4, WIDTH)).sum().backward()
            monitor.step()
    run = Run(tmp_path)
    assert (
        sorted(run.statistics("activation", 2)) == sorted(run.statistics("activation_gradient", 2)) == ["drop", "out"]
    )
    assert run.statistics("activation", 2)["out"]["count"] == 8


def copies(model):
    saved = io.BytesIO()
    torch.save(model, saved)
    saved.seek(0)
    return {
        "itself": model,
        "a part": model[0],
        "a copy": copy.deepcopy(model),
        "a copy of a part": copy.deepcopy(model[0]),
        "a pickle": pickle.loads(pickle.dumps(model)),
        "a file": torch.load(saved, weights_only=False),
    }


@pytest.mark.parametrize("name", ["itself", "a part", "a copy", "a copy of a part", "a pickle", "a file"])
def test_watched_model_is_scripted_traced_and_exported(name, tmp_path):
    model, monitor = small(tmp_path, probe=torch.ones(2, 3))
    x = torch.ones(2, 3)
    with monitor:
        model(x).sum().backward()
        monitor.step()
        taken = copies(model)[name]
        for program in (
            torch.jit.script(taken),
            torch.jit.trace(taken, x),
            torch.export.export(taken, (x,)).module(),
            torch.export.export(taken, (x,), strict=True).module(),
            torch.fx.symbolic_trace(taken),
        ):
            with torch.no_grad():
                assert torch.equal(program(x), taken(x))
        model(x).sum().backward()
        monitor.step()
    assert Run(tmp_path).statistics("activation", 1)["0"]["count"] == 8


def test_copies_have_no_hooks(tmp_path):
    torch._dynamo.reset()
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    own = model[0].register_forward_hook(lambda module, args, output: None)
    del own
    _, monitor = small(tmp_path, model)
    with monitor:
        for _ in range(2):  # hooks of their own, and then those that share one
            copied = copy.deepcopy(model)
            assert len(hooks_of(copied)) == 1
            torch.compile(model, backend="eager")(torch.ones(2, 3))
    assert len(hooks_of(model)) == 1


def test_order_of_hooks_after_scripting_is_as_before(tmp_path):
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    model[0].register_forward_hook(lambda module, args, output: output + 1)
    _, monitor = small(tmp_path, model)
    model[0].register_forward_hook(lambda module, args, output: output + 1)
    before = hooks_of(model)
    with monitor:
        with pytest.raises(Exception, match="function"):  # TorchScript does not take the user's own hook
            torch.jit.script(model)
        assert hooks_of(model) == before


def test_closed_monitors_leave_torch_as_it_was(tmp_path):
    from torch._dynamo.callback import callback_handler

    def state():
        names = torch._dynamo.utils.nnmodule_has_hooks, torch.jit._recursive.create_script_module
        return (*names, sorted(vars(callback_handler)))

    gc.collect()  # monitors that other tests have dropped
    before = state()
    _, first = small(tmp_path / "a")
    _, second = small(tmp_path / "b")
    assert state() != before
    first.close()
    assert state() != before
    second.close()
    assert state() == before


def test_monitor_closed_while_compiling_leaves_no_hook(tmp_path):
    torch._dynamo.reset()
    model, monitor = small(tmp_path)

    def backend(graph, inputs):
        monitor.close()
        return graph.forward

    called = torch.compile(model, backend=backend)
    called(torch.ones(2, 3))
    assert hooks_of(model) == []
    assert unseen._depth == 0  # hooks of later runs are hidden again


def test_unclosed_monitor_ends_with_its_model(tmp_path):
    """Also if shared hooks hold its hooks."""
    torch._dynamo.reset()
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    model[0].register_forward_hook(lambda module, args, output: None)
    _, monitor = small(tmp_path, model)
    torch.compile(model, backend="eager")(torch.ones(2, 3))
    assert any(is_shared(hook) for hook in hooks_of(model))
    session = weakref.ref(monitor._session)
    del monitor, model, _
    torch._dynamo.reset()
    gc.collect()
    assert session() is None
