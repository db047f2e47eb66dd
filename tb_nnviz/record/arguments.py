"""Checks of the arguments of ``watch``: each returns the argument as the monitor reads it, or raises.

Messages have the form ``invalid NAME: value (what is allowed)``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from tb_nnviz import schema
from tb_nnviz.record import schedule
from tb_nnviz.record.collect.activation_maps.labels import Labels, labels
from tb_nnviz.record.collect.activation_maps.probe import Probe, probes

Optimizer = torch.optim.Optimizer


def directory(logdir: str | os.PathLike[str] | None, writer: Any) -> str:
    """Return the run's directory, which is the writer's if there is one."""
    if (logdir is None) == (writer is None):
        given = "neither" if logdir is None else "both"
        raise ValueError(f"invalid logdir and writer: {given} given (one of them says where events go)")
    if logdir is not None:
        return os.fspath(logdir)
    found = getattr(writer, "log_dir", None) or getattr(writer, "logdir", None)
    if not (found and hasattr(writer, "_get_file_writer")):
        raise TypeError(f"invalid writer: {writer!r:.120} (a SummaryWriter of torch or tensorboardX)")
    return str(found)


def optimizers(optimizer: Any) -> list[Optimizer]:
    """Return one or several optimizers as a list without duplicates."""
    if optimizer is None:
        return []
    several = list(optimizer) if isinstance(optimizer, list | tuple) else [optimizer]
    for one in several:
        if not (hasattr(one, "register_step_pre_hook") and hasattr(one, "param_groups")):
            raise TypeError(f"invalid optimizer: {one!r:.120} (a torch.optim.Optimizer, or a list of them)")
    return list(dict.fromkeys(several))


def check_parameters(models: Mapping[str, nn.Module], optimizers: Sequence[Optimizer]) -> None:
    """Check that the models have parameters, and that each optimizer has some of them."""
    own = {parameter for model in models.values() for parameter in model.parameters()}
    if not own:
        names = ", ".join(type(model).__name__ for model in models.values())
        raise ValueError(f"invalid model: {names} has no parameters, there is nothing to train")
    for optimizer in optimizers:
        tensors = [tensor for group in optimizer.param_groups for tensor in group["params"]]
        if own.isdisjoint(tensors):
            raise ValueError(
                f"invalid optimizer: none of the {len(tensors)} parameters of {type(optimizer).__name__} "
                "is the model's (was the model copied or moved after the optimizer was made?)"
            )


def kinds(kinds: Iterable[str] | None, has_optimizer: bool) -> tuple[str, ...]:
    """Return the kinds to measure, in the order of the schema."""
    chosen = schema.KINDS if kinds is None else (kinds,) if isinstance(kinds, str) else tuple(kinds)
    for kind in chosen:
        if kind not in schema.KINDS:
            raise ValueError(f"unknown kind: {kind!r} (one of {', '.join(schema.KINDS)})")
    stepped = {"update", "optimizer"}  # cannot be measured without an optimizer
    if kinds is not None and not has_optimizer and (missing := stepped.intersection(chosen)):
        raise ValueError(f"invalid kinds: {sorted(missing)[-1]} needs an optimizer, and none is given")
    return tuple(kind for kind in schema.KINDS if kind in chosen and (has_optimizer or kind not in stepped))


def scaler(scaler: Any) -> Any:
    """Return a GradScaler, or None."""
    if scaler is not None and not all(hasattr(scaler, name) for name in ("step", "update", "is_enabled")):
        raise TypeError(f"invalid scaler: {scaler!r:.120} (a torch.amp.GradScaler)")
    return scaler


def not_none(name: str, value: int | None) -> int:
    """Return an interval, which must not be None."""
    if value is None:
        raise ValueError(f"invalid {name}: None (an integer of at least 1)")
    return value


def natural(name: str, value: int) -> int:
    """Return an integer of at least 0."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"invalid {name}: {value!r} (an integer of at least 0)")
    return value


def probes_and_schedule(
    probe: Any, models: Mapping[str, nn.Module], maps_every: int | None
) -> tuple[dict[str, Probe], schedule.Schedule]:
    """Return the probes by model, and the schedule of their maps."""
    if probe is None:
        if maps_every is not None:
            raise ValueError(
                f"invalid maps_every: {maps_every!r} without a probe (probe=inputs as the model takes them)"
            )
        return {}, schedule.every("maps_every", None)
    return probes(probe, models), schedule.every("maps_every", 100 if maps_every is None else maps_every)


def probe_labels(given: Any, probes: Mapping[str, Probe], are_inputs_logged: bool) -> Mapping[str, Labels]:
    """Return the labels of the probes by model."""
    if given is None:
        return {}
    if not (probes and are_inputs_logged):
        raise ValueError("invalid probe_labels: they are logged with the inputs, and probe_inputs is not set")
    return labels(given, probes)


def norm_limits(limits: Any) -> dict[str, float] | None:
    """Return the thresholds of the gradient-norm rule, or None to leave the rule out."""
    if limits is None:
        return None
    try:
        vanishing, exploding = (float(limit) for limit in limits)
    except (TypeError, ValueError):
        raise ValueError(f"invalid gradient_norm_limits: {limits!r} (vanishing, exploding; or None)") from None
    if not 0 <= vanishing < exploding:
        raise ValueError(f"invalid gradient_norm_limits: {limits!r} (0 <= vanishing < exploding)")
    return {"vanishing": vanishing, "exploding": exploding}
