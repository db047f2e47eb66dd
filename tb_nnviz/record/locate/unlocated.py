"""The origin as far as gradients alone show it, if no repeated pass does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from tb_nnviz.record.locate.origin import Origin
from tb_nnviz.record.locate.passes import Pass
from tb_nnviz.record.locate.values import describe, is_mask, is_nonfinite, of_samples, problem_of, samples
from tb_nnviz.record.model.metadata import gradient_of


def unlocated_origin(
    passes: Sequence[Pass],
    bad: Sequence[Tensor],
    names: Mapping[Tensor, str],
    reasons: Sequence[str],
    order: Sequence[Tensor] = (),
    complete: bool = True,
) -> Origin:
    """Return what is known if no repeated pass shows the origin.

    Args:
        passes: the passes that are kept.
        bad: parameters whose gradient is nonfinite.
        names: names of the parameters.
        reasons: why passes could not be repeated. Without any, all were repeated and are finite.
        order: all parameters of the optimizers.
        complete: whether all passes of the step are kept.
    """
    for made in passes:
        if (origin := bad_input(made, "; ".join(reasons))) is not None:
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
    if complete and _arrives_finite(passes):
        return Origin(
            "backward",
            None,
            f"{about}, although the model's output and the gradient that reaches it are finite{because}",
            parameter=last,
            unrepeated="; ".join(reasons),
        )
    return Origin("forward", None, f"{about}{because}", parameter="", unrepeated="; ".join(reasons))


def _place(parameter: Tensor, names: Mapping[Tensor, str]) -> int:
    return next((place for place, one in enumerate(names) if one is parameter), -1)


def bad_input(made: Pass, reason: str) -> Origin | None:
    """Return the model's input as the origin if it is nonfinite, else None.

    Args:
        made: the pass.
        reason: why the pass was not repeated.
    """
    bad = [x for x in made.arguments.tensors if is_nonfinite(x) and not is_mask(x)]
    if not bad:
        return None
    batch = next((int(x.shape[0]) for x in made.arguments.tensors if x.dim()), None)
    found = samples(bad, batch)
    return Origin(
        "forward",
        made.prefix,
        f"an input of {made.prefix or 'the model'} has {problem_of(bad[0])}{of_samples(found)}",
        call=made.number,
        inputs=describe(made.arguments.tensors),
        samples=found,
        micro_batch=made.number,
        is_input=True,
        unrepeated=reason,
    )


def _arrives_finite(passes: Sequence[Pass]) -> bool:
    """Return True if all outputs and the gradients that reached them are known and finite."""
    gradients = [one.gradient for made in passes for one in made.arrived]
    outputs = [x for made in passes for x in made.outputs.values()]
    known = bool(gradients) and all(made.outputs for made in passes)
    return known and not any(x is None or is_nonfinite(x) for x in [*gradients, *outputs])
