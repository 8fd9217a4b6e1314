"""The unconditional GAN, the base of everything here: min_G max_D V(D, G)          (Goodfellow 2014, algorithm 1)

With DCGAN's networks (Radford 2016) and the non-saturating trick by default.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from translate.batches import Images
from translate.methods.base import Game, Method, Rules, Turn, draw_noise


class DCGAN(Method):
    """min_G max_D V(D, G) = E[log D(y)] + E[log(1 − D(G(z)))],  z ~ N(0, 1)              (Goodfellow 2014, eq. 1).

    Args:
        G: noise `[N, latent]` → picture.
        D: picture → logits.
        gan: form of the game, a name in `translate.losses.OBJECTIVES`.
        critic_steps: k, rounds of D for one of G (algorithm 1 has k = 1).
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
        gan: str = "nonsaturating",
        critic_steps: int = 1,
        rules: Rules = Rules(),
    ) -> None:
        super().__init__()
        self.G, self.D = G, D
        self.game = Game(gan, rules, D, critic_steps=critic_steps)

    @staticmethod
    def wiring(image: int, size: int) -> dict[str, dict[str, int]]:
        return {"G": {"outputs": image, "size": size}, "D": {"inputs": image, "size": size}}

    def round(self, batch: Images, step: int) -> Iterator[Turn]:
        y = batch.image
        fake = self.G(draw_noise(self.G, y))
        yield Turn("D", *self.game.critic(self.D, y, fake.detach(), step=step))
        if (step + 1) % self.game.critic_steps:
            return
        yield Turn("G", {"gan": self.game.generator(self.D, fake)})

    def show(self, batch: Images) -> dict[str, Tensor]:
        return {"data": batch.image, "drawn": self.G(draw_noise(self.G, batch.image))}
