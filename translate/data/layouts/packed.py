"""Shards as the layout that they were packed from."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np

from translate.data.files import Member
from translate.data.layouts.base import Layout
from translate.data.shards import foreign
from translate.data.shards.download import small
from translate.data.shards.fetched import Fetched, cache_folder
from translate.data.shards.index import FILES, INDEX, Index, decode, files_digest
from translate.data.shards.restore import restored, shard_numbers
from translate.data.shards.store import OnDisk, Shards
from translate.data.windows import Windows
from translate.errors import DataError
from translate.files import write_whole
from translate.pixels.archived import amount

ROOM = 16_000_000_000


def packed(
    root: str,
    holdout: int = -1,
    window: int = 0,
    cache: str = "",
    cache_bytes: int = ROOM,
    endings: tuple[str, ...] = (),
    of: str = "",
    channels: tuple[int, ...] = (),
) -> Layout:
    """The layout that was packed, reading from shards.

    Args:
        root: a folder that `translate data pack` made, or its address (`https://…/`); of shards that others have
            packed a folder, or names such as `shard-{000000..000099}.tar`.
        holdout: how many samples are held out, the last ones; -1: as many as when it was packed.
        window: shards whose samples are shuffled together; 0: all of them.
        cache: folder for what is fetched; without it one of the user's own.
        cache_bytes: how much it may hold.
        endings: of shards that others have packed: what the files of a sample end in, source before target; without
            it that is guessed.
        of: of such shards: the layout that reads them, such as `side_by_side`; without it that is guessed.
        channels: of such shards: of each ending 1 grey or 3 RGB; without it 3.

    Raises:
        DataError: it is not there, damaged, or does not fit into the cache.
    """
    from translate.data.layouts import OF_FILES  # of which this one restores one

    if holdout < -1 or window < 0:
        raise DataError(f"holdout = {holdout}, window = {window}: neither may be negative (-1 holds out as packed)")
    kept = Path(cache).expanduser() if cache else cache_folder()
    container: Shards
    if root.lower().startswith(("http://", "https://")):
        where = root if root.endswith("/") else f"{root}/"
        index = _fetched(where, kept)
        container = Fetched(where, index.shards, kept, cache_bytes)
        _fits(container, index, window)
    else:
        index, paths = _found(root, kept, endings, of, channels)
        container = OnDisk(root, index.shards, paths)
    layout = restored(index, container, OF_FILES, holdout)
    layout.shards = container
    if window or isinstance(container, Fetched):
        layout.windows = _windows(layout, index, window)
    return layout


def _found(
    root: str, kept: Path, endings: tuple[str, ...], of: str, channels: tuple[int, ...]
) -> tuple[Index, list[Path]]:
    folder = Path(root)
    if (folder / INDEX).is_file():
        try:
            index = decode((folder / INDEX).read_bytes(), (folder / FILES).read_bytes(), f"{root}/")
        except OSError as error:
            raise DataError(f"{error.filename} cannot be read: {error.strerror}: copy the folder again") from None
        return index, [folder / shard.name for shard in index.shards]
    paths = foreign.paths_of(root)
    return foreign.index_of(root, paths, endings, of, channels, kept), paths


def _fetched(where: str, kept: Path) -> Index:
    said = small(where + INDEX)
    path = kept / f"{files_digest(said, where)}.npz"
    try:
        files = path.read_bytes()
    except OSError:
        files = small(where + FILES)
    index = decode(said, files, where)
    with suppress(OSError):  # it is fetched again the next time
        kept.mkdir(parents=True, exist_ok=True)
        write_whole(path, files, sync=False)
    return index


def _fits(shards: Fetched, index: Index, window: int) -> None:
    """Refuse what would be fetched again and again: a window and the next one must be there together."""
    sizes = [[shard.bytes for shard in series.shards] for series in index.series]
    total = sum(map(sum, sizes))
    needed = total
    if window:
        # Of the second domain of unpaired data any picture may come at any time.
        needed = min(total, sum(sorted(sizes[0])[-2 * window :]) + sum(map(sum, sizes[1:])))
    if needed > shards.most:
        few = max(1, int(shards.most / 2 / max(map(max, sizes))))
        advice = f"or set data.window, such as {few}" if not window else "or lower data.window"
        raise DataError(
            f"{shards.where}: {amount(needed)} must be at hand and data.cache_bytes is {amount(shards.most)}: "
            f"raise it, {advice} (see docs/scale.md)"
        )


def _windows(layout: Layout, index: Index, width: int) -> Windows:
    """Which samples to train on lie in which shard, by their first file."""
    numbers = np.array([_first(layout.parts(sample, 0)).place[0] for sample in layout.train], np.int64)
    shards = np.unique(numbers).tolist()
    later = [number for numbers in shard_numbers(index)[1:] for number in np.unique(numbers).tolist()]
    return Windows(tuple(np.flatnonzero(numbers == shard) for shard in shards), tuple(shards), width, tuple(later))


def _first(part: object) -> Member:
    while isinstance(part, tuple):
        part = part[0]
    assert isinstance(part, Member)
    return part
