"""`translate compare`: which of several models is better, as far as that can be told."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from translate.commands.evaluate import data_of, writable
from translate.commands.words import say
from translate.errors import ConfigError

if TYPE_CHECKING:
    from translate.evaluation import Scores
    from translate.evaluation.compare import Contestant
    from translate.evaluation.gallery import Gallery


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The words of `translate compare`."""
    compare = commands.add_parser("compare", help="say which model is better on the same pictures, if that can be told")
    compare.usage = "translate compare A B [C ...] [--data CONFIG.toml] [key.sub=value ...] [options]"
    compare.add_argument(
        "models",
        type=Path,
        nargs="+",
        metavar="A",
        help="scores (.json of evaluate --save), runs or models; A is the baseline",
    )
    compare.add_argument("--data", type=Path, metavar="CONFIG.toml", help="where runs and models are evaluated")
    compare.set_defaults(do=_compare, overrides=[])
    compare.add_argument(
        "--metrics",
        "--metric",
        dest="metric",
        action="extend",
        type=_names,
        default=[],
        metavar="L1,FID,…",
        help="these only; nothing else is computed (default: all that can be had here)",
    )
    compare.add_argument("--seed", type=int, default=0, help="of the pictures that are drawn (default 0)")
    compare.add_argument("--save", type=Path, metavar="OUT.json", help="write differences, intervals and verdicts")
    compare.add_argument("--report", type=Path, metavar="OUT.html", help="write a page of it, with pictures of models")
    compare.add_argument(
        "--fail-if-worse",
        action="append",
        default=[],
        metavar="METRIC",
        help="exit status 1 if any is worse than A by it",
    )


def _names(word: str) -> list[str]:
    return [name.strip() for name in word.split(",") if name.strip()]


def _compare(arguments: argparse.Namespace) -> int:
    from translate.evaluation import comparing
    from translate.evaluation.compare import compare
    from translate.evaluation.gallery import Gallery

    writable(arguments.save, arguments.report)
    gallery = Gallery()
    comparison = compare(_contestants(arguments, gallery), arguments.metric, arguments.seed)
    compared = {line.metric for line in comparison.differences}
    for metric in arguments.fail_if_worse:
        if metric not in compared:
            raise ConfigError(f"--fail-if-worse {metric}: it is not compared; there are {', '.join(sorted(compared))}")
    say(comparison.table())
    if arguments.save:
        comparison.save(arguments.save)
    if arguments.report:
        command = shlex.join(["translate", *sys.argv[1:]])
        comparing.write(arguments.report, comparison, gallery if gallery.shown else None, command)
        say(f"{arguments.report} is the report")
    worse = {line.metric for line in comparison.differences if line.verdict == "worse"}
    return 1 if worse & set(arguments.fail_if_worse) else 0


def _contestants(arguments: argparse.Namespace, gallery: Gallery) -> list[Contestant]:
    """In the order in which they were given; runs and models are evaluated first, together."""
    from translate.evaluation.compare import contestants, labels
    from translate.evaluation.scores import Scores

    files = [path for path in arguments.models if path.suffix == ".json"]
    models = [path for path in arguments.models if path not in files]
    for path in arguments.models:
        if arguments.models.count(path) > 1:
            raise ConfigError(f"{path} is given twice: name what it is to be compared with")
    called = dict(zip(files, labels(files), strict=True)) if len(arguments.models) > 1 else {}
    evaluated = iter(contestants(_evaluated(arguments, models, gallery)) if models else [])
    found = []
    for path in arguments.models:
        found += [next(evaluated)] if path in models else contestants(Scores.load(path), called.get(path, ""))
    return found


def _evaluated(arguments: argparse.Namespace, models: Sequence[Path], gallery: Gallery) -> Scores:
    """Scores of runs and models on the held-out pictures of the data, or of the first run's own."""
    from translate import config
    from translate.evaluation import evaluate

    plan = config.plan(config.read(data_of(arguments), arguments.overrides), networks=False)
    return evaluate(models, plan, metrics=arguments.metric, watch=gallery, say=say)
