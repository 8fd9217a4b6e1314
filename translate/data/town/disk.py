"""The town on disk: one folder a view, one stem a scene, so that any two views pair by stem."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import current_process, get_context
from pathlib import Path

from PIL import Image

from translate.data.town.paint import VIEWS, check, draw
from translate.errors import DataError

Progress = Callable[[int, int], None]

SERIAL = 40  # starting processes costs more than drawing this many


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
    sides = (size, size) if isinstance(size, int) else tuple(size)
    if len(sides) != 2:
        raise DataError(f"A town's size is one number or (height, width), not {size}.")
    height, width = sides
    if count < 1:
        raise DataError(f"A town data set has at least one scene, not {count}.")
    if isinstance(views, str) or not views:
        raise DataError(f"Name the town's views in a list; they are {', '.join(VIEWS)}.")
    check(seed, height, width, views)
    _refuse_mixing(out, count, views)
    one = partial(_one, out, height, width, tuple(views), seed)
    try:
        for view in views:
            (out / view).mkdir(parents=True, exist_ok=True)
        _run(one, count, progress)
    except OSError as error:
        raise DataError(f"Cannot write the town to {out}: {error.strerror or error}.") from error


def _run(one: Callable[[int], None], count: int, progress: Progress | None) -> None:
    """`one` of 0 .. count - 1, on every core where that pays and is allowed."""
    cores = os.cpu_count() or 1
    if count > SERIAL and cores > 1 and not current_process().daemon:  # a daemon may have no children
        try:
            # spawn, not fork: the caller may have threads (torch, a web page) that a fork would break.
            with ProcessPoolExecutor(min(cores, 61), mp_context=get_context("spawn")) as pool:
                return _count(pool.map(one, range(count), chunksize=8), count, progress)
        except BrokenProcessPool:
            pass  # the caller's script cannot be imported by a new process (standard input, no main guard)
    _count(map(one, range(count)), count, progress)


def _count(done: Iterable[None], count: int, progress: Progress | None) -> None:
    for number, _ in enumerate(done, 1):
        if progress is not None:
            progress(number, count)


def _refuse_mixing(out: Path, count: int, views: Sequence[str]) -> None:
    """A set that is drawn over a larger one would leave scenes of both."""
    for view in views:
        others = [path for path in (out / view).glob("*.png") if not (path.stem.isdigit() and int(path.stem) < count)]
        if others:
            raise DataError(
                f"{out / view} holds {len(others)} other pictures, such as {others[0].name}: "
                "remove them, or name another folder"
            )


def _one(out: Path, height: int, width: int, views: tuple[str, ...], seed: int, index: int) -> None:
    """Draw and write one scene. At module level, so that a spawned process can import it."""
    for view, picture in draw(seed + index, height, width, views).items():
        path = out / view / f"{index:05d}.png"
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            Image.fromarray(picture).save(aside, format="PNG", compress_level=3)
            os.replace(aside, path)
        finally:
            aside.unlink(missing_ok=True)
