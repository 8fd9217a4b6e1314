"""The Wasserstein GAN: the critic measures how far generated pictures are from real ones              (Arjovsky 2017)

With DCGAN's networks (§4.1). The critic's weights are clipped after each of its moves, so that its slope is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from translate.batches import Images
from translate.methods.base import Game, Method, Rules, Turn, draw_noise


class WGAN(Method):
    """min_G max_{‖D‖_L ≤ K} E[D(y)] − E[D(G(z))],  z ~ N(0, 1)                     (Arjovsky 2017, eq. 2 and 3).

    The paper trains with `optimizer = "rmsprop"` and `lr = 5e-5` in `[train]`, without a falling rate, and finds
    momentum to do harm; its batch is 64. `D/gan`, times −1, estimates the distance, up to the factor K (§4.2).

    Args:
        G: noise `[N, latent]` → picture.
        D: picture → score, the critic f of the paper.
        critic_steps: n_critic, rounds of D for one of G.
        rules: what keeps the game stable (`translate.games.Rules`); algorithm 1 clips weights to ± 0.01.
    """

    players = {"D": ("D",), "G": ("G",)}
    networks = {"G": "dcgan_generator", "D": "dcgan_discriminator"}
    averaged = ("G",)
    drawer = "G"

    def __init__(self, G: nn.Module, D: nn.Module, critic_steps: int = 5, rules: Rules = Rules(clip=0.01)) -> None:
        super().__init__()
        self.G, self.D = G, D
        self.game = Game("wasserstein", rules, D, critic_steps=critic_steps)

    @staticmethod
    def wiring(image: int, size: int) -> dict[str, dict[str, int]]:
        return {"G": {"outputs": image, "size": size}, "D": {"inputs": image, "size": size}}

    def round(self, batch: Images, step: int) -> Iterator[Turn]:
        y = batch.image
        fake = self.G(draw_noise(self.G, y))
        yield Turn("D", *self.game.critic(self.D, y, fake.detach(), step=step))  # and is clipped: `Method.after`
        if (step + 1) % self.game.critic_steps:
            return
        yield Turn("G", {"gan": self.game.generator(self.D, fake)})

    def show(self, batch: Images) -> dict[str, Tensor]:
        return {"data": batch.image, "drawn": self.G(draw_noise(self.G, batch.image))}
