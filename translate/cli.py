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
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import translate
from translate.errors import ConfigError, ElsewhereError, TranslateError

if TYPE_CHECKING:
    from translate.card import Card
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
    arguments = _arguments(_parser(), argv)
    try:
        return int(arguments.command(arguments))
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
    from translate.training.resume import load_method

    saved, method = load_method(arguments.run, _say, arguments.best)
    training = {key: saved[key] for key in ("step", "pictures", "data", "held_out")}
    network, card = describe(method, saved["config"], training, arguments.direction, arguments.statistics)
    samples = _samples(arguments, card, saved["config"])
    _exported(export(network, card, arguments.output, arguments.precision, samples), arguments.output)
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
    samples = _samples(arguments, foreign.card)
    _exported(export(foreign.network, foreign.card, arguments.output, arguments.precision, samples), arguments.output)
    return 0


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


def _arguments(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse; `key=value` may stand anywhere, also behind options, where argparse takes no more of a list."""
    words = list(sys.argv[1:] if argv is None else argv)
    if "--debug" in words:  # wherever it stands
        words.remove("--debug")
        words.insert(0, "--debug")
    arguments, rest = parser.parse_known_args(words)
    unknown = [word for word in rest if word.startswith("-") or not hasattr(arguments, "overrides")]
    if unknown:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    if arguments.command is _evaluate:  # two lists, of which argparse fills the first with both
        given = [*map(str, arguments.models), *rest]
        arguments.models = [Path(word) for word in given if "=" not in word or Path(word).exists()]
        rest = [word for word in given if Path(word) not in arguments.models]
        if not arguments.models:
            parser.error("which model? translate evaluate MODEL.onnx ... --data CONFIG.toml")
    if rest:
        arguments.overrides = [*arguments.overrides, *rest]
    return arguments


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="translate", description="Image-to-image translation.")
    parser.add_argument("--version", action="version", version=f"translate {translate.__version__}")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train = commands.add_parser("train", help="train a method on data, both named in a configuration")
    _add_config(train)
    train.add_argument("--resume", action="store_true", help="go on where the run of this name stopped")
    train.add_argument("--runs", type=Path, default=Path("runs"), help="folder of runs (default: runs)")
    train.set_defaults(command=_train)

    export = commands.add_parser("export", help="write a trained model as one self-contained .onnx file")
    export.add_argument("run", type=Path, metavar="RUN", help="folder of the run, such as runs/NAME")
    export.add_argument("-o", "--output", type=Path, required=True, metavar="MODEL.onnx")
    export.add_argument(
        "--statistics",
        choices=("auto", "image", "running"),
        default="auto",
        help="what BatchNorm uses: each image's own statistics, training's running ones, or what training saw",
    )
    _add_precision(export)
    export.add_argument("--best", action="store_true", help="the best checkpoint by train.best, not the newest")
    export.add_argument(
        "--direction",
        choices=("forward", "backward"),
        default="forward",
        help="source → target, or back where it learns both",
    )
    export.set_defaults(command=_export)

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
    adopt.add_argument(
        "--statistics",
        choices=("auto", "image", "running"),
        default="auto",
        help="what BatchNorm uses: each image's own statistics (auto: as that code tests) or training's running ones",
    )
    _add_precision(adopt)
    adopt.set_defaults(command=_import)

    _add_run(commands.add_parser("run", help="translate pictures or a video with an exported model"))

    evaluate = commands.add_parser("evaluate", help="score exported models on a configuration's held-out pairs")
    evaluate.usage = "translate evaluate MODEL.onnx ... --data CONFIG.toml [key.sub=value ...] [options]"
    evaluate.add_argument("models", type=Path, nargs="+", metavar="MODEL.onnx", help="all of one direction")
    evaluate.add_argument(
        "--data", type=Path, required=True, metavar="CONFIG.toml", help="the configuration that trained them"
    )
    evaluate.set_defaults(command=_evaluate, overrides=[])
    evaluate.add_argument(
        "--reader", type=Path, metavar="READER.onnx", help="a model from target pictures to label maps: score classes"
    )
    evaluate.add_argument("--labels", type=Path, metavar="FOLDER", help="the true label maps, by the pictures' names")
    evaluate.add_argument("--save", type=Path, default=None, metavar="SCORES.json", help="write every picture's scores")

    _add_data(commands.add_parser("data", help="make or check data"))
    return parser


def _add_precision(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--precision",
        choices=("fp32", "fp16", "bf16", "int8"),
        default="fp32",
        help="int8 for CPUs, fp16 for GPUs; refused where it is more than a level off on pictures",
    )
    parser.add_argument(
        "--pictures", type=Path, metavar="FOLDER", help="to measure that on (default: the run's own, held-out ones)"
    )


def _add_run(run: argparse.ArgumentParser) -> None:
    run.epilog = "Results hold pixels alone: no EXIF, colour profile or other metadata of the input is copied."
    run.add_argument("model", type=Path, metavar="MODEL.onnx")
    run.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="pictures, folders or .zip files of them, patterns ('photos/**/*.jpg'), - for standard input; or a video",
    )
    run.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="OUT",
        help="a folder; for one picture or a video a file; - for standard output",
    )
    run.add_argument("--threads", type=int, default=0, help="cores to use (default: all)")
    run.add_argument("--engine", default="auto", help="cpu, cuda, tensorrt or openvino (default: the fastest here)")
    run.add_argument("--range", help="levels of a model without a card: [-1,1], [0,1] or 0-255 (default: guessed)")
    pictures = run.add_argument_group("pictures")
    pictures.add_argument("--recursive", action="store_true", help="take folders in folders too, and keep them")
    pictures.add_argument("--suffix", help="kind of file to write, such as .png (default: the input's)")
    pictures.add_argument("--name", metavar="PATTERN", help="such as '{stem}_night{suffix}'; {number} counts from 1")
    pictures.add_argument("--quality", type=int, help="of JPEG, WebP and AVIF, 1 to 100 (default: 95)")
    pictures.add_argument("--skip-existing", action="store_true", help="leave alone what has a result already")
    large = run.add_argument_group("large pictures")
    large.add_argument(
        "--tile",
        type=int,
        nargs="?",
        const=0,
        metavar="SIDE",
        help="in parts of this side, in memory that does not grow with the picture, going on after a kill",
    )
    large.add_argument("--passes", type=int, help="passes for statistics, at most (default: until they are settled)")
    video = run.add_argument_group("a video")
    video.add_argument("--crf", type=int, help="quality of H.264: 0 (nothing lost) to 51 (default: 20)")
    video.add_argument(
        "--blend", type=float, help="0 to 0.9: share of the frame before in each, against flicker (default: 0)"
    )
    run.set_defaults(command=_run)


def _add_data(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    make = commands.add_parser("make", help="draw a synthetic data set")
    worlds = make.add_subparsers(required=True, metavar="WORLD")
    town = worlds.add_parser("town", help="a town by day and by night, as labels, edges and grey, in register")
    town.add_argument("out", type=Path, metavar="OUT", help="folder; each view becomes a folder in it")
    town.add_argument("--count", type=int, default=400, help="scenes (default: 400)")
    town.add_argument("--size", type=int, default=256, help="side in pixels (default: 256)")
    town.add_argument(
        "--views", default="edges,day,night", help="of day,night,labels,edges,grey (default: edges,day,night)"
    )
    town.add_argument("--seed", type=int, default=0, help="of the first scene (default: 0)")
    town.set_defaults(command=_make_town)
    check = commands.add_parser("check", help="read every file that a configuration names")
    _add_config(check)
    check.set_defaults(command=_check_data)


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", type=Path, metavar="CONFIG.toml")
    parser.add_argument("overrides", nargs="*", metavar="key.sub=value", help="laid over the configuration")


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
