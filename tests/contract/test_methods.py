"""What every method keeps: a new one is added to `tests.tiny.TINY` and inherits all of this."""

import copy
from pathlib import Path

import pytest
import torch

from tests.tiny import TINY, ignore, plan
from tests.training.stopping import train_to
from translate import config
from translate.data.loading import Order, Pictures, loader
from translate.methods import METHODS
from translate.settings import Settings
from translate.training import precision
from translate.training.run import Run
from translate.training.terms import is_fact
from translate.training.trainer import Trainer


def first_batches(made: config.Plan, count: int) -> list:
    pictures = Pictures(made.layout, made.transform)
    return list(loader(pictures, Order(len(pictures), made.settings.batch, 0, 0, count), workers=0, pin=False))


def trainer_of(made: config.Plan, **settings) -> Trainer:
    torch.manual_seed(0)
    fields = {**made.resolved["train"], "betas": (0.5, 0.999), **settings}
    return Trainer(config.build_method(made.resolved), Settings(**fields), total=10, seed=1)


def test_every_method_is_here() -> None:
    assert set(TINY) == set(METHODS)


@pytest.mark.parametrize("name", METHODS)
def test_declarations_fit(name: str, town: Path) -> None:
    method = config.build_method(plan(name, town).resolved)
    networks = {name for name, module in method.named_children() if list(module.parameters())}
    played = [network for names in method.players.values() for network in names]
    assert set(method.networks) == networks
    assert set(played) == networks, "each network belongs to a player"
    assert set(method.averaged) <= networks
    assert set(method.directions.values()) <= set(method.averaged)


@pytest.mark.parametrize("name", METHODS)
def test_every_player_moves_exactly_its_own_weights(name: str, town: Path) -> None:
    made = plan(name, town)
    trainer = trainer_of(made)
    method = trainer.method
    (batch,) = first_batches(made, 1)
    turns = []
    move = trainer._move

    def watched(player):
        before = copy.deepcopy(dict(method.named_parameters()))
        move(player)
        moved = {key for key, weight in method.named_parameters() if not torch.equal(weight, before[key])}
        theirs = {key for key in before if key.partition(".")[0] in method.players[player]}
        assert moved <= theirs, f"{player} moved {moved - theirs}"
        # Weights whose gradient happens to be zero (behind a dead unit) may rest.
        assert len(moved) > 0.8 * len(theirs), f"{player} did not move {theirs - moved}"
        turns.append(player)

    trainer._move = watched  # type: ignore[method-assign]
    trainer.play(batch)
    assert turns == list(method.players)


@pytest.mark.parametrize("name", METHODS)
def test_a_turn_leaves_no_gradients_with_the_opponent(name: str, town: Path) -> None:
    made = plan(name, town)
    trainer = trainer_of(made)
    (batch,) = first_batches(made, 1)
    learn = trainer._learn

    def watched(turn, weight):
        for parameter in trainer.method.parameters():
            parameter.grad = None
        learn(turn, weight)
        mine = {id(weight) for weight in trainer.parameters[turn.player]}
        assert all(weight.grad is None for weight in trainer.method.parameters() if id(weight) not in mine)

    trainer._learn = watched  # type: ignore[method-assign]
    trainer.play(batch)


@pytest.mark.parametrize("name", METHODS)
def test_facts_are_told_from_losses_by_name(name: str, town: Path) -> None:
    """Else the guard against explosions takes a fact for a loss, or misses one."""
    made = plan(name, town)
    trainer = trainer_of(made)
    (batch,) = first_batches(made, 1)
    learn, turns = trainer._learn, []

    def watched(turn, weight):
        turns.append(turn)
        learn(turn, weight)

    trainer._learn = watched  # type: ignore[method-assign]
    trainer.play(batch)
    assert len(turns) == len(trainer.method.players)
    for turn in turns:
        assert [fact for fact in turn.facts if not is_fact(f"{turn.player}/{fact}")] == []
        assert [loss for loss in turn.losses if is_fact(f"{turn.player}/{loss}")] == []


@pytest.mark.parametrize("name", METHODS)
def test_resume_is_bit_exact(name: str, town: Path, tmp_path: Path) -> None:
    """Weights, optimisers, averages, data order, noise and log: stopped twice equals never stopped."""
    whole = Run(plan(name, town, steps=6, log_every=4), tmp_path / "whole", ignore)
    whole.train(resume=False)
    stopped = Run(plan(name, town, steps=6, log_every=4, checkpoint_every=1), tmp_path / "stopped", ignore)
    for step in (2, 3):
        train_to(stopped, step)
    assert stopped.train(resume=True).step == 6
    assert_same(whole.trainer.state(), stopped.trainer.state())
    assert (whole.folder / "log.jsonl").read_text() == (stopped.folder / "log.jsonl").read_text()


def assert_same(mine, theirs, where: str = "state") -> None:
    assert type(mine) is type(theirs), where
    if isinstance(mine, torch.Tensor):
        assert mine.dtype == theirs.dtype, where
        assert torch.equal(mine, theirs), where
    elif isinstance(mine, dict):
        assert mine.keys() == theirs.keys(), where
        for key in mine:
            assert_same(mine[key], theirs[key], f"{where}.{key}")
    elif isinstance(mine, list | tuple):
        assert len(mine) == len(theirs), where
        for number, pair in enumerate(zip(mine, theirs, strict=True)):
            assert_same(*pair, f"{where}.{number}")
    else:
        assert mine == theirs, where


MULTIPLIED = precision.dtype("auto", torch.device("cpu")) == torch.bfloat16
"""Whether the processor multiplies bfloat16 itself. Where torch emulates it, the gradient of a convolution by its input
is rounded several times (1.4% off where one rounding is 0.4%), and CUT's losses are 12% off a step later.
`train.precision = "auto"` never takes it there."""
EMULATED = pytest.mark.skipif(not MULTIPLIED, reason="bfloat16 is emulated here")
IN_HALF = [pytest.param(name, marks=[EMULATED] if name in ("cut", "fastcut") else []) for name in METHODS]


@pytest.mark.parametrize("name", IN_HALF)
def test_bfloat16_plays_the_same_game(name: str, town: Path) -> None:
    made = plan(name, town)
    batches = first_batches(made, 2)
    seen: set[torch.dtype] = set()
    watch = torch.nn.modules.module.register_module_forward_hook(
        lambda module, _, output: seen.add(output.dtype) if isinstance(module, torch.nn.Conv2d) else None
    )
    losses = [
        [trainer.play(batch) for batch in batches]
        for trainer in (trainer_of(made, precision="fp32"), trainer_of(made, precision="bf16"))
    ]
    watch.remove()
    assert seen == {torch.float32, torch.bfloat16}
    for full, half in zip(*losses, strict=True):
        for term in full:
            assert half[term].dtype == torch.float32
            if "/right_on_" in term:  # of four samples, one of which may lie at the boundary
                continue
            torch.testing.assert_close(half[term], full[term], rtol=0.05, atol=0.05)


@pytest.mark.parametrize("name", IN_HALF)
def test_bfloat16_gives_the_same_gradients(name: str, town: Path) -> None:
    """A weight cast without its gradient would leave the losses as they are."""
    made = plan(name, town)
    (batch,) = first_batches(made, 1)
    full, half = (gradients(trainer_of(made, precision=name), batch) for name in ("fp32", "bf16"))
    assert full.keys() == half.keys()
    for network in full:
        alike = torch.nn.functional.cosine_similarity(full[network], half[network], dim=0)
        # CUT's is the coarsest: similarities are divided by a temperature of 0.07.
        assert alike > 0.9, f"{network}: {alike}"
        assert half[network].norm() / full[network].norm() == pytest.approx(1, abs=0.15), network


def gradients(trainer: Trainer, batch) -> dict[str, torch.Tensor]:
    """Each network's gradient in each turn in which it is moved, as one vector, by `player/network`."""
    found = {}
    move = trainer._move

    def watched(player):
        move(player)
        for network in trainer.method.players[player]:
            weights = getattr(trainer.method, network).parameters()
            found[f"{player}/{network}"] = torch.cat(
                [(w.grad if w.grad is not None else torch.zeros_like(w)).flatten() for w in weights]
            )

    trainer._move = watched  # type: ignore[method-assign]
    trainer.play(batch)
    return found


@pytest.mark.parametrize("name", METHODS)
def test_shows_columns_of_pictures(name: str, town: Path) -> None:
    made = plan(name, town)
    trainer = trainer_of(made)
    (batch,) = first_batches(made, 1)
    training = trainer.method.training
    first, again = trainer.show(batch), trainer.show(batch)
    for column, pictures in first.items():
        assert pictures.shape[0] == made.settings.batch
        assert pictures.shape[2:] == (32, 32)
        assert pictures.abs().max() <= 1
        assert torch.equal(pictures, again[column]), "the same noise every time"
    # It is the average that is shown, not the weights of the moment.
    for network in trainer.method.averaged:
        for weight in getattr(trainer.method, network).parameters():
            torch.nn.init.zeros_(weight)
    assert all(torch.equal(pictures, first[column]) for column, pictures in trainer.show(batch).items())
    assert trainer.method.training == training
    assert all(network.training for network in trainer.method.children())


@pytest.mark.parametrize("name", METHODS)
def test_a_resolved_configuration_builds_the_method_without_data(name: str, town: Path) -> None:
    made = plan(name, town)
    shapes = [weight.shape for weight in config.build_method(made.resolved).parameters()]
    moved = copy.deepcopy(made.resolved)
    moved["data"] = {"layout": moved["data"]["layout"], "root": "nowhere"}
    assert [weight.shape for weight in config.build_method(moved).parameters()] == shapes


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("name", METHODS)
def test_plays_on_a_gpu(name: str, precision: str, town: Path) -> None:
    made = plan(name, town)
    batches = first_batches(made, 2)
    here = trainer_of(made)
    there = trainer_of(made, device="cuda", precision=precision)
    for batch in batches:
        mine, theirs = here.play(batch), there.play(batch)
        assert all(loss.device.type == "cuda" and torch.isfinite(loss) for loss in theirs.values())
        if method_is_deterministic(here):
            for term in mine:
                torch.testing.assert_close(theirs[term].cpu(), mine[term], rtol=0.05, atol=0.05)


def method_is_deterministic(trainer: Trainer) -> bool:
    """Whether nothing is drawn in a round: devices draw different numbers from one seed."""
    drawn = any(isinstance(module, torch.nn.Dropout) for module in trainer.method.modules())
    return not drawn and not any(hasattr(network, "latent") for network in trainer.method.children())
