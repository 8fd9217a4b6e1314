import io
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from translate.errors import ModelError, PictureError
from translate.runtime import Translator, metadata
from translate.runtime.engines import cuda

ASSETS = Path(__file__).parents[1] / "assets"
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def invert() -> Translator:
    return Translator(ASSETS / "invert.onnx", threads=1, engine="cpu")


def changed(tmp_path: Path, name: str, *changes: tuple[bytes, bytes]) -> Path:
    """A copy of a model with bytes exchanged for as many others."""
    content = (ASSETS / f"{name}.onnx").read_bytes()
    for old, new in changes:
        assert old in content
        assert len(old) == len(new)
        content = content.replace(old, new)
    path = tmp_path / f"{name}.onnx"
    path.write_bytes(content)
    return path


def test_a_picture_keeps_its_size(invert: Translator) -> None:
    for height, width in [(1, 1), (1, 7), (5, 3), (64, 48)]:
        picture = RNG.integers(0, 256, (height, width, 3), dtype=np.uint8)
        translated = invert(picture)
        assert (translated.size, translated.mode) == ((width, height), "RGB")
        assert (np.asarray(translated) == 255 - picture).all()


def test_any_kind_of_picture(invert: Translator, tmp_path: Path) -> None:
    picture = RNG.integers(0, 256, (5, 4, 3), dtype=np.uint8)
    path = tmp_path / "a.png"
    Image.fromarray(picture).save(path)
    for source in (path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes()), Image.fromarray(picture)):
        assert (np.asarray(invert(source)) == 255 - picture).all()
    grey = invert(picture[:, :, 0])  # becomes three equal channels
    assert (np.asarray(grey) == 255 - picture[:, :, :1]).all()


def test_arrays(invert: Translator) -> None:
    batch = RNG.integers(0, 256, (3, 6, 5, 3), dtype=np.uint8)
    assert (invert.array(batch) == 255 - batch).all()
    assert (invert.array(batch[1]) == 255 - batch[1]).all()
    flipped = batch[:, ::-1, ::2]
    assert (invert.array(flipped) == 255 - flipped).all()


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 1), (4, 4, 4), (1, 1, 4, 4, 3), (0, 4, 4, 3), (1, 0, 4, 3)])
def test_arrays_of_another_shape_are_refused(invert: Translator, shape: tuple[int, ...]) -> None:
    with pytest.raises(PictureError, match=r"takes uint8 \[N, H, W, 3\], not uint8"):
        invert.array(np.zeros(shape, np.uint8))
    with pytest.raises(PictureError, match="not float32"):
        invert.array(np.zeros((1, 4, 4, 3), np.float32))


def test_grey_to_colour() -> None:
    model = Translator(ASSETS / "grey_to_colour.onnx", engine="cpu")
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    expected = np.dstack([grey, 255 - grey, grey])
    assert (np.asarray(model(grey)) == expected).all()
    assert (model.array(grey[None, :, :, None]) == expected).all()
    with pytest.raises(PictureError, match=r"\[N, H, W, 1\]"):
        model.array(expected)


def test_what_it_says_of_itself(invert: Translator) -> None:
    assert (invert.card.name, invert.card.source, invert.card.target) == ("invert", "photo", "negative")
    assert (invert.engine, invert.device) == ("cpu", "the CPU (ONNX Runtime)")
    assert Translator(ASSETS / "edges.onnx").engine in ("cpu", "cuda", "openvino")


def test_the_limit() -> None:
    model = Translator(ASSETS / "invert.onnx", limit=100, engine="cpu")
    assert model(np.zeros((10, 10), np.uint8)).size == (10, 10)
    with pytest.raises(PictureError, match="over the limit of 100"):
        model(np.zeros((10, 11), np.uint8))


def test_models_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("not a model")
    (tmp_path / "empty.onnx").touch()
    cases = {
        ASSETS / "none.onnx": "does not exist",
        ASSETS: "is a folder",
        tmp_path / "text.onnx": "is not an ONNX model",
        tmp_path / "empty.onnx": "is not an ONNX model",
        ASSETS / "wrong_names.onnx": "has input ['input'] instead of 'image'",
    }
    for path, reason in cases.items():
        with pytest.raises(ModelError) as raised:
            Translator(path)
        assert reason in str(raised.value)
        assert "\n" not in str(raised.value)


def test_damaged_models(tmp_path: Path) -> None:
    content = (ASSETS / "invert.onnx").read_bytes()
    path = tmp_path / "damaged.onnx"
    for length in range(1, len(content), 23):
        path.write_bytes(content[:length])
        with pytest.raises(ModelError, match=r"damaged\.onnx"):
            Translator(path, engine="cpu")
    with pytest.raises(ModelError, match=r"ONNX Runtime cannot load .*invert\.onnx: ") as raised:
        Translator(changed(tmp_path, "invert", (b"Sub", b"Sux")), engine="cpu")
    assert "[ONNXRuntimeError]" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_graphs_that_do_not_fit_their_card(tmp_path: Path) -> None:
    cases = [
        ([(b'"source_channels": 3', b'"source_channels": 1')], "has input of 3 channels but its card says 1"),
        ([(b'"target_channels": 3', b'"target_channels": 1')], "has output of 3 channels but its card says 1"),
        ([(b'"version": 1', b'"version": 9')], "of format 9"),
        ([(b"translated", b"translatex")], "has output ['translatex'] instead of 'translated'"),
        ([(b"\x01N", b"\x01\xff")], "a name in it is not text"),
    ]
    for changes, reason in cases:
        with pytest.raises(ModelError) as raised:
            Translator(changed(tmp_path, "invert", *changes), engine="cpu")
        assert reason in str(raised.value)


def test_types_and_sizes_of_the_graph_are_checked(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    uint8, int32 = onnx.TensorProto.UINT8, onnx.TensorProto.INT32
    cases = [
        (int32, ["N", "H", "W", 3], ["N", "H", "W", 3], "instead of uint8"),
        (uint8, ["N", "H", 3], ["N", "H", 3], "instead of uint8 [N, H, W, 3]"),
        (uint8, ["N", 64, 64, 3], ["N", 64, 64, 3], "takes only pictures of ['N', 64, 64]"),
    ]
    for kind, given, made, reason in cases:
        path = tmp_path / "a.onnx"
        path.write_bytes(identity(onnx, kind, given, made))
        with pytest.raises(ModelError) as raised:
            Translator(path, engine="cpu")
        assert reason in str(raised.value)


def test_a_result_that_breaks_the_promise(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    path = tmp_path / "a.onnx"
    # The exporter could not tell the channels: the graph passes, the first result is checked.
    path.write_bytes(
        identity(onnx, onnx.TensorProto.UINT8, ["N", "H", "W", "C"], ["N", "H", "W", "D"], node="Transpose")
    )
    model = Translator(path, engine="cpu")
    with pytest.raises(ModelError, match=r"gave \[3, 5, 4, 1\] where its card promises \[1, 4, 5, 3\]"):
        model.array(np.zeros((1, 4, 5, 3), np.uint8))


def identity(onnx: object, kind: int, given: list[object], made: list[object], node: str = "Identity") -> bytes:
    helper = onnx.helper
    sides = [helper.make_tensor_value_info(*side) for side in (("image", kind, given), ("translated", kind, made))]
    graph = helper.make_graph([helper.make_node(node, ["image"], ["translated"])], "g", sides[:1], sides[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, metadata.metadata(ASSETS / "invert.onnx"))
    return model.SerializeToString()


class Failing:
    """A session whose every run ends in the same exception."""

    def __init__(self, message: str) -> None:
        self.message = message

    def run(self, *_: object) -> None:
        raise onnxruntime.capi.onnxruntime_pybind11_state.RuntimeException(self.message)


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Non-zero status code\nmore", "Non-zero status code"),
        ("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Failed to allocate memory for 9 bytes", "out of memory"),
        ("", "RuntimeException"),
    ],
)
def test_failures_at_run_time_are_one_sentence(message: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Translator(ASSETS / "invert.onnx", engine="cpu")
    monkeypatch.setattr(model._engine, "_session", Failing(message))
    with pytest.raises(ModelError, match=rf"^invert failed on \[1, 4, 5, 3\]: {told}[^\n]*$"):
        model.array(np.zeros((4, 5, 3), np.uint8))


def test_a_path_with_letters_of_any_kind(tmp_path: Path) -> None:
    path = tmp_path / "町 été.onnx"
    shutil.copy(ASSETS / "invert.onnx", path)
    assert Translator(path, engine="cpu").card.name == "invert"


def test_a_quiet_start_without_torch() -> None:
    """Nothing on the terminal, neither torch nor onnx loaded, also where there is no GPU for onnxruntime-gpu."""
    program = f"""
import sys
from translate.runtime import Translator
Translator({str(ASSETS / "invert.onnx")!r})
assert not {{"torch", "onnx", "gradio"}} & set(sys.modules), "too much is imported"
"""
    told = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=60)
    assert (told.returncode, told.stdout) == (0, ""), told.stderr
    if not cuda.has_gpu():
        assert told.stderr == ""
