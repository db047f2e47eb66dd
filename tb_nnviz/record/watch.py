"""The function ``tb_nnviz.watch``, which checks its arguments and makes the monitor."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from tb_nnviz.record import arguments, schedule
from tb_nnviz.record.actions.choice import Action
from tb_nnviz.record.actions.choice import Choice as ActionChoice
from tb_nnviz.record.collect.weights import choice
from tb_nnviz.record.model import sharding
from tb_nnviz.record.model.modules import Filter, named_parameters, selector, unwrap
from tb_nnviz.record.monitor import Monitor
from tb_nnviz.record.options import Options
from tb_nnviz.record.write.event_file import Report
from tb_nnviz.record.write.writer import Writer, file_writer, user_writer
from tb_nnviz.rules.settings import Settings, make_rules

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
    on_finding: Action | Mapping[str, Action] = "log",
    rules: Settings | None = None,
    burst: int = 20,
    settings: Mapping[str, Any] | None = None,
    gradient_norm_limits: Any = arguments.NOT_GIVEN,
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

    The page shows the text of token ids if it is given the tokenizer, or any function from ids to strings:

    >>> model = nn.Sequential(nn.Embedding(26, 3), nn.Linear(3, 26))
    >>> letters = lambda ids: [chr(ord("a") + token) for token in ids]  # or probe_labels=tokenizer
    >>> ids = torch.tensor([[7, 8, 25], [0, 1, 2]])
    >>> monitor = watch(model, logdir=tempfile.mkdtemp(), probe=ids, probe_inputs=True, probe_labels=letters)
    >>> monitor.close()

    With an optimizer the loop needs no other line: gradients are read just before the optimizer applies them, and
    updates just after. A step is one step of every watched optimizer.

    Args:
        model: the model, or several by name. Rows of several models are named ``name.layer``.
        optimizer: one or several. Without any, call ``monitor.step()`` after each backward pass. An optimizer that
            wraps another is watched by its own ``step``. ``monitor.watch_optimizer`` hands over those of a later phase.
        logdir: the run's directory. A thread of the monitor writes the events, and loses none when the process ends.
            If an earlier monitor of this process writes it, that is an error, unless nothing but the last traceback or
            the output of a notebook's cell holds that monitor. Then it is closed, and this one takes over.
        writer: in place of ``logdir``, an existing SummaryWriter of torch or tensorboardX. Events then go through it
            and have its guarantees: what it has not flushed is lost if the process dies.
        every: statistics are taken at the steps that are a multiple of this.
        start_step: number of the first step, for a resumed run.
        include: regular expressions (found anywhere in a row's name) or module types: only these rows are logged.
            A module type also selects modules that contain other modules.
        exclude: likewise, rows to leave out.
        kinds: some of parameter, gradient, update, activation, activation_gradient, optimizer (the moments and the
            effective step size of Adam and its family), input and output (the tensors that the model is called with,
            and its result). By default all.
        histograms_every: histograms are taken at the steps that are a multiple of this, or never if it is None.
        weights_every: maps of the weights are taken at the steps that are a multiple of this, or never if it is None.
            They show the values before the update. A weight is a parameter of at least two dimensions that is not
            complex, sparse or quantized.
        weight_bytes: size of all weight maps of one step. Small weights are kept whole. Larger matrices become mean,
            minimum and maximum of tiles, and larger convolutions some of their kernels. Each weight keeps at least
            8 by 8 tiles, even if that exceeds the size.
        tracked_weights: single weights whose value is logged at every logged step: the number of elements per layer's
            weight, taken from its beginning, or indices by parameter, such as ``{"fc1.weight": [(0, 3), (7, 1)]}``.
            None tracks none.
        on_finding: the action when a rule finds a problem. The run contains every finding, and TensorBoard's NNViz tab
            shows it. "log" reports severe ones in the terminal too (logger ``tb_nnviz``). "warn" gives a
            ``FindingWarning``, once per rule. "raise" raises ``tb_nnviz.FindingError`` in the next ``optimizer.step()``
            (or ``monitor.step()`` or ``close()``), before it changes a parameter. "break" opens the debugger of
            ``breakpoint()`` in the training loop there. A function gets the ``tb_nnviz.Finding`` there, and what it
            raises reaches the loop. None does nothing. A dict has actions by rule, ``"family/*"`` or severity, such as
            ``{"nonfinite/*": "raise", "severe": "warn"}``. With "raise" and "break", each step waits for the check of
            the one before. Of a finding that only the end of the run shows, they give a line in the terminal.
        rules: settings of the rules that find problems, by name: limits, as in ``{"gradient/zero": {"patience": 5}}``,
            or None to switch a rule off. ``"family/*"`` names all rules of a family, and ``"*"`` all.
        burst: after a severe finding or a warning, this many steps are logged one by one, at most once per 200 steps.
            0 logs the multiples of ``every`` only.
        settings: what else tells this run from others, such as ``{"seed": 0, "data": "digits"}``: texts, numbers,
            booleans or None by name. ``tb-nnviz compare`` lists those that differ. ``monitor.log_settings`` adds more.
        gradient_norm_limits: deprecated. A pair of limits sets ``norm`` of the rules gradient/vanishing and
            gradient/exploding, None switches all rules off. Use ``rules``.
        scaler: the GradScaler of mixed precision. With it, the loss scale is logged, and the steps that the scaler
            skips are logged with the gradients that caused the skip (with a fused optimizer, only at logged steps).
            Gradients are unscaled with or without this argument, also those with respect to activations.
        window: read the gradients at every step for their norms and the number of nonfinite elements. The next event
            contains the highest norm and loss since the last one, their steps, and counts. The norm of each parameter's
            gradient is kept in memory, and is written for every step since the last event if a severe finding or a
            warning is found, so that the run shows what led to it. It costs one read of all gradients per step, 2 to 6
            ms for 10 million parameters on a CPU.
        snapshot_bytes: memory for the copies of parameters from which updates are measured. The default is 64 MB, or
            2 % of the parameters if that is more. Parameters that do not fit all at once take turns.
        probe: fixed inputs of the activation maps, in the form in which the model takes them: a tensor, a tuple of
            positional arguments, a dict of arguments by name, or another object that holds tensors. With several
            models, a dict of probes by their names. The probe is copied, an object by ``copy.copy``, and follows the
            model to its device. Tensors of the model's dtype follow
            ``model.half()`` and ``.to(torch.bfloat16)`` too. The model runs on it in evaluation mode, without
            gradients, uncompiled and under training's autocast. Modes, attributes, buffers and random states are
            restored afterwards, including generators that are attributes of modules. Your own forward hooks run,
            because the model may need them (weight norm, pruning), with ``module.training`` False. State that they
            keep outside of the modules is not restored, and neither are generators that are stored there. If the model
            raises on the probe, there is one warning and no map. Attention weights that a layer returns beside its
            output, or that an ``nn.Softmax`` returns, have maps too.
        maps_every: activation maps are taken at the steps that are a multiple of this, by default 100 if there is a
            probe. They are taken before the first update of a step. Like ``parameter``, they show the values with which
            the step began. The maps of step 0 are those of the initialization.
        probe_inputs: log the probe's first tensor too, once, to be shown beside its maps. By default it is not
            written, because it may be private.
        probe_labels: names of the inputs on the page: one string per sample, or per sample a list of one string per
            token. For a probe of token ids [samples, tokens] also the tokenizer (of transformers, tokenizers,
            tiktoken or sentencepiece), or a function from one sample's ids to its label or to its tokens' labels.
            With several models, by their names. Requires ``probe_inputs``.
        map_bytes: size of all activation maps of one step. A single map takes at most 256 KiB. Larger outputs are
            reduced in the same way at every step: to at most 8 samples, means over tiles of positions, and every nth
            channel or unit. A warning gives the number of outputs without a map.

    Raises:
        ValueError, TypeError: an argument is invalid. The message has its name and its value.
    """
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
        rules=make_rules(arguments.rules(rules, gradient_norm_limits)),
        burst=arguments.natural("burst", burst),
        on_finding=ActionChoice(on_finding),
        settings=arguments.settings(settings),
    )
    refusal = sharding.refusal(os.path.realpath(directory))

    def make(report: Report) -> Writer:
        return file_writer(directory, refusal, report) if writer is None else user_writer(writer, refusal)

    return Monitor(models, optimizers, make, directory, options)
