"""A game: what a critic and its generator minimise on pictures, whatever method they play in.

The critic is a function of a picture and of what it is given beside it, D(x | c). It is asked through `Game` so that
everything that needs its slope, or changes what it sees, is said once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from translate import shares
from translate.games import diffaugment
from translate.games.rules import Rules
from translate.losses import OBJECTIVES, drift_penalty, gradient_penalty, r1_penalty
from translate.networks.equalised import EqualisedConv2d, EqualisedLinear

EQUALISED = (EqualisedConv2d, EqualisedLinear)
"""Layers whose weights are stored larger than they are used."""
Judge = Callable[..., Tensor]
"""A picture `[N, C, H, W]`, and what it is judged by → logits `[N, ...]`."""


class Game(nn.Module):
    """One form of the game, under rules.

    Args:
        gan: form of the game, a name in `translate.losses.OBJECTIVES`.
        rules: its regularisers.
        critics: the networks that judge; they are looked at, not kept.
        critic_steps: k, rounds of the critic for one of the generator, which moves in the last of them.

    `concerns` are sentences about what may be meant, and seldom works.

    Raises:
        ValueError: there is no form of that name, or the rules do not fit it or the critics.
    """

    clock: Tensor | None

    def __init__(self, gan: str, rules: Rules, *critics: nn.Module, critic_steps: int = 1) -> None:
        super().__init__()
        if gan not in OBJECTIVES:
            raise ValueError(f"gan = {gan!r}: choose one of {', '.join(OBJECTIVES)}")
        if critic_steps < 1:
            raise ValueError(f"critic_steps = {critic_steps}: it must be at least 1")
        self.objective, self.rules, self.critic_steps = OBJECTIVES[gan], rules, critic_steps
        if rules.label_smoothing and not self.objective.smooths:
            raise ValueError(f"game.label_smoothing: {gan} asks for no label that could be smoothed: leave it out")
        self.concerns = [*_fitting(gan, rules, critics)]
        # Rounds so far, on the device: a recorded round cannot know what the host counts.
        self.register_buffer("clock", torch.zeros(()) if rules.instance_noise_steps else None, persistent=False)

    @property
    def period(self) -> int:
        """Rounds until the same turns with the same terms come again."""
        return math.lcm(self.critic_steps, self.rules.r1_every)

    @property
    def zero_sum(self) -> bool:
        """Whether the generator loses what the critic wins, so that one number says how both fare."""
        return self.objective in (OBJECTIVES["minimax"], OBJECTIVES["wasserstein"])

    @property
    def twice(self) -> bool:
        """Whether the critic is differentiated twice, by the picture and then by its weights."""
        return bool(self.rules.r1 or self.rules.gradient_penalty)

    def at(self, step: int) -> None:
        """Round `step` is about to be played."""
        if self.clock is not None:
            self.clock.fill_(step)

    def critic(
        self, judge: Judge, real: Tensor, fake: Tensor, *given: Tensor, step: int, weight: float = 1.0, domain: str = ""
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """What the critic minimises, and how often it is right: the two parts of its `Turn`.

        Args:
            judge: the critic.
            real: real pictures `[N, C, H, W]` in [-1, 1].
            fake: as many generated ones, detached unless the critic's loss is to reach the generator.
            given: what both are judged by; pictures among it are moved as they are.
            step: rounds before this one.
            weight: of all terms, whose balance stays as it is.
            domain: which of several games this is, for the names.
        """
        rules = self.rules
        (real, fake), given = self._seen((real, fake), given)
        due = rules.r1 > 0 and step % rules.r1_every == 0
        if due:
            real = real.detach().requires_grad_()
        on_real, on_fake = judge(real, *given), judge(fake, *given)
        smoothing = (rules.label_smoothing,) if self.objective.smooths else ()
        losses = {"gan": self.objective.critic(on_real, on_fake, *smoothing)}
        if due:
            losses["r1"] = rules.r1 * rules.r1_every * r1_penalty(on_real, real)
        if rules.gradient_penalty:
            mixed = _between(real, fake)
            losses["gradient_penalty"] = rules.gradient_penalty * gradient_penalty(judge(mixed, *given), mixed)
        if rules.drift:
            losses["drift"] = rules.drift * drift_penalty(on_real)
        named = {term + domain: weight * loss for term, loss in losses.items()}
        return named, self.objective.verdicts(on_real, on_fake, domain)

    def generator(self, judge: Judge, fake: Tensor, *given: Tensor) -> Tensor:
        """What the generator minimises: a scalar. Arguments as `critic`'s."""
        (fake,), given = self._seen((fake,), given)
        return self.objective.generator(judge(fake, *given))

    def value(self, judge: Judge, real: Tensor, fake: Tensor, *given: Tensor) -> Tensor:
        """What the critic maximises, without the penalties: of a game of zero sum, what the generator minimises."""
        (real, fake), given = self._seen((real, fake), given)
        return -self.objective.critic(judge(real, *given), judge(fake, *given))

    def _seen(
        self, pictures: Sequence[Tensor], given: tuple[Tensor, ...]
    ) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Pictures and conditions as the critic sees them: augmented, real and generated ones alike, then noisy."""
        rules = self.rules
        if rules.diffaugment:
            change = diffaugment.draw(rules.diffaugment, pictures[0])
            pictures = [change.picture(picture) for picture in pictures]
            given = tuple(change.condition(condition) for condition in given)
        if rules.instance_noise:
            deviation: float | Tensor = rules.instance_noise
            if self.clock is not None:
                deviation = deviation * (1 - self.clock / rules.instance_noise_steps).clamp_min(0)
            pictures = [picture + deviation * _normal(picture) for picture in pictures]
        return tuple(pictures), given


def _fitting(gan: str, rules: Rules, critics: Sequence[nn.Module]) -> list[str]:
    """What is to be said of rules and critics that can be had together.

    Raises:
        ValueError: they cannot.
    """
    spectral = [bool(getattr(critic, "spectral", False)) for critic in critics]
    batch = any(isinstance(module, _BatchNorm) for critic in critics for module in critic.modules())
    if rules.clip and any(spectral):
        raise ValueError(
            "game.clip and spectral exclude each other: a weight is divided by its norm, whatever it is clamped to: "
            "leave one out"
        )
    if rules.clip and any(isinstance(module, EQUALISED) for critic in critics for module in critic.modules()):
        raise ValueError(
            "game.clip: the critic has equalised layers, whose weights are N(0, 1) and scaled at every use, so that a "
            "clamp leaves nothing of them: leave it out, game.gradient_penalty = 10 bounds the slope"
        )
    if rules.gradient_penalty and batch:
        raise ValueError(
            "game.gradient_penalty: the critic has BatchNorm, which makes each picture's verdict depend on the others, "
            'and so has no slope of its own (Gulrajani 2017, §4): give it norm = "layer", "instance" or "none"'
        )
    concerns = []
    if rules.r1 and batch:
        concerns.append(
            "game.r1: the critic has BatchNorm, so that at batches above 1 its slope is that of all pictures together: "
            'norm = "instance", "layer" or "none" is what R1 was made for'
        )
    if gan == "wasserstein" and not (rules.clip or rules.gradient_penalty or rules.r1 or all(spectral)):
        concerns.append(
            'method.gan = "wasserstein" holds for a critic of slope 1 at most, and nothing keeps this one\'s: give '
            "game.gradient_penalty = 10, game.clip = 0.01, or its networks spectral = true"
        )
    return concerns


def _between(real: Tensor, fake: Tensor) -> Tensor:
    """Pictures drawn evenly from the lines between real and generated ones          (Gulrajani 2017, algorithm 1)."""
    one_each = (len(real) * shares.count(), *(1 for _ in real.shape[1:]))
    share = torch.rand(one_each, device=real.device, dtype=_wide(real))
    mixed = fake + shares.mine(share) * (real.detach() - fake)
    return mixed if mixed.requires_grad else mixed.requires_grad_()


def _normal(like: Tensor) -> Tensor:
    """N(0, 1) of the shape of `like`, drawn for all processes."""
    count = len(like) * shares.count()
    return shares.mine(torch.randn(count, *like.shape[1:], device=like.device, dtype=_wide(like)))


def _wide(like: Tensor) -> torch.dtype:
    """What is drawn is float32 at least, whatever precision a network drew `like` in."""
    return torch.promote_types(like.dtype, torch.float32)
