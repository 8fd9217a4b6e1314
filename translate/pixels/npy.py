r"""NPY files of plain numbers: the header is judged before anything is read, and nothing in it is ever evaluated.

    \x93NUMPY, version, length, {'descr': '<u2', 'fortran_order': False, 'shape': (64, 64, 2), }, the values

(numpy.lib.format). NumPy parses the header as Python source and makes any type of it that a header can name; here it is
matched as text, and only plain integers and floats are known.
"""

from __future__ import annotations

import math
import re
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from translate.errors import PictureError

MAGIC = b"\x93NUMPY"

_LONGEST = 10_000  # bytes of a header; an honest one has some hundred
_LENGTHS = {b"\1\0": 2, b"\2\0": 4, b"\3\0": 4}
"""Bytes of the header's length, by the format's version."""

_NUMBER = re.compile(r"[<>|=]?[biuf][1248]")
_FIELDS = {
    "descr": re.compile(r"""['"]descr['"]\s*:\s*['"]([^'"]{1,20})['"]"""),
    "fortran_order": re.compile(r"""['"]fortran_order['"]\s*:\s*(True|False)"""),
    "shape": re.compile(r"""['"]shape['"]\s*:\s*\(([0-9, ]{0,100})\)"""),
}


class Header:
    """What an NPY file says of its array.

    Args:
        file: at its start; left where the values begin.
        name: what it is called in messages.

    Raises:
        PictureError: it is no NPY file of integers or floats.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        version = file.read(8)[6:]
        length = int.from_bytes(file.read(_LENGTHS.get(version, 0)), "little")
        if not 0 < length <= _LONGEST:
            raise PictureError(f"{name} is no NPY file that is read here: save it by numpy.save anew")
        text = file.read(length).decode("latin-1")
        found = {field: pattern.search(text) for field, pattern in _FIELDS.items()}
        kind, order, sides = (match[1] if match else "" for match in found.values())
        if not _NUMBER.fullmatch(kind):
            raise PictureError(f"{name} holds no levels of a picture: save integers or floats by numpy.save")
        if not found["shape"] or not order:
            raise PictureError(f"{name} has a damaged header: get it again")
        try:
            self.dtype = np.dtype(kind)
            self.shape = tuple(int(side) for side in sides.split(",") if side.strip())
        except (TypeError, ValueError):
            raise PictureError(f"{name} has a damaged header: get it again") from None
        self._order: Any = "F" if order == "True" else "C"
        self._name, self._start = name, file.tell()

    def values(self, file: BinaryIO) -> npt.NDArray[Any]:
        """The array, once it is sure that the file holds what its header promises.

        Raises:
            PictureError: it does not.
        """
        size = math.prod(self.shape) * self.dtype.itemsize
        left = file.seek(0, 2) - self._start
        if left != size:
            raise PictureError(
                f"{self._name} has {left:,} bytes of values where its header promises {size:,}: get it again"
            )
        file.seek(self._start)
        return np.frombuffer(file.read(size), self.dtype).reshape(self.shape, order=self._order)
