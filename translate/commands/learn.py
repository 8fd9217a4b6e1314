"""`translate learn`: the theory of games, to run and to see."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from translate.commands.words import say
from translate.errors import ConfigError

if TYPE_CHECKING:
    from translate.learn.lesson import Lesson

COLLAPSE = ("gan", "minimax", "unrolled5", "unrolled10", "wgan_gp")


def add(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The words of `translate learn`."""
    parser = groups.add_parser("learn", help="play the games of a lecture: theory as numbers, charts and animations")
    lessons = parser.add_subparsers(required=True, metavar="LESSON")
    minimax = lessons.add_parser("minimax", help="D comes to p/(p + q), C(G) to -log 4 (half a minute)")
    minimax.add_argument("--steps", type=int, default=1200, help="rounds of the game of both (default: 1200)")
    minimax.set_defaults(do=_minimax)
    saturation = lessons.add_parser("saturation", help="what reaches G while D wins, by two losses (half a minute)")
    saturation.add_argument("--steps", type=int, default=4000, help="rounds of the second game (default: 4000)")
    saturation.set_defaults(do=_saturation)
    wasserstein = lessons.add_parser(
        "wasserstein", help="two distributions move apart: JSD is flat, W1 is not (half a minute)"
    )
    wasserstein.add_argument("--steps", type=int, default=200, help="rounds of each critic (default: 200)")
    wasserstein.set_defaults(do=_wasserstein)
    collapse = lessons.add_parser("collapse", help="modes lost and kept on a ring of 8 Gaussians (half an hour)")
    collapse.add_argument("--method", choices=COLLAPSE, action="append", help="one of the games (default: all)")
    collapse.add_argument("--steps", type=int, default=0, help="rounds of each run (default: 2000)")
    collapse.add_argument("--seeds", type=int, default=5, help="runs of each game, from --seed on (default: 5)")
    collapse.set_defaults(do=_collapse)
    for lesson in lessons.choices.values():
        lesson.add_argument("--seed", type=int, default=0, help="of networks, noise and data (default: 0)")
        lesson.add_argument("-o", "--out", type=Path, required=True, metavar="FOLDER", help="for chart, film, numbers")


def _minimax(arguments: argparse.Namespace) -> int:
    from translate.learn import minimax

    _begin(arguments)
    return _end(arguments, minimax.lesson(arguments.steps, arguments.seed))


def _saturation(arguments: argparse.Namespace) -> int:
    from translate.learn import saturation

    _begin(arguments, least=saturation.HEADSTART)
    return _end(arguments, saturation.lesson(arguments.steps, arguments.seed))


def _wasserstein(arguments: argparse.Namespace) -> int:
    from translate.learn import wasserstein

    _begin(arguments)
    return _end(arguments, wasserstein.lesson(arguments.steps, arguments.seed))


def _collapse(arguments: argparse.Namespace) -> int:
    from translate.learn import collapse

    rounds = arguments.steps or collapse.ROUNDS
    methods = arguments.method or [*collapse.RECIPES]
    if arguments.seeds < 1:
        raise ConfigError(f"--seeds {arguments.seeds}: at least one run of each game")
    arguments.steps = rounds
    _begin(arguments)
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    played = []
    for number, one in enumerate(collapse.runs(methods, seeds, rounds), 1):
        of = f"run {number} of {len(methods) * len(seeds)}: {collapse.RECIPES[one.method].name}, seed {one.seed}"
        say(f"{of}: {one.modes} modes, {one.share:.0%} of high quality, {one.seconds:.0f} s")
        played.append(one)
    return _end(arguments, collapse.lesson(played))


def _begin(arguments: argparse.Namespace, least: int = 1) -> None:
    """Look at what all lessons are told, and make their folder: before the work, not after it."""
    from translate.learn.lesson import prepare

    if arguments.steps < least:
        raise ConfigError(f"--steps {arguments.steps}: at least {least}")
    if not 0 <= arguments.seed < 2**31:
        raise ConfigError(f"--seed {arguments.seed}: a whole number from 0 to {2**31 - 1}")
    prepare(arguments.out)


def _end(arguments: argparse.Namespace, lesson: Lesson) -> int:
    say(lesson.words)
    for path in lesson.save(arguments.out):
        say(str(path))
    return 0
