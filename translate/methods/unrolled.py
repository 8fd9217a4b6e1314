"""The unrolled GAN: G plays against the D that D is about to become                                       (Metz 2017)

A generator that flees to one mode is caught there a few steps later; one that sees those steps has no reason to go.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from translate.batches import Images
from translate.games.game import Judge
from translate.games.lookahead import DESCENTS, ahead
from translate.methods.base import Game, Method, Rules, Turn, draw_noise

THRICE_NOT = (nn.BatchNorm2d, nn.InstanceNorm2d)
"""What torch cannot differentiate three times."""


class Unrolled(Method):
    """min_G f(θ_G, θ_D^K),  θ_D^{k+1} = θ_D^k + η ∇ f(θ_G, θ_D^k),  θ_D^0 = θ_D                  (Metz 2017, eq. 6, 9).

    f is V(D, G), whose real half depends on G as well now, through θ_D^K; D itself moves by one step, as ever (eq. 10).

    Args:
        G: noise `[N, latent]` → picture.
        D: picture → logits.
        unroll: K, steps that D is looked ahead; 0 plays the plain game.
        inner_lr: η, of the steps ahead; that of D's own moves is in `[train]`.
        inner: how they are made, `adam` (from rest, as the authors' code has it) or `sgd`.
        gan: form of the game, a name in `translate.losses.OBJECTIVES`. Where it is not of zero sum, as with
            `nonsaturating`, G minimises its own loss against the D ahead.
        critic_steps: k, rounds of D for one of G.
        rules: what keeps the game stable (`translate.games.Rules`).
    """

    players = {"D": ("D",), "G": ("G",)}
    networks = {"G": "dcgan_generator", "D": "dcgan_discriminator"}
    averaged = ("G",)
    drawer = "G"

    def __init__(
        self,
        G: nn.Module,
        D: nn.Module,
        unroll: int = 5,
        inner_lr: float = 2e-4,
        inner: str = "adam",
        gan: str = "minimax",
        critic_steps: int = 1,
        rules: Rules = Rules(),
    ) -> None:
        super().__init__()
        if unroll < 0 or not inner_lr > 0 or inner not in DESCENTS:
            raise ValueError(
                f"unroll = {unroll}, inner_lr = {inner_lr}, inner = {inner!r}: from 0, above 0, and one of "
                + ", ".join(DESCENTS)
            )
        self.G, self.D = G, D
        self.game = Game(gan, rules, D, critic_steps=critic_steps)
        self.unroll, self.inner_lr, self.inner = unroll, inner_lr, inner
        if unroll and self.game.twice and any(isinstance(module, THRICE_NOT) for module in D.modules()):
            raise ValueError(
                "unroll takes the derivative of steps that game.r1 and game.gradient_penalty make of second ones, and "
                'BatchNorm and InstanceNorm have no third: give D norm = "layer" or "none"'
            )

    @staticmethod
    def wiring(image: int, size: int) -> dict[str, dict[str, int]]:
        return {"G": {"outputs": image, "size": size}, "D": {"inputs": image, "size": size}}

    @property
    def twice(self) -> bool:
        return self.unroll > 0 or super().twice

    def round(self, batch: Images, step: int) -> Iterator[Turn]:
        y = batch.image
        fake = self.G(draw_noise(self.G, y))
        yield Turn("D", *self.game.critic(self.D, y, fake.detach(), step=step))
        if (step + 1) % self.game.critic_steps:
            return

        def loss(D: Judge) -> Tensor:
            terms, _ = self.game.critic(D, y, fake, step=step)
            return torch.stack([*terms.values()]).sum()

        D_K = ahead(self.D, loss, self.unroll, DESCENTS[self.inner](self.inner_lr))
        yield Turn("G", {"gan": self.against(D_K, y, fake)})

    def against(self, D: Judge, y: Tensor, fake: Tensor) -> Tensor:
        """What G minimises, against this D."""
        return self.game.value(D, y, fake) if self.game.zero_sum else self.game.generator(D, fake)

    def show(self, batch: Images) -> dict[str, Tensor]:
        return {"data": batch.image, "drawn": self.G(draw_noise(self.G, batch.image))}
