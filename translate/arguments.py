"""The words of the command line: what each command is called and takes, and nothing of what it does."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import translate


def parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command and what it is told.

    `key=value` may stand anywhere, also behind options, where argparse takes no more of a list.
    """
    parser = _parser()
    words = list(sys.argv[1:] if argv is None else argv)
    if "--debug" in words:  # wherever it stands
        words.remove("--debug")
        words.insert(0, "--debug")
    arguments, rest = parser.parse_known_args(words)
    unknown = [word for word in rest if word.startswith("-") or not hasattr(arguments, "overrides")]
    if unknown:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    if arguments.command == "evaluate":  # two lists, of which argparse fills the first with both
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
    train.set_defaults(command="train")

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
    export.set_defaults(command="export")

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
    adopt.set_defaults(command="import")

    _add_run(commands.add_parser("run", help="translate pictures or a video with an exported model"))

    evaluate = commands.add_parser("evaluate", help="score exported models on a configuration's held-out pairs")
    evaluate.usage = "translate evaluate MODEL.onnx ... --data CONFIG.toml [key.sub=value ...] [options]"
    evaluate.add_argument("models", type=Path, nargs="+", metavar="MODEL.onnx", help="all of one direction")
    evaluate.add_argument(
        "--data", type=Path, required=True, metavar="CONFIG.toml", help="the configuration that trained them"
    )
    evaluate.set_defaults(command="evaluate", overrides=[])
    evaluate.add_argument(
        "--reader", type=Path, metavar="READER.onnx", help="a model from target pictures to label maps: score classes"
    )
    evaluate.add_argument("--labels", type=Path, metavar="FOLDER", help="the true label maps, by the pictures' names")
    evaluate.add_argument("--save", type=Path, default=None, metavar="SCORES.json", help="write every picture's scores")

    _add_data(commands.add_parser("data", help="make or check data"))
    return parser


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
    run.set_defaults(command="run")


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
    town.set_defaults(command="make_town")
    check = commands.add_parser("check", help="read every file that a configuration names")
    _add_config(check)
    check.set_defaults(command="check_data")


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", type=Path, metavar="CONFIG.toml")
    parser.add_argument("overrides", nargs="*", metavar="key.sub=value", help="laid over the configuration")
