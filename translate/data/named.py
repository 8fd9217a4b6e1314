"""Augmentations by name: `{name = "Rotate", limit = 10}` and a library's class of that name become its object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from translate.errors import ConfigError, first_line
from translate.suggest import suggestion


def built(entries: Sequence[Mapping[str, Any]], known: Mapping[str, type[Any]], library: str) -> list[Any]:
    """Objects of the classes `known`, each from its name and its constructor's arguments.

    Raises:
        ConfigError: an unknown name, or arguments that the class does not take.
    """
    objects = []
    for entry in entries:
        if not isinstance(entry, Mapping):
            raise ConfigError(f'transform: {entry!r}: write it as {{name = "…", argument = …}}')
        arguments = dict(entry)
        name = arguments.pop("name", None)
        if name not in known:
            raise ConfigError(f"transform: {library} has no {name!r}{suggestion(str(name), known)}")
        try:
            objects.append(known[name](**arguments))
        except (TypeError, ValueError) as error:
            raise ConfigError(f"transform: {name}: {' '.join(str(error).split())}") from None
        except Exception as error:  # whatever else a library has for a wrong argument
            raise ConfigError(f"transform: {name}: {first_line(error)}") from None
    return objects
