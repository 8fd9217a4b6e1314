"""Smaller precisions: what they cost is measured, said on the card, and bounded."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from translate.card import Card
from translate.errors import ExportError
from translate.exporting import export, precision
from translate.exporting.int8 import quantised
from translate.exporting.samples import Samples, of_folder, of_run
from translate.metrics import l1, ssim
from translate.networks import ResNet, UNet
from translate.networks.norm import per_image
from translate.runtime import Translator
from translate.runtime.opening import FROZEN, MEASURED, STATISTICS, opened

CARD = Card(name="tiny", task="a → b", method="cyclegan", source="a", target="b", size=32)


def pictures(count: int, seed: int) -> list[np.ndarray]:
    """Soft shapes, each different."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:32, 0:40]
    waves = [
        np.sin(x[..., None] / random.uniform(3, 9, 3) + y[..., None] / random.uniform(3, 9, 3)) for _ in range(count)
    ]
    return [(127.5 + 110 * wave).astype(np.uint8) for wave in waves]


SAMPLES = Samples(pictures(6, 0), pictures(4, 1), True)


def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return ResNet(blocks=1, width=8).eval()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "fp32.onnx"
    assert export(network(), CARD, path).precision == "fp32"
    return path


def kinds(path: Path) -> set[str]:
    """Types of the larger tensors that are stored."""
    tensors = (onnx.numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer)
    return {array.dtype.name for array in tensors if array.size >= 1024}


def known_for_two_years(path: Path) -> bool:
    """Whether ONNX Runtime 1.20 (November 2024) can: it knows IR version 10 and operators up to version 21."""
    model = onnx.load(path)
    return model.ir_version <= 10 and all(not it.domain and it.version <= 21 for it in model.opset_import)


def translated(path: Path) -> list[np.ndarray]:
    model = Translator(path, engine="cpu")
    return [model.array(picture) for picture in SAMPLES.judging]


@pytest.mark.parametrize(("name", "stored"), [("fp16", "float16"), ("bf16", "bfloat16"), ("int8", "int8")])
def test_it_is_smaller_and_the_card_says_what_it_costs(name: str, stored: str, whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    card = export(network(), CARD, path, name, SAMPLES)
    assert card == Translator(path).card
    assert card.precision == name
    assert known_for_two_years(path)
    assert stored in kinds(path)
    assert name == "int8" or kinds(path) == {stored}
    found, truth = (translated(file) for file in (path, whole))
    cost = card.parity[name]
    assert cost["mean_levels"] == pytest.approx(np.mean([l1(a, b) for a, b in zip(found, truth, strict=True)]))
    assert cost["ssim"] == pytest.approx(np.mean([ssim(a, b) for a, b in zip(found, truth, strict=True)]))
    assert cost["mean_levels"] <= 1
    assert cost["ssim"] >= 0.98
    assert (cost["pictures"], cost["held_out"]) == (4, True)


@pytest.mark.parametrize("name", ["fp32", "fp16", "bf16", "int8"])
def test_statistics_can_be_told_and_given(name: str, tmp_path: Path) -> None:
    """In every precision; and who does not ask for them sees one input and one output."""
    path = tmp_path / "m.onnx"
    card = export(network(), CARD, path, name, SAMPLES)
    closed = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert [value.name for value in (*closed.get_inputs(), *closed.get_outputs())] == ["image", "translated"]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        opened(path.read_bytes(), card.norms), options, providers=["CPUExecutionProvider"]
    )
    one, other = (picture[None] for picture in SAMPLES.judging[:2])
    names = ["translated", MEASURED]
    plain, row = session.run(names, {"image": one})
    assert row.shape == (1, card.row)
    assert np.abs(plain.astype(int) - closed.run(None, {"image": one})[0]).max() <= 1
    same, _ = session.run(names, {"image": one, STATISTICS: row, FROZEN: np.array([True])})
    assert np.abs(same.astype(int) - plain).max() <= 1
    strange = session.run(names, {"image": other})[1]
    different, told = session.run(names, {"image": one, STATISTICS: strange, FROZEN: np.array([True])})
    assert np.abs(different.astype(int) - plain).max() > 1
    # What the first norm measures is of the picture, whatever is given.
    np.testing.assert_allclose(told[:, :16], row[:, :16], rtol=1e-5)


def test_first_and_last_layers_stay_in_float(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    torch.manual_seed(0)
    card = export(per_image(UNet(depth=4, width=8)), CARD, path, "int8", SAMPLES)
    left = card.parity["int8"]["float_layers"]
    model = onnx.load(path)
    makers = {name: node for node in model.graph.node for name in node.output}
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    in_float = {node.name for node in convolutions if makers.get(node.input[0], node).op_type != "DequantizeLinear"}
    assert in_float == set(left)
    # The last doubling is four convolutions, one a phase.
    assert in_float == {convolutions[0].name, *(node.name for node in convolutions[-4:])}


def test_layers_that_do_harm_stay_in_float_as_well(whole: Path) -> None:
    """The one whose removal from int8 is needed is found by what each does alone."""
    model = onnx.load(whole)
    names = [node.name for node in model.graph.node if node.op_type == "Conv"]
    bad = names[3]

    def harms(candidate: onnx.ModelProto) -> bool:
        makers = {name: node for node in candidate.graph.node for name in node.output}
        node = next(node for node in candidate.graph.node if node.name == bad)
        return makers[node.input[0]].op_type == "DequantizeLinear"

    _, left = quantised(model, SAMPLES.calibrating, lambda m: float(harms(m)), lambda m: not harms(m))
    assert left[-1] == bad
    assert len([name for name in left if name not in (names[0], *names[-1:])]) == 1


def test_too_far_from_float32_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "MOST_LEVELS", 0.001)
    with pytest.raises(
        ExportError, match=r"in fp16 the model is 0\.\d+ of 255 levels off on average.*nothing was writ"
    ):
        export(network(), CARD, tmp_path / "m.onnx", "fp16", SAMPLES)
    with pytest.raises(ExportError, match="in int8 the model is"):  # after every other layer was put back in float
        export(network(), CARD, tmp_path / "m.onnx", "int8", SAMPLES)
    assert not list(tmp_path.iterdir())


def test_a_nan_does_not_pass() -> None:
    assert not precision.Judge.good({"mean_levels": float("nan"), "ssim": 1.0})
    assert not precision.Judge.good({"mean_levels": 0.0, "ssim": float("nan")})


def test_runtimes_of_two_years_ago_know_its_operators(whole: Path) -> None:
    assert known_for_two_years(whole)


def test_samples_of_a_run(town: Path) -> None:
    from tests.tiny import plan

    resolved = plan("cyclegan", town).resolved
    forward, backward = of_run(resolved, "forward"), of_run(resolved, "backward")
    assert forward.held_out
    assert len(forward.calibrating) == 6
    assert len(forward.judging) == 2
    assert not any((one == other).all() for one in forward.calibrating for other in forward.judging)
    assert not any((one == other).all() for one in forward.calibrating for other in backward.calibrating)
    without = of_run({**resolved, "data": {**resolved["data"], "holdout": 0}}, "forward")
    assert not without.held_out
    assert len(without.judging) + len(without.calibrating) == 8
    with pytest.raises(ExportError, match="give others with --pictures FOLDER"):
        of_run({**resolved, "data": {**resolved["data"], "source": "nowhere"}}, "forward")


def test_samples_of_a_folder(town: Path, tmp_path: Path) -> None:
    samples = of_folder(town / "day", 1, 32)
    assert {picture.shape for picture in (*samples.calibrating, *samples.judging)} == {(32, 32, 1)}
    assert len(samples.judging) == 3
    with pytest.raises(ExportError, match="--pictures"):
        of_folder(tmp_path / "nowhere", 3, 32)
    with pytest.raises(ExportError, match="two at the least"):
        of_folder(tmp_path, 3, 32)


def test_words_for_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="choose one of fp32, fp16, bf16, int8"):
        export(network(), CARD, tmp_path / "m.onnx", "int4")
    with pytest.raises(ExportError, match="give samples"):
        export(network(), replace(CARD), tmp_path / "m.onnx", "int8")
