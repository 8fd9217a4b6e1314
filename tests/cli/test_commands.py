"""The command line as a user meets it: one sentence for what they can mend, never a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import tomli_w
from PIL import Image

from tests.tiny import configuration
from translate.cli import main
from translate.runtime import metadata

ASSETS = Path(__file__).parents[1] / "assets"


@pytest.fixture
def config_file(tmp_path: Path, town: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tiny.toml"
    path.write_text(tomli_w.dumps(configuration("pix2pix", town, steps=2)))
    return path


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """What was said on stderr: one line."""
    error = capsys.readouterr().err
    assert error.startswith("translate: ")
    assert error.count("\n") == 1
    return error


@pytest.mark.parametrize("pictures", [True, False])
def test_a_smaller_precision(pictures: bool, config_file: Path, town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(config_file), "name=small", "data.holdout=2"]) == 0
    more = ["--pictures", str(town / "edges")] if pictures else []
    assert main(["export", "runs/small", "-o", "m.onnx", "--precision", "bf16", *more]) == 0
    out = capsys.readouterr().out
    assert "bf16 is 0." in out
    assert ("on 2 held-out pictures" in out) != pictures
    assert metadata.card(Path("m.onnx")).precision == "bf16"


def test_passes_are_for_parts(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ["run", str(ASSETS / "invert.onnx"), str(tmp_path), "-o", str(tmp_path / "out"), "--passes", "2"]
    assert main(words) == 1
    assert "give --tile as well" in said(capsys)


def test_the_whole_way(config_file: Path, town: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(config_file), "name=way"]) == 0
    assert main(["train", str(config_file), "name=way", "train.steps=3", "--resume"]) == 0
    assert main(["export", "runs/way", "-o", "models/way.onnx"]) == 0
    assert list(metadata.metadata("models/way.onnx")) == ["translate.card"]  # and no pictures of the data
    assert main(["run", "models/way.onnx", str(town / "edges"), "-o", "out"]) == 0
    assert main(["evaluate", "models/way.onnx", "--data", str(config_file)]) == 0
    assert len(list((tmp_path / "out").iterdir())) == 8
    out = capsys.readouterr().out
    assert "8 translated, 0 failed" in out
    assert "0 failed, on the CPU" in out
    assert "copy the input" in out
    several = ["data.holdout=2", "--data", str(config_file), "models/way.onnx", "seed=5", "--save", "scores.json"]
    assert main(["evaluate", "models/way.onnx", *several]) == 0
    assert "2 held-out pairs" in capsys.readouterr().out
    assert Path("scores.json").exists()
    assert main(["evaluate", "models/way.onnx", "--data", str(config_file), "--reader", "models/way.onnx"]) == 1
    assert "which colours are classes is not known" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["evaluate", "data.holdout=2", "--data", str(config_file)])
    assert "which model?" in capsys.readouterr().err


def test_a_bad_file_is_reported_and_the_rest_done(
    town: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = tmp_path / "in"
    pictures.mkdir()
    for path in list((town / "day").iterdir())[:3]:
        (pictures / path.name).write_bytes(path.read_bytes())
    (pictures / "bad.png").write_text("a text")
    assert main(["run", str(ASSETS / "invert.onnx"), str(pictures), "-o", str(tmp_path / "out")]) == 1
    assert len(list((tmp_path / "out").iterdir())) == 3
    out = capsys.readouterr().out
    assert "bad.png" in out
    assert "3 translated, 1 failed" in out


def test_a_model_without_a_card_is_run_as_told(tmp_path: Path) -> None:
    Image.new("RGB", (40, 20), (10, 20, 30)).save(tmp_path / "a.png")
    model, out = str(ASSETS / "foreign" / "levels.onnx"), tmp_path / "b.png"
    words = ["run", model, str(tmp_path / "a.png"), "-o", str(out), "--engine", "cpu"]
    results = []
    for more in ([], ["--range", "0-255"], ["--range", "[0,1]"]):
        assert main([*words, *more]) == 0
        results.append(out.read_bytes())
    assert results[0] == results[1] != results[2]


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("trian.steps=5", "there is no key 'trian'; did you mean 'train'?"),
        ("train.step=5", "train: there is no key 'step'; did you mean 'steps'?"),
        ("method.l2=5", "method: there is no key 'l2'; did you mean 'l1'?"),
        ("method.name=pix2pics", "method.name = 'pix2pics' is not known; did you mean 'pix2pix'?"),
        ("method.l1=much", "method.l1 = 'much': it must be of type float"),
        ("train.batch=1.5", "train.batch = 1.5: it must be of type int"),
        ("train.batch=true", "train.batch = True: it must be of type int"),
        ("train.betas=[0.5]", "train.betas = [0.5]: it must be of type tuple[float, float]"),
        ("networks.G.name=unett", "did you mean 'unet'?"),
        ("networks.G.widht=8", "networks.G: there is no key 'widht'; did you mean 'width'?"),
        ("networks.F.name=unet", "networks: there is no key 'F'"),
        ("networks.G.name=dcgan_generator", "'dcgan_generator' does not fit here: it takes no inputs"),
        ("method.gan=wgan", "gan = 'wgan': choose one of minimax, nonsaturating"),
        ("networks.G.norm=layer", "norm = 'layer': choose one of batch, instance, none"),
        ("data.layout=images", "data: there is no key 'source'"),
        ("method.name=dcgan", "dcgan cannot learn from layout 'two_folders': it needs image"),
        ("domains=one", "domains = 'one': it must be two words"),
        ("seed=-1", "seed = -1"),
        ("name=a/b", "name = 'a/b'"),
        ("data.target=nowhere", "nowhere does not exist"),
        ("data.holdout=8", "all are held out, nothing is left to train on"),
        ("train", "'train': an override is written key.sub=value"),
        ("method=pix2pix", "method = 'pix2pix': it must be a section of keys, such as method.name"),
        ("networks.G=unet", "networks.G = 'unet': it must be a section of keys"),
        ("data=foo", "data = 'foo': it must be a section of keys"),
        ("transform.size=20", "the networks do not fit pictures of 20×20"),
        ("networks.G.depth=8", "the networks do not fit pictures of 32×32"),
        ("networks.D.layers=6", "the networks do not fit pictures of 32×32"),
        ("networks.G.inputs=4", "the networks do not fit pictures of 32×32"),
        ("networks.G.width=0", "networks.G: width = 0: it must be at least 1"),
        ("networks.D.layers=-1", "networks.D: layers = -1: it must be at least 0"),
        ("train.lr=-1", "train: lr = -1.0: it must be above 0"),
        ("train.betas=[0.5, 1.5]", "train: betas = [0.5, 1.5]"),
        ("train.workers=100000", "train: workers = 100000"),
        ("train.device=meta", "train.device = 'meta': it cannot be used here"),
        ("data.source_channels=2", "has 3 channels where 2 are declared"),
        ("transform.size=0", "transform: size = 0"),
        ("transform.geometry=Rotate", "transform.geometry = 'Rotate': it must be of type"),
        ('transform.geometry=["Rotate"]', "transform: 'Rotate': write it as"),
        ('transform.geometry=[{name="Resize", height=9, width=9}]', "transform: "),
        ('transform.photometric=[{name="Normalize"}]', "these transforms make float32"),
        ("name=..", "name = '..'"),
        ("data.layout=unpaired", "pix2pix cannot learn from layout 'unpaired': it needs pairs"),
        ("palette=red", "palette = 'red': it must be a section of keys"),
        ("palette.sky=red", "palette.sky = 'red': it must be a colour such as '#86c5da'"),
        ("palette.sky=1", "palette.sky = 1: it must be a colour"),
        ('palette={sky="#FF0000", sun="#ff0000"}', "palette.sun = '#ff0000', as sky is: each class needs a colour of"),
        ("train.device=cuda:77", "train.device = 'cuda:77': it cannot be used here"),
    ],
)
def test_a_wrong_configuration(
    config_file: Path, override: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(config_file), override]) == 1
    assert words in said(capsys)
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["train", "none.toml"], "none.toml: No such file"),
        (["train", "broken.toml"], "broken.toml: not TOML"),
        (["train", "binary.toml"], "binary.toml: not a text file"),
        (["export", "runs/none", "-o", "m.onnx"], "no checkpoint there"),
        (["run", "none.onnx", "x.png", "-o", "out"], "none.onnx"),
        (["run", str(ASSETS / "foreign" / "anything.onnx"), "x.png", "-o", "out"], "give its range"),
        (["run", str(ASSETS / "invert.onnx"), "x.png", "-o", "out", "--range", "[0,1]"], "has a card"),
        (["run", str(ASSETS / "invert.onnx"), "x.png", "-o", "out", "--engine", "abacus"], "there is no engine abacus"),
        (["run", str(ASSETS / "invert.onnx"), "empty", "-o", "out"], "empty"),
        (["data", "make", "town", "out", "--views", "dusk"], "dusk"),
        (["data", "make", "town", "out", "--count", "0"], "at least one"),
    ],
)
def test_other_mistakes(
    command: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.toml").write_text("name = \n")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "empty").mkdir()
    assert main(command) == 1
    assert words in said(capsys)


def test_a_layout_that_a_method_cannot_learn_from(config_file: Path, town: Path, capsys) -> None:
    made = configuration("pix2pix", town)
    made["data"] = {"layout": "images", "root": str(town / "day")}
    config_file.write_text(tomli_w.dumps(made))
    assert main(["train", str(config_file)]) == 1
    assert "pix2pix cannot learn from layout 'images': it needs source and target" in said(capsys)


def test_words_may_stand_anywhere(config_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(config_file), "--resume", "name=late", "--runs", "elsewhere", "train.steps=1"]) == 0
    assert Path("elsewhere/late/log.jsonl").exists()
    with pytest.raises(SystemExit):
        main(["train", str(config_file), "--resumee"])


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def missing(*_: object) -> None:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr("translate.commands.train._train", missing)
    assert main(["train", "c.toml"]) == 1
    assert "torch is not installed: pip install 'translate-gan[train]'" in said(capsys)


@pytest.mark.skipif(os.name != "posix", reason="needs a limit on file sizes")
def test_a_disk_that_fills_up_during_a_run(config_file: Path, town: Path, tmp_path: Path) -> None:
    """Checkpoints, TensorBoard and all: one sentence, and what was good stays good."""
    command = [sys.executable, "-m", "translate", "train", str(config_file), "train.tensorboard=true", "name=full"]
    subprocess.run([*command, "train.steps=2"], check=True, capture_output=True, cwd=tmp_path)
    log = tmp_path / "runs/full/log.jsonl"
    before = log.read_text()
    limit = "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)); "
    limit += "from translate.cli import main; sys.exit(main(sys.argv[1:]))"
    again = [sys.executable, "-c", limit, *command[3:], "train.steps=4", "train.sample_every=3", "--resume"]
    done = subprocess.run(again, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
    assert "step_000000002.pt before it is whole" in done.stderr
    assert log.read_text().startswith(before)
    assert [path.name for path in (tmp_path / "runs/full/checkpoints").iterdir() if path.suffix == ".pt"] == [
        "step_000000002.pt"
    ]
    assert subprocess.run([*command, "train.steps=4", "--resume"], capture_output=True, cwd=tmp_path).returncode == 0


def test_debug_shows_the_traceback() -> None:
    from translate.errors import ConfigError

    with pytest.raises(ConfigError):
        main(["train", "none.toml", "--debug"])


def test_a_town(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "make", "town", str(tmp_path), "--count", "2", "--size", "24", "--views", "day,labels"]) == 0
    assert {path.parent.name + "/" + path.name for path in tmp_path.rglob("*.png")} == {
        "day/00000.png",
        "day/00001.png",
        "labels/00000.png",
        "labels/00001.png",
    }


def test_data_check(config_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", str(config_file)]) == 0
    assert "6 to train on, 2 held out, all read" in capsys.readouterr().out
