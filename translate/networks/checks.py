"""Numbers that cannot be: a ValueError that says which, before torch says something else."""

from __future__ import annotations


def at_least(least: int, **values: int) -> None:
    """Raise ValueError if one of the named values is less than `least`."""
    for name, value in values.items():
        if value < least:
            raise ValueError(f"{name} = {value}: it must be at least {least}")
