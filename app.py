"""The web page: every exported model in a folder gets a tab, by what its card says.

A model whose source is `edges` gets a canvas to draw on; every other a place to drop a picture, and a slider between
before and after. The page knows `translate.runtime` and Gradio, never torch. It binds to this machine alone, calls no
other host, and decodes pictures itself (`translate.pixels`, with a limit), because Gradio decodes whatever it is sent.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from translate import pixels
from translate.card import Card
from translate.errors import TranslateError
from translate.runtime import Translator, models

LIMIT = 25_000_000
"""Pixels of the largest picture that is translated."""
UPLOAD = "20mb"
"""Size of the largest file that is accepted."""
EXAMPLES = 12  # shown under a tab
BUTTONS: Any = ["download", "fullscreen"]

EMPTY = """### There is no model here yet

`{folder}` holds no model that can be used. `make demo` trains a small one and puts it there in a few minutes, and
`translate export` makes one of a training run of yours. Then start this page again."""
STATISTICS = {
    "image": " It normalises each picture by the picture's own statistics.",
    "running": " It normalises by statistics gathered in training.",
}

# What the canvas leaves undone when it appears, which in another tab is later than the page: no pen is selected, nor
# after it was cleared; measured before the layout settled, it stays small until its size changes; and white paper lies
# on white. Buttons are found by their place, because their names are in the visitor's language.
JS = """() => {
  const prepare = () => document.querySelectorAll('.canvas').forEach(block => {
    const pen = block.querySelector('.toolbar-wrap button'), paper = block.querySelector('.pixi-target canvas');
    if (!pen || !paper) return;
    if (block.querySelector('.empty')) pen.click();
    if (block.dataset.ready) return;
    block.dataset.ready = 'yes';
    paper.parentElement.style.paddingRight = '1px';
    setTimeout(() => paper.parentElement.style.paddingRight = '', 100);
    const background = globalThis.__PIXI_APP__?.renderer?.background;
    if (background && !document.body.classList.contains('dark')) background.color = 0xe4e2dd;
  });
  new MutationObserver(prepare).observe(document.body, {childList: true, subtree: true});
  prepare();
}"""
CSS = """
.gradio-container { max-width: 1160px !important; margin: 0 auto !important }
#head h1 { font-size: 2rem; letter-spacing: -.02em; margin: .6rem 0 .2rem } #head p { font-size: 1.05rem; margin: 0 }
.facts *, .time * { font-size: .9rem; opacity: .9 }
.tab-wrapper { contain: inline-size } /* tabs that do not fit go to its menu instead of making the page wider */
.pair { display: grid !important; grid-template-columns: repeat(2, minmax(0, 1fr)) }
.pair > .block { height: 580px !important; border: 1px solid var(--border-color-primary) !important }
.pair.low > .block { height: 460px !important }
.result img { width: 100%; height: 100%; object-fit: contain }
/* One pen, black, and no drafts: nothing to choose a colour of, nothing to save. The tools stand below the paper. */
.canvas button[aria-label="Color"], .canvas button[aria-label="Save changes"] { display: none }
.canvas .toolbar-wrap { flex-direction: row; width: auto; inset: auto auto 8px 50%; transform: translateX(-50%) }
.canvas .half-container > .wrap { inset: auto auto calc(100% + 10px) 50%; transform: translateX(-50%) }
.canvas .half-container { flex-direction: row; padding: 2px 8px }
@media (max-width: 640px) {
  .pair { grid-template-columns: minmax(0, 1fr) }
  .pair > .block { height: 430px !important }
  .pair.low > .block, .pair > .result { height: 330px !important }
}
"""
INK = gr.themes.Color(
    *("#eefaf7", "#d3f2ea", "#a8e4d6", "#72cfbc", "#3fb19d", "#1f8f7e", "#17776a", "#155f56", "#144c46", "#133f3a"),
    c950="#05241f",
    name="ink",
)

_opening = threading.Lock()


@cache
def _opened(path: Path) -> Translator:
    return Translator(path, limit=LIMIT)


def translator(path: Path) -> Translator:
    """The model's translator, opened at the first picture and kept: two callers at once do not open it twice."""
    with _opening:
        return _opened(path)


def translate(
    path: Path, card: Card, source: str | bytes | np.ndarray | None, shrink: int = 1
) -> tuple[np.ndarray, Image.Image, str]:
    """Decode and translate one picture.

    Args:
        path: the model's file.
        card: the model's card.
        source: a file, a file's content, or uint8 `[H, W]` or `[H, W, C]`.
        shrink: the picture is made smaller by this first; it divides height and width.

    Returns:
        The picture as the model saw it, the result, and a line on how large it was and how long it took.

    Raises:
        gr.Error: the picture or the model cannot be used, in the one sentence that the visitor reads.
    """
    if source is None:
        raise gr.Error("There is no picture to translate.", print_exception=False)
    try:
        picture = pixels.read(source, card.source_channels, limit=LIMIT)
        height, width = picture.shape[0] // shrink, picture.shape[1] // shrink
        if shrink > 1:
            tiles = picture.reshape(height, shrink, width, shrink, -1)
            picture = tiles.mean((1, 3)).round().astype(np.uint8)
        model = translator(path)
        start = time.perf_counter()
        result = model(picture)
    except TranslateError as error:
        told = sentence(error, path)
        told = told.replace(source, "the file") if isinstance(source, str) else told
        raise gr.Error(told, print_exception=False) from None
    seconds = time.perf_counter() - start
    return picture.squeeze(), result, f"{width} × {height} pixels in {1000 * seconds:,.0f} ms on {model.engine}"


def sentence(error: TranslateError, path: Path) -> str:
    """The error's sentence with the model's file by its name: where files lie on this machine is not for visitors."""
    return str(error).replace(str(path), path.name)


def facts(card: Card) -> str:
    """What the model is, in a few sentences, from its card."""
    pictures, levels = card.training.get("pictures"), card.parity.get("max_levels")
    return (
        f"**{card.name}** turns {card.source} into {card.target}. It was trained with {card.method}"
        + (f" on {pictures} pictures" if pictures else "")
        + f" in squares of {card.size} × {card.size} pixels: it takes any size, and is at its best near that one."
        + STATISTICS.get(card.statistics, "")
        + ("" if levels is None else f" At export it agreed with the trained network within {levels} of 255 levels.")
        + (f" Licence of the weights: {card.license}." if card.license else "")
    )


def word(text: str) -> str:
    """Text as a part of an address or the name of a folder: letters, digits and underscores."""
    return re.sub(r"\W+", "_", text)


def uploaded(file: Any, block: gr.Image | gr.ImageEditor) -> str | None:
    """The path of an uploaded file. Gradio does not look whether it is one when a request leaves out `meta`."""
    if file is None:
        return None
    if not file.path or not Path(file.path).resolve().is_relative_to(Path(block.GRADIO_CACHE).resolve()):
        raise gr.Error("The picture was not uploaded.", print_exception=False)
    return str(file.path)


def picture_input(**options: Any) -> gr.Image:
    """A picture to upload, handed on as the path of its file: Gradio would decode it first, without a limit."""
    image = gr.Image(type="filepath", image_mode=None, format="png", sources=["upload", "clipboard"], **options)
    image.preprocess = lambda payload: uploaded(payload, image)  # type: ignore[method-assign]
    return image


def canvas_input(size: int, scale: int) -> gr.ImageEditor:
    """A square sheet with a black pen, handed on as the drawing's file or its content, `None` while it is empty.

    It is finer than the model by `scale`, so that strokes become smooth, and the pen a few of the model's pixels wide.
    """
    side = scale * size
    canvas = gr.ImageEditor(
        label="Draw here",
        elem_classes="canvas",
        canvas_size=(side, side),
        fixed_canvas=True,
        sources=(),
        transforms=(),
        layers=False,
        brush=gr.Brush(default_size=max(scale, side // 170), colors=["#000000"], color_mode="fixed"),
        eraser=gr.Eraser(default_size=side // 16),
        buttons=["fullscreen"],
        format="png",
    )

    def drawing(payload: Any) -> Any:
        if payload is None or payload.id is None:
            return payload and uploaded(payload.composite, canvas)
        sent = canvas.blob_storage.pop(payload.id, None)
        return sent and sent.composite

    canvas.preprocess = drawing  # type: ignore[method-assign]
    return canvas


def on_canvas(grey: np.ndarray, scale: int) -> dict[str, Any]:
    """A sketch as the canvas takes it: ink on a layer of its own, so that the eraser works on it as on a drawing."""
    grey = grey.repeat(scale, 0).repeat(scale, 1)
    ink = np.zeros((*grey.shape, 4), np.uint8)
    ink[..., 3] = 255 - grey
    return {"background": np.full_like(grey, 255), "layers": [ink], "composite": grey}


def examples(paths: Sequence[Path], label: str) -> gr.Dataset:
    """Thumbnails that hand on the index of the one that is chosen."""
    samples = [[str(path)] for path in paths[:EXAMPLES]]
    shown = gr.Image(render=False, format="png")
    return gr.Dataset(components=[shown], samples=samples, label=label, type="index", samples_per_page=EXAMPLES)


def drawing_tab(path: Path, card: Card, paths: Sequence[Path]) -> None:
    """A canvas, the result beside it as one draws, and a place for a picture of edges made elsewhere."""
    scale = -(-512 // card.size)

    def run(source: Any, shrink: int = 1) -> tuple[Image.Image | None, str]:
        if source is None:
            return None, ""
        before, after, took = translate(path, card, source, shrink)
        return (after, took) if before.min() < 255 else (None, "")  # an empty sheet, after "Clear canvas"

    def start_from(index: int) -> tuple[dict[str, Any], Image.Image | None, str]:
        # Setting the canvas does not always count as a change of it, so the result comes along.
        sheet = Image.fromarray(pixels.read(paths[index], 1)[..., 0])
        grey = np.asarray(sheet.resize((card.size, card.size), Image.Resampling.LANCZOS))
        return on_canvas(grey, scale), *run(grey)

    with gr.Row(elem_classes="pair"):
        canvas = canvas_input(card.size, scale)
        label = card.target.capitalize()
        result = gr.Image(label=label, elem_classes="result", format="png", interactive=False, buttons=BUTTONS)
    took = gr.Markdown(elem_classes="time")
    outputs = [result, took]
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "minimal", "show_progress_on": result}
    with gr.Row():
        button = gr.Button("Translate", variant="primary")
        chance = gr.Button("Random sketch", visible=bool(paths))
    if paths:
        shown = examples(paths, "Sketches to start from")
        shown.click(start_from, shown, [canvas, *outputs], **quiet)
        chance.click(lambda: start_from(random.randrange(len(paths))), None, [canvas, *outputs], **quiet)
    with gr.Accordion("Upload a picture of edges instead", open=False):
        upload = picture_input(label="Dark edges on white", height=260)
    drawn = [canvas.change, button.click]
    gr.on(drawn, lambda drawing: run(drawing, scale), canvas, outputs, trigger_mode="always_last", **quiet)
    upload.change(run, upload, outputs, **quiet)


def picture_tab(path: Path, card: Card, paths: Sequence[Path]) -> None:
    """A place to drop a picture, and a slider between it and the result."""

    def run(source: str | None) -> tuple[tuple[np.ndarray, Image.Image] | None, str]:
        if source is None:
            return None, ""
        before, after, took = translate(path, card, source)
        return (before, after), took

    with gr.Row(elem_classes=["pair", "low"]):
        upload = picture_input(label=f"Drop a picture: {card.source}", elem_classes="result")
        label = f"{card.source} | {card.target}"
        result = gr.ImageSlider(label=label, format="png", max_height=460, interactive=False, buttons=BUTTONS)
    took = gr.Markdown(elem_classes="time")
    if paths:
        shown = examples(paths, "Pictures to start from")
        shown.click(lambda index: pixels.read(paths[index]), shown, upload, api_visibility="private")
    upload.change(run, upload, [result, took], api_visibility="private", show_progress_on=result)


def endpoint(path: Path, card: Card) -> None:
    """The model for programs: one picture in, one picture out, under the name of its file."""
    name, what = word(path.stem), f"{card.name}: {card.task}"
    with gr.Row(visible=False):
        source, result = picture_input(label=card.source), gr.Image(label=card.target, format="png")
        run = gr.Button("Translate").click
        run(lambda picture: translate(path, card, picture)[1], source, result, api_name=name, api_description=what)


def build(folder: Path) -> gr.Blocks:
    """The page for the models in `folder`; examples for them are the pictures in `folder/examples/<source>`."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    found = models(folder) if folder.is_dir() else []
    usable = [(path, card) for path, card in found if isinstance(card, Card)]
    usable.sort(key=lambda model: model[1].source != "edges")
    tasks = Counter(card.task for _, card in usable)
    page = gr.Blocks(title="translate", analytics_enabled=False, delete_cache=(3600, 3600))
    with page:
        hint = "Draw, or drop a picture, and what becomes of it appears beside it."
        gr.Markdown(f"# Translate pictures\n{hint if usable else ''}", elem_id="head")
        if not usable:
            gr.Markdown(EMPTY.format(folder=folder))
        for path, card in usable:
            shelf = folder / "examples" / word(card.source)
            paths = pixels.find(shelf) if shelf.is_dir() else []
            with gr.Tab(card.task if tasks[card.task] == 1 else f"{card.task} ({path.stem})"):
                (drawing_tab if card.source == "edges" else picture_tab)(path, card, paths)
                gr.Markdown(facts(card), elem_classes="facts")
                endpoint(path, card)
        for path, error in found:
            if isinstance(error, TranslateError):
                gr.Markdown(f"Left out: {sentence(error, path)}", elem_classes="facts")
    page.queue(max_size=32, default_concurrency_limit=2)
    return page


def launch(page: gr.Blocks, **options: Any) -> str:
    """Serve the page, and return its address; `options` are those of Gradio's `launch`."""
    fonts = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif")
    theme = gr.themes.Soft(primary_hue=INK, secondary_hue=INK, neutral_hue="stone", font=fonts, font_mono="monospace")
    theme.set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        # In the dark, Soft gives both kinds of button one colour.
        button_secondary_background_fill_dark="*neutral_700",
        button_secondary_background_fill_hover_dark="*neutral_600",
    )
    options |= {"theme": theme, "css": CSS, "js": JS, "footer_links": ["api"], "run_history": False}
    return page.launch(max_file_size=UPLOAD, show_error=False, **options)[1]


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and serve until interrupted."""
    parser = argparse.ArgumentParser(description="Serve every exported model in a folder as a web page.")
    parser.add_argument("--models", type=Path, default=Path("models"), help="folder of .onnx files (default: models)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine alone)")
    parser.add_argument("--port", type=int, default=7860)
    options = parser.parse_args(arguments)
    page = build(options.models)
    try:
        address = launch(page, server_name=options.host, server_port=options.port, quiet=True, prevent_thread_lock=True)
    except (OSError, OverflowError):
        parser.error(f"port {options.port} of {options.host} cannot be used: choose another with --port")
    print(f"The page is at {address} (Ctrl-C ends it)", flush=True)
    page.block_thread()


if __name__ == "__main__":
    main()
