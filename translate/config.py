"""From TOML to objects: one file describes one experiment.

    name = "pix2pix_facades"               # runs/pix2pix_facades
    domains = ["labels", "photo"]          # source and target in words, for the card and the page
    seed = 0
    [method]      name = "pix2pix"         a name in METHODS, then arguments of its constructor
    [networks.G]  name = "unet"            a name in NETWORKS, then arguments of its constructor
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
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from translate import shares
from translate.card import palette_fault
from translate.data import derived as derivations
from translate.data.derived import Derivation
from translate.data.entrance import Entrance
from translate.data.layouts import LAYOUTS, Layout, Picture
from translate.data.on_device import on_device
from translate.data.transforms import Transform
from translate.errors import ConfigError, first_line
from translate.files import write_whole
from translate.methods import METHODS, Method
from translate.networks import NETWORKS
from translate.settings import Settings
from translate.suggest import suggestion

Section = dict[str, Any]
SECTIONS = ("name", "domains", "seed", "method", "networks", "data", "transform", "train", "palette")


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

    def pictures(self, stored: tuple[Picture, ...]) -> tuple[Picture, ...]:
        """A sample's pictures as `layout.read` gives them → as they are scored and calibrated on, without chance:
        `[size, size, C]` as stored, a derived source among them.
        """
        return self.entrance.pictures(self.transform.plain(stored))


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


def plan(config: Section, networks: bool = True) -> Plan:
    """Check a configuration, look at its data, and fill in every default.

    Args:
        config: as `read` gives it.
        networks: whether anything is to be learnt. Without, method and networks are not looked at, `resolved` has none,
            and no round is rehearsed: for whoever wants the data alone.

    Raises:
        ConfigError: an unknown key, a wrong type, a method that cannot learn from this layout.
        DataError: the data is not there.
    """
    _known_keys(config, SECTIONS, "the configuration")
    settings = Settings(**arguments(Settings, _section(config, "train"), "train"))
    transform_arguments = arguments(Transform, _section(config, "transform"), "transform")
    data = _section(config, "data")
    layout_kind, layout_name = _choose(LAYOUTS, data.pop("layout", None), "data.layout")
    palette = _palette(_section(config, "palette"))
    data = arguments(layout_kind, _with_palette(data, palette), "data")
    if "derive" in data:
        data["derive"] = _derive(data["derive"], "data.derive")
    # Checked before the data is looked for: a misspelt key is found without it.
    method = _method(config) if networks else None
    layout, transform = layout_kind(**data), Transform(**transform_arguments)
    transform.suit(list(layout.forms.values()))
    if layout.derivation and transform_arguments["photometric"]:
        raise ConfigError(
            "transform.photometric changes the source, which is derived on the device only after it: use "
            "transform.device_photometric"
        )
    resolved = {
        "name": _text(config.get("name", method[1] if method else "data"), "name"),
        "domains": _domains(config.get("domains", ["source", "target"])),
        "seed": _seed(config.get("seed", 0)),
        **(_learner(config, method, layout_name, layout, transform) if method else {}),
        "data": {"layout": layout_name, **data},
        "transform": transform_arguments,
        "train": {name: getattr(settings, name) for name in Settings.__dataclass_fields__},
        "palette": palette,
    }
    resolved = _plain(resolved)
    if networks:
        rehearse(resolved, layout, transform)
    entrance = Entrance(on_device(transform, layout), layout.forms, layout.derivation)
    return Plan(resolved, layout, transform, settings, entrance)


def _learner(
    config: Section,
    method: tuple[type[Method], str, Section],
    layout_name: str,
    layout: Layout,
    transform: Transform,
) -> Section:
    """The resolved sections of the method and its networks, wired to the data."""
    kind, name, given = method
    if kind.aligned and not layout.aligned:
        raise ConfigError(f"{name} cannot learn from layout {layout_name!r}: it needs pairs")
    wiring = _wire(kind, name, layout_name, {**layout.facts, "size": transform.size})
    return {
        "method": {"name": name, **given},
        "networks": _networks(_section(config, "networks"), kind, wiring),
    }


def derivation(name: str, overrides: Sequence[str]) -> Derivation:
    """A derivation with arguments `key=value`, checked as those of a configuration are."""
    given: Section = {"name": name}
    for override in overrides:
        _override(given, override)
    return derivations.derivation(_derive(given, "derive"))


def build_method(resolved: Section) -> Method:
    """The method of a resolved configuration, with fresh weights."""
    kind, _, given = _method(resolved)
    networks = {}
    for role, section in resolved["networks"].items():
        network, _ = _choose(NETWORKS, section.get("name"), f"networks.{role}.name")
        rest = {key: value for key, value in section.items() if key != "name"}
        networks[role] = _made(network, arguments(network, rest, f"networks.{role}"), f"networks.{role}")
    return _made(kind, {**networks, **given}, "method")


def rehearse(resolved: Section, layout: Layout, transform: Transform) -> None:
    """Play one round without numbers (on torch's `meta` device): what does not fit together is found at once.

    Raises:
        ConfigError: the transforms do not give pictures, or the networks do not take them.
    """
    facts = layout.facts
    channels = [form.encoded for form in layout.forms.values()]
    forms = list(layout.forms.values())
    read = forms[1:] if layout.derivation else forms  # what is derived is not read
    blank = tuple(np.zeros((transform.load, transform.load + 8, form.channels), form.depth) for form in read)
    try:
        pictures = transform(blank, 0)
    except Exception as error:  # whatever a library of transforms raises
        raise ConfigError(f"transform: {first_line(error)}") from None
    for picture, form in zip(pictures, read, strict=True):
        if picture.dtype != form.depth or picture.shape != (transform.size, transform.size, form.channels):
            raise ConfigError(
                f"transform: these transforms make {picture.dtype} {list(picture.shape)} of a picture, "
                f"it must be {form.depth} {[transform.size, transform.size, form.channels]}"
            )
    count = resolved["train"]["batch"]
    batch = [torch.empty(count, channel, transform.size, transform.size, device="meta") for channel in channels]
    labels = [torch.zeros(count, dtype=torch.int64, device="meta")] if "classes" in facts else []
    with torch.device("meta"):
        method = build_method(resolved)
    try:
        with shares.alone():
            for _ in method.round(layout.batch(*batch, *labels), 0):
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
    parameters = {name: p for name, p in inspect.signature(kind).parameters.items() if not _is_network(hints[name])}
    _known_keys(given, parameters, where)
    missing = [name for name, p in parameters.items() if p.default is p.empty and name not in given]
    if missing:
        raise ConfigError(f"{where}: {', '.join(missing)} is missing")
    full = {name: given.get(name, p.default) for name, p in parameters.items()}
    return {name: _typed(value, hints[name], f"{where}.{name}") for name, value in full.items()}


def _method(config: Section) -> tuple[type[Method], str, Section]:
    section = _section(config, "method")
    kind, name = _choose(METHODS, section.pop("name", None), "method.name")
    return kind, name, arguments(kind, section, "method")


def _derive(given: Mapping[str, Any], where: str) -> Section:
    kind, name = _choose(derivations.DERIVATIONS, given.get("name"), f"{where}.name")
    return {"name": name, **arguments(kind, {k: v for k, v in given.items() if k != "name"}, where)}


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


def _with_palette(data: Section, palette: dict[str, str]) -> Section:
    """The section with `classes = "palette"` replaced by the colours of the palette."""
    for key in [key for key in data if key.endswith("values")]:
        if isinstance(data[key], Mapping) and data[key].get("classes") == "palette":
            if not palette:
                raise ConfigError(f'data.{key}: classes = "palette", but there is no section [palette]')
            data[key] = {**data[key], "classes": list(palette.values())}
    return data


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


def _choose(table: Mapping[str, Callable[..., Any]], name: Any, where: str) -> tuple[Any, str]:
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


def _is_network(hint: Any) -> bool:
    from torch import nn

    return isinstance(hint, type) and issubclass(hint, nn.Module)


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
