"""A large picture from file to file: statistics, parts, the picture file. Goes on where it was killed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from translate import pixels
from translate.errors import ConfigError, PictureError
from translate.runtime.tiles.blended import Blended
from translate.runtime.tiles.canvas import Canvas, beside
from translate.runtime.tiles.engine import Engine
from translate.runtime.tiles.exact import Exact
from translate.runtime.tiles.journal import Journal
from translate.runtime.tiles.progress import Progress
from translate.runtime.tiles.settle import settle
from translate.runtime.tiles.source import opened
from translate.runtime.translator import Translator

FORMAT = 1
"""Of the working files. A job that an older version left begins anew."""

_ENDS = 2**20
"""Bytes at each end of a file by which it is known again, besides its size and time."""


def translate_large(
    translator: Translator,
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    tile: int | None = None,
    passes: int | None = None,
    report: Callable[[str], None] = print,
) -> None:
    """Translate a picture of any size in memory that does not grow with it.

    While it works there are `.NAME.part` (the pixels so far) and `.NAME.journal` (what is done) beside the target. If
    it is killed, the same call goes on; if input, model or settings have changed, it begins anew.

    Args:
        translator: the model.
        source: a picture file. Over 4096² pixels it is streamed, which needs pyvips and is best done from tiled TIFF.
        target: a picture file; over 4096² pixels `.tif` (tiled, compressed; BigTIFF where needed), `.png` or `.jpg`.
        tile: side in pixels of a part, with its halo. Without it 896, or, for networks without a halo, the size
            that the model was trained at. Memory goes with its square.
        passes: over the picture to find its statistics, before the one that translates. Without it as many as it
            takes to settle them; 0 relies on a sample.
        report: is given lines of progress.

    Raises:
        PictureError: the source cannot be read, or the target cannot be written.
        ModelError: the model cannot translate in parts, or failed.
        ConfigError: the tile is too small for the model's halo, or a number is negative.
    """
    source, target = Path(source), Path(target)
    if (tile is not None and tile < 1) or (passes is not None and passes < 0):
        raise ConfigError(f"tile = {tile} and passes = {passes}: give a tile of 1 or more, and 0 passes or more")
    _writable(source, target)
    engine = Engine(translator)
    picture = opened(source, translator.card.source_channels)
    parts = (Exact if translator.card.halo else Blended)(engine, picture, tile)
    job = {"format": FORMAT, "model": _known(translator.path), "source": _known(source), "engine": translator.engine}
    try:
        canvas = Canvas(target, picture.height, picture.width, translator.card.target_channels)
        journal = Journal(beside(target, "journal"), job | {"tile": parts.tile, "passes": passes})
    except OSError as error:
        raise PictureError(
            f"{target} cannot be written: {error.strerror}, give a folder that exists and may be written"
        ) from None
    try:
        _work(engine, parts, canvas, journal, passes, report)
    finally:
        canvas.close()
        journal.close()
    canvas.remove()
    with suppress(FileNotFoundError):
        journal.path.unlink()


def _work(
    engine: Engine,
    parts: Exact | Blended,
    canvas: Canvas,
    journal: Journal,
    passes: int | None,
    report: Callable[[str], None],
) -> None:
    if journal.other:
        report(f"{canvas.target}: what an earlier job left there was of another input or setting, beginning anew")
    elif journal.records and not canvas.kept:
        journal.clear()
    given = None
    if engine.measures and not parts.single:
        given = settle(engine, parts, journal, passes, report)
    rendered = journal.last("rows")
    done = rendered["rows"] if rendered else 0
    progress = Progress("translating", done, canvas.height, report)
    for rows in parts.render(canvas, done, given):
        canvas.sync()  # before the journal says so
        journal.add(rows=rows)
        progress(rows)
    canvas.save()


def _writable(source: Path, target: Path) -> None:
    if target.suffix.lower() not in pixels.WRITABLE:
        raise PictureError(f"{target} cannot be written as a picture: end its name in .tif")
    if target.is_dir():
        raise PictureError(f"{target} is a folder: give the name of a file")
    if target.exists() and source.exists() and target.samefile(source):
        raise PictureError(f"{target} is the input and would be replaced: give another name for the result")


def _known(path: Path) -> dict[str, Any]:
    """What a file is known by again: its size, its time and its ends."""
    try:
        status = path.stat()
        with path.open("rb") as file:
            digest = hashlib.sha256(file.read(_ENDS))
            file.seek(max(0, status.st_size - _ENDS))
            digest.update(file.read())
    except OSError as error:
        raise PictureError(f"{path} cannot be read: {error.strerror}") from None
    return {"bytes": status.st_size, "time": status.st_mtime_ns, "ends": digest.hexdigest()}
