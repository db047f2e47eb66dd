"""The origin as far as gradients alone show it, if no repeated pass does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from tb_nnviz.record.locate.origin import Origin
from tb_nnviz.record.locate.passes import Pass
from tb_nnviz.record.locate.values import describe, is_nonfinite, problem_of
from tb_nnviz.record.model.metadata import gradient_of


def unlocated_origin(
    passes: Sequence[Pass],
    bad: Sequence[Tensor],
    names: Mapping[Tensor, str],
    reasons: Sequence[str],
    order: Sequence[Tensor] = (),
) -> Origin:
    """Return what is known if no repeated pass shows the origin.

    Args:
        passes: the passes that are kept.
        bad: parameters whose gradient is nonfinite.
        names: names of the parameters.
        reasons: why passes could not be repeated. Without any, all were repeated and are finite.
        order: all parameters of the optimizers.
    """
    if (origin := _input(passes)) is not None:
        origin.unrepeated = "; ".join(reasons)
        return origin
    named = [names[one] for one in bad if one in names]
    count = (
        f"the gradients of {len(bad)} of {len(order)} parameters are nonfinite" if order else "a gradient is nonfinite"
    )
    # names are in order of registration, which is mostly that of execution: NaN spreads upstream from the last
    finite_behind = bool(bad and order) and _place(bad[-1], names) < max(
        _place(one, names) for one in order if gradient_of(one) is not None
    )
    last = named[-1] if named else ""
    about = f"{count}, the last in the model is that of {last}" if last else count
    if not reasons:
        return Origin(
            "loss",
            "",
            f"{about}, although the repeated passes and their gradients are finite: the loss reaches parameters on "
            "another way than through the model's output, such as a penalty, or it differs from pass to pass",
            parameter=last,
        )
    because = f"; no pass was repeated: {'; '.join(reasons)}"
    if finite_behind:
        return Origin(
            "backward",
            last.rpartition(".")[0],
            f"{about}, and those behind it are finite{because}",
            parameter=last,
            unrepeated="; ".join(reasons),
        )
    return Origin("forward", None, f"{about}{because}", parameter="", unrepeated="; ".join(reasons))


def _place(parameter: Tensor, names: Mapping[Tensor, str]) -> int:
    return next((place for place, one in enumerate(names) if one is parameter), -1)


def _input(passes: Sequence[Pass]) -> Origin | None:
    """Return the model's input as the origin if it is nonfinite, else None."""
    for made in passes:
        bad = [x for x in made.arguments.tensors if is_nonfinite(x)]
        if bad:
            return Origin(
                "forward",
                made.prefix,
                f"an input of {made.prefix or 'the model'} has {problem_of(bad[0])}",
                call=made.number,
                inputs=describe(made.arguments.tensors),
                micro_batch=made.number,
                is_input=True,
            )
    return None
