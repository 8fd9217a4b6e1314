"""What the commands `evaluate` and `compare` take, and refuse before they work."""

from pathlib import Path

import pytest
import tomli_w

from tests.tiny import configuration
from translate import cli

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
