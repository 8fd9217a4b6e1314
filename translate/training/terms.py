"""Names in the log: what is a loss, and what is only told beside the losses."""

from __future__ import annotations

RIGHT = "right_on_"
"""`player/right_on_WHAT`: the share, 0 to 1, of its patches or pictures that a player judged rightly."""
SIDE = "side"
"""`player/side`: of the pictures that it sees, in pixels, where they grow while training goes on."""
NATS = "kl_nats"
"""`player/kl_nats`: how much a code says of its picture, its divergence from the prior, in nats."""
SQUARED_ERROR = "squared_error"
"""`player/squared_error`: of what comes back of a picture, where the likelihood is what is maximised."""
SHARE = "right"
"""`player/right`: the share, 0 to 1, of pictures that a classifier read rightly."""
GRADIENT = "gradient/"
"""`gradient/PLAYER`: the norm of a player's gradient in the round of the line."""


def split(term: str) -> tuple[str, str]:
    """`player/name` → player, name; a name without a player has an empty one."""
    player, slash, name = term.partition("/")
    return (player, name) if slash else ("", player)


def is_fact(term: str) -> bool:
    """Whether nobody minimises it, so that it may jump: a method that tells of something new has it added here."""
    name = split(term)[1]
    return name.startswith(RIGHT) or name in (SIDE, NATS, SQUARED_ERROR, SHARE)
