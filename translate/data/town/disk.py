"""The town on disk: one folder a view, one stem a scene, so that any two views pair by stem."""

from collections.abc import Sequence
from pathlib import Path

from translate.data.town.paint import VIEWS, draw
from translate.data.world import disk
from translate.data.world.bounds import check
from translate.data.world.disk import Progress
from translate.errors import DataError


def make(
    out: Path,
    count: int,
    size: int | tuple[int, int],
    views: Sequence[str] = VIEWS,
    seed: int = 0,
    progress: Progress | None = None,
) -> None:
    """Write `count` scenes, seeds `seed` .. `seed + count - 1`, to out/VIEW/00000.png and so on.

    `size` is the side of a square or (height, width), pixels. `progress(done, count)` is called after each scene.
    Existing pictures of the same name are replaced, each in one go. DataError for what cannot be drawn or written.
    """
    height, width = disk.sides(size, "town")
    if count < 1:
        raise DataError(f"A town data set has at least one scene, not {count}.")
    if isinstance(views, str) or not views:
        raise DataError(f"Name the town's views in a list; they are {', '.join(VIEWS)}.")
    check("town", VIEWS, seed, height, width, views)
    try:
        disk.write(draw, out, count, (height, width), views, seed, progress)
    except OSError as error:
        raise DataError(f"Cannot write the town to {out}: {error.strerror or error}.") from error
