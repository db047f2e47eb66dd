"""Passes and calls of modules, including calls that activation checkpointing recomputes."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from tb_nnviz.record.hooks.modes import is_tracing
from tb_nnviz.record.model.modules import Layer
from tb_nnviz.schema import MAX_CALLS


class Call(NamedTuple):
    """The nth call of a layer in its pass. ``order`` numbers the calls of the step in the order in which they begin."""

    layer: Layer
    number: int
    order: int


@dataclass
class _Pass:
    """A running call of a watched model. It runs as long as ``frame`` is on the stack."""

    root: nn.Module
    frame: FrameType | None
    counted: bool


@dataclass
class Calls:
    """The calls of one thread in its current pass.

    A pass is a call of a watched model. Modules that are called outside of one (by a training step that calls
    the model's parts, not the model) belong to a pass that lasts until its backward pass is over.
    """

    step: int
    running: _Pass | None = None
    #: True once the pass outside of any model's call has had its backward pass.
    reached: bool = False
    begun: dict[Layer, list[int]] = field(default_factory=dict)
    #: The attention that running layers have computed, as the observer measured it.
    attended: dict[Layer, list[Tensor]] = field(default_factory=dict)
    #: The arguments by name of running recurrent layers.
    named: dict[Layer, Mapping[str, Any]] = field(default_factory=dict)
    _count: dict[Layer, int] = field(default_factory=dict)

    def begin(self, root: nn.Module) -> bool | None:
        """Begin a call of a watched model.

        Returns True if its pass counts as training, False if not, and None if the call is part of a running pass.
        """
        if self.running is not None and _on_stack(self.running.frame):
            return None
        counted = root.training and torch.is_grad_enabled() and not is_tracing()
        self.running = _Pass(root, _module_call(), counted)
        if counted:
            self._new_pass()
        return counted

    def end(self, root: nn.Module) -> bool:
        """End a call of a watched model, which returned or raised. Returns True if that ends the pass."""
        ended = self.running is not None and self.running.root is root and self.running.frame is _module_call()
        if ended:
            self.running = None
        return ended

    def counts(self, module: nn.Module) -> bool:
        """Return True if a call belongs to training. Its pass decides, or outside of any pass its module's mode."""
        if self.running is not None:
            return self.running.counted
        if not module.training or is_tracing():
            return False
        # a reentrant checkpoint disables gradients in its first run, and its second run has them
        return torch.is_grad_enabled() or len(contexts_running()[0]) > 0

    def mode(self, module: nn.Module) -> bool:
        """Return True if a call is in training mode: that of its pass, or outside of any pass that of its module."""
        return (module if self.running is None else self.running.root).training

    def number(self, layer: Layer, order: int) -> Call:
        """Count a new call of a layer and return it."""
        if self.running is None and self.reached:
            self._new_pass()
        count = self._count.get(layer, 0)
        self._count[layer] = count + 1
        return Call(layer, min(count, MAX_CALLS - 1), order)

    def _new_pass(self) -> None:
        self._count.clear()
        self.begun.clear()
        self.attended.clear()
        self.named.clear()
        self.reached = False


@dataclass
class _Segment:
    """The calls in one autograd function's forward pass, with which the calls in its backward pass are matched."""

    calls: dict[Layer, list[Call]] = field(default_factory=dict)
    task: int = -1
    again: dict[Layer, int] = field(default_factory=dict)


class Recomputed:
    """The calls in reentrant checkpoints, which are recomputed in the backward pass.

    A reentrant checkpoint runs first without gradients, so gradients reach the tensors of its second run only.
    The second runs come in reverse order. A call is therefore identified by the checkpoint's context, which is
    the same object in both runs, and by its number in the checkpoint. A non-reentrant checkpoint needs none of
    this, because gradients reach the tensors of its first run.
    """

    def __init__(self) -> None:
        self._segments: WeakKeyDictionary[Any, _Segment] = WeakKeyDictionary()

    def keep(self, call: Call) -> None:
        """Remember a call in the forward pass of a checkpoint, or of several nested ones."""
        for context in contexts_running()[0]:
            self._segments.setdefault(context, _Segment()).calls.setdefault(call.layer, []).append(call)

    def find(self, layer: Layer) -> Call | None:
        """Return the call that is being recomputed in a backward pass, or None if it is unknown or not needed."""
        backward = contexts_running()[1]
        segment = None if backward is None else self._segments.get(backward)
        if segment is None:
            return None
        if segment.task != (task := torch._C._current_graph_task_id()):  # a second backward pass over the same graph
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
    """Return True if this thread is in a backward pass."""
    return torch._C._current_graph_task_id() != -1


def contexts_running() -> tuple[list[Any], Any]:
    """Return the contexts of the autograd functions in their forward pass, and of the one in its backward pass.

    Calls that a non-reentrant checkpoint recomputes are in neither.
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
    """Return the frame of the innermost module call on the stack."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_name != "_call_impl":
        frame = frame.f_back
    return frame


def _on_stack(wanted: FrameType | None) -> bool:
    """Return True if a call is still running. An interrupt ends a call without a hook."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame is not wanted:
        frame = frame.f_back
    return frame is not None
