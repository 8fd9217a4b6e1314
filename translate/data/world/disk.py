"""A drawn set on disk: one folder a view, one stem a picture, so that any two views pair by stem."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import current_process, get_context
from pathlib import Path

from PIL import Image

from translate.data.world.canvas import Picture
from translate.errors import DataError

Progress = Callable[[int, int], None]
Draw = Callable[[int, int, int, Sequence[str]], dict[str, Picture]]
"""(seed, height, width, views) → pictures by view; of module level, so that another process can import it."""

SERIAL = 40  # starting processes costs more than drawing this many


def sides(size: int | tuple[int, int], world: str) -> tuple[int, int]:
    """(height, width) of a size that is one number or both."""
    both = (size, size) if isinstance(size, int) else tuple(size)
    if len(both) != 2:
        raise DataError(f"A {world}'s size is one number or (height, width), not {size}.")
    return both


def write(
    draw: Draw, out: Path, count: int, size: tuple[int, int], views: Sequence[str], seed: int, progress: Progress | None
) -> None:
    """Write `count` pictures a view, seeds `seed` .. `seed + count - 1`, to out/VIEW/00000.png and so on.

    `progress(done, count)` is called after each. Existing pictures of the same name are replaced, each in one go.
    DataError for a larger set that lies there already; OSError for what cannot be written.
    """
    _refuse_mixing(out, count, views)
    one = partial(_one, draw, out, size, tuple(views), seed)
    for view in views:
        (out / view).mkdir(parents=True, exist_ok=True)
    _run(one, count, progress)


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


def _one(draw: Draw, out: Path, size: tuple[int, int], views: tuple[str, ...], seed: int, index: int) -> None:
    """Draw and write one number's views. At module level, so that a spawned process can import it."""
    for view, picture in draw(seed + index, *size, views).items():
        path = out / view / f"{index:05d}.png"
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            Image.fromarray(picture).save(aside, format="PNG", compress_level=3)
            os.replace(aside, path)
        finally:
            aside.unlink(missing_ok=True)
