"""What a user picks to draw from: seeds, files of noise, labels; and where the pictures go."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from translate import latent, pixels
from translate.card import Card
from translate.commands.figures import GAP
from translate.errors import LatentError, PictureError
from translate.files import write_whole
from translate.latent import Codes

MOST = 1_000_000
"""Seeds at once, and codes in a file."""

_RANGE = re.compile(r"(\d{1,19})(?:-(\d{1,19}))?")


@dataclass(frozen=True)
class Source:
    """Codes to draw from: seeds, or what a file holds."""

    told: str
    """As the user named it."""
    seeds: Sequence[int]
    stored: Codes | None = None

    @property
    def count(self) -> int:
        """How many."""
        return len(self.seeds) if self.stored is None else len(self.stored)

    def codes(self, size: int, part: slice = slice(None)) -> Codes:
        """The codes `[N, size]`, or some of them.

        Raises:
            LatentError: those of the file have another length.
        """
        if self.stored is None:
            return latent.noise(self.seeds[part], size)
        if self.stored.shape[1] != size:
            raise LatentError(
                f"{self.told} has codes of {self.stored.shape[1]} numbers, the model draws from {size}: "
                "give noise that was saved of this model"
            )
        return self.stored[part]


def source(text: str) -> Source:
    """`1,5,9`, `0-63`, or a `.npy` file of noise.

    Raises:
        LatentError: it is none of these, or the file cannot be read.
    """
    if text.lower().endswith(".npy"):
        return Source(Path(text).name, (), _read(Path(text)))
    seeds: list[int] = []
    for word in text.split(","):
        match = _RANGE.fullmatch(word.strip())
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first or last >= latent.MOST_SEEDS:
            raise LatentError(
                f"{text!r:.60} are no seeds: give numbers and ranges such as 1,5,9 or 0-63, or a .npy file"
            )
        if len(seeds) + last - first >= MOST:
            raise LatentError(f"{text!r:.60} are more than {MOST:,} seeds: draw them in parts")
        seeds += range(first, last + 1)
    return Source(text, seeds)


def named(text: str) -> tuple[str, Source]:
    """`NAME=SEEDS`, the name being optional."""
    name, equals, seeds = text.rpartition("=")
    return (name.strip() if equals else ""), source(seeds)


def _read(path: Path) -> Codes:
    try:
        array = np.load(path, allow_pickle=False)
    except OSError as error:
        raise LatentError(f"{path}: {error.strerror or 'cannot be read'}: give a .npy file of noise") from None
    except (ValueError, EOFError):
        raise LatentError(f"{path} is no file of NumPy's, or it is damaged: give noise of --save-noise") from None
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f" or array.ndim not in (1, 2) or not array.size:
        raise LatentError(f"{path} holds no codes: noise is an array of floats [N, L]")
    if array.ndim == 2 and len(array) > MOST:
        raise LatentError(f"{path} holds more than {MOST:,} codes: draw them in parts")
    return np.ascontiguousarray(array.reshape(-1, array.shape[-1]), np.float32)


def save(codes: Codes, path: Path) -> None:
    """Write codes as a `.npy` file, all of it or nothing.

    Raises:
        LatentError: the disk or folder refuses.
    """
    content = io.BytesIO()
    np.save(content, codes, allow_pickle=False)
    try:
        write_whole(path, content.getvalue(), sync=False)
    except OSError as error:
        raise LatentError(f"{path} cannot be written: {error.strerror}: save the noise elsewhere") from None


def label(card: Card, text: str | None) -> list[int] | None:
    """One label, by name or number, of a model that is told any.

    Raises:
        LatentError: it is missing, or there is none of that name.
    """
    if not card.classes:
        if text is not None:
            raise LatentError(f"{card.name} knows no labels: leave --label out")
        return None
    if text is None:
        raise LatentError(f"{card.name} draws what it is told: give --label, {_choice(card)}")
    return [_number(card, text)]


def labels(card: Card, text: str | None, count: int) -> list[int] | None:
    """Labels for so many codes: `all` gives each code all of them in turn, so that there are more.

    Raises:
        LatentError: they do not fit.
    """
    if not card.classes:
        if text is not None:
            raise LatentError(f"{card.name} knows no labels: leave --labels out")
        return None
    many = len(card.classes)
    if text is None:
        return [place % many for place in range(count)]
    if text == "all" and "all" not in card.classes:
        return list(range(many)) * count
    numbers = [_number(card, word) for word in ([text] if text in card.classes else text.split(","))]
    if len(numbers) not in (1, count):
        raise LatentError(f"--labels: {len(numbers)} for {count} seeds: give one, one for each, or all")
    return numbers * (count // len(numbers))


def _number(card: Card, word: str) -> int:
    word = word.strip()
    if word in card.classes:
        return card.classes.index(word)
    if word.isascii() and word.isdecimal() and int(word[:9]) < len(card.classes):
        return int(word[:9])
    raise LatentError(f"{card.name} has no label {word!r:.60}: choose {_choice(card)}")


def _choice(card: Card) -> str:
    shown = ", ".join(card.classes[:12])
    return f"one of {shown}" + (f" … ({len(card.classes)} in all)" if len(card.classes) > 12 else "")


def names(card: Card, of: Source, labels: Sequence[int] | None) -> list[str]:
    """Names of files: of the seed, or the place in a file of noise, and of the label."""
    numbers = of.seeds if of.stored is None else range(of.count)
    digits = len(str(max(numbers)))
    told = [f"{'seed' if of.stored is None else 'noise'}_{number:0{digits}}" for number in numbers]
    if labels is None:
        return told
    words = [re.sub(r"[^\w-]+", "_", name) for name in card.classes]
    if len({word.lower() for word in words}) < len(words):  # a file system may take two for one
        words = [str(number) for number in range(len(words))]
    repeated = len(labels) // of.count
    return [f"{told[place // repeated]}_{words[label]}" for place, label in enumerate(labels)]


def around(code: Codes, jitter: float) -> Codes:
    """Nine codes: the given one in the middle, and eight that differ from it by at most `jitter` in each number."""
    if not 0 < jitter < 10:
        raise LatentError(f"--jitter {jitter:g}: give more than 0, as 0.25, or 0 for the result alone")
    moves = np.random.Generator(np.random.PCG64(0)).uniform(-jitter, jitter, (9, len(code)))
    moves[4] = 0
    return (code + moves).astype(np.float32)


def is_picture(out: Path) -> bool:
    """Whether that is the name of a picture; else it is a folder's."""
    return out.suffix.lower() in pixels.WRITABLE


def folder(out: Path) -> None:
    """Refuse a folder whose name is a file's, such as `faces.gif`, before anything is drawn.

    Raises:
        PictureError: it is a file's.
    """
    if not out.is_dir() and re.fullmatch(r"\.[A-Za-z][A-Za-z0-9]{1,4}", out.suffix):
        raise PictureError(f"{out}: no sheet is written as {out.suffix}: give one that ends in .png, or a folder")


def picture(out: Path) -> None:
    """Refuse another name than a picture's, before anything is drawn.

    Raises:
        PictureError: it is another.
    """
    if not is_picture(out):
        raise PictureError(f"{out}: the result is one picture: end its name in .png")


def fits(count: int, card: Card) -> None:
    """Refuse more pictures than one file should hold.

    Raises:
        LatentError: there are more.
    """
    most = pixels.MAX_PIXELS // (card.size + GAP) ** 2
    if count > most:
        raise LatentError(f"{count:,} pictures are too many for one file, {most:,} fit: draw into a folder, or fewer")
