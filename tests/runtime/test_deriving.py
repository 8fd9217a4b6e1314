"""The derivation in a model's file, as a stranger may have written it: refused with a sentence, never run unseen."""

import base64
from pathlib import Path

import numpy as np
import pytest

from tests.runtime.models import COPY, field, graph, integers, model, node, tensor, value
from translate.card import KEY, Card
from translate.errors import ModelError
from translate.runtime import Translator
from translate.runtime.deriving import KEY as DERIVE
from translate.runtime.deriving import LONGEST

TOLD = {"name": "copy", "arguments": {}, "does": "the same"}
COPIES = node("Identity", ["image"], ["derived"])
ENDS = field(11, value("image")) + field(12, value("derived"))
GREY_ENDS = field(11, value("image", dims=("N", "H", "W", 1))) + field(12, value("derived", dims=("N", "H", "W", 1)))
EVIL = node("Evil", ["image"], ["derived"], domain="evil")
SOUND = model(graph([COPIES], sides=ENDS), card=False)


def written(folder: Path, content: bytes | str | None, derived: object = TOLD) -> Path:
    """A model that copies, with a derivation."""
    card = Card("hand", "a → b", "none", "a", "b", derived=derived)  # type: ignore[arg-type]
    text = base64.b64encode(content).decode() if isinstance(content, bytes) else content
    texts = {KEY: card.to_json()} | ({} if text is None else {DERIVE: text})
    props = b"".join(field(14, field(1, key) + field(2, told)) for key, told in texts.items())
    path = folder / "m.onnx"
    path.write_bytes(model(graph([COPY]), card=False, extra=props))
    return path


PHOTO = np.random.default_rng(0).integers(0, 256, (9, 13, 3), np.uint8)


def test_a_sound_one_derives(tmp_path: Path) -> None:
    translator = Translator(written(tmp_path, SOUND), engine="cpu")
    assert np.array_equal(translator.derive(PHOTO), PHOTO)
    assert np.array_equal(translator.read(PHOTO, derive=True), PHOTO)
    with pytest.raises(ModelError, match="seconds is -1"):
        translator.derive(PHOTO, seconds=-1)


def test_a_model_that_derives_nothing_says_what_it_takes(tmp_path: Path) -> None:
    translator = Translator(written(tmp_path, SOUND, derived={}), engine="cpu")
    with pytest.raises(ModelError, match="hand was not trained on derived inputs: give it pictures of a"):
        translator.derive(PHOTO)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "holds no graph for it"),
        ("not base64!", "is damaged"),
        ("A" * (LONGEST + 4), "letters, over"),
        (b"nothing of the kind", "is not an ONNX model|is damaged"),
        (SOUND[:-30], "ONNX"),
        (model(graph([COPY]), card=False), r"has output \['translated'\] instead of 'derived'"),
        (model(graph([COPIES], sides=GREY_ENDS), card=False), "has input of 1 channels"),
        (model(graph([COPIES], [tensor("far", 1, [1 << 50], b"")], ENDS), card=False), "impossible size"),
        (model(graph([EVIL], sides=ENDS), domains=("evil",), card=False), "evil"),
    ],
    ids=["absent", "letters", "long", "noise", "cut", "names", "channels", "size", "domain"],
)
def test_one_that_is_none_is_refused(content: bytes | str | None, told: str, tmp_path: Path) -> None:
    translator = Translator(written(tmp_path, content), engine="cpu")
    assert np.array_equal(translator.array(PHOTO), PHOTO)  # it does what it did
    with pytest.raises(ModelError, match=told):
        translator.derive(PHOTO)


def test_one_that_changes_sizes_is_refused(tmp_path: Path) -> None:
    ends = field(11, value("image")) + field(12, value("derived", dims=("N", "W", "H", 3)))
    turned = node("Transpose", ["image"], ["derived"], integers("perm", 0, 2, 1, 3))
    translator = Translator(written(tmp_path, model(graph([turned], sides=ends), card=False)), engine="cpu")
    with pytest.raises(ModelError, match=r"gave \[1, 13, 9, 3\] instead of \[1, 9, 13, 3\]"):
        translator.derive(PHOTO)


@pytest.mark.parametrize(
    "derived",
    [[], "canny", {"name": "x"}, {"name": "x", "arguments": 1, "does": "y"}, {"name": "", "arguments": {}, "does": "y"},
     {"name": "a\nb", "arguments": {}, "does": "y"}, {"name": "x", "arguments": {}, "does": "y" * 999}],
)  # fmt: skip
def test_a_card_that_says_it_wrongly_is_refused(derived: object, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="says derived ="):
        Translator(written(tmp_path, SOUND, derived), engine="cpu")
