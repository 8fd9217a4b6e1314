"""The step of CUT and FastCUT (Park 2020) in the order of the authors' PyTorch code: D first, then G and F.

Features of the output come from a second run of G's encoder, on the output. Those of the input come from a run that
records a graph as well, though nothing ever goes back through it: the loss detaches them at its door.

Do not train with it at batch 1 on a CPU: see "Known" in benchmarks/README.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from benchmarks.literal.networks import Projector, ResNet
from benchmarks.literal.parts import GANLoss, MakeOptimizer, adam, set_requires_grad


class PatchNCELoss(nn.Module):
    """The positive beside all similarities of a picture; what a place has to do with itself is put out of the running.

    Vectors `[N · patches, C]` of output and input → a loss each.
    """

    def __init__(self, temperature: float = 0.07) -> None:
        super().__init__()
        self.temperature = temperature
        self.cross_entropy = nn.CrossEntropyLoss(reduction="none")

    def forward(self, feat_q: Tensor, feat_k: Tensor, batch: int) -> Tensor:
        """Queries and keys of `batch` pictures, one picture after the other."""
        count, width = feat_q.shape
        feat_k = feat_k.detach()
        positive = torch.bmm(feat_q.view(count, 1, width), feat_k.view(count, width, 1)).view(count, 1)
        queries, keys = feat_q.view(batch, -1, width), feat_k.view(batch, -1, width)
        negative = torch.bmm(queries, keys.transpose(2, 1))
        patches = queries.shape[1]
        itself = torch.eye(patches, device=feat_q.device, dtype=torch.bool)[None]
        negative.masked_fill_(itself, -10.0)
        logits = torch.cat((positive, negative.view(-1, patches)), 1) / self.temperature
        return self.cross_entropy(logits, torch.zeros(count, dtype=torch.long, device=feat_q.device))


class CUT(nn.Module):
    """A generator, a discriminator and the network F, an optimiser for each.

    CUT is `nce=1, identity=True, flip=False`; FastCUT is `nce=10, identity=False, flip=True`.
    """

    def __init__(
        self,
        netG: ResNet,
        netD: nn.Module,
        netF: Projector,
        nce: float,
        identity: bool,
        flip: bool,
        layers: Sequence[int] = (0, 4, 8, 12, 16),
        patches: int = 256,
        make_optimizer: MakeOptimizer = adam,
    ) -> None:
        super().__init__()
        self.netG, self.netD, self.netF = netG, netD, netF
        self.nce, self.identity, self.flip = nce, identity, flip
        self.layers, self.patches = layers, patches
        self.gan, self.patch_nce = GANLoss("lsgan"), PatchNCELoss()
        self.optimizer_G = make_optimizer(netG.parameters())
        self.optimizer_D = make_optimizer(netD.parameters())
        self.optimizer_F = make_optimizer(netF.parameters())

    def step(self, real_A: Tensor, real_B: Tensor) -> dict[str, Tensor]:
        """Move D, then G and F, on pictures `[N, C, H, W]` in [-1, 1]. Returns the losses."""
        flipped = self.flip and torch.rand(()).item() < 0.5
        real = torch.cat((real_A, real_B), dim=0) if self.identity else real_A
        fake = self.netG(torch.flip(real, [3]) if flipped else real)
        fake_B, idt_B = fake[: len(real_A)], fake[len(real_A) :]
        set_requires_grad([self.netD], True)
        self.optimizer_D.zero_grad()
        loss_D_fake = self.gan(self.netD(fake_B.detach()), False)
        loss_D_real = self.gan(self.netD(real_B), True)
        ((loss_D_fake + loss_D_real) * 0.5).backward()
        self.optimizer_D.step()
        set_requires_grad([self.netD], False)
        self.optimizer_G.zero_grad()
        self.optimizer_F.zero_grad()
        loss_GAN = self.gan(self.netD(fake_B), True)
        loss_NCE = self._nce(real_A, fake_B, flipped)
        if self.identity:
            loss_NCE = (loss_NCE + self._nce(real_B, idt_B, flipped)) * 0.5
        (loss_GAN + loss_NCE).backward()
        self.optimizer_G.step()
        self.optimizer_F.step()
        return {"D_real": loss_D_real, "D_fake": loss_D_fake, "G_GAN": loss_GAN, "NCE": loss_NCE}

    def _nce(self, source: Tensor, output: Tensor, flipped: bool) -> Tensor:
        """The mean over layers of λ PatchNCE."""
        feat_q = self.netG.encode(output, self.layers)
        if flipped:
            feat_q = [torch.flip(feature, [3]) for feature in feat_q]
        feat_k = self.netG.encode(source, self.layers)
        keys, ids = self.netF(feat_k, self.patches)
        queries, _ = self.netF(feat_q, self.patches, ids)
        total = source.new_zeros(())
        for query, key in zip(queries, keys, strict=True):
            total = total + (self.patch_nce(query, key, len(source)) * self.nce).mean()
        return total / len(self.layers)
