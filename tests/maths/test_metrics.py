"""Metrics against known values."""

import math

import numpy as np
import pytest

from translate.metrics import l1, psnr, ssim


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
