"""Optimizers that wrap another: of libraries, and as users write them. Each is a function of the optimizer within."""

import torch


class NoSuper(torch.optim.Optimizer):
    """A subclass that never calls ``super().__init__``, as several libraries have it."""

    def __init__(self, base):
        self.base, self.param_groups, self.state, self.defaults = base, base.param_groups, base.state, base.defaults

    def step(self, closure=None):
        return self.base.step(closure)

    def zero_grad(self, set_to_none=True):
        self.base.zero_grad(set_to_none)


class Lookahead(NoSuper):
    """Slow weights, which every second step interpolates with the fast ones."""

    def __init__(self, base, alpha=0.5):
        super().__init__(base)
        self.alpha, self.count = alpha, 0
        self.slow = [[p.detach().clone() for p in group["params"]] for group in base.param_groups]

    @torch.no_grad()
    def step(self, closure=None):
        loss = self.base.step(closure)
        self.count += 1
        if self.count % 2 == 0:
            for group, slow in zip(self.param_groups, self.slow, strict=True):
                for p, s in zip(group["params"], slow, strict=True):
                    s.lerp_(p, self.alpha)
                    p.copy_(s)
        return loss


class Forwarding:
    """A proxy that forwards every attribute, its step included."""

    def __init__(self, inner):
        self._inner = inner

    def __getattr__(self, name):
        return getattr(self.__dict__["_inner"], name)


class Schedule:
    """A wrapper without parameter groups that sets the learning rate, as the Annotated Transformer has it."""

    def __init__(self, optimizer):
        self.optimizer, self.count = optimizer, 0

    def step(self):
        self.count += 1
        for group in self.optimizer.param_groups:
            group["lr"] = 0.1 / self.count
        self.optimizer.step()

    def zero_grad(self):
        self.optimizer.zero_grad()


class Slotted:
    """A wrapper without an attribute table, which takes its method from the optimizer within."""

    __slots__ = ("optim", "step")

    def __init__(self, optim):
        self.optim, self.step = optim, optim.step

    def zero_grad(self):
        self.optim.zero_grad()


class Several:
    """Two optimizers that step together."""

    def __init__(self, base):
        (group,) = base.param_groups
        half = len(group["params"]) // 2
        parts = group["params"][:half], group["params"][half:]
        self.optimizers = [type(base)(part, lr=group["lr"]) for part in parts]

    def step(self):
        for optimizer in self.optimizers:
            optimizer.step()

    def zero_grad(self):
        for optimizer in self.optimizers:
            optimizer.zero_grad()


class Averaging(NoSuper):
    """A wrapper that keeps an average of the weights, and a scheduler that refers back to the optimizer."""

    def __init__(self, base):
        super().__init__(base)
        self.scheduler = torch.optim.lr_scheduler.StepLR(base, 2)
        self.average = [p.detach().clone() for group in base.param_groups for p in group["params"]]

    @torch.no_grad()
    def step(self, closure=None):
        super().step(closure)
        self.scheduler.step()
        for average, p in zip(self.average, [p for g in self.param_groups for p in g["params"]], strict=True):
            average.lerp_(p, 0.1)


class Interpolating(torch.optim.Adam):
    """A subclass whose step calls that of its base class and then moves the weights further."""

    @torch.no_grad()
    def step(self, closure=None):
        super().step(closure)
        for p in (p for group in self.param_groups for p in group["params"]):
            p.mul_(0.5)


class Plain:
    """An object with a step and parameter groups, and nothing else."""

    def __init__(self, base):
        self.param_groups = base.param_groups

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                p.sub_(p.grad, alpha=group["lr"])

    def zero_grad(self):
        for group in self.param_groups:
            for p in group["params"]:
                p.grad = None


def interpolating(base):
    torch.optim.Adam([torch.ones(1)])  # torch now hooks the step of the base class as well
    return Interpolating(base.param_groups[0]["params"], lr=base.param_groups[0]["lr"])


def accelerated(base):
    from accelerate import Accelerator

    return Accelerator(cpu=True).prepare_optimizer(base)


def fabric(base):
    from lightning.fabric import Fabric

    made = Fabric(accelerator="cpu", devices=1)
    return made.setup_optimizers(base)


def lightning(base):
    from lightning.pytorch.core.optimizer import LightningOptimizer
    from lightning.pytorch.strategies import SingleDeviceStrategy
    from torch import nn

    class Quiet(SingleDeviceStrategy):
        def optimizer_step(self, optimizer, closure, model=None, **kwargs):
            closure()
            return optimizer.step(**kwargs)

    made = LightningOptimizer(base)
    made._strategy = Quiet(torch.device("cpu"))
    made._strategy._lightning_module = nn.Module()
    return made


WRAPPERS = {
    "no super().__init__": NoSuper,
    "Lookahead": Lookahead,
    "proxy": Forwarding,
    "proxy of a wrapper": lambda base: Forwarding(NoSuper(base)),
    "without groups": Schedule,
    "without groups, two deep": lambda base: Schedule(Lookahead(base)),
    "two deep": lambda base: NoSuper(Lookahead(base)),
    "slots": Slotted,
    "several within": Several,
    "average and scheduler": Averaging,
    "step of the base class": interpolating,
    "plain object": Plain,
    "accelerate": accelerated,
    "Fabric": fabric,
    "Lightning": lightning,
}
