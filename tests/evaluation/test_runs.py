"""Runs are scored as what would be exported from them, and metrics by networks with the weights that are given."""

from pathlib import Path

import numpy as np
import pytest
import tomli_w

from tests.tiny import configuration, ignore, plan
from translate import config
from translate.cli import main
from translate.errors import DataError, ExportError, ModelError
from translate.evaluation import Scores, evaluate
from translate.evaluation.predictors import opened
from translate.metrics import lpips
from translate.training.run import Run

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def runs(town: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    Run(plan("pix2pix", town, steps=3, checkpoint_every=1, best="L1", keep=1), folder, ignore).train(resume=False)
    Run(plan("cyclegan", town, steps=1), folder, ignore).train(resume=False)
    return folder


def test_a_run_is_what_is_exported_from_it(runs: Path, town: Path, tmp_path: Path) -> None:
    exported = tmp_path / "exported.onnx"
    assert main(["export", str(runs / "pix2pix"), "-o", str(exported)]) == 0
    scores = evaluate([runs / "pix2pix", exported], plan("pix2pix", town), device="cpu")
    assert list(scores.numbers)[:2] == ["pix2pix", "exported"]
    for metric, numbers in scores.numbers["pix2pix"].items():
        assert numbers == pytest.approx(scores.numbers["exported"][metric], rel=1e-2), metric
    assert "2 held-out pairs" in scores.title
    assert scores.facts["card"]["pix2pix"]["training"]["step"] == 3


def test_pictures_of_any_size_go_through_a_run(runs: Path) -> None:
    (predictor,) = opened([runs / "pix2pix"], device="cpu").values()
    assert predictor.array(np.zeros((37, 50, 3), np.uint8)).shape == (37, 50, 3)
    with pytest.raises(ModelError, match="there is no device 'tpu': choose from auto, cpu, cuda"):
        opened([runs / "pix2pix"], device="tpu")
    if not torch.cuda.is_available():
        with pytest.raises(ModelError, match="cuda was asked for, but"):
            opened([runs / "pix2pix"], device="cuda")


@pytest.mark.gpu
def test_a_run_on_a_gpu_says_what_it_says_on_the_cpu(runs: Path) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    picture = np.random.default_rng(0).integers(0, 256, (37, 50, 3), np.uint8)
    ours, theirs = (
        next(iter(opened([runs / "pix2pix"], device=device).values())).array(picture) for device in ("cpu", "cuda")
    )
    assert np.abs(ours.astype(int) - theirs).max() <= 2


def test_both_ways_and_best(runs: Path, town: Path) -> None:
    forward = opened([runs / "cyclegan"])["cyclegan"].card
    backward = opened([runs / "cyclegan"], direction="backward")["cyclegan"].card
    assert (forward.source, forward.target) == (backward.target, backward.source)
    with pytest.raises(ExportError, match="pix2pix does not translate backward"):
        opened([runs / "pix2pix"], direction="backward")
    scored = config.read(runs / "pix2pix" / "config.toml")
    assert scored["train"]["best"] == "L1"
    steps = {opened([runs / "pix2pix"], best=best)["pix2pix"].card.training["step"] for best in (False, True)}
    assert 3 in steps


def test_the_command_knows_the_data_of_a_run(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = tmp_path / "scores.json"
    assert main(["evaluate", str(runs / "pix2pix"), "--metrics", "L1,PSNR", "--save", str(saved)]) == 0
    out = capsys.readouterr().out
    assert "source → target, 2 held-out pairs" in out
    assert "missing" not in out
    scores = Scores.load(saved)
    assert set(scores.numbers["pix2pix"]) == {"L1", "PSNR"}
    assert scores.facts["config"]["data"]["holdout"] == 2
    # What was asked for and cannot be had is no success, and all the rest is there.
    assert main(["evaluate", str(runs / "pix2pix"), "--metrics", "L1,SWD"]) == 1
    assert "missing: SWD: SWD compares sets, of 10 pictures at the least, not 2" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["translate", "evaluate", "a b"])
    assert main(["evaluate", str(tmp_path)]) == 1
    assert "on which data? Give a configuration" in capsys.readouterr().err


def test_what_was_trained_on_is_refused_by_the_run_as_well(runs: Path, town: Path) -> None:
    made = config.plan(
        configuration("pix2pix", town) | {"data": {**plan("pix2pix", town).resolved["data"], "holdout": 3}}
    )
    with pytest.raises(DataError, match="held out 2 of these and was trained on the rest"):
        evaluate([runs / "pix2pix"], made)


@pytest.mark.filterwarnings("ignore::UserWarning:torchvision")
def test_given_weights_are_used_and_told(runs: Path, town: Path, tmp_path: Path) -> None:
    """A file that was named may be another than the published one; then the scores say so."""
    torchvision = pytest.importorskip("torchvision")
    pytest.importorskip("lpips")
    file = tmp_path / "mine.pth"
    state = torchvision.models.alexnet(weights=None).features.state_dict()
    torch.save({f"features.{name}": value for name, value in state.items()}, file)
    shown = []
    scores = evaluate(
        [runs / "pix2pix"],
        plan("pix2pix", town),
        metrics=["LPIPS"],
        weights={"alexnet": file},
        watch=lambda *one: shown.append(one),
    )
    expected = [lpips(outputs["pix2pix"], target, file) for _, _, target, outputs in shown]
    assert scores.numbers["pix2pix"]["LPIPS"] == pytest.approx(expected)
    assert scores.facts["weights"] == {"alexnet": {"file": "mine.pth", "published": False}}
    assert "mine.pth holds other bytes than the published alexnet" in scores.table()


def test_words_that_do_not_fit(runs: Path, town: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = str(runs / "pix2pix")
    (tmp_path / "labelled.toml").write_text(tomli_w.dumps(configuration("cgan", town)))
    for words, told in (
        (["--weights", "alexnet"], "--weights alexnet: write it as NAME=FILE"),
        (["--judge-mean", "1,2", "--judge", "x.onnx", "--classes", "x.toml"], "x.toml: No such file"),
        (["--classes", "x.toml"], "x.toml: No such file"),
        (["--labels", str(tmp_path / "nowhere")], "nowhere does not exist"),
        (["--data", str(tmp_path / "labelled.toml")], "scores need data of two domains"),
    ):
        assert main(["evaluate", run, *words]) == 1
        assert told in capsys.readouterr().err
