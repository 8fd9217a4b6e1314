"""`translate data list` and `translate data fetch`: data sets that are known."""

from __future__ import annotations

import argparse
from pathlib import Path

from translate.commands.words import say


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The words of `translate data list` and `translate data fetch`."""
    known = commands.add_parser("list", help="data sets that are known, or what is known of one")
    known.add_argument("name", nargs="?", metavar="NAME", help="of one of them")
    known.set_defaults(do=_list)
    fetch = commands.add_parser("fetch", help="download a known data set, check it, unpack it")
    fetch.add_argument("name", metavar="NAME", help="as `translate data list` has it, or a card of your own (.toml)")
    fetch.add_argument("--variant", choices=("paired", "unpaired"), help="where it comes in both")
    fetch.add_argument("--from", dest="source", metavar="FILE|ADDRESS", help="an archive that is here, or elsewhere")
    fetch.add_argument("--accept", default="", metavar="SHA256", help="take an archive with this checksum as right")
    fetch.set_defaults(do=_fetch)
    for command in (known, fetch):
        command.add_argument(
            "--to", type=Path, default=Path("data"), metavar="FOLDER", help="folder of data sets (default: data)"
        )


def _list(arguments: argparse.Namespace) -> int:
    from translate.data.known import card, cards, tell

    if arguments.name:
        lines = tell.particulars(card(arguments.name), arguments.to)
    else:
        lines = tell.table(cards(), arguments.to)
    for line in lines:
        say(line)
    return 0


def _fetch(arguments: argparse.Namespace) -> int:
    from translate.data.known import card, fetch, tell

    found = card(arguments.name)
    archive = found.archive(arguments.variant)
    got = fetch(found, archive, arguments.to, arguments.source, arguments.accept.lower(), say=say)
    what = ", ".join(f"{path} {files:,}" for path, files in got.files.items())
    say(f"{got.folder}: {'there already, ' if got.already else ''}{what}")
    for line in (*got.remarks, *got.odd):
        say(line)
    if got.already and got.odd:
        return 1
    if not got.already:
        say(f"{found.terms} Cite {'; '.join(found.cite)}.")
    for line in tell.next_steps(found, archive, arguments.to):
        say(line)
    return 0
