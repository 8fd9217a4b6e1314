"""docs/games.md: its configurations plan, its tables are whole, and a round costs what it says."""

import re
import tomllib
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from tests.tiny import configuration, ignore
from translate import config
from translate.batches import Images, Labelled
from translate.data.loading import Pictures
from translate.games import Rules
from translate.losses import OBJECTIVES
from translate.methods import METHODS, Method
from translate.networks import NETWORKS
from translate.training.resume import load_method
from translate.training.run import Run

TEXT = (Path(__file__).parents[2] / "docs" / "games.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```toml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def rows(heading: str) -> dict[str, list[str]]:
    """The tables under a heading: first cell, without its backquotes → the others."""
    section = TEXT.split(f"\n## {heading}")[1].split("\n## ")[0]
    lines = [line.strip("|").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return {cells[0].strip().strip("`"): [cell.strip() for cell in cells[1:]] for cells in lines}


def laid_over(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    both = dict(base)
    for key, value in more.items():
        both[key] = laid_over(both.get(key, {}), value) if isinstance(value, dict) else value
    return both


@pytest.mark.parametrize("number", range(len(SNIPPETS)))
def test_a_recipe_plans(number: int, town: Path) -> None:
    given = tomllib.loads(SNIPPETS[number])
    made = config.plan(laid_over(configuration(given["method"]["name"], town), given))
    method = config.build_method(made.resolved)
    assert method.concerns == [], "no recipe that is warned of"


def test_there_are_recipes_for_many() -> None:
    assert {tomllib.loads(text)["method"]["name"] for text in SNIPPETS} >= {
        "dcgan",
        "pix2pix",
        "cyclegan",
        "cgan",
        "aae",
    }


def test_the_tables_are_whole() -> None:
    drawing = {name for name, method in METHODS.items() if method.drawer}
    assert drawing <= set(rows("Which method"))
    assert set(OBJECTIVES) <= set(rows("Forms of the game"))
    assert {field.name for field in fields(Rules)} <= set(rows("Rules"))


class Counting(TorchDispatchMode):
    """Operations of convolutions and products, as torch counts them."""

    total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if func._overloadpacket in flop_registry:
            self.total += flop_registry[func._overloadpacket](*args, **(kwargs or {}), out_val=out)
        return out


def made(
    name: str = "dcgan", norm: str = "batch", spectral: bool = False, told: dict[str, int] | None = None, **more: Any
) -> Method:
    """A method at 64², widths of 32, without numbers; `told` are further arguments of its networks."""
    networks: dict[str, nn.Module] = {}
    with torch.device("meta"):
        for role, kind in METHODS[name].networks.items():
            judge = {"norm": norm, "spectral": spectral} if kind == "dcgan_discriminator" else {}
            width = {} if kind == "code_critic" else {"width": 32}
            networks[role] = NETWORKS[kind](**width, **judge, **(told or {}))
        return METHODS[name](**networks, **more)


def cost(method: Method, rounds: int) -> float:
    """Of a round, the mean over so many."""
    image = torch.empty(64, 3, 64, 64, device="meta")
    labels = torch.empty(64, dtype=torch.int64, device="meta")
    batch = Labelled(image, labels) if getattr(method.G, "classes", 0) else Images(image)
    counter = Counting()
    with counter:
        for step in range(rounds):
            for turn in method.round(batch, step):
                weights = [w for network in method.players[turn.player] for w in getattr(method, network).parameters()]
                torch.stack(list(turn.losses.values())).sum().backward(inputs=weights)
    return counter.total / rounds


def ruled(**rules: Any) -> Callable[[], Method]:
    return lambda: made(norm="layer", rules=Rules(**rules))


COSTS: dict[str, Callable[[], Method]] = {
    "label_smoothing": ruled(label_smoothing=0.1),
    "r1": ruled(r1=1.0),
    "r1_every": ruled(r1=1.0, r1_every=16),
    "gradient_penalty": ruled(gradient_penalty=10.0),
    "drift": ruled(drift=0.001),
    "clip": ruled(clip=0.01),
    "instance_noise": ruled(instance_noise=0.1),
    "instance_noise_steps": ruled(instance_noise=0.1, instance_noise_steps=10),
    "diffaugment": ruled(diffaugment=("color", "translation", "cutout")),
    "networks.D.spectral = true": lambda: made(norm="none", spectral=True),
    "networks.D.norm": ruled(),
    "method.critic_steps": lambda: made(critic_steps=5),
}


@pytest.fixture(scope="module")
def plain() -> float:
    return cost(made(), 1)


@pytest.mark.parametrize("name", COSTS)
def test_what_a_rule_costs(name: str, plain: float) -> None:
    said = rows("Rules")[name][2]
    method = COSTS[name]()
    assert float(said.split()[0]) == pytest.approx(cost(method, method.period) / plain, abs=0.006)


def test_what_a_method_costs(plain: float) -> None:
    lines = [line.strip("| ").split(" | ") for line in TEXT.splitlines()]
    names = next(line for line in lines if line[0] == "`dcgan`" and line[1].startswith("`cgan`"))
    said = [float(cell) for cell in lines[lines.index(names) + 2]]
    ways = [
        made(),
        made("cgan", told={"classes": 10}),
        made("wgan"),
        made("wgan_gp", "layer"),
        made("unrolled"),
        made("unrolled", unroll=10),
        made("vae"),
        made("aae"),
    ]
    assert len(names) == len(ways)
    assert said == pytest.approx([cost(method, method.period) / plain for method in ways], abs=0.006)


def test_what_a_level_costs(plain: float) -> None:
    lines = [line.strip("| ").split(" | ") for line in TEXT.splitlines()]
    (names,) = (line for line in lines if line[0] == "`progressive` at 4²")
    said = [float(cell) for cell in lines[lines.index(names) + 2]]
    method = made("progressive")
    found = []
    for level in range(len(method.G.sides)):
        for network in (method.G, method.D):
            network.grow(level)
        found.append(cost(method, 1) / plain)
    assert said == pytest.approx(found, abs=0.006)


def test_the_script_runs(town: Path, tmp_path: Path) -> None:
    """Where the run has another place; its first numbers are the L1 and the mean squared error of what comes back."""
    run = Run(config.plan(configuration("vae", town, steps=1)), tmp_path / "runs", ignore)
    run.train(resume=False)
    (script,) = (
        text for text in re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL) if "import" in text
    )
    printed: list[tuple[float, ...]] = []
    exec(script.replace("runs/vae_anime", str(run.folder)), {"print": lambda *said: printed.append(said)})
    numbers = [tuple(map(float, said)) for said in printed if len(said) == 2]
    assert len(numbers) == 3
    _, method = load_method(run.folder, ignore)
    real = torch.cat([batch.image for batch in Pictures(run.plan.layout, run.plan.transform).held_out()])
    with torch.no_grad():
        back = method.show(Images(real / 127.5 - 1))["reconstructed"]
    off = (back + 1) * 127.5 - real
    assert numbers[0] == pytest.approx((float(off.abs().mean()), float((off / 127.5).square().mean())), rel=1e-4)
