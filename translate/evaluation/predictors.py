"""Who is scored: exported models, runs, and beside them what has learnt nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from translate import latent
from translate.card import Card
from translate.errors import ModelError
from translate.runtime import Translator, drawing

if TYPE_CHECKING:
    import torch
    from torch import nn

Picture = np.ndarray

Draw = Callable[[np.ndarray, Sequence[int] | None], Picture]

DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class Predictor:
    """A trained model, however it is kept."""

    card: Card
    array: Callable[[Picture], Picture]
    """`[H, W, C]` as the card `takes` it → `[H, W, C']` as it `gives` it."""
    draw: Draw | None = None
    """Of one that draws: noise float32 `[N, latent]`, and labels where there are `classes`, → uint8 `[N, H, W, C]`."""

    def drawn(self, seeds: Sequence[int], labels: Sequence[int]) -> Picture:
        """What one that draws makes of the noise of seeds, uint8 `[N, H, W, C]`; labels matter where it is told any.

        Raises:
            ModelError: it translates.
        """
        if self.draw is None:
            raise ModelError(f"{self.card.name} translates pictures, it draws none from noise")
        return self.draw(latent.noise(seeds, self.card.latent), labels if self.card.classes else None)


def opened(
    models: Sequence[Path],
    best: bool = False,
    direction: str = "forward",
    device: str = "auto",
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Predictor]:
    """Models by the names of their files or folders, or by their paths where those are the same.

    Args:
        models: `.onnx` files, and folders of runs.
        best: of a run the best checkpoint by `train.best`, not the newest.
        direction: of a run, `forward` or `backward`; a file has its own.
        device: `cpu`, `cuda`, or `auto`: a GPU where there is one.
        say: is told of a run's damaged checkpoints.

    Raises:
        ModelError: a file cannot be used.
        CheckpointError: a run has no checkpoint.
        ExportError: a run's method does not translate in that direction.
    """
    if device not in DEVICES:
        raise ModelError(f"there is no device {device!r}: choose from {', '.join(DEVICES)}")
    stems = [path.name if path.is_dir() else path.stem for path in models]
    short = len(set(stems)) == len(models)
    names = stems if short else [str(path) for path in models]
    return {
        name: _of_run(path, best, direction, device, say) if path.is_dir() else _of_file(path, device)
        for name, path in zip(names, models, strict=True)
    }


def _of_file(path: Path, device: str) -> Predictor:
    translator = Translator(path, engine=device)
    return Predictor(translator.card, translator.array, translator.draw if translator.card.draws else None)


def _of_run(folder: Path, best: bool, direction: str, device: str, say: Callable[[str], None]) -> Predictor:
    from translate.training.resume import load_method

    return of_checkpoint(*load_method(folder, say, best), direction, device)


def of_checkpoint(saved: dict[str, Any], method: Any, direction: str = "forward", device: str = "auto") -> Predictor:
    """The averaged generator of a run between stored pictures, of the forms on its card, as an exported file has it.

    Args:
        saved: what a checkpoint holds.
        method: its method, as `translate.training.resume.method_of` builds it.
        direction: `forward` or `backward`.
        device: `cpu`, `cuda`, or `auto`.

    Raises:
        ExportError: the method does not translate in that direction.
        ModelError: there is no such device.
    """
    import torch

    from translate.exporting import describe
    from translate.exporting.drawing import Drawing
    from translate.exporting.graph import BytesToBytes

    training = {key: saved[key] for key in ("step", "pictures", "data", "held_out")}
    network, card = describe(method, saved["config"], training, direction)
    if device == "cuda" and not torch.cuda.is_available():
        raise ModelError("cuda was asked for, but torch finds no GPU: use --device cpu")
    place = torch.device("cuda" if device != "cpu" and torch.cuda.is_available() else "cpu")
    if card.draws:
        return Predictor(card, _translates_nothing, _drawing(Drawing(network).eval().to(place), card, place))
    graph = BytesToBytes(network, card.takes, card.gives).eval().to(place)

    def array(picture: Picture) -> Picture:
        # What the graph makes of its own, it makes where the network is.
        with torch.inference_mode(), place:
            translated: Picture = graph(torch.tensor(picture[None])).cpu().numpy()[0]
        return translated

    return Predictor(card, array)


def _drawing(graph: nn.Module, card: Card, place: torch.device) -> Draw:
    """What a run draws, in pieces and checked as an exported model does it."""
    import torch

    def run(feeds: dict[str, np.ndarray], *rest: object) -> list[np.ndarray]:
        with torch.inference_mode():
            return [graph(*(torch.from_numpy(array).to(place) for array in feeds.values())).cpu().numpy()]

    return lambda noise, labels: drawing.drawn(card, run, noise, labels, None)


def _translates_nothing(picture: Picture) -> Picture:
    raise ModelError("this model draws pictures from noise, it translates none")
