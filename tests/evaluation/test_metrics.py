"""Metrics against known values."""

import math
from pathlib import Path

import numpy as np
import pytest

from translate.evaluation.metrics import l1, psnr, ssim


def flat(level: int, channels: int = 3) -> np.ndarray:
    return np.full((32, 32, channels), level, np.uint8)


def test_l1_and_psnr_of_flat_pictures() -> None:
    assert l1(flat(10), flat(30)) == 20
    assert psnr(flat(10), flat(30)) == pytest.approx(10 * math.log10(255**2 / 400))
    assert psnr(flat(0), flat(255)) == pytest.approx(0)
    assert psnr(flat(7), flat(7)) == math.inf


def test_levels_do_not_wrap_around() -> None:
    assert l1(flat(250), flat(5)) == l1(flat(5), flat(250)) == 245


def test_ssim_of_flat_pictures_is_the_luminance_term() -> None:
    """Wang 2004, eq. 6: (2 μx μy + C₁) / (μx² + μy² + C₁), contrast and structure being 1 for constants."""
    x, y, c = 100 / 255, 150 / 255, 0.01**2
    assert ssim(flat(100), flat(150)) == pytest.approx((2 * x * y + c) / (x * x + y * y + c), abs=1e-4)
    assert ssim(flat(100, 1), flat(100, 1)) == pytest.approx(1, abs=1e-6)


def test_ssim_of_noise_is_low_and_of_a_negative_below_zero() -> None:
    random = np.random.default_rng(0)
    one, other = (random.integers(0, 256, (64, 64, 3), np.uint8) for _ in range(2))
    assert abs(ssim(one, other)) < 0.1
    assert ssim(one, 255 - one) < -0.5


def test_ssim_is_wangs_sum_written_out() -> None:
    """Wang 2004, eq. 13, by the Gaussian-weighted moments of every pixel's 11×11 window, edges reflected."""
    random = np.random.default_rng(1)
    x, y = (random.integers(0, 256, (16, 20, 1), np.uint8) for _ in range(2))
    g = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    w = np.outer(g, g) / g.sum() ** 2

    def moment(values: np.ndarray) -> np.ndarray:
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(values, 5, mode="reflect"), (11, 11))
        return (windows * w).sum((2, 3))

    a, b = (p[..., 0] / 255 for p in (x, y))
    ma, mb = moment(a), moment(b)
    va, vb, cov = moment(a * a) - ma**2, moment(b * b) - mb**2, moment(a * b) - ma * mb
    c1, c2 = 0.01**2, 0.03**2
    expected = (2 * ma * mb + c1) * (2 * cov + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2))
    assert ssim(x, y) == pytest.approx(expected.mean(), abs=1e-5)


def test_scores_beside_those_who_learnt_nothing(tmp_path: Path, town: Path) -> None:
    import tomli_w

    from tests.tiny import configuration
    from translate.evaluation import evaluate

    (tmp_path / "c.toml").write_text(tomli_w.dumps(configuration("pix2pix", town)))
    model = Path(__file__).parents[1] / "assets" / "invert.onnx"
    scores = evaluate(model, tmp_path / "c.toml", save=tmp_path / "scores.json")
    assert scores.names == ["00006.png", "00007.png"]
    from translate import pixels

    edges, day = (pixels.read(town / view / "00006.png") for view in ("edges", "day"))
    assert scores.numbers["invert"]["L1"][0] == pytest.approx(l1(255 - edges, day))
    assert scores.numbers["copy the input"]["PSNR"][0] == pytest.approx(psnr(edges, day))
    mean = np.mean([pixels.read(path) for path in pixels.find(town / "day")[:6]], axis=0)
    assert scores.numbers["predict the mean"]["L1"][0] == pytest.approx(l1(np.round(mean).astype(np.uint8), day))
    assert "2 pairs of other data" in scores.table()
    assert "copy the input" in scores.table()
    assert (tmp_path / "scores.json").exists()


def test_what_was_trained_on_is_not_scored(town: Path) -> None:
    from tests.tiny import plan
    from translate.card import Card
    from translate.errors import DataError
    from translate.evaluation.evaluate import _relation

    layout = plan("pix2pix", town).layout
    facts = {"name": "m", "task": "a → b", "method": "pix2pix", "source": "a", "target": "b"}
    seen = {"data": layout.fingerprint(), "held_out": 2}
    assert _relation(Card(**facts, training=seen), layout) == "held-out pairs"
    assert _relation(Card(**facts, training={"data": "other", "held_out": 0}), layout) == "pairs of other data"
    with pytest.raises(DataError, match="held out 1 of these and was trained on the rest"):
        _relation(Card(**facts, training=seen | {"held_out": 1}), layout)
