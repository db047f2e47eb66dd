"""Histograms on fixed signed-log bins, the same for every tensor of every run."""

from __future__ import annotations

import zlib

import numpy as np

#: Number of bins. docs/schema.md has the table of them.
BINS = 520
_LOWEST_OCTAVE, _HIGHEST_OCTAVE = -40, 24


def bin_edges() -> np.ndarray:
    """Return the edges that separate bins 261 to 518, those of positive numbers: float64 [257].

    Entry i is the upper edge of bin 261 + i and the lower edge of bin 262 + i.

    >>> bin_edges()[-5:].tolist()
    [8388608.0, 10485760.0, 12582912.0, 14680064.0, 16777216.0]
    """
    octaves = np.ldexp(1.0, np.arange(_LOWEST_OCTAVE, _HIGHEST_OCTAVE))
    return np.append((octaves[:, None] * [1, 1.25, 1.5, 1.75]).ravel(), 2.0**_HIGHEST_OCTAVE)


def encode_histograms(counts: np.ndarray) -> np.ndarray:
    """Encode counts [rows, 520] as the payload of a histogram tag: uint8 [bytes], zlib of little-endian int32."""
    if counts.ndim != 2 or counts.shape[1] != BINS:
        raise ValueError(f"invalid histogram counts: shape {counts.shape} (rows, {BINS})")
    return np.frombuffer(zlib.compress(np.ascontiguousarray(counts, "<i4").tobytes(), 2), np.uint8)


def decode_histograms(payload: np.ndarray | bytes) -> np.ndarray:
    """Decode the payload of a histogram tag to counts: int32 [rows, 520]."""
    return np.frombuffer(zlib.decompress(bytes(payload)), "<i4").reshape(-1, BINS)


def stock_histogram(counts: np.ndarray, max_buckets: int = 60) -> np.ndarray:
    """Convert the counts of one row to a stock histogram: float64 [buckets, 3] of left edge, right edge, count.

    A stock histogram cannot hold NaN and infinities, so they are left out. Adjacent bins are joined, so
    that there are at most ``max_buckets`` buckets.
    """
    edges = bin_edges()
    tiny, huge = edges[0], 2 * edges[-1]
    # Bins 2 to 518 in order, with the three bins about zero (259 to 261) as one.
    bounds = np.concatenate([[-huge], -edges[::-1], edges, [huge]])
    finite = np.concatenate([counts[2:259], [counts[259:262].sum()], counts[262:519]]).astype(np.float64)
    used = np.flatnonzero(finite)
    if not len(used):
        return np.array([[-tiny, tiny, 0.0]])
    first, last = int(used[0]), int(used[-1]) + 1
    width = -(-(last - first) // max_buckets)
    starts = np.arange(first, last, width)
    stops = np.append(starts[1:], last)
    return np.stack([bounds[starts], bounds[stops], np.add.reduceat(finite[first:last], starts - first)], axis=1)
