"""Folders of every layout, for what reads them from elsewhere."""

from pathlib import Path
from typing import Any

import numpy as np

from translate import pixels
from translate.data.layouts import OF_FILES, Layout

LAID_OUT: dict[str, dict[str, Any]] = {
    "side_by_side": {"root": "both", "holdout": 2, "source": "right", "source_channels": 1},
    "two_folders": {"source": "classes/a", "target": "classes/b", "holdout": 2, "target_channels": 1},
    "unpaired": {"source": "classes/a", "target": "classes/c", "holdout": 2},
    "images": {"root": "classes/b", "holdout": 2, "channels": 1},
    "labelled": {"root": "classes", "holdout": 4},
}


def grow(root: Path) -> Path:
    """Pictures of noise in folders: pairs by stem, halves, classes of different sizes; and other files."""
    draw = np.random.default_rng(0)
    for folder, count in {"both": 12, "classes/a": 12, "classes/b": 12, "classes/c": 7}.items():
        (root / folder).mkdir(parents=True)
        for number in range(count):
            levels = draw.integers(0, 256, (12, 16, 3), np.uint8)
            pixels.write(levels, root / folder / f"{number}{'.jpg' if number % 3 else '.png'}")
    (root / "classes/a/notes.txt").write_text("no picture")
    (root / "classes/a/.hidden.png").write_bytes(b"no picture")
    return root


def section(kind: str, root: Path | str, **changes: Any) -> dict[str, Any]:
    """A layout's arguments, its folders below `root`."""
    given = LAID_OUT[kind] | changes
    return {key: f"{root}/{value}" if key in OF_FILES[kind].roots else value for key, value in given.items()}


def laid_out(kind: str, root: Path | str, **changes: Any) -> Layout:
    """A layout of folders below `root`."""
    return OF_FILES[kind](**section(kind, root, **changes))


def same(one: Layout, other: Layout) -> None:
    """Both give the same samples, held-out ones and labels, bit for bit."""
    assert (one.facts, one.batch, one.aligned) == (other.facts, other.batch, other.aligned)
    assert (len(one.train), len(one.held_out)) == (len(other.train), len(other.held_out))
    assert one.fingerprint() == other.fingerprint()
    pairs = zip([*one.train, *one.held_out], [*other.train, *other.held_out], strict=True)
    for seed, (mine, theirs) in enumerate(pairs):
        (my_pictures, my_labels), (their_pictures, their_labels) = one.read(mine, seed), other.read(theirs, seed)
        assert my_labels == their_labels
        assert all(np.array_equal(a, b) for a, b in zip(my_pictures, their_pictures, strict=True))
