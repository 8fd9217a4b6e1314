"""The latent space: closed forms of ways, averages and sums, and noise that is the same everywhere."""

import numpy as np
import pytest

from translate import latent
from translate.errors import LatentError

L = 100


def draws(count: int, size: int = L, first: int = 0) -> np.ndarray:
    return latent.noise(range(first, first + count), size)


def lengths(codes: np.ndarray) -> np.ndarray:
    return np.linalg.norm(codes.astype(float), axis=-1)


def angle(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.arccos(np.clip(a.astype(float) @ b / lengths(a) / lengths(b), -1, 1)))


# --- noise ---


def test_the_noise_of_a_seed_is_fixed_for_good() -> None:
    """Pinned: whoever has written down a seed gets the same picture from every later version."""
    found = latent.noise([0, 7, 2**63 - 1], 4)
    assert found.dtype == np.float32
    expected = [
        [0.125730217, -0.132104859, 0.640422642, 0.104900114],
        [0.00123015337, 0.298745543, -0.274137855, -0.89059186],
        [-0.277671844, -1.14544833, 0.954464197, -0.19227232],
    ]
    assert np.array_equal(found, np.array(expected, np.float32))


def test_noise_is_a_function_of_its_seed_alone() -> None:
    together = latent.noise([5, 3, 5, 9], L)
    for row, seed in zip(together, (5, 3, 5, 9), strict=True):
        assert np.array_equal(row, latent.noise([seed], L)[0])
        # The first numbers are those of a shorter code.
        assert np.array_equal(row[:7], latent.noise([np.int64(seed)], 7)[0])
    assert latent.noise([], L).shape == (0, L)


def test_noise_is_normal() -> None:
    """400,000 numbers: mean 0 ± 4/√n, variance 1 ± 4·√(2/n), fourth moment 3 ± 4·√(96/n); neighbours unrelated."""
    numbers = draws(4000).astype(float)
    n = numbers.size
    assert abs(numbers.mean()) < 4 / n**0.5
    assert abs((numbers**2).mean() - 1) < 4 * (2 / n) ** 0.5
    assert abs((numbers**4).mean() - 3) < 4 * (96 / n) ** 0.5
    assert abs((numbers[:-1] * numbers[1:]).mean()) < 4 / n**0.5


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, True, "1", None])
def test_seeds_that_are_none(seed: object) -> None:
    with pytest.raises(LatentError, match="whole number from 0 to 2⁶³ − 1"):
        latent.noise([0, seed], L)  # type: ignore[list-item]


def test_one_seed_is_a_list_of_one() -> None:
    with pytest.raises(LatentError, match=r"7 are no seeds: give a list of them, such as \[7\]"):
        latent.noise(7, L)  # type: ignore[arg-type]


# --- ways ---


@pytest.mark.parametrize("how", latent.WAYS)
def test_both_ends_are_exact(how: str) -> None:
    a, b = draws(2)
    assert np.array_equal(latent.WAYS[how](a, b, 0), a)
    assert np.array_equal(latent.WAYS[how](a, b, 1), b)
    assert latent.WAYS[how](a, b, 0.3).dtype == np.float32


@pytest.mark.parametrize("t", [0.1, 1 / 3, 0.5, 0.9])
def test_an_arc_has_one_length_and_even_angles(t: float) -> None:
    a, b = latent.restored(draws(2))
    between = latent.spherical(a, b, t)
    whole = angle(a, b)
    assert lengths(between) == pytest.approx(L**0.5, rel=1e-6)
    assert angle(a, between) == pytest.approx(t * whole, abs=1e-5)
    assert angle(between, b) == pytest.approx((1 - t) * whole, abs=1e-5)


def test_a_right_angle() -> None:
    a, b = np.array([2, 0], np.float32), np.array([0, 3], np.float32)
    # cos and sin of t·90°; each end brings its own length.
    expected = [2 * np.cos(np.pi / 6), 3 * np.sin(np.pi / 6)]
    assert latent.spherical(a, b, 1 / 3) == pytest.approx(expected, abs=1e-6)
    assert latent.linear(a, b, 1 / 3) == pytest.approx([4 / 3, 1], abs=1e-6)


@pytest.mark.parametrize("tilt", [0, 1e-9, 1e-7, 1e-5, 1e-3])
def test_nearly_the_same_direction(tilt: float) -> None:
    """The arc is the straight line there, to second order in the angle."""
    a = np.array([1, 0, 0], np.float32)
    b = np.array([2, 2 * tilt, 0], np.float32)
    assert latent.spherical(a, b, 0.25) == pytest.approx(latent.linear(a, b, 0.25), abs=1e-7 + tilt**2)


def test_opposite_codes_have_no_shortest_arc() -> None:
    (a,) = draws(1)
    with pytest.raises(LatentError, match="opposite"):
        latent.spherical(a, -2 * a, 0.5)
    nearly = (-a).copy()
    nearly[0] += 0.5
    assert np.isfinite(latent.spherical(a, nearly, 0.5)).all()
    with pytest.raises(LatentError, match="no direction"):
        latent.spherical(a, np.zeros(L, np.float32), 0.5)


def test_several_codes_are_taken_one_by_one() -> None:
    a, b = draws(4), draws(4, first=10)
    together = latent.spherical(a, b, 0.4)
    for one, x, y in zip(together, a, b, strict=True):
        assert np.array_equal(one, latent.spherical(x, y, 0.4))


def test_halfway_an_arc_is_as_long_as_noise_and_a_line_is_not() -> None:
    """E‖z‖² = L for noise. For unrelated a, b: (a + b)/2 has L/2; on the arc it is
    ‖a‖‖b‖ + (‖a‖ − ‖b‖)²/(2(1 + cos ω)) = L + O(1/L) on average, and its variance L instead of noise's 2L, as that of
    a·b has gone. 2,000 pairs: tolerances are four standard errors, and 0.1 for what is left out."""
    pairs = 2000
    a, b = draws(pairs), draws(pairs, first=pairs)
    noise, line, arc = (lengths(codes) ** 2 for codes in (a, latent.linear(a, b, 0.5), latent.spherical(a, b, 0.5)))
    assert abs(noise.mean() - L) < 4 * (2 * L / pairs) ** 0.5
    assert abs(line.mean() - L / 2) < 4 * (L / 2 / pairs) ** 0.5
    assert abs(arc.mean() - L) < 4 * (L / pairs) ** 0.5 + 0.1
    # Var of a variance over n draws of a normal is 2σ⁴/n.
    assert noise.var() == pytest.approx(2 * L, rel=4 * (2 / pairs) ** 0.5 + 0.1)
    assert arc.var() == pytest.approx(L, rel=4 * (2 / pairs) ** 0.5 + 0.1)
    # All of a line's middles are shorter than any noise of these thousands; arcs' are not.
    assert line.max() < noise.min() * 1.6
    assert (arc > line.max()).mean() > 0.9


def test_a_path_goes_through_every_code() -> None:
    codes = draws(3)
    way = latent.path(codes, 4)
    assert way.shape == (9, L)
    assert np.array_equal(way[::4], codes)
    assert np.array_equal(way[5], latent.spherical(codes[1], codes[2], 0.25))
    round_way = latent.path(codes, 4, "linear", closed=True)
    assert round_way.shape == (12, L)
    assert np.array_equal(round_way[::4], codes)
    assert np.array_equal(round_way[10], latent.linear(codes[2], codes[0], 0.5))
    assert np.array_equal(latent.path(codes, 1), codes)


@pytest.mark.parametrize(
    ("codes", "steps", "how", "why"),
    [
        (draws(1), 4, "spherical", "two codes"),
        (draws(2)[0], 4, "spherical", "two codes"),
        (draws(2), 0, "spherical", "0 steps"),
        (draws(2), 4, "round", "no way round: choose spherical or linear"),
    ],
)
def test_paths_that_are_none(codes: np.ndarray, steps: int, how: str, why: str) -> None:
    with pytest.raises(LatentError, match=why):
        latent.path(codes, steps, how)


# --- averages and sums ---


@pytest.mark.parametrize("count", [1, 3, 16])
def test_an_average_is_shorter_by_the_root_of_the_number(count: int) -> None:
    """E‖mean of n‖² = L/n, with variance 2L/n²: four standard errors over 500 groups."""
    groups = 500
    means = np.stack([latent.average(draws(count, first=count * group)) for group in range(groups)])
    assert abs((lengths(means) ** 2).mean() - L / count) < 4 * (2 * L / groups) ** 0.5 / count
    restored = latent.average(draws(count), restore=True)
    assert lengths(restored) == pytest.approx(L**0.5, rel=1e-6)
    assert angle(restored, means[0]) == pytest.approx(0, abs=1e-3)


def test_sums_of_averages() -> None:
    a, b, c = draws(3), draws(3, first=3), draws(2, first=6)
    expected = a.astype(float).mean(0) - b.astype(float).mean(0) + c.astype(float).mean(0)
    assert latent.arithmetic([a, c], [b]) == pytest.approx(expected, abs=1e-6)
    # What is added and taken away is gone; the order is nothing.
    assert latent.arithmetic([a, b], [b]) == pytest.approx(latent.average(a), abs=1e-6)
    assert latent.arithmetic([c, a], [b]) == pytest.approx(latent.arithmetic([a, c], [b]), abs=1e-6)
    assert np.array_equal(latent.arithmetic([a]), latent.average(a))
    # A strength is of all but the first group, at any length that is restored.
    mean = a.astype(float).mean(0)
    half = latent.arithmetic([a, c], [b], strength=0.5)
    assert half == pytest.approx(mean + 0.5 * (expected - mean), abs=1e-6)
    assert latent.arithmetic([a, c], [b], strength=0) == pytest.approx(mean, abs=1e-6)
    opposite = mean - 2 * (expected - mean)
    right = opposite * (L**0.5 / np.linalg.norm(opposite))
    assert latent.arithmetic([a, c], [b], restore=True, strength=-2) == pytest.approx(right, abs=1e-5)
    assert lengths(latent.arithmetic([a, c], [b], restore=True)) == pytest.approx(L**0.5, rel=1e-6)


def test_three_means_of_three_are_as_long_as_noise() -> None:
    """Σ 1/n = 1: DCGAN's sums need nothing to be brought back. Four standard errors of ‖z‖² over 500 sums."""
    sums = [
        latent.arithmetic([draws(3, first=9 * n), draws(3, first=9 * n + 3)], [draws(3, first=9 * n + 6)])
        for n in range(500)
    ]
    assert abs((lengths(np.stack(sums)) ** 2).mean() - L) < 4 * (2 * L / 500) ** 0.5


def test_nothing_has_no_direction() -> None:
    a = draws(3)
    assert np.array_equal(latent.arithmetic([a], [a]), np.zeros(L, np.float32))
    for act in (
        lambda: latent.arithmetic([a], [a], restore=True),
        lambda: latent.arithmetic([], [a]),
        lambda: latent.average(a[:0]),
        lambda: latent.average(a[0]),
    ):
        with pytest.raises(LatentError):
            act()
