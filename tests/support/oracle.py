"""Oracle of statistics and histograms, written from docs/schema.md in float64 numpy without code of the package."""

import numpy as np
import pytest


def statistics(array):
    """Return the statistics of a tensor by name, all but those of one kind only."""
    x = np.asarray(array, np.float64).ravel()
    finite = x[np.isfinite(x)]
    with np.errstate(all="ignore"):
        norm = np.sqrt(np.sum(x**2))
        return {
            "count": x.size,
            "norm": norm,
            "rms": norm / np.sqrt(x.size),
            "mean": np.mean(x),
            "std": np.std(x),
            "min": np.min(x),
            "max": np.max(x),
            "absmax": np.max(np.abs(x)),
            "zero_fraction": np.mean(x == 0),
            "nonfinite": x.size - finite.size,
            "finite_norm": np.sqrt(np.sum(finite**2)),
            "finite_absmax": np.max(np.abs(finite), initial=0.0),
        }


def assert_statistics(found, array, names=None, context=""):
    """Compare a row's statistics with the expected ones: norms to 1e-5, means to 1e-6 of the rms.

    Args:
        found: the row's statistics by name.
        array: the elements, or the expected statistics by name.
        names: the statistics to compare; None for all that are expected.
        context: the beginning of a failure's message.
    """
    expected = array if isinstance(array, dict) else statistics(array)
    assert set(names or expected) <= set(expected)
    for name in names or expected:
        value, truth = float(found[name]), float(np.float32(expected[name]))
        where = f"{context} {name}: {value} instead of {truth}"
        if np.isnan(truth):
            assert np.isnan(value), where
        elif np.isinf(truth) or name in ("count", "nonfinite", "min", "max", "absmax", "finite_absmax"):
            assert value == truth, where
        elif name == "mean":
            assert abs(value - truth) <= 1e-6 * expected["rms"] + 2e-45, where
        elif name == "std":
            # if all elements are nearly equal, float32's precision of their mean limits that of std
            assert abs(value - truth) <= 1e-5 * truth + 2e-7 * expected["rms"] + 2e-45, where
        elif name == "zero_fraction":
            assert abs(value - truth) <= 1e-7, where
        else:
            assert abs(value - truth) <= 1e-5 * abs(truth) + 2e-45, where


def histogram(array):
    """Return the counts of the schema's 520 bins, element by element."""
    counts = np.zeros(520, np.int64)
    edges = [q * 2.0**e for e in range(-40, 24) for q in (1, 1.25, 1.5, 1.75)] + [2.0**24]
    for x in np.asarray(array, np.float64).ravel():
        if np.isnan(x):
            counts[0] += 1
            continue
        magnitude = abs(x)
        k = 0 if x == 0 else 259 if np.isinf(x) else 1 + int(np.searchsorted(edges, magnitude, side="right"))
        counts[260 + k if x > 0 else 260 - k] += 1
    return counts


def assert_units(units, array, axis):
    """Compare each unit's minimum, maximum, sum of squares and count with those of an array."""
    rows = np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1) if array.ndim else array.reshape(1, 1)
    found = units.numpy()
    assert np.array_equal(found[0], rows.min(1), equal_nan=True)
    assert np.array_equal(found[1], rows.max(1), equal_nan=True)
    assert found[2] == pytest.approx((np.where(np.isfinite(rows), rows, 0) ** 2).sum(1), rel=1e-6)
    assert (found[3] == rows.shape[1]).all()
