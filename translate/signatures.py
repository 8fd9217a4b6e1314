"""What may stand in a section of a configuration: the signature of what it builds, and no more."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import MISSING, is_dataclass
from typing import Any

from translate.errors import ConfigError, first_line
from translate.suggest import suggestion

Section = dict[str, Any]


def arguments(kind: Callable[..., Any], given: Mapping[str, Any], where: str) -> Section:
    """`given` checked against the signature of `kind`, with its defaults filled in; networks are not among them.

    Raises:
        ConfigError: an unknown or missing key, or a value of the wrong type.
    """
    function = kind.__init__ if isinstance(kind, type) else kind  # type: ignore[misc]
    hints = typing.get_type_hints(function)
    parameters = {name: p for name, p in inspect.signature(kind).parameters.items() if not _is_part(hints[name])}
    known_keys(given, parameters, where)
    missing = [name for name, p in parameters.items() if p.default is p.empty and name not in given]
    if missing:
        raise ConfigError(f"{where}: {', '.join(missing)} is missing")
    full = {name: given[name] if name in given else default_of(kind, p) for name, p in parameters.items()}
    return {name: _typed(value, hints[name], f"{where}.{name}") for name, value in full.items()}


def defaults(kind: Callable[..., Any]) -> Section:
    """What is filled in where nothing is given, as plain values: of the arguments that need not be."""
    parameters = inspect.signature(kind).parameters.values()
    found = {p.name: default_of(kind, p) for p in parameters}
    return {name: plain(value) for name, value in found.items() if value is not inspect.Parameter.empty}


def default_of(kind: Any, parameter: inspect.Parameter) -> Any:
    """What an argument of `kind` is where it is not given; of a dataclass' field what its factory makes."""
    field = getattr(kind, "__dataclass_fields__", {}).get(parameter.name)
    return parameter.default if field is None or field.default_factory is MISSING else field.default_factory()


def choose(table: Mapping[str, Callable[..., Any]], name: Any, where: str) -> tuple[Any, str]:
    """The entry of a table by the name that a configuration gives, and that name.

    Raises:
        ConfigError: there is none of that name.
    """
    if name is None:
        raise ConfigError(f"{where} is missing: choose one of {', '.join(table)}")
    if not isinstance(name, str) or name not in table:
        raise ConfigError(f"{where} = {name!r} is not known{suggestion(str(name), table)}")
    return table[name], name


def known_keys(given: Mapping[str, Any], known: typing.Iterable[str], where: str) -> None:
    """Refuse keys that nothing takes, with a suggestion.

    Raises:
        ConfigError: there are such keys.
    """
    if not isinstance(given, Mapping):
        raise ConfigError(f"{where} is {given!r}, it must be a section of keys")
    known = list(known)
    for key in given:
        if key not in known:
            raise ConfigError(f"{where}: there is no key {key!r}{suggestion(key, known)}")


def section_of(config: Section, name: str, where: str = "") -> Section:
    """A section of a configuration, empty where it has none.

    Raises:
        ConfigError: there is a value in its place.
    """
    section = config.get(name, {})
    if not isinstance(section, Mapping):
        raise ConfigError(f"{where}{name} = {section!r}: it must be a section of keys, such as {where}{name}.name")
    return dict(section)


def made(kind: type[Any], given: Section, where: str) -> Any:
    """An object of arguments that are of the right types, whatever else is wrong with them.

    Raises:
        ConfigError: its constructor refuses them.
    """
    try:
        return kind(**given)
    except (RuntimeError, ValueError, ZeroDivisionError, IndexError) as error:
        raise ConfigError(f"{where}: {first_line(error)}") from None


def _typed(value: Any, hint: Any, where: str) -> Any:
    """`value` if it is what `hint` says; an int passes for a float and a list for a tuple, as TOML has neither."""
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        for one in typing.get_args(hint):
            with suppress(ConfigError):
                return _typed(value, one, where)
    elif origin is tuple:
        inner = typing.get_args(hint)
        if inner[1:] == (...,) and isinstance(value, list | tuple):
            inner = inner[:1] * len(value)
        if isinstance(value, list | tuple) and len(value) == len(inner):
            return tuple(_typed(item, kind, where) for item, kind in zip(value, inner, strict=True))
    elif origin is list and isinstance(value, list):
        return [_typed(item, typing.get_args(hint)[0], where) for item in value]
    elif isinstance(value, bool) != (hint is bool) or (isinstance(value, str) and hint is not str):
        pass  # a bool is an int and a text is a sequence, but neither is meant
    elif isinstance(value, types.NoneType if hint is None else typing.cast("type", origin or hint)):
        return value
    wanted = getattr(hint, "__name__", str(hint)) if origin is None else str(hint).replace("typing.", "")
    raise ConfigError(f"{where} = {value!r}: it must be of type {wanted}")


def _is_part(hint: Any) -> bool:
    """Whether an argument is built from a section of its own."""
    from torch import nn

    return isinstance(hint, type) and (issubclass(hint, nn.Module) or is_dataclass(hint))


def plain(value: Any) -> Any:
    """Tuples to lists, so that a configuration equals itself after a trip through TOML or JSON."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
