"""What is added to a game to keep it stable: the `[game]` section of a configuration, plain values."""

from __future__ import annotations

import math
from dataclasses import dataclass

from translate.games.diffaugment import KINDS


@dataclass(frozen=True)
class Rules:
    """A game's regularisers; by default there are none.

    Raises:
        ValueError: a value that cannot be.
    """

    label_smoothing: float = 0.0
    """ε: D is asked for 1 − ε instead of 1 on real pictures (one-sided: Salimans 2016, §3.4)."""
    r1: float = 0.0
    """γ of γ/2 E‖∇D‖² on real pictures (Mescheder 2018); of pictures of 64² to 256² 0.1 to 10 are usual."""
    r1_every: int = 1
    """Rounds from one R1 to the next, which then counts so many times (lazily: Karras 2020, §3.1); 16 is usual."""
    gradient_penalty: float = 0.0
    """λ of λ E(‖∇D‖ − 1)² between real and generated pictures (Gulrajani 2017), 10 there."""
    drift: float = 0.0
    """ε of ε E[D²] on real pictures (Karras 2018), 0.001 there."""
    clip: float = 0.0
    """c: after each of its moves the critic's weights are clamped to [−c, c] (Arjovsky 2017), 0.01 there."""
    instance_noise: float = 0.0
    """σ of white noise on all pictures that D sees, of the 2 from black to white (Sønderby 2017; Arjovsky 2017a)."""
    instance_noise_steps: int = 0
    """Rounds over which that noise falls linearly to nothing; 0 keeps it."""
    diffaugment: tuple[str, ...] = ()
    """`color`, `translation`, `cutout`: random changes of all pictures that D sees, through which G learns
    (Zhao 2020)."""

    def __post_init__(self) -> None:
        for name in ("r1", "gradient_penalty", "drift", "clip", "instance_noise"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} = {getattr(self, name)}: it must be at least 0, and finite")
        if not 0 <= self.label_smoothing < 1:
            raise ValueError(f"label_smoothing = {self.label_smoothing}: it must be at least 0 and less than 1")
        if self.r1_every < 1:
            raise ValueError(f"r1_every = {self.r1_every}: it must be at least 1")
        if self.r1_every > 1 and not self.r1:
            raise ValueError(f"r1_every = {self.r1_every} without r1: give r1 too, or leave it out")
        if self.instance_noise_steps < 0:
            raise ValueError(f"instance_noise_steps = {self.instance_noise_steps}: it must not be negative")
        if self.instance_noise_steps and not self.instance_noise:
            raise ValueError("instance_noise_steps without instance_noise: give instance_noise too, or leave it out")
        for name in self.diffaugment:
            if name not in KINDS:
                raise ValueError(f"diffaugment: there is no {name!r}: choose among {', '.join(KINDS)}")
        if len(set(self.diffaugment)) < len(self.diffaugment):
            raise ValueError(f"diffaugment = {list(self.diffaugment)}: name each once")
