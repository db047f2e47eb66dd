"""Notices of module calls that a logged step does not contain."""

from __future__ import annotations

from collections.abc import Callable

from tb_nnviz.record.hooks.modules import ModuleHooks
from tb_nnviz.record.model.sharding import rank

#: Reports what is not recorded, by key, reason and kinds.
Notice = Callable[[str, str, tuple[str, ...]], None]


def report_ranks(notice: Notice, kinds: tuple[str, ...]) -> None:
    """Report that the log has the values of one rank.

    Args:
        notice: takes the report.
        kinds: the kinds of module calls that the run logs.
    """
    if (own := rank()).size > 1:
        notice(
            "ranks",
            f"activations and their gradients are of rank {own.number} only, of {own.size}: problems in the "
            "samples of the other ranks are not in this run",
            kinds,
        )


def report_calls(notice: Notice, kinds: tuple[str, ...], modules: ModuleHooks, compiled: bool) -> None:
    """Report calls that are not recorded: in evaluation mode, or in a graph of torch.compile, which has no hooks.

    Args:
        notice: takes the report.
        kinds: the kinds of module calls that the run logs.
        modules: the hooks, at the end of a logged step.
        compiled: whether torch.compile has compiled anything.
    """
    if kinds and modules.trained_in_evaluation():
        notice(
            "evaluation mode",
            "no activations: the model trains in evaluation mode (model.eval()), in which its passes do not count "
            "as training. Call model.train() before them",
            kinds,
        )
    elif compiled and (uncalled := modules.uncalled()):
        names = ", ".join(uncalled[:3]) + (" ..." if len(uncalled) > 3 else "")
        notice(
            "compiled",
            f"no activations of {len(uncalled)} layers ({names}): calls in a graph of torch.compile are not "
            "recorded. Parameters, gradients and updates are",
            kinds,
        )
