"""Pretrained weights of metrics: what they are called, where they are looked for, how they are fetched and checked.

A file is looked for in the folder `$TRANSLATE_WEIGHTS`, in `~/.cache/translate`, and where torch and its libraries keep
theirs (`$TORCH_HOME/hub/checkpoints`). Nothing is fetched unless `fetch` is called. Where a file is not there, the
metric is not: no other weights are put in their place.
"""

from __future__ import annotations

import hashlib
import http.client
import io
import os
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from translate.errors import MissingWeightsError, first_line
from translate.files import aside

_SECONDS = 60
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Weights:
    """A file that is published."""

    title: str
    """What it is, in words."""
    names: tuple[str, ...]
    """Names under which it is kept; the first is ours."""
    addresses: tuple[str, ...]
    """Where it is fetched from, in order."""
    size: int
    """In bytes."""
    sha256: str
    """Of the whole file. The first eight digits are in its name, as its publishers put them there."""


KNOWN = {
    # Google's Inception of 2015, as it was defined with FID; converted by pytorch-fid, taken over by torch-fidelity.
    "inception": Weights(
        "Inception's weights of 2015-12-05",
        ("weights-inception-2015-12-05-6726825d.pth", "pt_inception-2015-12-05-6726825d.pth"),
        (
            "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth",
            "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth",
        ),
        95_628_359,
        "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
    ),
    "alexnet": Weights(
        "AlexNet's weights (torchvision, ImageNet)",
        ("alexnet-owt-7be5be79.pth",),
        ("https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",),
        244_408_911,
        "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
    ),
}


def folders() -> list[Path]:
    """Where weights are looked for; the first is where they are fetched to."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    own = os.environ.get("TRANSLATE_WEIGHTS")
    torch_home = Path(os.environ.get("TORCH_HOME") or cache / "torch")
    return [*([Path(own)] if own else []), cache / "translate", torch_home / "hub" / "checkpoints"]


def find(name: str, file: Path | None = None) -> Path:
    """Where the weights are.

    Args:
        name: a key of `KNOWN`.
        file: where they are said to be, which is then the only place.

    Raises:
        MissingWeightsError: they are not here; says how to get them.
    """
    if file is not None:
        if not file.is_file():
            raise MissingWeightsError(f"{file}: no such file, where {KNOWN[name].title} were said to be")
        return file
    for folder in folders():
        for each in KNOWN[name].names:
            if (folder / each).is_file():
                return folder / each
    raise MissingWeightsError(_missing(name))


def load(name: str, file: Path | None = None) -> dict[str, Any]:
    """The weights as tensors by name, on the CPU. Nothing in the file is executed (`weights_only`).

    Raises:
        MissingWeightsError: they are not here, are damaged, or are no weights. A `file` that was named may hold other
            bytes than the published one: `published` tells.
    """
    import torch

    path = find(name, file)
    content = path.read_bytes()
    if file is None and hashlib.sha256(content).hexdigest() != KNOWN[name].sha256:
        raise MissingWeightsError(f"{path} is damaged, its SHA-256 is not {KNOWN[name].sha256[:8]}…: delete it")
    try:
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
            raise ValueError("not tensors by name")
    except Exception as error:  # torch raises whatever the bytes suggest
        raise MissingWeightsError(f"{path} cannot be read as weights: {first_line(error)[:200]}") from None
    return state


def published(name: str, path: Path) -> bool:
    """Whether a file holds the very bytes that numbers elsewhere were computed with."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest() == KNOWN[name].sha256


def fetch(name: str, say: Callable[[str], None] = lambda line: None) -> Path:
    """Fetch the weights, unless they are here already; what arrives is kept only if its checksum is right.

    Raises:
        MissingWeightsError: no address gave them; says what each answered.
    """
    try:
        return find(name)
    except MissingWeightsError:
        pass
    known = KNOWN[name]
    path = folders()[0] / known.names[0]
    path.parent.mkdir(parents=True, exist_ok=True)
    problems = []
    for address in known.addresses:
        say(f"fetching {known.title}, {known.size / 1e6:.0f} MB, from {address}")
        try:
            with aside(path) as part:
                _download(address, part, known)
            return path
        except (OSError, http.client.HTTPException, ValueError) as error:
            problems.append(f"{address}: {getattr(error, 'reason', None) or first_line(error)}")
    raise MissingWeightsError(f"{_missing(name, fetching=False)}; {'; '.join(problems)}")


def _download(address: str, part: Path, known: Weights) -> None:
    digest, size = hashlib.sha256(), 0
    with urllib.request.urlopen(address, timeout=_SECONDS) as response, part.open("xb") as file:
        while chunk := response.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            if size > known.size:
                break
            file.write(chunk)
    if size != known.size:
        raise ValueError(f"{size:,} bytes or more arrived where {known.size:,} are expected")
    if digest.hexdigest() != known.sha256:
        raise ValueError("what arrived has another SHA-256 than was published")


def _missing(name: str, fetching: bool = True) -> str:
    known = KNOWN[name]
    how = "add --fetch-weights, or " if fetching else ""
    return (
        f"{known.title} are not here: {how}download {known.addresses[0]} ({known.size / 1e6:.0f} MB) "
        f"where there is a network and give it with --weights {name}=FILE"
    )
