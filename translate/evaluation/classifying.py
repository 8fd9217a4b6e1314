"""What does a picture show? Asked of a classifier that learnt from real pictures alone.

A conditional model is told what to draw. How often a classifier finds just that in what it drew says whether the label
is obeyed and the picture can be read (Ravuri 2019 calls the like of it a classification accuracy score; here the
classifier learns from what is real). What it finds in real pictures is the most that can be expected.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from translate.card import KEY
from translate.errors import DataError, ModelError
from translate.evaluation.judging import Eye, Sight
from translate.runtime import metadata
from translate.runtime.vetting import vet

Picture = np.ndarray


class Classifier:
    """A network that says which class a picture is of.

    Args:
        path: the folder of a run of method `classifier`, or an `.onnx` file: it takes one picture, as a judge does (see
            `judging.Eye`), and gives scores of classes, floats `[1, K]`.
        sight: what a file of others is shown.
        device: `cpu`, `cuda`, or `auto`.

    Raises:
        ModelError: it cannot be used.
        CheckpointError: the run has no checkpoint.
    """

    def __init__(self, path: Path, sight: Sight | None = None, device: str = "auto") -> None:
        self.path = path
        self.names: list[str] = []
        """Of its classes, where it knows them."""
        if path.is_dir():
            self._scores = self._of_run(path)
            return
        vet(path)
        texts = metadata.metadata(path)
        if KEY in texts:
            raise ModelError(f"{path} makes pictures and classifies none: give a classifier")
        if metadata.CLASSES in texts:
            self.names = _names(texts[metadata.CLASSES], path)
        self._scores = Eye(path, sight or Sight(), device, "classifier").see

    def read(self, picture: Picture) -> int:
        """The number of the class that uint8 `[H, W, C]` is taken for.

        Raises:
            ModelError: it failed, or gives no scores of classes.
        """
        return int(self.scores(picture).argmax())

    def scores(self, picture: Picture) -> np.ndarray:
        """Of each class, float `[K]`; raises as `read`."""
        given = np.asarray(self._scores(picture))
        scores = given[0] if given.ndim > 1 else given
        scores = scores.reshape(-1) if scores.size == max(scores.shape, default=0) else scores
        if len(given) != 1 or scores.ndim != 1 or len(scores) < 2 or scores.dtype.kind != "f":
            raise ModelError(f"{self.path} gives {given.dtype} {list(given.shape)}: a classifier gives floats [1, K]")
        return scores

    def suits(self, classes: Sequence[str], picture: Picture) -> None:
        """Refuse to judge by it what has other classes; `picture` is any of those to be judged.

        Raises:
            DataError: it does not know just these classes.
        """
        count = len(self.scores(picture))
        if count != len(classes):
            raise DataError(f"{self.path} tells {count} classes apart, the data have {len(classes)}: give another")
        if self.names and list(classes) != self.names:
            raise DataError(
                f"{self.path} knows the classes {_few(self.names)}, the data have {_few(classes)}: give one that was "
                "trained on these"
            )

    def _of_run(self, folder: Path) -> Callable[[Picture], np.ndarray]:
        import torch

        from translate.encoding import encode
        from translate.forms import Form
        from translate.training.resume import load_method

        saved, method = load_method(folder, lambda line: None)
        if not method.reader:
            raise ModelError(f"{folder} is a run of {saved['config']['method']['name']}: give one of classifier")
        network = getattr(method, method.reader)
        self.names = list(saved["config"].get("classes", []))

        def scores(picture: Picture) -> np.ndarray:
            given = torch.tensor(np.ascontiguousarray(picture.transpose(2, 0, 1))[None])
            with torch.inference_mode():
                found: np.ndarray = network(encode(given, Form.plain(picture.shape[2]))).numpy()
            return found

        return scores


def _names(text: str, path: Path) -> list[str]:
    try:
        names = json.loads(text)
    except (ValueError, RecursionError):
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ModelError(f"{path} says of its classes what cannot be: export it again")
    return names


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (f" … ({len(names)})" if len(names) > 4 else "")
