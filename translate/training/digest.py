"""A line of the log for the eye: what a run says every so often, short enough to be read while it scrolls by.

`G gan 0.312|0.298 cycle 1.201|1.310  D gan 0.241|0.223 right 61% 58%|63% 57%`: by player, the two games of a kind side
by side, and D's shares of right answers on real and on fake. Norms of gradients and learning rates stay in the log.
"""

from __future__ import annotations

from collections.abc import Mapping

from translate.training.terms import RIGHT, split

GAMES = ("_x", "_y")
"""Endings of terms that come once for each of two games, in the order in which they are shown."""


def digest(means: Mapping[str, float]) -> str:
    """Losses and shares by `player/term` → one line."""
    players: dict[str, dict[str, dict[str, str]]] = {}
    for term, mean in means.items():
        player, name = split(term)
        game = name[-2:] if name.endswith(GAMES) else ""
        stem, text = name.removesuffix(game), _short(mean)
        if stem == f"{RIGHT}real":
            fake = means.get(f"{player}/{RIGHT}fake{game}")
            stem, text = "right", f"{mean:.0%}" if fake is None else f"{mean:.0%} {fake:.0%}"
        if not stem.startswith(RIGHT):
            players.setdefault(player, {}).setdefault(stem, {})[game] = text
    return "  ".join(
        " ".join(
            [player, *(f"{stem} {'|'.join(texts[game] for game in sorted(texts))}" for stem, texts in terms.items())]
        )
        for player, terms in players.items()
    )


def _short(value: float) -> str:
    """Three digits that say something."""
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
