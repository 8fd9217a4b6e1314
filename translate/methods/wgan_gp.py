"""WGAN-GP: the critic's slope is asked to be 1, instead of its weights being clipped                  (Gulrajani 2017)

With DCGAN's networks, but for the critic's BatchNorm: with it a picture's verdict would hang on the other pictures, and
have no slope of its own. LayerNorm takes its place (§4).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

from translate.batches import Images
from translate.methods.base import Game, Method, Rules, Turn, draw_noise


class WGANGP(Method):
    """E[D(G(z))] − E[D(y)] + λ E(‖∇_ŷ D(ŷ)‖₂ − 1)²,  ŷ = ε y + (1 − ε) G(z),  ε ~ U(0, 1)     (Gulrajani 2017, eq. 3).

    The paper trains with `lr = 1e-4` and `betas = [0.0, 0.9]` in `[train]`, at a batch of 64. `D/gan`, times −1,
    estimates the distance W₁.

    Args:
        G: noise `[N, latent]` → picture.
        D: picture → score.
        critic_steps: n_critic, rounds of D for one of G.
        rules: what keeps the game stable (`translate.games.Rules`); λ is its `gradient_penalty`.
    """

    players = {"D": ("D",), "G": ("G",)}
    networks = {"G": "dcgan_generator", "D": "dcgan_discriminator"}
    averaged = ("G",)
    drawer = "G"

    def __init__(
        self, G: nn.Module, D: nn.Module, critic_steps: int = 5, rules: Rules = Rules(gradient_penalty=10.0)
    ) -> None:
        super().__init__()
        self.G, self.D = G, D
        self.game = Game("wasserstein", rules, D, critic_steps=critic_steps)

    @staticmethod
    def wiring(image: int, size: int) -> dict[str, dict[str, Any]]:
        return {"G": {"outputs": image, "size": size}, "D": {"inputs": image, "size": size, "norm": "layer"}}

    def round(self, batch: Images, step: int) -> Iterator[Turn]:
        y = batch.image
        fake = self.G(draw_noise(self.G, y))
        yield Turn("D", *self.game.critic(self.D, y, fake.detach(), step=step))
        if (step + 1) % self.game.critic_steps:
            return
        yield Turn("G", {"gan": self.game.generator(self.D, fake)})

    def show(self, batch: Images) -> dict[str, Tensor]:
        return {"data": batch.image, "drawn": self.G(draw_noise(self.G, batch.image))}
