"""Puts a servable folder together: the page, ONNX Runtime Web, the models, and what they say of themselves.

    npm ci --prefix export/browser
    python export/browser/make_site.py models/edges2photo.onnx models/day2night.onnx site
    python export/browser/serve.py site

The folder needs no server but one of static files. Models are read for their cards and not run.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import translate
from translate.card import Card
from translate.errors import DataError, ModelError, TranslateError
from translate.runtime.metadata import card

HERE = Path(__file__).resolve().parent
PAGE = ("index.html", "style.css", "icon.svg", "app.js", "engine.js", "picture.js", "words.js", "worker.js")
SHEET = Path(translate.__file__).parent / "page" / "static"
SHARED = ("marks.js", "sheet.js", "stamps.js")
"""The sheet to draw on is that of the page with a server."""
RUNTIME = HERE / "node_modules" / "onnxruntime-web" / "dist"
PROVIDERS = {"wasm": ["wasm"], "webgpu": ["webgpu"]}
"""What each build of ONNX Runtime Web is asked for. With a second choice it would take that without a word; what a GPU
cannot do of a graph, the processor does all the same."""


def assemble(models: Sequence[Path], out: Path, runtime: Path = RUNTIME) -> None:
    """Make the folder, or bring one that was made before up to date; the page offers models in the order given.

    Args:
        models: exported models.
        out: the folder; new, empty, or made by this function before.
        runtime: the folder `dist` of the npm package onnxruntime-web.

    Raises:
        ModelError: a file is not an exported model, two have one name, or none is given.
        DataError: ONNX Runtime Web is not installed, or the folder holds something else or cannot be written.
    """
    cards = _cards(models)
    builds = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["runtimes"]
    missing = [name for names in builds.values() for name in names if not (runtime / name).is_file()]
    if missing:
        raise DataError(f"{missing[0]} is not in {runtime}: run `npm ci --prefix {HERE}` first")
    if out.exists() and not (out / "models.json").is_file() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(f"{out} holds something else: give a new folder")
    try:
        (out / "dist").mkdir(parents=True, exist_ok=True)
        (out / "models").mkdir(exist_ok=True)
        _forget(out, {path.name for path in models})
        for path in (*(HERE / name for name in PAGE), *(SHEET / name for name in SHARED)):
            shutil.copyfile(path, out / path.name)
        for name in {name for names in builds.values() for name in names}:
            shutil.copyfile(runtime / name, out / "dist" / name)
        entries = [_model(path, of, out) for path, of in cards]
        _tell_apart(entries)
        runtimes = {build: _runtime(build, names, runtime) for build, names in builds.items()}
        site = {"runtimes": runtimes, "models": entries}
        text = json.dumps(site, ensure_ascii=False, indent=1) + "\n"
        (out / "models.json").write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataError(f"{out} cannot be written: {error.strerror}") from None


def _forget(out: Path, kept: set[str]) -> None:
    """Remove the models that an earlier site offered and this one does not."""
    record = out / "models.json"
    if record.exists():
        earlier = {Path(entry["file"]).name for entry in json.loads(record.read_text(encoding="utf-8"))["models"]}
        for name in earlier - kept:
            (out / "models" / name).unlink(missing_ok=True)


def _cards(models: Sequence[Path]) -> list[tuple[Path, Card]]:
    """Each model with its card, once it is sure that all can be offered."""
    if not models:
        raise ModelError("there is no model to offer: give .onnx files that `translate export` made")
    cards = [(path, card(path)) for path in models]
    for name, count in Counter(path.name for path in models).items():
        if count > 1:
            raise ModelError(f"{count} models are called {name}: rename all but one")
    for path, of in cards:
        if of.noise:
            raise ModelError(f"{path} has a noise input, which the page cannot give: export it without")
        if of.draws:
            raise ModelError(f"{path} draws from noise, and the page gives pictures alone: serve it with app.py")
        if not of.ordinary:
            raise ModelError(f"{path} is neither grey nor RGB of 8 bits, and the page shows nothing else")
    return cards


def _runtime(build: str, names: Sequence[str], folder: Path) -> dict[str, Any]:
    """The three files of one build as the page knows them, and the size of the one that takes time to come."""
    script, loader, wasm = names
    files = {"script": f"dist/{script}", "loader": f"dist/{loader}", "wasm": f"dist/{wasm}"}
    return {**files, "bytes": (folder / wasm).stat().st_size, "providers": PROVIDERS[build]}


def _model(path: Path, of: Card, out: Path) -> dict[str, Any]:
    """Copy a model, and say what the page needs to know; the digest makes a browser fetch one that has changed."""
    target = out / "models" / path.name
    if not (target.exists() and target.samefile(path)):
        shutil.copyfile(path, target)
    content = target.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:16]
    return {"file": f"models/{path.name}", "bytes": len(content), "digest": digest, "card": asdict(of)}


def _tell_apart(entries: list[dict[str, Any]]) -> None:
    """Titles for the choice of models: the task, with the file's name where two have one task."""
    tasks = Counter(entry["card"]["task"] for entry in entries)
    for entry in entries:
        task = entry["card"]["task"]
        entry["title"] = task if tasks[task] == 1 else f"{task} ({Path(entry['file']).stem})"


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and make the folder."""
    parser = argparse.ArgumentParser(description="Make a folder with a page that runs models in the browser.")
    parser.add_argument("models", type=Path, nargs="+", metavar="MODEL.onnx", help="models that the page offers")
    parser.add_argument("out", type=Path, metavar="OUT", help="the folder to make")
    options = parser.parse_args(arguments)
    try:
        assemble(options.models, options.out)
    except TranslateError as error:
        parser.exit(1, f"error: {error}\n")
    print(f"{options.out} is ready: serve it with `python {Path(__file__).with_name('serve.py')} {options.out}`")


if __name__ == "__main__":
    main()
