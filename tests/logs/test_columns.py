"""Columns, compared with plain loops over all values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tb_nnviz.logs.columns import ABSENT, NONFINITE, VALUE, ZERO, Columns, column_starts, reduce_columns


def oracle(
    values: np.ndarray, absent: np.ndarray, starts: list[int]
) -> list[list[tuple[float, float, float, int, int]]]:
    """Return (min, mean, max, states, at) per column and row."""
    answer = []
    for first, end in zip(starts, [*starts[1:], len(values)], strict=True):
        of_column = []
        for row in range(values.shape[1]):
            finite, states, best, at = [], 0, (-1, 0.0), 0
            for step in range(first, end):
                value = float(values[step, row])
                if absent[step, row]:
                    state, rank = ABSENT, (0, 0.0)
                elif not math.isfinite(value):
                    state, rank = NONFINITE, (3, 0.0)
                else:
                    finite.append(value)
                    state, rank = (ZERO, (1, 0.0)) if value == 0 else (VALUE, (2, abs(value)))
                states |= state
                if rank > best:
                    best, at = rank, step - first
            mean = math.fsum(finite) / len(finite) if finite else math.nan
            of_column.append((min(finite, default=math.nan), mean, max(finite, default=math.nan), states, at))
        answer.append(of_column)
    return answer


def check(values: np.ndarray, absent: np.ndarray, width: int) -> Columns:
    starts = column_starts(len(values), width)
    made = reduce_columns(values, absent, starts)
    for c, of_column in enumerate(oracle(values, absent, starts.tolist())):
        for row, (low, mean, high, states, at) in enumerate(of_column):
            got = (made.minimum[c, row], made.maximum[c, row], made.states[c, row], made.at[c, row])
            np.testing.assert_array_equal(got, (np.float32(low), np.float32(high), states, at))
            # The sum of 3e38 and -3e38 loses the digits of smaller values.
            largest = max(abs(low), abs(high)) if math.isfinite(low) else 0
            np.testing.assert_allclose(made.mean[c, row], np.float32(mean), rtol=2e-7, atol=1e-14 * largest)
    return made


@pytest.mark.parametrize(("steps", "width"), [(1, 1), (2, 1), (7, 3), (40, 7), (40, 39), (41, 40), (600, 2), (5, 9)])
@pytest.mark.parametrize("signed", [False, True])
def test_reduce_columns_random_values_equals_plain_loops(steps: int, width: int, signed: bool) -> None:
    random = np.random.default_rng(steps * width)
    values = np.exp(8 * random.standard_normal((steps, 13))).astype(np.float32)
    if signed:
        values *= random.choice([-1, 1], values.shape)
    absent = np.zeros(values.shape, np.uint8)
    check(values, absent, width)
    for odd in (0.0, -0.0, math.nan, math.inf, -math.inf, 1e-45, -3.4e38, 3.4e38):
        values[random.random(values.shape) < 0.06] = odd
    absent[random.random(values.shape) < 0.1] = 1
    values[absent == 1] = math.nan
    absent[:, 3], values[:, 3] = 1, math.nan
    values[:, 4], absent[:, 4] = 0, 0
    values[:, 5], absent[:, 5] = math.nan, 0
    check(values, absent, width)


def test_reduce_columns_spike_keeps_its_step() -> None:
    values = np.ones((1000, 2), np.float32)
    values[777, 1] = 1e6
    made = check(values, np.zeros(values.shape, np.uint8), 64)
    (column,) = np.flatnonzero(made.maximum[:, 1] > 1)
    starts = column_starts(1000, 64)
    assert starts[column] + made.at[column, 1] == 777
    assert made.maximum[column, 1] == 1e6
    assert made.minimum[column, 1] == 1


def test_column_starts_are_as_even_as_possible() -> None:
    for steps, width in [(2000, 512), (10, 3), (3, 3), (7, 100)]:
        sizes = np.diff([*column_starts(steps, width), steps])
        assert len(sizes) == min(steps, width)
        assert sizes.max() - sizes.min() <= 1
        assert sizes.min() >= 1


def test_reduce_columns_large_values_do_not_overflow() -> None:
    values = np.full((4, 1), 3e38, np.float32)
    made = reduce_columns(values, np.zeros(values.shape, np.uint8), column_starts(4, 1))
    assert made.mean[0, 0] == np.float32(3e38)


def test_reduce_columns_long_column_keeps_its_step() -> None:
    values = np.zeros((700, 1), np.float32)
    values[699] = 1
    made = reduce_columns(values, np.zeros(values.shape, np.uint8), column_starts(700, 1))
    assert made.at.tolist() == [[699]]
    assert made.states.tolist() == [[VALUE | ZERO]]
