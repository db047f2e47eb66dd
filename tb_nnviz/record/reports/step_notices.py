"""Notices of steps that stay open, of hooks that are lost and of values that are no scalars."""

from __future__ import annotations

import weakref
from collections.abc import Sequence

from tb_nnviz.record.collect.scalars import short
from tb_nnviz.record.hooks.guard import Guard
from tb_nnviz.record.hooks.open_step import Sign
from tb_nnviz.record.write.event_file import Report
from tb_nnviz.schema import LOG, PASS_KINDS

#: The kinds of layer calls.
CALL_KINDS = ("activation", "activation_gradient")
#: The kinds that the hooks on modules report.
MODULE_KINDS = (*CALL_KINDS, *PASS_KINDS)
#: Kinds that are not measured unless an optimizer steps.
STEPPED_KINDS = ("gradient", "update", "optimizer")
#: Names of invalid scalars that are reported.
MOST_BAD_NAMES = 20


def open_step_notice(
    guard: Guard, step: int, passes: int, sign: Sign, missing: Sequence[str], kinds: Sequence[str]
) -> None:
    """Report a step that seems to have ended, although no optimizer of the ``missing`` ones has stepped."""
    waits_for = " and ".join(f"{name}.step()" for name in missing) or "monitor.step()"
    although = ", although the parameters have changed" if sign is Sign.CHANGED else ""
    guard.notice(
        "open step",
        f"step {step} is open since {passes} training passes{although}: it waits for {waits_for}. Call monitor.step() "
        "where a step ends, or hand over the optimizer that steps: monitor.watch_optimizer(optimizer)",
        _among(STEPPED_KINDS, kinds),
    )


def whole_steps_notice(guard: Guard, kinds: Sequence[str]) -> None:
    """Report optimizers whose steps run in a whole graph, where no hook is called."""
    guard.notice(
        "whole steps",
        "the steps of an optimizer in a whole graph of torch.compile (fullgraph=True) are not seen: call "
        "monitor.step() after each, or compile the step without fullgraph",
        _among(("parameter", "gradient", "update"), kinds),
    )


def repeats_notice(guard: Guard, step: int, missing: Sequence[str], repeats: int) -> None:
    """Report that some optimizers step, and the ``missing`` ones do not."""
    guard.notice(
        "repeats",
        f"step {step} stays open until every optimizer has stepped, and {', '.join(missing)} has not, "
        f"while the others have {repeats} times: call monitor.step() where a step ends",
    )


def lost_optimizer_hooks_notice(guard: Guard, names: Sequence[str], kinds: Sequence[str]) -> None:
    """Report that other code removed the hooks on optimizers."""
    guard.notice(
        "lost optimizer hooks",
        f"other code removed the hooks on {', '.join(names)}: they are put back, steps in between are not recorded",
        _among(STEPPED_KINDS, kinds),
    )


def lost_module_hooks_notice(guard: Guard, kinds: Sequence[str]) -> None:
    """Report that other code removed hooks on modules."""
    reason = "other code removed hooks on modules: they are put back, passes in between are not recorded"
    guard.notice("lost module hooks", reason, _among(MODULE_KINDS, kinds))


class InvalidScalars:
    """The reports of values of the user that are no scalars."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._names: set[str] = set()

    def __call__(self, name: str, value: object) -> None:
        """Report a value."""
        if len(self._names) < MOST_BAD_NAMES:
            self._names.add(name)
            reason = f"invalid scalar {name}: {short(value)} (a number, or a tensor of one element)"
            self._guard.notice(f"scalar {name}", reason, (LOG,))


def _among(kinds: Sequence[str], written: Sequence[str]) -> tuple[str, ...]:
    return tuple(kind for kind in kinds if kind in written)


def reporter(guard: Guard) -> Report:
    """Return a function that makes a notice. The writer's thread, which has it, must not keep the session alive."""
    reference = weakref.ref(guard)

    def report(key: str, reason: str) -> None:
        if (alive := reference()) is not None:
            alive.notice(key, reason)

    return report
