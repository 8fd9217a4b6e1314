"""Games: a critic against a generator, in one of the forms of `translate.losses`, and what keeps the two in balance.

Methods say who plays and on what. What is the same whoever plays is written here once: penalties on the critic's slope,
smoothed labels, noise and augmentation on all that it sees, clipped weights.
"""

from __future__ import annotations

from translate.games.game import Game
from translate.games.rules import Rules

__all__ = ["Game", "Rules"]
