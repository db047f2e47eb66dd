"""Rules of Amazon SageMaker Debugger with their default thresholds.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/debugger-built-in-rules.html. Approximations are noted beside
each rule. The rules about data (class imbalance, images, text) need tensors that are not logged.
"""

from __future__ import annotations

import numpy as np

from tests.bench.published.history import History
from tests.faults.scoring import Alarm


def vanishing_gradient(run: History) -> list[Alarm]:
    """Return weights whose mean absolute gradient is below 1e-7. It is taken as 0.8 rms, as of normal values."""
    table = run.tables["gradient"]
    return table.alarms("gradient/vanishing", 0.8 * table["rms"] < 1e-7)


def exploding_tensor(run: History) -> list[Alarm]:
    """Return tensors with NaN or Inf."""
    kinds = {"activation": "nonfinite/forward", "gradient": "nonfinite/backward"}
    return [
        alarm
        for kind, rule in kinds.items()
        if kind in run.tables
        for alarm in run.tables[kind].alarms(rule, run.tables[kind]["nonfinite"] > 0)
    ]


def dead_relu(run: History) -> list[Alarm]:
    """Return ReLU layers of which more than half of the units are inactive, here: 0 in the whole batch."""
    table = run.tables["activation"]
    places = table.only(lambda row: row.type == "ReLU")
    return table.alarms("activation/dead", table["dead_fraction"][:, places] > 0.5, places)


def saturated_activation(run: History) -> list[Alarm]:
    """Return tanh and sigmoid layers of which more than half is saturated.

    SageMaker reads the input (beyond 9.5 for tanh). Here the share within 0.01 of the bounds is read, which is wider.
    """
    table = run.tables["activation"]
    return table.alarms("activation/saturated", table["saturated_fraction"] > 0.5)


def poor_initialization(run: History) -> list[Alarm]:
    """Return the alarm of poor initialization, in the first ten logged steps.

    The variances of two layers' weights differ by more than a factor of 10, and the range of the 5th to the 95th
    percentile of a gradient is below 0.001 (taken as 3.29 standard deviations, as of normal values), and the loss
    has not decreased.
    """
    table, gradient = run.tables["parameter"], run.tables["gradient"]
    places = run.weights
    variance = table["std"][:10, places] ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        uneven = np.nanmax(variance, axis=1) / np.nanmin(variance, axis=1) > 10
    flat = (3.29 * gradient["std"][:10] < 1e-3).any(axis=1)
    losses = run.loss[1][:10]
    stuck = len(losses) > 1 and not losses[1:].min() < losses[0]
    together = bool(uneven.any() and flat.any() and stuck)
    return [Alarm("activation/scale", "", int(table.steps[0]))] if together else []


def update_ratio(run: History) -> list[Alarm]:
    """Return weights whose ratio of update to weight is above 10 or below 1e-8."""
    table = run.tables["update"]
    ratio = table["ratio"]
    return [
        *table.alarms("update/too_large", ratio > 10),
        *table.alarms("update/too_small", (ratio < 1e-8) & (ratio > 0)),
    ]


def all_zero(run: History) -> list[Alarm]:
    """Return gradients that are zero everywhere."""
    table = run.tables["gradient"]
    return table.alarms("gradient/zero", table["norm"] == 0)


def unchanged_tensor(run: History) -> list[Alarm]:
    """Return weights whose update is within 1e-8 + 1e-5 |x| over three logged steps, by their norms."""
    table, parameter = run.tables["update"], run.tables["parameter"]
    count = min(len(table.steps), len(parameter.steps))
    if len(table.rows) != len(parameter.rows):
        return []
    still = table["norm"][:count] <= 1e-8 + 1e-5 * parameter["norm"][:count]
    lasting = still[2:] & still[1:-1] & still[:-2]
    return table.alarms("update/none", np.concatenate([lasting, np.zeros((2, len(table.rows)), bool)]))


def loss_not_decreasing(run: History) -> list[Alarm]:
    """Return the alarm of a loss that has not fallen by more than 0.1 % over ten logged values."""
    steps, values = run.loss
    for at in range(10, len(values)):
        if values[at - 10] > 0 and values[at] >= values[at - 10] * 0.999:
            return [Alarm("loss/plateau", "", int(steps[at - 10]))]
    return []


def overfit(run: History) -> list[Alarm]:
    """Return the alarm of a validation loss that exceeds the training loss by more than a tenth, after 1 step."""
    steps, validation = run.val_loss
    if not len(steps) or not len(run.loss[0]):
        return []
    training = np.interp(steps, *run.loss)
    bad = validation - training > 0.1 * training
    return [Alarm("loss/overfit", "", int(steps[np.argmax(bad)]))] if bad.any() else []


RULES = (
    vanishing_gradient, exploding_tensor, dead_relu, saturated_activation, poor_initialization, update_ratio, all_zero,
    unchanged_tensor, loss_not_decreasing, overfit,
)  # fmt: skip
