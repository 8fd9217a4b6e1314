"""`translate data`: list and fetch what is known, make it, check it."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from translate.commands.words import add_config, count, say
from translate.errors import ConfigError


def add(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The words of `translate data`."""
    parser = groups.add_parser("data", help="fetch, make or check data")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_known(commands)
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
    pack = commands.add_parser("pack", help="write what a configuration names as WebDataset shards (docs/scale.md)")
    add_config(pack)
    pack.add_argument("-o", "--out", type=Path, required=True, metavar="DIR", help="folder; a new or an empty one")
    pack.add_argument("--shard-size", default="256MB", metavar="SIZE", help="of a shard, at most (default: 256MB)")
    pack.add_argument("--count", type=int, default=0, metavar="N", help="the first N to train on, and all held out")
    pack.set_defaults(do=_pack)
    check = commands.add_parser("check", help="look for what is wrong with a folder, or with a configuration's data")
    check.add_argument("path", type=Path, metavar="PATH|CONFIG.toml", help="a folder of pictures, or a configuration")
    check.add_argument(
        "overrides", nargs="*", metavar="key.sub=value", help="laid over the configuration, such as data.layout=images"
    )
    check.add_argument("--sheet", type=Path, metavar="OUT.html|OUT.png", help="what was found, as pictures")
    check.add_argument("--json", type=Path, metavar="OUT.json", help="what was found, for programs")
    check.add_argument("--strict", action="store_true", help="warnings end in exit status 1 as well")
    check.set_defaults(do=_check)


def _add_known(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
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


def _make_town(arguments: argparse.Namespace) -> int:
    from translate.data import town

    views = arguments.views.split(",")
    town.make(arguments.out, arguments.count, arguments.size, views, seed=arguments.seed, progress=count)
    say(f"{arguments.out}: {arguments.count} scenes as {', '.join(views)}")
    return 0


def _pack(arguments: argparse.Namespace) -> int:
    from translate import config
    from translate.data.layouts import OF_FILES
    from translate.data.shards.packing import pack

    size, most = _bytes(arguments.shard_size), arguments.count
    if most < 0:
        raise ConfigError(f"--count {most}: it must not be negative")
    plan = config.plan(config.read(arguments.config, arguments.overrides))
    data = plan.resolved["data"]
    packed = pack(plan.layout, data, arguments.out, plan.name, OF_FILES, size, most, progress=count)
    say(f"{arguments.out}: {packed.samples:,} samples in {packed.shards:,} shards, {packed.bytes / 1e6:,.1f} MB")
    say(f'to train on them: data = {{ layout = "packed", root = "{arguments.out}" }}')
    return 0


def _bytes(text: str) -> int:
    """A size such as 256MB or 1GiB."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kMGT]?)(i?)B?", text.strip())
    if not found:
        raise ConfigError(f"--shard-size {text}: write a size such as 256MB or 1GB")
    number, prefix, binary = found.groups()
    return int(float(number) * (1024 if binary else 1000) ** " kMGT".index(prefix or " "))


def _check(arguments: argparse.Namespace) -> int:
    from translate.commands.checking import run

    return run(arguments)
