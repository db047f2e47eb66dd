"""The passes of the open step, kept by reference, so that they can be run again."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from tb_nnviz.record.hooks.calls import Calls, in_backward
from tb_nnviz.record.hooks.handles import Failed, Handles, Hook, after_call, before_call
from tb_nnviz.record.hooks.modes import is_tracing, outside_modes
from tb_nnviz.record.locate.arguments import Arguments, size_of
from tb_nnviz.record.locate.module_state import ModuleState
from tb_nnviz.record.locate.random_states import RandomStates
from tb_nnviz.record.model.evaluation import Autocast
from tb_nnviz.record.model.metadata import metadata
from tb_nnviz.record.model.modules import takes_hooks
from tb_nnviz.record.model.nested import tensors_in

#: Passes of one step that are kept.
MOST_PASSES = 64
#: Bytes of an output that is kept to compare it with that of the repeated pass.
COMPARED_BYTES = 1 << 20


class Arrived(NamedTuple):
    """A gradient with respect to a tensor of a pass's output.

    Args:
        time: its place among the events of the step.
        task: the backward pass.
        place: the tensor's number in the output.
        gradient: the gradient, None if it was too large to keep.
    """

    time: int
    task: int
    place: int
    gradient: Tensor | None


@dataclass(eq=False)
class Pass:
    """One call of a watched model.

    Args:
        root: the model.
        prefix: its name, "" for a single one.
        number: the number of its calls in the step before this one.
        time: its place among the events of the step.
        arguments: its arguments.
        training: whether it was in training mode.
        grad: whether gradients were enabled.
        autocasts: the states of autocast.
        restores: put back what the pass depended on.
    """

    root: nn.Module
    prefix: str
    number: int
    time: int
    arguments: Arguments
    training: bool
    grad: bool
    autocasts: list[Autocast]
    restores: list[Callable[[], object]]
    #: Memory of the inputs and gradients.
    bytes: int = 0
    thread: int = field(default_factory=threading.get_ident)
    #: Gradients that have reached the output.
    arrived: list[Arrived] = field(default_factory=list)
    #: Small tensors of the output, without their graph, by their number.
    outputs: dict[int, Tensor] = field(default_factory=dict)
    #: The reason why the pass can no longer be repeated.
    stale: str = ""


class Passes:
    """Hooks on the watched models that keep the arguments and the surroundings of each call until the step closes.

    Args:
        models: by their prefix.
        calls: returns the calls of the thread. The hooks of ``ModuleHooks`` run before those of this class.
        most_bytes: memory that inputs and gradients may hold.
        failed: called with the error of a hook.
    """

    def __init__(
        self, models: Mapping[str, nn.Module], calls: Callable[[], Calls], most_bytes: int, failed: Failed
    ) -> None:
        #: True while a pass of nnviz runs.
        self.paused = False
        self._prefixes = {root: prefix for prefix, root in models.items() if takes_hooks(root)}
        self._calls, self._most_bytes, self._failed = calls, most_bytes, failed
        self._random = {root: RandomStates(root) for root in self._prefixes}
        self._states = {root: ModuleState(root, most_bytes) for root in self._prefixes}
        self._handles = Handles()
        self._install()
        self._clear()

    def _clear(self) -> None:
        self._kept: list[Pass] = []
        self._running: Pass | None = None
        self._key: object = None  # the running call, as Calls has it. It holds a frame, so it ends with the call
        self._time = 0
        self._bytes = 0
        self._count: dict[nn.Module, int] = {}
        #: Passes that are not kept, by the reason.
        self.dropped: dict[str, int] = {}

    def _install(self) -> None:
        for root in self._prefixes:
            self._handles.add(before_call(root, Hook(self._begin_outside, self._failed), with_kwargs=True))
            self._handles.add(after_call(root, Hook(self._end_outside, self._failed), always_call=True))

    def restore(self) -> None:
        """Put back hooks that other code has removed."""
        if self._handles.are_lost:
            self._handles.remove()
            self._install()

    def remove(self) -> None:
        """Remove all hooks and release all passes."""
        self._handles.remove()
        self._clear()

    def next_step(self) -> None:
        """Release the passes of the step that has closed."""
        if self._count:
            self._clear()

    def all(self) -> list[Pass]:
        """Return the passes that are kept, in order."""
        return list(self._kept)

    def updated(self, parameters: set[int]) -> None:
        """Mark the passes of models of which parameters, given by id, were updated."""
        for one in self._kept:
            if not one.stale and any(id(parameter) in parameters for parameter in one.root.parameters()):
                one.stale = "an optimizer has changed parameters of the model since the pass"

    def _drop(self, reason: str) -> None:
        self.dropped[reason] = self.dropped.get(reason, 0) + 1

    def _begin_outside(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        if torch.compiler.is_compiling() or self.paused or in_backward() or is_tracing():
            return
        with outside_modes():
            self._begin(module, args, kwargs)

    def _end_outside(self, module: nn.Module, args: Any, output: Any) -> None:
        if self._key is None or torch.compiler.is_compiling() or self.paused or in_backward():
            return
        with outside_modes():
            self._end(module, output)

    def _begin(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        grad = torch.is_grad_enabled()
        if not (module.training or grad) or torch.is_inference_mode_enabled():
            return
        running = self._calls().running
        if module not in self._prefixes:  # a replica of DataParallel, or a copy of the model
            if module.__dict__.get("_is_replica", False):
                self._drop("the model was called as replicas (DataParallel)")
            return
        if running is None or running.root is not module or self._key is running:
            return  # a part of another pass
        self._running, self._key = None, running
        number = self._count[module] = self._count.get(module, -1) + 1
        with metadata():  # the inputs may be of a class that refuses functions
            arguments = Arguments.of(args, kwargs)
            size, others = arguments.bytes, {x.device.type for x in arguments.tensors if not x.is_cpu}
        self._release(size)
        self._time += 1
        autocasts = [Autocast.now("cpu"), *map(Autocast.now, others)]
        self._running = made = Pass(
            module,
            self._prefixes[module],
            number,
            self._time,
            arguments,
            module.training,
            grad,
            autocasts,
            [*self._random[module].begin(), *self._states[module].begin()],
            size,
        )
        self._kept.append(made)

    def _release(self, size: int) -> None:
        """Make room for the inputs of another pass. Those of the newest are kept whatever their size.

        The training loop itself mostly holds the newest batch.
        """
        while self._kept and (self._bytes > self._most_bytes or len(self._kept) == MOST_PASSES):
            many = len(self._kept) == MOST_PASSES
            self._bytes -= self._kept.pop(0).bytes
            self._drop(f"a step keeps {MOST_PASSES} passes" if many else "earlier passes do not fit in snapshot_bytes")
        self._bytes += size

    def _end(self, module: nn.Module, output: Any) -> None:
        if self._calls().running is self._key:  # an inner call of itself, or of another watched model
            return
        made, self._running, self._key = self._running, None, None
        if made is None or module is not made.root or made.thread != threading.get_ident():
            return
        self._random[module].end()
        self._states[module].end()
        if self._states[module].writes_parameters:
            made.stale = "the forward pass changes parameters of the model in place"
        with metadata():
            found = list(outputs_of(output))
        for index, tensor in enumerate(found):
            if type(tensor) is not Tensor:
                continue
            if size_of(tensor) <= COMPARED_BYTES:
                made.outputs[index] = tensor.detach()
            if tensor.grad_fn is not None:
                hook = Hook(
                    partial(_reached, weakref.ref(self), weakref.ref(made), index), partial(_failed, weakref.ref(self))
                )
                tensor.register_hook(hook)  # type: ignore[no-untyped-call]

    def arrive(self, made: Pass, index: int, gradient: Tensor) -> None:
        """Keep a gradient that has reached an output of a pass."""
        # with create_graph it is part of another loss
        if self.paused or type(gradient) is not Tensor or torch.is_grad_enabled() or is_tracing():
            return
        with outside_modes():
            self._keep(made, index, gradient)

    def _keep(self, made: Pass, index: int, gradient: Tensor) -> None:
        self._time += 1
        size = size_of(gradient)
        fits = size <= self._most_bytes
        if fits:
            self._bytes += size
            made.bytes += size
        task = torch._C._current_graph_task_id()
        made.arrived.append(Arrived(self._time, task, index, gradient.detach() if fits else None))


def outputs_of(output: object) -> Iterator[Tensor]:
    """Yield the floating and complex tensors of a model's or a module's output, in order."""
    if isinstance(output, Tensor):
        tensors: Iterator[Tensor] = iter((output,))
    else:
        tensors = tensors_in(output)
    return (tensor for tensor in tensors if tensor.is_floating_point() or tensor.is_complex())


def _reached(passes: weakref.ref[Passes], made: weakref.ref[Pass], index: int, gradient: Tensor | None) -> None:
    # the references are weak, so that a loss that the user keeps holds no batch
    alive, one = passes(), made()
    if alive is not None and one is not None and gradient is not None:
        alive.arrive(one, index, gradient)


def _failed(passes: weakref.ref[Passes], error: Exception) -> None:
    if (alive := passes()) is not None:
        alive._failed(error)
