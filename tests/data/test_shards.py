"""Shards: what was packed comes out, in an order that is a function of (seed, position), and damage is named."""

import gc
import io
import json
import os
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w
import torch

from tests.data.trees import LAID_OUT, grow, laid_out, same, section
from tests.tiny import configuration, ignore
from translate import config, pixels
from translate.cli import main
from translate.data.layouts import OF_FILES, packed
from translate.data.loading import Order, Pictures, loader
from translate.data.shards.index import FILES, INDEX
from translate.data.shards.packing import pack
from translate.data.transforms import Transform
from translate.data.windows import Windows
from translate.errors import ConfigError, DataError, PictureError
from translate.training import checkpoint
from translate.training.run import Run

SMALL = 10_000  # bytes of a shard


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return grow(tmp_path_factory.mktemp("tree"))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's cache of one's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def packing(kind: str, tree: Path, out: Path, count: int = 0, **changes: Any) -> Path:
    given = section(kind, tree, **changes)
    pack(OF_FILES[kind](**given), {"layout": kind, **given}, out, "noise", OF_FILES, SMALL, count)
    return out


@pytest.mark.parametrize("kind", LAID_OUT)
def test_what_was_packed_comes_out(kind: str, tree: Path, tmp_path: Path) -> None:
    layout, out = laid_out(kind, tree), packing(kind, tree, tmp_path / "out")
    same(layout, packed(str(out)))
    same(laid_out(kind, tree, holdout=3), packed(str(out), holdout=3))
    assert len(list(out.glob("*.tar"))) > 2
    assert all(path.stat().st_size <= SMALL for path in out.glob("*.tar"))
    packed(str(out)).check()


@pytest.mark.parametrize("kind", LAID_OUT)
def test_some_are_packed(kind: str, tree: Path, tmp_path: Path) -> None:
    layout, some = laid_out(kind, tree), packed(str(packing(kind, tree, tmp_path / "out", count=5)))
    assert len(some.train) == 5
    read = [[layout.read(sample, 0) for sample in one.held_out] for one in (layout, layout)]
    kept = [some.read(sample, 0) for sample in some.held_out]
    assert sorted(map(str, kept)) == sorted(map(str, read[0]))


@pytest.mark.parametrize("count", [0, 5])
def test_what_was_spread_lies_in_that_order(count: int, tree: Path, tmp_path: Path) -> None:
    layout = laid_out("images", tree, spread=True)
    some = packed(str(packing("images", tree, tmp_path / "out", count=count, spread=True)))
    assert [x.name for x in some.held_out] == [x.name for x in layout.held_out]
    assert [x.name for x in some.train] == [x.name for x in layout.train][: count or None]


def test_packing_again_gives_the_same_bytes(tree: Path, tmp_path: Path) -> None:
    folders = [packing("two_folders", tree, tmp_path / name) for name in "ab"]
    one, other = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    one[FILES] = other[FILES] = b""  # a .npz notes the time
    one[INDEX], other[INDEX] = (json.dumps({**json.loads(x[INDEX]), "files": 0}).encode() for x in (one, other))
    assert one == other


def test_files_keep_their_bytes_and_get_names_of_webdataset(tree: Path, tmp_path: Path) -> None:
    out = packing("two_folders", tree, tmp_path / "out")
    with tarfile.open(out / "noise-000000.tar") as tar:
        names = tar.getnames()
        assert names[:4] == ["000000.source.png", "000000.target.png", "000001.source.jpg", "000001.target.jpg"]
        file = tar.extractfile("000001.target.jpg")
        assert file is not None
        assert file.read() == (tree / "classes/b/1.jpg").read_bytes()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # it leaves files open
def test_webdataset_reads_our_shards(tree: Path, tmp_path: Path) -> None:
    webdataset = pytest.importorskip("webdataset")
    layout, out = laid_out("labelled", tree), packing("labelled", tree, tmp_path / "out")
    shards = sorted(map(str, out.glob("*.tar")))
    found = list(webdataset.WebDataset(shards, shardshuffle=False).decode("rgb8"))
    assert [sample["__key__"] for sample in found] == [f"{number:06d}" for number in range(len(found))]
    for sample, theirs in zip([*layout.train, *layout.held_out], found, strict=True):
        (picture,), (label,) = layout.read(sample, 0)
        image = theirs["png"] if "png" in theirs else theirs["jpg"]
        assert theirs["cls"] == label
        assert np.array_equal(image, picture)
    del sample, theirs, found
    gc.collect()


def test_the_command(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    given = {"layout": "two_folders", **section("two_folders", tree)}
    Path("x.toml").write_text(tomli_w.dumps({**configuration("pix2pix", tree), "data": given}))
    assert main(["data", "pack", "x.toml", "-o", "out", "--shard-size", "10kB", "--count", "4"]) == 0
    assert "6 samples in" in capsys.readouterr().out
    assert main(["data", "pack", "x.toml", "-o", "out"]) == 1
    assert "out is there already" in capsys.readouterr().err
    assert main(["data", "pack", "x.toml", "-o", "new", "--shard-size", "many"]) == 1
    assert "write a size such as 256MB" in capsys.readouterr().err
    assert main(["data", "check", "x.toml", "data={}", 'data.layout="packed"', 'data.root="out"']) == 0


def test_what_cannot_be_read_is_not_packed(tmp_path: Path) -> None:
    root = grow(tmp_path / "tree")
    (root / "both" / "3.png").write_bytes(b"no picture")
    (tmp_path / ".out.part").mkdir()  # of an earlier one that was broken off
    with pytest.raises(DataError, match=r"1 of 12 cannot be used: .*3\.png is not a picture"):
        packing("side_by_side", root, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (root / "both" / "3.png").write_bytes((root / "both" / "6.png").read_bytes())
    packing("side_by_side", root, tmp_path / "out")
    assert [path.name for path in tmp_path.glob("*out*")] == ["out"]
    with pytest.raises(DataError, match="lies in shards already"):
        pack(packed(str(tmp_path / "out")), {}, tmp_path / "again", "x", OF_FILES)


def test_damage_is_named(tree: Path, tmp_path: Path) -> None:
    out = packing("two_folders", tree, tmp_path / "out")
    shard = sorted(out.glob("*.tar"))[1]
    whole = shard.read_bytes()
    layout = packed(str(out))
    shard.write_bytes(whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:])
    with pytest.raises(DataError, match=r"1 of \d+ shards are not what was packed: .*000001\.tar has another checksum"):
        layout.check()
    shard.write_bytes(whole[:600])
    with pytest.raises(DataError, match=r"000001\.tar has 600 bytes, not"):
        layout.check()
    place = next(place for place, sample in enumerate(layout.train) if sample[0].place[0] == 1)
    with pytest.raises(PictureError, match=r"is cut short, as noise-000001\.tar is"):
        layout.read(layout.train[place], 0)
    shard.unlink()
    with pytest.raises(DataError, match=r"000001\.tar is not there"):
        layout.check()
    layout = packed(str(out))
    with pytest.raises(PictureError, match=r"000001\.tar cannot be read: No such file"):
        layout.read(layout.train[place], 0)


def changed(out: Path, change: Any) -> str:
    said = json.loads((out / INDEX).read_text())
    change(said)
    (out / INDEX).write_text(json.dumps(said))
    return str(out)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda said: said.update(format=2), "is of format 2 and this version reads 1"),
        (lambda said: said.pop("format"), "is no index of shards"),
        (lambda said: said["files"].update(sha256="0" * 64), "is not what index.json says"),
        (lambda said: said["series"][0]["shards"][0].update(name="../up.tar"), "is no index"),
        (lambda said: said["series"][0]["shards"][0].update(bytes=100), "files that lie outside of their shard"),
        (lambda said: said["series"][0]["shards"][0].update(samples=99), "is no index"),
        (lambda said: said["series"].clear(), "packed with another version of layout"),
        (lambda said: said["data"].update(layout="packed"), "this version does not know"),
        (lambda said: said["data"].update(more=1), "packed with another version of layout"),
    ],
)
def test_an_index_that_lies_is_refused(change: Any, told: str, tree: Path, tmp_path: Path) -> None:
    out = packing("images", tree, tmp_path / "out")
    with pytest.raises(DataError, match=told):
        packed(changed(out, change))


def test_an_index_is_small(tmp_path: Path) -> None:
    """The place of a file takes a few bytes: see benchmarks.data_scale for its time."""
    (tmp_path / "many").mkdir()
    pixels.write(np.zeros((8, 8, 3), np.uint8), tmp_path / "one.png")
    for number in range(1000):
        os.link(tmp_path / "one.png", tmp_path / "many" / f"{number}.png")
    given = {"root": str(tmp_path / "many")}
    pack(OF_FILES["images"](**given), {"layout": "images", **given}, tmp_path / "out", "x", OF_FILES)
    assert sum((tmp_path / "out" / name).stat().st_size for name in (INDEX, FILES)) < 12_000


WINDOWS = Windows(tuple(np.arange(7 * n, 7 * n + 7) for n in range(5)), (0, 1, 2, 3, 4), 2)


def test_windows_are_permutations() -> None:
    orders = {}
    for seed, number in ((0, 0), (0, 1), (1, 0)):
        epoch = WINDOWS.epoch(seed, number)
        assert sorted(epoch.permutation) == list(range(35))
        assert epoch.starts.tolist() == [0, 14, 28]
        ends = [*epoch.starts[1:], 35]
        for start, end, shards in zip(epoch.starts, ends, epoch.shards, strict=True):
            assert Counter(epoch.permutation[start:end] // 7) == dict.fromkeys(shards, 7)
        orders[seed, number] = epoch.permutation.tolist()
    assert len({tuple(order) for order in orders.values()}) == 3
    assert WINDOWS.epoch(0, 1).permutation.tolist() == orders[0, 1]


def test_an_order_of_windows_starts_anywhere() -> None:
    whole = list(Order(35, 3, 4, 0, 40, windows=WINDOWS))
    assert list(Order(35, 3, 4, 17, 40, windows=WINDOWS)) == whole[17:]
    seen = Counter(place.sample for step in whole[:35] for place in step)
    assert seen == dict.fromkeys(range(35), 3)
    shares = [list(Order(35, 4, 4, 0, 20, share, 2, WINDOWS)) for share in (0, 1)]
    together = [one + other for one, other in zip(*shares, strict=True)]
    assert together == list(Order(35, 4, 4, 0, 20, windows=WINDOWS))


@pytest.mark.parametrize("window", [0, 2])
@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("kind", ["two_folders", "unpaired"])
def test_worker_processes_change_nothing(kind: str, workers: int, window: int, tree: Path, tmp_path: Path) -> None:
    out = packing(kind, tree, tmp_path / "out")
    layout, plain = packed(str(out), window=window), laid_out(kind, tree)
    assert (layout.windows is None) == (window == 0)
    order = Order(len(layout.train), 2, 3, 4, 20, windows=layout.windows)
    expected = loader(Pictures(plain, Transform(8, 10)), order, 0, False)  # the same order over folders
    kept = Pictures(layout, Transform(8, 10))
    if workers:
        kept.keep(ignore, check=True)
    found = list(loader(kept, order, workers, False))
    for one, other in zip(expected, found, strict=True):
        assert torch.equal(one.source, other.source)
        assert torch.equal(one.target, other.target)


def test_resuming_from_shards_is_exact(town: Path, tmp_path: Path) -> None:
    """Stopped in the middle of a window, and gone on with by other processes, it is the run that never stopped."""
    made = configuration("pix2pix", town, steps=11)
    plan = config.plan(made)
    pack(plan.layout, plan.resolved["data"], tmp_path / "out", "town", OF_FILES, SMALL)
    data = {"layout": "packed", "root": str(tmp_path / "out"), "window": 2}
    assert len(list((tmp_path / "out").glob("*.tar"))) > 3
    states = []
    for name, parts in (("whole", [(11, 0)]), ("parts", [(4, 2), (11, 0)])):
        for steps, workers in parts:
            train = {**made["train"], "steps": steps, "workers": workers, "decay": 0.0, "checkpoint_every": 4}
            section = {**made, "name": name, "data": data, "train": train}
            result = Run(config.plan(section), tmp_path / "runs", ignore).train(resume=True)
            assert result.step == steps
        states.append(checkpoint.newest(tmp_path / "runs" / name / "checkpoints", ignore))
    for one, other in zip(*(state["method"].items() for state in states), strict=True):
        assert torch.equal(one[1], other[1]), one[0]


def tarred(path: Path, files: dict[str, bytes]) -> Path:
    path.parent.mkdir(exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture
def others(tree: Path, tmp_path: Path) -> Path:
    """Shards as others make them: the same keys in each, folders in them, a class each."""
    for shard in range(3):
        files = {}
        for number in range(4):
            place = shard * 4 + number
            name = f"{place}{'.jpg' if place % 3 else '.png'}"
            for folder, ending in (("a", "edges.png"), ("b", "photo.png")):
                files[f"part/{number:03}.{ending}"] = pixels.encode(
                    pixels.read(tree / "classes" / folder / name), ".png"
                )
            files[f"part/{number:03}.cls"] = str(place % 2).encode()
        tarred(tmp_path / "others" / f"train-{shard:04}.tar", files)
    return tmp_path / "others"


def test_shards_of_others(others: Path, tree: Path, cache: Path) -> None:
    for root in (str(others), f"{others}/train-{{0000..0002}}.tar"):
        layout = packed(root, holdout=2, endings=("edges.png", "photo.png"), channels=(1, 3))
        plain = laid_out("two_folders", tree, source_channels=1, target_channels=3)
        for one, other in zip(plain.train, layout.train, strict=True):
            for mine, theirs in zip(plain.read(one, 0)[0], layout.read(other, 0)[0], strict=True):
                assert np.array_equal(mine, theirs)
    assert packed(str(others)).fingerprint() == packed(str(others)).fingerprint(), "edges and photo are guessed"
    kept = sorted((cache / "translate" / "shards").glob("index-*"))
    assert len(kept) == 2, "both names are of the same files"
    labelled = packed(str(others), endings=("photo.png",), of="labelled")
    assert labelled.facts == {"image": 3, "classes": 2}
    assert len(labelled.train) == 12
    labelled.check()
    (kept[0] / FILES).write_bytes(b"damaged")
    packed(str(others))


def test_what_cannot_be_guessed_is_asked_for(others: Path, tmp_path: Path) -> None:
    files = {f"0.{ending}": b"x" for ending in ("left.png", "right.png")}
    with pytest.raises(DataError, match=r'"left\.png", "right\.png": say which are source and target'):
        packed(str(tarred(tmp_path / "two" / "a.tar", files)))
    with pytest.raises(DataError, match=r"the sample part/000 has no \.mask\.png: it has edges\.png, photo\.png, cls"):
        packed(str(others), endings=("edges.png", "mask.png"))
    with pytest.raises(DataError, match=r"one or two, as many of each"):
        packed(str(others), endings=("edges.png", "photo.png"), channels=(1,))
    tarred(tmp_path / "none" / "a.tar", {"0.png": b"x"})
    with pytest.raises(DataError, match=r"the sample 0 has no class"):
        packed(str(tmp_path / "none"), of="labelled")
    with pytest.raises(DataError, match=r"train-0003\.tar is not there"):
        packed(f"{others}/train-{{0000..0003}}.tar")
    with pytest.raises(DataError, match=r"nor are there \.tar files"):
        packed(str(tmp_path / "nowhere"))
    (tmp_path / "none" / "a.tar").write_bytes(b"no tar" * 1000)
    with pytest.raises(DataError, match=r"a\.tar is no tar file"):
        packed(str(tmp_path / "none"))
    with pytest.raises(DataError, match="the shards are empty"):
        packed(str(tarred(tmp_path / "empty" / "a.tar", {})))


def test_keys_are_checked(tree: Path, town: Path) -> None:
    section = {**configuration("pix2pix", town), "data": {"layout": "packed", "rot": "x"}}
    with pytest.raises(ConfigError, match=r"there is no key 'rot'; did you mean 'root'"):
        config.plan(section)
    with pytest.raises(DataError, match="neither may be negative"):
        packed("x", holdout=-2)
