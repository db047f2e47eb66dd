"""Detectors of torchmortem 0.1 with their defaults. They look at a finished run, most of them at its second half.

Source: https://github.com/sebseager/torchmortem, its folder ``detectors``. Rank collapse, gradient noise and curvature
need tensors that are not logged.
"""

from __future__ import annotations

from math import erf, sqrt

import numpy as np

from tests.bench.published.history import History, Table
from tests.faults.scoring import Alarm


def gradient_flow(run: History) -> list[Alarm]:
    """Return alarms of gradients, whose norms are per layer here as there.

    The last layer's is more than 100 times the first's in the second half, one exceeds 1000, or one is below 1e-8 at
    more than 30 % of the steps.
    """
    table = run.tables["gradient"]
    layers = table.rows.layers
    norms = np.zeros((len(table.steps), len(layers)))
    squares = np.nan_to_num(table["norm"], nan=0.0, posinf=0.0) ** 2
    for place, layer in enumerate(table.rows.layer):
        norms[:, layer] += squares[:, place]
    norms = np.sqrt(norms)
    half = len(table.steps) // 2
    mean, start = norms[half:].mean(0), int(table.steps[half])
    found = []
    if len(layers) > 1 and mean[-1] >= 1e-30 and mean[-1] >= 100 * mean[0]:
        found.append(Alarm("gradient/vanishing", layers[int(np.argmin(mean))], start))
    for i, layer in enumerate(layers):
        if (norms[:, i] > 1000).any():
            found.append(Alarm("gradient/exploding", layer, int(table.steps[np.argmax(norms[:, i] > 1000)])))
        stalled = norms[:, i] < 1e-8
        if stalled.mean() >= 0.3:
            found.append(Alarm("gradient/zero", layer, int(table.steps[np.argmax(stalled)])))
    return found


def _lasting(table: Table, share: np.ndarray, rule: str) -> list[Alarm]:
    half = len(table.steps) // 2
    bad = (share[half:] > 0.5).mean(0) >= 0.5
    return [Alarm(rule, table.rows[i].module, int(table.steps[half])) for i in np.flatnonzero(bad)]


def dead_units(run: History) -> list[Alarm]:
    """Return layers more than half of whose values are 0 in at least half of the second half's steps."""
    table = run.tables["activation"]
    return _lasting(table, np.nan_to_num(table["zero_fraction"]), "activation/dead")


def saturation(run: History) -> list[Alarm]:
    """Return layers more than half of whose values are beyond 0.95 in at least half of the second half's steps.

    The share of values beyond 0.95 is taken from mean and standard deviation, as of normal values.
    """
    table = run.tables["activation"]
    mean, std = table["mean"], np.maximum(np.nan_to_num(table["std"]), 1e-12)
    inside = np.vectorize(erf)((0.95 - mean) / std / sqrt(2)) - np.vectorize(erf)((-0.95 - mean) / std / sqrt(2))
    return _lasting(table, np.nan_to_num(1 - inside / 2), "activation/saturated")


def update_ratio(run: History) -> list[Alarm]:
    """Return weights whose median ratio of update to weight is outside [1e-5, 0.1] in the second half."""
    table = run.tables["update"]
    half = len(table.steps) // 2
    found = []
    for i, row in enumerate(table.rows):
        ratio = table["ratio"][half:, i]
        ratio = ratio[ratio > 0]
        median = np.median(ratio) if len(ratio) else np.nan
        rule = "update/too_small" if median < 1e-5 else "update/too_large" if median > 0.1 else None
        if rule:
            found.append(Alarm(rule, row.module, int(table.steps[half])))
    return found


def weight_norm(run: History) -> list[Alarm]:
    """Return weights that grew tenfold, that changed by less than 1e-4, or that differ 100 times from others."""
    table = run.tables["parameter"]
    norm, found = table["norm"], []
    first = int(table.steps[0])
    for i, row in enumerate(table.rows):
        start, end = norm[0, i], norm[-1, i]
        if not start >= 1e-30:
            continue
        if end / start > 10:
            found.append(Alarm("parameter/growing", row.module, first))
        elif abs(end - start) / start < 1e-4:
            found.append(Alarm("update/too_small", row.module, first))
    positive = norm[-1][norm[-1] > 1e-30]
    if len(positive) > 1 and positive.max() / positive.min() >= 100:
        found.append(Alarm("activation/scale", table.rows[int(np.nanargmax(norm[-1]))].module, first))
    return found


def loss_dynamics(run: History) -> list[Alarm]:
    """Return alarms of a loss that rises to 1.5 times in the last 20 values, or is constant to 1e-5 over 20 values."""
    steps, values = run.loss
    window = min(20, len(values) // 2)
    if window < 5:
        return []
    found, tail = [], values[-window:]
    if (np.diff(tail) > 0).mean() >= 0.8 and tail[-1] / tail[0] >= 1.5:
        found.append(Alarm("loss/diverges", "", int(steps[-window])))
    for at in range(len(values) // 2, len(values) - 20, 20):
        part = values[at : at + 20]
        if part.mean() >= 1e-30 and np.ptp(part) / abs(part.mean()) < 1e-5:
            found.append(Alarm("loss/plateau", "", int(steps[at])))
            break
    return found


RULES = (gradient_flow, dead_units, saturation, update_ratio, weight_norm, loss_dynamics)
