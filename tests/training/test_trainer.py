"""What makes a round cheaper leaves its numbers as they are: parts, recomputing, layout, compilation, recordings."""

import copy
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tests.contract.test_methods import first_batches, trainer_of
from tests.tiny import plan
from translate import config
from translate.batches import Images, Labelled, Pair
from translate.errors import ConfigError
from translate.losses import OBJECTIVES
from translate.methods import METHODS, CycleGAN
from translate.networks import PatchGAN, ResNet, UNet
from translate.networks.pool import ImagePool
from translate.networks.recompute import _statistics_kept
from translate.settings import Settings
from translate.training.graphs import WARM_UP, settled
from translate.training.trainer import Trainer

ONCE = [name for name in METHODS if name not in ("wgan_gp", "unrolled")]
"""Methods that differentiate no network twice: the others' networks cannot be compiled."""
PLAYING = [name for name in METHODS if name not in ("vae", "classifier")]
"""Methods with a critic."""


def on_a_gpu(test: Any) -> Any:
    return pytest.mark.gpu(pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")(test))


@pytest.fixture
def _float64() -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def cyclegan(pool: int = 0, width: int = 4, **resnet: Any) -> CycleGAN:
    torch.manual_seed(3)
    generators = (ResNet(blocks=2, width=width, **resnet) for _ in range(2))
    critics = (PatchGAN(layers=1, width=width, norm="instance") for _ in range(2))
    return CycleGAN(*generators, *critics, pool=pool)


def trainer(method: nn.Module | None = None, **settings: Any) -> Trainer:
    fields = {"precision": "fp32", "device": "cpu", "batch": 1, **settings}
    return Trainer(method or cyclegan(), Settings(**fields), total=10, seed=1)


def pairs(count: int, batch: int, side: int = 32) -> list[Pair]:
    torch.manual_seed(4)
    return [Pair(*(2 * torch.rand(2, batch, 3, side, side) - 1)) for _ in range(count)]


def played(one: Trainer, batches: list[Any]) -> list[dict[str, float]]:
    return [{term: value.item() for term, value in one.play(batch).items()} for batch in batches]


def assert_alike(one: Trainer, other: Trainer, **tolerance: float) -> None:
    mine, theirs = one.method.state_dict(), other.method.state_dict()
    assert mine.keys() == theirs.keys()
    for key, value in mine.items():
        # A bias before InstanceNorm has no true gradient: Adam turns its rounding into steps of the full rate.
        if isinstance(value, torch.Tensor) and not key.endswith(".bias"):
            torch.testing.assert_close(theirs[key], value, **tolerance, msg=lambda text, key=key: f"{key}: {text}")


@pytest.mark.usefixtures("_float64")
def test_parts_of_a_batch_add_up_to_it() -> None:
    batches = pairs(3, batch=4)
    whole, parts = trainer(batch=4), trainer(batch=4, accumulate=2)
    for mine, theirs in zip(played(whole, batches), played(parts, batches), strict=True):
        assert theirs == pytest.approx(mine, rel=1e-9)
    assert_alike(whole, parts, rtol=0, atol=1e-9)


def test_a_batch_must_come_apart() -> None:
    with pytest.raises(ConfigError, match=r"batch = 4 cannot be taken in accumulate = 3 parts"):
        Settings(batch=4, accumulate=3)


@pytest.mark.parametrize("network", [UNet(depth=5, width=4), ResNet(blocks=2, width=4, norm="batch")])
def test_what_is_computed_again_is_the_same(network: UNet | ResNet) -> None:
    """Gradients, dropout's masks and BatchNorm's running statistics; and fewer tensors are kept."""
    x = 2 * torch.rand(2, 3, 32, 32) - 1
    start = {key: value.clone() for key, value in network.state_dict().items()}
    outcomes, kept = [], []
    for again in (False, True):
        network.load_state_dict(start)
        network.recompute = again
        torch.manual_seed(5)
        held: list[int] = []
        with torch.autograd.graph.saved_tensors_hooks(lambda t, held=held: held.append(t.numel()) or t, lambda t: t):
            loss = network.train()(x).square().mean()
        kept.append(sum(held))
        outcomes.append(torch.autograd.grad(loss, list(network.parameters())))
        outcomes.append([value.clone() for value in network.buffers()])
    for mine, theirs in zip(outcomes[0] + tuple(outcomes[1]), outcomes[2] + tuple(outcomes[3]), strict=True):
        assert torch.equal(mine, theirs)
    assert kept[1] < 0.7 * kept[0]


def test_networks_that_cannot_recompute() -> None:
    made = Trainer.__new__(Trainer)
    with pytest.raises(ConfigError, match="none of these networks can forget"):
        made.__init__(METHODS["dcgan"](*dcgan_networks()), Settings(device="cpu", recompute=True), 10, 1)  # type: ignore[misc]


def dcgan_networks() -> tuple[nn.Module, nn.Module]:
    from translate.networks.dcgan import DCGANDiscriminator, DCGANGenerator

    return DCGANGenerator(width=4, size=16), DCGANDiscriminator(width=4, size=16)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.usefixtures("_float64")
def test_channels_last_changes_the_layout_alone(batch: int) -> None:
    """At batch 1 too, where torch's own InstanceNorm returns wrong gradients in this layout."""
    batches = pairs(3, batch)
    plain, last = trainer(batch=batch, channels_last="off"), trainer(batch=batch, channels_last="on")
    weight = last.method.G.layers[1].weight
    assert weight.is_contiguous(memory_format=torch.channels_last)
    for mine, theirs in zip(played(plain, batches), played(last, batches), strict=True):
        assert theirs == pytest.approx(mine, rel=1e-8)
    assert_alike(plain, last, rtol=0, atol=1e-8)


@pytest.mark.slow  # the compiler needs half a minute for each
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor:UserWarning")  # torch's own
@pytest.mark.parametrize("name", ONCE)
def test_compiled_networks_play_the_same_game(name: str, town: Path) -> None:
    made = plan(name, town)
    batches = first_batches(made, 3)
    plain, compiled = trainer_of(made), trainer_of(made, compile=True)
    for mine, theirs in zip(played(plain, batches), played(compiled, batches), strict=True):
        assert theirs == pytest.approx(mine, rel=1e-3, abs=1e-4)
    assert compiled.method.state_dict().keys() == plain.method.state_dict().keys()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor:UserWarning")
@pytest.mark.parametrize("name", ONCE)
def test_they_do_in_bfloat16_and_channels_last(name: str, town: Path) -> None:
    """One round, as what is rounded otherwise then goes apart; another one, to see that it can be played."""
    made = plan(name, town)
    batches = first_batches(made, 2)
    settings = {"precision": "bf16", "channels_last": "on"}
    plain, compiled = trainer_of(made, **settings), trainer_of(made, **settings, compile=True)
    (mine, _), (theirs, after) = played(plain, batches), played(compiled, batches)
    losses = {term: loss for term, loss in mine.items() if "right_on" not in term}
    assert {term: theirs[term] for term in losses} == pytest.approx(losses, rel=0.01, abs=0.005)
    assert all(math.isfinite(loss) for loss in after.values())


@pytest.mark.parametrize(("before", "after"), [("off", "on"), ("on", "off")])
def test_adam_goes_on_in_another_layout(before: str, after: str) -> None:
    """Its fused step walks through weights and moments as they lie: they must lie alike."""
    batches = pairs(3, 1)
    whole, first, second = (trainer(channels_last=layout) for layout in (before, before, after))
    played(whole, batches)
    played(first, batches[:2])
    second.load(copy.deepcopy(first.state()))
    played(second, batches[2:])
    assert_alike(whole, second, rtol=0, atol=1e-6)
    for optimizer in second.optimizers.values():
        for weight, moments in optimizer.state.items():
            assert moments["exp_avg"].stride() == weight.stride()


def test_what_cannot_be_had_together() -> None:
    with pytest.raises(ConfigError, match=r"train.compile and train.recompute exclude each other"):
        trainer(compile=True, recompute=True)


def test_batch_norm_over_several_gpus_counts_once_too() -> None:
    norm = nn.SyncBatchNorm(3)
    with _statistics_kept(norm):
        assert norm.momentum == 0
    assert norm.momentum == 0.1


@pytest.mark.parametrize(("accumulate", "kind"), [(1, nn.BatchNorm2d), (2, nn.InstanceNorm2d)])
def test_batch_norm_is_used_as_it_was_trained(accumulate: int, kind: type[nn.Module]) -> None:
    """In parts of one picture it saw each picture's own statistics."""
    one = trainer(cyclegan(norm="batch"), batch=2, accumulate=accumulate)
    norms = [module for module in one.view().get_submodule("G").modules() if "Norm" in type(module).__name__]
    assert norms
    assert all(isinstance(norm, kind) for norm in norms)


def test_the_critic_is_told_how_often_it_is_right() -> None:
    real, fake = torch.tensor([0.9, 0.6, 0.4, 2.0]), torch.tensor([0.1, 0.6])
    verdicts = {name: game.verdicts(real, fake) for name, game in OBJECTIVES.items()}
    assert verdicts["least_squares"]["right_on_real"].item() == 0.75
    assert verdicts["least_squares"]["right_on_fake"].item() == 0.5
    assert verdicts["hinge"]["right_on_real"].item() == 1
    assert verdicts["hinge"]["right_on_fake"].item() == 0
    assert verdicts["wasserstein"] == {}, "it has no place between real and generated"


@pytest.mark.parametrize("name", PLAYING)
def test_every_method_tells_how_often_the_critic_is_right(name: str, town: Path) -> None:
    made = plan(name, town)
    (batch,) = first_batches(made, 1)
    one = Trainer(config.build_method(made.resolved), made.settings, total=10, seed=1)
    (scalars,) = played(one, [batch])
    facts = {term: value for term, value in scalars.items() if term.startswith("D/right_on_")}
    if one.method.game.objective.boundary is None:
        assert facts == {}, "a Wasserstein critic says how far, not which"
        return
    assert {term.split("_")[2] for term in facts} == {"real", "fake"}
    assert all(0 <= value <= 1 for value in facts.values())


def test_gradients_of_weights_that_two_players_move(town: Path) -> None:
    """E's in the reconstruction are told, though its turn as a generator has overwritten them by the end."""
    made = plan("aae", town)
    (batch,) = first_batches(made, 1)
    one, norms = Trainer(config.build_method(made.resolved), made.settings, total=10, seed=1), {}
    move = one._move

    def watched(player: str) -> None:
        weights = [weight.grad for weight in one.parameters[player] if weight.grad is not None]
        norms[player] = sum(gradient.square().sum() for gradient in weights).sqrt().item()
        move(player)

    one._move = watched  # type: ignore[method-assign]
    one.play(batch)
    assert {player: norm.item() for player, norm in one.gradients().items()} == pytest.approx(norms, rel=1e-5)
    assert list(norms) == ["G", "D", "E"]


def test_gradients_are_those_of_the_latest_turns() -> None:
    one = trainer()
    assert one.gradients() == {}
    one.play(pairs(1, 1)[0])
    found = one.gradients()
    assert set(found) == {"G", "D"}
    by_hand = sum(weight.grad.square().sum() for weight in one.method.D_X.parameters()) + sum(
        weight.grad.square().sum() for weight in one.method.D_Y.parameters()
    )
    assert found["D"].item() == pytest.approx(by_hand.sqrt().item(), rel=1e-5)


class NothingOfTheHost(TorchDispatchMode):
    """No operation touches a tensor on the CPU."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        tensors = [leaf for leaf in tree_leaves((args, kwargs, result)) if isinstance(leaf, torch.Tensor)]
        assert all(tensor.device.type == "meta" for tensor in tensors), func
        return result


BATCHES = {Pair: (3, 3), Images: (3,), Labelled: (3, 0)}


@pytest.mark.parametrize("name", METHODS)
def test_a_round_never_asks_the_device(name: str, town: Path) -> None:
    """On torch's device without data whatever needs a value raises: such a round cannot be recorded."""
    made = plan(name, town)
    (batch,) = first_batches(made, 1)
    with torch.device("meta"):
        method = config.build_method(made.resolved).train()
    there = type(batch)(*(member.to("meta", torch.float32 if member.ndim == 4 else None) for member in batch))
    rounds = 0
    while rounds == 0 or not settled(method):  # pools fill up first
        play(method, there)
        rounds += 1
    assert (rounds > 1) == any(isinstance(module, ImagePool) for module in method.modules())
    with NothingOfTheHost():
        play(method, there)


def play(method: nn.Module, batch: Any) -> None:
    for turn in method.round(batch, 0):
        weights = [w for network in method.players[turn.player] for w in getattr(method, network).parameters()]
        torch.stack(list(turn.losses.values())).sum().backward(inputs=weights)


def test_recordings_need_a_gpu_and_a_round_that_can_be_recorded() -> None:
    with pytest.raises(ConfigError, match="need an NVIDIA GPU, this trains on cpu"):
        trainer(graphs=True)


@on_a_gpu
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_replayed_round_is_the_round(precision: str) -> None:
    batches = pairs(WARM_UP + 12, 1)
    eager, recorded = (
        trainer(cyclegan(pool=4), device="cuda", precision=precision, graphs=graphs) for graphs in (False, True)
    )
    tolerance = 1e-3 if precision == "fp32" else 5e-2
    for number, (mine, theirs) in enumerate(zip(played(eager, batches), played(recorded, batches), strict=True)):
        for term in mine:
            if "/right_on_" not in term:
                assert theirs[term] == pytest.approx(mine[term], rel=tolerance, abs=tolerance), (number, term)
    assert recorded.captured
    assert not eager.captured


@on_a_gpu
def test_a_recording_goes_on_from_a_checkpoint() -> None:
    batches = pairs(WARM_UP + 8, 1)
    whole, first, second = (trainer(device="cuda", graphs=True) for _ in range(3))
    expected = played(whole, batches)
    played(first, batches[:6])
    second.load(first.state())
    assert not second.captured
    for mine, theirs in zip(expected[6:], played(second, batches[6:]), strict=True):
        assert theirs == pytest.approx(mine, rel=1e-3, abs=1e-3)
