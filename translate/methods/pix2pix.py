"""pix2pix: a conditional GAN whose label is a picture, and an L1 to the one true answer              (Isola 2017)"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from translate.batches import Pair
from translate.losses import l1_loss
from translate.methods.base import Game, Method, Rules, Turn


class Pix2Pix(Method):
    """min_G max_D  L_cGAN(G, D) + λ E‖y − G(x)‖₁                                            (Isola 2017, eq. 4).

    There is no z: the only noise is the generator's dropout (§3.1).

    Args:
        G: source picture → target picture.
        D: target picture, source picture → logits, one a patch.
        l1: λ.
        gan: form of the game, a name in `translate.losses.OBJECTIVES`.
        critic_steps: k, rounds of D for one of G.
        rules: what keeps the game stable (`translate.games.Rules`).
    """

    players = {"D": ("D",), "G": ("G",)}
    networks = {"G": "unet", "D": "patchgan"}
    averaged = ("G",)
    aligned = True
    directions = {"forward": "G"}

    def __init__(
        self,
        G: nn.Module,
        D: nn.Module,
        l1: float = 100.0,
        gan: str = "nonsaturating",
        critic_steps: int = 1,
        rules: Rules = Rules(),
    ) -> None:
        super().__init__()
        self.G, self.D = G, D
        self.game, self.l1 = Game(gan, rules, D, critic_steps=critic_steps), l1

    @staticmethod
    def wiring(source: int, target: int) -> dict[str, dict[str, int]]:
        return {"G": {"inputs": source, "outputs": target}, "D": {"inputs": source + target}}

    def round(self, batch: Pair, step: int) -> Iterator[Turn]:
        x, y = batch.source, batch.target
        fake = self.G(x)
        # Halved, which slows D down beside G (§3.3).
        yield Turn("D", *self.game.critic(self.D, y, fake.detach(), x, step=step, weight=0.5))
        if (step + 1) % self.game.critic_steps:
            return
        yield Turn("G", {"gan": self.game.generator(self.D, fake, x), "l1": self.l1 * l1_loss(fake, y)})

    def show(self, batch: Pair) -> dict[str, Tensor]:
        return {"source": batch.source, "translated": self.G(batch.source), "target": batch.target}
