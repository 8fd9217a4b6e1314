"""A file that gives a picture's decoder only so many parts: what bounds every loop over them.

Decoders walk a file part by part (a PNG's chunks, a GIF's blocks, a JPEG's segments, a TIFF's tags), and a part may be
a few bytes long, or point to bytes that others point to as well. A hostile file of some megabytes can so hold millions
of parts, or have the same megabytes read for every tag. Each of those loops has to read: here that is counted.
"""

from __future__ import annotations

import os
from typing import Any, BinaryIO

from translate.errors import PictureError

_READS = 10_000
"""Reads that any picture may take for its header, and again for its pixels. Honest ones take some hundreds."""

_PART = 1024
"""Bytes of the file for which one read more is granted for the pixels: encoders cut them into 8 KB and more."""

_AGAIN = 4 * 1024 * 1024
"""Bytes that the header may take beyond twice the file: small files are read more than once."""


class Metered:
    """A binary file to give to Pillow in place of the file itself.

    Args:
        file: open for reading, seekable.
        name: what it is called in messages.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self._name = file, name
        self.size = file.seek(0, os.SEEK_END)
        """Bytes of the file."""
        file.seek(0)
        self._reads = _READS
        self._bytes: float = 2 * self.size + _AGAIN

    def grant_pixels(self, reads: int = 0) -> None:
        """The header has been read: from here on it may be read for the pixels, with some `reads` more."""
        self._reads = _READS + self.size // _PART + reads
        # Decoders read ahead, for every strip of a TIFF anew. What is read twice is bounded by the number of reads.
        self._bytes = float("inf")

    def read(self, count: int = -1) -> bytes:
        """As the file's own.

        Raises:
            PictureError: all that may be read has been.
        """
        content = self._file.read(-1 if count is None else count)
        self._reads -= 1
        self._bytes -= len(content)
        if self._reads < 0 or self._bytes < 0:
            raise PictureError(f"{self._name} is made of too many small or repeated parts: save it anew, as a PNG")
        return content

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As the file's own."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """As the file's own."""
        return self._file.tell()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
