"""Names in the log: what is a loss, and what is only told beside the losses."""

from __future__ import annotations

RIGHT = "right_on_"
"""`player/right_on_WHAT`: the share, 0 to 1, of its patches or pictures that a player judged rightly."""
SIDE = "side"
"""`player/side`: of the pictures that it sees, in pixels, where they grow while training goes on."""
NATS = "kl_nats"
"""`player/kl_nats`: how much a code says of its picture, its divergence from the prior, in nats."""
GRADIENT = "gradient/"
"""`gradient/PLAYER`: the norm of a player's gradient in the round of the line."""


def split(term: str) -> tuple[str, str]:
    """`player/name` → player, name; a name without a player has an empty one."""
    player, slash, name = term.partition("/")
    return (player, name) if slash else ("", player)


def is_fact(term: str) -> bool:
    """Whether it is a share of right answers or a size: nobody minimises it, and it may jump."""
    return split(term)[1].startswith((RIGHT, SIDE))
