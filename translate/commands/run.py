"""`translate run`: pictures, archives, videos and large pictures through an exported model."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from translate.commands.words import say
from translate.errors import ConfigError

if TYPE_CHECKING:
    from translate.runtime import Translator


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The words of `translate run`."""
    run = commands.add_parser("run", help="translate pictures or a video with an exported model")
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
    pictures.add_argument(
        "--with",
        dest="others",
        action="append",
        default=[],
        metavar="FOLDER",
        help="further inputs of a model that takes several, by the same names; once for each",
    )
    pictures.add_argument(
        "--derive", action="store_true", help="they are photos: make the model's inputs of them first, as training did"
    )
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
    run.set_defaults(do=_run)


def _run(arguments: argparse.Namespace) -> int:
    from translate.runtime import Translator, contract
    from translate.runtime.streams import command

    options = command.Options(**{field.name: getattr(arguments, field.name) for field in fields(command.Options)})
    translator = Translator(arguments.model, engine=arguments.engine, threads=arguments.threads, range=arguments.range)
    contract.translating(translator.card, "`translate run`")
    if arguments.tile is not None:
        options.only("pictures in parts", "suffix")
        return _run_in_parts(translator, arguments)
    if arguments.passes is not None:
        raise ConfigError("--passes is for pictures in parts: give --tile as well")
    return command.run(translator, arguments.inputs, arguments.output, options, say)


def _run_in_parts(translator: Translator, arguments: argparse.Namespace) -> int:
    from translate.runtime.tiles import translate_large_files

    settings = {"suffix": arguments.suffix, "tile": arguments.tile or None, "passes": arguments.passes}
    outcome = translate_large_files(translator, arguments.inputs, arguments.output, report=say, **settings)
    say(f"{outcome.done} translated, {len(outcome.failed)} failed")
    return 1 if outcome.failed else 0
