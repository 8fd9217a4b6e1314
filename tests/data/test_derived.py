"""Derivations against kornia, Pillow and closed forms; chance is the step's and everyone's."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from tests.data.test_on_device import process
from translate import colour, pixels
from translate.data.derived import DERIVATIONS, Derivation, derivation
from translate.data.derived.damage import NEUTRAL, Filled
from translate.errors import ConfigError

RANDOM = {"mask", "noise", "jpeg"}
DRAWING = [{"name": "mask", "holes": 2}, {"name": "noise"}, {"name": "jpeg", "qualities": (5, 90)}]


def photo(height: int = 40, width: int = 56, count: int = 2, seed: int = 0, noise: float = 4) -> np.ndarray:
    """Soft shapes, hard edges and some noise: uint8 `[N, H, W, 3]`."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / 9.0
    waves = 120 + 80 * np.sin(x + random.uniform(0, 6, (count, 3, 1, 1))) * np.cos(y)
    levels = waves.transpose(0, 2, 3, 1) + random.normal(0, noise, (count, height, width, 3))
    levels[:, height // 4 : height // 2, width // 3 : -3] += (70, -60, 40)
    return np.clip(levels, 0, 255).astype(np.uint8)


def tensor(pictures: np.ndarray) -> Tensor:
    return torch.from_numpy(pictures.transpose(0, 3, 1, 2).copy()).float() / 127.5 - 1


def levels(source: Tensor) -> np.ndarray:
    """uint8 `[N, H, W, C]` of a source that is on levels."""
    exact = source.double() * 127.5 + 127.5
    assert (exact - exact.round()).abs().max() < 1e-4
    return exact.round().byte().permute(0, 2, 3, 1).numpy()


def made(pictures: np.ndarray, **section) -> np.ndarray:
    return levels(derivation(section)(tensor(pictures)))


def unit(pictures: np.ndarray) -> Tensor:
    return torch.from_numpy(pictures.transpose(0, 3, 1, 2).copy()).float() / 255


@pytest.mark.parametrize("name", DERIVATIONS)
@pytest.mark.parametrize("size", [(1, 1), (5, 3), (17, 33)])
def test_any_size_gives_levels_in_range(name: str, size: tuple[int, int]) -> None:
    kind = derivation({"name": name})
    source = kind(tensor(photo(*size)))
    assert source.shape == (2, kind.channels, *size)
    assert source.dtype == torch.float32
    levels(source)
    assert kind.does


@pytest.mark.parametrize("name", DERIVATIONS)
def test_pictures_do_not_know_each_other(name: str) -> None:
    pictures, kind = tensor(photo(count=3)), derivation({"name": name})
    assert torch.equal(kind(pictures), torch.cat([kind(one[None]) for one in pictures]))


@pytest.mark.parametrize("name", sorted(set(DERIVATIONS) - RANDOM))
def test_training_sees_what_inference_sees(name: str) -> None:
    pictures, kind = tensor(photo()), derivation({"name": name})
    torch.manual_seed(0)
    before = torch.get_rng_state()
    assert torch.equal(kind.drawn(pictures), kind(pictures))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_photo_between_levels_is_rounded_first() -> None:
    between = tensor(photo()) + 0.3 / 127.5
    assert torch.equal(derivation({"name": "canny"})(between), derivation({"name": "canny"})(tensor(photo())))


# --- Edges ----------------------------------------------------------------------------------------


def kornia_canny(pictures: np.ndarray, hysteresis: bool, sigma: float = 1.0) -> np.ndarray:
    from kornia.filters import canny

    # Its Gaussian mirrors at the border where ours repeats: wide pictures are compared away from it.
    _, edges = canny(unit(pictures), 0.1, 0.2, (5, 5), (sigma, sigma), hysteresis)
    return edges[:, 0].numpy()


def inner(map_: np.ndarray) -> np.ndarray:
    return map_[:, 6:-6, 6:-6]


def test_canny_is_kornias_without_hysteresis() -> None:
    pictures = photo(96, 128, seed=3, noise=25)
    strong = kornia_canny(pictures, False) == 1.0  # 0.5 where it is weak
    mine = made(pictures, name="canny", reach=0)[..., 0]
    assert set(np.unique(mine)) == {0, 255}
    assert inner(strong).mean() > 0.01
    assert (inner(mine == 0) == inner(strong)).mean() > 0.9995  # but for directions that are on the line between two


def test_canny_is_kornias_with_hysteresis() -> None:
    pictures = photo(96, 128, seed=3, noise=25)
    theirs = kornia_canny(pictures, True) == 1.0
    strong, mine = (made(pictures, name="canny", reach=reach)[..., 0] == 0 for reach in (0, 256))
    assert inner(theirs).sum() > inner(strong).sum()  # there was something to follow
    # Its thresholded edges at the border come from another padding, and may be followed into the picture.
    assert (inner(mine) == inner(theirs)).mean() > 0.998


def test_canny_follows_an_edge_so_far_as_it_is_told() -> None:
    # A step that fades from left to right: strong at first, then weak.
    height = np.linspace(80, 14, 120)
    picture = np.full((1, 40, 120, 3), 100, np.uint8)
    picture[0, 20:] = (100 + height)[:, None]
    lengths = [(made(picture, name="canny", reach=reach, low=0.1, high=0.4) == 0).sum() for reach in (0, 10, 200)]
    assert lengths[0] < lengths[1] < lengths[2]
    assert 10 <= lengths[1] - lengths[0] <= 12
    assert lengths[2] >= 119


def test_a_step_between_two_pixels_is_one_line() -> None:
    picture = np.zeros((1, 20, 20, 3), np.uint8)
    picture[:, :, 10:] = 200
    lines = made(picture, name="canny")[0, :, :, 0]
    assert ((lines == 0).sum(1) == 1).all()
    assert (made(picture, name="canny", invert=True)[0, :, :, 0] == 255 - lines).all()


def test_sobel_is_kornias() -> None:
    from kornia.color import rgb_to_grayscale
    from kornia.filters import sobel

    expected = 255 - (255 * 2.5 * sobel(rgb_to_grayscale(unit(photo())), eps=0.0)).clamp(0, 255)
    found = made(photo(), name="sobel", gain=2.5)[..., 0]
    assert np.abs(found - expected[:, 0].numpy()).max() <= 0.51


def test_soft_edges_are_what_their_equation_says() -> None:
    from kornia.filters import gaussian_blur2d, spatial_gradient

    def steepest(sigma: float) -> Tensor:
        size = 2 * int(np.ceil(3 * sigma)) + 1
        blurred = gaussian_blur2d(unit(photo(64, 64)), (size, size), (sigma, sigma), border_type="replicate")
        return sigma * spatial_gradient(blurred, normalized=True).norm(dim=2).amax(1)

    squared = steepest(1.0) * steepest(2.5)
    expected = 255 - 255 * squared / (squared + 0.08**2)
    found = made(photo(64, 64), name="soft_edges")[..., 0]
    assert np.abs(found - expected.numpy()).max() <= 0.51
    assert found.min() < 60
    assert found.max() > 240


# --- Colours --------------------------------------------------------------------------------------


def test_grey_is_the_grey_of_a_grey_file() -> None:
    for picture in photo(50, 70):
        assert np.array_equal(made(picture[None], name="grey")[0], pixels.read(picture, 1))


def test_lightness_is_kornias() -> None:
    from kornia.color import rgb_to_lab

    expected = rgb_to_lab(unit(photo()))[:, 0] * 2.55
    assert np.abs(made(photo(), name="lightness")[..., 0] - expected.numpy()).max() <= 0.51


def test_lab_goes_both_ways_and_is_kornias() -> None:
    from kornia.color import lab_to_rgb, rgb_to_lab

    lab = rgb_to_lab(unit(photo()))
    torch.testing.assert_close(colour.lightness(unit(photo())), lab[:, :1], atol=2e-3, rtol=0)
    torch.testing.assert_close(colour.rgb(*lab.split(1, dim=1)), unit(photo()), atol=2e-4, rtol=0)
    torch.testing.assert_close(colour.rgb(*lab.split(1, dim=1)), lab_to_rgb(lab), atol=2e-4, rtol=0)


def test_a_colour_that_there_is_not_keeps_its_lightness() -> None:
    generator = torch.Generator().manual_seed(0)
    wanted = torch.rand(1, 1, 100, 100, generator=generator) * 100
    a, b = (torch.rand(2, 1, 1, 100, 100, generator=generator) * 220 - 110).unbind()
    rgb = colour.rgb(wanted, a, b)
    assert rgb.min() >= 0
    assert rgb.max() <= 1
    assert (colour.lightness(rgb) - wanted).abs().max() < 0.05
    assert torch.allclose(colour.rgb(wanted, 0 * a, 0 * b).std(1), torch.zeros(1), atol=1e-6)


def test_quantised_levels_are_even() -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, 3)
    for count in (2, 4, 7, 64):
        found = made(ramp, name="quantise", levels=count)
        expected = np.floor(np.floor(ramp.astype(int) * (count - 1) / 255 + 0.5) * 255 / (count - 1) + 0.5)
        assert np.array_equal(found, expected)
        assert len(np.unique(found)) == count


# --- Damage ---------------------------------------------------------------------------------------


def test_blur_is_kornias() -> None:
    from kornia.filters import gaussian_blur2d

    expected = 255 * gaussian_blur2d(unit(photo()), (13, 13), (2.0, 2.0), border_type="replicate")
    assert np.abs(made(photo(), name="blur") - expected.permute(0, 2, 3, 1).numpy()).max() <= 0.51


@pytest.mark.parametrize("size", [(40, 56), (37, 50)])
def test_downsample_is_pillows(size: tuple[int, int]) -> None:
    for picture in photo(*size):
        height, width = size
        whole = np.pad(picture, ((0, -height % 4), (0, -width % 4), (0, 0)), mode="edge")
        small = Image.fromarray(whole).reduce(4)
        large = np.asarray(small.resize(whole.shape[1::-1], Image.Resampling.BILINEAR))[:height, :width]
        found = made(picture[None], name="downsample", factor=4, up="bilinear")[0]
        assert np.abs(found.astype(int) - large).max() <= 2  # Pillow rounds between across and down as well
        assert np.abs(found.astype(int) - large).mean() < 0.3
        squares = np.asarray(small).repeat(4, 0).repeat(4, 1)[:height, :width]
        assert (
            np.abs(made(picture[None], name="downsample", factor=4, up="nearest")[0].astype(int) - squares).max() <= 1
        )


def test_a_hole_is_neutral_and_transparent() -> None:
    found = made(photo(40, 60), name="mask", least=0.5, most=0.5)
    hole = found[..., 3] == 0
    assert set(np.unique(found[..., 3])) == {0, 255}
    assert hole[:, 10:30, 15:45].all()
    assert hole.sum() == 2 * 20 * 30
    assert (found[hole][:, :3] == NEUTRAL).all()
    assert (found[..., :3] == photo(40, 60))[~hole].all()


def test_what_lies_below_a_hole_is_not_seen() -> None:
    class Same(torch.nn.Module):
        multiple = smallest = 1
        halo = 0

        def forward(self, x: Tensor) -> Tensor:
            return x

    source = derivation({"name": "mask"})(tensor(photo()))
    other = source.clone()
    other[:, :3] = torch.where(source[:, 3:] < 0, 0.77, source[:, :3])
    torch.testing.assert_close(Filled(Same())(other), source, atol=1e-6, rtol=0)


def test_noise_has_its_width() -> None:
    grey = torch.zeros(4, 3, 128, 128)
    torch.manual_seed(1)
    kind = derivation({"name": "noise", "sigma": 20.0})
    for source in (kind.drawn(grey), kind(grey)):
        assert abs(float(source.std()) * 127.5 - 20) < 0.5
        assert abs(float(source.mean()) * 127.5) < 0.6


@pytest.mark.parametrize("quality", [5, 30, 75, 95])
def test_jpeg_is_what_pillow_reads_back(quality: int) -> None:
    for size in ((48, 64), (37, 51)):
        for picture in photo(*size):
            file = io.BytesIO()
            Image.fromarray(picture).save(file, "JPEG", quality=quality, subsampling=2)
            theirs = np.asarray(Image.open(file)).astype(int)
            mine = made(picture[None], name="jpeg", qualities=[quality, quality])[0].astype(int)
            # Their cosines are whole numbers: a coefficient near the middle of a step may go the other way.
            lost = np.abs(picture.astype(int) - theirs).mean()
            assert np.abs(mine - theirs).mean() < 0.7 + 0.1 * lost
            assert np.abs(mine - theirs).max() <= 24


# --- Chance ---------------------------------------------------------------------------------------


def drawn(kind: Derivation, pictures: Tensor, seed: int) -> Tensor:
    torch.manual_seed(seed)
    return kind.drawn(pictures)


@pytest.mark.parametrize("section", DRAWING, ids=lambda section: section["name"])
def test_chance_is_the_seeds(section: dict) -> None:
    kind, pictures = derivation(section), tensor(photo(count=4))
    assert torch.equal(drawn(kind, pictures, 7), drawn(kind, pictures, 7))
    assert not torch.equal(drawn(kind, pictures, 7), drawn(kind, pictures, 8))
    same = pictures[:1].repeat(4, 1, 1, 1)
    first, second, *_ = drawn(kind, same, 7)
    assert not torch.equal(first, second)  # each picture has its own
    torch.manual_seed(0)
    before = torch.get_rng_state()
    assert torch.equal(kind(pictures), kind(pictures))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("section", DRAWING, ids=lambda section: section["name"])
def test_processes_draw_what_one_would(section: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, pictures = derivation(section), tensor(photo(count=4))
    alone, together = drawn(kind, pictures, 3), []
    for rank in (0, 1):
        with process(monkeypatch, rank, 2):
            together.append(drawn(kind, pictures.chunk(2)[rank], 3))
    assert torch.equal(torch.cat(together), alone)


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({"name": "cany"}, "did you mean 'canny'"),
        ({"name": "canny", "lo": 1}, "canny"),
        ({"name": "canny", "low": 3.0, "high": 1.0}, "exchange them"),
        ({"name": "canny", "sigma": 0.0}, "give 0.3 to 10"),
        ({"name": "jpeg", "qualities": [50, 10]}, "the lowest comes first"),
        ({"name": "downsample", "up": "linear"}, "choose one of bicubic"),
        ({"name": "mask", "least": 0.9, "most": 0.1}, "exchange them"),
        ({}, "there is no None"),
    ],
)
def test_mistakes_are_told(section: dict, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        derivation(section)
