"""Whose face it is: eight attributes by the toss of a coin each, and all that varies beside them, from a seed."""

import colorsys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from translate.data.world.colours import Colour, mix
from translate.data.world.dice import Dice
from translate.errors import DataError

ATTRIBUTES = ("man", "old", "smile", "open_mouth", "glasses", "hat", "long_hair", "dark_hair")
"""Names as in attributes.csv; what is not `man` is a woman."""

SKINS: tuple[Colour, ...] = ((255, 226, 200), (244, 200, 164), (222, 170, 128), (182, 126, 90), (140, 92, 66))
DARK: tuple[Colour, ...] = ((34, 28, 32), (66, 42, 32), (92, 52, 34))
FAIR: tuple[Colour, ...] = ((242, 214, 128), (232, 176, 84), (224, 124, 62))
GREY_DARK: Colour = (98, 102, 112)
GREY_FAIR: Colour = (234, 234, 230)
EYES: tuple[Colour, ...] = ((84, 56, 40), (70, 120, 170), (84, 136, 84), (60, 60, 66))
FRAMES: tuple[Colour, ...] = ((24, 24, 30), (20, 30, 84), (96, 20, 30), (60, 40, 24))

# One stream a purpose: what an attribute decides never shifts what varies.
COINS, BUILD, COLOURS, POSE, DRESS = range(5)


class Paints(NamedTuple):
    """What colour things are."""

    skin: Colour
    hair: Colour
    iris: Colour
    lips: Colour
    shirt: Colour
    hat: Colour
    frame: Colour
    ground: Colour


@dataclass(frozen=True, slots=True)
class Face:
    """A person. Lengths are in unit coordinates (see `translate.data.world.outlines`) of a head of usual size."""

    man: bool
    old: bool
    smile: bool
    open_mouth: bool
    glasses: bool
    hat: bool
    long_hair: bool
    dark_hair: bool

    wide: float  # half of the head's width
    chin: float  # from the head's middle down
    jaw: float  # 0 pointed .. 1 square, within what man or woman allows
    spacing: float  # from the nose to an eye
    eye: float  # an eye's size, 1 the usual
    nose: float
    mouth: float  # its width
    volume: float  # of the hair
    parting: float  # where, from the middle
    hairline: float
    length: float  # of long hair
    wave: float  # how wavy it is
    beard: float  # how far it reaches beneath the chin

    paints: Paints

    hat_kind: int  # 0 beanie, 1 cap, 2 with a brim
    round_glasses: bool
    scale: float
    x: float
    y: float
    tilt: float  # radians
    turn: float  # -1 .. 1: how far the features have moved to a side
    gaze: float


def attributes(seed: int) -> dict[str, bool]:
    """The attributes of the face of `seed`, in the order of ATTRIBUTES."""
    dice = Dice(seed, COINS)
    return {name: dice.chance(0.5) for name in ATTRIBUTES}


def sample(seed: int, changed: Mapping[str, bool] | None = None) -> Face:
    """The face of `seed`; with attributes `changed` the same person is drawn with them, and nothing else differs.

    Raises:
        DataError: an attribute that there is not.
    """
    known = attributes(seed)
    if changed is not None:
        unknown = [name for name in changed if name not in known]
        if unknown:
            raise DataError(f"A face has no attribute {unknown[0]!r}; it has {', '.join(ATTRIBUTES)}.")
        known |= changed
    build, pose, dress = Dice(seed, BUILD), Dice(seed, POSE), Dice(seed, DRESS)
    return Face(
        man=known["man"],
        old=known["old"],
        smile=known["smile"],
        open_mouth=known["open_mouth"],
        glasses=known["glasses"],
        hat=known["hat"],
        long_hair=known["long_hair"],
        dark_hair=known["dark_hair"],
        wide=build.between(0.208, 0.240),
        chin=build.between(0.262, 0.292),
        jaw=build.between(0.0, 1.0),
        spacing=build.between(0.086, 0.102),
        eye=build.between(0.88, 1.12),
        nose=build.between(0.8, 1.25),
        mouth=build.between(0.9, 1.12),
        volume=build.between(0.030, 0.062),
        parting=build.between(-0.11, 0.11),
        hairline=build.between(0.160, 0.200),
        length=build.between(0.34, 0.46),
        wave=build.between(0.0, 1.0),
        beard=build.between(0.012, 0.050),
        paints=_paints(Dice(seed, COLOURS), known["dark_hair"], known["old"]),
        hat_kind=dress.whole(0, 2),
        round_glasses=dress.chance(0.5),
        scale=pose.between(1.07, 1.17),
        x=pose.between(-0.035, 0.035),
        y=pose.between(-0.02, 0.02),
        tilt=pose.between(-0.10, 0.10),
        turn=pose.between(-1.0, 1.0),
        gaze=pose.between(-1.0, 1.0),
    )


def _paints(dice: Dice, dark: bool, old: bool) -> Paints:
    skin = _along(SKINS, dice.between(0.0, 1.0))
    shade, grey = dice.between(0.0, 1.0), dice.between(0.82, 1.0)
    hair = _along(DARK if dark else FAIR, shade)
    if old:
        hair = mix(hair, GREY_DARK if dark else GREY_FAIR, grey)
    ground = _hue(dice.between(0.0, 1.0), dice.between(0.22, 0.45), dice.between(0.82, 0.95))
    return Paints(
        skin,
        hair,
        iris=dice.pick(EYES),
        lips=mix((206, 40, 62), (176, 30, 96), dice.between(0.0, 1.0)),
        shirt=_hue(dice.between(0.0, 1.0), dice.between(0.45, 0.75), dice.between(0.55, 0.9)),
        hat=_hue(dice.between(0.0, 1.0), dice.between(0.55, 0.85), dice.between(0.5, 0.85)),
        frame=dice.pick(FRAMES),
        ground=ground,
    )


def _hue(hue: float, saturation: float, value: float) -> Colour:
    return tuple(round(255 * c) for c in colorsys.hsv_to_rgb(hue, saturation, value))


def _along(paints: tuple[Colour, ...], share: float) -> Colour:
    """The paint at `share` (0..1) of the way along a row of paints."""
    place = share * (len(paints) - 1)
    index = min(int(place), len(paints) - 2)
    return mix(paints[index], paints[index + 1], place - index)
