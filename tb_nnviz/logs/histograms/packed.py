"""The histograms of one event, unpacked as far as they were requested."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from tb_nnviz import schema
from tb_nnviz.logs.histograms.cells import Cells, join, pack

_ROW_BYTES = 4 * schema.BINS
#: Rows that are unpacked at a time, at least. Rows next to a requested one are likely to be requested next.
LEAST_ROWS = 32


class Packed:
    """All rows of an event: the first ``cells.size`` are unpacked, the others are as they were written.

    Unpacking takes most of the time, and a page requests one row of a thousand. A deflated stream can be read from its
    beginning only, so the inflater is kept and continues where it stopped. Nothing is unpacked twice.

    Attributes:
        cells: the histograms that are unpacked.
        whole: True if they are all histograms of the event.

    >>> packed = Packed(schema.encode_histograms(np.ones((1000, 520), np.int32)))
    >>> packed.unpack(3).size, packed.unpack(None).size, packed.whole
    (32, 1000, True)
    """

    def __init__(self, payload: Any) -> None:
        self._payload = self._rest = np.asarray(payload, np.uint8).tobytes()
        self._inflater = zlib.decompressobj()
        self.cells = join([])
        self.whole = False

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the event takes."""
        packed = 0 if self.whole else len(self._payload) + len(self._rest) * (self.cells.size > 0)
        return self.cells.nbytes + packed

    def unpack(self, rows: int | None) -> Cells:
        """Unpack at least the first ``rows`` histograms, or all that there are. None unpacks all.

        Raises:
            Exception: any error of zlib or numpy, if the payload holds no histograms.
        """
        if self.whole or (rows is not None and rows <= self.cells.size):
            return self.cells
        size = 0 if rows is None else max(LEAST_ROWS, rows - self.cells.size) * _ROW_BYTES  # 0: all
        more = b""
        try:
            more = self._inflater.decompress(self._rest, size)
            sound = self._inflater.eof or len(more) == size > 0
        except zlib.error:
            sound = False
        if not sound or len(more) % _ROW_BYTES:
            # Decode the payload as a whole, which raises the same error as for any other broken payload.
            self.cells = pack(schema.decode_histograms(self._payload))
            self._end()
            return self.cells
        self._rest = self._inflater.unconsumed_tail
        found = pack(np.frombuffer(more, "<i4").reshape(-1, schema.BINS))
        self.cells = join([self.cells, found]) if self.cells.size else found
        if self._inflater.eof:
            self._end()
        return self.cells

    def _end(self) -> None:
        self.whole = True
        self._payload = self._rest = b""
