"""A folder of photos alone: what is learnt from is derived from what is to be learnt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from translate.batches import Pair
from translate.data.derived import derivation
from translate.data.files import File, find
from translate.data.layouts.base import Layout, Picture
from translate.forms import Form


class Derived(Layout):
    """Photos in one folder; the source of each pair is made of its target on the device (`translate.data.derived`).

    Args:
        root: folder of the photos, which are the targets.
        derive: how a source is made: a name in `DERIVATIONS` and its arguments, such as `{name = "canny", low = 0.1}`.
        holdout: how many are held out, the last ones by name.

    A sample as it is read is the photo alone: the source does not exist until the entrance makes it, after everything
    that moves pixels.
    """

    batch = Pair

    def __init__(self, root: str, derive: Mapping[str, Any], holdout: int = 0) -> None:
        self.derivation = derivation(derive)
        forms = {"source": Form.plain(self.derivation.channels), "target": Form.plain(3)}
        super().__init__(find(root), holdout, root, **forms)

    def read(self, sample: File, seed: int) -> tuple[tuple[Picture, ...], tuple[int, ...]]:
        return (self.picture(sample, "target"),), ()

    def places(self, piece: File) -> tuple[int, ...]:
        return (1,)  # the target
