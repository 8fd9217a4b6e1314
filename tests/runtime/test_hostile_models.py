import json
import os
import struct
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from tests.runtime import models
from tests.runtime.models import FLOAT, INT32, INT64, field, function, graph, model, node, several, tensor, value
from translate.card import KEY, Card
from translate.errors import ModelError
from translate.runtime import Translator, metadata
from translate.runtime.vetting import vet

ASSETS = Path(__file__).parents[1] / "assets"
PICTURE = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.onnx"


def refusal(path: Path, content: bytes) -> str:
    """Why the vetting refuses it, which is also why it is not loaded."""
    path.write_bytes(content)
    with pytest.raises(ModelError) as raised:
        vet(path)
    with pytest.raises(ModelError) as again:
        Translator(path, engine="cpu")
    assert str(again.value) == str(raised.value)
    assert str(raised.value).isprintable()
    return str(raised.value)


def with_tensor(*parts: bytes) -> bytes:
    return model(graph([models.COPY], list(parts)))


# --- what is sound ---


@pytest.mark.parametrize("number", range(len(models.RICH)))
def test_models_written_by_hand_are_sound(number: int, path: Path) -> None:
    path.write_bytes(models.RICH[number])
    assert Translator(path, engine="cpu").array(PICTURE).shape == PICTURE.shape


def test_models_written_by_hand_are_sound_to_onnx() -> None:
    onnx = pytest.importorskip("onnx")
    for content in models.RICH:
        onnx.checker.check_model(onnx.load_from_string(content), full_check=True)


def test_every_model_of_the_tests_passes() -> None:
    paths = sorted(ASSETS.glob("*.onnx"))
    assert len(paths) > 5
    for path in paths:
        vet(path)  # with or without a card: that is another question


def test_kinds_of_values_that_are_sound(path: Path) -> None:
    path.write_bytes(
        with_tensor(
            tensor("a", FLOAT, [2, 3], None, field(4, struct.pack("<6f", *range(6)))),
            tensor("b", INT64, [3], None, several(7, [1, 2, 3])),
            tensor("c", INT32, [2], None, field(5, b"\1\2")),
            tensor("d", 8, [2], None, several(6, ["", "b"])),
            tensor("e", 22, [3], b"\x21\x03"),  # three numbers of four bits
            tensor("f", FLOAT, [0, 5], None),
            field(1, b"\2\2") + field(2, 2) + field(8, "packed") + field(9, b"abcd"),
        )
    )
    vet(path)


# --- what is refused ---

UNFIT = "which do not go together"
ELSEWHERE = "keeps weights in another file"


def placed(location: str) -> bytes:
    """A tensor whose values are in another file."""
    return tensor("w", FLOAT, [1], None, field(13, field(1, "location") + field(2, location)))


CONSTANT = node("Constant", [], ["c"], models.tensor_attribute("value", field(14, 1)))

REFUSED = {
    "external data": (with_tensor(placed("/etc/passwd")), ELSEWHERE),
    "external data beside it": (with_tensor(placed("w")), ELSEWHERE),
    "external by its mark": (with_tensor(tensor("w", FLOAT, [1], None, field(14, 1))), ELSEWHERE),
    "external in an attribute": (
        model(graph([CONSTANT, models.COPY])), ELSEWHERE),
    "external in a function": (
        models.calls(function("mine", "f0", [CONSTANT, node("Identity", ["x"], ["y"])])), ELSEWHERE),
    "external in training": (model(graph([models.COPY]), extra=field(20, field(1, graph([], [field(14, 1)])))),
                             ELSEWHERE),
    "external in a sparse tensor": (model(graph([models.COPY]) + field(15, field(1, field(14, 1)))),
                                    ELSEWHERE),
    "an operator of others": (model(graph([node("Run", ["image"], ["translated"], domain="evil")]), domains=("evil",)),
                              "uses the operator 'Run' of 'evil'"),
    "an operator with a strange name": (model(graph([node("a\n\x1b", ["image"], ["translated"], domain="é")])),
                                        r"uses the operator 'a\n\x1b' of '\xe9'"),
    "a compiled part": (model(graph([node("EPContext", ["image"], ["translated"], domain="com.microsoft")])),
                        "stands for a compiled file"),
    "a function that calls itself": (models.calls(function("mine", "f0", [node("f0", ["x"], ["y"], domain="mine")])),
                                     "functions that call themselves"),
    "a ladder of functions": (models.ladder(40), "nodes once its functions are expanded"),
    "a long chain of functions": (
        models.calls(*(function("mine", f"f{n}", [node(f"f{n + 1}", ["x"], ["y"], domain="mine")]) for n in range(500)),
                     function("mine", "f500", [node("Identity", ["x"], ["y"])])),
        "one another without an end"),
    "too many inputs": (model(graph([models.COPY]) + field(11, value("i")) * 1001), "more than 1,000 inputs"),
    "a size beyond its data": (with_tensor(tensor("w", FLOAT, [1000, 1000], bytes(4))), UNFIT),
    "data beyond its size": (with_tensor(tensor("w", FLOAT, [1], bytes(400))), UNFIT),
    "a size without data": (with_tensor(tensor("w", FLOAT, [10**9], None)), UNFIT),
    "a size beyond its numbers": (with_tensor(tensor("w", FLOAT, [10**6], None, field(4, bytes(40)))), UNFIT),
    "texts that are not there": (with_tensor(tensor("w", 8, [10**6], None, field(6, "a"))), UNFIT),
    "a size that wraps around": (with_tensor(tensor("w", FLOAT, [2**32, 2**32], b"")), "an impossible size"),
    "a size below zero": (with_tensor(tensor("w", FLOAT, [-1], bytes(4))), "an impossible size"),
    "an endless rank": (with_tensor(tensor("w", FLOAT, [1] * 33, bytes(4))), "more than 32 dimensions"),
    "an endless packed rank": (with_tensor(field(1, b"\1" * 10_000) + field(2, 1)), "more than 32 dimensions"),
    "an unknown type": (with_tensor(tensor("w", 99, [1], bytes(4))), "a tensor of type 99"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_models_that_are_refused(name: str, path: Path) -> None:
    content, reason = REFUSED[name]
    assert reason in refusal(path, content)


def test_external_data_is_refused_before_onnx_runtime_reads_it(path: Path) -> None:
    """ONNX Runtime itself takes a file beside the model: a model could so show what lies there."""
    (path.parent / "secret").write_bytes(bytes(4))
    place = field(13, field(1, "location") + field(2, "secret"))
    assert "keeps weights in another file" in refusal(path, with_tensor(tensor("w", FLOAT, [1], None, place)))


@pytest.mark.parametrize("depth", [9, 10_000])
def test_sub_graphs_within_sub_graphs(depth: int, path: Path) -> None:
    inner = graph([node("Identity", ["image"], ["out"])], sides=field(12, value("out")))
    for _ in range(depth):
        nested = node("If", ["c"], ["out"], models.graph_attribute("then_branch", inner))
        inner = field(1, nested) + field(2, "g") if depth < 100 else field(1, field(5, field(6, inner)))
    assert "sub-graphs more than 8 deep" in refusal(path, model(inner))


def test_a_million_nodes_are_refused_at_once(path: Path) -> None:
    single = field(1, node("Identity", ["image"], ["translated"]))
    inner = single * 1_000_000 + field(11, value("image")) + field(12, value("translated"))
    begun = time.process_time()
    assert "more than 20,000 nodes" in refusal(path, model(inner))
    assert time.process_time() - begun < 4  # twice
    within = models.graph_attribute("then_branch", single * 20_000)
    assert "more than 20,000 nodes" in refusal(path, model(graph([node("If", ["c"], ["translated"], within)])))


@pytest.mark.parametrize(
    "inner",
    [
        graph([node("Concat", ["image"] * 450_000, ["translated"])]),
        graph([models.COPY]) + field(13, b"") * 450_000,
        graph([models.COPY], [tensor("t", INT64, [1], None, field(7, 1) * 450_000)]),
    ],
    ids=["inputs of a node", "values", "numbers of a tensor"],
)
def test_other_millions_are_refused_at_once(inner: bytes, path: Path) -> None:
    path.write_bytes(model(inner))
    begun = time.process_time()
    with pytest.raises(ModelError, match="more than 400,000 parts"):
        vet(path)
    assert time.process_time() - begun < 3


def test_a_large_model_is_vetted_in_milliseconds(path: Path) -> None:
    """200 MB of weights, which are not read: they are a hole in the file."""
    size = 200 << 20
    head = several(1, [size // 4]) + field(2, FLOAT) + field(8, "w") + models.varint(9 << 3 | 2) + models.varint(size)
    rest = graph([models.COPY])
    weights = models.varint(5 << 3 | 2) + models.varint(len(head) + size) + head
    before = field(1, 8) + models.varint(7 << 3 | 2) + models.varint(len(weights) + size + len(rest)) + weights
    with path.open("wb") as file:
        file.write(before)
        file.seek(size, os.SEEK_CUR)
        file.write(rest + field(8, field(2, 17)))
    best = 1.0
    for _ in range(10):
        begun = time.perf_counter()
        vet(path)
        best = min(best, time.perf_counter() - begun)
    assert best < 0.005


def test_a_file_that_is_too_large(path: Path) -> None:
    path.touch()
    os.truncate(path, 2**30 + 1)
    with pytest.raises(ModelError, match="has 1,073,741,825 bytes, over the limit of 1,073,741,824 for a model"):
        vet(path)


def test_lengths_that_lie_take_no_memory(path: Path) -> None:
    for number in (1, 5, 7, 9, 14):
        path.write_bytes(models.SOUND + models.varint(number << 3 | 2) + models.varint(2**40))
        tracemalloc.start()
        try:
            for act in (vet, metadata.metadata):
                with pytest.raises(ModelError, match="is not an ONNX model, or it is damaged"):
                    act(path)
            assert tracemalloc.get_traced_memory()[1] < 2**20
        finally:
            tracemalloc.stop()


def test_files_that_are_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    (tmp_path / "loop.onnx").symlink_to(tmp_path / "loop.onnx")
    (tmp_path / "folder.onnx").mkdir()
    (tmp_path / "model.ort").write_bytes(models.SOUND)
    cases = {
        "pipe.onnx": "not an ordinary file",
        "loop.onnx": "symbolic links",
        "folder.onnx": "is a folder",
        "none.onnx": "does not exist",
        "model.ort": "compiled model",
    }
    for name, reason in cases.items():
        with pytest.raises(ModelError, match=reason):
            vet(tmp_path / name)
        if name != "model.ort":
            with pytest.raises(ModelError, match=reason):
                metadata.card(tmp_path / name)
    with pytest.raises(ModelError):
        vet("a\0b.onnx")


# --- cards ---


def test_a_model_without_a_card_passes_the_vetting(path: Path) -> None:
    """Whether it can be used is another question: see test_foreign.py."""
    path.write_bytes(model(graph([models.COPY]), card=False))
    vet(path)
    with pytest.raises(ModelError, match="without a card"):
        metadata.card(path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 100_000, "is not JSON"),
        ('{"version": ' + "9" * 5000 + "}", "is not JSON"),
        ('{"version": true}', "incomplete"),
        ('{"version": 1e999}', "of format inf"),
        ('{"version": NaN}', "of format nan"),
        ('{"version": [' + "1," * 50_000 + "1]}", r"of format \[1, 1"),
        ("null", "not a JSON object"),
    ],
)
def test_cards_that_are_none(text: str, reason: str, path: Path) -> None:
    path.write_bytes(model(graph([models.COPY]), card=False) + field(14, field(1, KEY) + field(2, text)))
    with pytest.raises(ModelError, match=reason) as raised:
        metadata.card(path)
    assert len(str(raised.value)) < 400 + len(str(path))


@pytest.mark.parametrize("name", ["\x1b[31mred", "two\nlines", "\ud800", "x" * 20_001])
def test_cards_say_what_can_be_shown(name: str) -> None:
    text = Card("NAME", "t", "m", "s", "t").to_json()
    with pytest.raises(ModelError) as raised:
        Card.from_json(text.replace('"NAME"', json.dumps(name)))
    assert str(raised.value).isprintable()
    assert Card("n", "edges → été 町", "m", "s", "t", license="two\nlines") == Card.from_json(
        Card("n", "edges → été 町", "m", "s", "t", license="two\nlines").to_json()
    )
