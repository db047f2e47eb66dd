"""Notices of module calls that a logged step does not contain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from torch import nn

from tb_nnviz.record.hooks.guard import Guard
from tb_nnviz.record.hooks.modules import ModuleHooks
from tb_nnviz.record.hooks.notices import NotRecorded
from tb_nnviz.record.hooks.unseen import Unseen
from tb_nnviz.record.model.sharding import rank, splits_outputs
from tb_nnviz.record.reports.step_notices import MODULE_KINDS
from tb_nnviz.schema import PASS_KINDS

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


def report_calls(notice: Notice, kinds: tuple[str, ...], modules: ModuleHooks, unseen: Unseen, pass_seen: bool) -> None:
    """Report calls that are not recorded: in evaluation mode, or in a graph of torch.compile, which has no hooks.

    Calls that are missing because other code has removed hooks are reported when the hooks are put back.

    Args:
        notice: takes the report.
        kinds: the kinds of module calls and of passes that the run logs.
        modules: the hooks, at the end of a logged step.
        unseen: knows what torch.compile has compiled.
        pass_seen: whether a training pass of a model was seen in the step.
    """
    if kinds and modules.trained_in_evaluation():
        notice(
            "evaluation mode",
            "no activations: the model trains in evaluation mode (model.eval()), in which its passes do not count "
            "as training. Call model.train() before them",
            kinds,
        )
    elif modules.active and unseen.compiled and not modules.are_lost and (uncalled := modules.uncalled()):
        # Without any call, the whole model ran in a compiled function. Otherwise a layer without a call is compiled
        # only if it belongs to a module that is, because a model need not call all of its layers.
        compiled = unseen.compiled_modules() if pass_seen or modules.heard or not unseen.have_trained() else None
        names = [layer.name for layer in uncalled if compiled is None or layer.module in compiled]
        if not names:
            return
        notice(
            "compiled",
            f"no activations of {len(names)} layers ({_shown(names)}): calls in a graph of torch.compile are not "
            "recorded. Parameters, gradients and updates are",
            tuple(kind for kind in kinds if not (pass_seen and kind in PASS_KINDS)),
        )


class CallReports:
    """The reports at the end of a logged step.

    Args:
        kinds: the kinds that the run logs.
        modules: the hooks.
        unseen: knows what torch.compile has compiled.
        guard: takes the notices.
    """

    def __init__(self, kinds: Iterable[str], modules: ModuleHooks, unseen: Unseen, guard: Guard) -> None:
        self._kinds = tuple(kind for kind in MODULE_KINDS if kind in set(kinds))
        self._modules, self._unseen, self._guard = modules, unseen, guard
        self._attention_is_known = False

    def report(self, pass_seen: bool) -> None:
        """Report what the step does not contain.

        Args:
            pass_seen: whether a training pass of a model was seen in the step.
        """
        attempt, notice, calls = self._guard.attempt, self._guard.notice, (self._modules, self._unseen, pass_seen)
        attempt("ranks", report_ranks, notice, self._kinds)
        attempt("activations", report_calls, notice, self._kinds, *calls)
        if self._unseen.compiled and not self._attention_is_known:
            self._attention_is_known = pass_seen or self._modules.heard or self._unseen.have_trained()
            if self._attention_is_known:
                attempt("attention", report_attention, notice, self._modules)


def report_attention(notice: Notice, modules: ModuleHooks) -> None:
    """Report that attention is not measured, because torch.compile has compiled something in this process.

    Nothing is reported for models whose code computes no attention.
    """
    if names := modules.attention_names():
        notice(
            "attention",
            f"no attention of {len(names)} layer{'s' * (len(names) > 1)} ({_shown(names)}), apart from the entropy of "
            "weights that a layer returns: torch.compile has compiled code in this process, and would notice the "
            "functions that nnviz replaces to see queries and keys. Train without it to measure attention",
            ("activation",),
        )


def _shown(names: Sequence[str]) -> str:
    """Return the first names, for a message."""
    return ", ".join(name or "the model" for name in names[:3]) + (" ..." if len(names) > 3 else "")


def refuse_split_outputs(guard: Guard, models: Iterable[nn.Module]) -> None:
    """Turn off activations if layers compute only a part of their output."""
    if not guard.is_off("activations") and splits_outputs(models):
        reason = "not recorded: layers compute a part of their output on each rank (tensor parallelism)"
        guard.fail("activations", NotRecorded(reason))
