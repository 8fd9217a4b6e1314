"""Mutated files, given to whoever reads them: `python -m tests.runtime.fuzz KIND SEED START STOP`.

A case is a function of kind, seed and index alone. Its index is printed before it is tried, so that whoever started
this process knows which one it died of. SIGALRM is left to kill the process, as Python cannot interrupt what hangs in
native code. The address space is bounded, as that of a service should be: a mutated number may well make a model that
computes gigabytes, which is no damage that a file shows.
"""

from __future__ import annotations

import contextlib
import io
import json
import random
import signal
import struct
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from tests.runtime import models
from translate import pixels
from translate.card import KEY
from translate.errors import TranslateError
from translate.runtime import Translator, metadata
from translate.runtime.vetting import vet
from translate.runtime.wire import BYTES, fields

ASSETS = Path(__file__).parents[1] / "assets"
SECONDS = 10
"""Time for one file. Honest ones of these sizes take milliseconds, on a busy machine some tens."""

MEMORY = 2**30

EDGES = [0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1, 2**64 - 1]
VALUES = [None, True, -1, 0, 2**70, 1e308, "", "x" * 30_000, "\x1b[31m", "\ud800", "a\nb", [], {}, [[]] * 9, {"a": [1]}]


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def picture_seeds() -> list[bytes]:
    """A small picture of every format, with what makes its file more than one block of pixels."""
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 256, (12, 17, 3), dtype=np.uint8))
    more = [Image.new("RGB", image.size, colour) for colour in ("red", "blue")]
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a description"
    sixteen = Image.fromarray(rng.integers(0, 65536, (12, 17), dtype=np.uint16))
    several = {"save_all": True, "append_images": more}
    seeds = [
        *(encoded(image, form) for form in pixels.FORMATS),
        encoded(image.convert("P"), "PNG", exif=exif, transparency=3),
        encoded(sixteen, "PNG"),
        encoded(sixteen, "TIFF"),
        encoded(image, "JPEG", exif=exif, progressive=True),
        encoded(image.convert("CMYK"), "JPEG"),
        encoded(image.convert("LAB"), "TIFF"),
        encoded(image.convert("1"), "TIFF", compression="group4"),
        *(encoded(image, "TIFF", compression=name) for name in ("tiff_lzw", "tiff_deflate", "packbits", "jpeg")),
        encoded(image, "WEBP", lossless=True, exif=exif),
        encoded(image, "AVIF", exif=exif),
        *(encoded(image, form, **several) for form in ("PNG", "GIF", "WEBP", "TIFF", "AVIF")),
        b"P3 4 4 255\n# a comment\n" + b"1 2 3 " * 16,
        b"P5 4 4 254\n" + bytes(16),
    ]
    return seeds


def model_seeds() -> list[bytes]:
    return [*(path.read_bytes() for path in sorted(ASSETS.glob("*.onnx"))), *models.RICH * 2]


def mutated(source: random.Random, seeds: list[bytes]) -> bytes:
    """One of the seeds, damaged in one to four ways."""
    content = bytearray(source.choice(seeds))
    for _ in range(source.choice([1, 1, 2, 4])):
        if content:
            source.choice(MUTATIONS)(source, content, seeds)
    return bytes(content)


def flip(source: random.Random, content: bytearray, _: list[bytes]) -> None:
    for _ in range(source.choice([1, 3, 20])):
        content[source.randrange(len(content))] ^= 1 << source.randrange(8)


def cut(source: random.Random, content: bytearray, _: list[bytes]) -> None:
    del content[source.randrange(len(content)) :]


def remove(source: random.Random, content: bytearray, _: list[bytes]) -> None:
    at = source.randrange(len(content))
    del content[at : at + source.choice([1, 4, 50])]


def insert(source: random.Random, content: bytearray, _: list[bytes]) -> None:
    at = source.randrange(len(content))
    content[at:at] = source.randbytes(source.choice([1, 4, 100]))


def duplicate(source: random.Random, content: bytearray, _: list[bytes]) -> None:
    at, to = source.randrange(len(content)), source.randrange(len(content))
    content[to:to] = content[at : at + source.choice([4, 60, 400])] * source.choice([1, 2, 30])


def splice(source: random.Random, content: bytearray, seeds: list[bytes]) -> None:
    other = source.choice(seeds)
    content[source.randrange(len(content)) :] = other[source.randrange(len(other)) :]


def edit_number(source: random.Random, content: bytearray, _: list[bytes]) -> None:
    """Where a length or a size may stand, one that lies."""
    code = source.choice(["B", "<H", ">H", "<L", ">L", "<Q"])
    size = struct.calcsize(code)
    at = source.randrange(len(content))
    content[at : at + size] = struct.pack(code, source.choice(EDGES) & (256**size - 1))


def edit_field(source: random.Random, content: bytearray, _: list[bytes]) -> None:
    """Another value, or another content, of one field of a protobuf message, the lengths around it left as they are."""
    start, end = 0, len(content)
    found = []
    with contextlib.suppress(ValueError):
        for _ in range(source.randrange(1, 6)):
            found = list(fields(io.BytesIO(content), start, end))
            field = source.choice(found)
            if field.kind != BYTES or field.end - field.start < 2:
                break
            start, end = field.start, field.end
    if found:
        field = source.choice(found)
        at = source.randrange(field.start - 1, field.end)
        content[at] = source.choice([0, 1, 2, 5, 7, 8, 16, 0x7F, 0x80, 0xFF, source.randrange(256)])


MUTATIONS: list[Callable[[random.Random, bytearray, list[bytes]], None]] = [
    flip, cut, remove, insert, duplicate, splice, edit_number, edit_field,
]  # fmt: skip


DRAWING = ASSETS / "drawing_labels.onnx"
SOUND = [(ASSETS / "invert.onnx", models.SOUND), (DRAWING, DRAWING.read_bytes())]


def mutated_card(source: random.Random, seeds: list[bytes]) -> bytes:
    """A sound model with a card that is none: the last entry of a key is the one that counts."""
    path, sound = source.choice(SOUND)
    card = json.loads(metadata.metadata(path)[KEY])
    for _ in range(source.choice([1, 2])):
        card[source.choice([*card, "unknown"])] = source.choice(VALUES)
    text = json.dumps(card).encode()
    if source.random() < 0.5:
        text = mutated(source, [text, b"[" * 3000, b"9" * 5000])
    return sound + models.field(14, models.field(1, KEY) + models.field(2, text))


def try_picture(path: Path, content: bytes) -> None:
    for act in (pixels.read, pixels.header, pixels.check):
        with contextlib.suppress(TranslateError):
            act(path)
    array = pixels.read(content, limit=10**6)
    assert array.dtype == np.uint8
    assert array.ndim == 3


def try_model(path: Path, content: bytes) -> None:
    for act in (metadata.card, vet):
        with contextlib.suppress(TranslateError):
            act(path)
    translator = Translator(path, threads=1, engine="cpu")
    if translator.card.draws:
        drawn = translator.draw(translator.noise(range(3)), [0] * 3 if translator.card.classes else None)
        assert drawn.shape == (3, *[translator.card.size] * 2, translator.card.target_channels)
        return
    channels = translator.card.source_channels
    translated = translator.array(np.zeros((1, 4, 5, channels), np.uint8))
    assert translated.shape == (1, 4, 5, translator.card.target_channels)


def bound_memory() -> None:
    """So that what asks for gigabytes is told at once that there are none."""
    import resource

    with contextlib.suppress(OSError, ValueError):
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))


def case(kind: str, seed: int, index: int, seeds: list[bytes]) -> bytes:
    source = random.Random(f"{kind} {seed} {index}")
    return (mutated_card if kind == "cards" else mutated)(source, seeds)


def main(kind: str, seed: int, start: int, stop: int) -> None:
    seeds = picture_seeds() if kind == "pictures" else model_seeds()
    attempt = try_picture if kind == "pictures" else try_model
    bound_memory()
    passed = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "case.png" if kind == "pictures" else "case.onnx")
        for index in range(start, stop):
            content = case(kind, seed, index, seeds)
            path.write_bytes(content)
            print(index, flush=True)
            signal.alarm(SECONDS)
            try:
                attempt(path, content)
                passed += 1
            except TranslateError as error:
                if not error.args or not 20 < len(str(error)) < 1000 or not str(error).isprintable():
                    raise AssertionError(f"this is no sentence: {error!r}") from error
        signal.alarm(0)
    print(f"passed {passed}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], *(int(number) for number in sys.argv[2:]))
