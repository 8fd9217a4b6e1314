"""The trainer's arithmetic is the paper's: a literal transcription with plain torch, weight for weight.

In float64, so that what is left is the order of sums. Adam forgets the scale of a gradient, so SGD is played as well.
"""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import nn

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
OPTIMIZERS: dict[str, Callable] = {
    "adam": lambda weights: torch.optim.Adam(weights, lr=RATE, betas=(0.5, 0.999), foreach=False),
    "sgd": lambda weights: torch.optim.SGD(weights, lr=RATE, foreach=False),
}


def pairs(side: int = 64) -> list[Pair]:
    generator = torch.Generator().manual_seed(1)
    draw = lambda: torch.rand(1, 3, side, side, dtype=torch.float64, generator=generator) * 2 - 1  # noqa: E731
    return [Pair(draw(), draw()) for _ in range(STEPS)]


def literal_pix2pix(G: nn.Module, D: nn.Module, make: Callable, seed: int) -> None:
    """Isola 2017, §3.3, in the order of the authors' PyTorch code."""
    bce = nn.BCEWithLogitsLoss()
    optimizer_G, optimizer_D = make(G.parameters()), make(D.parameters())
    for step, (real_A, real_B) in enumerate(pairs()):
        seed_step(seed, step)
        fake_B = G(real_A)
        for weight in D.parameters():
            weight.requires_grad_(True)
        optimizer_D.zero_grad()
        pred_real = D.layers(torch.cat((real_A, real_B), 1))
        pred_fake = D.layers(torch.cat((real_A, fake_B.detach()), 1))
        loss_real = bce(pred_real, torch.ones_like(pred_real))
        loss_fake = bce(pred_fake, torch.zeros_like(pred_fake))
        ((loss_real + loss_fake) * 0.5).backward()
        optimizer_D.step()
        for weight in D.parameters():
            weight.requires_grad_(False)
        optimizer_G.zero_grad()
        pred_fake = D.layers(torch.cat((real_A, fake_B), 1))
        loss = bce(pred_fake, torch.ones_like(pred_fake)) + nn.functional.l1_loss(fake_B, real_B) * 100.0
        loss.backward()
        optimizer_G.step()


def play(mine: Method, optimizer: str, data: list[Pair]) -> None:
    """Five rounds in the one loop."""
    trainer = Trainer(mine, Settings(lr=RATE, decay=0.0, precision="fp32", device="cpu"), total=STEPS, seed=3)
    if optimizer == "sgd":
        trainer.optimizers = {player: OPTIMIZERS["sgd"](trainer.parameters[player]) for player in mine.players}
    for batch in data:
        trainer.play(batch)


def assert_same_weights(mine: nn.Module, literal: nn.Module, leave: Callable[[str], bool] = lambda name: False) -> None:
    for (name, weight), other in zip(mine.named_parameters(), literal.parameters(), strict=True):
        if not leave(name):
            torch.testing.assert_close(weight, other, rtol=0, atol=1e-10, msg=lambda text, n=name: f"{n}: {text}")


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_pix2pix_equals_its_transcription(norm: str, optimizer: str) -> None:
    torch.manual_seed(0)
    # depth 6 has a block with dropout: the noise must fall on the same units.
    mine = Pix2Pix(UNet(depth=6, width=8, norm=norm), PatchGAN(6, width=8, norm=norm)).double()
    literal = copy.deepcopy(mine).train()
    play(mine, optimizer, pairs())
    literal_pix2pix(literal.G, literal.D, OPTIMIZERS[optimizer], seed=3)
    # A bias before InstanceNorm has no true gradient: Adam turns its rounding into steps of the full rate.
    drifts = optimizer == "adam" and norm == "instance"
    assert_same_weights(mine, literal, leave=lambda name: drifts and name.endswith("bias"))


class LiteralPool:
    """The authors' ImagePool, with the coins of torch's generator in the order in which ours draws them."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.images: list[torch.Tensor] = []

    def query(self, images: torch.Tensor) -> torch.Tensor:
        if self.size == 0:
            return images
        returned = []
        for image in images:
            image = image[None]
            if len(self.images) < self.size:
                self.images.append(image)
                returned.append(image)
                continue
            p, place = torch.rand(()).item(), torch.randint(self.size, (1,)).item()
            if p < 0.5:
                returned.append(self.images[place].clone())
                self.images[place] = image
            else:
                returned.append(image)
        return torch.cat(returned)


def literal_cyclegan(m: CycleGAN, make: Callable, pool: int, seed: int) -> None:
    """Zhu 2017, §4 and §7.1, in the order of the authors' PyTorch code."""
    mse, l1 = nn.MSELoss(), nn.L1Loss()
    gan = lambda pred, real: mse(pred, torch.ones_like(pred) if real else torch.zeros_like(pred))  # noqa: E731
    optimizer_G = make([*m.G.parameters(), *m.F.parameters()])
    optimizer_D = make([*m.D_X.parameters(), *m.D_Y.parameters()])
    pool_A, pool_B = LiteralPool(pool), LiteralPool(pool)
    for step, (real_A, real_B) in enumerate(pairs(side=32)):
        seed_step(seed, step)
        fake_B = m.G(real_A)
        rec_A = m.F(fake_B)
        fake_A = m.F(real_B)
        rec_B = m.G(fake_A)
        discriminators = [*m.D_X.parameters(), *m.D_Y.parameters()]
        for weight in discriminators:
            weight.requires_grad_(False)
        optimizer_G.zero_grad()
        loss_idt = l1(m.G(real_B), real_B) * 10 * 0.5 + l1(m.F(real_A), real_A) * 10 * 0.5
        loss_gan = gan(m.D_Y(fake_B), True) + gan(m.D_X(fake_A), True)
        loss_cycle = l1(rec_A, real_A) * 10 + l1(rec_B, real_B) * 10
        (loss_gan + loss_cycle + loss_idt).backward()
        optimizer_G.step()
        for weight in discriminators:
            weight.requires_grad_(True)
        optimizer_D.zero_grad()
        for D, real, fake in ((m.D_Y, real_B, pool_B.query(fake_B)), (m.D_X, real_A, pool_A.query(fake_A))):
            ((gan(D(real), True) + gan(D(fake.detach()), False)) * 0.5).backward()
        optimizer_D.step()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("pool", [0, 2])
def test_cyclegan_equals_its_transcription(pool: int, optimizer: str) -> None:
    torch.manual_seed(0)
    # Without biases before InstanceNorm, whose gradient is rounding alone.
    G, F = (ResNet(blocks=1, width=4, norm="none") for _ in range(2))
    D_X, D_Y = (PatchGAN(3, layers=1, width=4, norm="none") for _ in range(2))
    mine = CycleGAN(G, F, D_X, D_Y, pool=pool).double()
    literal = copy.deepcopy(mine).train()
    play(mine, optimizer, pairs(side=32))
    literal_cyclegan(literal, OPTIMIZERS[optimizer], pool, seed=3)
    assert_same_weights(mine, literal)


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


class LiteralNCE(nn.Module):
    """The authors' PatchNCELoss: the positive beside all negatives, those of its own place put out of the running."""

    def forward(self, feat_q: torch.Tensor, feat_k: torch.Tensor) -> torch.Tensor:
        count, width = feat_q.shape
        feat_k = feat_k.detach()
        positive = torch.bmm(feat_q.view(count, 1, width), feat_k.view(count, width, 1)).view(count, 1)
        negative = torch.bmm(feat_q.view(1, count, width), feat_k.view(1, count, width).transpose(2, 1))
        negative.masked_fill_(torch.eye(count, dtype=torch.bool)[None], -10.0)
        out = torch.cat((positive, negative.view(-1, count)), 1) / 0.07
        return nn.functional.cross_entropy(out, torch.zeros(count, dtype=torch.long), reduction="none")


def literal_nce(m: nn.Module, source: torch.Tensor, output: torch.Tensor, weight: float, flipped: bool) -> torch.Tensor:
    def encode(x: torch.Tensor) -> list[torch.Tensor]:
        features = []
        for place, layer in enumerate(m.G.layers):
            x = layer(x)
            if place in LAYERS:
                features.append(x)
        return features

    def sample(features: list[torch.Tensor], ids: list[torch.Tensor]) -> list[torch.Tensor]:
        vectors = []
        for feature, place, head in zip(features, ids, m.P.heads, strict=True):
            vector = head(feature.permute(0, 2, 3, 1).flatten(1, 2)[:, place, :].flatten(0, 1))
            vectors.append(vector / vector.pow(2).sum(1, keepdim=True).pow(0.5))
        return vectors

    feat_q = encode(output)
    if flipped:
        feat_q = [torch.flip(feature, [3]) for feature in feat_q]
    feat_k = encode(source)
    ids = [torch.randperm(feature.shape[2] * feature.shape[3])[:PATCHES] for feature in feat_k]
    pairs = zip(sample(feat_q, ids), sample(feat_k, ids), strict=True)
    return sum((LiteralNCE()(q, k) * weight).mean() for q, k in pairs) / len(LAYERS)


LAYERS, PATCHES = (0, 4, 8, 12), 20


def literal_cut(m: nn.Module, make: Callable, seed: int, fast: bool) -> None:
    """Park 2020, in the order of the authors' code: CUT (λ = 1, identity) and FastCUT (λ = 10, mirror)."""
    mse = nn.MSELoss()
    gan = lambda pred, real: mse(pred, torch.ones_like(pred) if real else torch.zeros_like(pred))  # noqa: E731
    optimizers = [make(network.parameters()) for network in (m.D, m.G, m.P)]
    for step, (real_A, real_B) in enumerate(pairs(side=32)):
        seed_step(seed, step)
        flipped = fast and torch.rand(()).item() < 0.5
        real = real_A if fast else torch.cat((real_A, real_B), dim=0)
        fake = m.G(torch.flip(real, [3]) if flipped else real)
        fake_B = fake[:1]
        for optimizer in optimizers:
            optimizer.zero_grad()
        ((gan(m.D(fake_B.detach()), False) + gan(m.D(real_B), True)) * 0.5).backward()
        optimizers[0].step()
        for weight in m.D.parameters():
            weight.requires_grad_(False)
        loss = gan(m.D(fake_B), True)
        nce = literal_nce(m, real_A, fake_B, 10.0 if fast else 1.0, flipped)
        if not fast:
            nce = (nce + literal_nce(m, real_B, fake[1:], 1.0, False)) * 0.5
        (loss + nce).backward()
        optimizers[1].step()
        optimizers[2].step()
        for weight in m.D.parameters():
            weight.requires_grad_(True)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("kind", [CUT, FastCUT])
def test_cut_equals_its_transcription(kind: type[Method], optimizer: str) -> None:
    torch.manual_seed(0)
    looks = {"norm": "none", "antialias": True, "width": 4}
    # Weights large enough that features of different places differ.
    G, D = ResNet(blocks=1, **looks), PatchGAN(3, layers=1, **looks)
    mine = kind(G, D, PatchProjector(8), layers=LAYERS, patches=PATCHES).double()
    for weight in mine.parameters():
        nn.init.normal_(weight, 0, 0.2)
    literal = copy.deepcopy(mine).train()
    play(mine, optimizer, pairs(side=32))
    literal_cut(literal, OPTIMIZERS[optimizer], 3, fast=kind is FastCUT)
    assert_same_weights(mine, literal)
