"""The trainer's arithmetic is the paper's: weight for weight that of a literal transcription (`benchmarks.literal`).

Its networks are built the authors' way too and are given the weights of ours. In float64, so that what is left is the
order of sums. Adam forgets the scale of a gradient, so SGD is played as well.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from benchmarks.literal import cut, cyclegan, pix2pix
from benchmarks.literal import networks as theirs
from translate.batches import Pair
from translate.methods import Method
from translate.methods.cut import CUT
from translate.methods.cyclegan import CycleGAN
from translate.methods.fastcut import FastCUT
from translate.methods.pix2pix import Pix2Pix
from translate.networks import PatchGAN, PatchProjector, ResNet, UNet
from translate.networks.pool import ImagePool
from translate.settings import Settings
from translate.training.trainer import Trainer, seed_step

STEPS = 5
RATE = 1e-3
SEED = 3
OPTIMIZERS: dict[str, Callable] = {
    "adam": lambda weights: torch.optim.Adam(weights, lr=RATE, betas=(0.5, 0.999), foreach=False),
    "sgd": lambda weights: torch.optim.SGD(weights, lr=RATE, foreach=False),
}
# (norm, optimiser)
GAMES = [("none", "adam"), ("none", "sgd"), ("instance", "adam"), ("instance", "sgd")]


def drifts(network: nn.Module, optimizer: str, sampled: Sequence[int] = ()) -> set[str]:
    """The weights of ours that are rounding alone: with Adam, biases of convolutions that feed an InstanceNorm.

    The norm takes them away, so that they have no true gradient; Adam turns its rounding into steps of the full rate.
    Those at the places that CUT has `sampled`, in front of the norm, have one.
    """
    taken = {f"layers.{place}" for place in sampled}
    return {
        f"{name}.bias"
        for (name, _), (_, after) in pairwise(network.named_modules())
        if optimizer == "adam" and isinstance(after, nn.InstanceNorm2d) and name not in taken
    }


def pairs(side: int = 64, count: int = 1) -> list[Pair]:
    generator = torch.Generator().manual_seed(1)
    draw = lambda: torch.rand(count, 3, side, side, dtype=torch.float64, generator=generator) * 2 - 1  # noqa: E731
    return [Pair(draw(), draw()) for _ in range(STEPS)]


def alike(mine: nn.Module, literal: nn.Module) -> Any:
    """`literal` with the weights of `mine`, in the order in which both have them."""
    literal = literal.double().train()
    with torch.no_grad():
        for weight, other in zip(mine.parameters(), literal.parameters(), strict=True):
            assert weight.shape == other.shape
            other.copy_(weight)
    return literal


def play(mine: Method, optimizer: str, data: list[Pair]) -> None:
    """Five rounds in the one loop."""
    trainer = Trainer(mine, Settings(lr=RATE, decay=0.0, precision="fp32", device="cpu"), total=STEPS, seed=SEED)
    if optimizer == "sgd":
        trainer.optimizers = {player: OPTIMIZERS["sgd"](trainer.parameters[player]) for player in mine.players}
    for batch in data:
        trainer.play(batch)


def play_literally(literal: Any, data: list[Pair]) -> None:
    """The same rounds, the same draws."""
    for step, batch in enumerate(data):
        seed_step(SEED, step)
        literal.double().step(*batch)


def assert_same_weights(mine: nn.Module, literal: nn.Module, leave: set[str]) -> None:
    assert leave <= set(dict(mine.named_parameters()))
    for (name, weight), other in zip(mine.named_parameters(), literal.parameters(), strict=True):
        if name not in leave:
            torch.testing.assert_close(weight, other, rtol=0, atol=1e-10, msg=lambda text, n=name: f"{n}: {text}")


ANTIALIASED = {"norm": "instance", "antialias": True, "width": 4}
NETWORKS: dict[str, tuple[nn.Module, nn.Module, int]] = {
    "unet": (UNet(depth=6, width=4), theirs.UNet(depth=6, width=4), 64),
    "unet, instance": (UNet(depth=6, width=4, norm="instance"), theirs.UNet(depth=6, width=4, norm="instance"), 128),
    "resnet": (ResNet(blocks=2, width=4), theirs.ResNet(blocks=2, width=4), 32),
    "resnet, antialiased": (ResNet(blocks=2, **ANTIALIASED), theirs.ResNet(blocks=2, **ANTIALIASED), 32),
    "patchgan": (PatchGAN(width=4), theirs.PatchGAN(width=4), 64),
    "patchgan, antialiased": (PatchGAN(**ANTIALIASED), theirs.PatchGAN(**ANTIALIASED), 64),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_equal_the_authors(name: str) -> None:
    """Same picture out and same gradient in, norms and dropout as in training."""
    mine, literal, side = NETWORKS[name]
    literal = alike(mine.double().train(), literal)
    picture = pairs(side)[0].source

    def run(network: nn.Module) -> tuple[Tensor, Tensor]:
        torch.manual_seed(0)
        x = picture.clone().requires_grad_()
        y = network(x)
        return y, torch.autograd.grad((y * y.detach().sin()).sum(), x)[0]

    torch.testing.assert_close(run(mine), run(literal), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_pix2pix_equals_its_transcription(norm: str, optimizer: str) -> None:
    torch.manual_seed(0)
    # depth 6 has a block with dropout: the noise must fall on the same units.
    mine = Pix2Pix(UNet(depth=6, width=8, norm=norm), PatchGAN(6, width=8, norm=norm)).double()
    G = alike(mine.G, theirs.UNet(depth=6, width=8, norm=norm))
    D = alike(mine.D, theirs.PatchGAN(6, width=8, norm=norm))
    play(mine, optimizer, pairs())
    play_literally(pix2pix.Pix2Pix(G, D, OPTIMIZERS[optimizer]), pairs())
    assert_same_weights(mine.G, G, drifts(mine.G, optimizer))
    assert_same_weights(mine.D, D, drifts(mine.D, optimizer))


@pytest.mark.parametrize(("norm", "optimizer"), GAMES)
@pytest.mark.parametrize("pool", [0, 2])
def test_cyclegan_equals_its_transcription(pool: int, norm: str, optimizer: str) -> None:
    torch.manual_seed(0)
    G, F = (ResNet(blocks=1, width=4, norm=norm) for _ in range(2))
    D_X, D_Y = (PatchGAN(3, layers=1, width=4, norm=norm) for _ in range(2))
    mine = CycleGAN(G, F, D_X, D_Y, pool=pool).double()
    G_A, G_B = (alike(network, theirs.ResNet(blocks=1, width=4, norm=norm)) for network in (G, F))
    D_A, D_B = (alike(network, theirs.PatchGAN(layers=1, width=4, norm=norm)) for network in (D_Y, D_X))
    play(mine, optimizer, pairs(side=32))
    play_literally(cyclegan.CycleGAN(G_A, G_B, D_A, D_B, pool, OPTIMIZERS[optimizer]), pairs(side=32))
    for network, literal in ((G, G_A), (F, G_B), (D_Y, D_A), (D_X, D_B)):
        assert_same_weights(network, literal, drifts(network, optimizer))


@pytest.mark.parametrize("size", [1, 3])
def test_the_pool_holds_what_it_was_shown(size: int) -> None:
    """Fills up first; then hands on as many old ones as it takes in new ones, about half of the time."""
    torch.manual_seed(0)
    pool = ImagePool(size)
    shown = torch.arange(400.0).reshape(400, 1, 1, 1)
    returned = torch.cat([pool(image[None]) for image in shown])
    assert torch.equal(returned[:size], shown[:size])
    assert sorted([*returned.flatten().tolist(), *pool.images.flatten().tolist()]) == sorted(
        [*shown.flatten().tolist(), *shown[:size].flatten().tolist()]
    ), "nothing is lost and nothing invented"
    assert 0.4 < (returned[size:] != shown[size:]).float().mean() < 0.6


def test_a_batch_is_exchanged_one_after_the_other() -> None:
    shown = torch.arange(60.0).reshape(60, 1, 1, 1)
    torch.manual_seed(1)
    one_by_one = ImagePool(2)
    expected = torch.cat([one_by_one(image[None]) for image in shown])
    torch.manual_seed(1)
    assert torch.equal(ImagePool(2)(shown), expected)


LAYERS, PATCHES = (0, 4, 8, 12), 20


class ContiguousGradients(theirs.ResNet):
    """Keeps from torch's InstanceNorm what it gets wrong at batch 1: see the last test. The arithmetic is the same."""

    def encode(self, x: Tensor, places: Sequence[int]) -> list[Tensor]:
        features = super().encode(x, places)
        for feature in features:
            if feature.requires_grad:
                feature.register_hook(lambda gradient: gradient.contiguous())
        return features


def test_cut_is_compared_but_for_what_the_norm_takes_away() -> None:
    looks = {"norm": "instance", "width": 4, "antialias": True}
    block = {"layers.12.layers.1.bias", "layers.12.layers.5.bias"}
    G = ResNet(blocks=1, **looks)
    assert drifts(G, "adam", LAYERS) == {"layers.1.bias", "layers.14.bias", "layers.18.bias", *block}
    assert drifts(PatchGAN(3, layers=1, **looks), "adam") == {"layers.4.bias"}
    assert drifts(PatchProjector(8), "adam") == drifts(G, "sgd") == drifts(ResNet(norm="none"), "adam") == set()


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(("norm", "optimizer"), GAMES)
@pytest.mark.parametrize("kind", [CUT, FastCUT])
def test_cut_equals_its_transcription(kind: type[Method], norm: str, optimizer: str, count: int) -> None:
    """CUT has λ = 1 and the identity, FastCUT λ = 10 and the mirror."""
    torch.manual_seed(0)
    looks = {"norm": norm, "antialias": True, "width": 4}
    # Weights large enough that features of different places differ.
    mine = kind(
        ResNet(blocks=1, **looks), PatchGAN(3, layers=1, **looks), PatchProjector(8), layers=LAYERS, patches=PATCHES
    ).double()
    for weight in mine.parameters():
        nn.init.normal_(weight, 0, 0.2)
    G = alike(mine.G, ContiguousGradients(blocks=1, **looks))
    D = alike(mine.D, theirs.PatchGAN(layers=1, **looks))
    # The authors' 1e-7 beside the length of a vector would be seen at this tolerance.
    F = alike(mine.P, theirs.Projector(mine.G.channels(LAYERS), width=8, epsilon=0.0))
    fast = kind is FastCUT
    game: Any = {"nce": 10.0 if fast else 1.0, "identity": not fast, "flip": fast}
    literal = cut.CUT(G, D, F, **game, layers=LAYERS, patches=PATCHES, make_optimizer=OPTIMIZERS[optimizer])
    data = pairs(side=32, count=count)
    play(mine, optimizer, data)
    play_literally(literal, data)
    assert_same_weights(mine.G, G, drifts(mine.G, optimizer, sampled=LAYERS))
    assert_same_weights(mine.D, D, drifts(mine.D, optimizer))
    assert_same_weights(mine.P, F, leave=set())
