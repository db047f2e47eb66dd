"""``tb_nnviz.watch``: checks what it is given and makes the monitor."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from tb_nnviz import schema
from tb_nnviz.record import schedule
from tb_nnviz.record.collect.activation_maps.probe import Probe, labels, probes
from tb_nnviz.record.collect.weights import tracked
from tb_nnviz.record.model.modules import Filter, named_parameters, selector, unwrap
from tb_nnviz.record.monitor import Monitor
from tb_nnviz.record.settings import Settings
from tb_nnviz.record.write.writer import file_writer, user_writer
from tb_nnviz.rules.registry import default_rules

Optimizer = torch.optim.Optimizer


def watch(
    model: nn.Module | Mapping[str, nn.Module],
    optimizer: Optimizer | Sequence[Optimizer] | None = None,
    logdir: str | os.PathLike[str] | None = None,
    *,
    writer: Any = None,
    every: int = 10,
    start_step: int = 0,
    scaler: Any = None,
    include: Filter = None,
    exclude: Filter = None,
    kinds: Iterable[str] | None = None,
    histograms_every: int | None = 100,
    weights_every: int | None = 500,
    weight_bytes: int = 131072,
    tracked_weights: int | Mapping[str, Sequence[Any]] | None = 10,
    probe: Any = None,
    maps_every: int | None = None,
    probe_inputs: bool = False,
    probe_labels: Any = None,
    map_bytes: int = 2**20,
    process_group: Any = None,
    window: bool = False,
    snapshot_bytes: int | None = None,
    on_finding: str | None = "log",
    gradient_norm_limits: tuple[float, float] | None = (1e-6, 100.0),
) -> Monitor:
    """Log what happens inside a model while it trains, for TensorBoard's NNViz tab.

    >>> import tempfile
    >>> model = nn.Linear(3, 1)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> with watch(model, optimizer, logdir=tempfile.mkdtemp()) as monitor:
    ...     for x in torch.ones(5, 2, 3):
    ...         loss = model(x).square().mean()
    ...         loss.backward()
    ...         optimizer.step()
    ...         optimizer.zero_grad()
    ...         monitor.log(loss=loss)  # optional

    With an optimizer the loop needs no other line: gradients are read just as the optimizer is about
    to apply them, and updates just after it has. A step is one step of every watched optimizer.

    Args:
        model: the model, or several by name; rows are then named ``name.layer``.
        optimizer: one or several; without any, call ``monitor.step()`` after each backward pass.
        logdir: the run's directory; events are written by a thread of our own, which loses nothing when
            the process ends.
        writer: instead of ``logdir``, a SummaryWriter of torch or tensorboardX that you have already.
            Events then go through it and have its guarantees, not ours: what it has not flushed when the
            process dies is lost.
        every: statistics are taken at steps that are a multiple of this.
        start_step: number of the first step, for a run that is resumed.
        include: regular expressions (found anywhere in a row's name) or module types: only these rows.
            A type also observes modules that hold others.
        exclude: likewise, rows to leave out.
        kinds: some of parameter, gradient, update, activation, activation_gradient, and optimizer (the moments
            and the effective step size of Adam and its family); default all.
        histograms_every: histograms are taken at steps that are a multiple of this; None: never.
        weights_every: maps of the weights (parameters of at least two dimensions; not complex, sparse or quantized
            ones) are taken at steps that are a multiple of this, as they are before the update; None: never.
        weight_bytes: what the maps of one step may take in all. Small weights are kept whole; larger matrices as
            mean, minimum and maximum of tiles, larger convolutions as some of their kernels. Each weight has at
            least 8 by 8 tiles, even where so many take more.
        tracked_weights: single weights whose value is kept at every logged step: a number, for the first elements
            of each layer's weight; or indices by parameter, such as ``{"fc1.weight": [(0, 3), (7, 1)]}``; or None.
        on_finding: "log" says in the terminal (logger ``tb_nnviz``) when a gradient norm stays beyond a
            limit or turns nonfinite, once a layer and kind of trouble; None is silent there. Findings are in
            the log either way, and TensorBoard's NNViz tab shows them.
        gradient_norm_limits: vanishing below the first, exploding above the second; None: nothing is looked for.
        scaler: the GradScaler of mixed precision: adds the loss scale and the steps that it skips, each with
            the gradients that caused it (those of a fused optimizer at logged steps). Gradients are unscaled
            with or without it.
        window: read the gradients at every step for their common norm and the count of nonfinite elements;
            the highest norm and loss since the last event, their steps and counts ride on the next.
        snapshot_bytes: memory for the copy of the parameters that updates are told from; default: 64 MB, or
            2 % of the parameters if that is more. Parameters that do not fit all at once take turns.
        probe: a few fixed inputs, as the model takes them, to take activation maps of: a tensor, a tuple of
            positional arguments, or a dict of arguments by name; with several models a dict of probes by
            their names. It is copied, and goes where the model goes: to its device, and after ``model.half()`` or
            ``.to(torch.bfloat16)`` to its dtype, where it had the model's dtype before. The model runs on it in
            evaluation mode, without gradients and uncompiled, under training's autocast, and is afterwards as if it
            had not: modes, attributes, buffers and random states are put back, those of generators that are
            attributes of modules too. Forward hooks of your own run, since they may be part of what the model
            computes (weight norm, pruning): what they count elsewhere than in the modules, and what the model draws
            from generators that are kept elsewhere, stays. ``module.training`` is False then. A probe that the
            model raises on is one warning, and no maps. Attention weights that a layer gives beside its output, or
            as an ``nn.Softmax``, are maps too.
        maps_every: maps are taken at steps that are a multiple of this (100 where there is a probe), just before
            the step's first update: as ``parameter`` they show the values that the step began with, at step 0
            those of initialization.
        probe_inputs: log the probe's first tensor too, once, to be seen beside its maps. It may be private: by
            default it is not written anywhere.
        probe_labels: what the page calls the inputs: one string a sample, or a list of one a token a sample; by
            the models' names as the probe is. Only with ``probe_inputs``.
        map_bytes: the maps of one step take this much at most, and a single map 256 KiB. What does not fit is
            made smaller, the same way at every step: at most 8 samples, means of tiles of places, every nth
            channel or unit; the log says which.
        process_group: not available yet.

    Raises:
        ValueError, TypeError: an argument is not what it should be; the message names it and its value.
    """
    if process_group is not None:
        raise NotImplementedError(f"process_group is not available yet (given: {process_group!r:.80})")
    if on_finding not in ("log", None):
        raise NotImplementedError(f'on_finding is not available yet but as "log" or None (given: {on_finding!r:.80})')
    if (logdir is None) == (writer is None):
        given = "neither" if logdir is None else "both"
        raise ValueError(f"invalid logdir and writer: {given} given (one of them says where events go)")
    models, optimizers = unwrap(model), _optimizers(optimizer)
    _check_parameters(models, optimizers)
    if isinstance(start_step, bool) or not isinstance(start_step, int) or start_step < 0:
        raise ValueError(f"invalid start_step: {start_step!r} (an integer of at least 0)")
    directory = _directory(logdir, writer)
    found, maps = _probes(probe, models, maps_every)
    if probe_labels is not None and not (found and probe_inputs):
        raise ValueError("invalid probe_labels: they are logged with the inputs, and probe_inputs is not set")
    keep = selector(include, exclude)
    kept = [parameter for parameter in named_parameters(models) if keep(parameter.name, parameter.owner)]
    settings = Settings(
        kinds=_kinds(kinds, bool(optimizers)),
        logged=schedule.every("every", _not_none("every", every)),
        histograms=schedule.every("histograms_every", histograms_every),
        maps=maps,
        weights=schedule.every("weights_every", weights_every),
        weight_bytes=_bytes("weight_bytes", weight_bytes),
        tracked=tracked.checked(tracked_weights, kept),
        start_step=start_step,
        include=include,
        exclude=exclude,
        scaler=_scaler(scaler),
        window=bool(window),
        snapshot_bytes=None if snapshot_bytes is None else _bytes("snapshot_bytes", snapshot_bytes),
        probes=found,
        probe_inputs=bool(probe_inputs),
        probe_labels={} if probe_labels is None else labels(probe_labels, found),
        map_bytes=_bytes("map_bytes", map_bytes),
        rules=default_rules({"gradient_norm": _limits(gradient_norm_limits)}),
        say_findings=on_finding is not None,
    )
    make = (lambda: file_writer(directory)) if writer is None else (lambda: user_writer(writer))
    return Monitor(models, optimizers, make, directory, settings)


def _not_none(name: str, value: int | None) -> int:
    if value is None:
        raise ValueError(f"invalid {name}: None (an integer of at least 1)")
    return value


def _optimizers(optimizer: Any) -> list[Optimizer]:
    if optimizer is None:
        return []
    several = list(optimizer) if isinstance(optimizer, list | tuple) else [optimizer]
    for one in several:
        if not (hasattr(one, "register_step_pre_hook") and hasattr(one, "param_groups")):
            raise TypeError(f"invalid optimizer: {one!r:.120} (a torch.optim.Optimizer, or a list of them)")
    return list(dict.fromkeys(several))


def _check_parameters(models: Mapping[str, nn.Module], optimizers: Sequence[Optimizer]) -> None:
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


def _directory(logdir: str | os.PathLike[str] | None, writer: Any) -> str:
    if logdir is not None:
        return os.fspath(logdir)
    directory = getattr(writer, "log_dir", None) or getattr(writer, "logdir", None)
    if not (directory and hasattr(writer, "_get_file_writer")):
        raise TypeError(f"invalid writer: {writer!r:.120} (a SummaryWriter of torch or tensorboardX)")
    return str(directory)


def _kinds(kinds: Iterable[str] | None, optimizer: bool) -> tuple[str, ...]:
    chosen = schema.KINDS if kinds is None else (kinds,) if isinstance(kinds, str) else tuple(kinds)
    for kind in chosen:
        if kind not in schema.KINDS:
            raise ValueError(f"unknown kind: {kind!r} (one of {', '.join(schema.KINDS)})")
    stepped = {"update", "optimizer"}  # what there is no way to know without one
    if kinds is not None and not optimizer and (missing := stepped.intersection(chosen)):
        raise ValueError(f"invalid kinds: {sorted(missing)[-1]} needs an optimizer, and none is given")
    return tuple(kind for kind in schema.KINDS if kind in chosen and (optimizer or kind not in stepped))


def _scaler(scaler: Any) -> Any:
    if scaler is not None and not all(hasattr(scaler, name) for name in ("step", "update", "is_enabled")):
        raise TypeError(f"invalid scaler: {scaler!r:.120} (a torch.amp.GradScaler)")
    return scaler


def _bytes(name: str, size: int) -> int:
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise ValueError(f"invalid {name}: {size!r} (an integer of at least 0)")
    return size


def _probes(
    probe: Any, models: Mapping[str, nn.Module], maps_every: int | None
) -> tuple[dict[str, Probe], schedule.Schedule]:
    """The probes, and when maps are taken of them."""
    if probe is None:
        if maps_every is not None:
            raise ValueError(
                f"invalid maps_every: {maps_every!r} without a probe (probe=inputs as the model takes them)"
            )
        return {}, schedule.every("maps_every", None)
    return probes(probe, models), schedule.every("maps_every", 100 if maps_every is None else maps_every)


def _limits(limits: Any) -> dict[str, float] | None:
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
