"""Better, worse or not to be told: closed forms, and how often the interval and the verdict are right."""

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tomli_w

from tests.tiny import configuration
from translate import cli
from translate.errors import ConfigError, DataError
from translate.evaluation import bootstrap, comparing
from translate.evaluation.compare import Comparison, Contestant, compare, contestants
from translate.evaluation.scores import Scores

INVERT = Path(__file__).parents[1] / "assets" / "invert.onnx"


def names(count: int) -> list[str]:
    return [f"{index:03}.png" for index in range(count)]


def contestant(name: str, **numbers: object) -> Contestant:
    columns = {metric.replace("_", "-"): [float(number) for number in column] for metric, column in numbers.items()}
    return Contestant(name, names(len(next(iter(columns.values())))), columns, {})


def scores(of_models: dict[str, dict[str, list[float]]], pictures: list[str], **more: object) -> Scores:
    return Scores("edges → photo, pairs", pictures, of_models, **more)


def test_few_pictures_written_out() -> None:
    """Of two pictures, a mean is the first, the second (a quarter each) or half way."""
    drawn = bootstrap.means(np.array([[0.0], [1.0]]), resamples=40_000)[:, 0]
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == [0, 0.5, 1]
    assert counts / 40_000 == pytest.approx([0.25, 0.5, 0.25], abs=0.01)
    assert bootstrap.interval(drawn, 2) == (0, 1)
    assert bootstrap.interval(drawn, 1) == (-math.inf, math.inf)


def test_the_interval_is_students_where_the_law_is_normal() -> None:
    values = np.random.default_rng(3).normal(5, 2, (12, 1))
    low, high = bootstrap.interval(bootstrap.means(values)[:, 0], 12)
    half = 2.2009851600916 * values.std(ddof=1) / math.sqrt(12)  # t of 11 degrees at 97.5 %
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.15 * half)


def test_columns_are_drawn_together_and_again_the_same() -> None:
    values = np.random.default_rng(0).normal(size=(20, 1))
    both = bootstrap.means(np.hstack([values, values + 3]), resamples=500)
    assert np.allclose(both[:, 1] - both[:, 0], 3)
    assert np.array_equal(both, bootstrap.means(np.hstack([values, values + 3]), resamples=500))
    assert not np.array_equal(both, bootstrap.means(np.hstack([values, values + 3]), seed=1, resamples=500))


def test_many_pictures_are_drawn_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).normal(size=(50, 2))
    whole = bootstrap.means(values, resamples=300)
    monkeypatch.setattr(bootstrap, "_AT_ONCE", 50 * 7)
    assert np.array_equal(whole, bootstrap.means(values, resamples=300))


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng, held = np.random.default_rng(8), 0
    for trial in range(600):
        gaps = rng.gamma(2, 1, (25, 1))  # skewed, mean 2
        low, high = bootstrap.interval(bootstrap.means(gaps, trial, 1000)[:, 0], 25)
        held += low <= 2 <= high
    assert 0.925 <= held / 600 <= 0.97


def test_nothing_is_seldom_found_where_there_is_nothing() -> None:
    """Three models and two metrics, all alike: a family of four verdicts, of which any is false in about 5 %."""
    rng, wrong, better = np.random.default_rng(5), 0, 0
    for trial in range(250):
        hard = rng.gamma(3, 2, 30)
        models = [
            contestant(name, L1=hard + rng.normal(0, 1, 30), SSIM=0.5 + 0.1 * rng.normal(0, 1, 30)) for name in "ABC"
        ]
        verdicts = [line.verdict for line in compare(models, seed=trial, resamples=600).differences]
        assert len(verdicts) == 4
        wrong += any(verdict != "cannot tell" for verdict in verdicts)
        better += any(verdict == "better" for verdict in verdicts)
    assert wrong / 250 <= 0.07
    assert better / 250 <= 0.05


def test_holm_written_out() -> None:
    assert bootstrap.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert bootstrap.holm([0.9, 0.8]) == pytest.approx([1, 1])


@pytest.mark.parametrize(
    ("metric", "gap", "verdict"), [("L1", -0.1, "better"), ("L1", 0.1, "worse"), ("SSIM", 0.1, "better")]
)
def test_a_constant_difference_is_certain(metric: str, gap: float, verdict: str) -> None:
    hard = np.random.default_rng(0).uniform(0.2, 0.6, 20).round(3)
    found = compare([contestant("a", **{metric: hard}), contestant("b", **{metric: hard + gap})])
    (line,) = found.differences
    assert (line.verdict, line.baseline, line.model) == (verdict, "a", "b")
    assert [line.difference, line.low, line.high] == pytest.approx([gap] * 3, abs=1e-12)
    assert line.chance == line.adjusted < 0.01


def test_the_same_cannot_be_told_apart() -> None:
    hard = np.random.default_rng(0).uniform(5, 30, 40)
    (line,) = compare([contestant("a", L1=hard), contestant("b", L1=hard)]).differences
    assert (line.difference, line.low, line.high, line.chance, line.verdict) == (0, 0, 0, 1, "cannot tell")


def test_five_pictures_tell_nothing() -> None:
    found = compare([contestant("a", L1=[9] * 5), contestant("b", L1=[1] * 5)])
    assert found.differences[0].verdict == "cannot tell"
    assert "5 pictures are too few to tell anything: 6 are the least." in found.notes
    assert compare([contestant("a", L1=[9] * 6), contestant("b", L1=[1] * 6)]).differences[0].verdict == "better"


def test_a_pairs_difference_is_seen_through_what_pictures_differ_by() -> None:
    hard = np.random.default_rng(1).normal(20, 8, 30)
    gaps = np.random.default_rng(2).normal(-0.5, 0.4, 30)
    line = compare([contestant("a", L1=hard), contestant("b", L1=hard + gaps)]).differences[0]
    assert line.verdict == "better"
    apart = [bootstrap.interval(bootstrap.means(x[:, None])[:, 0], 30) for x in (hard, hard + gaps)]
    assert apart[0][0] < apart[1][1], "the means' own intervals overlap"


def test_infinite_psnr_counts_as_the_largest_there_is() -> None:
    found = compare(
        [
            contestant("a", PSNR=[20, 70, math.inf, math.inf, 30, 30]),
            contestant("b", PSNR=[20, math.inf, math.inf, 25, 30, 30]),
        ]
    )
    (line,) = found.differences
    assert line.means == pytest.approx(((20 + 70 + 70 + 70 + 60) / 6, (20 + 70 + 70 + 25 + 60) / 6))
    assert line.difference == pytest.approx(-45 / 6)
    assert any(note.startswith("4 outputs equal their targets") and "58.9 dB" in note for note in found.notes)
    assert bootstrap.finite([[math.inf, 20.0]])[:, 0].tolist() == [bootstrap.ROUNDING, 20]
    assert pytest.approx(10 * math.log10(255**2 / (1 / 12))) == bootstrap.ROUNDING


def test_pictures_are_matched_by_name() -> None:
    first = Contestant("a", ["x", "y", "z"], {"L1": [1, 2, 3]}, {})
    second = Contestant("b", ["z", "x", "y"], {"L1": [3, 1, 2]}, {})
    assert compare([first, second]).differences[0].difference == 0
    assert not any("of other data" in note for note in compare([first, second]).notes)
    apart = [replace(first, data="c0ffee"), replace(second, data="decade")]
    assert any("of other data" in note for note in compare(apart).notes)
    with pytest.raises(DataError, match="b and a are not of the same pictures: 2 names of 3 and 3 are in both"):
        compare([first, Contestant("b", ["x", "y", "other"], {"L1": [1, 2, 3]}, {})])
    with pytest.raises(DataError, match="not of the same pictures"):
        compare([Contestant("a", ["x", "x"], {"L1": [1, 2]}, {}), Contestant("b", ["x"], {"L1": [1]}, {})])
    with pytest.raises(DataError, match="takes two"):
        compare([first])
    with pytest.raises(ConfigError, match="not all of them have L2 of each picture; did you mean 'L1'"):
        compare([first, second], ["L2"])


def test_sets_are_shown_without_a_verdict() -> None:
    of_models = {"a": {"L1": [1.0] * 8}, "b": {"L1": [2.0] * 8}, "copy the input": {"L1": [3.0] * 8}}
    sets = {"a": {"FID": 40.0, "SWD": 2.0, "SWD 64": 3.0}, "b": {"FID": 30.0, "SWD": 1.0, "SWD 64": 2.0}}
    found = compare(contestants(scores(of_models, names(8), sets=sets)))
    assert [one.name for one in found.contestants] == ["a", "b"]
    assert found.sets() == ["FID", "SWD"]
    lines = [" ".join(line.split()) for line in found.table().splitlines()]
    assert "FID ↓ 40.00 30.00 −10.00 of the whole set no verdict" in lines
    assert {line.metric for line in found.differences} == {"L1"}
    assert any("no interval and no verdict" in note for note in found.notes)


def test_models_are_called_by_their_files() -> None:
    one, two = scores({"m": {"L1": [1.0]}}, ["x"]), scores({"m": {"L1": [1.0]}, "n": {"L1": [1.0]}}, ["x"])
    assert [found.name for found in contestants(one, "old")] == ["old"]
    assert [found.name for found in contestants(two, "new")] == ["new: m", "new: n"]
    assert [found.name for found in contestants(two)] == ["m", "n"]


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Scores of three models: the second better than the first by L1 and worse by SSIM, the third like the first."""
    rng = np.random.default_rng(4)
    hard = rng.uniform(5, 20, 24)
    for name, l1, ssim in (("old", 0, 0), ("new", -1, -0.1), ("again", 0, 0)):
        numbers = {
            "L1": (hard + l1 + rng.normal(0, 0.2, 24)).tolist(),
            "SSIM": (0.9 - hard / 40 + ssim + rng.normal(0, 0.01, 24)).tolist(),
        }
        scores({"model": numbers}, names(24)).save(tmp_path / f"{name}.json")
    return [tmp_path / f"{name}.json" for name in ("old", "new", "again")]


def test_the_command(files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["compare", *map(str, files)]
    out, page = tmp_path / "out.json", tmp_path / "out.html"
    assert cli.main([*words, "--save", str(out), "--report", str(page)]) == 0
    told = capsys.readouterr().out
    assert "new against old, 24 pictures" in told
    assert "again against old, 24 pictures" in told
    verdicts = {(line["model"], line["metric"]): line["verdict"] for line in json.loads(out.read_text())["differences"]}
    assert verdicts == {
        ("new", "L1"): "better",
        ("new", "SSIM"): "worse",
        ("again", "L1"): "cannot tell",
        ("again", "SSIM"): "cannot tell",
    }
    text = page.read_text(encoding="utf-8")
    assert '<td class="verdict worse">worse</td>' in text
    assert "family of 4 comparisons" in text
    assert cli.main([*words, "--fail-if-worse", "L1"]) == 0
    assert cli.main([*words, "--fail-if-worse", "L1", "--fail-if-worse", "SSIM"]) == 1
    assert cli.main([*words, "--metric", "L1", "--fail-if-worse", "SSIM"]) == 1
    assert "--fail-if-worse SSIM: it is not compared; there are L1" in capsys.readouterr().err
    assert cli.main(["compare", str(files[0]), str(files[0])]) == 1
    assert "is given twice" in capsys.readouterr().err


def test_the_command_evaluates_models_first(town: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = configuration("pix2pix", town) | {"domains": ["photo", "negative"]}
    (tmp_path / "data.toml").write_text(tomli_w.dumps(config))
    other = shutil.copy(INVERT, tmp_path / "other.onnx")
    words = ["compare", str(INVERT), str(other), "--data", str(tmp_path / "data.toml"), "--metric", "L1"]
    assert cli.main([*words, "--report", str(tmp_path / "out.html")]) == 0
    assert "other against invert, 2 pictures" in capsys.readouterr().out
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert page.count('<li class="card"') == 2
    assert page.count('data-role="output"') == 4


def test_the_pictures_on_which_models_differ_most_come_first() -> None:
    numbers = {
        "a": {"L1": [1.0, 1.0, 1.0], "SSIM": [0.5, 0.5, 0.5]},
        "b": {"L1": [1.0, 3.0, 2.0], "SSIM": [0.9, 0.5, 0.5]},
    }
    assert comparing.widest_first(["x", "y", "z"], numbers) == ["x", "y", "z"]
    assert comparing.widest_first(["x", "y", "z"], {m: {"L1": of["L1"]} for m, of in numbers.items()}) == [
        "y",
        "z",
        "x",
    ]


def test_a_comparison_is_saved_as_json_of_any_reader(tmp_path: Path) -> None:
    found = compare([contestant("a", PSNR=[math.inf]), contestant("b", PSNR=[20])])
    assert isinstance(found, Comparison)
    found.save(tmp_path / "out.json")

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    record = json.loads((tmp_path / "out.json").read_text(), parse_constant=refuse)
    assert record["contestants"][0]["numbers"]["PSNR"] == [None]
    assert record["pictures"] == ["000.png"]
