"""CycleGAN: two games and a round trip                                                                    (Zhu 2017)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

from translate.batches import Pair
from translate.losses import l1_loss
from translate.methods.base import Method, Turn, objective
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
    ) -> None:
        super().__init__()
        self.G, self.F, self.D_X, self.D_Y = G, F, D_X, D_Y
        self.game, self.cycle, self.identity = objective(gan), cycle, identity
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
        losses = {
            "gan_y": self.game.generator(self.D_Y(fake_y)),
            "gan_x": self.game.generator(self.D_X(fake_x)),
            "cycle_x": self.cycle * l1_loss(self.F(fake_y), x),
            "cycle_y": self.cycle * l1_loss(self.G(fake_x), y),
        }
        if self.identity:
            losses["identity_y"] = self.identity * l1_loss(self.G(y), y)
            losses["identity_x"] = self.identity * l1_loss(self.F(x), x)
        yield Turn("G", losses)
        real_y, real_x = self.D_Y(y), self.D_X(x)
        drawn_y, drawn_x = self.D_Y(self.drawn_y(fake_y)), self.D_X(self.drawn_x(fake_x))
        yield Turn(
            "D",
            {"gan_y": 0.5 * self.game.critic(real_y, drawn_y), "gan_x": 0.5 * self.game.critic(real_x, drawn_x)},
            self.game.verdicts(real_y, drawn_y, "_y") | self.game.verdicts(real_x, drawn_x, "_x"),
        )

    def show(self, batch: Pair) -> dict[str, Tensor]:
        x, y = batch.source, batch.target
        fake_y, fake_x = self.G(x), self.F(y)
        return {"source": x, "translated": fake_y, "and back": self.F(fake_y), "target": y, "backward": fake_x}
