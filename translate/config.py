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
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
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
from translate.games import Rules
from translate.methods import METHODS, Method
from translate.networks import NETWORKS
from translate.settings import Settings
from translate.signatures import Section, arguments, choose, known_keys, made, plain, section_of

SECTIONS = ("name", "domains", "seed", "method", "game", "networks", "data", "transform", "train", "palette")
FOLLOWING = ("forms", "classes")
"""What a resolved configuration has besides: it follows from the data."""


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
        """A sample's pictures as `layout.read` gives them → as they are scored and calibrated on, without chance.

        They are `[size, size, C]` as stored, a derived source among them.
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
    known_keys(config, SECTIONS + FOLLOWING, "the configuration")
    settings = Settings(**arguments(Settings, section_of(config, "train"), "train"))
    transform_arguments = arguments(Transform, section_of(config, "transform"), "transform")
    data = section_of(config, "data")
    layout_kind, layout_name = choose(LAYOUTS, data.pop("layout", None), "data.layout")
    palette = _palette(section_of(config, "palette"))
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
        **(_learner(config, method, settings, layout_name, layout, transform) if method else {}),
        "data": {"layout": layout_name, **data},
        "transform": transform_arguments,
        "train": {name: getattr(settings, name) for name in Settings.__dataclass_fields__},
        "palette": palette,
        **_following(config, layout),
    }
    resolved = plain(resolved)
    if networks:
        rehearse(resolved, layout, transform)
    entrance = Entrance(on_device(transform, layout), layout.forms, layout.derivation)
    return Plan(resolved, layout, transform, settings, entrance)


def _following(config: Section, layout: Layout) -> Section:
    """What pictures are made of where they are not ordinary ones, and names of labels: kept without the data."""
    forms = {role: form.records() for role, form in layout.forms.items() if form.records()}
    found = plain({"forms": forms, "classes": list(layout.classes)})
    for name, values in found.items():
        if plain(config.get(name, values)) != values:
            raise ConfigError(f"{name}: they follow from [data], and differ from these: leave them out")
    return {name: values for name, values in found.items() if values}


def _learner(
    config: Section,
    method: tuple[type[Method], str, Section],
    settings: Settings,
    layout_name: str,
    layout: Layout,
    transform: Transform,
) -> Section:
    """The resolved sections of the method and its networks, wired to the data."""
    kind, name, given = method
    if kind.aligned and not layout.aligned:
        raise ConfigError(f"{name} cannot learn from layout {layout_name!r}: it needs pairs")
    wiring = _wire(kind, name, layout_name, {**layout.facts, "size": transform.size})
    known_keys(settings.players, kind.players, "train.players")
    return {
        "method": {"name": name, **given},
        "game": _game(section_of(config, "game"), kind, name),
        "networks": _networks(section_of(config, "networks"), kind, wiring),
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
        network, _ = choose(NETWORKS, section.get("name"), f"networks.{role}.name")
        rest = {key: value for key, value in section.items() if key != "name"}
        networks[role] = made(network, arguments(network, rest, f"networks.{role}"), f"networks.{role}")
    if game := resolved.get("game"):  # configurations of earlier versions have none
        given["rules"] = made(Rules, arguments(Rules, game, "game"), "game")
    return made(kind, {**networks, **given}, "method")


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
            for step in sorted({0, method.period - 1}):  # in the last of a period everybody moves
                for _ in method.round(layout.batch(*batch, *labels), step):
                    pass
    except (RuntimeError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise ConfigError(
            f"the networks do not fit pictures of {transform.size}×{transform.size}: {first_line(error).rstrip('.')}: "
            "give another transform.size, or networks of another depth, such as networks.G.depth = 6"
        ) from None


def _method(config: Section) -> tuple[type[Method], str, Section]:
    section = section_of(config, "method")
    kind, name = choose(METHODS, section.pop("name", None), "method.name")
    return kind, name, arguments(kind, section, "method")


def _derive(given: Mapping[str, Any], where: str) -> Section:
    kind, name = choose(derivations.DERIVATIONS, given.get("name"), f"{where}.name")
    return {"name": name, **arguments(kind, {k: v for k, v in given.items() if k != "name"}, where)}


def _game(given: Section, kind: type[Method], name: str) -> Section:
    """The game's rules, with the defaults of the method's paper."""
    rules = inspect.signature(kind).parameters.get("rules")
    if rules is None:
        if given:
            raise ConfigError(f"{name} has no critic that the section game could be for: leave it out")
        return {}
    filled = arguments(Rules, {**asdict(rules.default), **given}, "game")
    made(Rules, filled, "game")
    return filled


def _wire(kind: type[Method], name: str, layout: str, facts: dict[str, int]) -> Section:
    needed = inspect.signature(kind.wiring).parameters
    missing = [fact for fact in needed if fact not in facts]
    if missing:
        raise ConfigError(f"{name} cannot learn from layout {layout!r}: it needs {' and '.join(missing)}")
    return kind.wiring(**{fact: facts[fact] for fact in needed})


def _networks(config: Section, method: type[Method], wiring: Section) -> Section:
    known_keys(config, method.networks, "networks")
    networks = {}
    for role, default in method.networks.items():
        section = section_of(config, role, "networks.")
        kind, name = choose(NETWORKS, section.pop("name", default), f"networks.{role}.name")
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
