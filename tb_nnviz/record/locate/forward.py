"""The first module of a pass that makes nonfinite outputs of finite inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from tb_nnviz.record.locate.gradients import nonfinite_parameters
from tb_nnviz.record.locate.origin import Origin
from tb_nnviz.record.locate.passes import Pass
from tb_nnviz.record.locate.replay import Call, Candidate, Replay
from tb_nnviz.record.locate.values import describe, is_mask, is_nonfinite, of_samples, problem_of, samples
from tb_nnviz.record.model.modules import type_name


def forward_origin(made: Pass, replay: Replay, parameters: Mapping[Tensor, str]) -> Origin | None:
    """Return the origin of nonfinite outputs of a repeated pass, None if its outputs are finite.

    Args:
        made: the pass.
        replay: the repeated pass.
        parameters: names of the parameters.
    """
    root = replay.root
    if not root.outputs_bad:
        return None
    valid = [one for one in replay.candidates if _reaches_output(one.call)]
    best = next((one for one in valid if not one.uncertain), valid[0] if valid else None)
    batch = batch_of(replay)
    if best is not None:
        return _of_candidate(best, made, batch, parameters)
    if root.inputs_bad:
        return input_origin(made, replay)
    return _of_candidate(
        Candidate(root, describe(root.inputs), root.outputs, describe(root.outputs), False), made, batch, parameters
    )


def input_origin(made: Pass, replay: Replay) -> Origin | None:
    """Return the origin if an input of the model is nonfinite, else None."""
    bad = [x for x in replay.inputs if is_nonfinite(x) and not is_mask(x)]
    if not bad:
        return None
    found = samples(bad, batch_of(replay))
    return Origin(
        "forward",
        made.prefix,
        f"an input of {name_of(made.prefix)} has {problem_of(bad[0])}{of_samples(found)}: the data has them, or what "
        "prepares it",
        type=type_name(made.root),
        call=made.number,
        inputs=describe(replay.inputs),
        outputs=describe(replay.outputs),
        samples=found,
        micro_batch=made.number,
        is_input=True,
    )


def _of_candidate(one: Candidate, made: Pass, batch: int | None, parameters: Mapping[Tensor, str]) -> Origin:
    call = one.call
    found = samples(one.made, batch)
    bad = nonfinite_parameters(call.module.parameters())
    where = f"{name_of(call.name)} ({type_name(call.module)})"
    origin = Origin(
        "forward",
        call.name,
        f"{where} makes {problem_of(one.made[0])} of finite inputs{_range(one)}{of_samples(found)}",
        type=type_name(call.module),
        call=call.number,
        inputs=one.inputs,
        outputs=one.outputs,
        samples=found,
        micro_batch=made.number,
    )
    if bad:
        origin.parameter = parameters.get(bad[0], "")
        origin.tensor = bad[0]
        origin.evidence = (
            f"the parameter {origin.parameter} of {where} is nonfinite: {problem_of(bad[0])}{_rows(bad[0])}; its "
            f"inputs are finite{of_samples(found)}"
        )
    return origin


def _reaches_output(call: Call | None) -> bool:
    """Return True if the nonfinite values of a call reached the end of each call that contains it."""
    while call is not None:
        if not call.outputs_bad:
            return False
        call = call.parent
    return True


def batch_of(replay: Replay) -> int | None:
    """Return the number of samples, as the first axis of the model's first input with axes, None if there is none."""
    tensors: Sequence[Tensor] = [x for x in replay.sized if x.dim()]
    return int(tensors[0].shape[0]) if tensors else None


def name_of(module: str | None) -> str:
    """Return a module's name for a sentence.

    >>> name_of("encoder.0"), name_of("")
    ('encoder.0', 'the model')
    """
    return module or "the model"


def owner_of(parameter: Tensor, model: nn.Module) -> nn.Module:
    """Return the module that holds a parameter."""
    return next((m for m in model.modules() if any(p is parameter for p in m._parameters.values())), model)


def _range(one: Candidate) -> str:
    about = next((about for about in one.inputs if about.get("min") is not None), None)
    return "" if about is None else f" from {about['min']:.4g} to {about['max']:.4g}"


def _rows(parameter: Tensor) -> str:
    """Name the rows of a parameter that are nonfinite, if they are few."""
    if parameter.dim() < 2:
        return ""
    rows = samples([parameter], parameter.shape[0])
    if not rows or len(rows) == parameter.shape[0]:
        return ""
    listed = ", ".join(map(str, rows[:5])) + (" ..." if len(rows) > 5 else "")
    return f", in row{'s' if len(rows) > 1 else ''} {listed}"
