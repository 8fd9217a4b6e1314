"""Does a translated picture still show the same things? Ask a network that reads classes from real pictures.

The FCN score (Isola 2017, §3.4): a network that segments real pictures of the target domain is shown the translated
ones. Where it reads the classes that the source had, the translation kept the scene and looks real enough to be read.
What it reads from the real pictures is the most that can be expected. Any ONNX file that segments can be the judge: a
model of this package that gives label maps, or a file that gives scores of classes or their numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from translate.card import KEY
from translate.errors import ModelError
from translate.runtime import Translator, engines, metadata
from translate.runtime.vetting import vet

Picture = np.ndarray

RANGES = {"0-1": 1.0, "0-255": 255.0}
ORDERS = ("rgb", "bgr")


@dataclass(frozen=True)
class Sight:
    """What a judge without a card is shown: (levels of `range` − mean) / deviation, channels in `order`."""

    range: str = "0-1"
    """`0-1` or `0-255`: what black and white are before the mean is taken away."""
    mean: tuple[float, ...] = (0.0,)
    """One number, or one a channel in the judge's order."""
    deviation: tuple[float, ...] = (1.0,)
    order: str = "rgb"


class Eye:
    """A network without a card that takes one picture, shown pictures as it wants them.

    Args:
        path: the `.onnx` file, of which the first output counts. It takes one picture, float or uint8, `[1, C, H, W]`
            or `[1, H, W, C]`.
        sight: what it is shown.
        device: `cpu`, `cuda`, or `auto`.
        what: it is called in refusals.

    Raises:
        ModelError: the file cannot be used, or does not take one picture.
    """

    def __init__(self, path: Path, sight: Sight, device: str = "auto", what: str = "judge") -> None:
        self.path, self.sight, self._what = path, sight, what
        if sight.range not in RANGES or sight.order not in ORDERS:
            raise ModelError(f"a {what}'s range is one of {', '.join(RANGES)}, its order one of {', '.join(ORDERS)}")
        self._engine = engines.start(device, path, engines.Settings())
        if len(self._engine.inputs) != 1:
            raise ModelError(f"{path} takes {len(self._engine.inputs)} inputs: a {what} takes one picture")
        (self._input,) = self._engine.inputs
        shape = self._input.shape
        if len(shape) != 4 or (1 not in (shape[1], shape[3]) and 3 not in (shape[1], shape[3])):
            raise ModelError(f"{path} takes {self._input.kind} {shape}: a {what} takes [1, C, H, W] or [1, H, W, C]")
        self.first = shape[1] in (1, 3)
        """Whether channels come before height and width."""
        self._channels = int(shape[1] if self.first else shape[3])  # type: ignore[arg-type]
        sides = shape[2:] if self.first else shape[1:3]
        self._size = tuple(side for side in sides if isinstance(side, int))

    def see(self, picture: Picture) -> np.ndarray:
        """What the network gives for a picture, uint8 `[H, W, C]`.

        Raises:
            ModelError: it failed.
        """
        given = self._given(picture)
        try:
            (result,) = self._engine.run({self._input.name: given}, [self._engine.outputs[0].name])
        except Exception as error:  # runtimes' exceptions have no common base of their own
            raise ModelError(f"{self.path} failed on {list(given.shape)}: {engines.reason(error)}") from error
        return result

    def _given(self, picture: Picture) -> np.ndarray:
        picture = _channels(picture, self._channels, self._what)
        if self._size and picture.shape[:2] != self._size:
            picture = _resized(picture, self._size, Image.Resampling.BICUBIC)
        if self.sight.order == "bgr":
            picture = picture[:, :, ::-1]
        if self._input.kind != "uint8":
            levels: np.ndarray = picture.astype(np.float32) * (RANGES[self.sight.range] / 255)
            levels = (levels - np.array(self.sight.mean, np.float32)) / np.array(self.sight.deviation, np.float32)
            picture = levels.astype(self._input.kind)
        return np.ascontiguousarray((picture.transpose(2, 0, 1) if self.first else picture)[None])


class Judge:
    """A network that segments pictures.

    Args:
        path: the `.onnx` file. Of ours by its card; of others it takes one picture, float or uint8, `[1, C, H, W]` or
            `[1, H, W, C]`, and gives scores of classes (floats, `[1, K, h, w]` or `[1, h, w, K]`), classes (whole
            numbers `[1, h, w]`, or with an axis of 1), or label maps in colour (uint8 with 3 channels).
        sight: what one of others is shown.
        device: `cpu`, `cuda`, or `auto`.

    Raises:
        ModelError: the file cannot be used, or does not take one picture.
    """

    def __init__(self, path: Path, sight: Sight | None = None, device: str = "auto") -> None:
        vet(path)
        self.path, self.sight = path, sight or Sight()
        self.translator: Translator | None = None
        if KEY in metadata.metadata(path):
            if sight is not None and sight != Sight():
                raise ModelError(f"{path} has a card, which says what it takes: leave range, mean and deviation out")
            self.translator = Translator(path, engine=device)
            return
        self._eye = Eye(path, self.sight, device)

    def read(self, picture: Picture) -> np.ndarray:
        """What it sees in a picture.

        Args:
            picture: uint8 `[H, W, C]`.

        Returns:
            Its classes, whole numbers `[H, W]`, or a label map in colour, uint8 `[H, W, 3]`; of the picture's size.

        Raises:
            ModelError: it failed, or what it gives is neither.
        """
        height, width = picture.shape[:2]
        if self.translator:
            return self.translator.array(_channels(picture, self.translator.card.source_channels))
        return self._told(self._eye.see(picture), height, width)

    def _told(self, result: np.ndarray, height: int, width: int) -> np.ndarray:
        """An output as classes or colours of the size that was asked for."""
        shape = f"{result.dtype} {list(result.shape)}"
        if result.ndim == 3:
            result = result[:, None]
        if result.ndim != 4 or len(result) != 1:
            raise ModelError(f"{self.path} gives {shape}, which is no segmentation of a picture")
        # An axis of 1 is that of the channels; else they stand where the input has them.
        first = result.shape[1] == 1 or (self._eye.first and result.shape[3] != 1)
        channels = result[0] if first else result[0].transpose(2, 0, 1)
        whole = result.dtype.kind in "iu"
        if len(channels) == 1:
            classes = channels[0] if whole else channels[0].round()
            return _resized(classes.astype(np.int32)[:, :, None], (height, width), Image.Resampling.NEAREST)[:, :, 0]
        if result.dtype == np.uint8 and len(channels) == 3:
            return _resized(channels.transpose(1, 2, 0), (height, width), Image.Resampling.NEAREST)
        if whole:
            raise ModelError(f"{self.path} gives {shape}: neither classes, nor their scores, nor colours")
        scores = channels.astype(np.float32).transpose(1, 2, 0)
        return _resized(scores, (height, width), Image.Resampling.BILINEAR).argmax(2).astype(np.int32)


def _channels(picture: Picture, count: int, what: str = "judge") -> Picture:
    """The picture with 1 or 3 channels, as a network asks for it."""
    if picture.shape[2] == count:
        return picture
    if count == 3 and picture.shape[2] == 1:
        return np.repeat(picture, 3, axis=2)
    if count == 1 and picture.shape[2] == 3:
        return np.asarray(Image.fromarray(picture).convert("L"))[:, :, None]
    raise ModelError(f"the {what} takes {count} channels, the pictures have {picture.shape[2]}: give another")


def _resized(array: np.ndarray, size: tuple[int, ...], filter: Image.Resampling) -> np.ndarray:
    """`[H, W, C]` of bytes, int32 or float32 at another height and width, each channel by itself."""
    if array.shape[:2] == size:
        return array
    height, width = size
    channels = (np.ascontiguousarray(array[:, :, place]) for place in range(array.shape[2]))
    return np.stack([np.asarray(Image.fromarray(one).resize((width, height), filter)) for one in channels], axis=2)
