"""Faces on disk: one folder a view, one stem a face, and attributes.csv beside them."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from translate.data.faces.paint import VIEWS, draw
from translate.data.faces.traits import ATTRIBUTES, attributes
from translate.data.world import disk
from translate.data.world.bounds import check
from translate.data.world.disk import Progress
from translate.errors import DataError
from translate.files import write_whole


def make(
    out: Path,
    count: int,
    size: int | tuple[int, int],
    views: Sequence[str] = ("face",),
    seed: int = 0,
    progress: Progress | None = None,
) -> None:
    """Write `count` faces, seeds `seed` .. `seed + count - 1`, to out/VIEW/00000.png and so on, and out/attributes.csv.

    The table has the column `file`, such as 00000.png, and one a name in ATTRIBUTES, 0 or 1. `size` is the side of a
    square or (height, width), pixels. `progress(done, count)` is called after each face. Existing pictures of the same
    name are replaced, each in one go. DataError for what cannot be drawn or written.
    """
    height, width = disk.sides(size, "face")
    if count < 1:
        raise DataError(f"A set of faces has at least one, not {count}.")
    if isinstance(views, str) or not views:
        raise DataError(f"Name the faces' views in a list; they are {', '.join(VIEWS)}.")
    check("face", VIEWS, seed, height, width, views)
    try:
        disk.write(draw, out, count, (height, width), views, seed, progress)
        write_whole(out / "attributes.csv", table(count, seed).encode())
    except OSError as error:
        raise DataError(f"Cannot write the faces to {out}: {error.strerror or error}.") from error


def table(count: int, seed: int = 0) -> str:
    """What attributes.csv holds."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("file", *ATTRIBUTES))
    for index in range(count):
        rows.writerow((f"{index:05d}.png", *map(int, attributes(seed + index).values())))
    return text.getvalue()
