"""Derivations: what makes a pair of a photo alone, in one table: `derive = {name = "canny", low = 0.1}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from translate.data.derived.base import Derivation
from translate.data.derived.colours import Grey, Lightness, Quantise
from translate.data.derived.damage import Blur, Downsample, Filled, Mask, Noise
from translate.data.derived.edges import Canny, Sobel, SoftEdges
from translate.data.derived.jpeg import Jpeg
from translate.errors import ConfigError
from translate.suggest import suggestion

DERIVATIONS: dict[str, type[Derivation]] = {
    "canny": Canny,
    "sobel": Sobel,
    "soft_edges": SoftEdges,
    "grey": Grey,
    "lightness": Lightness,
    "quantise": Quantise,
    "blur": Blur,
    "downsample": Downsample,
    "mask": Mask,
    "noise": Noise,
    "jpeg": Jpeg,
}

__all__ = ["DERIVATIONS", "Derivation", "Filled", "Mask", "derivation"]


def derivation(section: Mapping[str, Any]) -> Derivation:
    """The derivation of a section `{name, **arguments}`.

    Raises:
        ConfigError: there is none of that name, or it does not take these arguments.
    """
    given = dict(section)
    name = given.pop("name", None)
    if name not in DERIVATIONS:
        raise ConfigError(f"derive: there is no {name!r}{suggestion(str(name), DERIVATIONS)}")
    try:
        return DERIVATIONS[name](**given)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"derive: {name}: {error}") from None
