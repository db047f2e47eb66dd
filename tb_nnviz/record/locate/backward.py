"""The first module in backward order that makes nonfinite gradients of finite ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor

from tb_nnviz.record.interrupts import is_interrupt
from tb_nnviz.record.locate.forward import batch_of, input_origin, name_of
from tb_nnviz.record.locate.origin import Origin
from tb_nnviz.record.locate.passes import Pass
from tb_nnviz.record.locate.replay import Call, GradientEvent, Replay
from tb_nnviz.record.locate.values import describe, is_nonfinite, of_samples, problem_of, samples
from tb_nnviz.record.model.modules import type_name


class Reentrant(Exception):
    """A reentrant checkpoint in the pass, which refuses ``torch.autograd.grad``."""


def backward_origin(
    made: Pass, replay: Replay, gradients: Mapping[int, Tensor], parameters: Mapping[Tensor, str], accumulates: bool
) -> Origin | None:
    """Send the gradients of a pass's outputs back once more, and return the origin of nonfinite ones.

    Return None if all are finite.

    Args:
        made: the pass.
        replay: the repeated pass, whose outputs are finite.
        gradients: the finite gradients that had reached the outputs, by the outputs' numbers.
        parameters: names of the parameters.
        accumulates: whether gradients are sent back as in training, because of reentrant checkpoints.

    Raises:
        Reentrant: ``accumulates`` is False, and it has to be True.
    """
    replay.events.clear()
    found = _send_back(made, replay, gradients, accumulates)
    first = next((place for place, event in enumerate(replay.events) if event.bad), None)
    bad = [parameter for parameter, gradient in found.items() if is_nonfinite(gradient)]
    if (own := _first_parameter(made, replay, bad, first)) is not None:
        call, parameter = own
        if (origin := _bad_input(made, replay, call)) is not None:
            return origin
        return _of_call(call, made, replay, parameters.get(parameter, ""), found[parameter])
    if first is not None:
        event = replay.events[first]
        if event.side == "in":
            return _of_call(event.call, made, replay, "", event.gradient)
        at_same = [one.call for one in replay.events[first:] if one.side == "out" and one.tensor == event.tensor]
        outermost = min(at_same, key=lambda call: call.depth)
        return _of_call(outermost.parent or outermost, made, replay, "", event.gradient)
    if bad:
        return _of_call(replay.root, made, replay, parameters.get(bad[0], ""), found[bad[0]])
    return None


def intermediate(outputs: Sequence[Tensor]) -> set[int]:
    """Return the numbers of the outputs from which others are computed, as hidden states beside a loss.

    >>> x = torch.ones(2, requires_grad=True) * 2
    >>> intermediate([x.sum(), x])
    {1}
    """
    nodes = {one.grad_fn: number for number, one in enumerate(outputs) if one.grad_fn is not None}
    found: set[int] = set()
    for start in nodes:
        waiting, seen = [node for node, _ in start.next_functions], set()
        while waiting:
            node = waiting.pop()
            if node is not None and node not in seen:
                seen.add(node)
                waiting += [one for one, _ in node.next_functions]
        found |= {number for node, number in nodes.items() if node in seen}
    return found


def _first_parameter(
    made: Pass, replay: Replay, bad: Sequence[Tensor], first: int | None
) -> tuple[Call, Tensor] | None:
    """Return the parameter whose nonfinite gradient came before any other, with the call that made it, else None.

    All gradients of the modules that hold it were finite, and had arrived before.

    Args:
        made: the pass.
        replay: the repeated pass.
        bad: the parameters whose gradient is nonfinite.
        first: the place of the first nonfinite gradient of a call, None if there is none.
    """
    earliest: tuple[int, Call, Tensor] | None = None
    for parameter in bad:
        holders = [one for one in made.root.modules() if any(p is parameter for p in one._parameters.values())]
        places = [
            place
            for place, event in enumerate(replay.events)
            if event.side == "out" and any(event.call.module is one for one in holders)
        ]
        if not places or any(replay.events[place].bad for place in places):
            continue
        if (first is None or max(places) < first) and (earliest is None or max(places) < earliest[0]):
            earliest = max(places), replay.events[min(places)].call, parameter
    return None if earliest is None else earliest[1:]


def _bad_input(made: Pass, replay: Replay, call: Call) -> Origin | None:
    """Return the model's input as the origin, if it made a layer's inputs nonfinite. 0 times Inf is NaN."""
    if not any(map(is_nonfinite, call.inputs)):
        return None
    return input_origin(made, replay)


def _send_back(made: Pass, replay: Replay, gradients: Mapping[int, Tensor], accumulates: bool) -> dict[Tensor, Tensor]:
    """Send gradients back without a change of ``.grad``, and return those of the parameters."""
    pairs = [
        (output, gradients[index].to(output.dtype))
        for index, output in enumerate(replay.outputs)
        if index in gradients and output.grad_fn is not None
    ]
    outputs, given = [output for output, _ in pairs], [gradient for _, gradient in pairs]
    parameters = [parameter for parameter in made.root.parameters() if parameter.requires_grad and parameter.is_leaf]
    wanted = [*parameters, *(x for x in replay.inputs if x.requires_grad)]
    if not outputs or not wanted:
        return {}
    if accumulates:
        sent = _accumulate(outputs, given, wanted)
        return {one: sent[one] for one in parameters if one in sent}
    try:
        found = torch.autograd.grad(outputs, wanted, given, allow_unused=True)
    except RuntimeError as error:
        if is_interrupt(error) or "checkpoint" not in str(error):
            raise
        raise Reentrant from error
    return {one: gradient for one, gradient in zip(parameters, found, strict=False) if gradient is not None}


def _accumulate(outputs: Sequence[Tensor], given: Sequence[Tensor], wanted: Iterable[Tensor]) -> dict[Tensor, Tensor]:
    """Send gradients back through reentrant checkpoints, which refuse ``torch.autograd.grad``."""
    wanted = list(wanted)
    with ExitStack() as stack:
        for one in wanted:
            if getattr(one, "_post_accumulate_grad_hooks", None):
                raise NotImplementedError("a reentrant checkpoint, with hooks on the gradients of parameters")
            stack.callback(setattr, one, "grad", one.grad)
            one.grad = None
        torch.autograd.backward(outputs, given)
        return {one: one.grad for one in wanted if one.grad is not None}


def _of_call(call: Call, made: Pass, replay: Replay, parameter: str, gradient: Tensor) -> Origin:
    events = [event for event in replay.events if event.call is call]
    left, reached = _gradients(events, "in"), _gradients(events, "out")
    batch = batch_of(replay)
    found = samples([x for x in [*left, gradient] if not parameter], batch)
    where = f"{name_of(call.name)} ({type_name(call.module)})"
    what = f"the gradient of {parameter}" if parameter else "the gradient of its inputs"
    if call.parent is None and not parameter and not left:
        what = "a gradient within its own function"
    values = "" if not call.inputs else _range(describe(call.inputs))
    return Origin(
        "backward",
        call.name,
        f"{where} makes {problem_of(gradient)} in {what} of a finite gradient{values}{of_samples(found)}; the "
        "forward pass is finite",
        type=type_name(call.module),
        call=call.number,
        inputs=describe(call.inputs),
        outputs=describe(call.outputs),
        gradients={"outputs": describe(reached), "inputs": describe(left)},
        samples=found,
        micro_batch=made.number,
        parameter=parameter,
    )


def _gradients(events: Iterable[GradientEvent], side: str) -> list[Tensor]:
    return [event.gradient for event in events if event.side == side]


def _range(about: Sequence[Mapping[str, Any]]) -> str:
    known = next((one for one in about if one.get("min") is not None), None)
    return "" if known is None else f" at inputs from {known['min']:.4g} to {known['max']:.4g}"
