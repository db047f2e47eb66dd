"""Models that use checkpoints, TorchScript, threads, replicas or the fast path of encoder layers."""

import threading

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from tests.support.odd_models.backward import TwoLayers
from tests.support.odd_models.base import OddModel


class Checkpointed(OddModel):
    """Nested checkpointed segments with dropout, and a layer that several of them share."""

    rows = ("stem", "inner.0", "inner.1", "inner.0#1", "inner.1#1", "inner.0#2", "inner.1#2", "tail", "tail#1")

    def __init__(self, outer, inner):
        super().__init__()
        self.outer_reentrant, self.inner_reentrant, self.direct = outer, inner, False
        self.stem, self.tail = nn.Linear(4, 4), nn.Linear(4, 4)
        self.inner = nn.Sequential(nn.Linear(4, 4), nn.Tanh())
        self.double()  # checkpoints change the order of summation

    def _run(self, function, x, reentrant):
        # The expected values are recorded from the same model without checkpoints.
        return function(x) if self.direct else checkpoint(function, x, use_reentrant=reentrant, preserve_rng_state=True)

    def _segment(self, x):
        x = F.dropout(self.tail(self._run(self.inner, x, self.inner_reentrant)), 0.2)
        return self._run(self.inner, x, self.inner_reentrant)

    def forward(self, x):
        x = self._run(self._segment, self.stem(x), self.outer_reentrant)
        return self.tail(self._run(self.inner, x, self.outer_reentrant))

    def batches(self, step):
        return [torch.randn(5, 4).double(), torch.randn(3, 4).double()]

    def train_step(self, recorder, step):
        self.direct = recorder.records
        loss = super().train_step(recorder, step)
        self.direct = False
        return loss


class Scripted(OddModel):
    """A model with a scripted part, which takes no hooks."""

    rows = ("head",)

    def __init__(self):
        super().__init__()
        self.body, self.head = torch.jit.script(nn.Sequential(nn.Linear(4, 4), nn.ReLU())), nn.Linear(4, 1)

    def forward(self, x):
        return self.head(self.body(x))


class Threads(TwoLayers):
    """A model that is called from threads at step 0, and whose replicas are called later, as in DataParallel.

    The threads run one after the other, so that sums are taken in the same order.
    """

    def train_step(self, recorder, step):
        x, losses = torch.randn(2, 5, 4), []

        def work(model, x):
            recorder.new_pass()
            losses.append(model(x).square().mean())

        models = [self, self]
        if step:  # the recorder's hooks are on the model itself
            models = [self, self] if recorder.records else [replica(self), replica(self)]
        for model, part in zip(models, x, strict=True):
            thread = threading.Thread(target=work, args=(model, part))
            thread.start()
            thread.join()
        loss = losses[0] + losses[1]
        loss.backward()
        return loss.item()


def replica(module):
    """Return a replica of a module, as torch.nn.parallel.replicate makes it per device."""
    twin = module._replicate_for_data_parallel()
    twin._modules = {name: replica(child) for name, child in module._modules.items()}
    for name, parameter in module._parameters.items():
        setattr(twin, name, parameter.view_as(parameter))
    return twin


class Encoder(OddModel):
    """Encoder layers in training and evaluation. In evaluation they take a fast path, unless their modules have hooks.

    The frozen layers take it in training too. The recorder leaves them out, because its hooks would change the path.
    """

    rows = tuple(f"trained.layers.0.{name}" for name in ("self_attn", "linear1", "linear2", "norm1", "norm2"))
    unobserved = "frozen"

    def __init__(self):
        super().__init__()
        layers = [nn.TransformerEncoderLayer(4, 2, 8, 0.0, batch_first=True) for _ in range(2)]
        self.frozen, self.trained = (nn.TransformerEncoder(layer, 1, enable_nested_tensor=False) for layer in layers)
        self.frozen.requires_grad_(False).eval()
        self.rows = (*self.rows, *(f"trained.layers.0.dropout{i}" for i in ("", "1", "2")))

    def batches(self, step):
        return [torch.randn(3, 5, 4)]

    def forward(self, x):
        return self.trained(self.frozen(x))

    def train_step(self, recorder, step):
        x = torch.randn(3, 5, 4)
        recorder.new_pass(recorded=False)
        self.trained.eval()
        with torch.no_grad():
            found = self.trained(x).sum() + self.eval()(x).sum()
        self.train()
        self.frozen.eval()
        return super().train_step(recorder, step) + found.item()
