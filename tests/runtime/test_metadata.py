import json
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from translate.card import KEY, VERSION, Card
from translate.errors import DataError, ModelError
from translate.runtime import metadata, models

ASSETS = Path(__file__).parents[1] / "assets"


def field(number: int, content: bytes) -> bytes:
    """A protobuf field that carries its length."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    head = b""
    while value >= 128:
        head += bytes([value & 127 | 128])
        value >>= 7
    return head + bytes([value])


def onnx_file(*entries: tuple[str, str], graph: bytes = b"") -> bytes:
    """What passes for a model: its version, a graph of no meaning, and metadata."""
    props = b"".join(field(14, field(1, key.encode()) + field(2, value.encode())) for key, value in entries)
    return varint(1 << 3) + varint(8) + field(7, graph) + props


def test_the_same_as_onnx_reads() -> None:
    onnx = pytest.importorskip("onnx")
    for path in ASSETS.glob("*.onnx"):
        assert metadata.metadata(path) == {entry.key: entry.value for entry in onnx.load(path).metadata_props}


def test_every_kind_of_field_is_stepped_over(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    others = varint(99 << 3 | 1) + struct.pack("<d", 1.0) + varint(98 << 3 | 5) + struct.pack("<f", 1.0)
    long = "é" * 100_000
    path.write_bytes(others + onnx_file(("a", "b"), ("long", long), ("empty", ""), graph=b"\x72\x05" * 1000) + others)
    assert metadata.metadata(path) == {"a": "b", "long": long, "empty": ""}


def test_a_large_graph_is_not_read(tmp_path: Path) -> None:
    """A sparse file of 3 GB: reading it would take seconds and all of the memory."""
    path = tmp_path / "large.onnx"
    size = 3 << 30
    with path.open("wb") as file:
        file.write(varint(1 << 3) + varint(8) + varint(7 << 3 | 2) + varint(size))
        file.seek(size, 1)
        file.write(field(14, field(1, b"a") + field(2, b"b")))
    assert metadata.metadata(path) == {"a": "b"}


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    valid = onnx_file((KEY, Card("n", "t", "m", "s", "t").to_json()), graph=b"\x0a\x02ab")
    cases = {
        "empty": b"",
        "text": b"Dear diary,\nnothing happened.\n" * 20,
        "picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "no graph": field(14, field(1, b"a") + field(2, b"b")),
        "endless number": b"\x08" + b"\xff" * 20,
        "group": b"\x0b\x00",
        "not text": onnx_file() + field(14, field(1, b"\xff")),
        "entry longer than told": onnx_file() + field(14, b"\x0a\x7fa"),
        "huge entry": onnx_file() + field(14, b"\x0a\x01a\x12" + varint(17 << 20) + bytes(17 << 20)),
    }
    for name, content in cases.items():
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(content)
        with pytest.raises(ModelError, match=f"{name}.onnx is not an ONNX model, or it is damaged"):
            metadata.metadata(path)
    for length in range(len(valid)):
        path = tmp_path / "cut.onnx"
        path.write_bytes(valid[:length])
        with pytest.raises(ModelError, match=r"^.*cut\.onnx[^\n]*$"):
            metadata.card(path)
    path.write_bytes(valid)
    assert metadata.card(path).name == "n"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.onnx does not exist"):
        metadata.metadata(tmp_path / "none.onnx")
    with pytest.raises(ModelError, match="is a folder"):
        metadata.metadata(tmp_path)
    with pytest.raises(ModelError, match="cannot be read: File name too long"):
        metadata.metadata(tmp_path / ("x" * 300))


PALETTE = {"sky": "#87ceeb", "Häuser 町": "#000000", "a" * 40: "#ffffff"}


def test_colours_of_classes() -> None:
    card = Card("n", "labels → photo", "m", "labels", "photo", palette=PALETTE)
    read = Card.from_json(card.to_json())
    assert list(read.palette.items()) == list(PALETTE.items())  # in order
    without = json.loads(card.to_json())
    del without["palette"]
    assert Card.from_json(json.dumps(without)) == replace(card, palette={})  # a card of earlier versions


@pytest.mark.parametrize(
    ("palette", "words"),
    [
        ([["sky", "#87ceeb"]], "must be names of classes"),
        ("sky", "must be names of classes"),
        ({"sky": "#87CEEB"}, "a colour such as"),
        ({"sky": "#87ceeb\n"}, "a colour such as"),
        ({"sky": "red"}, "a colour such as"),
        ({"sky": "#87ceeb;background:url(x)"}, "a colour such as"),
        ({"sky": 7}, "a colour such as"),
        ({"sky": "#87ceeb", "sea": "#87ceeb"}, "sea = '#87ceeb', as sky is"),
        ({" ": "#87ceeb"}, "a line of 1 to 40 letters"),
        ({"a\nb": "#87ceeb"}, "a line of 1 to 40 letters"),
        ({"\x1b[31m": "#87ceeb"}, "a line of 1 to 40 letters"),
        ({"\ud800": "#87ceeb"}, "a line of 1 to 40 letters"),
        ({"a" * 41: "#87ceeb"}, "a line of 1 to 40 letters"),
        ({f"{n}": f"#{n:06x}" for n in range(65)}, "has 65 classes: give 64 at most"),
    ],
)
def test_colours_that_are_none(palette: object, words: str) -> None:
    record = json.loads(Card("n", "t", "m", "s", "t").to_json()) | {"palette": palette}
    with pytest.raises(ModelError, match=words) as raised:
        Card.from_json(json.dumps(record))
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 200


def test_models_of_a_folder(tmp_path: Path) -> None:
    card = Card("n", "s → t", "m", "s", "t")
    newer = card.to_json().replace(f'"version": {card.version}', f'"version": {VERSION + 1}')
    for name, entries in {
        "10.onnx": [(KEY, card.to_json())],
        "9.ONNX": [("author", "me")],
        "newer.onnx": [(KEY, newer)],
        "broken.onnx": [(KEY, "{")],
    }.items():
        (tmp_path / name).write_bytes(onnx_file(*entries))
    (tmp_path / ".hidden.onnx").touch()
    (tmp_path / "readme.txt").touch()
    (tmp_path / "text.onnx").write_text("text")
    (tmp_path / "z.onnx").mkdir()
    found = models(tmp_path)
    names = ["9.ONNX", "10.onnx", "broken.onnx", "newer.onnx", "text.onnx", "z.onnx"]
    assert [path.name for path, _ in found] == names
    assert found[1][1] == card
    for (path, error), reason in zip(
        [entry for entry in found if entry[0].name != "10.onnx"],
        ["without a card", "not JSON", "upgrade translate-gan", "not an ONNX model", "is a folder"],
        strict=True,
    ):
        assert isinstance(error, ModelError)
        assert reason in str(error)
        assert path.name in str(error)


def test_models_of_no_folder(tmp_path: Path) -> None:
    assert models(tmp_path) == []
    for path in (tmp_path / "none", ASSETS / "invert.onnx"):
        with pytest.raises(DataError, match="cannot be listed"):
            models(path)
