"""Trainings under torch.compile, each with and without watch."""

import copy

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

import tb_nnviz

WIDTH = 8


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear, self.act = nn.Linear(WIDTH, WIDTH), nn.Tanh()

    def forward(self, x):
        return x + self.act(self.linear(x))


class Net(nn.Module):
    """Blocks behind each other. ``between`` runs after each block."""

    def __init__(self, blocks=2, between=None, recompute=False):
        super().__init__()
        self.blocks = nn.ModuleList(Block() for _ in range(blocks))
        self.drop, self.out = nn.Dropout(0.25), nn.Linear(WIDTH, 2)
        self.between, self.recompute = between, recompute

    def forward(self, x):
        for block in self.blocks:
            x = checkpoint(block, x, use_reentrant=False) if self.recompute else block(x)
            if self.between is not None:
                self.between()
        return self.out(self.drop(x))


class BreaksInside(nn.Module):
    """A layer with a graph break in its own forward pass."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        x = self.linear(x)
        torch._dynamo.graph_break()
        return x.relu()


class Trial:
    """One training: the graphs that a backend got, and everything that training computed.

    Args:
        logdir: the run's folder, or None to train unwatched.
        options: of ``watch``.
    """

    def __init__(self, logdir=None, **options):
        torch._dynamo.reset()
        torch._dynamo.utils.counters.clear()
        torch.manual_seed(0)
        self._logdir, self._options = logdir, options
        self.graphs, self.losses, self.models = 0, [], []
        self._monitors = []

    def backend(self, graph, inputs):
        """Count a graph, and run it as it is."""
        self.graphs += 1
        return graph.forward

    def __deepcopy__(self, memo):
        return self  # lightning replaces torch.compile by a function that copies the backend

    @property
    def breaks(self):
        return sum(torch._dynamo.utils.counters["graph_break"].values())

    def watch(self, model, optimizer, name="run"):
        self.models.append(model)
        if self._logdir is not None:
            self._monitors.append(tb_nnviz.watch(model, optimizer, self._logdir / name, **self._options))

    def step(self, called, optimizer, batch=3):
        loss = called(torch.randn(batch, WIDTH)).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        self.losses.append(loss.item())

    def end(self):
        for monitor in self._monitors:
            monitor.close()

    def result(self):
        """Return what must be equal with and without watch."""
        values = [tensor for model in self.models for tensor in model.state_dict().values()]
        return self.losses, [value.tolist() for value in values], torch.get_rng_state().tolist()


def _sgd(model):
    return torch.optim.SGD(model.parameters(), 0.1)


def evaluation_between(trial):
    model = Net()
    optimizer, called = _sgd(model), torch.compile(model, backend=trial.backend, fullgraph=True)
    trial.watch(model, optimizer)
    for _ in range(6):
        model.train()
        trial.step(called, optimizer)
        model.eval()
        with torch.no_grad():
            called(torch.randn(3, WIDTH))


def blocks_one_by_one(trial):
    model = Net(blocks=14)
    for block in model.blocks:
        block.compile(backend=trial.backend, fullgraph=True)
    optimizer = _sgd(model)
    trial.watch(model, optimizer)
    for _ in range(4):
        model.train()
        trial.step(model, optimizer)
        model.eval()
        with torch.no_grad():
            model(torch.randn(3, WIDTH))


def graph_break(trial):
    model = Net(blocks=3, between=torch._dynamo.graph_break)
    optimizer, called = _sgd(model), torch.compile(model, backend=trial.backend)
    trial.watch(model, optimizer)
    for _ in range(5):
        trial.step(called, optimizer)


def graph_break_within_a_layer(trial):
    model = nn.Sequential(nn.Linear(WIDTH, WIDTH), BreaksInside(), nn.Sequential(BreaksInside(), nn.Linear(WIDTH, 2)))
    optimizer, called = _sgd(model), torch.compile(model, backend=trial.backend)
    trial.watch(model, optimizer)
    for _ in range(5):
        trial.step(called, optimizer)


def module_compile(trial):
    model = Net()
    model.compile(backend=trial.backend, fullgraph=True)
    optimizer = _sgd(model)
    trial.watch(model, optimizer)
    for training in (True, False, True, True):
        model.train(training)
        trial.step(model, optimizer)


def dynamic(trial):
    model = Net()
    optimizer, called = _sgd(model), torch.compile(model, backend=trial.backend, fullgraph=True, dynamic=True)
    trial.watch(model, optimizer)
    for batch in range(2, 9):
        trial.step(called, optimizer, batch)


def recompilation_limit(trial):
    model = Net()
    optimizer, called = _sgd(model), torch.compile(model, backend=trial.backend, dynamic=False)
    trial.watch(model, optimizer)
    for batch in range(2, 14):
        trial.step(called, optimizer, batch)


def watched_late(trial):
    model = Net()
    optimizer, called = _sgd(model), torch.compile(model, backend=trial.backend, fullgraph=True)
    trial.step(called, optimizer)
    trial.watch(model, optimizer)
    for _ in range(4):
        trial.step(called, optimizer)


def watched_through_wrapper(trial):
    model = torch.compile(Net(), backend=trial.backend, fullgraph=True)
    optimizer = _sgd(model)
    trial.watch(model, optimizer)
    for _ in range(4):
        trial.step(model, optimizer)


def two_of_one_class(trial):
    for name in ("a", "b"):
        model = Net()
        optimizer, called = _sgd(model), torch.compile(model, backend=trial.backend, fullgraph=True)
        trial.watch(model, optimizer, name)
        for _ in range(3):
            trial.step(called, optimizer)


def unwatched_teacher(trial):
    """A teacher is a copy of the watched model, and follows it as a moving average."""
    model = Net()
    optimizer = _sgd(model)
    trial.watch(model, optimizer)
    teacher = copy.deepcopy(model).eval()
    trial.models.append(teacher)
    called = torch.compile(model, backend=trial.backend, fullgraph=True)
    taught = torch.compile(teacher, backend=trial.backend, fullgraph=True)
    for _ in range(5):
        x = torch.randn(3, WIDTH)
        with torch.no_grad():
            target = taught(x)
        loss = (called(x) - target).square().mean() + called(x).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        trial.losses.append(loss.item())
        with torch.no_grad():
            for mine, theirs in zip(teacher.parameters(), model.parameters(), strict=True):
                mine.lerp_(theirs, 0.1)


def recomputation(trial):
    model = Net(blocks=3, recompute=True)
    optimizer, called = _sgd(model), torch.compile(model, backend=trial.backend, fullgraph=True)
    trial.watch(model, optimizer)
    for _ in range(4):
        trial.step(called, optimizer)


def whole_step(trial):
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    trial.watch(model, optimizer)

    @torch.compile(backend=trial.backend)
    def step(x):
        loss = model(x).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss

    for _ in range(5):
        trial.losses.append(step(torch.randn(3, WIDTH)).item())


def optimizer_step(trial):
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), torch.tensor(0.01))
    trial.watch(model, optimizer)
    step = torch.compile(optimizer.step, backend=trial.backend)
    for _ in range(5):
        loss = model(torch.randn(3, WIDTH)).square().mean()
        loss.backward()
        step()
        optimizer.zero_grad()
        trial.losses.append(loss.item())


def own_hooks(trial):
    """The user's own hooks are part of the graph, before and behind those of nnviz."""
    model = Net()

    def double(module, args, output):
        return output * 2

    model.blocks[0].linear.register_forward_hook(double)
    optimizer = _sgd(model)
    trial.watch(model, optimizer)
    model.blocks[1].linear.register_forward_hook(double)
    called = torch.compile(model, backend=trial.backend, fullgraph=True)
    for _ in range(4):
        trial.step(called, optimizer)


class Plain(torch.optim.Optimizer):
    """An optimizer whose step Dynamo takes whole."""

    def __init__(self, params):
        super().__init__(params, {})

    def step(self):
        with torch.no_grad():
            for group in self.param_groups:
                for parameter in group["params"]:
                    parameter.sub_(parameter.grad * 0.1)


def optimizer_step_whole(trial):
    model = Net()
    optimizer = Plain(model.parameters())
    trial.watch(model, optimizer)
    step = torch.compile(optimizer.step, backend=trial.backend, fullgraph=True)
    for _ in range(5):
        loss = model(torch.randn(3, WIDTH)).square().mean()
        loss.backward()
        step()
        optimizer.zero_grad()
        trial.losses.append(loss.item())


def optimizer_hooks_whole(trial):
    """The user's hooks of the optimizer are in the graph too."""
    model = Net()
    optimizer = Plain(model.parameters())
    optimizer.register_step_pre_hook(lambda *args: None)
    trial.watch(model, optimizer)
    optimizer.register_step_post_hook(lambda *args: None)
    step = torch.compile(lambda: optimizer.step(), backend=trial.backend, fullgraph=True)
    for _ in range(5):
        model(torch.randn(3, WIDTH)).square().mean().backward()
        step()
        optimizer.zero_grad()


def hooks_compared(trial):
    """Dynamo compares empty dicts of hooks too."""
    with torch._dynamo.config.patch(skip_nnmodule_hook_guards=False):
        evaluation_between(trial)


def blocks_with_own_hooks(trial):
    model = Net(blocks=3)
    for block in model.blocks:
        block.linear.register_forward_pre_hook(_shift)
        block.compile(backend=trial.backend, fullgraph=True)
    optimizer = _sgd(model)
    trial.watch(model, optimizer)
    for _ in range(4):
        trial.step(model, optimizer)


def _shift(module, args):
    return (args[0] + 1,)


def aot(trial):
    """The backward pass is a graph too, compiled when it first runs."""
    model = Net(blocks=2, recompute=True)
    optimizer, called = _sgd(model), torch.compile(model, backend="aot_eager", fullgraph=True)
    trial.watch(model, optimizer)
    for _ in range(4):
        trial.step(called, optimizer)


def error_on_break(trial):
    model = Net()
    optimizer, called = _sgd(model), torch.compile(model, backend=trial.backend)
    trial.watch(model, optimizer)
    for training in (True, False, True):
        model.train(training)
        with torch._dynamo.error_on_graph_break(True):
            trial.step(called, optimizer)


SCENARIOS = (
    evaluation_between,
    blocks_one_by_one,
    graph_break,
    graph_break_within_a_layer,
    module_compile,
    dynamic,
    recompilation_limit,
    watched_late,
    watched_through_wrapper,
    two_of_one_class,
    unwatched_teacher,
    recomputation,
    whole_step,
    optimizer_step,
    own_hooks,
    optimizer_step_whole,
    optimizer_hooks_whole,
    hooks_compared,
    blocks_with_own_hooks,
    aot,
    error_on_break,
)
