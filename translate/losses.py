"""Every objective: what the players of a game minimise, as pure functions of logits and pictures.

The unconditional GAN is the base (Goodfellow 2014, eq. 1):

    min_G max_D V(D, G) = E_x[log D(x)] + E_z[log(1 − D(G(z)))],        D = σ(logit)

All forms here share its shape: the critic's loss is a function of its logits on real and on generated samples, the
generator's of those on generated samples. Logits may have any shape: a PatchGAN's map is averaged over patches.
Losses are float32 (float64 for float64 logits) whatever precision the network ran in.

What a critic pays for beside the game is here as well. There D(x) is one number a picture, the mean of its logits, as
in the game; `translate.games` says where it is asked, and how much it costs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, relu, softplus


class Objective(NamedTuple):
    """One form of the game: what the critic and the generator minimise."""

    critic: Callable[..., Tensor]
    """(logits on real, logits on generated) → scalar."""
    generator: Callable[[Tensor], Tensor]
    """(logits on generated) → scalar."""
    boundary: float | None
    """The logit halfway between what a critic is asked to say of the two; None where there is no such place."""
    smooths: bool = False
    """Whether the critic's loss takes a third argument, by how much the 1 of real samples is smoothed."""

    def verdicts(self, real: Tensor, fake: Tensor, domain: str = "") -> dict[str, Tensor]:
        """The shares of logits on the right side of the boundary, 0 to 1: `right_on_real` and `right_on_fake`.

        Args:
            real: logits on real samples.
            fake: logits on generated ones.
            domain: which of several games this is, for the names.
        """
        if self.boundary is None:
            return {}
        right = {"right_on_real": real > self.boundary, "right_on_fake": fake < self.boundary}
        return {name + domain: verdict.float().mean() for name, verdict in right.items()}


def value(real: Tensor, fake: Tensor) -> Tensor:
    """V(D, G) itself, in nats: E[log σ(real)] + E[log(1 − σ(fake))]              (Goodfellow 2014, eq. 1).

    At the best D it is −log 4 + 2·JSD(p_data ‖ p_G) (theorem 1), so −log 4 once the generator is perfect.
    """
    return -softplus(-_wide(real)).mean() - softplus(_wide(fake)).mean()


def minimax_critic(real: Tensor, fake: Tensor, smoothing: float = 0.0) -> Tensor:
    """−V(D, G): the binary cross-entropy of real against generated, summed over the two.

    With a `smoothing` ε real samples are 1 to 1 − ε and 0 to ε, so that D* = (1 − ε) p / (p + q); generated ones stay
    0 (one-sided: Salimans 2016, §3.4).
    """
    # −(1 − ε) log σ(s) − ε log(1 − σ(s)) = −log σ(s) + ε s
    return -value(real, fake) + smoothing * _wide(real).mean() if smoothing else -value(real, fake)


def minimax_generator(fake: Tensor) -> Tensor:
    """The part of V(D, G) that G moves, E[log(1 − D(G(z)))]. Its gradient vanishes while D wins: −σ(logit)."""
    return -softplus(_wide(fake)).mean()


def nonsaturating_generator(fake: Tensor) -> Tensor:
    """−E[log D(G(z))]: same fixed point, strong gradient while D wins              (Goodfellow 2014, §3)."""
    return softplus(-_wide(fake)).mean()


def least_squares_critic(real: Tensor, fake: Tensor, smoothing: float = 0.0) -> Tensor:
    """E[(D(x) − 1)²] + E[D(G(z))²]                                     (Mao 2017, eq. 9, without its halves).

    With a `smoothing` ε the 1 is 1 − ε, and D* = (1 − ε) p / (p + q).
    """
    return (_wide(real) - (1 - smoothing)).square().mean() + _wide(fake).square().mean()


def least_squares_generator(fake: Tensor) -> Tensor:
    """E[(D(G(z)) − 1)²]                                                (Mao 2017, eq. 9, without its half)."""
    return (_wide(fake) - 1).square().mean()


def hinge_critic(real: Tensor, fake: Tensor) -> Tensor:
    """E[max(0, 1 − D(x))] + E[max(0, 1 + D(G(z)))]                     (Lim & Ye 2017; Miyato 2018, eq. 16)."""
    return relu(1 - _wide(real)).mean() + relu(1 + _wide(fake)).mean()


def wasserstein_critic(real: Tensor, fake: Tensor) -> Tensor:
    """E[f(G(z))] − E[f(x)]: minus the estimate of W₁, for a 1-Lipschitz f      (Arjovsky 2017, eq. 2)."""
    return _wide(fake).mean() - _wide(real).mean()


def wasserstein_generator(fake: Tensor) -> Tensor:
    """−E[f(G(z))]; also what the generator minimises against a hinge critic   (Arjovsky 2017, algorithm 1)."""
    return -_wide(fake).mean()


OBJECTIVES: dict[str, Objective] = {
    "minimax": Objective(minimax_critic, minimax_generator, 0.0, smooths=True),
    "nonsaturating": Objective(minimax_critic, nonsaturating_generator, 0.0, smooths=True),
    "least_squares": Objective(least_squares_critic, least_squares_generator, 0.5, smooths=True),
    "hinge": Objective(hinge_critic, wasserstein_generator, 0.0),
    "wasserstein": Objective(wasserstein_critic, wasserstein_generator, None),
}


def slope(logits: Tensor, image: Tensor) -> Tensor:
    """‖∇_x D(x)‖₂ of each picture, `[N]`; it can be differentiated again, by D's weights.

    Args:
        logits: what D says of the pictures, `[N, ...]`; each picture's must depend on that picture alone.
        image: the pictures `[N, C, H, W]`, which require a gradient.
    """
    said = _wide(logits).flatten(1).mean(1) if logits.ndim > 1 else _wide(logits)
    (gradient,) = torch.autograd.grad(said.sum(), image, create_graph=True)
    # Where it is 0 its own gradient is 0 too, and not infinite as that of √.
    return torch.linalg.vector_norm(_wide(gradient).flatten(1), dim=1)


def r1_penalty(on_real: Tensor, real: Tensor) -> Tensor:
    """½ E‖∇_x D(x)‖² on real pictures                                              (Mescheder 2018, eq. 9)."""
    return slope(on_real, real).square().mean() / 2


def gradient_penalty(on_mixed: Tensor, mixed: Tensor) -> Tensor:
    """E(‖∇_x D(x)‖₂ − 1)² on pictures between real and generated ones               (Gulrajani 2017, eq. 3)."""
    return (slope(on_mixed, mixed) - 1).square().mean()


def drift_penalty(on_real: Tensor) -> Tensor:
    """E[D(x)²], which keeps a Wasserstein critic's free constant near 0     (Karras 2018, appendix A.1)."""
    said = _wide(on_real)
    return (said.flatten(1).mean(1) if said.ndim > 1 else said).square().mean()


def l1_loss(output: Tensor, target: Tensor) -> Tensor:
    """E‖target − output‖₁, the mean over all elements                                (Isola 2017, eq. 3)."""
    return (_wide(output) - _wide(target)).abs().mean()


def squared_error(output: Tensor, target: Tensor) -> Tensor:
    """E(target − output)², the mean over all elements."""
    return (_wide(output) - _wide(target)).square().mean()


def gaussian_log_likelihood(target: Tensor, mean: Tensor, deviation: float | Tensor) -> Tensor:
    """log N(target; mean, σ²) in nats a picture, the mean over pictures          (Kingma & Welling 2014, appendix C.2).

    A density, so it may be above 0. It is a Gaussian and not a Bernoulli because pictures here are levels in [-1, 1]
    and not events: a Bernoulli's "likelihood" of grey has no normalising constant, and bounds nothing.

    Args:
        target: pictures `[N, C, H, W]`.
        mean: as many, what was decoded.
        deviation: σ, of the 2 from black to white.
    """
    each = target[0].numel()
    variance = deviation**2
    log_variance = torch.log(variance) if isinstance(variance, Tensor) else math.log(variance)
    return -each / 2 * (squared_error(mean, target) / variance + log_variance + math.log(2 * math.pi))


def kl_to_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(μ, σ²) ‖ N(0, I)) = ½ Σ (μ² + σ² − log σ² − 1) in nats a picture       (Kingma & Welling 2014, appendix B).

    Args:
        mean: μ `[N, latent]`.
        log_variance: log σ² `[N, latent]`.

    Returns the mean over pictures.
    """
    mean, log_variance = _wide(mean), _wide(log_variance)
    # e^s − 1 − s: near s = 0 a difference of almost equal numbers, but for expm1.
    return (mean.square() + torch.expm1(log_variance) - log_variance).sum(1).mean() / 2


def patch_nce(queries: Tensor, keys: Tensor, temperature: float = 0.07) -> Tensor:
    """PatchNCE: which of a picture's patches is this one? A cross-entropy over similarities   (Park 2020, eq. 3 and 4).

    Args:
        queries: unit vectors of the output's patches, `[N, patches, C]`.
        keys: unit vectors of the input's patches at the same places; the others of the same picture are the negatives.
            They get no gradient.
        temperature: τ.
    """
    # Half precision would keep 8 bits of a similarity, which 1/τ makes an error of 0.06 of a logit.
    with _in_full(queries):
        logits = _wide(queries) @ _wide(keys.detach()).transpose(1, 2) / temperature
    places = torch.arange(logits.shape[1], device=logits.device).expand(len(logits), -1)
    return cross_entropy(logits.flatten(0, 1), places.flatten())


def _in_full(values: Tensor) -> AbstractContextManager[object]:
    """Products of float32 numbers, which autocast would narrow, as they are."""
    kind = values.device.type
    narrowed = torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)
    return torch.autocast(kind, enabled=False) if narrowed else nullcontext()


def _wide(values: Tensor) -> Tensor:
    """Half precision to float32: a mean over a map of bfloat16 logits would keep only 8 bits."""
    return values.float() if values.dtype in (torch.bfloat16, torch.float16) else values
