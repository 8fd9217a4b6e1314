"""What the pictures of a domain are made of: channels, depth, range of values, classes.

A form stands in a configuration, travels on the card, and is what training, the exported graph and the runtime all go
by: which stored values are −1 and +1 for a network, and what its channels mean. It needs the standard library alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from translate.suggest import suggestion

DEPTHS = {"uint8": (0.0, 255.0), "uint16": (0.0, 65535.0), "float32": (-math.inf, math.inf)}
"""Depths in which pictures are stored, from the smallest, and the values that each can hold."""

MOST_CHANNELS, MOST_CLASSES, MOST_PARTS = 1024, 1024, 16
"""Of a picture, of a label map, and of files that make one picture: what no honest configuration reaches."""

Values: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""What a configuration says of stored values: a table, or one for each of several files."""

_KEYS = ("depth", "range", "classes")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_ORDINARY = (1, 3)


@dataclass(frozen=True)
class Part:
    """What one file holds: some channels of values, or a label map."""

    channels: int = 3
    """As stored: 1 of a map of indices, 3 of one of colours."""
    depth: str = "uint8"
    """A name in `DEPTHS`."""
    ranges: tuple[tuple[float, float], ...] = ((0.0, 255.0),) * 3
    """For each channel the stored values that become −1 and +1; none for label maps."""
    classes: int = 0
    """Of a label map; 0: it is none."""
    colours: tuple[str, ...] = ()
    """Of each class, `#rrggbb`; none where the map holds indices, 0 … classes − 1."""

    @property
    def encoded(self) -> int:
        """Channels that a network sees: one a class, or those that are stored."""
        return self.classes or self.channels

    @property
    def whole(self) -> bool:
        """Whether it holds values over the whole range of 8 bits, as pictures usually do."""
        return self.depth == "uint8" and not self.classes and set(self.ranges) == {DEPTHS["uint8"]}

    def record(self) -> dict[str, Any]:
        """As plain values, for a card; `Form.of_records` reads it."""
        if self.classes:
            return {"channels": self.channels, "depth": self.depth, "classes": list(self.colours) or self.classes}
        shared = self.ranges[0] if len(set(self.ranges)) == 1 else None
        return {
            "channels": self.channels,
            "depth": self.depth,
            "range": list(shared) if shared else [list(one) for one in self.ranges],
        }

    def __str__(self) -> str:
        many = f"{self.channels} channel{'s' * (self.channels > 1)} of {self.depth}"
        if self.classes:
            return f"label maps of {self.classes} classes as {'colours' if self.colours else f'indices ({self.depth})'}"
        if DEPTHS[self.depth] in self.ranges and len(set(self.ranges)) == 1:
            return many
        return f"{many}, {' and '.join(dict.fromkeys(f'{low:g} to {high:g}' for low, high in self.ranges))}"


@dataclass(frozen=True)
class Form:
    """What a picture is made of: one file, or several whose channels follow each other."""

    parts: tuple[Part, ...]

    @classmethod
    def plain(cls, channels: int) -> Form:
        """8-bit pictures in which 0 becomes −1 and 255 becomes +1."""
        return cls.declared(channels, {})

    @classmethod
    def stored_as(cls, channels: int, depth: str) -> Form:
        """So many channels of a depth, whatever their values mean."""
        return cls((Part(channels, depth, (DEPTHS[depth],) * channels),))

    @classmethod
    def declared(cls, channels: int | Sequence[int], values: Values = {}, files: int = 1) -> Form:  # noqa: B006
        """A form as a configuration declares it.

        Args:
            channels: of each file; one number where all have as many.
            values: `{depth, range}` or `{classes}` of each file; one table where all are alike. `range` is two numbers
                or two for each channel; `classes` is how many, or their colours.
            files: how many make one picture.

        Raises:
            ValueError: what is wrong, in words that follow `source_channels`, `source_values` and the like.
        """
        counts = [channels] * files if isinstance(channels, int) else list(channels)
        tables = [values] * files if isinstance(values, Mapping) else list(values)
        for what, found in (("channels", counts), ("values", tables)):
            if len(found) != files:
                raise ValueError(f"{what}: {len(found)} are given for {files} folder{'s' * (files > 1)}: give one each")
        return cls._of([_part(count, table) for count, table in zip(counts, tables, strict=True)])

    @classmethod
    def of_records(cls, records: Any, channels: int) -> Form:
        """A form from a card; without records, that of 8-bit pictures of so many channels.

        Raises:
            ValueError: they are no form, or one of other channels.
        """
        if not isinstance(records, list) or len(records) > MOST_PARTS or not all(isinstance(r, dict) for r in records):
            raise ValueError(f" = {records!r:.100}, which cannot be")
        if not records:
            return cls.plain(channels)
        parts = []
        for record in records:
            values = {key: value for key, value in record.items() if key in _KEYS}
            parts.append(_part(record.get("channels", 0), values))
        form = cls._of(parts)
        if form.channels != channels:
            raise ValueError(f" of {form.channels} channels where it says {channels}")
        return form

    @classmethod
    def _of(cls, parts: Sequence[Part]) -> Form:
        if len(parts) > 1 and any(part.classes for part in parts):
            # Resizing mixes neighbouring values and must not mix neighbouring classes.
            raise ValueError("values: a label map cannot be put together with other files: give it as their only one")
        return cls(tuple(parts))

    def records(self) -> list[dict[str, Any]]:
        """As plain values, for a card: nothing for 8-bit pictures in one file."""
        return [] if self == Form.plain(self.channels) else [part.record() for part in self.parts]

    @property
    def channels(self) -> int:
        """As stored."""
        return sum(part.channels for part in self.parts)

    @property
    def encoded(self) -> int:
        """As networks see it."""
        return sum(part.encoded for part in self.parts)

    @property
    def depth(self) -> str:
        """That holds the values of all files: the deepest of theirs. Values are kept as they are, not scaled to it."""
        return max((part.depth for part in self.parts), key=list(DEPTHS).index)

    @property
    def classes(self) -> int:
        """Of a label map; 0 where it holds values."""
        return self.parts[0].classes

    @property
    def ranges(self) -> tuple[tuple[float, float], ...]:
        """Of each stored channel of values."""
        return tuple(limits for part in self.parts for limits in part.ranges)

    @property
    def whole(self) -> bool:
        """Whether it holds values over the whole range of 8 bits, as pictures usually do."""
        return all(part.whole for part in self.parts)

    @property
    def ordinary(self) -> bool:
        """Whether it is a picture as any program shows it: grey or RGB of 8 bits, label maps in colours included."""
        part = self.parts[0]
        indices = bool(part.classes) and not part.colours
        return len(self.parts) == 1 and part.depth == "uint8" and part.channels in _ORDINARY and not indices

    @property
    def single(self) -> Form:
        """The same channels in one file, of the depth that holds them all."""
        if len(self.parts) == 1:
            return self
        return Form((Part(self.channels, self.depth, self.ranges),))

    def __str__(self) -> str:
        return " + ".join(map(str, self.parts))


def _part(channels: Any, values: Mapping[str, Any]) -> Part:
    if not isinstance(values, Mapping):
        raise ValueError(f"values = {values!r:.60}: give a table such as {{depth = 'uint16'}}")
    for key in values:
        if key not in _KEYS:
            raise ValueError(f"values: there is no key {key!r:.60}{suggestion(str(key), _KEYS)}")
    if not _whole(channels, MOST_CHANNELS):
        raise ValueError(f"channels = {channels!r:.60}: give a whole number from 1 to {MOST_CHANNELS:,}")
    depth = values.get("depth", "uint8")
    if not isinstance(depth, str) or depth not in DEPTHS:
        raise ValueError(f"values: depth = {depth!r:.60} is not known{suggestion(str(depth), DEPTHS)}")
    if "classes" in values:
        if "range" in values:
            raise ValueError("values: classes have no range: leave one of the two out")
        return _labels(channels, depth, values["classes"])
    return Part(channels, depth, _ranges(values.get("range"), depth, channels))


def _labels(channels: int, depth: str, classes: Any) -> Part:
    if isinstance(classes, list | tuple):
        wrong = [one for one in classes if not isinstance(one, str) or not _COLOUR.fullmatch(one)]
        if wrong:
            raise ValueError(f"values: classes have the colour {wrong[0]!r:.40}: write it such as '#86c5da'")
        colours = tuple(colour.lower() for colour in classes)
        if not 2 <= len(set(colours)) == len(colours) <= MOST_CLASSES:
            raise ValueError(f"values: classes: give 2 to {MOST_CLASSES:,} colours, each once")
        if depth != "uint8":
            raise ValueError(f"values: classes as colours are of 8 bits: leave depth = {depth!r} out")
        if channels != 3:
            raise ValueError(f"channels = {channels}: classes as colours are stored in 3")
        return Part(3, depth, (), len(colours), colours)
    if not _whole(classes, MOST_CLASSES) or classes < 2:
        raise ValueError(f"values: classes = {classes!r:.60}: give 2 to {MOST_CLASSES:,}, or a list of colours")
    if depth == "float32" or classes > DEPTHS[depth][1]:
        raise ValueError(f"values: {classes} classes are not stored as {depth}: give depth = 'uint16'")
    if channels != 1:
        raise ValueError(f"channels = {channels}: classes as indices are stored in 1")
    return Part(1, depth, (), classes)


def _ranges(given: Any, depth: str, channels: int) -> tuple[tuple[float, float], ...]:
    least, most = DEPTHS[depth]
    if given is None:
        if depth == "float32":
            raise ValueError(
                "values: which values are black and white is not to be seen in floats: give range = [a, b]"
            )
        return ((least, most),) * channels
    if not isinstance(given, list | tuple):
        raise ValueError(f"values: range = {given!r:.60}: give two numbers, such as [0, 10000]")
    several = given if given and isinstance(given[0], list | tuple) else [given] * channels
    if len(several) != channels:
        raise ValueError(f"values: range is given for {len(several)} channels of {channels}")
    for limits in several:
        numbers = isinstance(limits, list | tuple) and len(limits) == 2 and all(map(_finite, limits))
        if not numbers or not limits[0] < limits[1]:
            raise ValueError(f"values: range = {limits!r:.60}: give two numbers, the smaller one first")
        if not least <= limits[0] or not limits[1] <= most:
            raise ValueError(f"values: range = {limits!r:.60}: {depth} holds {least:g} to {most:g}")
    return tuple((float(low), float(high)) for low, high in several)


def _whole(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e30
