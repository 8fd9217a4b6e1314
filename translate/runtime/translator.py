"""One exported model, ready to translate pictures: a card and an engine that runs the graph.

    translator = Translator("edges2photo.onnx")
    translator("drawing.png").save("photo.png")

The graph has one input `image` and one output `translated`, both `[N, H, W, C]` of any `N`, `H` and `W`: uint8, or of
the depth and channels that the card's forms say.
Normalising, padding and cropping are inside it, so nothing here knows how the model was trained. Graphs that normalise
each picture by itself can be opened, see `Translator.with_statistics`. Other people's files, which have no card, are
made to look like ours by `translate.runtime.foreign`.

A model that draws from noise, as its card says, takes `noise` and perhaps `label` instead, and translates nothing:

    translator.draw(translator.noise([0, 1, 2]))
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from translate import latent, pixels
from translate.card import KEY
from translate.errors import ModelError, PictureError
from translate.runtime import contract, drawing, engines, foreign, metadata
from translate.runtime.contract import IMAGE, TRANSLATED
from translate.runtime.deriving import Deriver
from translate.runtime.opening import FROZEN, MEASURED, STATISTICS
from translate.runtime.vetting import vet


class Translator:
    """A model. One may be shared by any number of threads: it has no state but the engine, which is safe.

    A picture takes all cores, and still leaves some of them idle some of the time. Where pictures come several at once,
    `threads=1` and a thread of the caller's for each core translate more of them a second than one caller with all
    cores does (`benchmarks/inference.py` measures it).

    Args:
        path: the `.onnx` file.
        engine: `cpu` and `cuda` (ONNX Runtime), `tensorrt` (likewise; its first start takes minutes), `openvino`, or
            `auto`: CUDA where a GPU answers, else OpenVINO where it is installed, else the CPU.
        threads: cores that one picture may use; 0: all of them.
        options: the engine's own, laid over ours: of ONNX Runtime's provider, or OpenVINO's properties.
        limit: most pixels that a picture may have.
        seconds: longest that one call may take.
        warm: translate an empty picture of the card's size now, so that the first one does not take longer.
        range: what levels a file without a card takes and gives, `[-1,1]`, `[0,1]` or `0-255`; without it that is
            guessed from what it gives, and said.

    Raises:
        ModelError: the file is missing, damaged or does not keep the contract above, has no card and cannot be used
            without, or the engine that was asked for does not work here.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        engine: str = "auto",
        threads: int = 0,
        options: Mapping[str, Any] | None = None,
        limit: int = pixels.MAX_PIXELS,
        seconds: float | None = None,
        warm: bool = False,
        range: str | None = None,
    ) -> None:
        self.path = Path(path)
        vet(self.path)
        self.limit = limit
        self.seconds = _checked(seconds)
        own = KEY in metadata.metadata(self.path)
        if own and range is not None:
            raise ModelError(f"{self.path} has a card, which says what it takes: leave the range out")
        card = metadata.card(self.path) if own else None
        self._settings = engines.Settings(threads, options or {}, card)
        self._engine = engines.start(engine, self.path, self._settings)
        self._opened: engines.Engine | None = None
        self._opening = threading.Lock()
        self._deriver: Deriver | None = None
        if card is None:
            self._engine = adapter = foreign.Adapter(self._engine, self.path, range)
            card = adapter.card
        self.card = card
        """What the model says of itself."""
        self.engine = self._engine.name
        """What runs it: `cpu`, `cuda`, `tensorrt` or `openvino`."""
        self.device = self._engine.device
        """The same in words, and for a file without a card, what is done with pictures on their way to it."""
        contract.check(self.path, card, self._engine)
        if warm:
            self.warm_up()

    def __call__(self, picture: pixels.Source, *more: pixels.Source) -> Image.Image:
        """Translate one picture.

        Args:
            picture: anything that `pixels.read` takes; of other depths or channels what `pixels.stored` does.
            more: its other files, of a model that puts several inputs together.

        Returns:
            An image of the same height and width, mode `L` or `RGB`; of one channel of 16 bits `I;16`, of floats `F`.

        Raises:
            PictureError: the picture cannot be read or is too large.
            ModelError: the model failed on it, or gives what no such image holds.
        """
        self._translates()
        gives = self.card.gives
        if gives.channels not in ((1, 3, 4) if gives.depth == "uint8" else (1,)):
            raise ModelError(
                f"{self.card.name} gives {gives}, which no PIL image holds: translate arrays with Translator.array, "
                "what Translator.read gives of files"
            )
        translated = self.array(self.read(picture, *more))
        return Image.fromarray(translated[:, :, 0] if translated.shape[2] == 1 else translated)

    def read(self, picture: pixels.Source, *more: pixels.Source, derive: bool = False) -> npt.NDArray[Any]:
        """A picture as the model takes it: `[H, W, C]` as stored.

        Args:
            picture: as for a call.
            more: likewise.
            derive: it is a photo, to make the model's input of.

        Raises:
            PictureError: it cannot be read, is too large, or is not of the form on the card.
            ModelError: as `derive`.
        """
        self._translates()
        if derive:
            return self.derive(picture)
        return pixels.stored(picture, self.card.takes, *more, limit=self.limit)

    def array(self, batch: npt.NDArray[Any], seconds: float | None = None) -> npt.NDArray[Any]:
        """Translate an array.

        Args:
            batch: `[N, H, W, C]`, or one picture `[H, W, C]`, with the card's `source_channels`; uint8, or of the depth
                of what the card `takes`.
            seconds: longest that it may take; without it the translator's own limit, if it has one.

        Returns:
            The same shape, except for the channels, which are the card's `target_channels`; uint8, or of the depth of
            what the card `gives`.

        Raises:
            PictureError: the array is of another type or shape.
            ModelError: the model failed on it, or it took too long.
        """
        given, single = self._batch(batch)
        (translated,) = self._translated(given, {}, [TRANSLATED], seconds)
        return translated[0] if single else translated

    def with_statistics(
        self, image: npt.NDArray[Any], statistics: npt.NDArray[np.float32] | None = None
    ) -> tuple[npt.NDArray[Any], npt.NDArray[np.float32] | None]:
        """Translate an array by given statistics instead of its own, and say what its own are.

        A network that normalises each picture by itself sees the whole of it; given the statistics of a larger picture
        it translates a part as that picture would have it. This always runs in ONNX Runtime, and the first call starts
        a second engine for it.

        Args:
            image: as for `array`.
            statistics: float32 `[1, S]`, as an earlier call measured them; without them each picture has its own.

        Returns:
            The translated array, and float32 `[N, S]`: what each norm has measured, all before it being normalised by
            what was given. None where the graph has no statistics.

        Raises:
            PictureError: the array is of another type or shape.
            ModelError: the graph takes no statistics, they do not fit, or the model failed.
        """
        given, single = self._batch(image)
        feeds = {} if statistics is None else self._frozen(statistics)
        if not self.card.row:
            return self.array(image), None
        translated, measured = self._translated(given, feeds, [TRANSLATED, MEASURED], None, self._open())
        return (translated[0] if single else translated), measured

    def derive(self, photo: pixels.Source, seconds: float | None = None) -> pixels.Pixels:
        """Make the model's input of a photo, as its training did: edges, grey, whatever its card names as `derived`.

        Args:
            photo: anything that `pixels.read` takes.
            seconds: longest that it may take; without it the translator's own limit, if it has one.

        Returns:
            uint8 `[H, W, C]` with the card's `source_channels`, which `array` takes.

        Raises:
            PictureError: the photo cannot be read or is too large.
            ModelError: the model was not trained on derived inputs, or what derives them failed or took too long.
        """
        self._translates()
        with self._opening:
            if self._deriver is None:
                self._deriver = Deriver(self.path, self.card, self._settings.threads)
        picture = pixels.read(photo, 3, limit=self.limit)
        return self._deriver(picture, self.seconds if seconds is None else _checked(seconds))

    def warm_up(self, height: int | None = None, width: int | None = None) -> None:
        """Translate an empty picture, of the card's size unless told: what engines do once per size is then done.

        A model that draws from noise draws one.
        """
        if self.card.draws:
            self.draw(self.noise([0]), [0] if self.card.classes else None)
            return
        side = self.card.size
        self.array(np.zeros((1, height or side, width or side, self.card.source_channels), self.card.takes.depth))

    def noise(self, seeds: Sequence[int]) -> npt.NDArray[np.float32]:
        """What pictures are drawn from: for each seed its own noise, the same on every machine (`translate.latent`).

        Args:
            seeds: whole numbers from 0 to 2⁶³ − 1.

        Returns:
            float32 `[N, L]` of N(0, 1), L being the card's `latent`.

        Raises:
            ModelError: the model translates pictures.
            LatentError: a seed is none.
        """
        contract.drawing(self.card, "noise")
        return latent.noise(seeds, self.card.latent)

    def draw(
        self, noise: npt.NDArray[np.float32], labels: Sequence[int] | None = None, seconds: float | None = None
    ) -> pixels.Pixels:
        """Draw a picture from each row of noise.

        Args:
            noise: float32 `[N, L]`, of `noise` or made of such (`translate.latent`).
            labels: what each of them is to show, from 0, where the card has `classes`.
            seconds: longest that all of them may take; without it the translator's own limit, if it has one.

        Returns:
            uint8 `[N, H, W, C]`, H and W being the card's `size` and C its `target_channels`.

        Raises:
            ModelError: the model translates pictures, failed, or took too long.
            LatentError: the noise or the labels do not fit the model.
        """
        contract.drawing(self.card, "drawing")
        if self.card.size**2 > self.limit:
            told = f"{self.card.name} draws pictures of {self.card.size}², over the limit of {self.limit:,} pixels"
            raise ModelError(f"{told}: raise the limit, or take another model")
        limit = self.seconds if seconds is None else _checked(seconds)
        return drawing.drawn(self.card, self._run, noise, labels, limit)

    def _translates(self) -> None:
        contract.translating(self.card, "this")

    def _batch(self, batch: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], bool]:
        """The array as a contiguous batch, and whether it was one picture."""
        self._translates()
        channels, depth = self.card.source_channels, self.card.takes.depth
        if batch.dtype != depth or batch.ndim not in (3, 4) or batch.shape[-1] != channels or not batch.size:
            shape = f"{batch.dtype} {list(batch.shape)}"
            raise PictureError(f"{self.card.name} takes {depth} [N, H, W, {channels}], not {shape}: convert the array")
        single = batch.ndim == 3
        return np.ascontiguousarray(batch[None] if single else batch), single

    def _frozen(self, statistics: npt.NDArray[np.float32]) -> dict[str, npt.NDArray[Any]]:
        """What is fed so that the graph normalises by `statistics`."""
        if not self.card.row:
            raise ModelError(f"{self.card.name} takes no statistics: give none")
        if statistics.dtype != np.float32 or statistics.shape != (1, self.card.row):
            found = f"{statistics.dtype} {list(statistics.shape)}"
            raise ModelError(f"{self.card.name} takes statistics float32 [1, {self.card.row}], not {found}")
        return {STATISTICS: np.ascontiguousarray(statistics), FROZEN: np.ones(1, np.bool_)}

    def _open(self) -> engines.Engine:
        """The graph with its statistics to be told and given, made ready when it is first asked for."""
        with self._opening:
            if self._opened is None:
                # OpenVINO takes what need not be given for constants; TensorRT would build for minutes once more.
                name = {"openvino": "cpu", "tensorrt": "cuda"}.get(self.engine, self.engine)
                settings = self._settings if name == self.engine else replace(self._settings, options={})
                self._opened = engines.start(name, self.path, replace(settings, norms=self.card.norms))
            return self._opened

    def _translated(
        self,
        given: npt.NDArray[Any],
        feeds: Mapping[str, npt.NDArray[Any]],
        wanted: Sequence[str],
        seconds: float | None,
        engine: engines.Engine | None = None,
    ) -> list[npt.NDArray[Any]]:
        limit = self.seconds if seconds is None else _checked(seconds)
        expected = (*given.shape[:3], self.card.target_channels)
        try:
            return self._run({IMAGE: given, **feeds}, wanted, expected, limit, engine)
        except TimeoutError:
            told = f"{self.card.name} was stopped on {list(given.shape)} after {limit:g} s"
            raise ModelError(f"{told}: give a smaller picture or more seconds") from None

    def _run(
        self,
        feeds: Mapping[str, npt.NDArray[Any]],
        wanted: Sequence[str],
        expected: tuple[int, ...],
        limit: float | None,
        engine: engines.Engine | None = None,
    ) -> list[npt.NDArray[Any]]:
        """What the graph gives, the first of it being of the `expected` shape; TimeoutError where it was stopped."""
        try:
            results = (engine or self._engine).run(feeds, wanted, limit)
        except TimeoutError:
            raise
        except Exception as error:  # runtimes' exceptions have no common base of their own
            shape = list(next(iter(feeds.values())).shape)
            raise ModelError(f"{self.card.name} failed on {shape}: {engines.reason(error)}") from error
        if results[0].shape != expected:
            found = list(results[0].shape)
            raise ModelError(f"{self.path} gave {found} where its card promises {list(expected)}: export it again")
        return results


def _checked(seconds: float | None) -> float | None:
    if seconds is not None and not 0 < seconds < float("inf"):
        raise ModelError(f"seconds is {seconds:g}: give a number above 0, or none for no limit")
    return seconds
