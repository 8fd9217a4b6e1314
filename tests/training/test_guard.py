"""What keeps a run from ending badly: the watch for losses that explode, and the memory of the best checkpoint."""

import json
import math
from pathlib import Path

import pytest
import torch

from tests.tiny import ignore, plan
from translate.batches import to_bytes, to_device
from translate.data.loading import Pictures
from translate.errors import CheckpointError, ConfigError, DivergedError
from translate.metrics import l1
from translate.training import checkpoint
from translate.training.guard import LEAST, Guard
from translate.training.resume import load_method
from translate.training.run import SETBACKS, Run
from translate.training.trainer import Trainer


def test_only_what_is_unusual_is_told() -> None:
    guard = Guard(4.0)
    for step in range(LEAST):
        guard.look(step, {"G/gan": 100.0 if step == 0 else 1.0})  # at first anything goes
    guard.look(10, {"G/gan": -3.9})
    saved = guard.state()
    with pytest.raises(DivergedError, match=r"step 11: G/gan is 4.1, where 1 is usual"):
        guard.look(11, {"G/gan": 4.1})
    assert guard.state() == saved
    Guard(0.0).look(12, {"G/gan": math.inf})
    idle = Guard(4.0)
    for step in range(LEAST):
        idle.look(step, {"D/gan": 0.001})
    idle.look(LEAST, {"D/gan": 0.3})  # so little is no measure
    with pytest.raises(DivergedError):
        idle.judge(LEAST + 1, {"D/gan": 2.1})


def test_what_nobody_minimises_may_jump() -> None:
    """Names are matched whole, but for the shares of right answers, which have an end for each game."""
    free = ("G/kl_nats", "G/squared_error", "C/right", "D/side", "D/right_on_real_x")
    held = ("G/kl", "G/squared_error_y", "C/righteous", "D/sided", "C/cross_entropy")
    guard = Guard(4.0)
    for step in range(LEAST):
        guard.look(step, dict.fromkeys((*free, *held), 1.0))
    guard.look(LEAST, dict.fromkeys(free, 1e6))
    for term in held:
        with pytest.raises(DivergedError, match=f"{term} is 1e"):
            guard.judge(LEAST + 1, {term: 1e6})


def poisoned(monkeypatch: pytest.MonkeyPatch, attempts: int) -> None:
    """Round 4 gives NaN in the first so many attempts."""
    play = Trainer.play

    def played(self, batch):
        losses = play(self, batch)
        if self.step == 4 and self.attempt < attempts:
            return {term: loss * math.nan for term, loss in losses.items()}
        return losses

    monkeypatch.setattr(Trainer, "play", played)


def guarded(town: Path, runs: Path, said: list[str] | None = None) -> Run:
    settings = {"steps": 6, "guard": 10.0, "checkpoint_every": 2, "log_every": 1}
    return Run(plan("pix2pix", town, **settings), runs, ignore if said is None else said.append)


def test_back_to_the_last_checkpoint_and_on_with_other_draws(
    town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm = guarded(town, tmp_path / "calm")
    calm.train(resume=False)
    poisoned(monkeypatch, attempts=2)
    said: list[str] = []
    run = guarded(town, tmp_path / "guarded", said)
    assert run.train(resume=False).step == 6
    assert run.trainer.attempt == 2
    assert sum("back to step 2, and on with other draws" in line for line in said) == 2
    lines, others = (
        [json.loads(line) for line in (one.folder / "log.jsonl").read_text().splitlines()] for one in (run, calm)
    )
    assert [line["step"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert lines[:2] == others[:2]
    assert lines[2:] != others[2:], "it would only happen again"
    saved = checkpoint.newest(run.checkpoints, ignore)
    assert saved is not None
    assert saved["attempt"] == 2


def test_what_explodes_between_two_lines_is_not_saved(
    town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play = Trainer.play

    def played(self, batch):
        losses = play(self, batch)
        large = 1e6 if self.step == 13 and not self.attempt else 1.0
        return {term: loss * large for term, loss in losses.items()}

    monkeypatch.setattr(Trainer, "play", played)
    said: list[str] = []
    settings = {"steps": 16, "guard": 10.0, "checkpoint_every": 13, "log_every": 2}
    run = Run(plan("pix2pix", town, **settings), tmp_path, said.append)
    assert run.train(resume=False).step == 16
    assert sum("step 13" in line and "back to step 0" in line for line in said) == 1


def test_what_happens_again_and_again_is_no_chance(town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    poisoned(monkeypatch, attempts=99)
    run = guarded(town, tmp_path)
    with pytest.raises(DivergedError, match="step 4: "):
        run.train(resume=False)
    assert run.trainer.attempt == SETBACKS


def test_even_the_first_steps_have_something_to_go_back_to(
    town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned(monkeypatch, attempts=1)
    run = Run(plan("pix2pix", town, steps=5, guard=10.0, checkpoint_every=100, log_every=1), tmp_path, ignore)
    assert run.train(resume=False).step == 5


def test_the_best_is_kept_beside_the_newest(town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The second of three is the best.
    scores = iter([20.0, 20.0, 25.0, 25.0, 22.0, 22.0])
    monkeypatch.setitem(checkpoint_metrics(), "PSNR", lambda output, target: next(scores))
    run = Run(plan("pix2pix", town, steps=3, best="PSNR", checkpoint_every=1, keep=1), tmp_path, ignore)
    run.train(resume=False)
    assert [path.name for path in checkpoint.found(run.checkpoints)] == [checkpoint.name(2), checkpoint.name(3)]
    assert load_method(run.folder, ignore, best=True)[0]["step"] == 2
    assert load_method(run.folder, ignore)[0]["step"] == 3
    held_out = [json.loads(line) for line in (run.folder / "log.jsonl").read_text().splitlines() if "held_out" in line]
    assert held_out == [{"step": step, "held_out/PSNR": score} for step, score in ((1, 20.0), (2, 25.0), (3, 22.0))]


def checkpoint_metrics() -> dict:
    from translate.training import scoring

    return scoring.PAIRED


def test_the_score_is_that_of_the_averaged_network(town: Path, tmp_path: Path) -> None:
    made = plan("pix2pix", town, steps=2, best="L1", checkpoint_every=2)
    run = Run(made, tmp_path, ignore)
    run.train(resume=False)
    assert run.scorer is not None
    assert run.scorer.best is not None
    _, method = load_method(run.folder, ignore)
    from translate.networks.norm import per_image

    network, distances = per_image(method.G), []
    for batch in Pictures(made.layout, made.transform).held_out():
        with torch.no_grad():
            (output,) = to_bytes(network(to_device(batch, torch.device("cpu")).source))
        distances.append(l1(output.permute(1, 2, 0).numpy(), batch.target[0].permute(1, 2, 0).numpy()))
    assert run.scorer.best["score"] == pytest.approx(sum(distances) / len(distances), abs=0.01)
    assert len(distances) == 2


def test_best_needs_pairs_that_are_held_out(town: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no held-out pairs to score on"):
        Run(plan("cyclegan", town, best="L1"), tmp_path, ignore)
    with pytest.raises(ConfigError, match="best = 'l1': choose one of L1, PSNR, SSIM"):
        plan("pix2pix", town, best="l1")
    run = Run(plan("pix2pix", town, steps=1), tmp_path, ignore)
    run.train(resume=False)
    with pytest.raises(CheckpointError, match=r"set train.best to a metric"):
        load_method(run.folder, ignore, best=True)
