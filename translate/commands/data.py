"""`translate data`: make it, check it."""

from __future__ import annotations

import argparse
from pathlib import Path

from translate.commands.words import count, say


def add(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The words of `translate data`."""
    parser = groups.add_parser("data", help="make or check data")
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
    town.set_defaults(do=_make_town)
    check = commands.add_parser("check", help="look for what is wrong with a folder, or with a configuration's data")
    check.add_argument("path", type=Path, metavar="PATH|CONFIG.toml", help="a folder of pictures, or a configuration")
    check.add_argument(
        "overrides", nargs="*", metavar="key.sub=value", help="laid over the configuration, such as data.layout=images"
    )
    check.add_argument("--sheet", type=Path, metavar="OUT.html|OUT.png", help="what was found, as pictures")
    check.add_argument("--json", type=Path, metavar="OUT.json", help="what was found, for programs")
    check.add_argument("--strict", action="store_true", help="warnings end in exit status 1 as well")
    check.set_defaults(do=_check)


def _make_town(arguments: argparse.Namespace) -> int:
    from translate.data import town

    views = arguments.views.split(",")
    town.make(arguments.out, arguments.count, arguments.size, views, seed=arguments.seed, progress=count)
    say(f"{arguments.out}: {arguments.count} scenes as {', '.join(views)}")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from translate.commands.checking import run

    return run(arguments)
