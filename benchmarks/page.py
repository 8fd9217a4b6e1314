"""How long a visitor waits for what he draws: `python -m benchmarks.page models/edges2photo.onnx`.

A browser on this machine opens the page, as `app.py` serves it, and draws strokes by its mouse. Of each point: the time
from the pointer's event to the frame that shows a result with this point in it. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import math
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from benchmarks.machine import taken
from benchmarks.record import add_out, keep, named, say

CHROMIUM = Path("/usr/bin/chromium")
TARGET = 150
"""Milliseconds in which a point should be seen, as the median and in nine cases of ten."""

# A drawing changes within the event that changes it; what is shown is seen with the next frame.
WATCH = """() => {
    const sheet = document.querySelector('drawing-sheet');
    const open = [];
    let event;
    window.found = {points: [], model: [], trip: []};
    for (const kind of ['pointerdown', 'pointermove']) {
        addEventListener(kind, ({timeStamp}) => { event = timeStamp; }, true);
    }
    addEventListener('pointerup', () => { event = undefined; }, true);
    sheet.addEventListener('drawn', ({detail}) => event === undefined || open.push([detail.change, event]));
    sheet.addEventListener('shown', ({detail}) => requestAnimationFrame(() => {
        found.model.push(detail.milliseconds);
        found.trip.push(detail.trip);
        while (open.length && open[0][0] <= detail.change) found.points.push(performance.now() - open.shift()[1]);
    }));
}"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, leave a dated record."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(options.model, folder)
        with served(Path(folder)) as address:
            record = measure(options, address)
    name = named(record, "page", options.model.stem, *(["quick"] if options.quick else []))
    keep(record, options.out / name, table(record))
    return 0


def measure(options: argparse.Namespace, address: str) -> dict[str, Any]:
    """All that is written down of a run."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.goto(address)
        tab.wait_for_selector("drawing-sheet #desk:not([hidden])", timeout=60_000)
        tab.wait_for_timeout(1000)
        size = tab.evaluate("document.querySelector('drawing-sheet').entry.size")
        _stroke(tab, 0, options.points)  # opens the model
        tab.wait_for_selector("#picture:visible", timeout=120_000)
        tab.wait_for_timeout(1000)
        tab.evaluate(WATCH)
        for number in range(1, options.strokes + 1):
            say(f"stroke {number} of {options.strokes}")
            _stroke(tab, number, options.points)
            tab.wait_for_timeout(500)
        found = tab.evaluate("found")
        version = browser.version
        browser.close()
    points = [point for point in found["points"] if point is not None]
    return {
        "what": "milliseconds from a pointer's event to the frame that shows its point in a result",
        **taken(torch.device("cpu"), gradio=metadata.version("gradio"), chromium=version),
        "settings": {name: getattr(options, name) for name in ("strokes", "points", "quick")} | {"size": size},
        "model": options.model.stem,
        "events": len(points),
        "results": len(found["model"]),
        "event_to_picture": _summary(points),
        "request_to_answer": _summary(found["trip"]),
        "model_alone": _summary(found["model"]),
        "target": {"milliseconds": TARGET, "met": bool(_summary(points)["p90"] <= TARGET)},
    }


def table(record: dict[str, Any]) -> str:
    """The record for a terminal."""
    settings = record["settings"]
    lines = [f"{record['model']}, {settings['size']}²: {record['events']} points, {record['results']} results"]
    for what in ("event_to_picture", "request_to_answer", "model_alone"):
        found = record[what]
        lines.append(f"{what.replace('_', ' '):<20}{found['median']:>8.1f} ms median{found['p90']:>8.1f} ms p90")
    return "\n".join([*lines, f"target: at most {TARGET} ms: {'met' if record['target']['met'] else 'not met'}"])


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The page for the models of a folder, served by another process, and its address."""
    command = [sys.executable, "-u", "app.py", "--models", str(folder), "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout
        found = next((match for line in server.stdout if (match := re.search(r"http://\S+", line))), None)
        if found is None:
            raise SystemExit("the page could not be served: run this where app.py lies")
        yield found[0]
    finally:
        server.terminate()
        server.wait(20)


def _stroke(tab: Any, number: int, points: int) -> None:
    """Draw a curve somewhere on the sheet, a point every frame or as fast as the browser takes them."""
    box = tab.locator("#sheet").bounding_box()
    middle = [box["x"] + box["width"] * (0.2 + 0.6 * (number * 0.618 % 1)), box["y"] + box["height"] * 0.5]
    for at in range(points + 1):
        turn = 2 * math.pi * at / points + number
        tab.mouse.move(middle[0] + 60 * math.cos(turn), middle[1] + 150 * math.sin(turn))
        if at == 0:
            tab.mouse.down()
        tab.wait_for_timeout(16)
    tab.mouse.up()


def _summary(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "median": statistics.median(ordered),
        "p90": ordered[math.ceil(0.9 * len(ordered)) - 1],
        "most": ordered[-1],
    }


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("model", type=Path, help="an exported model that is drawn for")
    parser.add_argument("--strokes", type=int, help="strokes that are drawn (30, or 2 with --quick)")
    parser.add_argument("--points", type=int, default=20, help="points of a stroke")
    add_out(parser)
    parser.add_argument("--quick", action="store_true", help="very little, to see that everything works")
    options = parser.parse_args(arguments)
    if options.strokes is None:
        options.strokes = 2 if options.quick else 30
    if options.strokes < 1 or options.points < 1:
        parser.error("--strokes and --points must be at least 1")
    if not options.model.is_file():
        parser.error(f"there is no model {options.model}")
    return options


if __name__ == "__main__":
    sys.exit(main())
