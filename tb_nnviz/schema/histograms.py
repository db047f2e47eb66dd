"""Histograms on fixed signed-log bins, the same for every tensor of every run."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from tb_nnviz.schema.rows import MAX_ROWS

#: Number of bins. docs/schema.md has the table of them.
BINS = 520
#: Message of ``zlib.decompress`` for a stream without its end. A decompressor object raises nothing for it.
TRUNCATED = "Error -5 while decompressing data: incomplete or truncated stream"
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
    """Decode the payload of a histogram tag to counts: int32 [rows, 520].

    At most ``MAX_ROWS`` rows are decompressed: a payload of some megabytes can hold gigabytes of zeros.

    Raises:
        ValueError: ``payload`` is not a tensor of bytes, has too many rows, or has invalid counts.
        zlib.error: ``payload`` is not compressed data, or breaks off.
    """
    decompressor = zlib.decompressobj()
    limit = MAX_ROWS * BINS * 4
    data = decompressor.decompress(histogram_bytes(payload), limit + 1)
    if len(data) > limit:
        raise ValueError(f"more than {MAX_ROWS} rows")
    if not decompressor.eof:
        raise zlib.error(TRUNCATED)
    counts, error = as_counts(data)
    if error is not None:
        raise error
    return counts


def histogram_bytes(payload: Any) -> bytes:
    """Return the compressed bytes of a histogram tag's value.

    Raises:
        ValueError: ``payload`` is not a tensor of bytes.
    """
    if isinstance(payload, bytes):
        return payload
    if not isinstance(payload, np.ndarray) or payload.dtype != np.uint8 or payload.ndim != 1:
        found = f"{payload.dtype} {list(payload.shape)}" if isinstance(payload, np.ndarray) else type(payload).__name__
        raise ValueError(f"{found} is not a tensor of bytes")
    return payload.tobytes()


def as_counts(data: bytes) -> tuple[np.ndarray, ValueError | None]:
    """Return the counts in decompressed bytes, int32 [rows, 520], and the error if a row is invalid.

    The counts are those of the rows before the first invalid one.
    """
    rows, rest = divmod(len(data), 4 * BINS)
    counts = np.frombuffer(data, "<i4", rows * BINS).reshape(rows, BINS)
    if counts.min(initial=0) < 0:
        row = int(np.flatnonzero((counts < 0).any(axis=1))[0])
        return counts[:row], ValueError(f"a count of {counts[row].min()} (at least 0)")
    return counts, ValueError(f"{rest} bytes are not a row (of {4 * BINS})") if rest else None


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
