"""Records of event files: length, checksum, bytes, checksum."""

from __future__ import annotations

import os
import struct
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from tensorboard.compat.tensorflow_stub import pywrap_tensorflow

_HEADER = struct.Struct("<QI")
_FOOTER = struct.Struct("<I")


def read_records(path: Path) -> Iterator[bytes]:
    """Yield the records of an event file.

    A truncated record at the end is left out. It is there while a run is being written, or if it was killed.

    Raises:
        ValueError: a checksum does not match.
    """
    with path.open("rb") as file:
        at, end = 0, os.fstat(file.fileno()).st_size
        while len(header := file.read(_HEADER.size)) == _HEADER.size:
            length, checksum = _HEADER.unpack(header)
            # The length of a corrupt record may be any number, so it is checked before it is used.
            if checksum != _masked_crc32c(header[:8]):
                raise ValueError(f"invalid record at byte {at}: wrong checksum of its length")
            if length > end - at:
                return  # not read, because it would be allocated first
            data, footer = file.read(length), file.read(_FOOTER.size)
            if len(data) < length or len(footer) < _FOOTER.size:
                return
            if _FOOTER.unpack(footer)[0] != _masked_crc32c(data):
                raise ValueError(f"invalid record at byte {at}: wrong checksum")
            yield data
            at += _HEADER.size + length + _FOOTER.size


def _find_checksum() -> Callable[[bytes], int]:
    """Return the fastest masked CRC-32C. TensorBoard's own is pure Python and reads 6 MB per second."""
    slow: Callable[[bytes], int] = pywrap_tensorflow.masked_crc32c
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns if its C part is missing; then it is not used below
            import google_crc32c
    except ImportError:
        return slow
    if google_crc32c.implementation != "c":
        return slow

    def fast(data: bytes) -> int:
        crc: int = google_crc32c.value(data)
        return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF

    return fast


_masked_crc32c = _find_checksum()
