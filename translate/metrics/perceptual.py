"""LPIPS, learned perceptual image patch similarity (Zhang 2018, eq. 1), by its authors' library.

    d(x, y) = Σ_l 1/(H_l W_l) Σ_hw ‖w_l ⊙ (ŷ_l,hw − x̂_l,hw)‖²

over five layers of AlexNet, features normalised by their length over channels. The weights w_l, version 0.1, come with
the library; those of AlexNet are looked for by `translate.metrics.weights`.
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from translate.errors import DataError, MissingWeightsError, first_line
from translate.metrics import weights
from translate.metrics.paired import Picture, colour, tensor

if TYPE_CHECKING:
    from torch import nn

SMALLEST = 31
"""Least side: what is left of it after AlexNet's second pooling is a pixel."""


def lpips(output: Picture, target: Picture, file: Path | None = None, device: str = "cpu") -> float:
    """Distance of two pictures of levels 0 … 255; 0 for equal ones.

    Args:
        output: `[H, W, C]`, grey or RGB.
        target: of the same shape.
        file: AlexNet's weights as torchvision has them, if not where they are looked for.
        device: where it is computed.

    Raises:
        MissingWeightsError: AlexNet's weights are not here.
        DataError: a picture is smaller than AlexNet can take, or neither grey nor RGB.
    """
    import torch

    if min(output.shape[:2]) < SMALLEST:
        raise DataError(f"LPIPS needs pictures of {SMALLEST}×{SMALLEST} pixels or more: leave it out")
    x, y = (2 * tensor(colour(picture)).to(device) - 1 for picture in (output, target))
    with torch.no_grad():
        return float(_network(file, device)(x, y))


@lru_cache(maxsize=2)
def _network(file: Path | None, device: str) -> nn.Module:
    import torch

    state = weights.load("alexnet", file)
    # The library draws weights before it is given some, which must not touch a training's random numbers.
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it calls torchvision the old way
        from lpips import LPIPS

        network = LPIPS(net="alex", version="0.1", pnet_rand=True, verbose=False)
    # Its slices keep the numbers that torchvision's layers have.
    names = {key: f"features.{key.split('.', 1)[1]}" for key in network.net.state_dict()}
    try:
        network.net.load_state_dict({key: state[name] for key, name in names.items()})
    except (KeyError, RuntimeError) as error:
        raise MissingWeightsError(
            f"{file or weights.find('alexnet')}: not AlexNet as torchvision has it: {first_line(error)}"
        ) from None
    return network.eval().requires_grad_(False).to(device)
