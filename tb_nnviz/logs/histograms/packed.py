"""The histograms of one event, unpacked only as far as requested."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from tb_nnviz import schema
from tb_nnviz.logs.histograms.cells import Cells, join, pack

_ROW_BYTES = 4 * schema.BINS
#: Smallest number of rows that are unpacked at a time. Rows next to a requested one are likely to be requested next.
LEAST_ROWS = 32


class Packed:
    """The histograms of an event, of which the first ``cells.size`` are unpacked and the others still compressed.

    Unpacking takes most of the time of an answer, and a page may request one row of a thousand. A compressed stream can
    only be read from its beginning, so the decompressor is kept and continues where it stopped.

    Attributes:
        cells: the histograms that are unpacked.
        whole: True if all histograms of the event are unpacked.

    >>> packed = Packed(schema.encode_histograms(np.ones((1000, 520), np.int32)))
    >>> packed.unpack(3).size, packed.unpack(None).size, packed.whole
    (32, 1000, True)
    """

    def __init__(self, payload: Any) -> None:
        self._payload = self._rest = np.asarray(payload, np.uint8).tobytes()
        self._decompressor = zlib.decompressobj()
        self.cells = join([])
        self.whole = False

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the event takes."""
        rest = 0 if self._rest is self._payload else len(self._rest)  # the same object until something is unpacked
        return self.cells.nbytes + len(self._payload) + rest

    def unpack(self, rows: int | None) -> Cells:
        """Unpack at least the first ``rows`` histograms, or all if there are fewer. None unpacks all.

        Raises:
            Exception: any error of zlib or numpy, if the payload holds no histograms.
        """
        if self.whole or (rows is not None and rows <= self.cells.size):
            return self.cells
        size = 0 if rows is None else max(LEAST_ROWS, rows - self.cells.size) * _ROW_BYTES  # 0 is no limit
        more = b""
        try:
            more = self._decompressor.decompress(self._rest, size)
            valid = self._decompressor.eof or len(more) == size > 0
        except zlib.error:
            valid = False
        if not valid or len(more) % _ROW_BYTES:
            # Decode the payload as a whole, so that a broken one raises the same error whatever was requested.
            self.cells = pack(schema.decode_histograms(self._payload))
            self._end()
            return self.cells
        self._rest = self._decompressor.unconsumed_tail
        found = pack(np.frombuffer(more, "<i4").reshape(-1, schema.BINS))
        self.cells = join([self.cells, found]) if self.cells.size else found
        if self._decompressor.eof:
            self._end()
        return self.cells

    def _end(self) -> None:
        self.whole = True
        self._payload = self._rest = b""
