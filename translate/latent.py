"""The space that pictures are drawn from: noise of a seed, ways between codes, and arithmetic with them.

A code z is `[L]` numbers of N(0, 1). Its length ‖z‖ follows the χ distribution with L degrees of freedom: √L within
about ±0.7, so that all codes a generator has ever been given lie close to one sphere. A straight line between two of
them leaves it: halfway its length is √(L/2). Spherical interpolation (Shoemake 1985; for latent spaces White 2016)
stays on it:

    slerp(a, b; t) = sin((1 − t)ω)/sin ω · a + sin(tω)/sin ω · b,    ω the angle between a and b

A mean of n codes has the length √(L/n), and a sum and difference of such means that of the sum of their 1/n. DCGAN's
arithmetic (Radford 2016, §6.3.2) takes three means of three, and so comes back to √L by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from translate.errors import LatentError

Codes: TypeAlias = npt.NDArray[np.float32]
"""`[L]`, or several as `[…, L]`."""

MOST_SEEDS = 2**63
"""Seeds are from 0 to one less: what every language that one is written down in has a whole number for."""

_STRAIGHT = 1e-6
"""Below this angle, in radians, an arc and its chord differ by less than float32 shows."""


def noise(seeds: Sequence[int], latent: int) -> Codes:
    """A code for each seed: the first `latent` numbers of NumPy's PCG64, N(0, 1), a function of that seed alone.

    Args:
        seeds: whole numbers from 0 to 2⁶³ − 1.
        latent: L.

    Returns:
        float32 `[N, L]`; the same on every machine.

    Raises:
        LatentError: a seed is none.
    """
    if not isinstance(seeds, Sequence | np.ndarray):
        raise LatentError(f"{seeds!r:.60} are no seeds: give a list of them, such as [7]")
    codes = np.empty((len(seeds), latent), np.float32)
    for row, seed in zip(codes, seeds, strict=True):
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < MOST_SEEDS:
            raise LatentError(f"the seed {seed!r:.60} is none: give a whole number from 0 to 2⁶³ − 1")
        # Drawn in double precision: what mathematical libraries do with the last bit is rounded away.
        row[:] = np.random.Generator(np.random.PCG64(int(seed))).standard_normal(latent)
    return codes


def linear(a: Codes, b: Codes, t: float) -> Codes:
    """(1 − t)·a + t·b: exactly `a` at 0 and `b` at 1."""
    return _float32((1 - t) * _wide(a) + t * _wide(b))


def spherical(a: Codes, b: Codes, t: float) -> Codes:
    """Along the arc between `a` and `b`, at `t` of its angle: exactly `a` at 0 and `b` at 1.

    Where both are of one length, so is all between them. Codes `[…, L]` are taken one by one.

    Raises:
        LatentError: two lie exactly opposite each other, so that no arc is the shortest, or one has no direction.
    """
    begin, end = _wide(a), _wide(b)
    lengths = [np.linalg.norm(code, axis=-1, keepdims=True) for code in (begin, end)]
    if not np.all(lengths[0] * lengths[1] > 0):
        raise LatentError("a code of zeros has no direction: go there in a straight line, or take another code")
    one, other = begin / lengths[0], end / lengths[1]
    # The angle by both diagonals (Kahan 2006): the cosine alone says little near 0 and π.
    across, along = (np.linalg.norm(side, axis=-1, keepdims=True) for side in (one - other, one + other))
    angle = 2 * np.arctan2(across, along)
    if np.any(angle > math.pi - _STRAIGHT):
        raise LatentError("two codes lie opposite each other, and no arc between them is the shortest: go by a third")
    straight = angle < _STRAIGHT
    angle = np.where(straight, 1.0, angle)
    shares = [np.where(straight, part, np.sin(part * angle) / np.sin(angle)) for part in (1 - t, t)]
    return _float32(shares[0] * begin + shares[1] * end)


WAYS: dict[str, Callable[[Codes, Codes, float], Codes]] = {"spherical": spherical, "linear": linear}
"""How to go from one code to another."""


def path(codes: Codes, steps: int, how: str = "spherical", closed: bool = False) -> Codes:
    """From each code to the next one.

    Args:
        codes: `[K, L]`, two at the least.
        steps: from one to the next: with 1 there is nothing between them.
        how: a key of `WAYS`.
        closed: and back from the last to the first, which is not repeated: what a film that starts again needs.

    Returns:
        `[(K − 1)·steps + 1, L]`, or `[K·steps, L]` where it is closed; every code is on it exactly.

    Raises:
        LatentError: there are fewer codes, no such way, or none between two of them.
    """
    if codes.ndim != 2 or len(codes) < 2:
        raise LatentError(f"a way needs two codes at the least, there are {len(codes) if codes.ndim == 2 else 1}")
    if steps < 1:
        raise LatentError(f"{steps} steps lead nowhere: take 1 or more")
    if how not in WAYS:
        raise LatentError(f"there is no way {how}: choose {' or '.join(WAYS)}")
    follow = list(zip(codes, np.roll(codes, -1, 0), strict=True))
    places = [WAYS[how](a, b, step / steps) for a, b in (follow if closed else follow[:-1]) for step in range(steps)]
    return np.stack(places if closed else [*places, _float32(codes[-1])])


def average(codes: Codes, restore: bool = False) -> Codes:
    """The mean of `[n, L]` codes, whose length is about √(L/n); with `restore` at the length √L that codes have.

    Raises:
        LatentError: there are none, or the mean has no direction to restore.
    """
    if codes.ndim != 2 or not len(codes):
        raise LatentError("an average needs codes, and there are none: give one or more")
    mean = _float32(_wide(codes).mean(0))
    return restored(mean) if restore else mean


def arithmetic(
    plus: Sequence[Codes], minus: Sequence[Codes] = (), restore: bool = False, strength: float = 1.0
) -> Codes:
    """Σ mean(plus) − Σ mean(minus): "man with glasses − man + woman"                    (Radford 2016, §6.3.2).

    Args:
        plus: groups `[n, L]` whose averages are added, such as men with glasses, and women.
        minus: groups whose averages are taken away, such as men.
        restore: bring the sum back to the length √L; without it, it is √(L·Σ 1/n) for unrelated codes.
        strength: how far to go from the first group, which is what one begins with: all other averages times this.

    Returns:
        A code `[L]`.

    Raises:
        LatentError: there is nothing to add, or the sum has no direction to restore.
    """
    if not plus:
        raise LatentError("arithmetic needs a group to begin with: give one to add")
    begin, *others = [sign * _wide(average(group)) for sign, groups in ((1, plus), (-1, minus)) for group in groups]
    total = _float32(begin + strength * np.sum(others, 0))
    return restored(total) if restore else total


def restored(code: Codes) -> Codes:
    """A code `[L]`, or several, in the same direction at the length √L.

    Raises:
        LatentError: it is all zeros, or as good as that.
    """
    wide = _wide(code)
    length = np.linalg.norm(wide, axis=-1, keepdims=True)
    if not np.all(length > 1e-6):
        raise LatentError("what is left is nothing, which has no direction: leave its length as it is")
    return _float32(wide * (math.sqrt(wide.shape[-1]) / length))


def _wide(codes: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    return np.asarray(codes, np.float64)


def _float32(codes: npt.NDArray[np.floating]) -> Codes:
    return np.asarray(codes, np.float32)
