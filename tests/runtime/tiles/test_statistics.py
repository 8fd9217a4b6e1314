import numpy as np
import pytest

from translate.runtime.tiles.statistics import Correction, Layout, Pool, Row, distance, pooled, solve

LAYOUT = Layout((2, 3))
SMALL = Layout((1,) * 6)


def described(parts: np.ndarray) -> Row:
    """The row of samples `[n, 5]`, the first two columns one norm's and the last three another's."""
    return LAYOUT.join(parts.mean(0), parts.var(0))


def test_means_and_variances_stand_norm_by_norm() -> None:
    row = np.arange(10.0)
    mean, variance = LAYOUT.split(row)
    assert mean.tolist() == [0, 1, 4, 5, 6]
    assert variance.tolist() == [2, 3, 7, 8, 9]
    assert (LAYOUT.join(mean, variance) == row).all()


def test_pooled_statistics_are_those_of_the_whole() -> None:
    whole = np.random.default_rng(0).normal(3, 2, (1000, 5)) * [1, 2, 3, 4, 5]
    whole[:100] += 50
    pool = Pool(LAYOUT)
    for part in (whole[:100], whole[100:350], whole[350:]):
        pool.add(described(part), len(part))
    np.testing.assert_allclose(pool.row(), described(whole), rtol=1e-12)
    # What counts twice is taken away again, and a pool goes on from what was kept of it.
    later = Pool(LAYOUT, pool.total.copy())
    later.add(described(whole[20:70]), 50)
    later.add(described(whole[20:70]), -50)
    np.testing.assert_allclose(later.row(), described(whole), rtol=1e-10)
    halves = pooled(LAYOUT, [described(whole[:500]), described(whole[500:])])
    np.testing.assert_allclose(halves, described(whole), rtol=1e-12)


def chain(draw: np.ndarray) -> "object":
    """Six norms of one channel, one behind the other: z ↦ relu((z − μ)/σ)·g + z/10, measured on `draw`."""

    def measure(given: Row) -> Row:
        z, found = draw.copy(), []
        for norm, gain in zip(SMALL.norms, (3.0, 0.2, 7.0, 1.0, 0.5, 2.0), strict=True):
            mean, variance = given[norm]
            found += [z.mean(), z.var()]
            z = np.maximum((z - mean) / np.sqrt(variance + 1e-5), 0) * gain + z / 10
        return np.array(found)

    return measure


def fixed(measure: "object") -> Row:
    return solve(SMALL, measure, np.tile([0.0, 1.0], 6))  # type: ignore[arg-type]


def test_solving_gives_what_measures_itself() -> None:
    measure = chain(np.random.default_rng(0).normal(1, 3, 4000))
    row = fixed(measure)
    np.testing.assert_allclose(measure(row), row, rtol=1e-12)  # type: ignore[operator]


def test_passes_lead_to_the_whole_by_way_of_a_sample() -> None:
    draw = np.random.default_rng(1).normal(1, 3, 20000) + np.linspace(-2, 2, 20000)
    whole, sample = chain(draw), chain(draw[::400])
    expected, row, errors = fixed(whole), fixed(sample), []
    for _ in range(6):
        errors.append(distance(SMALL, row, expected))
        measured = whole(row)  # type: ignore[operator]
        row = solve(SMALL, sample, row, Correction.between(SMALL, measured, sample(row)))  # type: ignore[operator,arg-type]
    assert errors[0] > 0.05
    assert errors[2] < errors[0] / 20
    # As many passes as norms: exact.
    np.testing.assert_allclose(row, expected, rtol=1e-9)


def test_distance_is_in_deviations() -> None:
    given = np.array([1.0, 5.0, 4.0, 9.0])
    one = Layout((2,))
    assert distance(one, given, given) == 0
    assert distance(one, np.array([1.0, 5.0 + 1.5, 4.0, 9.0]), given) == pytest.approx(0.5, rel=1e-4)
    assert distance(one, np.array([1.0, 5.0, 4.0 * np.exp(0.2), 9.0]), given) == pytest.approx(0.1, rel=1e-4)
