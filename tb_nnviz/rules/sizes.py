"""Sizes that rules compare: gradients before clipping, updates relative to their weights, profiles over depth."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tb_nnviz.rules.step_values import StepValues

#: Smallest size of a weight that an update is compared with, in units of 1/sqrt(fan-in), the size that keeps a signal's
#: variance. Any update of a weight that begins at 0, as in LoRA or a zeroed head, would be infinite otherwise.
SMALLEST_WEIGHT = 0.1
#: Logged steps whose norms are kept per row, to name the row that has grown most.
ROW_HISTORY = 10
#: Statistics that ``relative_updates`` needs.
UPDATE_READS = frozenset({("update", "count"), ("update", "norm"), ("parameter", "count"), ("parameter", "norm")})


class Profile(NamedTuple):
    """The logarithm of a size per layer, in the order of execution.

    Attributes:
        kind: the kind that was measured.
        places: the position in the kind's rows of the row that stands for each layer.
        sizes: the decimal logarithm of the size of each layer: float64 [layers].
    """

    kind: str
    places: np.ndarray
    sizes: np.ndarray


def clip_factor(values: StepValues) -> float:
    """Return the factor by which the step's gradients were multiplied, 1 if they were not clipped."""
    factor = values.scalars.get("clip_factor", 1.0)
    return factor if 0 < factor <= 1 else 1.0


def total_norm(values: StepValues) -> float:
    """Return the norm of all gradients of a step before clipping, NaN if a present one is not finite."""
    return values.share("total_norm", _total_norm)


def _total_norm(values: StepValues) -> float:
    norm = values.get("gradient", "norm")[values.present("gradient")]
    return math.sqrt(float(norm @ norm)) / clip_factor(values)


def relative_updates(values: StepValues) -> np.ndarray:
    """Return the size of each update relative to its weight: float64 [rows of update], NaN for all but weights.

    A weight that is smaller than ``SMALLEST_WEIGHT`` counts as if it had that size.
    """
    return values.share("relative_updates", _relative_updates)


def _relative_updates(values: StepValues) -> np.ndarray:
    rows = values.rows["update"]
    parameters = rows.align(values.rows["parameter"], values.get("parameter", "norm"))
    judged = rows.has_role("weight") & rows.trainable & values.present("update")
    with np.errstate(all="ignore"):
        smallest = rows.smallest_norm * SMALLEST_WEIGHT
        ratio = np.asarray(values.get("update", "norm") / np.maximum(parameters, smallest))
    ratio[~judged] = np.nan
    ratio.flags.writeable = False
    return ratio


def profile(values: StepValues) -> Profile | None:
    """Return the sizes of the gradients over the depth of a network, None if it has less than two layers.

    The norm of the gradient with respect to the output of each layer that has weights. Where no activations are
    logged, the root mean square of the gradient with respect to its weights.
    """
    return values.share("profile", _profile)


def _profile(values: StepValues) -> Profile | None:
    by_output = values.has("activation_gradient", "norm")
    weights = values.rows["gradient"]
    if by_output:
        rows = values.rows["activation_gradient"]
        order = rows.weighted_in_order(weights)
        sizes = values.get("activation_gradient", "norm")
        kind = "activation_gradient"
    else:
        rows, kind = weights, "gradient"
        order = rows.weights_in_order
        sizes = values.get("gradient", "norm") / np.sqrt(np.maximum(rows.numel, 1.0)) / clip_factor(values)
    places = order[values.present(kind)[order]]
    if places.size < 2:
        return None
    with np.errstate(all="ignore"):
        return Profile(kind, places, np.log10(sizes[places]))


def depth_growth(found: Profile) -> tuple[float, int]:
    """Return the growth of the gradients on the way back, as a decimal logarithm, and the place where it begins.

    The place is that of a layer in the profile: the one behind the largest rise, if it is half of all, else the last.
    """
    sizes, half = found.sizes, found.sizes.size // 2
    end = sizes.size - max(2, sizes.size // 4)
    growth = float(sizes[:half].max() - sizes[end:].max())
    rises = -np.diff(sizes)
    sharp = int(np.argmax(rises)) + 1
    return growth, sharp if rises[sharp - 1] >= 0.5 * growth else end + int(np.argmax(sizes[end:]))
