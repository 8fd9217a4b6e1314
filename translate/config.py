"""From TOML to objects: one file describes one experiment.

    name = "pix2pix_facades"               # runs/pix2pix_facades
    domains = ["labels", "photo"]          # source and target in words, for the card and the page
    seed = 0
    [method]      name = "pix2pix"         a name in METHODS, then arguments of its constructor
    [networks.G]  name = "unet"            a name in NETWORKS, then arguments of its constructor
    [game]        r1 = 10.0                fields of Rules, for methods that play a game
    [data]        layout = "side_by_side"  a name in LAYOUTS, then arguments of its constructor
    [transform]   arguments of Transform
    [train]       fields of Settings
    [palette]     sky = "#87ceeb"          classes of a source of label maps and their colours, for the page; the first
                                           is the background

Keys are checked against the signatures of what they build and go no further: classes take plain arguments. A plan's
`resolved` form has every default filled in and everything that followed from the data, so that a method can be built
again from it alone, years later, without the data.
"""

from __future__ import annotations

import inspect
import tomllib
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from translate import shares
from translate.card import palette_fault
from translate.data.entrance import Entrance
from translate.data.layouts import LAYOUTS, Layout
from translate.data.on_device import on_device
from translate.data.transforms import Transform
from translate.errors import ConfigError, first_line
from translate.files import write_whole
from translate.games import Rules
from translate.methods import METHODS, Method
from translate.networks import NETWORKS
from translate.settings import Settings
from translate.suggest import suggestion

Section = dict[str, Any]
SECTIONS = ("name", "domains", "seed", "method", "game", "networks", "data", "transform", "train", "palette")


@dataclass(frozen=True)
class Plan:
    """An experiment, ready to run."""

    resolved: Section
    layout: Layout
    transform: Transform
    settings: Settings
    entrance: Entrance
    """From batches as they are read to what networks see."""

    @property
    def name(self) -> str:
        """The run's name: its folder under `runs/`."""
        return str(self.resolved["name"])


def read(path: Path, overrides: Sequence[str] = ()) -> Section:
    """A configuration file with `key.sub=value` laid over it.

    Raises:
        ConfigError: no such file, not TOML, or an override that is none.
    """
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {getattr(error, 'strerror', None) or 'not a text file'}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    config.setdefault("name", path.stem)
    for override in overrides:
        _override(config, override)
    return config


def write(path: Path, config: Section) -> None:
    """Write a configuration as TOML."""
    import tomli_w

    write_whole(path, tomli_w.dumps(config).encode())


def plan(config: Section) -> Plan:
    """Check a configuration, look at its data, and fill in every default.

    Raises:
        ConfigError: an unknown key, a wrong type, a method that cannot learn from this layout.
        DataError: the data is not there.
    """
    _known_keys(config, SECTIONS, "the configuration")
    settings = Settings(**arguments(Settings, _section(config, "train"), "train"))
    transform_arguments = arguments(Transform, _section(config, "transform"), "transform")
    data = _section(config, "data")
    layout_kind, layout_name = _choose(LAYOUTS, data.pop("layout", None), "data.layout")
    data = arguments(layout_kind, data, "data")
    # Checked before the data is looked for: a misspelt key is found without it.
    method_kind, method_name, method_arguments = _method(config)
    layout, transform = layout_kind(**data), Transform(**transform_arguments)
    if method_kind.aligned and not layout.aligned:
        raise ConfigError(f"{method_name} cannot learn from layout {layout_name!r}: it needs pairs")
    wiring = _wire(method_kind, method_name, layout_name, {**layout.facts, "size": transform.size})
    resolved = {
        "name": _text(config.get("name", method_name), "name"),
        "domains": _domains(config.get("domains", ["source", "target"])),
        "seed": _seed(config.get("seed", 0)),
        "method": {"name": method_name, **method_arguments},
        "game": _game(_section(config, "game"), method_kind, method_name),
        "networks": _networks(_section(config, "networks"), method_kind, wiring),
        "data": {"layout": layout_name, **data},
        "transform": transform_arguments,
        "train": {name: getattr(settings, name) for name in Settings.__dataclass_fields__},
        "palette": _palette(_section(config, "palette")),
    }
    _known_keys(settings.players, method_kind.players, "train.players")
    resolved = _plain(resolved)
    rehearse(resolved, layout, transform)
    return Plan(resolved, layout, transform, settings, Entrance(on_device(transform, layout)))


def build_method(resolved: Section) -> Method:
    """The method of a resolved configuration, with fresh weights."""
    kind, _, given = _method(resolved)
    networks = {}
    for role, section in resolved["networks"].items():
        network, _ = _choose(NETWORKS, section.get("name"), f"networks.{role}.name")
        rest = {key: value for key, value in section.items() if key != "name"}
        networks[role] = _made(network, arguments(network, rest, f"networks.{role}"), f"networks.{role}")
    if game := resolved.get("game"):  # configurations of earlier versions have none
        given["rules"] = _made(Rules, arguments(Rules, game, "game"), "game")
    return _made(kind, {**networks, **given}, "method")


def default_of(kind: Any, parameter: inspect.Parameter) -> Any:
    """What an argument of `kind` is where it is not given; of a dataclass' field what its factory makes."""
    field = getattr(kind, "__dataclass_fields__", {}).get(parameter.name)
    return parameter.default if field is None or field.default_factory is MISSING else field.default_factory()


def rehearse(resolved: Section, layout: Layout, transform: Transform) -> None:
    """Play one round without numbers (on torch's `meta` device): what does not fit together is found at once.

    Raises:
        ConfigError: the transforms do not give pictures, or the networks do not take them.
    """
    facts = layout.facts
    channels = [facts[role] for role in ("source", "target", "image") if role in facts]
    blank = tuple(np.zeros((transform.load, transform.load + 8, count), np.uint8) for count in channels)
    try:
        pictures = transform(blank, 0)
    except Exception as error:  # whatever a library of transforms raises
        raise ConfigError(f"transform: {first_line(error)}") from None
    for picture, count in zip(pictures, channels, strict=True):
        if picture.dtype != np.uint8 or picture.shape != (transform.size, transform.size, count):
            raise ConfigError(
                f"transform: these transforms make {picture.dtype} {list(picture.shape)} of a picture, "
                f"it must be uint8 {[transform.size, transform.size, count]}"
            )
    count = resolved["train"]["batch"]
    batch = [torch.empty(count, channel, transform.size, transform.size, device="meta") for channel in channels]
    labels = [torch.zeros(count, dtype=torch.int64, device="meta")] if "classes" in facts else []
    with torch.device("meta"):
        method = build_method(resolved)
    try:
        with shares.alone():
            for step in sorted({0, method.period - 1}):  # in the last of a period everybody moves
                for _ in method.round(layout.batch(*batch, *labels), step):
                    pass
    except (RuntimeError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise ConfigError(
            f"the networks do not fit pictures of {transform.size}×{transform.size}: {first_line(error)}"
        ) from None


def arguments(kind: Callable[..., Any], given: Mapping[str, Any], where: str) -> Section:
    """`given` checked against the signature of `kind`, with its defaults filled in; networks are not among them.

    Raises:
        ConfigError: an unknown or missing key, or a value of the wrong type.
    """
    function = kind.__init__ if isinstance(kind, type) else kind  # type: ignore[misc]
    hints = typing.get_type_hints(function)
    parameters = {name: p for name, p in inspect.signature(kind).parameters.items() if not _is_part(hints[name])}
    _known_keys(given, parameters, where)
    missing = [name for name, p in parameters.items() if p.default is p.empty and name not in given]
    if missing:
        raise ConfigError(f"{where}: {', '.join(missing)} is missing")
    full = {name: given[name] if name in given else default_of(kind, p) for name, p in parameters.items()}
    return {name: _typed(value, hints[name], f"{where}.{name}") for name, value in full.items()}


def _method(config: Section) -> tuple[type[Method], str, Section]:
    section = _section(config, "method")
    kind, name = _choose(METHODS, section.pop("name", None), "method.name")
    return kind, name, arguments(kind, section, "method")


def _game(given: Section, kind: type[Method], name: str) -> Section:
    """The game's rules, with the defaults of the method's paper."""
    rules = inspect.signature(kind).parameters.get("rules")
    if rules is None:
        if given:
            raise ConfigError(f"{name} has no critic that the section game could be for: leave it out")
        return {}
    made = arguments(Rules, {**asdict(rules.default), **given}, "game")
    _made(Rules, made, "game")
    return made


def _section(config: Section, name: str, where: str = "") -> Section:
    section = config.get(name, {})
    if not isinstance(section, Mapping):
        raise ConfigError(f"{where}{name} = {section!r}: it must be a section of keys, such as {where}{name}.name")
    return dict(section)


def _made(kind: type[Any], given: Section, where: str) -> Any:
    try:
        return kind(**given)
    except (RuntimeError, ValueError, ZeroDivisionError, IndexError) as error:
        raise ConfigError(f"{where}: {first_line(error)}") from None


def _wire(kind: type[Method], name: str, layout: str, facts: dict[str, int]) -> Section:
    needed = inspect.signature(kind.wiring).parameters
    missing = [fact for fact in needed if fact not in facts]
    if missing:
        raise ConfigError(f"{name} cannot learn from layout {layout!r}: it needs {' and '.join(missing)}")
    return kind.wiring(**{fact: facts[fact] for fact in needed})


def _networks(config: Section, method: type[Method], wiring: Section) -> Section:
    _known_keys(config, method.networks, "networks")
    networks = {}
    for role, default in method.networks.items():
        section = _section(config, role, "networks.")
        kind, name = _choose(NETWORKS, section.pop("name", default), f"networks.{role}.name")
        accepted = inspect.signature(kind).parameters
        missing = [argument for argument in wiring[role] if argument not in accepted]
        if missing:
            raise ConfigError(f"networks.{role}: {name!r} does not fit here: it takes no {' or '.join(missing)}")
        networks[role] = {"name": name, **arguments(kind, {**wiring[role], **section}, f"networks.{role}")}
    return networks


def _override(config: Section, override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise ConfigError(f"{override!r}: an override is written key.sub=value")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text  # A bare word is a string, so that no shell needs quotes within quotes.
    *sections, last = key.split(".")
    for section in sections:
        config = config.setdefault(section, {})
        if not isinstance(config, dict):
            raise ConfigError(f"{override!r}: {section} is a value, it has no keys")
    config[last] = value


def _choose(table: Mapping[str, type[Any]], name: Any, where: str) -> tuple[type[Any], str]:
    if name is None:
        raise ConfigError(f"{where} is missing: choose one of {', '.join(table)}")
    if not isinstance(name, str) or name not in table:
        raise ConfigError(f"{where} = {name!r} is not known{suggestion(str(name), table)}")
    return table[name], name


def _known_keys(given: Mapping[str, Any], known: typing.Iterable[str], where: str) -> None:
    if not isinstance(given, Mapping):
        raise ConfigError(f"{where} is {given!r}, it must be a section of keys")
    known = list(known)
    for key in given:
        if key not in known:
            raise ConfigError(f"{where}: there is no key {key!r}{suggestion(key, known)}")


def _typed(value: Any, hint: Any, where: str) -> Any:
    """`value` if it is what `hint` says; an int passes for a float and a list for a tuple, as TOML has neither."""
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    origin = typing.get_origin(hint)
    if origin is tuple:
        inner = typing.get_args(hint)
        if inner[1:] == (...,) and isinstance(value, list | tuple):
            inner = inner[:1] * len(value)
        if isinstance(value, list | tuple) and len(value) == len(inner):
            return tuple(_typed(item, kind, where) for item, kind in zip(value, inner, strict=True))
    elif isinstance(value, bool) != (hint is bool) or (isinstance(value, str) and hint is not str):
        pass  # a bool is an int and a text is a sequence, but neither is meant
    elif isinstance(value, types.NoneType if hint is None else typing.cast("type", origin or hint)):
        return value
    wanted = getattr(hint, "__name__", str(hint)) if origin is None else str(hint).replace("typing.", "")
    raise ConfigError(f"{where} = {value!r}: it must be of type {wanted}")


def _is_part(hint: Any) -> bool:
    """Whether an argument is built from a section of its own."""
    return isinstance(hint, type) and issubclass(hint, torch.nn.Module | Rules)


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip(". ") or not value.isprintable() or set(value) & set('/\\:*?"<>|'):
        raise ConfigError(f"{where} = {value!r}: it must be a text that can be a folder's name")
    return value


def _domains(value: Any) -> list[str]:
    if not isinstance(value, list | tuple) or len(value) != 2 or not all(isinstance(item, str) for item in value):
        raise ConfigError(f'domains = {value!r}: it must be two words, such as ["labels", "photo"]')
    return list(value)


def _palette(given: Section) -> Section:
    palette = {name: colour.lower() if isinstance(colour, str) else colour for name, colour in given.items()}
    if fault := palette_fault(palette):
        raise ConfigError(f"palette{fault}")
    return palette


def _seed(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise ConfigError(f"seed = {value!r}: it must be a whole number from 0")
    return value


def _plain(value: Any) -> Any:
    """Tuples to lists, so that a configuration equals itself after a trip through TOML or JSON."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
