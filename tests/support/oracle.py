"""Statistics and histograms of an array by float64 numpy, straight from schema.md: shares no code with the package."""

import numpy as np


def statistics(array):
    """All statistics of one tensor that need no module, by name."""
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
    """Compare a row's statistics with those of an array, or given: norms to 1e-5, means to 1e-6 of the rms."""
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
            # where all elements are nearly equal, to the precision that float32 has of their mean
            assert abs(value - truth) <= 1e-5 * truth + 2e-7 * expected["rms"] + 2e-45, where
        elif name == "zero_fraction":
            assert abs(value - truth) <= 1e-7, where
        else:
            assert abs(value - truth) <= 1e-5 * abs(truth) + 2e-45, where


def histogram(array):
    """Counts on the schema's 520 bins, element by element."""
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
