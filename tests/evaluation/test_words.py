"""What the commands `evaluate` and `compare` take, and refuse before they work."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from tests.tiny import configuration
from translate import cli, evaluation

INVERT = Path(__file__).parents[1] / "assets" / "invert.onnx"


@pytest.fixture
def data(town: Path, tmp_path: Path) -> Path:
    path = tmp_path / "data.toml"
    path.write_text(tomli_w.dumps(configuration("pix2pix", town) | {"domains": ["photo", "negative"]}))
    return path


@pytest.mark.parametrize("option", ["--save", "--report"])
@pytest.mark.parametrize("command", ["evaluate", "compare"])
def test_a_folder_that_is_not_there_is_told_before_the_work(
    command: str, option: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for out, told in (
        (tmp_path / "nowhere" / "out.json", f"the folder {tmp_path / 'nowhere'} does not exist: create it"),
        (tmp_path, "is a folder: name a file in it"),
    ):
        assert cli.main([command, str(INVERT), "--data", str(data), option, str(out)]) == 1
        captured = capsys.readouterr()
        assert told in captured.err
        assert not captured.out


def test_compare_computes_only_what_is_asked(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[list[str]] = []
    real = evaluation.evaluate

    def watched(*models: Any, **options: Any) -> Any:
        asked.append(list(options["metrics"]))
        return real(*models, **options)

    monkeypatch.setattr(evaluation, "evaluate", watched)
    other = shutil.copy(INVERT, tmp_path / "other.onnx")
    words = ["compare", str(INVERT), str(other), "--data", str(data)]
    assert cli.main([*words, "--metrics", "L1,PSNR"]) == 0
    assert "SSIM" not in capsys.readouterr().out
    assert cli.main([*words, "--metric", "L1", "--metric", "SSIM"]) == 0
    assert "PSNR" not in capsys.readouterr().out
    assert asked == [["L1", "PSNR"], ["L1", "SSIM"]]
    assert cli.main(["evaluate", str(INVERT), "--data", str(data), "--metrics", "IoU"]) == 1
    assert "missing: IoU: it compares classes" in capsys.readouterr().out
