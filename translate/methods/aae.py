"""The adversarial autoencoder: a game on codes instead of a divergence                                 (Makhzani 2016)

What is drawn from the prior can be decoded if codes look like it. A critic of codes says whether they do, so that the
prior need only be something that can be drawn from.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from translate.batches import Images
from translate.losses import squared_error
from translate.methods.base import Game, Method, Rules, Turn, draw_noise
from translate.networks.encoder import CodeCritic, Gaussian, one_latent


class AAE(Method):
    """min_{E,G} E‖y − G(E(y))‖², then min_E max_D E[log D(z)] + E[log(1 − D(E(y)))],  z ~ N(0, I)  (Makhzani 2016, §2).

    Two phases on each batch, each with optimisers of its own: the game has no weight against the reconstruction, but
    `[train.players.E]` has the rate of E's moves in it.

    Args:
        E: picture → code, or a distribution over codes that is drawn from (§2.1: "deterministic", "Gaussian").
        G: noise `[N, latent]` → picture, the decoder.
        D: code → logits, whether it was drawn from the prior: draws are what is "real" in this game.
        gan: form of the game, a name in `translate.losses.OBJECTIVES`.
        critic_steps: k, rounds of D for one of E as its opponent.
        rules: what keeps the game stable (`translate.games.Rules`); lengths are those of codes, whose prior has σ = 1.
    """

    players = {"G": ("E", "G"), "D": ("D",), "E": ("E",)}
    networks = {"E": "dcgan_encoder", "G": "dcgan_generator", "D": "code_critic"}
    averaged = ("E", "G")
    drawer = "G"
    of_codes = True

    def __init__(
        self,
        E: nn.Module,
        G: nn.Module,
        D: CodeCritic,
        gan: str = "nonsaturating",
        critic_steps: int = 1,
        rules: Rules = Rules(),
    ) -> None:
        super().__init__()
        if rules.diffaugment:
            raise ValueError("game.diffaugment changes pictures, and D sees codes here: leave it out")
        one_latent(E=E, G=G, D=D)
        self.E, self.G, self.D = E, G, D
        self.game = Game(gan, rules, D, critic_steps=critic_steps)

    @staticmethod
    def wiring(image: int, size: int) -> dict[str, dict[str, int]]:
        return {"E": {"inputs": image, "size": size}, "G": {"outputs": image, "size": size}, "D": {}}

    def round(self, batch: Images, step: int) -> Iterator[Turn]:
        y = batch.image
        yield Turn("G", {"reconstruction": squared_error(self.G(self.code(y)), y)})
        code = self.code(y)
        yield Turn("D", *self.game.critic(self.D, draw_noise(self.G, y), code.detach(), step=step))
        if (step + 1) % self.game.critic_steps:
            return
        yield Turn("E", {"gan": self.game.generator(self.D, code)})

    def code(self, picture: Tensor) -> Tensor:
        """z ~ q(z|y)."""
        found = self.E(picture)
        return found.draw() if isinstance(found, Gaussian) else found

    def show(self, batch: Images) -> dict[str, Tensor]:
        y = batch.image
        found = self.E(y)
        code = found.mean if isinstance(found, Gaussian) else found
        return {"data": y, "reconstructed": self.G(code), "drawn": self.G(draw_noise(self.G, y))}
