"""`translate data`: make it, check it."""

from __future__ import annotations

import argparse
from pathlib import Path

from translate.commands.words import add_config, count, say


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
    _add_derive(commands)
    check = commands.add_parser("check", help="read every file that a configuration names")
    add_config(check)
    check.set_defaults(do=_check)


def _add_derive(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    derive = commands.add_parser("derive", help="make inputs of photos, as layout = 'derived' makes them in training")
    derive.usage = "translate data derive FOLDER -o OUT --as canny [key=value ...]"
    derive.add_argument("folder", type=Path, metavar="FOLDER", help="of photos")
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


def _make_town(arguments: argparse.Namespace) -> int:
    from translate.data import town

    views = arguments.views.split(",")
    town.make(arguments.out, arguments.count, arguments.size, views, seed=arguments.seed, progress=count)
    say(f"{arguments.out}: {arguments.count} scenes as {', '.join(views)}")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from translate import config

    plan = config.plan(config.read(arguments.config, arguments.overrides))
    plan.layout.check()
    say(
        f"{plan.layout.where}: {len(plan.layout.train):,} to train on, {len(plan.layout.held_out):,} held out, all read"
    )
    return 0
