"""Features of pictures by which FID and KID compare sets: Inception's last pooling, 2,048 numbers a picture.

The network is the one that FID was defined with (Heusel 2017), in torch-fidelity's form. Pictures are resized to its
299² as clean-fid does (Parmar 2022): Pillow's bicubic filter, which is antialiased, on channels as floats, so that
nothing is rounded to levels. Numbers by older code, which resizes otherwise, are others.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from translate.errors import MissingWeightsError, first_line
from translate.metrics import weights
from translate.metrics.paired import Picture, colour

if TYPE_CHECKING:
    from torch import nn

SIDE = 299
FEATURES = 2048
_BATCH = 16


def resized(picture: Picture) -> Picture:
    """`[H, W, C]` of levels 0 … 255 → float32 `[299, 299, 3]`, not rounded, cut off at 0 and 255."""
    channels = np.moveaxis(colour(picture).astype(np.float32), 2, 0)
    if channels.shape[1:] != (SIDE, SIDE):
        images = (Image.fromarray(channel).resize((SIDE, SIDE), Image.Resampling.BICUBIC) for channel in channels)
        channels = np.stack([np.asarray(image) for image in images])
    return np.moveaxis(channels, 0, 2).clip(0, 255)


def features(pictures: Sequence[Picture], file: Path | None = None, device: str = "cpu") -> np.ndarray:
    """Pictures of levels 0 … 255 → float32 `[N, 2048]`.

    Args:
        pictures: each `[H, W, C]`, grey or RGB.
        file: Inception's weights, if not where they are looked for.
        device: where it is computed.

    Raises:
        MissingWeightsError: the weights are not here.
        DataError: a picture is neither grey nor RGB.
    """
    import torch

    layers = _layers(file, device)
    found = []
    for start in range(0, len(pictures), _BATCH):
        batch = np.stack([resized(picture) for picture in pictures[start : start + _BATCH]])
        x = torch.from_numpy(batch).to(device).permute(0, 3, 1, 2)
        with torch.no_grad():
            found.append(layers((x - 128) / 128).flatten(1).cpu().numpy())
    return np.concatenate(found)


@lru_cache(maxsize=2)
def _layers(file: Path | None, device: str) -> nn.Module:
    """Inception up to its last pooling: `[N, 3, 299, 299]` in [-1, 1) → `[N, 2048, 1, 1]`."""
    import torch
    from torch import nn
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    state = weights.load("inception", file)
    # Its constructor loads a file, without care in old versions of torch: it is given what has just been checked.
    checked = io.BytesIO()
    torch.save(state, checked)
    checked.seek(0)
    try:
        with torch.random.fork_rng(devices=[]):  # it draws weights first
            whole = FeatureExtractorInceptionV3("inception", [str(FEATURES)], checked)
    except RuntimeError as error:
        raise MissingWeightsError(
            f"{file or weights.find('inception')}: not Inception as torch-fidelity has it: {first_line(error)}"
        ) from None
    # In the order in which they are applied, the classifier last. Its own `forward` would take bytes and resize them.
    return nn.Sequential(*list(whole.children())[:-1]).eval().to(device)
