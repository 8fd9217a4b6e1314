"""Many pictures through one model, into one zip: every result whole, and a thumbnail of each for the page.

One that cannot be used does not stop the others. Reading, the model and writing overlap.
"""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path, PurePath
from typing import TypeAlias

import numpy as np
from PIL import Image

from translate import pixels
from translate.errors import DataError, PictureError, TranslateError
from translate.page.desk import SECONDS, whole_or_parts
from translate.page.jobs import Job
from translate.page.shelf import LIMIT
from translate.page.turns import LongWork, Turns
from translate.page.words import sentence
from translate.pixels import Pixels
from translate.runtime import Translator
from translate.runtime.streams import pipeline
from translate.runtime.streams.archive import Archive
from translate.runtime.streams.inputs import HERE, Entry

PICTURES = 200
"""Most at once."""
BYTES = 200_000_000
"""Most that all files have together, and most that a zip unpacks to."""
ROOM = 1_000_000_000
"""Most bytes of results: pictures that come after are left out."""
SIDE = 384
"""Longer side of a thumbnail: what a telephone shows of it, and 200 of them are a few megabytes."""

Written: TypeAlias = "Callable[[], tuple[bytes, bytes]]"
"""Gives the result as PNG and its thumbnail, or raises what went wrong."""

_LISTING = 2**20  # bytes of the list in a zip: two hundred names many times over


class Batch:
    """What becomes of the pictures; another thread may look while they are translated.

    Args:
        opened: gives the model; it may take its time.
        paths: pictures, and zip files of pictures.
        name: of the zip with the results, without its ending.
        turns: whom it gives way to.
        most: bytes that one picture's file may have.
        thumbnails: whether they are made.

    Raises:
        DataError: there is no file, or there are too many or too large ones.
    """

    def __init__(
        self,
        opened: Callable[[], Translator],
        paths: Sequence[Path],
        name: str,
        turns: Turns,
        *,
        most: int = BYTES,
        thumbnails: bool = True,
    ) -> None:
        if not paths:
            raise DataError("There is nothing to translate: choose pictures, or a zip of them")
        if len(paths) > PICTURES:
            raise DataError(_too_many(len(paths)))
        size = sum(path.stat().st_size for path in paths)
        if size > BYTES:
            raise DataError(f"These files have {_mb(size)}, over the limit of {_mb(BYTES)}: send them in parts")
        self.made: list[str] = []
        """Names of the results."""
        self.shown: list[tuple[str, str]] = []
        """File of the thumbnail and name of the result, for each of them."""
        self.failed: list[str] = []
        """One sentence for each that could not be used."""
        self.total = 0
        """All of them, as soon as that is known."""
        self.archive: Path | None = None
        """The zip, once it is whole and holds something."""
        self.seconds = 0.0
        """So long it took so far."""
        self._opened, self._paths, self._turns, self._name = opened, paths, turns, name
        self._most, self._thumbnails, self._written = most, thumbnails, 0

    @property
    def done(self) -> int:
        """Pictures that are over, well or not."""
        return len(self.made) + len(self.failed)

    def run(self, job: Job) -> None:
        """Translate them all.

        Raises:
            DataError: there are too many, or none.
            ModelError: the model cannot be used.
            StoppedError: nobody waits for it any more.
        """
        start = time.perf_counter()
        with ExitStack() as stack:
            entries = _entries(self._paths, stack)
            self.total = len(entries)
            work = stack.enter_context(self._turns.long(job))
            translator = self._opened()
            steps = pipeline.stream(
                zip(entries, _names(entries), strict=True),
                lambda task: self._read(task[0], translator),
                lambda read: _worked(translator, *read, work),
                lambda task, made: (pixels.encode(made, ".png", name=task[1]), self._thumbnail(made)),
                # Of pictures of 25 megapixels a few are enough to fill the memory: one is read, one written.
                readers=1,
                writers=1,
            )
            target = job.folder / f"{self._name}.zip"
            archive = stack.enter_context(zipfile.ZipFile(target, "w", zipfile.ZIP_STORED))
            for (entry, name), written in stack.enter_context(closing(steps)):
                job.check()
                self._keep(entry, name, written, archive, job.folder)
                self.seconds = time.perf_counter() - start
        if self.made:
            self.archive = target
        else:
            target.unlink()

    def _keep(self, entry: Entry, name: str, written: Written, archive: zipfile.ZipFile, to: Path) -> None:
        try:
            content, thumbnail = written()
        except TranslateError as error:
            self.failed.append(sentence(error, *(path.parent for path in self._paths)))
            return
        info = zipfile.ZipInfo(name, time.localtime()[:6])
        info.external_attr = 0o644 << 16  # without, unpacked files could not be opened
        archive.writestr(info, content)
        self._written += len(content)
        if thumbnail:
            small = to / f"{len(self.shown)}.webp"
            small.write_bytes(thumbnail)
            self.shown.append((str(small), name))
        self.made.append(name)

    def _read(self, entry: Entry, translator: Translator) -> tuple[str, Pixels]:
        if self._written > ROOM:
            raise PictureError(f"{entry.path} is left out, as the results have {_mb(ROOM)} already: send it on its own")
        picture = pixels.read(entry.open(), translator.card.source_channels, limit=LIMIT, max_bytes=self._most)
        return entry.path.name, picture

    def _thumbnail(self, picture: Pixels) -> bytes:
        if not self._thumbnails:
            return b""
        image = Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture)
        image.thumbnail((SIDE, SIDE))
        return pixels.encode(np.asarray(image), ".webp", 85)


def _worked(translator: Translator, name: str, picture: Pixels, work: LongWork) -> Pixels:
    height, width, _ = picture.shape
    with work.turn(height * width):
        try:
            return whole_or_parts(translator, picture, SECONDS)
        except PictureError as error:  # which does not know what it is called
            raise PictureError(f"{name}: {error}") from None


def _entries(paths: Sequence[Path], stack: ExitStack) -> list[Entry]:
    """The pictures of all the files, in their order."""
    found: list[Entry] = []
    for path in paths:
        if path.suffix.lower() == ".zip":
            archive = stack.enter_context(Archive(path, entry=BYTES, total=BYTES, listing=_LISTING))
            found += [Entry(path / name, folder, reader) for name, folder, reader in archive.pictures()]
        else:
            found.append(Entry(path, HERE, lambda path=path: path))  # type: ignore[misc]
    if not found:
        raise DataError("There are no pictures in the zip: pack some into it")
    if len(found) > PICTURES:
        raise DataError(_too_many(len(found)))
    return found


def _names(entries: Sequence[Entry]) -> Iterator[str]:
    """A name in the zip for each: its own, with a number where another has it, and the folder that it had in a zip."""
    taken: set[str] = set()
    for entry in entries:
        name = base = (entry.folder / PurePath(entry.path.name).stem).as_posix()
        number = 1
        while name.casefold() in taken:  # as file systems compare that ignore case
            number += 1
            name = f"{base} ({number})"
        taken.add(name.casefold())
        yield f"{name}.png"


def _too_many(count: int) -> str:
    return f"These are {count:,} pictures, over the limit of {PICTURES} at once: send them in parts"


def _mb(size: int) -> str:
    return f"{size / 10**6:,.0f} MB"
