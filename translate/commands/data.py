"""`translate data`: fetch it, make it, derive it, pack it, check it."""

from __future__ import annotations

import argparse
from pathlib import Path

from translate.commands import checking, deriving, known, packing
from translate.commands.words import count, say


def add(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The words of `translate data`."""
    parser = groups.add_parser("data", help="fetch, make, derive, pack or check data")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    known.add(commands)
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
    faces = worlds.add_parser("faces", help="faces whose attributes are known (smile, glasses, hat, ...)")
    faces.add_argument("out", type=Path, metavar="OUT", help="folder; each view becomes a folder in it")
    faces.add_argument("--count", type=int, default=10_000, help="faces (default: 10000)")
    faces.add_argument("--size", type=int, default=64, help="side in pixels (default: 64)")
    faces.add_argument("--views", default="face", help="of face,edges (default: face)")
    faces.add_argument("--seed", type=int, default=0, help="of the first face (default: 0)")
    faces.set_defaults(do=_make_faces)
    for part in (deriving, packing, checking):
        part.add(commands)


def _make_town(arguments: argparse.Namespace) -> int:
    from translate.data import town

    views = arguments.views.split(",")
    town.make(arguments.out, arguments.count, arguments.size, views, seed=arguments.seed, progress=count)
    say(f"{arguments.out}: {arguments.count} scenes as {', '.join(views)}")
    return 0


def _make_faces(arguments: argparse.Namespace) -> int:
    from translate.data import faces

    views = arguments.views.split(",")
    faces.make(arguments.out, arguments.count, arguments.size, views, seed=arguments.seed, progress=count)
    say(f"{arguments.out}: {arguments.count} faces as {', '.join(views)}, and attributes.csv")
    return 0
