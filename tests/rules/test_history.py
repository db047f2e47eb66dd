"""The history of a vector, against numpy on a list of its values."""

from __future__ import annotations

import numpy as np
import pytest

from tb_nnviz.rules.history import History


@pytest.mark.parametrize("size", [1, 2, 3, 10, 100])
@pytest.mark.parametrize("odd", [None, np.nan, np.inf])
def test_median_equals_numpy_of_the_last_values(size: int, odd: float | None) -> None:
    generator = np.random.default_rng(size)
    history, kept = History(size), []
    for step in range(3 * size + 7):
        values = generator.normal(size=4)
        if odd is not None and step % 5 == 2:
            values[step % 4] = odd
        history.add(values)
        kept = [*kept, values][-size:]
        assert np.array_equal(history.values, kept, equal_nan=True) and len(history) == len(kept)
        finite = np.where(np.isfinite(kept), kept, np.nan)
        expected = [np.nan if np.isnan(column).all() else np.nanmedian(column) for column in finite.T]
        assert np.allclose(history.median(), expected, rtol=1e-15, equal_nan=True)


def test_rows_that_are_appended_are_nan_before() -> None:
    history = History(3)
    for values in ([1.0], [2.0, 5.0], [3.0, 7.0, 9.0]):
        history.add(np.array(values))
    assert np.array_equal(history.values, [[1, np.nan, np.nan], [2, 5, np.nan], [3, 7, 9]], equal_nan=True)
    assert history.median().tolist() == [2.0, 6.0, 9.0]


def test_values_given_may_change_afterwards() -> None:
    history, values = History(2), np.array([1.0])
    history.add(values)
    values[0] = 5.0
    assert history.values.tolist() == [[1.0]]


def test_median_of_nothing_is_empty() -> None:
    assert History(4).median().size == 0
