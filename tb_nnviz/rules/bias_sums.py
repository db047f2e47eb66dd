"""Sums of the gradients of biases, which the outputs of their layers determine."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tb_nnviz.rules.step_values import Rows, StepValues

#: Classes whose bias is added to each output once: the sums of both gradients are equal.
_ADDS_BIAS = ("Linear", "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d")
#: Statistics that ``BiasSums`` reads.
BIAS_READS = frozenset(
    (kind, name) for kind in ("gradient", "activation_gradient") for name in ("count", "mean", "norm")
)


class Sums(NamedTuple):
    """The sums of a step, one entry per bias.

    Attributes:
        given: the sum over the gradient of each bias.
        expected: the same from the gradient of its layer's output. Equal but for clipping and earlier steps.
        largest: the largest sum that the gradient can have by its norm.
        sizes: the norm of the gradient of each bias over that of its layer's output. About 1 or more, because the
            samples add up, unless a normalization follows.
        bounds: the largest size without clipping and earlier steps, by the inequality of Cauchy and Schwarz: the root
            of the number of outputs that are added up.
    """

    given: np.ndarray
    expected: np.ndarray
    largest: np.ndarray
    sizes: np.ndarray
    bounds: np.ndarray


class BiasSums:
    """The biases of a run whose gradient is the sum of the gradient of one output, with their sums per step.

    A bias is added to each output once, so that the elements of both gradients have the same sum.
    """

    def __init__(self) -> None:
        self._rows: tuple[Rows, Rows] | None = None
        self._places = np.zeros((2, 0), np.int64)

    def update(self, values: StepValues) -> Sums | None:
        """Return the sums of a step, None if there are none."""
        if not all(values.has(*one) for one in BIAS_READS):
            return None
        biases, outputs = values.rows["gradient"], values.rows["activation_gradient"]
        if self._rows is None or self._rows[0] is not biases or self._rows[1] is not outputs:
            self._rows, self._places = (biases, outputs), _pairs(biases, outputs)
        bias, output = self._places
        here = values.present("gradient")[bias] & values.present("activation_gradient")[output]
        bias, output = bias[here], output[here]
        if not bias.size:
            return None
        counts = values.get("gradient", "count")[bias]
        given = values.get("gradient", "mean")[bias] * counts
        elements = values.get("activation_gradient", "count")[output]
        expected = values.get("activation_gradient", "mean")[output] * elements
        norms = values.get("gradient", "norm")[bias]
        with np.errstate(all="ignore"):
            sizes = norms / values.get("activation_gradient", "norm")[output]
        return Sums(given, expected, np.sqrt(counts) * norms, sizes, np.sqrt(elements / counts))


def _pairs(biases: Rows, outputs: Rows) -> np.ndarray:
    """Return the rows of biases, and for each the row of its layer's only output: int64 [2, biases]."""
    calls: dict[str, list[int]] = {}
    for place, row in enumerate(outputs):
        calls.setdefault(row.module, []).append(place)
    found = [
        (place, calls[row.module][0])
        for place, row in enumerate(biases)
        if row.role == "bias" and row.type in _ADDS_BIAS and not row.tied_to and len(calls.get(row.module, ())) == 1
    ]
    return np.asarray(np.array(found, np.int64).reshape(-1, 2).T)
