"""Layouts, transforms, the cache and the entrance beyond 8-bit RGB: values stay what they are on their way."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.tiny import ignore
from translate import config, pixels
from translate.data.entrance import Entrance
from translate.data.layouts import ImageFolder, SideBySide, TwoFolders, Unpaired
from translate.data.loading import Order, Pictures, Place, loader
from translate.data.transforms import Transform
from translate.errors import DataError

DEEP = {"depth": "uint16"}
HEIGHT = {"depth": "float32", "range": [-10, 3000]}
COLOURS = ["#000000", "#ff0000", "#00ff00", "#86c5da"]
PALETTE = np.array([list(bytes.fromhex(colour[1:])) for colour in COLOURS], np.uint8)


def levels(number: int, channels: int, depth: str = "uint16") -> np.ndarray:
    random = np.random.default_rng([number, channels])
    return random.integers(0, 256 if depth == "uint8" else 60000, (20, 26, channels)).astype(depth)


@pytest.fixture
def bands(tmp_path: Path) -> Path:
    """Folders of colour, of one deep band, of heights, of class indices and of their colours; four scenes."""
    for number in range(4):
        indices = np.random.default_rng(number).integers(0, 4, (20, 26, 1)).astype(np.uint8)
        for name, picture in {
            "rgb/{}.png": levels(number, 3, "uint8"),
            "band/{}.png": levels(number, 1),
            "height/{}.npy": levels(number, 1, "float32") / 20,
            "index/{}.png": indices,
            "colour/{}.png": PALETTE[indices[:, :, 0]],
        }.items():
            path = tmp_path / name.format(number)
            path.parent.mkdir(exist_ok=True)
            pixels.write(picture, path)
    return tmp_path


def several(folder: Path, **more: object) -> TwoFolders:
    sources = [str(folder / name) for name in ("rgb", "band")]
    given = {"source_channels": [3, 1], "source_values": [{}, {**DEEP, "range": [0, 60000]}]}
    target = {"target_channels": 1, "target_values": HEIGHT}
    return TwoFolders(sources, str(folder / "height"), holdout=1, **given, **target, **more)


def test_several_inputs_to_one_output(bands: Path) -> None:
    layout = several(bands)
    assert layout.facts == {"source": 4, "target": 1}
    (source, target), _ = layout.read(layout.train[1], 0)
    assert (source[:, :, :3] == levels(1, 3, "uint8")).all()
    assert (source[:, :, 3:] == levels(1, 1)).all()
    assert (source.dtype, target.dtype) == (np.uint16, np.float32)
    assert (target == levels(1, 1, "float32") / 20).all()
    batch = Entrance(None, layout.forms).plain(Pictures(layout, Transform(20)).fixed(1), torch.device("cpu"))
    assert batch.source.abs().max() <= 1
    eight = pixels.stored(bands / "rgb/3.png", layout.forms["source"].parts[0])[:, 3:23] / 127.5 - 1
    assert np.allclose(batch.source[0, :3].permute(1, 2, 0), eight, atol=1e-6)
    layout.check()
    (bands / "band/2.png").unlink()
    with pytest.raises(DataError, match="1 pictures have no partner in every one of 2 folders"):
        several(bands)


def test_one_file_less_or_more(bands: Path) -> None:
    with pytest.raises(DataError, match=r"data\.source_channels: 3 are given for 2 folders"):
        TwoFolders([str(bands / "rgb"), str(bands / "band")], str(bands / "height"), source_channels=[3, 1, 1])
    with pytest.raises(DataError, match="a label map cannot be put together with other files"):
        TwoFolders(
            [str(bands / "rgb"), str(bands / "index")],
            str(bands / "height"),
            source_channels=[3, 1],
            source_values=[{}, {"classes": 4}],
        )


def test_unpaired_with_several_inputs(bands: Path) -> None:
    sources = [str(bands / "rgb"), str(bands / "band")]
    layout = Unpaired(
        sources, str(bands / "height"), source_channels=[3, 1], source_values=[{}, DEEP], target_channels=1,
        target_values=HEIGHT,
    )  # fmt: skip
    (source, target), _ = layout.read(layout.train[0], 0)
    assert (source.shape, target.shape) == ((20, 26, 4), (20, 26, 1))
    assert layout.names(layout.pieces()[0]) == [["0.png", "0.png"], 4]
    pictures = Pictures(layout, Transform(12, 16))
    pictures.keep(ignore, check=True)
    plain = Pictures(layout, Transform(12, 16))
    for seed in range(4):
        kept, read = pictures[Place(seed, seed)], plain[Place(seed, seed)]
        assert kept.source.dtype == torch.uint16
        assert torch.equal(kept.source.int(), read.source.int())
        assert torch.equal(kept.target, read.target)


def test_fingerprints_are_those_of_names_alone(bands: Path) -> None:
    """What earlier versions wrote into a run and a card still says that it is the same data."""
    import hashlib
    import json

    made = TwoFolders(str(bands / "rgb"), str(bands / "colour"))
    names = [[f"{number}.png", f"{number}.png"] for number in range(4)]
    assert made.fingerprint() == hashlib.sha256(json.dumps(names).encode()).hexdigest()
    apart = Unpaired(str(bands / "rgb"), str(bands / "colour"))
    names = [[f"{number}.png", 3] for _ in range(2) for number in range(4)]
    assert apart.fingerprint() == hashlib.sha256(json.dumps(names).encode()).hexdigest()


def test_halves_of_16_bits(tmp_path: Path) -> None:
    both = levels(0, 1)
    pixels.write(both, tmp_path / "1.png")
    halves = {"source_channels": 1, "target_channels": 1, "source_values": DEEP, "target_values": DEEP}
    (left, right), _ = SideBySide(str(tmp_path), **halves).read(tmp_path / "1.png", 0)
    assert (np.concatenate([left, right], axis=1) == both).all()
    with pytest.raises(DataError, match="the same channels and depth"):
        SideBySide(str(tmp_path), **{**halves, "target_values": {}})


def test_pictures_alone(bands: Path) -> None:
    layout = ImageFolder(str(bands / "height"), channels=1, values=HEIGHT)
    (picture,), _ = layout.read(layout.train[0], 0)
    assert picture.dtype == np.float32


@pytest.mark.parametrize("depth", ["uint16", "float32"])
def test_resizing_keeps_depth(depth: str) -> None:
    """A ramp of 16 bits, halved and doubled: antialiased, and as fine as it was."""
    ramp = np.linspace(0, 65535, 128 * 64).reshape(64, 128)[:, :, None].repeat(5, axis=2).astype(depth)
    (half,) = Transform(32).plain((ramp,))
    assert (half.dtype, half.shape) == (ramp.dtype, (32, 32, 5))
    assert len(np.unique(half)) > 900
    # Inside, where no border is reflected, the mean of what a pixel covers.
    expected = ramp[:, 32:96].astype(np.float64).reshape(32, 2, 32, 2, 5).mean(axis=(1, 3))
    assert np.abs(half - expected)[4:-4, 4:-4].max() < 2
    steps = np.zeros((8, 8, 2), depth)
    steps[:, 4:] = 65535
    (large,) = Transform(32).plain((steps,))
    if depth == "uint16":  # bicubic filters overshoot: clipped, not wrapped
        assert (large[:, :8] < 10000).all()
        assert (large[:, 24:] > 55000).all()


def test_crops_and_flips_are_exact() -> None:
    """Every value of the result is one of the picture, at its place beside the others."""
    picture = np.arange(40 * 40 * 7, dtype=np.float32).reshape(40, 40, 7)
    for seed in range(8):
        source, target = Transform(32, 40)((picture, picture[:, :, :2].astype(np.uint16)), seed)
        step = np.diff(source[0, :, 0])
        assert (np.abs(step) == 7).all()
        assert (target == source[:, :, :2].astype(np.uint16)).all()


@pytest.mark.parametrize("name", ["index", "colour"])
@pytest.mark.parametrize("role", ["source", "target"])
def test_labels_stay_exact(name: str, role: str, bands: Path) -> None:
    """Resized, rotated, cropped and flipped, a label map holds its classes and nothing between them."""
    other = {"source": "target", "target": "source"}[role]
    values = {"classes": 4} if name == "index" else {"classes": COLOURS}
    section = {
        "name": "labels",
        "method": {"name": "pix2pix"},
        "networks": {"G": {"name": "resnet", "blocks": 1, "width": 4}, "D": {"name": "patchgan", "layers": 1}},
        "data": {
            **{"layout": "two_folders", role: str(bands / name), other: str(bands / "rgb")},
            **{f"{role}_channels": 1 if name == "index" else 3, f"{role}_values": values},
        },
        "transform": {"size": 32, "load": 40, "geometry": [{"name": "Rotate", "limit": 20, "p": 1.0}]},
        "train": {"steps": 1, "batch": 1},
    }
    plan = config.plan(section)
    assert plan.layout.facts == {role: 4, other: 3}
    pictures = Pictures(plan.layout, plan.transform)
    batches = [*loader(pictures, Order(4, 1, 0, 0, 8), 0, False), pictures.fixed(2)]
    for batch in batches:
        encoded = getattr(plan.entrance.plain(batch, torch.device("cpu")), role)
        assert encoded.shape[1:] == (4, 32, 32)
        assert ((encoded == 1).sum(1) == 1).all()
        assert (encoded.abs() == 1).all()
        stored = getattr(batch, role)
        assert len(torch.unique(stored.flatten(2)[0], dim=1).T) == 4


def test_colours_of_labels_are_no_light() -> None:
    """What shakes a source's pixels shakes a label map's, what changes its colours leaves classes alone."""
    shaken = {"name": "ElasticTransform", "alpha": 80, "sigma": 4, "p": 1.0}
    transform = Transform(40, flip=False, photometric=[{"name": "RandomBrightnessContrast", "p": 1.0}, shaken])
    labels = np.random.default_rng(0).integers(0, 3, (40, 40, 1)).astype(np.uint8) * 120
    transform.maps = (0,)
    source, target = transform((labels, labels), 1)
    assert (target == labels).all()
    assert (source != labels).any()
    assert np.unique(source).tolist() == [0, 120, 240]


def test_labels_take_their_geometry_from_the_picture(bands: Path) -> None:
    """A map of which pixel belongs where moves with the picture beside it."""
    transform = Transform(16, 20)
    transform.maps = (0,)
    picture = np.arange(400, dtype=np.uint16).reshape(20, 20, 1)
    for seed in range(6):
        labels, beside = transform((picture, picture), seed)
        assert (labels == beside).all()
    transform.maps = (0, 1)
    labels, beside = transform((picture, picture), 3)
    assert (labels == beside).all()
