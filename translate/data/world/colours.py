"""Paint."""

Colour = tuple[int, ...]
"""RGB, or RGBA where a shape only tints what lies beneath; 0..255."""


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`first` with `share` (0..1) of `second` stirred in."""
    return tuple(round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
