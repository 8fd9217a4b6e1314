"""MS-SSIM, LPIPS and classes against transcriptions and the authors' library."""

from pathlib import Path

import numpy as np
import pytest

from translate.errors import DataError, MissingWeightsError
from translate.metrics import PAIRED, classes, lpips, ms_ssim, paired


def picture(seed: int, side: int = 192, channels: int = 3) -> np.ndarray:
    """Something smooth with some noise on it, so that it has structure at every scale."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side
    waves = [np.sin(random.uniform(2, 30) * x + random.uniform(2, 30) * y) for _ in range(channels)]
    noisy = 127 + 90 * np.stack(waves, axis=2) + random.normal(0, 8, (side, side, channels))
    return noisy.clip(0, 255).round().astype(np.uint8)


def test_ms_ssim_is_wangs_product_written_out() -> None:
    """Wang 2003, eq. 7: of five scales the means of contrast and structure, of the last one luminance too.

    Windows that lie whole within the picture; halved by means of 2×2.
    """
    pytest.importorskip("torchmetrics")
    x, y = picture(1, channels=1), (picture(1, channels=1) * 0.8 + picture(2, channels=1) * 0.2).astype(np.uint8)
    g = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    w = np.outer(g, g) / g.sum() ** 2

    def moment(values: np.ndarray) -> np.ndarray:
        windows = np.lib.stride_tricks.sliding_window_view(values, (11, 11))
        return np.einsum("ijkl,kl->ij", windows, w)

    a, b = (p[..., 0] / 255 for p in (x, y))
    c1, c2, product = 0.01**2, 0.03**2, 1.0
    for scale, exponent in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
        ma, mb = moment(a), moment(b)
        va, vb, cov = moment(a * a) - ma**2, moment(b * b) - mb**2, moment(a * b) - ma * mb
        similarity = (2 * cov + c2) / (va + vb + c2)
        if scale == 4:
            similarity = similarity * (2 * ma * mb + c1) / (ma**2 + mb**2 + c1)
        product *= similarity.mean() ** exponent
        a, b = (p.reshape(len(p) // 2, 2, -1, 2).mean((1, 3)) if scale < 4 else p for p in (a, b))
    assert ms_ssim(x, y) == pytest.approx(product, abs=2e-4)
    assert 0.3 < product < 0.99
    assert ms_ssim(x, x) == pytest.approx(1, abs=1e-6)


def test_ms_ssim_of_small_pictures_says_what_to_do() -> None:
    pytest.importorskip("torchmetrics")
    with pytest.raises(DataError, match=r"needs 176×176 pixels, not 160×160: use SSIM"):
        ms_ssim(picture(1, 160), picture(2, 160))
    assert ms_ssim(picture(1, 176), picture(1, 176)) == pytest.approx(1, abs=1e-6)


@pytest.fixture(scope="module")
def alexnet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """AlexNet with weights from a seed, saved as torchvision's are."""
    torch = pytest.importorskip("torch")
    torchvision = pytest.importorskip("torchvision")
    path = tmp_path_factory.mktemp("weights") / "alexnet.pth"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        features = torchvision.models.alexnet(weights=None).features.state_dict()
    torch.save({f"features.{name}": weight for name, weight in features.items()}, path)
    return path


@pytest.mark.filterwarnings("ignore::UserWarning:torchvision")
def test_lpips_is_the_librarys(alexnet_file: Path) -> None:
    """The authors' own class, its backbone given the same weights layer by layer."""
    import torch
    from lpips import LPIPS

    before = torch.random.get_rng_state()
    x, y = picture(1, 64), picture(2, 64)
    found = lpips(x, y, alexnet_file)
    assert torch.equal(torch.random.get_rng_state(), before)
    theirs = LPIPS(net="alex", pnet_rand=True, verbose=False)
    state = torch.load(alexnet_file, weights_only=True)
    convolutions = [layer for layer in theirs.net.modules() if isinstance(layer, torch.nn.Conv2d)]
    for layer, place in zip(convolutions, (0, 3, 6, 8, 10), strict=True):
        with torch.no_grad():
            layer.weight.copy_(state[f"features.{place}.weight"])
            layer.bias.copy_(state[f"features.{place}.bias"])
    tensors = [torch.from_numpy(p).permute(2, 0, 1)[None].float() / 127.5 - 1 for p in (x, y)]
    with torch.no_grad():
        assert found == pytest.approx(float(theirs(*tensors)), rel=1e-5)
    assert found > 1e-4
    assert lpips(x, x, alexnet_file) == 0
    assert paired(alexnet_file)["LPIPS"](x, y) == found


def test_lpips_of_grey_is_that_of_equal_channels(alexnet_file: Path) -> None:
    x, y = picture(1, 64, 1), picture(2, 64, 1)
    assert lpips(x, y, alexnet_file) == pytest.approx(lpips(*(p.repeat(3, 2) for p in (x, y)), alexnet_file))
    with pytest.raises(DataError, match="LPIPS needs pictures of 31×31 pixels"):
        lpips(x[:30], y[:30], alexnet_file)
    assert lpips(x[:31, :31], y[:31, :31], alexnet_file) > 0


def test_lpips_without_weights_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    for name in ("TRANSLATE_WEIGHTS", "XDG_CACHE_HOME", "TORCH_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    with pytest.raises(MissingWeightsError, match=r"AlexNet's weights .* are not here: add --fetch-weights, or"):
        PAIRED["LPIPS"](picture(1, 64), picture(2, 64))
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(MissingWeightsError, match=r"other\.pth: not AlexNet as torchvision has it"):
        lpips(picture(1, 64), picture(2, 64), tmp_path / "other.pth")


def test_classes_of_a_set_by_hand() -> None:
    """n₀₀ = 2, n₀₁ = 1, n₁₁ = 1, n₁₂ = 2, over two pictures; class 2 is never true, one pixel does not count."""
    first = classes.confusion(np.array([[0, 0, 1]]), np.array([[0, 0, 0]]), 3)
    second = classes.confusion(np.array([[1, 2, 2, 0]]), np.array([[1, 1, 1, -1]]), 3)
    assert (first + second).tolist() == [[2, 1, 0], [0, 1, 2], [0, 0, 0]]
    assert classes.scores(first + second) == {
        "pixel accuracy": pytest.approx(3 / 6),
        "class accuracy": pytest.approx((2 / 3 + 1 / 3) / 2),
        "class IoU": pytest.approx((2 / 3 + 1 / 4) / 2),
    }
    assert set(classes.scores(np.zeros((3, 3), int)).values()) == {0}


def test_nearest_colours() -> None:
    palette = np.array([[0, 0, 0], [255, 0, 0], [250, 250, 250]], np.uint8)
    random = np.random.default_rng(0)
    picture = random.integers(0, 256, (9, 7, 3), np.uint8)
    distance = np.linalg.norm(picture[:, :, None].astype(float) - palette, axis=3)
    np.testing.assert_array_equal(classes.nearest(picture, palette), distance.argmin(2))


def test_importing_metrics_brings_no_torch() -> None:
    import subprocess
    import sys

    program = (
        "import sys, numpy as np, translate.metrics as m; a = np.zeros((4, 4, 3), np.uint8); m.PAIRED['L1'](a, a); "
        "m.OF_SETS['SWD'](*([np.arange(768).reshape(16, 16, 3)] * 10 for _ in 'ab')); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=120).returncode == 0
