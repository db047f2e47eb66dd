"""The operations of a training loop, with and without ``watch``."""

from torch import nn

import tb_nnviz


class Loop:
    """A training loop without ``watch``."""

    def start(self, models, optimizers, scaler=None):
        """Take a model, or models by name, and their optimizers and scaler."""
        self.models = models if isinstance(models, dict) else {"": models}
        self.optimizers, self.scaler = optimizers, scaler

    def backward(self, loss):
        loss.backward()

    def clip(self, max_norm):
        nn.utils.clip_grad_norm_(next(iter(self.models.values())).parameters(), max_norm)

    def step(self, optimizer, closure=None):
        if self.scaler is not None:
            self.scaler.step(optimizer)
        elif closure is not None:
            optimizer.step(closure)
        else:
            optimizer.step()

    def end(self, loss):
        """End a step."""


class WatchedLoop(Loop):
    """A training loop with ``watch``."""

    def __init__(self, logdir, **options):
        self.options = {"logdir": logdir, "every": 1, "histograms_every": 2, "on_finding": None, **options}

    def start(self, models, optimizers, scaler=None):
        super().start(models, optimizers, scaler)
        self.monitor = tb_nnviz.watch(models, optimizers or None, scaler=scaler, **self.options)

    def clip(self, max_norm):
        self.monitor.clip_grad_norm_(max_norm)

    def end(self, loss):
        if not self.optimizers:
            self.monitor.step()
        self.monitor.log(loss=loss.detach())
