"""The trainer's arithmetic is the paper's: a literal transcription with plain torch, weight for weight.

In float64, so that what is left is the order of sums. Adam forgets the scale of a gradient, so SGD is played as well.
"""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import nn

from translate.batches import Pair
from translate.methods.pix2pix import Pix2Pix
from translate.networks import PatchGAN, UNet
from translate.settings import Settings
from translate.training.trainer import Trainer, seed_step

STEPS = 5
RATE = 1e-3
OPTIMIZERS: dict[str, Callable] = {
    "adam": lambda weights: torch.optim.Adam(weights, lr=RATE, betas=(0.5, 0.999), foreach=False),
    "sgd": lambda weights: torch.optim.SGD(weights, lr=RATE, foreach=False),
}


def pairs() -> list[Pair]:
    generator = torch.Generator().manual_seed(1)
    draw = lambda: torch.rand(1, 3, 64, 64, dtype=torch.float64, generator=generator) * 2 - 1  # noqa: E731
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


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_pix2pix_equals_its_transcription(norm: str, optimizer: str) -> None:
    torch.manual_seed(0)
    # depth 6 has a block with dropout: the noise must fall on the same units.
    mine = Pix2Pix(UNet(depth=6, width=8, norm=norm), PatchGAN(6, width=8, norm=norm)).double()
    literal = copy.deepcopy(mine).train()

    trainer = Trainer(mine, Settings(lr=RATE, decay=0.0, precision="fp32", device="cpu"), total=STEPS, seed=3)
    if optimizer == "sgd":
        trainer.optimizers = {player: OPTIMIZERS["sgd"](trainer.parameters[player]) for player in mine.players}
    for batch in pairs():
        trainer.play(batch)
    literal_pix2pix(literal.G, literal.D, OPTIMIZERS[optimizer], seed=3)

    for (name, weight), other in zip(mine.state_dict().items(), literal.state_dict().values(), strict=True):
        # A bias before InstanceNorm has no true gradient: Adam turns its rounding into steps of the full rate.
        if optimizer == "adam" and norm == "instance" and name.endswith("bias"):
            continue
        torch.testing.assert_close(weight, other, rtol=0, atol=1e-10, msg=lambda text, name=name: f"{name}: {text}")
