"""The report as a file: what is on it, what can never be, and how large it gets."""

import base64
import hashlib
import io
import math
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.evaluation.reports import COUNT, HOSTILE, SIDE, drawing, evaluation, picture, run
from translate.errors import PictureError
from translate.evaluation import gallery as galleries
from translate.evaluation import report
from translate.evaluation.curves import curves
from translate.evaluation.drawing import Scale, ticks
from translate.evaluation.gallery import Gallery, visible
from translate.evaluation.heat import colours, difference, heat
from translate.evaluation.scores import Scores
from translate.evaluation.summary import histograms, summary, text, worst_first
from translate.metrics import l1

WHEN = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


class Page(HTMLParser):
    """The elements of a page, and what stands in those that are read as they are."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, list[str]] = {"script": [], "style": []}
        self.text = ""
        self._raw = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._raw = tag if tag in self.inside else ""

    def handle_endtag(self, tag: str) -> None:
        self._raw = ""

    def handle_data(self, data: str) -> None:
        if self._raw:
            self.inside[self._raw].append(data)
        else:
            self.text += data

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [found for name, found in self.elements if name == tag and wanted.items() <= found.items()]


def written(path: Path, models: int = 1, paired: bool = True, **options: object) -> Page:
    scores, gallery = evaluation(models, paired)
    report.write(path / "report.html", scores, gallery, when=WHEN, **options)
    return Page((path / "report.html").read_text(encoding="utf-8"))


def test_what_is_on_it(tmp_path: Path) -> None:
    page = written(tmp_path, runs={"edges2photo": run(tmp_path / "run")})
    for told in ("edges → photo", "22 November 2026, 09:30", "8 pictures", "configs/x.toml", "c0ffee"):
        assert told in page.text
    assert "LPIPS needs <i>weights</i> that are not here" in page.text
    assert len(page.all("li", class_="card")) == COUNT
    roles = [figure["data-role"] for figure in page.all("figure") if "data-role" in figure]
    assert roles == ["source", "target", "output", "difference"] * COUNT
    assert len(page.all("figure", class_="drawing histogram")) == 3
    assert len(page.all("figure", class_="drawing curve")) == 4
    assert "18.00" in page.text, "the mean"
    assert "30.50" in page.text, "of the set"


def test_strangers_text_stays_text(tmp_path: Path) -> None:
    page = written(tmp_path, models=2, runs={"edges2photo": run(tmp_path / "run")})
    assert [script.get("type") for script in page.all("script")] == ["application/json", None]
    assert page.text.count(HOSTILE) >= 2, "its name is there to be read"
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "srcset", "action")], tag
        for name in ("src", "href"):
            assert re.match(r"data:|#", attributes.get(name) or "#"), attributes
    assert {tag for tag, _ in page.elements}.isdisjoint({"iframe", "object", "embed", "form", "base", "i>", "b>other"})
    images = page.all("img")
    assert len(images) == COUNT * 6
    assert all(re.fullmatch(r"data:image/(png|webp);base64,[\w+/=]+", str(image["src"])) for image in images)


def test_the_browser_may_run_only_what_is_ours(tmp_path: Path) -> None:
    page = written(tmp_path)
    (policy,) = (meta["content"] for meta in page.all("meta", http_equiv="Content-Security-Policy"))
    (style,), (data, script) = page.inside["style"], page.inside["script"]
    digests = ["sha256-" + base64.b64encode(hashlib.sha256(t.encode()).digest()).decode() for t in (style, script)]
    assert policy == (
        f"default-src 'none'; img-src data:; style-src '{digests[0]}'; script-src '{digests[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert "<" not in data


def test_unpaired_data_has_pictures_without_numbers(tmp_path: Path) -> None:
    page = written(tmp_path, paired=False)
    roles = [figure["data-role"] for figure in page.all("figure") if "data-role" in figure]
    assert roles == ["source", "output"] * COUNT
    assert not page.all("table", class_="all")
    assert "30.50" in page.text


def test_scores_alone_make_a_report(tmp_path: Path) -> None:
    scores = Scores("a → b", ["x"], {"m": {"PSNR": [math.inf]}})
    report.write(tmp_path / "out.html", scores)
    page = Page((tmp_path / "out.html").read_text(encoding="utf-8"))
    assert "∞" in page.text
    assert not page.all("img")
    with pytest.raises(PictureError, match="cannot be written"):
        report.write(tmp_path / "nowhere" / "out.html", scores)


def test_pictures_have_so_much_room(tmp_path: Path) -> None:
    sizes = {}
    for limit in (10**9, 3000, 0):
        page = written(tmp_path, limit=limit)
        sizes[limit] = sum(len(str(image["src"])) - 24 for image in page.all("img"))
        assert sizes[limit] <= limit
        assert page.text.count("house_3.png") >= 1, "the table has all"
    assert sizes[0] == 0 < sizes[3000] < sizes[10**9]
    page = written(tmp_path, limit=3000)
    cards = [card["data-index"] for card in page.all("li", class_="card")]
    assert cards[:2] == ["0", str(COUNT - 1)], "the worst by SSIM, and the worst by L1 and PSNR"
    assert f"Pictures have room for {len(cards)} of {COUNT}" in page.text


# --- Small pictures --------------------------------------------------------------------------------------------------


def decoded(gallery: Gallery, thumbnail: galleries.Thumbnail) -> tuple[str, np.ndarray]:
    kind, _, text = gallery.data(thumbnail).partition(";base64,")
    return kind, np.asarray(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB"))


def test_drawings_are_exact_and_photos_are_small() -> None:
    gallery = Gallery(side=SIDE)
    noise = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    gallery("x", drawing(0), noise, {"m": picture(0), "copy the input": noise})
    shown = gallery.shown["x"]
    kind, found = decoded(gallery, shown.source)
    assert kind == "data:image/png"
    assert np.array_equal(found, np.repeat(drawing(0), 3, 2))
    kind, found = decoded(gallery, shown.outputs["m"])
    assert kind == "data:image/webp"
    assert np.abs(found.astype(int) - picture(0)).mean() < 4
    assert list(shown.outputs) == list(shown.differences) == ["m"]
    assert sum(t.inlined for t in shown.thumbnails()) == sum(
        len(gallery.data(t).split(",")[1]) for t in shown.thumbnails()
    )


def test_large_pictures_are_made_smaller() -> None:
    gallery = Gallery(side=64)
    gallery("x", np.zeros((256, 512, 1), np.uint8), None, {"m": np.zeros((300, 10, 3), np.uint8)})
    shown = gallery.shown["x"]
    assert (shown.source.width, shown.source.height) == (64, 32)
    assert (shown.outputs["m"].width, shown.outputs["m"].height) == (2, 64)
    assert decoded(gallery, shown.source)[1].shape == (32, 64, 3)


def test_memory_is_bounded_and_nothing_is_kept_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(galleries, "_IN_MEMORY", 1000)
    gallery = Gallery()
    for index in range(10):
        gallery(str(index), drawing(0), picture(index), {"m": picture(index)})
    assert gallery._file._rolled, "what does not fit lies on disk"
    assert len({shown.source.start for shown in gallery.shown.values()}) == 1
    for index in range(10):
        shown = gallery.shown[str(index)]
        assert shown.target == shown.outputs["m"]
        assert np.abs(decoded(gallery, shown.outputs["m"])[1].astype(int) - picture(index)).mean() < 4
    assert [shown.name for shown in gallery.within(["7", "nobody", "2"], 10**9)] == ["7", "2"]


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        (np.full((2, 2, 1), 65535, np.uint16), [255]),
        (np.full((2, 2, 2), 7, np.uint8), [7]),
        (np.full((2, 2, 5), 300.0, np.float32), [255, 255, 255]),
        (np.full((2, 2, 4), 9.6, np.float32), [10, 10, 10]),
    ],
)
def test_pictures_of_any_kind_can_be_seen(given: np.ndarray, seen: list[int]) -> None:
    assert visible(given).dtype == np.uint8
    assert visible(given)[0, 0].tolist() == seen


def test_a_difference_is_the_l1_of_each_pixel() -> None:
    output, target = picture(1), picture(2)
    levels = difference(output, target)
    assert levels.shape == (SIDE, SIDE)
    assert levels.mean() == pytest.approx(l1(output, target), rel=1e-5)
    assert np.array_equal(heat(np.array([[0.0, 96.0, 500.0]]))[0], colours()[[0, 255, 255]])


def test_the_scale_climbs_evenly_in_lightness() -> None:
    """CIE L*, which is not what the scale is made in, goes up by about the same at each step."""
    encoded = colours() / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    lightness = np.where(luminance > 0.008856, 116 * np.cbrt(luminance) - 16, 903.3 * luminance)
    steps = np.diff(lightness[::15])
    assert (steps > 1).all()
    assert lightness[0] < 5
    assert lightness[-1] > 90


# --- Numbers ---------------------------------------------------------------------------------------------------------


def test_the_best_is_marked_where_that_is_sure() -> None:
    rng = np.random.default_rng(0)
    hard = rng.uniform(10, 40, 30)
    numbers = {
        "clear": {"L1": hard - 2 + rng.normal(0, 0.5, 30), "SSIM": hard / 100 + rng.normal(0, 0.05, 30)},
        "other": {"L1": hard, "SSIM": hard / 100 + rng.normal(0, 0.05, 30)},
        "copy the input": {"L1": hard + 30, "SSIM": hard / 1000},
        "the truth itself": {"L1": hard * 0, "SSIM": hard * 0 + 1},
    }
    found = summary({name: {m: list(column) for m, column in of.items()} for name, of in numbers.items()})
    assert [name for name, of in found.items() if of["L1"].best] == ["clear"]
    assert [name for name, of in found.items() if of["SSIM"].best] == []
    mean = found["other"]["L1"]
    assert mean.value == pytest.approx(hard.mean())
    assert mean.low < mean.value < mean.high
    assert not summary({"a": {"L1": [1.0] * 5}, "b": {"L1": [2.0] * 5}})["a"]["L1"].best, "of five pictures, nobody"


def test_the_worst_of_each_metric_comes_before_the_second_worst() -> None:
    numbers = {"m": {"L1": [1.0, 2.0, 3.0, 4.0], "PSNR": [math.inf, 10.0, 30.0, 40.0]}}
    assert worst_first(["a", "b", "c", "d"], numbers) == ["b", "d", "c", "a"]


def test_histograms_count() -> None:
    (found,) = histograms({"m": {"L1": [0.0, 0.0, 1.0, 24.0]}, "n": {"L1": [24.0, 24.0, 24.0, 23.5]}})
    assert (found.low, found.high, found.most) == (0, 24, 4)
    assert found.counts["m"][:2] == [2, 1]
    assert found.counts["n"][-1] == 4
    (flat,) = histograms({"m": {"L1": [3.0, 3.0]}})
    assert (flat.low, flat.high, sum(flat.counts["m"])) == (2.5, 3.5, 2)


def test_curves_of_a_log(tmp_path: Path) -> None:
    found = curves({"r": run(tmp_path / "run"), "nothing": tmp_path})
    assert [curve.term for curve in found] == ["held_out/L1", "D/gan", "G/l1", "train/lr"]
    assert found[0].best("r") == (300, 10.0)
    assert found[1].best("r") is None
    assert len(found[2].runs["r"]) == 50
    (tmp_path / "log.jsonl").write_text("".join(f'{{"step": {step}, "a": {step % 2}}}\n' for step in range(1, 2001)))
    (long,) = curves({"r": tmp_path})
    assert len(long.runs["r"]) == 223
    assert long.runs["r"][0] == (9, pytest.approx(5 / 9))


def test_axes() -> None:
    assert ticks(0, 10) == [0, 5, 10]
    assert ticks(0.71, 0.79) == [0.72, 0.74, 0.76, 0.78]
    assert len(ticks(2.6, 3.4, 1)) > 1
    place = Scale(10, 20, 100, -50)
    assert [place(10), place(15), place(99)] == [100, 75, 50]


def test_numbers_as_they_are_written() -> None:
    assert [text("L1", 1.234), text("SSIM", -0.5), text("SSIM", 0.5, sign=True)] == ["1.23", "−0.500", "+0.500"]
    assert [text("PSNR", math.inf), text("SWD 64", 1.0), text("KID", 0.1)] == ["∞", "1.00", "0.1000"]
