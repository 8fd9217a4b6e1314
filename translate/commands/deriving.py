"""`translate data derive`: inputs of photos, as files."""

from __future__ import annotations

import argparse
from pathlib import Path

from translate.commands.words import count, say


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The words of `translate data derive`."""
    derive = commands.add_parser("derive", help="make inputs of photos, as layout = 'derived' makes them in training")
    derive.usage = "translate data derive FOLDER -o OUT --as canny [key=value ...]"
    derive.add_argument("folder", type=Path, metavar="FOLDER", help="of photos, or in a .zip")
    derive.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help="folder of the results, PNG")
    derive.add_argument("--as", dest="name", required=True, metavar="NAME", help="canny, soft_edges, grey, blur, …")
    derive.add_argument("overrides", nargs="*", metavar="key=value", help="arguments of it, such as sigma=2")
    derive.set_defaults(do=_derive)


def _derive(arguments: argparse.Namespace) -> int:
    from translate import config
    from translate.data.derived.disk import derive

    kind = config.derivation(arguments.name, arguments.overrides)
    found = derive(kind, arguments.folder, arguments.output, count)
    say(f"{arguments.output}: {found} pictures, {kind.does}")
    return 0
