"""Tests of every module in PyTorch's own database on all its sample inputs: unchanged and logged right.

No module is left out. All samples of a module form one model with one monitor.
"""

import copy

import pytest
import torch
from torch import nn

import tb_nnviz
from tests.support import oracle
from tests.support.event_reader import Run
from tests.support.module_database import module_database
from tests.support.odd_models.recorder import CallRecorder
from tests.support.tensors import floating_tensors_in, same_bits, tensors_in

DATABASE = {info.name: info for info in module_database()}
#: Fewer samples suffice for float64, which differs in the code of the statistics only.
MOST_IN_FLOAT64 = 40


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Use one thread: on small tensors and a busy machine, threads wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Sample(nn.Module):
    """A module with one of its sample inputs. Its loss depends on all outputs."""

    def __init__(self, module, sample):
        super().__init__()
        self.inner = module
        self.args, self.kwargs = sample.forward_input.args, sample.forward_input.kwargs

    def leaves(self):
        return [tensor for tensor in tensors_in([self.args, self.kwargs]) if tensor.requires_grad]

    def forward(self, scale):
        def given(value):  # copies, because some modules write to their input
            if isinstance(value, torch.Tensor):
                return value.clone() if value.requires_grad else value
            return type(value)(map(given, value)) if type(value) in (list, tuple) else value

        output = self.inner(*map(given, self.args), **{name: given(value) for name, value in self.kwargs.items()})
        found = [torch.view_as_real(x) if x.is_complex() else x for x in floating_tensors_in(output)]
        return sum((x * scale.to(x.dtype)).square().sum().double() for x in found), [x.detach() for x in found]


class Samples(nn.Module):
    """All samples of a module, with a parameter for modules that have none."""

    def __init__(self, info, dtype):
        super().__init__()
        torch.manual_seed(0)
        self.samples, self.scale = nn.ModuleList(), nn.Parameter(torch.tensor(1.5))
        # Some modules, such as losses, are the same in training and in evaluation.
        for training in (True, False) if info.train_and_eval_differ else (True,):
            samples = info.module_inputs_func(info, "cpu", dtype, requires_grad=True, training=training)
            for sample in samples if dtype == torch.float32 else samples[:MOST_IN_FLOAT64]:
                given = sample.constructor_input
                module = info.module_cls(*given.args, **given.kwargs).to(dtype).train(training)
                self.samples.append(Sample(module, sample))

    def forward(self):
        outputs = [sample(self.scale) for sample in self.samples]
        return sum(loss for loss, _ in outputs), [x for _, found in outputs for x in found]


def train(info, dtype, logdir=None, record=False):
    """Return the tensors after one step of training, the parameters' names, and the recorder."""
    model = Samples(info, dtype)
    optimizer = torch.optim.SGD(model.parameters(), 1e-3)
    quiet = {"histograms_every": None, "on_finding": None}  # some gradients are NaN
    monitor = logdir and tb_nnviz.watch(model, optimizer, logdir=logdir, every=1, **quiet)
    recorder = CallRecorder(model) if record else None
    torch.manual_seed(1)
    loss, outputs = model()
    loss.backward()
    before = [copy.deepcopy(parameter.detach()) for parameter in model.parameters()]
    gradients = [parameter.grad for parameter in model.parameters()]
    inputs = [leaf.grad for sample in model.samples for leaf in sample.leaves()]
    optimizer.step()
    after = [*model.parameters(), *model.buffers(), torch.get_rng_state()]
    if monitor:
        monitor.close()
    names = [name for name, _ in model.named_parameters()]
    return (
        {"output": outputs, "gradient": gradients, "input": inputs, "before": before, "after": after},
        names,
        recorder,
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("name", sorted(DATABASE))
@pytest.mark.filterwarnings("ignore")
def test_watch_torch_module_changes_nothing_and_equals_numpy(name, dtype, tmp_path, caplog):
    info = DATABASE[name]
    plain, _, _ = train(info, dtype)
    watched, _, _ = train(info, dtype, logdir=tmp_path)
    recorded, names, recorder = train(info, dtype, record=True)
    for what in plain:
        assert same_bits(plain[what], recorded[what]), f"{what} is not deterministic, so the comparison is meaningless"
        assert same_bits(plain[what], watched[what]), f"{what} differs when watched"
    assert not caplog.records, caplog.text

    expected = {
        "parameter": {n: [p] for n, p in zip(names, recorded["before"], strict=True)},
        "gradient": {n: [g] for n, g in zip(names, recorded["gradient"], strict=True) if g is not None},
        "activation": recorder.activation,
        "activation_gradient": recorder.activation_gradient,
    }
    run = Run(tmp_path)
    for kind, rows in expected.items():
        rows = {row: torch.cat([part.double().flatten() for part in parts]) for row, parts in rows.items()}
        rows = {row: x for row, x in rows.items() if x.numel()}
        found = run.statistics(kind, 0) if rows else {}
        assert {row for row in found if found[row]["count"]} == set(rows), kind
        for row, x in rows.items():
            left_out = () if "finite_norm" in found[row] else ("finite_norm", "finite_absmax")
            truth = oracle.statistics(x)
            oracle.assert_statistics(found[row], truth, set(truth) - set(left_out), f"{kind} {row}")
