"""The result while it grows: a file of plain rows beside the target, and how it becomes a picture file."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import numpy as np

from translate import pixels
from translate.errors import PictureError, first_line
from translate.pixels import Pixels
from translate.runtime.tiles.rows import head
from translate.runtime.tiles.source import HELD, vips

STREAMED = {".tif": "TIFF", ".tiff": "TIFF", ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
"""What a picture that is not held in memory is written as. Of these, TIFF is read in parts without a detour."""

_BIG = 2**31
"""TIFF's offsets have 32 bits: from this many bytes on it is BigTIFF."""


class Surface(Protocol):
    """What a result is put together on, part by part: uint8 `[height, width, channels]`."""

    channels: int

    def write(self, top: int, left: int, part: Pixels) -> None:
        """Put `[h, w, C]` in its place."""
        ...


class Canvas:
    """uint8 `[height, width, channels]` on disk, written in any order. Never mapped into memory.

    Raises:
        PictureError: the target's format cannot hold the picture, or there is no room for it.
        OSError: the file cannot be made.
    """

    def __init__(self, target: Path, height: int, width: int, channels: int) -> None:
        self.target = target
        self.height, self.width, self.channels = height, width, channels
        self.path = beside(target, "part")
        _check(target, height, width)
        self.size = height * width * channels
        self._head = head(height, width, channels)
        held = self.path.stat().st_size if self.path.exists() else 0
        self.kept = held == len(self._head) + self.size
        """Whether there was one of the same size already."""
        free = shutil.disk_usage(target.parent).free
        if not self.kept and self.size * 2 > free + held:  # the file itself and the picture made of it
            raise PictureError(
                f"{target} needs up to {self.size * 2 / 1e9:,.1f} GB while it is made and {free / 1e9:,.1f} are free: "
                "make room or write it elsewhere"
            )
        self._file = self.path.open("r+b" if held else "w+b", buffering=0)
        self._file.truncate(len(self._head) + self.size)
        self._file.write(self._head)

    def write(self, top: int, left: int, part: Pixels) -> None:
        """Put `[h, w, C]` in its place."""
        whole = part.shape[1] == self.width
        for number, run in enumerate([part] if whole else part):
            self._file.seek(len(self._head) + ((top + number) * self.width + left) * self.channels)
            content = memoryview(np.ascontiguousarray(run).data).cast("B")
            while content:  # a full disk may take a part of it, and refuses the rest
                content = content[self._file.write(content) :]

    def sync(self) -> None:
        """Return once all that was written is on disk."""
        os.fsync(self._file.fileno())

    def save(self) -> None:
        """Make the picture file: whole or not at all.

        Raises:
            PictureError: it cannot be written.
        """
        self.sync()
        if self.height * self.width <= HELD and self.target.suffix.lower() in pixels.WRITABLE:
            self._file.seek(len(self._head))
            pixels.write(np.frombuffer(self._file.read(), np.uint8).reshape(self.height, self.width, -1), self.target)
        else:
            self._stream()

    def remove(self) -> None:
        """Take the working file away."""
        self.close()
        with suppress(FileNotFoundError):
            self.path.unlink()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _stream(self) -> None:
        pyvips = vips()
        aside = beside(self.target, "saving").with_suffix(self.target.suffix.lower())
        try:
            image = pyvips.Image.new_from_file(str(self.path.absolute()), access="sequential")
            match STREAMED[self.target.suffix.lower()]:
                case "TIFF":
                    tiles = {"tile": True, "tile_width": 256, "tile_height": 256}
                    coded = {"compression": "deflate", "predictor": "horizontal", "bigtiff": self.size >= _BIG}
                    image.tiffsave(str(aside), **tiles, **coded)
                case "PNG":
                    image.pngsave(str(aside))
                case _:
                    image.jpegsave(str(aside), Q=95, subsample_mode="off")
            with aside.open("rb") as file:
                os.fsync(file.fileno())
            os.replace(aside, self.target)
        except pyvips.Error as error:
            raise PictureError(
                f"{self.target} cannot be written ({first_line(error)}): make room, or write a .tif"
            ) from error
        finally:
            with suppress(FileNotFoundError):
                aside.unlink()


def beside(target: Path, ending: str) -> Path:
    """The hidden file of that ending that belongs to the target."""
    return target.with_name(f".{target.name}.{ending}")


def _check(target: Path, height: int, width: int) -> None:
    form = STREAMED.get(target.suffix.lower())
    if height * width > HELD and form is None:
        raise PictureError(f"{target}: a picture of this size is written as {', '.join(STREAMED)}: choose one of them")
    if form == "JPEG" and max(height, width) > 65535:
        raise PictureError(f"{target}: JPEG holds at most 65,535 × 65,535 pixels: write a .tif")
