"""What a sample sheet shows of a training that goes wrong: pure functions of its columns.

Every threshold stands beside what healthy runs have. That was measured on all 50 sheets of seven runs: pix2pix (both
ways), CycleGAN, CUT and FastCUT on the synthetic town, CycleGAN and FastCUT on photographs of days and nights. None of
them gives a symptom.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor

ALIKE = 0.1
"""Pictures that differ from each other by less than this share of what they should are nearly the same. Healthy
translations have 0.67 to 1.5, those of tiny networks after 250 steps 0.28; a generator that ignores its input has
almost nothing. DCGAN's drawings have 0.5 after 250 steps, 0.85 after 1,000."""
VARIED = 0.02
"""Inputs that differ by less than this, of the 2 from black to white, say nothing about what depends on them."""
OPPOSITE = -0.25
"""Below this correlation of their mean pictures two domains are each other's negative by nature, as day and night are
with the sky (-0.56 on photographs): there an inversion may be right, and is not looked for without pairs."""
FULL = 0.98
"""A value of at least this size is at the end of its range."""
BURNT = 0.3
"""So much more of the outputs than of the targets at the end of the range is too much. Healthy runs have at most
0.01."""
INVERTED = -0.5
"""A correlation of brightness below this is an inversion. Healthy translations have 0.89 and more with their targets
where those are known, and 0.05 and more with their sources where they are not."""


def symptoms(columns: Mapping[str, Tensor], paired: bool) -> dict[str, str]:
    """What is wrong with the pictures of a sheet, in words, by the name of the symptom.

    Args:
        columns: name → pictures `[N, C, H, W]` in [-1, 1], as `Method.show` gives them.
        paired: source and target of a row show the same thing.
    """
    found: dict[str, str] = {}
    for given, made, wanted in _translations(columns):
        found |= _alike(made, columns[made], columns[wanted], columns[given])
        found |= _saturated(made, columns[made], columns[wanted])
        found |= _inverted(made, columns[made], columns[given], columns[wanted], paired)
    if "reconstructed" in columns:
        found |= _silent(columns["reconstructed"], columns["data"])
    if "drawn" in columns:
        found |= _collapsed(columns["drawn"], columns["data"]) if "reconstructed alike" not in found else {}
        found |= _saturated("drawn", columns["drawn"], columns["data"])
    return found


def spread(pictures: Tensor) -> float:
    """How much pictures `[N, C, H, W]` differ from each other: a value's standard deviation over them, averaged."""
    return float(pictures.std(0, correction=0).mean())


def full(pictures: Tensor) -> float:
    """The share of values at either end of the range [-1, 1]."""
    return float((pictures.abs() >= FULL).float().mean())


def correlation(ours: Tensor, theirs: Tensor) -> float:
    """Pearson's correlation of the brightness of pictures `[N, C, H, W]`, in [-1, 1], each with its own, averaged.

    Pictures of one brightness have none and are left out; 0 where all are.
    """
    ours, theirs = (pictures.mean(1).flatten(1) for pictures in (ours, theirs))
    ours, theirs = (values - values.mean(1, keepdim=True) for values in (ours, theirs))
    norms = ours.norm(dim=1) * theirs.norm(dim=1)
    some = norms > 1e-3 * ours.shape[1] * VARIED
    return float(((ours * theirs).sum(1)[some] / norms[some]).mean()) if some.any() else 0.0


def _translations(columns: Mapping[str, Tensor]) -> Iterator[tuple[str, str, str]]:
    """The columns that are inputs, what was made of them, and what that should look like."""
    for given, made, wanted in (("source", "translated", "target"), ("target", "backward", "source")):
        if {given, made, wanted} <= set(columns):
            yield given, made, wanted


def _alike(name: str, made: Tensor, wanted: Tensor, given: Tensor) -> dict[str, str]:
    varied = spread(given) >= VARIED and spread(wanted) >= VARIED
    if not (varied and spread(made) < ALIKE * spread(wanted)):
        return {}
    return {
        f"{name} alike": f"the {name} pictures are nearly the same whatever the input: they differ from each other "
        f"{spread(made) / spread(wanted):.0%} as much as they should. The generator does not read its input: give "
        "the terms that tie the two together more weight, lower train.lr, or start again with another seed"
    }


def _silent(reconstructed: Tensor, data: Tensor) -> dict[str, str]:
    if not (spread(data) >= VARIED and spread(reconstructed) < ALIKE * spread(data)):
        return {}
    return {
        "reconstructed alike": "the reconstructed pictures are nearly the same whatever the picture: they differ from "
        f"each other {spread(reconstructed) / spread(data):.0%} as much as the data does. The decoder does not read "
        "its code: lower method.beta where there is one, lower train.lr, or start again with another seed"
    }


def _collapsed(drawn: Tensor, data: Tensor) -> dict[str, str]:
    if not (spread(data) >= VARIED and spread(drawn) < ALIKE * spread(data)):
        return {}
    return {
        "collapsed": "mode collapse: the pictures drawn from different noise are nearly the same, they differ from "
        f"each other {spread(drawn) / spread(data):.0%} as much as the data does: lower train.lr, raise train.batch, "
        "or try another method.gan"
    }


def _saturated(name: str, made: Tensor, wanted: Tensor) -> dict[str, str]:
    if not full(made) - full(wanted) >= BURNT:
        return {}
    return {
        f"{name} saturated": f"{full(made):.0%} of the values of the {name} pictures are black or white to the end, "
        f"where {full(wanted):.0%} should be: the generator's tanh is saturated and learns little there: lower train.lr"
    }


def _inverted(name: str, made: Tensor, given: Tensor, wanted: Tensor, paired: bool) -> dict[str, str]:
    if paired:
        found = correlation(made, wanted)
        with_what = "what they should be"
    else:
        layouts = correlation(wanted.mean(0, keepdim=True), given.mean(0, keepdim=True))
        found = correlation(made, given) if layouts > OPPOSITE else 0.0
        with_what = "their inputs"
    if not found < INVERTED:
        return {}
    return {
        f"{name} inverted": f"the {name} pictures look like a negative: their brightness runs against that of "
        f"{with_what} (correlation {found:.2f}). "
        + (
            "Check that the pairs are in register and the right way round"
            if paired
            else "Give the identity term weight (method.identity), or start again with another seed"
        )
    }
