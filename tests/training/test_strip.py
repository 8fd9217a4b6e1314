"""A run's training in pictures: the tiles of its sample sheets, in an exported file of any precision."""

from pathlib import Path

import numpy as np
import pytest
import tomli_w

from tests.tiny import configuration, ignore
from translate import config, pixels
from translate.card import Card
from translate.cli import main
from translate.errors import CheckpointError
from translate.exporting import describe
from translate.runtime import metadata
from translate.runtime.history import History, history
from translate.training import strip
from translate.training.resume import load_method
from translate.training.run import Run
from translate.training.sheet import GAP

SIDE = 32


def trained(method: str, town: Path, runs: Path) -> Run:
    run = Run(config.plan(configuration(method, town, steps=8, sample_every=1)), runs, ignore)
    run.train(resume=False)
    return run


def cut(run: Run, direction: str = "forward", step: int = 8) -> History:
    saved, method = load_method(run.folder, ignore)
    _, card = describe(method, saved["config"], {}, direction)
    return strip.of_run(run.folder, saved["config"], card, step)


def tiles(run: Run, step: int, place: int) -> np.ndarray:
    """The first two samples of a column of a sheet, below each other."""
    sheet = pixels.read(run.folder / "samples" / f"step_{step:09d}.png")
    left = GAP + place * (SIDE + 2 * GAP)
    return np.concatenate([sheet[top : top + SIDE, left : left + SIDE] for top in (GAP, SIDE + 2 * GAP)])


def test_a_paired_run(town: Path, tmp_path: Path) -> None:
    run = trained("pix2pix", town, tmp_path)
    found = cut(run)
    assert list(found.results) == [1, 2, 4, 5, 7, 8]
    assert (found.source == tiles(run, 8, 0)).all()
    assert all((found.results[step] == tiles(run, step, 1)).all() for step in found.results)
    assert found.target is not None
    assert (found.target == tiles(run, 8, 2)).all()
    early = cut(run, step=3)  # the best was that of step 3, say
    assert list(early.results) == [1, 2, 3]
    (run.folder / "samples" / "step_000000004.png").write_bytes(b"damaged")
    pixels.write(np.zeros((9, 9, 3), np.uint8), run.folder / "samples" / "step_000000005.png")  # of another size
    (run.folder / "samples" / "notes.png").write_bytes(b"no sheet")
    assert list(cut(run).results) == [1, 2, 7, 8]


def test_both_ways_of_an_unpaired_run(town: Path, tmp_path: Path) -> None:
    run = trained("cyclegan", town, tmp_path)
    there, back = cut(run), cut(run, "backward")
    assert (there.source == tiles(run, 8, 0)).all()
    assert (there.results[8] == tiles(run, 8, 1)).all()
    assert (back.source == tiles(run, 8, 3)).all()
    assert (back.results[8] == tiles(run, 8, 4)).all()
    assert there.target is None  # other pictures of night, which are no answer
    assert back.target is None


def test_a_run_without_sheets(town: Path, tmp_path: Path) -> None:
    made = config.plan(configuration("pix2pix", town)).resolved
    card = Card("n", "edges → day", "pix2pix", "edges", "day", size=SIDE)
    with pytest.raises(CheckpointError, match=r"no sample sheets .* leave out --history"):
        strip.of_run(tmp_path, made, card, 8)


def test_the_command(town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = {"steps": 3, "sample_every": 1, "best": "L1", "checkpoint_every": 1}
    Path("tiny.toml").write_text(tomli_w.dumps(configuration("pix2pix", town, **settings)))
    assert main(["train", "tiny.toml"]) == 0
    export = ["export", "runs/pix2pix", "-o", "m.onnx", "--precision", "bf16"]
    assert main([*export, "--history", "--best"]) == 0
    found, card = history("m.onnx"), metadata.card("m.onnx")
    assert found is not None
    step = card.training["step"]
    assert list(found.results) == list(range(1, step + 1))
    assert card.precision == "bf16"
    assert list(card.training["scores"]) == ["L1"]
