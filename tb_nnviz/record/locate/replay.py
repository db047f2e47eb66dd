"""A pass that is run again under hooks on all modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from tb_nnviz.record.hooks.calls import in_backward
from tb_nnviz.record.locate.module_state import renormalizing
from tb_nnviz.record.locate.passes import Pass, outputs_of
from tb_nnviz.record.locate.values import describe, has_only_negative_infinity, is_mask, is_nonfinite
from tb_nnviz.record.model.evaluation import isolated
from tb_nnviz.record.model.modules import takes_hooks
from tb_nnviz.record.model.nested import tensors_in, with_tensors


@dataclass(eq=False)
class Call:
    """One call of a module in the repeated pass.

    Args:
        module: the module.
        name: its name.
        number: the number of its calls in the pass before this one.
        parent: the call within which it runs, None for the model itself.
    """

    module: nn.Module
    name: str
    number: int
    parent: Call | None
    depth: int
    children: list[Call] = field(default_factory=list)
    inputs: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    #: True if an input is nonfinite, other than a mask beside a finite input.
    inputs_bad: bool = False
    outputs_bad: bool = False
    #: True if the nonfinite outputs may be masks.
    is_mask: bool = False
    ended: bool = False


class Candidate(NamedTuple):
    """A call whose own function made nonfinite values of finite ones.

    Args:
        call: the call.
        inputs: statistics of its inputs.
        made: the nonfinite tensors in which they are first seen.
        outputs: statistics of those.
        uncertain: True if -Inf is all that they have, which may be a mask.
    """

    call: Call
    inputs: list[dict[str, Any]]
    made: list[Tensor]
    outputs: list[dict[str, Any]]
    uncertain: bool


class GradientEvent(NamedTuple):
    """The arrival of a gradient at an output of a call, or at one of its inputs."""

    call: Call
    side: str
    tensor: int
    gradient: Tensor
    bad: bool


@dataclass
class Replay:
    """A repeated pass: its calls in the order in which they began, and their values.

    Args:
        names: names of the modules.
        backward: whether gradients will be sent back through the pass.
    """

    names: Mapping[nn.Module, str]
    backward: bool
    calls: list[Call] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    events: list[GradientEvent] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    inputs: list[Tensor] = field(default_factory=list)
    #: All tensors of the arguments, integers too.
    sized: list[Tensor] = field(default_factory=list)
    _running: list[Call] = field(default_factory=list)
    _count: dict[nn.Module, int] = field(default_factory=dict)
    _again: dict[nn.Module, int] = field(default_factory=dict)

    @property
    def root(self) -> Call:
        """The call of the model."""
        return self.calls[0]

    def begin(self, module: nn.Module, args: Any, kwargs: Any) -> Any:
        """Record that a call begins. Returns its arguments with views in place of tensors, or None."""
        recomputed = in_backward()
        call = self._recomputed(module) if recomputed else self._new(module)
        changed = None
        given = list(outputs_of((args, kwargs)))
        if self.backward and any(x.requires_grad for x in given):
            changed = _viewed((args, kwargs))
            given = list(outputs_of(changed))
            for tensor in given:
                self._hook(call, "in", tensor)
        call.inputs = given
        if not recomputed:
            self._check_inputs(call)
        return changed

    def end(self, module: nn.Module, args: Any, output: Any) -> None:
        """Record that a call ends."""
        recomputed = in_backward()
        if recomputed:
            call = next((one for one in reversed(self.calls) if one.module is module and not one.ended), None)
        else:
            call = self._running.pop() if self._running and self._running[-1].module is module else None
        if call is None:
            return
        call.ended, call.outputs = True, list(outputs_of(output))
        if not recomputed:
            self._check_outputs(call)
        if self.backward:
            for tensor in call.outputs:
                self._hook(call, "out", tensor)

    def _new(self, module: nn.Module) -> Call:
        parent = self._running[-1] if self._running else None
        number = self._count[module] = self._count.get(module, -1) + 1
        call = Call(module, self.names.get(module, ""), number, parent, len(self._running))
        if parent is not None:
            parent.children.append(call)
        self.calls.append(call)
        self._running.append(call)
        return call

    def _recomputed(self, module: nn.Module) -> Call:
        """Record a call that a reentrant checkpoint runs again, of which the first run has no gradients."""
        again = self._again[module] = self._again.get(module, -1) + 1
        first = [one for one in self.calls[: self._first_calls()] if one.module is module]
        same = first[max(len(first) - 1 - again, 0)] if first else self.root
        call = Call(module, self.names.get(module, ""), same.number, same.parent, same.depth)
        self.calls.append(call)
        return call

    def _first_calls(self) -> int:
        return sum(self._count.values()) + len(self._count)

    def _check_inputs(self, call: Call) -> None:
        bad = [x for x in call.inputs if is_nonfinite(x)]
        masks = [x for x in bad if is_mask(x)]
        if len(bad) == len(masks) < len(call.inputs):
            return
        call.inputs_bad = bool(bad)
        parent = call.parent
        if not bad or parent is None or parent.inputs_bad:
            return
        if any(one.outputs_bad and not one.is_mask for one in parent.children):
            return
        # those that no call within the parent has returned come from the parent's own function
        returned = [x for one in parent.children for x in one.outputs]
        if own := [x for x in bad if all(x is not other for other in returned)]:
            self._add(parent, own)

    def _check_outputs(self, call: Call) -> None:
        bad = [x for x in call.outputs if is_nonfinite(x)]
        call.outputs_bad = bool(bad)
        call.is_mask = all(map(is_mask, bad))
        within = [one for one in call.children if one.outputs_bad]
        own = not within if call.is_mask else all(one.is_mask for one in within)
        if bad and own and not call.inputs_bad:
            self._add(call, bad)

    def _add(self, call: Call, made: list[Tensor]) -> None:
        if all(one.call is not call for one in self.candidates):
            uncertain = all(map(has_only_negative_infinity, made))
            self.candidates.append(Candidate(call, describe(call.inputs), made, describe(made), uncertain))

    def _hook(self, call: Call, side: str, tensor: Tensor) -> None:
        if not tensor.requires_grad:
            return
        place = id(tensor)

        def arrived(gradient: Tensor | None) -> None:
            if gradient is not None:
                self.events.append(GradientEvent(call, side, place, gradient.detach(), is_nonfinite(gradient)))

        tensor.register_hook(arrived)  # type: ignore[no-untyped-call]


def _viewed(value: Any) -> Any:
    """Return a value in which each tensor that has a gradient is a view, so that each call has gradients of its own."""
    made: dict[int, Tensor] = {}

    def view(tensor: Tensor) -> Tensor:
        if not tensor.requires_grad or not (tensor.is_floating_point() or tensor.is_complex()):
            return tensor
        return made.setdefault(id(tensor), tensor.view_as(tensor))

    return with_tensors(value, view)


@contextmanager
def repeated(made: Pass, names: Mapping[nn.Module, str], backward: bool) -> Iterator[Replay]:
    """Run a pass again, and keep the model isolated until the end of the context.

    Args:
        made: the pass.
        names: names of the modules.
        backward: prepare for gradients that are sent back.

    Raises:
        Exception: the model raised.
    """
    replay = Replay(names, backward)
    root = made.root
    with ExitStack() as stack:
        stack.enter_context(isolated(root))
        for autocast in made.autocasts:
            stack.enter_context(autocast.context())
        stack.enter_context(torch.set_grad_enabled(made.grad))
        args, kwargs = made.arguments.copies()
        replay.inputs = list(outputs_of((args, kwargs)))
        replay.sized = list(tensors_in((args, kwargs)))
        if root.training != made.training:
            for module in root.modules():
                module.training = made.training
        for embedding in renormalizing(root):  # the pass has limited the rows, and a second time would round again
            embedding.max_norm = None
        for module in root.modules():
            if takes_hooks(module):
                _add(stack, module, replay)
        for restore in made.restores:
            restore()
        output = root._call_impl(*args, **kwargs)  # type: ignore[no-untyped-call]
        replay.outputs = list(outputs_of(output))
        yield replay


def _add(stack: ExitStack, module: nn.Module, replay: Replay) -> None:
    def before(called: nn.Module, args: Any, kwargs: Any) -> Any:
        return replay.begin(called, args, kwargs) if called is module else None

    def after(called: nn.Module, args: Any, output: Any) -> None:
        if called is module:
            replay.end(called, args, output)

    stack.callback(module.register_forward_pre_hook(before, with_kwargs=True).remove)
    stack.callback(module.register_forward_hook(after).remove)


def same_outputs(made: Pass, outputs: Sequence[Tensor]) -> bool:
    """Return True if the repeated pass gave the outputs that the pass had, as far as they are kept."""
    for index, kept in made.outputs.items():
        if index >= len(outputs) or not torch.equal(*map(_bits, (kept, outputs[index]))):
            return False
    return True


def _bits(x: Tensor) -> Tensor:
    x = x.detach()
    return torch.nan_to_num(torch.view_as_real(x) if x.is_complex() else x)
