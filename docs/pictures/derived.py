"""Draw docs/pictures/derived.jpg: a photo of the synthetic town, and what each derivation makes of it.

Run `.venv/bin/python docs/pictures/derived.py`; it takes seconds and needs no files.
"""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from translate import pixels
from translate.batches import to_bytes
from translate.data import town
from translate.data.derived import DERIVATIONS, derivation

SCENE, SIDE, GAP, LINE, ACROSS = 1007, 240, 8, 26, 4
# Where the default shows too little in a small picture.
ARGUMENTS = {"noise": {"sigma": 40.0}, "jpeg": {"qualities": (6, 6)}, "downsample": {"factor": 8}}


def main() -> None:
    """The photo, then the derivations in the order of their table."""
    photo = town.draw(SCENE, SIDE, SIDE, ("day",))["day"]
    tensor = torch.from_numpy(photo.transpose(2, 0, 1)[None].copy()).float() / 127.5 - 1
    tiles = {"the photo": photo}
    for name in DERIVATIONS:
        given = ARGUMENTS.get(name, {})
        label = " ".join([name, *(f"{key} = {list(v) if isinstance(v, tuple) else v:}" for key, v in given.items())])
        source = to_bytes(derivation({"name": name, **given})(tensor))[0].permute(1, 2, 0).contiguous().numpy()
        tiles[label] = pixels.read(source, 3)  # a hole on white paper
    down = -(-len(tiles) // ACROSS)
    sheet = Image.new("RGB", (ACROSS * (SIDE + GAP) + GAP, down * (SIDE + LINE + GAP) + GAP), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(16)
    for place, (label, tile) in enumerate(tiles.items()):
        left = GAP + place % ACROSS * (SIDE + GAP)
        top = GAP + place // ACROSS * (SIDE + LINE + GAP)
        sheet.paste(Image.fromarray(np.ascontiguousarray(tile)), (left, top))
        draw.rectangle((left - 1, top - 1, left + SIDE, top + SIDE), outline="#cccccc")
        draw.text((left, top + SIDE + 3), label, fill="black", font=font)
    pixels.write(np.asarray(sheet), Path(__file__).with_suffix(".jpg"), 88)


if __name__ == "__main__":
    main()
