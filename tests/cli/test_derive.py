"""`translate data derive`: the files are what training derives."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from translate import cli, pixels
from translate.batches import to_bytes
from translate.data.derived import derivation


def test_writes_what_training_derives(town: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "edges"
    assert cli.main(["data", "derive", f"{town}/day", "-o", str(out), "--as", "canny", "sigma=2", "invert=true"]) == 0
    assert "8 pictures, edges by Canny" in capsys.readouterr().out
    for path in pixels.find(town / "day"):
        photo = torch.from_numpy(pixels.read(path, 3).transpose(2, 0, 1)[None].copy()).float() / 127.5 - 1
        expected = to_bytes(derivation({"name": "canny", "sigma": 2.0, "invert": True})(photo))[0, 0].numpy()
        assert np.array_equal(pixels.read(out / f"{path.stem}.png", 1)[..., 0], expected)


def test_holes_are_transparent_in_the_files(town: Path, tmp_path: Path) -> None:
    assert cli.main(["data", "derive", f"{town}/day", "-o", str(tmp_path), "--as", "mask"]) == 0
    picture = pixels.read(pixels.find(tmp_path)[0], 4)
    assert set(np.unique(picture[..., 3])) == {0, 255}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--as", "cany"], "derive.name = 'cany' is not known; did you mean 'canny'"),
        (["--as", "canny", "sigm=2"], "there is no key 'sigm'; did you mean 'sigma'"),
        (["--as", "canny", "sigma=200"], "sigma = 200: give 0.3 to 10"),
        (["--as", "canny", "sigma"], "'sigma': an override is written"),
    ],
)
def test_mistakes_are_told(words: list[str], told: str, town: Path, tmp_path: Path, capsys) -> None:
    assert cli.main(["data", "derive", f"{town}/day", "-o", str(tmp_path / "out"), *words]) == 1
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_photos_in_an_archive(town: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for path in pixels.find(town / "day"):
            archive.write(path, f"day/{path.name}")
    for photos, out in ((town / "day", "one"), (tmp_path / "photos.zip" / "day", "other")):
        assert cli.main(["data", "derive", str(photos), "-o", str(tmp_path / out), "--as", "grey"]) == 0
    one, other = ({p.name: p.read_bytes() for p in (tmp_path / out).iterdir()} for out in ("one", "other"))
    assert len(one) == 8
    assert one == other


def test_photos_are_not_written_over(town: Path, capsys: pytest.CaptureFixture) -> None:
    assert cli.main(["data", "derive", f"{town}/day", "-o", f"{town}/day", "--as", "grey"]) == 1
    assert "is the folder of the photos" in capsys.readouterr().err
