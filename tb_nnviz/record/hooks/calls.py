"""Which call of which pass a module's hook sees: passes, and what activation checkpointing computes again."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import torch
from torch import nn

from tb_nnviz.record.model.modules import Layer
from tb_nnviz.schema import MAX_CALLS


class Call(NamedTuple):
    """The nth call of a layer in its pass; ``order`` is where in the step it began."""

    layer: Layer
    number: int
    order: int


@dataclass
class _Pass:
    """One call of a watched model that is running; ``frame`` tells whether it still is."""

    root: nn.Module
    frame: FrameType | None
    counted: bool


@dataclass
class Calls:
    """The calls of one thread in the pass that is running, or since the last one began.

    A pass is a call of a watched model. Modules called outside of one (a training step that calls the
    model's parts, not the model) are in a pass that lasts until after its backward pass.
    """

    step: int
    running: _Pass | None = None
    #: Whether the pass outside of any model's call has had its backward pass.
    reached: bool = False
    begun: dict[Layer, list[int]] = field(default_factory=dict)
    _count: dict[Layer, int] = field(default_factory=dict)

    def begin(self, root: nn.Module) -> bool | None:
        """A watched model is called: whether the pass counts; None if it is part of one that runs."""
        if self.running is not None and _on_stack(self.running.frame):
            return None
        counted = root.training and torch.is_grad_enabled() and not _transforming()
        self.running = _Pass(root, _module_call(), counted)
        if counted:
            self._new_pass()
        return counted

    def end(self, root: nn.Module) -> bool:
        """A watched model returns, or raises: whether that ends the pass."""
        ended = self.running is not None and self.running.root is root and self.running.frame is _module_call()
        if ended:
            self.running = None
        return ended

    def counts(self, module: nn.Module) -> bool:
        """Whether a call belongs to training: as its pass says, by itself outside of one."""
        if self.running is not None:
            return self.running.counted
        if not module.training or _transforming():
            return False
        # under a reentrant checkpoint gradients are off, and yet there will be some
        return torch.is_grad_enabled() or len(contexts_running()[0]) > 0

    def number(self, layer: Layer, order: int) -> Call:
        """Count one more call of a layer."""
        if self.running is None and self.reached:
            self._new_pass()
        count = self._count.get(layer, 0)
        self._count[layer] = count + 1
        return Call(layer, min(count, MAX_CALLS - 1), order)

    def _new_pass(self) -> None:
        self._count.clear()
        self.begun.clear()
        self.reached = False


@dataclass
class _Segment:
    """What one function of autograd calls in its forward pass, to know it again in its backward pass."""

    calls: dict[Layer, list[Call]] = field(default_factory=dict)
    task: int = -1
    again: dict[Layer, int] = field(default_factory=dict)


class Recomputed:
    """Knows the calls again that a reentrant checkpoint makes in the backward pass.

    Its first run is without gradients, so those reach the tensors of the second run only. The order of
    segments there is the reverse, so a call is known by the checkpoint's context, which is one object in
    both, and its number within. A checkpoint that is not reentrant needs none of this: gradients reach
    the tensors of its first run.
    """

    def __init__(self) -> None:
        self._segments: WeakKeyDictionary[Any, _Segment] = WeakKeyDictionary()

    def keep(self, call: Call) -> None:
        """Remember a call that is made in the forward pass of a checkpoint, or of several within each other."""
        for context in contexts_running()[0]:
            self._segments.setdefault(context, _Segment()).calls.setdefault(call.layer, []).append(call)

    def find(self, layer: Layer) -> Call | None:
        """The call that is made again now, in a backward pass; None if that is not known, or not needed."""
        backward = contexts_running()[1]
        segment = None if backward is None else self._segments.get(backward)
        if segment is None:
            return None
        if segment.task != (task := torch._C._current_graph_task_id()):  # a second pass over one graph
            segment.task = task
            segment.again.clear()
        count = segment.again.get(layer, 0)
        segment.again[layer] = count + 1
        calls = segment.calls.get(layer, ())
        if count >= len(calls):
            return None
        self.keep(calls[count])
        return calls[count]


def in_backward() -> bool:
    """Whether this thread is in a backward pass."""
    return torch._C._current_graph_task_id() != -1


def contexts_running() -> tuple[list[Any], Any]:
    """Contexts of the autograd functions whose forward pass runs now, and of the one whose backward pass does.

    What a checkpoint that is not reentrant computes again is in neither.
    """
    forward: list[Any] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_name == "unpack_hook":
            return [], None
        if code.co_name in ("forward", "backward") and code.co_argcount and code.co_varnames[0] == "ctx":
            context = frame.f_locals["ctx"]
            if code.co_name == "backward":
                return forward, context
            forward.append(context)
        frame = frame.f_back
    return forward, None


def _module_call() -> FrameType | None:
    """The innermost call of a module on the stack."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_name != "_call_impl":
        frame = frame.f_back
    return frame


def _on_stack(wanted: FrameType | None) -> bool:
    """Whether a call has not returned; an interrupt ends one without a word."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame is not wanted:
        frame = frame.f_back
    return frame is not None


def _transforming() -> bool:
    """Whether torch.func transforms what runs, or torch.jit traces it: not training, and no place for our operators."""
    return torch._C._functorch.peek_interpreter_stack() is not None or torch._C._is_tracing()
