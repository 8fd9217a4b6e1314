"""The models for programs: hidden controls, each of which is an address of the page's API."""

from __future__ import annotations

import gradio as gr

from translate.page.desk import Desk, Translated
from translate.page.draws import Draws
from translate.page.recipes import recipe
from translate.page.refusals import told
from translate.page.results import kept
from translate.page.shelf import Model, Shelf
from translate.page.trips import returned
from translate.page.uploads import picture_input
from translate.page.view import AT_ONCE


def functions(shelf: Shelf, desk: Desk, draws: Draws) -> None:
    """`/models`, `/translate`, `/translate_and_back` and `/draw`, whatever is on the shelf."""

    def models() -> list[dict[str, str]]:
        return [{"name": m.name, "source": m.card.source, "target": m.card.target} for m in shelf.models()]

    async def translate(model: str, picture: str | None) -> str:
        with told(picture, shelf.folder):
            return await desk.translate(
                shelf.translating(model), _given(picture), lambda done: kept(done.after, "translated")
            )

    async def translate_and_back(model: str, picture: str | None) -> tuple[str, str, float]:
        with told(picture, shelf.folder):
            there = shelf.translating(model)
            back = _inverse(shelf, there)

            def finish(done: Translated) -> tuple[str, str, float]:
                home = returned(shelf, back, done)
                return kept(done.after, "translated"), kept(home.picture, "returned"), home.error

            return await desk.translate(there, _given(picture), finish)

    async def draw(model: str, seed: int, label: str) -> str:
        with told(shelf.folder):
            chosen = shelf.drawing(model)
            asked = {"seeds": [seed], **({"label": label} if label else {})}
            made = await draws(chosen, recipe(asked, chosen.card))
            return kept(made.pictures[0], "drawn")

    with gr.Row(visible=False):
        name, source = gr.Textbox(label="model"), picture_input(label="picture")
        one, other = (gr.Image(label=label, format="png") for label in ("translated", "returned"))
        apart = gr.Number(label="mean absolute difference, in levels of 255")
        listing = gr.JSON(label="models")
        button = gr.Button("Translate")
    told_of = "A picture through a model, by the name of the model's file."
    button.click(translate, [name, source], one, api_name="translate", api_description=told_of, **AT_ONCE)
    told_of = "A picture through a model and through the one that undoes it."
    button.click(
        translate_and_back,
        [name, source],
        [one, other, apart],
        api_name="translate_and_back",
        api_description=told_of,
        **AT_ONCE,
    )
    with gr.Row(visible=False):
        seed, label = gr.Number(label="seed", precision=0), gr.Textbox(label="label")
        drawn = gr.Image(label="drawn", format="png")
    told_of = "The picture of a seed by a model that draws from noise; the name of a class where it has any."
    button.click(draw, [name, seed, label], drawn, api_name="draw", api_description=told_of, **AT_ONCE)
    button.click(models, None, listing, api_name="models", api_description="The models' names and domains.")


def _given(picture: str | None) -> str:
    if picture is None:
        raise gr.Error("There is no picture to translate.", print_exception=False)
    return picture


def _inverse(shelf: Shelf, there: Model) -> Model:
    """The model that undoes another."""
    for entry in shelf.entries():
        if entry.kind == "ways" and there in entry.models:
            return entry.models[1 - entry.models.index(there)]
    raise gr.Error(f"No model here undoes {there.name}.", print_exception=False)
