"""`translate data pack`: what a configuration names as shards."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from translate.commands.words import add_config, count, say
from translate.errors import ConfigError


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The words of `translate data pack`."""
    pack = commands.add_parser("pack", help="write what a configuration names as WebDataset shards (docs/scale.md)")
    add_config(pack)
    pack.add_argument("-o", "--out", type=Path, required=True, metavar="DIR", help="folder; a new or an empty one")
    pack.add_argument("--shard-size", default="256MB", metavar="SIZE", help="of a shard, at most (default: 256MB)")
    pack.add_argument("--count", type=int, default=0, metavar="N", help="the first N to train on, and all held out")
    pack.set_defaults(do=_pack)


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
