"""The authors' generators come out of their files as they were, and what is not one of them is refused."""

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from benchmarks.literal import networks as theirs
from tests.exporting.authors import COUNT, VARIANTS, Variant
from translate.card import UNKNOWN
from translate.errors import ModelError
from translate.exporting import export
from translate.exporting.foreign import adopt
from translate.exporting.foreign.filling import fill
from translate.exporting.foreign.recognise import recognise

State = dict[str, Tensor]
# Exporting takes seconds each: the others are run with `-m slow`.
QUICK = ("pix2pix, 128",)
EXPORTED = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in VARIANTS]
BATCH = [name for name in VARIANTS if "BatchNorm" in VARIANTS[name].said]
SMALL = {"unet": VARIANTS["pix2pix, shallow"], "resnet": VARIANTS["ResNet, batch"], "cut": VARIANTS["CUT, up plain"]}


def save(folder: Path, state: object, name: str = "latest_net_G.pth", **how: bool) -> Path:
    torch.save(state, folder / name, **how)
    return folder / name


def picture(variant: Variant, side: int) -> Tensor:
    random = torch.Generator().manual_seed(1)
    return torch.rand(1, variant.inputs, side, side, dtype=torch.float64, generator=random) * 2 - 1


def test_names_are_the_authors() -> None:
    """What the other tests write has the names and shapes of pix2pix's U-Net-256, CycleGAN's ResNet-9 and CUT's."""
    names = {}
    for name in ("pix2pix", "CycleGAN", "ResNet, batch, dropout", "CUT"):
        state = VARIANTS[name].state(VARIANTS[name].build())
        names[name] = {key: list(tensor.shape) for key, tensor in state.items()}
    middle = "model.model.1.model" + ".3.model" * 3
    unet = {
        "model.model.0.weight": [8, 3, 4, 4],
        "model.model.3.bias": [3],
        f"{middle}.1.weight": [64, 64, 4, 4],
        f"{middle}.2.running_var": [64],
        f"{middle}.5.weight": [128, 64, 4, 4],
        f"{middle}.6{COUNT}": [],
        f"{middle}.3.model.3.model.3.model.3.weight": [64, 64, 4, 4],
        f"{middle}.3.model.3.model.3.model.4.bias": [64],
    }
    resnet = {"model.1.bias": [8], "model.7.weight": [32, 16, 3, 3], "model.26.weight": [3, 8, 7, 7]} | {
        f"model.{block}.conv_block.{place}.weight": [32, 32, 3, 3] for block in (10, 18) for place in (1, 5)
    }
    dropped = {"model.10.conv_block.6.weight": [32, 32, 3, 3], "model.11.conv_block.7.running_mean": [32]}
    cut = {"model.7.filt": [16, 1, 3, 3], "model.21.filt": [32, 1, 4, 4], "model.30.weight": [3, 8, 7, 7]}
    for name, some in zip(names, (unet, resnet, dropped, cut), strict=True):
        assert names[name].items() >= some.items(), name
    assert "model.model.0.bias" not in names["pix2pix"]
    assert not [name for name in names["CycleGAN"] if ".2." in name]


@pytest.mark.parametrize("name", VARIANTS)
def test_it_is_the_same_network(name: str, tmp_path: Path) -> None:
    variant = VARIANTS[name]
    literal = variant.build()
    foreign = adopt(save(tmp_path, variant.state(literal)))
    card = foreign.card
    assert card.training["network"] == variant.said
    assert (card.source_channels, card.target_channels) == (variant.inputs, variant.outputs)
    assert card.statistics == variant.statistics
    assert not any(module.training for module in foreign.network.modules())
    x = picture(variant, max(64, foreign.network.multiple))
    with torch.no_grad():
        expected, found = literal.double()(x), foreign.network.double()(x)
    assert expected.std() > 0.1
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", BATCH)
def test_running_statistics_are_used_where_asked_for(name: str, tmp_path: Path) -> None:
    variant = VARIANTS[name]
    literal = variant.build()
    foreign = adopt(save(tmp_path, variant.state(literal)), statistics="running")
    assert foreign.card.statistics == "running"
    x = picture(variant, max(64, foreign.network.multiple))
    with torch.no_grad():
        expected = literal.double().eval()(x)
        torch.testing.assert_close(foreign.network.double()(x), expected, rtol=0, atol=1e-6)
        assert (literal.train()(x) - expected).abs().max() > 0.1, "it makes a difference"


@pytest.mark.parametrize("name", EXPORTED)
def test_the_file_says_what_the_authors_network_says(name: str, tmp_path: Path) -> None:
    """Bytes in, bytes out, at the size such networks are trained on."""
    from translate.runtime import Translator

    variant = VARIANTS[name]
    literal = variant.build()
    foreign = adopt(save(tmp_path, variant.state(literal)), name=name, domains=("day", "night"))
    written = export(foreign.network, foreign.card, tmp_path / "m.onnx")
    assert written.parity["max_float"] <= 0.05
    translator = Translator(tmp_path / "m.onnx")
    assert translator.card == written
    levels = np.random.default_rng(0).integers(0, 256, (1, written.size, written.size, variant.inputs), np.uint8)
    with torch.no_grad():
        y = literal(torch.from_numpy(levels).permute(0, 3, 1, 2).float() / 127.5 - 1)
    expected = (y * 127.5 + 127.5).round().clamp(0, 255).permute(0, 2, 3, 1).numpy()
    assert np.abs(translator.array(levels) - expected).max() <= 1


def test_the_card_says_what_is_known(tmp_path: Path) -> None:
    folder = tmp_path / "facades"
    folder.mkdir()
    path = save(folder, SMALL["unet"].state(SMALL["unet"].build()))
    card = adopt(path).card
    assert (card.name, card.task, card.method, card.direction) == ("facades", "source → target", UNKNOWN, "forward")
    assert (card.size, card.noise, card.license) == (32, False, "")
    assert card.training == {
        "weights": "raw",
        "network": "a U-Net of depth 5 and width 6 with BatchNorm",
        "file": "latest_net_G.pth",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    card = adopt(path, "mine", ("labels", "photo"), 64).card
    assert (card.name, card.task, card.source, card.target, card.size) == (
        *("mine", "labels → photo", "labels", "photo", 64),
    )
    assert [adopt(save(tmp_path, SMALL[kind].state(SMALL[kind].build()))).card.size for kind in SMALL] == [32, 256, 256]


def test_the_two_ways_of_a_cyclegan_belong_together(tmp_path: Path) -> None:
    state = SMALL["cut"].state(SMALL["cut"].build())
    there = adopt(save(tmp_path, state, "200_net_G_A.pth"), domains=("horse", "zebra")).card
    back = adopt(save(tmp_path, state, "200_net_G_B.pth"), domains=("zebra", "horse")).card
    assert (there.direction, back.direction) == ("forward", "backward")
    assert back.undoes(there)


def test_an_old_unet_comes_with_a_warning(tmp_path: Path) -> None:
    """It may have been another network with the same tensors, which nothing in the file tells."""
    warned = {
        name for name, variant in VARIANTS.items() if adopt(save(tmp_path, variant.state(variant.build()))).warning
    }
    assert warned == {"pix2pix, torch 0.4"}


def wrapped(*prefixes: str) -> Callable[[State], State]:
    return lambda state: {"".join(prefixes) + name: tensor for name, tensor in state.items()}


def cast(kind: torch.dtype) -> Callable[[State], State]:
    return lambda state: {name: t.to(kind) if t.is_floating_point() else t for name, t in state.items()}


def channels_last(state: State) -> State:
    last = torch.channels_last
    return {name: t.contiguous(memory_format=last) if t.ndim == 4 else t for name, t in state.items()}


WRITTEN: dict[str, Callable[[State], State]] = {
    "as it is": lambda state: state,
    "DataParallel": wrapped("module."),
    "compiled": wrapped("_orig_mod."),
    "both": wrapped("module.", "_orig_mod."),
    "both, the other way round": wrapped("_orig_mod.", "module."),
    "float64": cast(torch.float64),
    "channels last": channels_last,
    "parameters": lambda state: {name: nn.Parameter(t, t.is_floating_point()) for name, t in state.items()},
}


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("name", WRITTEN)
def test_however_it_was_written(name: str, zipped: bool, tmp_path: Path) -> None:
    """Wrapped, in other layouts and precisions, and in the format from before torch 1.6."""
    variant = SMALL["unet"]
    literal = variant.build()
    path = save(tmp_path, WRITTEN[name](variant.state(literal)), _use_new_zipfile_serialization=zipped)
    x = picture(variant, 32).float()
    with torch.no_grad():
        torch.testing.assert_close(adopt(path).network(x), literal(x), rtol=0, atol=1e-5)


def test_half_precision_is_read(tmp_path: Path) -> None:
    variant = SMALL["unet"]
    state = variant.state(variant.build())
    half = adopt(save(tmp_path, cast(torch.float16)(state))).network
    assert {weight.dtype for weight in half.parameters()} == {torch.float32}
    assert torch.equal(half.out[1].weight, state["model.model.3.weight"].half().float())


def without(*names: str) -> Callable[[State], State]:
    return lambda state: {name: tensor for name, tensor in state.items() if name not in names}


def also(name: str) -> Callable[[State], State]:
    return lambda state: state | {name: torch.zeros(8)}


def setting(name: str, make: Callable[[Tensor], Tensor]) -> Callable[[State], State]:
    return lambda state: {**state, name: make(state[name])}


def set_one(value: float) -> Callable[[Tensor], Tensor]:
    def make(tensor: Tensor) -> Tensor:
        tensor = tensor.clone()
        tensor.view(-1)[-1] = value
        return tensor

    return make


def huge(tensor: Tensor) -> Tensor:
    """Claims terabytes, of one number."""
    return torch.zeros(1).expand(2**20, 3, 2**10, 2**10)


OUT, DEEP = "model.model.3.weight", "model.model.1.model.3.model.3.model.3.model"
# what is wrong → (which network, what is done to its state_dict, what is said)
REFUSED: dict[str, tuple[str, Callable[[State], object], str]] = {
    "a tensor": ("unet", lambda state: state[OUT], "it holds a Tensor and no state_dict"),
    "a list": ("unet", lambda state: list(state.values()), "it holds a list and no state_dict"),
    "a whole checkpoint": ("unet", lambda state: {"G": state, "epoch": 3}, "it is no state_dict: G is not a tensor"),
    "numbers for names": ("unet", lambda state: dict(enumerate(state.values())), "it is no state_dict: 0 is not"),
    "nothing": ("unet", lambda state: {}, "without a tensor"),
    "CUT's projector": ("unet", lambda state: {"mlp_0.0.weight": torch.zeros(2, 3)}, "it is CUT's projector's"),
    "something else": ("unet", lambda state: {"conv1.weight": torch.zeros(64, 3, 7, 7)}, "conv1.weight for one is not"),
    "a name over two lines": ("unet", lambda state: {"a\nb" * 99: torch.zeros(1)}, "is not known, 'a\\nb"),
    "a missing weight": ("unet", without(OUT), f"it lacks {OUT}"),
    "a missing norm": (
        "unet",
        without(f"{DEEP}.4.weight", f"{DEEP}.4.bias"),
        f"lacks {DEEP}.4.bias and 1 more: it is damaged or was changed",
    ),
    "no innermost block": (
        "unet",
        lambda state: {name: t for name, t in state.items() if not name.startswith(DEEP)},
        "it is a U-Net of depth 4, and the authors' have at least 5",
    ),
    "a missing last block": (
        "resnet",
        lambda state: {name: t for name, t in state.items() if "conv_block" not in name or name.endswith("6.bias")},
        "it lacks model.10.conv_block.1.weight",
    ),
    "a missing first layer": ("resnet", without("model.1.weight"), "it lacks model.1.weight"),
    "a place written otherwise": ("resnet", also("model.031.weight"), "which has no model.031"),
    "a place in other digits": ("resnet", also("model.\u0663\u0661.weight"), "has no 'model."),
    "a missing block": ("resnet", without("model.10.conv_block.5.weight"), "lacks model.10.conv_block."),
    "a missing filter": ("cut", without("model.7.filt"), "but lacks model.7.filt"),
    "a bias in front of BatchNorm": (
        "resnet",
        also("model.4.bias"),
        "a ResNet of 1 block and width 8 with BatchNorm, which has no model.4.bias",
    ),
    "one more": ("unet", also("model.attention"), "which has no model.attention: its network was changed"),
    "statistics of no norm": ("cut", also("model.1.running_mean"), "which has no model.1.running_mean"),
    "another kernel": (
        "unet",
        setting("model.model.0.weight", lambda t: torch.zeros(6, 3, 3, 3)),
        "model.model.0.weight is torch.float32 [6, 3, 3, 3] where [6, 3, 4, 4] is wanted",
    ),
    "another width": ("unet", setting(f"{DEEP}.4.bias", lambda t: torch.zeros(5)), "4.bias is torch.float32 [5]"),
    "a vector": ("unet", setting(OUT, lambda t: t.flatten()), f"{OUT} is [576], which is no convolution's weight"),
    "no channels": ("unet", setting(OUT, lambda t: t[:, :0]), f"{OUT} is [12, 0, 4, 4], which is no"),
    "whole numbers": ("unet", setting(OUT, lambda t: t.to(torch.int8)), f"its {OUT} is torch.int8"),
    "another filter": ("cut", setting("model.7.filt", lambda t: t.flip(2) * 2), "model.7.filt is not the filter"),
    "a larger filter": ("cut", setting("model.7.filt", lambda t: torch.ones(16, 1, 5, 5)), "model.7.filt is not the"),
    "a complex filter": ("cut", setting("model.7.filt", lambda t: t.to(torch.cfloat)), "model.7.filt is not the"),
    "NaN": ("unet", setting(f"{DEEP}.3.weight", set_one(float("nan"))), f"{DEEP}.3.weight holds values that"),
    "infinity": ("resnet", setting("model.2.running_var", set_one(float("inf"))), "model.2.running_var holds values"),
    "too much for float32": (
        "unet",
        lambda state: cast(torch.float64)(state) | {OUT: state[OUT].double() * 1e300},
        f"{OUT} holds values that are no finite float32 numbers",
    ),
    "a claim": ("unet", setting("model.model.0.weight", huge), "model.model.0.weight is not a plain array of numbers"),
    "sparse": ("unet", setting(OUT, Tensor.to_sparse), f"{OUT} is not a plain array"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused(name: str, tmp_path: Path) -> None:
    kind, change, words = REFUSED[name]
    path = save(tmp_path, change(SMALL[kind].state(SMALL[kind].build())))
    with pytest.raises(ModelError) as refused:
        adopt(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < len(str(path)) + 400


@pytest.mark.parametrize("kind", SMALL)
def test_every_tensor_counts(kind: str) -> None:
    """None may be missing or of another shape."""
    state = SMALL[kind].state(SMALL[kind].build())
    for name, tensor in state.items():
        if not name.endswith(COUNT):
            rest = without(name)(state)
            with pytest.raises(ModelError):
                fill(recognise(rest), rest)
        other = {**state, name: tensor[None]}
        with pytest.raises(ModelError, match=re.escape(name)):
            fill(recognise(other), other)


@pytest.mark.parametrize("norm", ["batch", "instance"])
@pytest.mark.parametrize("network", ["patches", "patches, anti-aliased", "pixels"])
def test_a_discriminator_is_told_from_a_generator(network: str, norm: str, tmp_path: Path) -> None:
    if network == "pixels":
        net = nn.Sequential(nn.Conv2d(6, 8, 1), nn.LeakyReLU(), nn.Conv2d(8, 16, 1), theirs.make_norm(norm, 16))
        state = {f"net.{name}": tensor for name, tensor in net.state_dict().items()}
    else:
        state = theirs.PatchGAN(6, 8, norm=norm, antialias="anti" in network).state_dict()
    with pytest.raises(ModelError, match="a discriminator's, and only a generator translates: the file with net_G"):
        adopt(save(tmp_path, state, "latest_net_D.pth"))


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("left", [0.0, 0.01, 0.3, 0.7, 0.999])
def test_a_truncated_file_is_refused(left: float, zipped: bool, tmp_path: Path) -> None:
    path = save(tmp_path, SMALL["unet"].state(SMALL["unet"].build()), _use_new_zipfile_serialization=zipped)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * left)])
    with pytest.raises(
        ModelError, match=r"latest_net_G\.pth: it is no file of weights that torch can read, or it is cut"
    ):
        adopt(path)


@pytest.mark.parametrize("content", [b"a text\n" * 9, b"\x89PNG\r\n\x1a\n" + bytes(99), b"PK\x05\x06" + bytes(18)])
def test_another_kind_of_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.pth").write_bytes(content)
    with pytest.raises(ModelError, match=r"x\.pth: it is no file of weights that torch can read"):
        adopt(tmp_path / "x.pth")
    with pytest.raises(ModelError, match="No such file"):
        adopt(tmp_path / "none.pth")
    with pytest.raises(ModelError, match=r"s a directory|denied"):
        adopt(tmp_path)


class Payload:
    """What a hostile file would have run when it is loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("zipped", [True, False])
def test_nothing_in_a_file_is_run(zipped: bool, tmp_path: Path) -> None:
    for number, content in enumerate((Payload(tmp_path / "run"), nn.Conv2d(3, 8, 3))):
        state = {"model.model.0.weight": content}
        path = save(tmp_path, state, f"{number}.pth", _use_new_zipfile_serialization=zipped)
        with pytest.raises(
            ModelError, match="it holds Python objects beside tensors, and loading those could run code"
        ):
            adopt(path)
    assert not (tmp_path / "run").exists()


def test_what_cannot_be_asked_for(tmp_path: Path) -> None:
    unet, cut = (save(tmp_path, SMALL[kind].state(SMALL[kind].build()), f"{kind}.pth") for kind in ("unet", "cut"))
    with pytest.raises(ModelError, match="it has no BatchNorm, so no running statistics"):
        adopt(cut, statistics="running")
    for size in (8, 5000, -1):
        with pytest.raises(ModelError, match=f"size = {size}: it must be 16 to 4096 pixels"):
            adopt(unet, size=size)
