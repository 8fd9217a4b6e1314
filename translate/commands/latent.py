"""`translate latent …`: pictures drawn from noise, ways between them, averages and sums."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from translate.commands.words import say
from translate.errors import LatentError

if TYPE_CHECKING:
    import numpy as np

    from translate.commands.picking import Source
    from translate.latent import Codes
    from translate.runtime import Translator

COLUMNS = 8
RATE = 12.0
JITTER = 0.25
"""Codes around a sum differ from it by so much at most in each number, as in DCGAN's figure 7."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The words of `translate latent` and its parts."""
    parser = commands.add_parser("latent", help="draw pictures from noise, go between them, average and add them")
    parser.epilog = (
        "SEEDS are whole numbers and ranges of them (1,5,9 or 0-63), or a .npy file of noise, such as --save-noise "
        "writes. The same seed is the same noise on every machine."
    )
    parts = parser.add_subparsers(required=True, metavar="PART")

    draw = _part(parts, "draw", "a picture from each seed", "a folder, or a picture of all of them")
    draw.add_argument("--seeds", "--noise", default="0-63", metavar="SEEDS", help="(default: 0-63)")
    draw.add_argument("--labels", metavar="LABELS", help="one for all, one for each seed, or all (default: in turn)")
    draw.add_argument("--columns", type=int, default=COLUMNS, help="of the picture of all (default: 8)")
    draw.add_argument("--numbered", action="store_true", help="write its seed and label below each of them")
    draw.set_defaults(do=_draw)

    between = _part(parts, "between", "the way from one seed to the next", "a folder, a picture, or a film .gif")
    between.add_argument("seeds", nargs="+", metavar="SEEDS", help="two or more")
    between.add_argument("--steps", type=int, default=COLUMNS, help="from each to the next (default: 8)")
    between.add_argument(
        "--how", default="spherical", metavar="WAY", help="spherical: along arcs; or linear (default: spherical)"
    )
    between.add_argument("--closed", action="store_true", help="and back from the last to the first")
    between.add_argument("--rate", type=float, default=RATE, help="of a film, frames a second (default: 12)")
    _add_label(between)
    between.set_defaults(do=_between)

    average = _part(parts, "average", "what seeds have in common", "a picture")
    average.add_argument("--seeds", "--noise", required=True, metavar="SEEDS")
    _add_length(average)
    _add_label(average)
    average.set_defaults(do=_average)

    total = _part(parts, "add", "sums of averages: with glasses − without + others", "a picture")
    for sign, what in (("+", "added"), ("−", "taken away")):
        total.add_argument(
            "--plus" if sign == "+" else "--minus",
            dest="terms",
            action="append",
            type=partial(_term, sign),
            metavar="[NAME=]SEEDS",
            help=f"a group whose average is {what}; NAME stands below it",
        )
    total.add_argument("--jitter", type=float, default=JITTER, help="of the eight around the result (default: 0.25)")
    _add_length(total)
    _add_label(total)
    total.set_defaults(do=_add)


def _part(parts: Any, name: str, what: str, out: str) -> argparse.ArgumentParser:
    part: argparse.ArgumentParser = parts.add_parser(name, help=what)
    part.add_argument("model", type=Path, metavar="MODEL.onnx")
    part.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help=out)
    part.add_argument("--save-noise", type=Path, metavar="FILE.npy", help="what was drawn from, to be used again")
    part.add_argument("--engine", default="auto", help="cpu, cuda, tensorrt or openvino (default: the fastest here)")
    part.add_argument("--threads", type=int, default=0, help="cores to use (default: all)")
    return part


def _term(sign: str, text: str) -> tuple[str, str]:
    return sign, text


def _add_label(part: argparse.ArgumentParser) -> None:
    part.add_argument("--label", help="what all of it shows, of a model that is told one: its name or number")


def _add_length(part: argparse.ArgumentParser) -> None:
    part.add_argument(
        "--restore",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="bring the result to the length √L that noise has, or leave it (default: --restore; see docs/latent.md)",
    )


def _draw(arguments: argparse.Namespace) -> int:
    from translate.commands import figures, picking
    from translate.runtime.engines.base import piece

    translator, source = _opened(arguments), picking.source(arguments.seeds)
    card = translator.card
    labels = picking.labels(card, arguments.labels, source.count)
    repeated = len(labels) // source.count if labels is not None else 1
    count = repeated * source.count
    if arguments.columns < 1:
        raise LatentError(f"--columns {arguments.columns}: a sheet has 1 or more")
    names = picking.names(card, source, labels)
    if picking.is_picture(arguments.output):
        picking.fits(count, card)
        pictures = translator.draw(source.codes(card.latent).repeat(repeated, 0), labels)
        if arguments.numbered:
            pictures = figures.numbered(pictures, [name.partition("_")[2].replace("_", " ") for name in names])
        _picture(figures.sheet(pictures, repeated if repeated > 1 else arguments.columns), arguments)
    else:
        picking.folder(arguments.output)
        # Piece by piece: any number of pictures can be drawn.
        for start in range(0, source.count, piece(card)):
            part = source.codes(card.latent, slice(start, start + piece(card))).repeat(repeated, 0)
            places = slice(start * repeated, start * repeated + len(part))
            _files(translator.draw(part, labels and labels[places]), names[places], arguments.output)
    _saved(source, arguments, card.latent)
    return _told(translator, count, arguments)


def _between(arguments: argparse.Namespace) -> int:
    import numpy as np

    from translate.commands import figures, picking
    from translate.latent import path

    translator = _opened(arguments)
    label = picking.label(translator.card, arguments.label)
    found = [picking.source(word).codes(translator.card.latent) for word in arguments.seeds]
    codes = path(np.concatenate(found), arguments.steps, arguments.how, arguments.closed)
    picking.fits(len(codes), translator.card)
    film = arguments.output.suffix.lower() == ".gif"
    if not (film or picking.is_picture(arguments.output)):
        picking.folder(arguments.output)
    pictures = translator.draw(codes, label and label * len(codes))
    if film:
        if not 0.1 <= arguments.rate <= 50:
            raise LatentError(f"--rate {arguments.rate:g}: a film has 0.1 to 50 frames a second")
        figures.film(pictures, arguments.rate, arguments.output)
    elif picking.is_picture(arguments.output):
        # A row a way: the codes themselves stand at its ends.
        rows = [
            pictures[np.arange(start, start + arguments.steps + 1) % len(pictures)]
            for start in range(0, len(pictures) - (not arguments.closed), arguments.steps)
        ]
        _picture(figures.sheet(np.concatenate(rows), arguments.steps + 1), arguments)
    else:
        digits = len(str(len(pictures) - 1))
        _files(pictures, [f"step_{step:0{digits}}" for step in range(len(pictures))], arguments.output)
    _save(codes, arguments)
    return _told(translator, len(pictures), arguments)


def _average(arguments: argparse.Namespace) -> int:
    arguments.terms, arguments.jitter = [("+", arguments.seeds)], 0.0
    return _add(arguments)


def _add(arguments: argparse.Namespace) -> int:
    import numpy as np

    from translate import latent
    from translate.commands import figures, picking

    picking.picture(arguments.output)
    translator = _opened(arguments)
    label = picking.label(translator.card, arguments.label)
    size = translator.card.latent

    def draw(codes: Codes) -> np.ndarray:
        return translator.draw(codes, label and label * len(codes))

    sources = [(sign, *picking.named(text)) for sign, text in arguments.terms or []]
    groups = [(sign, source.codes(size)) for sign, _, source in sources]
    plus, minus = ([codes for sign, codes in groups if sign == which] for which in "+−")
    plain = latent.arithmetic(plus, minus)
    code = latent.restored(plain) if arguments.restore else plain
    terms = [
        figures.Term(sign, name or source.told, draw(codes[: figures.EXAMPLES]), draw(latent.average(codes)[None])[0])
        for (sign, name, source), (_, codes) in zip(sources, groups, strict=True)
    ]
    around = picking.around(code, arguments.jitter) if arguments.jitter else code[None]
    alone = len(terms) == 1 and len(around) == 1 and not arguments.restore  # the sum is the average
    of_noise, drawn_at = f"{size**0.5:.1f}", f"length {np.linalg.norm(code):.1f}"
    _picture(figures.total(terms, None if alone else draw(around), drawn_at), arguments)
    _save(code[None], arguments)
    done = f"drawn at that of noise, {of_noise}" if arguments.restore else f"that of noise is {of_noise} on average"
    say(f"the code has the length {np.linalg.norm(plain):.1f}, {done}")
    return _told(translator, len(around), arguments)


def _opened(arguments: argparse.Namespace) -> Translator:
    from translate.runtime import Translator, contract
    from translate.runtime.metadata import card

    contract.drawing(card(arguments.model), "`translate latent`")
    return Translator(arguments.model, engine=arguments.engine, threads=arguments.threads)


def _picture(picture: np.ndarray, arguments: argparse.Namespace) -> None:
    from translate import pixels

    pixels.write(picture, arguments.output)


def _files(pictures: np.ndarray, names: Sequence[str], folder: Path) -> None:
    from translate import pixels

    folder.mkdir(parents=True, exist_ok=True)
    for picture, name in zip(pictures, names, strict=True):
        pixels.write(picture, folder / f"{name}.png")


def _saved(source: Source, arguments: argparse.Namespace, latent: int) -> None:
    if arguments.save_noise:
        _save(source.codes(latent), arguments)


def _save(codes: Codes, arguments: argparse.Namespace) -> None:
    from translate.commands import picking

    if arguments.save_noise:
        picking.save(codes, arguments.save_noise)


def _told(translator: Translator, count: int, arguments: argparse.Namespace) -> int:
    saved = f", noise in {arguments.save_noise}" if arguments.save_noise else ""
    say(f"{arguments.output}: {count:,} drawn{saved}, on {translator.device}")
    return 0
