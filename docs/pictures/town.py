"""Draw docs/pictures/town.png: what the demo's two models make of scenes that they were not trained on.

Run `make demo SERVE=0`, then `.venv/bin/python docs/pictures/town.py`.
"""

from pathlib import Path

import numpy as np

from translate import pixels
from translate.data import town
from translate.runtime import Translator

SCENES = (1003, 1007, 1012)  # the demo draws scenes 0 to 439
SIDE, GAP = 256, 6


def main() -> None:
    """Three scenes: drawing | picture, day | night."""
    models = Path("models")
    photo, night = Translator(models / "edges2photo.onnx"), Translator(models / "day2night.onnx")
    rows = []
    for scene in SCENES:
        views = town.draw(scene, SIDE, SIDE, ("edges", "day"))
        edges, day = views["edges"], views["day"]
        rows.append([edges, photo.array(edges), day, night.array(day)])
    sheet = np.full((len(rows) * (SIDE + GAP) - GAP, 4 * (SIDE + GAP) - GAP, 3), 255, np.uint8)
    for down, row in enumerate(rows):
        for across, picture in enumerate(row):
            top, left = down * (SIDE + GAP), across * (SIDE + GAP)
            sheet[top : top + SIDE, left : left + SIDE] = picture
    pixels.write(sheet, Path(__file__).with_suffix(".png"))


if __name__ == "__main__":
    main()
