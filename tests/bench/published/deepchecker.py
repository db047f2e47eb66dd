"""Checks of TheDeepChecker (Ben Braiek and Khomh 2022) with the thresholds of its settings.

Source: https://arxiv.org/abs/2204.00694. The checks before training (gradient checks, overfitting a small batch) and
those of predictions need tensors that are not logged.
"""

from __future__ import annotations

import numpy as np

from tests.bench.published.history import History
from tests.faults.scoring import Alarm

#: Logged steps over which growth and decay are measured.
WINDOW = 5


def gradients(run: History) -> list[Alarm]:
    """Return weights whose gradient vanishes (mean below 1e-6, or falls by half per step) or explodes (1e6, doubles).

    The mean absolute gradient is taken as 0.8 rms, as of normal values. Growth is measured over five logged steps.
    """
    table = run.tables["gradient"]
    mean = 0.8 * table["rms"]
    growth = np.full(mean.shape, np.nan)
    if len(mean) > WINDOW:
        with np.errstate(divide="ignore", invalid="ignore"):
            growth[WINDOW:] = (mean[WINDOW:] / mean[:-WINDOW]) ** (1 / WINDOW)
    return [
        *table.alarms("gradient/vanishing", (mean < 1e-6) | (growth < 0.5)),
        *table.alarms("gradient/exploding", (mean > 1e6) | (growth > 2)),
        *table.alarms("nonfinite/backward", table["nonfinite"] > 0),
    ]


def units(run: History) -> list[Alarm]:
    """Return layers with more than half of the units dead or saturated, or a standard deviation outside [0.5, 2].

    A unit is dead if the 95th percentile of its absolute values is below 1e-5, here if it is 0 in the whole batch. A
    unit is saturated if its rho exceeds 0.85. Here the share within 0.01 of the bounds is read.
    """
    table = run.tables["activation"]
    activations = table.only(lambda row: row.type in ("ReLU", "Sigmoid", "Tanh", "LeakyReLU", "ELU", "GELU", "SELU"))
    std = table["std"][:, activations]
    return [
        *table.alarms("activation/dead", table["dead_fraction"][:, activations] > 0.5, activations),
        *table.alarms("activation/saturated", table["saturated_fraction"][:, activations] > 0.5, activations),
        *table.alarms("activation/scale", (std < 0.5) | (std > 2), activations),
        *table.alarms("nonfinite/forward", table["nonfinite"] > 0),
    ]


def updates(run: History) -> list[Alarm]:
    """Return weights whose ratio of update to weight is above 0.1 or below 1e-4, by the mean over five logged steps."""
    table = run.tables["update"]
    places = table.only(lambda row: row.role == "weight")
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log10(table["ratio"][:, places])
    if len(logs) < WINDOW:
        return []
    means = np.stack([logs[i : i + WINDOW].mean(0) for i in range(len(logs) - WINDOW + 1)])
    rest = np.zeros((WINDOW - 1, len(places)), bool)
    return [
        *table.alarms("update/too_large", np.concatenate([means > -1, rest]), places),
        *table.alarms("update/too_small", np.concatenate([means < -4, rest]), places),
    ]


def losses(run: History) -> list[Alarm]:
    """Return alarms of the loss.

    It is NaN, falls by less than 5 % over fifty steps, is at least twice its minimum, or fluctuates: more than half of
    the changes in a window of fifty change their sign.
    """
    steps, values = run.loss
    found = []
    if not np.isfinite(values).all():
        found.append(Alarm("loss/nonfinite", "", int(steps[np.argmin(np.isfinite(values))])))
    finite = np.where(np.isfinite(values), values, np.inf)
    for at in range(50, len(finite)):
        if finite[at - 50] > 0 and finite[at] > 0.95 * finite[at - 50]:
            found.append(Alarm("loss/stuck" if at == 50 else "loss/plateau", "", int(steps[at - 50])))
            break
    lowest = np.minimum.accumulate(finite) if len(finite) else finite
    diverging = (finite >= 2 * lowest) & (lowest > 0)
    if diverging.any():
        found.append(Alarm("loss/diverges", "", int(steps[np.argmax(diverging)])))
    signs = np.sign(np.diff(finite[np.isfinite(finite)]))
    for at in range(50, len(signs)):
        if (signs[at - 49 : at] != signs[at - 50 : at - 1]).mean() > 0.5:
            found.append(Alarm("learning_rate/too_high", "", int(steps[at - 50])))
            break
    return found


RULES = (gradients, units, updates, losses)
