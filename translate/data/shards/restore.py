"""From an index of shards to the layout that was packed: its folders, as they were, with files that lie in shards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from translate import pixels
from translate.data.files import Container, Folder, Member, collecting_later
from translate.data.layouts.base import Layout
from translate.data.shards.index import Index
from translate.errors import DataError


@collecting_later()
def restored(
    index: Index, container: Container, layouts: Mapping[str, Callable[..., Layout]], holdout: int = -1
) -> Layout:
    """The layout of an index.

    Args:
        index: what was packed.
        container: where its shards are.
        layouts: by name.
        holdout: how many are held out, the last ones; -1: as many as when it was packed.

    Raises:
        DataError: this version has no such layout, or it takes other arguments.
    """
    given = {**index.data} if holdout < 0 else {**index.data, "holdout": holdout}
    name = given.pop("layout", None)
    if name not in layouts:
        raise DataError(f"{container.where} was packed with layout {name!r}, which this version does not know")
    for root, folders in _folders(index, container).items():
        given[root] = folders if root in index.several else folders[0]
    try:
        return layouts[name](**given)
    except (TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{container.where} was packed with another version of layout {name!r}: {error}") from None


def shard_numbers(index: Index) -> list[np.ndarray]:
    """Of each series, the shard of every sample."""
    numbers, first = [], 0
    for series in index.series:
        count = len(series.shards)
        numbers.append(np.repeat(np.arange(first, first + count), [shard.samples for shard in series.shards]))
        first += count
    return numbers


def _folders(index: Index, container: Container) -> dict[str, list[Folder]]:
    """By the layout's argument, the folders that it names."""
    found: dict[str, list[Folder]] = {}
    for series, numbers in zip(index.series, shard_numbers(index), strict=True):
        shards = numbers.tolist()
        for place, root in enumerate(series.roots):
            starts, lengths = series.places[:, place].T.tolist()
            made = found.setdefault(root, [])
            alone = len(index.series) == 1 and len(set(series.roots)) == 1
            text = container.where if alone else f"{container.where}/{root}{len(made) or ''}"
            made.append(_folder(text, container, series.names[place], list(zip(shards, starts, lengths, strict=True))))
    return found


def _folder(text: str, container: Container, names: list[str], places: list[tuple[Any, ...]]) -> Folder:
    """Files, some of them within folders one step down."""
    within: dict[str, list[Member]] = {"": []}
    for name, place in zip(names, places, strict=True):
        folder, _, file = name.rpartition("/")
        members = within.get(folder)
        if members is None:
            members = within[folder] = []
        members.append(Member(container, folder, file, place))
    files = tuple(within.pop(""))
    folders = (Folder(f"{text}/{name}", tuple(within[name])) for name in sorted(within, key=pixels.natural))
    return Folder(text, files, tuple(folders))
