"""The command line: `translate train | export | import | run | latent | …`, see `translate.commands`."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path

import translate
from translate.commands import compare, data, evaluate, export, latent, run, train
from translate.errors import ElsewhereError, TranslateError

# What each extra brings that a command may miss.
EXTRAS = {
    **dict.fromkeys(("albumentations", "filelock", "kornia", "tensorboard", "tomli_w", "torch"), "train"),
    **dict.fromkeys(("onnx", "onnxscript"), "export"),
    **dict.fromkeys(("jinja2", "lpips", "scipy", "torch_fidelity", "torchmetrics"), "evaluate"),
    "av": "video",
    "pyvips": "large",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0 done, 1 not (all) done, 2 not understood, 128 + signal stopped."""
    for stream in (sys.stdout, sys.stderr):
        # A name or an arrow that the terminal cannot show is no reason to stop.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    arguments = _parsed(argv)
    try:
        status: int = arguments.do(arguments)
        return status
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


def _parsed(argv: Sequence[str] | None) -> argparse.Namespace:
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
    if hasattr(arguments, "models"):  # two lists, of which argparse fills the first with both
        given = [*map(str, arguments.models), *rest]
        arguments.models = [Path(word) for word in given if "=" not in word or Path(word).exists()]
        rest = [word for word in given if Path(word) not in arguments.models]
        if not arguments.models:
            parser.error("which model? Name a file or a run")
    if rest:
        arguments.overrides = [*arguments.overrides, *rest]
    return arguments


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="translate", description="Image-to-image translation.")
    parser.add_argument("--version", action="version", version=f"translate {translate.__version__}")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    for group in (train, export, run, latent, evaluate, compare, data):
        group.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
