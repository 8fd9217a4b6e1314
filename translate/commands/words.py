"""What commands have in common: words that several take, and lines that they say."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path


def add_config(parser: argparse.ArgumentParser) -> None:
    """A configuration, and what is laid over it."""
    parser.add_argument("config", type=Path, metavar="CONFIG.toml")
    parser.add_argument("overrides", nargs="*", metavar="key.sub=value", help="laid over the configuration")


def say(line: str) -> None:
    """A line for the user."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        # Whoever read our output has closed it, as `head` does: the work goes on unheard.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def count(done: int, total: int) -> None:
    """How far it is, where somebody looks on."""
    if sys.stderr.isatty():
        print(f"\r{done:,}/{total:,}", end="\n" if done == total else "", file=sys.stderr, flush=True)
