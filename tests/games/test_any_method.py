"""The section [game] for any method: it is stopped and gone on with, shared, taken in parts and rounded like any."""

import copy
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.contract.test_methods import assert_same, first_batches, gradients, trainer_of
from tests.tiny import BATCH as BATCHES
from tests.tiny import configuration, ignore
from tests.tiny import plan as tiny
from tests.training.stopping import train_to
from tests.training.test_shares import BATCH, doubles, make_up_the_whole
from tests.training.test_trainer import NothingOfTheHost, play
from translate import config
from translate.config import Plan
from translate.errors import CheckpointError, ConfigError
from translate.games import Rules
from translate.methods import METHODS
from translate.settings import Settings
from translate.training.resume import _differences, _filled
from translate.training.run import Run
from translate.training.trainer import Trainer

EVERYTHING: dict[str, Any] = {
    "label_smoothing": 0.1,
    "r1": 0.5,
    "r1_every": 2,
    "gradient_penalty": 1.0,
    "drift": 0.01,
    "instance_noise": 0.2,
    "instance_noise_steps": 4,
    "diffaugment": ["color", "translation", "cutout"],
}
PLAYING = [name for name in METHODS if name not in ("wgan", "wgan_gp", "vae", "classifier")]
"""Methods whose form of the game can be chosen: two are of one form, and two have no critic."""


def plan(
    name: str, town: Path, game: dict[str, Any], norm: str = "layer", spectral: bool = False, **train: Any
) -> Plan:
    """A tiny plan under rules, all critics with one norm; of codes without what only pictures can have."""
    section = configuration(name, town, **train)
    of_codes = METHODS[name].of_codes
    section["game"] = {rule: value for rule, value in game.items() if not (of_codes and rule == "diffaugment")}
    if name == "progressive":
        section["method"]["gan"] = "nonsaturating"  # its own has no labels that could be smoothed
    for role, network in section["networks"].items():
        if role.startswith("D") and name != "progressive":
            network.update({"spectral": spectral} if of_codes else {"norm": norm, "spectral": spectral})
    return config.plan(section)


@pytest.mark.parametrize("name", PLAYING)
def test_all_of_it_for_all(name: str, town: Path) -> None:
    """Every term is there and finite, in its rounds, and every critic pays its own."""
    made = plan(name, town, EVERYTHING)
    trainer = trainer_of(made)
    first, second = ({*trainer.play(batch)} for batch in first_batches(made, 2))
    games = ("_y", "_x") if name == "cyclegan" else ("",)
    always = {f"D/{term}{game}" for term in ("gan", "gradient_penalty", "drift") for game in games}
    lazy = {f"D/r1{game}" for game in games}
    assert always | lazy <= first
    assert always <= second
    assert not lazy & second
    assert trainer.method.period == 2


@pytest.mark.parametrize("name", ["wgan", "wgan_gp"])
def test_all_but_smoothed_labels_for_the_wasserstein_game(name: str, town: Path) -> None:
    rules = {rule: value for rule, value in EVERYTHING.items() if rule != "label_smoothing"}
    made = plan(name, town, rules, spectral=name == "wgan_gp")  # wgan clips, which excludes it
    (batch,) = first_batches(made, 1)
    losses = trainer_of(made).play(batch)
    assert {"D/gan", "D/r1", "D/gradient_penalty", "D/drift", "G/gan"} <= {*losses}
    assert all(math.isfinite(value) for value in losses.values())
    with pytest.raises(ConfigError, match=r"game\.label_smoothing: wasserstein asks for no label"):
        plan(name, town, {"label_smoothing": 0.1})


@pytest.mark.parametrize("name", PLAYING)
def test_the_generator_moves_in_the_last_of_k_rounds(name: str, town: Path) -> None:
    section = configuration(name, town)
    section["method"]["critic_steps"] = 3
    made = config.plan(section)
    trainer = trainer_of(made)
    moved: list[str] = []
    for batch in first_batches(made, 6):
        moved.append("".join(sorted({term[0] for term in trainer.play(batch)})))
    # The reconstruction of an autoencoder is no part of the game.
    assert moved == (["DG", "DG", "DEG"] if name == "aae" else ["D", "D", "DG"]) * 2


@pytest.mark.parametrize("name", [name for name in PLAYING if name != "progressive"])
def test_every_critic_can_be_clipped_and_nobody_else(name: str, town: Path) -> None:
    made = plan(name, town, {"clip": 0.001})
    trainer = trainer_of(made)
    (batch,) = first_batches(made, 1)
    trainer.play(batch)
    for player, networks in trainer.method.players.items():
        largest = max(w.abs().max() for network in networks for w in getattr(trainer.method, network).parameters())
        assert (largest <= 0.001) == (player == "D"), player


def test_a_critic_with_equalised_layers_is_not_clipped(town: Path) -> None:
    with pytest.raises(ConfigError, match=r"game\.clip: the critic has equalised layers.*leave it out"):
        plan("progressive", town, {"clip": 0.01})


def test_no_rule_without_a_game(town: Path) -> None:
    section = configuration("vae", town) | {"game": {"r1": 1.0}}
    with pytest.raises(ConfigError, match="vae has no critic that the section game could be for: leave it out"):
        config.plan(section)
    section = configuration("aae", town) | {"game": {"diffaugment": ["color"]}}
    with pytest.raises(ConfigError, match=r"method: game.diffaugment changes pictures, and D sees codes here"):
        config.plan(section)


@pytest.mark.parametrize("name", ["pix2pix", "cyclegan", "cgan", "aae"])
def test_a_round_still_never_asks_the_device(name: str, town: Path) -> None:
    made = plan(name, town, EVERYTHING | {"r1_every": 1}, spectral=True)
    (batch,) = first_batches(made, 1)
    with torch.device("meta"):
        method = config.build_method(made.resolved).train()
    there = type(batch)(*(member.to("meta", torch.float32 if member.ndim == 4 else None) for member in batch))
    for _ in range(3):  # the pool fills up
        play(method, there)
    with NothingOfTheHost():
        play(method, there)


@pytest.mark.parametrize("spectral", [False, True])
def test_resume_is_bit_exact(spectral: bool, town: Path, tmp_path: Path) -> None:
    def made(**train: Any) -> Plan:
        return plan("pix2pix", town, EVERYTHING, spectral=spectral, steps=5, **train)

    whole = Run(made(), tmp_path / "whole", ignore)
    whole.train(resume=False)
    stopped = Run(made(checkpoint_every=1), tmp_path / "stopped", ignore)
    train_to(stopped, 3)
    stopped.train(resume=True)
    assert_same(whole.trainer.state(), stopped.trainer.state())
    assert (whole.folder / "log.jsonl").read_text() == (stopped.folder / "log.jsonl").read_text()


@pytest.mark.skipif(not torch.distributed.is_available(), reason="needs torch.distributed")
@pytest.mark.parametrize(
    ("name", "count", "game", "norm"),
    [
        ("pix2pix", 2, EVERYTHING, "layer"),
        ("pix2pix", 4, EVERYTHING, "instance"),
        ("cyclegan", 2, EVERYTHING, "layer"),
        ("dcgan", 2, {"r1": 1.0}, "batch"),  # its slope goes through sums over processes, twice
        ("unrolled", 2, {"r1": 1.0, "diffaugment": ["color"]}, "layer"),
        ("progressive", 2, {"r1": 1.0, "gradient_penalty": 1.0}, "none"),  # what it tells of groups, too
        ("aae", 2, EVERYTHING, ""),
    ],
)
def test_shares_make_up_the_whole(
    name: str, count: int, game: dict[str, Any], norm: str, town: Path, tmp_path: Path
) -> None:
    make_up_the_whole(plan(name, town, game, norm, batch=BATCH), count, tmp_path)


def test_parts_of_a_batch_add_up_to_it(town: Path) -> None:
    """Of what draws nothing, as what is drawn is each part's own."""
    torch.set_default_dtype(torch.float64)
    try:
        made = plan("pix2pix", town, {"r1": 1.0, "drift": 0.1, "clip": 0.05}, batch=4)
        batches = doubles(made)
        states = [[], []]
        for state, accumulate in zip(states, (1, 2), strict=True):
            torch.manual_seed(0)
            method = config.build_method(made.resolved)
            for module in method.G.modules():
                if isinstance(module, torch.nn.BatchNorm2d):
                    module.eval()
            fields = {**made.resolved["train"], "betas": (0.5, 0.999), "accumulate": accumulate}
            trainer = Trainer(method, Settings(**fields), total=10, seed=1)
            for module in trainer.method.G.modules():
                module.training = False
            state.extend({k: v.item() for k, v in trainer.play(batch).items()} for batch in batches)
            state.append({k: v.sum().item() for k, v in trainer.method.state_dict().items()})
    finally:
        torch.set_default_dtype(torch.float32)
    for mine, theirs in zip(*states, strict=True):
        assert theirs == pytest.approx(mine, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize(("norm", "spectral"), [("layer", False), ("none", True)])
def test_bfloat16_gives_the_same_gradients(norm: str, spectral: bool, town: Path) -> None:
    made = plan("pix2pix", town, {"r1": 10.0, "gradient_penalty": 10.0, "instance_noise": 0.1}, norm, spectral)
    (batch,) = first_batches(made, 1)
    full, half = (gradients(trainer_of(made, precision=precision), batch) for precision in ("fp32", "bf16"))
    for network in full:
        assert torch.nn.functional.cosine_similarity(full[network], half[network], dim=0) > 0.9, network
        assert half[network].norm() / full[network].norm() == pytest.approx(1, abs=0.15), network


def test_penalties_do_not_mind_the_layout(town: Path) -> None:
    torch.set_default_dtype(torch.float64)
    try:
        made = plan("cyclegan", town, {"r1": 1.0, "gradient_penalty": 1.0}, "instance", batch=2)
        batches = [type(batch)(*(m.double() / 127.5 - 1 for m in batch)) for batch in first_batches(made, 2)]
        losses = []
        for layout in ("off", "on"):
            trainer = trainer_of(made, channels_last=layout)
            losses.append([{k: v.item() for k, v in trainer.play(batch).items()} for batch in batches])
    finally:
        torch.set_default_dtype(torch.float32)
    for mine, theirs in zip(*losses, strict=True):
        assert theirs == pytest.approx(mine, rel=1e-8)


def test_two_time_scales(town: Path) -> None:
    """Each player's own rate, with the run's schedule; and its own moments."""
    players = {"D": {"lr": 4e-4, "betas": [0, 0.9], "optimizer": "rmsprop"}, "G": {"betas": [0.0, 0.9]}}
    made = tiny("pix2pix", town, steps=4, lr=1e-4, decay=0.5, players=players)
    trainer = Trainer(config.build_method(made.resolved), made.settings, total=4, seed=1)
    kinds = {player: type(mover).__name__ for player, mover in trainer.optimizers.items()}
    assert kinds == {"D": "RMSprop", "G": "Adam"}
    assert trainer.optimizers["G"].param_groups[0]["betas"] == (0.0, 0.9)
    rates: dict[str, list[float]] = {"D": [], "G": []}
    for batch in first_batches(made, 4):
        trainer.play(batch)
        for player, mover in trainer.optimizers.items():
            rates[player].append(mover.param_groups[0]["lr"])
    assert rates["D"] == pytest.approx([4e-4, 4e-4, 4e-4, 2e-4])
    assert rates["G"] == pytest.approx([1e-4, 1e-4, 1e-4, 5e-5])


@pytest.mark.parametrize("kind", ["rmsprop", "sgd"])
def test_other_optimisers_move_by_their_equation(kind: str, town: Path) -> None:
    """The first step: η g/(√(0.01 g²) + 1e-8) of RMSprop, η g of SGD."""
    made = tiny("pix2pix", town, optimizer=kind, lr=1e-3, decay=0.0)
    trainer = trainer_of(made)
    before = copy.deepcopy(dict(trainer.method.D.named_parameters()))
    (batch,) = first_batches(made, 1)
    trainer.play(batch)
    for name, weight in trainer.method.D.named_parameters():
        g = weight.grad
        step = g / ((0.01 * g.square()).sqrt() + 1e-8) if kind == "rmsprop" else g
        torch.testing.assert_close(weight.detach(), before[name].detach() - 1e-3 * step, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("kind", ["rmsprop", "sgd"])
def test_other_optimisers_go_on_to_the_bit(kind: str, town: Path) -> None:
    made = tiny("pix2pix", town, players={"D": {"optimizer": kind}})
    batches = first_batches(made, 3)
    whole, first, second = (trainer_of(made) for _ in range(3))
    for batch in batches:
        whole.play(batch)
    for batch in batches[:2]:
        first.play(batch)
    second.load(copy.deepcopy(first.state()))
    second.play(batches[2])
    assert_same(whole.state(), second.state())


@pytest.mark.parametrize(
    ("players", "told"),
    [
        ({"E": {"lr": 1e-4}}, r"train.players: there is no key 'E'"),
        ({"D": {"rate": 1e-4}}, r"train.players.D: there is no key 'rate'"),
        ({"D": {"lr": "fast"}}, r"train.players.D.lr = 'fast': it must be a number"),
        ({"D": {"lr": True}}, r"train.players.D.lr = True"),
        ({"D": {"lr": -1.0}}, r"train.players.D: lr = -1.0: it must be above 0"),
        ({"D": {"betas": [0.5]}}, r"train.players.D.betas = \[0.5\]: it must be two numbers"),
        ({"D": {"betas": [0.5, 1.0]}}, r"betas = \[0.5, 1.0\]"),
        ({"D": {"optimizer": "adamw"}}, r"optimizer = 'adamw': choose one of adam, rmsprop, sgd"),
        ({"D": 4e-4}, r"train.players.D = 0.0004: it must be a section"),
    ],
)
def test_paces_that_cannot_be(players: dict, told: str, town: Path) -> None:
    with pytest.raises(ConfigError, match=told):
        tiny("pix2pix", town, players=players)


@pytest.mark.parametrize(
    ("game", "told"),
    [
        ({"r2": 1.0}, r"game: there is no key 'r2'"),
        ({"r1": "much"}, r"game.r1 = 'much': it must be of type float"),
        ({"r1": -1.0}, r"game: r1 = -1.0: it must be at least 0"),
        ({"label_smoothing": 0.1}, None),
        ({"diffaugment": ["colour"]}, r"diffaugment: there is no 'colour'"),
        ({"gradient_penalty": 10.0}, r"method: game.gradient_penalty: the critic has BatchNorm"),
    ],
)
def test_rules_are_checked(game: dict, told: str | None, town: Path) -> None:
    section = {**configuration("pix2pix", town), "game": game}
    if told is None:
        assert config.plan(section).resolved["game"]["label_smoothing"] == 0.1
    else:
        with pytest.raises(ConfigError, match=told):
            config.plan(section)


def test_a_paper_s_rules_are_its_method_s_defaults(town: Path) -> None:
    assert tiny("wgan", town).resolved["game"]["clip"] == 0.01
    assert tiny("wgan_gp", town).resolved["game"]["gradient_penalty"] == 10.0
    assert tiny("wgan_gp", town).resolved["networks"]["D"]["norm"] == "layer"
    plain = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(Rules()).items()}
    assert tiny("pix2pix", town).resolved["game"] == plain
    section = configuration("wgan", town)
    section["game"] = {"clip": 0.0, "gradient_penalty": 10.0}
    section["networks"]["D"]["norm"] = "layer"
    assert config.build_method(config.plan(section).resolved).game.rules == Rules(gradient_penalty=10.0)


def test_a_resolved_plan_builds_the_same_game_again(town: Path, tmp_path: Path) -> None:
    made = plan("pix2pix", town, EVERYTHING)
    config.write(tmp_path / "again.toml", made.resolved)
    again = config.read(tmp_path / "again.toml")
    assert config.plan(again).resolved == made.resolved
    rules = config.build_method(again).game.rules
    assert asdict(rules) == {**asdict(Rules()), **EVERYTHING, "diffaugment": ("color", "translation", "cutout")}


def test_a_configuration_of_an_earlier_version(town: Path) -> None:
    """Without `game`, `train.players` and what networks and methods take since: it builds, and goes on by default."""
    made = tiny("pix2pix", town)
    old = copy.deepcopy(made.resolved)
    del old["game"], old["train"]["players"], old["train"]["optimizer"], old["method"]["critic_steps"]
    del old["networks"]["D"]["spectral"]
    assert config.build_method(old).game.rules == Rules()
    assert list(_differences(_filled(old), made.resolved)) == []
    other = plan("pix2pix", town, {"r1": 1.0}, "batch", players={"D": {"lr": 1e-4}})
    assert sorted(_differences(_filled(old), other.resolved)) == [
        "game.r1 was 0.0, now is 1.0",
        "train.players was {}, now is {'D': {'lr': 0.0001}}",
    ]


def test_a_run_does_not_go_on_under_other_rules(town: Path, tmp_path: Path) -> None:
    Run(plan("pix2pix", town, {}, steps=1), tmp_path, ignore).train(resume=False)
    with pytest.raises(CheckpointError, match=r"game.r1 was 0.0, now is 1.0"):
        Run(plan("pix2pix", town, {"r1": 1.0}, steps=2), tmp_path, ignore).train(resume=True)


def test_what_seldom_works_is_said_at_the_start(town: Path, tmp_path: Path) -> None:
    said: list[str] = []
    Run(plan("pix2pix", town, {"r1": 1.0}, "batch", steps=1), tmp_path, said.append).train(resume=False)
    assert sum(line.startswith("game.r1: the critic has BatchNorm") for line in said) == 1


@pytest.mark.parametrize("name", PLAYING)
@pytest.mark.parametrize("gan", ["minimax", "nonsaturating", "least_squares", "hinge", "wasserstein"])
def test_every_form_for_every_method(name: str, gan: str, town: Path) -> None:
    section = configuration(name, town)
    section["method"]["gan"] = gan
    made = config.plan(section)
    (batch,) = first_batches(made, 1)
    assert all(math.isfinite(value) for value in trainer_of(made).play(batch).values())
    assert BATCHES.get(name, 1) == len(batch[0])
