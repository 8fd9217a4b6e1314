"""The command line: `translate train | export | import | run | evaluate | data`.

Each command imports what it needs when it runs, so that `translate --help` answers at once and `translate run` never
meets torch.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from translate.arguments import parsed
from translate.card import Card
from translate.errors import ConfigError, ElsewhereError, TranslateError

if TYPE_CHECKING:
    from translate.exporting.samples import Samples
    from translate.runtime import Translator

# What each extra brings that a command may miss.
EXTRAS = {
    **dict.fromkeys(("albumentations", "filelock", "kornia", "tensorboard", "tomli_w", "torch"), "train"),
    **dict.fromkeys(("onnx", "onnxscript"), "export"),
    "av": "video",
    "pyvips": "large",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0 done, 1 not (all) done, 2 not understood, 128 + signal stopped."""
    for stream in (sys.stdout, sys.stderr):
        # A name or an arrow that the terminal cannot show is no reason to stop.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    arguments = parsed(argv)
    commands = {
        "train": _train,
        "export": _export,
        "import": _import,
        "run": _run,
        "evaluate": _evaluate,
        "make_town": _make_town,
        "check_data": _check_data,
    }
    try:
        return commands[arguments.command](arguments)
    except TranslateError as error:
        if arguments.debug:
            raise
        if not isinstance(error, ElsewhereError):
            print(f"translate: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if arguments.debug or module not in EXTRAS:
            raise
        print(f"translate: {module} is not installed: pip install 'translate-gan[{EXTRAS[module]}]'", file=sys.stderr)
        return 1
    except OSError as error:  # a full disk, a folder that may not be written
        if arguments.debug:
            raise
        where = f"{error.filename}: " if error.filename else ""
        print(f"translate: {where}{error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _train(arguments: argparse.Namespace) -> int:
    from translate import config
    from translate.training import together
    from translate.training.run import Run

    with together.company():
        plan = together.each(lambda: config.plan(config.read(arguments.config, arguments.overrides)))
        result = Run(plan, arguments.runs, _say).train(resume=arguments.resume)
    if result.interrupted:
        return 128 + result.interrupted
    if together.leads():
        _say(f"done: {result.folder}, step {result.step:,}; next: translate export {result.folder} -o MODEL.onnx")
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from translate.exporting import describe, export
    from translate.training import strip
    from translate.training.resume import load_method

    saved, method = load_method(arguments.run, _say, arguments.best)
    training = {key: saved[key] for key in ("step", "pictures", "data", "held_out")}
    best = saved.get("best")
    if best and best["step"] == saved["step"]:
        training["scores"] = {best["metric"]: best["score"]}
    network, card = describe(method, saved["config"], training, arguments.direction, arguments.statistics)
    card = _licensed(card, arguments.license)
    samples = _samples(arguments, card, saved["config"])
    shown = strip.of_run(arguments.run, saved["config"], card, saved["step"]) if arguments.history else None
    _exported(export(network, card, arguments.output, arguments.precision, samples, shown), arguments.output)
    return 0


def _import(arguments: argparse.Namespace) -> int:
    from translate.exporting import export
    from translate.exporting.foreign import adopt

    source, _, target = map(str.strip, arguments.domains.partition(","))
    if not (source and target) or "," in target:
        raise ConfigError(f"--domains {arguments.domains}: it must be two words, such as labels,photo")
    foreign = adopt(arguments.weights, arguments.name, (source, target), arguments.size, arguments.statistics)
    _say(
        f"{arguments.weights}: {foreign.card.training['network']}" + (f"; {foreign.warning}" if foreign.warning else "")
    )
    card = _licensed(foreign.card, arguments.license)
    samples = _samples(arguments, card)
    _exported(export(foreign.network, card, arguments.output, arguments.precision, samples), arguments.output)
    return 0


def _licensed(card: Card, text: str) -> Card:
    """The card with the licence that was stated. Raises ModelError where no card may have such a text."""
    return Card.from_json(replace(card, license=text).to_json())


def _exported(card: Card, path: Path) -> None:
    _say(
        f"{path}: {card.task}, {path.stat().st_size / 1e6:.1f} MB; ONNX Runtime and torch differ by at most "
        f"{card.parity['max_float']:.2g} of 255 levels on {', '.join(card.parity['sizes'])}"
    )
    if cost := card.parity.get(card.precision):
        _say(
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


def _run(arguments: argparse.Namespace) -> int:
    from translate.runtime import Translator
    from translate.runtime.streams import command

    options = command.Options(**{field.name: getattr(arguments, field.name) for field in fields(command.Options)})
    translator = Translator(arguments.model, engine=arguments.engine, threads=arguments.threads, range=arguments.range)
    if arguments.tile is not None:
        options.only("pictures in parts", "suffix")
        return _run_in_parts(translator, arguments)
    if arguments.passes is not None:
        raise ConfigError("--passes is for pictures in parts: give --tile as well")
    return command.run(translator, arguments.inputs, arguments.output, options, _say)


def _run_in_parts(translator: Translator, arguments: argparse.Namespace) -> int:
    from translate.runtime.tiles import translate_large_files

    settings = {"suffix": arguments.suffix, "tile": arguments.tile or None, "passes": arguments.passes}
    outcome = translate_large_files(translator, arguments.inputs, arguments.output, report=_say, **settings)
    _say(f"{outcome.done} translated, {len(outcome.failed)} failed")
    return 1 if outcome.failed else 0


def _evaluate(arguments: argparse.Namespace) -> int:
    from translate import config
    from translate.evaluation import evaluate

    if bool(arguments.reader) != bool(arguments.labels):
        raise ConfigError("--reader and --labels go together: what reads classes, and which are the true ones")
    plan = config.plan(config.read(arguments.data, arguments.overrides))
    scores = evaluate(arguments.models, plan, arguments.reader, arguments.labels)
    _say(scores.table())
    if arguments.save:
        scores.save(arguments.save)
    return 0


def _make_town(arguments: argparse.Namespace) -> int:
    from translate.data import town

    views = arguments.views.split(",")
    town.make(arguments.out, arguments.count, arguments.size, views, seed=arguments.seed, progress=_count)
    _say(f"{arguments.out}: {arguments.count} scenes as {', '.join(views)}")
    return 0


def _check_data(arguments: argparse.Namespace) -> int:
    from translate import config

    plan = config.plan(config.read(arguments.config, arguments.overrides))
    plan.layout.check()
    _say(
        f"{plan.layout.where}: {len(plan.layout.train):,} to train on, {len(plan.layout.held_out):,} held out, all read"
    )
    return 0


def _say(line: str) -> None:
    try:
        print(line, flush=True)
    except BrokenPipeError:
        # Whoever read our output has closed it, as `head` does: the work goes on unheard.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _count(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done:,}/{total:,}", end="\n" if done == total else "", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
