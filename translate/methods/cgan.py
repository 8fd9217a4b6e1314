"""The conditional GAN: both players are told the label                                             (Mirza 2014)"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from translate.batches import Labelled
from translate.methods.base import Game, Method, Rules, Turn, draw_noise


class ConditionalGAN(Method):
    """min_G max_D E[log D(y|c)] + E[log(1 − D(G(z|c)|c))],  z ~ N(0, 1)                       (Mirza 2014, eq. 2).

    Args:
        G: noise `[N, latent]` and label `[N]` → picture.
        D: picture and label → logits.
        gan: form of the game, a name in `translate.losses.OBJECTIVES`.
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
        gan: str = "nonsaturating",
        critic_steps: int = 1,
        rules: Rules = Rules(),
    ) -> None:
        super().__init__()
        self.G, self.D = G, D
        self.game = Game(gan, rules, D, critic_steps=critic_steps)

    @staticmethod
    def wiring(image: int, size: int, classes: int) -> dict[str, dict[str, int]]:
        shared = {"size": size, "classes": classes}
        return {"G": {"outputs": image, **shared}, "D": {"inputs": image, **shared}}

    def round(self, batch: Labelled, step: int) -> Iterator[Turn]:
        y, c = batch.image, batch.label
        fake = self.G(draw_noise(self.G, y), c)
        yield Turn("D", *self.game.critic(self.D, y, fake.detach(), c, step=step))
        if (step + 1) % self.game.critic_steps:
            return
        yield Turn("G", {"gan": self.game.generator(self.D, fake, c)})

    def show(self, batch: Labelled) -> dict[str, Tensor]:
        return {"data": batch.image, "drawn": self.G(draw_noise(self.G, batch.image), batch.label)}
