"""CycleGAN: two games and a round trip                                                                    (Zhu 2017)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

from translate.batches import Pair
from translate.losses import l1_loss
from translate.methods.base import Game, Method, Rules, Turn
from translate.networks.pool import ImagePool


class CycleGAN(Method):
    """L_GAN(G, D_Y) + L_GAN(F, D_X) + λ (E‖F(G(x)) − x‖₁ + E‖G(F(y)) − y‖₁)                     (Zhu 2017, eq. 3).

    With the identity term E‖G(y) − y‖₁ + E‖F(x) − x‖₁ that keeps colours (§5.2).

    Args:
        G: source picture → target picture.
        F: target picture → source picture.
        D_X: source picture → logits, one a patch.
        D_Y: target picture → logits, one a patch.
        cycle: λ.
        identity: weight of the identity term, the authors' ½λ; 0 leaves it out, as it must be where the domains differ
            in channels.
        pool: how many earlier pictures the discriminators are shown from (§4).
        gan: form of the game, a name in `translate.losses.OBJECTIVES`; the paper's is least squares.
        critic_steps: k, rounds of both D for one of G and F.
        rules: what keeps the game stable (`translate.games.Rules`).
    """

    players = {"G": ("G", "F"), "D": ("D_X", "D_Y")}
    networks = {"G": "resnet", "F": "resnet", "D_X": "patchgan", "D_Y": "patchgan"}
    averaged = ("G", "F")
    directions = {"forward": "G", "backward": "F"}

    def __init__(
        self,
        G: nn.Module,
        F: nn.Module,
        D_X: nn.Module,
        D_Y: nn.Module,
        cycle: float = 10.0,
        identity: float = 5.0,
        pool: int = 50,
        gan: str = "least_squares",
        critic_steps: int = 1,
        rules: Rules = Rules(),
    ) -> None:
        super().__init__()
        self.G, self.F, self.D_X, self.D_Y = G, F, D_X, D_Y
        self.game = Game(gan, rules, D_X, D_Y, critic_steps=critic_steps)
        self.cycle, self.identity = cycle, identity
        self.drawn_x, self.drawn_y = ImagePool(pool), ImagePool(pool)

    @staticmethod
    def wiring(source: int, target: int) -> dict[str, dict[str, Any]]:
        return {
            "G": {"inputs": source, "outputs": target},
            "F": {"inputs": target, "outputs": source},
            "D_X": {"inputs": source, "norm": "instance"},
            "D_Y": {"inputs": target, "norm": "instance"},
        }

    def round(self, batch: Pair, step: int) -> Iterator[Turn]:
        x, y = batch.source, batch.target
        fake_y, fake_x = self.G(x), self.F(y)
        if (step + 1) % self.game.critic_steps == 0:
            yield Turn("G", self.translations(x, y, fake_x, fake_y))
        for_y, right_y = self.game.critic(self.D_Y, y, self.drawn_y(fake_y), step=step, weight=0.5, domain="_y")
        for_x, right_x = self.game.critic(self.D_X, x, self.drawn_x(fake_x), step=step, weight=0.5, domain="_x")
        yield Turn("D", for_y | for_x, right_y | right_x)

    def translations(self, x: Tensor, y: Tensor, fake_x: Tensor, fake_y: Tensor) -> dict[str, Tensor]:
        """What G and F minimise: to be taken for real, to come back, and to leave alone what is there already."""
        losses = {
            "gan_y": self.game.generator(self.D_Y, fake_y),
            "gan_x": self.game.generator(self.D_X, fake_x),
            "cycle_x": self.cycle * l1_loss(self.F(fake_y), x),
            "cycle_y": self.cycle * l1_loss(self.G(fake_x), y),
        }
        if self.identity:
            losses["identity_y"] = self.identity * l1_loss(self.G(y), y)
            losses["identity_x"] = self.identity * l1_loss(self.F(x), x)
        return losses

    def show(self, batch: Pair) -> dict[str, Tensor]:
        x, y = batch.source, batch.target
        fake_y, fake_x = self.G(x), self.F(y)
        return {"source": x, "translated": fake_y, "and back": self.F(fake_y), "target": y, "backward": fake_x}
