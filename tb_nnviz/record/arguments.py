"""Checks of the arguments of ``watch``: each returns the argument as the monitor reads it, or raises.

Messages have the form ``invalid NAME: value (what is allowed)``.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from tb_nnviz import schema
from tb_nnviz.record import schedule
from tb_nnviz.record.collect.activation_maps.labels import Labels, labels
from tb_nnviz.record.collect.activation_maps.probe import Probe, probes
from tb_nnviz.record.model.optimizers import WatchedOptimizer, is_hooked, takes_attribute
from tb_nnviz.rules.settings import Settings
from tb_nnviz.schema.settings import MAX_SETTINGS


def directory(logdir: str | os.PathLike[str] | None, writer: Any) -> str:
    """Return the run's directory, which is the writer's if there is one."""
    if (logdir is None) == (writer is None):
        given = "neither" if logdir is None else "both"
        raise ValueError(f"invalid logdir and writer: {given} given (one of them says where events go)")
    if logdir is not None:
        return os.fsdecode(logdir)
    found = getattr(writer, "log_dir", None) or getattr(writer, "logdir", None)
    if not (found and hasattr(writer, "_get_file_writer")):
        raise TypeError(f"invalid writer: {writer!r:.120} (a SummaryWriter of torch or tensorboardX)")
    return str(found)


def optimizers(optimizer: Any) -> list[WatchedOptimizer]:
    """Return one or several optimizers as a list without duplicates."""
    if optimizer is None:
        return []
    several = list(optimizer) if isinstance(optimizer, list | tuple) else [optimizer]
    found: dict[int, WatchedOptimizer] = {}
    for one in several:
        watched = _optimizer(one)
        found.setdefault(id(watched.stepped), watched)
    return list(found.values())


def _optimizer(given: Any) -> WatchedOptimizer:
    if isinstance(given, type | nn.Module | Tensor) or not callable(getattr(given, "step", None)):
        raise TypeError(f"invalid optimizer: {given!r:.120} (a torch.optim.Optimizer, or a list of them)")
    watched = WatchedOptimizer(given)
    if not watched.within:
        raise TypeError(
            f"invalid optimizer: {watched.name} has no parameter groups, and no optimizer is found within it (pass the "
            "torch.optim.Optimizer that it steps; or pass none, and call monitor.step() after each backward pass)"
        )
    if not is_hooked(watched.stepped) and not takes_attribute(watched.stepped, "step"):
        inner = next((one for one in watched.within if is_hooked(one)), None)
        advice = "" if inner is None else f"pass the {type(inner).__name__} within it; or "
        raise TypeError(
            f"invalid optimizer: the steps of {watched.name} cannot be watched, because it takes no attribute "
            f"({advice}pass none, and call monitor.step() after each backward pass)"
        )
    return watched


def settings(given: Any) -> dict[str, Any]:
    """Return the settings of a run."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise TypeError(f"invalid settings: {given!r:.120} (a dict of texts, numbers, booleans or None by name)")
    if len(given) > MAX_SETTINGS:
        raise ValueError(f"invalid settings: {len(given)} given (at most {MAX_SETTINGS})")
    return dict(schema.check_setting(name, value) for name, value in given.items())


def among(name: str, given: Any, watched: Sequence[WatchedOptimizer]) -> list[WatchedOptimizer]:
    """Return those of the watched optimizers that are given."""
    several = list(given) if isinstance(given, list | tuple) else [given]
    found = []
    for one in several:
        same = [other for other in watched if one is other.given or one is other.stepped]
        if not same:
            names = ", ".join(other.name for other in watched) or "none"
            raise ValueError(f"invalid {name}: this {type(one).__name__} is not watched (one of {names})")
        found += same
    return found


def check_new(new: Sequence[WatchedOptimizer], kept: Sequence[WatchedOptimizer]) -> None:
    """Check that no new optimizer is watched already."""
    for one in new:
        if any(one.stepped is other.stepped for other in kept):
            raise ValueError(f"invalid optimizer: {one.name} is watched already (replaces= says whose place it takes)")


def check_parameters(models: Mapping[str, nn.Module], optimizers: Sequence[WatchedOptimizer]) -> None:
    """Check that the models have parameters, and that each optimizer has some of them."""
    own = {parameter for model in models.values() for parameter in model.parameters()}
    if not own:
        names = ", ".join(type(model).__name__ for model in models.values())
        raise ValueError(f"invalid model: {names} has no parameters, there is nothing to train")
    for optimizer in optimizers:
        tensors = optimizer.parameters
        if own.isdisjoint(tensors):
            raise ValueError(
                f"invalid optimizer: none of the {len(tensors)} parameters of {optimizer.name} "
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
    return tuple(kind for kind in schema.KINDS if kind in chosen)


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


#: The value of an argument that is not given, where None has a meaning.
NOT_GIVEN: Any = object()


def rules(rules: Settings | None, gradient_norm_limits: Any) -> Settings | None:
    """Return the settings of the rules, among them those of the former argument ``gradient_norm_limits``.

    Raises:
        ValueError: the former argument is not a pair of ascending limits. The settings are checked by ``make_rules``.
    """
    if gradient_norm_limits is NOT_GIVEN:
        return rules
    if gradient_norm_limits is None:
        former: Settings = {"*": None}
    else:
        try:
            vanishing, exploding = map(float, gradient_norm_limits)
        except (TypeError, ValueError):
            vanishing, exploding = 0.0, 0.0
        if not 0 <= vanishing < exploding:
            limits = "two limits, 0 <= vanishing < exploding, or None"
            raise ValueError(f"invalid gradient_norm_limits: {gradient_norm_limits!r:.120} ({limits})")
        former = {"gradient/vanishing": {"norm": vanishing}, "gradient/exploding": {"norm": exploding}}
    warnings.warn(f"gradient_norm_limits is deprecated: pass rules={former}", DeprecationWarning, stacklevel=3)
    return {**former, **(rules or {})}


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
