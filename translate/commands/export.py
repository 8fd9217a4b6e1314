"""`translate export` and `translate import`: what becomes an `.onnx` file."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from translate import attributes
from translate.card import Card
from translate.commands.words import say
from translate.errors import ConfigError

if TYPE_CHECKING:
    from translate.exporting.samples import Samples
    from translate.methods import Method


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The words of `translate export` and `translate import`."""
    export = commands.add_parser("export", help="write a trained model as one self-contained .onnx file")
    export.add_argument("run", type=Path, metavar="RUN", help="folder of the run, such as runs/NAME")
    export.add_argument("-o", "--output", type=Path, required=True, metavar="MODEL.onnx")
    _add_form(export, "as training saw")
    export.add_argument("--best", action="store_true", help="the best checkpoint by train.best, not the newest")
    export.add_argument(
        "--direction",
        choices=("forward", "backward"),
        default="forward",
        help="source → target, or back where it learns both",
    )
    export.add_argument(
        "--history",
        action="store_true",
        help="keep the run's training in pictures in the file, which then shows two samples of its data",
    )
    export.add_argument(
        "--attributes",
        type=Path,
        metavar="FILE.json",
        help="directions of its noise that mean something, for a model that draws from noise",
    )
    export.set_defaults(do=_export)

    adopt = commands.add_parser(
        "import", help="write a generator of the pix2pix, CycleGAN or CUT authors' code as .onnx"
    )
    adopt.add_argument("weights", type=Path, metavar="WEIGHTS.pth", help="its file, such as latest_net_G.pth")
    adopt.add_argument("-o", "--output", type=Path, required=True, metavar="MODEL.onnx")
    adopt.add_argument("--name", default="", help="of the model (default: its folder's)")
    adopt.add_argument(
        "--domains", default="source,target", help="what it translates from and into (default: source,target)"
    )
    adopt.add_argument("--size", type=int, default=0, help="side it was trained on (default: the network's usual one)")
    _add_form(adopt, "as that code tests")
    adopt.set_defaults(do=_import)


def _add_form(parser: argparse.ArgumentParser, auto: str) -> None:
    """What the file is made like; `auto` is what it takes for BatchNorm if nothing is said."""
    parser.add_argument(
        "--statistics",
        choices=("auto", "image", "running"),
        default="auto",
        help=f"what BatchNorm uses: each image's own statistics or training's running ones (auto: {auto})",
    )
    parser.add_argument(
        "--precision",
        choices=("fp32", "fp16", "bf16", "int8"),
        default="fp32",
        help="int8 for CPUs, fp16 for GPUs; refused where it is more than a level off on pictures",
    )
    parser.add_argument(
        "--pictures", type=Path, metavar="FOLDER", help="to measure that on (a run has its own, held-out ones)"
    )
    parser.add_argument("--license", default="", metavar="TEXT", help="of the weights, as the card is to state it")


def _export(arguments: argparse.Namespace) -> int:
    from translate.exporting import describe, export
    from translate.training import strip
    from translate.training.resume import load_method

    saved, method = load_method(arguments.run, say, arguments.best)
    if method.reader:
        return _export_classifier(arguments, saved["config"], method)
    training = {key: saved[key] for key in ("step", "pictures", "data", "held_out")}
    best = saved.get("best")
    if best and best["step"] == saved["step"]:
        training["scores"] = {best["metric"]: best["score"]}
    network, card = describe(method, saved["config"], training, arguments.direction, arguments.statistics)
    if arguments.attributes:
        card = replace(card, attributes=attributes.read(arguments.attributes))
    card = _licensed(card, arguments.license)
    if card.draws:
        _suits_drawing(arguments, card)
    samples = None if card.draws else _samples(arguments, card, saved["config"])
    shown = strip.of_run(arguments.run, saved["config"], card, saved["step"]) if arguments.history else None
    _exported(export(network, card, arguments.output, arguments.precision, samples, shown), arguments.output)
    return 0


def _export_classifier(arguments: argparse.Namespace, config: dict[str, Any], method: Method) -> int:
    from translate.exporting.classifier import export_classifier

    if arguments.precision != "fp32" or arguments.history or arguments.pictures or arguments.license:
        raise ConfigError("a classifier is exported as fp32, without card and history: leave the other words out")
    if arguments.attributes:
        raise ConfigError("--attributes are directions of noise, and a classifier draws nothing: leave them out")
    if arguments.direction != "forward":
        raise ConfigError("--direction backward: a classifier reads pictures, it translates none: leave it out")
    if arguments.statistics == "image":
        raise ConfigError(
            "--statistics image: a classifier reads pictures as it was scored, by training's statistics: leave it out"
        )
    worst = export_classifier(method, config, arguments.output)
    size = arguments.output.stat().st_size / 1e6
    say(f"{arguments.output}: scores of classes, {size:.1f} MB; ONNX Runtime and torch differ by at most {worst:.1g}")
    return 0


def _suits_drawing(arguments: argparse.Namespace, card: Card) -> None:
    if arguments.history:
        raise ConfigError(
            f"--history shows what training made of two pictures, {card.name} draws from noise: leave it out"
        )
    if arguments.pictures:
        raise ConfigError(
            f"--pictures: {card.name} takes none, its precision is measured on what it draws: leave them out"
        )


def _import(arguments: argparse.Namespace) -> int:
    from translate.exporting import export
    from translate.exporting.foreign import adopt

    source, _, target = map(str.strip, arguments.domains.partition(","))
    if not (source and target) or "," in target:
        raise ConfigError(f"--domains {arguments.domains}: it must be two words, such as labels,photo")
    foreign = adopt(arguments.weights, arguments.name, (source, target), arguments.size, arguments.statistics)
    say(
        f"{arguments.weights}: {foreign.card.training['network']}" + (f"; {foreign.warning}" if foreign.warning else "")
    )
    card = _licensed(foreign.card, arguments.license)
    samples = _samples(arguments, card)
    _exported(export(foreign.network, card, arguments.output, arguments.precision, samples), arguments.output)
    return 0


def _licensed(card: Card, text: str) -> Card:
    """The card with the licence that was stated. Raises ModelError where no card may be as this one is."""
    return Card.from_json(replace(card, license=text).to_json())


def _exported(card: Card, path: Path) -> None:
    levels, sizes = card.parity.get("levels", 255), ", ".join(card.parity["sizes"])
    say(
        f"{path}: {card.task}, {path.stat().st_size / 1e6:.1f} MB; ONNX Runtime and torch differ by at most "
        f"{card.parity['max_float']:.2g} of {levels:,} levels on {sizes}"
    )
    if cost := card.parity.get(card.precision):
        say(
            f"{card.precision} is {cost['mean_levels']:.2f} of 255 levels off on average, {cost['max_levels']} at "
            f"most, SSIM {cost['ssim']:.4f}, on {cost['pictures']} {'held-out ' if cost['held_out'] else ''}pictures"
        )


def _samples(arguments: argparse.Namespace, card: Card, run: dict[str, Any] | None = None) -> Samples | None:
    """Pictures to measure a smaller precision on: those that were given, else those of the run."""
    from translate.exporting import samples

    if arguments.precision == "fp32":
        return None
    if arguments.pictures:
        return samples.of_folder(arguments.pictures, card.source_channels, card.size)
    if run is None:
        raise ConfigError(
            f"--precision {arguments.precision} is measured on pictures: give some with --pictures FOLDER"
        )
    return samples.of_run(run, card.direction)
