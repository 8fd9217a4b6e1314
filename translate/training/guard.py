"""A watch for losses that explode: a line of the log against what has been usual."""

from __future__ import annotations

from statistics import median

from translate.errors import DivergedError
from translate.training.terms import is_fact

USUAL = 20
"""Lines of the log that say what is usual."""
LEAST = 5
"""So many must be there before anything counts as unusual."""
FLOOR = 0.5
"""What is usual counts as no less: a game's losses are of the order of 1 (in nats, or squared answers of D), and one
that a player has won, or that has both signs, comes back from near 0 without anything being wrong."""


class Guard:
    """Compares each loss of a line with its median over the latest lines; what nobody minimises may jump as it likes.

    Args:
        factor: how many times that is too much; 0 lets everything pass.
    """

    def __init__(self, factor: float) -> None:
        self.factor = factor
        self._usual: dict[str, list[float]] = {}

    def look(self, step: int, means: dict[str, float]) -> None:
        """Take in the line of `step`.

        Raises:
            DivergedError: a term is too far from usual; the line is not taken in.
        """
        self.judge(step, means)
        for term, mean in _losses(means).items():
            self._usual[term] = [*self._usual.get(term, []), abs(mean)][-USUAL:]

    def judge(self, step: int, means: dict[str, float]) -> None:
        """Look at what came until `step`, and take in nothing.

        Raises:
            DivergedError: a term is too far from usual.
        """
        for term, mean in _losses(means).items():
            usual = self._usual.get(term, [])
            if self.factor and len(usual) >= LEAST and abs(mean) > self.factor * max(median(usual), FLOOR):
                raise DivergedError(f"step {step}: {term} is {mean:.3g}, where {median(usual):.3g} is usual")

    def state(self) -> dict[str, list[float]]:
        """What is usual, for a checkpoint."""
        return {term: list(usual) for term, usual in self._usual.items()}

    def load(self, state: dict[str, list[float]]) -> None:
        """Go on from a `state`."""
        self._usual = {term: list(usual) for term, usual in state.items()}


def _losses(means: dict[str, float]) -> dict[str, float]:
    return {term: mean for term, mean in means.items() if not is_fact(term)}
