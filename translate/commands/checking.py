"""`translate data check`: a folder as it lies there, or the data of a configuration."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from translate.commands.words import count, say
from translate.errors import DataError, TranslateError

_BY_CONFIGURATION = "write that into a configuration, and check CONFIG.toml"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The words of `translate data check`."""
    check = commands.add_parser("check", help="look for what is wrong with a folder, or with a configuration's data")
    check.add_argument("path", type=Path, metavar="PATH|CONFIG.toml", help="a folder of pictures, or a configuration")
    check.add_argument(
        "overrides", nargs="*", metavar="key.sub=value", help="laid over the configuration, such as data.layout=images"
    )
    check.add_argument("--sheet", type=Path, metavar="OUT.html|OUT.png", help="what was found, as pictures")
    check.add_argument("--json", type=Path, metavar="OUT.json", help="what was found, for programs")
    check.add_argument("--strict", action="store_true", help="warnings end in exit status 1 as well")
    check.set_defaults(do=_run)


def _run(arguments: argparse.Namespace) -> int:
    """Check, and say what was found. Returns 1 where there are errors, or with `--strict` warnings."""
    from translate.data import checking
    from translate.data.checking import sheet
    from translate.files import write_whole

    for out, suffixes in ((arguments.sheet, "a .html or .png"), (arguments.json, "a .json")):
        if out and not out.parent.is_dir():
            raise DataError(f"{out}: the folder {out.parent} does not exist: create it, or name {suffixes} elsewhere")
    if arguments.sheet:
        sheet.can_be(arguments.sheet)
    path: Path = arguments.path
    whole = path.suffix.lower() == ".toml"
    checkup = _configured(path, arguments.overrides) if whole else _folder(path, arguments.overrides)
    say(checking.text(checkup))
    if arguments.sheet:
        sheet.write(checkup, arguments.sheet)
        say(f"sheet: {arguments.sheet}")
    status = checking.status(checkup.findings, arguments.strict)
    if arguments.json:
        write_whole(arguments.json, json.dumps({**checkup.plain, "status": status}, indent=1).encode(), sync=False)
    return status


def _folder(path: Path, overrides: Sequence[str]) -> Any:
    from translate.data import checking

    _refuse_other(path)
    given = {}
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals or not key.startswith("data."):
            raise DataError(f"{override!r}: for a folder give data.layout=…, data.source=… and other keys of [data]")
        given[key.removeprefix("data.")] = int(value) if value.isdigit() else value
    layout = given.get("layout", "")
    if layout in ("derived", "packed"):
        raise DataError(f"data.layout={layout} needs more keys than a folder tells: {_BY_CONFIGURATION}")
    if not layout and {"source", "target"} & given.keys():
        raise DataError("data.source and data.target need the layout that they belong to: give data.layout=… as well")
    return checking.check(checking.recognise(path, given), progress=count)


def _refuse_other(path: Path) -> None:
    """What is no folder of pictures, told by what it is."""
    from translate.data.shards.index import INDEX

    if str(path).startswith(("http:", "https:")):
        raise DataError(f'an address is looked into as data = {{ layout = "packed", root = … }}: {_BY_CONFIGURATION}')
    if (path / INDEX).is_file():
        raise DataError(f'{path} was packed (data = {{ layout = "packed", root = "{path}" }}): {_BY_CONFIGURATION}')
    if any(part.suffix.lower() == ".zip" and part.is_file() for part in (path, *path.parents)):
        raise DataError(f"{path} is in an archive, which data.root and the like may name: {_BY_CONFIGURATION}")
    if path.suffix.lower() == ".npz":
        raise DataError(f'{path} holds arrays (data = {{ layout = "arrays", root = "{path}" }}): {_BY_CONFIGURATION}')
    if path.is_file():
        raise DataError(f"{path} is neither a folder of pictures nor a configuration (.toml): give one of these")


def _configured(path: Path, overrides: Sequence[str]) -> Any:
    """The data of a configuration."""
    from translate import config
    from translate.data import checking

    configuration = config.read(path, overrides)
    try:
        plan = config.plan(configuration)
    except DataError as error:  # such as names without a partner, of which all are listed
        return _unplanned(configuration.get("data", {}), str(error))
    collection = _laid_out(plan.layout, plan.resolved["data"])
    checkup = checking.check(collection, checking.Wanted(dict(plan.layout.channels), plan.transform.size), count)
    if not any(finding.severity == "error" for finding in checkup.findings):
        say(_read(plan))
    checkup.findings[:0] = map(_of_configuration, _settings(plan))
    return checkup


def _unplanned(data: dict[str, Any], problem: str) -> Any:
    """What training refuses, as far as its files can be listed all the same."""
    from translate.data import checking

    if any(isinstance(data.get(key), list) for key in ("source", "target")):
        raise DataError(problem)
    collection = checking.Collection(_root(data), dict(data), recognised="as configured")
    try:
        checking.add(collection, data)
    except DataError:
        raise DataError(problem) from None
    checkup = checking.check(collection, progress=count)
    checkup.findings.insert(0, _of_configuration(problem))
    return checkup


def _laid_out(layout: Any, data: dict[str, Any]) -> Any:
    from translate.data.checking.laid_out import of_layout
    from translate.data.layouts import LAYOUTS

    kind = next(name for name, one in LAYOUTS.items() if type(layout) is one)
    return of_layout(layout, kind, data, _root(data))


def _root(data: dict[str, Any]) -> Path | str:
    """What all folders of a `[data]` section have in common."""
    if data["layout"] not in ("two_folders", "unpaired"):
        return str(data["root"])
    folders = [folder for key in ("source", "target") for folder in _several(data[key])]
    try:
        return Path(os.path.commonpath(folders))
    except ValueError:  # of some from here and some from the top, or on several drives
        return Path()


def _several(given: str | list[str]) -> list[str]:
    return [given] if isinstance(given, str) else given


def _read(plan: Any) -> str:
    layout = plan.layout
    return f"{layout.where}: {len(layout.train):,} to train on, {len(layout.held_out):,} held out, all read"


def _settings(plan: Any) -> list[str]:
    """What of the settings cannot work with this data."""
    from translate.data.loading import Pictures
    from translate.methods import METHODS
    from translate.training.scoring import Scorer

    faults = []
    try:
        if plan.settings.best or plan.settings.metrics:
            kind = METHODS[plan.resolved["method"]["name"]]
            Scorer(plan.settings, Pictures(plan.layout, plan.transform), kind).rehearse()
    except TranslateError as error:
        faults.append(str(error))
    if not plan.layout.train:
        faults.append(
            f"{plan.layout.where}: all are held out, nothing is left to train on: give a smaller data.holdout"
        )
    return faults


def _of_configuration(problem: str) -> Any:
    from translate.data.checking import Finding

    return Finding("configuration", "error", problem, "Training refuses to start with this: change the configuration.")
