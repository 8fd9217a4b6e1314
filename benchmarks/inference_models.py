"""The generators that `benchmarks.inference` times: in torch, and as a file of each precision."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import photographs
from benchmarks.record import say
from translate.card import Card
from translate.errors import ExportError
from translate.exporting import describe, export
from translate.exporting.samples import Samples, of_run
from translate.networks import GENERATORS
from translate.networks.norm import as_used
from translate.training.resume import load_method

PRECISIONS = ("fp32", "bf16", "int8")
TINY: dict[str, dict[str, int]] = {"unet": {"depth": 4, "width": 4}, "resnet": {"blocks": 1, "width": 4}}
TINY_SIDE = 32
SIDE = 256
"""Of the pictures that precisions are held to their bounds on."""


@dataclass(frozen=True)
class Models:
    """One generator in every form."""

    network: torch.nn.Module
    files: dict[str, Path]
    """By precision: those that were not refused."""
    pictures: list[np.ndarray]
    """Uint8 `[side, side, 3]`, none of which int8's ranges were taken from."""
    facts: dict[str, Any]
    """For the record: whose `weights`, the `cards` on what each precision costs, and what was `refused`."""


def make(name: str, options: argparse.Namespace, folder: Path) -> Models:
    """The paper's generator of this name: a run's where `options.run` names one, else with random weights."""
    if run := options.run.get(name):
        saved, method = load_method(Path(run), say)
        training = {key: saved[key] for key in ("step", "pictures", "data", "held_out")}
        network, card = describe(method, saved["config"], training)
        return _exported(network, card, of_run(saved["config"], card.direction), f"{saved['step']} steps", folder)
    torch.manual_seed(0)
    made = GENERATORS[name](3, 3, **(TINY[name] if options.quick else {}))
    side = TINY_SIDE if options.quick else SIDE
    card = Card(name, "a → b", "none", "a", "b", size=side, statistics="image")
    pictures = list(_drawn(4 if options.quick else 32, side))
    half = len(pictures) // 2
    samples = Samples(pictures[:half], pictures[half:], held_out=False)
    return _exported(as_used(made, "image").eval(), card, samples, "random", folder)


def _exported(network: torch.nn.Module, card: Card, samples: Samples, weights: str, folder: Path) -> Models:
    files: dict[str, Path] = {}
    facts: dict[str, Any] = {"weights": weights, "cards": {}, "refused": {}}
    for precision in PRECISIONS:
        say(f"{card.name}: exporting {precision}")
        path = folder / f"{card.name}_{precision}.onnx"
        try:
            written = export(network, card, path, precision, samples)
        except ExportError as error:
            if precision == "fp32":
                raise
            facts["refused"][precision] = str(error)
            continue
        files[precision] = path
        facts["cards"][precision] = written.parity.get(precision, {})
    return Models(network, files, samples.judging, facts)


def _drawn(count: int, side: int) -> Iterator[np.ndarray]:
    draw = np.random.default_rng(0)
    return (photographs.photograph(draw, side, side) for _ in range(count))
