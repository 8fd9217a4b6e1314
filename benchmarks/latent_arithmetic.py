"""How often arithmetic with codes lands where it should: `python -m benchmarks.latent_arithmetic MODEL.onnx`.

DCGAN's sums (Radford 2016, §6.3.2), "man with glasses − man + woman", with pictures whose attributes can be read: codes
are drawn by seed, a small network that learnt from DATA (`translate data make faces`) says what their pictures show,
and for every pair of attributes (a to be added, b held)

    mean of n codes with a and b − mean of n with b alone + mean of n with neither

should show a and not b. Beside it: how often a random picture has that, and how often the third mean alone. Then
directions, fitted to all draws and added to codes that lack the attribute. See docs/arithmetic.md.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from benchmarks import latent_pictures
from benchmarks.attribute_reader import Pictures, Reader, labelled, learn, load, save
from benchmarks.machine import taken
from benchmarks.record import add_out, keep, named, say
from translate import latent
from translate.runtime import Translator

GROUPS = (1, 3, 10, 30)
STEPS = (0.5, 1.0, 1.5, 2.0, 3.0)
Codes = npt.NDArray[np.float32]
Facts = npt.NDArray[np.bool_]


class World(NamedTuple):
    """A model, its reader, and what its draws show."""

    model: Translator
    reader: Reader
    names: tuple[str, ...]
    codes: Codes  # of seeds 0 .. N − 1
    facts: Facts  # [N, A]

    def draw(self, codes: Codes) -> Pictures:
        """The pictures of these codes."""
        return draw(self.model, codes)

    def shows(self, codes: Codes) -> Facts:
        """What they show."""
        return self.reader.read(self.draw(codes)) > 0.5


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, read, add and subtract; print a table, leave a dated record, pictures and directions."""
    options = _options(arguments)
    if options.reader and options.reader.exists():
        reader, names, accuracy = load(options.reader)
    else:
        say("reading the data")
        known = labelled(options.data, most=options.known)
        say(f"a reader learns from {len(known.pictures):,} pictures")
        reader, accuracy = learn(known)
        names = known.names
        if options.reader:
            save(options.reader, reader, names, accuracy)
    say(f"held out: {', '.join(f'{name} {share:.4f}' for name, share in accuracy.items())}")
    record = measure(options, names, reader, accuracy)
    keep(record, options.out / named(record, "latent-arithmetic", options.model.stem), table(record))
    return 0


def measure(
    options: argparse.Namespace, names: tuple[str, ...], reader: Reader, accuracy: dict[str, float]
) -> dict[str, Any]:
    """All that is written down of a run."""
    model = Translator(options.model)
    say(f"drawing {options.draws:,} pictures")
    codes = model.noise(range(options.draws))
    read = reader.read(draw(model, codes))
    world = World(model, reader, names, codes, read > 0.5)
    sums = arithmetic(world, options.trials, options.seed)
    say("directions")
    fitted = fit(world)
    fresh = model.noise(range(options.draws, options.draws + options.fresh))
    directions = added(world, fitted, fresh)
    if options.attributes:
        text = json.dumps(for_card(world, fitted, directions), indent=1) + "\n"
        options.attributes.write_text(text, encoding="utf-8")
    if options.pictures:
        latent_pictures.sums(world.draw, codes, world.facts, names, options.pictures / "latent_sums.webp")
        latent_pictures.sliders(world.draw, fresh, fitted["held"], options.pictures / "latent_sliders.webp")
    return {
        "what": "share of sums of codes, and of codes with a direction added, whose picture shows what it should",
        **taken(torch.device("cpu")),
        "settings": {name: getattr(options, name) for name in ("draws", "trials", "fresh", "seed")},
        "model": {"file": options.model.name, "latent": codes.shape[1]},
        "reader": {"held_out_accuracy": accuracy, "sure": float((np.abs(read - 0.5) > 0.4).mean())},
        "drawn": dict(zip(names, map(float, world.facts.mean(0)), strict=True)),
        "sums": sums,
        "directions": directions,
    }


def draw(model: Translator, codes: Codes, batch: int = 64) -> Pictures:
    """The pictures of codes, uint8 `[N, H, W, 3]`."""
    return np.concatenate([model.draw(codes[i : i + batch]) for i in range(0, len(codes), batch)])


def arithmetic(world: World, trials: int, seed: int) -> list[dict[str, Any]]:
    """Every ordered pair of attributes, every size of the groups, with and without the length restored."""
    rows = []
    for a, add in enumerate(world.names):
        say(f"sums that add {add}")
        for b, held in enumerate(world.names):
            if a == b:
                continue
            has_a, has_b = world.facts[:, a], world.facts[:, b]
            groups = [np.flatnonzero(mask) for mask in (has_a & has_b, ~has_a & has_b, ~has_a & ~has_b)]
            chance = float((has_a & ~has_b).mean())
            dice = np.random.Generator(np.random.PCG64([seed, a, b]))
            for n in GROUPS:
                if min(map(len, groups)) < n:
                    continue  # the model draws too few of them
                row = {"add": add, "hold": held, "n": n, "chance": chance}
                rows.append(row | _landed(world, groups, n, trials, dice, a, b))
    return rows


def _landed(
    world: World, groups: list[npt.NDArray[np.intp]], n: int, trials: int, dice: np.random.Generator, a: int, b: int
) -> dict[str, Any]:
    """The shares of `trials` sums of groups of `n`: of the whole, of either half of it, and of the third mean alone."""
    sums, thirds = [], []
    for _ in range(trials):
        with_both, with_held, with_none = (world.codes[dice.choice(group, n, replace=False)] for group in groups)
        sums.append(latent.arithmetic([with_both, with_none], [with_held]))
        thirds.append(latent.average(with_none))
    found: dict[str, Any] = {"trials": trials, "length": float(np.linalg.norm(sums, axis=1).mean())}
    for name, plain in (("", np.stack(sums)), ("third_alone_", np.stack(thirds))):
        for restored, codes in (("", plain), ("restored_", latent.restored(plain))):
            shown = world.shows(codes)
            found[f"{restored}{name}both"] = float((shown[:, a] & ~shown[:, b]).mean())
            found[f"{restored}{name}added"] = float(shown[:, a].mean())
            found[f"{restored}{name}held"] = float((~shown[:, b]).mean())
    return found


def fit(world: World) -> dict[str, dict[str, Codes]]:
    """Directions by kind and attribute; one step of each leads from the mean without an attribute to that with it.

    `mean` is the difference of the two means. `held` is the attribute's coefficient where codes are regressed on all
    attributes at once (least squares): what the drawn faces' attributes have to do with each other is taken out.
    """
    table = np.column_stack([world.facts.astype(float), np.ones(len(world.facts))])
    coefficients = np.linalg.lstsq(table, world.codes.astype(float), rcond=None)[0]
    held = dict(zip(world.names, coefficients[:-1].astype(np.float32), strict=True))
    mean = {
        name: world.codes[world.facts[:, i]].mean(0) - world.codes[~world.facts[:, i]].mean(0)
        for i, name in enumerate(world.names)
    }
    return {"mean": mean, "held": held}


def added(world: World, fitted: dict[str, dict[str, Codes]], fresh: Codes) -> list[dict[str, Any]]:
    """Directions added to fresh codes without the attribute: how many have it now, how many of the others stayed."""
    before = world.shows(fresh)
    dice = np.random.Generator(np.random.PCG64(1))
    rows = []
    for i, name in enumerate(world.names):
        start, others = fresh[~before[:, i]], [j for j in range(len(world.names)) if j != i]
        anywhere = dice.standard_normal((1, fresh.shape[1])).astype(np.float32)[0]
        anywhere *= float(np.linalg.norm(fitted["mean"][name]) / np.linalg.norm(anywhere))
        kinds = {kind: directions[name] for kind, directions in fitted.items()} | {"random": anywhere}
        for kind, direction in kinds.items():
            for step in STEPS:
                shown = world.shows((start + step * direction).astype(np.float32))
                same = shown[:, others] == before[~before[:, i]][:, others]
                rows.append(
                    {
                        "attribute": name,
                        "kind": kind,
                        "step": step,
                        "codes": len(start),
                        "length": float(np.linalg.norm(direction)),
                        "has_it": float(shown[:, i].mean()),
                        "others_stay": float(same.mean()),
                        "stays": {world.names[j]: float(share) for j, share in zip(others, same.mean(0), strict=True)},
                    }
                )
    return rows


ORDER = ("glasses", "hat", "man", "long_hair", "old", "dark_hair", "smile", "open_mouth")
"""Sliders, the most striking first."""


def for_card(world: World, fitted: dict[str, dict[str, Codes]], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What `translate export --attributes` takes: directions, the names of a slider's ends, how often a step lands.

    A slider's step is as many of the direction's own (up to three) as it takes to land in four of five cases.
    """
    found: dict[str, Any] = {}
    for name in sorted(world.names, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER)):
        low, high = latent_pictures.WORDS.get(name, (f"no {name}", name))
        tried = [row for row in rows if (row["attribute"], row["kind"]) == (name, "held") and row["step"] >= 1]
        chosen = next((row for row in tried if row["has_it"] >= 0.8), tried[-1])
        direction = [round(float(value), 5) for value in chosen["step"] * fitted["held"][name]]
        lands = round(chosen["has_it"], 3)
        found[name.replace("_", " ")] = {"direction": direction, "low": low, "high": high, "lands": lands}
    return found


def table(record: dict[str, Any]) -> str:
    """Sums by the size of their groups, then by what is added; directions."""
    sums, lines = record["sums"], []

    def mean(rows: list[dict[str, Any]], key: str) -> str:
        return f"{100 * float(np.mean([row[key] for row in rows])):.0f}%" if rows else "–"

    lines += [
        "| n | length of the sum | lands | added | held "
        "| length restored: lands | added | held | third mean alone, length restored |"
    ]
    lines += ["|---|---|---|---|---|---|---|---|---|"]
    for n in GROUPS:
        rows = [row for row in sums if row["n"] == n]
        keys = (
            "both",
            "added",
            "held",
            "restored_both",
            "restored_added",
            "restored_held",
            "restored_third_alone_both",
        )
        length = f"{np.mean([row['length'] for row in rows]):.1f}" if rows else "–"
        lines.append(f"| {n} | {length} | " + " | ".join(mean(rows, key) for key in keys) + " |")
    chance = mean([row for row in sums if row["n"] == 1], "chance")
    lines += [f"\nA random picture has it in {chance}; a code's length is √{record['model']['latent']}.\n"]
    lines += ["| added | of draws | reader | n = 1 | 3 | 10 | 30 | a random picture |", "|" + "---|" * 8]
    for name, share in record["drawn"].items():
        rows = [row for row in sums if row["add"] == name]
        cells = [mean([row for row in rows if row["n"] == n], "restored_both") for n in GROUPS]
        lines.append(
            f"| {name} | {100 * share:.0f}% | "
            f"{100 * record['reader']['held_out_accuracy'][name]:.1f}% | {' | '.join(cells)} | {mean(rows, 'chance')} |"
        )
    lines += ["", "| direction | length | " + " | ".join(f"{s:g} steps" for s in STEPS) + " |"]
    lines += ["|---|---|" + "---|" * len(STEPS)]
    for kind in ("mean", "held", "random"):
        for name in record["drawn"]:
            rows = [row for row in record["directions"] if row["kind"] == kind and row["attribute"] == name]
            cells = [f"{100 * row['has_it']:.0f}% ({100 * row['others_stay']:.0f}%)" for row in rows]
            lines.append(f"| {name}, {kind} | {rows[0]['length']:.2f} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latent_arithmetic", description=__doc__)
    parser.add_argument("model", type=Path, help="a model that draws, exported")
    parser.add_argument("--data", type=Path, default=Path("data/faces64"), help="pictures and attributes.csv")
    parser.add_argument("--draws", type=int, default=10_000, help="pictures that codes are chosen from")
    parser.add_argument("--trials", type=int, default=40, help="sums of each pair and size")
    parser.add_argument("--reader", type=Path, help="keep the reader there, or take the one that lies there")
    parser.add_argument("--fresh", type=int, default=400, help="codes that directions are added to")
    parser.add_argument("--known", type=int, default=0, help="pictures the reader learns from (default: all)")
    parser.add_argument("--seed", type=int, default=0, help="of the choice among draws")
    parser.add_argument("--attributes", type=Path, help="write the directions there, for translate export --attributes")
    parser.add_argument("--pictures", type=Path, help="folder for pictures of sums and of directions")
    add_out(parser)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
