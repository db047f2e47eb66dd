"""The ways in which people train, each as one loop that can be run plainly, watched, or with a float64 account kept.

A mode is a function of a ``Tap``: it makes models and optimizers, hands them to ``tap.start``, and does its
backward passes, clips and steps through the tap. It returns its losses.
"""

import contextlib
import random

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

import tb_nnviz

STEPS = 6


class Tap:
    """Runs a mode as it is."""

    def start(self, models, optimizers, scaler=None):
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
        """The step is over."""


class Watched(Tap):
    """Runs a mode with ``watch``."""

    def __init__(self, logdir, **options):
        self.options = {"logdir": logdir, "every": 1, "histograms_every": 2, "on_finding": None, **options}
        self.clips = False

    def start(self, models, optimizers, scaler=None):
        super().start(models, optimizers, scaler)
        self.monitor = tb_nnviz.watch(models, optimizers or None, scaler=scaler, **self.options)

    def clip(self, max_norm):
        self.monitor.clip_grad_norm_(max_norm)

    def end(self, loss):
        if not self.optimizers:
            self.monitor.step()
        self.monitor.log(loss=loss.detach())


class Account(Tap):
    """Writes down what a mode does, with copies taken where they are at hand: ``steps[t][kind][row]``."""

    def start(self, models, optimizers, scaler=None):
        super().start(models, optimizers, scaler)
        self.steps, self.in_backward = [], False
        self._new_step()
        names = {}
        for prefix, model in self.models.items():
            model.register_forward_pre_hook(lambda module, args: self.calls.clear())
            for name, parameter in model.named_parameters():
                names.setdefault(parameter, f"{prefix}.{name}".lstrip("."))
            for name, module in model.named_modules():
                if not list(module.children()):
                    module.register_forward_hook(self._hook(f"{prefix}.{name}".lstrip(".")))
        self.names = names
        self.calls = {}

    def _new_step(self):
        kinds = ("parameter", "gradient", "update", "activation", "activation_gradient")
        self.now = {kind: {} for kind in kinds}
        self.stepped = set()

    def _hook(self, name):
        def hook(module, args, output):
            if not self.in_backward:
                root = next(m for prefix, m in self.models.items() if name.startswith(prefix))
                if not (root.training and (torch.is_grad_enabled() or self.checkpointed)):
                    return
                call = self.calls.get(name, 0)
                self.calls[name] = call + 1
                self.now["activation"].setdefault(f"{name}#{call}" if call else name, []).append(
                    output.detach().clone()
                )
            else:
                call = 0  # recomputed: no mode checkpoints a shared module
            if output.requires_grad:
                row = f"{name}#{call}" if call else name
                keep = self.now["activation_gradient"]
                output.register_hook(lambda g: keep.setdefault(row, []).append(g.detach().clone()))

        return hook

    checkpointed = False

    def backward(self, loss):
        self.in_backward = True
        loss.backward()
        self.in_backward = False

    def _copies(self, optimizer):
        return {p: p.detach().clone() for group in optimizer.param_groups for p in group["params"]}

    def step(self, optimizer, closure=None):
        last = {}

        def noted():
            loss = closure()
            for parameter in before:
                if parameter.grad is not None:
                    last[parameter] = dense(parameter.grad)
            return loss

        before = self._copies(optimizer)
        if closure is None:
            unscaled = getattr(self, "unscaled", False)
            scale = self.scaler.get_scale() if self.scaler is not None and not unscaled else 1.0
            last = {p: exact(dense(p.grad)) / scale for p in before if p.grad is not None}
        super().step(optimizer, closure and noted)
        for parameter, value in before.items():
            name = self.names[parameter]
            self.now["parameter"][name] = [value]
            self.now["gradient"].pop(name, None)
            self.now["update"].pop(name, None)
            if parameter in last:
                self.now["gradient"][name] = [last[parameter]]
                self.now["update"][name] = [exact(parameter.detach()) - exact(value)]
        self.stepped.add(optimizer)
        if len(self.stepped) == len(self.optimizers):
            self._close()

    def _close(self):
        for parameter, name in self.names.items():
            self.now["parameter"].setdefault(name, [parameter.detach().clone()])
        self.steps.append(self.now)
        self._new_step()

    def end(self, loss):
        if not self.optimizers:
            for parameter, name in self.names.items():
                if parameter.grad is not None:
                    self.now["gradient"][name] = [parameter.grad.clone()]
            self._close()


def exact(tensor):
    return tensor.to(torch.complex128 if tensor.is_complex() else torch.float64)


def dense(gradient):
    return gradient.to_dense() if gradient.is_sparse else gradient.clone()


def run(mode, tap):
    """Losses, and all that training leaves behind: parameters, buffers, random states."""
    torch.manual_seed(0)
    np.random.seed(0)
    random.seed(0)
    losses = MODES[mode](tap)
    left = [t.detach().clone() for model in tap.models.values() for t in (*model.parameters(), *model.buffers())]
    generators = [torch.get_rng_state(), np.random.rand(3).tolist(), random.random()]
    if isinstance(tap, Watched):
        tap.monitor.close()
    return losses, left, generators


class Net(nn.Module):
    """Convolution, norm, in-place and shared modules, dropout."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.relu = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True)
        self.drop, self.fc, self.head = nn.Dropout(0.2), nn.Linear(16, 16), nn.Linear(16, 3)

    def forward(self, x):
        x = self.relu(self.norm(self.conv(x)))
        x = self.drop(F.adaptive_avg_pool2d(x, 2).flatten(1))
        return self.head(self.relu(self.fc(self.fc(x))))


def batches(count=STEPS):
    generator = torch.Generator().manual_seed(1)
    for _ in range(count):
        yield torch.randn(8, 1, 6, 6, generator=generator), torch.randint(0, 3, (8,), generator=generator)


def simple(tap, model, optimizer, clip=None, cast=contextlib.nullcontext, dtype=torch.float32):
    tap.start(model, [optimizer])
    losses = []
    for x, y in batches():
        optimizer.zero_grad()
        with cast():
            loss = F.cross_entropy(model(x.to(dtype)), y)
        tap.backward(loss)
        if clip is not None:
            tap.clip(clip)
        tap.step(optimizer)
        tap.end(loss)
        losses.append(loss.detach())
    return losses


def plain(tap):
    model = Net()
    return simple(tap, model, torch.optim.SGD(model.parameters(), 0.1, momentum=0.9))


def adamw_groups(tap):
    model = Net()
    decay = [p for p in model.parameters() if p.dim() > 1]
    rest = [p for p in model.parameters() if p.dim() <= 1]
    return simple(
        tap, model, torch.optim.AdamW([{"params": decay}, {"params": rest, "weight_decay": 0.0, "lr": 1e-3}], 1e-2)
    )


def clipping(tap):
    model = Net()
    return simple(tap, model, torch.optim.SGD(model.parameters(), 0.1), clip=0.5)


def double(tap):
    model = Net().double()
    return simple(tap, model, torch.optim.Adam(model.parameters(), 1e-2), dtype=torch.float64)


def autocast(tap):
    model = Net()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    return simple(tap, model, optimizer, cast=lambda: torch.autocast("cpu", torch.bfloat16))


def bfloat16(tap):
    model = Net().bfloat16()
    return simple(tap, model, torch.optim.SGD(model.parameters(), 1e-3), dtype=torch.bfloat16)


def accumulation(tap):
    model = Net()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    tap.start(model, [optimizer])
    losses = []
    for step, (x, y) in enumerate(batches(3 * STEPS)):
        loss = F.cross_entropy(model(x), y) / 3
        tap.backward(loss)
        if step % 3 == 2:
            tap.clip(0.5)
            tap.step(optimizer)
            optimizer.zero_grad()
            tap.end(loss)
        losses.append(loss.detach())
    return losses


def scaling(fused, dtype=torch.float16, unscale=False, overflow=False):
    def mode(tap):
        model = Net()
        optimizer = torch.optim.AdamW(model.parameters(), 1e-2, fused=fused)
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10, growth_interval=2)
        tap.start(model, [optimizer], scaler)
        tap.unscaled = unscale
        losses = []
        for step, (x, y) in enumerate(batches()):
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype):
                loss = F.cross_entropy(model(x), y)
            scaled = scaler.scale(loss)
            if overflow and step in (0, 4):
                scaled = scaled * 1e38 * 1e38
            tap.backward(scaled)
            if unscale:
                scaler.unscale_(optimizer)
                tap.clip(0.5)
            tap.step(optimizer)
            scaler.update()
            tap.end(loss)
            losses.append(loss.detach())
        return [*losses, torch.tensor(scaler.get_scale())]

    return mode


def gan(tap):
    g = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 6))
    d = nn.Sequential(nn.Linear(6, 8), nn.LeakyReLU(), nn.Linear(8, 1))
    opt_g, opt_d = torch.optim.Adam(g.parameters(), 1e-3), torch.optim.Adam(d.parameters(), 1e-2)
    tap.start({"G": g, "D": d}, [opt_g, opt_d])
    losses = []
    for _ in range(STEPS):
        real, noise = torch.randn(8, 6), torch.randn(8, 4)
        for _ in range(2):  # the critic steps more often
            opt_d.zero_grad()
            loss = F.softplus(d(g(noise).detach())).mean() + F.softplus(-d(real)).mean()
            tap.backward(loss)
            tap.step(opt_d)
        opt_g.zero_grad()
        loss = F.softplus(-d(g(noise))).mean()
        tap.backward(loss)
        tap.step(opt_g)
        tap.end(loss)
        losses.append(loss.detach())
    return losses


def lbfgs(tap):
    model = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer = torch.optim.LBFGS(model.parameters(), 0.5, max_iter=3, line_search_fn="strong_wolfe")
    tap.start(model, [optimizer])
    x, losses = torch.randn(16, 5), []

    def closure():
        optimizer.zero_grad()
        loss = (model(x) - x.sum(1, keepdim=True)).square().mean()
        tap.backward(loss)
        return loss

    for _ in range(STEPS):
        tap.step(optimizer, closure)
        loss = (model(x) - x.sum(1, keepdim=True)).square().mean()
        tap.end(loss)
        losses.append(loss.detach())
    return losses


def frozen(tap):
    model = Net()
    model.fc.requires_grad_(False)
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    tap.start(model, [optimizer])
    losses = []
    for step, (x, y) in enumerate(batches()):
        model.fc.requires_grad_(step >= 2)
        model.conv.requires_grad_(step < 4)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        tap.backward(loss)
        tap.step(optimizer)
        tap.end(loss)
        losses.append(loss.detach())
    return losses


def in_backward(tap):
    model = Net()
    optimizers = {p: torch.optim.Adam([p], 1e-2, foreach=False) for p in model.parameters()}
    tap.start(model, list(optimizers.values()))

    def apply(parameter):
        tap.step(optimizers[parameter])
        optimizers[parameter].zero_grad()

    for parameter in model.parameters():
        parameter.register_post_accumulate_grad_hook(apply)
    losses = []
    for x, y in batches():
        loss = F.cross_entropy(model(x), y)
        tap.backward(loss)
        tap.end(loss)
        losses.append(loss.detach())
    return losses


def evaluation(tap):
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    tap.start(model, [optimizer])
    losses = []
    for x, y in batches():
        model.eval()
        model(x)
        model.train()
        with torch.no_grad():
            model(x)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        tap.backward(loss)
        with torch.inference_mode():
            model(x + 1)
        tap.step(optimizer)
        tap.end(loss)
        losses.append(loss.detach())
    return losses


class Deep(nn.Module):
    def __init__(self, reentrant):
        super().__init__()
        self.reentrant = reentrant
        self.stem, self.head = nn.Linear(6, 8), nn.Linear(8, 3)
        self.body = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Dropout(0.1), nn.Linear(8, 8))

    def forward(self, x):
        return self.head(checkpoint(self.body, self.stem(x), use_reentrant=self.reentrant))


def checkpointing(reentrant):
    def mode(tap):
        tap.checkpointed = True
        model = Deep(reentrant)
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        tap.start(model, [optimizer])
        losses = []
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = model(torch.randn(8, 6)).square().mean()
            tap.backward(loss)
            tap.step(optimizer)
            tap.end(loss)
            losses.append(loss.detach())
        return losses

    return mode


def sparse(tap):
    embedding, head = nn.Embedding(20, 4, sparse=True), nn.Linear(4, 2)
    model = nn.Sequential(embedding, head)
    optimizers = [torch.optim.SparseAdam(embedding.parameters(), 1e-2), torch.optim.SGD(head.parameters(), 0.1)]
    tap.start(model, optimizers)
    losses = []
    for _ in range(STEPS):
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss = model(torch.randint(0, 20, (6, 3))).square().mean()
        tap.backward(loss)
        for optimizer in optimizers:
            tap.step(optimizer)
        tap.end(loss)
        losses.append(loss.detach())
    return losses


class ComplexNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4, dtype=torch.complex64)
        self.scale = nn.Parameter(torch.ones((), dtype=torch.complex64))
        self.empty = nn.Parameter(torch.empty(0))

    def forward(self, x):
        return (self.fc(x) * self.scale).abs().square().mean()


def complex_numbers(tap):
    model = ComplexNet()
    optimizer = torch.optim.SGD([model.fc.weight, model.fc.bias, model.scale], 0.1)
    tap.start(model, [optimizer])
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = model(torch.randn(8, 4, dtype=torch.complex64))
        tap.backward(loss)
        tap.step(optimizer)
        tap.end(loss)
        losses.append(loss.detach())
    return losses


def by_hand(tap):
    model = Net()
    tap.start(model, [])
    losses = []
    for x, y in batches():
        model.zero_grad()
        loss = F.cross_entropy(model(x), y)
        tap.backward(loss)
        tap.end(loss)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= 0.1 * parameter.grad
        losses.append(loss.detach())
    return losses


MODES = {
    "plain SGD": plain,
    "AdamW, parameter groups": adamw_groups,
    "gradient clipping": clipping,
    "float64": double,
    "bfloat16 autocast": autocast,
    "bfloat16 parameters": bfloat16,
    "gradient accumulation, clipping": accumulation,
    "float16, GradScaler": scaling(False),
    "float16, GradScaler, fused": scaling(True),
    "float16, GradScaler, unscale_ and clip": scaling(False, unscale=True),
    "float16, GradScaler, fused, unscale_ and clip": scaling(True, unscale=True),
    "float16, GradScaler, skipped steps": scaling(False, overflow=True),
    "float16, GradScaler, fused, skipped steps": scaling(True, overflow=True),
    "bfloat16, GradScaler": scaling(False, torch.bfloat16),
    "bfloat16, GradScaler, fused": scaling(True, torch.bfloat16),
    "GAN, two optimizers": gan,
    "LBFGS, closure": lbfgs,
    "frozen and unfrozen layers": frozen,
    "optimizers inside backward": in_backward,
    "evaluation in between": evaluation,
    "checkpointing, reentrant": checkpointing(True),
    "checkpointing, not reentrant": checkpointing(False),
    "sparse gradients": sparse,
    "complex parameters": complex_numbers,
    "no optimizer": by_hand,
}
