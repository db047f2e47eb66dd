"""The search for the origin of nonfinite gradients among the passes of a step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple, Protocol

from torch import Tensor, nn

from tb_nnviz.record.interrupts import is_interrupt
from tb_nnviz.record.locate.backward import Reentrant, backward_origin, intermediate
from tb_nnviz.record.locate.forward import forward_origin, name_of
from tb_nnviz.record.locate.origin import Origin
from tb_nnviz.record.locate.passes import Arrived, Pass
from tb_nnviz.record.locate.replay import repeated, same_outputs
from tb_nnviz.record.locate.unlocated import bad_input
from tb_nnviz.record.locate.values import (
    describe,
    has_only_negative_infinity,
    is_nonfinite,
    of_samples,
    problem_of,
    samples,
)
from tb_nnviz.record.model.modules import type_name


class Pausable(Protocol):
    """Hooks that ignore all calls while ``paused``."""

    paused: bool


class _Event(NamedTuple):
    """A forward pass, or a backward pass that has reached its output."""

    time: int
    made: Pass
    arrived: tuple[Arrived, ...] = ()


class Search:
    """One search. The passes of a step are run again in the order in which they ran.

    Args:
        passes: the passes.
        names: names of the modules.
        parameters: names of the parameters.
        paused: hooks that must not see the repeated passes.
        refusal: why no pass may be repeated, "" if they may.
    """

    def __init__(
        self,
        passes: Sequence[Pass],
        names: Mapping[nn.Module, str],
        parameters: Mapping[Tensor, str],
        paused: Sequence[Pausable],
        refusal: str = "",
    ) -> None:
        self._passes, self._names, self._parameters, self._paused = passes, names, parameters, paused
        self._refusal = refusal
        #: Reasons why passes could not be repeated.
        self.reasons: list[str] = []
        self._outputs: dict[Pass, list[dict[str, Any]]] = {}

    def run(self) -> Origin | None:
        """Return the origin, None if no repeated pass shows it."""
        with ExitStack() as stack:
            for hooks in self._paused:
                stack.callback(setattr, hooks, "paused", hooks.paused)
                hooks.paused = True
            for event in sorted(_events(self._passes), key=lambda event: event.time):
                if (origin := self._examine(event)) is not None:
                    return origin
        return None

    def _examine(self, event: _Event) -> Origin | None:
        made = event.made
        problem = self._refusal or made.stale or made.arguments.problem()
        if problem:
            self._note(problem)
            return self._unrepeated(event, problem)
        try:
            return self._backward(made, event.arrived) if event.arrived else self._forward(made)
        except Exception as error:  # of the user's model, or memory
            if is_interrupt(error):
                raise
            problem = f"the repeated pass raised {type(error).__name__}: {str(error)[:200]}"
            self._note(problem)
            return self._unrepeated(event, problem)

    def _note(self, reason: str) -> None:
        if reason not in self.reasons:
            self.reasons.append(reason)

    def _forward(self, made: Pass) -> Origin | None:
        with repeated(made, self._names, backward=False) as replay:
            origin = forward_origin(made, replay, self._parameters)
            self._outputs[made] = describe(replay.outputs)
            same = same_outputs(made, replay.outputs)
        if origin is None and not same:
            return _of_output(made, "the repeated pass is finite, so it depends on something that cannot be put back")
        return origin

    def _backward(self, made: Pass, arrived: Sequence[Arrived]) -> Origin | None:
        gradients: dict[int, Tensor] = {}
        for one in arrived:
            if one.gradient is None:
                self._note("the gradient of the model's output does not fit in snapshot_bytes")
                return None
            known = gradients.get(one.place)
            gradients[one.place] = one.gradient if known is None else known + one.gradient
        inner: set[int] = set()
        if len(gradients) > 1:
            with repeated(made, self._names, backward=True) as replay:
                inner = intermediate(replay.outputs)
        # what reaches an intermediate result comes from within the model too, so it is asked last
        for places in (gradients.keys() - inner, gradients.keys() & inner):
            part = {place: gradients[place] for place in sorted(places)}
            if any(map(is_nonfinite, part.values())):
                return self._loss(made, list(part.values()))
            if part and (origin := self._send(made, part)) is not None:
                return origin
        return None

    def _send(self, made: Pass, gradients: Mapping[int, Tensor]) -> Origin | None:
        try:
            return self._sent_back(made, gradients, accumulates=False)
        except Reentrant:  # the graph is half used up
            return self._sent_back(made, gradients, accumulates=True)

    def _sent_back(self, made: Pass, gradients: Mapping[int, Tensor], accumulates: bool) -> Origin | None:
        with repeated(made, self._names, backward=True) as replay:
            if replay.root.outputs_bad:
                return forward_origin(made, replay, self._parameters)
            return backward_origin(made, replay, gradients, self._parameters, accumulates)

    def _loss(self, made: Pass, gradients: Sequence[Tensor]) -> Origin:
        bad = next(gradient for gradient in gradients if is_nonfinite(gradient))
        batch = next((int(x.shape[0]) for x in made.arguments.tensors if x.dim()), None)
        found = samples(gradients, batch)
        outputs = self._outputs.get(made, [])
        known = next((about for about in outputs if about.get("min") is not None), None)
        values = "" if known is None else f", at outputs from {known['min']:.4g} to {known['max']:.4g}"
        return Origin(
            "loss",
            made.prefix,
            f"the gradient that reaches the output of {name_of(made.prefix)} has {problem_of(bad)}{values}"
            f"{of_samples(found)}, although the output is finite: the loss makes it",
            type=type_name(made.root),
            call=made.number,
            inputs=outputs,
            gradients={"outputs": describe(gradients)},
            samples=found,
            micro_batch=made.number,
        )

    def _unrepeated(self, event: _Event, problem: str) -> Origin | None:
        """Return what is known of a pass that cannot be repeated."""
        made = event.made
        if not event.arrived:
            found = _of_output(made, f"the pass was not repeated: {problem}")
            return found and (bad_input(made, problem) or found)
        gradients = [one.gradient for one in event.arrived if one.gradient is not None]
        if any(map(is_nonfinite, gradients)) and made.outputs:
            origin = self._loss(made, gradients)
            origin.unrepeated = problem
            return origin
        return None


def _events(passes: Sequence[Pass]) -> Iterator[_Event]:
    for made in passes:
        yield _Event(made.time, made)
        tasks: dict[int, list[Arrived]] = {}
        for one in made.arrived:
            tasks.setdefault(one.task, []).append(one)
        for found in tasks.values():
            yield _Event(found[0].time, made, tuple(found))


def output_is_bad(made: Pass) -> bool:
    """Return True if an output that is kept has NaN or Inf. -Inf alone may be a mask."""
    return any(is_nonfinite(x) and not has_only_negative_infinity(x) for x in made.outputs.values())


def _of_output(made: Pass, reason: str) -> Origin | None:
    """Return the model itself as the origin if its output is nonfinite, else None."""
    bad = [x for x in made.outputs.values() if is_nonfinite(x)]
    if not bad:
        return None
    batch = next((int(x.shape[0]) for x in made.arguments.tensors if x.dim()), None)
    return Origin(
        "forward",
        made.prefix,
        f"the output of {name_of(made.prefix)} has {problem_of(bad[0])}, and which module made it is unknown: {reason}",
        type=type_name(made.root),
        call=made.number,
        inputs=describe(made.arguments.tensors),
        outputs=describe(made.outputs.values()),
        samples=samples(bad, batch),
        micro_batch=made.number,
        unrepeated=reason,
    )
