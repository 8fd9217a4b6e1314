"""CUT: one direction; a patch of the output must know its own patch of the input                         (Park 2020)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from translate.batches import Pair
from translate.losses import patch_nce
from translate.methods.base import Game, Method, Rules, Turn
from translate.networks import PatchProjector, ResNet
from translate.networks.projector import draw_places


class CUT(Method):
    """L_GAN(G, D) + λ_X L_PatchNCE(G, P, X) + λ_Y L_PatchNCE(G, P, Y)                            (Park 2020, eq. 5).

    Args:
        G: source picture → target picture; its encoder's features are what is compared.
        D: target picture → logits, one a patch.
        P: features → unit vectors; made here for the features of G.
        nce: λ_X + λ_Y, of which each has half, as the authors' code has it.
        layers: places in G's encoder whose features are compared.
        patches: how many of them a layer.
        temperature: τ.
        gan: form of the game, a name in `translate.losses.OBJECTIVES`; the paper's code has least squares.
        critic_steps: k, rounds of D for one of G.
        rules: what keeps the game stable (`translate.games.Rules`).
    """

    players = {"D": ("D",), "G": ("G", "P")}
    networks = {"G": "resnet", "D": "patchgan", "P": "projector"}
    averaged = ("G",)
    directions = {"forward": "G"}

    def __init__(
        self,
        G: ResNet,
        D: nn.Module,
        P: PatchProjector,
        nce: float = 1.0,
        layers: tuple[int, ...] = (0, 4, 8, 12, 16),
        patches: int = 256,
        temperature: float = 0.07,
        gan: str = "least_squares",
        critic_steps: int = 1,
        rules: Rules = Rules(),
    ) -> None:
        super().__init__()
        self.G, self.D, self.P = G, D, P
        self.game, self.nce = Game(gan, rules, D, critic_steps=critic_steps), nce
        self.layers, self.patches, self.temperature = layers, patches, temperature
        P.build(G.channels(layers))

    @staticmethod
    def wiring(source: int, target: int) -> dict[str, dict[str, Any]]:
        looks = {"antialias": True, "init": "xavier"}
        return {
            "G": {"inputs": source, "outputs": target, **looks},
            "D": {"inputs": target, "norm": "instance", **looks},
            "P": {},
        }

    def round(self, batch: Pair, step: int) -> Iterator[Turn]:
        x, y = batch.source, batch.target
        # The identity y → G(y) rides along (§3.3).
        fake, same = self.G(torch.cat((x, y))).split((len(x), len(y)))
        yield Turn("D", *self.game.critic(self.D, y, fake.detach(), step=step, weight=0.5))
        if (step + 1) % self.game.critic_steps:
            return
        yield Turn(
            "G",
            {
                "gan": self.game.generator(self.D, fake),
                "nce_x": 0.5 * self.nce * self.contrast(fake, x),
                "nce_y": 0.5 * self.nce * self.contrast(same, y),
            },
        )

    def contrast(self, output: Tensor, source: Tensor) -> Tensor:
        """L_PatchNCE, the mean over layers: `output` and `source` at the same places                     (eq. 4)."""
        features = self.G.encode(output, self.layers)
        places = draw_places(features, self.patches)
        queries = self.P(features, places)
        with torch.no_grad():
            keys = self.P(self.G.encode(source, self.layers), places)
        return torch.stack([patch_nce(q, k, self.temperature) for q, k in zip(queries, keys, strict=True)]).mean()

    def show(self, batch: Pair) -> dict[str, Tensor]:
        return {"source": batch.source, "translated": self.G(batch.source), "target": batch.target}
