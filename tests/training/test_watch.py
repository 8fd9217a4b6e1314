"""The watch: what it says of a log and of sample sheets, when, and how often."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.tiny import BATCH, TINY, ignore, plan
from tests.training.stopping import train_to
from translate.methods import METHODS
from translate.training import checkpoint, watch
from translate.training.digest import digest
from translate.training.guard import LEAST, Guard
from translate.training.run import Run
from translate.training.symptoms import correlation, full, spread, symptoms
from translate.training.trainer import Trainer
from translate.training.watch import EARLY, LASTING, Watch


def judged(real: float, fake: float, game: str = "") -> dict[str, float]:
    return {"D/gan": 0.1, f"D/right_on_real{game}": real, f"D/right_on_fake{game}": fake}


def told(means: Mapping[str, float], steps: range, watcher: Watch | None = None) -> dict[int, list[str]]:
    """What is said at which steps."""
    watcher = watcher or Watch(paired=True)
    said = {step: watcher.look(step, means) for step in steps}
    return {step: lines for step, lines in said.items() if lines}


def test_a_d_that_wins_for_long() -> None:
    said = told(judged(1.0, 1.0), range(50, 1501, 50))
    assert list(said) == [LASTING], "once"
    assert said[LASTING][0].startswith("D has been right on 100% of both for 500 steps: ")
    assert not told(judged(1.0, 0.99), range(50, 2001, 50)), "it still learns"
    assert not told(judged(1.0, 1.0), range(50, LASTING, 50))


def test_a_lines_mean_reaches_back_to_the_line_before() -> None:
    assert list(told(judged(1.0, 1.0), range(1000, 5001, 1000))) == [1000]


def test_each_game_is_watched_on_its_own() -> None:
    said = told(judged(1.0, 1.0, "_x") | judged(0.6, 0.7, "_y"), range(100, 1001, 100))
    assert [line.partition(" has")[0] for lines in said.values() for line in lines] == ["D (x)"]
    said = told(judged(0.6, 0.7, "_x") | judged(1.0, 0.996, "_y"), range(100, 1001, 100))
    assert [line.partition(" for ")[0] for lines in said.values() for line in lines] == [
        "D (y) has been right on 99.6% of both"
    ]


@pytest.mark.parametrize(
    ("real", "fake", "text"),
    [
        (0.9, 0.01, "D has taken 99% of the fakes for real for 500 steps"),
        (0.0, 0.9, "D has taken 100% of the real pictures for fakes for 500 steps"),
    ],
)
def test_a_d_that_does_not_judge(real: float, fake: float, text: str) -> None:
    said = told(judged(real, fake), range(100, 1001, 100))
    assert list(said) == [500]
    assert said[500][0].startswith(text)


def test_a_warning_comes_again_only_after_it_has_gone_away() -> None:
    watcher = Watch(paired=True)
    assert list(told(judged(1.0, 1.0), range(50, 1001, 50), watcher)) == [500]
    assert not told(judged(0.9, 0.9), range(1050, 1101, 50), watcher)
    assert not told(judged(1.0, 1.0), range(1150, 2001, 50), watcher), "a moment is not away"
    assert not told(judged(0.9, 0.9), range(2050, 2601, 50), watcher)
    assert list(told(judged(1.0, 1.0), range(2650, 4001, 50), watcher)) == [3100]


def test_a_critic_of_codes_has_words_of_its_own() -> None:
    said = [
        told(judged(*shares), range(100, 1001, 100), Watch(paired=False, of_codes=True))[LASTING][0]
        for shares in ((1.0, 1.0), (0.9, 0.01), (0.0, 0.9))
    ]
    assert "codes are not where noise is drawn" in said[0]
    assert said[1].startswith("D has taken 99% of the codes for draws of the prior for 500 steps")
    assert said[2].startswith("D has taken 100% of the draws of the prior for codes for 500 steps")
    assert not any("picture" in text or "transform" in text for text in said)


def test_codes_that_say_nothing() -> None:
    said = told({"G/kl": 1e-6, "G/kl_nats": 0.01}, range(100, 1001, 100))
    assert list(said) == [LASTING]
    assert said[LASTING][0].startswith("G's codes say nothing of their pictures (0.01 nats) for 500 steps")
    assert not told({"G/kl": 1e-6, "G/kl_nats": 3.0}, range(100, 1001, 100))


def test_gradients_that_are_gone_or_leap() -> None:
    watcher = Watch(paired=True)
    norms = [1.0] * LEAST + [99.0, 101.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    said = [watcher.look(step, {"gradient/G": norm}) for step, norm in enumerate(norms, 1)]
    assert [step for step, lines in enumerate(said) if lines] == [LEAST + 1, LEAST + 5]
    assert said[LEAST + 1][0].startswith("G's gradient has a norm of 101, where 1 is usual")
    assert said[LEAST + 5][0].startswith("G's gradient is 0, it learns nothing")


def test_it_goes_on_from_any_line_as_if_nothing_had_happened() -> None:
    lines = [judged(1.0, 1.0) | {"gradient/D": 1.0}] * 12 + [judged(0.5, 0.5) | {"gradient/D": 500.0}] * 8
    lines += [judged(1.0, 1.0) | {"gradient/D": 0.0}] * 20
    sheet = {"source": pictures(), "translated": torch.zeros(4, 3, 8, 8), "target": pictures()}

    def take(watcher: Watch, number: int) -> list[str]:
        step = 100 * number + 100
        return watcher.look(step, lines[number]) + (watcher.look_at(step, sheet) if number % 5 == 4 else [])

    whole, said = Watch(paired=True), []
    for number in range(len(lines)):
        said.append(take(whole, number))
    assert sum(map(len, said)) == 5
    for stop in range(len(lines)):
        first, second = Watch(paired=True), Watch(paired=True)
        before = [take(first, number) for number in range(stop)]
        second.load(json.loads(json.dumps(first.state())))
        after = [take(second, number) for number in range(stop, len(lines))]
        assert before + after == said
        assert second.state() == whole.state()


def test_a_checkpoint_of_before_the_watch() -> None:
    """Its step is where the watch begins, not 0: nothing is known of what came before."""
    watcher = Watch(paired=True)
    watcher.load({"line": 10_000})
    assert list(told(judged(1.0, 1.0), range(10_050, 11_001, 50), watcher)) == [10_500]


def pictures(count: int = 4, channels: int = 3, seed: int = 0) -> Tensor:
    """Pictures in [-0.9, 0.9], each with coarse forms of its own."""
    torch.manual_seed(seed)
    small = torch.rand(count, channels, 4, 4) * 1.8 - 0.9
    return torch.nn.functional.interpolate(small, size=(8, 8))


def translation(translated: Tensor, source: Tensor | None = None, target: Tensor | None = None) -> dict[str, Tensor]:
    source = pictures(seed=1) if source is None else source
    return {"source": source, "translated": translated, "target": pictures(seed=2) if target is None else target}


def test_measures() -> None:
    assert spread(torch.tensor([-1.0, 1.0]).reshape(2, 1, 1, 1).expand(2, 3, 4, 4)) == pytest.approx(1.0)
    assert spread(pictures(1)) == 0
    assert full(torch.tensor([-1.0, -0.98, 0.97, 1.0])) == 0.75
    some = pictures()
    assert correlation(some, 0.1 * some + 0.5) == pytest.approx(1.0, abs=1e-5)
    assert correlation(some, -some) == pytest.approx(-1.0, abs=1e-5)
    assert abs(correlation(pictures(64, seed=1), pictures(64, seed=2))) < 0.1
    assert correlation(some, torch.zeros_like(some)) == 0
    assert correlation(some.mean(1, keepdim=True), some) == pytest.approx(1.0, abs=1e-5), "brightness: any channels"


@pytest.mark.parametrize("paired", [True, False])
def test_healthy_sheets_say_nothing(paired: bool) -> None:
    source, target = pictures(seed=1), pictures(seed=2)
    noisy = 0.7 * target + 0.1 * torch.randn(target.shape)
    assert symptoms(translation(noisy, source, target), paired) == {}
    assert symptoms(translation(source), paired=False) == {}, "a copy is not a negative"
    single = {name: column[:1] for name, column in translation(pictures(seed=3)).items()}
    assert "translated alike" not in symptoms(single, paired), "one picture cannot differ"
    assert symptoms({"data": target, "drawn": pictures(seed=5)}, paired) == {}
    unclear = translation(torch.full_like(target, torch.nan))
    assert symptoms(unclear, paired) == {}, "what is not finite is for others to tell"


@pytest.mark.parametrize("paired", [True, False])
def test_outputs_that_do_not_depend_on_the_input(paired: bool) -> None:
    same = pictures(1, seed=3).expand(4, -1, -1, -1) + 0.01 * torch.randn(4, 3, 8, 8)
    assert list(symptoms(translation(same), paired)) == ["translated alike"]
    constant = torch.full((4, 3, 8, 8), 0.3)
    assert symptoms(translation(same, source=constant), paired) == {}, "equal inputs have equal outputs"
    assert symptoms(translation(same, target=constant), paired) == {}, "equal outputs are what is asked for"


def test_outputs_at_the_end_of_the_range() -> None:
    target = pictures(seed=2)
    burnt = (3 * target).clamp(-1, 1)
    assert list(symptoms(translation(burnt, target=target), paired=True)) == ["translated saturated"]
    drawing = target.sign()
    assert symptoms(translation(burnt, target=drawing), paired=True) == {}, "where targets are black and white too"


def test_negatives() -> None:
    target, source = pictures(seed=2), pictures(seed=1)
    assert list(symptoms(translation(-target, source, target), paired=True)) == ["translated inverted"]
    assert list(symptoms(translation(-source, source), paired=False)) == ["translated inverted"]
    # By day the sky is bright, by night it is dark: there a negative is what is asked for.
    sky = torch.linspace(0.8, -0.8, 8).reshape(1, 1, 8, 1).expand(4, 3, 8, 8)
    day, night = sky + 0.1 * source, -sky + 0.1 * target
    assert symptoms(translation(-day, day, night), paired=False) == {}


def test_the_way_back_is_looked_at_too() -> None:
    columns = translation(pictures(seed=2)) | {"backward": torch.zeros(4, 3, 8, 8)}
    assert list(symptoms(columns, paired=False)) == ["backward alike"]


def test_mode_collapse() -> None:
    same = pictures(1, seed=3).expand(16, -1, -1, -1)
    assert list(symptoms({"data": pictures(16), "drawn": same}, paired=False)) == ["collapsed"]


def test_a_decoder_that_does_not_read() -> None:
    same = pictures(1, seed=3).expand(16, -1, -1, -1)
    silent = {"data": pictures(16), "reconstructed": same, "drawn": same}
    assert list(symptoms(silent, paired=False)) == ["reconstructed alike"], "said once"
    assert symptoms(silent | {"reconstructed": 0.8 * pictures(16)}, paired=False).keys() == {"collapsed"}
    assert symptoms({"data": pictures(16), "reconstructed": 0.8 * pictures(16)}, paired=False) == {}


def test_sheets_are_judged_late_and_twice() -> None:
    watcher = Watch(paired=True)
    bad = translation(torch.zeros(4, 3, 8, 8))
    assert watcher.look_at(EARLY - 500, bad) == []
    assert watcher.look_at(EARLY, bad) == []
    assert len(watcher.look_at(EARLY + 500, bad)) == 1
    assert watcher.look_at(EARLY + 1000, bad) == []
    for step in (EARLY + 1500, EARLY + 2000):
        assert watcher.look_at(step, translation(pictures(seed=2))) == []
    assert watcher.look_at(EARLY + 2500, bad) == []
    assert len(watcher.look_at(EARLY + 3000, bad)) == 1, "after it had gone away"


def test_the_guard_does_not_mind_shares() -> None:
    guard = Guard(2.0)
    for step in range(10):
        guard.look(step, {"D/gan": 1.0, "D/right_on_fake": 0.01})
    guard.look(10, {"D/gan": 1.0, "D/right_on_fake": 1.0})


def test_a_line_for_the_eye() -> None:
    means = {"G/gan_y": 0.3, "G/gan_x": 0.4, "G/cycle_y": 12.34, "G/cycle_x": 1.0, "D/gan_y": 0.2, "D/gan_x": 0.1}
    means |= {f"D/right_on_{kind}_{game}": share for game in "yx" for kind, share in (("real", 0.61), ("fake", 0.578))}
    means["D/right_on_real_x"] = 1.0
    line = "G gan 0.400|0.300 cycle 1.000|12.3  D gan 0.100|0.200 right 100% 58%|61% 58%"
    assert digest(means) == line
    assert digest({"D/gan": 0.5, "G/l1": 1.0}) == "D gan 0.500  G l1 1.000"


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Warnings within the few steps of a tiny run."""
    for name, value in {"LASTING": 3, "EARLY": 2, "SHEETS": 1, "WON": 0.0}.items():
        monkeypatch.setattr(watch, name, value)
    monkeypatch.setattr("translate.training.symptoms.ALIKE", 1e9)


@pytest.mark.usefixtures("_soon")
@pytest.mark.parametrize("method", TINY)
def test_warnings_are_a_function_of_the_steps(method: str, town: Path, tmp_path: Path) -> None:
    """Said, logged, and the same in a run that was stopped after each of its checkpoints."""
    settings = {"steps": 8, "sample_every": 3, "log_every": 1, "checkpoint_every": 1, "batch": BATCH.get(method, 1)}
    said: list[str] = []
    whole = Run(plan(method, town, **settings), tmp_path / "whole", said.append)
    whole.train(resume=False)
    lines = [json.loads(line) for line in (whole.folder / "log.jsonl").read_text().splitlines()]
    warnings = [line for line in lines if "warning" in line]
    # Some critics say how far, not which of two; some methods have none, and one draws nothing.
    verdicts = method not in ("wgan", "wgan_gp", "progressive", "vae", "classifier")
    sheets = method != "classifier"
    assert len(warnings) >= sheets + verdicts, "of the sheet, and of the game where there are verdicts"
    assert all(set(line) == {"step", "warning"} for line in warnings)
    assert [line["step"] for line in lines] == sorted(line["step"] for line in lines)
    assert [f"warning: {line['warning']}" for line in warnings] == [line for line in said if line[:8] == "warning:"]
    right = {"D/right_on_real" + ("_x" if method == "cyclegan" else "")} if verdicts else set()
    assert set(lines[0]) >= {*right, *(f"gradient/{player}" for player in METHODS[method].players), "train/lr"}
    for stop in range(1, 8):
        train_to(Run(plan(method, town, **settings), tmp_path / "stopped", ignore), stop)
    run = Run(plan(method, town, **settings), tmp_path / "stopped", ignore)
    run.train(resume=True)
    assert (run.folder / "log.jsonl").read_text() == (whole.folder / "log.jsonl").read_text()
    states = [checkpoint.newest(one.checkpoints, ignore) for one in (run, whole)]
    assert states[0] is not None
    assert states[1] is not None
    assert states[0]["watch"] == states[1]["watch"]


def test_a_player_that_sits_out_has_no_gradient(town: Path, tmp_path: Path) -> None:
    """What is left of its last turn would be gone after an interruption."""
    made = plan("dcgan", town, steps=4)
    made.resolved["method"]["critic_steps"] = 2
    run = Run(made, tmp_path, ignore)
    run.train(resume=False)
    lines = [json.loads(line) for line in (run.folder / "log.jsonl").read_text().splitlines()]
    assert ["gradient/G" in line for line in lines] == [False, True, False, True]
    assert all("gradient/D" in line for line in lines)


def test_a_gradient_that_is_not_finite_ends_the_run(
    town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from translate.errors import DivergedError

    monkeypatch.setattr(Trainer, "gradients", lambda self: {"G": torch.tensor(torch.inf)})
    with pytest.raises(DivergedError, match="step 1: gradient/G is inf"):
        Run(plan("pix2pix", town), tmp_path, ignore).train(resume=False)
