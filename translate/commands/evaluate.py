"""`translate evaluate`: how good a model is."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from translate.commands.words import say
from translate.errors import ConfigError, DataError

if TYPE_CHECKING:
    from translate.config import Plan
    from translate.evaluation import Classes, Classifier, Sight


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The words of `translate evaluate`."""
    evaluate = commands.add_parser("evaluate", help="score models and runs on a configuration's held-out pictures")
    evaluate.usage = "translate evaluate MODEL.onnx|RUN ... [--data CONFIG.toml] [key.sub=value ...] [options]"
    evaluate.add_argument("models", type=Path, nargs="+", metavar="MODEL", help="files or runs, all of one direction")
    evaluate.add_argument(
        "--data", type=Path, metavar="CONFIG.toml", help="names the data (default: that of the first run)"
    )
    evaluate.set_defaults(do=_evaluate, overrides=[])
    evaluate.add_argument("--metrics", default="", metavar="L1,FID,…", help="default: all that can be had here")
    evaluate.add_argument("--best", action="store_true", help="of a run the best checkpoint by train.best")
    evaluate.add_argument("--direction", choices=("forward", "backward"), default="forward", help="of a run")
    evaluate.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    evaluate.add_argument("--save", type=Path, default=None, metavar="SCORES.json", help="write every picture's scores")
    evaluate.add_argument("--report", type=Path, metavar="OUT.html", help="write a page with the pictures, worst first")
    weights = evaluate.add_argument_group("pretrained weights of metrics (docs/evaluation.md)")
    weights.add_argument(
        "--weights", action="append", default=[], metavar="NAME=FILE", help="alexnet (LPIPS), inception (FID, KID)"
    )
    weights.add_argument("--fetch-weights", action="store_true", help="fetch those that are not here")
    evaluate.add_argument(
        "--classifier",
        type=Path,
        metavar="RUN|FILE.onnx",
        help="says what models drew that were told what to draw: a run of method classifier, or a file",
    )
    _add_judge(evaluate.add_argument_group("agreement of classes"))


def _add_judge(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--judge",
        "--reader",
        type=Path,
        metavar="JUDGE.onnx",
        help="reads classes from target pictures: any segmentation model; none: the targets are label maps",
    )
    group.add_argument("--labels", type=Path, metavar="FOLDER", help="true label maps (default: the source or target)")
    group.add_argument(
        "--classes", type=Path, metavar="TABLE.toml", help="their colours (default: palette of the configuration)"
    )
    group.add_argument("--judge-range", choices=("0-1", "0-255"), default="0-1", help="of a judge without a card")
    group.add_argument("--judge-mean", default="0", metavar="M[,M,M]", help="taken away from its input")
    group.add_argument("--judge-std", default="1", metavar="S[,S,S]", help="by which its input is divided then")
    group.add_argument("--judge-order", choices=("rgb", "bgr"), default="rgb")


def _evaluate(arguments: argparse.Namespace) -> int:
    from translate import config
    from translate.evaluation import evaluate, report

    writable(arguments.save, arguments.report)
    plan = config.plan(config.read(data_of(arguments), arguments.overrides), networks=False)
    wanted = [name.strip() for name in arguments.metrics.split(",") if name.strip()]
    gallery = report.Gallery() if arguments.report else None
    scores = evaluate(
        arguments.models,
        plan,
        metrics=wanted,
        classes=_classes(arguments, plan),
        classifier=_classifier(arguments),
        weights=_weights(arguments, wanted),
        best=arguments.best,
        direction=arguments.direction,
        device=arguments.device,
        command=shlex.join(["translate", *sys.argv[1:]]),
        watch=gallery,
        say=say,
    )
    say(scores.table())
    if arguments.save:
        scores.save(arguments.save)
    if arguments.report:
        runs = {
            name: path
            for name, path in zip(scores.facts["card"], dict.fromkeys(arguments.models), strict=True)
            if path.is_dir()
        }
        report.write(arguments.report, scores, gallery, runs)
        say(f"{arguments.report} is the report")
    return 1 if set(wanted) & set(scores.missing) else 0


def writable(*files: Path | None) -> None:
    """Raise DataError where the folder of a file that is to be written is not there: before the work, not after it."""
    for file in files:
        if file and not file.parent.is_dir():
            raise DataError(f"{file}: the folder {file.parent} does not exist: create it, or name a file elsewhere")
        if file and file.is_dir():
            raise DataError(f"{file} is a folder: name a file in it")


def data_of(arguments: argparse.Namespace) -> Path:
    """The configuration that names the data."""
    if arguments.data:
        return Path(arguments.data)
    runs = [path / "config.toml" for path in arguments.models if (path / "config.toml").is_file()]
    if not runs:
        raise ConfigError("on which data? Give a configuration that names them, with --data CONFIG.toml")
    return Path(runs[0])


def _weights(arguments: argparse.Namespace, wanted: Sequence[str]) -> dict[str, Path]:
    from translate.metrics import WEIGHTS
    from translate.metrics.weights import fetch

    given = {}
    for word in arguments.weights:
        name, equals, file = word.partition("=")
        if not equals or not file:
            raise ConfigError(f"--weights {word}: write it as NAME=FILE, such as inception=weights.pth")
        given[name] = Path(file)
    if arguments.fetch_weights:
        for name in dict.fromkeys(name for metric, name in WEIGHTS.items() if not wanted or metric in wanted):
            if name not in given:
                fetch(name, say)
    return given


def _classes(arguments: argparse.Namespace, plan: Plan) -> Classes | None:
    """Whose classes are scored, where any are: a judge's, or those of targets that are label maps."""
    from translate.evaluation import Classes, Judge
    from translate.evaluation.classes import table

    if not (arguments.judge or arguments.labels or arguments.classes):
        return None
    palette = table(arguments.classes) if arguments.classes else plan.resolved["palette"]
    judge = None
    if arguments.judge:
        judge = Judge(arguments.judge, _sight(arguments), arguments.device)
    return Classes(palette, plan.transform, judge, arguments.labels)


def _classifier(arguments: argparse.Namespace) -> Classifier | None:
    from translate.evaluation import Classifier

    path = arguments.classifier
    return Classifier(path, _sight(arguments), arguments.device) if path else None


def _sight(arguments: argparse.Namespace) -> Sight:
    from translate.evaluation import Sight

    mean, deviation = (_numbers(word) for word in (arguments.judge_mean, arguments.judge_std))
    return Sight(arguments.judge_range, mean, deviation, arguments.judge_order)


def _numbers(word: str) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in word.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) not in (1, 3):
        raise ConfigError(f"{word!r}: give one number, or three with commas between them")
    return numbers
