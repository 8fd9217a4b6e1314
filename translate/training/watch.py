"""A watch for what goes wrong without any number that is not finite: it says so in words, and stops nothing.

The guard looks for losses that explode. Here is the rest of what an experienced eye sees in a log and on a sample
sheet: a player that has won, a gradient that is gone or far from usual, pictures that no longer depend on the input, or
are burnt out or inverted. What is said is a function of the steps alone: a run that was interrupted says the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any, NamedTuple

from torch import Tensor

from translate.training.guard import LEAST, USUAL
from translate.training.symptoms import symptoms
from translate.training.terms import GRADIENT, NATS, RIGHT, split

LASTING = 500
"""Steps for which a player must have had it all its own way: shorter wins are part of the game. Also the steps for
which something must have been away before it is told again."""
WON = 0.995
"""The share of right answers from which D has won: one that still learns gets some of so many patches wrong."""
BLIND = 0.02
"""The share of right answers below which D is no judge any more: guessing would give a half."""
SPIKE = 100.0
"""So many times its usual norm is too much for a gradient. At batch 1 a factor of ten is nothing special."""
ZEROS = 3
"""Lines running on which a gradient must be exactly 0: with the hinge loss that of a winning D is, now and then."""
SILENT = 0.5
"""Nats by which codes must differ from the prior to say anything: log 2 would be which of two kinds a picture is of.
Those of faces say 60 and more."""
EARLY = 1000
"""Steps before which sample sheets are not judged: pictures of an untrained network, and of a young average, are all
alike."""
SHEETS = 2
"""Sheets running that must show the same thing."""


class Sign(NamedTuple):
    """One thing to look out for, as it is now."""

    name: str
    there: bool
    text: str
    """What to say; `{steps}` is for how long it has been there."""
    lines: int = 1
    """Lines or sheets running that it must be on."""
    steps: int = 0
    """Steps that it must have lasted."""


class Judged(NamedTuple):
    """What a critic tells apart, and what helps where it does not, or does too well."""

    real: str
    fake: str
    taken_for: str
    """What fakes are taken for by one that is wrong."""
    wins: str
    taken_in: str


PICTURES = Judged(
    "real pictures",
    "fakes",
    "real",
    "there is little left to learn from it. More data or more augmentation (transform.load above size, flip, "
    "geometry) makes its work harder, a smaller discriminator (its `layers` or `width` in [networks]) makes it "
    "weaker; with a term that pulls the generator elsewhere (nce, cycle, l1), give that less weight",
    "Give the discriminator more `layers` or `width` in [networks], or lower train.lr",
)
CODES = Judged(
    "draws of the prior",
    "codes",
    "draws of the prior",
    "codes are not where noise is drawn, and what is drawn there was never decoded. Give the encoder a higher rate in "
    "its game (lr in [train.players.E]) or fewer numbers to a code (`latent`), or D a lower rate or less `width`",
    "Give D more `width` in [networks.D], or a higher rate (lr in [train.players.D])",
)


class Watch:
    """Takes in the lines of the log and the sample sheets, and returns what is new about them, in words.

    Args:
        paired: source and target in a row of a sheet show the same thing.
        of_codes: the critic judges codes.
    """

    def __init__(self, paired: bool, of_codes: bool = False) -> None:
        self.paired, self.judged = paired, CODES if of_codes else PICTURES
        self._line = 0
        self._since: dict[str, tuple[int, int]] = {}
        self._told: dict[str, int] = {}
        self._usual: dict[str, list[float]] = {}

    def look(self, step: int, means: Mapping[str, float]) -> list[str]:
        """Take in the line of `step`: shares of right answers and norms of gradients, by their names in the log.

        Returns warnings, each once until what it is about has been away for `LASTING` steps.
        """
        signs = [*_games(means, self.judged), *_codes(means), *self._gradients(means)]
        new = [text for sign in signs for text in self._note(step, sign)]
        self._line = step
        return new

    def look_at(self, step: int, columns: Mapping[str, Tensor]) -> list[str]:
        """Take in the sample sheet of `step`, columns of pictures `[N, C, H, W]` in [-1, 1] (see `Method.show`).

        Returns warnings as `look` does.
        """
        if step < EARLY:
            return []
        found = {f"sheet: {name}": text for name, text in symptoms(columns, self.paired).items()}
        known = [name for name in (*self._since, *self._told) if name.startswith("sheet: ")]
        signs = [Sign(name, name in found, found.get(name, ""), SHEETS) for name in dict.fromkeys([*known, *found])]
        return [text for sign in signs for text in self._note(step, sign)]

    def state(self) -> dict[str, Any]:
        """What it remembers, plain values, for a checkpoint."""
        return {
            "line": self._line,
            "since": {name: list(since) for name, since in self._since.items()},
            "told": dict(self._told),
            "usual": {player: list(norms) for player, norms in self._usual.items()},
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`. One with nothing but `line`, the latest line's step, has seen nothing so far."""
        self._line = state["line"]
        self._since = {name: (start, lines) for name, (start, lines) in state.get("since", {}).items()}
        self._told = dict(state.get("told", {}))
        self._usual = {player: list(norms) for player, norms in state.get("usual", {}).items()}

    def _note(self, step: int, sign: Sign) -> list[str]:
        """Take in a sign; returns its text where it has been there for long enough and that is new."""
        if not sign.there:
            self._since.pop(sign.name, None)
            if step - self._told.get(sign.name, step) >= LASTING:
                del self._told[sign.name]
            return []
        # A line is a mean over the steps since the one before.
        start, lines = self._since.get(sign.name, (self._line, 0))
        self._since[sign.name] = (start, lines + 1)
        if lines + 1 < sign.lines or step - start < sign.steps:
            return []
        new = sign.name not in self._told
        self._told[sign.name] = step
        return [sign.text.replace("{steps}", f"{step - start:,}")] if new else []

    def _gradients(self, means: Mapping[str, float]) -> Iterator[Sign]:
        for term, norm in means.items():
            if not term.startswith(GRADIENT):
                continue
            player = term.removeprefix(GRADIENT)
            past = self._usual.get(player, [])
            usual = median(past) if len(past) >= LEAST else 0.0
            self._usual[player] = [*past, norm][-USUAL:]
            yield Sign(
                f"{player} stands still",
                norm == 0,
                f"{player}'s gradient is 0, it learns nothing: its losses are flat where it stands, as a saturated "
                "output's are; try another method.gan, a lower train.lr, or start again with another seed",
                lines=ZEROS,
            )
            yield Sign(
                f"{player} leaps",
                0 < SPIKE * usual < norm,
                f"{player}'s gradient has a norm of {norm:.3g}, where {usual:.3g} is usual: if this comes again, lower "
                "train.lr or raise train.batch; train.guard = 10 goes back to the last checkpoint when a loss follows",
            )


def _games(means: Mapping[str, float], judged: Judged) -> Iterator[Sign]:
    """How the games stand: one for every share of right answers on real samples that has one on fakes beside it."""
    for term, real in means.items():
        player, name = split(term)
        game = name.removeprefix(f"{RIGHT}real")
        fake = means.get(f"{player}/{RIGHT}fake{game}")
        if not name.startswith(f"{RIGHT}real") or fake is None:
            continue
        who = f"{player} ({game.lstrip('_')})" if game else player
        yield Sign(
            f"{who} wins",
            real >= WON and fake >= WON,
            f"{who} has been right on {_percent(min(real, fake))} of both for {{steps}} steps: it has won, and "
            + judged.wins,
            steps=LASTING,
        )
        yield Sign(
            f"{who} is taken in",
            fake < BLIND,
            f"{who} has taken {_percent(1 - fake)} of the {judged.fake} for {judged.taken_for} for {{steps}} steps: it "
            f"does not judge any more, and the generator may do what it likes. {judged.taken_in}",
            steps=LASTING,
        )
        yield Sign(
            f"{who} distrusts",
            real < BLIND,
            f"{who} has taken {_percent(1 - real)} of the {judged.real} for {judged.fake} for {{steps}} steps: it does "
            "not judge any more. Lower train.lr, or start again with another seed",
            steps=LASTING,
        )


def _codes(means: Mapping[str, float]) -> Iterator[Sign]:
    """Whether the codes of an autoencoder say anything: their divergence from the prior, in nats."""
    for term, nats in means.items():
        player, name = split(term)
        if name == NATS:
            yield Sign(
                f"{player}'s codes are silent",
                nats < SILENT,
                f"{player}'s codes say nothing of their pictures ({nats:.2g} nats) for {{steps}} steps: posterior "
                "collapse, what is decoded is the mean of all. Lower method.beta, or method.deviation where it is set, "
                "or start again with a lower train.lr",
                steps=LASTING,
            )


def _percent(share: float) -> str:
    return f"{100 * share:.3g}%"
