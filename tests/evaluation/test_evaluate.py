"""Scores on pairs: who is compared, on what, and in which direction."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from tests.tiny import configuration
from tests.tiny import plan as tiny_plan
from translate import card, pixels
from translate.card import Card
from translate.config import Plan
from translate.config import plan as resolve
from translate.errors import ConfigError, DataError
from translate.evaluation import Scores, evaluate
from translate.evaluation.fitting import relation
from translate.metrics import METRICS, l1, psnr
from translate.metrics.frechet import frechet
from translate.metrics.kernel import mmd

INVERT = Path(__file__).parents[1] / "assets" / "invert.onnx"


def plan(method: str, town: Path, **data: object) -> Plan:
    """Pairs of the words that are on the card of the model that inverts."""
    config = configuration(method, town) | {"domains": ["photo", "negative"]}
    return resolve(config | {"data": config["data"] | data})


def recarded(path: Path, **changes: object) -> Path:
    """The model that inverts, under another card."""
    model = onnx.load(INVERT)
    (entry,) = [entry for entry in model.metadata_props if entry.key == card.KEY]
    entry.value = replace(Card.from_json(entry.value), **changes).to_json()
    onnx.save(model, path)
    return path


@pytest.fixture(autouse=True)
def no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine has, tests see none of it."""
    for name in ("TRANSLATE_WEIGHTS", "XDG_CACHE_HOME", "TORCH_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))


def test_scores_beside_those_who_learnt_nothing(tmp_path: Path, town: Path) -> None:
    scores = evaluate([INVERT, recarded(tmp_path / "other.onnx", name="other")], plan("pix2pix", town))
    assert scores.names == ["00006.png", "00007.png"]
    edges, day = (pixels.read(town / view / "00006.png") for view in ("edges", "day"))
    assert scores.numbers["invert"]["L1"][0] == pytest.approx(l1(255 - edges, day))
    assert scores.numbers["other"] == scores.numbers["invert"]
    assert scores.numbers["copy the input"]["PSNR"][0] == pytest.approx(psnr(edges, day))
    mean = np.mean([pixels.read(path) for path in pixels.find(town / "day")[:6]], axis=0)
    assert scores.numbers["predict the mean"]["L1"][0] == pytest.approx(l1(np.round(mean).astype(np.uint8), day))
    assert scores.table().startswith("photo → negative, 2 pairs\n")
    assert "the truth itself" not in scores.table()
    assert max(map(len, scores.table().splitlines())) < 120
    assert set(scores.numbers["invert"]) == set(METRICS), "of 32 pixels there is no MS-SSIM, and LPIPS has no weights"
    assert set(scores.missing) == {"MS-SSIM", "LPIPS", "FID", "KID", "SWD"}
    assert scores.facts["pictures"] == 2
    assert scores.facts["card"]["other"]["name"] == "other"


def test_a_model_of_the_way_back_is_scored_on_the_way_back(tmp_path: Path, town: Path) -> None:
    back = recarded(tmp_path / "back.onnx", source="negative", target="photo")
    scores = evaluate([back], plan("pix2pix", town))
    edges, day = (pixels.read(town / view / "00006.png") for view in ("edges", "day"))
    assert scores.numbers["back"]["L1"][0] == pytest.approx(l1(255 - day, edges))
    mean = np.mean([pixels.read(path) for path in pixels.find(town / "edges")[:6]], axis=0)
    assert scores.numbers["predict the mean"]["L1"][0] == pytest.approx(l1(np.round(mean).astype(np.uint8), edges))
    with pytest.raises(DataError, match="score each direction by itself"):
        evaluate([INVERT, back], plan("pix2pix", town))
    with pytest.raises(DataError, match=r"the pairs are source and target: say which is which"):
        evaluate([INVERT], tiny_plan("pix2pix", town))


def test_channels_must_fit(town: Path) -> None:
    told = r"invert does not .* it makes \(3 .*\) of \(3 .*\), they would need \(3 .*\) of \(1 channel of uint8\)"
    with pytest.raises(DataError, match=told):
        evaluate([INVERT], plan("pix2pix", town, source_channels=1))


def test_models_of_one_name_are_told_apart(town: Path, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    other = recarded(tmp_path / "a" / "invert.onnx")
    assert list(evaluate([INVERT, other], plan("pix2pix", town)).numbers)[:2] == [str(INVERT), str(other)]


def test_a_set_that_is_only_for_scores_has_no_mean(town: Path) -> None:
    scores = evaluate([INVERT], plan("pix2pix", town, holdout=8))
    assert len(scores.names) == 8
    assert list(scores.numbers) == ["invert", "copy the input"]


def test_what_was_trained_on_is_not_scored(town: Path) -> None:
    layout = tiny_plan("pix2pix", town).layout
    facts = {"name": "m", "task": "a → b", "method": "pix2pix", "source": "a", "target": "b"}
    seen = {"data": layout.fingerprint(), "held_out": 2}
    ours, others = Card(**facts, training=seen), Card(**facts, training={"data": "other", "held_out": 0})
    assert relation([ours], layout) == "held-out pairs"
    assert relation([others], layout) == relation([ours, others], layout) == "pairs"
    with pytest.raises(DataError, match="held out 1 of these and was trained on the rest"):
        relation([others, Card(**facts, training=seen | {"held_out": 1})], layout)


def test_what_is_wanted_alone(town: Path) -> None:
    scores = evaluate([INVERT], plan("pix2pix", town), metrics=["L1", "SWD"])
    assert set(scores.numbers["invert"]) == {"L1"}
    assert scores.missing == {"SWD": "SWD compares sets, of 10 pictures at the least, not 2"}
    with pytest.raises(ConfigError, match=r"there is no metric 'SIM'; did you mean 'SSIM'"):
        evaluate([INVERT], plan("pix2pix", town), metrics=["SIM"])
    with pytest.raises(ConfigError, match=r"no file of weights called 'vgg'; there are alexnet, inception"):
        evaluate([INVERT], plan("pix2pix", town), weights={"vgg": Path("x")})


def test_every_picture_is_shown_in_order(town: Path) -> None:
    seen = []
    evaluate([INVERT], plan("pix2pix", town), metrics=["L1"], watch=lambda *one: seen.append(one))
    (name, source, target, outputs), (other, *_) = seen
    assert (name, other) == ("00006.png", "00007.png")
    np.testing.assert_array_equal(source, pixels.read(town / "edges" / name))
    np.testing.assert_array_equal(target, pixels.read(town / "day" / name))
    np.testing.assert_array_equal(outputs["invert"], 255 - source)
    assert list(outputs) == ["invert", "copy the input", "predict the mean"]


@pytest.fixture(scope="module")
def twenty_four(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough scenes to compare sets."""
    from translate.data import town

    folder = tmp_path_factory.mktemp("twenty_four")
    town.make(folder, 24, 32, ("day", "night"))
    return folder


def unpaired(town: Path, source: str, target: str, holdout: int) -> Plan:
    config = configuration("cyclegan", town) | {"domains": ["photo", "negative"]}
    data = {"layout": "unpaired", "source": str(town / source), "target": str(town / target), "holdout": holdout}
    return resolve(config | {"data": data}, networks=False)


def test_unpaired_data_are_scored_as_sets(twenty_four: Path) -> None:
    seen = []
    scores = evaluate(
        [INVERT], unpaired(twenty_four, "day", "night", 12), watch=lambda name, *rest: seen.append((name, rest[1]))
    )
    assert scores.numbers == {}
    assert set(scores.sets) == {"invert", "copy the input", "real against real"}
    assert set(scores.sets["invert"]) == {"SWD", "SWD 32", "SWD 16"}
    assert scores.sets["real against real"]["SWD"] < scores.sets["copy the input"]["SWD"]
    assert set(scores.missing) == {"FID", "KID"}
    assert scores.title == "photo → negative, 12 pictures"
    assert seen[0] == ("00012.png", None)
    # With fewer to learn from than are held out, the latter are halved; of too few nothing is said.
    assert "real against real" in evaluate([INVERT], unpaired(twenty_four, "day", "night", 20)).sets
    assert "real against real" not in evaluate([INVERT], unpaired(twenty_four, "day", "night", 19)).sets
    told = evaluate([INVERT], unpaired(twenty_four, "day", "night", 12), metrics=["L1", "SWD"]).missing
    assert told == {"L1": "it compares a picture with its own truth, and these data are not paired"}


def test_a_set_is_as_near_to_itself_as_can_be(twenty_four: Path, tmp_path: Path) -> None:
    """Nights that were inverted, inverted: the held-out nights themselves."""
    negatives = tmp_path / "negatives"
    negatives.mkdir()
    for path in pixels.find(twenty_four / "night"):
        pixels.write(255 - pixels.read(path), negatives / path.name)
    config = configuration("cyclegan", twenty_four) | {"domains": ["photo", "negative"]}
    data = {"layout": "unpaired", "source": str(negatives), "target": str(twenty_four / "night"), "holdout": 12}
    scores = evaluate([INVERT], resolve(config | {"data": data}, networks=False))
    assert scores.sets["invert"]["SWD"] == 0
    back = recarded(tmp_path / "back.onnx", source="negative", target="photo")
    scores = evaluate([back], resolve(config | {"data": data}, networks=False))
    assert scores.sets["back"]["SWD"] == 0
    assert scores.sets["copy the input"]["SWD"] > 0


def test_fid_of_few_pictures_is_told_with_what_it_means(
    twenty_four: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Features in Inception's place: the mean colour, so that the distances are known."""
    from translate.metrics import inception

    asked: list[int] = []

    def mean_colours(pictures: list, file: Path | None = None, device: str = "cpu") -> np.ndarray:
        asked.append(len(pictures))
        return np.stack([picture.mean((0, 1)) for picture in pictures])

    monkeypatch.setattr(inception, "features", mean_colours)
    file = tmp_path / "inception.pth"
    file.write_bytes(b"not read here")
    made = unpaired(twenty_four, "day", "night", 12)
    scores = evaluate([INVERT], made, metrics=["FID", "KID"], weights={"inception": file})
    day, night = (
        np.array([pixels.read(path).mean((0, 1)) for path in pixels.find(twenty_four / view)[12:]])
        for view in ("day", "night")
    )
    assert scores.sets["copy the input"]["FID"] == pytest.approx(frechet(day, night))
    assert scores.sets["invert"]["KID"] == pytest.approx(mmd(255 - day, night))
    assert sum(asked) == 4 * 12, "of each set once for both metrics"
    note, other = scores.facts["notes"]
    assert "FID of 12 pictures is too large" in note
    assert "inception.pth holds other bytes than the published inception" in other


def test_one_folder_is_not_two_domains(town: Path) -> None:
    with pytest.raises(DataError, match=r"day is both source and target: data.target must be another folder"):
        evaluate([INVERT], unpaired(town, "day", "day", 2))


def test_swapped_folders_are_noticed(town: Path, tmp_path: Path) -> None:
    """A model that makes white of everything, on pairs of (white, edges), is good from target to source."""
    from tests.evaluation.networks import constant

    white = tmp_path / "white"
    white.mkdir()
    for path in pixels.find(town / "day"):
        pixels.write(np.full((32, 32, 3), 255, np.uint8), white / path.name)
    model = constant(tmp_path / "white.onnx", 255, "photo", "negative")
    right = plan("pix2pix", town, source=str(town / "night"), target=str(white))
    wrong = plan("pix2pix", town, source=str(white), target=str(town / "night"))
    assert not evaluate([model], right, metrics=["L1"]).facts["notes"]
    (note,) = evaluate([model], wrong, metrics=["L1"]).facts["notes"]
    assert "are the folders of source and target, or the domains, swapped" in note


def test_only_the_data_is_planned(town: Path) -> None:
    """Networks are no business of whoever scores: a configuration need not have any."""
    config = configuration("pix2pix", town) | {"domains": ["photo", "negative"]}
    for section in ("method", "networks"):
        config.pop(section)
    found = resolve(config, networks=False)
    assert "networks" not in found.resolved
    assert evaluate([INVERT], found, metrics=["L1"]).names == ["00006.png", "00007.png"]
    with pytest.raises(ConfigError, match=r"method.name is missing"):
        resolve(config)


def test_scores_are_saved_and_read_back(town: Path, tmp_path: Path) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    numbers = {"m": {"L1": [1.0, 2, 6], "PSNR": [20.0, math.inf, 30]}}
    facts = {"pictures": 3, "card": {"m": {"name": "m"}}}
    scores = Scores("a → b", ["x", "y", "z"], numbers, {"m": {"FID": 3.5}}, {"KID": "why"}, facts)
    path = tmp_path / "scores.json"
    scores.save(path)
    assert Scores.load(path) == scores
    saved = json.loads(path.read_text(), parse_constant=refuse)
    assert saved["scores"]["m"]["PSNR"] == [20, None, 30]
    assert saved["summary"]["m"]["L1"] == {"mean": 3, "interval": list(scores.interval("m", "L1"))}
    assert scores.interval("m", "PSNR") == (math.inf, math.inf)
    assert scores.mean("m", "L1") == 3
    with pytest.raises(DataError, match=r"there.json: No such file"):
        Scores.load(tmp_path / "there.json")
    for text in ("no", "[]", "{}", '{"title": "", "pictures": ["x"], "scores": {"m": {"L1": [1, 2]}}}'):
        path.write_text(text)
        with pytest.raises(DataError, match=r"translate evaluate --save"):
            Scores.load(path)


def test_the_interval_is_that_of_a_mean() -> None:
    """Of many numbers it is the normal law's: mean ± 1.96 σ/√n; of equal ones it is nothing."""
    drawn = np.random.default_rng(0).normal(5, 2, 400).tolist()
    scores = Scores("", [str(n) for n in range(400)], {"m": {"L1": drawn, "SSIM": [0.5] * 400}})
    low, high = scores.interval("m", "L1")
    assert (low + high) / 2 == pytest.approx(np.mean(drawn), abs=0.02)
    assert (high - low) / 2 == pytest.approx(1.96 * np.std(drawn) / 20, rel=0.1)
    assert scores.interval("m", "L1") == (low, high)
    assert scores.interval("m", "SSIM") == (0.5, 0.5)


def test_a_table_is_read_at_a_hundred_columns() -> None:
    metrics = ["L1", "PSNR", "SSIM", "MS-SSIM", "LPIPS", "accuracy", "IoU"]
    numbers = {who: {metric: [123.456, 1.0] for metric in metrics} for who in ("model", "copy the input")}
    sets = {"model": {"FID": 123.4, "KID": 0.01234, "SWD": 9.1, "SWD 32": 8.0}, "real against real": {"FID": 1.0}}
    missing = {"FID": "nothing is here", "KID": "nothing is here"}
    text = Scores("a → b", ["x", "y"], numbers, sets, missing, {"notes": ["long " * 40]}).table()
    assert max(map(len, text.splitlines())) <= 100
    assert "62.23" in text
    assert "±61" in text
    assert "0.0123" in text
    assert "missing: FID, KID: nothing is here" in text
