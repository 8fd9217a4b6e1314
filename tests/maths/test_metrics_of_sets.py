"""Distances of sets against closed forms, and against other people's code on the same features."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from translate.errors import DataError, MissingWeightsError
from translate.metrics import OF_SETS, inception, weights
from translate.metrics.frechet import frechet
from translate.metrics.kernel import kid, mmd
from translate.metrics.sets import of_sets
from translate.metrics.sliced import doubled, halved, levels, sliced, wasserstein

random = np.random.default_rng(0)


def gaussian(n: int, mean: np.ndarray, root: np.ndarray, seed: int) -> np.ndarray:
    """A set of exactly that mean and, with Σ = root rootᵀ, that covariance."""
    z = np.random.default_rng(seed).standard_normal((n, len(mean)))
    z -= z.mean(0)
    covariance = z.T @ z / (n - 1)
    return z @ np.linalg.inv(np.linalg.cholesky(covariance)).T @ root.T + mean


@pytest.mark.parametrize("n", [6, 50, 400], ids=["few", "more", "many"])
def test_frechet_of_diagonal_gaussians(n: int) -> None:
    """‖μ₁ − μ₂‖² + Σ (σ₁ − σ₂)²"""
    one, two = np.array([1.0, 2, 3, 0.5]), np.array([2.0, 2, 1, 4])
    m1, m2 = np.array([0.0, 1, 2, 3]), np.array([1.0, 1, 0, 3])
    x, y = gaussian(n, m1, np.diag(one), 1), gaussian(2 * n, m2, np.diag(two), 2)
    assert frechet(x, y) == pytest.approx(np.square(m1 - m2).sum() + np.square(one - two).sum(), rel=1e-9)


def test_frechet_of_commuting_covariances() -> None:
    """In a common basis of eigenvectors it is the diagonal case."""
    basis, _ = np.linalg.qr(random.standard_normal((5, 5)))
    a, b = np.array([3.0, 1, 0.1, 2, 5]), np.array([1.0, 1, 4, 0.2, 5])
    x, y = (gaussian(30, np.zeros(5), basis * scale @ basis.T, seed) for seed, scale in ((1, a), (2, b)))
    assert frechet(x, y) == pytest.approx(np.square(a - b).sum(), rel=1e-9)


def test_frechet_of_singular_covariances_is_finite_and_of_equal_sets_nothing() -> None:
    few, others = (random.standard_normal((8, 2048)) for _ in range(2))
    assert frechet(few, few) == pytest.approx(0, abs=1e-8)
    assert frechet(few, few[::-1] + 2) == pytest.approx(4 * 2048, rel=1e-9)
    # Σ₁Σ₂ of sets in orthogonal directions is 0: what is left are the traces.
    x, y = np.zeros((2, 4)), np.zeros((2, 4))
    x[:, 0], y[:, 1] = (1, -1), (2, -2)
    assert frechet(x, y) == pytest.approx(x.var(0, ddof=1).sum() + y.var(0, ddof=1).sum())
    assert np.isfinite(frechet(few, others))
    with pytest.raises(ValueError, match="not finite"):
        frechet(few, few * np.nan)
    with pytest.raises(ValueError, match="at least 2"):
        frechet(few[:1], few)


@pytest.mark.filterwarnings("ignore:The `disp` argument:DeprecationWarning")
def test_frechet_is_that_of_torchmetrics_and_torch_fidelity() -> None:
    torch = pytest.importorskip("torch")
    from torch_fidelity.metric_fid import fid_statistics_to_metric
    from torchmetrics.image.fid import _compute_fid

    x = random.standard_normal((300, 24)) @ random.standard_normal((24, 24))
    y = random.standard_normal((200, 24)) @ random.standard_normal((24, 24)) + 0.3
    statistics = [{"mu": each.mean(0), "sigma": np.cov(each, rowvar=False)} for each in (x, y)]
    theirs = fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]
    assert frechet(x, y) == pytest.approx(theirs, rel=1e-8)
    tensors = [torch.from_numpy(each[key]) for key in ("mu", "sigma") for each in statistics]
    mu1, mu2, sigma1, sigma2 = tensors
    assert frechet(x, y) == pytest.approx(float(_compute_fid(mu1, sigma1, mu2, sigma2)), rel=1e-8)


def test_kid_is_that_of_torchmetrics_and_torch_fidelity() -> None:
    torch = pytest.importorskip("torch")
    from torch_fidelity.metric_kid import kid_features_to_metric
    from torchmetrics.image.kid import poly_mmd

    x, y = random.standard_normal((60, 32)), random.standard_normal((60, 32)) + 0.2
    assert mmd(x, y) == pytest.approx(float(poly_mmd(torch.from_numpy(x), torch.from_numpy(y))), rel=1e-9)
    theirs = kid_features_to_metric(
        *(torch.from_numpy(each) for each in (x, y)), kid_subsets=1, kid_subset_size=60, verbose=False
    )
    assert kid(x, y) == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-9)


def test_kid_by_hand_and_without_bias() -> None:
    """k(x, y) = (xy + 1)³ in one dimension, over pairs that are not the same picture."""
    x, y = np.array([[0.0], [1.0], [2.0]]), np.array([[1.0], [3.0]])
    within_x = (2 * (1**3 + 1**3 + 3**3)) / 6
    within_y = 2 * 4**3 / 2
    between = sum((a * b + 1) ** 3 for a in (0, 1, 2) for b in (1, 3)) / 6
    assert mmd(x, y) == pytest.approx(within_x + within_y - 2 * between)
    draws = [mmd(*np.random.default_rng(seed).standard_normal((2, 20, 8))) for seed in range(400)]
    assert abs(np.mean(draws)) < 3 * np.std(draws) / 20
    many = np.random.default_rng(1).standard_normal((1100, 4))
    assert kid(many, many + 1) == pytest.approx(mmd(many, many + 1), rel=0.1)


def test_wasserstein_on_a_line() -> None:
    stats = pytest.importorskip("scipy.stats")
    for n, m in ((50, 50), (50, 37), (3, 200)):
        a, b = random.standard_normal((n, 4)), random.gamma(2, size=(m, 4))
        theirs = [stats.wasserstein_distance(a[:, k], b[:, k]) for k in range(4)]
        np.testing.assert_allclose(wasserstein(a, b), theirs, rtol=1e-12)
        np.testing.assert_allclose(wasserstein(a, a + 3), 3)
        np.testing.assert_allclose(wasserstein(a, a[::-1]), 0)
    # Each point twice is the same distribution.
    np.testing.assert_allclose(wasserstein(a, np.repeat(a, 2, axis=0)), 0)


def test_sliced_distance_of_a_shift() -> None:
    """E |⟨shift, θ⟩| over directions in D dimensions is ‖shift‖ Γ(D/2) / (√π Γ((D+1)/2)); in 3, half of it."""
    a = random.standard_normal((500, 3))
    shift = np.array([3.0, 4.0, 0])
    assert sliced(a, a + shift, np.random.default_rng(0)) == pytest.approx(5 / 2, rel=0.06)
    assert sliced(a, a, np.random.default_rng(0)) == 0


def test_the_pyramid_is_burts() -> None:
    """Filters written out by scipy, the border reflected without repeating its pixels."""
    ndimage = pytest.importorskip("scipy.ndimage")
    picture = random.uniform(0, 255, (34, 29, 3)).astype(np.float32)
    kernel = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1])[:, :, None] / 256
    expected = ndimage.convolve(picture, kernel, mode="mirror")[::2, ::2]
    np.testing.assert_allclose(halved(picture), expected, atol=1e-3)
    spread = np.zeros_like(picture)
    spread[::2, ::2] = expected
    np.testing.assert_allclose(
        doubled(halved(picture), 34, 29), ndimage.convolve(spread, 4 * kernel, mode="mirror"), atol=1e-3
    )
    flat = np.full((32, 32, 1), 7, np.float32)
    np.testing.assert_allclose(doubled(halved(flat), 32, 32), 7, rtol=1e-6)


def noise(count: int, seed: int, side: int = 64) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).integers(0, 256, (count, side, side, 3), np.uint8))


def test_swd_tells_at_which_scale_sets_differ() -> None:
    one, other = noise(12, 1), noise(12, 2)
    same, different = levels(one, one), levels(one, other)
    assert list(same) == [64, 32, 16]
    assert set(same.values()) == {0}
    coarse = [np.asarray(Image.fromarray(p).resize((16, 16)).resize((64, 64))) for p in other]
    blurred = levels(one, coarse)
    assert blurred[64] > 2 * different[64]
    assert levels(one, other) == different, "places and directions are drawn the same way every time"
    # Contrast and brightness of a whole set are normalised away; what is left is rounding.
    dimmed = [(p.astype(np.float32) / 2 + 60) for p in one]
    assert max(levels(one, dimmed).values()) < 1e-2


def test_swd_of_sets_that_do_not_fit() -> None:
    with pytest.raises(DataError, match="one size"):
        OF_SETS["SWD"](noise(10, 1), noise(10, 1, 32))
    with pytest.raises(DataError, match="16×16 pixels or more"):
        OF_SETS["SWD"](noise(10, 1, 8), noise(10, 1, 8))
    with pytest.raises(DataError, match="of 10 pictures at the least, not 9"):
        OF_SETS["SWD"](noise(10, 1), noise(9, 1))
    assert OF_SETS["SWD"](noise(10, 1), noise(11, 2)) > 0


def test_resizing_is_clean_fids() -> None:
    """Transcribed: each channel in Pillow's mode F, bicubic, then cut off; nothing rounded."""
    picture = random.integers(0, 256, (90, 400, 3), np.uint8)
    channels = []
    for k in range(3):
        image = Image.fromarray(picture[:, :, k].astype(np.float32))
        assert image.mode == "F"
        channels.append(np.asarray(image.resize((299, 299), resample=Image.Resampling.BICUBIC)).clip(0, 255))
    found = inception.resized(picture)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.stack(channels, axis=2))
    assert not np.array_equal(found, found.round())
    # Antialiased: a fine chequerboard becomes grey, as it does to an eye.
    board = np.indices((1196, 1196)).sum(0) % 2 * 255
    assert np.abs(inception.resized(board[:, :, None].astype(np.uint8))[20:-20, 20:-20] - 127.5).max() < 8
    square = random.integers(0, 256, (299, 299, 1), np.uint8)
    np.testing.assert_array_equal(inception.resized(square), np.repeat(square, 3, axis=2))


@pytest.fixture(scope="module")
def inception_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Inception of the right layout with weights from a seed, small enough that features neither vanish nor explode."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("torch_fidelity")
    from unittest.mock import patch

    from torch_fidelity import feature_extractor_inceptionv3 as theirs

    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        # The constructor loads a file before there can be one: this time it loads what it has just drawn.
        kind = theirs.FeatureExtractorInceptionV3
        with patch.object(theirs.torch, "load", return_value={}), patch.object(kind, "load_state_dict"):
            network = kind("seeded", ["2048"], "unused")
    torch.save(network.state_dict(), path)
    return path


def test_features_are_torch_fidelitys(inception_file: Path) -> None:
    """At 299² nothing is resized, and its own extractor says what the features are."""
    import torch
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    before = torch.random.get_rng_state()
    pictures = np.random.default_rng(3).integers(0, 256, (3, 299, 299, 3), np.uint8)
    found = inception.features(list(pictures), inception_file)
    assert torch.equal(torch.random.get_rng_state(), before)
    theirs = FeatureExtractorInceptionV3("own", ["2048"], str(inception_file)).eval()
    with torch.no_grad():
        (expected,) = theirs(torch.from_numpy(pictures).permute(0, 3, 1, 2))
    assert found.shape == (3, 2048)
    assert found.std() > 0
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-4, atol=1e-6)


def test_fid_and_kid_of_pictures_are_those_of_their_features(inception_file: Path) -> None:
    metrics = of_sets(inception_file)
    one, other = noise(10, 1, 40), noise(11, 2, 40)
    assert metrics["FID"].describe is metrics["KID"].describe, "features are computed once for both"
    x, y = (inception.features(pictures, inception_file) for pictures in (one, other))
    assert metrics["FID"](one, other) == pytest.approx(frechet(x, y))
    assert metrics["KID"].distances(x, y) == {"KID": pytest.approx(mmd(x, y))}
    with pytest.raises(DataError, match="FID compares sets, of 10 pictures at the least, not 5"):
        metrics["FID"](one, one[:5])
    with pytest.raises(DataError, match="grey and RGB, not 2 channels"):
        metrics["FID"]([picture[:, :, :2] for picture in one], one)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("torch_fidelity")
    torch.save({"layer.weight": torch.zeros(2)}, tmp_path / "other.pth")
    with pytest.raises(MissingWeightsError, match=r"other\.pth: not Inception as torch-fidelity has it"):
        inception.features(noise(1, 0), tmp_path / "other.pth")
    buffer = io.BytesIO()
    torch.save({"call": print}, buffer)
    (tmp_path / "hostile.pth").write_bytes(buffer.getvalue())
    with pytest.raises(MissingWeightsError, match="cannot be read as weights"):
        weights.load("inception", tmp_path / "hostile.pth")
