"""The variational autoencoder: no game, but a bound on the likelihood       (Kingma & Welling 2014; Rezende 2014)

An encoder says which noise a picture may have been drawn from; the decoder, which draws pictures from noise as GANs'
generators do, is asked to give the picture back. What is drawn is blurred: where the code does not tell, the decoder
gives the mean of all that could be.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from translate import shares
from translate.batches import Images
from translate.losses import gaussian_log_likelihood, kl_to_normal, squared_error
from translate.methods.base import Method, Turn, draw_noise
from translate.networks.encoder import GaussianEncoder, one_latent

FINEST = 1 / 255
"""The least σ, half a level of 8 bits: below it a density would be paid for knowing how pictures are rounded."""


class VAE(Method):
    """min_{E,G} β KL(q(z|y) ‖ N(0, I)) − E_{z~q}[log p(y|z)]                      (Kingma & Welling 2014, eq. 3 and 7).

    q(z|y) = N(μ, σ_z²) by E, p(y|z) = N(G(z), σ²). With β = 1 the sum of both terms is −ELBO ≥ −log p(y). It is
    counted by the value (a number of a picture), so that rates do not hang on the size; `G/kl_nats` is by the picture.

    Args:
        E: picture → q(z|y).
        G: noise `[N, latent]` → picture, the decoder.
        beta: β; above 1 codes are simpler and pictures blurrier (Higgins 2017), below 1 the other way round.
        deviation: σ, of the 2 from black to white. 0: the best at every step, the root of the mean squared error, so
            that the two terms are in balance by themselves (Rybkin 2021). Where it is fixed, β σ² is all that counts.
    """

    players = {"G": ("E", "G")}
    networks = {"E": "gaussian_encoder", "G": "dcgan_generator"}
    averaged = ("E", "G")
    drawer = "G"

    def __init__(self, E: GaussianEncoder, G: nn.Module, beta: float = 1.0, deviation: float = 0.0) -> None:
        super().__init__()
        if not 0 <= beta < float("inf") or not 0 <= deviation < float("inf"):
            raise ValueError(f"beta = {beta}, deviation = {deviation}: they must be at least 0, and finite")
        if not isinstance(E, GaussianEncoder):
            raise ValueError('E must say how sure it is of a code: networks.E.name = "gaussian_encoder"')
        one_latent(E=E, G=G)
        self.E, self.G = E, G
        self.beta, self.deviation = beta, deviation

    @staticmethod
    def wiring(image: int, size: int) -> dict[str, dict[str, int]]:
        return {"E": {"inputs": image, "size": size}, "G": {"outputs": image, "size": size}}

    def round(self, batch: Images, step: int) -> Iterator[Turn]:
        y = batch.image
        code = self.E(y)
        decoded = self.G(code.draw())
        deviation = self.deviation or best_deviation(decoded, y)
        likelihood, divergence = gaussian_log_likelihood(y, decoded, deviation), kl_to_normal(*code)
        values = y[0].numel()
        yield Turn(
            "G",
            {"reconstruction": -likelihood / values, "kl": self.beta * divergence / values},
            {"kl_nats": divergence, "squared_error": squared_error(decoded, y)},
        )

    def show(self, batch: Images) -> dict[str, Tensor]:
        y = batch.image
        return {"data": y, "reconstructed": self.G(self.E(y).mean), "drawn": self.G(draw_noise(self.G, y))}


@torch.no_grad()
def best_deviation(decoded: Tensor, picture: Tensor) -> Tensor:
    """The σ by which the likelihood of the whole batch is largest: there its slope is 0, so none is needed."""
    return (shares.total(squared_error(decoded, picture)) / shares.count()).sqrt().clamp_min(FINEST)
