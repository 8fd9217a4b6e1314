"""One of kornia's augmentations over the rows of a batch that processes share."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any

import torch
from torch import Tensor

from translate import shares
from translate.errors import ConfigError, first_line


class Augmentation:
    """One of kornia's augmentations; what it draws, it draws for all rows of a batch that processes share."""

    def __init__(self, module: Any) -> None:
        self.module, self.name = module, type(module).__name__
        self._of_rows: set[str] | None = None

    def __call__(self, levels: Tensor) -> Tensor:
        """Pictures `[N, C, H, W]` in [0, 1], this process's rows → the same rows changed."""
        count = shares.count()
        if count > 1 and self._of_rows is None:
            self._of_rows = self._divisible(levels)
        whole = self.module.forward_parameters(torch.Size((len(levels) * count, *levels.shape[1:])))
        return self._apply(levels, _rows(whole, self._of_rows, shares.mine) if self._of_rows else whole)

    def rehearse(self, levels: Tensor) -> None:
        """Change pictures as if by chance, without touching the global generators.

        Raises:
            ConfigError: it does not take such pictures, or makes other sizes of them.
        """
        try:
            with torch.random.fork_rng(devices=[]):
                changed = self._apply(levels, _surely(self.module.forward_parameters(levels.shape)))
        except Exception as error:  # whatever kornia raises
            raise ConfigError(f"transform: {self.name}: {first_line(error)}") from None
        if changed.shape != levels.shape:
            raise ConfigError(
                f"transform: {self.name} makes {list(changed.shape[2:])} of {list(levels.shape[2:])} pixels: on the "
                "device sizes must stay as they are"
            )

    def _apply(self, levels: Tensor, drawn: dict[str, Tensor]) -> Tensor:
        changed: Tensor = self.module(levels, params=drawn)
        return changed

    def _divisible(self, levels: Tensor) -> set[str]:
        """Which draws belong to rows: those that are more for more rows.

        Raises:
            ConfigError: rows apart do not get what they get together.
        """
        with torch.random.fork_rng(devices=[]):
            one = torch.rand(1, *levels.shape[1:])
            two, three = (self.module.forward_parameters(torch.Size((n, *one.shape[1:]))) for n in (2, 3))
            of_rows = {name for name in two if two[name].ndim and (len(two[name]), len(three[name])) == (2, 3)}
            two = _surely(two)
            together = self._apply(one.repeat(2, 1, 1, 1), two)
            try:
                apart = [self._apply(one, _rows(two, of_rows, itemgetter(slice(row, row + 1)))) for row in (0, 1)]
            except (IndexError, RuntimeError):  # numbers of rows that are not there
                apart = []
        if not apart or not torch.allclose(together, torch.cat(apart), atol=1e-5):
            raise ConfigError(f"transform: {self.name} draws for a whole batch: several processes cannot share one")
        return of_rows


def _rows(drawn: dict[str, Tensor], of_rows: set[str], choose: Callable[[Tensor], Tensor]) -> dict[str, Tensor]:
    """Draws for some of the rows."""
    chosen = {name: choose(value) if name in of_rows else value for name, value in drawn.items()}
    if (
        "idx" in drawn and "idx" not in of_rows
    ):  # RandomMotionBlur's: a row to take the kernel's size from, which all rows have in common
        chosen["idx"] = torch.zeros_like(chosen["idx"])
    chosen["forward_input_shape"] = drawn["forward_input_shape"].clone()
    chosen["forward_input_shape"][0] = len(chosen["batch_prob"])
    return chosen


def _surely(drawn: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same draws, with every row changed."""
    return {**drawn, "batch_prob": torch.ones_like(drawn["batch_prob"])}
