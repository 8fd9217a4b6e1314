"""CycleGAN's step (Zhu 2017, §4 and §7.1) in the order of the authors' PyTorch code: both generators, then both Ds.

Theirs and the paper's names: G_A is G, G_B is F, D_A is D_Y and judges B, D_B is D_X and judges A.
"""

from __future__ import annotations

import itertools

from torch import Tensor, nn

from benchmarks.literal.parts import GANLoss, MakeOptimizer, adam, set_requires_grad
from benchmarks.literal.pool import ImagePool


class CycleGAN(nn.Module):
    """Two generators under one optimiser, two discriminators under another."""

    def __init__(
        self,
        netG_A: nn.Module,
        netG_B: nn.Module,
        netD_A: nn.Module,
        netD_B: nn.Module,
        pool: int = 50,
        make_optimizer: MakeOptimizer = adam,
    ) -> None:
        super().__init__()
        self.netG_A, self.netG_B, self.netD_A, self.netD_B = netG_A, netG_B, netD_A, netD_B
        self.gan, self.l1 = GANLoss("lsgan"), nn.L1Loss()
        self.pool_A, self.pool_B = ImagePool(pool), ImagePool(pool)
        self.optimizer_G = make_optimizer(itertools.chain(netG_A.parameters(), netG_B.parameters()))
        self.optimizer_D = make_optimizer(itertools.chain(netD_A.parameters(), netD_B.parameters()))

    def step(self, real_A: Tensor, real_B: Tensor) -> dict[str, Tensor]:
        """Move the generators, then the discriminators, on pictures `[N, C, H, W]` in [-1, 1]. Returns the losses."""
        fake_B = self.netG_A(real_A)
        rec_A = self.netG_B(fake_B)
        fake_A = self.netG_B(real_B)
        rec_B = self.netG_A(fake_A)
        set_requires_grad([self.netD_A, self.netD_B], False)
        self.optimizer_G.zero_grad()
        losses = {
            "idt_A": self.l1(self.netG_A(real_B), real_B) * 10.0 * 0.5,
            "idt_B": self.l1(self.netG_B(real_A), real_A) * 10.0 * 0.5,
            "G_A": self.gan(self.netD_A(fake_B), True),
            "G_B": self.gan(self.netD_B(fake_A), True),
            "cycle_A": self.l1(rec_A, real_A) * 10.0,
            "cycle_B": self.l1(rec_B, real_B) * 10.0,
        }
        sum(losses.values(), start=real_A.new_zeros(())).backward()
        self.optimizer_G.step()
        set_requires_grad([self.netD_A, self.netD_B], True)
        self.optimizer_D.zero_grad()
        losses["D_A"] = self._backward(self.netD_A, real_B, self.pool_B.query(fake_B))
        losses["D_B"] = self._backward(self.netD_B, real_A, self.pool_A.query(fake_A))
        self.optimizer_D.step()
        return losses

    def _backward(self, netD: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        """Each discriminator's gradients on their own."""
        loss_real = self.gan(netD(real), True)
        loss_fake = self.gan(netD(fake.detach()), False)
        loss = (loss_real + loss_fake) * 0.5
        loss.backward()
        return loss
