"""Pictures of arithmetic with codes: sums as in figure 7 of Radford 2016, and directions as rows of sliders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from translate import latent

Codes = npt.NDArray[np.float32]
Draw = Callable[[Codes], npt.NDArray[np.uint8]]
SIDE, GAP, LETTER = 72, 4, 13
SUMS = (("smile", "man"), ("glasses", "man"), ("hat", "old"), ("long_hair", "man"), ("dark_hair", "man"))
"""What is added, and what is held in the first two groups and gone in the result."""
WORDS = {
    "man": ("woman", "man"),
    "old": ("young", "old"),
    "smile": ("serious", "smiling"),
    "open_mouth": ("mouth closed", "mouth open"),
    "glasses": ("no glasses", "glasses"),
    "hat": ("no hat", "hat"),
    "long_hair": ("short hair", "long hair"),
    "dark_hair": ("fair hair", "dark hair"),
}
"""What the lack of an attribute and the attribute itself are called."""


def sums(draw: Draw, codes: Codes, facts: npt.NDArray[np.bool_], names: Sequence[str], out: Path) -> None:
    """Each row: three groups of three codes, each with its mean in a frame, and what the sum gives, with neighbours.

    The codes are the next three by seed that show what they should, not chosen.
    """
    known = [(add, held) for add, held in SUMS if add in names and held in names]
    across, down = 16 * (SIDE + GAP) + 11 * GAP, len(known) * (SIDE + LETTER + 3 * GAP)
    sheet = Image.new("RGB", (across, down), "white")
    for number, (add, held) in enumerate(known):
        top = number * (SIDE + LETTER + 3 * GAP)
        a, b = (facts[:, names.index(name)] for name in (add, held))
        masks = {
            f"{WORDS[held][1]}, {WORDS[add][1]}": a & b,
            f"{WORDS[held][1]}, {WORDS[add][0]}": ~a & b,
            f"{WORDS[held][0]}, {WORDS[add][0]}": ~a & ~b,
        }
        groups = [codes[np.flatnonzero(mask)[3 * number : 3 * number + 3]] for mask in masks.values()]
        if min(map(len, groups)) < 3:
            continue
        left = 0
        for sign, title, group in zip("+-+", masks, groups, strict=True):
            means = latent.restored(latent.average(group))[None]
            _strip(sheet, draw(np.concatenate((group, means))), left, top, f"{sign}  {title}", framed=3)
            left += 4 * (SIDE + GAP) + 3 * GAP
        total = latent.arithmetic([groups[0], groups[2]], [groups[1]], restore=True)
        # As in the paper, neighbours of the sum beside it (uniform, ±0.25): it is not a lucky point.
        near = total + np.random.Generator(np.random.PCG64(number)).uniform(-0.25, 0.25, (3, len(total)))
        title = f"=  {WORDS[held][0]}, {WORDS[add][1]}"
        _strip(
            sheet, draw(np.concatenate((total[None], near)).astype(np.float32)), left + 2 * GAP, top, title, framed=0
        )
    sheet.save(out, quality=88)


def sliders(draw: Draw, codes: Codes, directions: Mapping[str, Codes], out: Path, steps: int = 9) -> None:
    """Each row: the same face with a direction added, from −2 to 2 of its steps."""
    marks = np.linspace(-2, 2, steps)
    wide = 92
    sheet = Image.new("RGB", (2 * wide + steps * (SIDE + GAP), len(directions) * (SIDE + GAP)), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(LETTER)
    for number, (name, direction) in enumerate(directions.items()):
        top, (low, high) = number * (SIDE + GAP), WORDS.get(name, (f"no {name}", name))
        code = codes[number]
        _strip(sheet, draw((code + marks[:, None] * direction).astype(np.float32)), wide, top)
        pen.text((wide - 8, top + SIDE // 2), low, "black", font, anchor="rm")
        pen.text((wide + steps * (SIDE + GAP) + 4, top + SIDE // 2), high, "black", font, anchor="lm")
    sheet.save(out, quality=88)


def _strip(
    sheet: Image.Image, pictures: npt.NDArray[np.uint8], left: int, top: int, title: str = "", framed: int = -1
) -> None:
    if title:
        ImageDraw.Draw(sheet).text((left, top), title, "black", ImageFont.load_default(LETTER))
        top += LETTER + GAP
    for index, picture in enumerate(pictures):
        image = Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        place = left + index * (SIDE + GAP)
        sheet.paste(image, (place, top))
        if index == framed:
            ImageDraw.Draw(sheet).rectangle((place, top, place + SIDE - 1, top + SIDE - 1), outline="black", width=2)
