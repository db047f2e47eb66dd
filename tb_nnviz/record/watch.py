"""``tb_nnviz.watch``: checks what it is given and makes the monitor."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from tb_nnviz.record import arguments, schedule
from tb_nnviz.record.collect.weights import choice
from tb_nnviz.record.model.modules import Filter, named_parameters, selector, unwrap
from tb_nnviz.record.monitor import Monitor
from tb_nnviz.record.options import Options
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

    Raises:
        ValueError, TypeError: an argument is not what it should be; the message names it and its value.
    """
    if on_finding not in ("log", None):
        raise ValueError(f'invalid on_finding: {on_finding!r:.80} ("log" or None)')
    directory = arguments.directory(logdir, writer)
    models, optimizers = unwrap(model), arguments.optimizers(optimizer)
    arguments.check_parameters(models, optimizers)
    found, maps = arguments.probes_and_schedule(probe, models, maps_every)
    keep = selector(include, exclude)
    kept = [parameter for parameter in named_parameters(models) if keep(parameter.name, parameter.owner)]
    options = Options(
        kinds=arguments.kinds(kinds, bool(optimizers)),
        logged=schedule.every("every", arguments.not_none("every", every)),
        histograms=schedule.every("histograms_every", histograms_every),
        maps=maps,
        weights=schedule.every("weights_every", weights_every),
        weight_bytes=arguments.natural("weight_bytes", weight_bytes),
        tracked=choice.checked(tracked_weights, kept),
        start_step=arguments.natural("start_step", start_step),
        include=include,
        exclude=exclude,
        scaler=arguments.scaler(scaler),
        window=bool(window),
        snapshot_bytes=None if snapshot_bytes is None else arguments.natural("snapshot_bytes", snapshot_bytes),
        probes=found,
        probe_inputs=bool(probe_inputs),
        probe_labels=arguments.probe_labels(probe_labels, found, probe_inputs),
        map_bytes=arguments.natural("map_bytes", map_bytes),
        rules=default_rules({"gradient_norm": arguments.norm_limits(gradient_norm_limits)}),
        report_findings=on_finding is not None,
    )
    make = (lambda: file_writer(directory)) if writer is None else (lambda: user_writer(writer))
    return Monitor(models, optimizers, make, directory, options)
