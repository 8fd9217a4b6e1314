"""Draw docs/pictures/faces.webp: anybody, as pictures and as drawings, and one person with each attribute changed.

`.venv/bin/python docs/pictures/faces.py`
"""

from pathlib import Path

import numpy as np
from PIL import Image

from translate.data import faces

SIDE, GAP, ACROSS = 112, 4, 9
PERSON = 1


def main() -> None:
    """Two rows of anybody, a row of the same person, a row of drawings."""
    crowd = [faces.draw(seed, SIDE, SIDE) for seed in range(2 * ACROSS)]
    known = faces.attributes(PERSON)
    changes = [{}, *({name: not there} for name, there in known.items())]
    rows = [
        [views["face"] for views in crowd[:ACROSS]],
        [views["edges"] for views in crowd[:ACROSS]],
        [views["face"] for views in crowd[ACROSS:]],
        [faces.draw(PERSON, SIDE, SIDE, ["face"], change)["face"] for change in changes],
    ]
    sheet = np.full((len(rows) * (SIDE + GAP) - GAP, ACROSS * (SIDE + GAP) - GAP, 3), 255, np.uint8)
    for down, row in enumerate(rows):
        for across, picture in enumerate(row):
            top, left = down * (SIDE + GAP), across * (SIDE + GAP)
            sheet[top : top + SIDE, left : left + SIDE] = picture
    Image.fromarray(sheet).save(Path(__file__).with_suffix(".webp"), quality=85)


if __name__ == "__main__":
    main()
