"""The histograms of one event, unpacked only as far as requested."""

from __future__ import annotations

import contextlib
import zlib
from typing import Any

from tb_nnviz import schema
from tb_nnviz.logs.histograms.cells import Cells, join, pack

_ROW_BYTES = 4 * schema.BINS
#: Smallest number of rows that are unpacked at a time. Rows next to a requested one are likely to be requested next.
LEAST_ROWS = 32
#: Largest number of rows that are unpacked at a time: 2 MB. A payload can inflate to a thousand times its size.
MOST_ROWS = 1024


class Packed:
    """The histograms of an event, of which the first ``cells.size`` are unpacked and the others still compressed.

    Unpacking takes most of the time of an answer, and a page may request one row of a thousand. A compressed stream can
    only be read from its beginning, so the decompressor is kept and continues where it stopped.

    A broken payload has sound rows before the place where it is broken. What it raises depends on the requested rows
    only, not on what was unpacked before.

    Args:
        payload: the value of a histogram tag.
        limit: the number of rows that the payload should have. Only a few more are unpacked.

    Attributes:
        cells: the histograms that are unpacked.
        whole: True if all histograms of the event are unpacked.

    >>> import numpy as np
    >>> packed = Packed(schema.encode_histograms(np.ones((1000, 520), np.int32)))
    >>> packed.unpack(3).size, packed.unpack(None).size, packed.whole
    (32, 1000, True)
    """

    def __init__(self, payload: Any, limit: int = schema.MAX_ROWS) -> None:
        self._limit = limit + MOST_ROWS
        self._error: Exception | None = None
        self._decompressor = zlib.decompressobj()
        self._rest = b""
        self.cells = join([])
        self.whole = False
        try:
            self._rest = schema.histogram_bytes(payload)
        except ValueError as error:
            self._error = error

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the event takes."""
        return self.cells.nbytes + len(self._rest)

    def unpack(self, rows: int | None) -> Cells:
        """Unpack at least the first ``rows`` histograms, or all if there are fewer. None unpacks all.

        Raises:
            ValueError: a requested row is not that of a histogram, or there are far more rows than expected.
            zlib.error: the payload is no compressed data, or breaks off before a requested row.
        """
        while not self.whole and (rows is None or rows > self.cells.size):
            if self._error is not None:
                raise self._error
            missing = MOST_ROWS if rows is None else rows - self.cells.size
            self._unpack_piece(min(max(LEAST_ROWS, missing), MOST_ROWS))
        return self.cells

    def _unpack_piece(self, rows: int) -> None:
        """Unpack at most this number of rows, up to the first one that is broken."""
        size = rows * _ROW_BYTES
        before = self._decompressor.copy()
        try:
            more = self._decompressor.decompress(self._rest, size)
        except zlib.error as error:
            more = _before_error(before, self._rest)
            self._error = error
        else:
            self._rest = self._decompressor.unconsumed_tail
            if not self._decompressor.eof and len(more) < size:
                self._error = zlib.error(schema.TRUNCATED)
        counts, of_counts = schema.as_counts(more)
        found = pack(counts)
        self.cells = join([self.cells, found]) if self.cells.size else found
        self._error = self._error or of_counts
        if self._error is None and self.cells.size > self._limit:
            self._error = ValueError(f"more than {self._limit} rows")
        if self._error is not None or self._decompressor.eof:
            self._rest = b""
            self.whole = self._error is None


def _before_error(decompressor: Any, rest: bytes) -> bytes:
    """Return the rows before the one in which the data cannot be decompressed."""
    rows = []
    with contextlib.suppress(zlib.error):
        while row := decompressor.decompress(rest, _ROW_BYTES):
            rows.append(row)
            rest = decompressor.unconsumed_tail
    return b"".join(rows)
