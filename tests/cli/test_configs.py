"""Every configuration in `configs/`: it plans and builds where its data lies, and says what its paper says."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from translate import config, pixels
from translate.config import Plan, Section
from translate.data.town.palette import CLASSES

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "configs").glob("*.toml"))

# Folders in data/ whose experiments are made for a CPU: size and length are ours to choose.
OURS = {"anime_faces", "day2night", "faces64", "mnist", "town", "town128", "town512"}
# A folder of the user's own, at a paper's settings.
OWN = {"photos"}

# What the papers, and their authors' code where they are silent, train with. A method of another paper is added here
# with its first configuration on public data.
COMMON = {
    "data.holdout": 0,  # the archives hold out folders of their own
    "transform.size": 256,
    "transform.load": 286,
    "transform.flip": True,
    "train.steps": 0,
    "train.epochs": 200.0,
    "train.decay": 0.5,
    "train.batch": 1,
    "train.lr": 2e-4,
    "train.betas": [0.5, 0.999],
}
RESNET_9 = {"networks.G.name": "resnet", "networks.G.blocks": 9, "networks.G.width": 64}
CONTRAST = {"method.layers": [0, 4, 8, 12, 16], "method.patches": 256, "method.temperature": 0.07}
LEAST_SQUARES = {"method.gan": "least_squares"}
PAPERS: dict[str, dict[str, Any]] = {
    "pix2pix": {
        "method.l1": 100.0,
        "method.gan": "nonsaturating",
        "networks.G.name": "unet",
        "networks.G.depth": 8,
        "networks.G.width": 64,
        "networks.D.layers": 3,
    },
    "cyclegan": {
        **LEAST_SQUARES,
        **RESNET_9,
        "networks.F.blocks": 9,
        "networks.D_X.layers": 3,
        "networks.D_Y.layers": 3,
        "method.cycle": 10.0,
        "method.identity": 5.0,
        "method.pool": 50,
    },
    "cut": {**LEAST_SQUARES, **RESNET_9, **CONTRAST, "method.nce": 1.0, "train.epochs": 400.0},
    "fastcut": {**LEAST_SQUARES, **RESNET_9, **CONTRAST, "method.nce": 10.0, "train.decay": 0.25},
}
EXCEPTIONS: dict[str, dict[str, Any]] = {
    "cyclegan_cityscapes": {
        "transform.size": 128,
        "transform.load": 143,
        "networks.G.blocks": 6,
        "networks.F.blocks": 6,
    },
    "pix2pix_edges2handbags": {"transform.load": 256, "train.epochs": 15.0, "train.decay": 0.0, "train.batch": 4},
    "pix2pix_edges2shoes": {
        "transform.load": 256,
        "transform.flip": False,
        "train.epochs": 15.0,
        "train.decay": 0.0,
        "train.batch": 4,
    },
    "pix2pix_night2day": {"train.epochs": 17.0, "train.decay": 0.0, "train.batch": 4},
}


def data_set(path: Path) -> str:
    """The folder in data/ that a configuration trains on."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))["data"]
    return Path(data.get("root") or data["source"]).parts[1]


PUBLIC = [path for path in FILES if data_set(path) not in OURS | OWN]


def stems(paths: list[Path]) -> list[str]:
    return [path.stem for path in paths]


def lay_out(data: Section) -> None:
    """Grey pictures of odd sizes where a configuration looks for its data, as few as it can do with."""
    if data["layout"] == "arrays":
        images, labels = np.zeros((data.get("holdout", 0) + 3, 28, 28), np.uint8), np.arange(data.get("holdout", 0) + 3)
        Path(data["root"]).parent.mkdir(parents=True)
        np.savez(data["root"], x_train=images, y_train=labels % 3, x_test=images, y_test=labels % 3)
        return
    classes = ("first", "second") if data["layout"] == "labelled" else ("",)
    for key in {"root", "source", "target"} & {key for key, entry in data.items() if "/" in str(entry)}:
        upright = data["layout"] == "unpaired" and key == "target"
        for name in classes:
            write_pictures(Path(data[key], name), data.get("holdout", 0) + 3, upright)


def write_pictures(folder: Path, count: int, upright: bool) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        short, long = 21 + number % 16, 34 + 2 * (number % 16)  # twice what is whole, so that it can be two halves
        shape = (long, short, 3) if upright else (short, long, 3)
        pixels.write(np.full(shape, 90, np.uint8), folder / f"{number}.png")


@pytest.fixture(scope="module", params=FILES, ids=stems(FILES))
def plan(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plan]:
    """A file of `configs/`, planned (and so rehearsed) where there is data for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("config"))
        section = config.read(request.param)
        lay_out(section["data"])
        yield config.plan(section)


def paper(plan: Plan) -> dict[str, Any]:
    """What a plan has to say: nothing where there is no paper to keep to."""
    if plan.layout.where == "data/photos":
        coloured = {"networks.G.name": "unet_ab"} if plan.name == "pix2pix_colourise" else {}
        return {**COMMON, **PAPERS["pix2pix"], **coloured, "data.holdout": 100}
    if plan.name not in stems(PUBLIC):
        return {}
    method = plan.resolved["method"]["name"]
    assert method in PAPERS, "a method's first configuration on public data: say in PAPERS what its paper trains with"
    return COMMON | PAPERS[method] | EXCEPTIONS.get(plan.name, {})


def value(resolved: Section, dotted: str) -> Any:
    for key in dotted.split("."):
        resolved = resolved[key]
    return resolved


def test_there_are_some():
    assert PUBLIC
    assert set(FILES) > set(PUBLIC)
    assert set(EXCEPTIONS) <= set(stems(PUBLIC))


@pytest.mark.parametrize("path", FILES, ids=stems(FILES))
def test_is_named_as_its_file(path):
    section = tomllib.loads(path.read_text(encoding="utf-8"))
    assert section["name"] == path.stem
    assert path.stem.startswith(("demo_", "page_", f"{section['method']['name']}_"))


def test_plans_and_reads_its_data(plan):
    plan.layout.check()
    pictures, _ = plan.layout.read(plan.layout.train[0], 0)
    transform = plan.transform if plan.layout.aligned else plan.transform.apart
    # Of derived pairs the photo alone is read.
    channels = 1 if plan.layout.where.endswith(".npz") else 3
    assert {one.shape for one in transform(pictures, 0)} == {(plan.transform.size, plan.transform.size, channels)}
    assert plan.settings.total(len(plan.layout.train)) > 0


def test_says_what_its_paper_says(plan):
    expected = paper(plan)
    assert {key: value(plan.resolved, key) for key in expected} == expected


@pytest.mark.parametrize("path", PUBLIC, ids=stems(PUBLIC))
def test_stands_beside_its_data_set(path):
    cards = (ROOT / "datasets" / "README.md").read_text(encoding="utf-8")
    assert [
        line for line in cards.splitlines() if line.startswith(f"| `{data_set(path)}`") and f"`{path.stem}`" in line
    ]


@pytest.mark.parametrize("path", FILES, ids=stems(FILES))
def test_what_is_painted_has_colours(path):
    section = config.read(path)
    assert ("palette" in section) == (section["domains"][0] == "labels")


def test_the_towns_colours():
    palette = config.read(ROOT / "configs" / "page_labels2photo.toml")["palette"]
    assert list(palette.items()) == [
        (name, "#{:02x}{:02x}{:02x}".format(*colour)) for name, (_, colour) in CLASSES.items()
    ]
    assert next(iter(palette)) == "sky"
