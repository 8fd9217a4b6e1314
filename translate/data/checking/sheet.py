"""A picture sheet of a check: one HTML file that needs nothing beside it, or one picture."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from html import escape
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from translate import pixels
from translate.data.checking import report
from translate.data.checking.checkup import Checkup
from translate.data.checking.findings import Case, Finding, counted
from translate.data.checking.thumbs import CASES, FILES, HEIGHT, OVERLAID, Thumbs
from translate.errors import DataError
from translate.files import write_whole

COLOURS = {"error": "#c62828", "warning": "#b26a00", "note": "#2f6690"}
WIDTH = 1280
_STYLE = """
:root { color-scheme: light dark; --ink: #1d2327; --soft: #5f6b73; --paper: #f6f7f8; --card: #fff; --line: #dde2e6; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e7ebee; --soft: #9aa7b0; --paper: #15191c; --card: #1e2428; --line: #323b41; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 22px; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 17px; margin: 0; }
p { margin: 4px 0; } .soft { color: var(--soft); }
.tag { color: #fff; border-radius: 4px; padding: 1px 8px; font-size: 13px; margin-right: 8px; white-space: nowrap; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 14px 18px; }
section + section { margin-top: 16px; }
.cases { display: flex; flex-wrap: wrap; gap: 14px; margin-top: 10px; }
figure { margin: 0; border: 1px solid var(--line); border-radius: 6px; padding: 8px; max-width: 100%; }
figure div { display: flex; flex-wrap: wrap; gap: 4px; }
img { height: 120px; display: block; outline: 1px solid var(--line); }
.none { height: 120px; width: 120px; display: grid; place-items: center; background: var(--paper); color: var(--soft); }
figcaption { font-size: 12.5px; max-width: 380px; overflow-wrap: anywhere; margin-top: 4px; }
table { border-collapse: collapse; } td { padding: 1px 12px 1px 0; vertical-align: middle; }
.bar { background: #2f6690; height: 11px; border-radius: 3px; min-width: 2px; }
pre { margin: 6px 0 0; overflow-x: auto; } .columns { display: flex; flex-wrap: wrap; gap: 8px 48px; }
"""


def write(checkup: Checkup, path: Path) -> None:
    """Write the sheet, as its suffix says: `.html`, or `.png` and other pictures.

    Raises:
        DataError: the suffix is none of these, or the disk or folder refuses.
        PictureError: the disk or folder refuses a picture.
    """
    can_be(path)
    if path.suffix.lower() in pixels.WRITABLE:
        pixels.write(contact(checkup), path)
        return
    try:
        write_whole(path, html(checkup).encode("utf-8", "replace"), sync=False)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror}") from None


def can_be(path: Path) -> None:
    """Refuse a name that no sheet can have, before anything is read.

    Raises:
        DataError: its suffix is none that is written.
    """
    if path.suffix.lower() not in {".html", ".htm", *pixels.WRITABLE}:
        raise DataError(f"{path}: a sheet is a page or a picture: end its name in .html or .png")


def html(checkup: Checkup) -> str:
    """The sheet as a page."""
    thumbs = Thumbs(checkup.seen.collection)
    numbers = counted(checkup.findings)
    tags = "".join(
        f'<span class="tag" style="background:{COLOURS[severity]}">{count} {severity}{"s" * (count > 1)}</span>'
        for severity, count in numbers.items()
        if count
    )
    parts = [
        f"<section><h1>{escape(report.title(checkup))}</h1><p>{escape(report.overview(checkup))}</p>",
        f"<p>{tags or 'Nothing found.'}</p>",
        f'<p class="soft">{escape(report.alignment(checkup).removeprefix("register "))}</p>'
        if checkup.alignment
        else "",
        f'<div class="columns">{"".join(_bars(checkup))}</div></section>',
        *(_section(finding, thumbs) for finding in checkup.findings),
    ]
    if checkup.seen.wanted is None:
        parts.append(
            f"<section><h2>A configuration that fits</h2><pre>{escape(report.section(checkup))}</pre></section>"
        )
    title = escape(f"Check of {checkup.seen.collection.root}")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width"><title>{title}</title><style>{_STYLE}</style></head>\n'
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _bars(checkup: Checkup, most: int = 10) -> Iterator[str]:
    """Tables of sizes, formats and modes, each with a bar for its number."""
    seen = checkup.seen
    shapes = {f"{width}×{height}": count for (width, height), count in seen.shapes().most_common()}
    for name, counts in (("Sizes", shapes), ("Formats", dict(seen.formats())), ("Modes", dict(seen.modes()))):
        rows = sorted(counts.items(), key=lambda row: -row[1])
        largest = max(counts.values(), default=1)
        lines = "".join(
            f'<tr><td>{escape(label)}</td><td>{count:,}</td><td><div class="bar" '
            f'style="width:{max(2, round(140 * count / largest))}px"></div></td></tr>'
            for label, count in rows[:most]
        )
        more = f'<p class="soft">and {len(rows) - most:,} others</p>' if len(rows) > most else ""
        yield f'<div><p class="soft">{name}</p><table>{lines}</table>{more}</div>'


def _section(finding: Finding, thumbs: Thumbs) -> str:
    figures = "".join(_figure(finding, case, thumbs) for case in finding.cases[:CASES])
    more = len(finding.cases) - CASES
    return (
        f'<section><h2><span class="tag" style="background:{COLOURS[finding.severity]}">{finding.severity}</span>'
        f"{escape(finding.heading)}</h2><p>{escape(finding.advice)}</p>"
        f'<div class="cases">{figures}</div>'
        + (f'<p class="soft">… and {more:,} more</p>' if more > 0 else "")
        + "</section>"
    )


def _figure(finding: Finding, case: Case, thumbs: Thumbs) -> str:
    pictures = [_picture(thumbs.of(name), name) for name in case.files[:FILES]]
    if finding.kind in OVERLAID and (overlay := thumbs.overlay(case)) is not None:
        pictures.append(_picture(overlay, "one over the other"))
    names = "<br>".join(map(escape, case.files[:FILES])) + (" …" if len(case.files) > FILES else "")
    detail = f'<br><span class="soft">{escape(case.detail)}</span>' if case.detail else ""
    return f"<figure><div>{''.join(pictures)}</div><figcaption>{names}{detail}</figcaption></figure>"


def _picture(picture: np.ndarray | None, name: str) -> str:
    if picture is None:
        return '<span class="none">not read</span>'
    content = base64.b64encode(pixels.encode(picture, ".jpg", quality=80)).decode()
    return f'<img src="data:image/jpeg;base64,{content}" alt="{escape(name)}" title="{escape(name)}">'


def contact(checkup: Checkup) -> np.ndarray:
    """The sheet as one picture, uint8 `[H, WIDTH, 3]`: a strip of small versions for each finding."""
    thumbs = Thumbs(checkup.seen.collection)
    blocks = [_lines([report.title(checkup), report.overview(checkup), report.verdict(checkup.findings)], "#1d2327")]
    for finding in checkup.findings:
        blocks.append(_lines([f"{finding.severity}: {finding.heading}"], COLOURS[finding.severity]))
        blocks.append(_lines([finding.advice], "#5f6b73"))
        shown = [thumbs.of(name) for case in finding.cases[: CASES // 2] for name in case.files[:FILES]]
        blocks += _rows([picture for picture in shown if picture is not None])
    return np.concatenate(blocks)


def _lines(lines: list[str], colour: str) -> np.ndarray:
    strip = Image.new("RGB", (WIDTH, 6 + 22 * len(lines)), "white")
    draw, font = ImageDraw.Draw(strip), ImageFont.load_default(15)
    for number, line in enumerate(lines):
        # Pillow's own font has Latin letters alone.
        told = line.replace("×", "x").encode("latin-1", "replace").decode("latin-1")
        draw.text((12, 4 + 22 * number), told, fill=colour, font=font)
    return np.asarray(strip)


def _rows(pictures: list[np.ndarray], gap: int = 6) -> list[np.ndarray]:
    """Pictures of one height in rows of `WIDTH`."""
    rows, left = [np.full((HEIGHT + gap, WIDTH, 3), 255, np.uint8)], 12
    for picture in pictures:
        if left + picture.shape[1] > WIDTH - 12 and left > 12:
            rows.append(np.full_like(rows[0], 255))
            left = 12
        shown = picture[:, : WIDTH - left]
        rows[-1][:HEIGHT, left : left + shown.shape[1]] = shown
        left += picture.shape[1] + gap
    return rows if pictures else []
