"""pix2pix's step (Isola 2017, §3.3) in the order of the authors' PyTorch code: D first, each loss halved for it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmarks.literal.parts import GANLoss, MakeOptimizer, adam, set_requires_grad


class Pix2Pix(nn.Module):
    """A generator, a discriminator of source and target together, and an optimiser for each."""

    def __init__(self, netG: nn.Module, netD: nn.Module, make_optimizer: MakeOptimizer = adam) -> None:
        super().__init__()
        self.netG, self.netD = netG, netD
        self.gan, self.l1 = GANLoss("vanilla"), nn.L1Loss()
        self.optimizer_G = make_optimizer(netG.parameters())
        self.optimizer_D = make_optimizer(netD.parameters())

    def step(self, real_A: Tensor, real_B: Tensor) -> dict[str, Tensor]:
        """Move D, then G, on pictures `[N, C, H, W]` in [-1, 1]. Returns the losses."""
        fake_B = self.netG(real_A)
        set_requires_grad([self.netD], True)
        self.optimizer_D.zero_grad()
        loss_D_fake = self.gan(self.netD(torch.cat((real_A, fake_B), 1).detach()), False)
        loss_D_real = self.gan(self.netD(torch.cat((real_A, real_B), 1)), True)
        loss_D = (loss_D_fake + loss_D_real) * 0.5
        loss_D.backward()
        self.optimizer_D.step()
        set_requires_grad([self.netD], False)
        self.optimizer_G.zero_grad()
        loss_G_GAN = self.gan(self.netD(torch.cat((real_A, fake_B), 1)), True)
        loss_G_L1 = self.l1(fake_B, real_B) * 100.0
        loss_G = loss_G_GAN + loss_G_L1
        loss_G.backward()
        self.optimizer_G.step()
        return {"D_real": loss_D_real, "D_fake": loss_D_fake, "G_GAN": loss_G_GAN, "G_L1": loss_G_L1}
