"""Progressive growing: a game on 4×4 pixels first, then on twice as many, again and again          (Karras 2018)

Large forms are learnt while rounds cost next to nothing, and detail on top of them. With the WGAN-GP game of the paper
(appendix A.1): λ = 10, and a drift of 0.001 that keeps the critic's scores near 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import Tensor

from translate.batches import Images
from translate.methods.base import Game, Method, Rules, Turn, draw_noise
from translate.networks.growing import Growing


class Progressive(Method):
    """The game of eq. 3 of Gulrajani 2017, at a resolution that grows                      (Karras 2018, §2).

    At each level `stable` rounds, then `fade` rounds in which the next level fades in; the last level goes on to the
    end of the run. The paper has 800,000 pictures for each of these phases, so 50,000 rounds of 16; it trains with
    `lr = 1e-3` and `betas = [0.0, 0.99]` in `[train]`.

    The authors' code forgets Adam's moments at each new level. Here they stay: those of new layers begin with their
    first move anyway, and old ones, which β₂ lets go of within 100 rounds, meet no jump, as levels fade in.

    Args:
        G: noise `[N, latent]` → picture.
        D: picture → score.
        stable: rounds at each level, from the first on; the last number holds for all levels that follow.
        fade: rounds over which each next level fades in, in the same way.
        gan: form of the game, a name in `translate.losses.OBJECTIVES`.
        critic_steps: rounds of D for one of G.
        rules: what keeps the game stable (`translate.games.Rules`).
    """

    players = {"D": ("D",), "G": ("G",)}
    networks = {"G": "progressive_generator", "D": "progressive_critic"}
    averaged = ("G",)
    drawer = "G"

    def __init__(
        self,
        G: Growing,
        D: Growing,
        stable: tuple[int, ...] = (50_000,),
        fade: tuple[int, ...] = (50_000,),
        gan: str = "wasserstein",
        critic_steps: int = 1,
        rules: Rules = Rules(gradient_penalty=10.0, drift=0.001),
    ) -> None:
        super().__init__()
        if not isinstance(G, Growing) or not isinstance(D, Growing) or G.sides != D.sides:
            raise ValueError(
                "G and D must grow together: progressive_generator and progressive_critic, of one size and one start"
            )
        for name, rounds in (("stable", stable), ("fade", fade)):
            if not rounds or min(rounds) < 0:
                raise ValueError(f"{name} = {list(rounds)}: one number of rounds for each level, or one for all")
        self.G, self.D = G, D
        self.stable, self.fade = stable, fade
        self.game = Game(gan, rules, D, critic_steps=critic_steps)

    @staticmethod
    def wiring(image: int, size: int) -> dict[str, dict[str, int]]:
        return {"G": {"outputs": image, "size": size}, "D": {"inputs": image, "size": size}}

    def at(self, step: int) -> None:
        super().at(step)
        grown = self.grown(step)
        for network in (self.G, self.D):
            network.grow(grown)

    @property
    def phase(self) -> Any:
        return self.G.level, self.G.fading

    def grown(self, step: int) -> float:
        """How far the networks have grown in round `step` (see `Growing`): L at level L, L − 1 + α while it fades in.

        α goes in even steps from 0, the last round of the level before, to 1, the first one after.
        """
        for level in range(len(self.G.sides) - 1):
            stable, fade = (rounds[min(level, len(rounds) - 1)] for rounds in (self.stable, self.fade))
            if step < stable:
                return level
            if step < stable + fade:
                return level + (step - stable + 1) / (fade + 1)
            step -= stable + fade
        return len(self.G.sides) - 1

    def round(self, batch: Images, step: int) -> Iterator[Turn]:
        y = self.D.reduced(batch.image)
        fake = self.G(draw_noise(self.G, y))
        losses, facts = self.game.critic(self.D, y, fake.detach(), step=step)
        yield Turn("D", losses, {**facts, "side": self.D.shown_side})
        if (step + 1) % self.game.critic_steps:
            return
        yield Turn("G", {"gan": self.game.generator(self.D, fake)})

    def show(self, batch: Images) -> dict[str, Tensor]:
        data = self.G.enlarged(self.G.reduced(batch.image))
        return {"data": data, "drawn": self.G(draw_noise(self.G, data))}
